"""Stating rows that break no rule without building their events: most rows of a long list. Pure.

A statement is plain where every value is of its field's type, within its bounds, and the compiled test of the contract's rules
passes. Anything else makes :meth:`PlainStatements.state` decline, and the row is stated by way of the event class.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Self

from exchange_connectors.excel.checks import Memory
from exchange_connectors.excel.mapping import EventMap
from exchange_connectors.excel.model import Row
from exchange_connectors.excel.statements import (
    DRAWN_UP,
    KEY_LENGTH_MAX,
    Placed,
    Source,
    fact_of_row,
    keys_of,
    place,
    stated_fields,
)
from exchange_connectors.kit.ledger import NOT_CONTENT, Slot, Statement, canonical, digest_of, dumped, said_of
from exchange_contracts import registry, rules
from exchange_contracts.formats import NAME_LENGTH_MAX, PROSE_LENGTH_MAX
from exchange_contracts.identity import event_id_text
from exchange_contracts.keys import normal_key
from exchange_contracts.primitives import DAY_MAX, DAY_MIN, EPOCH_ORDINAL, INT_MAX, INT_MIN, ITEMS_MAX, UNSCALED_LIMIT
from exchange_contracts.shape import Field, Shape

_LONG_LIMIT = 2**63
_MILLIS = int(DRAWN_UP.timestamp() * 1000)


class _DeclinedError(Exception):
    """The value is none that is certainly sound."""


class PlainStatements:
    """States rows of a sheet by one event.

    Args:
        event: the event.
        source: who speaks, where and for which month.
        memory: what was stated before.
    """

    def __init__(self, event: EventMap, source: Source, memory: Memory) -> None:
        self._event, self._source, self._memory = event, source, memory
        self._contract = registry.load().latest(event.type)
        self._sound = rules.sound(self._contract)
        self._blank: dict[str, Any] = {field.name: field.default if field.has_default else None for field in self._contract.fields} | {
            "bureau": source.bureau, "source": source.source, "revision": 1, "recorded_at": _MILLIS,
        }  # fmt: skip
        self._columns = [_Column.of(field, named, event) for field, named in stated_fields(event)]
        of_all = {str(field.name): field.shape for field in self._contract.fields}
        self._day, self._origin = of_all["occurred_on"], of_all["origin"]
        defaults = {str(field.name): field.default for field in self._contract.fields if field.has_default and field.default}
        self._said = said_of(event.type, defaults)
        self._origins: dict[tuple[str | None, str | None], dict[str, Any]] = {}

    def state(self, row: Row) -> Placed | None:
        """Return what a row states, ``None`` where it must be stated in full."""
        keys = keys_of(self._event.key, row)
        if not keys:
            return None
        contract, source = self._contract, self._source
        entity_key = self._memory.entity_key(contract.kind, keys) or keys[0]
        if len(entity_key) > KEY_LENGTH_MAX:
            return None
        facts: dict[str, Any] = {}
        decoded: dict[str, Any] = self._blank.copy()
        said = self._said.copy()
        values = row.values
        try:
            for each in self._columns:
                value = values.get(each.named) if each.single else fact_of_row(each.field, each.named, row)
                if value is None or value == "":
                    value = each.constant
                if value is not None and value != "":
                    facts[each.name] = value
                    decoded[each.name] = each.decoded(value)
                    if each.says:
                        said[each.name] = canonical(value) if each.canonical else value
                elif each.required:
                    return None
            dated = place(facts, row, self._event, source)
            if dated is None:
                return None
            decoded["occurred_on"], decoded["origin"] = _decoded(self._day, facts["occurred_on"]), self._origin_of(facts["origin"])
        except _DeclinedError:
            return None
        subkey: list[str | None] = [decoded[name] for name in contract.subkey]
        if any(value is not None and not isinstance(value, str) for value in subkey):
            return None
        event_id = event_id_text(source.source, contract.family, "|".join(map(str, subkey)), entity_key, 1)
        decoded["event_id"], decoded["entity_key"] = event_id, entity_key
        if not self._sound(decoded):
            return None
        slot = Slot(contract.family, "|".join(value or "" for value in subkey), entity_key)
        normal = normal_key(contract.kind, entity_key)
        thing = slot if normal == entity_key else slot._replace(entity_key=normal)
        aliases = tuple((contract.kind, key, entity_key) for key in keys)
        statement = Statement(self._event.type, entity_key, facts, dated)
        return Placed(statement, source.sheet, row.number, slot, thing, digest_of(dumped(said)), aliases)

    def _origin_of(self, origin: Mapping[str, Any]) -> dict[str, Any]:
        """Return an origin as it would be decoded; of those that differ in their row alone the rest is looked at once."""
        if origin.keys() != _OF_ROW:
            return _decoded(self._origin, origin)  # type: ignore[no-any-return]  # a record is a dict
        shared = (origin["unit"], origin["cells"])
        known: dict[str, Any] | None = self._origins.get(shared)
        if known is None:
            known = dict(_decoded(self._origin, origin))
            if len(self._origins) < _ORIGINS_MAX:
                self._origins[shared] = known
        return known | {"row": origin["row"]}


_OF_ROW = {"file", "sheet", "row", "unit", "cells"}
#: Layouts of rows that are kept: all rows of a table but those that take cells of other rows share theirs.
_ORIGINS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class _Column:
    """A field with where a row has it.

    Attributes:
        single: the row's value is the field's, not gathered from several.
        says: the field counts for what was said; *canonical* where its value has several forms.
        decoded: value → what it would be decoded as; declines what is not certain to be sound.
    """

    name: str
    named: str
    field: Field
    single: bool
    constant: Any
    required: bool
    says: bool
    canonical: bool
    decoded: Callable[[Any], Any]

    @classmethod
    def of(cls, field: Field, named: str, event: EventMap) -> Self:
        """Return the column of a field that the row calls *named*."""
        single = field.shape.meaning in ("text", "money", "quantity", "date", "int", "long") and field.name != "reason"
        decoded = _name if field.shape.meaning == "text" and not field.shape.prose else partial(_decoded, field.shape)
        required = not field.has_default and not field.shape.optional
        return cls(field.name, named, field, single, event.constants.get(field.name), required, field.name not in NOT_CONTENT, field.shape.meaning != "text", decoded)


def _name(value: Any) -> str:
    """Return a text of ordinary length."""
    if type(value) is str and len(value) <= NAME_LENGTH_MAX and "\0" not in value:
        return value
    raise _DeclinedError


def _decoded(shape: Shape, value: Any) -> Any:
    """Return a value as it would be decoded.

    Raises:
        _DeclinedError: it is not certain to be sound.
    """
    if value is None:
        if shape.optional:
            return None
        raise _DeclinedError
    match shape.meaning:
        case "text" if type(value) is str and len(value) <= (PROSE_LENGTH_MAX if shape.prose else NAME_LENGTH_MAX) and "\0" not in value:
            return value
        case "money" if type(value) is Decimal:
            return _unscaled(value, 2)
        case "quantity" if type(value) is Decimal:
            return Decimal(_unscaled(value, 4)).scaleb(-4)
        case "date" if isinstance(value, date) and not isinstance(value, datetime):
            day = value.toordinal() - EPOCH_ORDINAL
            if DAY_MIN <= day <= DAY_MAX:
                return day
        case "int" if type(value) is int and INT_MIN <= value <= INT_MAX:
            return value
        case "long" if type(value) is int and -_LONG_LIMIT <= value < _LONG_LIMIT:
            return value
        case "array" if shape.inner is not None and isinstance(value, list | tuple) and len(value) <= ITEMS_MAX:
            return [_decoded(shape.inner, item) for item in value]
        case "map" if shape.inner is not None and isinstance(value, Mapping) and len(value) <= ITEMS_MAX:
            return {_decoded(_NAME, key): _decoded(shape.inner, item) for key, item in value.items()}
        case "record" if isinstance(value, Mapping) and value.keys() <= {field.name for field in shape.fields}:
            return {field.name: _part(field, value) for field in shape.fields}
    raise _DeclinedError


_NAME = Shape("text")


def _part(field: Field, value: Mapping[str, Any]) -> Any:
    if field.name in value or not field.has_default:
        return _decoded(field.shape, value.get(field.name))
    return field.default


def _unscaled(value: Decimal, places: int) -> int:
    """Return a decimal as a whole number of its last place."""
    scaled = value.scaleb(places)
    whole = int(scaled)
    if whole != scaled or not -UNSCALED_LIMIT < whole < UNSCALED_LIMIT or abs(value) >= Decimal(10) ** (18 - places):
        raise _DeclinedError
    return whole
