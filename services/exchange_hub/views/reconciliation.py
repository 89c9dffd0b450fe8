"""Compare the store with Kafka: does each record of a topic lie in exactly one place of the store, and the store hold no other?

The event log is compared and never rewritten: what it accepted stays accepted, and views are filled from it. What is told:
an accepted event that reads otherwise on its topic now; a record that the store has and Kafka does not; a record that
Kafka has below the store's position and that is neither logged, rejected nor held, nor a duplicate of a logged event — the
balance cannot show that one, for what did not arrive was counted as an offset without data; and a count that differs.
"""

import asyncio
import heapq
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any, LiteralString, NamedTuple

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition

from exchange_hub.views.reading import decoded
from exchange_hub.views.statement import Record, Rejection, Statement
from exchange_hub.views.worker.records import install

#: Rows of the log and records of Kafka that are fetched at a time.
FETCH = 10_000
#: Bytes of a topic in one answer of Kafka.
FETCH_BYTES = 8 * 2**20


class Position(NamedTuple):
    """Where the store stands on a topic.

    Attributes:
        topic_no: number of the topic in the store.
        topic: its name.
        bureau: whose it is.
        next_off: offset up to which it is compared, exclusive.
        skipped: offsets below that hold no data, as workers counted them.
    """

    topic_no: int
    topic: str
    bureau: str
    next_off: int
    skipped: int


class Entry(NamedTuple):
    """What the store holds at an offset: *outcome* is accepted, rejected or held; id and digest of the facts are an accepted event's."""

    off: int
    outcome: str
    event_id: str | None = None
    digest: bytes | None = None


class Unplaced(NamedTuple):
    """A sound record that lies nowhere in the store: a duplicate, or lost."""

    off: int
    kind: str
    entity: str
    event_id: str
    digest: bytes


#: Returns the offsets of those whose event the log holds with the same facts.
Duplicates = Callable[[Sequence[Unplaced]], AbstractSet[int]]


def differences(
    position: Position, entries: Iterable[Entry], start: int, records: Iterable[Record], duplicates: Duplicates
) -> Iterator[str]:
    """Tell, in English, where a topic's records and what the store holds of them differ.

    Args:
        position: the topic and the offset up to which it is compared.
        entries: what the store holds below it, in offset order.
        start: first offset that Kafka still holds.
        records: Kafka's data records from there up to the position, in offset order.
        duplicates: looks unplaced records up in the event log.
    """
    stored = iter(entries)
    entry = next(stored, None)
    unplaced: list[Unplaced] = []
    count = 0
    for count, record in enumerate(records, 1):  # noqa: B007 — how many there were is told in the end
        while entry is not None and entry.off < record.off:
            yield _absent(position, entry)
            entry = next(stored, None)
        if entry is not None and entry.off == record.off:
            if entry.outcome == "accepted" and (words := _difference(entry, record, position.bureau)) is not None:
                yield f"{position.topic} offset {record.off}: {words}"
            entry = next(stored, None)
            continue
        found = decoded(record, position.bureau)
        if isinstance(found, Rejection):
            yield f"{position.topic} offset {record.off}: {_LOST}, nor is it sound: {found.code}"
            continue
        unplaced.append(_unplaced(found))
        if len(unplaced) == FETCH:
            yield from _lost(position, unplaced, duplicates)
            unplaced = []
    while entry is not None:
        yield _absent(position, entry)
        entry = next(stored, None)
    yield from _lost(position, unplaced, duplicates)
    expected = position.next_off - position.skipped - start
    # Of offsets that Kafka holds no more it is unknown which held no data: then there may be more records than expected.
    if count < expected or (count > expected and start == 0):
        yield (
            f"{position.topic}: Kafka holds {count} data records from offset {start} to {position.next_off}, "
            f"workers took {expected} for data"
        )


_LOST = "on the topic, but neither logged, rejected nor held"


def _unplaced(statement: Statement) -> Unplaced:
    key = statement.key
    return Unplaced(statement.record.off, key.kind, key.entity, statement.event_id, statement.fact.digest)


def _lost(position: Position, unplaced: Sequence[Unplaced], duplicates: Duplicates) -> Iterator[str]:
    known = duplicates(unplaced) if unplaced else frozenset()
    for each in unplaced:
        if each.off not in known:
            yield f"{position.topic} offset {each.off}: {_LOST}: event {each.event_id}"


def _absent(position: Position, entry: Entry) -> str:
    return f"{position.topic} offset {entry.off}: {entry.outcome} in the store, but Kafka does not hold it"


