"""Workbooks as clerks make them: three title lines, two-line merged headers, totals above or below the details.

A sheet is declared as data (columns and rows) and written by xlsxwriter. Keys of a row that begin with an
underscore are notes of the generator and are never printed.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

STEPS = ("2026-09", "2026-09-late", "2026-10")
"""The order in which the demo drops the folders: September, then what comes late for it, then October."""

BUREAU_NAMES = {
    "development-reform": "区发展改革委", "industry": "区工业和信息化局", "housing": "区住房建设委",
    "urban-management": "区城市管理委", "transport": "区交通局", "agriculture": "区农业农村委", "water": "区水务局",
    "health": "区卫生健康委", "education": "区教育局", "culture-tourism": "区文化和旅游局", "commerce": "区商务局",
    "finance": "区财政局", "ecology": "区生态环境局", "market-regulation": "区市场监管局", "police": "公安武清分局",
    "data": "区数据局", "power-supply": "区供电公司", "government-offices": "区机关事务管理局",
    "statistics": "区统计局", "tax": "区税务局", "planning-resources": "市规划资源局武清分局", "government-services": "区政务服务办",
    "science": "区科技局", "publicity": "区委宣传部", "emergency": "区应急管理局",
}  # fmt: skip

#: Towns of the sample that report themselves.
TOWN_NAMES = {"yangcun": "杨村街道", "meichang": "梅厂镇", "tech-valley": "京津科技谷"}
_TOWNS = tomllib.loads((Path(__file__).resolve().parent.parent / "towns.toml").read_text(encoding="utf-8"))["town"]
_NAMES = BUREAU_NAMES | {town["code"]: town["name"] for town in _TOWNS}

Row = dict[str, Any]

INVENTED = "注：样例数据，项目、企业、文号和金额均为虚构。"
"""Stands under every table: nothing in the samples is real but the names of the bureaus and towns."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: heading (``父/子`` for a two-line heading), key into the row, and whether totals are printed."""

    head: str
    key: str
    total: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook.

    Attributes:
        name: name of the tab.
        title: first title line.
        period: second title line, for example ``（2026年9月）``; empty where the sheet has no month.
        third: third title line.
        totals: ``above``, ``below`` or empty.
        subtotal_key: a subtotal row follows each run of rows that share this key.
        foot: lines under the table.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    period: str = ""
    third: str = ""
    totals: str = ""
    subtotal_key: str = ""
    foot: tuple[str, ...] = ("填表人：　　　　审核：　　　　单位负责人：", INVENTED)


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook that *bureau* drops in *step*; ``copy_of`` names a file of the same folder that it repeats byte for byte."""

    step: str
    bureau: str
    name: str
    sheets: tuple[Sheet, ...] = ()
    copy_of: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """What a row that goes through says: the event it becomes, its key and sub-key, and its plain content."""

    step: str
    bureau: str
    event: str
    key: str
    data: Mapping[str, Any]
    sub: str = ""


@dataclass(slots=True)
class Content:
    """What the content modules declare: books in the order of dropping, facts, and rows that are sent back."""

    books: list[Book] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    returned: list[tuple[str, str, str, int]] = field(default_factory=list)
    """(step, bureau, file, number of the error in the list of workbook errors) for each row sent back."""


def period_of(month: str) -> str:
    """Write ``2026-09`` as ``2026年9月``."""
    return f"{month[:4]}年{int(month[5:])}月"


def third_line(bureau: str, unit: str = "") -> str:
    """Give the third title line: who fills it in and, where there is money, in which unit."""
    line = f"填报单位：{_NAMES[bureau]}"
    return f"{line}　　　　　　单位：{unit}" if unit else line


def full_width(text: str) -> str:
    """Write digits, commas and points in full width, as some input methods do."""
    return text.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789,.-"})


def write(book: Book, folder: Path) -> Path:
    """Write *book* into *folder*; the bytes depend on the declaration alone."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / book.name
    if book.copy_of:
        path.write_bytes((folder / book.copy_of).read_bytes())
        return path
    with xlsxwriter.Workbook(path) as workbook:
        workbook.set_properties({"created": datetime(2026, 1, 1), "author": _NAMES[book.bureau]})  # noqa: DTZ001 — a spreadsheet's dates have no zone
        formats = {
            "title": workbook.add_format({"bold": True, "align": "center", "font_size": 16}),
            "line": workbook.add_format({"align": "center"}),
            "head": workbook.add_format(
                {"bold": True, "align": "center", "valign": "vcenter", "border": 1, "text_wrap": True}
            ),
            "text": workbook.add_format({"border": 1}),
            "date": workbook.add_format({"border": 1, "num_format": "yyyy-mm-dd"}),
        }
        for sheet in book.sheets:
            _write_sheet(workbook.add_worksheet(sheet.name), sheet, formats)
    return path


