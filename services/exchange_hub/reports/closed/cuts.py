"""The stored cuts: where a month was closed, and where each of its restatements was recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from exchange_hub.reports.closed import snapshot, tables
from exchange_hub.views.digests import hexadecimal


@dataclass(frozen=True, slots=True)
class Cut:
    """Positions that were kept, with what the views were there.

    Attributes:
        month: the closed month.
        seq: number of the restatement, 0 for the close itself.
        as_of: date of ageing and overdue.
        offsets: topic → next offset.
        batch_no: last batch that belongs to the cut; ``None`` where it was not kept yet (restatements before schema version 0006).
        stamp: stamp of the views at the cut.
        figures_digest: SHA-256 of all figures.
        digests: list → digest of its rows; only a close keeps them.
        dated: whether what was said of days after the date does not count.
    """

    month: str
    seq: int
    as_of: date
    offsets: Mapping[str, int]
    batch_no: int | None
    stamp: Mapping[str, str]
    figures_digest: str
    digests: Mapping[str, str]
    dated: bool

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.month} 结账" if not self.seq else f"{self.month} 第 {self.seq} 次调整"


def stored(conn: sa.Connection, name: str) -> Cut:
    """Return a stored cut: ``2026-09`` is the close of September, ``2026-09/2`` its second restatement.

    Raises:
        KeyError: there is none of that name; says which there are.
    """
    month, slash, number = name.partition("/")
    try:
        closed = snapshot.stored(conn, month)
    except snapshot.NotClosedError:
        raise KeyError(f"没有“{name}”这个截点；{_known(conn)}") from None
    if not slash:
        digests = {list_: hexadecimal(bits) for list_, bits in closed["digests"].items()}
        return _cut(closed, closed, 0, digests)
    table = tables.restatement
    seq = int(number) if number.isdecimal() else 0
    row = conn.execute(sa.select(table).where(table.c.month == month, table.c.seq == seq)).mappings().one_or_none()
    if row is None:
        raise KeyError(f"没有“{name}”这个截点；{_known(conn)}")
    return _cut(dict(row), closed, seq, {})


def _cut(row: Mapping[str, Any], closed: Mapping[str, Any], seq: int, digests: Mapping[str, str]) -> Cut:
    return Cut(row["month"], seq, closed["as_of"], row["cut"], row["batch_no"], row["stamp"], row["figures_digest"], digests, closed["dated"])


def _known(conn: sa.Connection) -> str:
    table = tables.restatement
    rows = conn.execute(sa.select(table.c.month, table.c.seq).order_by(table.c.month, table.c.seq))
    names = sorted([*snapshot.months(conn), *(f"{month}/{seq}" for month, seq in rows)])
    return f"已存的截点有：{'、'.join(names)}" if names else "还没有结过账"


def positions(conn: sa.Connection) -> dict[str, int]:
    """Return topic → next offset, as the transaction of *conn* sees it."""
    query = (
        "SELECT t.name, coalesce(p.next_off, 0) FROM log.topic t LEFT JOIN log.position p USING (topic_no) ORDER BY 1"
    )
    return {row[0]: row[1] for row in conn.execute(sa.text(query))}


def last_batch(conn: sa.Connection) -> int | None:
    """Return the number of the last batch, as the transaction of *conn* sees it."""
    if not snapshot.exists(conn, "log.receipt_range"):
        return None
    found: int = conn.execute(sa.text("SELECT coalesce(max(batch_no), 0) FROM log.receipt_range")).scalar_one()
    return found
