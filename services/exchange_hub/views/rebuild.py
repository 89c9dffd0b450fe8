"""Fill a views schema anew, beside the live one: for a rebuild, a check, or a view as of a cut.

What is filled in are the accepted events, read from the event log or, to prove the log as well, from Kafka.

One function, :func:`fill`, runs the same ``apply`` as the live path. A rebuild swaps the filled schema in, in one
transaction under the commit lock; a check only compares digests; a cut is the same with an upper bound.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import psycopg

from exchange_contracts import codec
from exchange_hub.views.digests import Digests, differing_rows, digests
from exchange_hub.views.statement import Record, Statement
from exchange_hub.views.store import commit as store
from exchange_hub.views.store.applying import apply
from exchange_hub.views.store.planning import Topics
from exchange_hub.views.store.prepared import Prepared, prepared
from exchange_hub.views.store.schema import create_views
from exchange_hub.views.store.stamp import read_stamp, write_stamp

SHADOW = "shadow"
#: Events applied in one transaction; large enough to amortise it, small enough to resume from.
CHUNK = 10_000
#: Events that may be left when the lock is taken for the last step: a fraction of a second of work.
CATCH_UP_MAX = 2_000

_EVENT_COLUMNS = (
    "off, event_id::text, schema_id, kind, entity, register, revision, digest, withdrawn, occurred_on - date '1970-01-01', "
    "arrived_ms, value"
)

Connect = Callable[[], psycopg.Connection]
#: Topic number → offset up to which events count, exclusive.
Cut = Mapping[int, int]
#: (connection, topic number, first offset, end) → a chunk of accepted events and the offset that follows it.
Source = Callable[[psycopg.Connection, int, int, int], tuple[list[Prepared], int]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fill has come: events done of events to do, and seconds since it began or was resumed."""

    done: int
    total: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Events per second so far."""
        return self.done / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Digests of two schemas, and rows that differ (list → (row key, how))."""

    live: Digests
    other: Digests
    rows: Mapping[str, list[tuple[str, str]]]

    @property
    def equal(self) -> bool:
        """Whether all views have the same digest."""
        return self.live == self.other


def _unbounded(conn: psycopg.Connection) -> None:
    """Lift the time-outs meant for a poll: comparing and swapping may take longer."""
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        conn.execute(f"SET {name} = 0".encode())
    if conn.info.server_version >= 170000:
        conn.execute(b"SET transaction_timeout = 0")


def open_shadow(conn: psycopg.Connection, context: store.Context) -> None:
    """Make the schema to fill, or keep the one that a stopped run of the same stamp left."""
    with conn.transaction(), conn.cursor() as cur:
        if read_stamp(cur, context.schema) == context.stamp:
            return
        cur.execute(f"DROP SCHEMA IF EXISTS {context.schema} CASCADE".encode())
        create_views(conn, context.schema)
        write_stamp(cur, context.stamp, context.schema)
        cur.execute(
            f"CREATE TABLE {context.schema}.progress "
            "(topic_no smallint PRIMARY KEY, next_off bigint NOT NULL, batch_no bigint NOT NULL)".encode()
        )


def ends(cur: psycopg.Cursor[Any]) -> dict[int, int]:
    """Return the stored positions as a cut."""
    return dict(cur.execute("SELECT topic_no, next_off FROM log.position").fetchall())


