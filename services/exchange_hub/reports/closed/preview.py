"""What a close would keep, without keeping it: the report as it would be, what is missing, and what people should look at first."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from exchange_hub.programme.district import District
from exchange_hub.reports.build import build
from exchange_hub.reports.closed import snapshot
from exchange_hub.reports.closed.beside import beside, set_up
from exchange_hub.reports.closed.changes import adjustments
from exchange_hub.reports.closed.close import (
    AlreadyClosedError,
    Closing,
    inputs_of,
    stamp_of,
)
from exchange_hub.reports.closed.cuts import positions
from exchange_hub.reports.closed.missing import Missing, missing_of
from exchange_hub.reports.closed.snapshot import cursor_of
from exchange_hub.reports.gather import asked_of, gather
from exchange_hub.reports.model import Report
from exchange_hub.views.dated import dated
from exchange_hub.views.queries import findings, log
from exchange_hub.views.queries.answers import Finding, Rejected, Rejection
from exchange_hub.views.queries.reading import hold


@dataclass(frozen=True, slots=True)
class Preview:
    """A close that was not made.

    Attributes:
        missing: what the month would be closed without.
        report: the report as it would be, without its annexes, with the changes of earlier months that it would tell.
        held: events that are held.
        rejected: what was rejected since the last close, by bureau and reason.
        findings: the findings that stand open.
    """

    missing: Missing
    report: Report
    held: Sequence[Rejection]
    rejected: Sequence[Rejected]
    findings: Sequence[Finding]


def preview(engine: sa.Engine, district: District, closing: Closing) -> Preview:
    """Work out what a close would keep, as a close would see it, in a transaction that is taken back.

    Raises:
        AlreadyClosedError: the month has been closed before.
        CloseError: the views carry no stamp.
    """
    isolated = engine.execution_options(isolation_level="REPEATABLE READ")
    with isolated.connect() as conn:
        hold(conn, closing.schema)
        set_up(conn)
        closed = snapshot.months(conn)
        if closing.month in closed:
            raise AlreadyClosedError(closing.month)
        has_log = snapshot.exists(conn, "log.rejection")
        cut = positions(conn) if snapshot.exists(conn, "log.position") else {}
        with beside(isolated, conn) as others, dated(cursor_of(conn), closing.context, closing.schema, closing.as_of) as schema:
            changes = adjustments(conn, others, district, closing.month, closing.schema, closing.context)
            gathered = gather(conn, schema, district, closing.month, closing.as_of)
            kept = snapshot.exists(conn, f"{schema}.finding")
            found = findings.findings(conn, *asked_of(district), schema=schema) if kept else []
        inputs = inputs_of(district, closing, cut, stamp_of(conn, closing), gathered, changes)
        since = snapshot.stored(conn, closed[-1])["closed_at"] if closed else None
        return Preview(
            missing_of(conn, inputs, closing.closed_at, closing.schema), build(inputs),
            log.rejections(conn, outcomes=("held",)) if has_log else [], log.rejected_since(conn, since) if has_log else [],
            [each for each in found if each.is_open],
        )  # fmt: skip
