"""The watchdog ends a worker that stands still by accident, or one of whose topics does among others that move."""

from exchange_hub.processes.worker import EXIT_LOST
from tests.faults.stage import Stage
from tests.strategies.history import bulk
from tests.waiting import wait_for

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


def test_a_topic_that_stands_still_among_others_that_move(stage: Stage) -> None:
    """One topic is set aside by the client, as Faust was seen to do, all others go on: the process ends, and names that topic."""
    topic = stage.topic("commerce")
    stuck = stage.worker(stuck_topic=topic, environment=STALL)
    with stage.flowing(bulk(SEED, 4_000), per_second=80, cut=True):
        wait_for("the worker to be ended", lambda: stuck.exit_code is not None, 45)
        positions = stage.positions()
    assert stuck.exit_code == EXIT_LOST
    assert f"no progress for 4 s although records wait: {topic}\n" in stuck.text()
    assert positions.pop(topic) == 0
    assert all(positions[other] for other in positions.keys() & stage.topics.keys())
    stage.worker()
    stage.caught_up()
    stage.reckon()
