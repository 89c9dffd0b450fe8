"""The annex workbook."""

import re
import runpy
import tracemalloc
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from exchange_hub.reports.catalogue import ADJUSTMENTS, present
from exchange_hub.reports.model import Annex, Cell, Figure, Report, Section, Source, Table
from exchange_hub.reports.render import xlsx_report as module
from exchange_hub.reports.render import xlsx_rows as rows_module
from exchange_hub.reports.render.annex_values import Words, value_text
from exchange_hub.reports.render.style import cell_text, printable
from exchange_hub.reports.render.xlsx_report import render_xlsx, write_xlsx
from exchange_hub.reports.render.xlsx_words import Sources
from exchange_hub.views import values
from exchange_hub.views.lists import BY_NAME

SAMPLE = Path(__file__).parents[1] / "golden" / "render" / "sample.py"
FIRST = 4  # the first row of a list, below title, note and headings


@pytest.fixture(scope="module")
def report() -> Report:
    return runpy.run_path(str(SAMPLE))["report"]()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def rendered(report: Report) -> bytes:
    return render_xlsx(report)


@pytest.fixture(scope="module")
def book(rendered: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(rendered))


def one_list(report: Report, list_: str, *rows: Mapping[str, object], names: Mapping[str, str] | None = None) -> Any:
    """Render a workbook of one annex and return its sheet."""
    made = replace(report, annexes=(Annex("清单", BY_NAME[list_], rows),))
    return openpyxl.load_workbook(BytesIO(render_xlsx(made, names)))["附件1清单"]


def column(sheet: Any, title: str) -> int:
    return next(cell.column for cell in sheet[3] if str(cell.value).split("（")[0] == title)


def test_the_first_sheet_says_what_this_is_and_from_which_cut(book: Any, report: Report) -> None:
    """Title, month, as-of date, close, digests, and the position of every topic stand on the first sheet."""
    said = {row[0].value: row[1].value for row in book.worksheets[0].iter_rows() if row[0].value}
    assert book.sheetnames[0] == "目录"
    assert said["月份"] == "2026年10月"
    assert said["逾期与到期计算日"] == "2026-11-05"
    assert said["结账时点"] == "2026-11-05 09:30（北京时间）"
    assert said["数据契约摘要"] == report.stamp["contracts"]
    assert {topic: said[topic] for topic in report.cut} == report.cut
    assert [name for name in book.sheetnames[1:] if name not in said] == []


def test_every_figure_stands_with_value_and_source(book: Any, report: Report) -> None:
    """Each figure's exact value, unit, period and number of rows are there, or the word in its place."""
    rows = {row[0].value: row for row in book["全部指标"].iter_rows(min_row=FIRST) if row[0].value}
    assert set(rows) == set(report.figures)
    for id_, figure in report.figures.items():
        row = rows[id_]
        shown = row[2].value
        assert shown == figure.absent if figure.value is None else Decimal(str(shown)) == figure.value, id_
        assert (row[4].value or "", row[5].value, row[9].value) == (figure.unit, figure.period, figure.source.rows)


def test_a_figure_leads_to_its_list(book: Any) -> None:
    """The name of the list is a link to the sheet of that list."""
    row = next(row for row in book["全部指标"].iter_rows() if row[0].value == "equipment.工业.total_investment")
    assert row[6].hyperlink.location == "'附件1设备更新项目清单'!A3"
    assert row[7].value == "领域＝工业；管理状态＝正常、暂停"
    assert row[8].value == "合计（总投资）"


def test_lists_are_complete_and_money_is_exact(book: Any, report: Report) -> None:
    """Every row of a list is there, its fen as 万元 to the last place, under headings that say 万元."""
    sheet, annex = book["附件1设备更新项目清单"], report.annexes[0]
    titles = [str(cell.value) for cell in sheet[3]]
    assert [title.split("（")[0] for title in titles] == [c.title for c in BY_NAME[annex.list].columns]
    assert "总投资（万元）" in titles
    at = column(sheet, "总投资")
    shown = [sheet.cell(row, at).value for row in range(FIRST, FIRST + len(annex.rows))]
    assert [round(value * 1_000_000) for value in shown] == [row["total_investment"] for row in annex.rows]
    assert sheet.cell(FIRST, at).number_format == "0.00"
    assert sheet.max_row == FIRST - 1 + len(annex.rows)


