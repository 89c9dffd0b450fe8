"""Projects: the equipment-renewal list, the recycling list, and their monthly progress.

A project that two bureaus report under one 项目代码 is one row; money and states come from the lead bureau of its
domain, and what it leaves empty from the other. Source: work plan, part four, stage one.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from exchange_hub.views.findings import Finding
from exchange_hub.views.lists.folding import (
    Apart,
    Kind,
    current,
    day,
    facts_named,
    merged,
    of_family,
    ranked,
    saying,
    unnamed,
)
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, Printed, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

_COLUMNS = columns("""
    project_code 项目代码 text code 26
    internal_no 内部编号 text code
    name 项目名称 text 34
    domain 领域 text filter
    construction_nature 建设性质 text
    lead_bureau 填报单位 text filter bureau 18
    owner_uscc 统一社会信用代码 text code 21
    owner_name 项目单位 text 28
    town 镇街园区 text filter
    total_investment 总投资 money 元
    equipment_investment 设备投资 money 元
    equipment_purchase 设备购置费 money 元
    planned_by_year 分年计划投资 money_map 元
    funding 资金来源 money_map 元
    funds_arrived 到位资金 money 元
    funds_paid 支付资金 money 元
    units_planned 计划更新台套 count 台套
    units_done 完成更新台套 count 台套
    energy_saving 年节能量 quantity 吨标准煤
    approval_no 批复文号 text code 22
    starts_on_planned 计划开工 date
    starts_on_actual 实际开工 date
    ends_on_planned 计划竣工 date
    ends_on_actual 实际竣工 date
    build_state 建设状态 text filter
    fund_state 资金状态 text filter
    admin_state 管理状态 text filter
    waste_category 废弃物类别 text filter
    capacity 处理能力 quantity 吨/年
    latest_month 最新进度月 month
    invested_since_start 自开工累计 money 元
    invested_year_to_date 自年初累计 money 元
    problems 存在问题 text 34
""")
_LARGEST = Printed("按总投资列前{n}条", "total_investment DESC NULLS LAST")

EQUIPMENT = ListView(
    ListName("equipment-projects"), "设备更新项目清单", "equipment_project", _COLUMNS,
    brief=(
        "name", "domain", "total_investment", "invested_year_to_date", "build_state", "lead_bureau", "units_done", "fund_state",
        "equipment_investment", "owner_name", "town", "latest_month", "units_planned",
    ),
    printed_columns=(
        "name", "domain", "lead_bureau", "owner_name", "town", "total_investment", "equipment_investment",
        "invested_year_to_date", "units_done", "build_state", "fund_state",
    ),
    annex=AnnexPlace("设备更新项目清单", 1), printed=_LARGEST, merge_columns=(),
)  # fmt: skip
RECYCLING = ListView(
    ListName("recycling-projects"), "回收循环利用项目清单", "recycling_project", _COLUMNS,
    brief=(
        "name", "waste_category", "total_investment", "invested_year_to_date", "build_state", "lead_bureau", "capacity",
        "fund_state", "owner_name", "town", "latest_month",
    ),
    printed_columns=(
        "name", "waste_category", "lead_bureau", "owner_name", "town", "total_investment", "invested_year_to_date", "capacity",
        "build_state", "fund_state",
    ),
    annex=AnnexPlace("回收循环利用项目清单", 3), printed=_LARGEST, merge_columns=(),
)  # fmt: skip
PROGRESS = ListView(
    ListName("project-progress"), "项目月度进度", "project_progress",
    columns("""
        project_key 项目 text code
        list 清单 text filter names_list 20
        domain 领域 text filter
        month 月份 month filter
        invested_this_month 本月完成投资 money 元
        invested_year_to_date 自年初累计 money 元 cumulative
        invested_since_start 自开工累计 money 元 cumulative
        units_done 完成更新台套 count 台套 cumulative
        build_state 建设状态 text filter
        lead_bureau 填报单位 text filter bureau 18
        text 进展 text 44
    """),
    brief=(
        "project_key", "month", "invested_this_month", "invested_year_to_date", "lead_bureau", "domain", "build_state",
        "units_done", "invested_since_start", "text",
    ),
    annex=AnnexPlace("项目月度进度", 9, paper=False), merge_columns=("month",),
)  # fmt: skip
_LISTS = {"设备更新": EQUIPMENT.name, "回收循环": RECYCLING.name}
_TITLES: dict[str, str] = {name: title for title, name in _LISTS.items()}
_DATES = ("starts_on_planned", "starts_on_actual", "ends_on_planned", "ends_on_actual")
_TAKEN = facts_named(
    "project_code", "name", "domain", "construction_nature", "owner_uscc", "owner_name", "town",
    "total_investment", "equipment_investment", "equipment_purchase", "planned_by_year", "funding", "funds_arrived",
    "funds_paid", "units_planned", "units_done", "energy_saving", "approval_no", "build_state", "fund_state",
    "admin_state", "waste_category", "capacity", "problems", *_DATES,
)  # fmt: skip

_REPORTED = facts_named("invested_this_month", "invested_year_to_date", "invested_since_start", "units_done", "build_state", "text")


def _identities(claim: Claim) -> list[str]:
    """A project is the same project where the 项目代码 (GB/T 40058-2021) is the same."""
    facts = current(claim, "project")
    code = facts.get("project_code") if facts else None
    return [f"项目代码 {code}"] if code else []


def _rows(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give the project's row and a row for each month it reported."""
    said = saying(claims, "project")
    if not said:
        return
    domain = min((facts["domain"] for _, facts in said if facts.get("domain")), default=None)
    list_name = _LISTS[min(facts["list"] for _, facts in said)]
    said = ranked(said, rules, list_name, domain)
    lead, first = said[0]
    row = merged(said, _TAKEN, rules, list_name, domain)
    for name in _DATES:
        row[name] = day(row[name])
    row["internal_no"] = first.get("internal_no")
    row["lead_bureau"] = lead.bureau
    key = row["project_code"] or unnamed(component)
    months = _months_reported(claims, rules, row["domain"])
    if months:
        latest = max(months)
        row["latest_month"] = latest
        for name in ("invested_since_start", "invested_year_to_date"):
            row[name] = months[latest][1].get(name)
        for name in ("units_done", "build_state"):
            value = months[latest][1].get(name)
            row[name] = row[name] if value is None else value
    yield Row(list_name, key, row)
    for month, (bureau, facts) in months.items():
        yield Row(PROGRESS.name, f"{key}@{month}", _progress(key, list_name, row["domain"], month, bureau, facts))


