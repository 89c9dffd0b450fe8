"""What stands beside a list's own cells: lines between its rows, columns without a heading, comments, marks, printed lines; taken into account or asked about."""

import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Color, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from exchange_connectors.excel import load, look_at
from exchange_connectors.excel.inspection import Inspection
from exchange_connectors.excel.model import Level
from tests.unit.test_connectors_habits import AMOUNT, FIRST, ORDER, REMARK, of_second, orders, seen_in, taken, with_cell

HOUSING = load(Path(__file__).parents[2] / "deploy" / "districts" / "wuqing" / "connectors" / "housing.toml")
HEADINGS = ("序号", "项目代码", "内部编号", "项目名称", "完成投资", None, None, "完成台套", "建设状态", "进展情况", "核减原因")


def progress(bend: Callable[[Worksheet], None] = lambda _: None, title: str = "项目进度（2026年10月）", unit: str = "（万元）", above: str = "", file: str = "项目进度.xlsx") -> Inspection:
    """Return what is said of a list of progress, whose mapping says 万元 where nothing else names a unit."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "项目进度"
    sheet.append([title])
    sheet.append([above or None])
    sheet.append([f"{text}{unit}" if text == "完成投资" else text for text in HEADINGS])
    sheet.append([None] * 4 + ["本月", "自年初累计", "自开工累计"])
    sheet.merge_cells("E3:G3")
    for n in range(1, 4):
        sheet.append([n, None, f"ZJ-{n:03d}", f"电梯{n}", 10 + n, 100 + n, 200 + n, n, "在建", "正常推进", None])
    bend(sheet)
    out = io.BytesIO()
    book.save(out)
    return look_at(Path(file), HOUSING, None, out.getvalue())


def invested(seen: Inspection) -> list[Decimal]:
    """Return what was invested this month, in yuan, as stated."""
    return [each.statement.facts["invested_this_month"] for each in seen.statements]


@pytest.mark.parametrize(
    "words",
    ["金额：元", "（金额：元）", "单位：元 台", "单位: 元　台套", "人民币：元", "货币：元", "单位：元·台", "单位：元.台", "单位：元|台", "〈单位：元〉", "本表金额均为元", "表中金额按元填列", "填报单位：区样例局（盖章）  金额：元", "投资额：元，台套：台", "填报时间：2026年11月3日  单位：元"],
)
def test_a_unit_is_read_however_a_line_above_the_list_says_it(words: str) -> None:
    """What is said in 元 above a list is read in 元, also where the mapping would say 万元."""
    assert invested(progress(unit="", above=words)) == [Decimal(10 + n) for n in range(1, 4)]


@pytest.mark.parametrize("words", ["单位：1000元", "单位：RMB'000", "Unit: RMB", "Unit: yuan"])
def test_a_unit_above_the_list_that_is_not_known_sends_it_back(words: str) -> None:
    """A multiple or a foreign word for a unit is not guessed."""
    seen = progress(unit="", above=words)
    assert (seen.statements, {each.no for each in seen.findings if each.level is Level.RETURNED}) == ([], {57})


@pytest.mark.parametrize("unit", ["（1000元）", "（10万元）", "（RMB'000）"])
def test_a_multiple_in_a_heading_is_no_unit(unit: str) -> None:
    """（1000元） in a heading means thousands: the sheet goes back instead of being read in the mapping's unit."""
    assert progress(unit=unit).sheets_returned == 1


@pytest.mark.parametrize("words", ["金额：元", "说明：金额均为元", "以上金额以元计"])
def test_a_unit_below_the_list_is_compared(words: str) -> None:
    """A note below the list that names another unit than it is read in sends the sheet back."""
    assert progress(lambda sheet: sheet.append([words]), unit="").sheets_returned == 1


def test_a_total_in_words_is_no_unit() -> None:
    """An amount behind a colon, as 合计：36元, says nothing of the columns' unit."""
    assert len(progress(lambda sheet: sheet.append(["合计：36元"])).statements) == 3


@pytest.mark.parametrize("place", ["oddHeader", "oddFooter"])
def test_a_unit_that_is_only_printed_counts(place: str) -> None:
    """What stands in a page's printed header or footer is said by the clerk, too."""

    def printed(sheet: Worksheet) -> None:
        getattr(sheet, place).right.text = "单位：元"

    assert invested(progress(printed, unit="")) == [Decimal(10 + n) for n in range(1, 4)]


@pytest.mark.parametrize(("title", "file"), [("项目进度（2026年10月，单位：元）", "项目进度.xlsx"), ("项目进度（2026年10月）", "项目进度_单位元.xlsx")])
def test_a_unit_stands_among_other_words(title: str, file: str) -> None:
    """A unit behind a month in one bracket, or in the file's name, is read."""
    assert invested(progress(title=title, unit="", file=file)) == [Decimal(10 + n) for n in range(1, 4)]


