"""What happens between a batch's reading and its writing: the positions are compared again under the lock (invariants 5 and 6)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from exchange_hub.views.store.commit import Context, PositionMovedError, commit, prepare
from exchange_hub.views.store.replay import replay
from exchange_hub.views.store.setup import connect
from tests.flow.test_core_replay import broken_fold
from tests.flow.test_core_store import Opened, begin, opened, order, right, store_, take
from tests.strategies.history import TOPICS, History, bulk, topic_of
from tests.strategies.store import claimed, everything

__all__ = ["opened", "store_"]


def between(store: Opened, happens: Callable[[], object]) -> Context:
    """A context in which something happens when a batch has been read and before it takes the lock."""
    return replace(store[1], step=lambda name: happens() if name == "prepared" else None)


def test_a_replay_between_reading_and_writing_is_seen(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """A follower was read as waiting, and what it waits for is replayed before it is written: it waits for nothing any more."""
    conn, context, url = store_
    history = History.of([order("O1", order_no="bad"), order("O1", 2, subsidy="7.00"), order("O2")])
    reader = begin(store_)
    with broken_fold(monkeypatch):
        commit(conn, take(store_, reader, history, {topic_of("commerce"): 1}), context)

    def replayed() -> None:
        with connect(url) as other:
            prepare(other)
            assert replay(other, context).counts == {"accepted": 1}

    outcome = commit(conn, take(store_, reader, history), between(store_, replayed))
    assert {name: count for (_, name), count in outcome.counts.items()} == {"accepted": 2}
    assert conn.execute("SELECT off FROM log.held").fetchall() == []
    right(store_, history)


def test_a_claim_between_reading_and_writing_fences_the_batch(store_: Opened) -> None:
    """Another worker claims the topics while a batch waits for the lock: nothing of the batch is written."""
    history = History.of(bulk(15, 80))
    batch = take(store_, begin(store_), history)

    def taken() -> None:
        with connect(store_[2]) as other:
            claimed(other, "another")

    with pytest.raises(PositionMovedError):
        commit(store_[0], batch, between(store_, taken))
    tables, _, _ = everything(store_[0])
    assert not tables["accepted"]
    assert {next_off for _, next_off, *_ in tables["counts"]} == {0}
    assert len(tables["counts"]) == len(TOPICS)
