"""The report as a Word document."""

import re
import runpy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn

from exchange_hub.reports.model import Annex, Cell, Report, Table
from exchange_hub.reports.render.docx_body import DENSITIES, LEGIBLE, fitting_density, pages
from exchange_hub.reports.render.docx_report import BODY_CHARACTERS_MAX, body_characters, render_docx
from exchange_hub.views.lists import BY_NAME

SAMPLE = Path(__file__).parents[1] / "golden" / "render" / "sample.py"
SCALE = {"元": Decimal(1), "万元": Decimal(10_000), "亿元": Decimal(100_000_000)}


@pytest.fixture(scope="module")
def report() -> Report:
    return runpy.run_path(str(SAMPLE))["report"]()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def rendered(report: Report) -> bytes:
    return render_docx(report)


@pytest.fixture(scope="module")
def document(rendered: bytes) -> Any:
    return Document(BytesIO(rendered))


def bare(report: Report, **changes: Any) -> Any:
    """Render the report without its charts, which take the longest, and with *changes*."""
    sections = tuple(replace(section, charts=()) for section in changes.pop("sections", report.sections))
    names = changes.pop("names", None)
    return Document(BytesIO(render_docx(replace(report, sections=sections, **changes), names)))


def body_tables(report: Report) -> list[Table]:
    return [table for section in report.sections for table in section.tables]


def test_the_page_is_that_of_the_standard(document: Any) -> None:
    """GB/T 9704: A4, margins 37/35/28/26 mm, 22 lines of 28 characters; the annexes follow in landscape."""
    body, annexes = document.sections
    assert (round(body.page_width.mm), round(body.page_height.mm)) == (210, 297)
    margins = (body.top_margin, body.bottom_margin, body.left_margin, body.right_margin)
    assert [round(margin.mm) for margin in margins] == [37, 35, 28, 26]
    grid = body._sectPr.find(qn("w:docGrid"))
    assert {key.split("}")[1]: value for key, value in grid.attrib.items()} == {
        "type": "linesAndChars", "linePitch": "580", "charSpace": "-848",
    }  # fmt: skip
    height = body.page_height.twips - body.top_margin.twips - body.bottom_margin.twips
    assert height // 580 == 22
    assert annexes.orientation == WD_ORIENT.LANDSCAPE
    assert round(annexes.page_width.mm) == 297


@pytest.mark.parametrize(
    ("style", "font", "points"),
    [("Title", "方正小标宋简体", 22), ("Body Text", "仿宋_GB2312", 16), ("Heading 1", "黑体", 16), ("Heading 2", "楷体_GB2312", 16)],
)
def test_each_kind_of_text_names_its_east_asian_font(document: Any, style: str, font: str, points: int) -> None:
    """Title 2 号小标宋, text 3 号仿宋, headings 黑体 and 楷体, named for Chinese characters too."""
    found = document.styles[style]
    assert found.element.rPr.rFonts.get(qn("w:eastAsia")) == font
    assert found.font.size.pt == points


def test_a_machine_without_the_fonts_is_told_which_to_take(rendered: bytes) -> None:
    """The font table gives each face the names of its kin, 仿宋 for 仿宋_GB2312 before all."""
    table = ZipFile(BytesIO(rendered)).read("word/fontTable.xml").decode()
    assert re.search(r'w:name="仿宋_GB2312"><w:altName w:val="仿宋,', table)


def test_the_report_begins_with_its_head_and_goes_on_in_order(document: Any, report: Report) -> None:
    """Name, issue, office and date; then 要情, eight numbered sections, 数据说明."""
    texts = [paragraph.text for paragraph in document.paragraphs if paragraph.text]
    assert texts[:3] == ["武清区“两新”工作专报", "（2026年第10期）", "武清区“两新”工作专班\t2026年11月5日"]
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    numerals = "一二三四五六七八"
    assert headings == ["要情", *(f"{n}、{s.title}" for n, s in zip(numerals, report.sections, strict=True)), "数据说明"]


def test_a_second_heading_within_a_paragraph_stands_in_kai(document: Any) -> None:
    """（一） and its sentence are in 楷体, what follows in the text's own face."""
    found = next(p for p in document.paragraphs if p.text.startswith("（一）投资进度"))
    lead, rest = found.runs
    assert (lead.text, lead._r.rPr.rFonts.get(qn("w:eastAsia"))) == ("（一）投资进度。", "楷体_GB2312")
    assert rest._r.rPr.rFonts.get(qn("w:eastAsia")) is None


def printed_figures(document: Any, report: Report) -> Iterator[tuple[Cell, str, str, str]]:
    """Yield each figure's cell with what is printed: text, heading with caption, and the table's unit of money."""
    captions = [p.text for p in document.paragraphs if p.style.name == "caption" or p.text.startswith("表")]
    for table, printed, over in zip(body_tables(report), document.tables, captions, strict=False):
        for row, cells in zip(table.rows, printed.rows[1:], strict=True):
            for index, (cell, shown) in enumerate(zip(row, cells.cells, strict=True)):
                if cell.figure is not None:
                    yield cell, shown.text, printed.rows[0].cells[index].text + over, table.money_unit


