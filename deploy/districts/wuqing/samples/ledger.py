"""The expected figures, from the generator's own facts by plain arithmetic; shares nothing with the product.

Definitions (fen never appear here: content is in whole yuan or in 万元 and is turned into yuan on the way in):

* a project that two bureaus report under one 项目代码 counts once, with the words of its domain's lead bureau;
* 自年初累计 of a project is what its latest progress up to the month says, within the year;
* where a bureau has orders of a category and month, its summary line of the same does not count;
* a 下达 row of level 区级 hands on (分解) money that is already counted, so it is no second allocation, except in the
  district's own channel, where the district is the source;
* what is scrapped counts when it is handed in, lifts when they are taken apart;
* a subsidy is overdue when more than 30 days have passed from its approval to the as-of date and it is not paid in full by then;
* an application counts as paid when its payments reach what was approved;
* money is of its budget year: a channel's line is of the report's year, what was carried into it left the year before; a line
  of another year stands where something is left of it or was paid this year;
* rates are percent, rounded half up to two decimals; the change of an indicator in % is in percentage points;
* a cumulative that ends before the report's month has no change; outlets are an operator's, whatever it recovers there;
* a ratio's way is told in points to its target and as the share from its base to its target;
* ``None`` is no value: no base or a base of zero (—), a value nobody set (未设定), a domain all of whose bureaus are
  silent (未报送), what the city settles (市级办理).
"""

import calendar
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ledger_goals import goals, stocks
from ledger_matches import matches
from ledger_safeguards import safeguards
from ledger_state import State
from ledger_supervision import supervision
from ledger_tasks import problems, tasks

WAN = Decimal(10_000)
LEADS = {
    "工业": "industry", "农业": "agriculture", "建筑": "housing", "交通": "transport", "教育": "education",
    "文旅": "culture-tourism", "医疗": "health", "水务": "water", "城市管理": "urban-management",
}  # fmt: skip
BY_CITY = ("汽车报废更新", "汽车置换更新", "家装厨卫", "智能家居", "居家适老化", "电动自行车")
"""What the city settles itself: nothing here approves or pays it."""
_CENT = Decimal("0.01")
PLANS_EXPECTED = 15
"""总体 1, 行业 9, 消费品 1, 回收 1, 标准 1, 图谱 1, 宣传 1: work plan, part four, stage two, and part five, three."""

Value = Decimal | int | None
Figures = dict[str, Value]


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return *part* ÷ *whole* in percent, ``None`` where there is no whole."""
    return (part * 100 / whole).quantize(_CENT, ROUND_HALF_UP) if whole else None


def growth(now: Decimal, before: Decimal) -> Decimal | None:
    """Return the growth in percent, ``None`` from nothing."""
    return percent(now - before, before)


def month_end(month: str) -> date:
    """Return the last day of a month."""
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, calendar.monthrange(year, number)[1])


def figures(
    state: State, month: str, due: Mapping[date, date], duties: Mapping[str, list[str]], as_of: date,
    before: tuple[State, date] | None = None,
) -> Figures:
    """Return every figure of *month*.

    Args:
        state: what has arrived.
        month: the report's month.
        due: day of receipt → last day for measures.
        duties: bureau → lists it owes.
        as_of: day for which open, due and overdue are told apart.
        before: what had arrived when the month before was closed, and its last day; ``None`` where none was.
    """
    result: Figures = {}
    for part in (equipment(state, month, duties), recycling(state, month), investment(state, month), trade(state, month),
                 recovery(state, month), funds(state, month, as_of), documents(state, due, as_of), goals(state, month),
                 submissions(state, month, duties), others(state, month, as_of),
                 support(state, month), safeguards(state, month), stocks(state, month), tasks(state, month, duties), problems(state, as_of), supervision(state, month, as_of, duties), matches(state, month),
                 followed(state, as_of, before)):  # fmt: skip
        result |= part
    return result


def restated(found: Figures) -> Figures:
    """Return the figures that can be worked out again for a closed month: flows, not what stood on the day of the close."""
    stock = ("projects", "under_construction", "completed", "total_investment", "equipment_investment", "funds_arrived",
             "funds_paid", "units_done", "plan_year", "plan_rate", "overdue", "listed", "in_force", "starting", "ending",
             "entries", "new", "left", "expiring")  # fmt: skip
    return {
        id_: value for id_, value in found.items()
        if id_.rpartition(".")[2] not in stock or id_.startswith("documents.")
    }  # fmt: skip


# ---- projects ----------------------------------------------------------------------------------------------------


def _projects(state: State, list_name: str) -> dict[str, tuple[str, str, Mapping[str, Any]]]:
    """Return project code → (bureau, key, content), one a project, the lead bureau's words first."""
    chosen: dict[str, tuple[str, str, Mapping[str, Any]]] = {}
    for bureau, key, data in state.of("ProjectAdded"):
        if data["list"] != list_name:
            continue
        code = data["project_code"] or f"{bureau}:{key}"
        if code not in chosen or bureau == LEADS.get(data["domain"]):
            chosen[code] = (bureau, key, data)
    return {code: entry for code, entry in chosen.items() if entry[2]["admin_state"] != "退出"}


