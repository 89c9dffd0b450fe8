"""Positions live with the data: a worker claims a topic, and only the claim of the highest epoch may move it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

#: Advisory lock space of the hub; the second number is the district's (one committer at a time per district).
LOCK_SPACE = 7404


@dataclass(frozen=True, slots=True)
class Claimed:
    """A topic claimed by a worker.

    Attributes:
        topic_no: number of the topic in the store.
        name: topic name.
        kafka_topic_id: id that Kafka gave the topic; another one means another topic under the old name.
        epoch: the claim's epoch; a higher one fences it.
        next_off: next offset to read.
        last_off: offset of the last data record processed, ``None`` before the first.
        last_digest: digest of that record's bytes.
    """

    topic_no: int
    name: str
    kafka_topic_id: str
    epoch: int
    next_off: int
    last_off: int | None
    last_digest: bytes | None


class TopicReplacedError(Exception):
    """A topic is not the one the positions speak of; a person must decide, nothing is reset."""


def register_topics(conn: psycopg.Connection, topics: Mapping[str, str]) -> dict[str, int]:
    """Make sure each topic (name → bureau) has a number; return name → number."""
    with conn.transaction(), conn.cursor() as cur:
        for name in sorted(topics):
            cur.execute(
                "INSERT INTO log.topic (name, bureau) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING",
                (name, topics[name]),
            )
        rows = cur.execute("SELECT name, topic_no FROM log.topic WHERE name = ANY(%s)", (list(topics),)).fetchall()
    return dict(rows)


def claim(conn: psycopg.Connection, topic_ids: Mapping[str, str], owner: str) -> dict[str, Claimed]:
    """Claim topics for *owner*: epoch + 1 each, in one transaction, and return where to read on.

    Args:
        conn: connection outside a transaction.
        topic_ids: topic name → id that Kafka gives it now.
        owner: name of the worker, for operators.

    Raises:
        TopicReplacedError: the topic was deleted and made anew since its positions were kept.
    """
    claimed: dict[str, Claimed] = {}
    with conn.transaction(), conn.cursor() as cur:
        for name in sorted(topic_ids):
            row = cur.execute(
                """INSERT INTO log.position AS p (topic_no, kafka_topic_id, epoch, owner, claimed_at)
                   SELECT topic_no, %(id)s, 1, %(owner)s, now() FROM log.topic WHERE name = %(name)s
                   ON CONFLICT (topic_no) DO UPDATE
                     SET epoch = p.epoch + 1, owner = excluded.owner, claimed_at = excluded.claimed_at
                   RETURNING topic_no, kafka_topic_id, epoch, next_off, last_off, last_digest""",
                {"id": topic_ids[name], "owner": owner, "name": name},
            ).fetchone()
            if row is None:
                raise LookupError(f"topic {name} has no number; register_topics comes first")
            if row[1] != topic_ids[name]:
                raise TopicReplacedError(
                    f"topic {name} was replaced: positions speak of Kafka topic id {row[1]} at offset {row[3]}, Kafka has id "
                    f"{topic_ids[name]}. Nothing was reset. Restore the topic from its backup, or, if its loss is certain, "
                    f"keep what the event log holds and run: hub topics adopt {name}"
                )
            claimed[name] = Claimed(row[0], name, row[1], row[2], row[3], row[4], row[5])
    return claimed


def stored(conn: psycopg.Connection, topic_nos: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return topic number → (epoch, next offset) as stored."""
    rows: list[Any] = conn.execute(
        "SELECT topic_no, epoch, next_off FROM log.position WHERE topic_no = ANY(%s)", (list(topic_nos),)
    ).fetchall()
    return {row[0]: (row[1], row[2]) for row in rows}
