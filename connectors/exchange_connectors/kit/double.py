"""A broker in memory for a bureau's own tests: inspectable, and able to fail as a real one does.

It keeps what a test wants to look at in plain attributes and passes the same behaviour tests as Kafka.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from typing_extensions import override

from exchange_connectors.kit.broker import Broker, Delivery, Message, Record
from exchange_connectors.kit.errors import NotReadyError, PublishError


class _Acknowledged:
    def __init__(self, offset: int) -> None:
        self._offset = offset

    def offset(self) -> int | None:
        return self._offset


class _Silent:
    """A message that never gets an answer: the hang that was seen with a real broker."""

    def offset(self) -> int | None:
        return None


class _Failed:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def offset(self) -> int | None:
        raise self._error


class RecordingBroker(Broker):
    """Topics as lists of records.

    Attributes:
        topics: what lies in each topic, by name.
        silent: this many next messages vanish without an answer.
        stored_but_silent: this many next messages are stored, but the answer is lost.
        failures: errors for the next messages, in order (``TimeoutError``: may be tried again).
        restarts: how often the producer was made anew.
        without: topics that do not exist, or pairs (right, topic) that are not granted.
        hub: part of every topic's id; another one makes this the broker of another hub.
    """

    def __init__(self, *topics: str, hub: str = "hub") -> None:
        self.topics: dict[str, list[Record]] = defaultdict(list, {topic: [] for topic in topics})
        self.silent = 0
        self.stored_but_silent = 0
        self.failures: list[Exception] = []
        self.restarts = 0
        self.without: set[str | tuple[str, str]] = set()
        self.hub = hub

    def append(self, topic: str, value: bytes, key: bytes | None = None) -> int:
        """Put a record into *topic* as somebody else would; return its offset."""
        records = self.topics[topic]
        records.append(Record(len(records), key, value))
        return len(records) - 1

    @override
    def send(self, topic: str, message: Message) -> Delivery:
        if topic in self.without or ("WRITE", topic) in self.without:
            return _Failed(PublishError(f"the broker refused an event for {topic}"))
        if self.failures:
            return _Failed(self.failures.pop(0))
        if self.silent:
            self.silent -= 1
            return _Silent()
        records = self.topics[topic]
        records.append(Record(len(records), message.key, message.value, tuple(message.headers)))
        if self.stored_but_silent:
            self.stored_but_silent -= 1
            return _Silent()
        return _Acknowledged(len(records) - 1)

    @override
    def flush(self, seconds: float) -> None:
        """Nothing is ever under way."""

    @override
    def restart(self) -> None:
        self.restarts += 1

    @override
    def read(self, topic: str, first: int, seconds: float) -> Iterator[Record]:
        if topic in self.without or ("READ", topic) in self.without:
            raise NotReadyError(f"topic {topic} cannot be read")
        yield from self.topics[topic][first:]

    @override
    def end(self, topic: str) -> int:
        return len(self.topics[topic])

    @override
    def missing(self, needs: Sequence[tuple[str, str]]) -> list[str]:
        words = []
        for right, topic in needs:
            if topic in self.without:
                words.append(f"topic {topic} does not exist")
            elif (right, topic) in self.without:
                words.append(f"this user lacks {right} on topic {topic}")
        return words

    @override
    def identity(self, topic: str) -> str:
        return f"{self.hub}-{topic}"

    @override
    def close(self) -> None:
        """Nothing to let go of."""