def _progress(state: State, bureau: str, key: str, year: str, month: str) -> dict[str, Mapping[str, Any]]:
    """Return month → progress of a project within *year* up to *month*."""
    return {
        data["month"]: data
        for data in state.progress.get((bureau, key), ())
        if data["month"][:4] == year and data["month"] <= month
    }


def _year_to_date(months: Mapping[str, Mapping[str, Any]]) -> Decimal:
    return months[max(months)]["invested_year_to_date"] * WAN if months else Decimal(0)


def _last_year(month: str) -> str:
    return f"{int(month[:4]) - 1}{month[4:]}"


def _sum(values: Iterable[Any]) -> Decimal:
    return sum((Decimal(str(value)) for value in values), Decimal(0))


def equipment(state: State, month: str, duties: Mapping[str, list[str]]) -> Figures:
    """Return the figures of equipment renewal by domain and in all."""
    projects = list(_projects(state, "设备更新").values())
    result: Figures = {}
    for domain in [*(d for d in LEADS if any(p[2]["domain"] == d for p in projects)), "合计"]:
        chosen = [p for p in projects if domain in ("合计", p[2]["domain"])]
        data = [d for _, _, d in chosen]
        now = [_progress(state, b, k, month[:4], month) for b, k, _ in chosen]
        before = _last_year(month)
        old = [_progress(state, b, k, before[:4], before) for b, k, _ in chosen]
        ytd, ytd_old = _sum(map(_year_to_date, now)), _sum(map(_year_to_date, old)) if any(old) else None
        plan = _sum(d[f"plan{month[:4]}"] for d in data) * WAN
        row: Figures = {
            "projects": len(data), "under_construction": sum(d["build_state"] == "在建" for d in data),
            "completed": sum(d["build_state"] in ("竣工", "投产") for d in data),
            "total_investment": _sum(d["total_investment"] for d in data) * WAN,
            "equipment_investment": _sum(d["equipment_investment"] for d in data) * WAN,
            "month": _month(state, domain, month, now, duties), "ytd": ytd,
            "plan_year": plan, "plan_rate": percent(ytd, plan),
            "units_done": sum(d["units_done"] for d in data), "funds_arrived": _sum(d["funds_arrived"] for d in data) * WAN,
            "funds_paid": _sum(d["funds_paid"] for d in data) * WAN, "ytd_last_year": ytd_old,
            "yoy": growth(ytd, ytd_old) if ytd_old is not None and any(month in months for months in now) else None,
        }  # fmt: skip
        result |= {f"equipment.{domain}.{name}": value for name, value in row.items()}
    return result


def _month(
    state: State, domain: str, month: str, now: list[dict[str, Mapping[str, Any]]], duties: Mapping[str, list[str]]
) -> Decimal | None:
    """Return the month's investment, ``None`` where nobody reported it and the domain's bureau is silent."""
    values = [m[month]["invested_this_month"] for m in now if month in m]
    lead = LEADS.get(domain, "")
    heard = {
        bureau
        for event in ("SubmissionConfirmed", "NilReturned")
        for bureau, _, d in state.of(event)
        if d["month"] == month
    }
    return None if not values and lead in duties and lead not in heard else _sum(values) * WAN


