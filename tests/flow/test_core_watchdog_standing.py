"""A topic that stands still on purpose is no standstill of its worker."""

from exchange_hub.views.store.setup import connect
from tests.faults.stage import Stage
from tests.strategies.history import bulk
from tests.waiting import wait_for

SEED = 20261124
STALL = {"HUB_WORKER__STALL_SECONDS": "4"}


def test_a_topic_that_stands_still_on_purpose_ends_nobody(stage: Stage) -> None:
    """One bad topic is said and left alone: the watchdog does not end the worker that serves all the others."""
    first = stage.worker()
    stage.send(bulk(SEED, 200))
    stage.caught_up()
    first.end()
    topic = stage.topic("commerce")
    with connect(stage.url) as conn:
        conn.execute("UPDATE log.position SET last_digest = '\\x00' WHERE topic_no = (SELECT topic_no FROM log.topic WHERE name = %s)", (topic,))
    stage.send(bulk(SEED + 1, 200))
    worker = stage.worker(environment=STALL)
    wait_for("the topic to stand still", lambda: f"topic {topic} stands still" in worker.text())
    worker.process.join(10)  # more than twice the time after which the watchdog strikes
    assert worker.exit_code is None, worker.text()[-1500:]
