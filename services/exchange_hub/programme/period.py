"""The report's month and the months and days that go with it; all are business dates in Asia/Shanghai."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from exchange_contracts.bounds import YEAR_MAX, YEAR_MIN

MONTH_PATTERN = r"[0-9]{4}-(0[1-9]|1[0-2])"


def is_month(text: str) -> bool:
    """Tell whether *text* is a month ``YYYY-MM`` of which an event may speak: of no other is anything owed or told."""
    return re.fullmatch(MONTH_PATTERN, text) is not None and YEAR_MIN <= int(text[:4]) <= YEAR_MAX


@dataclass(frozen=True, slots=True)
class Period:
    """A reporting month (``YYYY-MM``).

    Raises:
        ValueError: where *month* is not a month.
    """

    month: str

    def __post_init__(self) -> None:
        """Refuse anything but four digits, a hyphen and a month number."""
        date.fromisoformat(f"{self.month}-01")

    @property
    def year(self) -> int:
        """The calendar year, which is also the budget year."""
        return int(self.month[:4])

    @property
    def number(self) -> int:
        """The month's number within its year, also the issue number of the report."""
        return int(self.month[5:])

    @property
    def year_to_date(self) -> tuple[str, ...]:
        """January to this month."""
        return tuple(f"{self.year:04d}-{n:02d}" for n in range(1, self.number + 1))

    @property
    def span(self) -> str:
        """The year to date as a period: ``2026-01/2026-10``."""
        return f"{self.year:04d}-01/{self.month}"

    @property
    def words(self) -> str:
        """The year to date as people write it: ``1—10月``, in January ``1月``."""
        return f"1—{self.number}月" if self.number > 1 else "1月"

    @property
    def last_year(self) -> "Period":
        """The same month of the year before."""
        return Period(f"{self.year - 1:04d}-{self.number:02d}")

    @property
    def before(self) -> "Period":
        """The month before."""
        return Period(f"{self.first_day - timedelta(days=1):%Y-%m}")

    @property
    def after(self) -> "Period":
        """The month that follows."""
        return Period(f"{self.last_day + timedelta(days=1):%Y-%m}")

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])
