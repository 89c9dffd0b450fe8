"""The hub's own Kafka: one node that is broker and controller, on 127.0.0.1 only."""

import base64
import logging
import os
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from exchange_hub.runtime.java import find_java
from exchange_hub.runtime.kafka_jars import provide
from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import Settings

log = logging.getLogger(__name__)

_FORMAT_SECONDS_MAX = 60


@dataclass(frozen=True, slots=True)
class Kafka:
    """What is needed to run the broker."""

    java: Path
    jars: tuple[Path, ...]
    folder: Path
    logs: Path
    heap_mb: int

    @property
    def properties(self) -> Path:
        """The broker's configuration, written anew at each start."""
        return self.folder / "server.properties"

    @property
    def data(self) -> Path:
        """The broker's log folders."""
        return self.folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        """Everything the broker sees of the environment; the class path stands here to keep the command short."""
        return {
            "CLASSPATH": os.pathsep.join(map(str, self.jars)),
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "TZ": "UTC",
        }

    @property
    def command(self) -> list[str]:
        """The broker as a command."""
        return [
            str(self.java),
            f"-Xmx{self.heap_mb}m",
            "-XX:+ExitOnOutOfMemoryError",
            # Measured over 300 000 events on two cores: half the processor time to start, and less to serve too,
            # for a broker whose work is copying bytes.
            "-XX:TieredStopAtLevel=1",
            f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
            "-Djava.awt.headless=true",
            "kafka.Kafka",
            str(self.properties),
        ]


def prepare(settings: Settings, layout: Layout) -> Kafka:
    """Fetches and checks the jars, finds Java and, once, formats the data folder.

    Raises:
        RuntimeProblem: if jars, Java or the folder are not to be had.
    """
    kafka = Kafka(
        java=find_java(settings),
        jars=tuple(provide(settings.cache_folder, settings.kafka.jar_repository)),
        folder=layout.kafka,
        logs=layout.logs,
        heap_mb=settings.kafka.heap_mb,
    )
    kafka.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (kafka.folder / "log4j2.properties").write_text(_log4j(kafka.logs))
    if not kafka.data.exists():
        _format(kafka)
    return kafka


def configure(kafka: Kafka, port: int, controller_port: int) -> None:
    """Writes the broker's configuration for these ports."""
    kafka.properties.write_text(_properties(kafka.data, port, controller_port))


def _format(kafka: Kafka) -> None:
    """Formats a draft folder and renames it, so that a format cut short leaves nothing that looks whole."""
    log.info("Formatting Kafka's data folder %s (once)", kafka.data)
    draft = kafka.folder / "data.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft_properties = kafka.folder / "format.properties"
    draft_properties.write_text(_properties(draft, 1, 2))
    cluster = _cluster_id()
    command = [
        str(kafka.java),
        "-Xmx128m",
        "-XX:TieredStopAtLevel=1",  # half the processor time, as for the broker
        "-XX:+UseSerialGC",  # a sixth less again: it ends before the threads of another collector are of use
        f"-Dlog4j2.configurationFile={kafka.folder / 'log4j2.properties'}",
    ]
    command += ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(draft_properties)]
    try:
        # What it prints is kept out of logs: it may hold keys.
        subprocess.run(  # noqa: S603 - built here, from found binaries
            command,
            env=kafka.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=_FORMAT_SECONDS_MAX,
        )
    except subprocess.SubprocessError as error:
        said = str(getattr(error, "stderr", None) or error).strip().splitlines()
        raise RuntimeProblem(
            f"Kafka's data folder could not be formatted: {said[-1] if said else error}",
            where=str(kafka.folder),
            remedy="Check the disk's free space and this user's rights on the folder.",
        ) from error
    draft_properties.unlink()
    draft.rename(kafka.data)


def _cluster_id() -> str:
    """A new id; not the one in 64 that begins with a hyphen, which the tool takes for an option."""
    cluster = "-"
    while cluster.startswith("-"):
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return cluster


def _properties(data: Path, port: int, controller_port: int) -> str:
    lines = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": data,
        # The hub creates its topics itself, with explicit settings.
        "auto.create.topics.enable": "false",
        # One node: one replica of what the broker keeps for itself, and few partitions of it.
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # A lone worker should not wait for others that never come.
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        # After a crash the broker may not come back before its last session has timed out (9 s by default).
        "broker.heartbeat.interval.ms": 500,
        "broker.session.timeout.ms": 3000,
        # 128 MB by default, a quarter of the heap, for compacting a handful of small topics.
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _log4j(logs: Path) -> str:
    return f"""\
status = error
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {logs}/kafka.log
appender.file.filePattern = {logs}/kafka.log.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{yyyy-MM-dd'T'HH:mm:ss.SSSXXX}} %-5p %c{{1}}: %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3
logger.configuration.name = org.apache.kafka.common.config.AbstractConfig
logger.configuration.level = warn
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
"""
