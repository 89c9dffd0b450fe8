"""What should be looked at, worked out from the oracle's own rows and words, rule by rule as the findings page names them."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.oracle.grouping import groups, words
from tests.oracle.keys import row_key
from tests.oracle.lists import Expected, Members, plain, rows, vouchers_of
from tests.oracle.outcomes import Claims
from tests.oracle.rules import Rules

#: (rule, subject, component) → the values compared.
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
            for rule, subject, detail in _RULES[kind](told):
                result[rule, subject, component] = detail
    for group in groups(claims, rules.bureaus):
        component = min(f"{bureau}:{entity}" for _, bureau, entity in group)
        members = {key: claims[key] for key in group}
        kind = group[0][0]
        if kind == "project" and ("project", component) in of_component:
            subject = next(row.key for row in of_component["project", component] if row.list != "project-progress")
            for rule, detail in _disagreeing(claims, group):
                result[rule, subject, component] = detail
        elif kind == "fund":
            for rule, subject, detail in _applications(members, of_component["funds", component]):
                result[rule, subject, component] = detail
        elif kind in ("indicator", "material") and len(group) > 1:
            for rule, subject, detail in _twice(members, kind):
                result[rule, subject, component] = detail
    return result


_KINDS = {"equipment-projects": "project", "recycling-projects": "project", "project-progress": "project"}


def _project(told: list[Expected]) -> Found:
    [main, subject] = next([row.fields, row.key] for row in told if row.list != "project-progress")
    total, since = main["total_investment"], main.get("invested_since_start")
    funded = sum(main["funding"].values()) if main["funding"] else None
    if total is not None and funded is not None and funded != total:
        yield "funding-sum", subject, {"total_investment": total, "funding": funded}
    if total is not None and since is not None and total < since:
        yield "over-total", subject, {"total_investment": total, "invested_since_start": since}
    if since and main["build_state"] in {"谋划", "储备", "未开工"}:
        yield "not-started", subject, {"invested_since_start": since}
    reported = {row.fields["month"]: row.fields for row in told if row.list == "project-progress"}
    keys = {row.fields["month"]: row.key for row in told if row.list == "project-progress"}
    months = sorted(reported)
    for number, month in enumerate(months[1:]):
        before = months[number]
        old, new = reported[before]["invested_year_to_date"], reported[month]["invested_year_to_date"]
        this = reported[month]["invested_this_month"]
        if None in (old, new) or before.split("-")[0] != month.split("-")[0]:
            continue
        detail = {"before": old, "this_month": this, "now": new, "month": month}
        if old > new:
            yield "year-to-date-falls", keys[month], detail
        elif this is not None and int(month.split("-")[1]) - int(before.split("-")[1]) == 1 and new - old != this:
            yield "year-to-date-sum", keys[month], detail


def _disagreeing(claims: Claims, group: list[tuple[str, str, str]]) -> Iterator[tuple[str, dict[str, Any]]]:
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
            yield f"two-bureaus-{field}", stated


def _applications(members: Members, told: list[Expected]) -> Found:
    """One application's approvals, payments and reversals, as far as they count."""
    for number, vouchers in vouchers_of(members).items():
        sums = {"审核": 0, "支付": 0, "冲回": 0}
        for row in told:
            if plain(row.fields["application_no"]) == number and row.fields["granularity"] == "明细" and row.fields["step"] in sums:
                sums[row.fields["step"]] += row.fields["counted"]
        steps = {place[0] for place in vouchers}
        if "审核" in steps and sums["支付"] > sums["审核"]:
            yield "paid-over-approved", _named(number), {"approved": sums["审核"], "paid": sums["支付"]}
        if sums["冲回"] > sums["支付"]:
            yield "reversed-over-paid", _named(number), {"paid": sums["支付"], "reversed": sums["冲回"]}
        if "审核" not in steps and "支付" in steps and sums["支付"]:
            yield "paid-without-approval", _named(number), {"paid": sums["支付"]}
        for place, said in vouchers.items():
            amounts = {key[1]: facts["amount"] for key, facts in sorted(said, key=lambda entry: entry[0])}
            if place[0] == "审核" and len(amounts) > 1:
                yield "approved-twice", _named(number, place[1]), amounts


def _twice(members: Members, kind: str) -> Found:
    """What several entries say of one indicator's value or of one quantity, where they differ."""
    said: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    for (_, bureau, entity), registers in members.items():
        for family in registers:
            for word in words(registers, family).values():
                f = word.facts
                if f["granularity"] == "汇总" or (kind == "material" and not f["operator_uscc"]):
                    continue
                if kind == "material":
                    subject = _named(f["operator_uscc"], f["month"], f["material"], f["unit"])
                    said[subject][bureau, entity] = str(f["recovered"])
                else:
                    subject = _named(plain(f["indicator"]), f["domain"] or "", family, f["series"], f["period"])
                    said[subject][bureau, entity] = f"{f['value']} {f['unit']}"
    for subject, by in said.items():
        bureaus = [bureau for bureau, _ in by]
        if len(set(by.values())) > 1:
            named = {b if bureaus.count(b) == 1 else f"{b}:{e}": value for (b, e), value in by.items()}
            yield f"{kind}-differs", subject, named


def _named(*parts: str) -> str:
    return row_key("", "", parts, {})


def _scrappage(told: list[Expected]) -> Found:
    for row in told:
        out, gone = row.fields.get("delivered_on"), row.fields.get("deregistered_on")
        if out is not None and gone is not None and gone < out:
            yield "deregistered-early", row.key, {"delivered_on": f"{out:%Y-%m-%d}", "deregistered_on": f"{gone:%Y-%m-%d}"}


def _trade_in(told: list[Expected]) -> Found:
    single = [row for row in told if row.fields["granularity"] == "明细"]
    bought = {row.fields["order_no"]: row for row in single if row.fields["step"] == "完成"}
    for row in told:
        subsidy, sale = row.fields.get("subsidy"), row.fields.get("sale_amount")
        if None not in (subsidy, sale) and sale < subsidy:
            yield "subsidy-over-sale", row.key, {"subsidy": subsidy, "sale_amount": sale}
    for number in {row.fields["order_no"] for row in single}:
        back = [row for row in single if row.fields["step"] == "退货" and row.fields["order_no"] == number]
        if number not in bought:
            yield from (("return-without-purchase", row.key, {"order_no": number}) for row in back)
        elif back:
            returned, subsidy = sum(row.fields["subsidy_returned"] or 0 for row in back), bought[number].fields["subsidy"]
            if (subsidy or 0) < returned:
                yield "returned-over-subsidy", bought[number].key, {"subsidy": subsidy, "subsidy_returned": returned}


def _plan(told: list[Expected]) -> Found:
    [row] = told
    if row.fields["expected"] is None:
        yield "plan-not-owed", row.key, {"plan_kind": row.fields["plan_kind"], "title": row.fields["title"]}


def _support(told: list[Expected]) -> Found:
    [row] = told
    if "applied_on" not in row.fields:
        yield "support-decided-unasked", row.key, {"step": row.fields["step"]}
    asked, granted = row.fields.get("amount_asked"), row.fields.get("amount_granted")
    if None not in (asked, granted) and asked < granted:
        yield "granted-over-asked", row.key, {"amount_asked": asked, "amount_granted": granted}


def _problem(told: list[Expected]) -> Found:
    for row in told:
        if "raised_on" not in row.fields:
            yield "resolution-without-problem", row.key, {"problem_no": row.fields["problem_no"]}


_RULES = {"project": _project, "scrappage": _scrappage, "trade-in": _trade_in, "plans": _plan, "problems": _problem, "support-sought": _support}
