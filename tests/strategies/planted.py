"""Problems planted one by one, each with its sound neighbour: what somebody should look at, and what nobody need.

Every case has entities of its own, so that all stand in one store side by side.
"""

from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Any

from tests.strategies.planted_towns import towns
from tests.strategies.planting import Case, event
from tests.strategies.planting import project as _project
from tests.strategies.universe import TOWN, Item

#: Bureau → lists that it may report.
DUTIES = {
    "development-reform": {"recycling-projects", "project-progress", "materials", "documents", "support-sought", "submissions", "indicators", "energy-stocks"},
    "industry": {
        "equipment-projects", "recycling-projects", "project-progress", "indicators", "plans", "problems", "tasks", "enterprises", "support-sought", "energy-stocks", "submissions",
        "publicity", "elimination", "equipment-lines", "matches",
    },
    "transport": {"equipment-projects", "project-progress", "scrappage", "indicators", "plans", "elimination", "matches", "submissions"},
    "commerce": {"trade-in", "materials", "funds", "scrappage", "safeguards", "outlets", "submissions"},
    TOWN: {"project-claims", "outlet-claims"},
    "finance": {"funds", "funding-policies", "safeguards", "submissions"},
    "police": {"scrappage", "submissions"},
}  # fmt: skip
_USCC = "91120222000000000X"
_OTHER_USCC = "91120114MA9000202D"
_FAR_USCC = "91110000000000001X"


def _progress(tag: str, month: str, this: str, year: str, since: str | None = None, bureau: str = "industry", **facts: Any) -> Item:
    stated = {"month": month, "invested_this_month": this, "invested_year_to_date": year, "invested_since_start": since}
    return event("ProjectProgressReported", bureau, f"{tag}-p", facts.pop("revision", 1), on=f"{month}-28", **stated | facts)


def _code(tag: str) -> str:
    return f"2509-120114-89-01-{_digits(tag):06d}"


def _digits(tag: str) -> int:
    return int("".join(filter(str.isdigit, tag)))


def _approved(tag: str, amount: str, bureau: str = "commerce", on: str = "2026-10-10", **facts: Any) -> Item:
    stated = {"application_no": f"{tag}-A", "policy_no": "津财建〔2026〕9号", "budget_year": 2026, "category": "家电", "amount": amount}
    return event("SubsidyApproved", bureau, facts.pop("key", f"{tag}-a"), on=on, **stated | facts)


def _paid(tag: str, voucher: str, amount: str, bureau: str = "finance", on: str = "2026-10-20", **facts: Any) -> Item:
    stated = {
        "application_no": f"{tag}-A", "voucher_no": f"{tag}-{voucher}", "policy_no": "津财建〔2026〕9号", "budget_year": 2026, "category": "家电",
        "amount": amount,
    }  # fmt: skip
    return event("SubsidyPaid", bureau, facts.pop("key", f"{tag}-a"), on=on, **stated | facts)


def _back(tag: str, voucher: str, amount: str, kind: str, on: str = "2026-10-25") -> Item:
    return event(
        "SubsidyReversed", "finance", f"{tag}-a", on=on, application_no=f"{tag}-A", voucher_no=f"{tag}-{voucher}", policy_no="津财建〔2026〕9号",
        budget_year=2026, amount=amount, reason_kind=kind,
    )  # fmt: skip


def _allocated(tag: str, amount: str, **facts: Any) -> Item:
    stated = {"channel": "市级", "allocation_no": f"津财〔2026〕{tag}号", "batch_no": f"{tag}-B", "budget_year": 2026, "level": "市级", "amount": amount}
    return event("FundsAllocated", "finance", f"{tag}-f", on="2026-09-01", **stated | facts)


def _policy(tag: str, **facts: Any) -> Item:
    stated = {
        "document_no": f"津商{tag}号", "name": "政策", "issuer": "市商务局", "level": "市级", "domains": (), "support_kind": "补助", "department": "commerce",
        "valid_from": date(2026, 1, 1), "valid_to": date(2026, 6, 30),
    }  # fmt: skip
    return event("PolicyListed", "finance", f"{tag}-z", on="2026-01-05", **stated | facts)


def _bought(tag: str, no: str = "O", bureau: str = "commerce", **facts: Any) -> Item:
    stated = {"category": "家电", "kind": "冰箱", "count": 1, "sale_amount": "3000.00", "subsidy": "450.00", "order_no": f"{tag}-{no}"}
    return event("TradeInCompleted", bureau, f"{tag}-{facts.pop('key', no)}", **stated | facts)


def _summary(tag: str, month: str, count_: int, subsidy: str, kind: str) -> Item:
    facts = {"category": "家电", "kind": kind, "count": count_, "sale_amount": "900000.00", "subsidy": subsidy, "month": month, "granularity": "汇总"}
    return event("TradeInCompleted", "commerce", f"{tag}-{month}", on=f"{month}-28", **facts)


def _returned(tag: str, order: str, amount: str) -> Item:
    return event("TradeInReturned", "commerce", f"{tag}-R", category="家电", count=1, subsidy_returned=amount, order_no=order, return_no=f"{tag}-R")