def test_money_cells_hold_what_their_headings_say(report: Report) -> None:
    """万元 to the fen as numbers, shown with the places of pages and Word: two, four below one, six below one yuan."""
    amounts = (12_345_678_90, 12_345_67, -5, 0)
    sheet = one_list(report, "trade-in", dict(zip(("sale_amount", "actually_paid", "subsidy", "subsidy_returned"), amounts, strict=True)))
    cells = [sheet.cell(FIRST, column(sheet, title)) for title in ("销售额", "实付", "补贴金额", "退回补贴")]
    assert [(cell.value, cell.number_format) for cell in cells] == [
        (1234.56789, "0.00"), (1.234567, "0.00"), (-0.000005, "0.000000"), (0, "0.00"),
    ]  # fmt: skip
    view = BY_NAME["trade-in"]
    words = [value_text(view.column("sale_amount"), {"sale_amount": fen}, Words({}, {})) for fen in amounts]
    assert words == [values.money(fen).text.replace(",", "") for fen in amounts] == ["1234.57", "1.23", "-0.000005", "0.00"]


def test_a_month_that_an_earlier_version_closed_keeps_its_cells(report: Report) -> None:
    """Without the word of its catalogue the cells hold yuan, as they did."""
    then = replace(report, catalogue=replace(report.catalogue, in_wan=False))
    sheet = one_list(then, "trade-in", {"sale_amount": 12_345_67})
    cell = sheet.cell(FIRST, column(sheet, "销售额"))
    assert (cell.value, cell.number_format) == (12345.67, "0\\.0000")


@pytest.mark.parametrize(("fen", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-12_345, "-123.45"), (100, "1.00")])
def test_fen_are_written_as_yuan(fen: int, text: str) -> None:
    """Two places always, the sign before."""
    assert str(values.yuan(fen)) == text


@pytest.mark.parametrize("text", ["=1+1", "+86 22", "-项目", "@sum", '=HYPERLINK("http://x.invalid","看")', "_x000D_", "a<b>&c", " 前后 ", "甲\n乙", "'单"])
def test_a_text_is_never_a_formula(report: Report, text: str) -> None:
    """What a bureau wrote comes back letter by letter as a text, in both of two readers."""
    made = replace(report, annexes=(Annex("清单", BY_NAME["problems"], ({"text": text},)),))
    content = render_xlsx(made)
    sheet = openpyxl.load_workbook(BytesIO(content))["附件1清单"]
    cell = sheet.cell(FIRST, column(sheet, "事项"))
    assert cell.data_type != "f"
    assert "<f>" not in ZipFile(BytesIO(content)).read("xl/worksheets/sheet5.xml").decode()
    read = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name("附件1清单").to_python()[FIRST - 1]
    assert text in read
    if text != "_x000D_":  # openpyxl leaves the workbook's escapes for characters as they are
        assert cell.value == text


def test_control_characters_and_overlong_texts_do_not_spoil_a_sheet(report: Report) -> None:
    """What XML forbids is left out; a text longer than a cell holds ends in an ellipsis."""
    sheet = one_list(report, "problems", {"text": "甲\x00\x0b乙", "proposal": "长" * 40_000})
    assert sheet.cell(FIRST, column(sheet, "事项")).value == "甲乙"
    long = sheet.cell(FIRST, column(sheet, "建议")).value
    assert (len(long), long[-1]) == (32_767, "…")


