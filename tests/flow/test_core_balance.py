"""The published balance tells of one moment, and counting it keeps nobody waiting."""

import threading
from typing import Any

import sqlalchemy as sa

from exchange_hub.processes.relay import run_relay
from exchange_hub.runtime import metrics
from exchange_hub.runtime.metrics import Meters
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.views.queries import log
from exchange_hub.views.store.commit import commit
from exchange_hub.views.store.setup import connect
from tests.asking import asked
from tests.faults.stage import Stage
from tests.flow.test_core_store import Opened, begin, opened, store_, take
from tests.strategies.history import TOPICS, History, bulk
from tests.strategies.store import store_receipt, tampering
from tests.waiting import wait_for

__all__ = ["opened", "store_"]


def test_a_batch_that_commits_while_the_balance_is_read_leaves_no_difference(store_: Opened) -> None:
    """After each statement of the reader another batch commits; the balance holds all the same."""
    conn, context, url = store_
    history = History.of(bulk(41, 2000))
    reader = begin(store_)
    commit(conn, take(store_, reader, history, dict.fromkeys(TOPICS, 8)), context)
    commits = 0

    engine = engine_of(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as other:

        @sa.event.listens_for(other, "after_cursor_execute")
        def _interrupted(*_: Any) -> None:
            """Let a batch commit after each of the statements."""
            nonlocal commits
            commit(conn, take(store_, reader, history, dict.fromkeys(TOPICS, 8)), context)
            commits += 1

        lines = log.balance(other)
    assert commits
    assert sum(line.data_records for line in lines)
    assert [line for line in lines if line.difference] == []
    assert [line for line in asked(conn, log.balance) if line.difference] == []


def test_a_lost_row_shows_in_the_balance(store_: Opened) -> None:
    """The balance counts the tables themselves: a row that is gone makes a difference, whatever the running totals say."""
    conn, context, _ = store_
    commit(conn, take(store_, begin(store_), History.of(bulk(42, 500, damage=0.3)), dict.fromkeys(TOPICS, 40)), context)
    with tampering(conn):
        conn.execute("DELETE FROM log.rejection WHERE ctid = (SELECT ctid FROM log.rejection LIMIT 1)")
    assert sum(line.difference for line in asked(conn, log.balance)) == 1


def test_receipts_do_not_wait_for_the_counting(stage: Stage) -> None:
    """While the count of the balance hangs the relay publishes what comes; it still ends when it is told to."""
    meters, stop = Meters(), threading.Event()
    relay = threading.Thread(target=run_relay, args=(stage.hub, stage.kafka, stage.url, stop, meters), daemon=True)
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with connect(stage.url) as locking, connect(stage.url) as conn:
        no = stage.hub.context(conn).topics.number_of["commerce"]
        conn.execute("INSERT INTO log.position (topic_no, kafka_topic_id) VALUES (%s, '')", (no,))

        def counts() -> bool:
            return conn.execute(waits).fetchone() == (1,)

        def published() -> bool:
            return conn.execute("SELECT count(*) FROM log.receipt_range WHERE published_at IS NOT NULL").fetchone() == (1,)

        with locking.transaction():
            locking.execute("LOCK TABLE log.rejection IN ACCESS EXCLUSIVE MODE")
            relay.start()
            try:
                wait_for("the count to hang", counts)
                store_receipt(conn, (no, 0, 1), 1, [])
                wait_for("the receipt to be published", published, 15)
                assert counts(), "the count was over before: nothing is shown"
            finally:
                stop.set()
            relay.join(15)
            assert not relay.is_alive(), "the relay waits for its count"
    assert f'{metrics.RECEIPTS_PUBLISHED.name}{{bureau="commerce"}} 1.0' in meters.exposition().decode()