def _write_sheet(ws: Any, sheet: Sheet, formats: Mapping[str, Any]) -> None:
    last = len(sheet.columns) - 1
    line = 0
    for text, style in ((sheet.title, "title"), (sheet.period, "line"), (sheet.third, "line")):
        if text:
            if last:
                ws.merge_range(line, 0, line, last, text, formats[style])
            else:
                ws.write_string(line, 0, text, formats[style])
            line += 1
    line = _write_head(ws, sheet.columns, line, formats["head"])
    ws.set_column(0, last, 16)
    if sheet.totals == "above":
        line = _write_row(ws, sheet.columns, line, _sums(sheet.columns, sheet.rows, "合　计"), formats)
    block: list[Row] = []
    for row, following in zip(sheet.rows, [*sheet.rows[1:], None], strict=True):
        line = _write_row(ws, sheet.columns, line, row, formats)
        block.append(row)
        key = sheet.subtotal_key
        if key and (following is None or following[key] != row[key]):
            line = _write_row(ws, sheet.columns, line, _sums(sheet.columns, block, "小计"), formats)
            block = []
    if sheet.totals == "below":
        line = _write_row(ws, sheet.columns, line, _sums(sheet.columns, sheet.rows, "合计"), formats)
    for text in sheet.foot:
        ws.write_string(line, 0, text)
        line += 1


def _write_head(ws: Any, columns: Sequence[Column], line: int, style: Any) -> int:
    """Write one or two header lines; a parent is merged over its children, a lone heading over both lines."""
    deep = any("/" in column.head for column in columns)
    start = 0
    while start < len(columns):
        parent, slash, _ = columns[start].head.partition("/")
        if not deep:
            ws.write_string(line, start, parent, style)
            start += 1
            continue
        if not slash:
            ws.merge_range(line, start, line + 1, start, parent, style)
            start += 1
            continue
        end = start
        while end < len(columns) and columns[end].head.startswith(f"{parent}/"):
            ws.write_string(line + 1, end, columns[end].head.partition("/")[2], style)
            end += 1
        if end - start > 1:
            ws.merge_range(line, start, line, end - 1, parent, style)
        else:
            ws.write_string(line, start, parent, style)
        start = end
    return line + (2 if deep else 1)


def _write_row(ws: Any, columns: Sequence[Column], line: int, row: Row, formats: Mapping[str, Any]) -> int:
    for place, column in enumerate(columns):
        value = row.get(column.key)
        if value is None or value == "":
            ws.write_blank(line, place, None, formats["text"])
        elif isinstance(value, date):
            ws.write_datetime(line, place, datetime(value.year, value.month, value.day), formats["date"])  # noqa: DTZ001 — a spreadsheet's dates have no zone
        elif isinstance(value, str):
            ws.write_string(line, place, value, formats["text"])
        else:
            ws.write_number(line, place, value, formats["text"])
    return line + 1


def _sums(columns: Sequence[Column], rows: Sequence[Row], label: str) -> Row:
    """Add up the columns that carry totals; text cells that hold numbers count with their number."""
    result: Row = {columns[0].key: label}
    for column in columns:
        if column.total:
            values = [row.get(column.key) for row in rows]
            numbers = [number for value in values if (number := _number(value)) is not None]
            result[column.key] = round(sum(numbers), 6) if numbers else 0
    return result


def _number(value: object) -> float | None:
    if isinstance(value, str):
        plain = value.translate({ord(c) + 0xFEE0: ord(c) for c in "0123456789,.-"}).replace(",", "").rstrip("台(套)")
        return float(plain) if plain else None
    return value if isinstance(value, int | float) else None
