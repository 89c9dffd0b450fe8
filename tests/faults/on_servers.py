"""Faults of servers, the long form of each: brokers, the database and its disk. Every function returns what it measured."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from prometheus_client import REGISTRY

from exchange_connectors.kit import Publisher, PublishError
from exchange_connectors.settings import KafkaSettings
from exchange_contracts import codec, envelope
from exchange_contracts.model import Event
from exchange_contracts.topics import COORDINATION
from exchange_hub.processes.relay import run_relay
from exchange_hub.runtime import metrics
from exchange_hub.views.store.setup import connect
from tests.faults.reckoning import Measures
from tests.faults.servers import Broker, own_postgres, three_brokers
from tests.faults.shared import Run, finish
from tests.faults.stage import Stage, cut_connections
from tests.strategies.history import bulk
from tests.strategies.universe import Item
from tests.waiting import wait_for

#: The bureau whose connector publishes while brokers are away.
_BUREAU = "industry"
#: After so many seconds the relay counts that Kafka does not answer.
_RELAY_WAITS = 30.0
#: What a worker says while the database is away.
_RETRIED = "trying the same batch again"


def brokers(run: Run, events: int = 9_000, kills: int = 3, pause_seconds: float = 8.0, down_seconds: float = 35.0) -> Measures:
    """One of three brokers killed under load, several times; two of three down, which everybody sees, then back."""
    choose = Random(run.seed)
    with tempfile.TemporaryDirectory(prefix="hub-brokers-", ignore_cleanup_errors=True) as folder, three_brokers(Path(folder)) as cluster:
        addresses, nodes = cluster
        with run.stage(kafka=addresses, replicas=3) as stage, _relaying(stage) as meters:
            stage.worker()
            with stage.flowing(bulk(run.seed, events), per_second=60, cut=True):
                wait_for("the first batch", lambda: any(stage.positions().values()), 60)
                for _ in range(kills):
                    time.sleep(pause_seconds / 2)
                    node = choose.choice(nodes)
                    node.kill()
                    time.sleep(pause_seconds)
                    node.start()
                    time.sleep(pause_seconds)
                seen = _two_down(stage, nodes[:2], meters, down_seconds)
            measures = finish(stage, 240)
            wait_for("the relay to have told everything", lambda: _untold(stage) == 0, 150, 0.3)  # what failed is tried again when its claim is stale
            return measures | seen | {"kills": sum(node.kills for node in nodes), "untold": _untold(stage)}


def _two_down(stage: Stage, nodes: list[Broker], meters: metrics.Meters, seconds: float) -> Measures:
    """Kill most brokers; what a bureau and an operator see is kept, and what was published meanwhile arrives afterwards."""
    settings = KafkaSettings(bootstrap_servers=stage.kafka, acknowledge_seconds_max=60)
    item = next(item for item in bulk(77, 500) if item.bureau == _BUREAU and item.sound and item.value)
    assert item.value is not None
    event = codec.decode(item.value)
    stage.note(_as_sent(event))
    with Publisher(settings, stage.hub.district.id, _BUREAU, stage.folder / "spool.sqlite") as publisher:
        refused, missed = _refused(), _missed(meters)
        for node in nodes:
            node.kill()
        began = time.monotonic()
        publisher.publish(event)
        with pytest.raises(PublishError, match="stay in the spool") as told:
            publisher.flush(min(4.0, seconds))
        time.sleep(max(0.0, began + seconds - time.monotonic()))
        if seconds >= _RELAY_WAITS:
            wait_for("the relay to count that Kafka is away", lambda: _missed(meters) > missed, 60)
        seen = {"connector_refused": _refused() - refused, "relay_missed": _missed(meters) - missed, "connector_said": str(told.value)}
        for node in nodes:
            node.start()
        publisher.flush(60)
        return seen | {"spooled": publisher.spooled()}


def _as_sent(event: Event) -> Item:
    return Item(_BUREAU, event.entity_key.encode(), codec.encode(event), tuple(envelope.headers(event)), sound=True, event=type(event).__name__)


def _refused() -> float:
    """What the connector's own metric says of events that nobody acknowledged."""
    return REGISTRY.get_sample_value("connector_publish_errors_total", {"bureau": _BUREAU, "kind": "unacknowledged"}) or 0.0


