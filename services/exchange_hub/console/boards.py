"""What the summary pages show, worked out from rows: pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from exchange_hub.console import vocabulary, wording
from exchange_hub.console.source import Claim, Finding, Place, Position, Submission, Trace
from exchange_hub.reports.matters import deadline, status
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import Column, ListView

_COMMON_FACTS = frozenset({
    "event_id", "bureau", "source", "entity_key", "revision", "occurred_on", "recorded_at", "corrects", "origin",
    "evidence", "reason",
})  # fmt: skip


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


def matrix(month: str, submissions: Iterable[Submission], place: Place) -> Matrix:
    """Lay out the submissions of *month*; what is owed and not here is 未报送, which is not zero."""
    owed = place.owed(month)
    cells = {(item.bureau, item.list): _timed(item, owed.get((item.bureau, item.list))) for item in submissions}
    for (bureau, name), due_on in owed.items():
        cells.setdefault((bureau, name), Submission(bureau, name, month, "silent", None, None, "", due_on))
    order = {name: index for index, name in enumerate(BY_NAME)}
    lists_shown = sorted({name for _, name in cells}, key=lambda name: (order.get(name, len(order)), name))
    known = [code for code in place.bureaus if any(bureau == code for bureau, _ in cells)]
    bureaus = known + sorted({bureau for bureau, _ in cells} - set(known))
    tally: dict[str, int] = dict.fromkeys(wording.STATES, 0)
    for submission in cells.values():
        tally[submission.state] = tally.get(submission.state, 0) + 1
    lines = tuple((bureau, tuple(cells.get((bureau, name)) for name in lists_shown)) for bureau in bureaus)
    return Matrix(tuple(lists_shown), lines, tally, max(owed.values(), default=None))


def _timed(submission: Submission, due_on: date | None) -> Submission:
    """Mark what came after the day by which it was owed; a nil return that came late stays a nil return."""
    late = submission.state == "confirmed" and due_on is not None and (submission.confirmed_on or due_on) > due_on
    return replace(submission, due_on=due_on, state="late" if late else submission.state)


def month_under_review(closed: Sequence[str], reported: Iterable[str], now: datetime) -> str:
    """Return the month that coordinators work on.

    It is the one after the last closed month, at most the present one in Shanghai; before the first close, the
    latest month that anybody reported.
    """
    present = wording.shanghai_month(now)
    if closed:
        return min(next_month(closed[0]), present)
    return max((month for month in reported if month <= present), default=present)


def next_month(month: str) -> str:
    """Return the month after *month*.

    >>> next_month("2026-12")
    '2027-01'
    """
    year, number = int(month[:4]), int(month[5:7])
    return f"{year + number // 12}-{number % 12 + 1:02d}"


def is_open(state: str) -> bool:
    """Tell whether somebody still has to look at a finding; a cause that has gone does not close it, people do."""
    return state in ("", "待核实") or state.startswith("原因已消除")


def open_findings(findings: Iterable[Finding]) -> int:
    """Count the findings that nobody has closed."""
    return sum(is_open(finding.state) for finding in findings)


def outcome_totals(positions: Iterable[Position]) -> dict[str, int]:
    """Sum the outcomes of all topics."""
    totals = dict.fromkeys(("accepted", "duplicate", "rejected", "held"), 0)
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


UNSETTLED = ("超期未出台", "未到期")
"""States of a document in which its department still has to act."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A document for one department with the day by which its measure is due.

    Attributes:
        row: row of the list of documents.
        state: 超期未出台, 未到期, 已出台, 逾期出台, 已有措施覆盖 or 免于出台.
        due_on: approved extension, else ten working days after receipt; ``None`` where it cannot be worked out.
        working_days: left where it is not due, late where it is overdue; ``None`` where settled or not known.
    """

    row: Mapping[str, object]
    state: str
    due_on: date | None
    working_days: int | None


def deadlines(rows: Iterable[Mapping[str, object]], place: Place, today: date) -> list[Deadline]:
    """Return every document × department as of *today*: the overdue first, then what is due soonest."""
    lines = []
    for row in rows:
        state, due_on = status(row, today), deadline(row)
        days = None
        if due_on is not None and state in UNSETTLED:
            days = place.working_days(*sorted((due_on, today)))
        lines.append(Deadline(row, state, due_on, days))
    order = {state: number for number, state in enumerate(UNSETTLED)}
    return sorted(
        lines,
        key=lambda line: (
            order.get(line.state, len(order)), line.due_on or date.max, str(line.row.get("document_no")),
            str(line.row.get("department")),
        ),
    )  # fmt: skip


def tally(states: Iterable[str]) -> dict[str, int]:
    """Count states, those that need somebody first."""
    counts = dict.fromkeys(UNSETTLED, 0)
    for state in states:
        counts[state] = counts.get(state, 0) + 1
    return counts


_COMPARED = {
    "detail": "明细合计", "summary": "汇总数", "before": "上次自年初累计", "now": "本次自年初累计", "this_month": "本月完成",
    "approved": "审核", "paid": "支付合计", "reversed": "冲回合计", "funding": "资金来源合计",
}  # fmt: skip
"""Sums that a comparison names and no contract has; all of them money in fen."""


def compared(finding: Finding, place: Place) -> list[tuple[str, str]]:
    """Return what a finding compares, title and value: each bureau's statement, or two amounts that do not agree."""
    fact = finding.rule.partition("two-bureaus-")[2]
    lines = []
    for name, raw in finding.detail.items():
        if name in place.bureaus:
            title = f"{place.bureau(name)}：{vocabulary.fact_title(fact)}" if fact else place.bureau(name)
            lines.append((title, vocabulary.fact(fact, raw, place).text))
        elif name in _COMPARED and isinstance(raw, int):
            lines.append((f"{_COMPARED[name]}（元）", f"{wording.yuan(raw):,}"))
        elif name in vocabulary.COLUMNS and name not in ("rows", "month"):
            lines.append((vocabulary.fact_title(name), vocabulary.fact(name, raw, place).text))
    return lines