def below(words: str, repeat: bool, gap: int = 1) -> Callable[[Worksheet], None]:
    """Return what writes a line below the list and another row under it, its header repeated or not."""

    def bend(sheet: Worksheet) -> None:
        top, row = sheet.max_row, sheet.max_row + 1 + gap
        sheet.cell(row, 1, words)
        for line in (FIRST - 1, FIRST) if repeat and sheet.title == "项目进度" else (FIRST - 2, FIRST - 1) if repeat else ():
            row += 1
            for column in range(1, sheet.max_column + 1):
                sheet.cell(row, column, sheet.cell(line, column).value)
        for column in range(1, sheet.max_column + 1):
            value = sheet.cell(top, column).value
            sheet.cell(row + 1, column, f"{value}9" if column in (2, 3) and value and value[-1].isdecimal() else value)

    return bend


@pytest.mark.parametrize("words", ["附：2026年9月项目进度", "项目进度（2026年9月）", "2026年9月", "9月数据", "2025年同期", "上月数据", "历史进度"])
@pytest.mark.parametrize("repeat", [False, True])
@pytest.mark.parametrize("gap", [0, 1])
def test_rows_under_a_line_that_names_another_month_are_not_of_this_one(words: str, repeat: bool, gap: int) -> None:
    """Rows below a line that names another month or list are not stated for the sheet's month: they are not read, and go back."""
    seen = progress(below(words, repeat, gap))
    assert len(seen.statements) == 3
    assert [each.level for each in seen.findings if "另一张表" in each.message] == [Level.RETURNED]


@pytest.mark.parametrize("words", ["项目进度（2026年10月）", "续表", "注：以下为补报", "2026年10月补报"])
def test_rows_under_a_line_of_the_list_s_own_are_read(words: str) -> None:
    """A title that is repeated, and a line that says that what follows comes late, end nothing."""
    assert len(progress(below(words, repeat=True)).statements) == 4


@pytest.mark.parametrize("words", ["数码产品购新明细", "二、数码产品购新台账（2026年10月）", "作废订单", "以下为退货订单", "测试数据"])
@pytest.mark.parametrize("repeat", [False, True])
def test_rows_under_another_list_s_name_are_not_of_this_one(words: str, repeat: bool) -> None:
    """Rows below another list's name, or below a line that calls them void, go back unread."""
    seen = seen_in(orders(below(words, repeat)))
    assert taken(seen) == ["CL-0001", "CL-0002", "CL-0003"]
    assert [each.level for each in seen.findings if "另一张表" in each.message] == [Level.RETURNED]


def test_a_repeated_header_in_another_order_begins_another_table() -> None:
    """Where a later page has its columns exchanged, its amounts are not read by the first page's order."""

    def exchanged(sheet: Worksheet) -> None:
        below("", repeat=True)(sheet)
        row = sheet.max_row - 2
        sheet.cell(row, AMOUNT).value, sheet.cell(row, AMOUNT + 1).value = sheet.cell(row, AMOUNT + 1).value, sheet.cell(row, AMOUNT).value

    seen = seen_in(orders(exchanged))
    assert taken(seen) == ["CL-0001", "CL-0002", "CL-0003"]
    assert any(each.level is Level.RETURNED and "另一张表" in each.message for each in seen.findings)


@pytest.mark.parametrize("label", ["总金额", "总额", "SUM", "∑", "其中：冰箱", "合计:3笔", "结转下页", "承前页", "过次页", "本期合计"])
def test_a_total_by_another_name_is_no_order(label: str) -> None:
    """Totals, parts of them and sums carried over a page are never stated as things of their own."""

    def total(sheet: Worksheet) -> None:
        sheet.cell(FIRST + 3, ORDER, label)
        sheet.cell(FIRST + 3, AMOUNT, 9006)

    seen = seen_in(orders(total))
    assert (taken(seen), seen.returned) == (["CL-0001", "CL-0002", "CL-0003"], 0)


@pytest.mark.parametrize("value", ["作废", 2999, "以3500为准"])
def test_a_cell_without_a_heading_is_asked_about(value: object) -> None:
    """What a clerk writes beside the list is not read, and he hears of it."""
    assert [each.message for each in of_second(with_cell(15, value))] == ["O列没有表头，未读取，请确认"]


def test_numbers_of_rows_without_a_heading_are_no_news() -> None:
    """A column without a heading that only counts the rows says nothing."""

    def counted(sheet: Worksheet) -> None:
        for n in range(3):
            sheet.cell(FIRST + n, 15, n + 1)

    assert not [each for each in seen_in(orders(counted)).findings if each.level is not Level.NOTED]


