"""What the typed event classes are made of: the common part of every event and the types of their fields."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)

from exchange_contracts import identity
from exchange_contracts.formats import FORMATS, NAME_LENGTH_MAX, PROSE_LENGTH_MAX

_NO_ID = UUID(int=0)
_NO_NUL = r"^[^\x00]*$"
_DECIMAL_TEXT = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,4})?")
_WIDE = Context(prec=60)


def _decimal(value: Any) -> Decimal:
    """Take a ``Decimal``, a whole number or a text; a binary fraction is not exact and is refused."""
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _DECIMAL_TEXT.fullmatch(value):
        return Decimal(value)
    # pydantic reports a ValueError with its place; a TypeError would pass through it.
    raise ValueError('金额和数量请写成十进制文本，如 "12.50"，不能用浮点数')


def _exactly(unit: Decimal, limit: Decimal) -> Callable[[Any], Decimal]:
    """Return the validator of a decimal with the places of *unit*, below *limit* either way.

    One function instead of pydantic's chain of constraints: an event of a project has some twenty amounts.
    """
    lowest = -limit

    def validate(value: Any) -> Decimal:
        number = _decimal(value)
        if not lowest < number < limit:
            raise ValueError("数值超出18位")
        exact = number.quantize(unit, context=_WIDE)
        if exact != number:
            raise ValueError(f"小数位数过多，最多{-int(unit.as_tuple().exponent)}位")
        return exact

    return validate


def _utc_millis(value: datetime) -> datetime:
    """Return a time in UTC, cut to milliseconds as Avro keeps it."""
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _text_format(name: str) -> StringConstraints:
    """Return the constraint of a named text format."""
    return StringConstraints(pattern=f"^(?:{FORMATS[name].pattern})$")


Text = Annotated[str, StringConstraints(max_length=NAME_LENGTH_MAX, pattern=_NO_NUL)]
Prose = Annotated[str, StringConstraints(max_length=PROSE_LENGTH_MAX, pattern=_NO_NUL)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=PROSE_LENGTH_MAX, pattern=_NO_NUL)]
"""A reason that the contract requires."""

_DECIMAL_SCHEMA = WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"})
Money = Annotated[Decimal, PlainValidator(_exactly(Decimal("0.01"), Decimal(10**16))), _DECIMAL_SCHEMA]
Quantity = Annotated[Decimal, PlainValidator(_exactly(Decimal("0.0001"), Decimal(10**14))), _DECIMAL_SCHEMA]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]
Instant = Annotated[
    AwareDatetime,
    AfterValidator(_utc_millis),
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]
Int = Annotated[int, Field(ge=-(2**31), lt=2**31, strict=True)]
Long = Annotated[int, Field(ge=-(2**63), lt=2**63, strict=True)]
Month = Annotated[str, _text_format("month")]
Year = Annotated[str, _text_format("year")]
Period = Annotated[str, _text_format("period")]
Uscc = Annotated[str, _text_format("uscc")]
ProjectCode = Annotated[str, _text_format("project_code")]
Token = Annotated[str, _text_format("token")]
Sha256 = Annotated[str, _text_format("sha256")]
Bureau = Annotated[str, _text_format("bureau")]
Key = Annotated[str, _text_format("key")]


class Value(BaseModel):
    """An immutable part of an event."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Origin(Value):
    """Where a row comes from: file, sheet, row (from 1), the unit its money was reported in, and the cells of its fields."""

    file: Text
    sheet: Text
    row: Int
    unit: Text | None = None
    cells: Prose | None = None


class Evidence(Value):
    """A document that supports a row: its kind, number and digest, never its content."""

    kind: Text
    number: Text
    sha256: Sha256 | None = None


class Event(Value):
    """The common part of every event; see the contract's ``doc`` texts for each field.

    ``event_id`` is computed where it is left out.
    """

    family: ClassVar[str] = ""
    subkey: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, family: str = "", subkey: tuple[str, ...] = (), **kwargs: Any) -> None:
        """Take the register family and the sub-key fields as class arguments."""
        super().__init_subclass__(**kwargs)
        cls.family = family
        cls.subkey = subkey

    event_id: UUID = _NO_ID
    bureau: Bureau
    source: Key
    entity_key: Key
    revision: Long
    occurred_on: Day
    recorded_at: Instant
    granularity: Literal["明细", "汇总"] = "明细"
    corrects: UUID | None = None
    reason: Prose | None = None
    origin: Origin | None = None
    evidence: tuple[Evidence, ...] = ()

    def model_post_init(self, _context: Any) -> None:
        """Fill the id where the caller gave none."""
        if self.event_id == _NO_ID:
            # The class is frozen for its users; the id is part of building it.
            self.__dict__["event_id"] = identity.event_id(
                self.source,
                self.family,
                (getattr(self, name) for name in self.subkey),
                self.entity_key,
                self.revision,
            )
