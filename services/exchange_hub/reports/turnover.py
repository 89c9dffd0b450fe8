"""What came into the lists that are followed from report to report, and what left them, since the month that was closed before."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from exchange_hub.programme.conditions import Where
from exchange_hub.programme.definitions import Turnover
from exchange_hub.programme.list_figures import FOLLOWED, entries
from exchange_hub.reports.closed import snapshot, tables
from exchange_hub.reports.sql import Lists

_Keys = Mapping[str, str]
"""Row key → component."""


def turnover(conn: sa.Connection, lists: Lists, month: str, as_of: date) -> dict[str, Turnover]:
    """Compare the followed lists with those of the closed month before; empty where there is none to compare with.

    Args:
        conn: a connection in a transaction.
        lists: the lists as the report of *month* reads them.
        month: the report's month.
        as_of: the day as of which it speaks.
    """
    earlier = _before(conn, month)
    if earlier is None:
        return {}
    before, then = snapshot.lists_closed(earlier), earlier["as_of"]
    found = {}
    for name in FOLLOWED:
        try:
            old = _keys(conn, before, name, entries(name, then))
        except KeyError:
            continue  # A list or column that the month before did not have yet: nothing to compare with.
        now = _keys(conn, lists, name, entries(name, as_of))
        found[name] = Turnover(earlier["month"], _without(now, old), _without(old, now))
    return found


def _before(conn: sa.Connection, month: str) -> Mapping[str, Any] | None:
    kept = tables.month
    if not snapshot.exists(conn, f"{kept.schema}.{kept.name}"):
        return None
    chosen = sa.select(sa.func.max(kept.c.month)).where(kept.c.month < month, kept.c.closed_at.is_not(None))
    latest = conn.execute(chosen).scalar_one()
    return None if latest is None else snapshot.stored(conn, latest)


def _keys(conn: sa.Connection, lists: Lists, name: str, where: Where) -> _Keys:
    rows, meets = lists.rows(name, where)
    return {row[0]: row[1] for row in conn.execute(sa.select(rows.c.row_key, rows.c.component).select_from(rows).where(meets))}


def _without(these: _Keys, others: _Keys) -> tuple[str, ...]:
    components = frozenset(others.values())
    return tuple(sorted(key for key, component in these.items() if key not in others and component not in components))
