"""Publish receipts: what became of each bureau's events, as ranges, on its receipts topic.

The relay claims its rows in a writing transaction with ``synchronous_commit = on`` before it publishes. Batches
commit asynchronously, so this is what makes them last: when the claim is on disk, so is every batch before it, and
nobody is ever told of a batch that a crash takes back (invariant on receipts).

A topic's receipts are told in their order and without a gap, for a reader takes every record below the end of a
receipt for accepted unless it was named before. So nothing of a topic is claimed while an earlier claim of it is open,
and of what follows a receipt that could not be published nothing is marked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import orjson
import psycopg

from exchange_contracts.receipts import VERSION
from exchange_hub.views.store.positions import LOCK_SPACE

#: Receipts claimed and published in one step, at most, and the bytes that their exceptions take in the store.
CLAIM_MAX = 500
CLAIM_BYTES_MAX = 2_000_000

#: A claim that was not published within this time is taken over: its owner died between claim and publish.
STALE_CLAIM_SECONDS = 30

#: A Kafka value of a receipt, at most, in bytes. Brokers and clients refuse more than about a million.
MESSAGE_BYTES_MAX = 250_000

#: Characters that are kept of a reason whose record alone would exceed a message.
REASON_CHARACTERS_MAX = 1_000

#: Second number of the advisory lock under which claims are made; districts have numbers from 0 on.
_CLAIMING = -1


class Sender(Protocol):
    """Publishes values to topics, those of one topic in their order."""

    def send(self, topic: str, value: bytes) -> None:
        """Hand a value over; what goes wrong with it is told by :meth:`flush`."""

    def flush(self) -> Sequence[Exception | None]:
        """Wait for all values handed over since the last call; for each, in order, what went wrong or ``None``."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A receipt claimed for publishing; its *messages* together cover its range, each up to where the next one begins."""

    topic: str
    topic_no: int
    bureau: str
    batch_no: int
    messages: Sequence[bytes]


class Published(NamedTuple):
    """What one step did: the receipts that were published, and by bureau why others were not; these stay claimed."""

    receipts: Sequence[Claimed]
    failures: Mapping[str, Exception]


def claim(conn: psycopg.Connection) -> list[Claimed]:
    """Claim receipts that nobody has published, oldest batch first, and make sure that they last."""
    with conn.transaction():
        conn.execute("SET LOCAL synchronous_commit = on")
        # One relay after the other: what another one has just claimed is seen by the next statement.
        conn.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK_SPACE, _CLAIMING))
        rows = conn.execute(
            """WITH open AS (
                 SELECT r.batch_no, r.topic_no, pg_column_size(r.exceptions) AS size FROM log.receipt_range r
                 WHERE r.published_at IS NULL AND r.topic_no NOT IN (
                   SELECT c.topic_no FROM log.receipt_range c
                   WHERE c.published_at IS NULL AND c.claimed_at >= now() - make_interval(secs => %s))
                 ORDER BY r.batch_no, r.topic_no LIMIT %s),
               due AS (
                 SELECT batch_no, topic_no, size, sum(size) OVER (ORDER BY batch_no, topic_no) AS total FROM open)
               UPDATE log.receipt_range r SET claimed_at = now()
               FROM due, log.topic t
               WHERE r.batch_no = due.batch_no AND r.topic_no = due.topic_no AND t.topic_no = r.topic_no
                 AND due.total - due.size < %s
               RETURNING t.name, t.bureau, r.topic_no, r.first_off, r.next_off, r.accepted, r.exceptions, r.batch_no, r.at,
                 (SELECT p.kafka_topic_id FROM log.position p WHERE p.topic_no = r.topic_no)""",
            (STALE_CLAIM_SECONDS, CLAIM_MAX, CLAIM_BYTES_MAX),
        ).fetchall()
    rows.sort(key=lambda row: (row[7], row[2]))
    return [_claimed(conn, row) for row in rows]