def _recovered(tag: str, month: str, quantity: str, bureau: str = "commerce", **facts: Any) -> Item:
    operator = f"9112022200000{_digits(tag):04d}X"
    stated = {"month": month, "operator_uscc": operator, "material": "废钢铁", "unit": "吨", "recovered": quantity}
    return event("MaterialRecovered", bureau, f"{tag}-{month}-m", on=f"{month}-28", **stated | facts)


def _indicator(tag: str, period: str, value: str, unit: str = "%", bureau: str = "industry", **facts: Any) -> Item:
    stated = {"indicator": f"指标{tag}", "domain": "工业", "period": period, "series": "调度", "value": value, "unit": unit, "version": "2026-1"}
    return event("IndicatorReported", bureau, f"{tag}-i", on=f"{period}-28", **stated | facts)


def _machine(tag: str, step: str, on: str, bureau: str = "transport", **facts: Any) -> Item:
    stated = {"category": "营运货车", "identifier_kind": "车架号", "identifier": f"{tag}-VIN", "step": step, "count": 1}
    return event("EquipmentScrapped", bureau, f"{tag}-s", on=on, **stated | facts)


def _confirmed(bureau: str, listed: str, month: str, rows: int, **totals: str) -> Item:
    return event("SubmissionConfirmed", bureau, f"{listed}@{month}", list=listed, month=month, rows=rows, totals=totals, signed_by=("签发",))


def _sent_back(tag: str, bureau: str) -> Item:
    return event(
        "WorkbookReturned", bureau, f"{tag}-s", file=f"{bureau}月报.xlsx", list="scrappage", month="2026-10", rows_read=3, rows_returned=1, sheets_returned=0, to_verify=0,
        causes={"金额和数量": 1},
    )  # fmt: skip


def _nil(bureau: str, listed: str, month: str) -> Item:
    return event("NilReturned", bureau, f"{listed}@{month}", list=listed, month=month, signed_by=("签发",))


def _two(tag: str, **other: Any) -> Iterator[Item]:
    """Two bureaus' word of one project."""
    yield _project(tag, project_code=_code(tag))
    yield _project(tag, "development-reform" if other.get("list") else "transport", project_code=_code(tag), **other)


def _of_months(tag: str, *months: tuple[str, ...], **facts: Any) -> Iterator[Item]:
    yield _project(tag, on="2026-01-01")
    yield from (_progress(tag, *month, **facts) for month in months)


def _cases() -> Iterator[Case]:
    yield from _projects()
    yield from _money()
    yield from _things()
    yield from _numbers()
    yield from _safeguards()
    yield from _stocks()
    yield from _supervision()
    yield from _supply()
    yield from towns()
    yield from _submissions()


