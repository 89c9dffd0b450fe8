"""What every route of the console is given: the parts that it uses, the day in the district, and how a page is made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from exchange_hub.console import wording
from exchange_hub.console.archive import Archive
from exchange_hub.console.downloads import Downloads
from exchange_hub.console.gate import Gate
from exchange_hub.console.source import Place, Source
from exchange_hub.runtime.metrics import Meters
from exchange_hub.views.lists import LISTS

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

    def today(self) -> date:
        """Return today's date in the district."""
        return self.clock().astimezone(wording.SHANGHAI).date()

    def page(self, request: Request, template: str, title: str, **context: object) -> Response:
        """Return a page, with what stands on all of them."""
        shared = {"title": title, "place": self.place, "lists": LISTS, "now": self.clock()}
        return self.templates.TemplateResponse(request, template, shared | context)
