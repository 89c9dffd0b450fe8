"""The annex workbook: every list behind the figures, complete, and every figure with where it comes from.

Cells hold what their headings say: money is in 万元, exact to the fen, and shown with the places of pages and Word. (The
workbook of a month that an earlier version closed holds yuan, which a number format shows as 万元.) Texts are written as texts, never as formulas. The same report gives the same bytes.
"""

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import IO, Any

import xlsxwriter

from exchange_hub.reports.catalogue import ADJUSTMENTS
from exchange_hub.reports.lines import lines_of
from exchange_hub.reports.model import Annex, Figure, Report, Table
from exchange_hub.reports.render import details
from exchange_hub.reports.render.annex_values import NUMERIC_TYPES, Words, column_heading, value_text
from exchange_hub.reports.render.package import Stream, rewrite
from exchange_hub.reports.render.style import (
    cell_text,
    chinese_month,
    closed_at,
    column_unit,
    heading,
    issuer,
    number_text,
    printable,
    shanghai_time,
)
from exchange_hub.reports.render.xlsx_charts import SHEET as CHARTS
from exchange_hub.reports.render.xlsx_charts import write_charts
from exchange_hub.reports.render.xlsx_rows import SHEET_ROWS_MAX, WAN_PLACES, streamed
from exchange_hub.reports.render.xlsx_tables import Printed, write_figure, write_table
from exchange_hub.reports.render.xlsx_words import Sources
from exchange_hub.views.lists.model import Column, ListView

CONTENTS, TABLES, FIGURES, SUBMISSIONS, MEANING = "目录", "正文各表", "全部指标", "submissions", "口径"
WAN_ONE, WAN_FOUR, YUAN = "0\\.0,", "0\\.0000", "#,##0.00"
MONEY_NOTE = "金额单位为万元，单元格存全值（到分），点选可见。"
YUAN_NOTE = "金额单元格存储的是元（保留到分），以万元显示；点选单元格可见全值。"
STAMP_WORDS = {"code": "程序版本", "contracts": "数据契约摘要", "configuration": "配置摘要", "config": "配置摘要"}
# Money that figures give in another unit than yuan.
_SCALED = frozenset({"万元", "亿元"})
HEAD_ROW = 2
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
# A list of more columns than this is too small to read on A4.
PAPER_A3, PAPER_A4, A4_COLUMNS_MAX = 8, 9, 18
# From this many rows on a quicker, lighter compression pays.
MANY_ROWS, QUICK_LEVEL, USUAL_LEVEL = 50_000, 1, 6
WIDTHS = {"money": 14, "count": 10, "quantity": 12, "date": 12, "month": 10, "texts": 24, "money_map": 34, "flag": 8}


def render_xlsx(report: Report, bureau_names: Mapping[str, str] | None = None) -> bytes:
    """Render the workbook into memory; for lists of a hundred thousand rows and more use `write_xlsx`."""
    target = BytesIO()
    _write(report, target, bureau_names)
    return target.getvalue()


def write_xlsx(report: Report, path: Path, bureau_names: Mapping[str, str] | None = None) -> None:
    """Render the workbook into a file, rows streamed.

    Args:
        report: the report; the rows of each annex are iterated once and not kept.
        path: the file to write; an existing one is replaced.
        bureau_names: code → name of the district's bureaus, for annex rows that hold codes.
    """
    _write(report, path, bureau_names)


