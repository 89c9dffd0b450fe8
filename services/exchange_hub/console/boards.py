"""What the summary pages show, worked out from rows: pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from exchange_hub.console import wording
from exchange_hub.console.source import Place
from exchange_hub.programme import task_progress
from exchange_hub.programme.deadlines import UNSETTLED
from exchange_hub.reports.queries import Queries
from exchange_hub.views import facts, values
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import Column, ListView
from exchange_hub.views.queries.answers import (
    OUTCOMES,
    Event,
    Finding,
    Position,
    Returned,
    Selection,
    Submission,
    Trace,
)
from exchange_hub.views.values import Shown


@dataclass(frozen=True, slots=True)
class Matrix:
    """Submissions of a month: one line a bureau, one column a list.

    Attributes:
        lists: names of the lists, in the catalogue's order.
        lines: bureau code, and its submission per list (``None`` where nothing is owed).
        tally: state → how many.
        due_on: the last day by which something of the month is owed, ``None`` where nothing is.
    """

    lists: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Submission | None, ...]], ...]
    tally: Mapping[str, int]
    due_on: date | None


def matrix(
    month: str, submissions: Iterable[Submission], place: Place, today: date | None = None, returned: Iterable[Returned] = (), *, towns: bool = False
) -> Matrix:
    """Lay out the submissions of *month*; what is owed and not here is 未报送, which is not zero, and 未到期 up to its last day.

    Args:
        month: the month.
        submissions: what came.
        place: the district.
        today: the day in the district; ``None`` where nothing is awaited any more.
        returned: what goes back to bureaus; that of a list which is neither owed nor here stands in no cell.
        towns: whether of towns, which have a board of their own, and not of bureaus.
    """
    codes = place.town_codes
    owed = {(bureau, name): due_on for (bureau, name), due_on in place.owed(month).items() if (bureau in codes) == towns}
    cells = {(item.bureau, item.list): _timed(item, owed.get((item.bureau, item.list))) for item in submissions if (item.bureau in codes) == towns}
    for (bureau, name), due_on in owed.items():
        cells.setdefault((bureau, name), Submission(bureau, name, month, "pending" if _is_awaited(due_on, today) else "silent", None, None, "", due_on))
    for back in returned:
        if back.month == month and (cell := cells.get((back.bureau, back.list or ""))) is not None:
            rows, sheets = cell.rows_returned + back.rows_returned, cell.sheets_returned + back.sheets_returned
            cells[back.bureau, cell.list] = replace(cell, rows_returned=rows, sheets_returned=sheets)
    order = {name: index for index, name in enumerate(BY_NAME)}
    lists_shown = sorted({name for _, name in cells}, key=lambda name: (order.get(name, len(order)), name))
    known = [code for code in place.bureaus if any(bureau == code for bureau, _ in cells)]
    bureaus = known + sorted({bureau for bureau, _ in cells} - set(known))
    tally: dict[str, int] = dict.fromkeys(wording.STATES, 0)
    for submission in cells.values():
        tally[submission.state] = tally.get(submission.state, 0) + 1
    lines = tuple((bureau, tuple(cells.get((bureau, name)) for name in lists_shown)) for bureau in bureaus)
    return Matrix(tuple(lists_shown), lines, tally, max(filter(None, owed.values()), default=None))


def _is_awaited(due_on: date | None, today: date | None) -> bool:
    """Tell whether what is owed may come still, its last day included; without a day nothing is awaited any more."""
    return today is not None and due_on is not None and today <= due_on


def _timed(submission: Submission, due_on: date | None) -> Submission:
    """Mark what came after the day by which it was owed; a nil return that came late stays a nil return."""
    late = submission.state == "confirmed" and due_on is not None and (submission.confirmed_on or due_on) > due_on
    return replace(submission, due_on=due_on, state="late" if late else submission.state)


def task_lines(reading: Queries, place: Place, month: str, today: date) -> list[dict[str, Any]]:
    """Lay out the tasks of the work plan for a month, bureau by bureau; who owes and told nothing is 未报送, and 未到期 up to the last day."""
    awaited = {bureau for (bureau, name), due_on in place.owed(month).items() if name == "tasks" and _is_awaited(due_on, today)}
    nil = {item.bureau for item in reading.submissions(month) if (item.list, item.state) == ("tasks", "nil")}
    return list(task_progress.board(place.tasks(month), month, reading.rows("tasks", Selection(where={"month": (month,)})), nil, awaited))


def outcome_totals(positions: Iterable[Position]) -> dict[str, int]:
    """Sum the outcomes of all topics."""
    totals = dict.fromkeys(OUTCOMES, 0)
    for position in positions:
        for outcome, records in position.outcomes.items():
            totals[outcome] = totals.get(outcome, 0) + records
    return totals


def silent(matrix: Matrix) -> list[tuple[str, list[str]]]:
    """Return who has not reported: bureau code and the lists that are missing."""
    missing = [
        (bureau, [cell.list for cell in cells if cell is not None and cell.state == "silent"])
        for bureau, cells in matrix.lines
    ]
    return [(bureau, lists) for bureau, lists in missing if lists]


def tally(states: Iterable[str]) -> dict[str, int]:
    """Count states, those that need somebody first."""
    counts = dict.fromkeys(UNSETTLED, 0)
    for state in states:
        counts[state] = counts.get(state, 0) + 1
    return counts


def rows_address(finding: Finding) -> list[tuple[str, str]]:
    """Return the conditions by which its list shows the rows of a finding: those of one thing, or of a bureau's category and month."""
    if finding.component:
        return [("component", finding.component)]
    bureau, *named = [word for word in finding.subject.split(" ") if word != "退货"]
    if finding.rule == "detail-and-summary" and len(named) > 1:
        return [("lead_bureau", bureau), ("category", named[0]), ("month", named[-1])]
    return []


