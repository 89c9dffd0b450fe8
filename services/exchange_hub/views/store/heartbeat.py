"""What workers tell of themselves in the store: that they live, what they read, what stands still, who was fenced.

Nothing is decided by it: positions move by epoch and offset alone. It is there to be measured, for a worker that ends
or hangs takes its own metrics along.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import psycopg

#: A worker that told nothing for so long is taken for gone; it tells every five seconds.
SEEN_SECONDS = 30


class Tended(NamedTuple):
    """How a topic is tended.

    Attributes:
        is_read: the worker that claimed it last lives and reads it.
        is_stopped: nobody reads it, and a living worker says that it stands still on purpose, because its log is not the
            one known.
        fencings: times that a worker found it claimed by another and dropped its batch.
    """

    is_read: bool
    is_stopped: bool
    fencings: int


def tell(conn: psycopg.Connection, owner: str, reads: Collection[str], stopped: Collection[str]) -> None:
    """Note that *owner* lives, which topics it reads and which stand still in its hands; forget who is long gone."""
    conn.execute(
        """INSERT INTO log.worker (owner, seen_at, reads, stopped) VALUES (%s, now(), %s, %s)
           ON CONFLICT (owner) DO UPDATE SET seen_at = excluded.seen_at, reads = excluded.reads, stopped = excluded.stopped""",
        (owner, sorted(reads), sorted(stopped)),
    )
    conn.execute("DELETE FROM log.worker WHERE seen_at < now() - interval '1 day'")


def note_fenced(conn: psycopg.Connection, owner: str, topics: Mapping[str, int]) -> None:
    """Keep that *owner* found *topics* (topic → epoch of its own claim) claimed by another; each claim counts once."""
    conn.execute(
        """INSERT INTO log.fencing (topic_no, owner, epoch)
           SELECT t.topic_no, %s, f.epoch FROM unnest(%s::text[], %s::bigint[]) AS f (name, epoch) JOIN log.topic t USING (name)
           ON CONFLICT DO NOTHING""",
        (owner, list(topics), list(topics.values())),
    )


def tended(conn: psycopg.Connection) -> dict[str, Tended]:
    """Return for every topic, also one that nobody ever claimed, how it is tended."""
    rows = conn.execute(
        """WITH living AS (SELECT owner, reads, stopped FROM log.worker WHERE seen_at > now() - make_interval(secs => %s))
           SELECT t.name,
             EXISTS (SELECT FROM living w WHERE w.owner = p.owner AND t.name = ANY(w.reads)),
             EXISTS (SELECT FROM living w WHERE t.name = ANY(w.stopped)),
             (SELECT count(*) FROM log.fencing f WHERE f.topic_no = t.topic_no)
           FROM log.topic t LEFT JOIN log.position p USING (topic_no)""",
        (SEEN_SECONDS,),
    ).fetchall()
    return {name: Tended(is_read, is_stopped and not is_read, fencings) for name, is_read, is_stopped, fencings in rows}
