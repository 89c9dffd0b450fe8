"""Projects: the equipment-renewal and recycling lists and their monthly progress.

A project that two bureaus report under one 项目代码 is one row; money and states come from the lead bureau of its
domain, and what it leaves empty from the other. Source: work plan, part four, stage one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.folds.base import columns, current, day, merged, of_family, ranked, saying, unnamed
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

_LISTS = {"设备更新": "equipment-projects", "回收循环": "recycling-projects"}
_TITLES = {name: title for title, name in _LISTS.items()}
_DATES = ("starts_on_planned", "starts_on_actual", "ends_on_planned", "ends_on_actual")
_TAKEN = columns(
    "project_code", "name", "domain", "construction_nature", "owner_uscc", "owner_name", "town",
    "total_investment", "equipment_investment", "equipment_purchase", "planned_by_year", "funding", "funds_arrived",
    "funds_paid", "units_planned", "units_done", "energy_saving", "approval_no", "build_state", "fund_state",
    "admin_state", "waste_category", "capacity", "problems", *_DATES,
)  # fmt: skip

_REPORTED = columns("invested_this_month", "invested_year_to_date", "invested_since_start", "units_done", "build_state", "text")


def identities(claim: Claim) -> list[str]:
    """A project is the same project where the 项目代码 (GB/T 40058-2021) is the same."""
    facts = current(claim, "project")
    code = facts.get("project_code") if facts else None
    return [f"项目代码 {code}"] if code else []


def rows(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
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
    months = _months(claims, rules, row["domain"])
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
        yield Row("project-progress", f"{key}@{month}", _progress(key, list_name, row["domain"], month, bureau, facts))


def _months(
    claims: Sequence[Claim], rules: FoldRules, domain: str | None
) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Choose for each month the report of the bureau that takes precedence."""
    order = rules.order("project-progress", "*", domain)
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
