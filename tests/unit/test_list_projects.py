"""A project's row: what is newer of a statement and a month's progress stands (FIGURES 5)."""

from datetime import date
from typing import Any

import pytest

from exchange_hub.views.fold import fold_component
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact

KEY = ClaimKey("project", "industry", "P-1")
EMPTY = {
    "project_code": None, "internal_no": "P-1", "name": "技改", "list": "设备更新", "domain": "工业", "units_done": None, "build_state": None,
}  # fmt: skip


def stated(on: date, **facts: Any) -> tuple[str, Fact]:
    """A statement of the project."""
    return "project", Fact("ProjectChanged", 1, b"", False, EMPTY | {"occurred_on": _days(on), "origin": None} | facts)


def progress(month: str, year: int = 1, **facts: Any) -> tuple[str, Fact]:
    """The progress of a month."""
    said = {
        "month": month, "invested_this_month": 1, "invested_year_to_date": year, "invested_since_start": None, "units_done": None,
        "build_state": None, "text": None, "occurred_on": 1, "origin": None,
    }  # fmt: skip
    return f"progress:{month}", Fact("ProjectProgressReported", 1, b"", False, said | facts)


def _days(on: date) -> int:
    return (on - date(1970, 1, 1)).days


def row_of(*registers: tuple[str, Fact]) -> dict[str, Any]:
    """Return the project's row."""
    result = fold_component([Claim(KEY, dict(registers))], FoldRules())
    assert result.failure is None
    return dict(result.rows[0].values)


@pytest.mark.parametrize(
    ("on", "units", "state"),
    [
        (date(2026, 10, 5), 5, "竣工"),
        (date(2026, 10, 1), 5, "竣工"),
        (date(2026, 9, 30), 2, "在建"),
        (date(2026, 9, 12), 2, "在建"),
    ],
)
def test_the_later_business_date_decides_and_of_equal_ones_the_progress(on: date, units: int, state: str) -> None:
    """A statement of October stands against September's progress; one of September's last day or before does not."""
    row = row_of(stated(on, units_done=5, build_state="竣工"), progress("2026-09", units_done=2, build_state="在建"))
    assert (row["units_done"], row["build_state"]) == (units, state)


def test_what_a_progress_leaves_empty_stays_as_it_was_last_said() -> None:
    """An empty field says nothing of a cumulative: neither of one that an older progress told, nor of one of the project."""
    row = row_of(
        stated(date(2026, 7, 1), build_state="未开工"),
        progress("2026-08", 80, units_done=7, build_state="在建", invested_since_start=900),
        progress("2026-09", 90),
    )
    assert [row[name] for name in ("units_done", "build_state", "invested_since_start", "invested_year_to_date")] == [7, "在建", 900, 90]
    assert row["latest_month"] == "2026-09"


def test_a_statement_between_two_progresses_stands_until_the_next_one() -> None:
    """Units of a July statement are newer than June's and older than August's."""
    july = stated(date(2026, 7, 3), units_done=5)
    assert row_of(july, progress("2026-06", units_done=2))["units_done"] == 5
    assert row_of(july, progress("2026-06", units_done=2), progress("2026-08"))["units_done"] == 5
    assert row_of(july, progress("2026-06", units_done=2), progress("2026-08", units_done=6))["units_done"] == 6