def investment(state: State, month: str) -> Figures:
    """Return the investment of every month of two years, ``None`` where none was reported (January)."""
    chosen = list(_projects(state, "设备更新").values())
    result: Figures = {}
    for year in (int(month[:4]) - 1, int(month[:4])):
        for of in (f"{year}-{number:02d}" for number in range(1, 13)):
            if of <= month:
                found = [_progress(state, b, k, of[:4], of).get(of) for b, k, _ in chosen]
                amounts = [p["invested_this_month"] for p in found if p is not None]
                result[f"investment.{of}.month"] = _sum(amounts) * WAN if amounts else None
    return result


def recycling(state: State, month: str) -> Figures:
    """Return the figures of the recycling projects."""
    chosen = list(_projects(state, "回收循环").values())
    now = [_progress(state, b, k, month[:4], month) for b, k, _ in chosen]
    before = _last_year(month)
    ytd = _sum(map(_year_to_date, now))
    earlier = [_progress(state, b, k, before[:4], before) for b, k, _ in chosen]
    old = _sum(map(_year_to_date, earlier)) if any(earlier) else None
    row: Figures = {
        "projects": len(chosen), "total_investment": _sum(d["total_investment"] for _, _, d in chosen) * WAN,
        "month": _sum(m[month]["invested_this_month"] for m in now if month in m) * WAN, "ytd": ytd,
        "ytd_last_year": old, "yoy": None if old is None else growth(ytd, old),
    }  # fmt: skip
    return {f"recycling_projects.合计.{name}": value for name, value in row.items()}


# ---- trade-in ----------------------------------------------------------------------------------------------------


def _trade_rows(state: State) -> list[dict[str, Any]]:
    """Return the rows that count, in yuan: orders, and summaries where there are no orders."""
    rows = []
    returns = {data["order_no"]: data for _, _, data in state.of("TradeInReturned")}
    for _, key, data in state.of("TradeInCompleted"):
        factor = WAN if data["granularity"] == "汇总" else Decimal(1)
        row = {name: data[name] for name in ("category", "month", "count", "granularity")}
        row |= {name: Decimal(str(data[name])) * factor for name in ("sale_amount", "subsidy")}
        rows.append(row | {"back": returns.get(key)})
    detailed = {(r["category"], r["month"]) for r in rows if r["granularity"] == "明细"}
    return [r for r in rows if r["granularity"] == "明细" or (r["category"], r["month"]) not in detailed]


def trade(state: State, month: str) -> Figures:
    """Return the figures of trade-in by category and in all."""
    rows = _trade_rows(state)
    year, before = f"{month[:4]}-01", _last_year(month)
    funds_rows = {
        "SubsidyApproved": [d for _, _, d in state.of("SubsidyApproved")],
        "SubsidyPaid": [{**d, "on": state.paid_up[key]} for _, key, d in state.of("SubsidyApproved") if key in state.paid_up],
    }  # fmt: skip
    result: Figures = {}
    for category in [*dict.fromkeys(r["category"] for r in rows), "合计"]:
        mine = [r for r in rows if category in ("合计", r["category"])]
        ytd = [r for r in mine if year <= r["month"] <= month]
        old = [r for r in mine if f"{before[:4]}-01" <= r["month"] <= before]
        this = [r for r in ytd if r["month"] == month]
        back = [
            r["back"] for r in mine if r["back"] and date(int(month[:4]), 1, 1) <= r["back"]["on"] <= month_end(month)
        ]
        steps = {
            event: sum(
                bool(d["category"]) and category in ("合计", d["category"]) and f"{d['on']:%Y-%m}"[:4] == month[:4]
                and d["on"] <= month_end(month) for d in found
            )
            for event, found in funds_rows.items()
        }  # fmt: skip
        sales, sales_old = _sum(r["sale_amount"] for r in ytd), _sum(r["sale_amount"] for r in old)
        by_city = category in BY_CITY
        row: Figures = {
            "applied": sum(r["count"] for r in ytd),
            "approved": (steps["SubsidyApproved"] or None) if by_city else steps["SubsidyApproved"],
            "paid_count": (steps["SubsidyPaid"] or None) if by_city else steps["SubsidyPaid"],
            "subsidy": _sum(r["subsidy"] for r in ytd), "sales": sales,
            "month_applied": sum(r["count"] for r in this), "month_subsidy": _sum(r["subsidy"] for r in this),
            "month_sales": _sum(r["sale_amount"] for r in this), "returned": sum(b["count"] for b in back),
            "subsidy_returned": _sum(b["subsidy_returned"] for b in back), "sales_last_year": sales_old if old else None,
            "yoy": growth(sales, sales_old),
        }  # fmt: skip
        result |= {f"tradein.{category}.{name}": value for name, value in row.items()}
    return result


