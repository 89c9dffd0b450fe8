"""From a sheet to a table: which rows are the header, which column is which field, in which unit, for which month.

Pure. A bureau's sheet has a title of several lines, a header of one to three merged lines, totals above or below the
details and notes under them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from exchange_connectors.excel.fields import FieldType, field_type
from exchange_connectors.excel.mapping import ColumnMap, SheetMap
from exchange_connectors.excel.mapping import Mapping as Connector
from exchange_connectors.excel.model import Cell, Finding, Level
from exchange_connectors.excel.values import Column, as_text, fold_width, read_value
from exchange_connectors.excel.workbook import Merge, Sheet
from exchange_connectors.kit.errors import ConfigError
from exchange_connectors.kit.money import Unit
from exchange_contracts import personal

HEADER_SEARCH_ROWS = 15
HEADER_LINES_MAX = 3

Path = tuple[str, ...]

_UNIT_WORD = re.compile(r"\((?:单位[::]?)?(元|万元|亿元)\)$")
_BRACKET = re.compile(r"\([^()]*\)$")
_TITLE_UNIT = re.compile(r"(?:金额)?单位[::]?(元|万元|亿元)(?![一-鿿])")
_MONTH = re.compile(r"((?:19|20)\d{2})年(?:\d{1,2}月?[-–—~至到])?(\d{1,2})月(?:份)?(?!\d{1,2}[日号])")
_MONTH_DIGITS = re.compile(r"(?<!\d)((?:19|20)\d{2})[-_.]?(0[1-9]|1[0-2])(?!\d)(?![-_.]\d)")
_DIGITS = re.compile(r"[0-9０-９Xx*]{4,}")
_NOT_THE_MONTH = re.compile(r"(填报|填表|制表|打印|导出|成文|印发|上报)(日期|时间)")


@dataclass(frozen=True, slots=True)
class BoundColumn:
    """A column of the sheet with what it means; *column* counts from 1."""

    column: int
    header: str
    mapped: ColumnMap
    reads: Column


@dataclass(slots=True)
class Table:
    """A sheet understood down to its header.

    Attributes:
        first_row: first row below the header.
        month: report month, where the sheet names one.
        findings: what is wrong with the header; a 退 means that the sheet cannot be taken.
    """

    sheet: Sheet
    mapped: SheetMap
    columns: tuple[BoundColumn, ...] = ()
    first_row: int = 1
    month: str | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def returned(self) -> bool:
        """Whether the whole sheet goes back."""
        return any(
            finding.level is Level.RETURNED and (finding.row is None or finding.row < self.first_row)
            for finding in self.findings
        )

    def say(self, no: int, level: Level, message: str, row: int | None = None, column: int | None = None) -> None:
        """Add a finding on this sheet; a message that quotes a personal number loses the digits."""
        if personal.holds_personal_number(message):
            message = _DIGITS.sub("…", message)
        self.findings.append(Finding(no, level, message, self.sheet.name, row, column))


def locate(sheet: Sheet, mapped: SheetMap, connector: Connector, file_name: str) -> Table:
    """Find header, columns, units and month of *sheet*."""
    table = Table(sheet, mapped)
    lines = mapped.header or _find_header(sheet, mapped)
    if not lines:
        table.say(36, Level.RETURNED, "没有找到表头，请使用下发的模板")
        return table
    table.first_row = max(lines) + 1
    paths = _paths(sheet, lines)
    title = [fold_width(as_text(cell)) for row in sheet.rows[: min(lines) - 1] for cell in row if isinstance(cell, str)]
    title_unit = next((Unit(match[1]) for text in title if (match := _TITLE_UNIT.search("".join(text.split())))), None)
    _bind(table, paths, connector, title_unit)
    table.month = _report_month(table, title, file_name)
    return table


def _parts(text: str) -> Path:
    """Return a mapping's header, ``父/子``, as normal parts."""
    return tuple(normal(part) for part in text.split("/"))


def normal(text: str) -> str:
    """Return a header text half-width, without blanks and without a trailing bracket."""
    squeezed = "".join(fold_width(text).split())
    bare = _BRACKET.sub("", squeezed)
    return bare or squeezed


def unit_in(text: str) -> Unit | None:
    """Return the unit of money that a header names in its brackets."""
    match = _UNIT_WORD.search("".join(fold_width(text).split()))
    return Unit(match[1]) if match else None


def _paths(sheet: Sheet, lines: tuple[int, ...]) -> dict[int, tuple[str, ...]]:
    """Return each column's header texts from top to bottom, merged cells filled in, repetitions dropped."""
    width = max((len(sheet.rows[line - 1]) for line in lines if line <= len(sheet.rows)), default=0)
    merged = {
        (row, column): merge
        for merge in sheet.merges
        for row in range(max(merge.top, min(lines)), min(merge.bottom, max(lines)) + 1)
        for column in range(merge.left, merge.right + 1)
    }
    grid = [[_header_cell(sheet, line, column, merged) for column in range(1, width + 1)] for line in lines]
    for upper, lower in pairwise(grid):
        for index in range(1, width):
            # A parent typed once and not merged stands over its neighbours that have a child only.
            if not upper[index] and lower[index] and (lines[0], index + 1) not in merged:
                upper[index] = upper[index - 1]
    paths = {}
    for index in range(width):
        path: list[str] = []
        for text in (line[index] for line in grid):
            if text and (not path or path[-1] != text):
                path.append(text)
        if path:
            paths[index + 1] = tuple(path)
    return paths