def _difference(entry: Entry, record: Record, bureau: str) -> str | None:
    # What was accepted stays accepted: it is decoded, and not judged by rules that came later.
    statement = decoded(record, bureau)
    if isinstance(statement, Rejection):
        return f"accepted in the log, but Kafka's record is rejected now: {statement.code}"
    if (entry.event_id, entry.digest) == (statement.event_id, statement.fact.digest):
        return None
    if entry.event_id == statement.event_id:
        return f"the log holds event {entry.event_id} with other facts than Kafka"
    return f"the log holds event {entry.event_id}, Kafka holds {statement.event_id}"


def compare(conn: psycopg.Connection, options: dict[str, Any], position: Position) -> Generator[str, None, None]:
    """Compare a topic with the store: see :func:`differences`.

    Args:
        conn: a connection of its own; one snapshot is held open for as long as it takes, so that a replay moves nothing.
        options: of an aiokafka consumer: addresses and security.
        position: as stored before the snapshot is taken.
    """
    with conn.transaction(), reading(options, position) as (start, records):
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # Few records are looked up, each by the log's key; a plan for many would walk the whole log.
        for name in ("hashjoin", "mergejoin", "seqscan"):
            conn.execute(f"SET LOCAL enable_{name} = off".encode())

        def duplicates(unplaced: Sequence[Unplaced]) -> set[int]:
            return {row[0] for row in conn.execute(_DUPLICATES, (*map(list, zip(*unplaced, strict=True)), position.topic_no)).fetchall()}

        yield from differences(position, _entries(conn, position), start, records, duplicates)


_DUPLICATES: LiteralString = """
    SELECT u.off FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::uuid[], %s::bytea[]) AS u (off, kind, entity, event_id, digest)
    JOIN log.event_log e ON e.topic_no = %s AND (e.kind, e.entity, e.event_id, e.digest) = (u.kind, u.entity, u.event_id, u.digest)"""

#: Table of outcomes → its columns of an entry. Each is read by its key, in offset order.
_TABLES: Mapping[str, LiteralString] = {
    "event_log": "off, 'accepted', event_id::text, digest", "rejection": "off, 'rejected'", "held": "off, 'held'",
}  # fmt: skip


def _entries(conn: psycopg.Connection, position: Position) -> Iterator[Entry]:
    """Yield what the store holds of a topic, merged from its tables in offset order."""
    return heapq.merge(*(_rows(conn, position, table) for table in _TABLES), key=lambda entry: entry.off)


def _rows(conn: psycopg.Connection, position: Position, table: str) -> Iterator[Entry]:
    with conn.cursor(f"proof_{table}", binary=True) as cur:
        cur.itersize = FETCH
        cur.execute(
            f"SELECT {_TABLES[table]} FROM log.{table} WHERE topic_no = %s AND off < %s ORDER BY off".encode(),
            (position.topic_no, position.next_off),
        )
        for row in cur:
            yield Entry(*row)


@contextmanager
def reading(options: dict[str, Any], position: Position) -> Iterator[tuple[int, Iterator[Record]]]:
    """Read a topic: the first offset that Kafka still holds, and its committed data records from there up to a position."""
    install()
    partition = TopicPartition(position.topic, 0)
    with asyncio.Runner() as runner:
        consumer = runner.run(_consumer(options, partition))

        def records(end: int) -> Iterator[Record]:
            while runner.run(consumer.position(partition)) < end:
                for found in runner.run(consumer.getmany(partition, timeout_ms=1000, max_records=FETCH)).get(partition, ()):
                    if found.offset >= end:
                        return
                    yield Record(position.topic_no, found.offset, found.timestamp, found.key, found.value, found.headers)

        try:
            start = runner.run(consumer.beginning_offsets([partition]))[partition]
            end = runner.run(consumer.end_offsets([partition]))[partition]
            yield start, records(min(end, position.next_off))
        finally:
            runner.run(consumer.stop())


async def _consumer(options: dict[str, Any], partition: TopicPartition) -> AIOKafkaConsumer:
    """Open a consumer without a group at the beginning of a topic."""
    consumer = AIOKafkaConsumer(
        **options, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest", isolation_level="read_committed",
        max_partition_fetch_bytes=FETCH_BYTES, fetch_max_bytes=FETCH_BYTES,
    )  # fmt: skip
    await consumer.start()
    consumer.assign([partition])
    await consumer.seek_to_beginning(partition)
    return consumer
