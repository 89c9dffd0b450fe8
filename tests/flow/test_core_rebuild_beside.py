"""A rebuild beside those who read and commit: nobody sees empty lists, nobody waits for long (invariants 6 and 9)."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from exchange_hub.views import rebuild as rebuilding
from exchange_hub.views.store import commit as store
from exchange_hub.views.store.commit import commit
from exchange_hub.views.store.setup import connect
from exchange_hub.views.tables import hold
from tests.flow.test_core_store import Opened, begin, opened, order, right, store_, take
from tests.strategies.history import History, topic_of
from tests.waiting import wait_for

__all__ = ["opened", "store_"]

COMMERCE = topic_of("commerce")


def opener(store_: Opened) -> Callable[[], psycopg.Connection]:
    """Open a connection as the command does."""
    return lambda: connect(store_[2], "hub rebuild")


@contextmanager
def rebuilt(store_: Opened, failures: list[BaseException] | None = None) -> Iterator[threading.Event]:
    """A rebuild that runs beside the block; the event is set when it has ended well. Only who gives *failures* expects one."""
    ended = threading.Event()
    expected, failures = failures is not None, [] if failures is None else failures

    def run() -> None:
        try:
            rebuilding.rebuild(opener(store_), store_[1], lambda _progress: None)
            ended.set()
        except psycopg.Error as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ended
    finally:
        thread.join(60)
    assert bool(failures) == expected, failures


def orders(conn: psycopg.Connection) -> int:
    """Rows of the trade-in list."""
    row = conn.execute("SELECT count(*) FROM live.trade_in").fetchone()
    return int(row[0]) if row else -1


def test_who_reads_keeps_the_views_that_he_began_with(store_: Opened, caplog: pytest.LogCaptureFixture) -> None:
    """While a snapshot is read the views are not replaced: its lists never seem empty, and batches are committed meanwhile."""
    conn, context, url = store_
    history = History.of([order("O1"), order("O2"), order("O3")])
    reader = begin(store_)
    commit(conn, take(store_, reader, history, {COMMERCE: 2}), context)
    with connect(url) as reading, caplog.at_level(logging.WARNING):
        reading.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reading.execute(hold().encode())
        assert orders(reading) == 2
        with rebuilt(store_) as ended:
            wait_for("the rebuild to wait for the reader", lambda: "somebody reads the views" in caplog.text)
            commit(conn, take(store_, reader, history), context)
            assert orders(reading) == 2
            assert not ended.is_set()
            reading.execute("COMMIT")
            wait_for("the swap", ended.is_set)
    assert orders(conn) == 3
    right(store_, history)


def test_a_close_is_such_a_reader(store_: Opened) -> None:
    """What a snapshot shows after a swap that it did not forbid is why: names lead to tables that it cannot see into."""
    conn, context, url = store_
    history = History.of([order("O1")])
    commit(conn, take(store_, begin(store_), history), context)
    with connect(url) as reading:
        reading.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        assert orders(reading) == 1
        with rebuilt(store_) as ended:
            wait_for("the swap", ended.is_set)
        assert orders(reading) == 0


def test_a_rebuild_that_stops_while_it_compares_frees_the_lock(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database ends its hold on the commit lock; batches go on, the stopped rebuild fails, and the next one is whole."""
    conn, context, _ = store_
    history = History.of([order("O1"), order("O2")])
    reader = begin(store_)
    commit(conn, take(store_, reader, history, {COMMERCE: 1}), context)
    monkeypatch.setattr(store, "IDLE_SECONDS", 1)
    holds, goes_on = threading.Event(), threading.Event()
    look = rebuilding.read_stamp

    def stop(cur: psycopg.Cursor, schema: str) -> object:
        if schema == "live":
            holds.set()
            goes_on.wait(60)
        return look(cur, schema)

    monkeypatch.setattr(rebuilding, "read_stamp", stop)
    failures: list[BaseException] = []
    with rebuilt(store_, failures):
        wait_for("the rebuild to hold the lock", holds.is_set)
        commit(conn, take(store_, reader, history), context)
        goes_on.set()
    assert isinstance(failures[0], psycopg.errors.IdleInTransactionSessionTimeout)
    monkeypatch.setattr(rebuilding, "read_stamp", look)
    with rebuilt(store_):
        pass
    right(store_, history)
