"""A list as a file: xlsx, CSV and JSON of the same rows, every column, money in yuan with two places.

Text is never a formula: xlsx cells are written as strings, CSV cells that a spreadsheet would evaluate get a quote
before them. CSV carries a byte-order mark, without which Excel reads Chinese as noise.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from tempfile import SpooledTemporaryFile

import xlsxwriter

from exchange_hub.console.source import Place, Row
from exchange_hub.console.wording import named, yuan
from exchange_hub.views.lists.model import Column, ListView

MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}

_MEMORY_MAX = 16 * 1024 * 1024
_CHUNK = 64 * 1024
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def headings(view: ListView) -> list[str]:
    """Return the headings of a file: title with the unit that the file carries (money in 元)."""
    return [f"{column.title}（{column.unit}）" if column.unit else column.title for column in view.columns]


def plain(column: Column, raw: object, place: Place) -> str | int | Decimal | date | None:
    """Return a value as a file cell: yuan, number, date or words; ``None`` where nothing was reported."""
    if raw is None:
        return None
    if column.type == "money":
        return yuan(int(str(raw)))
    if column.type == "money_map" and isinstance(raw, Mapping):
        return "；".join(f"{key}：{yuan(int(str(fen)))}" for key, fen in sorted(raw.items()))
    if column.type == "texts" and isinstance(raw, list | tuple):
        return "、".join(named(column.name, item, place) for item in raw)
    if column.type == "flag":
        return "是" if raw else "否"
    if isinstance(raw, int | Decimal | date):
        return raw
    return named(column.name, raw, place)


def jsonable(view: ListView, row: Row) -> dict[str, object]:
    """Return a row as JSON holds it, with its key and bureaus."""
    result: dict[str, object] = {"row_key": row["row_key"], "bureaus": list(_texts(row.get("bureaus")))}
    for column in view.columns:
        result[column.name] = json_value(column, row.get(column.name))
    return result


def csv_lines(view: ListView, rows: Iterable[Row], place: Place) -> Iterator[bytes]:
    """Yield a CSV file, some rows at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield b"\xef\xbb\xbf"
    writer.writerow(headings(view))
    for row in rows:
        writer.writerow([_csv_cell(plain(column, row.get(column.name), place)) for column in view.columns])
        if buffer.tell() > _CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def json_lines(view: ListView, rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield a JSON array, some rows at a time: a chunk costs a change of threads."""
    separator, waiting, size = "[\n", [], 0
    for row in rows:
        line = f"{separator}{json.dumps(jsonable(view, row), ensure_ascii=False)}"
        separator = ",\n"
        waiting.append(line)
        size += len(line)
        if size > _CHUNK:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    waiting.append("\n]\n" if separator != "[\n" else "[]\n")
    yield "".join(waiting).encode()


def workbook(view: ListView, rows: Iterable[Row], place: Place, note: str) -> Iterator[bytes]:
    """Yield an xlsx file; *note* stands above the headings (what, of when, filtered how).

    The workbook is written a row at a time, and beyond 16 MB it waits on disk, so memory does not grow with the list.
    """
    with SpooledTemporaryFile(max_size=_MEMORY_MAX) as file:
        book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False,
                                          "strings_to_urls": False})  # fmt: skip
        _write(book, view, rows, place, note)
        book.close()
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


def _write(book: xlsxwriter.Workbook, view: ListView, rows: Iterable[Row], place: Place, note: str) -> None:
    sheet = book.add_worksheet(view.title[:31])
    bold = book.add_format({"bold": True, "bg_color": "#E8EDF4", "border": 1, "text_wrap": True, "valign": "vcenter"})
    formats = {
        "money": book.add_format({"num_format": "#,##0.00"}),
        "quantity": book.add_format({"num_format": "#,##0.####"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    for index, column in enumerate(view.columns):
        sheet.set_column(index, index, {"money": 18, "count": 10, "date": 12, "month": 10}.get(column.type, 20))
    sheet.write_string(0, 0, note)
    for index, title in enumerate(headings(view)):
        sheet.write_string(1, index, title, bold)
    last = 1
    for last, row in enumerate(rows, start=2):
        for index, column in enumerate(view.columns):
            cell = plain(column, row.get(column.name), place)
            if cell is None:
                continue
            if isinstance(cell, str):
                sheet.write_string(last, index, cell)
            elif isinstance(cell, date):
                sheet.write_datetime(last, index, datetime.combine(cell, datetime.min.time()), formats["date"])
            else:
                sheet.write_number(last, index, cell, formats.get(column.type))
    sheet.freeze_panes(2, 1)
    sheet.autofilter(1, 0, last, len(view.columns) - 1)
    sheet.set_landscape()
    sheet.repeat_rows(1)


def _csv_cell(cell: str | int | Decimal | date | None) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return str(cell)


def json_value(column: Column, raw: object) -> object:
    """Return a cell as JSON holds it: money and quantities as decimal strings, dates ISO, codes as they are."""
    if raw is None:
        return None
    if column.type == "money":
        return str(yuan(int(str(raw))))
    if column.type == "money_map" and isinstance(raw, Mapping):
        return {str(key): str(yuan(int(str(fen)))) for key, fen in sorted(raw.items())}
    if isinstance(raw, Decimal):
        return f"{raw:f}"
    if isinstance(raw, date):
        return raw.isoformat()
    if isinstance(raw, tuple):
        return list(raw)
    return raw


def _texts(raw: object) -> tuple[str, ...]:
    return tuple(str(item) for item in raw) if isinstance(raw, list | tuple) else ()
