"""The goals in the report: what is known of a whole of which not all is, the way to the targets, and who owes which indicator when."""

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from exchange_hub.programme.district import District, DistrictError
from exchange_hub.programme.period import Period
from exchange_hub.reports.goal_tables import due_period
from exchange_hub.reports.model import Report, Table
from exchange_hub.reports.render.style import cell_text
from exchange_hub.views.lists import LISTS
from tests.closing.reading import report_of
from tests.closing.rows import row


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


def told(kind: str, period: str, domain: str | None, value: int, indicator: str = "设备投资额", series: str = "统计", unit: str = "万元") -> dict[str, Any]:
    """A row of the list of indicators."""
    key = f"{indicator}|{domain}|{kind}|{series}|{period}"
    return row("indicators", key, "statistics", indicator=indicator, domain=domain, kind=kind, series=series, period=period, value=Decimal(value), unit=unit)


#: 工业 is known whole, 农业 has no base, 建筑 has no report; nobody tells of the other four.
KNOWN = (
    told("基数", "2023", "工业", 400), told("目标", "2026", "工业", 500), told("报送", "2026-10", "工业", 380), told("报送", "2025-10", "工业", 300), told("报送", "2025-12", "工业", 410),
    told("目标", "2026", "农业", 100), told("报送", "2026-10", "农业", 70), told("基数", "2023", "建筑", 50), told("目标", "2026", "建筑", 60),
)  # fmt: skip


def report_with(district: District, *rows: dict[str, Any], month: str = "2026-10") -> Report:
    """A report of which only the indicators have rows."""
    lists = {view.name: list(rows) if view.name == "indicators" else [] for view in LISTS}
    return report_of(district, lists, month, date(int(month[:4]), int(month[5:]), 28))


def headline(report: Report) -> str:
    """What the title of the table of goals answers."""
    (table,) = next(s for s in report.sections if s.title == "总体目标").tables
    return table.title.removeprefix("到2027年目标进展")


def lines(table: Table) -> list[list[str]]:
    """The cells of a table as they read."""
    return [[cell_text(table, cells, index) for index in range(len(cells))] for cells in table.rows]


def values(report: Report, *names: str) -> list[str | None]:
    """Values of the goal's total."""
    found = [report.figures[f"goals.设备投资额.合计.{name}"].value for name in names]
    return [None if value is None else f"{value.normalize():f}" for value in found]


def test_sums_are_of_the_known_domains_and_compared_over_those_with_both_sides(district: District) -> None:
    """380 + 70 are known of this year, 400 + 50 of the base; compared are 380 with 400 alone, and 450 with the 600 of the two that have a target and a report."""
    report = report_with(district, *KNOWN)
    assert values(report, "ytd", "baseline", "growth") == [None, None, None]
    assert values(report, "known_ytd", "known_baseline", "known_year_target") == ["450", "450", "660"]
    assert values(report, "known_of_base", "known_rate", "known_remaining", "known_per_month") == ["95", "75", "150", "75"]
    # Twelve months to October: 380 + 410 − 300 = 490, of which 400 was the year of the base.
    assert values(report, "known_growth") == ["22.5"]


def test_the_headline_says_growth_and_names_the_unknown(district: District) -> None:
    """The title has the growth of twelve months and of how many domains something is unknown; a single one is named."""
    assert headline(report_with(district, *KNOWN)) == "（投资近12个月较2023年增长22.5%，农业等5个领域基数未设定，建筑等5个领域本年未报送）"
    others = [told(kind, period, domain, 10) for domain in ("农业", "建筑", "交通", "教育", "医疗") for kind, period in (("基数", "2023"), ("报送", "2026-10"))]
    assert headline(report_with(district, *KNOWN[:5], *others, told("报送", "2026-10", "文旅", 1))) == "（投资近12个月较2023年增长22.5%，文旅基数未设定）"


