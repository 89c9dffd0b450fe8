"""The business date of an event: the day from which it counts in a report or a list that speaks as of a date.

A month or period counts from its last day: what is said of October stands in October's report, whenever it is said.
"""

import calendar
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

_EPOCH = date(1970, 1, 1).toordinal()

#: Fields that date an event, the first that is filled; an event without any is dated by ``occurred_on``.
_PERIODS = ("month", "period")
_DAYS = ("on", "received_on", "issued_on", "expired_on", "done_on")
#: Events that speak of a coming or past year on the day on which they are stated.
_STATED = frozenset({"TargetSet", "BaselineSet"})
#: Events that take back what should never have been said, and decisions on who is who: they hold for every date.
_REPAIRS = frozenset({"ProjectWithdrawn", "EquipmentLineWithdrawn", "SupplyDemandMatchWithdrawn", "OutletWithdrawn", "EntitiesMerged", "MergeWithdrawn"})
_ERROR = "差错"


def dated_on(event: str, facts: Mapping[str, Any]) -> int | None:
    """Return the business date of an event in days since 1970-01-01; ``None`` where it repairs a mistake and holds for every date.

    Args:
        event: name of the event type.
        facts: its decoded facts.
    """
    if event in _REPAIRS or (event == "SubsidyReversed" and facts.get("reason_kind") == _ERROR):
        return None
    occurred_on: int = facts["occurred_on"]
    for name in _PERIODS:
        if (value := facts.get(name)) is not None:
            return min(_end(value), occurred_on) if event in _STATED else _end(value)
    for name in _DAYS:
        if (day := facts.get(name)) is not None:
            return int(day)
    return occurred_on


@lru_cache(maxsize=4096)
def _end(period: str) -> int:
    """Return the last day of a year (``2026``) or a month (``2026-10``), in days since 1970-01-01."""
    year, _, month = period.partition("-")
    number = int(month or 12)
    return date(int(year), number, calendar.monthrange(int(year), number)[1]).toordinal() - _EPOCH
