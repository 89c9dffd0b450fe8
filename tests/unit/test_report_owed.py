"""Nothing is not zero: 0 stands where the debtor of a cell has reported, and nobody is called silent whose data count (FIGURES 14 and 15)."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from exchange_hub.programme.district import District
from exchange_hub.reports.model import Report
from exchange_hub.views.fold import fold_component
from exchange_hub.views.lists import LISTS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact
from tests.closing.reading import report_of
from tests.closing.rows import Lists, row


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


def lists_with(**rows: list[dict[str, Any]]) -> Lists:
    """Return empty lists, and those given under their table's name."""
    return {view.name: rows.get(view.table, []) for view in LISTS}


def said(bureau: str, list_: str, state: str = "已确认", month: str = "2026-10") -> dict[str, Any]:
    """A row of 报送情况."""
    return row("submissions", f"{bureau}{list_}", bureau, bureau=bureau, list=list_, month=month, state=state, confirmed_on=date(2026, 11, 4))


def bought(category: str, month: str = "2026-10", **values: Any) -> dict[str, Any]:
    """A purchase that commerce tells."""
    facts = {"step": "完成", "count": 1, "sale_amount": 500_000, "subsidy": 1_000, "granularity": "明细", "lead_bureau": "commerce"}
    return row("trade-in", f"{category}{month}", "commerce", category=category, month=month, **facts | values)


def money(step: str, bureau: str, on: date, category: str = "家电") -> dict[str, Any]:
    """A row of the funds ledger."""
    return row(
        "funds", f"{step}{on}", bureau, step=step, channel="市级", category=category, budget_year=2026, amount=100, counted=100, count=1,
        on_date=on, granularity="明细", lead_bureau=bureau,
    )  # fmt: skip


def shown(report: Report, id_: str) -> object:
    """Return a figure's value, or what stands in its place."""
    figure = report.figures[id_]
    return figure.absent if figure.value is None else figure.value


OCTOBER = date(2026, 10, 12)


def test_zero_is_the_word_of_the_bureau_that_owes_the_step(district: District) -> None:
    """Commerce approves and finance pays: who has told October has 0 in the categories that did not occur, the other has 未报送."""
    found = [bought("家电"), bought("数码和智能产品")]
    approved = report_of(district, lists_with(trade_in=found, fund=[money("审核", "commerce", OCTOBER)]))
    assert [shown(approved, f"tradein.数码和智能产品.{name}") for name in ("approved", "paid_count", "applied")] == [0, "未报送", 1]
    paid = report_of(district, lists_with(trade_in=found, fund=[money("支付", "finance", OCTOBER)]))
    assert [shown(paid, f"tradein.数码和智能产品.{name}") for name in ("approved", "paid_count")] == ["未报送", 0]
    assert shown(report_of(district, lists_with(trade_in=found, submission=[said("finance", "funds", "零报告")])), "tradein.家电.paid_count") == 0


def test_what_the_city_settles_itself_says_so(district: District) -> None:
    """Of cars nobody here approves or pays; a row that is there all the same is shown."""
    lists = lists_with(trade_in=[bought("汽车置换更新", count=2030), bought("汽车报废更新")], fund=[money("审核", "commerce", OCTOBER, "汽车报废更新")])
    report = report_of(district, lists)
    assert [shown(report, f"tradein.汽车置换更新.{name}") for name in ("applied", "approved", "paid_count")] == [2030, "市级办理", "市级办理"]
    assert shown(report, "tradein.汽车报废更新.approved") == 1


def test_a_bare_confirmation_and_last_month_s_rows_make_no_zero(district: District) -> None:
    """Commerce confirms October without a row: its month is 未报送, with no change of −100 %; a nil return is 0."""
    rows = [bought("家电", "2025-09"), bought("家电", "2026-09"), bought("家装厨卫", "2025-10")]
    report = report_of(district, lists_with(trade_in=rows, submission=[said("commerce", "trade-in")]))
    assert [shown(report, f"tradein.{name}") for name in ("家电.month_applied", "家装厨卫.applied", "家装厨卫.sales", "家装厨卫.yoy")] == ["未报送"] * 4
    assert (report.figures["tradein.家电.applied"].period, shown(report, "tradein.家电.yoy")) == ("2026-01/2026-09", "—")
    nil = report_of(district, lists_with(trade_in=rows, submission=[said("commerce", "trade-in", "零报告")]))
    assert [shown(nil, f"tradein.{name}") for name in ("家电.month_applied", "家装厨卫.applied", "家装厨卫.yoy")] == [0, 0, -100]


