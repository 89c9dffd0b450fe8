"""A rebuild, a rebuild that was stopped, and a view as of a cut: the same views as the live way gave (invariants 8 and 9)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import psycopg
import pytest

from exchange_hub.views.backfill import Progress
from exchange_hub.views.digests import digests
from exchange_hub.views.rebuild import AS_OF, as_of, ends, rebuild
from exchange_hub.views.store.commit import commit
from exchange_hub.views.store.setup import connect
from exchange_hub.views.worker.pipeline import read_poll
from tests.flow.test_core_store import Opened, begin, event, opened, order, right, store_, take
from tests.strategies.history import TOPICS, History, bulk, topic_of
from tests.strategies.store import emptied

__all__ = ["opened", "store_"]


def silent(_progress: Progress) -> None:
    """Note nothing."""


def opener(store: Opened) -> Callable[[], psycopg.Connection]:
    """Open a connection as the command does."""
    return lambda: connect(store[2], "hub rebuild")


def live_digests(conn: psycopg.Connection) -> object:
    """Digests of the live views."""
    with conn.transaction(), conn.cursor() as cur:
        return digests(cur, "live")


@pytest.fixture
def filled(store_: Opened) -> tuple[Opened, History]:
    """Live views filled in many batches, with corrections, merges and rejections."""
    store_[0].execute("DROP SCHEMA IF EXISTS shadow CASCADE")
    history = History.of(bulk(31, 900))
    reader = begin(store_)
    while (poll := reader.poll(history, dict.fromkeys(TOPICS, 9))) is not None:
        commit(store_[0], read_poll(poll, store_[1]), store_[1])
    return store_, history


def test_a_rebuild_gives_the_live_digests(filled: tuple[Opened, History]) -> None:
    """A check finds every view equal and swaps nothing; a rebuild swaps in views that are right and can be written to."""
    store, history = filled
    before = live_digests(store[0])
    compared = rebuild(opener(store), store[1], silent, verify=True)
    assert compared is not None
    assert compared.equal, compared.rows
    compared = rebuild(opener(store), store[1], silent)
    assert compared is not None
    assert compared.equal, compared.rows
    assert live_digests(store[0]) == before
    right(store, history)


def test_a_rebuild_shows_a_row_that_is_wrong(filled: tuple[Opened, History]) -> None:
    """A row changed by hand is found, named, and right again after the rebuild."""
    store, history = filled
    row = store[0].execute("UPDATE live.fund SET amount = amount + 1 WHERE row_key = (SELECT min(row_key) FROM live.fund) RETURNING row_key").fetchone()
    assert row is not None
    compared = rebuild(opener(store), store[1], silent)
    assert compared is not None
    assert [key for key, _ in compared.rows["funds"]] == [row[0]]
    right(store, history)


def test_a_stopped_rebuild_goes_on(filled: tuple[Opened, History], monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in the middle, it keeps what it has, takes in what came meanwhile, and ends with the same views."""
    from exchange_hub.views import backfill

    store, _ = filled
    monkeypatch.setattr(backfill, "CHUNK", 50)
    seen: list[int] = []

    def stop(progress: Progress) -> None:
        seen.append(progress.done)
        if len(seen) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(opener(store), store[1], stop)
    resumed: list[Progress] = []
    compared = rebuild(opener(store), store[1], resumed.append)
    assert compared is not None
    assert compared.equal
    assert resumed[-1].done < sum(1 for _ in store[0].execute("SELECT 1 FROM log.event_log"))


def test_a_swap_between_plan_and_lock_loses_nothing(store_: Opened) -> None:
    """A batch that was planned before a rebuild replaced the views is written into the new ones as well."""
    conn, context, _ = store_
    returned = event("TradeInReturned", "commerce", "O1", subsidy_returned="5.00", on=date(2026, 10, 3))
    history = History.of([order("O1"), order("O2"), returned])
    reader = begin(store_)
    commit(conn, take(store_, reader, history, {topic_of("commerce"): 2}), context)
    # The live views have lost a row; the rebuild mends them after the next batch has looked.
    conn.execute("DELETE FROM live.trade_in WHERE order_no = 'O1'")
    swapped: list[str] = []

    def swap(step: str) -> None:
        if step == "prepared" and not swapped:
            swapped.append(step)
            rebuild(opener(store_), context, silent)

    commit(conn, take(store_, reader, history), replace(context, step=swap))
    assert swapped
    assert conn.execute("SELECT step, subsidy, subsidy_returned FROM live.trade_in WHERE order_no = 'O1' ORDER BY step").fetchall() == [("完成", 1500, None), ("退货", None, 500)]
    right(store_, history)


def test_what_a_killed_rebuild_left_is_removed(filled: tuple[Opened, History]) -> None:
    """Views that were replaced and not yet dropped do not stand in the way of the next rebuild."""
    store, history = filled
    store[0].execute("CREATE SCHEMA retired")
    rebuild(opener(store), store[1], silent)
    assert store[0].execute("SELECT to_regnamespace('retired')").fetchone() == (None,)
    right(store, history)


def test_as_of_a_cut_equals_what_stood_there(store_: Opened) -> None:
    """The views as of stored positions have the digests that the live views had at them, whatever came afterwards."""
    conn, context, _ = store_
    emptied(conn)
    history = History.of(bulk(33, 800))
    reader = begin(store_)
    cuts = []
    for number in range(1000):
        poll = reader.poll(history, dict.fromkeys(TOPICS, 12))
        if poll is None:
            break
        commit(conn, read_poll(poll, context), context)
        if number in (1, 3):
            with conn.cursor() as cur:
                cuts.append((ends(cur), live_digests(conn)))
    for cut, kept in cuts:
        with as_of(opener(store_), context, cut, None, silent) as reading, reading.transaction(), reading.cursor() as cur:
            found = digests(cur, AS_OF)
        assert conn.execute("SELECT to_regnamespace(%s)", (AS_OF,)).fetchone() == (None,)
        assert isinstance(kept, dict)
        assert {name: found[name] for name in kept if name != "held"} == {name: kept[name] for name in kept if name != "held"}