def _projects() -> Iterator[Case]:
    def case(name: str, rule: str, says: str, planted: Any, sound: Any, bureaus: tuple[str, ...] = ("industry",)) -> Case:
        return Case(name, rule, bureaus, says, planted, sound)

    grows = lambda t: _of_months(t, ("2026-09", "100.00", "900.00", "1500.00"), ("2026-10", "100.00", "1000.00", "1600.00"))  # noqa: E731
    yield case("since start below the year", "since-start-below-year", "2026-10",
        lambda t: _of_months(t, ("2026-10", "100.00", "1000.00", "900.00")), grows)  # fmt: skip
    yield case("the year's sum falls", "year-to-date-falls", "2026-10",
        lambda t: _of_months(t, ("2026-09", "100.00", "900.00"), ("2026-10", "0.00", "800.00")),
        lambda t: _of_months(t, ("2025-12", "100.00", "900.00"), ("2026-01", "10.00", "10.00")))  # fmt: skip
    yield case("the year's sum falls after a gap", "year-to-date-falls", "2026-10",
        lambda t: _of_months(t, ("2026-08", "100.00", "900.00"), ("2026-10", "0.00", "800.00")), grows)  # fmt: skip
    yield case("the sum since the start falls over the turn of the year", "since-start-falls", "2026-01",
        lambda t: _of_months(t, ("2025-12", "100.00", "900.00", "5000.00"), ("2026-01", "10.00", "10.00", "4000.00")), grows)  # fmt: skip
    yield case("units fall", "units-fall", "2026-10",
        lambda t: [_project(t), _progress(t, "2026-09", "1.00", "9.00", units_done=5), _progress(t, "2026-10", "1.00", "10.00", units_done=2)],
        lambda t: [_project(t), _progress(t, "2026-09", "1.00", "9.00", units_done=5), _progress(t, "2026-10", "1.00", "10.00")])  # fmt: skip
    yield case("a sum in 亿元 instead of 万元", "progress-magnitude", "2026-10",
        lambda t: [_project(t, total_investment="90000000000.00", equipment_investment=None), _progress(t, "2026-09", "10.00", "500.00"), _progress(t, "2026-10", "5999500.00", "6000000.00")],
        grows)  # fmt: skip
    yield case("two bureaus report a month differently", "progress-differs", "2026-10",
        lambda t: [*_two(t), _progress(t, "2026-10", "1.00", "9.00"), _progress(t, "2026-10", "1.00", "8.00", bureau="transport")],
        lambda t: [*_two(t), _progress(t, "2026-10", "1.00", "9.00"), _progress(t, "2026-10", "1.00", "9.00", bureau="transport")],
        ("industry", "transport"))  # fmt: skip
    yield case("progress of no project", "progress-without-project", "2026-10", lambda t: [_progress(t, "2026-10", "1.00", "9.00")], grows)
    yield case("progress after the withdrawal", "progress-after-withdrawal", "2026-10",
        lambda t: [_project(t), event("ProjectWithdrawn", "industry", f"{t}-p", 2, on="2026-10-05", reason="误报"), _progress(t, "2026-10", "1.00", "9.00")],
        lambda t: [_project(t), _progress(t, "2026-09", "1.00", "9.00"), event("ProjectWithdrawn", "industry", f"{t}-p", 2, on="2026-10-05", reason="误报")])  # fmt: skip
    yield case("progress after the exit", "progress-after-exit", "2026-10",
        lambda t: [_project(t, admin_state="退出"), _progress(t, "2026-10", "1.00", "9.00")],
        lambda t: [_project(t, admin_state="退出"), _progress(t, "2026-09", "1.00", "9.00")])  # fmt: skip
    for rule, large in (
        ("arrived-over-total", {"funds_arrived": "9000001.00"}), ("paid-over-total", {"funds_paid": "9000001.00"}),
        ("paid-over-arrived", {"funds_arrived": "100.00", "funds_paid": "101.00"}), ("units-over-planned", {"units_planned": 3, "units_done": 4}),
    ):  # fmt: skip
        yield case(rule, rule, "大于", lambda t, large=large: [_project(t, **large)],
            lambda t: [_project(t, funds_arrived="9000000.00", funds_paid="9000000.00", units_planned=4, units_done=4)])  # fmt: skip
    both = lambda t: _two(t, owner_name="别名")  # noqa: E731
    pair = ("industry", "transport")
    yield case("another domain", "two-bureaus-domain", "领域", lambda t: _two(t, domain="交通"), both, pair)
    yield case("another list", "two-bureaus-list", "清单", lambda t: _two(t, list="回收循环"), both, ("development-reform", "industry"))
    yield case("two revisions alike", "equal-revisions", "版本",
        lambda t: [_project(t), _project(t, total_investment="9500000.00", source="system")], lambda t: [_project(t), _project(t, revision=2)])  # fmt: skip
    yield case("a later revision of an earlier day", "dated-back", "早于",
        lambda t: [_project(t, on="2026-10-31"), _project(t, revision=2, on="2026-09-30", town="杨村街道")],
        lambda t: [_project(t, on="2026-09-30"), _project(t, revision=2, on="2026-10-31", town="杨村街道")])  # fmt: skip
    yield case("a total restated in 亿元", "magnitude-restated", "一千倍",
        lambda t: [_project(t, equipment_investment=None), _project(t, revision=2, total_investment="900.00", equipment_investment=None)],
        lambda t: [_project(t, total_investment="900.00", equipment_investment=None), _project(t, revision=2, reason="更正计量单位")])  # fmt: skip
    yield case("more than ten thousand million", "amount-beyond", "100亿元",
        lambda t: [_project(t, total_investment="10000000000.01")], lambda t: [_project(t, total_investment="10000000000.00")])  # fmt: skip


