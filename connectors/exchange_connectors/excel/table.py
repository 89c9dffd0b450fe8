"""From a sheet to a table: which rows are the header, which column is which field, in which unit, for which month.

Pure. A bureau's sheet has a title of several lines, a header of one to three merged lines, totals above or below the
details and notes under them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from exchange_connectors.excel.below import other_units, unit_line
from exchange_connectors.excel.cells import Column, as_text, is_empty
from exchange_connectors.excel.fields import FieldType, field_type
from exchange_connectors.excel.headings import (
    Headings,
    Path,
    find_header,
    folded,
    headings,
    measure_in,
    normal,
    parts,
    units_in,
    units_in_titles,
)
from exchange_connectors.excel.mapping import ColumnMap, SheetMap, placeholders
from exchange_connectors.excel.mapping import Mapping as Connector
from exchange_connectors.excel.model import NUMBER_KINDS, Account, Cell, Finding, Level, letters
from exchange_connectors.excel.months import bare_months, months_in, other_period_in
from exchange_connectors.excel.values import read_value
from exchange_connectors.excel.workbook import Sheet
from exchange_connectors.kit.money import Unit
from exchange_contracts import personal
from exchange_contracts.units import FIXED_MEASURES, money_unit, multiplier

_DIGITS = re.compile(r"[0-9０-９Xx*]{4,}")
_UNIT_HEADINGS = frozenset({"单位", "计量单位", "金额单位", "货币单位", "币种"})
_OTHER_FIGURES = re.compile(r"上年|上月|上期|去年|同期|计划|预计|预算|目标|调整|累计|不含|剔除|其中|申报|申请|核定|审定|应[补付发]|预拨|同比|环比|增长|\d{4}年|\d{1,2}月|季度|半年")
"""Words by which a heading may mean other figures than those of the list."""
_KNOWN_UNITS = "、".join(Unit)
_KIND_OF_LIST = re.compile("(?:明细|清单|台账|情况|汇总|登记|名单)表?$")


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
        header_lines: each line of the header as column → text, without blanks.
        titles: texts of the lines above the header.
        others: names of the connector's other sheets, without the word for a list.
        month: report month, where the sheet names one.
        month_at: where it names it: ``title``, ``file`` or a cell such as ``B2``.
        findings: what is wrong with the header; a 退 means that the sheet cannot be taken.
        account: what became of every row.
    """

    sheet: Sheet
    mapped: SheetMap
    columns: tuple[BoundColumn, ...] = ()
    first_row: int = 1
    header_lines: tuple[dict[int, str], ...] = ()
    titles: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    month: str | None = None
    month_at: str = ""
    findings: list[Finding] = field(default_factory=list)
    account: Account = field(default_factory=lambda: Account(""))

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
    lines = mapped.header or find_header(sheet, mapped)
    if not lines:
        table.say(36, Level.RETURNED, "没有找到表头，请使用下发的模板")
        return table
    table.first_row = max(lines) + 1
    table.header_lines = tuple(_line(sheet, line) for line in lines)
    titles = [as_text(cell) for row in sheet.rows[: min(lines) - 1] for cell in row if isinstance(cell, str)]
    table.titles = frozenset(folded(text) for text in titles) - {""}
    own = (mapped.name or "", mapped.label)
    names = {_KIND_OF_LIST.sub("", each.name) for each in connector.sheet if each.kind == "rows" and each.name}
    table.others = frozenset(name for name in names if len(name) >= 4 and not any(name in word for word in own))
    found = headings(sheet, lines)
    for column, unit in unit_line(sheet, table.first_row).items():
        table.first_row = max(lines) + 2
        if column in found.paths:
            found.paths[column] = (*found.paths[column][:-1], f"{found.paths[column][-1]}({unit})")
    if table.first_row > max(lines) + 1:
        table.header_lines = (*table.header_lines, _line(sheet, table.first_row - 1))
    of_title = _unit_of_titles(table, [*titles, *sheet.on_paper, *sheet.afloat, PurePath(file_name).stem])
    _bind(table, found, connector, of_title)
    _same_units_below(table)
    _applies_somewhere(table, found, of_title)
    table.month = _report_month(table, titles, file_name)
    return table


def _line(sheet: Sheet, row: int) -> dict[int, str]:
    """Return a row's texts by column, as headings compare."""
    cells = sheet.rows[row - 1] if row <= len(sheet.rows) else []
    return {column: text for column, cell in enumerate(cells, 1) if isinstance(cell, str) and (text := folded(cell))}


