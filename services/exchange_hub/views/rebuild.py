"""Fill a views schema anew, beside the live one: for a rebuild, a check, or a view as of a cut.

What is filled in are the accepted events of the event log, by the same folds and writes as on the live path: first all below a
cut (``backfill``), then what arrived meanwhile. Filled and live views are compared as they are at one moment; a rebuild
then swaps in what was filled, some lists or all of them, in one transaction under the commit lock. A cut is the first step alone.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from time import sleep
from typing import Any

import psycopg

from exchange_hub.views import backfill
from exchange_hub.views.backfill import CHUNK, Cut, Note, Spread, fill_all
from exchange_hub.views.digests import Digests, differing_rows, digests
from exchange_hub.views.statement import ClaimKey
from exchange_hub.views.store import commit as store
from exchange_hub.views.store.applying import write
from exchange_hub.views.store.deciding import LISTED
from exchange_hub.views.store.planning import CAUGHT_UP, load, plan_whole
from exchange_hub.views.store.schema import create_views
from exchange_hub.views.store.stamp import read_stamp, write_stamp
from exchange_hub.views.swapping import RETIRED, SHADOW, swap_lists, swap_whole

log = logging.getLogger(__name__)

AS_OF = "as_of"
#: Events that may be left when the lock is taken for the last step: a fraction of a second of work.
CATCH_UP_MAX = 2_000

_LOOK_SECONDS = 0.5
#: So long the swap waits, under the lock, for those who read the views; new readers wait behind it.
_READERS_MILLISECONDS = 200

Connect = Callable[[], psycopg.Connection]
#: (offset, kind, entity) of an event.
Entity = tuple[int, str, str]


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


def prepare_to_fill(conn: psycopg.Connection, schema: str) -> None:
    """Prepare a connection; the time-outs meant for a poll are lifted: comparing and swapping may take longer."""
    store.prepare(conn, schema)
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        conn.execute(f"SET {name} = 0".encode())
    if conn.info.server_version >= 170000:
        conn.execute(b"SET transaction_timeout = 0")


def open_shadow(conn: psycopg.Connection, context: store.Context, kinds: Collection[str] = LISTED) -> None:
    """Make the schema to fill with *kinds*, or keep the one that a stopped run for the same, of the same stamp, left."""
    with conn.transaction(), conn.cursor() as cur:
        if (left := read_stamp(cur, context.schema)) is not None and left.kinds == {kind: context.stamp.kinds[kind] for kind in kinds}:
            return
        cur.execute(f"DROP SCHEMA IF EXISTS {context.schema} CASCADE".encode())
        create_views(conn, context.schema)
        write_stamp(cur, context.stamp, context.schema, kinds)
        backfill.begin(cur, context.schema)


def ends(cur: psycopg.Cursor[Any]) -> dict[int, int]:
    """Return the stored positions as a cut."""
    return dict(cur.execute("SELECT topic_no, next_off FROM log.position").fetchall())


def catch_up(conn: psycopg.Connection, context: store.Context, below: Cut, kinds: Collection[str] = LISTED) -> int:
    """Fold again every claim with accepted events below the cut that a filled schema does not hold yet; return how many these were.

    Args:
        conn: a connection prepared for ``context.schema``.
        context: topics, rules, stamp and schema.
        below: the cut.
        kinds: kinds of entity that the schema holds.
    """
    # Batches are numbered in the order of their commits: what one up to here accepted, every chunk below sees.
    mark = _last_batch(conn)
    rows = conn.execute("SELECT topic_no, next_off, batch_no FROM progress").fetchall()
    reached: dict[int, int] = {topic_no: next_off for topic_no, next_off, _ in rows}
    done = 0
    for topic_no, next_off, seen in rows:
        late = _accepted_late(conn, topic_no, min(next_off, below.get(topic_no, 0)), seen)
        _refold(conn, context, topic_no, late, (next_off, mark), kinds)
        done += len(late)
    for topic_no in sorted(below):
        start = reached.get(topic_no, 0)
        while start < below[topic_no]:
            arrived, start = _arrived(conn, topic_no, start, below[topic_no])
            _refold(conn, context, topic_no, arrived, (start, mark), kinds)
            done += len(arrived)
    return done


def _refold(
    conn: psycopg.Connection, context: store.Context, topic_no: int, arrived: list[Entity], reached: tuple[int, int], kinds: Collection[str]
) -> None:
    """Move on in a topic to what was *reached* (next offset, batch), and fold the claims of what arrived on it from all that the schema holds of them then."""
    bureau_of = context.topics.bureau_of
    with conn.transaction(), conn.cursor() as cur:
        cur.execute(
            """INSERT INTO progress VALUES (%s, %s, %s) ON CONFLICT (topic_no)
               DO UPDATE SET next_off = excluded.next_off, batch_no = excluded.batch_no""",
            (topic_no, *reached),
        )
        keys = {ClaimKey(kind, bureau_of[topic_no], entity) for _, kind, entity in arrived if kind in kinds or kind == "coordination"}
        if keys:
            known = load(cur, keys, context.topics, CAUGHT_UP).registers
            write(cur, plan_whole(known, frozenset(), context.rules), context.topics, context.rules, CAUGHT_UP, kinds)


def _last_batch(conn: psycopg.Connection) -> int:
    row = conn.execute("SELECT coalesce(max(batch_no), 0) FROM log.receipt_range").fetchone()
    return row[0] if row else 0


def _accepted_late(conn: psycopg.Connection, topic_no: int, below: int, seen: int) -> list[Entity]:
    """Return events that a replay accepted at offsets the fill had passed.

    They are found by their receipts, of which few are younger than the batch seen last.
    """
    return conn.execute(
        """SELECT e.off, e.kind, e.entity FROM log.receipt_range r
           JOIN log.event_log e ON e.topic_no = r.topic_no AND e.off >= r.first_off AND e.off < r.next_off
           WHERE r.topic_no = %s AND r.batch_no > %s AND r.first_off < %s AND e.off < %s AND e.batch_no > %s""",
        (topic_no, seen, below, below, seen),
    ).fetchall()


def _arrived(conn: psycopg.Connection, topic_no: int, start: int, end: int) -> tuple[list[Entity], int]:
    """Return a chunk of accepted events of one topic in the order of arrival, and the offset that follows it."""
    rows = conn.execute(
        "SELECT off, kind, entity FROM log.event_log WHERE topic_no = %s AND off >= %s AND off < %s ORDER BY off LIMIT %s",
        (topic_no, start, end, CHUNK),
    ).fetchall()
    return rows, (end if len(rows) < CHUNK else rows[-1][0] + 1)


def compare(cur: psycopg.Cursor[Any], one: str, other: str, kinds: Collection[str] = LISTED) -> Comparison:
    """Compare the lists of *kinds* in two views schemas; differing ones are opened row by row."""
    first, second = digests(cur, one, kinds), digests(cur, other, kinds)
    lists = {
        name: differing_rows(cur, name, one, other)
        for name in first
        if first[name] != second[name] and name not in ("unfolded", "findings", "held")
    }
    return Comparison(first, second, lists)


def rebuild(
    connect: Connect, context: store.Context, note: Note, *, kinds: Collection[str] = LISTED, verify: bool = False, spread: Spread | None = None
) -> Comparison | None:
    """Fill lists anew in a shadow schema while the live ones serve, then swap them in — or only compare.

    Args:
        connect: opens a connection.
        context: topics, rules and stamp of this process.
        note: told how far it has come.
        kinds: kinds of entity whose lists are filled; all others stay as they are.
        verify: compare digests and swap nothing.
        spread: fills the parts of the schema side by side; one after the other where it is not given.

    Returns:
        The comparison with the live views; ``None`` where there were none yet.
    """
    shadow = replace(context, schema=SHADOW)
    with connect() as conn:
        prepare_to_fill(conn, SHADOW)
        _drop(conn, RETIRED)
        open_shadow(conn, shadow, kinds)
        # The batch is read before the positions: what it does not cover of them is caught up with.
        mark = _last_batch(conn)
        if conn.execute("SELECT count(*) FROM progress").fetchone() == (0,):
            with conn.cursor() as cur:
                fill_all(conn, shadow, ends(cur), mark, note, spread, kinds)
        comparison = _compared(conn, connect, shadow, kinds)
        if not verify:
            _swap_in(conn, shadow, kinds, had_views=comparison is not None)
        try:
            _drop(conn, RETIRED)
            _drop(conn, SHADOW)
        except psycopg.errors.LockNotAvailable:
            log.warning("somebody still reads the views that were replaced; the next rebuild removes them")
    return comparison


def _drop(conn: psycopg.Connection, schema: str) -> None:
    conn.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())


def _follow(conn: psycopg.Connection, shadow: store.Context, kinds: Collection[str]) -> None:
    """Catch up with the live views, without the commit lock, until so little is left that the rest is a matter of a moment."""
    while True:
        with conn.cursor() as cur:
            if catch_up(conn, shadow, ends(cur), kinds) <= CATCH_UP_MAX:
                return


def _compared(conn: psycopg.Connection, connect: Connect, shadow: store.Context, kinds: Collection[str]) -> Comparison | None:
    """Compare the filled schema with the live one as both are at one moment; ``None`` where there are no live views.

    The commit lock is held only while the last events are caught up with and a snapshot is taken. It is taken on a
    connection with a worker's time-outs: should this process stop there, the database frees it.
    """
    with connect() as keeping, connect() as reading:
        store.prepare(keeping)
        prepare_to_fill(reading, SHADOW)
        with reading.transaction(), reading.cursor() as cur:
            cur.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            _follow(conn, shadow, kinds)
            with _locked(keeping, shadow) as kept:
                catch_up(conn, shadow, ends(kept), kinds)
                there = read_stamp(cur, "live") is not None  # the first question takes the snapshot
            return compare(cur, "live", SHADOW, kinds) if there else None


@contextmanager
def _locked(conn: psycopg.Connection, context: store.Context) -> Iterator[psycopg.Cursor[Any]]:
    """Hold the commit lock for a block, however long others hold it before."""
    while True:
        with conn.transaction(), conn.cursor() as cur:
            if _lock(cur, context):
                yield cur
                return


def _lock(cur: psycopg.Cursor[Any], context: store.Context) -> bool:
    try:
        with cur.connection.transaction():
            store.lock(cur, context.district_no)
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def _swap_in(conn: psycopg.Connection, shadow: store.Context, kinds: Collection[str], *, had_views: bool) -> None:
    """Put what was filled in the place of what is live, at a moment when nobody reads that.

    A reader holds the views that it began with (``tables.hold``); one that takes long is waited for outside the lock.
    """
    some = had_views and set(kinds) < set(LISTED)
    swap = partial(swap_lists, stamp=shadow.stamp, kinds=kinds) if some else partial(swap_whole, had_views=had_views)
    while True:
        _follow(conn, shadow, kinds)
        try:
            with _locked(conn, shadow) as cur:
                store.bound(cur)
                catch_up(conn, shadow, ends(cur), kinds)
                if had_views:
                    cur.execute(f"SET LOCAL lock_timeout = {_READERS_MILLISECONDS}".encode())
                    cur.execute(b"LOCK TABLE live.view_stamp IN ACCESS EXCLUSIVE MODE")
                swap(cur)
                return
        except psycopg.errors.LockNotAvailable:
            log.warning("somebody reads the views; they are replaced when the reading ends")
        sleep(_LOOK_SECONDS)


@contextmanager
def as_of(
    connect: Connect, context: store.Context, below: Cut, batch_no: int | None, note: Note, spread: Spread | None = None
) -> Iterator[psycopg.Connection]:
    """Fill schema ``AS_OF`` with the views as of a cut, and drop it in the end.

    Args:
        connect: opens a connection.
        context: topics, rules and stamp.
        below: the cut.
        batch_no: last batch that belongs to the cut; an event held then and accepted by a later replay lies below the
            cut's offset, but in a later batch. Where it is not known, all batches count.
        note: told how far it has come.
        spread: fills the parts side by side; one after the other where it is not given.

    Yields:
        A connection to read them with.
    """
    bounded = replace(context, schema=AS_OF)
    with connect() as conn:
        prepare_to_fill(conn, AS_OF)
        _drop(conn, AS_OF)
        try:
            open_shadow(conn, bounded)
            fill_all(conn, bounded, below, _last_batch(conn) if batch_no is None else batch_no, note, spread)
            yield conn
        finally:
            _drop(conn, AS_OF)
