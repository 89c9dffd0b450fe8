"""How values read on a screen."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from exchange_contracts import registry
from exchange_hub.console import boards, figures, wording
from exchange_hub.reports.catalogue import present
from exchange_hub.reports.model import Cell, Figure, Report, Source, Table
from exchange_hub.reports.render.annex_values import Words, value_text
from exchange_hub.reports.render.style import cell_text
from exchange_hub.views import facts, values
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import Column
from exchange_hub.views.queries.answers import Submission
from tests.console_rows import NOW, PLACE, MemorySource

EVENT_OF = {"industry": MemorySource().traced("equipment-projects").events[0]}


@pytest.mark.parametrize(
    ("fen", "text", "full"),
    [
        (None, "—", "未填报"),
        (0, "0.00", "0.00 元"),
        (123_456_789, "123.46", "1,234,567.89 元"),
        (1_234_567_890_12, "123,456.79", "1,234,567,890.12 元"),
        (150_000, "0.1500", "1,500.00 元"),
        (1, "0.000001", "0.01 元"),
        (-250_000_000, "-250.00", "-2,500,000.00 元"),
        (99_999_999_999_999_999, "100,000,000,000.00", "999,999,999,999,999.99 元"),
    ],
)
def test_money_is_in_wan_with_full_yuan_and_small_sums_are_not_zero(fen: int | None, text: str, full: str) -> None:
    """Empty, zero and very small are three different things; the exact yuan are always there."""
    shown = values.money(fen)
    assert (shown.text, shown.full) == (text, full)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 9, 30, 16, 30, tzinfo=UTC), "2026-10-01 00:30:00 北京时间"),
        (datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), "2026-12-31 23:59:59 北京时间"),
        (None, "—"),
    ],
)
def test_times_are_shanghai_times_and_say_so(at: datetime | None, text: str) -> None:
    """A stored UTC time is shown in Shanghai time with its zone, whatever the machine's zone is."""
    assert wording.moment(at).text == text


@pytest.mark.parametrize(
    ("passed", "text"),
    [(timedelta(seconds=5), "5 秒前"), (timedelta(minutes=90), "1 小时前"), (timedelta(days=3), "3 天前"),
     (-timedelta(seconds=2), "0 秒前")],
)  # fmt: skip
def test_age_is_said_in_the_largest_unit(passed: timedelta, text: str) -> None:
    """Ages read well, and a clock that is a little ahead does not give a negative one."""
    assert wording.age(NOW - passed, NOW) == text


@pytest.mark.parametrize(
    ("column", "raw", "text"),
    [
        (Column("x", "件数", "count", "件"), 0, "0"),
        (Column("x", "件数", "count", "件"), None, "—"),
        (Column("budget_year", "预算年度", "count", year=True), 2026, "2026"),
        (Column("x", "数量", "quantity"), Decimal("1234.5000"), "1,234.5"),
        (Column("x", "日期", "date"), date(2026, 10, 9), "2026-10-09"),
        (Column("x", "月份", "month"), "2026-10", "2026年10月"),
        (Column("lead_bureau", "填报单位", bureau=True), "industry", "区工业和信息化局"),
        (Column("lead_bureau", "填报单位", bureau=True), "unknown", "unknown"),
        (Column("asks_of", "涉及单位", "texts", bureau=True), ["water", "finance"], "区水务局、区财政局"),
        (Column("x", "列表", "texts"), [], "—"),
        (Column("list", "清单", names_list=True), "trade-in", "以旧换新台账"),
        (
            Column("p", "分年计划投资", "money_map", "元"),
            {"2027": 100_000_000, "2026": 250_000_000},
            "2026 250.00；2027 100.00",
        ),
    ],
)
def test_cells_follow_their_column(column: Column, raw: object, text: str) -> None:
    """Each type of column has its own form; empty is never shown as zero."""
    assert values.shown(column, raw, PLACE.bureaus).text == text


