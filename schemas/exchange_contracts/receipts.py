"""The receipt: what the hub answers a bureau for a range of its topic. Accepted is implied; exceptions are named."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, NonNegativeInt, PositiveInt

VERSION = 1
"""Of the receipt: it rises where readers of the one before would misread; fields that they may ignore leave it alone."""

Outcome = Literal["duplicate", "rejected", "held", "superseded"]


class ReceiptException(BaseModel):
    """One record that was not simply accepted.

    Attributes:
        offset: place of the record in the topic.
        event_id: id of the event, where it could be read.
        entity_key: business key, where it could be read.
        outcome: ``duplicate`` (same id and facts again), ``rejected``, ``held`` (waits for a fix), or ``superseded``
            (a higher revision had arrived before).
        code: short name of the reason.
        reason: the reason in Chinese: what, where, what to do.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    offset: NonNegativeInt
    event_id: str | None
    entity_key: str | None
    outcome: Outcome
    code: str
    reason: str


class Receipt(BaseModel):
    """The outcome of all records of *topic* from offset *first* up to, not including, *next*.

    Attributes:
        accepted: records of the range that were accepted without an exception.
        exceptions: the others, in order of offsets.
        batch: number of the hub's batch, the order of commits.
        at: when the batch was committed, UTC.
        version: of the receipt; hubs before it was carried wrote the first.
        topic_id: id that Kafka gave *topic*; ``None`` of hubs that did not say it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: str
    first: NonNegativeInt
    next: NonNegativeInt
    accepted: NonNegativeInt
    exceptions: tuple[ReceiptException, ...] = ()
    batch: NonNegativeInt
    at: AwareDatetime
    version: PositiveInt = VERSION
    topic_id: str | None = None

    def to_bytes(self) -> bytes:
        """Return the Kafka value of the receipt: JSON in UTF-8."""
        return self.model_dump_json().encode()

    @classmethod
    def from_bytes(cls, value: bytes) -> "Receipt":
        """Read a Kafka value; raise ``pydantic.ValidationError`` where it is no receipt."""
        return cls.model_validate_json(value)
