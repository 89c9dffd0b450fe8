"""Close a month: one cut through everything, kept for good.

The order is the point. End offsets are read from Kafka by the caller; :func:`wait_until_reached` waits until the
positions reach them; then :func:`close` takes positions, stamp, list rows and figures in one synchronous REPEATABLE
READ transaction under the month's own row, so that all of them speak of the same instant and nobody closes twice. While
it copies rows, which waits for the disk, other transactions that were given its snapshot read the figures and compare
the months that were closed before.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import sqlalchemy as sa

from exchange_hub.programme.cells import Cells
from exchange_hub.programme.definitions import Frame
from exchange_hub.programme.district import District
from exchange_hub.reports import catalogue
from exchange_hub.reports.build import build
from exchange_hub.reports.closed import snapshot, tables
from exchange_hub.reports.closed.beside import beside, set_up
from exchange_hub.reports.closed.changes import Changes, adjustments
from exchange_hub.reports.closed.cuts import last_batch, positions
from exchange_hub.reports.closed.missing import Missing, missing_of, unsettled
from exchange_hub.reports.closed.snapshot import cursor_of
from exchange_hub.reports.gather import gather
from exchange_hub.reports.inputs import Details, Inputs
from exchange_hub.reports.model import Report, dump
from exchange_hub.reports.render.json_report import figures_digest
from exchange_hub.reports.sql import Lists, lists_of
from exchange_hub.runtime.roles import give_rights
from exchange_hub.views.dated import dated
from exchange_hub.views.queries.log import driver_of
from exchange_hub.views.queries.reading import hold
from exchange_hub.views.store.commit import Context
from exchange_hub.views.tables import LIVE, digest_query

_POLL_SECONDS = 0.1
_UNIQUE_VIOLATION = "23505"


class CloseError(Exception):
    """The month was not closed; nothing was kept."""


class AlreadyClosedError(CloseError):
    """The month has been closed before, or somebody is closing it."""

    def __init__(self, month: str) -> None:
        super().__init__(f"{month} 已结账，不再改动；此后到达的数据作为调整，见 hub diff {month}")


class NotReachedError(CloseError):
    """The views did not reach the end of every topic in time."""


class HeldEventsError(CloseError):
    """Events are held or entities not folded, and no reason was given to close without them."""


class AnotherMissingError(CloseError):
    """What the month lacks is not what was shown to the person who confirmed the close."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What a close is asked for.

    Attributes:
        month: month to close, ``YYYY-MM``.
        as_of: date for which ageing and overdue are worked out, normally the last day of the month.
        closed_at: time of the close, aware; also the document time of the rendered files.
        ends: topic → end offset that the views must have reached.
        schema: views schema to read.
        stamp: what to keep as stamp where the views schema has none (a store without workers).
        reason: why it is closed although events are held or entities not folded.
        context: topics and rules, by which the lists read as of the date; ``None`` for a store without an event log.
        shown: what a person was shown to be missing and confirmed; where it has become another, nothing is closed. ``None`` asks nobody.
    """

    month: str
    as_of: date
    closed_at: datetime
    ends: Mapping[str, int]
    schema: str = LIVE
    stamp: Mapping[str, str] | None = None
    reason: str | None = None
    context: Context | None = None
    shown: Missing | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """What was kept, as ``MonthClosed`` publishes it.

    Attributes:
        cut: topic → next offset.
        stamp: code version, contracts digest, configuration digest.
        digests: list → digest of its frozen rows.
        counts: list → number of its frozen rows.
        figures_digest: SHA-256 of all figures with their sources.
        report: the report, without its annexes (``snapshot.load`` gives it with them).
        missing: what the month was closed without.
    """

    month: str
    cut: Mapping[str, int]
    stamp: Mapping[str, str]
    digests: Mapping[str, str | None]
    counts: Mapping[str, int]
    figures_digest: str
    report: Report
    missing: Missing


def wait_until_reached(
    engine: sa.Engine,
    ends: Mapping[str, int],
    timeout_seconds: float,
    on_wait: Callable[[int], None] | None = None,
) -> None:
    """Wait until the views have taken in every topic up to its end.

    Args:
        engine: the store.
        ends: topic → end offset.
        timeout_seconds: how long to wait.
        on_wait: told the number of records still missing, for progress.

    Raises:
        NotReachedError: where they did not in time; says which topics are behind.
    """
    deadline = time.monotonic() + timeout_seconds
    while behind := _behind(engine, ends):
        if time.monotonic() > deadline:
            places = ", ".join(f"{topic} at {at} of {end}" for topic, (at, end) in sorted(behind.items()))
            raise NotReachedError(
                f"after {timeout_seconds:.0f} s the views are still behind: {places}. Are workers running?"
            )
        if on_wait is not None:
            on_wait(sum(end - at for at, end in behind.values()))
        time.sleep(_POLL_SECONDS)


def _behind(engine: sa.Engine, ends: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    with engine.connect() as conn:
        at = positions(conn)
    return {topic: (at.get(topic, 0), end) for topic, end in ends.items() if at.get(topic, 0) < end}


def close(engine: sa.Engine, district: District, closing: Closing) -> Closed:
    """Close a month in one transaction.

    Raises:
        AlreadyClosedError: the month has been closed before.
        NotReachedError: a position is below the end that was asked for.
        HeldEventsError: events are held and no reason is given.
        AnotherMissingError: something else is missing than was shown to the person who confirmed.
    """
    isolated = engine.execution_options(isolation_level="REPEATABLE READ")
    with isolated.connect() as conn, conn.begin():
        hold(conn, closing.schema)
        set_up(conn)
        _enter(conn, closing)
        cut = positions(conn) if snapshot.exists(conn, "log.position") else {}
        _check(conn, closing, cut)
        stamp = stamp_of(conn, closing)
        for view in lists_of(closing.schema).views:  # made here, so that threads may use them side by side
            lists_of(closing.schema).table(view.name)
        with beside(isolated, conn) as others:
            reading = others.submit(_gathered, district, closing)
            changes = adjustments(conn, others, district, closing.month, closing.schema, closing.context)
            with dated(cursor_of(conn), closing.context, closing.schema, closing.as_of) as schema:
                digests, counts = _freeze(conn, closing.month, schema)
            _freeze_claims(conn, closing)
            inputs = inputs_of(district, closing, cut, stamp, reading.result(), changes)
        missing = missing_of(conn, inputs, closing.closed_at, closing.schema)
        if closing.shown is not None and missing != closing.shown:
            raise AnotherMissingError(f"{closing.month} 未结账：您核对之后又有数据到达，缺少的内容已有变化，请重新核对")
        report = build(inputs)
        closed = Closed(closing.month, cut, stamp, digests, counts, figures_digest(report.figures), report, missing)
        _keep(conn, closing, closed)
    return closed


Gathered = tuple[Frame, Mapping[str, Cells], Details]


def _gathered(conn: sa.Connection, district: District, closing: Closing) -> Gathered:
    """Read what the figures are worked out from, as of the date of the close."""
    with dated(cursor_of(conn), closing.context, closing.schema, closing.as_of) as schema:
        return gather(conn, schema, district, closing.month, closing.as_of)


def inputs_of(
    district: District, closing: Closing, cut: Mapping[str, int], stamp: Mapping[str, str], gathered: Gathered, changes: Changes,
) -> Inputs:  # fmt: skip
    """Return what the report is built from: what was gathered as of the date of the close, and the changes of earlier months."""
    frame, cells, details = gathered
    moment = closing.closed_at.astimezone(UTC).isoformat(timespec="seconds")
    return Inputs(district, frame, cells, details, moment, cut, stamp, changes.told(), bool(changes.earlier))


def _enter(conn: sa.Connection, closing: Closing) -> None:
    """Take the month's row: a second close waits here, and fails when the first one commits."""
    row = {"month": closing.month, "as_of": closing.as_of, "reason": closing.reason, "dated": closing.context is not None}
    try:
        conn.execute(sa.insert(tables.month).values(row))
    except sa.exc.IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) != _UNIQUE_VIOLATION:
            raise
        raise AlreadyClosedError(closing.month) from error