def _months_reported(
    claims: Sequence[Claim], rules: FoldRules, domain: str | None
) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Choose for each month the report of the bureau that takes precedence."""
    order = rules.order(PROGRESS.name, "*", domain)
    chosen: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for claim in sorted(claims, key=lambda claim: (order(claim.key.bureau), claim.key)):
        for month, fact in of_family(claim, "progress"):
            chosen.setdefault(month, (claim.key.bureau, fact.facts))
    return dict(sorted(chosen.items()))


def _progress(
    key: str, list_name: str, domain: str | None, month: str, bureau: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "project_key": key, "list": _TITLES[list_name], "domain": domain, "month": month, "lead_bureau": bureau,
        **_REPORTED.of(facts),
    }  # fmt: skip


#: Fields in which two bureaus that report one project should agree.
_AGREE = {"total_investment": "总投资", "equipment_investment": "设备投资", "owner_uscc": "统一社会信用代码"}


def _findings(claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    main, subject = rows[0].values, rows[0].key
    yield from _two_bureaus(claims, subject)
    total, funding = main["total_investment"], main["funding"]
    if total is not None and funding and sum(funding.values()) != total:
        detail = {"total_investment": total, "funding": sum(funding.values())}
        yield Finding("funding-sum", subject, "资金来源合计与总投资不相等,请核对", detail)
    since = main.get("invested_since_start")
    if total is not None and since is not None and since > total:
        detail = {"total_investment": total, "invested_since_start": since}
        yield Finding("over-total", subject, "累计完成投资超过总投资,请核对是否已调整概算", detail)
    if main["build_state"] in ("谋划", "储备", "未开工") and since:
        yield Finding("not-started", subject, "建设状态为未开工而已有完成投资,请核对", {"invested_since_start": since})
    yield from _months(rows)


def _two_bureaus(claims: Sequence[Claim], subject: str) -> Iterator[Finding]:
    if len(claims) < 2:
        return
    said = {claim.key.bureau: facts for claim in claims if (facts := current(claim, "project")) is not None}
    for field, title in _AGREE.items():
        values = {bureau: facts.get(field) for bureau, facts in sorted(said.items()) if facts.get(field) is not None}
        if len(set(values.values())) > 1:
            yield Finding(f"two-bureaus-{field}", subject, f"不同单位填报的{title}不一致,请核对", values)


def _months(rows: Sequence[Row]) -> Iterator[Finding]:
    """Compare each month's year-to-date with the month before it and with its own amount."""
    months = [row for row in rows if row.list == PROGRESS.name]
    for earlier, later in pairwise(months):
        before, after = earlier.values, later.values
        old, new, this = before["invested_year_to_date"], after["invested_year_to_date"], after["invested_this_month"]
        if old is None or new is None or before["month"][:4] != after["month"][:4]:
            continue
        detail = {"before": old, "this_month": this, "now": new, "month": after["month"]}
        if new < old:
            yield Finding("year-to-date-falls", later.key, f"{after['month']}自年初累计小于上次报送,请说明核减原因", detail)
        elif this is not None and _next_month(before["month"]) == after["month"] and old + this != new:
            yield Finding("year-to-date-sum", later.key, f"{after['month']}自年初累计不等于上月累计加本月,请核对", detail)


def _next_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


KIND = Kind(
    "project", "项目", _rows, (EQUIPMENT, RECYCLING, PROGRESS), _identities,
    apart={PROGRESS.name: Apart(("month",), ("domain",))}, findings=_findings,
    asks=frozenset({"domain"}),
    rules=(
        "funding-sum", "over-total", "not-started", "year-to-date-falls", "year-to-date-sum", *(f"two-bureaus-{field}" for field in _AGREE),
    ),
)  # fmt: skip
