"""A December and a January with a trap beside nearly every figure: what bureaus said, and the figures worked out by hand.

Everything is said before December is closed on 5 January, also what is dated in January: the normal case, because a month
is closed days after its end (FIGURES 1). The figures follow from the meaning of each figure alone; nothing here calls
the product. The reports' money is yuan. ``None`` means that no number may stand there.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from tests.flow.test_core_store import event
from tests.strategies.universe import Item

_SUMMARY = {"granularity": "汇总"}
_BOND = "超长期特别国债"
_POLICY = "津商〔2025〕9号"
_MAKER, _SUPPLIER = "91120222MA00000001", "91120222MA00000002"
_WORKS, _YARD = "91120222MA00000003", "91120222MA00000004"
_CODE = "2509-120114-89-01-544060"


def events() -> tuple[Item, ...]:
    """Return everything that is said, in the order in which it arrives."""
    parts = (_projects, _progress, _trade_in, _approvals, _payments, _allocations, _materials, _scrappage, _documents, _indicators, _others)
    return tuple(item for part in parts for item in part())


def project(name: str, bureau: str, key: str, revision: int, on: date, total: str, domain: str, /, **facts: Any) -> Item:
    plain: dict[str, Any] = {
        "name": f"项目{key}", "list": "设备更新", "domain": domain, "total_investment": total, "equipment_investment": total,
        "internal_no": key, "construction_nature": "改建和技术改造", "owner_name": f"企业{key}", "build_state": "在建", "admin_state": "正常",
        "fund_state": "未申报",
    }  # fmt: skip
    return event(name, bureau, key, revision, occurred_on=on, **plain | facts)


def _projects() -> Iterator[Item]:
    years = {"2025": "6000000.00", "2026": "4000000.00"}
    yield project("ProjectAdded", "industry", "A", 1, date(2025, 3, 10), "10000000.00", "工业", planned_by_year=years)
    yield project("ProjectAdded", "transport", "B", 1, date(2024, 5, 2), "20000000.00", "交通")
    # The change of 6 January is January's.
    yield project("ProjectAdded", "housing", "C", 1, date(2025, 6, 1), "1000000.00", "建筑")
    yield project("ProjectChanged", "housing", "C", 2, date(2026, 1, 6), "9000000.00", "建筑")
    yield project("ProjectAdded", "agriculture", "D", 1, date(2026, 1, 5), "2000000.00", "农业")
    # Entered by mistake and taken back: it counts at no date.
    yield project("ProjectAdded", "water", "E", 1, date(2025, 5, 5), "5000000.00", "水务")
    yield event("ProjectWithdrawn", "water", "E", 2, occurred_on=date(2026, 1, 8), reason="重复录入")
    # It leaves on 10 January, with its progress.
    yield project("ProjectAdded", "industry", "F", 1, date(2025, 7, 1), "3000000.00", "工业")
    yield project("ProjectChanged", "industry", "F", 2, date(2026, 1, 10), "3000000.00", "工业", admin_state="退出", reason="企业退出")
    # One project of two bureaus, joined by its code; the industry bureau leads in 工业, so that its amount stands.
    yield project("ProjectAdded", "industry", "G", 1, date(2025, 8, 1), "4000000.00", "工业", project_code=_CODE)
    yield project("ProjectAdded", "transport", "G2", 1, date(2025, 8, 3), "4100000.00", "工业", project_code=_CODE)
    # Finished on 20 December with five machines.
    yield project("ProjectAdded", "industry", "H", 1, date(2025, 2, 1), "2000000.00", "工业", units_done=1)
    yield project("ProjectChanged", "industry", "H", 2, date(2025, 12, 20), "2000000.00", "工业", build_state="竣工", units_done=5)


def _progress() -> Iterator[Item]:
    for bureau, key, month, invested, year, more in (
        ("industry", "A", "2025-11", "500000.00", "3000000.00", {}),
        ("industry", "A", "2025-12", "1000000.00", "4000000.00", {}),
        ("industry", "A", "2026-01", "200000.00", "200000.00", {}),
        ("transport", "B", "2024-12", "300000.00", "2500000.00", {}),
        ("transport", "B", "2025-01", "250000.00", "250000.00", {}),
        ("transport", "B", "2025-12", "700000.00", "3750000.00", {}),
        ("industry", "F", "2025-12", "50000.00", "150000.00", {}),
        # Told late, of a time before it was finished: neither its state nor its two machines come back.
        ("industry", "H", "2025-11", "100000.00", "400000.00", {"build_state": "在建", "units_done": 2}),
    ):
        yield event(
            "ProjectProgressReported", bureau, key, occurred_on=date(2026, 1, 4), month=month, invested_this_month=invested,
            invested_year_to_date=year, **more,
        )  # fmt: skip


def _trade_in() -> Iterator[Item]:
    def bought(key: str, month: str, category: str, count: int, sale: str, subsidy: str, **facts: Any) -> Item:
        return event(
            "TradeInCompleted", "commerce", key, occurred_on=date(2025, 12, 10) if month == "2025-12" else date(int(month[:4]), int(month[5:]), 28),
            month=month, category=category, count=count, sale_amount=sale, subsidy=subsidy, **facts,
        )  # fmt: skip

    yield bought("o1", "2025-12", "家电", 1, "3000.00", "450.00", kind="空调", order_no="o1")
    yield bought("o2", "2025-12", "家电", 1, "5000.00", "750.00", kind="冰箱", order_no="o2")
    # The very cell has details, so the summary of 空调 does not count; that of 电视 does.
    yield bought("s1", "2025-12", "家电", 10, "30000.00", "4500.00", kind="空调", **_SUMMARY)
    yield bought("s2", "2025-12", "家电", 93, "282000.00", "42300.00", kind="电视", **_SUMMARY)
    yield bought("s3", "2025-06", "家电", 1000, "3000000.00", "450000.00", **_SUMMARY)
    yield bought("s4", "2025-01", "家电", 100, "400000.00", "60000.00", **_SUMMARY)
    yield bought("s5", "2024-06", "家电", 800, "2000000.00", "300000.00", **_SUMMARY)
    yield bought("d1", "2025-12", "数码和智能产品", 1, "2000.00", "300.00", order_no="d1")
    yield bought("c1", "2025-12", "汽车置换更新", 30, "4500000.00", "390000.00", **_SUMMARY)
    yield bought("o3", "2026-01", "家电", 1, "6000.00", "900.00", kind="空调", order_no="o3")

    def returned(key: str, on: date, order: str, subsidy: str) -> Item:
        return event(
            "TradeInReturned", "commerce", key, occurred_on=on, on=on, month=f"{on:%Y-%m}", category="家电", count=1, subsidy_returned=subsidy,
            order_no=order, return_no=key,
        )  # fmt: skip

    yield returned("r1", date(2026, 1, 12), "o1", "450.00")
    yield returned("r2", date(2025, 12, 15), "unknown", "300.00")
    yield returned("r3", date(2025, 12, 28), "o2", "100.00")
    yield returned("r4", date(2025, 12, 28), "o2", "200.00")


def money(name: str, bureau: str, key: str, application: str, on: date, amount: str, /, year: int = 2025, category: str = "家电", **facts: Any) -> Item:
    plain: dict[str, Any] = {
        "application_no": application, "policy_no": _POLICY, "budget_year": year, "channel": _BOND, "category": category, "amount": amount, "on": on,
    }  # fmt: skip
    return event(name, bureau, key, occurred_on=on, **plain | facts)


def _approvals() -> Iterator[Item]:
    for application, on, amount, category, year in (
        ("A1", date(2025, 11, 20), "450.00", "家电", 2025),
        ("A2", date(2025, 12, 1), "750.00", "家电", 2025),
        ("A3", date(2025, 12, 1), "600.00", "家电", 2025),
        ("A4", date(2025, 11, 15), "800.00", "家电", 2025),
        ("A5", date(2025, 12, 5), "300.00", "数码和智能产品", 2025),
        ("A7", date(2026, 1, 8), "140.00", "家电", 2026),
    ):
        yield money("SubsidyApproved", "commerce", application, application, on, amount, year, category)
    # The approval of A1 is entered by two bureaus.
    yield money("SubsidyApproved", "finance", "A1", "A1", date(2025, 11, 20), "450.00")


def _payments() -> Iterator[Item]:
    def paid(application: str, voucher: str, on: date, amount: str, year: int = 2025, category: str = "家电", **facts: Any) -> Item:
        return money("SubsidyPaid", "finance", application, application, on, amount, year, category, voucher_no=voucher, **facts)

    yield paid("A1", "V1", date(2025, 12, 10), "200.00")
    yield paid("A1", "V2", date(2025, 12, 30), "250.00")
    yield paid("A2", "V3", date(2025, 12, 31), "300.00")
    yield paid("A2", "V4", date(2026, 1, 15), "450.00")
    # Reversed as a mistake: never paid.
    yield paid("A3", "V5", date(2025, 12, 20), "600.00")
    yield money(
        "SubsidyReversed", "finance", "A3", "A3", date(2026, 1, 5), "600.00", voucher_no="R5", reverses_voucher_no="V5", reason_kind="差错",
    )  # fmt: skip
    # Claimed back in January: it was paid in December.
    yield paid("A5", "V6", date(2025, 12, 15), "300.00", 2025, "数码和智能产品")
    yield money(
        "SubsidyReversed", "finance", "A5", "A5", date(2026, 1, 20), "300.00", 2025, "数码和智能产品", voucher_no="R6", reverses_voucher_no="V6",
        reason_kind="追缴",
    )  # fmt: skip
    yield paid("A6", "V8", date(2025, 12, 22), "120.00")  # nobody approved it
    yield paid("A8", "V10", date(2025, 12, 29), "12.00", channel=None)
    yield paid("A7", "V9", date(2026, 1, 20), "140.00", 2026)


def _allocations() -> Iterator[Item]:
    def given(key: str, channel: str, level: str, year: int, amount: str, on: date, **facts: Any) -> Item:
        return event(
            "FundsAllocated", "finance", key, occurred_on=on, channel=channel, allocation_no=key, budget_year=year, level=level, amount=amount, on=on,
            **facts,
        )  # fmt: skip

    yield given("津财1", _BOND, "市级", 2025, "10000.00", date(2025, 3, 1), recovered="1000.00", recovered_on=date(2025, 12, 31))
    yield given("津财2", _BOND, "市级", 2026, "5000.00", date(2026, 1, 10), carried_over="2000.00", carried_from=2025)
    # The district's own money is there once; 500 of it have gone to a bureau.
    yield given("武财1", "区级", "区级", 2025, "2000.00", date(2025, 2, 1))
    yield given("武财2", "区级", "区级", 2025, "500.00", date(2025, 4, 1), to_bureau="commerce")


def _materials() -> Iterator[Item]:
    def recovered(bureau: str, key: str, month: str, material: str, unit: str, quantity: str, operator: str | None, **facts: Any) -> Item:
        on = date(2025, 12, 31) if month == "2025-12" else date(int(month[:4]), int(month[5:]), 28)
        return event(
            "MaterialRecovered", bureau, key, occurred_on=on, month=month, operator_uscc=operator, material=material, unit=unit, recovered=quantity, **facts,
        )  # fmt: skip

    yield recovered("commerce", "X", "2025-12", "废钢铁", "吨", "10", _WORKS, outlets=5, reverse_invoiced="50000.00")
    # The same operator, month, material and unit, told by another bureau.
    yield recovered("development-reform", "X", "2025-12", "废钢铁", "吨", "10", _WORKS)
    yield recovered("commerce", "Y", "2025-12", "废钢铁", "吨", "20", _YARD, outlets=3)
    yield recovered("commerce", "sum", "2025-12", "废钢铁", "吨", "30", None, **_SUMMARY)
    yield recovered("commerce", "sum", "2025-01", "废钢铁", "吨", "100", None, **_SUMMARY)
    # The five outlets of the operator are the same five.
    yield recovered("commerce", "X", "2025-12", "废塑料", "吨", "4", _WORKS, outlets=5)
    yield recovered("commerce", "X", "2025-12", "报废机动车", "辆", "30", _WORKS)
    yield recovered("commerce", "X", "2026-01", "废钢铁", "吨", "12.5", _WORKS, outlets=6)


def _scrappage() -> Iterator[Item]:
    def scrapped(bureau: str, key: str, category: str, step: str, on: date, count: int, kind: str = "汇总编号", **facts: Any) -> Item:
        return event(
            "EquipmentScrapped", bureau, key, occurred_on=on, category=category, identifier_kind=kind, identifier=key, count=count, step=step, on=on, **facts,
        )  # fmt: skip

    yield scrapped("market-regulation", "L1", "电梯", "拆解销毁", date(2025, 12, 18), 20, **_SUMMARY)
    yield scrapped("transport", "T1", "营运货车", "交售回收", date(2025, 12, 5), 25, **_SUMMARY)
    yield scrapped("transport", "T2", "营运货车", "交售回收", date(2026, 1, 9), 1, "出厂编号")
    # Taken off the police's register is not handed in.
    yield scrapped("police", "P1", "乘用车", "注销登记", date(2025, 12, 9), 5, **_SUMMARY)


def _documents() -> Iterator[Item]:
    for number, received in ((1, date(2025, 12, 1)), (2, date(2025, 12, 22)), (3, date(2025, 12, 2)), (4, date(2026, 1, 5))):
        yield event(
            "DocumentReceived", "development-reform", f"D{number}", occurred_on=received, document_no=f"津发〔2025〕{number}号", title="通知", issuer="市政府",
            level="市", issued_on=date(2025, 11, 28), received_on=received, departments=[{"department": "industry", "part": "牵头"}],
        )  # fmt: skip
    own = {"department": "industry"}
    yield event(
        "MeasureIssued", "industry", "D1", occurred_on=date(2026, 1, 4), document_no="津发〔2025〕1号", form="方案", issued_on=date(2026, 1, 4), **own,
    )  # fmt: skip
    yield event("MeasureExempted", "industry", "D2", occurred_on=date(2026, 1, 8), document_no="津发〔2025〕2号", reason="无新增要求", **own)
    yield event(
        "DeadlineExtended", "development-reform", "D3", occurred_on=date(2026, 1, 5), document_no="津发〔2025〕3号", until=date(2026, 1, 20), reason="报批",
        approved_by="主任", **own,
    )  # fmt: skip
    yield event(
        "MeasureIssued", "industry", "D4", occurred_on=date(2026, 1, 12), document_no="津发〔2025〕4号", form="已有措施覆盖", issued_on=date(2026, 1, 12), **own,
    )  # fmt: skip


def _indicators() -> Iterator[Item]:
    def said(name: str, bureau: str, period: str, amount: str) -> Item:
        return event(
            name, bureau, "设备投资额-工业", occurred_on=date(2026, 1, 4), indicator="设备投资额", domain="工业", period=period, series="统计", value=amount,
            unit="万元", version="初报",
        )  # fmt: skip

    yield said("BaselineSet", "statistics", "2023", "2000.0")
    yield said("IndicatorReported", "statistics", "2025-12", "2160.5")
    # The same indicator told by a bureau that does not keep the statistics.
    yield said("IndicatorReported", "industry", "2025-12", "2999.0")
    yield said("IndicatorReported", "statistics", "2024-12", "1800.0")


def _others() -> Iterator[Item]:
    yield event(
        "EnterpriseListed", "industry", "E1", occurred_on=date(2025, 11, 1), uscc=_MAKER, name="甲", role="生产企业", domain="工业",
    )  # fmt: skip
    yield event("EnterpriseListed", "industry", "E2", occurred_on=date(2026, 1, 2), uscc=_SUPPLIER, name="乙", role="生产企业", domain="工业")
    yield event("EnterpriseDelisted", "industry", "E1", 2, occurred_on=date(2026, 1, 4), uscc=_MAKER, reason="注销")
    for number, valid in (
        (1, {"valid_from": date(2025, 1, 1), "valid_to": date(2025, 12, 31)}),
        (2, {"valid_from": date(2026, 1, 1)}),
        (3, {}),
        (4, {}),
    ):
        yield event(
            "PolicyListed", "finance", f"Z{number}", occurred_on=date(2025, 1, 2), document_no=f"津财〔2025〕{number}号", name="政策", issuer="市财政局",
            level="市级", domains=["工业"], support_kind="补助", **valid,
        )  # fmt: skip
    yield event("PolicyExpired", "finance", "Z3", occurred_on=date(2026, 1, 5), document_no="津财〔2025〕3号", level="市级", expired_on=date(2026, 1, 5))
    for key, revision, on in (("1", 1, date(2025, 12, 3)), ("2", 1, date(2026, 1, 7)), ("3", 1, date(2025, 10, 1)), ("3", 2, date(2026, 1, 15))):
        yield event("ProblemRaised", "industry", key, revision, occurred_on=on, problem_no=key, text="资金不足")
        if (key, revision) in {("1", 1), ("3", 1)}:
            done = date(2026, 1, 6) if key == "1" else date(2025, 11, 1)
            yield event("ProblemResolved", "industry", key, occurred_on=done, problem_no=key, resolution="已解决")
    for key, on in (("F1", date(2025, 11, 3)), ("F2", date(2025, 12, 3))):
        # One expected plan, fulfilled by two documents, counts once.
        yield event("PlanIssued", "industry", key, occurred_on=on, plan_kind="行业", title="工业方案", domain="工业", issued_on=on)
    on = date(2026, 1, 9)
    yield event("PlanIssued", "commerce", "F3", occurred_on=on, plan_kind="消费品", title="消费品方案", issued_on=on)


DECEMBER: dict[str, str | None] = {
    # A, F, G (one of two bureaus), H; C at 1 million, not 9; D is January's; E never was
    "equipment.工业.projects": "4",
    "equipment.交通.projects": "1",
    "equipment.建筑.projects": "1",
    "equipment.水务.projects": None,
    "equipment.合计.projects": "6",
    # 10 + 3 + 4 + 2 million; 19 + 20 + 1
    "equipment.工业.total_investment": "19000000.00",
    "equipment.建筑.total_investment": "1000000.00",
    "equipment.合计.total_investment": "40000000.00",
    "equipment.合计.completed": "1",  # H
    "equipment.合计.under_construction": "5",
    "equipment.工业.units_done": "5",
    # A 1,000,000 + F 50,000; with B 700,000
    "equipment.工业.month": "1050000.00",
    "equipment.合计.month": "1750000.00",
    # A 4,000,000 + F 150,000 + H 400,000 (its last statement of the year); with B 3,750,000
    "equipment.工业.ytd": "4550000.00",
    "equipment.合计.ytd": "8300000.00",
    "equipment.交通.ytd_last_year": "2500000.00",
    "equipment.交通.yoy": "50.00",  # (3.75 − 2.5) ÷ 2.5
    "equipment.合计.yoy": "232.00",  # (8.3 − 2.5) ÷ 2.5
    "equipment.工业.plan_year": "6000000.00",
    "equipment.工业.plan_rate": "75.83",  # 4.55 ÷ 6 = 75.8333…
    # o1, o2 and the 93 of 电视; the summary of 空调 has a detail
    "tradein.家电.month_applied": "95",
    "tradein.家电.month_sales": "290000.00",  # 3,000 + 5,000 + 282,000
    "tradein.家电.month_subsidy": "43500.00",  # 450 + 750 + 42,300
    # + 1,000 of June + 100 of January
    "tradein.家电.applied": "1195",
    "tradein.家电.sales": "3690000.00",  # 290,000 + 3,000,000 + 400,000
    "tradein.家电.subsidy": "553500.00",  # 43,500 + 450,000 + 60,000
    "tradein.家电.yoy": "84.50",  # (3.69 − 2.0) ÷ 2.0
    "tradein.家电.returned": "3",  # r2, r3, r4
    "tradein.家电.subsidy_returned": "600.00",  # 300 + 100 + 200
    "tradein.合计.month_applied": "126",  # 95 + 1 + 30
    "tradein.合计.month_sales": "4792000.00",  # 290,000 + 2,000 + 4,500,000
    # A1 (once), A2, A3, A4; A7 is January's
    "tradein.家电.approved": "4",
    "tradein.家电.paid_count": "1",  # A1
    "tradein.家电.partly_paid": "1",  # A2
    "tradein.家电.unapproved": "2",  # A6, A8
    "tradein.数码和智能产品.paid_count": "1",  # A5
    "tradein.汽车置换更新.approved": None,
    "tradein.合计.approved": "5",
    # V1 200 + V2 250 + V3 300 + V6 300 + V8 120; V5 never was
    "funds.超长期特别国债.paid": "1170.00",
    "funds.超长期特别国债.allocated": "10000.00",
    "funds.超长期特别国债.recovered": "1000.00",
    "funds.超长期特别国债.carried_out": "0.00",
    "funds.超长期特别国债.available": "9000.00",
    "funds.超长期特别国债.pay_rate": "13.00",  # 1,170 ÷ 9,000
    "funds.超长期特别国债.balance": "7830.00",  # 10,000 − 1,000 − 1,170
    # A4, of 15 November; A2 and A3, approved on 1 December, are at their thirtieth day
    "funds.合计.overdue": "1",
    "funds.区级.allocated": "2000.00",
    "funds.区级.subdivided": "500.00",
    "funds.合计.allocated": "12000.00",
    "funds.合计.paid": "1182.00",  # 1,170 + 12 without a channel
    "funds.合计.balance": "9818.00",  # 12,000 − 1,000 − 1,182
    "recovery.废钢铁.month_recovered": "30",  # 10 (once) + 20, and not the summary of 30
    "recovery.废钢铁.recovered": "130",  # + 100 of January
    "recovery.废塑料.month_recovered": "4",
    "recovery.报废机动车.month_recovered": "30",
    "recovery.合计-吨.recovered": "134",
    "recovery.合计-吨.outlets": "8",  # 5 (of one operator, once) + 3
    "recovery.废钢铁.reverse_invoiced": "50000.00",
    "scrappage.电梯.delivered": "20",
    "scrappage.营运货车.delivered": "25",
    "scrappage.乘用车.delivered": None,
    # D1 due on 15, D3 on 16 December; D2 on 6 January; the exemption and the extension are January's
    "documents.合计.total": "3",
    "documents.合计.overdue": "2",
    "documents.合计.due": "1",
    "documents.合计.exempt": None,
    "documents.合计.issued": None,
    "goals.设备投资额.工业.baseline": "2000",
    "goals.设备投资额.工业.ytd": "2160.5",
    "goals.设备投资额.工业.yoy": "20.03",  # 360.5 ÷ 1,800 = 20.027…
    "enterprises.合计.listed": "1",  # E1
    "policies.合计.in_force": "3",  # Z1 to its last day, Z3, Z4
    "problems.合计.open": "1",
    "plans.合计.issued": "1",
}

JANUARY: dict[str, str | None] = {
    # A, G, H: F has left
    "equipment.工业.projects": "3",
    "equipment.农业.projects": "1",
    "equipment.合计.projects": "6",
    # 10 + 4 + 2 million; with B 20, C 9, D 2
    "equipment.工业.total_investment": "16000000.00",
    "equipment.建筑.total_investment": "9000000.00",
    "equipment.合计.total_investment": "47000000.00",
    "equipment.合计.completed": "1",
    "equipment.合计.under_construction": "5",
    "equipment.合计.month": "200000.00",
    "equipment.合计.ytd": "200000.00",  # of 2026: A alone
    "equipment.交通.ytd": None,
    "equipment.合计.ytd_last_year": "250000.00",
    "equipment.合计.yoy": "-20.00",
    "equipment.工业.plan_year": "4000000.00",
    "equipment.工业.plan_rate": "5.00",
    "tradein.家电.applied": "1",
    "tradein.家电.sales": "6000.00",
    "tradein.家电.month_subsidy": "900.00",
    "tradein.家电.yoy": "-98.50",  # (6,000 − 400,000) ÷ 400,000
    "tradein.家电.returned": "1",
    "tradein.家电.subsidy_returned": "450.00",
    "tradein.家电.approved": "1",  # A7
    "tradein.家电.paid_count": "2",  # A2, A7
    "tradein.家电.partly_paid": None,
    # the budget of 2026
    "funds.超长期特别国债.allocated": "5000.00",
    "funds.超长期特别国债.carried_over": "2000.00",
    "funds.超长期特别国债.paid": "140.00",
    "funds.超长期特别国债.available": "7000.00",
    "funds.超长期特别国债.pay_rate": "2.00",
    "funds.超长期特别国债.balance": "6860.00",
    # that of 2025 stays in sight: 10,000 − 1,000 − 2,000 carried on − (1,170 + 450 − 300)
    "funds.超长期特别国债.2025.allocated": "10000.00",
    "funds.超长期特别国债.2025.carried_out": "2000.00",
    "funds.超长期特别国债.2025.paid": "1320.00",
    "funds.超长期特别国债.2025.balance": "5680.00",
    "funds.超长期特别国债.2025.paid_this_year": "150.00",  # 450 − 300
    "funds.超长期特别国债.2025.overdue": "2",  # A3, whose payment never was, and A4
    "funds.合计.earlier_paid": "150.00",
    "funds.合计.paid": "140.00",
    "recovery.废钢铁.recovered": "12.5",
    "recovery.废钢铁.yoy": "-87.50",  # (12.5 − 100) ÷ 100
    "recovery.合计-吨.outlets": "6",
    "scrappage.营运货车.delivered": "1",
    "scrappage.电梯.delivered": None,
    "documents.合计.total": "4",
    "documents.合计.issued": "1",  # D1
    "documents.合计.exempt": "1",  # D2
    "documents.合计.overdue": "1",  # D3, extended to 20 January
    "documents.合计.covered": "1",  # D4
    "documents.合计.due": None,
    "enterprises.合计.listed": "1",  # E2
    "policies.合计.in_force": "2",  # Z2, Z4
    "problems.合计.open": "2",  # 2, and 3 that was raised again
    "plans.合计.issued": "2",
}


def quantized(value: Decimal | None) -> Decimal | None:
    """Round as the hand did: two places, half up."""
    return None if value is None else value.quantize(Decimal("0.01"), "ROUND_HALF_UP")
