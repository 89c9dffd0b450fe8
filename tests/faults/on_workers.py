"""Faults of workers, the long form of each: killed, stopped, moved. Every function returns what it measured."""

import re
import signal
import time
from collections import Counter
from random import Random
from statistics import median

from exchange_hub.processes.worker import EXIT_LOST
from exchange_hub.views.store.commit import STEPS
from exchange_hub.views.store.setup import connect
from tests.faults.reckoning import Measures
from tests.faults.shared import Run, finish
from tests.faults.stage import SESSION_SECONDS, Stage, Worker
from tests.strategies.history import bulk
from tests.waiting import wait_for

#: What a worker says that learnt of the loss of its topics from the database, and from Kafka.
FENCED = "fenced: another worker claimed"
DROPPED = "dropped a batch of topics that were given to another worker"


def steps(run: Run, batches: tuple[int, ...] = (1, 2, 4), each_step: tuple[str, ...] = STEPS) -> Measures:
    """SIGKILL at every named step of a batch, several times each."""
    strikes: Counter[str] = Counter()
    # Events flow until every step was struck, however long the starts take on this machine.
    with run.stage() as stage:
        with stage.flowing(bulk(run.seed, 60_000), per_second=150, cut=True):
            for number in batches:
                for step in each_step:
                    dying = stage.worker(at_step=step, at_batch=number)
                    assert dying.ended(90) == -signal.SIGKILL, dying.text()[-2000:]
                    strikes[step] += f"striking at {step} of batch {number}" in dying.text()
        stage.worker()
        return finish(stage) | {"steps": len(+strikes), "strikes_each": min(strikes.values()), "kills": strikes.total()}


def kill(run: Run, count: int = 200, events: int = 25_000) -> Measures:
    """SIGKILL at random moments; every fourth time the recovery is waited for and measured."""
    choose = Random(run.seed)
    recoveries: list[float] = []
    with run.stage() as stage:
        workers = [stage.worker(), stage.worker()]
        with stage.flowing(bulk(run.seed, events), per_second=events / (count * 2.3)):
            wait_for("the first batch", lambda: any(stage.positions().values()))
            for number in range(count):
                time.sleep(choose.uniform(0.05, 2.0))
                place = choose.randrange(2)
                began = time.monotonic()
                workers[place].end()
                workers[place] = stage.worker()
                if number % 4 == 0:
                    stage.caught_up(60)
                    recoveries.append(time.monotonic() - began)
        if not any(worker.exit_code is None for worker in workers):
            stage.worker()
        measures = finish(stage)
        kills = sum(worker.exit_code == -signal.SIGKILL for worker in stage.workers)
        # Who is too late for its own topics may end for it: that is what code 75 is for, and nothing else is allowed.
        crashed = sum(worker.exit_code != EXIT_LOST for worker in stage.ended())
    return measures | {
        "kills": kills, "crashed": crashed, "recovery_median_s": round(median(recoveries), 1), "recovery_max_s": round(max(recoveries), 1),
    }  # fmt: skip


def stop(run: Run, count: int = 15, events: int = 40_000) -> Measures:
    """SIGSTOP past the session, SIGCONT; also inside a batch, before and while it holds the lock; two workers on overlapping entities."""
    choose = Random(run.seed)
    found: Counter[str] = Counter()
    with run.stage() as stage:
        partner = stage.worker(constants={"IDLE_SECONDS": 4})
        with stage.flowing(bulk(run.seed, events), per_second=80, cut=True):
            wait_for("the first batch", lambda: any(stage.positions().values()), 60)
            for number in range(count):
                stopped = _stopped(stage, "" if number % 3 == 2 else "prepared" if number % 3 == 0 else choose.choice(STEPS), choose)
                time.sleep(SESSION_SECONDS + choose.uniform(1, 4))
                found["stops"] += _state(stopped) == "T"
                stopped.send(signal.SIGCONT)
                wait_for("it to run on", lambda worker=stopped: _state(worker) != "T")
                stopped.process.join(3)
                found["fenced"] += stopped.exit_code == EXIT_LOST and FENCED in stopped.text()
                found["dropped"] += DROPPED in stopped.text()
                found["crashed"] += stopped.exit_code not in (None, EXIT_LOST)
                stopped.end()
        found["partner_ended"] = int(partner.exit_code is not None)
        return finish(stage) | {name: found[name] for name in ("stops", "fenced", "dropped", "crashed", "partner_ended")}


def _stopped(stage: Stage, step: str, choose: Random) -> Worker:
    """Start a worker and stop it, at a step or at a random moment of its work."""
    if step:
        worker = stage.worker(constants={"IDLE_SECONDS": 4}, at_step=step, what="stop", at_batch=1)
        wait_for("the stop", lambda: _state(worker) == "T", 60)
    else:
        worker = stage.worker(constants={"IDLE_SECONDS": 4})
        wait_for("its first batch", lambda: re.search(r"batch \d+:", worker.text()), 60)
        time.sleep(choose.uniform(0, 2))
        worker.send(signal.SIGSTOP)
        wait_for("the stop", lambda: _state(worker) == "T")
    return worker


def _state(worker: Worker) -> str:
    """Return the process's state as Linux tells it, T where it is stopped; nothing where it is gone."""
    try:
        with open(f"/proc/{worker.pid}/stat") as file:  # noqa: PTH123 — a process may end between two looks at a path
            return file.read().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def rebalance(run: Run, count: int = 24, events: int = 40_000) -> Measures:
    """Workers join and leave in good order while batches are in flight; nobody who stays is ended."""
    choose = Random(run.seed)
    with run.stage() as stage:
        stage.worker()
        crew: list[Worker] = []
        with stage.flowing(bulk(run.seed, events), per_second=100, cut=True):
            wait_for("the first batch", lambda: any(stage.positions().values()))
            for _ in range(count):
                if crew and (len(crew) > 2 or choose.random() < 0.5):
                    leaving = crew.pop(choose.randrange(len(crew)))
                    # Before it runs, SIGTERM ends a process as it ends any other.
                    wait_for("the worker to run", lambda worker=leaving: "PollConsumerThread]: Starting" in worker.text(), 60)
                    leaving.send(signal.SIGTERM)
                    assert leaving.ended(40) == 0, f"exit {leaving.exit_code}: {leaving.text()[-2000:]}"
                else:
                    crew.append(stage.worker())
                time.sleep(choose.uniform(1, 5))
        return finish(stage) | {"rebalances": _claims(stage) - 1}


def _claims(stage: Stage) -> int:
    """Return how often the topic that changed hands most often was claimed."""
    with connect(stage.url) as conn:
        row = conn.execute("SELECT coalesce(max(epoch), 0) FROM log.position").fetchone()
    assert row is not None
    return int(row[0])