def compared(finding: Finding, place: Place) -> list[tuple[str, str]]:
    """Return what a finding compares, title and value in exact amounts: each bureau's statement, or two that do not agree."""
    return [
        (f"{place.bureau(each.bureau)}：{each.column.title}" if each.bureau else each.column.title, values.exact(each.column, each.value, place.bureaus))
        for each in finding.compared
    ]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A fact as the bureaus state it, side by side, each with its source cell; *differs* where two of them say different things."""

    title: str
    cells: tuple[Shown, ...]
    differs: bool
    places: tuple[str, ...]


def compare(claims: Sequence[Event], place: Place) -> list[Comparison]:
    """Lay what events state side by side; facts that nobody filled are left out.

    Money is in exact yuan here: in 万元 two statements that differ by one yuan would look the same.
    """
    said = [{column.name: (column, raw) for column, raw in facts.stated(claim.type, claim.facts)} for claim in claims]
    result = []
    for name in dict.fromkeys(name for each in said for name in each):
        stated = [each[name] for each in said if name in each]
        cells = tuple(facts.shown(*each[name], place.bureaus) if name in each else values.NOTHING for each in said)
        places = tuple(facts.read_at(claim.origin.cells.get(name, "")) if claim.origin and name in each else "" for claim, each in zip(claims, said, strict=True))
        result.append(Comparison(values.exact_heading(stated[0][0]), cells, _differs(name, claims, said), places))
    return result


def _differs(name: str, claims: Sequence[Event], said: Sequence[Mapping[str, tuple[Column, object]]]) -> bool:
    """Tell whether bureaus contradict each other in a fact: an approval and a payment of one fund are two amounts, and no contradiction."""
    by_register: dict[str, list[object]] = {}
    for claim, each in zip(claims, said, strict=True):
        if name in each:
            by_register.setdefault(claim.register, []).append(each[name][1])
    return any(raw != stated[0] for stated in by_register.values() for raw in stated)


@dataclass(frozen=True, slots=True)
class TakenLine:
    """A column of a row in words: what it shows, whose statement that is, and what other bureaus say otherwise."""

    title: str
    value: str
    bureau: str
    others: tuple[str, ...]


def taken(view: ListView, trace: Trace, place: Place) -> list[TakenLine]:
    """Say whose each column is, amounts in exact yuan as in :func:`compare`; disputed columns first."""
    lines = []
    for each in trace.taken:
        column = view.column(each.column)
        others = tuple(f"{place.bureau(bureau)} {values.exact(column, said, place.bureaus)}" for bureau, said in each.others)
        bureau = place.bureau(each.bureau) if each.bureau else "出自未单独成行的填报"
        lines.append(TakenLine(column.title, values.exact(column, each.value, place.bureaus), bureau, others))
    return sorted(lines, key=lambda line: not line.others)


def is_main(claim: Event) -> bool:
    """Tell whether a claim is the statement of the whole entity, not one of its months or steps."""
    return ":" not in claim.register