def _money() -> Iterator[Case]:
    def case(name: str, rule: str, says: str, planted: Any, sound: Any, bureaus: tuple[str, ...] = ("finance",)) -> Case:
        return Case(name, rule, bureaus, says, planted, sound)

    both = ("commerce", "finance")
    fair = lambda t: [_approved(t, "100.00"), _paid(t, "V1", "60.00"), _paid(t, "V2", "40.00")]  # noqa: E731
    yield case("paid above what another bureau approved", "paid-over-approved", "2026-10",
        lambda t: [_approved(t, "100.00"), _paid(t, "V1", "60.00"), _paid(t, "V2", "41.00")],
        lambda t: [*fair(t), _back(t, "W1", "60.00", "追缴"), _paid(t, "V3", "60.00", on="2026-10-30")][:4], both)  # fmt: skip
    yield case("paid without approval", "paid-without-approval", "2026-10", lambda t: [_paid(t, "V1", "60.00")], fair)
    yield case("paid three times", "paid-three-times", "3笔",
        lambda t: [_approved(t, "100.00"), *(_paid(t, f"V{n}", "20.00") for n in range(3))],
        lambda t: [*fair(t), _back(t, "V2", "40.00", "差错"), _paid(t, "V3", "40.00")])  # fmt: skip
    monthly = lambda t, *amounts: [  # noqa: E731
        _approved(f"{t}{n}", amount, on=f"2026-0{n}-28", budget_year=2027, category="居家适老化", policy_no=f"津财{t}号", granularity="汇总", count=3)
        for n, amount in enumerate(amounts, 3)
    ]  # fmt: skip
    yield case("a sum of approvals in 元 instead of 万元", "fund-magnitude", "2026-04",
        lambda t: monthly(t, "90000.00", "9.50", "88000.00"), lambda t: monthly(t, "90000.00", "950.00", "88000.00"), ("commerce",))  # fmt: skip
    yield case("paid in 元 instead of 万元", "payment-magnitude", "一千倍",
        lambda t: [_approved(t, "20000.00"), _paid(t, "V1", "2.00")], fair)  # fmt: skip
    yield case("approved by two bureaus", "approved-twice", "不同单位",
        lambda t: [_approved(t, "100.00"), _approved(t, "100.00", "finance")], fair, both)  # fmt: skip
    yield case("approved by two bureaus under two policies", "approved-twice", "不同政策",
        lambda t: [_approved(t, "100.00"), _approved(t, "90.00", "finance", policy_no="津财建〔2026〕8号")], fair, both)  # fmt: skip
    yield case("one payment told twice", "amount-differs", "同一笔",
        lambda t: [_approved(t, "100.00"), _paid(t, "V1", "60.00"), _paid(t, "V1", "61.00", key=f"{t}-b")],
        lambda t: [_approved(t, "100.00"), _paid(t, "V1", "60.00"), _paid(t, "V1", "60.00", key=f"{t}-b")])  # fmt: skip
    yield case("shares that do not add up", "shares-sum", "2026-10",
        lambda t: [_approved(t, "100.00", share_central="85.00", share_city="10.00", share_district="4.00")],
        lambda t: [_approved(t, "100.00", share_central="85.00", share_city="15.00")], ("commerce",))  # fmt: skip
    yield case("a policy's shares", "policy-shares", "95%",
        lambda t: [_policy(t, central_percent="85", local_percent="10")], lambda t: [_policy(t, central_percent="85", local_percent="15")])  # fmt: skip
    yield case("one voucher of two applications", "voucher-twice", "2笔",
        lambda t: [*(_approved(f"{t}{n}", "100.00") for n in "12"), *(_paid(f"{t}{n}", "V1", "50.00", voucher_no=f"{t}-V") for n in "12")],
        lambda t: [*(_approved(f"{t}{n}", "100.00") for n in "12"), _paid(f"{t}1", "V1", "50.00", voucher_no=f"{t}-V"),
                   _paid(f"{t}2", "V1", "50.00", voucher_no=f"{t}-V", on="2027-01-20")])  # fmt: skip
    yield case("one voucher at two bureaus", "voucher-twice", "2笔",
        lambda t: [_approved(t, "100.00"), _paid(t, "V1", "50.00"), _paid(t, "V1", "50.00", "commerce")], fair, both)  # fmt: skip
    batch = lambda t, amount: [_approved(t, amount, batch_no=f"{t}-B"), _paid(t, "V1", amount, batch_no=f"{t}-B")]  # noqa: E731
    yield case("above the batch's allocation", "batch-over-allocated", "批次",
        lambda t: [_allocated(t, "100.00"), _allocated(f"{t}1", "100.00", batch_no=f"{t}-B", level="区级", to_bureau="commerce"), *batch(t, "100.01")],
        lambda t: [_allocated(t, "60.00"), _allocated(f"{t}1", "40.00", batch_no=f"{t}-B"), *batch(t, "100.00")])  # fmt: skip
    yield case("under an expired policy", "policy-expired", "2026-10",
        lambda t: [_policy(t), _approved(t, "100.00", policy_no=f"津商{t}号"), _paid(t, "V1", "100.00", policy_no=f"津商{t}号")],
        lambda t: [_policy(t), _approved(t, "100.00", policy_no=f"津商{t}号", on="2026-06-30"), _paid(t, "V1", "100.00", policy_no=f"津商{t}号")],
        both)  # fmt: skip
    totals = lambda t, amount, n: event("SubsidyPaid", "finance", f"{t}-sum", application_no=f"{t}-汇总", voucher_no=f"{t}-S", policy_no=f"津财{t}号",  # noqa: E731
                                        budget_year=2026, category="智能家居", amount=amount, on="2026-10-31", count=n, granularity="汇总")  # fmt: skip
    of_policy = lambda t, **more: _approved(t, "100.00", policy_no=f"津财{t}号", category="智能家居", **more)  # noqa: E731
    yield case("payments in sum above approvals in sum", "summary-paid-over-approved", "智能家居",
        lambda t: [of_policy(t, granularity="汇总", count=3), totals(t, "101.00", 3)],
        lambda t: [of_policy(t, granularity="汇总", count=3), totals(t, "100.00", 3)], ("finance",))  # fmt: skip
    channel = {"channel": "中央专项", "category": "电动自行车"}
    yield case("payments in detail and in sum", "fund-detail-and-summary", "2026-03",
        lambda t: [_approved(t, "60.00"), _paid(t, "V1", "50.00", on="2026-03-20", **channel),
                   event("SubsidyPaid", "finance", f"{t}-sum", application_no=f"{t}-汇总", voucher_no=f"{t}-S", policy_no="津财建〔2026〕9号", budget_year=2026,
                         amount="60.00", on="2026-03-31", count=1, granularity="汇总", **channel)],
        lambda t: [_approved(t, "60.00"), _paid(t, "V1", "60.00", on="2026-03-20", **channel),
                   event("SubsidyPaid", "finance", f"{t}-sum", application_no=f"{t}-汇总", voucher_no=f"{t}-S", policy_no="津财建〔2026〕9号", budget_year=2026,
                         amount="60.00", on="2026-03-31", count=1, granularity="汇总", **channel)])  # fmt: skip


