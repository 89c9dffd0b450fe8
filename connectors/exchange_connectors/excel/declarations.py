"""Nil returns and signed confirmations: what a bureau declares about its lists of a month. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from exchange_connectors.excel.mapping import Mapping
from exchange_connectors.excel.model import Finding, Level, Row, RowKind
from exchange_connectors.excel.places import confirmed
from exchange_connectors.excel.rows import read_rows
from exchange_connectors.excel.statements import Placed, Source, draft_of, fixed_statement, placed
from exchange_connectors.excel.table import Table
from exchange_connectors.kit.money import in_words
from exchange_contracts import registry

ROLES = ("填报", "审核", "签发")


class Reported(Protocol):
    """A sheet of rows as far as a declaration speaks of it."""

    table: Table
    rows: list[Row]

    @property
    def list(self) -> str | None:
        """The list view it reports."""

    @property
    def returned(self) -> int:
        """How many rows go back."""

    def total(self) -> Decimal | None:
        """Return the sum that a confirmation states."""


@dataclass(slots=True)
class Declared:
    """What was declared."""

    statements: list[Placed] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    nil_lists: set[str] = field(default_factory=set)


def declare(tables: Sequence[Table], sheets: Sequence[Reported], mapping: Mapping, source: Source) -> Declared:
    """Read nil and submission sheets against the sheets of rows of the same workbook."""
    result = Declared()
    for table in sorted(tables, key=lambda each: each.mapped.kind):  # nil before submission
        if table.returned:
            result.findings += table.findings
            continue
        for row in read_rows(table):
            if row.kind is RowKind.DETAIL and not row.returned:
                _declare_row(table, row, _Book(sheets, mapping, source), result)
        result.findings += table.findings
    return result


@dataclass(frozen=True, slots=True)
class _Book:
    """What a declaration is held against."""

    sheets: Sequence[Reported]
    mapping: Mapping
    source: Source


def _declare_row(table: Table, row: Row, book: _Book, result: Declared) -> None:
    title = row.text("list")
    if title is None:
        return
    list_ = book.mapping.list_titled(title)
    month = row.text("month") or table.month
    if list_ is None:
        table.say(36, Level.RETURNED, f"清单“{title}”不在模板内，请核对名称", row.number, row.places.get("list"))
        return
    if month is None:
        table.say(28, Level.RETURNED, "缺少报送月份，请补填", row.number)
        return
    reported = [sheet for sheet in book.sheets if sheet.list == list_]
    if table.mapped.kind == "nil":
        facts = _nil(table, row, list_, reported, result)
        type_ = "NilReturned"
    else:
        facts = _confirmation(table, row, reported, month)
        type_ = "SubmissionConfirmed"
    if facts is None:
        return
    cells = confirmed(registry.load().latest(type_), row)
    origin = {"file": book.source.file, "sheet": table.sheet.name, "row": row.number, "unit": None, "cells": cells}
    statement = fixed_statement(type_, list_, month, facts, origin)
    draft = draft_of(statement, book.source)
    if isinstance(draft, list):
        headings = {bound.reads.field: bound.header for bound in table.columns}
        for each in draft:
            message = re.sub(r"\{([^{}]+)\}", lambda match: f"“{headings.get(match[1], match[1])}”", each.message)
            table.say(each.no, Level.RETURNED, message, row.number, row.places.get(each.field or ""))
        return
    result.statements.append(placed(statement, draft, table.sheet.name, row.number))


def _nil(table: Table, row: Row, list_: str, reported: list[Reported], result: Declared) -> dict[str, Any] | None:
    """Return a nil return's facts; a list with details has none (no. 49)."""
    if "nil" in row.cells and row.text("nil") not in ("是", "√", "1", "零报告"):
        return None
    if any(sheet.rows for sheet in reported):
        table.say(49, Level.RETURNED, "零报告又有数据，二者选一", row.number)
        return None
    result.nil_lists.add(list_)
    return {"signed_by": _signed(row)}


def _confirmation(table: Table, row: Row, reported: list[Reported], month: str) -> dict[str, Any] | None:
    """Return a confirmation's facts; it must say what the sheet says (no. 52) and be signed."""
    if not reported:
        table.say(52, Level.RETURNED, "本文件中没有该清单的工作表，请一并报送", row.number, row.places.get("list"))
        return None
    if any(sheet.table.returned for sheet in reported):
        table.say(52, Level.RETURNED, "该清单的工作表已退回，请更正后再确认", row.number)
        return None
    problems = _differences(row, reported, month)
    for message, name in problems:
        table.say(52, Level.RETURNED, message, row.number, row.places.get(name))
    unsigned = [name.removeprefix("sign.") for name in row.places if name.startswith("sign.") and not row.text(name)]
    if unsigned:
        table.say(52, Level.RETURNED, f"{'、'.join(unsigned)}未签，未作确认", row.number)
    if problems or unsigned:
        return None
    returned = sum(sheet.returned for sheet in reported)
    if returned:
        table.say(52, Level.VERIFY, f"有{returned}行被退回，更正后请重新确认", row.number)
    rows = sum(len(sheet.rows) for sheet in reported)
    facts: dict[str, Any] = {"rows": rows, "signed_by": _signed(row)}
    totals = {sheet.table.mapped.submit_total: total for sheet in reported if (total := sheet.total()) is not None}
    if totals:
        facts["totals"] = totals
    if (explanation := row.text("explanation")) is not None:
        facts["explanation"] = explanation
    sha256 = row.text("sha256")
    if sha256 is not None and re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        facts["signed_copy_sha256"] = sha256.lower()
    return facts


def _differences(row: Row, reported: list[Reported], month: str) -> list[tuple[str, str]]:
    """Return (message, field) for each way in which the signed figures differ from the sheet's."""
    found: list[tuple[str, str]] = []
    rows = sum(len(sheet.rows) for sheet in reported)
    stated = row.values.get("rows")
    if isinstance(stated, int) and stated != rows:
        found.append((f"签发{stated}行，电子表{rows}行，请以签发件为准更正", "rows"))
    total, signed = sum((sheet.total() or Decimal(0) for sheet in reported), Decimal(0)), row.money("total")
    if signed is not None and any(sheet.total() is not None for sheet in reported) and signed != total:
        found.append((f"签发合计{in_words(signed)}，电子表{in_words(total)}，请以签发件为准更正", "total"))
    months = {sheet.table.month for sheet in reported if sheet.table.month is not None}
    if months and months != {month}:
        found.append((f"报送期不一致：确认单{month}、电子表{'、'.join(sorted(months))}", "list"))
    return found


def _signed(row: Row) -> list[str]:
    """Return the roles that signed; names stay in the workbook."""
    return [role for role in ROLES if row.text(f"sign.{role}")]
