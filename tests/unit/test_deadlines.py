"""Deadlines for console, commands and report: working days left and late, extensions, plans that are owed, a calendar that ends."""

from datetime import date
from typing import Any

import pytest

from exchange_hub.programme.calendar import Calendar
from exchange_hub.programme.deadlines import document_deadlines, month_under_review, plan_deadlines
from exchange_hub.programme.district import ExpectedPlan

# 2026-10-01 to 07 is off, Saturday 10 October is worked.
CALENDAR = Calendar.of([2026], [date(2026, 10, day) for day in range(1, 8)], [date(2026, 10, 10)])
AS_OF = date(2026, 10, 12)


def document(**values: Any) -> dict[str, Any]:
    """A row of the documents list."""
    empty = dict.fromkeys((
        "document_no", "title", "received_on", "due_on", "extended_until", "form", "measure_no", "measure_on", "exempt_reason",
    ))  # fmt: skip
    return {**empty, "department": "industry", "received_on": date(2026, 9, 1), **values}


@pytest.mark.parametrize(
    ("row", "state", "left", "late"),
    [
        # 10 October (Saturday) and 12 October are worked after the due Friday: two days late.
        ({"due_on": date(2026, 10, 9)}, "超期未出台", None, 2),
        ({"due_on": AS_OF}, "未到期", 0, None),
        ({"due_on": date(2026, 10, 16)}, "未到期", 4, None),
        # Over the days off: 30 September is the last working day before 8 October.
        ({"due_on": date(2026, 9, 30)}, "超期未出台", None, 4),
        ({"due_on": date(2026, 9, 30), "extended_until": date(2026, 10, 13)}, "未到期", 1, None),
        ({"due_on": date(2026, 9, 30), "exempt_reason": "已有措施", "measure_on": AS_OF}, "免于出台", None, None),
        # An exemption given after the as-of date is not there yet either, nor a cover by an existing measure.
        ({"due_on": date(2026, 9, 30), "exempt_reason": "已有措施", "measure_on": date(2026, 10, 13)}, "超期未出台", None, 4),
        ({"due_on": date(2026, 10, 16), "form": "已有措施覆盖", "measure_on": date(2026, 10, 13)}, "未到期", 4, None),
        ({"due_on": date(2026, 9, 30), "form": "已有措施覆盖", "measure_on": date(2026, 10, 8)}, "已有措施覆盖", None, None),
        ({"due_on": date(2026, 10, 9), "form": "方案", "measure_on": date(2026, 10, 8)}, "已出台", None, None),
        # A measure issued after the as-of date is not there yet.
        ({"due_on": date(2026, 9, 30), "form": "方案", "measure_on": date(2026, 10, 13)}, "超期未出台", None, 4),
    ],
)
def test_working_days_are_counted_to_and_from_the_due_day(row: dict[str, Any], state: str, left: int | None, late: int | None) -> None:
    """Days left and late are working days of the district's calendar, worked weekends and days off included."""
    (line,) = document_deadlines([document(**row)], CALENDAR, AS_OF)
    assert (line.state, line.working_days_left, line.working_days_late) == (state, left, late)


def test_overdue_documents_come_first_then_the_soonest_due() -> None:
    """The list is in the order in which people must act, and what has not been received yet is not in it."""
    rows = [
        document(document_no="c", due_on=date(2026, 10, 20)),
        document(document_no="d", received_on=date(2026, 10, 13), due_on=date(2026, 10, 27)),
        document(document_no="b", due_on=date(2026, 10, 14)),
        document(document_no="a", due_on=date(2026, 10, 8)),
    ]
    assert [line.document_no for line in document_deadlines(rows, CALENDAR, AS_OF)] == ["a", "b", "c"]


def test_a_calendar_that_ends_is_said() -> None:
    """Where the calendar does not reach, no number is guessed and the line says why."""
    (line,) = document_deadlines([document(due_on=date(2027, 1, 5))], CALENDAR, AS_OF)
    assert line.working_days_left is None
    assert "2027" in line.note
    (line,) = document_deadlines([document(due_on=None)], CALENDAR, AS_OF)
    assert "工作日历" in line.note


def test_a_plan_is_owed_until_its_bureau_has_issued_one_of_its_kind() -> None:
    """One issued plan settles one expected plan, the one of its title first, and only from its date on."""
    expected = [ExpectedPlan("行业", "甲方案", "industry"), ExpectedPlan("行业", "乙方案", "industry"), ExpectedPlan("总体", "总体方案", "lead")]
    issued = {"plan_kind": "行业", "title": "乙方案", "expected": "乙方案", "lead_bureau": "industry", "document_no": "1号", "issued_on": AS_OF}
    later = {**issued, "title": "甲方案", "expected": "甲方案", "issued_on": date(2026, 10, 13)}
    states = [line.state for line in plan_deadlines(expected[1:2] + expected[:1] + expected[2:], [later, issued], AS_OF)]
    assert states == ["已出台", "未出台", "未出台"]


@pytest.mark.parametrize(
    ("closed", "reported", "today", "month"),
    [
        ([], [], date(2026, 11, 1), "2026-11"),
        # Before the first close it is the month that is being reported, not the present one, of which nothing can be reported yet.
        ([], ["2026-09", "2026-10"], date(2026, 11, 24), "2026-10"),
        ([], ["2027-01"], date(2026, 11, 24), "2026-11"),
        (["2026-10", "2026-09"], ["2026-09"], date(2026, 11, 24), "2026-11"),
        (["2026-11"], [], date(2026, 11, 24), "2026-11"),
        (["2026-12"], [], date(2027, 1, 3), "2027-01"),
    ],
)
def test_month_under_review(closed: list[str], reported: list[str], today: date, month: str) -> None:
    """Coordinators work on the month after the last close, never on one that has not begun; console and commands have one answer."""
    assert month_under_review(closed, reported, today) == month
