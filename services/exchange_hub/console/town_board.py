"""The board of towns, streets and parks: what each owes of a month, what came, and how its matters stand.

It stands beside the bureaus' board, so that thirty-four silent towns do not hide a silent bureau.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from exchange_hub.console.boards import matrix
from exchange_hub.console.source import Place
from exchange_hub.programme.task_progress import BEHIND, DONE
from exchange_hub.reports.queries import Queries
from exchange_hub.views.lists import KINDS
from exchange_hub.views.lists.problems import SETTLED
from exchange_hub.views.lists.town_claims import CONFIRMED
from exchange_hub.views.queries.answers import Selection

#: The decision on a claim's finding by which its owner says that there is no such thing.
REFUSED = "不属实"
#: Lists of what stands on a town's ground, counted by its name.
GROUND = ("equipment-projects", "recycling-projects", "outlets")
_CAME = ("confirmed", "nil", "late", "unsigned")
#: Lists of claims → the code of the finding that one is open.
_CLAIMS: Mapping[str, str] = {kind.claimed.view.name: kind.claimed.rules[0] for kind in KINDS.values() if kind.claimed is not None}


@dataclass(slots=True)
class TownLine:
    """A town in a month.

    Attributes:
        code: its code, empty where it has none and cannot report.
        name: its name.
        reports: whether it reports itself.
        owed: lists that it owes for the month.
        came: those of them that came.
        silent: names of those that are missing after their day.
        tasks: tasks of which it told something in the month, *tasks_done* of them done, *tasks_behind* behind.
        problems: matters that it raised, *problems_open* of them open.
        activities: activities of publicity in the month, with *reach*, ``None`` where nobody told any.
        claims: what it claims of projects and outlets: confirmed, open, and refused by the answer to its finding.
        ground: list → rows on its ground.
    """

    code: str
    name: str
    reports: bool
    owed: int = 0
    came: int = 0
    silent: tuple[str, ...] = ()
    tasks: int = 0
    tasks_done: int = 0
    tasks_behind: int = 0
    problems: int = 0
    problems_open: int = 0
    activities: int = 0
    reach: int | None = None
    claims_confirmed: int = 0
    claims_open: int = 0
    claims_refused: int = 0
    ground: dict[str, int] = field(default_factory=dict)


def lines(reading: Queries, place: Place, month: str, today: date) -> list[TownLine]:
    """Return a line per town of the district, in its order, those that do not report too."""
    found = {town.name: TownLine(town.code, town.name, town.reports) for town in place.towns}
    by_code = {line.code: line for line in found.values() if line.code}
    _submissions(reading, place, month, today, by_code)
    _told(reading, month, by_code)
    _claims(reading, by_code)
    for list_name in GROUND:
        for row in reading.sums(list_name, ("town",), (), Selection()):
            line = found.get(place.town(row["town"]))
            if line is not None:
                line.ground[list_name] = line.ground.get(list_name, 0) + int(str(row["row_count"]))
    return list(found.values())


def _submissions(reading: Queries, place: Place, month: str, today: date, by_code: Mapping[str, TownLine]) -> None:
    for code, cells in matrix(month, reading.submissions(month), place, today, towns=True).lines:
        if (line := by_code.get(code)) is not None:
            states: Counter[str] = Counter(cell.state for cell in cells if cell is not None)
            line.owed, line.came = sum(states.values()), sum(states[state] for state in _CAME)
            line.silent = tuple(cell.list for cell in cells if cell is not None and cell.state == "silent")


def _told(reading: Queries, month: str, by_code: Mapping[str, TownLine]) -> None:
    of_month = Selection(where={"month": (month,)})
    for line, row, rows in _summed(reading, by_code, "tasks", ("state",), of_month):
        line.tasks += rows
        line.tasks_done += rows * (row["state"] == DONE)
        line.tasks_behind += rows * (row["state"] == BEHIND)
    for line, row, rows in _summed(reading, by_code, "problems", ("state",), Selection()):
        line.problems += rows
        line.problems_open += rows * (row["state"] != SETTLED)
    for line, row, rows in _summed(reading, by_code, "publicity", (), of_month, ("reach",)):
        line.activities, line.reach = rows, None if row["reach"] is None else int(str(row["reach"]))


def _claims(reading: Queries, by_code: Mapping[str, TownLine]) -> None:
    for list_name in _CLAIMS:
        for line, row, rows in _summed(reading, by_code, list_name, ("claim_state",), Selection()):
            if row["claim_state"] == CONFIRMED:
                line.claims_confirmed += rows
            else:
                line.claims_open += rows
    for finding in reading.look(REFUSED).first:
        refused = by_code.get(finding.subject.partition("|")[0]) if finding.rule in _CLAIMS.values() else None
        if refused is not None:
            refused.claims_refused, refused.claims_open = refused.claims_refused + 1, refused.claims_open - 1


def _summed(
    reading: Queries, by_code: Mapping[str, TownLine], list_name: str, keys: tuple[str, ...], which: Selection, summed: Sequence[str] = ()
) -> Iterator[tuple[TownLine, Mapping[str, object], int]]:
    """Yield the sums of what towns lead, with the line of the town and the number of rows."""
    codes = tuple(by_code)
    for row in reading.sums(list_name, ("lead_bureau", *keys), summed, Selection(where={**which.where, "lead_bureau": codes})):
        yield by_code[str(row["lead_bureau"])], row, int(str(row["row_count"]))