@pytest.mark.parametrize(("row", "column"), [(FIRST + 1, 1), (FIRST - 2, AMOUNT), (1, 1)])
def test_a_comment_anywhere_in_the_list_is_asked_about(row: int, column: int) -> None:
    """A comment on a row's number, on a heading or on the title may change what the list says."""

    def comment(sheet: Worksheet) -> None:
        sheet.cell(row, column).comment = Comment("张三：本列为万元", "张三")

    assert [each.level for each in seen_in(orders(comment)).findings if "批注" in each.message] == [Level.VERIFY]


def test_a_row_whose_number_is_struck_out_is_asked_about() -> None:
    """A clerk who strikes out the number of a row may mean the row."""

    def strike(sheet: Worksheet) -> None:
        sheet.cell(FIRST + 1, 1).font = Font(strike=True)

    assert [each.level for each in of_second(seen_in(orders(strike)))] == [Level.VERIFY]


@pytest.mark.parametrize(
    ("font", "ground"),
    [("FFFFFFFF", "FFFFFFFF"), ("FFFFFF00", "FFFFFF00"), (Color(indexed=9), None), ("FFFEFEFE", None), (Color(theme=4), Color(theme=4))],
)
def test_what_has_the_colour_of_its_ground_is_asked_about(font: str | Color, ground: str | Color | None) -> None:
    """A cell in the colour of its own ground does not show, whichever colour that is."""

    def hide(sheet: Worksheet) -> None:
        sheet.cell(FIRST + 1, AMOUNT).font = Font(color=font)
        if ground is not None:
            sheet.cell(FIRST + 1, AMOUNT).fill = PatternFill("solid", fgColor=ground)

    assert [each.level for each in of_second(seen_in(orders(hide)))] == [Level.VERIFY]


@pytest.mark.parametrize("words", ["已退款", "顾客取消", "测试数据", "金额应为3500", "以3500元为准", "与上月重复", "金额有误"])
def test_remarks_that_take_back_or_correct_are_asked_about(words: str) -> None:
    """Whoever writes beside a row that it was taken back, or what is right, is asked about it."""
    assert [each.level for each in of_second(with_cell(REMARK, words))] == [Level.VERIFY]


@pytest.mark.parametrize("words", ["未退货", "正常", "无取消", "取货点：河西"])
def test_remarks_that_say_no_such_thing_are_no_news(words: str) -> None:
    """A remark that denies it says nothing."""
    assert not of_second(with_cell(REMARK, words))


def test_a_line_of_text_with_a_cell_too_many_goes_back() -> None:
    """An amount with an unprotected comma moves all that follows: the line goes back, and one that is cut short is asked about."""
    text = "序号,月份,大类,件数,销售额（元）,补贴金额（元）\n1,2026-10,家电,12,36,000,5,400\n2,2026-09,家电,3,300000,45000\n3,2026-08,家电,3,300000\n4,2026-07,家电,3,300000,45000"
    seen = seen_in(text.encode(), "以旧换新汇总2026年10月.csv")
    assert [(each.row, each.level) for each in seen.findings if "格数" in each.message] == [(4, Level.VERIFY), (2, Level.RETURNED), (2, Level.RETURNED)]
    assert [each.row for each in seen.statements] == [3, 5]


def test_a_heading_in_one_line_is_the_heading_in_two() -> None:
    """Programs write the parts of a heading into one line, with a sign between them."""
    text = "序号,订单号,商品信息-品类,商品信息_能效等级,商品信息/序列号,发票号,完成日期,销售金额（元）,补贴金额（元）,实付金额（元）,商家统一社会信用代码,购买人令牌,交旧情况,备注\n1,CL-0001,冰箱,1级,SN1,FP1,2026-10-01T08:30:00,3000,450,2550,91120114MA9000502E,,无,"
    assert taken(seen_in(text.encode(), "家电以旧换新明细2026年10月.csv")) == ["CL-0001"]


def test_a_unit_that_no_column_has_is_asked_about() -> None:
    """Where a line above the list names a unit and every heading another one, the list is read by its headings, and asked about."""
    seen = progress(above="单位：亿元", unit="（万元）")
    assert (invested(seen), [each.no for each in seen.findings if each.level is Level.VERIFY]) == ([Decimal(10 + n) * 10_000 for n in range(1, 4)], [57])
    assert not [each for each in progress(above="单位：万元", unit="（万元）").findings if each.level is Level.VERIFY]


