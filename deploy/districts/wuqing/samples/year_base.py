"""The months of the sample year, and what its modules share: streams of chance by topic, days, plain sheets."""

import calendar
import random
from collections.abc import Sequence
from datetime import date, timedelta

from sheets import Column, Row, Sheet, period_of, third_line

MONTHS = tuple(f"{2025 + number // 12}-{number % 12 + 1:02d}" for number in range(10, 22))
FIRST, LAST = MONTHS[0], MONTHS[-1]
BEFORE = tuple(f"{2024 + number // 12}-{number % 12 + 1:02d}" for number in range(10, 22))
"""The year before: what the first workbooks carry as history."""


def stream(seed: int, *topic: object) -> random.Random:
    """Return chance of a topic's own, so that nothing drawn for one topic moves another."""
    return random.Random(f"{seed} {topic}")


def index(month: str) -> int:
    """Return the running number of a month."""
    return int(month[:4]) * 12 + int(month[5:]) - 1


def month_at(number: int) -> str:
    """Return the month of a running number."""
    return f"{number // 12}-{number % 12 + 1:02d}"


def day(month: str, wanted: int) -> date:
    """Return a day of a month, at most its last."""
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, max(1, min(wanted, calendar.monthrange(year, number)[1])))


def end(month: str) -> date:
    """Return the last day of a month."""
    return day(month, 31)


def later(on: date, days: int) -> date:
    """Return the day that comes so many days later."""
    return on + timedelta(days=days)


def of_month(on: date) -> str:
    """Return the month of a day."""
    return f"{on:%Y-%m}"


def numbered(rows: Sequence[Row]) -> list[Row]:
    """Return rows with their running number."""
    return [{"no": number} | row for number, row in enumerate(rows, 1)]


def sheet(name: str, title: str, columns: tuple[Column, ...], rows: Sequence[Row], bureau: str, month: str, unit: str = "", totals: str = "") -> Sheet | None:
    """Lay out rows of a month, ``None`` where there are none."""
    if not rows:
        return None
    return Sheet(name, title, columns, numbered(rows), period=f"（{period_of(month)}）" if month else "", third=third_line(bureau, unit), totals=totals)
