"""An event that the database refuses waits on, whoever tries it again."""

from datetime import date

import psycopg
import pytest

from exchange_hub.views.store.replay import replay
from exchange_hub.views.worker.pipeline import Done
from tests.flow.test_core_store import Opened, begin, committer, event, opened, order, right, store_, take
from tests.strategies.history import History

__all__ = ["opened", "store_"]


def test_a_replay_survives_data_that_the_database_still_refuses(store_: Opened) -> None:
    """An event held because the database refuses it must not end the replay — and with it every worker's start — but wait on."""
    conn, context, _ = store_
    conn.execute("ALTER TABLE live.trade_in ADD CONSTRAINT refused CHECK (subsidy <> 66600)")
    try:
        returned = event("TradeInReturned", "commerce", "O2", subsidy_returned="1.00", on=date(2026, 10, 3))
        items = [order("O1"), order("O2", subsidy="666.00"), returned, order("O3")]
        result = committer(store_, "one").commit(take(store_, begin(store_), History.of(items)))
        assert isinstance(result, Done)
        try:
            counts = replay(conn, context).counts
        except psycopg.Error as error:
            pytest.fail(f"the replay ended with {error}")
        assert counts["held"] == 2
        assert conn.execute("SELECT off, behind FROM log.held ORDER BY off").fetchall() == [(1, None), (2, 1)]
    finally:
        conn.execute("ALTER TABLE live.trade_in DROP CONSTRAINT refused")
    assert replay(conn, context).counts["accepted"] == 2
    right(store_, History.of(items))