def test_without_last_year_the_headline_compares_with_the_base_of_a_whole_year(district: District) -> None:
    """Ten months against a year are told as a share of it, never as a fall."""
    report = report_with(district, *(each for each in KNOWN if not each["period"].startswith("2025")))
    assert headline(report).startswith("（1—10月投资为2023年的95.0%，")


def test_of_goals_that_nobody_reports_nothing_is_said(district: District) -> None:
    """A base without a report makes no answer, and no zero."""
    report = report_with(district, told("基数", "2023", "工业", 400))
    assert (headline(report), values(report, "known_ytd")) == ("", [None])


def test_the_printed_line_shows_what_is_known(district: District) -> None:
    """Of seven domains two have a base: their sum stands in the line of the whole, which has no figure of its own."""
    (table,) = next(s for s in report_with(district, *KNOWN).sections if s.title == "总体目标").tables
    assert lines(table)[0][:5] == ["重点领域设备投资额", "0.05亿元", "0.06亿元", "0.07亿元", "0.05亿元"]
    assert [cell.figure.id.rpartition(".")[2] for cell in table.rows[0][1:7] if cell.figure] == ["known_baseline", "known_target", "known_year_target", "known_ytd", "known_yoy", "known_rate"]


def test_after_the_last_month_and_behind_the_month_nothing_is_shared_out(district: District) -> None:
    """In December no month remains; of a cumulative that ends in August it is not known what the months since brought; a target that is reached asks for 0."""
    december = report_with(district, told("目标", "2026", "工业", 500), told("报送", "2026-12", "工业", 380), told("基数", "2023", "工业", 400), month="2026-12")
    assert december.figures["goals.设备投资额.工业.per_month"].value is None
    assert (december.figures["goals.设备投资额.工业.annual"].value, december.figures["goals.设备投资额.工业.growth"].value) == (380, -5)
    august = report_with(district, told("目标", "2026", "工业", 500), told("报送", "2026-08", "工业", 380))
    assert (august.figures["goals.设备投资额.工业.per_month"].value, august.figures["goals.设备投资额.工业.remaining"].value) == (None, 120)
    reached = report_with(district, told("目标", "2026", "工业", 300), told("报送", "2026-10", "工业", 380))
    assert reached.figures["goals.设备投资额.工业.per_month"].value == 0


def test_the_straight_way_reaches_three_quarters_in_the_third_of_four_years(district: District) -> None:
    """From 400 in 2023 to 500 in 2027, 2026 is 475."""
    assert report_with(district, *KNOWN).figures["goals.设备投资额.工业.path"].value == 475


def test_the_city_s_targets_are_data_marked_as_unverified(district: District) -> None:
    """Twice the base, or a threshold of the catalogue; they stand in the table of ways with their source and are printed in no body."""
    report = report_with(district, told("基数", "2023", None, 1000, "二手车交易量", "调度", "辆"))
    assert report.figures["goals.二手车交易量.target"].value == 1450
    assert report.figures["goals.关键工序数控化率.target"].value == 75
    table = next(table for table in report.further if table.id == "goal_paths")
    found = {line[0]: line for line in lines(table)}
    assert found["二手车交易量"][-1] == "市级目标，据报道（未核实）"
    assert found["重点领域设备投资额"][-1] == "工作方案"


def test_who_owes_an_indicator_is_named_with_what_is_due(district: District) -> None:
    """Statistics owe October of every domain; a value of August is named as such; a quarter's is September's; a yearly one is not due in October."""
    report = report_with(district, *KNOWN, told("报送", "2026-08", "交通", 9))
    table = next(table for table in report.further if table.id == "goal_duties")
    states = {(line[0], line[1], line[3]): line[4:] for line in lines(table)}
    title = "重点领域设备投资额"
    assert states[title, "工业", "报送"] == ["区统计局", "月", "2026-10", "已报送"]
    assert states[title, "交通", "报送"] == ["区统计局", "月", "2026-10", "未报送（报至2026-08）"]
    assert states[title, "建筑", "报送"] == ["区统计局", "月", "2026-10", "未报送"]
    assert states["再生钢铁原料利用量", "", "报送"][2:] == ["2026-09", "未报送"]
    assert states["规模以上工业企业关键工序数控化率", "", "报送"][1:] == ["年", "", "未到期"]
    assert states[title, "农业", "基数"] == ["区农业农村委", "一次", "2023年", "未设定"]


