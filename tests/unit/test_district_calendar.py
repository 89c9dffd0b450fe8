"""Working days: holidays, worked weekends, terms, missing years."""

from datetime import date

import pytest

from exchange_hub.programme.calendar import Calendar, CalendarError

CALENDAR = Calendar.of(
    [2026],
    [date(2026, 9, 25), date(2026, 9, 26), date(2026, 9, 27), *(date(2026, 10, d) for d in range(1, 8))],
    [date(2026, 9, 20), date(2026, 10, 10)],
)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 9, 18), True),
        (date(2026, 9, 19), False),  # Saturday
        (date(2026, 9, 20), True),  # Sunday, worked
        (date(2026, 9, 25), False),  # Friday, off
        (date(2026, 10, 10), True),  # Saturday, worked
        (date(2026, 10, 11), False),
    ],
)
def test_a_day_works_as_announced(day: date, works: bool) -> None:
    """The announcement goes before the day of the week."""
    assert CALENDAR.is_working(day) is works


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        (date(2026, 9, 18), 1, date(2026, 9, 18)),
        (date(2026, 9, 19), 1, date(2026, 9, 20)),
        (date(2026, 9, 8), 10, date(2026, 9, 20)),  # ends on a worked Sunday
        (date(2026, 9, 23), 10, date(2026, 10, 13)),  # over both holidays and a worked Saturday
    ],
)
def test_a_term_counts_working_days_from_its_first_day(start: date, n: int, end: date) -> None:
    """The n-th working day, the start itself being the first where it works."""
    assert CALENDAR.working_days(start, n) == end


@pytest.mark.parametrize("start", [date(2026, 1, 1 + i) for i in range(28)])
def test_counting_a_term_gives_its_length(start: date) -> None:
    """Counting and ending a term are opposites."""
    assert CALENDAR.count(start, CALENDAR.working_days(start, 37)) == 37


def test_a_span_that_ends_before_it_begins_has_no_day() -> None:
    """An empty span counts nothing."""
    assert CALENDAR.count(date(2026, 9, 2), date(2026, 9, 1)) == 0


def test_a_year_that_is_not_entered_is_refused() -> None:
    """A term that reaches into an unknown year is an error that names the year, never a guess."""
    with pytest.raises(CalendarError, match="2027"):
        CALENDAR.working_days(date(2026, 12, 25), 10)


@pytest.mark.parametrize("n", [0, -1, 1001])
def test_a_term_has_bounds(n: int) -> None:
    """A term outside 1 to 1000 is the caller's mistake."""
    with pytest.raises(CalendarError):
        CALENDAR.working_days(date(2026, 9, 1), n)


@pytest.mark.parametrize(
    ("today", "warned"), [(date(2026, 9, 30), False), (date(2026, 10, 1), True), (date(2025, 12, 31), False)]
)
def test_next_year_is_asked_for_from_october_on(today: date, warned: bool) -> None:
    """From 1 October a missing next year is a warning: December's lists are due in January."""
    assert (CALENDAR.warning(today) is not None) is warned
