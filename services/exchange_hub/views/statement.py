"""From a Kafka record to a statement: decode and check one event, without clock, I/O or framework.

Three outcomes are named: a :class:`Statement` that may be folded, a :class:`Rejection` that keeps the bytes with
all problems found, and a :class:`Held` event whose fold fails although the event is sound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

#: Makes a named tuple of all its values: ``new(Row, (…))`` is ``Row(…)`` at a third of the price. For what every event needs.
new = tuple.__new__


class Record(NamedTuple):
    """A record as it lies on a topic.

    Attributes:
        topic_no: number of the topic in the store.
        off: Kafka offset.
        arrived_ms: LogAppendTime, milliseconds since 1970 in UTC.
        key: Kafka key, or ``None``.
        value: Kafka value; ``None`` for a tombstone.
        headers: Kafka headers in their order.
    """

    topic_no: int
    off: int
    arrived_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


#: Topic number and offset of a record.
Place = tuple[int, int]


class ClaimKey(NamedTuple):
    """Names a claim: what one bureau says of one entity of a kind."""

    kind: str
    bureau: str
    entity: str


class Fact(NamedTuple):
    """The value of a register: what a statement says of it.

    Attributes:
        event: name of the event type.
        revision: the source's revision of the register.
        digest: digest of the facts (16 bytes); of equal revisions the higher digest wins.
        withdrawn: true where the register is taken back.
        facts: decoded facts; money in fen, dates in days, times in milliseconds.
        before: the statement that it stands against, the next lower one by (revision, digest); ``None`` for the first of all.
    """

    event: str
    revision: int
    digest: bytes
    withdrawn: bool
    facts: Mapping[str, Any]
    before: "Fact | None" = None


class Statement(NamedTuple):
    """What one event says, checked: the unit that the event log keeps and the fold reads.

    Attributes:
        record: the record it was read from.
        event_id: id of the event, unique within its topic.
        schema_id: id of the contract it was written with.
        key: the claim that it is part of; its entity is the source's business key.
        register: event family and sub-key, for example ``progress:2026-10``.
        fact: what the register says.
        occurred_on: business date, days since 1970-01-01.
    """

    record: Record
    event_id: str
    schema_id: int
    key: ClaimKey
    register: str
    fact: Fact
    occurred_on: int


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that cannot become part of any list, kept whole.

    Attributes:
        record: the record with its bytes.
        code: machine-readable reason, the label of the metric.
        reason: all problems in Chinese, for the bureau.
        event_id: id of the event where it could be read.
        entity: key of the entity where it could be read.
    """

    record: Record
    code: str
    reason: str
    event_id: str | None = None
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A sound event whose fold fails; it waits, and later events of its key wait behind it.

    Attributes:
        statement: the event.
        reason: why, for operators (English) — the exception in words.
        behind: offset of the held event it waits for, or ``None`` where it failed itself.
    """

    statement: Statement
    reason: str
    behind: int | None = None


class Claim(NamedTuple):
    """What one bureau says of one entity: a map of registers."""

    key: ClaimKey
    registers: Mapping[str, Fact]


class Row(NamedTuple):
    """A row of a list view.

    Attributes:
        list: name of the list.
        key: key of the row.
        values: the list's columns; absent ones are empty.
        bureaus: who told of the row, sorted; ``None`` where everybody did who is in the component.
    """

    list: str
    key: str
    values: Mapping[str, Any]
    bureaus: tuple[str, ...] | None = None
