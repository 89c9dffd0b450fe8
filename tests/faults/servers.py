"""Servers of a test's own that may be killed: a PostgreSQL beside the suite's, and three brokers."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from exchange_hub.runtime import kafka_server
from exchange_hub.runtime.java import find_java
from exchange_hub.runtime.kafka_jars import provide
from exchange_hub.runtime.servers import running
from exchange_hub.runtime.settings import KafkaSettings, Settings
from exchange_hub.views.store.setup import connect
from tests.waiting import wait_for


@dataclass(frozen=True)
class OwnPostgres:
    """A PostgreSQL that this process started and may kill; its warden starts it again."""

    url: str
    data: Path

    def kill(self) -> bool:
        """End the server and its sessions with SIGKILL, as a crash of the machine would: what was not flushed is gone.

        Returns whether there was a server to kill.
        """
        pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        killed = set()
        for process in (pid, *children(pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
                killed.add(process)
        return pid in killed

    def back(self, seconds: float = 40.0) -> None:
        """Wait until it answers again."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                with connect(self.url) as conn:
                    conn.execute("SELECT 1")
                    return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def children(parent: int) -> list[int]:
    """Return the processes that *parent* started."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False)
    return [int(word) for word in listed.stdout.split()]


@contextmanager
def own_postgres(folder: Path, kafka: str = "127.0.0.1:1") -> Iterator[OwnPostgres]:
    """Start a PostgreSQL below *folder*; *kafka* is whatever broker the caller uses."""
    folder.chmod(0o755)
    settings = Settings(data_dir=folder / "own", kafka=KafkaSettings(bootstrap_servers=kafka)).model_copy()
    settings = settings.model_copy(update={"database": settings.database.model_copy(update={"url": None, "shared_buffers_mb": 64})})
    with running(settings) as servers:
        with connect(servers.database_url) as conn:
            row = conn.execute("SHOW data_directory").fetchone()
        assert row is not None
        yield OwnPostgres(servers.database_url, Path(row[0]))


@dataclass
class Broker:
    """One of three brokers; *kills* counts how often it was killed while it ran."""

    number: int
    kafka: kafka_server.Kafka
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0

    def start(self) -> None:
        """Start it, or start it again."""
        with (self.kafka.folder / "out").open("ab") as output:
            self.process = subprocess.Popen(self.kafka.command, env=self.kafka.environment, stdout=output, stderr=output, cwd="/")

    def kill(self) -> None:
        """End it with SIGKILL."""
        if self.process is not None:
            self.kills += self.process.poll() is None
            self.process.kill()
            self.process.wait(20)
            self.process = None


@contextmanager
def three_brokers(folder: Path, password: str | None = None) -> Iterator[tuple[str, list[Broker]]]:
    """Three nodes on loopback, each broker and controller; yield their addresses and themselves.

    With a password they take nobody but users with SCRAM, and as administrator their own user with that password.
    """
    settings = Settings(data_dir=folder)
    java, jars = find_java(settings), tuple(provide(settings.cache_folder, settings.kafka.jar_repository))
    ports = free_ports(6)
    voters = ",".join(f"{number}@127.0.0.1:{ports[2 + number]}" for number in (1, 2, 3))
    cluster = "Zm9yIHRlc3RzIG9mIGZhdQ"
    brokers = []
    for number in (1, 2, 3):
        node = folder / f"node-{number}"
        node.mkdir(parents=True)
        kafka = kafka_server.Kafka(java=java, jars=jars, folder=node, logs=node, heap_mb=384)
        (node / "log4j2.properties").write_text(kafka_server._log4j(node))
        port, controller = ports[number - 1], ports[2 + number]
        kafka.properties.write_text(
            _node(kafka_server._properties(kafka.data, port, controller, password), number, voters)
        )
        command = [str(java), "-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", f"-Dlog4j2.configurationFile={node / 'log4j2.properties'}", "kafka.tools.StorageTool", "format"]
        subprocess.run([*command, "-t", cluster, "-c", str(kafka.properties)], env=kafka.environment, capture_output=True, check=True, timeout=60)
        brokers.append(Broker(number, kafka))
    try:
        for broker in brokers:
            broker.start()
        wait_for("the three brokers to listen", lambda: all(map(_listens, ports[:3])), 120)
        yield ",".join(f"127.0.0.1:{port}" for port in ports[:3]), brokers
    finally:
        for broker in brokers:
            broker.kill()


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def _node(properties: str, number: int, voters: str) -> str:
    """Turn a lone node's configuration into that of one of three."""
    changed = {
        "node.id": number, "controller.quorum.voters": voters, "offsets.topic.replication.factor": 3,
        "transaction.state.log.replication.factor": 3, "transaction.state.log.min.isr": 2,
        "share.coordinator.state.topic.replication.factor": 3, "share.coordinator.state.topic.min.isr": 2,
        "min.insync.replicas": 2, "replica.lag.time.max.ms": 5000,
    }  # fmt: skip
    if "super.users" in properties:
        changed["super.users"] = "User:broker;User:administrator"
    kept = [line for line in properties.splitlines() if line.partition("=")[0] not in changed]
    return "\n".join([*kept, *(f"{name}={value}" for name, value in changed.items())]) + "\n"


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now, below the range of outgoing connections."""
    found: list[int] = []
    for port in random.sample(range(12_000, 20_000), 400):
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("no free ports")
