"""Read accepted events again from Kafka, for a rebuild that proves the event log as it goes.

The event log is compared and never rewritten: what it accepted stays accepted. A record that reads otherwise now,
or that Kafka no longer holds, is told; its facts are then taken from the log.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import psycopg
from kafka.errors import CorruptRecordError

from exchange_hub.views.reading import read
from exchange_hub.views.rebuild import CHUNK, of_log
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Record, Rejection
from exchange_hub.views.store.planning import Topics
from exchange_hub.views.store.prepared import Prepared, prepared
from exchange_hub.views.worker.records import patiently


class Log(Protocol):
    """A topic's records by offset, read with ``read_committed``."""

    def records(self, topic_no: int, start: int, end: int) -> Iterator[Record]:
        """Yield the data records from *start* up to, not including, *end*."""


class Reread:
    """A source of accepted events for :func:`exchange_hub.views.rebuild.fill` that reads Kafka and compares the log.

    Args:
        log: Kafka's records.
        topics: topic numbers of the district.
        rules: the district's configuration.
        differ: told, in English, of each record that Kafka and the event log do not agree on.
    """

    def __init__(self, log: Log, topics: Topics, rules: FoldRules, differ: Callable[[str], None]) -> None:
        self._log = log
        self._topics = topics
        self._rules = rules
        self._differ = differ

    def __call__(self, conn: psycopg.Connection, topic_no: int, start: int, end: int) -> tuple[list[Prepared], int]:
        """Read a chunk: at most ``CHUNK`` accepted events of one topic, and the offset that follows them."""
        rows = conn.execute(
            """SELECT off, event_id::text, digest FROM log.event_log
               WHERE topic_no = %s AND off >= %s AND off < %s ORDER BY off LIMIT %s""",
            (topic_no, start, end, CHUNK),
        ).fetchall()
        following = end if len(rows) < CHUNK else rows[-1][0] + 1
        logged = {off: (event_id, digest) for off, event_id, digest in rows}
        accepted: list[Prepared] = []
        absent = set(logged)
        for record in self._log.records(topic_no, start, following):
            if record.off not in logged:
                continue
            absent.discard(record.off)
            found = read(record, self._topics.bureau_of[topic_no], self._rules)
            if isinstance(found, Rejection):
                self._differ(f"{self._at(record)}: accepted in the log, but Kafka's record is rejected now: {found.code}")
                continue
            statement, trial = found
            event_id, digest = logged[record.off]
            if (event_id, digest) != (statement.event_id, statement.digest):
                self._differ(f"{self._at(record)}: the log holds event {event_id}, Kafka holds {statement.event_id}")
                continue
            accepted.append(prepared(statement, None if trial.failure else trial, self._topics.bureau_of[topic_no]))
            del logged[record.off]
        for off in sorted(absent):
            self._differ(f"{self._topics.bureau_of[topic_no]} offset {off}: in the log, but Kafka no longer holds it")
        if logged:
            accepted += of_log(conn, self._topics, topic_no, sorted(logged))
            accepted.sort(key=lambda each: each.statement.record.off)
        return accepted, following

    def _at(self, record: Record) -> str:
        return f"{self._topics.bureau_of[record.topic_no]} offset {record.off}"


class KafkaLog:
    """Topics read with kafka-python.

    Args:
        consumer: a consumer without a group, read_committed.
        names: topic number → topic name.
        partition: makes a partition from a topic name.
    """

    def __init__(self, consumer: Any, names: Mapping[int, str], partition: Callable[[str], Any]) -> None:
        self._consumer = consumer
        self._names = names
        self._partition = partition

    def records(self, topic_no: int, start: int, end: int) -> Iterator[Record]:
        """Yield the data records of a topic between two offsets."""
        partition = self._partition(self._names[topic_no])
        end = min(end, self._consumer.end_offsets([partition])[partition])
        if self._consumer.assignment() != {partition} or self._consumer.position(partition) != start:
            self._consumer.assign([partition])
            self._consumer.seek(partition, max(start, self._consumer.beginning_offsets([partition])[partition]))
        while self._consumer.position(partition) < end:
            for found in self._poll(partition):
                if found.offset >= end:
                    self._consumer.seek(partition, end)
                    return
                yield Record(topic_no, found.offset, found.timestamp, found.key, found.value, found.headers)

    def _poll(self, partition: Any) -> list[Any]:
        """Fetch some records; where a header's name is no text, once more with patience."""
        at = self._consumer.position(partition)
        try:
            fetched = self._consumer.poll(timeout_ms=1000, max_records=CHUNK)
        except (UnicodeDecodeError, CorruptRecordError):
            self._consumer.seek(partition, at)
            with patiently():
                fetched = self._consumer.poll(timeout_ms=1000, max_records=CHUNK)
        return list(fetched.get(partition, []))