def _header_cell(sheet: Sheet, row: int, column: int, merged: Mapping[tuple[int, int], Merge]) -> str:
    merge = merged.get((row, column))
    cell = sheet.cell(merge.top, merge.left) if merge is not None else sheet.cell(row, column)
    return as_text(cell).strip()


def _match(paths: Mapping[int, Path], wanted: Path) -> list[int]:
    """Return the columns under the header *wanted*: by the whole path, else by the last part where that is unique."""
    whole = [column for column, path in paths.items() if path == wanted]
    if whole or len(wanted) > 1:
        return whole
    leaf = [column for column, path in paths.items() if path[-1] == wanted[0]]
    return leaf if len(leaf) == 1 else []


def _find_header(sheet: Sheet, mapped: SheetMap) -> tuple[int, ...]:
    """Return the lines that match most of the mapped headers, the fewest lines where several do."""
    best: tuple[int, int, tuple[int, ...]] = (0, 0, ())
    wanted = [_parts(header) for header in mapped.columns]
    for first in range(1, min(HEADER_SEARCH_ROWS, len(sheet.rows)) + 1):
        for depth in range(1, HEADER_LINES_MAX + 1):
            lines = tuple(range(first, first + depth))
            if lines[-1] > len(sheet.rows):
                break
            paths = {column: tuple(map(normal, path)) for column, path in _paths(sheet, lines).items()}
            score = sum(1 for each in wanted if _match(paths, each))
            if (score, -depth) > best[:2]:
                best = (score, -depth, lines)
    return best[2] if best[0] * 2 >= len(wanted) else ()


def _bind(table: Table, headers: Mapping[int, tuple[str, ...]], connector: Connector, title_unit: Unit | None) -> None:
    """Give every mapped header its column."""
    mapped = table.mapped
    paths = {column: tuple(map(normal, path)) for column, path in headers.items()}
    bound: list[BoundColumn] = []
    taken: set[int] = set()
    for text, column_map in mapped.columns.items():
        found = [column for column in _match(paths, _parts(text)) if column not in taken]
        if not found:
            if not column_map.optional and column_map.carried:
                table.say(36, Level.RETURNED, f"缺“{text}”列，请下载新表")
            continue
        taken.add(found[0])
        type_ = field_type(mapped, column_map, f"sheet {mapped.label}, column {text}")
        unit = None
        if type_.kind == "money":
            unit = _unit(table, text, found[0], headers[found[0]], title_unit or mapped.unit or connector.unit)
        reads = Column(column_map.field, type_, unit, column_map.values, connector.departments)
        bound.append(BoundColumn(found[0], text, column_map, reads))
    table.columns = tuple(bound)
    if not mapped.match_extra:
        for column in sorted(set(paths) - taken):
            table.say(
                36, Level.NOTED, f"“{'/'.join(headers[column])}”列不在模板内，未读取", table.first_row - 1, column
            )


def _unit(table: Table, text: str, column: int, header: tuple[str, ...], of_sheet: Unit | None) -> Unit:
    """Return a money column's unit: header, mapping, sheet; header and mapping must agree."""
    column_map = table.mapped.columns[text]
    written = next((unit for part in reversed(header) if (unit := unit_in(part))), None)
    if written is not None and column_map.unit is not None and written is not column_map.unit:
        table.say(
            57,
            Level.RETURNED,
            f"“{text}”表头写{written}，约定为{column_map.unit}，请统一计量单位",
            table.first_row - 1,
            column,
        )
    unit = written or column_map.unit or of_sheet
    if unit is None:
        raise ConfigError(
            f"sheet {table.mapped.label}: money column {text} has no unit in its header or in the mapping"
        )
    return unit


def _report_month(table: Table, title: list[str], file_name: str) -> str | None:
    """Return the month that the sheet's sources name; they must agree."""
    found: dict[str, str] = {}
    for source in table.mapped.month:
        month = _month_from(source, table, title, file_name)
        if month is not None:
            found[source] = month
    if len(set(found.values())) > 1:
        words = "、".join(f"{_SOURCE_WORDS.get(source, source)}{month}" for source, month in found.items())
        table.say(35, Level.RETURNED, f"报送期不一致：{words}")
    return next(iter(found.values()), None)


_SOURCE_WORDS = {"title": "表头", "file": "文件名"}


def _month_from(source: str, table: Table, title: list[str], file_name: str) -> str | None:
    if source == "title":
        return next((month for text in title if (month := month_in(text))), None)
    if source == "file":
        return month_in(file_name)
    if source.startswith("cell:"):
        match = re.fullmatch(r"cell:([A-Z]+)(\d+)", source)
        if match:
            column = 0
            for letter in match[1]:
                column = column * 26 + ord(letter) - 64
            return _cell_month(table.sheet.cell(int(match[2]), column))
    return None


def _cell_month(cell: Cell) -> str | None:
    value = read_value(cell, Column("month", FieldType("month"))).value
    return value if isinstance(value, str) else month_in(as_text(cell))


def month_in(text: str) -> str | None:
    """Return the month a title or file name speaks of; a date of filling in is none.

    >>> month_in("武清区设备更新项目清单（2026年1-9月）")
    '2026-09'
    """
    squeezed = "".join(fold_width(text).split())
    if _NOT_THE_MONTH.search(squeezed):
        return None
    match = _MONTH.search(squeezed) or _MONTH_DIGITS.search(squeezed)
    if match is None or not 1 <= int(match[2]) <= 12:
        return None
    return f"{match[1]}-{int(match[2]):02d}"