def _unit_of_titles(table: Table, titles: Sequence[str]) -> Unit | None:
    """Return the unit that the lines above the header name for the whole sheet."""
    words = units_in_titles(titles)
    units = {money_unit(word) for word in words}
    if None in units:
        unknown = next(word for word in words if money_unit(word) is None)
        table.say(57, Level.RETURNED, f"表头上方写的计量单位“{unknown}”认不出，请改用{_KNOWN_UNITS}")
    elif len(units) > 1:
        table.say(
            57, Level.RETURNED, f"表头上方写了几个计量单位（{'、'.join(words)}），请只写一个，或写在各列表头的括号内"
        )
    return next(iter(units), None)


def _bind(table: Table, found: Headings, connector: Connector, title_unit: Unit | None) -> None:
    """Give every mapped header its column."""
    mapped = table.mapped
    keys = {name for event in mapped.event for names in placeholders(event.key) for name in names}
    bound: list[BoundColumn] = []
    taken: set[int] = set()
    joined: set[int] = set()
    for text, column_map in mapped.columns.items():
        if column_map.join:
            bound += _joined(table, found, text, connector, joined)
            continue
        candidates = [column for column in found.columns(parts(text)) if column not in taken]
        if not candidates:
            if not column_map.optional and column_map.carried:
                table.say(36, Level.RETURNED, f"缺“{text}”列，请下载新表")
            continue
        column = _choose(table, text, column_map, candidates)
        _not_instead(table, text, column, found)
        taken.update(candidates)
        type_ = field_type(mapped, column_map, f"sheet {mapped.label}, column {text}")
        unit, measure = None, ""
        if type_.kind == "money":
            unit = _unit(table, text, column, found.paths[column], title_unit, mapped.unit or connector.unit)
        if type_.kind in NUMBER_KINDS:
            _ask_of_heading(table, text, column, found.paths[column])
        if type_.kind in ("count", "quantity"):
            measure = _measure(table, column_map.field, text, column, found.paths[column], type_.kind)
        reads = Column(column_map.field, type_, unit, column_map.values, connector.departments, measure, key=column_map.field in keys)
        bound.append(BoundColumn(column, text, column_map, reads))
    table.columns = tuple(bound)
    _no_twins(table, found, taken | joined)
    if not mapped.match_extra:
        for column in sorted(set(found.paths) - taken - joined):
            words = f"“{'/'.join(found.paths[column])}”列不在模板内，未读取"
            table.say(36, Level.NOTED, words, table.first_row - 1, column)


def _joined(table: Table, found: Headings, text: str, connector: Connector, joined: set[int]) -> Iterator[BoundColumn]:
    """Yield the columns that are joined into one field; others may read them too."""
    column_map = table.mapped.columns[text]
    type_ = field_type(table.mapped, column_map, f"sheet {table.mapped.label}, column {text}")
    for number, heading in enumerate(column_map.join):
        candidates = found.columns(parts(heading))
        if not candidates:
            if not column_map.optional:
                table.say(36, Level.RETURNED, f"缺“{heading}”列，请下载新表")
            continue
        joined.update(candidates)
        reads = Column(part_of(column_map.field, number), type_, None, column_map.values, connector.departments)
        yield BoundColumn(_choose(table, heading, column_map, candidates), heading, column_map, reads)


def part_of(field_name: str, number: int) -> str:
    """Return what a row calls one of the columns that are joined into a field."""
    return f"{field_name}+{number}"


def _ask_of_heading(table: Table, text: str, column: int, header: Path) -> None:
    """Ask where a heading of numbers says more than the mapping's, such as （上年同期）: it may mean other figures."""
    said = "/".join(header)
    if any(word not in text for word in _OTHER_FIGURES.findall(said)):
        table.say(36, Level.VERIFY, f"表头写“{folded(said)}”，按“{text}”读取，请确认", table.first_row - 1, column)


def _same_units_below(table: Table) -> None:
    """Send the sheet back where a note or a later page names another unit than its columns are read in."""
    money = {c.column: (c.header.rpartition("/")[2], str(c.reads.unit)) for c in table.columns if c.reads.unit is not None}
    if not money:
        return
    bound = {each.column for each in table.columns}
    headed = [each for line in table.header_lines for each in line.items()]
    beside = [column for column, text in headed if normal(text) in _UNIT_HEADINGS and column not in bound]
    row, word = next(other_units(table.sheet, table.first_row, money, beside), (0, ""))
    units = "、".join(dict.fromkeys(unit for _, unit in money.values()))
    commented = [(place, words) for place, words in sorted(table.sheet.commented.items()) if place[0] < table.first_row]
    for (at, column), words in commented:
        for said in units_in_titles(words.splitlines()):
            if str(money_unit(said)) not in units.split("、"):
                table.say(57, Level.RETURNED, f"批注写的计量单位是{said}，表头按{units}，请统一计量单位", at, column)
    if word:
        table.say(57, Level.RETURNED, f"第{row}行写的计量单位是{word}，表头按{units}，请统一计量单位，或另放一张工作表")