def _things() -> Iterator[Case]:
    def case(name: str, rule: str, says: str, planted: Any, sound: Any, bureaus: tuple[str, ...] = ("commerce",)) -> Case:
        return Case(name, rule, bureaus, says, planted, sound)

    yield case("a return without purchase", "return-without-purchase", "2026-10",
        lambda t: [_returned(t, f"{t}-没有", "450.00")], lambda t: [_bought(t), _returned(t, f"{t}-O", "450.00")])  # fmt: skip
    yield case("one order told twice", "order-differs", "补贴金额",
        lambda t: [_bought(t), _bought(t, key="O2", subsidy="400.00")], lambda t: [_bought(t), _bought(t, key="O2")])  # fmt: skip
    yield case("orders in detail and in sum", "detail-and-summary", "2026-02",
        lambda t: [_bought(t, kind=f"甲{t}", month="2026-02"), _summary(t, "2026-02", 2, "900.00", f"甲{t}")],
        lambda t: [_bought(t, kind=f"乙{t}", month="2026-02"), _summary(t, "2026-02", 2, "900.00", f"甲{t}")])  # fmt: skip
    yield case("a sum in 元 instead of 万元", "trade-in-magnitude", "2026-09",
        lambda t: [_summary(t, "2026-08", 9, "90000.00", t), _summary(t, "2026-09", 9, "9.00", t), _summary(t, "2026-10", 9, "80000.00", t)],
        lambda t: [_summary(t, "2026-08", 9, "90000.00", t), _summary(t, "2026-09", 9, "900.00", t), _summary(t, "2026-10", 9, "80000.00", t)])  # fmt: skip
    yield case("deregistered before it was handed in", "deregistered-early", "2026-10",
        lambda t: [_machine(t, "交售回收", "2026-10-20"), _machine(t, "注销登记", "2026-10-19", "police")],
        lambda t: [_machine(t, "交售回收", "2026-10-20"), _machine(t, "注销登记", "2026-10-20", "police")], ("police", "transport"))  # fmt: skip
    many = lambda t, n: event("EquipmentScrapped", "transport", f"{t}-sum", category="城市公交车", identifier_kind="汇总编号", identifier=f"{t}-sum",  # noqa: E731
                              step="交售回收", on="2026-10-31", count=n, granularity="汇总")  # fmt: skip
    yield case("machines in detail and in sum", "scrappage-detail-and-summary", "2026-10",
        lambda t: [_machine(t, "交售回收", "2026-10-20", category="城市公交车"), many(t, 2)],
        lambda t: [_machine(t, "交售回收", "2026-10-20", category="城市公交车"), many(t, 1)], ("transport",))  # fmt: skip
    yield case("a resolution without its problem", "resolution-without-problem", "办结",
        lambda t: [event("ProblemResolved", "industry", f"{t}-w", problem_no=f"{t}-W", resolution="已办")],
        lambda t: [event("ProblemRaised", "industry", f"{t}-w", problem_no=f"{t}-W", text="事项", asks_of=()),
                   event("ProblemResolved", "industry", f"{t}-w", problem_no=f"{t}-W", resolution="已办")], ("industry",))  # fmt: skip
    task = lambda t, month, no, state, due=None: event(  # noqa: E731
        "TaskProgressReported", "industry", f"{t}-{month}", on=f"{month}-28", task_no=no, month=month, text="推进", state=state, due_on=due,
    )  # fmt: skip
    yield case("a task done and undone", "task-falls-back", "2025-03",
        lambda t: [task(t, "2025-02", "4", "已完成"), task(t, "2025-03", "4", "推进中")], lambda t: [task(t, "2025-02", "4", "推进中"), task(t, "2025-03", "4", "已完成")], ("industry",))  # fmt: skip
    yield case("a task behind its due day", "task-overdue", "2025-05",
        lambda t: [task(t, "2025-05", "2", "推进中", date(2025, 5, 30))], lambda t: [task(t, "2025-05", "2", "推进中", date(2025, 5, 31))], ("industry",))  # fmt: skip
    yield case("a task of another bureau", "task-not-named", "工作方案",
        lambda t: [task(t, "2025-08", "3", "推进中")], lambda t: [task(t, "2025-08", "1", "推进中")], ("industry",))  # fmt: skip
    matter = lambda t, due: event("ProblemRaised", "industry", f"{t}-w", problem_no=f"{t}-W", text="事项", asks_of=(), due_on=due, on="2025-01-02")  # noqa: E731
    yield case("a matter behind its due day", "problem-overdue", "办结时限",
        lambda t: [matter(t, date(2025, 1, 30)), _nil("industry", "plans", "2025-01")], lambda t: [matter(t, date(2035, 1, 31))], ("industry",))  # fmt: skip
    yield case("a plan that nobody asked of the bureau", "plan-not-owed", "应出台方案",
        lambda t: [event("PlanIssued", "industry", f"{t}-y", plan_kind="宣传", title="宣传方案", issued_on="2026-10-01")],
        lambda t: [event("PlanIssued", "industry", f"{t}-y", plan_kind="消费品", title="消费品方案", issued_on="2026-10-01")], ("industry",))  # fmt: skip
    yield case("a bureau outside its duty", "outside-duty", "报送范围",
        lambda t: [_approved(t, "10.00"), _paid(t, "V1", "10.00", "police")],
        # What a connector sends back belongs to reporting itself, as submissions do: nobody's duty names it.
        lambda t: [_approved(t, "10.00"), _paid(t, "V1", "10.00"), _sent_back(t, "police"), _sent_back(t, "commerce")], ("police",))  # fmt: skip