def test_dates_lists_and_maps_are_readable(report: Report) -> None:
    """Dates are dates whether given as text or as date; lists are joined; maps show 万元; codes become words."""
    sheet = one_list(report, "equipment-projects", *report.annexes[0].rows[:1])
    assert sheet.cell(FIRST, column(sheet, "计划开工")).value == datetime(2026, 3, 1)  # noqa: DTZ001 - a date cell
    assert sheet.cell(FIRST, column(sheet, "计划竣工")).value == datetime(2027, 6, 30)  # noqa: DTZ001 - a date cell
    assert sheet.cell(FIRST, column(sheet, "实际竣工")).value is None
    assert sheet.cell(FIRST, column(sheet, "资金来源")).value == "企业自筹 9000.00；银行贷款 3345.68"
    coded = one_list(report, "problems", {"asks_of": ["finance", "某街道"]}, names={"finance": "区财政局"})
    assert coded.cell(FIRST, column(coded, "涉及单位")).value == "区财政局、某街道"


def test_sheets_are_set_up_for_reading_and_print(book: Any, report: Report) -> None:
    """Headings are frozen and repeated, rows can be filtered, pages are landscape and one page wide."""
    for number, annex in enumerate(report.annexes, 1):
        sheet = book[f"附件{number}{annex.title}"]
        assert sheet.freeze_panes == "B4"
        assert sheet.print_title_rows == "$1:$3"
        assert sheet.auto_filter.ref.startswith("A3:")
        assert sheet.auto_filter.ref.endswith(str(3 + len(annex.rows)))
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
        assert sheet.page_setup.fitToWidth in (None, 1)  # one page wide is the format's default
        assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_the_four_charts_are_native_and_keep_gaps(book: Any, report: Report, rendered: bytes) -> None:
    """Four charts stand beside their numbers; what is not known is an empty cell and a gap."""
    sheet = book["图表"]
    assert len(sheet._charts) == 4
    charts = [chart for section in report.sections for chart in section.charts]
    row = next(cell.row for cell in sheet["A"] if cell.value == "文旅")
    assert sheet.cell(row, 2).value is None
    drawn = [name for name in ZipFile(BytesIO(rendered)).namelist() if re.fullmatch(r"xl/charts/chart\d+\.xml", name)]
    assert len(drawn) == len(charts)
    for name in drawn:
        # "gap" is the format's default: what would draw zeros or a line across must not be there.
        assert not re.search(r'dispBlanksAs val="(zero|span)"', ZipFile(BytesIO(rendered)).read(name).decode())