def same_rows(finding: Finding) -> list[str]:
    """Return the keys of the rows that a comparison between rows found to share something."""
    rows = finding.detail.get("rows")
    return [str(key) for key in rows] if isinstance(rows, list | tuple) else []


@dataclass(frozen=True, slots=True)
class Comparison:
    """A fact as the bureaus state it, side by side; *differs* where two of them say different things."""

    title: str
    cells: tuple[wording.Shown, ...]
    differs: bool


def compare(claims: Sequence[Claim], place: Place) -> list[Comparison]:
    """Lay the main statements of the claims side by side; facts that nobody filled are left out.

    Money is in exact yuan here: in 万元 two statements that differ by one yuan would look the same.
    """
    names = dict.fromkeys(name for claim in claims for name in claim.facts if name not in _COMMON_FACTS)
    result = []
    for name in names:
        raw = [claim.facts.get(name) for claim in claims]
        stated = [item for item in raw if item not in (None, "", [], {})]
        if stated:
            cells = tuple(vocabulary.fact(name, item, place) for item in raw)
            result.append(Comparison(vocabulary.fact_title(name), cells, any(item != stated[0] for item in stated)))
    return result


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
        others = tuple(f"{place.bureau(bureau)} {_exact(column, said, place)}" for bureau, said in each.others)
        bureau = place.bureau(each.bureau) if each.bureau else "出自未单独成行的填报"
        lines.append(TakenLine(column.title, _exact(column, each.value, place), bureau, others))
    return sorted(lines, key=lambda line: not line.others)


def _exact(column: Column, raw: object, place: Place) -> str:
    shown = wording.value(column, raw, place)
    return shown.full if column.type in ("money", "money_map") and shown.style != "empty" else shown.text


def is_main(claim: Claim) -> bool:
    """Tell whether a claim is the statement of the whole entity, not one of its months or steps."""
    return ":" not in claim.register