def _numbers() -> Iterator[Case]:
    def case(name: str, rule: str, says: str, planted: Any, sound: Any, bureaus: tuple[str, ...]) -> Case:
        return Case(name, rule, bureaus, says, planted, sound)

    two = ("industry", "transport")
    yield case("an indicator told differently", "indicator-differs", "2026-10",
        lambda t: [_indicator(t, "2026-10", "12", "万吨"), _indicator(t, "2026-10", "130000", "吨", "transport")],
        lambda t: [_indicator(t, "2026-10", "12", "万吨"), _indicator(t, "2026-10", "120000", "吨", "transport")], two)  # fmt: skip
    yield case("a ratio that is none", "indicator-ratio", "2026-10",
        lambda t: [_indicator(t, "2026-10", "77.7", numerator="2", denominator="3")], lambda t: [_indicator(t, "2026-10", "66.7", numerator="2", denominator="3")],
        ("industry",))  # fmt: skip
    yield case("other units", "indicator-units", "不能换算",
        lambda t: [_indicator(t, "2026-09", "12", "万吨"), _indicator(t, "2026-10", "14", "辆")],
        lambda t: [_indicator(t, "2026-09", "12", "万吨"), _indicator(t, "2026-10", "140000", "吨")], ("industry",))  # fmt: skip
    yield case("an indicator in 吨 instead of 万吨", "indicator-magnitude", "2026-09",
        lambda t: [_indicator(t, f"2026-{m}", "120000" if m == "09" else f"1{m}", "万吨") for m in ("08", "09", "10")],
        lambda t: [_indicator(t, f"2026-{m}", "1200000" if m == "09" else f"1{m}", "吨" if m == "09" else "万吨") for m in ("08", "09", "10")],
        ("industry",))  # fmt: skip
    material = ("commerce", "development-reform")
    yield case("a quantity told differently", "material-differs", "2026-10",
        lambda t: [_recovered(t, "2026-10", "10"), _recovered(t, "2026-10", "11", "development-reform")],
        lambda t: [_recovered(t, "2026-10", "10"), _recovered(t, "2026-10", "10", "development-reform")], material)  # fmt: skip
    yield case("a quantity in 吨 instead of 万吨", "material-magnitude", "2026-09",
        lambda t: [_recovered(t, f"2026-{m}", q) for m, q in (("08", "90"), ("09", "950000"), ("10", "88"))],
        lambda t: [_recovered(t, f"2026-{m}", q) for m, q in (("08", "90"), ("09", "9500"), ("10", "88"))], ("commerce",))  # fmt: skip
    yield case("a quantity in another unit", "material-units", "前后不一",
        lambda t: [_recovered(t, "2026-09", "10"), _recovered(t, "2026-10", "12", unit="辆")],
        lambda t: [_recovered(t, "2026-09", "10"), _recovered(t, "2026-10", "12"), _recovered(f"{t}1", "2026-10", "12", unit="辆")], ("commerce",))  # fmt: skip
    whole = {"operator_uscc": None, "granularity": "汇总", "material": "废纸"}
    yield case("a sum told twice", "material-summary-twice", "2026-05",
        lambda t: [_recovered(t, "2026-05", "10", **whole), _recovered(f"{t}1", "2026-05", "11", **whole)],
        lambda t: [_recovered(t, "2026-05", "10", **whole), _recovered(f"{t}1", "2026-06", "11", **whole)], ("commerce",))  # fmt: skip
    yield case("quantities in detail and in sum", "material-detail-and-summary", "2026-04",
        lambda t: [_recovered(t, "2026-04", "10", material="废塑料"), _recovered(f"{t}1", "2026-04", "30", **{**whole, "material": "废塑料"})],
        lambda t: [_recovered(t, "2026-04", "10", material="废塑料"), _recovered(f"{t}1", "2026-04", "10", **{**whole, "material": "废塑料"})], ("commerce",))  # fmt: skip


def _stocks() -> Iterator[Case]:
    def told(tag: str, bureau: str, month: str, stock: int) -> Item:
        levels = {"stock": stock, "advanced": 1, "saving": 2, "entry": 3, "below": 1}
        return event("StockSurveyed", bureau, f"{tag}-{bureau}", on=f"{month}-28", month=month, equipment="泵", domain="文旅", **levels)

    yield Case("a stock surveyed differently", "stock-differs", ("development-reform", "industry"), "2026-10",
        lambda t: [told(t, "industry", "2026-10", 8), told(t, "development-reform", "2026-10", 9)],
        lambda t: [told(t, "industry", "2026-10", 8), told(t, "development-reform", "2026-09", 9)])  # fmt: skip


