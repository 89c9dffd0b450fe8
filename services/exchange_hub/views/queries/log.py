"""Questions to the log: where each topic stands, whether the balance holds, what was rejected or is held, and single events."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

import psycopg
import sqlalchemy as sa

from exchange_hub.views.queries.answers import (
    OUTCOMES,
    Balance,
    Event,
    Origin,
    Position,
    ReceiptsWaiting,
    Rejected,
    Rejection,
    Unfolded,
    arrival,
)
from exchange_hub.views.tables import LIVE

EVENT_COLUMNS = "e.value, t.bureau, t.name, e.off, e.event_id::text, e.register, e.revision, e.occurred_on, e.arrived_ms"
"""Columns of the event log e and its topics t that :func:`event_of` takes."""

_WAITING = {"rejected": ("rejection", "r.code, r.reason, NULL::bigint AS behind"), "held": ("held", "'held' AS code, r.reason, r.behind")}


def positions(conn: sa.Connection) -> list[Position]:
    """Return each topic's position, its owner and when that worker was last seen at work, and the outcomes counted."""
    found = conn.execute(sa.text(
        """SELECT t.name AS topic, t.bureau, p.kafka_topic_id, p.next_off, p.last_off, p.last_arrived_ms, p.epoch,
                  p.owner, p.moved_at, p.last_digest, w.seen_at, p.accepted, p.duplicate, p.rejected, p.held
           FROM log.position p JOIN log.topic t USING (topic_no) LEFT JOIN log.worker w USING (owner) ORDER BY t.name"""
    )).mappings()  # fmt: skip
    return [
        Position(
            row["topic"], row["bureau"], row["kafka_topic_id"], row["next_off"], row["last_off"],
            None if row["last_arrived_ms"] is None else arrival(row["last_arrived_ms"]), row["epoch"], row["owner"], row["moved_at"],
            row["seen_at"], {outcome: row[outcome] for outcome in OUTCOMES}, row["last_digest"],
        )
        for row in found
    ]  # fmt: skip


def driver_of(conn: sa.Connection) -> psycopg.Connection:
    """Return the connection as the driver has it, for those who write, or who break a statement off."""
    driver = conn.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the engine does not use psycopg")
    return driver


def receipts_waiting(conn: sa.Connection) -> ReceiptsWaiting:
    """Return what the relay has still to publish."""
    number, oldest = conn.execute(sa.text(
        "SELECT count(*), coalesce(extract(epoch FROM now() - min(at)), 0) FROM log.receipt_range WHERE published_at IS NULL"
    )).one()  # fmt: skip
    return ReceiptsWaiting(number, float(oldest))


def next_offsets(conn: sa.Connection) -> dict[str, int]:
    """Return topic → offset that the store expects next, 0 for a topic that nobody has claimed."""
    found = conn.execute(sa.text("SELECT t.name, coalesce(p.next_off, 0) FROM log.topic t LEFT JOIN log.position p USING (topic_no) ORDER BY 1"))
    return dict(map(tuple, found))


def balance(conn: sa.Connection) -> list[Balance]:
    """Return the published balance per topic (invariant 7).

    Data records below the position (offsets without the skipped ones) must equal accepted + duplicate + rejected +
    held. Accepted, rejected and held are counted from the tables that hold them, not from running totals, so that a
    lost row shows. One statement, so one moment: batches commit meanwhile.
    """
    found = conn.execute(sa.text(
        """SELECT t.name AS topic, t.bureau, p.next_off - p.skipped AS data_records, p.skipped,
                  (SELECT count(*) FROM log.event_log e WHERE e.topic_no = p.topic_no) AS accepted, p.duplicate,
                  (SELECT count(*) FROM log.rejection r WHERE r.topic_no = p.topic_no) AS rejected,
                  (SELECT count(*) FROM log.held h WHERE h.topic_no = p.topic_no) AS held
           FROM log.position p JOIN log.topic t USING (topic_no) ORDER BY t.name"""
    )).mappings()  # fmt: skip
    return [
        Balance(row["topic"], row["bureau"], row["data_records"], row["skipped"], {outcome: row[outcome] for outcome in OUTCOMES})
        for row in found
    ]