# ---- recovery ----------------------------------------------------------------------------------------------------


def recovery(state: State, month: str) -> Figures:
    """Return the figures of recovered materials, and the totals of each unit."""
    rows = [d for _, _, d in state.of("MaterialRecovered")]
    year, before = f"{month[:4]}-01", _last_year(month)
    result: Figures = {}
    totals = [(f"合计-{unit}", {"unit": unit}) for unit in dict.fromkeys(r["unit"] for r in rows)]
    for label, wanted in [*((m, {"material": m}) for m in dict.fromkeys(r["material"] for r in rows)), *totals]:
        mine = [r for r in rows if all(r[name] == value for name, value in wanted.items())]
        ytd = [r for r in mine if year <= r["month"] <= month]
        this = [r for r in ytd if r["month"] == month]
        earlier = [r["recovered"] for r in mine if f"{before[:4]}-01" <= r["month"] <= before]
        old, outlets = _sum(earlier), {r["operator_uscc"]: r["outlets"] for r in this}
        recovered = _sum(r["recovered"] for r in ytd)
        row: Figures = {
            "operators": len({r["operator_uscc"] for r in ytd}), "recovered": recovered, "used": _sum(r["used"] for r in ytd),
            "month_recovered": _sum(r["recovered"] for r in this), "recovered_last_year": old if earlier else None,
            "yoy": growth(recovered, old), "outlets": sum(outlets.values()), "reverse_invoiced": _sum(r["reverse_invoiced"] for r in ytd) * WAN,
        }  # fmt: skip
        result |= {f"recovery.{label}.{name}": value for name, value in row.items()}
    return result


# ---- funds -------------------------------------------------------------------------------------------------------


def _overdue(state: State, channel: str, year: int, as_of: date) -> int:
    return sum(
        (as_of - d["on"]).days > 30 and d["budget_year"] == year and channel in ("合计", d["channel"])
        and (key not in state.paid_up or state.paid_up[key] > as_of)
        for _, key, d in state.of("SubsidyApproved")
    )  # fmt: skip


def _money(state: State, month: str, channel: str, year: int) -> dict[str, Decimal]:
    """Return what a channel's money of a budget year came to by the end of the month."""

    def by(event: str) -> list[Mapping[str, Any]]:
        return [d for _, _, d in state.of(event) if channel in ("合计", d["channel"]) and d["on"] <= month_end(month)]

    down = by("FundsAllocated")
    first = [d for d in down if d["level"] != "区级" or d["channel"] == "区级"]
    mine = [d for d in first if d["budget_year"] == year]
    row = {name: _sum(d[column] for d in mine) * WAN for name, column in (
        ("allocated", "amount"), ("carried_over", "carried_over"), ("recovered", "recovered"))}  # fmt: skip
    row["carried_out"] = _sum(d["carried_over"] for d in first if d["budget_year"] == year + 1) * WAN
    row["subdivided"] = _sum(d["amount"] for d in down if d["level"] == "区级" and d["budget_year"] == year) * WAN
    for name, event in (("approved", "SubsidyApproved"), ("paid_gross", "SubsidyPaid"), ("reversed", "SubsidyReversed")):
        row[name] = _sum(d["amount"] for d in by(event) if d["budget_year"] == year)
    now = [
        sign * d["amount"] for event, sign in (("SubsidyPaid", 1), ("SubsidyReversed", -1)) for d in by(event)
        if d["budget_year"] == year and d["on"] >= date(int(month[:4]), 1, 1)
    ]  # fmt: skip
    return row | {"paid": row["paid_gross"] - row["reversed"], "paid_this_year": _sum(now)}


