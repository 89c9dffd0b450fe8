"""What events and their facts are called, and how a fact reads: from the contract that states it, never by its name alone.

Two contracts may use one name for different things (a quantity in tonnes, an amount in yuan), so a fact is always read by its event.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache

from exchange_contracts import registry
from exchange_contracts.shape import Meaning, Shape, title_of
from exchange_hub.runtime.terminal import visible
from exchange_hub.views import values
from exchange_hub.views.lists import KINDS, LISTS
from exchange_hub.views.lists.model import Column, ColumnType
from exchange_hub.views.values import Json, Names, Shown

COMMON = frozenset({
    "event_id", "bureau", "source", "entity_key", "revision", "occurred_on", "recorded_at", "corrects", "origin", "evidence", "reason",
})  # fmt: skip
"""Facts that every event has: told beside it, not among what it states."""

_EPOCH = date(1970, 1, 1)
_UNIT = re.compile("[,，]单位(?!见)([^,;，；。]+)")
_PLACES = {"title": "表头", "file": "文件名"}
_TYPES: Mapping[Meaning, ColumnType] = {"money": "money", "quantity": "quantity", "date": "date", "int": "count", "long": "count", "boolean": "flag"}
_BUREAUS = frozenset(column.name for view in LISTS for column in view.columns if column.bureau) | {"bureau"}


def event_title(event: str) -> str:
    """Return what an event type is called, or its name where the contracts do not know it."""
    try:
        return title_of(registry.load().latest(event).doc)
    except KeyError:
        return event


@lru_cache(maxsize=256)
def register_title(register: str, event: str = "") -> str:
    """Return what a register is called, by the event that was said in it where that is known; a sub-key (month, step) is shown with it.

    A register that several events write (a confirmation or a nil return) is called after its kind, for none of them names the others.
    """
    family, _, sub_key = register.partition(":")
    found = [contract for contract in registry.load().contracts() if contract.register == family]
    if event:
        words = event_title(event)
    elif len(found) == 1:
        words = title_of(found[0].doc)
    else:
        words = KINDS[found[0].kind].title if found and found[0].kind in KINDS else family
    return f"{words} {values.month(sub_key)}" if sub_key else words


@lru_cache(maxsize=2048)
def column_of(event: str, name: str) -> Column:
    """Return a fact as a column: type, title and unit as its contract says them."""
    try:
        contract = registry.load().latest(event)
    except KeyError:
        return Column(name, name)
    field = next((field for field in contract.fields if field.name == name), None)
    if field is None:
        return Column(name, name)
    type_: ColumnType = "month" if name == "month" else _type(field.shape)
    unit = _UNIT.search(field.doc)
    return Column(
        name, title_of(field.doc), type_, unit.group(1).strip() if unit else "", bureau=name in _BUREAUS, names_list=name == "list",
        year=name == "budget_year",
    )  # fmt: skip


def stated(event: str, facts: Mapping[str, object]) -> Iterator[tuple[Column, object]]:
    """Yield the facts that somebody filled, each with its column, as list rows store them: days as dates."""
    for name, raw in facts.items():
        if name not in COMMON and raw is not None and raw not in ("", [], {}):
            column = column_of(event, name)
            yield column, _stored(column, raw)


def plain(event: str, facts: Mapping[str, object]) -> dict[str, Json]:
    """Return the facts as JSON holds them: money in yuan, days as dates, what is nested as it stands."""
    return {name: _plain(column_of(event, name), raw) for name, raw in facts.items()}


def shown(column: Column, raw: object, names: Names) -> Shown:
    """Show a fact to people, amounts in exact yuan."""
    if isinstance(raw, list | tuple) and raw and isinstance(raw[0], Mapping):
        lines = (" ".join(names.get(str(item), visible(str(item))) for item in line.values() if item is not None) for line in raw)
        return Shown("；".join(lines))
    told = values.shown(column, raw, names)
    if column.type in ("money", "money_map") and told.style != "empty":
        return replace(told, text=told.full.replace(" 元", ""))  # the heading says it
    return told


def read_at(place: str) -> str:
    """Say where a fact was read (``origin.cells``): ``F12``, ``市级 G12、区级 H12``, 表头, 文件名 or the name in a line of JSON."""
    if place.startswith("$."):
        return f"“{place[2:]}”项"
    parts = (_PLACES.get(part, part).replace("=", " ") for part in place.split("+"))
    return "、".join(map(visible, filter(None, parts)))


def _plain(column: Column, raw: object) -> Json:
    if isinstance(raw, Mapping) and column.type != "money_map":
        return {str(key): _plain(Column(str(key), ""), item) for key, item in raw.items()}
    if isinstance(raw, list | tuple):
        return [_plain(Column("", ""), item) for item in raw]
    if isinstance(raw, bool | int) and column.type == "text":
        return raw
    return values.plain(column, _stored(column, raw))


def _stored(column: Column, raw: object) -> object:
    return _EPOCH + timedelta(days=raw) if column.type == "date" and isinstance(raw, int) else raw


def _type(shape: Shape) -> ColumnType:
    if shape.meaning == "array":
        return "texts"
    if shape.meaning == "map":
        return "money_map" if shape.inner is not None and shape.inner.meaning == "money" else "text"
    return _TYPES.get(shape.meaning, "text")
