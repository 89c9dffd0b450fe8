"""Publish receipts: what became of each bureau's events, as ranges, on its receipts topic.

The relay claims its rows in a writing transaction with ``synchronous_commit = on`` before it publishes. Batches
commit asynchronously, so this is what makes them last: when the claim is on disk, so is every batch before it, and
nobody is ever told of a batch that a crash takes back (invariant on receipts).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Protocol

import orjson
import psycopg

#: Receipts claimed and published in one step, at most.
CLAIM_MAX = 500

#: A claim that was not published within this time is taken over: its owner died between claim and publish.
STALE_CLAIM_SECONDS = 30


class Sender(Protocol):
    """Publishes a value to a topic and returns when the broker has acknowledged all values sent so far."""

    def send(self, topic: str, value: bytes) -> None:
        """Hand a value over."""

    def flush(self) -> None:
        """Wait until everything sent is acknowledged; raise where it is not."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A receipt row claimed for publishing."""

    topic: str
    topic_no: int
    bureau: str
    batch_no: int
    message: bytes


def claim(conn: psycopg.Connection) -> list[Claimed]:
    """Claim receipts that nobody has published, oldest batch first, and make sure that they last."""
    with conn.transaction():
        conn.execute("SET LOCAL synchronous_commit = on")
        rows = conn.execute(
            """WITH due AS (
                 SELECT r.batch_no, r.topic_no FROM log.receipt_range r
                 WHERE r.published_at IS NULL
                   AND (r.claimed_at IS NULL OR r.claimed_at < now() - make_interval(secs => %s))
                 ORDER BY r.batch_no, r.topic_no LIMIT %s FOR UPDATE SKIP LOCKED)
               UPDATE log.receipt_range r SET claimed_at = now()
               FROM due, log.topic t
               WHERE r.batch_no = due.batch_no AND r.topic_no = due.topic_no AND t.topic_no = r.topic_no
               RETURNING t.name, t.bureau, r.topic_no, r.first_off, r.next_off, r.accepted, r.exceptions, r.batch_no, r.at""",
            (STALE_CLAIM_SECONDS, CLAIM_MAX),
        ).fetchall()
    rows.sort(key=lambda row: (row[7], row[2]))
    return [_claimed(row) for row in rows]


def _claimed(row: Sequence[Any]) -> Claimed:
    topic, bureau, topic_no, first, next_off, accepted, exceptions, batch_no, at = row
    message = {
        "topic": topic, "first": first, "next": next_off, "accepted": accepted, "exceptions": exceptions,
        "batch": batch_no, "at": at.astimezone(UTC).isoformat(),
    }  # fmt: skip
    return Claimed(topic, topic_no, bureau, batch_no, orjson.dumps(message, option=orjson.OPT_SORT_KEYS))


def publish(conn: psycopg.Connection, sender: Sender, receipt_topics: Mapping[str, str]) -> list[Claimed]:
    """Claim, publish, and mark as published; a crash in between publishes the same receipt again, never a wrong one.

    Args:
        conn: connection in autocommit.
        sender: the producer.
        receipt_topics: bureau → receipts topic.

    Returns:
        The receipts published; empty when nothing waits.
    """
    claimed = claim(conn)
    for receipt in claimed:
        if receipt.bureau in receipt_topics:
            sender.send(receipt_topics[receipt.bureau], receipt.message)
    sender.flush()
    if claimed:
        conn.execute(
            """UPDATE log.receipt_range r SET published_at = now()
               FROM unnest(%s::bigint[], %s::smallint[]) AS p (batch_no, topic_no)
               WHERE r.batch_no = p.batch_no AND r.topic_no = p.topic_no""",
            ([receipt.batch_no for receipt in claimed], [receipt.topic_no for receipt in claimed]),
        )
    return claimed