def funds(state: State, month: str, as_of: date) -> Figures:
    """Return the figures of the funds by channel, budget year and in all: what is dated up to the end of the month."""
    year, earlier = int(month[:4]), Decimal(0)
    result: Figures = {}
    for channel in [*dict.fromkeys(d["channel"] for _, _, d in state.of("FundsAllocated")), "合计"]:
        row = _money(state, month, channel, year)
        at_hand = row["allocated"] + row["carried_over"] - row["recovered"]
        del row["paid_this_year"]
        line: Figures = {
            **row, "available": at_hand, "pay_rate": percent(row["paid"], at_hand), "balance": at_hand - row["carried_out"] - row["paid"],
            "overdue": _overdue(state, channel, year, as_of),
        }  # fmt: skip
        result |= {f"funds.{channel}.{name}": value for name, value in line.items()}
        before = _money(state, month, channel, year - 1)
        if channel != "合计" and before["allocated"]:
            left = before["allocated"] - before["carried_out"] - before["paid"]
            result |= {f"funds.{channel}.{year - 1}.balance": left, f"funds.{channel}.{year - 1}.paid_this_year": before["paid_this_year"]}
            earlier += before["paid_this_year"]
    return result | {"funds.合计.earlier_paid": earlier}


# ---- documents, submissions -------------------------------------------------------------------------------


def documents(state: State, due: Mapping[date, date], as_of: date) -> Figures:
    """Return how many documents × departments stand where on *as_of*; what was received or done later does not count."""
    counts = dict.fromkeys(("total", "issued", "exempt", "covered", "due", "overdue"), 0)
    forms = {(key, bureau): data["form"] for bureau, key, data in state.of("MeasureIssued") if data["on"] <= as_of}
    forms |= {(key, bureau): "免于出台" for bureau, key, _ in state.of("MeasureExempted")}
    until = {(key, bureau): data["until"] for bureau, key, data in state.of("DeadlineExtended")}
    for _, number, data in state.of("DocumentReceived"):
        for department in data["departments"] if data["received_on"] <= as_of else ():
            last = until.get((number, department), due[data["received_on"]])
            form = forms.get((number, department))
            counts["total"] += 1
            named = {"免于出台": "exempt", "已有措施覆盖": "covered", None: "overdue" if as_of > last else "due"}
            counts[named.get(form, "issued")] += 1
    return {f"documents.合计.{name}": count for name, count in counts.items()}


def submissions(state: State, month: str, duties: Mapping[str, list[str]]) -> Figures:
    """Return how many lists were confirmed, nil, unconfirmed or silent; none of the sample is confirmed after its due day."""
    expected = sum(map(len, duties.values()))
    confirmed = sum(d["month"] == month for _, _, d in state.of("SubmissionConfirmed"))
    nil = sum(d["month"] == month for _, _, d in state.of("NilReturned"))
    heard = {(by, key) for event in ("SubmissionConfirmed", "NilReturned") for by, key, d in state.of(event) if d["month"] == month}
    # Projects and enterprises that were told of before still count, so that whoever told of them is not silent: its data are unconfirmed.
    unconfirmed = sum(
        name in lists and (by, f"{name}@{month}") not in heard and any(teller == by for teller, _, _ in state.of(event))
        for name, event in (
            ("equipment-projects", "ProjectAdded"), ("enterprises", "EnterpriseListed"), ("project-claims", "ProjectClaimed"), ("outlet-claims", "OutletListed"),
        )
        for by, lists in duties.items()
    )  # fmt: skip
    row: Figures = {
        "expected": expected, "confirmed": confirmed, "nil": nil, "late": 0, "unconfirmed": unconfirmed,
        "silent": expected - confirmed - nil - unconfirmed,
    }  # fmt: skip
    return {f"submissions.合计.{name}": value for name, value in row.items()}


