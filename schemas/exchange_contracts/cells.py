"""Which cells an event's fields were read from: the text ``origin.cells``, written by connectors and read back for people. Pure.

The fields stand in a fixed order, the same for all rows of a sheet, so their names need not be said: a few dozen bytes an
event. A part is a column of the event's own row (``F``), a cell elsewhere (``B2``), several (``C+D``), entries of a map
(``市级=G+区级=H``), ``title`` or ``file``; an empty part was read from no cell.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache

from exchange_contracts.registry import Contract

TITLE, FILE = "title", "file"
AS_NAMED = "$"
"""Instead of parts: each field stands in the row under its own name, as in JSON Lines."""

_COMMON = ("entity_key", "occurred_on", "granularity", "reason", "evidence")
"""Fields of the common part that may come from a cell."""
_COMMON_FIELDS = 12
_PART = re.compile(r"(?:([^,+=\x00-\x1f]+)=)?(?:([A-Z]{1,3})([1-9][0-9]{0,6})?|title|file)")


@cache
def order(contract: Contract) -> tuple[str, ...]:
    """Return the fields that parts stand for, in their order."""
    return (*_COMMON, *(str(field.name) for field in contract.fields[_COMMON_FIELDS:]))


def text_of(contract: Contract, places: Mapping[str, str]) -> str | None:
    """Return the text for the places of an event's fields, ``None`` where none was read from a cell."""
    return ",".join([places.get(name, "") for name in order(contract)]).rstrip(",") or None


def entry(key: str, place: str) -> str:
    """Return the place of a map's entry; a key that would be read as something else is left out."""
    return place if set(key) & set(",+=") else f"{key}={place}"


def joined(places: Iterable[str]) -> str:
    """Return several places as one."""
    return "+".join(places)


def places(written: Contract, text: str | None, row: int) -> dict[str, str]:
    """Return field → place, with the row beside every column (``F12``); what is no place is left out.

    Args:
        written: the contract that the event was written with, which need not be the newest.
        text: ``origin.cells``.
        row: ``origin.row``.
    """
    if not text:
        return {}
    names = order(written)
    if text == AS_NAMED:
        return {name: f"{AS_NAMED}.{name}" for name in names}
    found = {name: _in_row(part, row) for name, part in zip(names, text.split(","), strict=False)}
    return {name: place for name, place in found.items() if place}


def _in_row(part: str, row: int) -> str:
    matches = [_PART.fullmatch(each) for each in part.split("+")]
    return "+".join(match[0] if not match[2] or match[3] else f"{match[0]}{row}" for match in matches if match is not None)
