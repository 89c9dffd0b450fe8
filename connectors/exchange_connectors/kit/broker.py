"""Kafka as the kit uses it: a producer, a reader from a stated position, and a self-check that answers in words.

The two brokers, this one and the double in :mod:`exchange_connectors.kit.double`, pass the same behaviour tests.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from kafka import KafkaConsumer, KafkaProducer, TopicPartition, errors
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from typing_extensions import override

from exchange_connectors.kit import batches
from exchange_connectors.kit.access import Access, UnreachableError, opened
from exchange_connectors.kit.errors import NotReadyError, PublishError
from exchange_connectors.settings import KafkaSettings

T = TypeVar("T")
Header = tuple[str, bytes]

_FINAL = (
    errors.AuthorizationError,
    errors.InvalidTopicError,
    errors.MessageSizeTooLargeError,
    errors.PolicyViolationError,
    errors.RecordListTooLargeError,
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedVersionError,
)
"""Refusals that no repetition cures; anything else (also a lost producer id) is cured by a new producer and the spool."""

_UNKNOWN_TOPIC, _TOPIC_DENIED = 3, 29
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it goes to Kafka."""

    key: bytes
    value: bytes
    headers: list[Header]


@dataclass(frozen=True, slots=True)
class Record:
    """A message as it lies in a topic."""

    offset: int
    key: bytes | None
    value: bytes
    headers: tuple[Header, ...] = ()


class Delivery(Protocol):
    """What becomes of one sent message."""

    def offset(self) -> int | None:
        """Return the offset once acknowledged, ``None`` while under way.

        Raises:
            PublishError: refused for good.
            TimeoutError: not known to have arrived; may be sent again.
        """


class Broker(Protocol):
    """What the publisher needs of a broker."""

    def send(self, topic: str, message: Message) -> Delivery:
        """Hand over *message* for the topic's only partition; does not wait."""

    def flush(self, seconds: float) -> None:
        """Wait up to *seconds* for what is under way; says nothing of success."""

    def restart(self) -> None:
        """Drop the producer with everything under way and make a new one."""

    def read(self, topic: str, first: int, seconds: float) -> Iterator[Record]:
        """Yield committed records from offset *first* to the end found at the call, within *seconds*."""

    def end(self, topic: str) -> int:
        """Return the offset the next committed record will have."""

    def missing(self, needs: Sequence[tuple[str, str]]) -> list[str]:
        """Return in words what is missing for *needs*, pairs of right (READ, WRITE) and topic."""

    def identity(self, topic: str) -> str:
        """Return the id of a topic that :meth:`missing` was asked for: unlike its name, no other topic ever has it."""

    def close(self) -> None:
        """Let go of connections."""


class _KafkaDelivery:
    """Wraps kafka-python's future."""

    __slots__ = ("_future", "_topic")

    def __init__(self, future: object, topic: str) -> None:
        self._future = future
        self._topic = topic

    def offset(self) -> int | None:
        future = self._future
        if not future.is_done:  # type: ignore[attr-defined]  # kafka-python is untyped
            return None
        error = future.exception  # type: ignore[attr-defined]  # kafka-python is untyped
        if error is None:
            return int(future.value.offset)  # type: ignore[attr-defined]  # kafka-python is untyped
        if isinstance(error, _FINAL):
            raise PublishError(f"the broker refused an event for {self._topic}: {error!r}")
        raise TimeoutError(f"{self._topic}: {error!r}")