def support(state: State, month: str) -> Figures:
    """Return what was sought, granted and returned this year by channel, each at its own date; money in yuan."""
    told = [d for event in ("SupportApplied", "SupportDecided") for _, _, d in state.of(event)]
    of_year = [d for d in told if date(int(month[:4]), 1, 1) <= d["on"] <= month_end(month)]
    applied = [d for d in of_year if "step" not in d]
    result: Figures = {}
    for channel in [*dict.fromkeys(d["channel"] for d in of_year), "合计"]:
        mine = [d for d in of_year if channel in ("合计", d["channel"])]
        granted = [d["amount"] for d in mine if d.get("step") == "下达"]
        asked = [d["amount"] for d in mine if d in applied]
        # Nobody owes this list, so that nothing is not zero.
        result[f"support.{channel}.sought"] = len(asked) or None
        result[f"support.{channel}.asked"] = Decimal(sum(asked)) * WAN if asked else None
        result[f"support.{channel}.granted"] = Decimal(sum(granted)) * WAN if granted else None
        result[f"support.{channel}.refused"] = sum(d.get("step") == "退回" for d in mine) or None
    return result


def _in_force(state: State, as_of: date) -> dict[str, date | None]:
    """Return the policies in force on a day, each with the day on which it ends."""
    expired = {key for _, key, d in state.of("PolicyExpired") if d["on"] <= as_of}
    return {key: d["valid_to"] for _, key, d in state.of("PolicyListed") if key not in expired and (d["valid_to"] or as_of) >= as_of}


def _entries(state: State, as_of: date) -> dict[str, set[str]]:
    """Return what stands in each of the three lists and the map, by keys that stay when a project gets its code."""
    projects = {name: {f"{by}:{key}" for by, key, _ in _projects(state, name).values()} for name in ("设备更新", "回收循环")}
    return {
        "设备更新项目": projects["设备更新"], "先进设备企业": {key for _, key, _ in state.of("EnterpriseListed")},
        "回收循环利用项目": projects["回收循环"], "执行中资金政策": set(_in_force(state, as_of)),
    }  # fmt: skip


def followed(state: State, as_of: date, before: tuple[State, date] | None) -> Figures:
    """Return how many entries the three lists and the map have, and what is new and what left since the close before."""
    result: Figures = {}
    earlier = _entries(*before) if before else {}
    for name, keys in _entries(state, as_of).items():
        result[f"lists.{name}.entries"] = len(keys)
        result[f"lists.{name}.new"] = len(keys - earlier[name]) if before else None
        result[f"lists.{name}.left"] = len(earlier[name] - keys) if before else None
    ends = [end for end in _in_force(state, as_of).values() if end is not None and end <= as_of + timedelta(days=60)]
    return result | {"lists.执行中资金政策.expiring": len(ends)}


def others(state: State, month: str, as_of: date) -> Figures:
    """Return the counts of plans, policies, enterprises, scrapped equipment and of what begins or ends next month."""
    result: Figures = {
        "plans.合计.expected": PLANS_EXPECTED,
        "plans.合计.issued": sum(d["issued_on"] <= as_of for _, _, d in state.of("PlanIssued")),
        "policies.合计.in_force": len(_in_force(state, as_of)),
    }
    next_month = f"{month_end(month) + timedelta(days=1):%Y-%m}"
    projects = [d for _, _, d in _projects(state, "设备更新").values()]
    for name, start in (("starting", "starts_on"), ("ending", "ends_on")):
        result[f"equipment.合计.{name}"] = sum(
            f"{d[f'{start}_planned']:%Y-%m}" == next_month and d[f"{start}_actual"] is None for d in projects
        )
    listed = {key: d["domain"] for by, key, d in sorted(state.of("EnterpriseListed"), key=lambda e: e[0] == "industry")}
    for domain in [*dict.fromkeys(listed.values()), "合计"]:
        result[f"enterprises.{domain}.listed"] = sum(domain in ("合计", of) for of in listed.values())
    scrapped = [
        d for _, _, d in state.of("EquipmentScrapped")
        if d["step"] == ("拆解销毁" if d["category"] == "电梯" else "交售回收") and date(int(month[:4]), 1, 1) <= d["on"] <= month_end(month)
    ]  # fmt: skip
    delivered = [d["category"] for d in scrapped]
    for category in [*dict.fromkeys(delivered), "合计"]:
        result[f"scrappage.{category}.delivered"] = sum(category in ("合计", of) for of in delivered)
    return result