def _safeguards() -> Iterator[Case]:
    def told(tag: str, safeguard: str, month: str, bureau: str = "finance", **numbers: Any) -> Item:
        return event("SafeguardReported", bureau, f"{tag}-{month}", on=f"{month}-28", safeguard=safeguard, month=month, **numbers)

    yield Case("a safeguard told differently", "safeguard-differs", ("commerce", "finance"), "2026-10",
        lambda t: [told(t, "简化审批", "2026-10", items=3), told(t, "简化审批", "2026-10", "commerce", items=4)],
        lambda t: [told(t, "简化审批", "2026-10", items=3), told(t, "简化审批", "2026-10", "commerce", items=3)])  # fmt: skip
    yield Case("loans in 元 instead of 万元", "safeguard-magnitude", ("finance",), "2026-09",
        lambda t: [told(t, "再贷款", f"2026-{m}", signed=q) for m, q in (("08", "5000000.00"), ("09", "500.00"), ("10", "5100000.00"))],
        lambda t: [told(t, "再贷款", f"2026-{m}", signed=q) for m, q in (("08", "5000000.00"), ("09", "50000.00"), ("10", "5100000.00"))])  # fmt: skip
    yield Case("more invoiced by operators than the tax bureau knows", "reverse-invoiced-over-tax", ("commerce", "finance"), "2025-07",
        lambda t: [told(t, "反向开票", "2025-07", amount="100.00"), _recovered(t, "2025-07", "10", reverse_invoiced="100.01")],
        lambda t: [told(t, "反向开票", "2025-07", amount="100.00"), _recovered(t, "2025-07", "10", reverse_invoiced="100.00")])  # fmt: skip


def _supervision() -> Iterator[Case]:
    def shown(tag: str, n: int = 1, **facts: Any) -> Item:
        stated = {"activity": f"{tag}活动{n}", "month": "2025-09", "channel": "新媒体", "reach": 10, "link": f"https://example.invalid/{tag}"}
        return event("PublicityReported", "industry", f"{tag}-{n}", on="2025-09-28", **stated | facts)

    def thing(tag: str) -> dict[str, Any]:
        return {"item": "某型电动机", "enterprise_name": "某厂", "equipment": f"{tag}号机"}

    def ordered(tag: str, until: date, on: str = "2025-01-10") -> Item:
        return event("EliminationOrdered", "industry", f"{tag}-y", on=on, **thing(tag), basis="目录", until=until)

    def verified(tag: str, on: str) -> Item:
        return event("EliminationVerified", "transport", f"{tag}-y", on=on, **thing(tag), done_on=date.fromisoformat(on), method="拆除报废")

    far = date(2035, 1, 1)
    yield Case("publicity online without its address", "publicity-without-link", ("industry",), "2025-09",
        lambda t: [shown(t, link=None)], lambda t: [shown(t, link=None, channel="现场活动")])  # fmt: skip
    yield Case("one address for two activities", "publicity-link-twice", ("industry",), "同一链接",
        lambda t: [shown(t), shown(t, 2)], lambda t: [shown(t), shown(t, 2, link=f"https://example.invalid/{t}/2")])  # fmt: skip
    yield Case("equipment still there after its term", "elimination-overdue", ("industry",), "淘汰期限",
        lambda t: [ordered(t, date(2025, 3, 1))], lambda t: [ordered(t, date(2025, 3, 1)), verified(t, "2025-04-01")])  # fmt: skip
    yield Case("an end without its order", "elimination-unordered", ("transport",), "责令记录",
        lambda t: [verified(t, "2025-04-01")], lambda t: [ordered(t, far), verified(t, "2025-04-01")])  # fmt: skip
    yield Case("an end before its order", "elimination-early", ("industry", "transport"), "责令日期",
        lambda t: [ordered(t, far), verified(t, "2025-01-09")], lambda t: [ordered(t, far), verified(t, "2025-01-10")])  # fmt: skip