class KafkaBroker(Broker):
    """kafka-python with the settings that lose nothing: idempotent producer, acks of all, committed reads only."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._producer: KafkaProducer | None = None
        self._reader: KafkaConsumer | None = None
        self._ids: dict[str, str] = {}

    def _open(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = self._client(
                KafkaProducer,
                acks="all",
                enable_idempotence=True,
                compression_type="lz4",
                linger_ms=self._settings.linger_ms,
                batch_size=256 * 1024,
                delivery_timeout_ms=max(31_000, int(self._settings.acknowledge_seconds_max * 1000)),
                max_block_ms=int(self._settings.start_seconds_max * 1000),
                allow_auto_create_topics=False,
            )
        return self._producer

    @property
    def _access(self) -> Access:
        return Access.of(self._settings.bootstrap_servers, self._settings)

    def _client(self, make: Callable[..., T], **options: object) -> T:
        try:
            return opened(make, self._access, self._settings.start_seconds_max, **self._settings.client(), **options)
        except UnreachableError as error:
            raise NotReadyError(str(error)) from error

    @override
    def send(self, topic: str, message: Message) -> Delivery:
        try:
            future = self._open().send(
                topic, key=message.key, value=message.value, headers=message.headers, partition=0
            )
        except _FINAL as error:
            raise PublishError(f"an event for {topic} cannot be sent: {error!r}") from error
        except KafkaError as error:
            raise TimeoutError(f"{topic}: {error!r}") from error
        return _KafkaDelivery(future, topic)

    @override
    def flush(self, seconds: float) -> None:
        if self._producer is not None:
            try:
                self._producer.flush(timeout=seconds)
            except KafkaError:
                return  # the deliveries themselves say what became of them

    @override
    def restart(self) -> None:
        if self._producer is not None:
            producer, self._producer = self._producer, None
            producer.close(timeout=0)

    @override
    def read(self, topic: str, first: int, seconds: float) -> Iterator[Record]:
        partition = TopicPartition(topic, 0)
        deadline = time.monotonic() + seconds
        try:
            consumer = self._consumer()
            consumer.assign([partition])
            end = consumer.end_offsets([partition])[partition]
            begin = consumer.beginning_offsets([partition])[partition]
            consumer.seek(partition, max(first, begin))
            while consumer.position(partition) < end:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{topic} was not read to its end within {seconds:g} s")
                polled = consumer.poll(timeout_ms=int(_POLL_SECONDS * 1000), max_records=5000)
                for record in polled.get(partition, ()):
                    headers = tuple((name, bytes(value)) for name, value in record.headers)
                    yield Record(record.offset, record.key, record.value, headers)
        except KafkaError as error:
            raise NotReadyError(f"topic {topic} cannot be read: {error!r}") from error

    def _consumer(self) -> KafkaConsumer:
        """Return the one reader; it follows no group: positions lie with the data."""
        if self._reader is None:
            batches.install()
            self._reader = self._client(
                KafkaConsumer,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                allow_auto_create_topics=False,
                fetch_max_wait_ms=50,
            )
        return self._reader

    @override
    def end(self, topic: str) -> int:
        partition = TopicPartition(topic, 0)
        try:
            return int(self._consumer().end_offsets([partition])[partition])
        except KafkaError as error:
            raise NotReadyError(f"topic {topic} cannot be read: {error!r}") from error

    @override
    def missing(self, needs: Sequence[tuple[str, str]]) -> list[str]:
        deadline = time.monotonic() + self._settings.start_seconds_max
        described = None
        while described is None:
            try:
                described = self._described([topic for _, topic in needs])
            except NotReadyError as error:
                return [str(error)]
            except KafkaError as error:
                # Of several brokers one may have gone this moment: asked anew, another answers.
                if isinstance(error, _FINAL) or time.monotonic() >= deadline:
                    return [f"Kafka at {self._settings.bootstrap_servers} does not describe topics: {error!r}"]
                time.sleep(_POLL_SECONDS)
        self._ids.update((name, str(topic["topic_id"])) for name, topic in described.items())
        return [words for right, topic in needs if (words := self._lack(right, topic, described.get(topic)))]

    def _described(self, topics: list[str]) -> dict[str, Mapping[str, Any]]:
        """Return what a broker tells of topics, by a client of its own."""
        admin = self._client(KafkaAdminClient)
        try:
            return {topic["name"]: topic for topic in admin.describe_topics(topics)}
        finally:
            admin.close()

    @override
    def identity(self, topic: str) -> str:
        return self._ids[topic]

    def _lack(self, right: str, topic: str, described: Mapping[str, Any] | None) -> str | None:
        """Say in words what keeps *right* on *topic* from being used, or ``None``."""
        if described is None or described["error_code"] == _UNKNOWN_TOPIC:
            return f"topic {topic} does not exist; ask the hub's operators to add the bureau (hub bureau add)"
        if described["error_code"] == _TOPIC_DENIED:
            return self._access.lack(right, "topic", topic)
        operations = described["authorized_operations"]
        return None if operations is None or right in operations else self._access.lack(right, "topic", topic)

    @override
    def close(self) -> None:
        self.restart()
        if self._reader is not None:
            reader, self._reader = self._reader, None
            reader.close()
