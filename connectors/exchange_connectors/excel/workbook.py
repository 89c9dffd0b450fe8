"""Reading a workbook: values by calamine, the rest from the sheets' XML.

Calamine is fast but silent on hidden rows, broken or outward formulas and percentages; one pass over the XML tells
them. Everything has a limit: a workbook comes from outside.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from math import isfinite
from pathlib import Path
from typing import IO
from xml.etree import ElementTree as ET

import python_calamine

from exchange_connectors.excel.model import Cell

FILE_BYTES_MAX = 50 * 2**20
UNPACKED_BYTES_MAX = 500 * 2**20
ROWS_MAX = 200_000
COLUMNS_MAX = 300

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_PERCENT_FORMATS = {9, 10}
"""Built-in number formats 0% and 0.00% (ECMA-376, 18.8.30)."""


class UnreadableError(Exception):
    """The file is no workbook that can be read; the message (Chinese) says what to do."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range, rows and columns counted from 1, both ends inside."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class Sheet:
    """A sheet as read. Rows and columns count from 1 everywhere."""

    name: str
    rows: list[list[Cell]]
    merges: tuple[Merge, ...] = ()
    hidden_rows: set[int] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    outward: set[tuple[int, int]] = field(default_factory=set)
    uncomputed: set[tuple[int, int]] = field(default_factory=set)
    percents: set[tuple[int, int]] = field(default_factory=set)

    def cell(self, row: int, column: int) -> Cell:
        """Return a cell, ``None`` outside the used range."""
        if 0 < row <= len(self.rows) and 0 < column <= len(self.rows[row - 1]):
            return self.rows[row - 1][column - 1]
        return None


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook's visible and hidden sheets in order."""

    file: str
    sheets: tuple[Sheet, ...]


def read(path: Path) -> Workbook:
    """Read a workbook.

    Raises:
        UnreadableError: encrypted, no xlsx, damaged, or beyond the limits.
    """
    _look_at(path)
    try:
        book = python_calamine.load_workbook(str(path))
        sheets = [_sheet(book, meta.name) for meta in book.sheets_metadata if _is_table(meta)]
    except (python_calamine.CalamineError, zipfile.BadZipFile) as error:
        raise UnreadableError("打不开，请另存为xlsx后重报") from error
    _annotate(path, {sheet.name: sheet for sheet in sheets})
    return Workbook(path.name, tuple(sheets))


def _is_table(meta: python_calamine.SheetMetadata) -> bool:
    return meta.typ == python_calamine.SheetTypeEnum.WorkSheet


def _look_at(path: Path) -> None:
    """Refuse what is no xlsx before any library opens it."""
    size = path.stat().st_size
    if size == 0:
        raise UnreadableError("文件为空，请重新导出")
    if size > FILE_BYTES_MAX:
        raise UnreadableError(f"文件超过{FILE_BYTES_MAX // 2**20}MB，请删去图片或分表报送")
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError("打不开（加密或旧版xls），请去掉密码并另存为xlsx")
    if not head.startswith(b"PK"):
        raise UnreadableError("打不开（不是电子表格，可能是PDF或截图），请另存为xlsx")
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
    except zipfile.BadZipFile as error:
        raise UnreadableError("打不开（文件损坏），请另存为xlsx后重报") from error
    if unpacked > UNPACKED_BYTES_MAX:
        raise UnreadableError("文件展开后过大，请删去多余的空行空列")


def _sheet(book: python_calamine.CalamineWorkbook, name: str) -> Sheet:
    sheet = book.get_sheet_by_name(name)
    if sheet.total_height > ROWS_MAX:
        raise UnreadableError(f"“{name}”超过{ROWS_MAX}行，请删去多余的空行或分表报送")
    rows = [[_cell(value) for value in row[:COLUMNS_MAX]] for row in sheet.to_python(skip_empty_area=False)]
    merges = tuple(
        Merge(top + 1, left + 1, bottom + 1, right + 1)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
    )
    return Sheet(name, rows, merges)