def fill(
    conn: psycopg.Connection, context: store.Context, below: Cut, note: Callable[[Progress], None], source: Source | None = None
) -> int:
    """Apply every accepted event below the cut that the schema does not hold yet; return how many there were.

    Args:
        conn: a connection prepared for ``context.schema``.
        context: topics, rules, stamp and schema.
        below: the cut.
        note: told after each chunk.
        source: where events are read from; the event log where it is not given.
    """

    def logged(conn: psycopg.Connection, topic_no: int, start: int, end: int) -> tuple[list[Prepared], int]:
        return from_log(conn, context.topics, topic_no, start, end)

    read = source or logged
    # Batches are numbered in the order of their commits: what one up to here accepted, every chunk below sees.
    mark = _last_batch(conn)
    rows = conn.execute(f"SELECT topic_no, next_off, batch_no FROM {context.schema}.progress".encode()).fetchall()
    reached: dict[int, int] = {topic_no: next_off for topic_no, next_off, _ in rows}
    total = _count(conn, reached, below)
    began = monotonic()
    done = 0
    for topic_no, next_off, seen in rows:
        topic = (topic_no, context.topics.bureau_of[topic_no])
        late = _accepted_late(conn, topic, min(next_off, below.get(topic_no, 0)), seen)
        _apply(conn, context, topic_no, late, next_off, mark)
    for topic_no in sorted(below):
        start = reached.get(topic_no, 0)
        while start < below[topic_no]:
            accepted, start = read(conn, topic_no, start, below[topic_no])
            _apply(conn, context, topic_no, accepted, start, mark)
            done += len(accepted)
            note(Progress(done, total, monotonic() - began))
    return done


def _apply(
    conn: psycopg.Connection, context: store.Context, topic_no: int, accepted: list[Prepared], next_off: int, mark: int
) -> None:
    with conn.transaction(), conn.cursor() as cur:
        if accepted:
            apply(cur, accepted, context.topics, context.rules)
        cur.execute(
            """INSERT INTO progress VALUES (%s, %s, %s) ON CONFLICT (topic_no)
               DO UPDATE SET next_off = excluded.next_off, batch_no = excluded.batch_no""",
            (topic_no, next_off, mark),
        )


def _last_batch(conn: psycopg.Connection) -> int:
    row = conn.execute("SELECT coalesce(max(batch_no), 0) FROM log.receipt_range").fetchone()
    return row[0] if row else 0


def _accepted_late(conn: psycopg.Connection, topic: tuple[int, str], below: int, seen: int) -> list[Prepared]:
    """Return events that a replay accepted at offsets the fill had passed; one applied before changes nothing again.

    They are found by their receipts, of which few are younger than the batch seen last.
    """
    columns = ", ".join(f"e.{column.strip()}" for column in _EVENT_COLUMNS.split(","))
    rows = conn.execute(
        f"""SELECT {columns} FROM log.receipt_range r
            JOIN log.event_log e ON e.topic_no = r.topic_no AND e.off >= r.first_off AND e.off < r.next_off
            WHERE r.topic_no = %s AND r.batch_no > %s AND r.first_off < %s AND e.off < %s AND e.batch_no > %s
            ORDER BY e.off""".encode(),
        (topic[0], seen, below, below, seen),
        binary=True,
    ).fetchall()
    return _prepared(topic, rows)


def _count(conn: psycopg.Connection, reached: Mapping[int, int], below: Cut) -> int:
    total = 0
    for topic_no, end in below.items():
        row = conn.execute(
            "SELECT count(*) FROM log.event_log WHERE topic_no = %s AND off >= %s AND off < %s",
            (topic_no, reached.get(topic_no, 0), end),
        ).fetchone()
        total += row[0] if row else 0
    return total


def from_log(
    conn: psycopg.Connection, topics: Topics, topic_no: int, start: int, end: int, batch_no: int | None = None
) -> tuple[list[Prepared], int]:
    """Read a chunk of accepted events of one topic from the event log, up to a batch, and the offset that follows it."""
    rows = conn.execute(
        f"""SELECT {_EVENT_COLUMNS} FROM log.event_log WHERE topic_no = %s AND off >= %s AND off < %s
              AND (%s::bigint IS NULL OR batch_no <= %s) ORDER BY off LIMIT %s""".encode(),
        (topic_no, start, end, batch_no, batch_no, CHUNK),
        binary=True,
    ).fetchall()
    return _prepared((topic_no, topics.bureau_of[topic_no]), rows), (end if len(rows) < CHUNK else rows[-1][0] + 1)


def of_log(conn: psycopg.Connection, topics: Topics, topic_no: int, offs: list[int]) -> list[Prepared]:
    """Read some accepted events of one topic from the event log."""
    rows = conn.execute(
        f"SELECT {_EVENT_COLUMNS} FROM log.event_log WHERE topic_no = %s AND off = ANY(%s) ORDER BY off".encode(),
        (topic_no, offs),
        binary=True,
    ).fetchall()
    return _prepared((topic_no, topics.bureau_of[topic_no]), rows)


