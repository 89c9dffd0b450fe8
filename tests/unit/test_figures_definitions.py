"""The figures as data: whatever they name exists, and each is defined once."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from exchange_hub.programme.cells import Cell, Cells
from exchange_hub.programme.conditions import expression
from exchange_hub.programme.definitions import Codes, Derived, Frame, GoalLine, Measured, Scope
from exchange_hub.programme.figures import cubes, definitions
from exchange_hub.programme.labels import MEASURES, TABLES, label
from exchange_hub.programme.period import Period
from exchange_hub.programme.sentences import percent
from exchange_hub.reports.evaluate import evaluate
from exchange_hub.reports.render.style import number_text
from exchange_hub.views.lists import BY_NAME

CODES = Codes(
    domains=("工业", "农业"), categories=("家电",), materials=(("废钢铁", "吨"), ("报废机动车", "辆")),
    channels=("市级", "区级"), scrapped=("电梯",),
    goals=(GoalLine("goals.能效", "能效", "%", "调度"), GoalLine("goals.投资", "投资", "元", "统计", growth=Decimal("1.25"))),
)  # fmt: skip
FRAME = Frame(Period("2026-10"), date(2026, 10, 31), due_on=date(2026, 11, 5), owed=("water@equipment-projects",), silent=1, codes=CODES)


def test_every_definition_names_what_exists() -> None:
    """Ids are unique, cubes and columns exist, terms are defined before what derives from them, labels are known."""
    known = {cube.name: cube for cube in cubes(FRAME)}
    seen: set[str] = set()
    for definition in definitions(FRAME):
        assert definition.id not in seen
        if isinstance(definition, Derived):
            assert set(definition.terms) <= seen, definition.id
        elif isinstance(definition, Measured):
            cube = known[definition.cube]
            Cells(cube, ()).measure(definition.select, definition.measure)
            Cells(cube, ()).where(definition.select)
        seen.add(definition.id)
        table, *_, measure = definition.id.split(".")
        assert table in TABLES
        assert measure in MEASURES
    for cube in known.values():
        columns = {"bureaus", *(column.name for column in BY_NAME[cube.list].columns)}
        for text in (*cube.by, *cube.sums):
            named = {name for term in expression(text).terms for name in (term.column, term.other) if name}
            assert named <= columns, cube.name


def test_a_label_reads_as_chinese() -> None:
    """Labels are table, row and measure; 收回 of funds is not 回收量 of materials."""
    assert label("equipment.工业.ytd") == "设备更新·工业·本年累计"
    assert label("funds.市级.recovered") == "资金·市级·收回"
    assert label("recovery.废钢铁.recovered") == "回收利用·废钢铁·回收量"


@pytest.mark.parametrize(
    ("month", "span", "words", "neighbours", "last"),
    [
        ("2026-01", "2026-01/2026-01", "1月", ("2025-12", "2026-02"), date(2026, 1, 31)),
        ("2026-12", "2026-01/2026-12", "1—12月", ("2026-11", "2027-01"), date(2026, 12, 31)),
        ("2028-02", "2028-01/2028-02", "1—2月", ("2028-01", "2028-03"), date(2028, 2, 29)),
    ],
)
def test_a_period_knows_its_neighbours(
    month: str, span: str, words: str, neighbours: tuple[str, str], last: date
) -> None:
    """January resets the year, December leads into the next, leap years have their day."""
    period = Period(month)
    assert (period.span, period.words, period.last_day) == (span, words, last)
    assert (period.before.month, period.after.month) == neighbours


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "10月", ""])
def test_a_period_is_a_month(month: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match=r"."):
        Period(month)


def figures(cells_of: dict[str, list[Cell]], silent: frozenset[Scope] = frozenset(), frame: Frame = FRAME):  # noqa: ANN201
    cells = {cube.name: Cells(cube, tuple(cells_of.get(cube.name, ()))) for cube in cubes(frame)}
    return evaluate(definitions(frame), cells, lambda scope: "未报送" if scope in silent else None)


def progress(ytd: int | None, last: int | None) -> dict[str, list[Cell]]:
    at = ("设备更新", "工业", "2026-10")
    return {
        "progress_year": [Cell(at, 1, (ytd,))],
        "progress_last_year": [] if last is None else [Cell(at, 1, (last,))],
    }


@pytest.mark.parametrize(
    ("ytd", "last", "expected", "absent"),
    [
        (15_000, 10_000, Decimal("50.00"), "—"),
        (9_999, 30_000, Decimal("-66.67"), "—"),
        (-1, 30_000, Decimal("-100.00"), "—"),
        (15_000, 0, None, "—"),
        (15_000, None, None, "—"),
        (15_000, -5, None, "—"),
        (None, 10_000, None, "未填报"),
    ],
)
def test_a_change_needs_a_base(ytd: int | None, last: int | None, expected: Decimal | None, absent: str) -> None:
    """同比 from zero, from nothing or from a negative base is —; of what nobody filled in, 未填报; never 0."""
    found = figures(progress(ytd, last))["equipment.工业.yoy"]
    shown = None if found.value is None else round(found.value, 2)
    assert (shown, found.absent) == (expected, absent)


def test_money_is_yuan_with_two_places_and_rates_are_rounded_once() -> None:
    """123 456 fen are 1234.56 yuan; 1 234.56 ÷ 98 805.00 = 1.2495 % prints 1.2 %, not the 1.3 % of 1.25 %; 0.25 % prints 0.3 %."""
    cells = progress(123_456, None) | {
        "equipment": [Cell(("工业", "在建", None), 1, (None, None, 9_880_500, None, None, None))]
    }
    found = figures(cells)
    assert str(found["equipment.工业.ytd"].value) == "1234.56"
    rate = found["equipment.工业.plan_rate"].value
    assert rate is not None
    assert (percent(rate), number_text(rate, "%")) == ("1.2%", "1.2")
    half = figures(progress(250, None) | {"equipment": [Cell(("工业", "", None), 1, (None, None, 100_000, 0, 0, 0))]})
    assert percent(half["equipment.工业.plan_rate"].value) == "0.3%"


def test_no_plan_is_not_set_and_no_value_is_not_reported() -> None:
    """完成年度计划% without a plan is 未设定; a column that nobody filled in is 未填报, neither 0 nor 未报送."""
    cells = progress(100, None) | {"equipment": [Cell(("工业", "在建", None), 2, (None, 5, None, 0, None, None))]}
    found = figures(cells)
    assert (found["equipment.工业.plan_rate"].value, found["equipment.工业.plan_rate"].absent) == (None, "未设定")
    assert (found["equipment.工业.total_investment"].value, found["equipment.工业.total_investment"].absent) == (
        None,
        "未填报",
    )
    assert found["equipment.工业.funds_arrived"].value == Decimal("0.00")


def test_silence_is_not_zero() -> None:
    """The domain whose bureau is silent is 未报送, the one whose bureau has reported is 0."""
    found = figures({}, frozenset({Scope("equipment-projects", "工业")}))
    assert (found["equipment.工业.projects"].value, found["equipment.工业.projects"].absent) == (None, "未报送")
    assert found["equipment.农业.projects"].value == 0


def test_a_silent_list_with_earlier_rows_shows_how_far_they_reach() -> None:
    """The months so far stand with their last one and without 同比; what nobody reported for the month is 未报送, not 0."""
    rows = {"trade_in": [
        Cell(("commerce", "完成", "家电", None, "2026-08", "明细"), 4, (4, 900, 90, None, None)),
        Cell(("commerce", "完成", "家电", None, "2025-08", "明细"), 4, (4, 1800, 90, None, None)),
    ]}  # fmt: skip
    frame = replace(FRAME, codes=replace(CODES, categories=("家电", "家装厨卫")))
    silent = frozenset(Scope("trade-in", category=code) for code in ("家电", "家装厨卫", ""))
    found = figures(rows, silent, frame)
    assert (found["tradein.家电.sales"].value, found["tradein.家电.sales"].period) == (9, "2026-01/2026-08")
    assert found["tradein.家电.yoy"].value is None
    assert [found[f"tradein.{name}"].absent for name in ("家装厨卫.applied", "家电.month_applied")] == ["未报送", "未报送"]
    reported = figures(rows, frozenset(), frame)
    assert (reported["tradein.家电.sales"].period, reported["tradein.家电.yoy"].value) == ("2026-01/2026-10", -50)
    assert reported["tradein.家电.month_applied"].value == 0


def test_a_line_of_the_money_foots_and_is_of_one_budget_year() -> None:
    """支付净额 = 900 − 100 = 800; 结余 = 1000 + 50 − 20 − 30 − 800 = 200; 支付率 = 800 ÷ (1000 + 50 − 20); 分解 is not allocated again."""
    month = "2026-03"

    def cell(step: str, amount: int, level: str | None = None, carried: int | None = None, *, year: int = 2026, channel: str | None = "市级") -> Cell:
        return Cell(("finance", step, channel, None, year, month, "明细", level, None, None, None), 1, (amount, 1, carried))

    cells_of = {
        "funds": [
            cell("下达", 100_000, "市级", 5_000), cell("下达", 60_000, "区级"), cell("支付", 90_000), cell("冲回", 10_000),
            cell("支付", 7_000, year=2025), cell("下达", 1_200, "市级", channel=None),
        ],
        "funds_recovered": [Cell(("市级", 2026, "市级"), 1, (2_000,))],
        "funds_carried": [Cell(("市级", 2026, "市级"), 1, (3_000,))],
    }  # fmt: skip
    frame = replace(FRAME, codes=replace(CODES, budgets=(("市级", 2025),)))
    found = figures(cells_of, frame=frame)
    names = ("allocated", "carried_over", "recovered", "carried_out", "paid", "balance", "subdivided")
    values = {name: str(found[f"funds.市级.{name}"].value) for name in names}
    assert values == {
        "allocated": "1000.00", "carried_over": "50.00", "recovered": "20.00", "carried_out": "30.00", "paid": "800.00",
        "balance": "200.00", "subdivided": "600.00",
    }  # fmt: skip
    assert number_text(found["funds.市级.pay_rate"].value, "%") == "77.7"
    assert found["funds.市级.paid"].source.measure == "funds.市级.paid_gross − funds.市级.reversed"
    assert found["funds.市级.2025.paid_this_year"].value == found["funds.合计.earlier_paid"].value == 70
    assert found["funds.未注明渠道.allocated"].value == 12
    assert found["funds.合计.allocated"].value == 1012, "money without a channel is in the total"


def told(kind: str, series: str, unit: str, value: int | Decimal, period: str = "2026-10", indicator: str = "能效") -> Cell:
    return Cell((indicator, None, kind, series, period, unit), 1, (Decimal(value),))


def test_series_are_never_mixed_and_units_of_one_family_are_converted() -> None:
    """Another series is not the goal's own; 2 亿元 and 300万元 are yuan; a unit of no family is 单位不符, not 未报送."""
    found = figures({"indicators": [told("报送", "统计", "%", 70), told("报送", "调度", "%", 61)]})
    assert found["goals.能效.ytd"].value == 61
    absent = figures({"indicators": [told("报送", "统计", "%", 70)]})["goals.能效.ytd"]
    assert (absent.value, absent.absent) == (None, "未报送")
    money = {"indicators": [told("报送", "统计", "万元", 300, indicator="投资"), told("目标", "统计", "亿元", 2, "2026", "投资")]}
    assert [figures(money)[f"goals.投资.{name}"].value for name in ("ytd", "year_target", "rate")] == [3_000_000, 200_000_000, Decimal("1.5")]
    other = figures({"indicators": [told("报送", "调度", "吨", 9)]})["goals.能效.ytd"]
    assert (other.value, other.absent) == (None, "单位不符")


