"""Decode plans: what has to happen to a decoded record so that its facts are safe to fold, compiled per contract.

Avro's logical types are stripped before decoding (three times faster); what they meant is applied here, field kind by
field kind, with as little Python per field as the rules allow. Rules that would break a database or a fold are held
here (``BadValueError``); code lists and formats are the check stage's business (:mod:`exchange_contracts.codes`).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any

import fastavro

from exchange_contracts.formats import NAME_LENGTH_MAX, PROSE_LENGTH_MAX
from exchange_contracts.registry import Contract
from exchange_contracts.shape import Field, Meaning, Shape, without_logical_types

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
DAY_MIN = date(1900, 1, 1).toordinal() - EPOCH_ORDINAL
DAY_MAX = date(2199, 12, 31).toordinal() - EPOCH_ORDINAL
MILLIS_MIN = DAY_MIN * 86_400_000
MILLIS_MAX = (DAY_MAX + 1) * 86_400_000 - 1
UNSCALED_LIMIT = 10**18
"""Unscaled decimals stay below this: 18 digits, which also fit a 64-bit integer column."""
DECIMAL_BYTES_MAX = 16
INT_LIMIT = 2**31
LONG_LIMIT = 2**63

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

Facts = dict[str, Any]
Names = tuple[str, ...]
Settle = Callable[[Any], Any]


class BadValueError(Exception):
    """A decoded value that no fold or database could take; the text names the field, in Chinese."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to decode one schema version into facts of the newest one.

    Attributes:
        contract: newest contract of the event; facts are of its shape.
        writer: bare schema that the bytes were written with.
        reader: bare schema to resolve to, or ``None`` where writer is already the newest.
        settle: checks the decoded record and converts money and quantities in place.
    """

    contract: Contract
    writer: Any
    reader: Any
    settle: Callable[[Facts], None]


def plan_of(version: Contract, newest: Contract) -> Plan:
    """Compile the plan that decodes *version* into facts shaped as *newest*."""
    reader = None if version is newest else bare(newest)
    return Plan(newest, bare(version), reader, compile_record(newest.fields))


def bare(contract: Contract) -> Any:
    """Return the contract's schema without logical types, parsed for fastavro."""
    return fastavro.parse_schema(without_logical_types(contract.schema), named_schemas={})


