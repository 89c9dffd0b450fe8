"""Who has reported what of a month: the difference between nothing and zero (FIGURES 14 and 15).

A bureau has *reported* a list for a month when it returned nil, or when its rows are there: of the month where rows are of a month,
else any, together with its confirmation or the month's progress. A confirmation without rows is a bare word and makes no zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from exchange_hub.programme.cells import Cells
from exchange_hub.programme.definitions import BY_THE_CITY, NOT_REPORTED, Absent, Frame, Scope
from exchange_hub.programme.district import District, Expected
from exchange_hub.programme.figures import CONFIRMED, EQUIPMENT, NIL, RECYCLING

#: List whose rows are of a month → (cube, its dimensions of bureaus, month and step).
DATED: Mapping[str, tuple[str, str, str]] = {
    "trade-in": ("trade_in", "month", "step"), "materials": ("materials", "month", ""), "funds": ("funds", "on_date:month", "step"),
    "scrappage": ("scrappage", "counted_on:month", ""), "safeguards": ("safeguards", "month", ""), "publicity": ("publicity", "month", ""),
}  # fmt: skip
#: List that shows what stands → the list in the words of its months' progress.
_PROGRESS = {"equipment-projects": EQUIPMENT, "recycling-projects": RECYCLING}
_OF_THE_MONTH = frozenset({"tasks", "indicators"})


@dataclass(slots=True)
class Owed:
    """What is owed for a month, beside what came.

    Attributes:
        district: who owes what.
        frame: the month.
        cells: cells of every cube by its name.
        states: (bureau, list) → state of what it confirmed or returned for the month.
    """

    district: District
    frame: Frame
    cells: Mapping[str, Cells]
    states: Mapping[tuple[str, str], str] = field(init=False)
    _told: dict[tuple[str, str], frozenset[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        cube = self.cells["submissions"].cube.by
        bureau, list_, state = (cube.index(name) for name in ("bureau", "list", "state"))
        self.states = {(str(c.at[bureau]), str(c.at[list_])): str(c.at[state]) for c in self.cells["submissions"].cells if c.rows}

    def standing(self, scope: Scope) -> Absent | None:
        """Return what stands in a cell without rows; ``None`` where everybody who owes it has reported, and it is 0."""
        debtors = self.district.debtors_of(
            self.frame.period.month, scope.list, domain=scope.domain, step=scope.step, category=scope.category
        )
        if debtors is None:
            return BY_THE_CITY
        return None if debtors and all(self.reported(bureau, scope) for bureau in debtors) else NOT_REPORTED

    def reported(self, bureau: str, scope: Scope) -> bool:
        """Tell whether a bureau has reported a list for the month, or the step of it that it owes."""
        state = self.states.get((bureau, scope.list))
        if state == NIL:
            return True
        if scope.list in DATED or scope.list in _OF_THE_MONTH:
            return bureau in self._tellers(scope.list, scope.step)
        has_rows = bureau in self._tellers(scope.list, "")
        return has_rows and (state is not None or bureau in self._tellers("progress", _PROGRESS.get(scope.list, "")))

    def has_data(self, owed: Expected) -> bool:
        """Tell whether a bureau has rows in a list that count in the month's report."""
        return owed.bureau in self._tellers(owed.list, "") or owed.bureau in self._tellers("progress", _PROGRESS.get(owed.list, ""))

    def silent(self) -> tuple[Expected, ...]:
        """Return what is owed of which there is nothing: no row, no confirmation, no nil return."""
        return tuple(o for o in self._expected() if (o.bureau, o.list) not in self.states and not self.has_data(o))

    def unconfirmed(self) -> tuple[Expected, ...]:
        """Return what is owed and there, but not confirmed with the signature of who issues it."""
        closed = (CONFIRMED, NIL)
        return tuple(
            o for o in self._expected() if (state := self.states.get((o.bureau, o.list))) not in closed and (state is not None or self.has_data(o))
        )

    def _expected(self) -> tuple[Expected, ...]:
        return self.district.expected(self.frame.period.month)

    def _tellers(self, list_: str, part: str) -> frozenset[str]:
        """Return the bureaus that have rows in a list: of the month and the part (a step, a list's progress), where it has such."""
        known = self._told.get((list_, part))
        if known is None:
            known = self._told[list_, part] = frozenset(self._found(list_, part))
        return known

    def _found(self, list_: str, part: str) -> set[str]:
        name, month, step = DATED.get(list_, (f"told.{list_}", "", "list" if list_ == "progress" else ""))
        if name not in self.cells:
            return set()
        cells = self.cells[name]
        wanted: dict[str, object] = {month: self.frame.period.month} if month else {}
        if step and part:
            steps = next((d.steps for d in self.district.debtors if d.list == list_ and part in d.steps and not d.categories), (part,))
            wanted[step] = steps
        by = cells.cube.by.index("lead_bureau" if list_ == "progress" else "bureaus")
        return {bureau for cell in cells.selected(wanted) if cell.rows for bureau in str(cell.at[by]).split(",")}