def _check(conn: sa.Connection, closing: Closing, cut: Mapping[str, int]) -> None:
    short = sorted(topic for topic, end in closing.ends.items() if cut.get(topic, 0) < end)
    if short:
        raise NotReachedError(f"the views have not reached the end of {', '.join(short)}")
    lacking = unsettled(conn, closing.schema)
    if closing.reason is None and any(lacking):
        raise HeldEventsError(
            f"有 {lacking.held} 条事件暂缓、{lacking.unfolded} 个对象的填报合不到一起（hub doctor 可查看）；请先处理，或用 --reason 写明仍要结账的理由"
        )


def stamp_of(conn: sa.Connection, closing: Closing) -> Mapping[str, str]:
    """Return the stamp of the views, which the close keeps."""
    stamp = snapshot.view_stamp(conn, closing.schema) or closing.stamp
    if stamp is None:
        raise CloseError(f"the views in {closing.schema} carry no stamp; no worker has written them")
    return stamp


_STAYS = (
    "CREATE TRIGGER closed_stays BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
    f"FOR EACH STATEMENT EXECUTE FUNCTION {tables.SCHEMA}.refuse_change()"
)


def _freeze(conn: sa.Connection, month: str, source_schema: str) -> tuple[dict[str, str | None], dict[str, int]]:
    """Copy every list into the month's own schema, with a digest of each copy."""
    lists, schema = lists_of(source_schema), tables.frozen_schema(month)
    frozen = Lists(schema, lists.views)
    conn.execute(sa.schema.CreateSchema(schema))
    digests: dict[str, str | None] = {}
    counts: dict[str, int] = {}
    for view in lists.views:
        source, copy = lists.table(view.name), frozen.table(view.name)
        conn.execute(sa.schema.CreateTableAs(sa.select(*source.c), copy.name, schema=schema))
        conn.execute(sa.text(_STAYS.format(table=f"{schema}.{copy.name}")))
        digest, count = conn.execute(digest_query(copy)).one()
        digests[view.name], counts[view.name] = digest, count
    return digests, counts


def _freeze_claims(conn: sa.Connection, closing: Closing) -> None:
    """Keep who belonged together, by which a comparison tells what was joined or parted since; give others their rights on the copies."""
    if snapshot.exists(conn, f"{closing.schema}.claim"):
        table = f"{tables.frozen_schema(closing.month)}.claim"
        conn.execute(sa.text(f"CREATE TABLE {table} AS SELECT kind, topic_no, entity, component FROM {closing.schema}.claim"))
        conn.execute(sa.text(_STAYS.format(table=table)))
    give_rights(driver_of(conn))


def _keep(conn: sa.Connection, closing: Closing, closed: Closed) -> None:
    kept = {
        "batch_no": last_batch(conn), "closed_at": closing.closed_at, "cut": closed.cut,
        "stamp": snapshot.kept_stamp(conn, closed.stamp, closing.schema), "digests": closed.digests, "counts": closed.counts,
        "catalogue": catalogue.encode(closed.report.catalogue), "report": dump(closed.report, "annexes"),
        "figures_digest": closed.figures_digest,
    }  # fmt: skip
    conn.execute(sa.update(tables.month).where(tables.month.c.month == closing.month).values(kept))
