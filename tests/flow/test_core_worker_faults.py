"""Workers that are killed, stopped, cut off or moved while events flow lose nothing and count nothing twice (invariants 5–7)."""

import re
import signal
import time
from random import Random

import pytest

from exchange_hub.processes.relay import measure_lag
from exchange_hub.processes.worker import EXIT_LOST
from exchange_hub.runtime import metrics
from exchange_hub.runtime.metrics import Meters
from exchange_hub.runtime.migrating import engine_of
from tests.faults.on_workers import DROPPED, FENCED
from tests.faults.stage import SESSION_SECONDS, Stage, Worker, cut_connections
from tests.strategies.history import bulk
from tests.waiting import wait_for

SEED = 20261124


def struck(worker: Worker, seconds: float = 20.0) -> None:
    """Wait until the worker has reached the step at which it was told to strike."""
    wait_for("the worker to strike", lambda: "striking at" in worker.text(), seconds)


def set_aside(worker: Worker) -> None:
    """A worker that lost its topics says so: it ends with 75, or, where it hears of the rebalance first, drops its batch."""
    wait_for("the worker to be set aside", lambda: worker.exit_code is not None or DROPPED in worker.text())
    if worker.exit_code is not None:
        assert worker.exit_code == EXIT_LOST, worker.text()[-3000:]
        assert FENCED in worker.text()


def test_kills_at_random_moments_change_nothing(stage: Stage) -> None:
    """Two workers, one of them killed every second or so, eight times: every event counts once and every row is right."""
    choose = Random(SEED)
    workers = [stage.worker(), stage.worker()]
    kills = 0
    with stage.flowing(bulk(SEED, 3000), per_second=90, cut=True):
        wait_for("the first batch", lambda: any(stage.positions().values()))
        while kills < 8:
            time.sleep(choose.uniform(0.1, 1.9))  # the moment of the kill is what is tried
            place = choose.randrange(2)
            workers[place].end()
            workers[place] = stage.worker()
            kills += 1
    stage.caught_up(25)
    stage.reckon()


@pytest.mark.parametrize("step", ["logged", "receipted", "committed"])
def test_killed_at_a_step_of_a_batch(stage: Stage, step: str) -> None:
    """A worker that dies inside a batch leaves all of it or nothing; the next one goes on from the stored positions."""
    stage.send(bulk(SEED, 900))
    worker = stage.worker(at_step=step, at_batch=2)
    assert worker.ended() == -signal.SIGKILL
    stage.worker()
    stage.caught_up()
    stage.reckon()


def fencings(stage: Stage) -> float:
    """How many fencings of its topics the relay publishes, whatever became of the workers."""
    meters = Meters()
    measure_lag(stage.hub, engine_of(stage.url), stage.kafka, meters)
    found = re.findall(rf'{metrics.FENCINGS.name}{{topic="[^"]+"}} (\S+)', meters.exposition().decode())
    assert len(found) == len(stage.hub.event_topics)
    return sum(map(float, found))


def test_stopped_past_its_session_it_is_fenced_when_it_goes_on(stage: Stage) -> None:
    """A worker stopped with a batch in its hands finds its claim taken, says so, is set aside, and is counted."""
    stage.send(bulk(SEED, 800))
    stopped = stage.worker(at_step="prepared", what="stop", at_batch=1)
    struck(stopped)
    time.sleep(SESSION_SECONDS)  # the stop must outlast the session: it is the fault itself
    stage.worker()
    stage.caught_up()
    assert fencings(stage) == 0
    stopped.send(signal.SIGCONT)
    set_aside(stopped)
    wait_for("the fencing to be published", lambda: fencings(stage) > 0, 15, 0.5)
    stage.reckon()


def test_stopped_while_it_holds_the_commit_lock(stage: Stage) -> None:
    """The database's time-outs take the lock from a stopped worker; others go on, and it is fenced afterwards."""
    stage.send(bulk(SEED, 800))
    stopped = stage.worker(at_step="folded", what="stop", at_batch=1, constants={"IDLE_SECONDS": 4})
    struck(stopped)
    # Where the stop fell into a COPY, the database's time-outs do not reach it: the other worker ends its session.
    stage.worker(constants={"IDLE_SECONDS": 4, "LOCK_SECONDS": 2})
    stage.caught_up()
    stopped.send(signal.SIGCONT)
    set_aside(stopped)
    stage.reckon()


def test_connections_cut_again_and_again(stage: Stage) -> None:
    """A worker whose connection is cut, also just before COMMIT, tries the same batch again and goes on by itself."""
    worker = stage.worker(at_step="receipted", what="pause", at_batch=0, pause_seconds=0.4)
    with stage.flowing(bulk(SEED, 18_000), per_second=150, cut=True):
        # Whose connection is cut while it starts, ends, and its supervisor starts it again: there is none here.
        wait_for("the first batch", lambda: any(stage.positions().values()))
        cuts = 0
        deadline = time.monotonic() + 90
        while cuts < 5 and time.monotonic() < deadline:
            cuts += cut_connections(stage.url)
            time.sleep(0.9)  # the pace of the cuts is the fault itself
    assert cuts >= 4
    stage.caught_up()
    assert worker.exit_code is None, worker.text()[-3000:]
    assert "trying the same batch again" in worker.text()
    stage.reckon()
