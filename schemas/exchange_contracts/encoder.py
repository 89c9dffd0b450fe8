"""Encoders compiled per contract: a typed event to its Kafka value in one pass, the counterpart of the decoders.

A general encoder tries the branches of every union and checks every type again; a typed event has passed its class,
so each field is written straight away. ``source_of`` returns the text of a contract's function.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from exchange_contracts.primitives import EPOCH_ORDINAL
from exchange_contracts.registry import Contract
from exchange_contracts.shape import Field, Shape

Encoder = Callable[[Mapping[str, Any]], bytes]
"""Takes a model's fields by name."""

FRAME_MAGIC = b"\0"
PRESENT = b"\x02"
"""The union branch of an optional value that is there."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DAYS_REMEMBERED = 4_096
_SMALL = 1_024


def long(number: int) -> bytes:
    """Return a whole number in Avro's zigzag code."""
    coded = number << 1 if number >= 0 else (~number << 1) | 1
    out = bytearray()
    while coded > 0x7F:
        out.append(coded & 0x7F | 0x80)
        coded >>= 7
    out.append(coded)
    return bytes(out)


_SIZES = [long(number) for number in range(_SMALL)]


def text(value: str) -> bytes:
    """Return a text with its length."""
    raw = value.encode()
    length = len(raw)
    return (_SIZES[length] if length < _SMALL else long(length)) + raw


def unscaled(number: Decimal, scale: int) -> bytes:
    """Return a decimal's unscaled two's complement in the fewest bytes, with its length."""
    whole = int(number.scaleb(scale))
    length = ((whole if whole >= 0 else ~whole).bit_length() >> 3) + 1
    return _SIZES[length] + whole.to_bytes(length, "big", signed=True)


def money(yuan: Decimal) -> bytes:
    """Return an amount as decimal(18,2)."""
    return unscaled(yuan, 2)


def quantity(number: Decimal) -> bytes:
    """Return a quantity as decimal(18,4)."""
    return unscaled(number, 4)


@lru_cache(_DAYS_REMEMBERED)
def day(value: date) -> bytes:
    """Return a date as days since 1970-01-01; an event's dates repeat."""
    return long(value.toordinal() - EPOCH_ORDINAL)


def instant(value: datetime) -> bytes:
    """Return a time as whole milliseconds since 1970 UTC, in integer arithmetic."""
    return long((value - _EPOCH) // _MILLISECOND)


def uuid(value: object) -> bytes:
    """Return a UUID as its canonical text."""
    return text(str(value))


def flag(value: bool) -> bytes:
    """Return a boolean."""
    return b"\x01" if value else b"\0"


def array(values: tuple[Any, ...], write: Callable[[Any], bytes]) -> bytes:
    """Return an array as one block."""
    if not values:
        return b"\0"
    return b"".join((long(len(values)), *map(write, values), b"\0"))


def mapping(entries: Mapping[str, Any], write: Callable[[Any], bytes]) -> bytes:
    """Return a map as one block."""
    if not entries:
        return b"\0"
    parts = (part for key, value in entries.items() for part in (text(key), write(value)))
    return b"".join((long(len(entries)), *parts, b"\0"))


_SCALARS: Mapping[str, Callable[[Any], bytes]] = {
    "text": text,
    "uuid": uuid,
    "int": long,
    "long": long,
    "date": day,
    "instant": instant,
    "money": money,
    "quantity": quantity,
    "boolean": flag,
}


def encoder_of(contract: Contract, codelists: Mapping[str, tuple[str, ...]]) -> Encoder:
    """Compile the function that writes an event's fields as the contract's Kafka value, frame included."""
    environment: dict[str, Any] = {
        "codes": {value: text(value) for values in codelists.values() for value in values},
        "text": text,
        "frame": FRAME_MAGIC + contract.schema_id.to_bytes(4, "big"),
    }
    code = compile(source_of(contract, environment), f"<encoder {contract.event}>", "exec")
    exec(code, environment)  # noqa: S102  # the text comes from the package's own contracts alone
    encoder: Encoder = environment["write"]
    return encoder


def source_of(contract: Contract, environment: dict[str, Any]) -> str:
    """Return the text of a contract's encoder; the functions it calls are put into *environment*."""
    lines = ["def write(r):"]
    parts = ["frame"]
    for number, field in enumerate(contract.fields):
        var = f"v{number}"
        lines += _field_lines(field, var, environment)
        parts.append(var)
    lines.append(f"    return b''.join(({', '.join(parts)}))")
    return "\n".join(lines)


def _field_lines(field: Field, var: str, environment: dict[str, Any]) -> list[str]:
    """Return the lines that make a field's bytes."""
    value = _expression(field.shape, var, f"write_{var}", environment)
    if not field.shape.optional:
        return [f"    {var} = r[{field.name!r}]", f"    {var} = {value}"]
    return [
        f"    {var} = r[{field.name!r}]",
        f"    {var} = {FRAME_MAGIC!r} if {var} is None else {PRESENT!r} + {value}",
    ]


def _expression(shape: Shape, var: str, function: str, environment: dict[str, Any]) -> str:
    """Return the expression that makes the bytes of the value in *var*."""
    if shape.codelist:
        # Code-list values are kept encoded; any other text is for the hub's check to refuse.
        return f"(codes.get({var}) or text({var}))"
    environment[function] = writer_of(shape)
    return f"{function}({var})"


def writer_of(shape: Shape) -> Callable[[Any], bytes]:
    """Return the function that writes a value of a shape that is there."""
    if shape.meaning == "record":
        return _record_writer(shape.fields)
    if shape.inner is None:
        return _SCALARS[shape.meaning]
    item = _optional_writer(shape.inner)
    if shape.meaning == "array":
        return lambda values: array(values, item)
    return lambda entries: mapping(entries, item)


def _optional_writer(shape: Shape) -> Callable[[Any], bytes]:
    """Return the function that writes a value that may be null where its shape allows it."""
    write = writer_of(shape)
    if not shape.optional:
        return write
    return lambda value: FRAME_MAGIC if value is None else PRESENT + write(value)


def _record_writer(fields: tuple[Field, ...]) -> Callable[[Any], bytes]:
    """Return the function that writes a nested model."""
    writers = tuple((field.name, _optional_writer(field.shape)) for field in fields)

    def write(model: Any) -> bytes:
        values = model.__dict__
        return b"".join([write_field(values[name]) for name, write_field in writers])

    return write