def test_a_confirmed_total_is_named_by_its_column() -> None:
    """A map of amounts whose keys are columns of money shows their titles, on pages, in files and in the annex."""
    column = BY_NAME["submissions"].column("totals")
    assert values.shown(column, {"total_investment": 304_000_000}, PLACE.bureaus).text == "总投资 304.00"
    assert values.filed(column, {"total_investment": 304_000_000}, PLACE.bureaus) == "总投资：3040000.00"
    assert value_text(column, {"totals": {"total_investment": 304_000_000}}, Words.of(present(), None)) == "总投资 304.00"
    earlier = Words.of(replace(present(), in_wan=False), None)
    assert value_text(column, {"totals": {"total_investment": 304_000_000}}, earlier) == "total_investment 304.00"


def test_units_stand_in_the_heading_once() -> None:
    """Money is headed in 万元 on the screen; a title that ends in its unit does not repeat it."""
    assert values.heading(BY_NAME["equipment-projects"].column("total_investment")) == "总投资（万元）"
    assert values.heading(BY_NAME["equipment-projects"].column("units_done")) == "完成更新台套"


def test_a_confirmation_after_the_due_day_is_late_and_a_missing_one_silent() -> None:
    """What is owed and not here is silent with no rows at all; what came after the day is late."""
    given = [
        Submission("industry", "enterprises", "2026-11", "confirmed", 12, date(2026, 11, 23), ""),
        Submission("industry", "equipment-projects", "2026-11", "confirmed", 3, date(2026, 11, 22), ""),
        Submission("health", "problems", "2026-11", "confirmed", 1, date(2026, 12, 30), ""),
    ]
    matrix = boards.matrix("2026-11", given, PLACE)
    cells = {(cell.bureau, cell.list): cell for _, line in matrix.lines for cell in line if cell}
    assert cells["industry", "enterprises"].state == "late"
    assert cells["industry", "equipment-projects"].state == "confirmed"
    assert cells["health", "problems"].state == "confirmed", "nothing is late that was never owed"
    assert (cells["water", "enterprises"].state, cells["water", "enterprises"].rows) == ("silent", None)
    assert matrix.tally == {"confirmed": 2, "unsigned": 0, "nil": 0, "late": 1, "silent": 20, "pending": 0}
    early = boards.matrix("2026-11", given, PLACE, date(2026, 11, 22))
    assert early.tally["silent"] == 0, "on its last day nothing is missing yet"
    assert boards.matrix("2026-11", given, PLACE, date(2026, 11, 23)).tally["silent"] > 0


def test_differences_of_one_fen_are_seen_between_bureaus() -> None:
    """Statements side by side are in exact yuan, where 万元 would hide the difference."""
    first = EVENT_OF["industry"]
    said = [replace(first, bureau=code, facts={"total_investment": fen, "name": "甲", "event_id": code}) for code, fen in (("a", 123_456_789), ("b", 123_456_790))]
    shown = {line.title: ([cell.text for cell in line.cells], line.differs) for line in boards.compare(said, PLACE)}
    assert shown == {"总投资（元）": (["1,234,567.89", "1,234,567.90"], True), "项目名称": (["甲", "甲"], False)}


def test_contracts_give_the_words_for_events_and_facts() -> None:
    """Events, registers and facts have their Chinese names from the contracts; unknown ones keep their own."""
    assert facts.event_title("ProjectAdded") == "项目入库"
    assert facts.event_title("NoSuchEvent") == "NoSuchEvent"
    assert facts.register_title("progress:2026-10").endswith("2026年10月")
    told = {column.name: facts.shown(column, raw, {}).text for column, raw in facts.stated("ProjectAdded", {"starts_on_planned": 20_000, "total_investment": 0})}
    assert told == {"starts_on_planned": "2024-10-04", "total_investment": "0.00"}


@pytest.mark.parametrize(
    ("event", "register", "words"),
    [
        ("SubmissionConfirmed", "submission", "报送确认"), ("NilReturned", "submission", "零报告"),
        ("EnterpriseListed", "listing", "入册"), ("MeasureIssued", "measure:industry", "出台"),
    ],
)  # fmt: skip
def test_a_register_is_called_after_what_was_said_in_it(event: str, register: str, words: str) -> None:
    """Registers that several events write are told by the event in force: a confirmation is no nil return, an issued measure no exemption."""
    contract = registry.load().latest(event)
    told = facts.register_title(f"{contract.register}{':' + register.partition(':')[2] if ':' in register else ''}", event)
    assert told.startswith(facts.event_title(event))
    others = [other for other in registry.load().contracts() if (other.kind, other.register) == (contract.kind, contract.register)]
    assert len(others) > 1
    assert not any(told.startswith(facts.event_title(other.event)) for other in others if other.event != event)
    assert words in told or words in contract.doc


