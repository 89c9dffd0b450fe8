"""Rows as a workbook of one sheet; the one writer of console and commands. Text is never a formula: cells are written as strings."""

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from exchange_hub.console.text_files import headings
from exchange_hub.reports.render.annex_values import Words
from exchange_hub.reports.render.csv_rows import value_of_field
from exchange_hub.reports.render.package import Stream, rewrite
from exchange_hub.reports.render.xlsx_rows import DIGITS_MAX, streamed
from exchange_hub.views import values
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import Column, ListView
from exchange_hub.views.values import Filed, Names

_LEVEL = 1
"""Quick compression: files of a list are made for one reader."""
_FORMATS = {"money": "#,##0.00", "quantity": "#,##0.####", "date": "yyyy-mm-dd"}
_WIDTHS = {"money": 18, "count": 10, "date": 12, "month": 10}


def write_listed(target: IO[bytes], view: ListView, lines: Iterable[bytes], total: int, note: str, names: Names) -> None:
    """Write the rows of a list as an xlsx file of one sheet, streamed from lines; *note* stands above the headings."""
    skeleton, columns, head = io.BytesIO(), view.columns, 1
    book = xlsxwriter.Workbook(skeleton, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet, formats = _headed(book, view.title, columns, note)
    for index, column in enumerate(columns):
        plain = book.add_format({"num_format": "0" if column.type == "count" else "@"})
        sheet.write_blank(head + 1, index, None, formats.get(column.type, plain))
    sheet.autofilter(head, 0, head + total, len(columns) - 1)
    book.close()
    skeleton.seek(0)

    def filed(column: Column) -> Callable[[str], str]:
        return lambda text: str(values.filed(column, value_of_field(column, text), names))

    words = Words(names, {each.name: each.title for each in BY_NAME.values()})
    stream: Stream = lambda content: streamed(content, head + 2, columns, lines, words, filed)  # noqa: E731 - one step of the line below
    rewrite(skeleton, target, stream={"xl/worksheets/sheet1.xml": stream}, level=_LEVEL)


def write_workbook(target: Path | IO[bytes], title: str, columns: Sequence[Column], lines: Iterable[Sequence[Filed]], note: str = "") -> None:
    """Write an xlsx file of one sheet; *note* stands above the headings (what, of when, filtered how).

    It is written a row at a time and waits on disk, so memory does not grow with the list.

    Raises:
        OSError: it could not be written; what waited on disk is gone.
    """
    with TemporaryDirectory(prefix="hub-workbook-") as folder:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "tmpdir": folder}
        # Not as a context: that one would write the file all the same after a failure.
        book = xlsxwriter.Workbook(str(target) if isinstance(target, Path) else target, options)
        _write_sheet(book, title, columns, lines, note)
        try:
            book.close()
        except FileCreateError as error:
            raise error.args[0] from error


def _write_sheet(book: xlsxwriter.Workbook, title: str, columns: Sequence[Column], lines: Iterable[Sequence[Filed]], note: str) -> None:
    sheet, formats = _headed(book, title, columns, note)
    last = head = 1 if note else 0
    for last, line in enumerate(lines, head + 1):
        for index, (column, cell) in enumerate(zip(columns, line, strict=True)):
            write_cell(sheet, last, index, cell, formats.get(column.type))
    sheet.autofilter(head, 0, last, len(columns) - 1)


def _headed(book: xlsxwriter.Workbook, title: str, columns: Sequence[Column], note: str) -> tuple[Any, dict[str, Any]]:
    """Add a sheet with its note and headings; return it with the formats of its columns by type."""
    sheet = book.add_worksheet(title[:31])
    head = 1 if note else 0
    sheet.freeze_panes(head + 1, 1)
    sheet.set_landscape()
    sheet.repeat_rows(head)
    bold = book.add_format({"bold": True, "bg_color": "#E8EDF4", "border": 1, "text_wrap": True, "valign": "vcenter"})
    for index, column in enumerate(columns):
        sheet.set_column(index, index, _WIDTHS.get(column.type, 20))
    if note:
        sheet.write_string(0, 0, note)
    for index, words in enumerate(headings(columns)):
        sheet.write_string(head, index, words, bold)
    return sheet, {type_: book.add_format({"num_format": form}) for type_, form in _FORMATS.items()}


def write_cell(sheet: xlsxwriter.worksheet.Worksheet, line: int, index: int, cell: Filed, form: object = None) -> None:
    """Write a cell of a workbook: numbers as numbers as long as a spreadsheet keeps all their digits."""
    if isinstance(cell, date):
        sheet.write_datetime(line, index, datetime.combine(cell, datetime.min.time()), form)
    elif isinstance(cell, int | Decimal) and sum(character.isdigit() for character in str(cell)) <= DIGITS_MAX:
        sheet.write_number(line, index, cell, form)
    elif cell is not None:
        sheet.write_string(line, index, str(cell))