def _supply() -> Iterator[Case]:
    def line(tag: str, price: str = "500.00") -> Item:
        facts = {"line_no": f"{tag}-n", "project_no": f"{tag}-p", "side": "新设备", "name": "泵", "units": 1, "price": price}
        return event("EquipmentLineListed", "industry", f"{tag}-n", **facts)

    def bought(tag: str, amount: str = "300.00", bureau: str = "industry", no: str = "1", **facts: Any) -> Item:
        stated = {"project_no": f"{tag}-p", "line_no": f"{tag}-n", "enterprise_uscc": _FAR_USCC, "enterprise_name": "外区厂", "local": "否", "amount": amount}
        return event("SupplyDemandMatched", bureau, f"{tag}-{no}", match_no=f"{tag}-{no}", **stated | facts)

    yield Case("a match for equipment that no list has", "match-line-unknown", ("industry",), "设备明细清单",
        lambda t: [bought(t)], lambda t: [line(t), bought(t)])  # fmt: skip
    yield Case("a match for the old equipment of another project", "match-line-unknown", ("transport",), "设备明细清单",
        lambda t: [line(t), bought(t, bureau="transport", project_no="别的项目")], lambda t: [line(t), bought(t, bureau="transport")])  # fmt: skip
    yield Case("a supplier of the district that no list has", "match-enterprise-unknown", ("industry",), "先进设备企业清单",
        lambda t: [line(t), bought(t, local=None)], lambda t: [line(t), bought(t)])  # fmt: skip
    yield Case("bought for more than the price", "match-over-price", ("industry",), "购置金额",
        lambda t: [line(t), bought(t), bought(t, "200.01", no="2")], lambda t: [line(t), bought(t), bought(t, "200.00", no="2")])  # fmt: skip
    yield Case("two bureaus tell another amount of one contract", "match-differs", ("industry", "transport"), "成交金额",
        lambda t: [line(t), bought(t, contract_no=f"{t}-c"), bought(t, "301.00", "transport", contract_no=f"{t}-c")],
        lambda t: [line(t), bought(t, contract_no=f"{t}-c"), bought(t, bureau="transport", contract_no=f"{t}-c")])  # fmt: skip


def _submissions() -> Iterator[Case]:
    def case(name: str, rule: str, says: str, planted: Any, sound: Any, bureaus: tuple[str, ...] = ("industry",)) -> Case:
        return Case(name, rule, bureaus, says, planted, sound)

    task = lambda t, month: event("TaskProgressReported", "industry", f"{t}-{month}", on=f"{month}-28", task_no="1", month=month, text="推进")  # noqa: E731
    yield case("a nil that data contradict", "nil-contradicted", "2026-07",
        lambda t: [task(t, "2026-07"), _nil("industry", "tasks", "2026-07")], lambda t: [task(t, "2026-08"), _nil("industry", "tasks", "2026-07")])  # fmt: skip
    yield case("other rows than confirmed", "confirmed-rows", "2026-06",
        lambda t: [task(t, "2026-06"), _confirmed("industry", "tasks", "2026-06", 2)], lambda t: [task(t, "2026-06"), _confirmed("industry", "tasks", "2026-06", 1)])  # fmt: skip
    yield case("another stock than confirmed", "confirmed-rows", "2026-10",
        lambda t: [_enterprise(t), _confirmed("industry", "enterprises", "2026-10", 2)], lambda t: [_enterprise(t), _confirmed("industry", "enterprises", "2026-10", 1)])  # fmt: skip
    earlier = lambda t: [  # noqa: E731
        _approved(t, "100.00", "finance", "2025-06-28", budget_year=2025), _paid(t, "V1", "100.00", on="2025-07-05", budget_year=2025),
    ]  # fmt: skip
    yield case("other rows than a sheet with a row of the month before", "confirmed-rows", "2025-07",
        lambda t: [*earlier(t), _confirmed("finance", "funds", "2025-07", 3)], lambda t: [*earlier(t), _confirmed("finance", "funds", "2025-07", 2)], ("finance",))  # fmt: skip
    yield case("other rows than a sheet with the month of the year before", "confirmed-rows", "2025-04",
        lambda t: [_indicator(t, "2024-04", "11", "万吨"), _indicator(t, "2025-04", "12", "万吨"), _confirmed("industry", "indicators", "2025-04", 3)],
        lambda t: [_indicator(t, "2024-04", "11", "万吨"), _indicator(t, "2025-04", "12", "万吨"), _confirmed("industry", "indicators", "2025-04", 2)])  # fmt: skip
    left = lambda t, rows: [  # noqa: E731
        _enterprise(f"{t}1", "transport", uscc=_OTHER_USCC, on="2026-07-20"),
        event("EnterpriseDelisted", "transport", f"{t}1-e", 2, on="2026-08-20", uscc=_OTHER_USCC, reason="停产"),
        _confirmed("transport", "enterprises", "2026-08", rows),
    ]  # fmt: skip
    yield case("another stock than a sheet with one that left", "confirmed-rows", "2026-08", lambda t: left(t, 2), lambda t: left(t, 1), ("transport",))
    yield case("other totals than confirmed", "confirmed-totals", "2025-11",
        lambda t: [_bought(t, on="2025-11-03"), _confirmed("commerce", "trade-in", "2025-11", 1, 补贴金额="460.00")],
        lambda t: [_bought(t, on="2025-11-03"), _confirmed("commerce", "trade-in", "2025-11", 1, 补贴金额="450.00", 件数="1.00")], ("commerce",))  # fmt: skip


def _enterprise(tag: str, bureau: str = "industry", uscc: str = _USCC, **facts: Any) -> Item:
    return event("EnterpriseListed", bureau, f"{tag}-e", **facts, uscc=uscc, name="某厂", role="生产企业", domain="工业")


CASES: tuple[Case, ...] = tuple(_cases())


def tagged(sign: str) -> Iterator[tuple[str, Case]]:
    """Yield each case with a tag that no number of another case begins with."""
    numbers = count(100)
    for case in CASES:
        yield f"{sign}{next(numbers)}{sign}", case
