"""Reaching a broker, and what to do where it refuses: which user, which right, on what, and the command that grants it.

kafka-python tries again until its time is over and then says only that it could not; the cause stands in its log alone.
Here the cause is taken from there, one that no repetition cures ends the waiting, and it is told in words.
"""

import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

from kafka import errors
from kafka.errors import KafkaError
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport
from typing_extensions import override

T = TypeVar("T")

#: The first try is given so long, each later one twice as long: a refusal is told soon, and a slow broker has its time.
_FIRST_TRY_SECONDS = 1.0
#: A right as Kafka's protocol calls it → as its tool does.
_FOR_THE_TOOL = {
    "READ": "Read",
    "WRITE": "Write",
    "CREATE": "Create",
    "DESCRIBE": "Describe",
    "DESCRIBE_CONFIGS": "DescribeConfigs",
}


def _hears_last_words(received: Callable[[Any], tuple[bytes, Exception | None]]) -> Callable[[Any], tuple[bytes, Exception | None]]:
    """Let a transport hand over what arrived together with the connection's end; the end is noticed at the next reading.

    A broker says why it refuses a user and hangs up at once. kafka-python 3.0.12 drops what it has read as soon as it sees
    the end, so that on a busy machine a wrong password looked like a broken line.
    """

    def heard(transport: Any) -> tuple[bytes, Exception | None]:
        data, end = received(transport)
        return data, None if data else end

    return heard


KafkaTCPTransport._sock_recv = _hears_last_words(KafkaTCPTransport._sock_recv)  # noqa: SLF001 — nothing public stands between a socket and its client
KafkaSSLTransport._sock_recv = _hears_last_words(KafkaSSLTransport._sock_recv)  # noqa: SLF001 — as above


class Settings(Protocol):
    """The settings of hub and connectors, as far as they say who reaches which broker how."""

    @property
    def security_protocol(self) -> str:
        """Protocol, as Kafka names it."""

    @property
    def sasl_mechanism(self) -> str:
        """How the user proves who it is."""

    @property
    def username(self) -> str | None:
        """Name of the user."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who reaches which broker how.

    Attributes:
        servers: addresses, comma-separated.
        protocol: ``PLAINTEXT``, ``SSL``, ``SASL_PLAINTEXT`` or ``SASL_SSL``.
        mechanism: how the user proves who it is, with a SASL protocol.
        user: name of the user, with a SASL protocol.
    """

    servers: str
    protocol: str
    mechanism: str
    user: str | None

    @classmethod
    def of(cls, servers: str, settings: Settings) -> Self:
        """Return the access that settings speak of."""
        sasl = settings.security_protocol.startswith("SASL")
        return cls(servers, settings.security_protocol, settings.sasl_mechanism, settings.username if sasl else None)

    @classmethod
    def of_client(cls, config: Mapping[str, Any]) -> Self:
        """Return the access of a client of kafka-python, from its configuration."""
        servers = config["bootstrap_servers"]
        protocol = config["security_protocol"]
        user = config["sasl_plain_username"] if protocol.startswith("SASL") else None
        return cls(servers if isinstance(servers, str) else ",".join(servers), protocol, str(config["sasl_mechanism"]), user)

    @property
    def principal(self) -> str:
        """The user as Kafka's rights name it."""
        if self.user is not None:
            return f"User:{self.user}"
        return "User:ANONYMOUS" if self.protocol == "PLAINTEXT" else "User:<subject of the client certificate>"

    def lack(self, right: str, kind: str, name: str) -> str:
        """Say that *right* on a resource is missing, and how it is granted."""
        return (
            f"{self.principal} lacks {right} on {kind} {name}; whoever administers Kafka grants it: kafka-acls.sh "
            f"--bootstrap-server {self.servers} --command-config <administrator's settings> --add "
            f"--allow-principal {self.principal} --operation {_FOR_THE_TOOL[right]} --{kind} {name}"
        )