@pytest.mark.parametrize(("cycle", "month", "due"), [("月", "2026-10", "2026-10"), ("季", "2026-12", "2026-12"), ("季", "2026-02", ""), ("年", "2026-12", "2026-12"), ("月", "2026-08", "")])
def test_what_is_due_follows_the_cycle_and_the_first_month(cycle: str, month: str, due: str) -> None:
    """Each month, each finished quarter, each finished year; nothing before the duty began."""
    assert due_period(cycle, Period(month), "2026-09") == due


def test_a_duty_of_an_unknown_indicator_or_bureau_is_a_problem_of_the_folder() -> None:
    """What submissions.toml says of indicators is checked against the other files."""
    folder = Path("deploy/districts/wuqing")
    tables = {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.toml")}
    tables["submissions"]["indicator"].append({"code": "无此指标", "series": "调度", "bureaus": ["nobody"], "cycle": "月"})
    with pytest.raises(DistrictError) as raised:
        District.of(tables)
    assert set(raised.value.problems) == {"submissions.toml: unknown indicator 无此指标", "submissions.toml: indicator 无此指标: unknown bureau nobody"}


def test_each_domain_says_who_leads_it_or_that_nobody_is_settled(district: District) -> None:
    """A domain of the plan has its lead; one of 2026 a proposed one or none, and says so; no domain of the code list is missing."""
    table = next(table for table in report_with(district).further if table.id == "domain_leads")
    leads = {line[0]: line[1:] for line in lines(table)}
    assert leads["工业"][0] == "区工业和信息化局"
    assert [leads["检验检测"][n] for n in (0, 2, 3)] == ["区市场监管局", "否", "待确认"]
    assert [leads["养老"][n] for n in (0, 3)] == ["未定", "牵头单位未定"]
    assert leads["能源"][3] == "未列入归口表"
    assert {"消防", "商业设施"} <= leads.keys()
    assert district.ranking("equipment-projects", domain="养老")[0] == district.publishers()[0], "without a lead the order of bureaus decides"


def test_an_indicator_is_known_however_its_name_is_written(district: District) -> None:
    """A report under a full-width letter is the indicator's, in every figure of its line."""
    code, of = "环保绩效A级产能占比", {"series": "调度", "unit": "%"}
    rows = [told("基数", "2023", None, 40, code, **of), told("目标", "2026", None, 60, code, **of), told("报送", "2026-10", None, 55, "环保绩效Ａ级产能占比", **of)]
    figures = report_with(district, *rows).figures
    assert [figures[f"goals.{code}.{name}"].value for name in ("baseline", "ytd", "gap", "way")] == [40, 55, 5, 75]
    assert figures[f"goals.{code}.ytd"].source.rows == 1


def test_every_line_of_a_workbook_table_has_a_cell_for_each_column(district: District) -> None:
    """The share that was surveyed stands under 本年累计, and what is left of the year under its own heading."""
    stocks = row("energy-stocks", "电动机|工业", "industry", equipment="电动机", domain="工业", month="2026-10", stock=10, advanced=1, saving=4, entry=3, below=2)
    lists = {view.name: [stocks] if view.name == "energy-stocks" else [] for view in LISTS}
    report = report_of(district, lists, "2026-10", date(2026, 10, 31))
    assert all(len(cells) == len(table.columns) for table in report.further for cells in table.rows)
    table = next(table for table in report.further if table.id == "goal_paths")
    [surveyed] = [dict(zip(table.columns, cells, strict=True)) for cells in lines(table) if cells[1] == "摸底台账"]
    assert (surveyed["本年累计"], surveyed["余下月数"], surveyed["口径"]) == ("50.0%", "2", "调度")
