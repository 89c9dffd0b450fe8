"""The tables of the body are for reading at the desk."""

import json
import re
import runpy
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from docx import Document
from docx.oxml.ns import qn
from PIL import Image, ImageChops

from exchange_hub.programme.district import District
from exchange_hub.reports.model import Cell, Chart, Figure, Report, Series, Source, Table, dump, load
from exchange_hub.reports.render.charts import render_charts
from exchange_hub.reports.render.docx_body import LEGIBLE_HALF_POINTS_MIN, body_grid, fitting_density, pages
from exchange_hub.reports.render.docx_report import render_docx
from exchange_hub.reports.render.xlsx_report import TABLES, render_xlsx
from exchange_hub.views.lists import LISTS
from tests.closing.reading import report_of
from tests.closing.rows import random_lists

SAMPLE = Path(__file__).parents[1] / "golden" / "render" / "sample.py"


@pytest.fixture(scope="module")
def report() -> Report:
    """The renderers' sample."""
    return runpy.run_path(str(SAMPLE))["report"]()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def built() -> Report:
    """A report of random lists, as the builder makes it."""
    lists = random_lists(3)
    return report_of(District.load(Path("deploy/districts/wuqing")), {view.name: lists.get(view.name, []) for view in LISTS})


def sizes(report: Report) -> set[int]:
    """The text sizes, in half-points, of the tables of the body."""
    sections = tuple(replace(section, charts=()) for section in report.sections)
    body: Any = Document(BytesIO(render_docx(replace(report, sections=sections, annexes=())))).element.body
    return {int(size.get(qn("w:val"))) for table in body.iter(qn("w:tbl")) for size in table.iter(qn("w:sz"))}


@pytest.mark.parametrize("more", [0, 4, 8])
def test_tables_keep_a_size_to_read_however_full_the_month(report: Report, built: Report, more: int) -> None:
    """No table of the body gets smaller than 8 points: rows go before that, and the body stays on four pages."""
    for each in (report, built):
        fuller = replace(each, summary=(*each.summary, *("本月设备更新项目进度总体平稳，各领域完成情况见下表。",) * more))
        assert min(sizes(fuller)) >= LEGIBLE_HALF_POINTS_MIN == 16
        assert pages(fuller, fitting_density(fuller)) <= 4


def test_a_month_that_an_earlier_version_closed_keeps_its_sizes(report: Report) -> None:
    """Its tables get smaller where the month is full, as they were printed."""
    older = replace(report, catalogue=replace(report.catalogue, legible=False), summary=(*report.summary, "本月设备更新项目进度总体平稳，各领域完成情况见下表。" * 30))
    assert min(sizes(older)) < LEGIBLE_HALF_POINTS_MIN


def test_the_widest_tables_print_what_decides_and_the_workbook_has_all(built: Report) -> None:
    """Columns that the body leaves out stand in the workbook, and survive being stored."""
    tables = {table.id: table for section in built.sections for table in section.tables}
    printed = {id_: [table.columns[n] for n in table.body_columns] for id_, table in tables.items()}
    assert "资金到位/支付（万元）" not in printed["equipment"]
    assert {"设备投资", "自年初", "完成年度计划%", "自开工更新台套"} <= set(printed["equipment"])
    # What foots in print stands in print.
    assert {"下达", "结转来", "收回", "结转下年", "支付净额", "结余"} <= set(printed["funds"])
    stored = load(json.loads(json.dumps(dump(built))), built.catalogue)
    assert [[table.shown for table in section.tables] for section in stored.sections] == [[table.shown for table in section.tables] for section in built.sections]
    said = {str(value) for row in openpyxl.load_workbook(BytesIO(render_xlsx(built)))[TABLES].values for value in row}
    assert {"总投资（万元）", "分解（万元）", "下达文号"} <= said


def test_sheets_beside_the_body_keep_their_headings_and_counts_are_numbers(built: Report) -> None:
    """Headings stay in sight and on every printed page; months that are left and years can be reckoned with."""
    sheet = openpyxl.load_workbook(BytesIO(render_xlsx(built)))["目标路径"]
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("B3", "$1:$2")
    left = next(cell.column for cell in sheet[2] if cell.value == "余下月数")
    assert {sheet.cell(row, left).value for row in range(3, sheet.max_row + 1)} == {2}


def test_every_row_has_the_columns_of_its_table(built: Report) -> None:
    """No cell stands under a neighbour's heading, in the body or beside it."""
    tables = [table for section in built.sections for table in section.tables] + list(built.further)
    assert not [(table.id, row[0].text) for table in tables for row in table.rows if len(row) != len(table.columns)]


def _money(wan: int, after: str = "", before: str = "") -> Cell:
    figure = Figure(f"f{wan}{after}", Decimal(wan * 10_000), "元", "2026-10", Source("", {}, "", 0))
    return Cell(figure=figure, after=after, before=before)


def test_words_beside_a_figure_and_the_unit_of_money_widen_no_column(report: Report) -> None:
    """What a figure is told with stands on a line of its own; the unit of money stands once, over the table."""
    item = Table("t", "进展", ("领域", "自年初", "完成"), ((Cell("水务"), _money(1350, "（截至9月）"), _money(85, before="距目标3.0个百分点，已完成")),))
    density = fitting_density(report)
    grid = body_grid(item, density)
    assert grid.headings == ["领域", "自年初", "完成"]
    assert [re.split("[\ufdd0]", text) for text in grid.rows[0]] == [["水务"], ["1350.00", "（截至9月）"], ["距目标3.0个百分点，", "已完成85.00万元"]]


def test_values_in_a_chart_with_a_scale_keep_apart() -> None:
    """Where a chart has a scale, decimals go before the values of neighbouring bars come close."""
    drawn = [Image.open(BytesIO(render_charts([(_monthly(value), 110.0, 68.0)])[0])).convert("L") for value in ("2459.04", "2459.06")]
    # With a decimal one would say 2459.0 and the other 2459.1; the bars differ by less than a hundredth of a dot.
    assert ImageChops.difference(*drawn).point([0] * 32 + [255] * 224).getbbox() is None


def _monthly(value: str) -> Chart:
    months = tuple(f"{month}月" for month in range(1, 12))
    this, last = tuple(Decimal(value) for _ in months), tuple(Decimal(2065) for _ in months)
    return Chart("c", "月度", "万元", months, (Series("2026年", this), Series("2025年", (*last[:-1], Decimal(2000)), "line")))
