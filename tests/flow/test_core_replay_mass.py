"""A replay of many held events: short transactions that others commit between, order per key kept, stopped and gone on with."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from random import Random

import pytest

from exchange_hub.views.lists import KINDS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row
from exchange_hub.views.store import replay as replaying
from exchange_hub.views.store.commit import commit, prepare
from exchange_hub.views.store.replay import AT_ONCE, Replayed, replay
from exchange_hub.views.store.setup import connect
from tests.flow.test_core_replay import as_if_never_held
from tests.flow.test_core_store import Opened, begin, opened, order, right, store_, take
from tests.strategies.history import History, topic_of
from tests.strategies.universe import Item

__all__ = ["opened", "store_"]

COMMERCE = topic_of("commerce")


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, subsidy: int | None = None) -> Iterator[None]:
    """Let the fold of every trade-in fail, or of those with one subsidy (fen)."""
    plain = KINDS["trade_in"]

    def rows(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterable[Row]:
        if subsidy is None or any(fact.facts["subsidy"] == subsidy for claim in claims for fact in claim.registers.values()):
            raise ZeroDivisionError("division by zero")
        return plain.rows(component, claims, rules)

    with monkeypatch.context() as patched:
        patched.setitem(KINDS, "trade_in", replace(plain, rows=rows))
        yield


def mass() -> list[Item]:
    """3,000 orders: a thousand keys with revisions in any order, some told twice, some under an id of other facts."""
    choose = Random(20261124)
    items = [order(f"O{number}", revision) for number in range(1000) for revision in (1, 2, 3)][:2920]
    choose.shuffle(items)
    items[2000:2000] = [choose.choice(items[:2000]) for _ in range(60)]
    return [*items, *(order(f"O{number}", 2, subsidy="16.00") for number in range(0, 1000, 50))]


def held(store: Opened) -> list[tuple[int, int | None]]:
    """What waits, and behind which offset."""
    rows: list[tuple[int, int | None]] = store[0].execute("SELECT off, behind FROM log.held ORDER BY off").fetchall()
    return rows


def test_batches_commit_between_the_transactions_of_a_mass_replay(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """3,000 held events pass in transactions of some hundred, a batch goes in between, each key keeps its order, all is right."""
    conn, context, url = store_
    early = mass()
    late = [order(f"O{number}", revision) for number in range(300, 700) for revision in (4, 1)] + [order(f"N{number}") for number in range(50)]
    history = History.of([*early, *late])
    reader = begin(store_)
    with failing(monkeypatch):
        commit(conn, take(store_, reader, history, {COMMERCE: len(early)}), context)
    assert len(held(store_)) == 3000
    between: list[dict[str, int]] = []

    def note(_done: Replayed) -> None:
        if not between:
            with connect(url) as other:
                prepare(other)
                outcome = commit(other, take(store_, reader, history), context)
            between.append({name: count for (_, name), count in outcome.counts.items()})

    done = replay(conn, context, note)
    # Keys that were replayed by then go on; those that still waited are followed, and passed with those before them.
    assert between[0]["held"] > 0
    assert between[0]["accepted"] > 50
    assert held(store_) == []
    assert done.counts.total() == 3000 + between[0]["held"]
    assert done.counts["duplicate"] >= 60
    assert done.counts["rejected"] >= 15
    sizes = conn.execute("SELECT count(*) FROM log.event_log WHERE off < 3000 GROUP BY batch_no").fetchall()
    assert max(size for (size,) in sizes) <= AT_ONCE
    entity_of = {off: (item.key or b"").decode() for off, item in enumerate([*early, *late])}
    order_of: dict[str, list[int]] = defaultdict(list)
    for (off,) in conn.execute("SELECT first_off FROM log.receipt_range WHERE next_off = first_off + 1 ORDER BY batch_no"):
        order_of[entity_of[off]].append(off)
    assert sum(map(len, order_of.values())) == done.counts.total()
    assert all(offsets == sorted(offsets) for offsets in order_of.values())
    right(store_, history)
    as_if_never_held(store_, history)


def test_a_stopped_replay_is_gone_on_with(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped after some transactions, what passed stays, the counts balance, and the next replay does the rest alone."""
    conn, context, _ = store_
    history = History.of(mass()[:400])
    with failing(monkeypatch):
        commit(conn, take(store_, begin(store_), history), context)
    monkeypatch.setattr(replaying, "AT_ONCE", 60)
    seen: list[int] = []

    def stop(done: Replayed) -> None:
        seen.append(done.counts.total())
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(conn, context, stop)
    assert 120 < seen[-1] <= 180
    assert len(held(store_)) == 400 - seen[-1]
    counted = conn.execute("SELECT accepted, duplicate, rejected, held FROM log.position WHERE next_off > 0").fetchone()
    assert counted is not None
    assert (sum(counted), counted[3]) == (400, 400 - seen[-1])
    assert replay(conn, context).counts.total() == 400 - seen[-1]
    right(store_, history)


def test_a_key_with_more_held_events_than_a_transaction_takes(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """One key's events pass in several transactions, in order; between them the rest waits with what arrives, and so it does behind one that fails still."""
    conn, context, _ = store_
    monkeypatch.setattr(replaying, "AT_ONCE", 5)
    items = [order("O1", revision, subsidy="6.66" if revision == 8 else "5.00") for revision in range(1, 13)]
    history = History.of([*items, order("O1", 13), order("O1", 14)])
    reader = begin(store_)
    with failing(monkeypatch):
        commit(conn, take(store_, reader, history, {COMMERCE: 12}), context)
    after_first: list[list[tuple[int, int | None]]] = []

    def note(_done: Replayed) -> None:
        if not after_first:
            commit(conn, take(store_, reader, history, {COMMERCE: 1}), context)
            after_first.append(held(store_))

    with failing(monkeypatch, subsidy=666):
        counts = replay(conn, context, note).counts
        assert after_first == [[(5, None), *((off, 5) for off in range(6, 13))]]
        assert counts == {"accepted": 7, "held": 6}
        waiting = [(7, None), *((off, 7) for off in range(8, 13))]
        assert held(store_) == waiting
        commit(conn, take(store_, reader, history), context)
        assert held(store_) == [*waiting, (13, 7)]
        assert replay(conn, context).counts == {"held": 7}
        assert held(store_) == [*waiting, (13, 7)]
    assert replay(conn, context).counts == {"accepted": 7}
    right(store_, history)


def test_several_events_that_the_database_refuses_wait_alone(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many held events only those whose data the database refuses wait on, with the later ones of their keys."""
    conn, context, _ = store_
    history = History.of([order(f"O{number % 20}", 1 + number // 20) for number in range(60)])
    with failing(monkeypatch):
        commit(conn, take(store_, begin(store_), history), context)
    conn.execute("ALTER TABLE live.trade_in ADD CONSTRAINT refused CHECK (order_no NOT IN ('O3', 'O11', 'O12'))")
    try:
        for _ in range(2):
            waiting = len(held(store_))
            assert replay(conn, context).counts == Counter({"accepted": waiting - 9, "held": 9}) - Counter()
            kept = [(number, None if number < 20 else number % 20) for number in range(60) if number % 20 in (3, 11, 12)]
            assert held(store_) == kept
        reasons = conn.execute("SELECT DISTINCT reason FROM log.held WHERE behind IS NULL").fetchall()
        assert all(reason.startswith("the database refuses its data: ") for (reason,) in reasons)
    finally:
        conn.execute("ALTER TABLE live.trade_in DROP CONSTRAINT refused")
    assert replay(conn, context).counts == {"accepted": 9}
    right(store_, history)
