"""Compare the event log with Kafka: is every accepted event the one that its topic holds at its place?

The event log is compared and never rewritten: what it accepted stays accepted, and views are filled from it. A record
that reads otherwise now, or that Kafka no longer holds, is told.
"""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition

from exchange_hub.views.reading import checked
from exchange_hub.views.statement import Record, Rejection
from exchange_hub.views.worker.records import install

#: Rows of the log and records of Kafka that are fetched at a time.
FETCH = 10_000
#: Bytes of a topic in one answer of Kafka.
FETCH_BYTES = 8 * 2**20


class Logged(NamedTuple):
    """An entry of the event log: offset, event id, digest of the facts."""

    off: int
    event_id: str
    digest: bytes


def differences(logged: Iterable[Logged], records: Iterable[Record], bureau: str) -> Iterator[str]:
    """Tell, in English, each entry of a topic's log that Kafka's record does not bear out.

    Args:
        logged: the topic's entries in offset order.
        records: its records in offset order; those that are not in the log were not accepted and are passed over.
        bureau: whose topic it is.
    """
    entries = iter(logged)
    entry = next(entries, None)
    for record in records:
        while entry is not None and entry.off < record.off:
            yield _absent(bureau, entry)
            entry = next(entries, None)
        if entry is None:
            return
        if entry.off == record.off:
            if (words := _difference(entry, record, bureau)) is not None:
                yield f"{bureau} offset {record.off}: {words}"
            entry = next(entries, None)
    while entry is not None:
        yield _absent(bureau, entry)
        entry = next(entries, None)


def _absent(bureau: str, entry: Logged) -> str:
    return f"{bureau} offset {entry.off}: in the log, but Kafka no longer holds it"


def _difference(entry: Logged, record: Record, bureau: str) -> str | None:
    found = checked(record, bureau)
    if isinstance(found, Rejection):
        return f"accepted in the log, but Kafka's record is rejected now: {found.code}"
    statement, _ = found
    if (entry.event_id, entry.digest) == (statement.event_id, statement.fact.digest):
        return None
    if entry.event_id == statement.event_id:
        return f"the log holds event {entry.event_id} with other facts than Kafka"
    return f"the log holds event {entry.event_id}, Kafka holds {statement.event_id}"


def logged(conn: psycopg.Connection, topic_no: int, end: int) -> Iterator[Logged]:
    """Yield a topic's entries of the event log below an offset."""
    with conn.transaction(), conn.cursor("logged", binary=True) as cur:
        cur.itersize = FETCH
        cur.execute(
            "SELECT off, event_id::text, digest FROM log.event_log WHERE topic_no = %s AND off < %s ORDER BY off", (topic_no, end)
        )
        for row in cur:
            yield Logged(*row)


def records(options: dict[str, Any], topic: tuple[int, str], end: int) -> Iterator[Record]:
    """Yield the committed records of a topic (number, name) that Kafka still holds below an offset.

    Args:
        options: of an aiokafka consumer: addresses and security.
        topic: number and name.
        end: offset after the last one wanted.
    """
    install()
    topic_no, name = topic
    partition = TopicPartition(name, 0)
    with asyncio.Runner() as runner:
        consumer = runner.run(_consumer(options, partition))
        try:
            end = min(end, runner.run(consumer.end_offsets([partition]))[partition])
            while runner.run(consumer.position(partition)) < end:
                for found in runner.run(consumer.getmany(partition, timeout_ms=1000, max_records=FETCH)).get(partition, ()):
                    if found.offset >= end:
                        return
                    yield Record(topic_no, found.offset, found.timestamp, found.key, found.value, found.headers)
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