def _applies_somewhere(table: Table, found: Headings, of_title: Unit | None) -> None:
    """Ask where the lines above the header name a unit and every column of money its own other one: one of them is wrong."""
    money = [each for each in table.columns if each.reads.unit is not None]
    own = [each.reads.unit for each in money if any(map(units_in, found.paths.get(each.column, ())))]
    if of_title is not None and money and len(own) == len(money) and of_title not in own:
        units = "、".join(dict.fromkeys(map(str, own)))
        table.say(57, Level.VERIFY, f"表头上方写的计量单位是{of_title}，各列表头写的是{units}，已按表头读取，请确认", table.first_row - 1)


def _choose(table: Table, text: str, column_map: ColumnMap, candidates: list[int]) -> int:
    """Return the one column to read among those of the same heading: visible before hidden, filled before empty."""
    hidden = [column for column in candidates if column in table.sheet.hidden_columns]
    visible = [column for column in candidates if column not in hidden]
    filled = [column for column in visible or hidden if _is_filled(table, column)]
    chosen = (filled or visible or hidden)[0]
    if not column_map.carried and column_map.evidence is None:
        return chosen
    row = table.first_row - 1
    if len(filled) > 1:
        where = "、".join(letters(column) for column in filled)
        table.say(36, Level.RETURNED, f"“{text}”列出现{len(filled)}次（{where}列），请只保留一列", row, filled[1])
    if visible and hidden:
        words = f"“{text}”另有隐藏的同名列（{'、'.join(map(letters, hidden))}列），未读取，请确认"
        table.say(38, Level.VERIFY, words, row, hidden[0])
    elif hidden and filled:
        table.say(38, Level.VERIFY, f"“{text}”列（{letters(chosen)}列）被隐藏，已读取，是否报送？", row, chosen)
    return chosen


def _not_instead(table: Table, text: str, chosen: int, found: Headings) -> None:
    """Look at columns whose headings say the same and more in brackets: a hidden one is never read instead of a visible one."""
    hidden = table.sheet.hidden_columns
    if not table.mapped.columns[text].carried:
        return
    beside = [c for c in found.alike(parts(text)) if (c in hidden) is not (chosen in hidden) and _is_filled(table, c)]
    if not beside or found.paths[beside[0]] == found.paths[chosen]:
        return
    other, row = "/".join(found.paths[beside[0]]), table.first_row - 1
    if chosen in hidden:
        words = f"“{text}”列（{letters(chosen)}列）被隐藏，另有可见的“{other}”列，分不清该读哪一列，请只保留一列"
        table.say(38, Level.RETURNED, words, row, chosen)
    else:
        table.say(38, Level.VERIFY, f"另有隐藏的“{other}”列（{letters(beside[0])}列），未读取，请确认", row, beside[0])


def _no_twins(table: Table, found: Headings, taken: set[int]) -> None:
    """Return a sheet in which a column of numbers that is read stands beside an unread one of its heading with a measure: either may be meant."""
    for bound in table.columns:
        if bound.reads.type.kind not in NUMBER_KINDS:
            continue
        for column in found.alike(parts(bound.header)):
            heading = "/".join(found.paths[column])
            if column not in taken | table.sheet.hidden_columns and measure_in(heading) and _is_filled(table, column):
                words = f"“{bound.header}”列（{letters(bound.column)}列）之外另有“{heading}”列（{letters(column)}列），分不清该读哪一列，请只保留一列"
                table.say(36, Level.RETURNED, words, table.first_row - 1, column)


def _is_filled(table: Table, column: int) -> bool:
    rows = table.sheet.rows[table.first_row - 1 :]
    return any(len(row) >= column and not is_empty(row[column - 1]) for row in rows)


def _unit(table: Table, text: str, column: int, header: Path, of_title: Unit | None, of_sheet: Unit | None) -> Unit:
    """Return a money column's unit: header, mapping, sheet; header and mapping must agree; none is asked for."""
    column_map = table.mapped.columns[text]
    row = table.first_row - 1
    words = next((found for part in reversed(header) if (found := units_in(part))), [])
    units = {money_unit(word) for word in words}
    if None in units or len(units) > 1:
        table.say(
            57, Level.RETURNED, f"“{text}”的计量单位“{'、'.join(words)}”认不出，请改用{_KNOWN_UNITS}", row, column
        )
        return Unit.YUAN
    written = next(iter(units), None)
    above = [word for part in header for word in units_in(part) if money_unit(word) is not written]
    if above:
        table.say(57, Level.VERIFY, f"“{text}”的表头上层写{above[0]}，下层写{written}，已按{written}读取，请确认", row, column)
    if written is not None and column_map.unit is not None and written is not column_map.unit:
        words_ = f"“{text}”表头写{written}，约定为{column_map.unit}，请统一计量单位"
        table.say(57, Level.RETURNED, words_, row, column)
    if written is None and column_map.unit is not None and of_title not in (None, column_map.unit):
        words_ = f"表头上方写{of_title}，“{text}”约定为{column_map.unit}，请统一计量单位"
        table.say(57, Level.RETURNED, words_, row, column)
    unit = written or column_map.unit or of_title or of_sheet
    if unit is None:
        words_ = f"“{text}”没有写明计量单位，请在表头括号内注明（{_KNOWN_UNITS}）"
        table.say(57, Level.RETURNED, words_, row, column)
    return unit or Unit.YUAN


