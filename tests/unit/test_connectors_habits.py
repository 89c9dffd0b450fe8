"""What clerks do in a spreadsheet that no template foresees: taken as they mean it, or asked, never taken wrong in silence."""

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlwt
from openpyxl.comments import Comment
from openpyxl.styles import Color, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from exchange_connectors.excel import load, look_at
from exchange_connectors.excel.inspection import Inspection
from exchange_connectors.excel.model import Finding, Level

COMMERCE = load(Path(__file__).parents[2] / "deploy" / "districts" / "wuqing" / "connectors" / "commerce.toml")
HEADINGS = ("序号", "订单号", None, None, None, "发票号", "完成日期", "销售金额（元）", "补贴金额（元）", "实付金额（元）", "商家统一社会信用代码", "购买人令牌", "交旧情况", "备注")
FIRST, ORDER, KIND, INVOICE, AMOUNT, REMARK = 4, 2, 3, 6, 8, 14
"""First row of data, and columns."""


def orders(bend: Callable[[Worksheet], None] = lambda _: None, rows: int = 3) -> bytes:
    """Return a list of orders, bent."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "家电以旧换新明细"
    sheet.append(["家电以旧换新台账（2026年10月）"])
    sheet.append([*HEADINGS[:2], "商品信息", *HEADINGS[3:]])
    sheet.append([None, None, "品类", "能效等级", "序列号"])
    for n in range(1, rows + 1):
        sheet.append([n, f"CL-000{n}", "冰箱", "1级", f"SN{n}", f"FP{n:06d}", date(2026, 10, n), 3000 + n, 450, 2550 + n, "91120114MA9000502E", f"k1:{'abcdefgh' * 3}", "以旧换新"])
    bend(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def seen_in(body: bytes, name: str = "家电以旧换新明细2026年10月.xlsx") -> Inspection:
    """Return what is said of a file."""
    return look_at(Path(name), COMMERCE, None, body)


def with_cell(column: int, value: object) -> Inspection:
    """Return what is said of a list whose second row holds another value."""
    return seen_in(orders(lambda sheet: sheet.cell(FIRST + 1, column, value) and None))


def of_second(seen: Inspection) -> list[Finding]:
    """Return what is said of the second row."""
    return [each for each in seen.findings if each.row == FIRST + 1 and each.level is not Level.NOTED]


def taken(seen: Inspection) -> list[str]:
    """Return the keys that are stated."""
    return [each.statement.entity_key for each in seen.statements]


@pytest.mark.parametrize(
    ("words", "level"),
    [("2026年三季度", Level.RETURNED), ("（统计期：2026年上半年）", Level.RETURNED), ("依据2026年三季度调度会要求填报", Level.VERIFY), ("2026年四季度", None), ("2026年度", None), ("2026年下半年", None)],
)
def test_a_quarter_that_is_not_the_month_s_is_asked_about(words: str, level: Level | None) -> None:
    """Where a title names a quarter or half of a year beside a month that is not of it, the sheet goes back or is asked about; one that holds the month says nothing."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "任务进展"
    for row in (("任务进展（2026年10月）",), (words,), ("序号", "任务编号", "工作进展"), (1, "WQ-01", "已印发方案")):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    seen = seen_in(out.getvalue(), "任务进展.xlsx")
    assert [each.level for each in seen.findings if "报送期" in each.message] == ([] if level is None else [level])
    assert len(seen.statements) == (level is not Level.RETURNED)


@pytest.mark.parametrize("column", [ORDER, KIND, INVOICE])
@pytest.mark.parametrize("ditto", ["同上", "〃", '"', "……"])
def test_a_ditto_is_no_value(column: int, ditto: str) -> None:
    """同上 and its signs point to another cell: the row goes back, nothing is called 同上."""
    seen = with_cell(column, ditto)
    assert (seen.returned, [each.level for each in of_second(seen)]) == (1, [Level.RETURNED])


