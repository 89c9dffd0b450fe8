"""Working days of the district: which days count, and where a term of working days ends.

Source of the term: the work plan, part four, stage two: 收到市级各类工作方案和政策要求后10个工作日内出台具体措施.
Which days are off or worked (调休) is announced year by year by the State Council and is district data.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

_DAY = timedelta(days=1)
_SATURDAY = 5
_OCTOBER = 10
TERM_MAX = 1000
"""Longest term of working days that is computed; a longer one is a mistake in the caller."""


class CalendarError(ValueError):
    """A date lies in a year whose holidays the calendar does not hold, or a term is out of range."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days off and worked weekend days of the years it covers.

    Attributes:
        years: years whose announcement has been entered; other years are refused, never guessed.
        holidays: days off by the announcement.
        working: Saturdays and Sundays that are worked (调休).
    """

    years: frozenset[int]
    holidays: frozenset[date]
    working: frozenset[date]

    @classmethod
    def of(cls, years: Iterable[int], holidays: Iterable[date], working: Iterable[date]) -> Self:
        """Build a calendar from any iterables."""
        return cls(frozenset(years), frozenset(holidays), frozenset(working))

    def is_working(self, day: date) -> bool:
        """Tell whether *day* is a working day.

        Raises:
            CalendarError: the year of *day* is not in the calendar.
        """
        if day.year not in self.years:
            raise CalendarError(f"calendar has no year {day.year} (needed for {day}); add it to calendar.toml")
        if day in self.working:
            return True
        return day.weekday() < _SATURDAY and day not in self.holidays

    def working_days(self, start: date, n: int) -> date:
        """Return the *n*-th working day, counted from *start* itself.

        Raises:
            CalendarError: *n* is not between 1 and ``TERM_MAX``, or a year is missing.
        """
        if not 1 <= n <= TERM_MAX:
            raise CalendarError(f"a term of {n} working days is not between 1 and {TERM_MAX}")
        day = start
        left = n
        while True:
            if self.is_working(day):
                left -= 1
                if not left:
                    return day
            day += _DAY

    def next_working_day(self, day: date) -> date:
        """Return *day* where it is a working day, else the first working day after it."""
        return self.working_days(day, 1)

    def count(self, first: date, last: date) -> int:
        """Count the working days from *first* to *last*, both included; 0 where *last* lies before *first*."""
        days = (first + timedelta(days=i) for i in range((last - first).days + 1))
        return sum(1 for day in days if self.is_working(day))

    def warning(self, today: date) -> str | None:
        """Return a warning from 1 October on while next year is missing, else ``None``: December's lists are due in January."""
        if today.month >= _OCTOBER and today.year + 1 not in self.years:
            return f"calendar.toml does not hold {today.year + 1} yet; terms that reach into it cannot be computed"
        return None
