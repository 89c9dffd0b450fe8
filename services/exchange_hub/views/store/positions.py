"""Positions live with the data: a worker claims a topic, and only the claim of the highest epoch may move it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

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


class TakenAwayError(Exception):
    """Topics were taken away while they were being claimed; nothing was claimed."""

    def __init__(self, topics: Iterable[str]) -> None:
        super().__init__(f"taken away while they were claimed: {', '.join(sorted(topics))}")


def register_topics(conn: psycopg.Connection, topics: Mapping[str, str]) -> dict[str, int]:
    """Make sure each topic (name → bureau) has a number; return name → number."""
    with conn.transaction(), conn.cursor() as cur:
        cur.execute("SELECT pg_advisory_xact_lock(%s, 0)", (LOCK_SPACE,))
        known = {row[0] for row in cur.execute("SELECT name FROM log.topic").fetchall()}
        # Only the missing ones are inserted: an attempt that conflicts would use up a number all the same.
        for name in sorted(topics.keys() - known):
            cur.execute("INSERT INTO log.topic (name, bureau) VALUES (%s, %s)", (name, topics[name]))
        rows = cur.execute("SELECT name, topic_no FROM log.topic WHERE name = ANY(%s)", (list(topics),)).fetchall()
    return dict(rows)


def claim(
    conn: psycopg.Connection, topic_ids: Mapping[str, str | None], owner: str, still: Callable[[], bool] = lambda: True
) -> tuple[dict[str, Claimed], dict[str, str]]:
    """Claim topics for *owner*: epoch + 1 each, in one transaction.

    A claim for topics that are another's by now would fence their new owner. So *still* is asked last, when all rows
    are locked: a claim of the new owner that came before is known to this worker's Kafka client too, for it gives its
    topics back before others get them, and one that comes after waits for the locks and has the higher epoch. Only
    a worker that was silent for longer than its session, and has not heard of it yet, can still be too late.

    Args:
        conn: connection outside a transaction.
        topic_ids: topic name → id that Kafka gives it now, ``None`` where Kafka has no such topic.
        owner: name of the worker, unique to its process.
        still: tells whether the worker still has the topics; it must not block.

    Returns:
        The claims, and for each topic that was deleted and made anew since its positions were kept what an operator
        must know; such a topic is not claimed and nothing of it is reset.

    Raises:
        TakenAwayError: the worker has the topics no more; nothing was written.
    """
    claimed: dict[str, Claimed] = {}
    stopped: dict[str, str] = {}
    with conn.transaction(), conn.cursor() as cur:
        # In the order in which batches lock them, so that a claim and a batch never wait for each other.
        numbers: dict[str, int] = dict(cur.execute("SELECT name, topic_no FROM log.topic").fetchall())
        for name in sorted(topic_ids, key=lambda name: numbers[name]):
            if topic_ids[name] is None:
                stopped[name] = f"topic {name} stands still: Kafka has no such topic, or the hub may not see it"
                continue
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
                stopped[name] = _stop_words(
                    name, f"it was deleted and made anew: the positions speak of Kafka topic id {row[1]}, Kafka has "
                    f"{topic_ids[name]}", row[3],
                )  # fmt: skip
            else:
                claimed[name] = Claimed(row[0], name, row[1], row[2], row[3], row[4], row[5])
        if not still():
            raise TakenAwayError(topic_ids)
    return claimed, stopped


def disagreement(claimed: Claimed, begin: int, end: int, digest_at_last: bytes | None) -> str | None:
    """Tell why a topic's log is not the one that the positions speak of, or return ``None``.

    Args:
        claimed: the claim with the stored position.
        begin: first offset that the topic still holds.
        end: offset after its last record.
        digest_at_last: digest of the record that lies at ``claimed.last_off`` now, ``None`` where none does.
    """
    reason = None
    if end < claimed.next_off:
        reason = f"its log was cut off: it ends at {end}"
    elif begin > claimed.next_off:
        reason = f"events were deleted before they were read: it begins at {begin}"
    elif claimed.last_off is not None and begin <= claimed.last_off and digest_at_last != claimed.last_digest:
        reason = f"another record lies at offset {claimed.last_off} than the one that was processed"
    return None if reason is None else _stop_words(claimed.name, reason, claimed.next_off)


def _stop_words(name: str, reason: str, next_off: int) -> str:
    return (
        f"topic {name} stands still: {reason}; the store is at offset {next_off}. Nothing was reset, and all other topics go "
        "on. What was accepted is in the event log. Restore the topic from its replica or backup, or the store from a backup "
        "that fits the topic (runbook HubTopicStopped); the topic goes on with the worker's next start."
    )


class Place(NamedTuple):
    """A stored position: epoch of the last claim, next offset, and who claimed."""

    epoch: int
    next_off: int
    owner: str


def stored(conn: psycopg.Connection, topic_nos: Sequence[int]) -> dict[int, Place]:
    """Return topic number → position as stored."""
    rows: list[Any] = conn.execute(
        "SELECT topic_no, epoch, next_off, owner FROM log.position WHERE topic_no = ANY(%s)", (list(topic_nos),)
    ).fetchall()
    return {row[0]: Place(*row[1:]) for row in rows}
