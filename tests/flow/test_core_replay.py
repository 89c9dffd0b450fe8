"""Held events wait with their bytes, their followers wait behind them, and a replay after a mend leaves no trace of the wait."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest

from exchange_hub.views.lists import KINDS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row
from exchange_hub.views.store.commit import commit
from exchange_hub.views.store.planning import Topics
from exchange_hub.views.store.replay import replay
from exchange_hub.views.worker.pipeline import read_poll
from tests.flow.test_core_store import Opened, begin, event, opened, order, right, store_, take
from tests.strategies.history import History, topic_of
from tests.strategies.store import emptied, everything

__all__ = ["opened", "store_"]


@contextmanager
def broken_fold(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the fold of trade-ins fail for one order number, as a defect of a version would."""
    plain = KINDS["trade_in"]

    def rows(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterable[Row]:
        if any(fact.facts.get("order_no") == "bad" for claim in claims for fact in claim.registers.values()):
            raise ZeroDivisionError("division by zero")
        return plain.rows(component, claims, rules)

    with monkeypatch.context() as patched:
        patched.setitem(KINDS, "trade_in", replace(plain, rows=rows))
        yield


def events() -> History:
    """Orders of which O2's first is bad; what follows on O2 depends on order."""
    return History.of([
        order("O1"), order("O2", 5, order_no="bad"), order("O2", 6, subsidy="7.00"), order("O2", 4), order("O2", 5, order_no="bad"),
        order("O2", 6, subsidy="8.00"), order("O3"), order("O4", 1, order_no="bad"),
    ])  # fmt: skip


def as_if_never_held(store_: Opened, history: History) -> None:
    """Views, outcomes and counts are those of a run in which nothing was held; the store is filled anew for it."""
    conn, context, _ = store_
    tables, digests, _ = everything(conn)
    emptied(conn)
    commit(conn, take(store_, begin(store_), history), context)
    again, expected, _ = everything(conn)
    assert digests == expected
    assert {name: tables[name] for name in ("claim", "accepted", "held", "rejected", "counts")} == {
        name: again[name] for name in ("claim", "accepted", "held", "rejected", "counts")
    }


@pytest.mark.parametrize("cut", [1, 3, 20])
def test_a_replay_after_a_mend_is_as_if_nothing_had_been_held(store_: Opened, monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    """Held events and followers keep their order; after the replay views, outcomes and counts equal a run without the defect."""
    conn, context, _ = store_
    history = events()
    reader = begin(store_)
    with broken_fold(monkeypatch):
        while (poll := reader.poll(history, {topic_of("commerce"): cut})) is not None:
            commit(conn, read_poll(poll, context), context)
        held = conn.execute("SELECT off, behind FROM log.held ORDER BY off").fetchall()
        assert held == [(1, None), (2, 1), (3, 1), (4, 1), (5, 1), (7, None)]
        assert conn.execute("SELECT accepted, held FROM log.position WHERE next_off > 0").fetchone() == (2, 6)
        # Without a mend nothing changes, however often it is tried.
        assert replay(conn, context).counts == {"held": 6}
        assert conn.execute("SELECT off, behind FROM log.held ORDER BY off").fetchall() == held
        assert conn.execute("SELECT accepted, held FROM log.position WHERE next_off > 0").fetchone() == (2, 6)
    counts = replay(conn, context).counts
    assert counts == {"accepted": 4, "duplicate": 1, "rejected": 1}
    assert conn.execute("SELECT accepted, duplicate, rejected, held FROM log.position WHERE next_off > 0").fetchone() == (6, 1, 1, 0)
    told = {}
    for exceptions, first, next_off, accepted in conn.execute(
        "SELECT exceptions, first_off, next_off, accepted FROM log.receipt_range ORDER BY batch_no, first_off"
    ):
        for entry in exceptions:
            told[entry["offset"]] = entry["outcome"]
        if next_off - first == 1 and accepted and not exceptions:
            told[first] = "accepted"
    assert {place: told[place] for place in (1, 2, 3, 4, 5, 7)} == {1: "accepted", 2: "accepted", 3: "superseded", 4: "duplicate", 5: "rejected", 7: "accepted"}
    as_if_never_held(store_, history)
    right(store_, history)


def test_other_keys_go_on_while_one_is_held(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the held key waits: every other key of the same batch, and of later ones, is in the views."""
    conn, context, _ = store_
    with broken_fold(monkeypatch):
        commit(conn, take(store_, begin(store_), events()), context)
    assert conn.execute("SELECT component FROM live.trade_in ORDER BY 1").fetchall() == [("commerce:O1",), ("commerce:O3",)]


def test_held_events_of_a_bureau_that_left_stop_no_replay(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic whose bureau is no longer in the registry is passed over: its held events wait on, those of others pass."""
    conn, context, _ = store_
    gone = event("TradeInCompleted", "finance", "O1", category="家电", sale_amount="100.00", subsidy="15.00", order_no="bad")
    with broken_fold(monkeypatch):
        commit(conn, take(store_, begin(store_), History.of([gone, order("O2", order_no="bad")])), context)
    number = context.topics.number_of["finance"]
    assert conn.execute("SELECT count(*) FROM log.held WHERE topic_no = %s", (number,)).fetchone() == (1,)
    fewer = Topics({no: name for no, name in context.topics.bureau_of.items() if no != number}, context.topics.number_of)
    assert replay(conn, replace(context, topics=fewer)).counts == {"accepted": 1}
    assert conn.execute("SELECT topic_no FROM log.held").fetchall() == [(number,)]


def test_the_digests_cover_what_is_held(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """One held event more changes the digests, the same ones held in another way do not, and none is told from some."""
    conn, context, _ = store_
    history = events()
    seen = []
    reader = begin(store_)
    with broken_fold(monkeypatch):
        while (poll := reader.poll(history, {topic_of("commerce"): 1})) is not None:
            commit(conn, read_poll(poll, context), context)
            seen.append((conn.execute("SELECT off FROM log.held ORDER BY off").fetchall(), everything(conn)[1]["held"]))
        assert len({digest for _, digest in seen}) == len({str(places) for places, _ in seen}) == 7
        assert [count for _, (_, count) in seen] == [len(places) for places, _ in seen]
        emptied(conn)
        commit(conn, take(store_, begin(store_), history), context)
        assert everything(conn)[1]["held"] == seen[-1][1]
        replay(conn, context)
        assert everything(conn)[1]["held"] == seen[-1][1]
    replay(conn, context)
    assert everything(conn)[1]["held"] == seen[0][1]


def test_findings_do_not_depend_on_the_order_of_vouchers(store_: Opened) -> None:
    """A finding's id derives from rule and subject: two vouchers in either order give the same findings."""
    facts = {"application_no": "A1", "policy_no": "p", "budget_year": 2026, "on": date(2026, 10, 1)}
    approved = event("SubsidyApproved", "finance", "A1", amount="1.00", **facts)
    vouchers = [event("SubsidyPaid", "finance", "A1", voucher_no=number, amount="1.00", **facts) for number in ("V|1", "W|2")]
    found = []
    for order_of in (vouchers, vouchers[::-1]):
        emptied(store_[0])
        commit(store_[0], take(store_, begin(store_), History.of([*order_of, approved])), store_[1])
        found.append(store_[0].execute("SELECT finding_id, subject FROM live.finding").fetchall())
    assert found[0] == found[1]
    assert len(found[0]) == 1