class UnreachableError(Exception):
    """No client could be opened.

    Attributes:
        what: what the broker did.
        remedy: what to do.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


def opened(make: Callable[..., T], access: Access, seconds_max: float, **options: Any) -> T:
    """Open a client of kafka-python.

    Args:
        make: the client's class.
        access: who reaches which broker; told where that fails.
        seconds_max: how long a broker that does not answer is waited for; one that refuses is not.
        options: all other options of the client.

    Raises:
        UnreachableError: it was refused, or no broker answered in time.
    """
    deadline = time.monotonic() + seconds_max
    servers = [server.strip() for server in access.servers.split(",")]
    seconds = _FIRST_TRY_SECONDS
    while True:
        left = deadline - time.monotonic()
        with _causes() as causes:
            try:
                return make(bootstrap_servers=servers, **options | {"bootstrap_timeout_ms": int(min(seconds, max(left, 0.1)) * 1000)})
            except KafkaError as error:
                refused = next((words for cause in (*causes, error) if (words := _refusal(cause, access)) is not None), None)
                if refused is not None:
                    raise UnreachableError(*refused) from error
                if left <= seconds:
                    telling = [cause for cause in causes if not isinstance(cause, errors.KafkaTimeoutError)]
                    raise UnreachableError(*_silence(telling[-1] if telling else error, access)) from error
        seconds *= 2


def _refusal(cause: BaseException, access: Access) -> tuple[str, str] | None:
    """Say what a broker refused and what to do, or return ``None`` where trying again may help."""
    told, where = str(cause), f"Kafka at {access.servers}"
    if isinstance(cause, errors.UnsupportedSaslMechanismError) or "UnsupportedSaslMechanism" in told:
        return f"{where} does not offer {access.mechanism} ({told})", "set HUB_KAFKA__SASL_MECHANISM to one that it offers"
    if isinstance(cause, (errors.SaslAuthenticationFailedError, errors.IllegalSaslStateError)):
        return (
            f"{where} refuses the user {access.user} ({access.mechanism}): {told}",
            (
                "check HUB_KAFKA__USERNAME and HUB_KAFKA__PASSWORD; whoever administers Kafka makes a user: kafka-configs.sh "
                f"--bootstrap-server {access.servers} --command-config <administrator's settings> --alter "
                f"--add-config '{access.mechanism}=[password=…]' --entity-type users --entity-name {access.user}"
            ),
        )
    if isinstance(cause, ssl.SSLError) or "SSL" in told or "Handshake failed" in told:
        return (
            f"no TLS connection with {where}: {told}",
            "check HUB_KAFKA__SECURITY_PROTOCOL (does that address speak TLS?) and HUB_KAFKA__SSL_CAFILE (who signed its certificate?)",
        )
    return None


def _silence(cause: BaseException, access: Access) -> tuple[str, str]:
    """Say why no broker answered in time, and what to do; a broker that is starting hangs up too, for a moment."""
    where = f"Kafka at {access.servers}"
    if "disconnected" in str(cause) or "timed out" in str(cause):
        return (
            f"{where} hangs up on, or is silent to, a connection by {access.protocol} ({cause})",
            "check HUB_KAFKA__SECURITY_PROTOCOL: that address may speak SASL_SSL, SASL_PLAINTEXT, SSL or PLAINTEXT",
        )
    return f"{where} does not answer ({cause})", "check that it runs; HUB_KAFKA__BOOTSTRAP_SERVERS names it, or HUB_DATA_DIR the hub of this machine"


@contextmanager
def _causes() -> Iterator[Sequence[BaseException]]:
    """Collect what kafka-python's connections tell in its log inside the block."""
    collecting = _Collecting()
    log = logging.getLogger("kafka.net")
    log.addHandler(collecting)
    try:
        yield collecting.found
    finally:
        log.removeHandler(collecting)


class _Collecting(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[BaseException] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        given = record.args if isinstance(record.args, tuple) else ()
        self.found += [each for each in given if isinstance(each, BaseException)]
