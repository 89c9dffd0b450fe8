"""The monthly report as a value: sections, tables, sentences and charts from rows."""

import json
import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from exchange_hub.programme.district import District
from exchange_hub.reports.model import (
    Adjustment,
    Cell,
    Figure,
    Report,
    Section,
    Source,
    decimal_text,
    dump,
    dump_adjustments,
    load,
    load_adjustments,
)
from exchange_hub.reports.render.json_report import render_json
from exchange_hub.reports.render.style import cell_text
from exchange_hub.views.lists import LISTS
from tests.closing.reading import report_of
from tests.closing.rows import Lists, random_lists, row

SEEDS = range(4)
FORBIDDEN = (
    "拒收", "死信", "骗补", "虚假", "违规", "成效显著", "圆满", "优异", "名列", "排名", "第一", "最后一名", "None", "nan", "NULL",
    "offset", "Kafka", "{", "}",
)  # fmt: skip


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


def nothing() -> Lists:
    return {view.name: [] for view in LISTS}


def texts(report: Report) -> list[str]:
    """Return everything the body prints as words."""
    found = [report.title, *report.summary, *report.notes]
    for section in report.sections:
        found += [section.title, *section.paragraphs]
        for table in section.tables:
            found += [*(table.columns[n] for n in table.body_columns), *(cells[n].text for cells in table.rows for n in table.body_columns)]
    return found


def section(report: Report, title: str) -> Section:
    return next(s for s in report.sections if s.title == title)


def table_text(report: Report, title: str) -> dict[str, list[str]]:
    """Return a section's table by the first cell of its rows; figures as value or what stands in their place."""

    def shown(cell: Cell) -> str:
        if cell.figure is None:
            return cell.text
        return cell.figure.absent if cell.figure.value is None else f"{cell.figure.value:f}"

    (table,) = section(report, title).tables
    return {shown(cells[0]): [shown(cell) for cell in cells[1:]] for cells in table.rows}


