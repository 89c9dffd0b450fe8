"""A replay of held events beside a rebuild: neither loses what the other did."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from exchange_hub.views.filling import fill_all
from exchange_hub.views.folds import FOLDS
from exchange_hub.views.rebuild import ends, open_shadow, rebuild
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row
from exchange_hub.views.store.commit import commit, prepare
from exchange_hub.views.store.replay import replay
from exchange_hub.views.store.setup import connect
from tests.flow.test_core_rebuild import opener, silent
from tests.flow.test_core_store import Opened, begin, opened, order, right, store_, take
from tests.strategies.history import History

__all__ = ["opened", "store_"]


def test_an_event_replayed_during_a_rebuild_is_not_missed(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event accepted late, at an offset that the rebuild has passed, is in the views that it swaps in."""
    conn, context, _ = store_
    conn.execute("DROP SCHEMA IF EXISTS shadow CASCADE")
    plain = FOLDS["trade_in"]
    history = History.of([order("O1"), order("O2", order_no="bad"), order("O3")])

    def failing(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterable[Row]:
        if component == "commerce:O2":
            raise ZeroDivisionError
        return plain.rows(component, claims, rules)

    with monkeypatch.context() as patched:
        patched.setitem(FOLDS, "trade_in", plain._replace(rows=failing))
        commit(conn, take(store_, begin(store_), history), context)
    shadow = replace(context, schema="shadow")
    with connect(store_[2]) as other:
        prepare(other, "shadow")
        open_shadow(other, shadow)
        with other.cursor() as cur:
            cut = ends(cur)
        fill_all(other, shadow, cut, 1, silent)
    assert replay(conn, context).counts == {"accepted": 1}
    rebuild(opener(store_), context, silent)
    right(store_, history)