def test_submissions_stand_with_adjustments_and_notes(report: Report) -> None:
    """The sheet of submissions also says what changed since the report before, and the notes on the data."""
    changed = Annex("上期调整", ADJUSTMENTS, ({"指标": "设备更新·工业", "原值": "181000000.00", "现值": "179500000.00", "原因": "更正"},))
    made = replace(report, annexes=(*report.annexes, changed))
    sheet = openpyxl.load_workbook(BytesIO(render_xlsx(made)))["附件8报送情况"]
    texts = [cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {"零报告", "上期调整", 179500000, "数据说明", *report.notes} <= set(texts)


def test_counts_and_positions_are_numbers(report: Report, book: Any) -> None:
    """Rows of submissions and the positions of the cut are numbers that can be added up; an earlier close keeps its texts."""
    earlier = replace(report, catalogue=replace(report.catalogue, in_wan=False))
    for workbook, kind in ((book, int), (openpyxl.load_workbook(BytesIO(render_xlsx(earlier))), str)):
        sheet = workbook["附件8报送情况"]
        at = [cell.value for cell in sheet[3]].index("行数")
        rows = [row[at] for row in sheet.iter_rows(min_row=4, max_row=6, values_only=True)]
        positions = [row[1] for row in workbook["目录"].iter_rows(values_only=True) if str(row[0]).startswith("hub.")]
        assert {type(value) for value in [*rows, *positions] if value not in (None, "")} == {kind}


def test_the_tables_of_the_body_are_complete(book: Any, report: Report) -> None:
    """Figures are numbers in the unit of their heading, in a format that shows them as Word does; what is not there is a word."""
    rows = {row[0].value: row for row in book["正文各表"].iter_rows() if row[1].value is not None}
    total = report.figures["equipment.文旅.total_investment"].value
    assert total is not None
    at = next(cell.column for row in book["正文各表"].iter_rows() for cell in row if cell.value == "总投资（万元）") - 1
    assert Decimal(str(rows["文旅"][at].value)) == total / 10_000
    assert "未报送" in [cell.value for cell in rows["文旅"]]
    assert rows["超长期特别国债"][2].number_format in ("0.0", "0.00")


def test_a_column_of_two_figures_becomes_two_columns_of_numbers(report: Report) -> None:
    """在建/竣工 and 退回/追回（件/万元）: no figure is a text, and words around one are its format."""

    def figure(name: str, value: str, unit: str) -> Figure:
        return Figure(name, Decimal(value), unit, "2026-10", Source("", {}, "", 0))

    returned, money = figure("t.a.returned", "3", "件"), figure("t.a.subsidy_returned", "12345.67", "元")
    late = Cell(figure=figure("t.a.ytd", "98765.43", "元"), after="（截至8月）")
    way = Cell(figure=figure("t.a.way", "79.96", "%"), before="距年度目标3.0个百分点，已完成")
    columns = ("行", "退回/追回（件/万元）", "自年初", "完成年度计划%")
    table = Table("t", "表", columns, ((Cell("甲"), Cell("3/1.23", parts=(returned, money)), late, way),))
    made = replace(report, sections=(Section("节", (), (table,)),), annexes=())
    sheet = openpyxl.load_workbook(BytesIO(render_xlsx(made)))["正文各表"]
    assert [cell.value for cell in sheet[2]] == ["行", "退回（件）", "追回（万元）", "自年初（万元）", "完成年度计划%"]
    assert [(cell.value, cell.number_format) for cell in sheet[3]][1:] == [
        (3, "0"), (1.234567, "0.00"), (9.876543, '0.00"（截至8月）"'), (79.96, '"距年度目标3.0个百分点，已完成"0.0"%"'),
    ]  # fmt: skip
    assert [cell_text(table, table.rows[0], index) for index in (2, 3)] == ["9.88（截至8月）", "距年度目标3.0个百分点，已完成80.0%"]


class Streamed:
    """Rows made as they are read, and counted."""

    def __init__(self, count: int) -> None:
        self.count, self.opened = count, 0

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Mapping[str, object]]:
        self.opened += 1
        for number in range(self.count):
            yield {"order_no": f"D{number:07d}", "category": "家电", "count": 1, "sale_amount": number, "completed_on": "2026-10-01"}