def test_the_report_has_its_eight_sections_with_the_tables_of_the_programme(district: District) -> None:
    """Order, titles and columns are those the district reads every month."""
    report = report_of(district, random_lists(1))
    assert report.title == "武清区“两新”工作专报（2026年第10期）"
    assert [(s.title, [list(t.columns) for t in s.tables]) for s in report.sections] == [
        ("总体目标", [["指标", "2023基数", "2027目标", "今年目标", "本年累计", "同比", "完成年度%", "责任单位", "来源"]]),
        ("设备更新", [[
            "领域", "项目数", "在建/竣工", "总投资", "设备投资", "本月", "自年初", "完成年度计划%", "自开工更新台套", "资金到位/支付（万元）",
        ]]),
        ("消费品以旧换新", [[
            "品类", "申请", "审核通过", "拨付件数", "补贴金额", "带动销售额", "累计同比", "退回/追回（件/万元）",
        ]]),
        ("回收循环利用", [["品类", "单位", "回收量", "处置量", "同比", "网点数", "反向开票额"]]),
        ("资金", [[
            "渠道", "预算年度", "下达文号", "下达", "结转来", "收回", "结转下年", "分解", "审核通过", "支付净额", "支付率", "结余", "超期件数",
        ]]),
        ("政策方案", [["层级", "执行中政策", "已争取资金", "60日内到期"], ["市级文件", "收文日", "责任单位", "到期日", "措施形式/文号", "状态"]]),
        ("问题及建议协调事项", [["事项", "涉及单位", "已做工作", "建议", "提出日"]]),
        ("下月重点", []),
    ]  # fmt: skip
    assert [chart.id for s in report.sections for chart in s.charts] == [
        "completion",
        "investment",
        "subsidies",
        "ladder",
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_in_which_rows_come_changes_nothing(district: District, seed: int) -> None:
    """Shuffled rows give the same report, byte for byte."""
    lists = random_lists(seed, size=12)
    first = render_json(report_of(district, lists))
    dice = random.Random(seed)
    for name in ("equipment-projects", "project-progress", "trade-in", "materials", "indicators", "submissions"):
        dice.shuffle(lists[name])
    assert render_json(report_of(district, lists)) == first


@pytest.mark.parametrize("seed", SEEDS)
def test_the_body_stays_within_its_length_and_its_words(district: District, seed: int) -> None:
    """At most 2 500 characters of body; no technical word, praise, ranking or unfilled gap; every sentence ends."""
    report = report_of(district, random_lists(seed, size=60))
    words = texts(report)
    assert sum(len(text) for text in words) <= 2500
    assert [w for w in FORBIDDEN if any(w in text for text in words)] == []
    sentences = [*report.summary, *report.notes, *(p for s in report.sections for p in s.paragraphs)]
    assert [text for text in sentences if not text.endswith("。")] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_every_number_of_a_table_is_a_figure_of_the_report(district: District, seed: int) -> None:
    """Cells print figures that report.json holds under their ids, also where a column shows two."""
    report = report_of(district, random_lists(seed, size=12))
    for s in report.sections:
        for table in s.tables:
            for cells in table.rows:
                assert len(cells) == len(table.columns)
                for cell in cells:
                    for figure in (cell.figure, *cell.parts):
                        assert figure is None or report.figures[figure.id] is figure


@pytest.mark.parametrize("seed", SEEDS)
def test_a_report_survives_being_stored(district: District, seed: int) -> None:
    """Written as JSON values and read back, the report renders to the same bytes."""
    report = report_of(district, random_lists(seed, size=12))
    changed = Adjustment("2026-09", *list(report.figures.values())[:2], ("更正",), ("water",))
    report = replace(report, unreported=({"bureau": "water"},), adjustments=(changed,))
    again = load(json.loads(json.dumps(dump(report))), report.catalogue)
    assert render_json(again) == render_json(report)
    assert dump(again) == dump(report)
    assert again.adjustments[0].causes == ("更正",)
    assert render_json(load(json.loads(render_json(report)), report.catalogue)) == render_json(report)


def test_adjustments_that_an_earlier_version_recorded_are_the_same_as_now() -> None:
    """A restatement stored with all its fields written out reads back as the value that it was, so it is not recorded again."""
    source = {"list": "funds", "where": {"month": ["2026-09", "2026-10"]}, "measure": "sum(amount)", "rows": 2}
    figure = {"id": "funds.合计.paid", "value": "1.00", "unit": "元", "period": "2026-09", "source": source, "absent": "—"}
    stored = [{
        "month": "2026-09", "before": figure, "after": {**figure, "value": None, "absent": "未报送"}, "causes": ["更正"],
        "bureaus": ["finance"], "rows": ["a"], "rows_changed": 1,
    }]  # fmt: skip
    old = Figure("funds.合计.paid", Decimal("1.00"), "元", "2026-09", Source("funds", {"month": ("2026-09", "2026-10")}, "sum(amount)", 2))
    now = (Adjustment("2026-09", old, replace(old, value=None, absent="未报送"), ("更正",), ("finance",), ("a",), 1),)
    assert dump_adjustments(load_adjustments(stored)) == dump_adjustments(now)


def test_who_has_not_reported_is_named_and_never_zero(district: District) -> None:
    """With no rows at all the tables say 未报送 and 未设定, the notes name who owes which list and how many there are."""
    report = report_of(district, nothing())
    note = next(text for text in report.notes if "尚未报送" in text)
    owed = len(district.expected("2026-10"))
    towns = {bureau.code for bureau in district.bureaus if bureau.kind == "town"}
    of_bureaus = sum(each.bureau not in towns for each in district.expected("2026-10"))
    assert note.endswith(
        f"等{of_bureaus}项、{len(towns)}个镇街园区截至2026年11月6日尚未报送，本期未计入，不以零计。应报清单{owed}项，确认0项，零报告0项，未确认0项，未报送{owed}项，见附件8。"
    )
    assert note.startswith("区发展改革委（回收循环利用项目清单）、")
    assert table_text(report, "设备更新")["工业"][:3] == ["未报送", "未报送/未报送", "未报送"]
    assert table_text(report, "总体目标")["重点领域设备投资额"][:4] == ["未设定", "未设定", "未设定", "未报送"]
    assert section(report, "消费品以旧换新").paragraphs == ("以旧换新情况本期未报送，不以零计。",)
    assert section(report, "资金").paragraphs == ("资金情况本期未报送，不以零计。",)
    assert report.figures["submissions.合计.silent"].value == owed
    assert not any("0.00万元" in text for text in report.summary)


def confirmed(district: District, *but: tuple[str, str]) -> Lists:
    """Return lists in which everybody has confirmed October, except for some (bureau, list)."""
    lists = nothing()
    for n, owed in enumerate(district.expected("2026-10")):
        if (owed.bureau, owed.list) not in but:
            lists["submissions"].append(row(
                "submissions", f"s{n}", owed.bureau, bureau=owed.bureau, list=owed.list, month="2026-10", state="零报告",
                confirmed_on=date(2026, 11, 4),
            ))  # fmt: skip
    return lists


def test_a_nil_return_is_zero(district: District) -> None:
    """Who reported nil has 0; the one that is silent has 未报送; both in the same table."""
    report = report_of(district, confirmed(district, ("water", "equipment-projects")))
    rows = table_text(report, "设备更新")
    assert rows["工业"][0] == "0"
    assert rows["水务"][0] == "未报送"
    assert section(report, "资金").paragraphs == ("资金本年无发生。",)
    assert any(note.startswith("区水务局（设备更新项目清单）截至2026年11月6日尚未报送，本期未计入，不以零计。") for note in report.notes)
    assert report.figures["submissions.合计.nil"].value == len(district.expected("2026-10")) - 1


def test_all_reported_is_said(district: District) -> None:
    """Nobody is silent: the notes say so."""
    assert "应报单位均已报送。" in report_of(district, confirmed(district)).notes


def project(key: str, **values: object) -> dict[str, object]:
    return row("equipment-projects", key, "industry", **{"domain": "工业", "admin_state": "正常", **values})


def progress(key: str, month: str, this: int, year: int) -> dict[str, object]:
    return row(
        "project-progress", f"{key}@{month}", "industry", project_key=key, list="设备更新", domain="工业", month=month,
        invested_this_month=this, invested_year_to_date=year,
    )  # fmt: skip


def test_sentences_and_chart_of_equipment(district: District) -> None:
    """2 projects, 3.0亿元 in all; 1.2亿元 this year against 1.0亿元: +20 %; 60 % of the year's plan of 2.0亿元."""
    lists = confirmed(district)
    yi = 10**10  # fen in 1 亿元
    lists["equipment-projects"] = [
        project("A", total_investment=2 * yi, planned_by_year={"2026": 2 * yi}, units_done=5, build_state="在建"),
        project("B", total_investment=yi, build_state="投产"),
        project("C", total_investment=7 * yi, planned_by_year={"2026": yi}, admin_state="退出"),
    ]
    lists["project-progress"] = [
        progress("A", "2025-10", yi // 10, yi),
        progress("A", "2026-02", yi // 2, yi // 2),
        progress("A", "2026-10", yi // 5, 11 * yi // 10),
        progress("B", "2026-09", yi // 10, yi // 10),
        progress("C", "2026-10", yi, 9 * yi),
    ]
    report = report_of(district, lists)
    assert report.summary[0] == (
        "截至2026年10月31日，全区设备更新项目2个，总投资3.00亿元，1—10月完成投资1.20亿元，同比增长20.0%，"
        "完成年度计划的60.0%。"
    )
    assert section(report, "设备更新").paragraphs == ("开工率100.0%，1个领域中1个低于序时进度，其中工业低23.3个百分点。",)
    assert table_text(report, "设备更新")["合计"][4:8:3] == ["20000000.00", "5"]
    completion, investment = section(report, "设备更新").charts
    assert (completion.categories, completion.series[0].values) == (("工业",), (Decimal("60.00"),))
    assert (completion.series[1].kind, completion.series[1].values) == ("line", (Decimal(1000) / 12,))
    assert investment.categories[:2] == ("1—2月", "3月")
    assert investment.series[0].values[:2] == (Decimal("5000.00"), None)
    assert [(series.name, series.kind) for series in investment.series] == [("2026年", "bar"), ("2025年", "line")]
    assert table_text(report, "设备更新")["工业"][:2] == ["2", "1/1"]


def test_january_with_figures_of_its_own_stands_alone_in_the_chart(district: District) -> None:
    """The first place reads 1—2月 only where neither year has a January."""
    lists = confirmed(district)
    lists["equipment-projects"] = [project("A", total_investment=1)]
    lists["project-progress"] = [progress("A", "2025-01", 10**8, 10**8), progress("A", "2026-02", 10**8, 10**8)]
    _, investment = section(report_of(district, lists), "设备更新").charts
    assert investment.categories[:2] == ("1月", "2月")
    assert investment.series[0].values[:2] == (None, Decimal("100.00"))


def test_goals_are_printed_in_yi_whatever_unit_of_money_the_indicator_has(district: District) -> None:
    """40 000万元 reads 4.00亿元 beside the percentages of other goals."""
    lists = confirmed(district)
    lists["indicators"] = [row(
        "indicators", "i", "industry", indicator="设备投资额", domain="工业", kind="基数", series="统计", period="2023", unit="万元",
        value=40_000,
    )]  # fmt: skip
    table = section(report_of(district, lists), "总体目标").tables[0]
    line = next(cells for cells in table.rows if cells[0].text == "重点领域设备投资额：工业")
    assert cell_text(table, line, 1) == "4.00亿元"


def test_no_percentage_is_said_of_a_zero_base(district: District) -> None:
    """Without sales in the same months of last year the sentence says that there is nothing to compare with."""
    lists = confirmed(district)
    lists["trade-in"] = [row(
        "trade-in", "t", "commerce", step="完成", category="家电", month="2026-10", count=1, sale_amount=500_000, subsidy=75_000,
        granularity="明细", lead_bureau="commerce",
    )]  # fmt: skip
    report = report_of(district, lists)
    text = next(s for s in report.summary if "以旧换新" in s)
    assert text == "1—10月以旧换新申请1件，补贴金额0.08万元，带动销售额0.50万元，上年同期无可比数。"
    assert table_text(report, "消费品以旧换新")["家电"][5] == "—"


def test_next_month_comes_from_what_is_due_overdue_unpaid_and_silent(district: District) -> None:
    """Each item names a count and who should act; what does not occur is not mentioned."""
    lists = confirmed(district, ("health", "equipment-projects"))
    for n, due in enumerate((date(2026, 10, 30), date(2026, 11, 20), date(2026, 12, 15))):
        lists["documents"].append(row(
            "documents", f"d{n}", "development-reform", document_no=f"津发改〔2026〕{n}", title="关于设备更新的通知",
            received_on=date(2026, 10, 12), due_on=due, department="transport",
        ))  # fmt: skip
    lists["funds"].append(row(
        "funds", "f", "finance", step="审核", channel="市级", application_no="a", budget_year=2026, count=1, amount=1, on_date=date(2026, 9, 1),
        granularity="明细", lead_bureau="finance",
    ))  # fmt: skip
    lists["equipment-projects"].append(project("A", starts_on_planned=date(2026, 11, 15)))
    (text,) = section(report_of(district, lists), "下月重点").paragraphs
    assert text == (
        "一是落实措施超期1项，请区交通局抓紧办理。二是11月底前到期1项，请区交通局11月20日前出台。"
        "三是应制定方案15个（总体、工业、城市管理、建筑、交通、农业等）未印发，请区发展改革委、区工业和信息化局等14个单位加快制定。四是审核通过超过30日未付清1件，请区财政局核对办理。"
        "五是11月计划开工1个设备项目，请区工业和信息化局调度。六是请区卫生健康委补报10月数据，11月数据12月7日前报送并确认。"
    )


def test_whose_plans_are_not_issued_is_named(district: District) -> None:
    """Who issued an expected plan by the report's day is not asked for it; one issued later, and a plan that nobody expects, change nothing."""
    lists = confirmed(district)
    for n, plan in enumerate(district.plans):
        on = date(2026, 11, 2) if plan.kind == "宣传" else date(2026, 10, 9)
        if plan.domain != "农业":
            lists["plans"].append(row("plans", f"p{n}", plan.bureau, plan_kind=plan.kind, expected=plan.title, issued_on=on, lead_bureau=plan.bureau))
    lists["plans"].append(row("plans", "x", "agriculture", plan_kind="宣传", expected=None, issued_on=date(2026, 10, 9), lead_bureau="agriculture"))
    (text,) = section(report_of(district, lists), "下月重点").paragraphs
    assert text.startswith("一是应制定方案2个（农业、宣传）未印发，请区农业农村委、区委宣传部加快制定。")


def test_documents_show_what_is_overdue_first_with_the_approved_extension(district: District) -> None:
    """A row's state follows the as-of date and the extension; what is settled stands in the annex."""
    lists = confirmed(district)
    base = {"received_on": date(2026, 10, 9), "due_on": date(2026, 10, 23), "department": "industry", "title": "通知"}
    lists["documents"] = [
        row("documents", "a", "x", document_no="甲", **base, form="方案", measure_no="武工信〔2026〕1", measure_on=date(2026, 10, 20)),
        row("documents", "b", "x", document_no="乙", **base, extended_until=date(2026, 11, 6)),
        row("documents", "c", "x", document_no="丙", **base),
        row("documents", "d", "x", document_no="丁", **base, form="免于出台", exempt_reason="无新增要求", measure_on=date(2026, 10, 15)),
        row("documents", "e", "x", document_no="戊", **base, form="方案", measure_on=date(2026, 11, 2)),
        row("documents", "f", "x", document_no="己", **base, form="方案", measure_on=date(2026, 10, 28)),
    ]  # fmt: skip
    report = report_of(district, lists)
    rows = table_text(report, "政策方案")
    assert list(rows) == ["通知（丙）", "通知（戊）", "通知（乙）"]
    assert [cells[-1] for cells in rows.values()] == ["超期未出台", "超期未出台", "未到期"]
    assert "其余见附件7" in section(report, "政策方案").tables[0].title
    assert rows["通知（乙）"][2] == "11月6日（延期）"
    counts = {
        name: report.figures[f"documents.合计.{name}"].value for name in ("total", "issued", "exempt", "due", "overdue")
    }
    assert counts == {"total": 6, "issued": 2, "exempt": 1, "due": 1, "overdue": 2}


def test_an_adjustment_says_old_value_new_value_and_why(district: District) -> None:
    """Amounts have two decimals, in 元 where 万元 would hide the change; of each table its total is named."""
    before = Figure(
        "tradein.合计.subsidy", Decimal("1000000.00"), "元", "2026-01/2026-09", Source("trade-in", {}, "x", 1)
    )
    change = Adjustment(
        "2026-09", before, replace(before, value=Decimal("1000001.00")), ("迟报",), ("commerce",), ("t",), 1
    )
    part = replace(change, before=replace(before, id="tradein.家电.subsidy"))
    report = report_of(district, confirmed(district), adjustments=(part, change), compared=True)
    assert "上期调整：9月以旧换新补贴金额原值1000000.00元，现值1000001.00元（区商务局迟报）；其余1项见附件8。" in report.notes
    assert "上期调整：无。" in report_of(district, confirmed(district), compared=True).notes


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("-0.00", "0.00"),
        ("1E+3", "1000"),
        ("12.50", "12.50"),
        ("-3.10", "-3.10"),
        ("0.0000001", "0.0000001"),
    ],
)
def test_decimals_are_written_without_exponent_and_without_minus_zero(value: str, text: str) -> None:
    """Places stay as they are."""
    assert decimal_text(Decimal(value)) == text


def test_a_month_beyond_the_calendar_says_that_a_day_cannot_be_worked_out(district: District) -> None:
    """December is reported though the calendar lacks the year in which its lists are due; the day is said to be unknown, not guessed."""
    assert district.submission_due_on("2026-12") is None
    report = report_of(district, confirmed(district), month="2026-12", as_of=date(2026, 12, 31))
    assert "1月数据的报送期限无法计算（工作日历未到该年），另行通知" in section(report, "下月重点").paragraphs[0]
    assert "submissions.合计.late" not in report.figures
