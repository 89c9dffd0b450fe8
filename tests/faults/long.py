"""The long form of each fault: what is done, and what must hold afterwards; every function returns what it measured."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from exchange_contracts import codec
from exchange_hub.cli.worker import EXIT_LOST
from exchange_hub.views.store.commit import STEPS, commit
from exchange_hub.views.worker.pipeline import read_poll
from tests.faults.servers import own_postgres, three_brokers
from tests.faults.stage import ROOT, SESSION_SECONDS, Stage, Worker, cut_connections, staged, wait_for
from tests.strategies.damage import damaged
from tests.strategies.history import TOPICS, History, Reader, bulk
from tests.strategies.store import claimed, committing, database, everything
from tests.strategies.universe import BUREAUS, Item, World, item_of

Measures = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """Servers and seed of a run."""

    kafka: str
    database: str
    seed: int

    @contextmanager
    def stage(self, **options: Any) -> Iterator[Stage]:
        """A district of the fault's own."""
        with tempfile.TemporaryDirectory(prefix="hub-fault-", ignore_cleanup_errors=True) as folder:
            kafka, url = options.pop("kafka", self.kafka), options.pop("database", self.database)
            with staged(kafka, url, Path(folder), **options) as stage:
                yield stage


def finish(stage: Stage, seconds: float = 180.0) -> Measures:
    """Let the views catch up and reckon: lost, doubled and wrong rows are errors."""
    if not any(worker.exit_code is None for worker in stage.workers):
        stage.worker()
    stage.caught_up(seconds)
    found = stage.reckon()
    return {"events": stage.sent, "rows": found.rows, "lost": 0, "doubled": 0, "wrong": 0}


def steps(run: Run) -> Measures:
    """SIGKILL at every named step of a batch, three times each."""
    with run.stage() as stage, stage.flowing(bulk(run.seed, 12_000), per_second=150) as traffic:
        strikes = 0
        for number in (1, 2, 4):
            for step in STEPS:
                dying = stage.worker(at_step=step, at_batch=number)
                wait_for(f"the kill at {step}", lambda worker=dying: worker.exit_code is not None or not traffic.is_alive(), 60)
                if dying.exit_code is None:
                    dying.end()
                    continue
                assert dying.exit_code == -signal.SIGKILL, dying.text()[-2000:]
                strikes += 1
        traffic.join()
        return finish(stage) | {"kills": strikes}


def kill(run: Run, count: int = 200) -> Measures:
    """SIGKILL at random moments; every fourth time the recovery is waited for and measured."""
    choose = Random(run.seed)
    recoveries: list[float] = []
    with run.stage() as stage:
        workers = [stage.worker(), stage.worker()]
        with stage.flowing(bulk(run.seed, 25_000), per_second=55):
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
        ended = [worker for worker in stage.workers if worker.exit_code not in (None, -signal.SIGKILL)]
        assert all(worker.exit_code == EXIT_LOST for worker in ended), ended[0].text()[-2000:]
        measures = finish(stage)
    assert median(recoveries) < 15
    return measures | {"kills": count, "ended": len(ended), "recovery_median_s": round(median(recoveries), 1), "recovery_max_s": round(max(recoveries), 1)}


def stop(run: Run, count: int = 15) -> Measures:
    """SIGSTOP past the session, SIGCONT; also inside a batch that holds the lock; two workers on overlapping entities."""
    choose = Random(run.seed)
    fenced = 0
    with run.stage() as stage:
        partner = stage.worker()
        with stage.flowing(bulk(run.seed, 10_000), per_second=80):
            for number in range(count):
                inside = {"at_step": choose.choice(STEPS), "what": "stop", "at_batch": 1} if number % 2 else {}
                stopped = stage.worker(constants={"IDLE_SECONDS": 4}, **inside)
                if inside:
                    wait_for("the stop", lambda worker=stopped: "striking at" in worker.text() or worker.exit_code is not None, 60)
                else:
                    time.sleep(choose.uniform(2, 5))
                    stopped.send(signal.SIGSTOP)
                time.sleep(SESSION_SECONDS + choose.uniform(1, 4))
                stopped.send(signal.SIGCONT)
                time.sleep(2)
                fenced += stopped.exit_code == EXIT_LOST and "fenced" in stopped.text()
                stopped.end()
                if partner.exit_code is not None:
                    partner = stage.worker()
        return finish(stage) | {"stops": count, "fenced": fenced}


