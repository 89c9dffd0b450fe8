"""What every route of the console is given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi.templating import Jinja2Templates

from exchange_hub.console.archive import Archive
from exchange_hub.console.downloads import Downloads
from exchange_hub.console.gate import Gate
from exchange_hub.console.source import Place, Source
from exchange_hub.runtime.metrics import Meters

Clock = Callable[[], datetime]
"""Returns the present time with its zone."""


@dataclass(frozen=True, slots=True)
class Console:
    """The parts that the routes use, wired once by ``console.app.create_app``.

    Attributes:
        source: snapshots for pages.
        archive: the closed months.
        clock: the present time.
        place: the district's words.
        meters: metrics of this process.
        templates: the pages.
        downloads: the files that are made and sent now.
    """

    source: Source
    archive: Archive
    clock: Clock
    place: Place
    meters: Meters
    templates: Jinja2Templates
    downloads: Downloads
    gate: Gate