@pytest.mark.parametrize("words", ["待补", "不详", "XXXX", "？", "暂缺"])
def test_words_for_a_number_not_yet_known_are_no_number(words: str) -> None:
    """As a key they send the row back; as another number they are left empty, and asked about."""
    assert (with_cell(ORDER, words).returned, len(of_second(with_cell(ORDER, words)))) == (1, 1)
    seen = with_cell(INVOICE, words)
    assert [each.level for each in of_second(seen)] == [Level.VERIFY]
    assert "invoice_no" not in seen.statements[1].statement.facts


@pytest.mark.parametrize("words", ["例", "示例：", "作废", "×"])
def test_a_row_that_its_serial_number_sets_aside_is_not_stated(words: str) -> None:
    """An example of the template, or a row called void, is not read, and the clerk is asked."""
    seen = with_cell(1, words)
    assert taken(seen) == ["CL-0001", "CL-0003"]
    assert [each.level for each in of_second(seen)] == [Level.VERIFY]


@pytest.mark.parametrize(("words", "asked"), [("作废", True), ("该单已取消，不计入", True), ("无", False), ("取货点：河西", False)])
def test_a_remark_that_takes_its_row_back_is_asked_about(words: str, asked: bool) -> None:
    """A row is stated, and whoever wrote 作废 into its remarks is asked."""
    seen = with_cell(REMARK, words)
    assert len(taken(seen)) == 3
    assert [each.level for each in of_second(seen)] == [Level.VERIFY] * asked


@pytest.mark.parametrize(("text", "key"), [("'0001", "0001"), ("`A-7", "A-7"), ("’0001", "0001")])
def test_the_sign_of_a_text_is_no_part_of_a_key(text: str, key: str) -> None:
    """An apostrophe in front of a number only tells a spreadsheet that it is a text."""
    assert key in taken(with_cell(ORDER, text))


@pytest.mark.parametrize("text", ["CL-0002（退）", "CL-0002*", "CL-0002等3单", "CL-0002~0005", "CL-0002/CL-0009", "CL-0002、'CL-0009", "CL-0002 CL-0009", "CL-0002+CL-0009", "CL-0002&CL-0009", "CL-0002|CL-0009", "CL-0002和CL-0009", "CL-0002…CL-0009", "CL-0002作废", "CL-0002退", "CL-0002：", "CL-0002✅", "同CL-0001", "原CL-0002"])
def test_a_key_with_marks_or_of_several_goes_back(text: str) -> None:
    """What is written behind a number, and a range of numbers, make no new thing."""
    assert (taken(with_cell(ORDER, text)), with_cell(ORDER, text).returned) == (["CL-0001", "CL-0003"], 1)


@pytest.mark.parametrize(("words", "asked"), [("张三:\n更正：应为4200", True), ("【核】请核对", False)])
def test_a_comment_on_a_cell_is_asked_about(words: str, asked: bool) -> None:
    """A comment may correct the cell: it is not read, and the clerk hears of it; the hub's own comments are none."""

    def comment(sheet: Worksheet) -> None:
        sheet.cell(FIRST + 1, AMOUNT).comment = Comment(words, "张三")

    assert [each.level for each in of_second(seen_in(orders(comment)))] == [Level.VERIFY] * asked


@pytest.mark.parametrize("color", [Color(rgb="FFFFFFFF"), Color(theme=0)])
@pytest.mark.parametrize("filled", [False, True])
def test_what_is_written_in_white_on_white_is_asked_about(color: Color, filled: bool) -> None:
    """A cell in white does not show: it is asked about, unless its ground is coloured."""

    def whiten(sheet: Worksheet) -> None:
        cell = sheet.cell(FIRST + 1, AMOUNT)
        cell.font = Font(color=color)
        if filled:
            cell.fill = PatternFill("solid", fgColor="FF4472C4")

    assert [each.level for each in of_second(seen_in(orders(whiten)))] == [Level.VERIFY] * (not filled)


