"""Rows as a file: xlsx, CSV and JSON of the same values, money in yuan with two places; the one writer of console and commands.

Text is never a formula: xlsx cells are written as strings, CSV cells that a spreadsheet would evaluate get a quote before them. CSV
carries a byte-order mark, without which Excel reads Chinese as noise.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

import xlsxwriter

from exchange_hub.views import values
from exchange_hub.views.lists.model import Column
from exchange_hub.views.queries.answers import Row
from exchange_hub.views.values import Filed, Json, Names

MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_MEMORY_MAX = 16 * 1024 * 1024
_CHUNK = 64 * 1024
_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")
_DIGITS_MAX = 15
"""Digits that a spreadsheet keeps; a longer number goes in as text."""
_FORMATS = {"money": "#,##0.00", "quantity": "#,##0.####", "date": "yyyy-mm-dd"}
_WIDTHS = {"money": 18, "count": 10, "date": 12, "month": 10}


def cells(columns: Sequence[Column], row: Row, names: Names) -> list[Filed]:
    """Return a row as cells of a file."""
    return [values.filed(column, row.get(column.name), names) for column in columns]


def headings(columns: Sequence[Column]) -> list[str]:
    """Return the headings of a file: titles with the units that the file carries (money in 元)."""
    return [values.exact_heading(column) for column in columns]


def jsonable(columns: Sequence[Column], row: Row) -> dict[str, Json]:
    """Return a row as JSON holds it, with its key and bureaus."""
    bureaus = row.get("bureaus")
    result: dict[str, Json] = {
        "row_key": str(row["row_key"]), "bureaus": [str(code) for code in bureaus] if isinstance(bureaus, list | tuple) else []
    }  # fmt: skip
    return result | {column.name: values.plain(column, row.get(column.name)) for column in columns}


def csv_lines(head: Sequence[str], lines: Iterable[Sequence[Filed]]) -> Iterator[bytes]:
    """Yield a CSV file, some rows at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield BYTE_ORDER_MARK
    writer.writerow(head)
    for line in lines:
        writer.writerow([guarded(cell) for cell in line])
        if buffer.tell() > _CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def guarded(cell: Filed) -> str:
    """Write a cell of a CSV file; what a spreadsheet would read as a formula gets a quote before it, a negative number stays one.

    >>> guarded("=1+1"), guarded("＠SUM"), guarded(Decimal("-2.50")), guarded("-3"), guarded("-x"), guarded(None)
    ("'=1+1", "'＠SUM", '-2.50', '-3', "'-x", '')
    """
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return "" if cell is None else str(cell)


def json_lines(objects: Iterable[dict[str, Json]]) -> Iterator[bytes]:
    """Yield a JSON array, some rows at a time: a chunk costs a change of threads."""
    separator, waiting, size = "[\n", [], 0
    for each in objects:
        line = f"{separator}{json.dumps(each, ensure_ascii=False)}"
        separator = ",\n"
        waiting.append(line)
        size += len(line)
        if size > _CHUNK:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    waiting.append("\n]\n" if separator != "[\n" else "[]\n")
    yield "".join(waiting).encode()


def workbook(title: str, columns: Sequence[Column], lines: Iterable[Sequence[Filed]], note: str) -> Iterator[bytes]:
    """Yield an xlsx file; *note* stands above the headings (what, of when, filtered how).

    The workbook is written a row at a time, and beyond 16 MB it waits on disk, so memory does not grow with the list.
    """
    with SpooledTemporaryFile(max_size=_MEMORY_MAX) as file:
        write_workbook(file, title, columns, lines, note)
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


def write_workbook(target: Path | IO[bytes], title: str, columns: Sequence[Column], lines: Iterable[Sequence[Filed]], note: str = "") -> None:
    """Write an xlsx file of one sheet."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(target) if isinstance(target, Path) else target, options) as book:
        sheet = book.add_worksheet(title[:31])
        bold = book.add_format({"bold": True, "bg_color": "#E8EDF4", "border": 1, "text_wrap": True, "valign": "vcenter"})
        formats = {type_: book.add_format({"num_format": form}) for type_, form in _FORMATS.items()}
        for index, column in enumerate(columns):
            sheet.set_column(index, index, _WIDTHS.get(column.type, 20))
        head = 1 if note else 0
        if note:
            sheet.write_string(0, 0, note)
        for index, words in enumerate(headings(columns)):
            sheet.write_string(head, index, words, bold)
        last = head
        for last, line in enumerate(lines, head + 1):
            for index, (column, cell) in enumerate(zip(columns, line, strict=True)):
                write_cell(sheet, last, index, cell, formats.get(column.type))
        sheet.freeze_panes(head + 1, 1)
        sheet.autofilter(head, 0, last, len(columns) - 1)
        sheet.set_landscape()
        sheet.repeat_rows(head)


def write_cell(sheet: xlsxwriter.worksheet.Worksheet, line: int, index: int, cell: Filed, form: object = None) -> None:
    """Write a cell of a workbook: numbers as numbers as long as a spreadsheet keeps all their digits."""
    if isinstance(cell, date):
        sheet.write_datetime(line, index, datetime.combine(cell, datetime.min.time()), form)
    elif isinstance(cell, int | Decimal) and sum(character.isdigit() for character in str(cell)) <= _DIGITS_MAX:
        sheet.write_number(line, index, cell, form)
    elif cell is not None:
        sheet.write_string(line, index, str(cell))
