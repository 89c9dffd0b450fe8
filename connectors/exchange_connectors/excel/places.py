"""Which cells the fields of a statement were read from, as ``origin.cells`` says it. Pure.

Rows of one table share their layout, so what is said of one row is remembered for the next; only a row that takes a cell
of another row (a merged one carried down) is told by itself.
"""

from collections.abc import Iterator

from exchange_connectors.excel.mapping import ENVELOPE_FIELDS, EventMap, placeholders
from exchange_connectors.excel.model import Layout, Row, letters
from exchange_contracts import cells
from exchange_contracts.registry import Contract
from exchange_contracts.shape import Field


def wanted(name: str, event: EventMap) -> bool:
    """Say whether a statement of *event* takes the field *name*."""
    if event.fields:
        return name in event.fields or name in event.constants
    return name not in event.except_


def written(contract: Contract, event: EventMap, row: Row) -> str | None:
    """Return the cells of the event that *row* gives by *event*."""
    chosen = tuple(next((name for name in names if _filled(row, name)), "") for names in placeholders(event.key))
    fixed = tuple(name for name in event.constants if not _filled(row, event.rename.get(name, name)))
    told = (event.type, event.key, event.occurred_on, chosen, fixed, _filled(row, event.occurred_on), _filled(row, "month"))
    if row.elsewhere:
        return cells.text_of(contract, dict(_places(contract, event, row, chosen)))
    known = row.layout.known
    if told not in known:
        known[told] = cells.text_of(contract, dict(_places(contract, event, row, chosen)))
    return known[told]


def confirmed(contract: Contract, row: Row) -> str | None:
    """Return the cells of a nil return or a confirmation."""
    layout = row.layout
    signed = cells.joined(letters(column) for name, column in layout.places.items() if name.startswith("sign."))
    named = {"rows": "rows", "totals": "total", "signed_copy_sha256": "sha256", "explanation": "explanation", "list": "list"}
    places = {field: letters(layout.places[name]) for field, name in named.items() if name in layout.places}
    month = _month(row)
    return cells.text_of(contract, places | {"signed_by": signed, "month": month, "occurred_on": month})


def _places(contract: Contract, event: EventMap, row: Row, chosen: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield field, place of everything that was read from a cell."""
    layout, month = row.layout, _month(row)
    yield "entity_key", cells.joined(filter(None, (_of(row, name) or (month if name == "month" else "") for name in chosen)))
    yield "occurred_on", _of(row, event.occurred_on) if _filled(row, event.occurred_on) else month
    for field in contract.fields:
        name = event.rename.get(field.name, str(field.name))
        if field.name == "evidence":
            yield "evidence", cells.joined(map(letters, layout.evidence))
        elif field.name == "reason" and name == "reason" and layout.reason is not None:
            yield "reason", letters(layout.reason)
        elif field.name not in ENVELOPE_FIELDS and wanted(field.name, event) and (field.name not in event.constants or _filled(row, name)):
            yield str(field.name), _place(field, name, row) or (month if name == "month" else "")


def _place(field: Field, name: str, row: Row) -> str:
    """Return where a field stands; of a map every entry that has a column."""
    if field.shape.meaning != "map":
        return "" if name == "month" and not _filled(row, name) else _of(row, name)
    prefix = f"{name}."
    entries = (each for each in row.layout.places if each.startswith(prefix))
    return cells.joined(cells.entry(each.removeprefix(prefix), _of(row, each)) for each in entries)


def _of(row: Row, name: str) -> str:
    """Return where a row's field stands, of joined columns all of them."""
    parts = [each for each in row.layout.places if each.startswith(f"{name}+")]
    return cells.joined(place for each in parts or [name] if (place := row.elsewhere.get(each) or _column(row.layout, each)))


def _column(layout: Layout, name: str) -> str:
    return letters(layout.places.get(name))


def _month(row: Row) -> str:
    return _of(row, "month") if _filled(row, "month") else row.layout.month


def _filled(row: Row, name: str) -> bool:
    """Say whether a cell of the row gave the field; a month may come from the sheet, a value from the mapping."""
    return row.cells.get(name) not in (None, "") and row.values.get(name) not in (None, "", ())
