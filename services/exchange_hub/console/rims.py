"""What every route of the console is given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi.templating import Jinja2Templates

from exchange_hub.console.archive import Archive
from exchange_hub.console.source import Place, Source
from exchange_hub.runtime.metrics import Meters

Clock = Callable[[], datetime]
"""Returns the present time with its zone."""


@dataclass(frozen=True, slots=True)
class Console:
    """The parts that the routes use, wired once by ``console.app.create_app``."""

    source: Source
    archive: Archive
    clock: Clock
    place: Place
    meters: Meters
    templates: Jinja2Templates