def _measure(table: Table, field: str, text: str, column: int, header: Path, kind: str) -> str:
    """Return the unit that a heading names for a quantity; counts are of single things, some quantities have one unit."""
    word = next((found for part in reversed(header) if (found := measure_in(part))), "")
    fixed = FIXED_MEASURES.get(field, ())
    row = table.first_row - 1
    if kind == "count" and multiplier(word)[0] > 1:
        words = f"“{text}”以{word}计，请按{multiplier(word)[1] or '个'}逐一计数填报，并改表头"
        table.say(57, Level.RETURNED, words, row, column)
    elif word and fixed and word.removesuffix("/年") not in fixed:
        table.say(57, Level.RETURNED, f"“{text}”应以{fixed[0]}计，表头写的是{word}，请换算后改表头", row, column)
    return word


def _report_month(table: Table, titles: Sequence[str], file_name: str) -> str | None:
    """Return the month that the sheet's sources name; they must agree."""
    found: dict[str, str] = {}
    for source in table.mapped.month:
        months = _months_from(source, table, titles, file_name)
        if len(months) > 1:
            where = _SOURCE_WORDS.get(source, "月份单元格")
            table.say(35, Level.RETURNED, f"{where}写了几个月份（{'、'.join(months)}），请只写报送月份")
        elif months:
            found[source] = months[0]
    bare = {int(number) for text in titles if "title" in table.mapped.month for number in bare_months(text)}
    if bare and found and int(next(iter(found.values()))[5:]) not in bare:
        words = "、".join(f"{number}月" for number in sorted(bare))
        table.say(35, Level.RETURNED, f"报送期不一致：表头写{words}，文件名{next(iter(found.values()))}")
    if len(set(found.values())) > 1:
        words = "、".join(f"{_SOURCE_WORDS.get(source, source)}{month}" for source, month in found.items())
        table.say(35, Level.RETURNED, f"报送期不一致：{words}")
    said = [*(titles if "title" in table.mapped.month else ()), *([PurePath(file_name).stem] if "file" in table.mapped.month else ())]
    for other in (other_period_in(text, next(iter(found.values()))) for text in said if found):
        if other is not None:
            words = f"报送期不一致：写了{other[0]}，又写了{next(iter(found.values()))}"
            table.say(35, Level.RETURNED if other[1] else Level.VERIFY, words if other[1] else f"{words}，已按后者读取，请确认")
    if beside := _month_beside(table, next(iter(found.values()), None)):
        found["beside"] = beside
    table.month_at = next(iter(found), "").removeprefix("cell:").replace("beside", "title")
    return next(iter(found.values()), None)


def _month_beside(table: Table, month: str | None) -> str | None:
    """Return the month that only a page's header or a text box names; ask where they name another than the sheet's."""
    if "title" not in table.mapped.month:
        return None
    months = tuple(dict.fromkeys(each for text in (*table.sheet.on_paper, *table.sheet.afloat) for each in months_in(text)))
    if month is None and len(months) == 1:
        table.say(35, Level.VERIFY, f"只有页眉页脚或文本框写了月份，已按{months[0]}读取，请确认")
        return months[0]
    if others := [each for each in months if each != month]:
        table.say(35, Level.VERIFY, f"页眉页脚或文本框写了{'、'.join(others)}，{f'已按{month}读取' if month else '未采用'}，请确认报送月份")
    return None


_SOURCE_WORDS = {"title": "表头", "file": "文件名"}


def _months_from(source: str, table: Table, titles: Sequence[str], file_name: str) -> tuple[str, ...]:
    if source == "title":
        return tuple(dict.fromkeys(month for text in titles for month in months_in(text)))
    if source == "file":
        return months_in(file_name)
    match = re.fullmatch(r"cell:([A-Z]+)(\d+)", source)
    if match is None:
        return ()
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return _cell_months(table.sheet.cell(int(match[2]), column))


def _cell_months(cell: Cell) -> tuple[str, ...]:
    value = read_value(cell, Column("month", FieldType("month"))).value
    return (value,) if isinstance(value, str) else months_in(as_text(cell))