def _claimed(conn: psycopg.Connection, row: Sequence[Any]) -> Claimed:
    topic, bureau, topic_no, first, next_off, accepted, exceptions, batch_no, at, topic_id = row
    common = {"version": VERSION, "topic": topic, "topic_id": topic_id, "batch": batch_no, "at": at.astimezone(UTC).isoformat()}
    parts = _parts(exceptions, MESSAGE_BYTES_MAX - len(orjson.dumps(common)) - 100)
    bounds = [first, *(part[0]["offset"] for part in parts[1:]), next_off]
    messages = []
    for part, (start, end) in zip(parts, pairwise(bounds), strict=True):
        count = accepted if len(parts) == 1 else _accepted(conn, topic_no, batch_no, start, end)
        message = common | {"first": start, "next": end, "accepted": count, "exceptions": part}
        messages.append(orjson.dumps(message, option=orjson.OPT_SORT_KEYS))
    return Claimed(topic, topic_no, bureau, batch_no, messages)


def _parts(exceptions: Sequence[dict[str, Any]], bytes_max: int) -> list[list[dict[str, Any]]]:
    """Part the exceptions, in order of offsets, so that each part is small enough for a message; at least one part."""
    parts: list[list[dict[str, Any]]] = [[]]
    size = 0
    for entry in exceptions:
        length = len(orjson.dumps(entry)) + 1
        if length > bytes_max:
            entry = _shortened(entry, bytes_max)  # noqa: PLW2901 - told in its place
            length = len(orjson.dumps(entry)) + 1
        if parts[-1] and size + length > bytes_max:
            parts.append([])
            size = 0
        parts[-1].append(entry)
        size += length
    return parts


def _shortened(entry: Mapping[str, Any], bytes_max: int) -> dict[str, Any]:
    """Shorten the reason; a business key that is still too long is left out, as one that could not be read."""
    short = {**entry, "reason": f"{entry['reason'][:REASON_CHARACTERS_MAX]}……（原因过长，已截短）"}
    return short if len(orjson.dumps(short)) < bytes_max else {**short, "entity_key": None}


def _accepted(conn: psycopg.Connection, topic_no: int, batch_no: int, first: int, next_off: int) -> int:
    """Count what a batch accepted within a part of its range: the log never changes."""
    row = conn.execute(
        "SELECT count(*) FROM log.event_log WHERE topic_no = %s AND off >= %s AND off < %s AND batch_no = %s",
        (topic_no, first, next_off, batch_no),
    ).fetchone()
    return int(row[0]) if row else 0


def publish(conn: psycopg.Connection, sender: Sender, receipt_topics: Mapping[str, str]) -> Published:
    """Claim, publish, and mark as published; a crash in between publishes the same receipt again, never a wrong one.

    What fails for one bureau is its own: it is tried again, with all that follows it, when its claim is stale.

    Args:
        conn: connection in autocommit.
        sender: the producer.
        receipt_topics: bureau → receipts topic; a bureau that has none any more is told nothing.

    Returns:
        The receipts published, none where nothing waits, and why others were not.
    """
    claimed = claim(conn)
    told = [(receipt, message) for receipt in claimed if receipt.bureau in receipt_topics for message in receipt.messages]
    for receipt, message in told:
        sender.send(receipt_topics[receipt.bureau], message)
    failures: dict[str, Exception] = {}
    unpublished: set[tuple[int, int]] = set()
    for (receipt, _), error in zip(told, sender.flush() if told else (), strict=True):
        if error is not None:
            failures.setdefault(receipt.bureau, error)
        if receipt.bureau in failures:
            unpublished.add((receipt.batch_no, receipt.topic_no))
    published = [receipt for receipt in claimed if (receipt.batch_no, receipt.topic_no) not in unpublished]
    _mark(conn, published)
    return Published(published, failures)


def _mark(conn: psycopg.Connection, published: Sequence[Claimed]) -> None:
    if published:
        conn.execute(
            """UPDATE log.receipt_range r SET published_at = now()
               FROM unnest(%s::bigint[], %s::smallint[]) AS p (batch_no, topic_no)
               WHERE r.batch_no = p.batch_no AND r.topic_no = p.topic_no""",
            ([receipt.batch_no for receipt in published], [receipt.topic_no for receipt in published]),
        )
