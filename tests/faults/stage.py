"""A district of its own on the suite's servers: traffic, workers to hurt, and the final reckoning."""

import contextlib
import multiprocessing
import os
import re
import secrets
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import UnknownTopicOrPartitionError

from exchange_connectors.kit import batches
from exchange_contracts.topics import events_topic
from exchange_hub.processes.compose import Hub
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import DatabaseSettings, KafkaSettings, Settings
from exchange_hub.runtime.topics import administration, end_offsets, ensure_topics
from exchange_hub.views.queries import log
from exchange_hub.views.store.setup import connect
from tests.asking import asked
from tests.faults.reckoning import Acknowledged, Reckoning, Record, gone
from tests.faults.worker_process import Orders, run
from tests.oracle.compare import told, verdict
from tests.oracle.outcomes import Said, decoded
from tests.oracle.rules import Rules
from tests.platform import empty_database
from tests.strategies.universe import BUREAUS, Item
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
#: A bureau with topics of which the traffic has no event: where it stands in an order of precedence changes no row.
SILENT = "tax"
#: Kafka gives a silent worker's topics away after this many seconds.
SESSION_SECONDS = 2.0

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["tests.faults.worker_process", "tests.faults.worker_ready"])


@dataclass
class Worker:
    """A worker process.

    Attributes:
        process: the process.
        output: file with its output.
        asked: whether a test asked for its end, by a signal or by its orders.
    """

    process: Any
    output: Path
    asked: bool = False

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process.pid
        return int(self.process.pid)

    @property
    def exit_code(self) -> int | None:
        """How it ended, ``None`` while it runs; negative for a signal."""
        code: int | None = self.process.exitcode
        return code

    def text(self) -> str:
        """What it wrote."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this one process."""
        if self.exit_code is None:
            self.asked |= number in (signal.SIGKILL, signal.SIGTERM)
            os.kill(self.pid, number)

    def end(self) -> None:
        """Kill it and wait."""
        self.send(signal.SIGKILL)
        self.process.join(10)

    def ended(self, seconds: float = 30.0) -> int:
        """Wait for its end and return the exit code."""
        self.process.join(seconds)
        assert self.exit_code is not None, f"still runs after {seconds} s:\n{self.text()[-2000:]}"
        return self.exit_code