def _cell(value: object) -> Cell:
    """Return a cell in the types the rest works with: empty is ``None``, numbers are finite, durations are text."""
    if value == "":
        return None
    if isinstance(value, timedelta) or (isinstance(value, float) and not isfinite(value)):
        return str(value)
    return value  # type: ignore[return-value]  # calamine gives no other types


def _annotate(path: Path, sheets: dict[str, Sheet]) -> None:
    """Add to *sheets* what only the XML tells."""
    with zipfile.ZipFile(path) as archive:
        percent_styles = _percent_styles(archive)
        for name, part in _parts(archive):
            if name in sheets:
                with archive.open(part) as stream:
                    _scan(stream, sheets[name], percent_styles)


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield each sheet's name and the archive member that holds it."""
    try:
        targets = {
            relation.get("Id"): relation.get("Target", "") for relation in _xml(archive, "xl/_rels/workbook.xml.rels")
        }
        book = _xml(archive, "xl/workbook.xml")
    except (KeyError, ET.ParseError):
        return  # an unusual package; the values were read all the same
    members = set(archive.namelist())
    for sheet in book.iter(f"{_MAIN}sheet"):
        target = targets.get(sheet.get(f"{_RELATION}id"), "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if part in members:
            yield sheet.get("name", ""), part


def _xml(archive: zipfile.ZipFile, member: str) -> ET.Element:
    """Return a small part of the package; its size is bounded with the file's."""
    return ET.fromstring(archive.read(member))  # noqa: S314 - expat bounds entity expansion


def _percent_styles(archive: zipfile.ZipFile) -> set[int]:
    """Return the style numbers that show a percentage."""
    try:
        styles = _xml(archive, "xl/styles.xml")
    except (KeyError, ET.ParseError):
        return set()
    own = {
        int(each.get("numFmtId", "0")) for each in styles.iter(f"{_MAIN}numFmt") if "%" in each.get("formatCode", "")
    }
    formats = styles.find(f"{_MAIN}cellXfs")
    return {
        number
        for number, style in enumerate(formats if formats is not None else ())
        if int(style.get("numFmtId", "0")) in own | _PERCENT_FORMATS
    }


def _scan(stream: IO[bytes], sheet: Sheet, percent_styles: set[int]) -> None:
    """Walk one sheet's XML, keeping only what is out of the ordinary."""
    row_number = 0
    events = ET.iterparse(stream, events=("start", "end"))  # noqa: S314 - expat bounds entity expansion
    try:
        for event, element in events:
            if event == "start":
                if element.tag == f"{_MAIN}row":
                    row_number = int(element.get("r", row_number + 1))
                    if element.get("hidden") in ("1", "true"):
                        sheet.hidden_rows.add(row_number)
            elif element.tag == f"{_MAIN}c":
                _look_at_cell(element, sheet, percent_styles)
            elif element.tag == f"{_MAIN}row":
                element.clear()
    except ET.ParseError as error:
        raise UnreadableError("打不开（工作表损坏），请另存为xlsx后重报") from error


def _look_at_cell(cell: ET.Element, sheet: Sheet, percent_styles: set[int]) -> None:
    match = re.fullmatch(r"([A-Z]{1,3})([0-9]+)", cell.get("r", ""))
    if match is None:
        return
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    place = int(match[2]), column
    value = cell.findtext(f"{_MAIN}v")
    formula = cell.findtext(f"{_MAIN}f")
    if cell.get("t") == "e":
        sheet.errors[place] = value or "#REF!"
    if formula is not None:
        if "#REF!" in formula:
            sheet.errors[place] = "#REF!"
        elif re.search(r"\[[^\]]+\][^!]*!", formula):
            sheet.outward.add(place)
        if not value and cell.get("t") != "str" and cell.find(f"{_MAIN}is") is None:
            sheet.uncomputed.add(place)
    style = cell.get("s")
    if style is not None and int(style) in percent_styles:
        sheet.percents.add(place)