@dataclass(slots=True)
class _Book:
    """The workbook while it is made: its formats, the sheet of each list, and the sheets whose rows are streamed."""

    report: Report
    words: Words
    book: Any
    formats: dict[str, Any]
    sheet_of: dict[str, str] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    contents: list[tuple[str, str]] = field(default_factory=list)
    sheets: int = 0

    @property
    def money_note(self) -> str:
        """What the cells of money hold."""
        return MONEY_NOTE if self.words.in_wan else YUAN_NOTE

    def shown(self, number_format: str) -> Any:
        """Return the cell format with this number format, made once."""
        if number_format not in self.formats:
            self.formats[number_format] = self.book.add_format({"font_name": "宋体", "font_size": 10, "valign": "vcenter", "num_format": number_format})
        return self.formats[number_format]

    def add(self, name: str, what: str, *, listed: bool = True) -> Any:
        """Add a sheet set up for print: A4 landscape, as wide as the page, numbered."""
        sheet = self.book.add_worksheet(name)
        self.sheets += 1
        sheet.set_landscape()
        sheet.set_paper(PAPER_A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        sheet.set_footer("&C第 &P 页　共 &N 页")
        if listed:
            self.contents.append((name, what))
        return sheet


def _write(report: Report, target: IO[bytes] | Path, names: Mapping[str, str] | None) -> None:
    skeleton = BytesIO()
    book = xlsxwriter.Workbook(skeleton, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    moment = closed_at(report).replace(tzinfo=None, microsecond=0)
    book.set_properties({"title": printable(report.title), "author": issuer(report), "created": moment})
    made = _Book(report, Words.of(report.catalogue, names), book, _formats(book))
    first = made.add(CONTENTS, "", listed=False)
    tables, charts = made.add(TABLES, "专报正文各表，全部行"), made.add(CHARTS, "专报四图及其数据")
    beside = [(made.add(table.title.partition("（")[0], f"{table.title}，{len(table.rows)}行"), table) for table in report.further]
    figures = made.add(FIGURES, f"{len(report.figures)}个指标的数值、单位、期间和来源")
    for number, annex in enumerate((a for a in report.annexes if a.list != ADJUSTMENTS.name), 1):
        if annex.list == SUBMISSIONS:
            _submissions(made, annex, number)
        else:
            _annex(made, annex, number)
    _contents(made, first)
    _tables(made, tables)
    for sheet, table in beside:
        sheet.set_column(0, 1, 26)
        sheet.set_column(2, len(table.columns) - 1, 14)
        write_table(made, sheet, table, 0)
        if report.catalogue.legible:
            sheet.freeze_panes(2, 1)
            sheet.repeat_rows(0, 1)
    write_charts(book, charts, report, made.formats)
    _figures(made, figures)
    book.close()
    skeleton.seek(0)
    many = sum(details.ROWS_MAX if details.is_beside(report, annex) else len(annex.rows) for annex in report.annexes) > MANY_ROWS
    rewrite(skeleton, target, stream=made.streams, level=QUICK_LEVEL if many else USUAL_LEVEL)


def _formats(book: Any) -> dict[str, Any]:
    """Return the cell formats by name."""
    font = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
    head = {**font, "bold": True, "bg_color": "#E7E6E6", "border": 1, "align": "center", "text_wrap": True}
    kinds: dict[str, dict[str, object]] = {
        "title": {**font, "font_name": "黑体", "font_size": 16},
        "strong": {**font, "bold": True},
        "note": {**font, "font_color": "#595959"},
        "wrapped": {**font, "text_wrap": True, "valign": "top"},
        "head": head,
        "text": font,
        "plain": {**font, "num_format": "#,##0.####"},
        "count": {**font, "num_format": "#,##0"},
        "year": {**font, "num_format": "0"},
        "hundredths": {**font, "num_format": "0.00"},
        "percent": {**font, "num_format": "0.0"},
        "date": {**font, "num_format": "yyyy-mm-dd"},
        "wan_one": {**font, "num_format": WAN_ONE},
        "wan_four": {**font, "num_format": WAN_FOUR},
        "yuan": {**font, "num_format": YUAN},
        **{f"wan_{places}": {**font, "num_format": f"0.{'0' * places}"} for places in WAN_PLACES},
        "number": {**font, "num_format": "0.####"},
        "right": {**font, "align": "right"},
        "link": {**font, "font_color": "#0B4F8A", "underline": 1},
    }
    return {name: book.add_format(properties) for name, properties in kinds.items()}


def _sheet_name(title: str, number: int, part: int) -> str:
    """Return a sheet's name: at most 31 characters and none of those that a name must not hold."""
    tail = f"（{part}）" if part > 1 else ""
    clean = "".join(character for character in f"附件{number}{title}" if character not in "[]:*?/\\'")
    return clean[: 31 - len(tail)] + tail


def _format_of(column: Column, view: ListView, formats: dict[str, Any], *, in_wan: bool) -> Any:
    """Return the cell format of a column."""
    if in_wan and column.type == "quantity":
        return formats["text"]
    if column.year:
        return formats["year"]
    if column.type == "money":
        return formats["wan_four" if view.small_money else "wan_one"]
    return formats[{"count": "count", "quantity": "plain", "date": "date"}.get(column.type, "text")]


def _width(column: Column) -> float:
    """Return a column's width in characters."""
    wished = column.width or WIDTHS.get(column.type, 14)
    return max(wished, min(len(column_heading(column)) + 4, 18))


def _annex(made: _Book, annex: Annex, number: int) -> None:
    """Add the sheets of one annex; more than one where it has more rows than a sheet holds."""
    shown = annex.view.columns
    lines = lines_of(annex.rows, shown)
    total, elsewhere = len(annex.rows), ""
    if details.is_beside(made.report, annex):
        elsewhere = f"本表为前{details.ROWS_MAX}条；全部{total}条见同一文件夹的{details.file_name(annex.list)}（金额单位为元）。"
        total, lines = details.ROWS_MAX, _first(lines, details.ROWS_MAX)
    parts = max(-(-total // SHEET_ROWS_MAX), 1)
    for part in range(1, parts + 1):
        count = min(total - (part - 1) * SHEET_ROWS_MAX, SHEET_ROWS_MAX)
        name = _sheet_name(annex.title, number, part)
        sheet = made.add(name, f"{annex.title}，{count}条{f'（{elsewhere}）' if elsewhere else ''}")
        made.sheet_of.setdefault(annex.list, name)
        _head(made, sheet, annex, shown, count, elsewhere)
        if not count or not shown:
            sheet.write_string(HEAD_ROW + 1, 0, "本期无记录。", made.formats["text"])
            continue
        for index, column in enumerate(shown):
            sheet.write_blank(HEAD_ROW + 1, index, None, _format_of(column, annex.view, made.formats, in_wan=made.words.in_wan))
        for index, places in enumerate(WAN_PLACES if made.words.in_wan else (), len(shown)):
            sheet.write_blank(HEAD_ROW + 1, index, None, made.formats[f"wan_{places}"])
        sheet.autofilter(HEAD_ROW, 0, HEAD_ROW + count, len(shown) - 1)
        made.streams[f"xl/worksheets/sheet{made.sheets}.xml"] = _stream(made, shown, lines, count if part < parts else None)


def _first(lines: Iterator[bytes], count: int) -> Iterator[bytes]:
    """Yield the first lines, and let go of what gives them."""
    yield from islice(lines, count)
    if isinstance(lines, Generator):
        lines.close()


def _stream(made: _Book, shown: tuple[Column, ...], lines: Iterator[bytes], count: int | None) -> Stream:
    """Return what puts the next *count* rows into a sheet, or all that are left: who reads to the end frees the database's cursor."""
    return lambda content: streamed(content, HEAD_ROW + 2, shown, islice(lines, count), made.words)


def _head(made: _Book, sheet: Any, annex: Annex, shown: tuple[Column, ...], count: int, elsewhere: str = "") -> None:
    """Write title, note and headings; freeze them and repeat them on each printed page."""
    title = f"{annex.title}（{chinese_month(made.report.month)}）"
    sheet.write_string(0, 0, title, made.formats["title"])
    money = any(column.type in {"money", "money_map"} for column in shown)
    note = f"截止{shanghai_time(closed_at(made.report))}，{elsewhere or f'共{count}条。'}{made.money_note if money else ''}"
    sheet.write_string(1, 0, note, made.formats["note"])
    sheet.set_row(0, 24)
    sheet.set_row(HEAD_ROW, 30)
    if len(shown) > A4_COLUMNS_MAX:
        sheet.set_paper(PAPER_A3)
    for index, column in enumerate(shown):
        sheet.set_column(index, index, _width(column))
        sheet.write_string(HEAD_ROW, index, column_heading(column), made.formats["head"])
    sheet.freeze_panes(HEAD_ROW + 1, 1)
    sheet.repeat_rows(0, HEAD_ROW)


def _submissions(made: _Book, annex: Annex, number: int) -> None:
    """Add the sheet of submissions, the adjustments of the month before, and the notes on the data."""
    shown, name = annex.view.columns, _sheet_name(annex.title, number, 1)
    sheet = made.add(name, f"{annex.title}，{len(annex.rows)}条，并上期调整和数据说明")
    made.sheet_of[annex.list] = name
    _head(made, sheet, annex, shown, len(annex.rows))
    text, row = made.formats["text"], HEAD_ROW + 1
    for item in annex.rows:
        for index, column in enumerate(shown):
            raw = item.get(column.name)
            if made.words.in_wan and column.type == "count" and isinstance(raw, int):
                sheet.write_number(row, index, raw, made.formats["count"])
            else:
                sheet.write_string(row, index, value_text(column, item, made.words), text)
        row += 1
    if row > HEAD_ROW + 1:
        sheet.autofilter(HEAD_ROW, 0, row - 1, len(shown) - 1)
    for adjustments in (a for a in made.report.annexes if a.list == ADJUSTMENTS.name):
        row = _adjustments(made, sheet, adjustments, row + 1)
    sheet.write_string(row + 1, 0, "数据说明", made.formats["strong"])
    for note in made.report.notes:
        sheet.write_string(row + 2, 0, printable(note), text)
        row += 1


def _adjustments(made: _Book, sheet: Any, annex: Annex, row: int) -> int:
    """Write what changed since the report before; return the row after it."""
    sheet.write_string(row, 0, annex.title, made.formats["strong"])
    shown = annex.view.columns
    for index, column in enumerate(shown):
        sheet.write_string(row + 1, index, column.title, made.formats["head"])
    for number, item in enumerate(annex.rows, row + 2):
        for index, column in enumerate(shown):
            text = value_text(column, item, made.words)
            if made.words.in_wan and column.type in NUMERIC_TYPES and _NUMBER.fullmatch(text):
                sheet.write_number(number, index, float(text), made.formats["text"])
            else:
                sheet.write_string(number, index, text, made.formats["text"])
    return row + 2 + len(annex.rows)


def _contents(made: _Book, sheet: Any) -> None:
    """Write the first sheet: what this is, as of when, from which cut, and where everything stands."""
    report, formats = made.report, made.formats
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 70)
    sheet.write_string(0, 0, f"《{printable(report.title.strip('《》'))}》附件工作簿", formats["title"])
    facts = (
        ("编制单位", issuer(report)), ("月份", chinese_month(report.month)), ("逾期与到期计算日", report.as_of),
        ("结账时点", shanghai_time(closed_at(report))), ("金额", made.money_note),
    )  # fmt: skip
    row = 2
    for name, value in facts:
        row = _pair(sheet, row, name, value, formats)
    sheet.write_string(row + 1, 0, "工作表", formats["head"])
    sheet.write_string(row + 1, 1, "内容", formats["head"])
    row += 2
    for name, what in made.contents:
        sheet.write_url(row, 0, f"internal:'{name}'!A1", formats["link"], name)
        sheet.write_string(row, 1, printable(what), formats["text"])
        row += 1
    stamp = {STAMP_WORDS.get(key, key): value for key, value in report.stamp.items()}
    cut = {topic: position if report.catalogue.in_wan else str(position) for topic, position in report.cut.items()}
    for title, second, entries in (("版本与摘要", "值", stamp), ("数据通道", "截取位置（下一条的序号）", cut)):
        sheet.write_string(row + 1, 0, title, formats["head"])
        sheet.write_string(row + 1, 1, second, formats["head"])
        row += 2
        for name, said in sorted(entries.items()):
            row = _pair(sheet, row, name, said, formats)


def _pair(sheet: Any, row: int, name: str, value: str | int, formats: dict[str, Any]) -> int:
    sheet.write_string(row, 0, printable(name), formats["text"])
    if isinstance(value, int):
        sheet.write_number(row, 1, value, formats["plain"])
    else:
        sheet.write_string(row, 1, printable(value), formats["text"])
    return row + 1


def _figure_format(figure: Figure, formats: dict[str, Any]) -> Any:
    """Return the format that shows a figure's exact value."""
    return formats[{"元": "yuan", "%": "hundredths"}.get(figure.unit, "plain")]


def _write_value(sheet: Any, cell: tuple[int, int], figure: Figure, shown: Any, absent: Any) -> None:
    """Write a figure's exact value in the format *shown*, or the word that stands in its place in *absent*."""
    if figure.value is None:
        sheet.write_string(*cell, figure.absent, absent)
    else:
        sheet.write_number(*cell, float(figure.value), shown)


def _tables(made: _Book, sheet: Any) -> None:
    """Write all tables of the body, with all rows."""
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 12, 14)
    row = 0
    for section in made.report.sections:
        for table in section.tables:
            row = (write_table(made, sheet, table, row) if made.words.in_wan else _table(made, sheet, table, row)) + 1


def _table(made: _Book, sheet: Any, table: Table, row: int) -> int:
    """Write one table from *row* on; return the row after it."""
    formats = made.formats
    sheet.write_string(row, 0, printable(table.title), formats["strong"])
    for index in range(len(table.columns)):
        sheet.write_string(row + 1, index, printable(_table_heading(table, index)), formats["head"])
    for number, cells in enumerate(table.rows, row + 2):
        for index, cell in enumerate(cells):
            if cell.figure is None or cell.text:
                sheet.write_string(number, index, printable(cell_text(table, cells, index)), formats["right" if cell.parts else "text"])
                continue
            if column_unit(table, index) is None and cell.figure.value is not None and cell.figure.unit:
                # Rows of different units share the column: the number stands with its unit, unscaled.
                own = replace(table, money_unit=cell.figure.unit) if cell.figure.unit in _SCALED else table
                sheet.write_string(number, index, printable(cell_text(own, cells, index)), formats["right"])
                continue
            money = {"万元": "wan_one", "亿元": "yuan", "元": "yuan"}[table.money_unit]
            shown = formats[{"元": money, "%": "percent"}.get(cell.figure.unit, "plain")]
            _write_value(sheet, (number, index), cell.figure, shown, formats["right"])
    return row + 2 + len(table.rows)


def _table_heading(table: Table, index: int) -> str:
    """Return a column's heading; money that the sheet shows in yuan says so."""
    title = heading(table, index)
    units = {row[index].figure.unit for row in table.rows if row[index].figure}  # type: ignore[union-attr]  # asked for on the same line or before
    if units & _SCALED:
        return f"{table.columns[index]}（{units.pop()}）" if len(units) == 1 else table.columns[index]
    return title.replace("（亿元）", "（元）") if column_unit(table, index) == "亿元" else title


def _figures(made: _Book, sheet: Any) -> None:
    """Write every figure with its source, so that it can be opened down to the rows of its list."""
    formats, catalogue, said = made.formats, made.report.catalogue, Sources(made.report.catalogue)
    heads = ["指标编号", "指标", "数值", "数值（显示）", "单位", "期间", "来源清单", "条件", "计量", "行数"]
    heads += [MEANING] if catalogue.meanings else []
    for index, (head, width) in enumerate(zip(heads, (36, 34, 18, 16, 8, 18, 20, 60, 34, 9, 90), strict=False)):
        sheet.set_column(index, index, width)
        sheet.write_string(HEAD_ROW, index, head, formats["head"])
    sheet.write_string(0, 0, f"全部指标（{chinese_month(made.report.month)}）", formats["title"])
    sheet.write_string(1, 0, "“来源清单”可点选，按“条件”筛选即得该数的各行；无来源清单的由其他指标计算。", formats["note"])
    for row, (id_, figure) in enumerate(made.report.figures.items(), HEAD_ROW + 1):
        source = figure.source
        sheet.write_string(row, 0, id_, formats["text"])
        sheet.write_string(row, 1, catalogue.label(id_), formats["text"])
        if made.words.in_wan:
            _write_value(sheet, (row, 2), figure, formats["yuan" if figure.unit == "元" else "text"], formats["right"])
            write_figure(made, sheet, (row, 3), Printed.alone(figure))
        else:
            _write_value(sheet, (row, 2), figure, _figure_format(figure, formats), formats["right"])
            sheet.write_string(row, 3, _displayed(figure), formats["right"])
        sheet.write_string(row, 4, figure.unit, formats["text"])
        sheet.write_string(row, 5, figure.period, formats["text"])
        if source.list in made.sheet_of:
            link = f"internal:'{made.sheet_of[source.list]}'!A{HEAD_ROW + 1}"
            sheet.write_url(row, 6, link, formats["link"], catalogue.title(source.list))
        else:
            sheet.write_string(row, 6, catalogue.title(source.list), formats["text"])
        sheet.write_string(row, 7, printable(said.condition_text(source.list, source.where)), formats["text"])
        sheet.write_string(row, 8, printable(said.measure_text(source.list, source.measure)), formats["text"])
        sheet.write_number(row, 9, source.rows, formats["count"])
        if catalogue.meanings:
            sheet.write_string(row, 10, printable(catalogue.meanings.get(id_, "")), formats["text"])
    sheet.freeze_panes(HEAD_ROW + 1, 2)
    sheet.repeat_rows(0, HEAD_ROW)
    sheet.autofilter(HEAD_ROW, 0, HEAD_ROW + max(len(made.report.figures), 1), len(heads) - 1)


def _displayed(figure: Figure) -> str:
    """Write a figure as the report prints it: money in 万元."""
    if figure.value is None:
        return figure.absent
    unit = "万元" if figure.unit == "元" else figure.unit
    return number_text(Decimal(figure.value), figure.unit, "万元", 2) + unit
