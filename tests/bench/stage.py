"""The stage: servers in a folder of their own, districts by another name for other data sets, topics and databases."""

import json
import multiprocessing
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from kafka import KafkaProducer

from exchange_contracts.topics import events_topic
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.program import make_topics
from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.servers import running
from exchange_hub.runtime.settings import Settings
from exchange_hub.runtime.topics import administration, end_offsets
from exchange_hub.views.store.setup import connect
from tests.bench.dataset import SHARES, messages

SAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "districts" / "wuqing"
#: Smaller slices are published by this process itself.
ALONE_EVENTS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class DataSet:
    """A number of slices on the topics of a district that exists for them alone."""

    district: str
    slice_events: int
    slices: int

    @property
    def events(self) -> int:
        """All events of the set."""
        return self.slice_events * self.slices

    @property
    def topics(self) -> dict[str, str]:
        """Topic → bureau, of the bureaus that publish."""
        return {events_topic(self.district, bureau): bureau for bureau in SHARES}


@dataclass(frozen=True, slots=True)
class Stage:
    """Servers that run, and where files go."""

    folder: Path
    bootstrap_servers: str
    database_url: str
    servers: dict[str, int]

    def settings(self, district: str, url: str | None = None) -> Settings:
        """Settings of a district on these servers."""
        return Settings.model_validate({
            "district": self.district_folder(district), "data_dir": self.folder / district,
            "kafka": {"bootstrap_servers": self.bootstrap_servers}, "database": {"url": url or self.database_url},
        })  # fmt: skip

    def district_folder(self, district: str) -> Path:
        """The sample district under another name: other topics, the same rules."""
        folder = self.folder / "districts" / district
        if not folder.exists():
            shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("samples", "connectors", "__pycache__"))
            profile = folder / "district.toml"
            profile.write_text(re.sub(r'(?m)^id = "\w+"', f'id = "{district}"', profile.read_text()))
        return folder

    def environment(self, district: str, url: str) -> dict[str, str]:
        """What a `hub` process of the district needs in its environment."""
        return {
            **os.environ, "HUB_DISTRICT": str(self.district_folder(district)), "HUB_DATA_DIR": str(self.folder / district),
            "HUB_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap_servers, "HUB_DATABASE__URL": url, "HUB_METRICS__PORT": "0",
            "HUB_WORKER__STALL_SECONDS": "600",
        }  # fmt: skip

    @contextmanager
    def database(self, district: str) -> Iterator[str]:
        """A database of its own with the log and empty views, dropped afterwards."""
        name = f"bench_{secrets.token_hex(4)}"
        with connect(self.database_url) as conn:
            conn.execute(f"CREATE DATABASE {name}".encode())
        head, _, tail = self.database_url.partition("?")
        url = f"{head.rpartition('/')[0]}/{name}" + (f"?{tail}" if tail else "")
        try:
            Hub.load(self.settings(district, url)).prepare_store(url)
            yield url
        finally:
            with connect(self.database_url) as conn:
                conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
                conn.execute(b"CHECKPOINT")

    @contextmanager
    def topics(self, district: str) -> Iterator[dict[str, int]]:
        """Topics of a district for one use, with their end offsets; deleted afterwards."""
        hub = Hub.load(self.settings(district))
        make_topics(hub, self.bootstrap_servers)
        names = [*hub.event_topics, *hub.receipt_topics.values()]
        try:
            with administration(self.bootstrap_servers) as admin:
                ends = end_offsets(admin, names)
            yield ends
        finally:
            with administration(self.bootstrap_servers) as admin:
                admin.delete_topics(names)
            shutil.rmtree(self.district_folder(district))

    def ends(self, data: DataSet) -> dict[str, int]:
        """Topic → offset after its last record, for all topics of the district."""
        hub = Hub.load(self.settings(data.district))
        with administration(self.bootstrap_servers) as admin:
            return end_offsets(admin, list(hub.event_topics))

    def provide(self, data: DataSet, first: int = 0) -> float:
        """Publish the slices from *first* on that are not there yet; return the seconds it took."""
        hub = Hub.load(self.settings(data.district))
        make_topics(hub, self.bootstrap_servers)
        began = time.monotonic()
        for slice_no in range(first, data.slices):
            ends = self.ends(data)
            if sum(ends[topic] for topic in data.topics) >= (slice_no + 1) * data.slice_events:
                continue
            if data.slice_events < ALONE_EVENTS_MAX:
                _produce(self.bootstrap_servers, data, slice_no, list(SHARES))
                continue
            with multiprocessing.get_context("spawn").Pool(2) as pool:
                pool.starmap(_produce, [(self.bootstrap_servers, data, slice_no, half) for half in _halves()])
        return time.monotonic() - began


def _halves() -> list[list[str]]:
    """Two groups of bureaus with about equal work."""
    return [["commerce"], [bureau for bureau in SHARES if bureau != "commerce"]]


def _produce(bootstrap_servers: str, data: DataSet, slice_no: int, bureaus: Sequence[str]) -> None:
    producer = KafkaProducer(
        bootstrap_servers=bootstrap_servers.split(","), acks="all", compression_type="lz4", linger_ms=50, batch_size=256 * 1024
    )
    for bureau in bureaus:
        topic = events_topic(data.district, bureau)
        for message in messages(bureau, slice_no, data.slice_events):
            producer.send(topic, key=message.key, value=message.value, headers=message.headers)
    producer.flush()
    producer.close()


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Start servers in *folder*, which keeps the published data sets from run to run."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    settings = Settings(data_dir=folder / "servers")
    with running(settings, secured=False) as servers:
        yield Stage(folder, servers.bootstrap_servers, servers.database_url, _pids(settings, servers.database_url))


def _pids(settings: Settings, url: str) -> dict[str, int]:
    """Server → process id, where the servers are of this machine and folder."""
    try:
        processes = json.loads(Layout(settings.data_folder).processes.read_text())
    except (OSError, ValueError):
        return {}
    return {name: int(pid) for name, pid in processes.get("pids", {}).items() if pid}


def hub_process(stage: Stage, district: str, url: str, *arguments: str, log: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a `hub` process."""
    with (log or stage.folder / f"{arguments[0]}.log").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "exchange_hub", *arguments], env=stage.environment(district, url), stdout=output, stderr=output
        )


def end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask processes to end, and make sure that they do."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def reached(conn: psycopg.Connection) -> tuple[int, dict[str, int]]:
    """Return the records that the store has passed, and owner → topics."""
    rows = conn.execute("SELECT owner, count(*), sum(next_off) FROM log.position GROUP BY owner").fetchall()
    return int(sum(row[2] for row in rows)), {row[0]: row[1] for row in rows}


__all__ = ["DataSet", "Stage", "end", "hub_process", "reached", "stage"]