@dataclass
class Stage:
    """Where a fault happens.

    Attributes:
        hub: settings and district.
        kafka: bootstrap servers.
        url: database.
        folder: outputs and the district's folder.
        known: (topic, record) → whether the record was sent as a sound event.
        acknowledged: what brokers acknowledged.
        workers: all workers started, in their order.
        clients: how the stage's own clients reach a secured Kafka; the hub's user is another one.
    """

    hub: Hub
    kafka: str
    url: str
    folder: Path
    known: dict[tuple[str, Record], bool] = field(default_factory=dict)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
    clients: KafkaSettings = field(default_factory=KafkaSettings)

    @property
    def environment(self) -> dict[str, str]:
        """Settings of the workers."""
        return {
            "HUB_KAFKA__BOOTSTRAP_SERVERS": self.kafka, "HUB_DATABASE__URL": self.url,
            "HUB_DISTRICT": str(self.hub.settings.district), "HUB_DATA_DIR": str(self.folder / "data"),
            "HUB_METRICS__PORT": "0", "HUB_WORKER__SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
            "HUB_WORKER__BATCH_EVENTS_MAX": "500", "HUB_KAFKA__REPLICATION_FACTOR": str(self.hub.settings.kafka.replication_factor),
            **self._security,
        }  # fmt: skip

    @property
    def _security(self) -> dict[str, str]:
        kafka = self.hub.settings.kafka
        if kafka.password is None:
            return {}
        return {
            "HUB_KAFKA__SECURITY_PROTOCOL": kafka.security_protocol, "HUB_KAFKA__USERNAME": str(kafka.username),
            "HUB_KAFKA__PASSWORD": kafka.password.get_secret_value(),
        }  # fmt: skip

    def topic(self, bureau: str) -> str:
        """Return a bureau's event topic."""
        return events_topic(self.hub.district.id, bureau)

    @property
    def topics(self) -> dict[str, str]:
        """Topic → bureau of the bureaus that the traffic uses."""
        return {self.topic(bureau): bureau for bureau in BUREAUS}

    def worker(self, **orders: Any) -> Worker:
        """Start a worker."""
        output = self.folder / f"worker-{len(self.workers)}.log"
        environment = self.environment | orders.pop("environment", {})
        process = _forking.Process(target=run, args=(Orders(environment, output, **orders),), daemon=True)
        process.start()
        worker = Worker(process, output, asked=bool(orders.get("at_step")) and orders.get("what", "kill") == "kill")
        self.workers.append(worker)
        return worker

    def producer(self, **options: Any) -> KafkaProducer:
        """A producer with every guarantee."""
        given = {"acks": "all", "linger_ms": 5, "compression_type": None} | self.clients.client_options() | options
        return KafkaProducer(bootstrap_servers=self.kafka.split(","), **given)

    def note(self, item: Item) -> tuple[str, Record]:
        """Remember what is about to be sent."""
        topic, record = self.topic(item.bureau), Record(item.key, item.value, item.headers)
        self.known[topic, record] = item.sound
        return topic, record

    def send(self, items: Iterable[Item], per_second: float = 0.0, stop: threading.Event | None = None) -> int:
        """Publish items, throttled; returns when all are acknowledged."""
        producer = self.producer()
        began, count = time.monotonic(), 0
        underway = []
        for item in items:
            if stop is not None and stop.is_set():
                break
            topic, record = self.note(item)
            future = producer.send(topic, key=record.key, value=record.value, headers=list(record.headers))
            underway.append((future, topic, record))
            count += 1
            if per_second and count % 20 == 0 and (ahead := began + count / per_second - time.monotonic()) > 0:
                time.sleep(ahead)
        self.acknowledged += [Acknowledged(topic, future.get(60).offset, record) for future, topic, record in underway]
        producer.close()
        return count

    @contextmanager
    def flowing(self, items: Iterable[Item], per_second: float, *, cut: bool = False) -> Iterator[threading.Thread]:
        """Let events flow beside what happens in the block; on leaving, all have been sent, or with *cut* as many as could be."""
        failed: list[BaseException] = []
        stop = threading.Event()

        def flow() -> None:
            try:
                self.send(items, per_second, stop)
            except BaseException as error:  # noqa: BLE001 — handed to the test below
                failed.append(error)

        thread = threading.Thread(target=flow, daemon=True)
        thread.start()
        try:
            yield thread
        except BaseException:
            stop.set()
            raise
        finally:
            if cut:
                stop.set()
            thread.join(900)
        if failed:
            raise failed[0]
        assert not thread.is_alive(), "the traffic did not end in 15 minutes"

    def positions(self) -> dict[str, int]:
        """Topic → next offset as stored."""
        with connect(self.url) as conn:
            return stored_positions(conn)

    def ends(self) -> dict[str, int]:
        """Topic → end of what was committed; a broker that is just starting is asked again."""

        def asked() -> dict[str, int]:
            try:
                with administration(self.kafka, self.clients) as admin:
                    return end_offsets(admin, sorted(self.topics))
            except RuntimeProblem:
                return {}

        found: dict[str, int] = wait_for("Kafka to tell the ends of the topics", asked, 60, 0.5)
        return found

    def caught_up(self, seconds: float = 60.0) -> None:
        """Wait until every position has reached the end of its topic."""
        ends = self.ends()

        def reached(conn: psycopg.Connection) -> bool:
            stored = stored_positions(conn)
            if not any(worker.exit_code is None for worker in self.workers):
                raise AssertionError("no worker runs any more")
            return all(stored.get(topic, 0) >= end for topic, end in ends.items())

        try:
            with connect(self.url) as conn:
                wait_for("the positions to reach the ends of the topics", lambda: reached(conn), seconds, 0.1)
        except AssertionError as error:
            stored = self.positions()
            behind = {topic: (stored.get(topic), end) for topic, end in ends.items() if stored.get(topic, 0) < end}
            logs = "\n".join(f"--- {w.output.name} exit {w.exit_code}\n{w.text()[-1500:]}" for w in self.workers[-3:])
            raise AssertionError(f"{error}; behind: {behind}\n{logs}") from None

    def lying(self) -> dict[tuple[str, int], tuple[Record, int]]:
        """Read the topics back from Kafka: (topic, offset) → record and its time of arrival in milliseconds."""
        batches.install()
        consumer = KafkaConsumer(
            bootstrap_servers=self.kafka.split(","), group_id=None, enable_auto_commit=False, auto_offset_reset="earliest",
            isolation_level="read_committed", check_crcs=False, **self.clients.client_options(),
        )  # fmt: skip
        partitions = [TopicPartition(topic, 0) for topic in self.topics]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        found: dict[tuple[str, int], tuple[Record, int]] = {}
        deadline = time.monotonic() + 60
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            assert time.monotonic() < deadline, "the topics could not be read back in 60 s"
            for partition, records in consumer.poll(timeout_ms=200, max_records=5000).items():
                for each in records:
                    found[partition.topic, each.offset] = Record(each.key, each.value, tuple(each.headers)), each.timestamp
        consumer.close()
        return found

    def reckoned(self, schema: str = "live") -> Reckoning:
        """Compare the store with the oracle, with what was acknowledged, and the published balance with the topics."""
        due = self.hub._due_on
        district = self.hub.district
        plans = tuple((plan.kind, plan.bureau, plan.domain, plan.title) for plan in district.plans)
        rules = Rules(district.ranking, due, frozenset(district.publishers()), plans, district.counting_step, self.hub.rules().longer, tasks=self.hub.rules().tasks, towns=self.hub.rules().towns)
        lying = {place: record for place, (record, _) in self.lying().items()}
        said: dict[str, list[Said]] = {bureau: [] for bureau in self.topics.values()}
        for (topic, offset), record in lying.items():
            sound = self.known.get((topic, record), False) and record.value is not None
            said[self.topics[topic]].append(decoded(offset, record.value or b"") if sound else Said(offset, None))
        with connect(self.url) as conn:
            found = verdict(conn, said, rules, schema)
            stored = {(self.topic(bureau), offset) for bureau, offset in told(conn)}
        balance = asked(self.url, log.balance)
        unbalanced = [f"{line}" for line in balance if line.difference]
        data = {line.bureau: line.data_records for line in balance}
        unbalanced += [
            f"{bureau}: {data.get(bureau, 0)} data records in the store, {len(records)} in Kafka"
            for bureau, records in said.items() if data.get(bureau, 0) != len(records)
        ]  # fmt: skip
        return Reckoning(found, gone(self.acknowledged, lying, stored), unbalanced, len(lying), len(self.acknowledged))

    def reckon(self, schema: str = "live") -> Reckoning:
        """Compare, and fail in words where anything differs."""
        found = self.reckoned(schema)
        assert found.right, str(found)
        return found

    def ended(self) -> list[Worker]:
        """Return the workers that ended without being asked to."""
        return [worker for worker in self.workers if worker.exit_code is not None and not worker.asked]

    def close(self) -> None:
        """End the workers that this stage started."""
        for worker in self.workers:
            worker.end()


