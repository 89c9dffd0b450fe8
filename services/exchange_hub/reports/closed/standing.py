"""Who had reported what when a month was closed, beside who has now: what stood where a report had no row, and why fewer are silent.

Silence is in no row. So that a change of it names whose it is, both sides are worked out from the lists: the frozen ones and those as of
the same day now.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import sqlalchemy as sa

from exchange_hub.programme.cells import Cells
from exchange_hub.programme.definitions import NONE, Absent, Definition, Frame, Measured, Scope, Stated
from exchange_hub.programme.district import District
from exchange_hub.programme.figures import CONFIRMED, NIL, cubes
from exchange_hub.programme.task_progress import members
from exchange_hub.reports.aggregate import read_from
from exchange_hub.reports.closed.causes import ChangedRows
from exchange_hub.reports.inputs import task_lines
from exchange_hub.reports.model import Cause, Contribution, Figure
from exchange_hub.reports.owed import DATED, Owed
from exchange_hub.reports.sql import Lists
from exchange_hub.views.lists.folding import number

_OF_SUBMISSIONS: Mapping[str, Callable[[Owed], frozenset[tuple[str, str]]]] = {
    "silent": lambda owed: frozenset((each.bureau, each.list) for each in owed.silent()),
    "unconfirmed": lambda owed: frozenset((each.bureau, each.list) for each in owed.unconfirmed()),
}


@dataclass(slots=True)
class Standing:
    """Both sides of a closed month, the one at the close read when it is first asked for.

    Attributes:
        conn: a connection in a transaction.
        district: the district's data.
        frame: the month.
        frozen: the lists of the closed month.
        now: who has reported what now.
        alike: whether the month was closed by today's meaning of silence; of another nothing is worked out anew.
    """

    conn: sa.Connection
    district: District
    frame: Frame
    frozen: Lists
    now: Owed
    alike: bool
    _then: Owed | None = field(default=None, init=False)

    def nothing(self, definition: Definition, new: Figure) -> Figure:
        """Return what a closed report would have said of a figure of which it had no row: 0 where whoever owes it had reported."""
        if not isinstance(definition, Measured) or not self.alike:
            return nothing(new)
        why: Absent | None = definition.no_rows or (self._standing(definition.scope) if definition.scope is not None else None)
        value = nothing(new).value if why is None else None
        return Figure(new.id, value, new.unit, new.period, new.source, why or NONE)

    def behind(self, definition: Definition, old: Figure, new: Figure, rows: ChangedRows) -> tuple[Contribution, ...]:
        """Return whose silence or word makes a figure another that is counted beside the lists; nothing where that is not known."""
        table, _, rest = definition.id.partition(".")
        name = rest.rpartition(".")[2]
        then = self._at_close() if isinstance(definition, Stated) and self.alike else None
        if then is None or old.value is None or new.value is None:
            return ()
        found: tuple[Contribution, ...] = ()
        if table == "submissions" and name in _OF_SUBMISSIONS:
            found = tuple(self._of_submissions(definition.id, name, then))
        elif table == "tasks" and "told.tasks" in then.cells:
            found = tuple(self._of_tasks(definition.id, name, then, rows))
        # What the district's data made otherwise is in neither side.
        moved = sum((each.after or 0) - (each.before or 0) for each in found)
        return found if moved == new.value - old.value else ()

    def _standing(self, scope: Scope) -> Absent | None:
        then = self._at_close()
        return None if then is None else then.standing(scope)

    def _at_close(self) -> Owed | None:
        if self._then is None:
            views = {str(view.name): {"row_key", "component", "bureaus", *(column.name for column in view.columns)} for view in self.frozen.views}
            dated = {name for name, *_ in DATED.values()}
            wanted = [cube for cube in cubes(self.frame) if cube.name == "submissions" or cube.name in dated or cube.name.startswith("told.")]
            held = [cube for cube in wanted if all(column in views.get(list_, ()) for list_, column in cube.columns())]
            cells: Mapping[str, Cells] = read_from(self.conn, held, self.frozen)
            if "submissions" not in cells:
                return None
            self._then = Owed(self.district, self.frame, cells)
        return self._then

    def _of_submissions(self, id_: str, name: str, then: Owed) -> Iterator[Contribution]:
        was, now = (_OF_SUBMISSIONS[name](owed) for owed in (then, self.now))
        silent_then, silent_now = (_OF_SUBMISSIONS["silent"](owed) for owed in (then, self.now))
        for bureau, list_ in sorted(was ^ now):
            state = self.now.states.get((bureau, list_))
            # Told late, or confirmed late; what is silent now was taken back, and what was confirmed and is not any more was told otherwise.
            cause: Cause = "撤回" if (bureau, list_) in silent_now else "迟报" if (bureau, list_) in silent_then or state in (CONFIRMED, NIL) else "更正"
            yield Contribution(id_, list_, "", (bureau,), _one((bureau, list_) in was), _one((bureau, list_) in now), cause)

    def _of_tasks(self, id_: str, name: str, then: Owed, rows: ChangedRows) -> Iterator[Contribution]:
        lines = [tuple(task_lines(owed.district, self.frame, owed.cells, owed)) for owed in (then, self.now)]
        was, now = (members(side).get(name, frozenset()) for side in lines)
        states = [{(line["task_no"], line["bureau"]): line["state"] for line in side} for side in lines]
        moved = {place for place in states[0].keys() | states[1].keys() if states[0].get(place) != states[1].get(place)}
        changed = {(row.lead_bureau, number(row.task_no)): row for side in rows.sides("tasks") for row in self.conn.execute(sa.select(side)) if row.month == self.frame.period.month}
        for each in sorted(was ^ now):
            places = sorted((bureau, number(task)) for task, bureau in moved if each in (task, bureau))
            told = [changed[place] for place in places if place in changed]
            # A nil that came late is in no row of the list.
            cause: Cause = told[0].cause if told else "迟报"
            row = told[0].row_key if len(told) == 1 else ""
            bureaus = (said.lead_bureau for said in told) if told else (bureau for bureau, _ in places)
            yield Contribution(id_, "tasks", row, tuple(dict.fromkeys(bureaus)), _one(each in was), _one(each in now), cause)


def _one(counts: bool) -> Decimal | None:
    return Decimal(1) if counts else None


def nothing(figure: Figure) -> Figure:
    """Return the figure of a row that the other report did not have: a count or sum over nothing."""
    value = Decimal(0) if figure.source.list and figure.value is not None else None
    return Figure(figure.id, value, figure.unit, figure.period, figure.source)