def figure(value: str | None, unit: str = "元", **fields: object) -> Figure:
    known: dict[str, object] = {"list": "", "where": {}, "measure": "", "rows": 0, **fields}
    return Figure("a.b.c", None if value is None else Decimal(value), unit, "2026-10", Source(**known), "未设定")  # type: ignore[arg-type]


def closed_with(*found: Figure) -> Report:
    return Report(
        district="wuqing", month="2026-10", issue=10, title="", as_of="", closed_at="", cut={}, stamp={}, catalogue=present(),
        figures={each.id: each for each in found}, summary=(), sections=(), notes=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "unit", "text"),
    [
        (figure("1234567890.12"), "万元", "123456.8"),
        (figure("1234567890.12"), "亿元", "12.35"),
        (figure("1234567890.12"), "元", "1234567890.12"),
        (figure("0.00"), "万元", "0.00"),
        (figure(None), "万元", "未设定"),
        (figure("38", "个"), "万元", "38"),
        (figure("1.2495", "%"), "万元", "1.2"),
        (figure("60.0000", "%"), "亿元", "60.0"),
        (figure("40000", "万元"), "亿元", "4.00"),
    ],
)
def test_a_figure_in_a_table_reads_as_word_prints_it(given: Figure, unit: str, text: str) -> None:
    """Money is scaled to the table's unit, counts and rates are not, each rounded once; an absent value says why."""
    table = Table("t", "表", ("数",), ((Cell(figure=given),),), unit)
    assert figures.cell(table, table.rows[0], 0).text == text == cell_text(table, table.rows[0], 0)


@pytest.mark.parametrize(("given", "text"), [(figure("1234567890.12"), "1,234,567,890.12"), (figure("83.3333333", "%"), "83.3"), (figure("1200", "个"), "1,200")])
def test_a_figure_by_itself_is_in_its_own_unit(given: Figure, text: str) -> None:
    """Money is exact; a percentage has one decimal and its exact value beside it."""
    assert figures.shown(given).text == text


def test_conditions_of_a_figure_are_said_in_words() -> None:
    """A reader sees in Chinese which rows a figure counts."""
    given = figure(
        "1", list="equipment-projects", measure="sum(total_investment)",
        where={"domain": ["工业", "农业"], "admin_state!=": "退出", "latest_month<=": "2026-10", "town": None},
    )  # fmt: skip
    assert figures.conditions(closed_with(given), given) == ["领域＝工业、农业", "管理状态≠退出", "最新进度月≤2026-10", "镇街园区＝空"]
    assert figures.measure(closed_with(given), given) == "合计（总投资）"


def test_a_derived_figure_names_the_figures_it_was_made_of() -> None:
    """A rate opens its numerator and denominator."""
    parts = [Figure(name, Decimal(1), "元", "", Source("funds", {}, "count", 1)) for name in ("f.合计.paid", "f.合计.allocated")]
    rate = Figure("f.合计.rate", Decimal(1), "%", "", Source("", {}, "f.合计.paid ÷ f.合计.allocated", 0))
    closed = closed_with(*parts, rate)
    assert [term.id for term in figures.terms(closed, rate)] == ["f.合计.paid", "f.合计.allocated"]


@pytest.mark.parametrize(
    ("text", "parts", "expected"),
    [
        ("在建", 0, [("在建", None)]),
        ("", 0, [("—", None)]),
        ("12/7", 2, [("12", 0), ("/", None), ("7", 1)]),
        ("未报送/0.00", 2, [("未报送", 0), ("/", None), ("0.00", 1)]),
        ("共 12 件", 2, [("共 12 件", None), (" ", None), ("来源1", 0), (" ", None), ("来源2", 1)]),
    ],
)
def test_every_number_in_a_cell_opens_its_own_figure(
    text: str, parts: int, expected: list[tuple[str, int | None]]
) -> None:
    """A cell written from several figures links each part to its own; other words are followed by their sources."""
    known = [figure(str(number)) for number in range(parts)]
    found = figures.pieces(Cell(text, None, tuple(known)))
    assert [(words, None if part is None else known.index(part)) for words, part in found] == expected
