"""What a workbook was understood to state, row by row: in words for whoever sets up a mapping, as JSON for programs. Pure."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from exchange_connectors.excel.inspection import Inspection
from exchange_connectors.excel.model import Finding
from exchange_connectors.excel.statements import Placed
from exchange_contracts import cells, registry
from exchange_contracts.shape import title_of

_ENVELOPE = frozenset({"occurred_on", "origin"})


def words(seen: Inspection) -> Iterator[str]:
    """Yield a line of words for each statement, in the order of the sheets and their rows."""
    for (sheet, row), (statements, _) in _by_row(seen).items():
        for each in statements:
            stated = each.statement
            names = {str(field.name): field.doc for field in registry.load().latest(stated.type).fields}
            at = _cells(each)
            facts = "；".join(f"{title_of(names[name])}（{name}）={_plain(value)}{f'〔{at[name]}〕' if name in at else ''}" for name, value in stated.facts.items() if name not in _ENVELOPE)
            where = f"{sheet} 第{row}行" if row else sheet
            yield f"  {where} ⇒ {stated.type} {stated.entity_key} {stated.facts['occurred_on']}：{facts}"


def lines(seen: Inspection) -> Iterator[str]:
    """Yield a line of JSON for each row that states something or about which there is something to say."""
    for (sheet, row), (statements, findings) in _by_row(seen).items():
        yield json.dumps(
            {
                "file": seen.file, "sheet": sheet, "row": row,
                "statements": [
                    {
                        "type": each.statement.type, "entity_key": each.statement.entity_key,
                        "occurred_on": str(each.statement.facts["occurred_on"]), "unit": (each.statement.facts.get("origin") or {}).get("unit"),
                        "cells": {name: place for name, place in _cells(each).items() if name in each.statement.facts},
                        "facts": {name: _json(value) for name, value in each.statement.facts.items() if name not in _ENVELOPE},
                    }
                    for each in statements
                ],
                "findings": [{"level": each.level, "no": each.no, "cell": each.cell, "message": each.message} for each in findings],
            },
            ensure_ascii=False,
        )  # fmt: skip


def _by_row(seen: Inspection) -> Mapping[tuple[str, int | None], tuple[list[Placed], list[Finding]]]:
    """Gather statements and findings by sheet and row; what is said of a sheet or the file as a whole comes first."""
    order = {account.sheet: number for number, account in enumerate(seen.accounts)}
    rows: dict[tuple[str, int | None], tuple[list[Placed], list[Finding]]] = {}
    for statement in seen.statements:
        rows.setdefault((statement.sheet, statement.row), ([], []))[0].append(statement)
    for finding in seen.findings:
        rows.setdefault((finding.sheet, finding.row), ([], []))[1].append(finding)
    return dict(sorted(rows.items(), key=lambda item: (order.get(item[0][0], -1), item[0][1] or 0)))


def _cells(each: Placed) -> Mapping[str, str]:
    """Return field → cell, as readers of the event will see it."""
    origin = each.statement.facts.get("origin") or {}
    return cells.places(registry.load().latest(each.statement.type), origin.get("cells"), each.row)


def _plain(value: Any) -> str:
    match value:
        case Decimal():
            return f"{value:,f}"
        case Mapping():
            return "、".join(f"{key} {_plain(each)}" for key, each in value.items())
        case list() | tuple():
            return "、".join(map(_plain, value))
    return str(value)


def _json(value: Any) -> Any:
    match value:
        case Decimal() | date():
            return str(value)
        case Mapping():
            return {str(key): _json(each) for key, each in value.items()}
        case list() | tuple():
            return [_json(each) for each in value]
    return value