def _values(names: Iterable[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return a function that picks fields as a tuple, in C where there are two or more."""
    picked = tuple(names)
    if not picked:
        return lambda _facts: ()
    if len(picked) == 1:
        return lambda facts: (facts[picked[0]],)
    return itemgetter(*picked)


_SCALAR_KINDS: frozenset[Meaning] = frozenset(
    ("text", "uuid", "int", "long", "date", "instant", "money", "quantity", "boolean")
)


def compile_record(fields: tuple[Field, ...]) -> Callable[[Facts], None]:
    """Return the function that settles a record of these fields in place, raising :class:`BadValueError`."""
    by_meaning: dict[Meaning, list[Field]] = {}
    for field in fields:
        by_meaning.setdefault(field.shape.meaning, []).append(field)
    checks: list[Callable[[Facts], None]] = []
    texts = by_meaning.get("text", [])
    if texts:
        checks.append(_texts_check(texts))
    uuids: Names = tuple(f.name for f in by_meaning.get("uuid", []))
    if uuids:
        checks.append(_uuids_check(uuids))
    for meaning, low, high, words in _RANGES:
        names: Names = tuple(f.name for f in by_meaning.get(meaning, []))
        if names:
            checks.append(_range_check(names, low, high, words))
    money: Names = tuple(f.name for f in by_meaning.get("money", []))
    quantities: Names = tuple(f.name for f in by_meaning.get("quantity", []))
    if money:
        checks.append(_decimals_settle(money, fen))
    if quantities:
        checks.append(_decimals_settle(quantities, quantity))
    nested = tuple((f.name, settle_of(f.name, f.shape)) for f in fields if f.shape.meaning not in _SCALAR_KINDS)
    if nested:
        checks.append(_nested_settle(nested))
    steps = tuple(checks)

    def settle(facts: Facts) -> None:
        for step in steps:
            step(facts)

    return settle


_RANGES: tuple[tuple[Meaning, int, int, str], ...] = (
    ("date", DAY_MIN, DAY_MAX, "日期超出1900年至2199年"),
    ("instant", MILLIS_MIN, MILLIS_MAX, "时刻超出1900年至2199年"),
    ("int", -INT_LIMIT, INT_LIMIT - 1, "整数超出32位范围"),
    ("long", -LONG_LIMIT, LONG_LIMIT - 1, "整数超出64位范围"),
)


def _texts_check(fields: list[Field]) -> Callable[[Facts], None]:
    """Check texts for NUL characters and length: one join for all of them, field by field only on suspicion."""
    limits = {f.name: PROSE_LENGTH_MAX if f.shape.prose else NAME_LENGTH_MAX for f in fields}
    values = _values(limits)

    def check(facts: Facts) -> None:
        joined = "".join(filter(None, values(facts)))
        if len(joined) > NAME_LENGTH_MAX or "\0" in joined:
            for name, limit in limits.items():
                text = facts[name]
                if text is not None:
                    _check_text(name, text, limit)

    return check


def _check_text(name: str, text: str, limit: int) -> None:
    """Raise :class:`BadValueError` for a text with NUL or longer than *limit*."""
    if "\0" in text:
        raise BadValueError(f"字段 {name} 含有空字符(NUL),请删除后重报")
    if len(text) > limit:
        raise BadValueError(f"字段 {name} 共{len(text)}个字符,超过上限{limit}个")


def _uuids_check(names: Names) -> Callable[[Facts], None]:
    """Check that texts are UUIDs in their canonical form, so that equal ids are equal texts."""
    matches = _UUID.fullmatch

    def check(facts: Facts) -> None:
        for name in names:
            text = facts[name]
            if text is not None and not matches(text):
                raise BadValueError(f"字段 {name} 不是规范的UUID(小写,带横线):{text[:60]!r}")

    return check


def _range_check(names: Names, low: int, high: int, words: str) -> Callable[[Facts], None]:
    """Check that whole numbers lie between *low* and *high*."""

    def check(facts: Facts) -> None:
        for name in names:
            number = facts[name]
            if number is not None and not low <= number <= high:
                raise BadValueError(f"字段 {name} 的{words}:{number}")

    return check


def fen(name: str, raw: bytes) -> int:
    """Return decimal(18,2) bytes in yuan as a whole number of fen."""
    unscaled = int.from_bytes(raw, "big", signed=True)
    if not raw or len(raw) > DECIMAL_BYTES_MAX or not -UNSCALED_LIMIT < unscaled < UNSCALED_LIMIT:
        raise BadValueError(f"字段 {name} 的数值超出18位或编码为空")
    return unscaled


def quantity(name: str, raw: bytes) -> Decimal:
    """Return decimal(18,4) bytes as a ``Decimal`` with four places."""
    return Decimal(fen(name, raw)).scaleb(-4)


def _decimals_settle(names: Names, convert: Callable[[str, bytes], Any]) -> Callable[[Facts], None]:
    """Convert decimal bytes in place."""

    def settle(facts: Facts) -> None:
        for name in names:
            raw = facts[name]
            if raw is not None:
                facts[name] = convert(name, raw)

    return settle


def _nested_settle(nested: tuple[tuple[str, Settle], ...]) -> Callable[[Facts], None]:
    """Settle arrays, maps and records that hold anything."""

    def settle(facts: Facts) -> None:
        for name, convert in nested:
            value = facts[name]
            if value:
                facts[name] = convert(value)

    return settle


def settle_of(name: str, shape: Shape) -> Settle:
    """Return the function that checks and converts a value inside an array or map, or a nested record."""
    if shape.meaning == "record":
        record = compile_record(shape.fields)

        def settle_record(value: Facts) -> Facts:
            record(value)
            return value

        return settle_record
    if shape.meaning == "array":
        item = settle_of(name, _inner(shape))
        return lambda values: [item(value) for value in values]
    if shape.meaning == "map":
        return _map_settle(name, settle_of(name, _inner(shape)))
    return _scalar_settle(name, shape)


def _map_settle(name: str, item: Settle) -> Settle:
    """Return the function that settles a map: its keys are texts too."""

    def settle(value: Facts) -> Facts:
        for key in value:
            _check_text(name, key, NAME_LENGTH_MAX)
        return {key: item(inner) for key, inner in value.items()}

    return settle


def _scalar_settle(name: str, shape: Shape) -> Settle:
    """Return the function that checks and converts one scalar."""
    if shape.meaning == "money":
        return lambda raw: fen(name, raw)
    if shape.meaning == "quantity":
        return lambda raw: quantity(name, raw)
    one = compile_record((Field(_field_name(name), shape, "", has_default=False, default=None),))

    def settle(value: Any) -> Any:
        one({name: value})
        return value

    return settle


def _field_name(name: str) -> Any:
    """Return a field's name for a scalar that stands in an array or map."""
    return name


def _inner(shape: Shape) -> Shape:
    """Return the shape of an array's items or a map's values."""
    if shape.inner is None:
        raise TypeError(f"{shape.meaning} has no inner shape")
    return shape.inner