def test_units_below_a_header_of_two_lines_belong_to_their_own_columns() -> None:
    """In a text, where nothing is merged, a unit below a heading of one line beside headings of two is that heading's."""
    lines = ["项目进度（2026年10月）,,,,,,,,,,", ",".join(text or "" for text in HEADINGS), ",,,,本月,自年初累计,自开工累计,,,,", ",,,,万元,万元,万元,台,,,"]
    lines += [f"{n},,ZJ-{n:03d},电梯{n},{10 + n},{100 + n},{200 + n},{n},在建,正常推进," for n in range(1, 4)]
    seen = look_at(Path("项目进度.csv"), HOUSING, None, "\n".join(lines).encode())
    assert (invested(seen), [each.statement.facts["units_done"] for each in seen.statements]) == ([Decimal(10 + n) * 10_000 for n in range(1, 4)], [1, 2, 3])


@pytest.mark.parametrize(("words", "asked"), [("作废", 1), ("此行不计入", 1), ("已核", 0)])
def test_a_remark_beside_the_template_that_takes_its_row_back_is_asked_about(words: str, asked: int) -> None:
    """Where a clerk adds a column of remarks that is not read, a row that is called void there is asked about."""

    def remark(sheet: Worksheet) -> None:
        sheet.cell(3, 12, "备注")
        sheet.cell(6, 12, words)

    seen = progress(remark)
    assert (len(seen.statements), [each.row for each in seen.findings if each.level is Level.VERIFY]) == (3, [6] * asked)


@pytest.mark.parametrize("between", [[None], [None, "填报日期：2026年11月3日"], ["填报日期：2026年11月3日"], ["注：附各网点情况", None, "填表人：张三"]])
def test_another_table_is_told_behind_a_gap_or_a_note(between: list[str | None]) -> None:
    """A line of words where the list has its numbers begins another table, whatever parts it from the list: nothing of it is read."""

    def second(sheet: Worksheet) -> None:
        for row, words in enumerate([*between, "类别"], sheet.max_row + 1):
            sheet.cell(row, 1, words)
        sheet.cell(sheet.max_row, 3, "数量")
        sheet.append([1, None, "甲网点", "12"])

    seen = progress(second)
    assert (len(seen.statements), [each.no for each in seen.findings if each.level is Level.RETURNED]) == (3, [36])


def test_two_units_in_the_lines_of_one_heading_are_asked_about() -> None:
    """Where the upper line of a heading names one unit and the lower another, the lower is read and the clerk is asked."""

    def units(sheet: Worksheet) -> None:
        sheet.insert_rows(5)
        for column in (5, 6, 7):
            sheet.cell(5, column, "百万元")

    seen = progress(units)
    assert invested(seen) == [Decimal(10 + n) * 1_000_000 for n in range(1, 4)]
    assert {each.no for each in seen.findings if each.level is Level.VERIFY} == {57}


@pytest.mark.parametrize(("commas", "returned"), [("", 1), (",,,", 0)])
def test_a_cell_too_many_in_a_line_of_text_goes_back_unless_all_lines_are_so_wide(commas: str, returned: int) -> None:
    """A spreadsheet saves lines of equal width, so that a stray cell in one moves nothing; elsewhere it is a separator too many."""
    lines = ["项目进度（2026年10月）", "序号,项目代码,内部编号,项目名称,完成投资/本月（万元）,完成投资/自年初累计（万元）,完成投资/自开工累计（万元）,完成台套,建设状态,进展情况,核减原因"]
    lines += [f"{n},,ZJ-{n:03d},电梯{n},{10 + n},{100 + n},{200 + n},{n},在建,正常推进," for n in range(1, 4)]
    body = "\n".join(f"{line}{commas}" for line in lines) + (",,x" if not commas else "")
    body = body if not commas else body[: -len(commas)] + ",,x"
    seen = look_at(Path("项目进度.csv"), HOUSING, None, body.encode())
    assert (seen.returned, any(each.no == 36 and each.row == 5 for each in seen.findings)) == (returned, True)


def test_a_row_that_states_nothing_goes_back() -> None:
    """A row that fills none of the columns by which a sheet tells what happened is not counted as taken."""
    mapping = load(Path(__file__).parents[2] / "deploy" / "districts" / "wuqing" / "connectors" / "ecology.toml")
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "淘汰目录设备"
    sheet.append(["淘汰目录设备（2026年10月）"])
    sheet.append(["序号", "目录条目", "目录名称", "企业名称", "统一社会信用代码", "镇街园区", "设备", "台数", "依据", "责令日期", "淘汰期限", "完成日期", "淘汰方式"])
    sheet.append([1, "燃煤锅炉", "样例目录", "样例公司", None, None, "链条炉", 2, "检查记录"])
    out = io.BytesIO()
    book.save(out)
    seen = look_at(Path("淘汰目录设备2026年10月.xlsx"), mapping, None, out.getvalue())
    told = [each.message for each in seen.findings if each.row == 3]
    assert (seen.statements, seen.returned, len(told)) == ([], 1, 1)
    assert told[0].startswith("“责令日期”、“完成日期”")
