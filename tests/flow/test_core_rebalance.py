"""Workers that come and go share the topics without harm to one another."""

import signal

from tests.faults.stage import Stage
from tests.strategies.history import bulk
from tests.waiting import wait_for

SEED = 20261124


def test_a_rebalance_with_a_batch_in_flight_leaves_both_alive(stage: Stage) -> None:
    """Workers come and go while every batch takes a second: nobody who stays is ended, and nothing is lost."""
    first = stage.worker(at_step="checked", what="pause", at_batch=0, pause_seconds=0.7)
    # Events flow until the second of the others has left, however late it joins on a busy machine.
    with stage.flowing(bulk(SEED, 6000), per_second=120, cut=True):
        wait_for("the first batch", lambda: any(stage.positions().values()))
        for _ in range(2):
            other = stage.worker(at_step="checked", what="pause", at_batch=0, pause_seconds=0.7)
            wait_for("the other's first batch", lambda worker=other: "batch 1:" in worker.text())
            other.send(signal.SIGTERM)
            assert other.ended() == 0, other.text()[-2000:]
    stage.caught_up()
    assert not stage.ended(), first.text()[-3000:]
    stage.reckon()
