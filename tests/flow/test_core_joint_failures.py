"""Folds that fail only with what else was said: of one bureau, the statement that brings it about waits; of several, all see it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from exchange_hub.views.lists import KINDS
from exchange_hub.views.queries import log
from exchange_hub.views.queries.answers import Unfolded
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row
from exchange_hub.views.store.commit import commit
from exchange_hub.views.store.replay import replay
from exchange_hub.views.worker.pipeline import read_poll
from tests.asking import asked
from tests.flow.test_core_store import Opened, begin, event, opened, order, right, store_, take
from tests.strategies.history import History, topic_of
from tests.strategies.universe import Item

__all__ = ["opened", "store_"]

COMMERCE = topic_of("commerce")


def returned(key: str, revision: int = 1, **facts: Any) -> Item:
    """A return of an order of commerce."""
    return event("TradeInReturned", "commerce", key, revision, **{"subsidy_returned": "5.00", "on": date(2026, 10, 3)} | facts)


def both_said(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterable[Row]:
    """A fold with a defect that shows only where an order was returned."""
    if len(claims[0].registers) > 1 and claims[0].key.entity == "O2":
        raise ZeroDivisionError("division by zero")
    return PLAIN.rows(component, claims, rules)


PLAIN = KINDS["trade_in"]


@pytest.mark.parametrize("cut", [1, 2, 20])
def test_the_statement_that_makes_a_claim_fail_waits(store_: Opened, monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    """It and its followers are held, however the batches are cut; the row stays as it was; after a mend all is as if nothing had been."""
    conn, context, _ = store_
    history = History.of([order("O1"), order("O2"), returned("O1"), returned("O2"), order("O2", 2, subsidy="9.00"), order("O3")])
    reader = begin(store_)
    with monkeypatch.context() as patched:
        patched.setitem(KINDS, "trade_in", replace(PLAIN, rows=both_said))
        while (poll := reader.poll(history, {COMMERCE: cut})) is not None:
            commit(conn, read_poll(poll, context), context)
        assert conn.execute("SELECT off, behind FROM log.held ORDER BY off").fetchall() == [(3, None), (4, 3)]
        assert conn.execute("SELECT reason FROM log.held WHERE behind IS NULL").fetchone() == ("ZeroDivisionError: division by zero",)
        assert conn.execute("SELECT count(*) FROM live.unfolded").fetchone() == (0,)
        assert conn.execute("SELECT order_no, subsidy FROM live.trade_in WHERE step = '完成' ORDER BY 1").fetchall() == [("O1", 1500), ("O2", 1500), ("O3", 1500)]
        assert replay(conn, context).counts == {"held": 2}
    assert replay(conn, context).counts["accepted"] == 2
    right(store_, history)


def failing(what: str) -> Callable[..., Any]:
    """A part of a fold that fails where a machine was reported in two steps."""
    plain = getattr(KINDS["scrappage"], what)

    def part(*arguments: Any) -> Any:
        claim = arguments[0] if what == "identities" else arguments[1][0]
        if len(claim.registers) > 1:
            raise KeyError("step")
        return plain(*arguments)

    return part


@pytest.mark.parametrize("what", ["identities", "rows"])
def test_any_part_of_a_fold_may_fail(store_: Opened, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Also where identity values are worked out: the event waits, and the worker goes on."""
    conn, context, _ = store_
    facts = {"category": "乘用车", "identifier": "LSVAA1234", "identifier_kind": "车架号"}
    steps = [event("EquipmentScrapped", "commerce", "M1", step=step, on=date(2026, 10, 3), **facts) for step in ("申请", "交售回收")]
    history = History.of([*steps, order("O1")])
    with monkeypatch.context() as patched:
        patched.setitem(KINDS, "scrappage", replace(KINDS["scrappage"], **{what: failing(what)}))
        commit(conn, take(store_, begin(store_), history), context)
        assert conn.execute("SELECT off, reason FROM log.held").fetchall() == [(1, "KeyError: 'step'")]
        assert conn.execute("SELECT count(*) FROM live.trade_in").fetchone() == (1,)
    replay(conn, context)
    right(store_, history)


def test_bureaus_that_fail_together_are_seen(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's statement is to blame: both are kept, the entity is named as not folded, and folds again with the next statement after a mend."""
    conn, context, _ = store_
    plain = KINDS["project"]

    def rows(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterable[Row]:
        if len(claims) > 1:
            raise ZeroDivisionError("division by zero")
        return plain.rows(component, claims, rules)

    facts = {
        "list": "设备更新", "name": "项目", "project_code": "2410-120114-89-05-123456", "domain": "工业", "construction_nature": "新建",
        "owner_name": "某公司", "total_investment": "100.00", "build_state": "在建",
    }  # fmt: skip
    told = [event("ProjectAdded", bureau, "P1", **facts) for bureau in ("industry", "transport")]
    history = History.of([*told, event("ProjectAdded", "transport", "P1", 2, **facts)])
    reader = begin(store_)
    with monkeypatch.context() as patched:
        patched.setitem(KINDS, "project", replace(plain, rows=rows))
        commit(conn, take(store_, reader, history, {topic_of("industry"): 1, topic_of("transport"): 1}), context)
        assert asked(conn, log.unfolded) == [Unfolded("project", "industry:P1", "ZeroDivisionError: division by zero")]
        assert conn.execute("SELECT count(*) FROM log.held").fetchone() == (0,)
    commit(conn, take(store_, reader, history), context)
    assert asked(conn, log.unfolded) == []
    right(store_, history)