def _prepared(topic: tuple[int, str], rows: list[Any]) -> list[Prepared]:
    """Turn rows of the event log back into statements."""
    topic_no, bureau = topic
    found = []
    for off, event_id, schema_id, kind, entity, register, revision, digest, withdrawn, occurred_on, arrived_ms, value in rows:
        contract, facts = codec.decode_facts(value)
        record = Record(topic_no, off, arrived_ms, None, value, ())
        statement = Statement(
            record, event_id, schema_id, contract.event, kind, entity, register, revision, digest, withdrawn, occurred_on, facts
        )
        found.append(prepared(statement, None, bureau))
    return found


def compare(cur: psycopg.Cursor[Any], one: str, other: str) -> Comparison:
    """Compare two views schemas view by view; differing lists are opened row by row."""
    first, second = digests(cur, one), digests(cur, other)
    lists = {
        name: differing_rows(cur, name, one, other)
        for name in first
        if first[name] != second[name] and name not in ("registers", "unfolded", "findings", "held")
    }
    return Comparison(first, second, lists)


def rebuild(
    connect: Connect,
    context: store.Context,
    note: Callable[[Progress], None],
    *,
    verify: bool = False,
    source: Source | None = None,
) -> Comparison | None:
    """Fill a shadow schema while the live one serves, then swap it in — or only compare.

    Args:
        connect: opens a connection.
        context: topics, rules and stamp of this process.
        note: told after each chunk.
        verify: compare digests and swap nothing.
        source: where events are read from; the event log where it is not given.

    Returns:
        The comparison with the live views; ``None`` where there were none yet.
    """
    shadow = replace(context, schema=SHADOW)
    with connect() as conn:
        store.prepare(conn, SHADOW)
        _unbounded(conn)
        open_shadow(conn, shadow)
        while True:
            with conn.cursor() as cur:
                cut = ends(cur)
            if fill(conn, shadow, cut, note, source) <= CATCH_UP_MAX:
                break
        with conn.transaction(), conn.cursor() as cur:
            store.lock(cur, context.district_no)
            fill(conn, shadow, ends(cur), note, source)
            had_views = read_stamp(cur, "live") is not None
            comparison = compare(cur, "live", SHADOW) if had_views else None
            if not verify:
                _swap(cur, had_views=had_views)
        with conn.transaction(), conn.cursor() as cur:
            cur.execute(b"DROP SCHEMA IF EXISTS retired CASCADE")
            if verify:
                cur.execute(f"DROP SCHEMA {SHADOW} CASCADE".encode())
    return comparison


def _swap(cur: psycopg.Cursor[Any], *, had_views: bool) -> None:
    cur.execute(f"DROP TABLE {SHADOW}.progress".encode())
    if had_views:
        cur.execute("ALTER SCHEMA live RENAME TO retired")
    cur.execute(f"ALTER SCHEMA {SHADOW} RENAME TO live".encode())


def as_of(
    connect: Connect, context: store.Context, below: Cut, schema: str, batch_no: int | None = None
) -> Digests:
    """Fill *schema* with the views as of a cut and return their digests; the caller drops it when done.

    Args:
        connect: opens a connection.
        context: topics, rules and stamp.
        below: the cut.
        schema: name of the schema to make.
        batch_no: last batch that belongs to the cut; an event held then and accepted by a later replay lies below the
            cut's offset, but in a later batch.
    """

    def upto(conn: psycopg.Connection, topic_no: int, start: int, end: int) -> tuple[list[Prepared], int]:
        return from_log(conn, context.topics, topic_no, start, end, batch_no)

    bounded = replace(context, schema=schema)
    with connect() as conn:
        store.prepare(conn, schema)
        _unbounded(conn)
        open_shadow(conn, bounded)
        fill(conn, bounded, below, lambda _progress: None, upto)
        with conn.transaction(), conn.cursor() as cur:
            return digests(cur, schema)
