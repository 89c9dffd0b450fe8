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

from exchange_connectors.excel.cells import as_text
from exchange_connectors.excel.checks import Memory
from exchange_connectors.excel.mapping import EventMap, placeholders
from exchange_connectors.excel.model import Row
from exchange_connectors.excel.plain_rows import LazyValues, PlainColumn, PlainRows
from exchange_connectors.excel.statements import (
    DRAWN_UP,
    KEY_LENGTH_MAX,
    Placed,
    Source,
    Told,
    fact_of_row,
    keys_of,
    place,
    stated_fields,
)
from exchange_connectors.kit.ledger import (
    LATER_FORM,
    NOT_CONTENT,
    Slot,
    Sound,
    Statement,
    canonical,
    digest_of,
    dumped,
    said_of,
)
from exchange_contracts import registry, rules
from exchange_contracts.formats import NAME_LENGTH_MAX, PROSE_LENGTH_MAX
from exchange_contracts.keys import normal_key, without_blanks
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
        self._sound = rules.sound(self._contract, identified=False)
        self._blank: dict[str, Any] = {field.name: field.default if field.has_default else None for field in self._contract.fields} | {
            "bureau": source.bureau, "source": source.source, "revision": 1, "recorded_at": _MILLIS,
        }  # fmt: skip
        self._columns = [_Column.of(field, named, event) for field, named in stated_fields(event)]
        of_all = {str(field.name): field.shape for field in self._contract.fields}
        self._day, self._origin = of_all["occurred_on"], of_all["origin"]
        defaults = {str(field.name): field.default for field in self._contract.fields if field.has_default and field.default}
        self._said = said_of(event.type, defaults)
        self._origins: dict[tuple[str | None, str | None], dict[str, Any]] = {}
        self._plainly: _Plainly | None = None
        self._tried = 0

    def state(self, row: Row) -> Placed | None:
        """Return what a row states, ``None`` where it must be stated in full."""
        if isinstance(row.values, LazyValues):
            if self._plainly is None and self._tried < _TRIES:
                self._tried += 1
                self._plainly = self._plain_way(row, row.values.rows)
            made = self._state_plainly(row, row.values, self._plainly) if self._plainly is not None else None
            if made is not None:
                return made
        return self._state_read(row)

    def _state_read(self, row: Row) -> Placed | None:
        """Return what a row states by all of its values."""
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
        decoded["entity_key"] = entity_key
        if not self._sound(decoded):
            return None
        slot, thing = self._slot(subkey, entity_key)
        statement = Statement(self._event.type, entity_key, facts, dated)
        return Placed(source.sheet, row.number, slot, thing, Told(statement, digest_of(dumped(said))), tuple(keys))

    def _slot(self, subkey: list[str | None], entity_key: str) -> tuple[Slot, Slot]:
        """Return what a statement covers, and that by the normal form of its key."""
        slot = Slot(self._contract.family, "|".join(value or "" for value in subkey), entity_key)
        normal = normal_key(self._contract.kind, entity_key)
        return slot, slot if normal == entity_key else slot._replace(entity_key=normal)

    def _plain_way(self, row: Row, rows: PlainRows) -> "_Plainly | None":
        """Return how plain rows are stated, ``None`` where a row's values decide more than the fields they stand in."""
        event, names = self._event, rows.read_from
        keys = placeholders(event.key)
        varies = {event.rename.get(name, name) for name in event.constants} | {"$reason"}
        if varies & names.keys() or any(len(each) != 1 for each in keys) or len(set(row.units.values())) > 1:
            return None
        if "month" in names and not names["month"].required:
            return None
        fixed, said, fields = self._blank.copy(), self._said.copy(), []
        try:
            for each in self._columns:
                if each.named in names:
                    if not each.single or each.constant is not None or not _takes(each.field.shape, names[each.named]):
                        return None
                    fields.append((each, names[each.named]))
                    continue
                if each.name in row.units or any(name.startswith(f"{each.named}.") for name in names):
                    return None
                value = fact_of_row(each.field, each.named, row)
                value = each.constant if value is None or value == "" else value
                if value is not None and value != "":
                    fixed[each.name] = each.decoded(value)
                    if each.says:
                        said[each.name] = canonical(value)
                elif each.required:
                    return None
            day = names.get(event.occurred_on)
            facts: dict[str, Any] = dict.fromkeys(self._blank, True)
            if place(facts, row, event, self._source) is None or (day is None and "month" in names):
                return None
            fixed["occurred_on"], fixed["origin"] = _decoded(self._day, facts["occurred_on"]), self._origin_of(facts["origin"])
        except _DeclinedError:
            return None
        key = keys[0][0] if event.key == f"{{{keys[0][0]}}}" else None
        in_unit = frozenset(each.name for each, _ in fields if each.name in row.units)
        return _Plainly(fixed, said, tuple(fields), day, names.get(key) if key else None, in_unit, next(iter(row.units.values()), None))

    def _state_plainly(self, row: Row, values: LazyValues, way: "_Plainly") -> Placed | None:
        """Return what a plain row states, drawn up in full only when it is asked for."""
        decoded, cells, read, number = way.fixed.copy(), values.cells, values.rows.value, values.number
        width = len(cells)
        try:
            for each, column in way.fields:
                cell = cells[column.index] if column.index < width else None
                if type(cell) is float:
                    decoded[each.name] = round(cell * (column.scale or 1))
                    continue
                if type(cell) is str and not column.full:
                    value: Any = column.said.get(cell, cell)
                else:
                    value = None if cell is None else read(column, number, cells)
                if value is None or value == "":
                    if each.required:
                        return None
                else:
                    decoded[each.name] = each.decoded(value)
            if way.day is not None:
                decoded["occurred_on"] = _decoded(self._day, read(way.day, number, cells))
        except _DeclinedError:
            return None
        keys = [without_blanks(as_text(read(way.key, number, cells)))] if way.key is not None else keys_of(self._event.key, row)  # type: ignore[arg-type]  # a text, as keys are
        if not keys or not keys[0]:
            return None
        entity_key = self._memory.entity_key(self._contract.kind, keys) or keys[0]
        subkey: list[str | None] = [decoded[name] for name in self._contract.subkey]
        if len(entity_key) > KEY_LENGTH_MAX or any(value is not None and not isinstance(value, str) for value in subkey):
            return None
        decoded["entity_key"] = entity_key
        if not self._sound(decoded):
            return None
        slot, thing = self._slot(subkey, entity_key)
        draw = None if self._event.type in LATER_FORM else self._draw
        return Placed(self._source.sheet, row.number, slot, thing, (row, slot), None if keys == [entity_key] else tuple(keys), self._tell, draw)

    def _draw(self, given: tuple[Row, Slot]) -> Sound:
        """Draw up what a plain row states as facts that are known to be sound."""
        row, slot = given
        values, way = row.values, self._plainly
        assert isinstance(values, LazyValues) and way is not None  # noqa: S101, PT018 - so the statement was made
        facts, said = way.fixed.copy(), way.said.copy()
        unit = None
        for each, column in way.fields:
            cell = values.cells[column.index] if column.index < len(values.cells) else None
            if type(cell) is float:
                number = facts[each.name] = round(cell * (column.scale or 1))
                if each.says:
                    said[each.name] = _in_yuan(number) if column.scale else number
            else:
                value = None if cell is None else values.rows.value(column, values.number, values.cells)
                if value is None or value == "":
                    continue
                facts[each.name] = each.decoded(value)
                if each.says:
                    said[each.name] = canonical(value) if each.canonical else value
            if each.name in way.in_unit:
                unit = way.unit
        facts["entity_key"], facts["origin"] = slot.entity_key, way.fixed["origin"] | {"row": row.number, "unit": unit}
        if way.day is not None:
            facts["occurred_on"] = _decoded(self._day, values.rows.value(way.day, values.number, values.cells))
        occurred_on = date.fromordinal(facts["occurred_on"] + EPOCH_ORDINAL)
        body = dumped(said)
        return Sound(self._event.type, slot, facts, body, digest_of(body), occurred_on, way.day is not None)

    def _tell(self, given: tuple[Row, Slot]) -> Told:
        """Draw up what a plain row states."""
        row, slot = given
        facts: dict[str, Any] = {}
        said = self._said.copy()
        for each in self._columns:
            value = row.values.get(each.named) if each.single else fact_of_row(each.field, each.named, row)
            value = each.constant if value is None or value == "" else value
            if value is not None and value != "":
                facts[each.name] = value
                if each.says:
                    said[each.name] = canonical(value) if each.canonical else value
        dated = place(facts, row, self._event, self._source)
        return Told(Statement(self._event.type, slot.entity_key, facts, bool(dated)), digest_of(dumped(said)))

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


@dataclass(frozen=True, slots=True)
class _Plainly:
    """How the plain rows of a table are stated.

    Attributes:
        fixed: what all of them say, as it would be decoded; *said* as canonical content.
        fields: fields with the columns that they are read from.
        day: the column of the business date, where the row states it.
        key: the column that is the key, where that is one column.
        in_unit: fields that are read in *unit*.
    """

    fixed: dict[str, Any]
    said: dict[str, Any]
    fields: tuple[tuple["_Column", PlainColumn], ...]
    day: PlainColumn | None
    key: PlainColumn | None
    in_unit: frozenset[str]
    unit: str | None


def _in_yuan(fen: int) -> str:
    """Return an amount above nought as content says it: 1250 → 12.5."""
    yuan, cents = divmod(fen, 100)
    return f"{yuan}.{cents:02d}".rstrip("0") if cents else str(yuan)


_TRIES = 3
"""Plain rows of which is asked how all of them are stated."""


def _takes(shape: Shape, column: PlainColumn) -> bool:
    """Say whether a plain number of a column is what the field would be decoded as."""
    if column.scale is None:
        return True
    return shape.meaning == "money" if column.scale else shape.meaning in ("int", "long")


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
