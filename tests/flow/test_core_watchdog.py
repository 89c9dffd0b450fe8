"""The watchdog ends a worker that stands still by accident, never one of whose topics stands still on purpose."""



from exchange_hub.cli.worker import EXIT_LOST
from tests.faults.stage import Stage
from tests.strategies.history import bulk

SEED = 20261124
STALL = {"HUB_WORKER__STALL_SECONDS": "4"}


def test_a_worker_that_makes_no_progress_is_ended(stage: Stage) -> None:
    """Records wait and positions do not move: the process ends with code 75 and says which topics; the next one goes on."""
    stage.send(bulk(SEED, 200))
    stuck = stage.worker(at_step="checked", what="pause", at_batch=1, pause_seconds=120, environment=STALL, constants={"IDLE_SECONDS": 90})
    assert stuck.ended(40) == EXIT_LOST
    assert "no progress for 4 s although records wait" in stuck.text()
    stage.worker()
    stage.caught_up()
    stage.reckon()
