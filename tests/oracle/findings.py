"""What should be looked at, worked out from the oracle's own rows and words, rule by rule as the findings page names them."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.oracle.grouping import groups, words
from tests.oracle.lists import Expected, Rules, rows
from tests.oracle.outcomes import Claims

#: (rule, component, month or nothing) → the values compared.
Findings = dict[tuple[str, str, str], dict[str, Any]]
Found = Iterator[tuple[str, str, dict[str, Any]]]


def findings(claims: Claims, rules: Rules) -> Findings:
    """Return every finding of single entities."""
    of_component: dict[tuple[str, str], list[Expected]] = defaultdict(list)
    for row in rows(claims, rules):
        of_component[_KINDS.get(row.list, row.list), row.component].append(row)
    result: Findings = {}
    for (kind, component), told in of_component.items():
        if kind in _RULES:
            for rule, month, detail in _RULES[kind](told):
                result[rule, component, month] = detail
    for group in groups(claims, rules.bureaus):
        component = min(f"{bureau}:{entity}" for _, bureau, entity in group)
        if group[0][0] == "project" and ("project", component) in of_component:
            for rule, month, detail in _disagreeing(claims, group):
                result[rule, component, month] = detail
        elif group[0][0] == "fund":
            for rule, month, detail in _applications(claims, group):
                result[rule, component, month] = detail
    return result


_KINDS = {"equipment-projects": "project", "recycling-projects": "project", "project-progress": "project"}


def _project(told: list[Expected]) -> Found:
    main = next(row.fields for row in told if row.list != "project-progress")
    total, since = main["total_investment"], main.get("invested_since_start")
    funded = sum(main["funding"].values()) if main["funding"] else None
    if total is not None and funded is not None and funded != total:
        yield "funding-sum", "", {"total_investment": total, "funding": funded}
    if total is not None and since is not None and total < since:
        yield "over-total", "", {"total_investment": total, "invested_since_start": since}
    if since and main["build_state"] in {"谋划", "储备", "未开工"}:
        yield "not-started", "", {"invested_since_start": since}
    reported = {row.fields["month"]: row.fields for row in told if row.list == "project-progress"}
    months = sorted(reported)
    for number, month in enumerate(months[1:]):
        before = months[number]
        old, new = reported[before]["invested_year_to_date"], reported[month]["invested_year_to_date"]
        this = reported[month]["invested_this_month"]
        if None in (old, new) or before.split("-")[0] != month.split("-")[0]:
            continue
        detail = {"before": old, "this_month": this, "now": new, "month": month}
        if old > new:
            yield "year-to-date-falls", month, detail
        elif this is not None and int(month.split("-")[1]) - int(before.split("-")[1]) == 1 and new - old != this:
            yield "year-to-date-sum", month, detail


def _disagreeing(claims: Claims, group: list[tuple[str, str, str]]) -> Found:
    """Two bureaus that report one project; of a bureau's own several entries the last key speaks."""
    if len(group) == 1:
        return
    by_bureau = {}
    for key in sorted(group):
        for word in words(claims[key], "project").values():
            by_bureau[key[1]] = word.facts
    for field in ("total_investment", "equipment_investment", "owner_uscc"):
        stated = {bureau: facts[field] for bureau, facts in by_bureau.items() if facts[field] is not None}
        if len(set(stated.values())) > 1:
            yield f"two-bureaus-{field}", "", stated


def _applications(claims: Claims, group: list[tuple[str, str, str]]) -> Found:
    """One application's approval, payments and reversals; a single entry has nothing to be compared with."""
    [key] = group
    families = {family: [word.facts for word in words(claims[key], family).values()] for family in claims[key]}
    if sum(map(len, families.values())) < 2:
        return
    paid = sum(facts["amount"] for facts in families.get("paid", ()))
    reversed_ = sum(facts["amount"] for facts in families.get("reversed", ()))
    for facts in families.get("approved", ()):
        if paid > facts["amount"]:
            yield "paid-over-approved", "", {"approved": facts["amount"], "paid": paid}
    if reversed_ > paid:
        yield "reversed-over-paid", "", {"paid": paid, "reversed": reversed_}


def _scrappage(told: list[Expected]) -> Found:
    [row] = told
    out, gone = row.fields.get("delivered_on"), row.fields.get("deregistered_on")
    if out is not None and gone is not None and gone < out:
        yield "deregistered-early", "", {"delivered_on": f"{out:%Y-%m-%d}", "deregistered_on": f"{gone:%Y-%m-%d}"}


def _trade_in(told: list[Expected]) -> Found:
    [row] = told
    subsidy, sale, back = row.fields["subsidy"], row.fields["sale_amount"], row.fields.get("subsidy_returned")
    if None not in (subsidy, sale) and sale < subsidy:
        yield "subsidy-over-sale", "", {"subsidy": subsidy, "sale_amount": sale}
    if back is not None and (subsidy or 0) < back:
        yield "returned-over-subsidy", "", {"subsidy": subsidy, "subsidy_returned": back}


def _support(told: list[Expected]) -> Found:
    [row] = told
    if "applied_on" not in row.fields:
        yield "support-decided-unasked", "", {"step": row.fields["step"]}
    asked, granted = row.fields.get("amount_asked"), row.fields.get("amount_granted")
    if None not in (asked, granted) and asked < granted:
        yield "granted-over-asked", "", {"amount_asked": asked, "amount_granted": granted}


_RULES = {"project": _project, "scrappage": _scrappage, "trade-in": _trade_in, "support-sought": _support}