def rebalance(run: Run, count: int = 24) -> Measures:
    """Workers join and leave in good order while batches are in flight; nobody who stays is ended."""
    choose = Random(run.seed)
    with run.stage() as stage:
        first = stage.worker()
        crew: list[Worker] = []
        with stage.flowing(bulk(run.seed, 12_000), per_second=100):
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
        ended = sum(worker.exit_code is not None for worker in [first, *crew])
        return finish(stage) | {"rebalances": count, "ended": ended}


def brokers(run: Run, events: int = 9_000, kills: int = 3, pause_seconds: float = 8.0, *, two_down: bool = True) -> Measures:
    """One of three brokers killed under load, three times; two of three down, then back."""
    choose = Random(run.seed)
    with tempfile.TemporaryDirectory(prefix="hub-brokers-", ignore_cleanup_errors=True) as folder, three_brokers(Path(folder)) as cluster:
        addresses, nodes = cluster
        with run.stage(kafka=addresses, replicas=3) as stage:
            worker = stage.worker()
            with stage.flowing(bulk(run.seed, events), per_second=60):
                wait_for("the first batch", lambda: any(stage.positions().values()), 60)
                for _ in range(kills):
                    time.sleep(pause_seconds / 2)
                    node = choose.choice(nodes)
                    node.kill()
                    time.sleep(pause_seconds)
                    node.start()
                    time.sleep(pause_seconds)
                for node in nodes[:2] if two_down else ():
                    node.kill()
                time.sleep(12 if two_down else 0)
                for node in nodes[:2] if two_down else ():
                    node.start()
            if worker.exit_code is not None:
                stage.worker()
            return finish(stage, 240) | {"kills": kills + 2 * two_down, "worker_restarts": int(worker.exit_code is not None)}


def postgres(run: Run, events: int = 9_000, kills: int = 6, cuts: int = 30) -> Measures:
    """PostgreSQL killed with all its sessions, and connections cut, while events flow: workers go on by themselves."""
    choose = Random(run.seed)
    with (
        tempfile.TemporaryDirectory(prefix="hub-pg-", ignore_cleanup_errors=True) as folder,
        own_postgres(Path(folder), run.kafka) as server,
        run.stage(database=server.url) as stage,
    ):
        worker = stage.worker()
        cut = 0
        with stage.flowing(bulk(run.seed, events), per_second=90):
            wait_for("the first batch", lambda: any(stage.positions().values()))
            for _ in range(kills):
                time.sleep(choose.uniform(2, 6))
                server.kill()
                server.back()
            for _ in range(cuts):
                time.sleep(choose.uniform(0.2, 1.5))
                cut += cut_connections(stage.url)
        stayed = worker.exit_code is None
        return finish(stage) | {"kills": kills, "cuts": cut, "worker_stayed": stayed}


def disk(run: Run) -> Measures:
    """The database's disk fills up and is freed again: the worker waits and goes on by itself."""
    with tempfile.TemporaryDirectory(prefix="hub-disk-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=760m,mode=755", "tmpfs", name], capture_output=True, check=False)
        if mounted.returncode:
            return {"skipped": "no right to mount a small disk"}
        try:
            with own_postgres(folder, run.kafka) as server, run.stage(database=server.url) as stage:
                stage.worker()
                stage.send(bulk(run.seed, 1_000))
                stage.caught_up()
                ballast = server.data.parent / "ballast"
                ballast.touch(mode=0o644)
                _fill(ballast)
                with stage.flowing(bulk(run.seed + 1, 6_000), per_second=600):
                    wait_for("the disk to be full for the worker", lambda: any("trying the same batch again" in w.text() for w in stage.workers), 90)
                    ballast.unlink()
                server.back()
                return finish(stage)
        finally:
            subprocess.run(["umount", "-l", name], capture_output=True, check=False)


def _fill(path: Path) -> None:
    with path.open("wb") as file:
        try:
            while True:
                file.write(b"\0" * (1 << 18))
                file.flush()
        except OSError:
            return


