"""A broker that authenticates and authorises, with an administrator who gives and takes rights."""

import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    UserScramCredentialUpsertion,
)
from pydantic import SecretStr

from exchange_hub.runtime import kafka_server
from exchange_hub.runtime.java import find_java
from exchange_hub.runtime.kafka_jars import provide
from exchange_hub.runtime.settings import KafkaSettings, Settings
from exchange_hub.runtime.topics import administration
from tests.faults.servers import Broker, free_ports

ADMIN = "admin"
PASSWORD = "only-for-tests"
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"


@dataclass
class Secured:
    """A secured broker.

    Attributes:
        servers: its address.
        broker: the process.
    """

    servers: str
    broker: Broker

    def settings(self, user: str = ADMIN, password: str = PASSWORD, **more: object) -> KafkaSettings:
        """Return how *user* reaches it."""
        return KafkaSettings(
            bootstrap_servers=self.servers, security_protocol="SASL_PLAINTEXT", username=user, password=SecretStr(password), **more
        )  # type: ignore[arg-type]

    def administration(self) -> AbstractContextManager[KafkaAdminClient]:
        """Return a client of the administrator."""
        return administration(self.servers, self.settings())

    def add_user(self, user: str) -> None:
        """Make a user who may nothing."""
        with self.administration() as admin:
            [error] = admin.alter_user_scram_credentials([UserScramCredentialUpsertion(user, "SCRAM-SHA-512", PASSWORD)]).values()
        assert error is None, error

    def grant(self, user: str, kind: str, name: str, *operations: str, prefixed: bool = False) -> None:
        """Let *user* do *operations* on a resource."""
        pattern = ACLResourcePatternType.PREFIXED if prefixed else ACLResourcePatternType.LITERAL
        acls = [
            ACL(f"User:{user}", "*", ACLOperation[operation], ACLPermissionType.ALLOW, ResourcePattern(ResourceType[kind], name, pattern))
            for operation in operations
        ]
        with self.administration() as admin:
            assert not admin.create_acls(acls)["failed"]

    def deny(self, user: str, kind: str, name: str, operation: str) -> None:
        """Refuse *user* one operation on a resource, whatever else is granted."""
        acl = ACL(f"User:{user}", "*", ACLOperation[operation], ACLPermissionType.DENY, ResourcePattern(ResourceType[kind], name))
        with self.administration() as admin:
            assert not admin.create_acls([acl])["failed"]

    def take_back_denials(self, user: str) -> None:
        """Take back every denial of *user*."""
        which = ACLFilter(f"User:{user}", "*", ACLOperation.ANY, ACLPermissionType.DENY, ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY))
        with self.administration() as admin:
            admin.delete_acls([which])


@contextmanager
def secured_broker(folder: Path) -> Iterator[Secured]:
    """Start one with SCRAM, ACLs and a controller that authenticates too."""
    settings = Settings(data_dir=folder)
    folder.mkdir(parents=True, exist_ok=True)
    kafka = kafka_server.Kafka(
        java=find_java(settings), jars=tuple(provide(settings.cache_folder, settings.kafka.jar_repository)), folder=folder, logs=folder, heap_mb=384,
    )  # fmt: skip
    (folder / "log4j2.properties").write_text(kafka_server._log4j(folder))
    port, controller = free_ports(2)
    kafka.properties.write_text(_secured(kafka_server._properties(kafka.data, port, controller), port, controller))
    command = [str(kafka.java), "-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}", "kafka.tools.StorageTool", "format"]
    scram = f"SCRAM-SHA-512=[name={ADMIN},password={PASSWORD}]"
    subprocess.run(
        [*command, "-t", "c2VjdXJlZCBmb3IgdGVzdA", "-c", str(kafka.properties), "--add-scram", scram], env=kafka.environment, capture_output=True,
        check=True, timeout=60,
    )  # fmt: skip
    broker = Broker(1, kafka)
    broker.start()
    found = Secured(f"127.0.0.1:{port}", broker)
    try:
        _answers(found)
        yield found
    finally:
        broker.kill()


def _answers(secured: Secured) -> None:
    admin = KafkaAdminClient(bootstrap_servers=secured.servers, bootstrap_timeout_ms=60_000, reconnect_backoff_max_ms=200, **secured.settings().client_options())
    admin.close()


def _secured(properties: str, port: int, controller: int) -> str:
    """Turn the configuration of an open node into that of one which authenticates and authorises."""
    login = f'required username="{ADMIN}" password="{PASSWORD}"'
    changed = {
        "listeners": f"SASL_PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"SASL_PLAINTEXT://127.0.0.1:{port}",
        "listener.security.protocol.map": "SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "inter.broker.listener.name": "SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config": f"{_SCRAM} {login};",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": f'{_PLAIN} {login} user_{ADMIN}="{PASSWORD}";',
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN}",
        "allow.everyone.if.no.acl.found": "false",
    }
    kept = [line for line in properties.splitlines() if line.partition("=")[0] not in changed]
    return "\n".join([*kept, *(f"{name}={value}" for name, value in changed.items())]) + "\n"
