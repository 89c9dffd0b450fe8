"""Record a restatement: what changed in a closed month since, beside the closed figures, which stay as they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from exchange_hub.programme.district import District
from exchange_hub.reports.closed import diff, snapshot, tables
from exchange_hub.reports.closed.cuts import last_batch, positions
from exchange_hub.reports.closed.diff import Comparison
from exchange_hub.reports.model import dump_adjustments, load_adjustments
from exchange_hub.views.queries.reading import hold
from exchange_hub.views.store.commit import Context
from exchange_hub.views.tables import LIVE


@dataclass(frozen=True, slots=True)
class Restated:
    """What was recorded, as ``MonthRestated`` publishes it.

    Attributes:
        seq: the how-manieth restatement of the month, from 1.
        as_of: as-of date of the close, for which both sides are worked out.
        cut: topic → next offset now.
        stamp: stamp of the views now.
    """

    month: str
    seq: int
    as_of: date
    cut: Mapping[str, int]
    stamp: Mapping[str, str]
    comparison: Comparison


def restate(
    engine: sa.Engine, district: District, month: str, made_at: datetime, schema: str = LIVE, context: Context | None = None
) -> Restated | None:
    """Record what changed in a closed month, in one transaction; ``None`` where nothing did since the last record.

    Args:
        engine: the store.
        district: the district's data as it is now.
        month: the closed month.
        made_at: time of the record, aware.
        schema: views schema to compare with.
        context: topics and rules of the store, as for a close.

    Raises:
        NotClosedError: where the month has not been closed.
    """
    isolated = engine.execution_options(isolation_level="REPEATABLE READ")
    with isolated.connect() as conn, conn.begin():
        hold(conn, schema)
        conn.execute(sa.text("SET LOCAL synchronous_commit = on"))
        closed = snapshot.stored(conn, month)
        comparison = diff.compare(conn, district, month, schema, context=context)
        changes = dump_adjustments(comparison.adjustments)
        seq, last = _last(conn, month)
        if changes == last:
            return None
        cut = positions(conn) if snapshot.exists(conn, "log.position") else {}
        stamp = snapshot.view_stamp(conn, schema) or dict(closed["stamp"])
        row = {
            "month": month, "seq": seq + 1, "made_at": made_at, "cut": cut, "batch_no": last_batch(conn), "stamp": stamp,
            "figures_digest": comparison.figures_digest, "changes": changes,
        }  # fmt: skip
        conn.execute(sa.insert(tables.restatement).values(row))
    return Restated(month, seq + 1, closed["as_of"], cut, stamp, comparison)


def _last(conn: sa.Connection, month: str) -> tuple[int, list[dict[str, Any]]]:
    """Return number and changes of the last restatement; before the first one there are none."""
    of_month = tables.restatement.c.month == month
    last = sa.select(tables.restatement).where(of_month).order_by(tables.restatement.c.seq.desc()).limit(1)
    row = conn.execute(last).mappings().one_or_none()
    return (0, []) if row is None else (row["seq"], dump_adjustments(load_adjustments(row["changes"])))
