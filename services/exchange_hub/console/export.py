"""Rows as a file: xlsx, CSV and JSON of the same values, money in yuan with two places; the one writer of console and commands.

Text is never a formula: xlsx cells are written as strings, CSV cells that a spreadsheet would evaluate get a quote before them. CSV
carries a byte-order mark, without which Excel reads Chinese as noise.
"""

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, TypeVar

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from exchange_hub.console import query
from exchange_hub.console.source import Source
from exchange_hub.reports.render.annex_values import Words
from exchange_hub.reports.render.csv_rows import BYTE_ORDER_MARK, csv_rows, guarded, stored
from exchange_hub.reports.render.package import Stream, rewrite
from exchange_hub.reports.render.xlsx_rows import DIGITS_MAX, streamed
from exchange_hub.views import values
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import Column, ListView
from exchange_hub.views.queries.answers import Row, Selection
from exchange_hub.views.values import Filed, Json, Names

MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
_Each = TypeVar("_Each")
_LOOK_ROWS = 1000
_CHUNK = 64 * 1024
_LEVEL = 1
"""Quick compression: files of a list are made for one reader."""
_FORMATS = {"money": "#,##0.00", "quantity": "#,##0.####", "date": "yyyy-mm-dd"}
_WIDTHS = {"money": 18, "count": 10, "date": 12, "month": 10}


class LeftError(Exception):
    """Nobody waits for an export any more."""


@dataclass(frozen=True, slots=True)
class Export:
    """A list as a file, as it was asked for.

    Attributes:
        list_name: the list.
        selection: its rows.
        form: xlsx, csv or json.
        title: what stands above a workbook's headings, before the number of rows.
        names: code → name of the bureaus.
    """

    list_name: str
    selection: Selection
    form: str
    title: str
    names: Names


def make(source: Source, export: Export, path: Path) -> int:
    """Write an export to a file that exists and return how many rows it holds, all of one snapshot.

    Raises:
        QueryError: there are more rows than one export may have.
        LeftError: the file was removed meanwhile: nobody waits for it.
        OSError: it could not be written.
    """
    view = BY_NAME[export.list_name]
    with path.open("r+b") as file, source.reading() as reading:
        total = reading.count(view.name, export.selection)
        if total > query.EXPORT_ROWS_MAX:
            raise query.QueryError(f"共 {total:,} 行，超过一次下载的上限 {query.EXPORT_ROWS_MAX:,} 行，请先筛选。")
        # Closed within the snapshot: a cursor that is let go of later would be closed on a connection that others have.
        if export.form == "json":
            with closing(reading.every_row(view.name, export.selection)) as every:
                file.writelines(json_lines(jsonable(view.columns, row) for row in _while_named(file, every)))
        else:
            with closing(reading.every_line(view.name, export.selection)) as every_line:
                lines = _while_named(file, every_line)
                if export.form == "csv":
                    file.writelines(csv_rows(view.columns, lines, export.names))
                else:
                    note = f"{export.title} 共 {total} 行 金额单位：元"
                    write_listed(file, view, lines, total, note, export.names)
        file.flush()
    return total


def _while_named(file: IO[bytes], rows: Iterable[_Each]) -> Iterator[_Each]:
    """Yield rows for as long as the file has its name."""
    for place, row in enumerate(rows):
        if place % _LOOK_ROWS == 0 and not os.fstat(file.fileno()).st_nlink:
            raise LeftError
        yield row


def write_listed(target: IO[bytes], view: ListView, lines: Iterable[bytes], total: int, note: str, names: Names) -> None:
    """Write the rows of a list as an xlsx file of one sheet, streamed from lines; *note* stands above the headings."""
    skeleton, columns, head = io.BytesIO(), view.columns, 1
    book = xlsxwriter.Workbook(skeleton, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet, formats = _headed(book, view.title, columns, note)
    for index, column in enumerate(columns):
        plain = book.add_format({"num_format": "0" if column.type == "count" else "@"})
        sheet.write_blank(head + 1, index, None, formats.get(column.type, plain))
    sheet.freeze_panes(head + 1, 1)
    sheet.autofilter(head, 0, head + total, len(columns) - 1)
    sheet.set_landscape()
    sheet.repeat_rows(head)
    book.close()
    skeleton.seek(0)

    def filed(column: Column) -> Callable[[str], str]:
        return lambda text: str(values.filed(column, stored(column, text), names))

    words = Words(names, {each.name: each.title for each in BY_NAME.values()})
    stream: Stream = lambda content: streamed(content, head + 2, columns, lines, words, filed)  # noqa: E731 - one step of the line below
    rewrite(skeleton, target, stream={"xl/worksheets/sheet1.xml": stream}, level=_LEVEL)


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
    sheet.freeze_panes(head + 1, 1)
    sheet.autofilter(head, 0, last, len(columns) - 1)
    sheet.set_landscape()
    sheet.repeat_rows(head)


def _headed(book: xlsxwriter.Workbook, title: str, columns: Sequence[Column], note: str) -> tuple[Any, dict[str, Any]]:
    """Add a sheet with its note and headings; return it with the formats of its columns by type."""
    sheet = book.add_worksheet(title[:31])
    bold = book.add_format({"bold": True, "bg_color": "#E8EDF4", "border": 1, "text_wrap": True, "valign": "vcenter"})
    for index, column in enumerate(columns):
        sheet.set_column(index, index, _WIDTHS.get(column.type, 20))
    if note:
        sheet.write_string(0, 0, note)
    for index, words in enumerate(headings(columns)):
        sheet.write_string(1 if note else 0, index, words, bold)
    return sheet, {type_: book.add_format({"num_format": form}) for type_, form in _FORMATS.items()}


def write_cell(sheet: xlsxwriter.worksheet.Worksheet, line: int, index: int, cell: Filed, form: object = None) -> None:
    """Write a cell of a workbook: numbers as numbers as long as a spreadsheet keeps all their digits."""
    if isinstance(cell, date):
        sheet.write_datetime(line, index, datetime.combine(cell, datetime.min.time()), form)
    elif isinstance(cell, int | Decimal) and sum(character.isdigit() for character in str(cell)) <= DIGITS_MAX:
        sheet.write_number(line, index, cell, form)
    elif cell is not None:
        sheet.write_string(line, index, str(cell))
