"""What a month would be closed without: what a person has to see, and to confirm, before it is closed for good."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from exchange_hub.programme.district import Expected
from exchange_hub.programme.period import Period
from exchange_hub.reports.closed import snapshot
from exchange_hub.reports.inputs import Inputs


class Unsettled(NamedTuple):
    """What arrived and is in no list: events that are held, and entities whose statements do not fold together."""

    held: int
    unfolded: int


@dataclass(frozen=True, slots=True)
class Missing:
    """What a month lacks.

    Attributes:
        is_running: whether the month has not ended where the district is.
        earlier_open: earlier months that have not been closed.
        later_closed: later months that have been closed.
        silent: what is owed of which there is nothing.
        unconfirmed: what is owed and there, but not confirmed.
        unsettled: what arrived and is in no list.
    """

    is_running: bool
    earlier_open: tuple[str, ...]
    later_closed: tuple[str, ...]
    silent: tuple[Expected, ...]
    unconfirmed: tuple[Expected, ...]
    unsettled: Unsettled

    def __bool__(self) -> bool:
        """Tell whether anything is missing."""
        return self.is_running or any((self.earlier_open, self.later_closed, self.silent, self.unconfirmed, any(self.unsettled)))


def missing_of(conn: sa.Connection, inputs: Inputs, at: datetime, schema: str) -> Missing:
    """Return what the month of *inputs* lacks at a moment.

    Args:
        conn: a connection whose transaction sees the store as it shall be closed.
        inputs: what the report is built from.
        at: the moment of the close, aware.
        schema: the views schema.
    """
    period, owed = inputs.period, inputs.owed
    today = at.astimezone(ZoneInfo(inputs.district.profile.time_zone)).date()
    closed = [month for month in snapshot.months(conn) if month != period.month]
    return Missing(
        today <= period.last_day,
        _open_before(period, closed, inputs.district.first_month),
        tuple(month for month in closed if month > period.month),
        owed.silent(), owed.unconfirmed(), unsettled(conn, schema),
    )  # fmt: skip


def _open_before(period: Period, closed: list[str], first_month: str) -> tuple[str, ...]:
    """Return the months before *period* that are open: since the first that was closed, or since lists are owed where none was."""
    month, found = Period(min(closed, default=first_month)), []
    while month.month < period.month:
        if month.month not in closed:
            found.append(month.month)
        month = month.after
    return tuple(found)


def unsettled(conn: sa.Connection, schema: str) -> Unsettled:
    """Count what arrived and is in no list."""
    tables = ("log.held", f"{schema}.unfolded")
    return Unsettled(*(conn.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() if snapshot.exists(conn, table) else 0 for table in tables))