def test_a_ratio_goal_is_told_in_points_and_as_a_share_of_its_way() -> None:
    """From 20 % to 35 %, 32 % is 3 points short and 80 % of the way; without a base there is no way; never 32 ÷ 35."""
    year = [told("目标", "调度", "%", 35, "2026"), told("报送", "调度", "%", 32)]
    found = figures({"indicators": [told("基数", "调度", "%", 20, "2023"), *year]})
    assert (found["goals.能效.gap"].value, found["goals.能效.way"].value, "goals.能效.rate" in found) == (3, 80, False)
    assert figures({"indicators": year})["goals.能效.way"].value is None


def test_a_cumulative_that_ends_before_the_month_says_so_and_has_no_change() -> None:
    """August's word stands in October's report as August's, and of last year's October it is no growth; last year's word is none."""
    rows = [told("报送", "统计", "元", 80, "2026-08", "投资"), told("报送", "统计", "元", 99, "2025-12", "投资"), told("报送", "统计", "元", 50, "2025-10", "投资")]
    found = figures({"indicators": rows})
    assert (found["goals.投资.ytd"].value, found["goals.投资.ytd"].period, found["goals.投资.yoy"].value) == (80, "2026-08", None)
    assert figures({"indicators": rows[1:]})["goals.投资.ytd"].absent == "未报送"
    late = {"progress_year": [Cell(("设备更新", "工业", "2026-08"), 1, (5_000,))], "progress_last_year": [Cell(("设备更新", "工业", "2025-10"), 1, (2_000,))]}
    year = figures(late)["equipment.工业.ytd"]
    assert (year.value, year.period, figures(late)["equipment.工业.yoy"].value) == (50, "2026-01/2026-08", None)