def _missed(meters: metrics.Meters) -> float:
    """What the hub's own metric says of Kafka being away."""
    return meters.registry.get_sample_value(metrics.PUBLISH_ERRORS.name, {"bureau": COORDINATION}) or 0.0


def _untold(stage: Stage) -> int:
    with connect(stage.url) as conn:
        row = conn.execute("SELECT count(*) FROM log.receipt_range WHERE published_at IS NULL").fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def _relaying(stage: Stage) -> Iterator[metrics.Meters]:
    """Let the hub's relay run beside the fault; yield its metrics."""
    stop, meters = threading.Event(), metrics.Meters()
    thread = threading.Thread(target=run_relay, args=(stage.hub, stage.kafka, stage.url, stop, meters), daemon=True)
    thread.start()
    try:
        yield meters
        assert thread.is_alive(), "the relay ended"
    finally:
        stop.set()
        thread.join(60)


def postgres(run: Run, events: int = 9_000, kills: int = 6, cuts: int = 30) -> Measures:
    """PostgreSQL killed with all its sessions, and connections cut, while events flow: the same worker goes on by itself."""
    choose = Random(run.seed)
    with (
        tempfile.TemporaryDirectory(prefix="hub-pg-", ignore_cleanup_errors=True) as folder,
        own_postgres(Path(folder), run.kafka) as server,
        run.stage(database=server.url) as stage,
    ):
        worker = stage.worker()
        killed = cut = 0
        with stage.flowing(bulk(run.seed, events), per_second=90, cut=True):
            wait_for("the first batch", lambda: any(stage.positions().values()), 60)
            for _ in range(kills):
                time.sleep(choose.uniform(2, 6))
                before = worker.text().count(_RETRIED)
                killed += server.kill()
                server.back()
                wait_for("the worker to have tried its batch again", lambda before=before: worker.text().count(_RETRIED) > before, 60)
            for _ in range(cuts):
                time.sleep(choose.uniform(0.2, 1.5))
                cut += wait_for("a connection to cut", lambda: cut_connections(stage.url), 60)
        retried = sum(worker.text().count(_RETRIED) for worker in stage.workers)
        return finish(stage) | {"kills": killed, "cuts": cut, "retried": retried}


def disk(run: Run, events: int = 6_000) -> Measures:
    """The database's disk fills up and is freed again: the same worker waits and goes on by itself."""
    with tempfile.TemporaryDirectory(prefix="hub-disk-", ignore_cleanup_errors=True) as name:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=760m,mode=755", "tmpfs", name], capture_output=True, check=False)
        if mounted.returncode:
            return {"skipped": "no right to mount a small disk"}
        try:
            with own_postgres(Path(name), run.kafka) as server, run.stage(database=server.url) as stage:
                worker = stage.worker()
                stage.send(bulk(run.seed, 1_000))
                stage.caught_up()
                with stage.flowing(bulk(run.seed + 1, events), per_second=600):
                    # No ballast: a disk that is only as large as what lies on it is as full, and costs no memory.
                    _resize(name, _used_kb(name) + 64)
                    wait_for("the disk to be full for the worker", lambda: _RETRIED in worker.text(), 90)
                    left = os.statvfs(name)
                    _resize(name, 760 * 1024)
                server.back()
                return finish(stage) | {"left_kb": left.f_bavail * left.f_frsize >> 10, "retried": worker.text().count(_RETRIED)}
        finally:
            subprocess.run(["umount", "-l", name], capture_output=True, check=False)


def _used_kb(folder: str) -> int:
    found = os.statvfs(folder)
    return (found.f_blocks - found.f_bfree) * found.f_frsize >> 10


def _resize(folder: str, kilobytes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", folder], capture_output=True, check=True)