def test_a_list_longer_than_a_sheet_goes_on_in_the_next(report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are read once, in order, over as many sheets as they need."""
    monkeypatch.setattr(module, "SHEET_ROWS_MAX", 40)
    rows = Streamed(100)
    write_xlsx(replace(report, annexes=(Annex("以旧换新台账", BY_NAME["trade-in"], rows),)), tmp_path / "a.xlsx")  # type: ignore[arg-type]
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    sheets = [book[name] for name in ("附件1以旧换新台账", "附件1以旧换新台账（2）", "附件1以旧换新台账（3）")]
    numbers = [sheet.cell(row, 1).value for sheet in sheets for row in range(FIRST, sheet.max_row + 1)]
    assert numbers == [f"D{number:07d}" for number in range(100)]
    assert rows.opened == 1


def test_words_names_and_gaps_stand_in_their_rows(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts that come again, texts of their own, texts to be escaped and gaps: each stands where it belongs."""
    monkeypatch.setattr(rows_module, "ROWS_PER_PIECE", 7)
    rows = [
        {
            "order_no": f"<{n}>" if n % 9 == 0 else f"D{n}", "category": "家电" if n % 3 else None, "kind": ("=空调", "a & b")[n % 2],
            "serial_no": None if n % 4 else f" S{n}", "sale_amount": n % 5, "subsidy": None, "lead_bureau": "commerce",
        }
        for n in range(40)
    ]  # fmt: skip
    sheet = one_list(report, "trade-in", *rows, names={"commerce": "区商务局"})
    for title, name in (("订单号", "order_no"), ("大类", "category"), ("品类", "kind"), ("序列号", "serial_no"), ("补贴金额", "subsidy")):
        at = column(sheet, title)
        assert [sheet.cell(FIRST + n, at).value for n in range(40)] == [row[name] for row in rows], title
    assert {sheet.cell(FIRST + n, column(sheet, "填报单位")).value for n in range(40)} == {"区商务局"}
    amounts = [round(sheet.cell(FIRST + n, column(sheet, "销售额")).value * 1_000_000) for n in range(40)]
    assert amounts == [row["sale_amount"] for row in rows]


def test_many_rows_are_not_held(report: Report, tmp_path: Path) -> None:
    """Ten times the rows need no more memory than a piece of markup does."""
    peaks = []
    for count in (2_000, 20_000):
        made = replace(report, annexes=(Annex("以旧换新台账", BY_NAME["trade-in"], Streamed(count)),))  # type: ignore[arg-type]
        tracemalloc.start()
        write_xlsx(made, tmp_path / "a.xlsx")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 4_000_000


def test_conditions_and_measures_are_said_in_chinese() -> None:
    """Columns, operators and measures of a source are written with the catalogue's words."""
    where = {"step!=": "支付", "on_date:month": ("2026-09", "2026-10"), "on_date not <=": "2026-11-05", "reason": None}
    said = Sources(present()).condition_text("funds", where)
    assert said == "环节≠支付；日期的月份＝2026-09、2026-10；日期为空或晚于2026-11-05；原因＝空"
    nested = Sources(present()).condition_text("funds", {"application_no not in funds.application_no": {"step": "支付"}})
    assert nested == "申请编号不在资金台账的（环节＝支付）各行中"
    latest = {"latest": {"of": "project_key", "by": "month", "among": {"month": ("2026-01", "2026-02")}}}
    assert Sources(present()).condition_text("project-progress", latest) == "每个项目取月份最近的一行（月份＝2026-01、2026-02）"
    assert Sources(present()).condition_text("documents", {"extended_until|due_on<": "2026-10-31"}) == "延期至或到期日早于2026-10-31"
    assert Sources(present()).measure_text("funds", "count") == "计数"
    assert Sources(present()).measure_text("equipment-projects", "sum(total_investment)") == "合计（总投资）"
    assert Sources(present()).measure_text("indicators", "sum(value in 万元)") == "合计（数值，折算为万元）"
    assert Sources(present()).measure_text("materials", "once(outlets by operator_uscc)") == "合计（网点数，每个经营主体计一次）"
    assert Sources(present()).measure_text("equipment-projects", "sum(planned_by_year[2026])") == "合计（分年计划投资，2026）"
    assert Sources(present()).measure_text("materials", "distinct(operator_uscc)") == "计数（经营主体，每个计一次）"
    details = {"details_first": ["step", "on_date:month", "category?"]}
    assert Sources(present()).condition_text("funds", details) == "明细优先＝环节、日期的月份、品类（可空）"
    assert Sources(replace(present(), in_wan=False)).measure_text("materials", "distinct(operator_uscc)") == "distinct(operator_uscc)", "an earlier close keeps its words"
    assert Sources(present()).condition_text("submissions", {"bureau@list": ("water@tasks",)}) == "单位与清单在应报之列"
    assert Sources(present()).measure_text("", "funds.合计.paid ÷ funds.合计.allocated × 100") == "资金·合计·支付净额 ÷ 资金·合计·下达 × 100"


@pytest.mark.parametrize("text", ["甲\u202e乙", "甲\u2066乙", "甲\x85乙"])
def test_what_turns_the_writing_around_is_shown(text: str) -> None:
    """Neither the annex's streamed cells nor any other text of report and annex lets a bureau turn what is read."""
    shown = {"甲\\u202e乙", "甲\\u2066乙", "甲\\x85乙"}
    assert rows_module.cell_text(text) in shown
    assert printable(text) in shown
    assert rows_module._SPECIAL.search(text), "a streamed cell with it is written by cell_text"
