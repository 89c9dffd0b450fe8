"""What bounds a worker that stops in the middle of a batch, where PostgreSQL's own time-outs do not reach."""

import time

import psycopg
import pytest

from exchange_hub.views.store import commit as store
from exchange_hub.views.store.setup import connect
from exchange_hub.views.worker.pipeline import Committer, Done
from tests.flow.test_core_store import Opened, begin, opened, right, store_, take
from tests.strategies.history import History, bulk

__all__ = ["opened", "store_"]


def test_a_worker_stopped_inside_a_copy_frees_the_lock(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's time-outs do not reach a session that waits for COPY data: the next worker ends it and goes on."""
    monkeypatch.setattr(store, "LOCK_SECONDS", 1)
    # The transaction's own bound, which old servers lack, is a minute away: it is not what frees the lock here.
    monkeypatch.setattr(store, "IDLE_SECONDS", 2)
    history = History.of(bulk(14, 60))
    batch = take(store_, begin(store_), history)
    stuck = connect(store_[2], "hub worker two")
    store.prepare(stuck)
    stuck.autocommit = False
    cur = stuck.cursor()
    store.lock(cur, store_[1].district_no)
    copying = cur.copy("COPY finding (rule) FROM STDIN")  # kept: what nobody holds is ended at once, and frees the lock
    copying.__enter__()
    began = time.monotonic()

    def pause(_seconds: float) -> None:
        assert time.monotonic() - began < 8, "the lock of a stopped worker was not freed"

    done = Committer(lambda: connect(store_[2], "hub worker one"), store_[1], "one", pause).commit(batch)
    assert isinstance(done, Done)
    right(store_, history)
    with pytest.raises(psycopg.OperationalError):
        copying.__exit__(None, None, None)
    stuck.close()