def test_each_figure_of_the_body_is_printed_with_its_value(document: Any, report: Report) -> None:
    """A printed number times its unit is the figure, within half of its last place; an absent one says why."""
    count = 0
    for cell, shown, head, money_unit in printed_figures(document, report):
        figure = cell.figure
        assert figure is not None
        if figure.value is None:
            assert shown == figure.absent
            continue
        unit = money_unit if figure.unit == "元" else figure.unit
        number = Decimal(shown.removesuffix(unit))
        scale = SCALE[money_unit] if figure.unit == "元" else Decimal(1)
        half_place = Decimal(1).scaleb(int(number.as_tuple().exponent)) / 2
        assert abs(number * scale - figure.value) <= half_place * scale, (figure.id, shown)
        says_unit = not unit or unit in head or shown.endswith(unit) or head.startswith(("回收量", "处置量"))
        assert says_unit, (figure.id, head, shown)
        count += 1
    assert count > 150


def test_tables_repeat_their_heads_and_set_numbers_right(document: Any, report: Report) -> None:
    """Word repeats the heading row on each page, breaks no row, and numbers stand right."""
    for table, printed in zip(body_tables(report), document.tables, strict=False):
        assert printed.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in printed.rows)
        for row, cells in zip(table.rows, printed.rows[1:], strict=True):
            for cell, shown in zip(row, cells.cells, strict=True):
                if cell.figure is not None:
                    assert shown.paragraphs[0].paragraph_format.alignment == 2


def test_the_body_speaks_chinese(document: Any, report: Report) -> None:
    """No technical word in Latin letters stands in text, tables or headings of the body."""
    texts = [p.text for p in document.paragraphs]
    count = len(body_tables(report))
    texts += [cell.text for table in document.tables[:count] for row in table.rows for cell in row.cells]
    assert [text for text in texts if re.search(r"[A-Za-z]{2,}", text)] == []


def test_pages_are_numbered_outside(document: Any) -> None:
    """``— 1 —`` stands right on odd pages and left on even ones."""
    assert document.settings.odd_and_even_pages_header_footer
    section = document.sections[0]
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        element = footer._element
        assert "".join(text.text for text in element.iter(qn("w:t"))) == "— 1 —"
        assert element.find(".//" + qn("w:jc")).get(qn("w:val")) == side


def test_document_times_are_the_time_of_the_close(document: Any, rendered: bytes) -> None:
    """Created and modified are the close; no member of the package carries a clock."""
    close = datetime(2026, 11, 5, 1, 30, tzinfo=UTC)
    assert document.core_properties.created == document.core_properties.modified == close
    assert {member.date_time for member in ZipFile(BytesIO(rendered)).infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_four_charts_are_described_for_those_who_cannot_see_them(document: Any, report: Report) -> None:
    """Each chart is a picture with its title as description."""
    charts = [chart.title for section in report.sections for chart in section.charts]
    assert [shape._inline.docPr.get("descr") for shape in document.inline_shapes] == charts


def test_the_sample_keeps_to_the_length_of_a_report(report: Report) -> None:
    """The body has at most 2 500 characters and fits four pages."""
    assert body_characters(report) <= BODY_CHARACTERS_MAX
    assert pages(report, fitting_density(report)) <= 4


def test_a_fuller_month_gets_lower_charts_and_smaller_tables(report: Report) -> None:
    """Where the loosest form of a month that an earlier version closed runs over four pages, a tighter one is taken."""
    fuller = replace(report, catalogue=replace(report.catalogue, legible=False), summary=(*report.summary, "本月设备更新项目进度总体平稳，各领域完成情况见下表。" * 20))
    assert pages(fuller, DENSITIES[0]) > 4
    density = fitting_density(fuller)
    assert density.chart_mm < DENSITIES[0].chart_mm
    assert pages(fuller, density) <= 4


def test_what_stands_beyond_a_total_goes_before_a_fifth_page(report: Report) -> None:
    """Where the tightest form runs over four pages, rows below a table's total are left to the workbook, and the note says so."""
    rows = (*((Cell(f"渠道{n}"), Cell("80.1")) for n in range(6)), (Cell("合计"), Cell("80.1")), *((Cell(f"上年渠道{n}"), Cell("80.1")) for n in range(6)))
    section = replace(report.sections[0], tables=(*report.sections[0].tables, Table("money", "分渠道资金", ("渠道", "支付率"), rows)))
    most = next(density for density in reversed(LEGIBLE) if density.beyond)
    full = (replace(report, sections=(section, *report.sections[1:]), summary=(*report.summary, "本月进度总体平稳。" * n)) for n in range(1, 200))
    fuller = next(each for each in full if pages(each, most) > 4)
    assert not fitting_density(fuller).beyond
    assert pages(fuller, fitting_density(fuller)) <= 4
    document = Document(BytesIO(render_docx(fuller)))
    printed = next([row.cells[0].text for row in table.rows] for table in document.tables if table.rows[1].cells[0].text == "渠道0")
    assert printed == ["渠道", *(f"渠道{n}" for n in range(6)), "合计"]
    assert any(p.text == "共13行，此处列7行，其余见附件工作簿“正文各表”。" for p in document.paragraphs)


def test_a_long_table_prints_its_first_rows_and_totals_and_says_where_the_rest_is(report: Report) -> None:
    """A table of the body has at most fourteen rows; the totals are always among them."""
    rows = (*((Cell(f"第{n}项"), Cell("在办")) for n in range(40)), (Cell("合计"), Cell("40件")))
    section = replace(report.sections[0], tables=(Table("long", "长表", ("事项", "状态"), rows),))
    document = bare(report, sections=(section,), annexes=())
    printed = [row.cells[0].text for row in document.tables[0].rows]
    assert printed == ["事项", *(f"第{n}项" for n in range(13)), "合计"]
    assert any(p.text == "共41行，此处列14行，其余见附件工作簿“正文各表”。" for p in document.paragraphs)


class OnceReadable:
    """Rows that come as they are read: they can be counted, and iterated once."""

    def __init__(self, rows: tuple[Mapping[str, object], ...]) -> None:
        self.rows, self.opened = rows, 0

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Mapping[str, object]]:
        self.opened += 1
        return iter(self.rows)


