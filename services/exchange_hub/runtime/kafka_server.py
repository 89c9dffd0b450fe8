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
from exchange_hub.runtime.secret_files import kept_secret, write_closed
from exchange_hub.runtime.settings import KafkaSettings, Settings

log = logging.getLogger(__name__)

_FORMAT_SECONDS_MAX = 60
#: The broker's own user, which may do everything.
BROKER = "broker"


@dataclass(frozen=True, slots=True)
class External:
    """The listener for other machines, which speaks TLS alone and knows no user but those of SCRAM."""

    host: str
    port: int
    pem: Path


@dataclass(frozen=True, slots=True)
class Kafka:
    """What is needed to run the broker."""

    java: Path
    jars: tuple[Path, ...]
    folder: Path
    logs: Path
    heap_mb: int
    password: str | None = None
    external: "External | None" = None

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


def prepare(settings: Settings, layout: Layout, *, secured: bool = True) -> Kafka:
    """Fetches and checks the jars, finds Java and, once, formats the data folder.

    A folder that an earlier version made is taken over as it is: users and rights are records of the cluster like any others,
    and the broker's own user stands in its configuration.

    Raises:
        RuntimeProblem: if jars, Java or the folder are not to be had.
    """
    kafka = Kafka(
        java=find_java(settings),
        jars=tuple(provide(settings.cache_folder, settings.kafka.jar_repository)),
        folder=layout.kafka,
        logs=layout.logs,
        heap_mb=settings.kafka.heap_mb,
        password=kept_secret(layout.kafka_password(BROKER)) if secured else None,
        external=_external(settings.kafka, layout) if secured else None,
    )
    kafka.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (kafka.folder / "log4j2.properties").write_text(_log4j(kafka.logs))
    if not kafka.data.exists():
        _format(kafka)
    return kafka


def administrator(layout: Layout) -> KafkaSettings:
    """How the administrator of the hub's own Kafka reaches it."""
    return KafkaSettings().as_user(BROKER, layout.kafka_password(BROKER), "PLAIN")


def _external(kafka: KafkaSettings, layout: Layout) -> External | None:
    """The listener that leaves the machine.

    Raises:
        RuntimeProblem: it is asked for, and has no certificate, or one that others may read.
    """
    if kafka.external_host is None:
        return None
    pem = kafka.external_pemfile or layout.certificate
    if not pem.exists():
        raise RuntimeProblem(
            "Kafka would leave this machine without TLS: there is no certificate.", where=str(pem),
            remedy=f"Make one with `hub certificate {kafka.external_host}`, or name yours in HUB_KAFKA__EXTERNAL_PEMFILE. Nothing was started.",
        )  # fmt: skip
    if pem.stat().st_mode & 0o077:
        raise RuntimeProblem("Others than its owner may read the key of Kafka's certificate.", where=str(pem), remedy=f"chmod 600 {pem}")
    return External(kafka.external_host, kafka.external_port, pem)


def configure(kafka: Kafka, port: int, controller_port: int) -> None:
    """Writes the broker's configuration for these ports."""
    write_closed(kafka.properties, _properties(kafka.data, port, controller_port, kafka.password, kafka.external))


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


def _security(port: int, controller_port: int, password: str) -> dict[str, str]:
    """Who gets in: users with SCRAM, and the broker itself, which is its own administrator, with a password of its configuration.

    The controller asks for the same: one that takes anybody would let a stranger grant itself everything.
    """
    plain = f'org.apache.kafka.common.security.plain.PlainLoginModule required username="{BROKER}" password="{password}" user_{BROKER}="{password}";'
    clients, controller = "listener.name.sasl_plaintext", "listener.name.controller"
    return {
        "listeners": f"SASL_PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"SASL_PLAINTEXT://127.0.0.1:{port}",
        "listener.security.protocol.map": "SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "inter.broker.listener.name": "SASL_PLAINTEXT",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        f"{clients}.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        f"{clients}.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        f"{clients}.plain.sasl.jaas.config": plain,
        f"{controller}.sasl.enabled.mechanisms": "PLAIN",
        f"{controller}.plain.sasl.jaas.config": plain,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{BROKER}",
        "allow.everyone.if.no.acl.found": "false",
    }


def _leaving(external: External, own: dict[str, str]) -> dict[str, str]:
    """What the listener for other machines adds to the configuration of the broker's own."""
    listener = "listener.name.external"
    more = {
        "listeners": f"EXTERNAL://0.0.0.0:{external.port}",
        "advertised.listeners": f"EXTERNAL://{external.host}:{external.port}",
        "listener.security.protocol.map": "EXTERNAL:SASL_SSL",
    }
    return {name: f"{own[name]},{value}" for name, value in more.items()} | {
        f"{listener}.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        f"{listener}.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        f"{listener}.ssl.keystore.type": "PEM",
        f"{listener}.ssl.keystore.location": str(external.pem),
        f"{listener}.ssl.enabled.protocols": "TLSv1.3,TLSv1.2",
    }


def _properties(data: Path, port: int, controller_port: int, password: str | None = None, external: External | None = None) -> str:
    lines: dict[str, object] = {
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
    if password is not None:
        own = _security(port, controller_port, password)
        lines |= own | (_leaving(external, own) if external is not None else {})
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