def test_a_month_before_the_duty_began_has_no_zero(district: District) -> None:
    """August 2026 was owed by nobody: what nobody told is 未报送, also where somebody confirmed."""
    lists = lists_with(trade_in=[bought("家电", "2025-08")], submission=[said("commerce", "trade-in", "零报告", "2026-08")])
    report = report_of(district, lists, "2026-08", date(2026, 8, 31))
    assert [shown(report, id_) for id_ in ("tradein.家电.applied", "equipment.工业.projects", "funds.合计.paid")] == ["未报送"] * 3


def test_a_column_that_nobody_filled_is_not_called_unreported(district: District) -> None:
    """Quantities are there, 反向开票额 is in no row: 未填报, neither 0.00 nor 未报送."""
    rows = [row("materials", "m", "commerce", month="2026-10", material="废钢铁", unit="吨", recovered=5, granularity="明细", lead_bureau="commerce")]
    report = report_of(district, lists_with(material=rows))
    assert [shown(report, f"recovery.废钢铁.{name}") for name in ("recovered", "used", "reverse_invoiced", "outlets")] == [5, "未填报", "未填报", "未填报"]


def test_a_domain_is_zero_by_its_lead_s_word_about_the_month(district: District) -> None:
    """A bureau with projects elsewhere has 0 in its domain once it confirmed the month or told its progress, not before."""
    project = row("equipment-projects", "P", "industry", domain="建筑", admin_state="正常", lead_bureau="industry")
    told = row("project-progress", "P@2026-10", "industry", project_key="P", list="设备更新", domain="建筑", month="2026-10", lead_bureau="industry", invested_this_month=1)
    assert shown(report_of(district, lists_with(equipment_project=[project])), "equipment.工业.projects") == "未报送"
    confirmed = lists_with(equipment_project=[project], submission=[said("industry", "equipment-projects")])
    assert shown(report_of(district, confirmed), "equipment.工业.projects") == 0
    assert shown(report_of(district, lists_with(equipment_project=[project], project_progress=[told])), "equipment.工业.projects") == 0
    bare = lists_with(submission=[said("industry", "equipment-projects")])
    assert shown(report_of(district, bare), "equipment.工业.projects") == "未报送"


def test_only_who_has_no_data_is_called_silent(district: District) -> None:
    """Commerce's purchases count and are said to be unconfirmed, signed by nobody or not confirmed at all; what nobody owes is not counted."""
    states = [said(o.bureau, o.list, "零报告") for o in district.expected("2026-10") if o.bureau not in ("commerce", "water")]
    states += [said("commerce", "materials", "已填报未审签"), said("commerce", "enterprises"), said("commerce", "tasks"), said("commerce", "publicity", "零报告"), said("commerce", "scrappage", "零报告")]
    report = report_of(district, lists_with(trade_in=[bought("家电")], submission=states))
    notes = "".join(report.notes)
    assert "区水务局（设备更新项目清单、先进设备企业清单、任务进展）截至2026年11月6日尚未报送，本期未计入，不以零计。" in notes
    assert "区商务局（以旧换新台账、回收利用台账）的数据未经签发确认，已计入。" in notes
    n = {name: shown(report, f"submissions.合计.{name}") for name in ("expected", "confirmed", "nil", "unconfirmed", "silent")}
    assert (n["confirmed"], n["unconfirmed"], n["silent"]) == (1, 2, 3)
    assert n["expected"] == sum(int(str(n[name])) for name in ("confirmed", "nil", "unconfirmed", "silent"))
    assert [(r["bureau"], r["list"]) for r in report.unreported if r["state"] == "已有数据未确认"] == [("commerce", "trade-in")]


@pytest.mark.parametrize(("signed", "state"), [(["填报", "审核", "签发"], "已确认"), (["填报"], "已填报未审签"), ([], "已填报未审签")])
def test_what_nobody_who_issues_has_signed_is_not_confirmed(signed: list[str], state: str) -> None:
    """A confirmation takes the signature of 签发."""
    facts = {"list": "tasks", "month": "2026-10", "rows": 3, "signed_by": signed, "occurred_on": 20_000}
    registers = {"submission": Fact("SubmissionConfirmed", 1, b"", False, facts)}
    [found] = fold_component([Claim(ClaimKey("submission", "water", "tasks@2026-10"), registers)], FoldRules()).rows
    assert found.values["state"] == state


def test_what_the_city_settles_is_never_a_zero(district: District) -> None:
    """Of categories of which the city returns sums alone nobody owes approvals or payments: their cells say so, and hold no 0."""
    debtors = {category: district.debtors_of("2026-10", "funds", step="审核", category=category) for category in ("家电", "家装厨卫", "智能家居", "居家适老化", "电动自行车")}
    assert debtors.pop("家电") == ("commerce",)
    assert set(debtors.values()) == {None}
