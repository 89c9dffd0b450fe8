"""What the console is given: snapshots of the store, and the district's words for the screen."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, Self

from exchange_contracts import registry
from exchange_hub.programme.calendar import Calendar
from exchange_hub.programme.district import District, ExpectedPlan
from exchange_hub.programme.district_parts import Call, Town
from exchange_hub.programme.task_progress import PlanTask
from exchange_hub.reports.queries import Queries
from exchange_hub.views.resources import Resource, resources


class Source(Protocol):
    """Where snapshots come from."""

    def reading(self) -> AbstractContextManager[Queries]:
        """Open a snapshot; it is closed, and its connection given back, at the end of the block."""
        ...


def _nothing_owed(month: str) -> Mapping[tuple[str, str], date | None]:
    del month
    return {}


def _no_tasks(month: str) -> Sequence[PlanTask]:
    del month
    return ()


@dataclass(frozen=True, slots=True)
class Place:
    """Whose console this is: words for the screen, from the district's folder.

    Attributes:
        district: name of the district, for example 武清区.
        bureaus: code → short name, in the order in which tables show them.
        owed: month → what is owed for it, (bureau, list) → the day by which; shown as 未报送 until something comes.
        calendar: the district's working days.
        catalogue: the catalogue of data, every list and contract.
        calls: the calls for projects whose conditions are checked.
        catalogue_confirmed: whether the district has confirmed its sharing classes and cycles.
        plans: the plans that the work plan asks for.
        tasks: month → every task of the work plan with the bureaus that owe its progress.
        towns: the towns, streets and parks; those that report stand on a board of their own.
    """

    district: str = ""
    bureaus: Mapping[str, str] = field(default_factory=dict)
    owed: Callable[[str], Mapping[tuple[str, str], date | None]] = _nothing_owed
    calendar: Calendar = field(default_factory=lambda: Calendar.of((), (), ()))
    catalogue: tuple[Resource, ...] = ()
    catalogue_confirmed: bool = False
    calls: tuple[Call, ...] = ()
    tasks: Callable[[str], Sequence[PlanTask]] = _no_tasks
    plans: Sequence[ExpectedPlan] = ()
    towns: Sequence[Town] = ()

    @classmethod
    def of(cls, district: District) -> Self:
        """Return the words of *district*."""

        def owed(month: str) -> Mapping[tuple[str, str], date | None]:
            return {(item.bureau, item.list): item.due_on for item in district.expected(month)}

        names = {bureau.code: bureau.name for bureau in district.bureaus}
        return cls(district.name, names, owed, district.calendar, resources(district, registry.load()), district.sharing_rules.confirmed, district.calls, district.plan_tasks, district.plans, district.towns)

    @property
    def town_codes(self) -> frozenset[str]:
        """Codes of the towns as reporters."""
        return frozenset(town.code for town in self.towns if town.code)

    def town(self, text: object) -> str:
        """Return the name of the town that a row calls *text*, also by an alias; another word stays as it is."""
        return next((town.name for town in self.towns if text == town.name or text in town.aliases), str(text))

    def bureau(self, code: object) -> str:
        """Return the bureau's name, or the code where the district does not know it."""
        return self.bureaus.get(str(code), str(code))