def test_outlets_are_an_operator_s_whatever_it_recovers() -> None:
    """12 with two materials and 11 are 23 in the total of the unit, not 35; of no operator each row stands for itself."""

    def row(material: str, operator: str | None, outlets: int) -> Cell:
        return Cell(("commerce", material, "吨", "2026-10", "明细", operator), 1, (outlets,))

    codes = replace(CODES, materials=(("废钢铁", "吨"), ("废塑料", "吨")))
    rows = [row("废钢铁", "甲", 12), row("废塑料", "甲", 12), row("废塑料", "乙", 11)]
    found = figures({"outlets": rows}, frame=replace(FRAME, codes=codes))
    assert [found[f"recovery.{name}.outlets"].value for name in ("废钢铁", "废塑料", "合计-吨")] == [12, 23, 23]
    alone = figures({"outlets": [*rows, row("废塑料", None, 4)]}, frame=replace(FRAME, codes=codes))
    assert alone["recovery.合计-吨.outlets"].value == 27


def test_a_growth_goal_follows_from_the_baseline() -> None:
    """The plan says +25 % on 2023: 800 gives a target of 1000; without a baseline the target is 未设定."""
    base = Cell(("投资", None, "基数", "统计", "2023", "元"), 1, (Decimal(800),))
    assert figures({"indicators": [base]})["goals.投资.target"].value == 1000
    unset = figures({})["goals.投资.target"]
    assert (unset.value, unset.absent) == (None, "未设定")