def duplicates(run: Run) -> Measures:
    """Every event five times, shuffled across topics: views and digests as if each had come once."""
    world = World(entities=120, revisions=4, tellings=1, months=3)
    choose = Random(run.seed)
    items = list(_without_conflicts(item_of(choose.getrandbits(30), world) for _ in range(30_000)))
    found = []
    for copies in (1, 5):
        shuffled = items * copies
        choose.shuffle(shuffled)
        with database(run.database) as url:
            conn, context = committing(url)
            reader, history = Reader("one"), History.of(shuffled)
            reader.took(claimed(conn, "one"))
            places = dict.fromkeys(TOPICS, 0)
            while poll := _next_poll(reader, history, places):
                commit(conn, read_poll(poll, context), context)
            tables, digests, _ = everything(conn)
            found.append((digests, {name: tables[name] for name in ("claim", "identity", "unfolded")}))
            conn.close()
    assert found[0][0] == found[1][0]
    assert found[0][1] == found[1][1]
    return {"events": len(items) * 6}


def _without_conflicts(items: Iterable[Item]) -> Iterator[Item]:
    """Leave out events whose id says something else than before: which of them counts depends on their order."""
    told: dict[tuple[str, str], bytes] = {}
    for item in items:
        assert item.value is not None
        contract, facts = codec.decode_facts(item.value)
        digest = codec.facts_digest(contract, facts)
        if told.setdefault((item.bureau, facts["event_id"]), digest) == digest:
            yield item


def _next_poll(reader: Reader, history: History, places: dict[str, int]) -> Any:
    """Read on in slices: the plain reader looks through a whole topic for each poll."""
    from exchange_hub.views.worker.driver import Poll

    records = {topic: history.records[topic][at : at + 1000] for topic, at in places.items() if history.records[topic][at : at + 1]}
    if not records:
        return None
    for topic, batch in records.items():
        places[topic] += len(batch)
    starts = {topic: reader.next[topic] for topic in records}
    ends = {topic: batch[-1].offset + 1 for topic, batch in records.items()}
    reader.next |= ends
    return Poll(1, {topic: reader.claims[topic] for topic in records}, starts, ends, dict(records))


def malformed(run: Run, count: int = 100_000) -> Measures:
    """A hundred thousand malformed records: all classified, no crash, memory flat."""
    choose = Random(run.seed)
    bases = [item_of(choose.getrandbits(30)) for _ in range(400)]

    def items(number: int) -> Iterator[Item]:
        for place in range(number):
            if place % 3:
                yield damaged(choose.choice(bases), choose)
            else:
                yield Item(choose.choice(BUREAUS), None, choose.randbytes(choose.randrange(200)), (), sound=False, event="noise")

    with run.stage() as stage:
        worker = stage.worker(environment={"HUB_WORKER__BATCH_EVENTS_MAX": "5000"})
        stage.send(items(count // 5))
        stage.caught_up(300)
        before = _resident_mb(worker)
        stage.send(items(count - count // 5))
        stage.caught_up(600)
        growth = _resident_mb(worker) - before
        assert worker.exit_code is None, worker.text()[-2000:]
        assert growth < 50, f"the worker grew by {growth:.0f} MB"
        return finish(stage) | {"memory_growth_mb": round(growth, 1)}


def _resident_mb(worker: Worker) -> float:
    for line in Path(f"/proc/{worker.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no resident size")


def clock(run: Run, events: int = 2_000) -> Measures:
    """Workers whose clock is a day ahead or behind: months come from business dates, arrival from the broker."""
    sent = 0
    for offset in (-86_400.0, 86_400.0):
        with run.stage() as stage:
            stage.worker(clock_offset_seconds=offset)
            stage.send(bulk(run.seed, events))
            sent += int(finish(stage)["events"])
    return {"events": sent, "wrong_months": 0}


def mutations(_run: Run) -> Measures:
    """Each guarantee switched off: its test must turn red."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/faults/test_mutations.py"], cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"HUB_KAFKA__BOOTSTRAP_SERVERS": _run.kafka, "HUB_DATABASE__URL": _run.database},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    return {"mutations": done.stdout.strip().splitlines()[-1]}
