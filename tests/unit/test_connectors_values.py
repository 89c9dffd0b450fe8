"""Cells to values: what clerks write, one line for each way."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from exchange_connectors.excel.cells import Column, Seen
from exchange_connectors.excel.fields import FieldType
from exchange_connectors.excel.model import Cell
from exchange_connectors.excel.months import month_in, months_in
from exchange_connectors.excel.number_format import NumberFormat, parse
from exchange_connectors.excel.values import read_value
from exchange_connectors.kit import Unit

D = Decimal
STATES = ("谋划", "储备", "未开工", "在建", "竣工", "投产")


def check(kind: str, cell: Cell, expect: object, notes: str = "", *, field: str = "x", percent: bool = False, measure: str = "") -> None:
    """Read *cell* and compare value and notes, written as level and number such as ``知15``."""
    codes = STATES if kind == "code" else ()
    column = Column(field, FieldType(kind, codes), Unit.WAN, {}, {"区商务局": "commerce", "区财政局": "finance"})
    reading = read_value(cell, column, Seen(NumberFormat(percent=True) if percent else None, measure))
    said = " ".join(f"{note.level}{note.no}" for note in reading.notes)
    assert (reading.value, said) == (expect, notes)


@pytest.mark.parametrize(
    ("cell", "expect", "notes"),
    [
        (35.5, D("355000.00"), ""),
        ("３，２００", D("32000000.00"), "知15"),
        ("1,234.5", D("12345000.00"), "知15"),
        ("300万元", D("3000000.00"), "知15"),
        ("300亿元", None, "退57"),
        ("约300万", None, "退14"),
        ("12%", None, "退14"),
        ("—", None, "核16"),
        ("无", None, "核16"),
        (35_000_000, None, "退12"),
        ("1.2E+17", None, "退2"),
        (date(2026, 9, 1), None, "退14"),
        ("", None, ""),
        (0, D("0.00"), ""),
    ],
)
def test_money(cell: Cell, expect: object, notes: str) -> None:
    """Money in a 万元 column: digits in any dress are taken, words are returned."""
    check("money", cell, expect, notes)


@pytest.mark.parametrize(
    ("cell", "expect", "notes"),
    [
        (3, 3, ""),
        ("3台(套)", 3, "知42"),
        ("3台（套）", 3, "知42"),
        ("CT2台、DR1台", None, "退41"),
        (2.5, None, "退43"),
        ("2.5台", None, "退43"),
        ("3批", None, "退14"),
        ("30人次", None, "退14"),
        ("3天", None, "退14"),
        ("30部", 30, "知42"),
        ("1,200", 1200, "知15"),
        ("/", None, "核16"),
    ],
)
def test_counts(cell: Cell, expect: object, notes: str) -> None:
    """A count is one whole number, with or without its unit."""
    check("count", cell, expect, notes, field="units_done")


@pytest.mark.parametrize(
    ("cell", "expect", "notes"),
    [
        (date(2026, 9, 30), date(2026, 9, 30), ""),
        (datetime(2026, 9, 30, 12), date(2026, 9, 30), ""),  # noqa: DTZ001 - a spreadsheet's dates have no zone
        ("2026年9月30日", date(2026, 9, 30), ""),
        ("2026.9.30", date(2026, 9, 30), ""),
        ("２０２６/９/３０", date(2026, 9, 30), ""),
        ("20260930", date(2026, 9, 30), ""),
        (20260930, date(2026, 9, 30), ""),
        (46295, date(2026, 9, 30), "知58"),
        ("2026年2月", date(2026, 2, 28), "知58"),
        ("2月30日", None, "退28"),
        ("2026年2月30日", None, "退27"),
        ("2026-10-1①", None, "退28"),
        ("年底前", None, "退28"),
        (2025.1, None, "退26"),
        ("2088-01-01", None, "退54"),
        (date(1980, 1, 1), None, "退54"),
    ],
)
def test_dates(cell: Cell, expect: object, notes: str) -> None:
    """Dates as cells and as text; one with only a month means its last day where something ends."""
    check("date", cell, expect, notes, field="ends_on_planned")


@pytest.mark.parametrize(
    ("cell", "expect", "notes"),
    [
        ("2025-10", "2025-10", ""),
        ("2025年1月", "2025-01", ""),
        (202510, "2025-10", ""),
        (2025.11, "2025-11", ""),
        (2025.1, None, "退26"),
        ("2025.1", None, "退26"),
        (date(2025, 10, 1), "2025-10", ""),
        ("九月", None, "退28"),
        ("2025-13", None, "退28"),
    ],
)
def test_months(cell: Cell, expect: object, notes: str) -> None:
    """A month is year and month; 2025.1 may be January or October and is returned."""
    check("month", cell, expect, notes)


@pytest.mark.parametrize(
    ("kind", "cell", "expect", "notes"),
    [
        ("code", "在建", "在建", ""),
        ("code", "在建中", None, "退32"),
        ("code", "在建/竣工", None, "退33"),
        ("code", " 在建\n", "在建", ""),
        ("uscc", "91120114MA06ABCD1", None, "退4"),
        ("uscc", "91120114MAO6ABCD1X", None, "退5"),
        ("uscc", "91120114MA06ABCD1X", "91120114MA06ABCD1X", "核6"),
        ("uscc", 911201140123456789.0, None, "退1"),
        ("project_code", "25091201148901544060", "2509-120114-89-01-544060", "知8"),
        ("project_code", "2509-120114-89-01-544060", "2509-120114-89-01-544060", ""),
        ("project_code", 25091201148901544060.0, None, "退1"),
        ("project_code", "2509-120114", None, "退8"),
        ("vin", "LSVAA4187E2184841", "LSVAA4187E2184841", ""),
        ("vin", "LSVAA4187E218484", None, "退45"),
        ("vin", "LSVAA4187O2184841", None, "退45"),
        ("document_no", "津发改[2025]12号", "津发改〔2025〕12号", "知47"),
        ("document_no", "国家税务总局公告2024年第5号", "国家税务总局公告2024年第5号", ""),
        ("document_no", "津发改2025-12", "津发改2025-12", "核47"),
        ("document_no", "津发改〔25〕12号", "津发改〔25〕12号", "核47"),
        ("document_no", "津发改〔2025〕12号等", None, "退41"),
        ("text", "  冲压线\n改造 ", "冲压线改造", "知58"),
        ("text", 120114198801010000.0, None, "退1"),
        ("text", 12.0, "12", ""),
        ("texts", "机床、机器人；传感器", ("机床", "机器人", "传感器"), ""),
        ("department", "区商务局", "commerce", ""),
        ("department", "商务处", None, "退32"),
        ("departments", "区商务局（牵头）、区财政局", ("commerce:牵头", "finance:配合"), ""),
        ("departments", "区财政局,区商务局", ("finance:牵头", "commerce:配合"), ""),
        ("period", "2027年", "2027", ""),
        ("period", "2026-10", "2026-10", ""),
        ("quantity", "12.5吨", None, "退57"),
        ("percent", 0.35, D("35.0000"), "核56"),
        ("percent", "35%", D("35.0000"), ""),
        ("percent", 35, D("35.0000"), ""),
    ],
)
def test_other_kinds(kind: str, cell: Cell, expect: object, notes: str) -> None:
    """Codes, identifiers, texts, departments, periods and percentages."""
    check(kind, cell, expect, notes)


def test_a_cell_that_shows_a_percentage_needs_no_question() -> None:
    """0.35 formatted as a percentage is 35 %."""
    check("percent", 0.35, D("35.0000"), percent=True)


@pytest.mark.parametrize(
    ("kind", "cell", "shown", "measure", "expect", "notes"),
    [
        ("quantity", 0.32, "0%", "%", D("32.0000"), ""),
        ("quantity", 0.32, "0%", "吨", None, "退57"),
        ("quantity", 0.32, None, "%", D("0.3200"), "核56"),
        ("quantity", "500公斤", None, "吨", None, "退57"),
        ("quantity", "500公斤", None, "公斤", D("500.0000"), "知42"),
        ("quantity", "3万吨", None, "吨", D("30000.0000"), "知42"),
        ("quantity", "3万", None, "万吨", None, "退57"),
        ("percent", 35, '0"%"', "", D("35.0000"), ""),
        ("percent", 0.35, "0.0%", "", D("35.0000"), ""),
        ("money", 3000, '0"元"', "", None, "退57"),
        ("money", 3000, '0"万元"', "", D("30000000.00"), "知15"),
        ("money", 3000, "[$$-409]#,##0", "", None, "退14"),
        ("money", 35000000, '0!.0,"万"', "", None, "退14"),
        ("money", 3000, "_ ¥* #,##0.00_ ", "", D("30000000.00"), "核57"),
        ("money", "￥3,000.00", None, "", D("30000000.00"), "知15 核57"),
        ("money", "300万美元", None, "", None, "退14"),
        ("money", "3000①", None, "", None, "退14"),
        ("money", "3000²", None, "", None, "退14"),
        ("money", 3000, ";;;", "", None, "退14"),
        ("money", -3000, "0;0", "", None, "退14"),
        ("money", -3000, "0;[Red]0", "", D("-30000000.00"), ""),
        ("money", 0, '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"??_ ;_ @_ ', "", D("0.00"), ""),
        ("money", 5, '[>=10]0!.0,"万";0', "", D("50000.00"), ""),
        ("money", 50, '[>=10]0!.0,"万";0', "", None, "退14"),
        ("money", 3000, "-0", "", None, "退14"),
        ("money", 3000, "#,##0-", "", None, "退14"),
        ("count", 30, "(0)", "", None, "退14"),
        ("money", -3000, "#,##0_);(#,##0)", "", D("-30000000.00"), ""),
        ("money", -3000, "0_);[Red]\\(0\\)", "", D("-30000000.00"), ""),
        ("money", 5, '[<1000]0;0.0,"千"', "", D("50000.00"), ""),
        ("money", 3000, "+0_-", "", D("30000000.00"), ""),
        ("text", 0.32, "0%", "", "32%", ""),
        ("text", 3.5, '0.0"万吨"', "", "3.5万吨", ""),
        ("count", 30, '0"台"', "", 30, "知42"),
        ("count", 0.3, "0%", "", None, "退14"),
        ("text", 1234, "00000000", "", "00001234", ""),
        ("text", 1234, '"CL-"0000', "", "CL-1234", ""),
        ("text", date(2026, 10, 5), None, "", None, "退1"),
        ("text", True, None, "", None, "退1"),
        ("prose", True, None, "", None, "退1"),
        ("date", "2026-1-1 2", None, "", None, "退28"),
        ("date", "2026-10-05 00:00:00", None, "", date(2026, 10, 5), ""),
        ("date", "2026-10-05T08:30:00", None, "", date(2026, 10, 5), ""),
        ("month", "2026-1 0", None, "", None, "退28"),
    ],
)
def test_what_a_cell_shows_is_what_was_said(
    *, kind: str, cell: Cell, shown: str | None, measure: str, expect: object, notes: str
) -> None:
    """Percentages, units in the number format and beside the number, leading zeros: read as shown, or back."""
    column = Column("x", FieldType(kind), Unit.WAN)  # type: ignore[arg-type]
    reading = read_value(cell, column, Seen(parse(shown) if shown else None, measure))
    said = " ".join(f"{note.level}{note.no}" for note in reading.notes)
    assert (reading.value, said) == (expect, notes), reading


@pytest.mark.parametrize("unit", ["元", "万元", "千元"])
def test_advice_never_changes_the_amount(unit: str) -> None:
    """The example in a refusal is the same amount in the column's unit, or there is none."""
    column = Column("x", FieldType("money"), Unit(unit))
    (note,) = read_value("约3,000万", column).notes
    example = D(note.message.rpartition("如")[2])
    assert example * Unit(unit).factor == D(30_000_000)
    (note,) = read_value("3000或4000", column).notes
    assert "如" not in note.message


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("（2026年1月-2026年10月）", ("2026-10",)),
        ("2025年12月至2026年2月", ("2026-02",)),
        ("2026年10月与2025年10月对比", ("2026-10", "2025-10")),
        ("2026年9、10月", ("2026-09", "2026-10")),
        ("截止2026-10-31", ("2026-10",)),
        ("2026年1至10月累计", ("2026-10",)),
    ],
)
def test_ranges_and_comparisons_of_months(text: str, months: tuple[str, ...]) -> None:
    """A range means its last month; several months that are no range are all told, to be asked about."""
    assert months_in(text) == months


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("武清区设备更新项目清单（2026年9月）", "2026-09"),
        ("2026年1-9月完成情况", "2026-09"),
        ("工信局_202609.xlsx", "2026-09"),
        ("工信局2026-09.xlsx", "2026-09"),
        ("填报日期：2026年10月8日", None),
        ("统计截至：2026年9月30日", "2026-09"),
        ("2026年13月", None),
        ("武清区设备更新项目清单", None),
    ],
)
def test_the_report_month_in_titles_and_names(text: str, month: str | None) -> None:
    """A title or file name gives the month; the day somebody filled the form in does not."""
    assert month_in(text) == month