def test_what_is_added_or_enlarged_is_not_renewed() -> None:
    """Of 3 renewed, 4 added, 5 enlarged and 1 of which the way is not told, 4 are renewed: 加装 is not 更新."""
    told = ((None, 1), ("更新", 3), ("加装", 4), ("扩能", 5))
    found = figures({"equipment": [Cell(("工业", "在建", kind), 1, (None, None, None, None, None, units)) for kind, units in told]})
    assert [found[f"equipment.工业.{name}"].value for name in ("units_done", "units_added", "units_enlarged", "projects")] == [4, 4, 5, 4]


def test_a_material_keeps_its_unit_whatever_else_is_told() -> None:
    """The unit of a figure's id does not depend on which units occur in the lists (FIGURES 24)."""
    units = {}
    for pairs in ((("报废机动车", "辆"),), (("报废机动车", "吨"),), (("报废机动车", "吨"), ("报废机动车", "辆"))):
        for each in definitions(replace(FRAME, codes=replace(CODES, materials=pairs))):
            if each.id.startswith("recovery.报废机动车") and each.id.endswith(".recovered"):
                assert units.setdefault(each.id, each.unit) == each.unit
    assert units == {"recovery.报废机动车.recovered": "辆", "recovery.报废机动车-吨.recovered": "吨"}
