"""What events, registers and facts are called in Chinese: from the contracts themselves, never from a second list."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from exchange_contracts import registry
from exchange_hub.console import wording
from exchange_hub.console.source import Place
from exchange_hub.views.lists import LISTS
from exchange_hub.views.lists.model import Column

COLUMNS: Mapping[str, Column] = {column.name: column for view in reversed(LISTS) for column in view.columns}
"""A fact's column, where some list shows the fact under the same name."""

_EPOCH = date(1970, 1, 1)
_CLAUSE = re.compile("[:;,(。、\uff1a\uff1b\uff0c\uff08]")


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of the contracts: its title and how its value is stored."""

    title: str
    kind: str


@lru_cache(maxsize=1)
def _facts() -> Mapping[str, Fact]:
    """Return fact name → title and kind, from the first contract that has it."""
    facts: dict[str, Fact] = {}
    for contract in registry.load().contracts():
        for field in contract.schema["fields"]:
            facts.setdefault(field["name"], Fact(_title(field.get("doc", field["name"])), _kind(field["type"])))
    return facts


@lru_cache(maxsize=256)
def event_title(event: str) -> str:
    """Return what an event type is called, or its name where the contracts do not know it."""
    try:
        return _title(str(registry.load().latest(event).schema["doc"]))
    except KeyError:
        return event


@lru_cache(maxsize=256)
def register_title(register: str) -> str:
    """Return what a register is called; a sub-key (month, step) is shown with it."""
    family, _, sub_key = register.partition(":")
    for contract in registry.load().contracts():
        if contract.register == family:
            words = _title(str(contract.schema["doc"]))
            return f"{words} {wording.month(sub_key)}" if sub_key else words
    return register


def fact_title(name: str) -> str:
    """Return the heading of a fact, with the unit in which ``fact`` shows it."""
    column, known = COLUMNS.get(name), _facts().get(name)
    title = column.title if column else known.title if known else name
    if known and known.kind == "money":
        return f"{title}\uff08元\uff09"
    unit = column.unit if column and column.type not in ("money", "money_map") else ""
    return f"{title}\uff08{unit}\uff09" if unit and not title.endswith(unit) else title


def fact(name: str, raw: object, place: Place) -> wording.Shown:
    """Show a fact as an event states it: money in exact yuan, days as dates."""
    known = _facts().get(name)
    if raw is None or raw in ("", [], {}):
        return wording.Shown(wording.EMPTY, "未填报", "empty")
    if isinstance(raw, Mapping):
        return wording.Shown("\uff1b".join(f"{key} {_plain(known, item)}" for key, item in sorted(raw.items())))
    if isinstance(raw, list | tuple):
        return wording.Shown("、".join(wording.named(name, item, place) for item in raw))
    shown = _plain(known, raw)
    return wording.Shown(wording.named(name, shown, place), style="nowrap" if known and known.kind == "date" else "")


def is_money(name: str) -> bool:
    """Tell whether a fact is money (in fen, as stored)."""
    known = _facts().get(name)
    return known is not None and known.kind == "money"


def _plain(known: Fact | None, raw: object) -> str:
    if known is not None and isinstance(raw, int) and not isinstance(raw, bool):
        if known.kind == "money":
            return f"{wording.yuan(raw):,}"
        if known.kind == "date":
            return (_EPOCH + timedelta(days=raw)).isoformat()
    if known is not None and known.kind == "quantity":
        return wording.number(Decimal(str(raw))).text
    return str(raw)


def _title(doc: str) -> str:
    return _CLAUSE.split(doc, maxsplit=1)[0].strip() or doc


def _kind(type_: object) -> str:
    """Tell how a field is stored: ``money`` (decimal of scale 2), ``quantity``, ``date`` or ``plain``; optional ones as what they hold."""
    if isinstance(type_, list):
        return next((kind for kind in map(_kind, type_) if kind != "plain"), "plain")
    if isinstance(type_, Mapping):
        if type_.get("logicalType") == "decimal" and type_.get("scale") == 2:
            return "money"
        if type_.get("logicalType") == "decimal":
            return "quantity"
        if type_.get("logicalType") == "date":
            return "date"
        if type_.get("type") == "map":
            return _kind(type_["values"])
    return "plain"