def test_comments_and_white_cells_of_an_old_workbook_are_asked_about() -> None:
    """In .xls they are seen, too: the white one is asked about."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("任务进展")
    for number, row in enumerate((("任务进展（2026年10月）",), ("序号", "任务编号", "工作进展"), (1, "WQ-01", "已印发方案"))):
        for column, value in enumerate(row):
            sheet.write(number, column, value, xlwt.easyxf("font: colour white") if value == "已印发方案" else xlwt.Style.default_style)
    out = io.BytesIO()
    book.save(out)
    seen = seen_in(out.getvalue(), "任务进展2026年10月.xls")
    assert [(each.level, each.cell) for each in seen.findings] == [(Level.VERIFY, "C3")]


def test_a_copy_of_a_sheet_is_called_one() -> None:
    """A sheet copied as “… (2)” goes back, and the clerk reads that one of the two has to go."""

    def copied(sheet: Worksheet) -> None:
        assert sheet.parent is not None
        sheet.parent.copy_worksheet(sheet).title = f"{sheet.title} (2)"

    (said,) = seen_in(orders(copied)).findings
    assert (said.level, said.message) == (Level.RETURNED, "工作表是“家电以旧换新明细”的副本，未读取；请删去其中一张后重报")


@pytest.mark.parametrize("text", ["系统故障无单号", "见附件", "补录", "0", 0, "0000"])
def test_words_and_noughts_are_no_number_of_a_thing(text: object) -> None:
    """Where a number is the key, a text without any digit or letter is none, nor is a nought."""
    assert (taken(with_cell(ORDER, text)), with_cell(ORDER, text).returned) == (["CL-0001", "CL-0003"], 1)


@pytest.mark.parametrize("text", ["A", "甲-三", "Ⅱ", "10", "订单1"])
def test_short_numbers_of_things_are_taken(text: str) -> None:
    """A letter, a Chinese numeral or a single digit is a number of a thing."""
    assert with_cell(ORDER, text).returned == 0


@pytest.mark.parametrize(("code", "level"), [("aaaa", Level.RETURNED), ("d", Level.RETURNED), ("h:mm", Level.RETURNED), ("mm:ss", Level.RETURNED), ("yyyy-m-d h:mm", None), ('m"月"d"日"', None), ("yyyy-m-d", None)])
def test_a_date_that_shows_neither_year_nor_month_goes_back(code: str, level: Level | None) -> None:
    """A cell that shows only a weekday, a day or a time says no date."""

    def format_(sheet: Worksheet) -> None:
        sheet.cell(FIRST + 1, 7).number_format = code

    assert [each.level for each in of_second(seen_in(orders(format_)))] == ([] if level is None else [level])


@pytest.mark.parametrize("words", ["FP000001、FP000009", "FP000002（退）", "FP000001/FP000009", "办理中"])
def test_another_number_with_marks_or_of_several_is_asked_about(words: str) -> None:
    """What is no key is taken as it stands, and the clerk is asked where it names several things or carries a remark."""
    seen = with_cell(INVOICE, words)
    assert [each.level for each in of_second(seen)] == [Level.VERIFY]
    assert len(taken(seen)) == 3


@pytest.mark.parametrize(("heading", "asked"), [("销售金额（申报）（元）", True), ("销售金额（2025年）（元）", True), ("销售金额（1-9月）（元）", True), ("销售金额（应补）（元）", True), ("销售金额（含税）（元）", False), ("*销售金额（元）", False), ("销售金额（元）*", False)])
def test_a_heading_of_other_figures_is_asked_about(heading: str, asked: bool) -> None:
    """A bracket that names another time or stage of an amount is asked about; a mark of what must be filled says nothing."""

    def named(sheet: Worksheet) -> None:
        sheet.cell(FIRST - 2, AMOUNT).value = heading

    seen = seen_in(orders(named))
    assert (len(taken(seen)), [each.level for each in seen.findings if each.level is not Level.NOTED]) == (3, [Level.VERIFY] * asked)
