"""What is due when: measures to documents, expected plans, and the month under review, worked out once for every reader.

Sources: the work plan, part four, stage two (measures within ten working days of receipt, plans by bureau) and part five, one (the
monthly review). What depends on a day is worked out for the day that is handed in; nothing here asks the clock.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from exchange_hub.programme.calendar import Calendar, CalendarError
from exchange_hub.programme.district_parts import ExpectedPlan
from exchange_hub.programme.period import Period

Row = Mapping[str, object]

COVERED = "已有措施覆盖"
EXEMPT = "免于出台"
OVERDUE = "超期未出台"
NOT_YET_DUE = "未到期"
MISSING_PLAN = "未出台"
UNSETTLED = (OVERDUE, NOT_YET_DUE)
"""States of a document in which its department still has to act, the most urgent first."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A document for one department, or an expected plan, with the day by which it is due.

    Attributes:
        kind: 文件, or 应出台方案 with the kind of plan.
        document_no: number of the document, or of the plan that was issued.
        title: title of the document or of the plan.
        bureau: code of the department that has to act.
        received_on: when the document was received.
        due_on: ten working days after receipt; ``None`` where it cannot be worked out.
        extended_until: the approved extension.
        state: 超期未出台, 未到期, 已出台, 逾期出台, 已有措施覆盖 or 免于出台; of a plan 已出台 or 未出台.
        working_days_left: working days until it is due; only where it is not yet due.
        working_days_late: working days since it was due; only where it is overdue.
        note: why a number is missing, or when a plan was issued.
        row: row of the list of documents, empty for a plan.
    """

    kind: str
    document_no: str | None
    title: str | None
    bureau: str
    received_on: date | None
    due_on: date | None
    extended_until: date | None
    state: str
    working_days_left: int | None
    working_days_late: int | None
    note: str
    row: Row

    @property
    def until(self) -> date | None:
        """The day that counts: the extension, where there is one."""
        return self.extended_until or self.due_on

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act."""
        return self.state in (*UNSETTLED, MISSING_PLAN)


def due_day(row: Row) -> date | None:
    """Return the day by which a measure is due: the approved extension, else ten working days after receipt."""
    return _day(row.get("extended_until")) or _day(row.get("due_on"))


def state_on(row: Row, as_of: date) -> str:
    """Return the state of a document's measure on a day; a measure or an exemption dated later is not there yet."""
    done, due = _day(row.get("measure_on")), due_day(row)
    if done is not None and done <= as_of:
        if row.get("exempt_reason") is not None:
            return EXEMPT
        if row.get("form") == COVERED:
            return COVERED
        return "逾期出台" if due is not None and done > due else "已出台"
    return OVERDUE if due is not None and due < as_of else NOT_YET_DUE


def no_due_day(row: Row) -> str:
    """Say why a measure has no day by which it is due."""
    if row.get("level") == "国家":
        return "国家文件，不计时限"
    return "无收文日，无法计算到期日" if row.get("received_on") is None else "工作日历不含到期年份，无法计算到期日"


def document_deadlines(rows: Iterable[Row], calendar: Calendar, as_of: date) -> list[Deadline]:
    """Return a deadline per document × department received by *as_of*: overdue ones first, then the soonest due."""
    received = (row for row in rows if (_day(row.get("received_on")) or as_of) <= as_of)
    lines = [_document(row, calendar, as_of) for row in received]
    return sorted(lines, key=lambda line: urgency(line.row, as_of))


def urgency(row: Row, as_of: date) -> tuple[int, date, str, str]:
    """Return what documents are sorted by: what people must act on first comes first."""
    state = state_on(row, as_of)
    place = UNSETTLED.index(state) if state in UNSETTLED else len(UNSETTLED)
    return place, due_day(row) or date.max, str(row.get("document_no") or ""), str(row.get("department"))


def _document(row: Row, calendar: Calendar, as_of: date) -> Deadline:
    state, due, received = state_on(row, as_of), due_day(row), _day(row.get("received_on"))
    left, late, note = None, None, ""
    try:
        if due is None:
            if state == NOT_YET_DUE:
                note = no_due_day(row)
        elif state == OVERDUE:
            late = calendar.count(due + timedelta(days=1), as_of)
        elif state == NOT_YET_DUE:
            left = calendar.count(as_of + timedelta(days=1), due)
    except CalendarError as error:
        note = f"工作日历不全：{error}"
    return Deadline(
        "文件", _text(row.get("document_no")), _text(row.get("title")), str(row.get("department") or ""), received, _day(row.get("due_on")),
        _day(row.get("extended_until")), state, left, late, note, row,
    )  # fmt: skip


def plan_deadlines(expected: Sequence[ExpectedPlan], rows: Iterable[Row], as_of: date) -> Iterator[Deadline]:
    """Yield a line per plan that the work plan asks for; it is missing until its bureau has issued one of its kind."""
    issued = [row for row in rows if (on := _day(row.get("issued_on"))) is not None and on <= as_of]
    for plan in expected:
        match = [row for row in issued if (row["expected"], row["lead_bureau"]) == (plan.title, plan.bureau)]
        row = min(match, key=lambda row: str(row["issued_on"]), default=None)
        yield Deadline(
            f"应出台方案（{plan.kind}）", _text(row["document_no"]) if row else None, plan.title, plan.bureau, None, None, None,
            "已出台" if row else MISSING_PLAN, None, None, f"{row['issued_on']} 印发" if row else "", {},
        )  # fmt: skip


def plan_lines(expected: Sequence[ExpectedPlan], rows: Iterable[Row], as_of: date) -> list[dict[str, object]]:
    """Return a line per plan that the work plan asks for, those that are missing first."""
    told = list(rows)
    pairs = zip(expected, plan_deadlines(expected, told, as_of), strict=True)
    return [
        {
            "kind": plan.kind, "domain": plan.domain or None, "title": plan.title, "bureau": plan.bureau, "state": line.state,
            "document_no": line.document_no, "issued_on": line.received_on if line.is_open else _issued(plan, told, as_of),
        }
        for plan, line in sorted(pairs, key=lambda pair: not pair[1].is_open)
    ]  # fmt: skip


def _issued(plan: ExpectedPlan, rows: Iterable[Row], as_of: date) -> date | None:
    """Return the day on which a plan was issued first."""
    days = [_day(row.get("issued_on")) for row in rows if (row["expected"], row["lead_bureau"]) == (plan.title, plan.bureau)]
    return min((on for on in days if on is not None and on <= as_of), default=None)


def month_under_review(closed: Iterable[str], reported: Iterable[str], today: date) -> str:
    """Return the month that coordinators work on.

    It is the one after the last closed month, at most the month of *today*; before the first close, the latest month
    that anybody has reported, for the present month is reported only after its end.

    Args:
        closed: the closed months.
        reported: months for which something was confirmed or returned as nil.
        today: the day in the district.
    """
    present = f"{today:%Y-%m}"
    last = max(closed, default=None)
    if last is not None:
        return min(Period(last).after.month, present)
    return max((month for month in reported if month <= present), default=present)


def _day(raw: object) -> date | None:
    return raw if isinstance(raw, date) else None


def _text(raw: object) -> str | None:
    return None if raw is None else str(raw)
