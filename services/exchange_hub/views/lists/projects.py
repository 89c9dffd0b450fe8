"""Projects: the equipment-renewal list, the recycling list, and their monthly progress.

A project that two bureaus report under one 项目代码 is one row; money and states come from the lead bureau of its
domain, and what it leaves empty from the other. Of a statement of the project and a month's progress that say the same
thing, the later business date counts, and of equal dates the progress (FIGURES 5). Source: work plan, part four, stage one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.lists.folding import (
    Apart,
    Claimed,
    Kind,
    Said,
    current,
    day,
    facts_named,
    last_day_of,
    merged,
    of_family,
    ranked,
    saying,
    unnamed,
)
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, Printed, columns
from exchange_hub.views.lists.project_findings import RULES, findings
from exchange_hub.views.lists.town_claims import STANDING
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

_COLUMNS = columns("""
    project_code 项目代码 text code 26
    internal_no 内部编号 text code
    name 项目名称 text 34
    domain 领域 text filter
    construction_nature 建设性质 text
    renewal 更新方式 text filter
    lead_bureau 填报单位 text filter bureau 18
    contact_office 联系科室 text
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
    old_equipment 拟更新设备 text 30
    new_equipment 拟购置设备 text 30
    approval_no 批复文号 text code 22
    starts_on_planned 计划开工 date
    starts_on_actual 实际开工 date
    ends_on_planned 计划竣工 date
    ends_on_actual 实际竣工 date
    build_state 建设状态 text filter
    fund_state 资金状态 text filter
    channel_sought 拟争取资金渠道 text
    admin_state 管理状态 text filter
    waste_category 废弃物类别 text filter
    capacity 处理能力 quantity 吨/年
    latest_month 最新进度月 month
    invested_since_start 自开工累计 money 元
    invested_year_to_date 自年初累计 money 元 year:latest_month
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
    annex=AnnexPlace("项目月度进度", 9, paper=False), merge_columns=("month",), of_project="project_key",
)  # fmt: skip
LIST_OF_WORD = {"设备更新": EQUIPMENT.name, "回收循环": RECYCLING.name}
_TITLES: dict[str, str] = {name: title for title, name in LIST_OF_WORD.items()}
_DATES = ("starts_on_planned", "starts_on_actual", "ends_on_planned", "ends_on_actual")
_TAKEN = facts_named(
    "project_code", "name", "construction_nature", "renewal", "owner_uscc", "owner_name", "town",
    "total_investment", "equipment_investment", "equipment_purchase", "planned_by_year", "funding", "funds_arrived",
    "funds_paid", "units_planned", "units_done", "energy_saving", "approval_no", "build_state", "fund_state",
    "admin_state", "waste_category", "capacity", "problems", "old_equipment", "new_equipment", "channel_sought", "contact_office", *_DATES,
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
    # The lead depends on list and domain, so neither can depend on the lead: the district's order of bureaus decides (FIGURES 9).
    named = ranked(said, rules, EQUIPMENT.name, field="domain")
    list_name = LIST_OF_WORD[named[0][1]["list"]]
    domain = next((facts["domain"] for _, facts in named if facts.get("domain")), None)
    said = ranked(said, rules, list_name, domain)
    lead, first = said[0]
    row = merged(said, _TAKEN, rules, list_name, domain)
    row["domain"] = domain
    for name in _DATES:
        row[name] = day(row[name])
    row["internal_no"] = first.get("internal_no")
    row["lead_bureau"] = lead.bureau
    key = row["project_code"] or unnamed(component)
    months = _months_reported(claims, rules, row["domain"])
    if months:
        latest = max(months)
        row["latest_month"] = latest
        row["invested_year_to_date"] = months[latest][1].get("invested_year_to_date")
        _, row["invested_since_start"] = _last_said(months, "invested_since_start")
        for name in ("units_done", "build_state"):
            on, value = _last_said(months, name)
            if value is not None and (row[name] is None or _stated_on(said, name, rules, list_name, domain) <= on):
                row[name] = value
    yield Row(list_name, key, row)
    for month, (bureau, facts) in months.items():
        yield Row(PROGRESS.name, f"{key}@{month}", _progress(key, list_name, row["domain"], month, bureau, facts))


def _last_said(months: Mapping[str, tuple[str, Mapping[str, Any]]], name: str) -> tuple[int, Any]:
    """Return (the last day of its month, value) of the latest progress that fills *name*: what is left empty says nothing."""
    for month in sorted(months, reverse=True):
        value = months[month][1].get(name)
        if value is not None:
            return last_day_of(month), value
    return 0, None


def _stated_on(said: Sequence[Said], name: str, rules: FoldRules, list_name: str, domain: str | None) -> int:
    """Return the business date of the statement that fills *name* in the row."""
    filled = (facts for _, facts in ranked(said, rules, list_name, domain, name) if facts.get(name) is not None)
    return int(next(filled)["occurred_on"])


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


_CLAIMED = Claimed(
    ListView(
        ListName("project-claims"), "镇街园区申报项目", "project_claim",
        (
            *columns("""
                town 镇街园区 text filter
                name 项目名称 text 34
                claim_no 项目代码或编号 text code 26
                list 清单 text filter names_list 20
                domain 领域 text filter
                owner_uscc 统一社会信用代码 text code 21
                owner_name 项目单位 text 28
                total_investment 总投资 money 元
                build_state 建设状态 text filter
            """),
            *STANDING,
        ),
        brief=("town", "name", "claim_state", "owner_bureau", "total_investment", "claimed_on", "domain", "differs", "claim_no"),
        annex=AnnexPlace("镇街园区申报项目", 22, paper=False),
    ),
    "project", lambda facts: LIST_OF_WORD[facts["list"]], lambda facts: facts.get("project_code") or facts.get("internal_no"),
    facts_named("name", "list", "domain", "owner_uscc", "owner_name", "total_investment", "build_state"),
    ("name", "owner_uscc", "domain", "town", "total_investment"),
)  # fmt: skip
CLAIMS = _CLAIMED.view

KIND = Kind(
    "project", "项目", _rows, (EQUIPMENT, RECYCLING, PROGRESS, CLAIMS), _identities,
    apart={PROGRESS.name: Apart(("month",), ("domain",)), CLAIMS.name: Apart(("lead_bureau", "claim_no", "name"))}, findings=findings,
    asks=frozenset({"domain"}), rules=(*RULES, *_CLAIMED.rules), claimed=_CLAIMED,
)  # fmt: skip
