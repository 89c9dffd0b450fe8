"""Fill an empty views schema with all accepted events below a cut, entity by entity.

Read in the order of their entities, the events of a claim come together: each claim is folded once and meets nothing
that was written before, unlike in the order of arrival. Kinds of entities never touch each other's rows, nor do
claims of a kind that stands for itself; so the work falls into parts that several processes do side by side.
"""

from collections.abc import Callable, Collection, Mapping
from time import monotonic
from typing import Any, NamedTuple

import psycopg

from exchange_hub.views.lists import KINDS
from exchange_hub.views.store.applying import write
from exchange_hub.views.store.commit import Context
from exchange_hub.views.store.deciding import LISTED
from exchange_hub.views.store.planning import BELOW_CUT, FILLED, OF_EVENT, gathered, plan_whole

#: Events applied in one transaction; large enough to amortise it, small enough to resume from.
CHUNK = 10_000

#: Topic number → offset up to which events count, exclusive.
Cut = Mapping[int, int]


class Progress(NamedTuple):
    """How far a fill has come: events done of events to do, and seconds since it began or was resumed."""

    done: int
    total: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Events per second so far."""
        return self.done / self.seconds if self.seconds else 0.0


class Part(NamedTuple):
    """The events of one kind on some topics: all of them where claims of the kind can be joined, else one."""

    kind: str
    topics: tuple[int, ...]


Note = Callable[[Progress], None]
#: Fills parts (part → its events), one after the other or side by side, and calls the second now and then.
Spread = Callable[[Mapping[Part, int], Callable[[], None]], None]


def begin(cur: psycopg.Cursor[Any], schema: str) -> None:
    """Make the tables that a fill keeps its place in."""
    for table in (
        "progress (topic_no smallint PRIMARY KEY, next_off bigint NOT NULL, batch_no bigint NOT NULL)",
        "cut (topic_no smallint PRIMARY KEY, below bigint NOT NULL, batch_no bigint NOT NULL)",
        "filled (topic_no smallint, kind text, entity text NOT NULL, events bigint NOT NULL, PRIMARY KEY (topic_no, kind))",
    ):
        cur.execute(f"CREATE TABLE {schema}.{table}".encode())


def end(cur: psycopg.Cursor[Any], schema: str) -> None:
    """Drop them."""
    for table in ("progress", "cut", "filled"):
        cur.execute(f"DROP TABLE {schema}.{table}".encode())


def fill_all(
    conn: psycopg.Connection, context: Context, below: Cut, batch_no: int, note: Note, spread: Spread | None = None, kinds: Collection[str] = LISTED
) -> None:
    """Apply every accepted event of *kinds* below the cut and up to a batch; one that was stopped goes on with the cut it began with.

    Args:
        conn: a connection prepared for ``context.schema``.
        context: topics, rules, stamp and schema.
        below: the cut.
        batch_no: the last batch that counts.
        note: told how far it has come.
        spread: fills the parts; one after the other on *conn* where it is not given.
        kinds: kinds of entity whose lists are filled.
    """
    began = monotonic()
    with conn.transaction():
        if conn.execute("SELECT count(*) FROM cut").fetchone() == (0,):
            with conn.cursor() as cur:
                cur.executemany("INSERT INTO cut VALUES (%s, %s, %s)", [(no, end, batch_no) for no, end in below.items()])
    fill_part(conn, context, Part("coordination", tuple(sorted(below))), kinds=kinds)
    parts = {part: events for part, events in _parts(conn).items() if part.kind in kinds}
    total = sum(parts.values())
    before = _filled(conn)

    def tick() -> None:
        note(Progress(_filled(conn) - before, total - before, monotonic() - began))

    if spread is not None:
        spread(parts, tick)
    else:
        for part in parts:
            fill_part(conn, context, part, tick)
    with conn.transaction():
        conn.execute("INSERT INTO progress SELECT topic_no, below, batch_no FROM cut ON CONFLICT DO NOTHING")


def _parts(conn: psycopg.Connection) -> dict[Part, int]:
    """Divide the events below the cut; decisions of the coordination office come before all others and are not among them."""
    rows = conn.execute(
        """SELECT e.kind, e.topic_no, count(*) FROM log.event_log e JOIN cut c USING (topic_no)
           WHERE e.off < c.below AND e.batch_no <= c.batch_no AND e.kind <> 'coordination' GROUP BY 1, 2 ORDER BY 1, 2"""
    ).fetchall()
    parts: dict[Part, int] = {}
    for kind, topic_no, count in rows:
        topics = (topic_no,) if KINDS[kind].own else tuple(no for of_kind, no, _ in rows if of_kind == kind)
        part = Part(kind, topics)
        parts[part] = parts.get(part, 0) + count
    return parts


def _filled(conn: psycopg.Connection) -> int:
    row = conn.execute("SELECT coalesce(sum(events), 0)::bigint FROM filled WHERE kind <> 'coordination'").fetchone()
    return row[0] if row else 0


def fill_part(
    conn: psycopg.Connection, context: Context, part: Part, tick: Callable[[], None] = lambda: None, kinds: Collection[str] = LISTED
) -> None:
    """Fill one part, from where it stands; *tick* is called after each transaction. Decisions count as far as they speak of *kinds*.

    Raises:
        KeyError: the event log holds events of a topic whose bureau is not in the district's registry.
        ValueError: an event can no longer be decoded.
    """
    for topic_no in part.topics:
        while True:
            with conn.transaction(), conn.cursor() as cur:
                rows, entity = _next(cur, topic_no, part.kind)
                if not rows:
                    break
                if topic_no not in context.topics.bureau_of:
                    raise KeyError(
                        f"the event log holds events of topic number {topic_no}, whose bureau is no longer in the district's registry; "
                        "enter it again in bureaus.toml"
                    )
                known = gathered(rows, context.topics)
                planned = plan_whole(known, frozenset(known), context.rules)
                write(cur, planned, context.topics, context.rules, FILLED, kinds)
                cur.execute(
                    """INSERT INTO filled VALUES (%s, %s, %s, %s) ON CONFLICT (topic_no, kind)
                       DO UPDATE SET entity = excluded.entity, events = filled.events + excluded.events""",
                    (topic_no, part.kind, entity, len(rows)),
                )
            tick()


def _next(cur: psycopg.Cursor[Any], topic_no: int, kind: str) -> tuple[list[tuple[Any, ...]], str]:
    """Read the events (``OF_EVENT``) of whole entities that follow those filled, about ``CHUNK``, and the last one's key."""
    # Every key follows the empty one: a key is never empty (checked when decoded).
    query = f"""SELECT {OF_EVENT} FROM log.event_log e {BELOW_CUT}
                WHERE e.topic_no = %s AND e.kind = %s AND e.entity {{}} ORDER BY e.entity {{}}"""
    row = cur.execute("SELECT entity FROM filled WHERE topic_no = %s AND kind = %s", (topic_no, kind)).fetchone()
    after = row[0] if row else ""
    rows = cur.execute(query.format("> %s", "LIMIT %s").encode(), (topic_no, kind, after, CHUNK), binary=True).fetchall()
    if len(rows) == CHUNK:
        last = rows[-1][4]
        whole = [each for each in rows if each[4] != last]
        rows = whole or cur.execute(query.format("= %s", "").encode(), (topic_no, kind, last), binary=True).fetchall()
    return rows, rows[-1][4] if rows else after
