"""What bounds a worker that stops in the middle of a batch, where PostgreSQL's own time-outs do not reach."""

import pytest

from exchange_hub.views.store import commit as store
from exchange_hub.views.store.setup import connect
from exchange_hub.views.worker.pipeline import Done
from tests.flow.test_core_store import Opened, begin, committer, opened, right, store_, take
from tests.strategies.history import History, bulk

__all__ = ["opened", "store_"]


def test_a_worker_stopped_inside_a_copy_frees_the_lock(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's time-outs do not reach a session that waits for COPY data: the next worker ends it and goes on."""
    monkeypatch.setattr(store, "LOCK_SECONDS", 1)
    monkeypatch.setattr(store, "TRANSACTION_SECONDS", 2)
    history = History.of(bulk(14, 60))
    batch = take(store_, begin(store_), history)
    stuck = connect(store_[2])
    store.prepare(stuck)
    stuck.autocommit = False
    cur = stuck.cursor()
    store.lock(cur, store_[1].district_no)
    cur.copy("COPY finding (rule) FROM STDIN").__enter__()
    done = committer(store_, "one").commit(batch)
    assert isinstance(done, Done)
    right(store_, history)
    stuck.close()
