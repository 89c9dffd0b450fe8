"""Framing and Avro: an event to the bytes of a Kafka value and back.

Framing is Confluent's: a zero byte, the schema id in four bytes, the Avro body; serializers of other languages write
the same. Decoded *facts* are a plain dict for folds: money is a whole number of fen, a quantity a ``Decimal`` with
four places, a date days since 1970-01-01, a time milliseconds since then (UTC), an id a lower-case text.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from io import BytesIO
from typing import Any, Literal, NamedTuple

import fastavro
import orjson
from pydantic import ValidationError

from exchange_contracts import registry
from exchange_contracts.decoder import Decoder, Facts, decoder_of, said_of
from exchange_contracts.encoder import Encoder, encoder_of
from exchange_contracts.model import Event
from exchange_contracts.primitives import EPOCH_ORDINAL, BadValueError, MalformedError
from exchange_contracts.registry import Contract
from exchange_contracts.shape import Shape

DecodeCode = Literal["unreadable", "unknown_schema", "trailing_bytes", "too_large", "bad_value"]

VALUE_BYTES_MAX = 1 << 20
"""Largest value that is decoded at all; the largest sensible event has some 30 KiB."""

DIGEST_BYTES = 16
_FRAME_BYTES = 5
_SCHEMA_ID_LIMIT = 1 << 16
"""Ids beyond this are never looked up, so that random ids cannot fill the cache."""


class DecodeError(Exception):
    """A Kafka value that is no event.

    Attributes:
        code: short name of the reason, a metric label.
        reason: the reason in Chinese, for the receipt.
    """

    def __init__(self, code: DecodeCode, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code: DecodeCode = code
        self.reason = reason

    def __reduce__(self) -> tuple[type["DecodeError"], tuple[DecodeCode, str]]:
        return type(self), (self.code, self.reason)


@cache
def _reader(schema_id: int) -> tuple[Contract, Decoder] | None:
    """Return the newest contract and the decoder of a schema id, or ``None`` where the id is unknown."""
    contracts = registry.load()
    try:
        written = contracts.by_id(schema_id)
    except KeyError:
        return None
    newest = contracts.latest(written.event)
    return newest, decoder_of(written, newest, contracts.codelists)


def decode_facts(value: bytes) -> tuple[Contract, Facts]:
    """Decode a Kafka value into its contract (the event's newest version) and facts.

    Fields that later versions added are filled from their defaults.

    Raises:
        DecodeError: the value is no event, or holds what no database or fold could take.
    """
    length = len(value)
    if length > VALUE_BYTES_MAX:
        raise DecodeError("too_large", f"消息共{length}字节，超过上限{VALUE_BYTES_MAX}字节")
    if length < _FRAME_BYTES or value[0] != 0:
        raise DecodeError("unreadable", "消息开头不是约定的5字节帧头，请使用统一的发送程序")
    schema_id = int.from_bytes(value[1:_FRAME_BYTES], "big")
    reader = _reader(schema_id) if schema_id < _SCHEMA_ID_LIMIT else None
    if reader is None:
        raise DecodeError("unknown_schema", f"契约编号{schema_id}不在登记表内，请更新发送程序")
    contract, read = reader
    try:
        facts, end = read(value, _FRAME_BYTES)
    except BadValueError as error:
        raise DecodeError("bad_value", str(error)) from error
    except MalformedError as error:
        raise DecodeError("unreadable", f"消息正文不符合契约{contract.event}：{error}") from error
    except UnicodeDecodeError as error:
        raise DecodeError("unreadable", f"消息正文不符合契约{contract.event}：文本不是UTF-8编码") from error
    except IndexError as error:
        raise DecodeError("unreadable", f"消息正文不符合契约{contract.event}：内容不完整") from error
    if end != length:
        if end > length:
            raise DecodeError("unreadable", f"消息正文不符合契约{contract.event}：内容不完整")
        raise DecodeError("trailing_bytes", f"消息正文之后多出{length - end}字节")
    return contract, facts


def written_with(value: bytes) -> Contract:
    """Return the very version of a contract that a decodable value was written with."""
    return registry.load().by_id(int.from_bytes(value[1:_FRAME_BYTES], "big"))


def decode(value: bytes) -> Event:
    """Decode a Kafka value into a typed event; raise :class:`DecodeError` as :func:`decode_facts` does."""
    contract, facts = decode_facts(value)
    return event_of(contract, facts)


def class_of(event: str) -> type[Event]:
    """Return the typed class of an event; ``KeyError`` where there is none."""
    from exchange_contracts.events import EVENTS  # noqa: PLC0415 - who decodes facts alone, as workers do, need not wait for forty classes

    return EVENTS[event]


def event_of(contract: Contract, facts: Mapping[str, Any]) -> Event:
    """Return facts as the typed event; raise :class:`DecodeError` where the class refuses them."""
    typed = {field.name: _typed(field.shape, facts[field.name]) for field in contract.fields}
    try:
        return class_of(contract.event).model_validate(typed)
    except ValidationError as error:
        places = dict.fromkeys(".".join(map(str, each["loc"])) for each in error.errors())
        raise DecodeError("bad_value", f"字段 {'、'.join(places)} 不符合契约{contract.event}") from error


def _typed(shape: Shape, value: Any) -> Any:
    """Return a fact as the value that the typed class holds."""
    if value is None:
        return None
    match shape.meaning:
        case "money":
            return Decimal(value).scaleb(-2)
        case "date":
            return date.fromordinal(EPOCH_ORDINAL + value)
        case "instant":
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
        case "array" if shape.inner is not None:
            return tuple(_typed(shape.inner, item) for item in value)
        case "map" if shape.inner is not None:
            return {key: _typed(shape.inner, item) for key, item in value.items()}
        case "record":
            return {field.name: _typed(field.shape, value[field.name]) for field in shape.fields}
    return value


def fact_of(shape: Shape, value: Any) -> Any:
    """Return a value of a typed event as the decoded fact: the other way round from :func:`event_of`."""
    if value is None or value == "":
        return {} if shape.meaning == "map" else [] if shape.meaning == "array" else None
    match shape.meaning:
        case "money":
            return int(Decimal(value).scaleb(2))
        case "date":
            return value.toordinal() - EPOCH_ORDINAL
        case "array" if shape.inner is not None:
            return [fact_of(shape.inner, item) for item in value]
        case "map" if shape.inner is not None:
            return {key: fact_of(shape.inner, item) for key, item in value.items()}
    return value


def encode(event: Event) -> bytes:
    """Return the Kafka value of a typed event: frame and Avro body in the event's newest contract."""
    frame, schema = _writer(type(event))
    value = BytesIO()
    value.write(frame)
    fastavro.schemaless_writer(value, schema, event.model_dump())
    return value.getvalue()


def encode_facts(contract: Contract, facts: Mapping[str, Any]) -> bytes:
    """Return the Kafka value of sound facts of a contract's newest version: what :func:`encode` gives the event of these facts."""
    return _encoder(contract)(facts)


@cache
def _encoder(contract: Contract) -> Encoder:
    return encoder_of(contract)


@cache
def _writer(event_class: type[Event]) -> tuple[bytes, Any]:
    """Return the frame of an event class's newest contract, and its schema as fastavro writes it."""
    contract = registry.load().latest(event_class.__name__)
    return b"\0" + contract.schema_id.to_bytes(4, "big"), fastavro.parse_schema(dict(contract.schema))


def facts_digest(contract: Contract, facts: Mapping[str, Any]) -> bytes:
    """Return the 16-byte digest of what an event says.

    Two values have the same digest exactly where they are the same event type and state the same facts, however they
    were encoded. The id, the time of recording and the origin do not count; a field that equals its default does
    not either, so that a field added later (with its default) changes no digest.
    """
    said_of, nested, option, begun = _digest_rules(contract)
    said = said_of(facts)
    for name, inner in nested:
        if name in said:
            said[name] = _without_defaults(said[name], inner)
            option = orjson.OPT_SORT_KEYS
    digest = begun.copy()
    digest.update(orjson.dumps(said, default=str, option=option))
    return digest.digest()


_NOT_SAID = frozenset(("event_id", "recorded_at", "origin"))

NestedDefaults = tuple[tuple[str, Mapping[str, Any]], ...]


class _DigestRules(NamedTuple):
    """How the facts of a contract are digested.

    Attributes:
        said_of: picks the facts that are said, sorted by name.
        nested: the defaults inside nested records.
        option: orjson's option: only keys inside of maps and nested records are not in order yet.
        begun: a digest that has seen the event's name.
    """

    said_of: Callable[[Mapping[str, Any]], dict[str, Any]]
    nested: NestedDefaults
    option: int
    begun: "hashlib.blake2b"


@cache
def _digest_rules(contract: Contract) -> _DigestRules:
    """Return how the facts of a contract are digested."""
    nested: list[tuple[str, Mapping[str, Any]]] = []
    for field in contract.fields:
        shape = field.shape.inner or field.shape
        if shape.meaning == "record" and field.name not in _NOT_SAID:
            inner_defaults = {str(inner.name): inner.default for inner in shape.fields if inner.has_default}
            nested.append((field.name, inner_defaults))
    names = sorted(field.name for field in contract.fields if field.name not in _NOT_SAID)
    has_map = any("map" in (field.shape.meaning, field.shape.inner and field.shape.inner.meaning) for field in contract.fields)
    return _DigestRules(
        said_of(names, contract.defaults), tuple(nested), orjson.OPT_SORT_KEYS if has_map else 0,
        hashlib.blake2b(contract.event.encode(), digest_size=DIGEST_BYTES),
    )  # fmt: skip


def _without_defaults(value: Any, defaults: Mapping[str, Any]) -> Any:
    """Return a nested record, or a list of them, without the fields that equal their default."""
    if isinstance(value, list):
        return [_without_defaults(item, defaults) for item in value]
    return {name: fact for name, fact in value.items() if name not in defaults or fact != defaults[name]}