def test_annexes_print_their_first_rows_and_point_to_the_workbook(report: Report) -> None:
    """Each printed annex says how many rows there are; lists for the workbook alone are not printed."""
    rows = OnceReadable(tuple(report.annexes[0].rows) * 10)
    annexes = (Annex("设备更新项目清单", BY_NAME["equipment-projects"], rows), Annex("以旧换新台账", BY_NAME["trade-in"], rows))  # type: ignore[arg-type]
    document = bare(report, annexes=annexes)
    texts = [p.text for p in document.paragraphs]
    assert rows.opened == 1
    assert "附件1　设备更新项目清单" in texts
    assert not any("以旧换新台账" in text for text in texts)
    shown = len(document.tables[-1].rows) - 1
    assert f"共640条，此处列前{shown}条，其余{640 - shown}条及全部字段见附件工作簿“设备更新项目清单”。" in texts


def test_codes_in_annexes_become_words(report: Report) -> None:
    """A bureau's code is printed as its name, a list's code as its title."""
    row = {"bureau": "industry", "list": "equipment-projects", "month": "2026-10", "state": "未报送"}
    annexes = (Annex("报送情况", BY_NAME["submissions"], (row,)),)
    document = bare(report, annexes=annexes, names={"industry": "区工业和信息化局"})
    assert [cell.text for cell in document.tables[-1].rows[1].cells][:4] == ["区工业和信息化局", "设备更新项目清单", "2026-10", "未报送"]


def test_characters_that_word_cannot_hold_are_left_out(report: Report) -> None:
    """A control character from a bureau's text does not spoil the document, and markup stays text."""
    document = bare(report, summary=("甲\x00乙\x0b丙<w:p>&",))
    assert any(p.text == "甲乙丙<w:p>&" for p in document.paragraphs)


def test_a_short_annex_leaves_its_pages_to_a_long_one(report: Report) -> None:
    """Of two annexes the long one prints more rows beside a short one than beside another long one."""
    many = tuple(report.annexes[0].rows) * 20
    long, short = (Annex("设备更新项目清单", BY_NAME["equipment-projects"], rows) for rows in (many, many[:2]))
    other = replace(long, view=BY_NAME["recycling-projects"])
    beside_long = bare(report, sections=(), annexes=(long, other)).tables[0]
    beside_short = bare(report, sections=(), annexes=(long, replace(short, view=BY_NAME["recycling-projects"]))).tables[0]
    assert len(beside_short.rows) > 1.5 * len(beside_long.rows)


def test_an_annex_prints_the_rows_chosen_for_print_and_says_how(report: Report) -> None:
    """The rows worth printing need not be the first ones; a column that none of them fills is left out."""
    rows = [{"step": "审核", "application_no": f"SQ-{n}", "amount": 100} for n in range(500)]
    paid = [{"step": "下达", "allocation_no": "津武财指〔2026〕5号", "amount": 28_000_000_00}]
    annex = Annex("资金台账", BY_NAME["funds"], rows, paid, "列最近下达的{n}条")
    document = bare(report, sections=(), annexes=(annex,))
    assert [[cell.text for cell in row.cells] for row in document.tables[0].rows] == [
        ["环节", "下达文号", "金额\n（万元）"], ["下达", "津武财指〔2026〕5号", "2800.00"],
    ]  # fmt: skip
    assert "共500条，此处列最近下达的1条，其余499条及全部字段见附件工作簿“资金台账”。" in [p.text for p in document.paragraphs]


def test_numbers_stand_close_to_their_characters(rendered: bytes) -> None:
    """No style lets the program put space between a number and its Chinese neighbours: 28 characters fit a line."""
    styles = ZipFile(BytesIO(rendered)).read("word/styles.xml").decode()
    assert styles.count('<w:autoSpaceDN w:val="0"/>') == styles.count('<w:style w:type="paragraph"')