def stored_positions(conn: psycopg.Connection) -> dict[str, int]:
    """Topic → next offset as stored."""
    return dict(conn.execute("SELECT t.name, p.next_off FROM log.position p JOIN log.topic t USING (topic_no)").fetchall())


def district_folder(folder: Path, name: str) -> Path:
    """Copy the sample district under another id: topics and group of its own, and only for the bureaus that the traffic uses.

    Each topic costs the broker and every worker some milliseconds, at each of a hundred stages.
    """
    target = folder / "district"
    shutil.copytree(ROOT / "deploy/districts/wuqing", target, ignore=shutil.ignore_patterns("samples", "connectors"))
    text = (target / "district.toml").read_text(encoding="utf-8")
    (target / "district.toml").write_text(text.replace('id = "wuqing"', f'id = "{name}"', 1), encoding="utf-8")
    head, *bureaus = (target / "bureaus.toml").read_text(encoding="utf-8").split("[[bureau]]\n")
    quiet = [re.sub(r"^publishes = .*\n", "", text, flags=re.MULTILINE).replace("name =", "publishes = false\nname =", 1) for text in bureaus]
    kept = [text if any(f'code = "{code}"' in text for code in (*BUREAUS, SILENT)) else silent for text, silent in zip(bureaus, quiet, strict=True)]
    (target / "bureaus.toml").write_text("[[bureau]]\n".join([head, *kept]), encoding="utf-8")
    return target


@contextmanager
def staged(
    kafka: str, server_url: str, folder: Path, replicas: int = 1, change: Callable[[Path], None] = lambda _district: None,
    user: KafkaSettings | None = None, clients: KafkaSettings | None = None,
) -> Iterator[Stage]:  # fmt: skip
    """A stage with its own district, topics and database, ready to be written to.

    Args:
        kafka: bootstrap servers.
        server_url: database of the server on which the stage makes its own.
        folder: for outputs and the district.
        replicas: of each topic.
        change: edits the district's folder first.
        user: how the hub reaches a secured Kafka.
        clients: how the stage's own clients do, who may everything.
    """
    name = f"f{secrets.token_hex(4)}"
    district = district_folder(folder, name)
    change(district)
    with empty_database(server_url) as url:
        settings = Settings(
            district=district, data_dir=folder / "data",
            kafka=user or KafkaSettings(bootstrap_servers=kafka, replication_factor=replicas), database=DatabaseSettings(url=url),
        )  # fmt: skip
        stage = Stage(Hub.load(settings), kafka, url, folder, clients=clients or KafkaSettings())
        try:
            stage.hub.prepare_store(url)
            with administration(kafka, stage.clients) as admin:
                ensure_topics(admin, [*stage.hub.event_topics, *stage.hub.receipt_topics.values()], replicas)
            yield stage
        finally:
            stage.close()
            # A request that is sent again after it was done finds them gone.
            with administration(kafka, stage.clients) as admin, contextlib.suppress(UnknownTopicOrPartitionError):
                admin.delete_topics([*stage.hub.event_topics, *stage.hub.receipt_topics.values()])


def cut_connections(url: str, like: str = "hub worker %") -> int:
    """Cut the workers' connections to the database; return how many."""
    with connect(url, "fault") as conn:
        rows = conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s AND datname = current_database()",
            (like,),
        ).fetchall()
    return len(rows)