def unfolded(conn: sa.Connection, *, schema: str = LIVE) -> list[Unfolded]:
    """Return the entities that could not be folded."""
    return [Unfolded(*row) for row in conn.execute(sa.text(f"SELECT kind, component, reason FROM {schema}.unfolded ORDER BY kind, component"))]


def rejections(
    conn: sa.Connection, bureau: str | None = None, *, limit: int = 1000, outcomes: tuple[str, ...] = ("rejected", "held"), event_id: str | None = None
) -> list[Rejection]:
    """Return rejected and held records, the latest first, with what can still be read of each.

    Args:
        conn: connection in a reading transaction.
        bureau: only records of this bureau's topic.
        limit: records at most.
        outcomes: ``rejected``, ``held`` or both.
        event_id: only the record of this event.
    """
    parts = [
        f"""(SELECT '{outcome}' AS outcome, t.bureau, t.name, r.off, r.event_id::text, r.entity, {columns}, r.arrived_ms, r.value
             FROM log.{table} r JOIN log.topic t USING (topic_no)
             WHERE (:bureau IS NULL OR t.bureau = :bureau) AND (:event_id IS NULL OR r.event_id = cast(:event_id AS uuid))
             ORDER BY r.arrived_ms DESC, t.name, r.off DESC LIMIT :limit)"""
        for outcome, (table, columns) in _WAITING.items()
        if outcome in outcomes
    ]
    query = sa.text(f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS waiting ORDER BY arrived_ms DESC, name, off DESC LIMIT :limit").bindparams(
        sa.bindparam("bureau", bureau, sa.Text()), sa.bindparam("event_id", event_id, sa.Text()), sa.bindparam("limit", limit)
    )
    return [_rejection(*row) for row in conn.execute(query)]


def rejected_since(conn: sa.Connection, moment: datetime | None) -> list[Rejected]:
    """Count what was rejected since a moment, or ever, by bureau and code, the most frequent first."""
    since = 0 if moment is None else round(moment.timestamp() * 1000)
    found = conn.execute(
        sa.text(
            """SELECT t.bureau, r.code, min(r.reason), count(*) FROM log.rejection r JOIN log.topic t USING (topic_no)
               WHERE r.arrived_ms > :since GROUP BY 1, 2 ORDER BY 4 DESC, 1, 2"""
        ),
        {"since": since},
    )
    return [Rejected(*row) for row in found]


def _rejection(
    outcome: Literal["rejected", "held"], bureau: str, topic: str, off: int, event_id: str | None, entity: str | None, code: str, reason: str,
    behind: int | None, arrived_ms: int, value: bytes | None,
) -> Rejection:  # fmt: skip
    type_, origin = "", None
    if value is not None:
        from exchange_contracts import codec

        with suppress(codec.DecodeError):
            contract, facts = codec.decode_facts(value)
            type_, origin = contract.event, Origin.of(facts, value)
    return Rejection(topic, off, bureau, event_id, type_, entity or "", outcome, code, reason, behind, arrival(arrived_ms), origin)


def event(conn: sa.Connection, event_id: str) -> Event | None:
    """Find an event by its id alone; no index serves this: the log is looked through (a second or two a million events)."""
    return next(_events(conn, "e.event_id = cast(:id AS uuid)", id=event_id), None)


def _events(conn: sa.Connection, where: str, **values: object) -> Iterator[Event]:
    query = sa.text(f"SELECT {EVENT_COLUMNS} FROM log.event_log e JOIN log.topic t USING (topic_no) WHERE {where} LIMIT 1")
    return (event_of(row, is_current=True) for row in conn.execute(query, values))


def event_of(row: Sequence[Any], *, is_current: bool) -> Event:
    """Return an event of the log from its ``EVENT_COLUMNS`` and whether it is in force."""
    from exchange_contracts import codec

    value, bureau, topic, off, event_id, register, revision, occurred_on, arrived_ms = row
    contract, facts = codec.decode_facts(value)
    return Event(
        topic, off, event_id, contract.event, bureau, register, revision, occurred_on, arrival(arrived_ms), is_current,
        str(facts.get("source") or ""), str(facts.get("reason") or ""), Origin.of(facts, value), facts,
    )  # fmt: skip
