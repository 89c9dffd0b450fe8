"""The rows of every list, from grouped claims, as the work plan words them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.oracle.grouping import Key, groups, words
from tests.oracle.keys import row_key
from tests.oracle.outcomes import Claims, Word

Fields = dict[str, Any]
Ranking = Callable[[str, str, str], Sequence[str]]
Saying = tuple[Key, Mapping[str, Any]]


@dataclass(frozen=True)
class Expected:
    """A row that must be in a list exactly once under *key*; *sub* tells rows of one component apart."""

    list: str
    key: str
    component: str
    sub: tuple[str, ...]
    bureaus: tuple[str, ...]
    fields: Fields


@dataclass(frozen=True)
class Rules:
    """The district's configuration as the oracle reads it."""

    ranking: Ranking
    due_on: Callable[[date], date | None]
    bureaus: frozenset[str]

    def first(self, said: Iterable[Saying], list_name: str, field: str, domain: str | None) -> list[Saying]:
        """Sort by who takes precedence; the unranked follow by code, then by their key."""
        order = list(self.ranking(list_name, field, domain or ""))

        def place(entry: Saying) -> tuple[int, Key]:
            bureau = entry[0][1]
            return (order.index(bureau) if bureau in order else len(order), entry[0])

        return sorted(said, key=place)

    def pick(self, said: Sequence[Saying], list_name: str, field: str, domain: str | None = None) -> Any:
        """Take a field from the first that fills it."""
        for _, facts in self.first(said, list_name, field, domain):
            value = facts.get(field)
            if value is not None and value not in ({}, []):
                return value
        return None


def rows(claims: Claims, rules: Rules) -> list[Expected]:
    """Return every row of every list."""
    result = []
    for group in groups(claims, rules.bureaus):
        component = min(f"{bureau}:{entity}" for _, bureau, entity in group)
        bureaus = tuple(sorted({bureau for _, bureau, _ in group}))
        members = {key: claims[key] for key in group}
        for list_name, sub, fields in _FOLDS[group[0][0]](component, members, rules):
            result.append(Expected(list_name, row_key(list_name, component, sub, fields), component, sub, bureaus, fields))
    return result


Members = Mapping[Key, Mapping[str, Mapping[str, Word]]]
Made = Iterator[tuple[str, tuple[str, ...], Fields]]


def _on(days: int | None) -> date | None:
    return None if days is None else date(1970, 1, 1) + timedelta(days=days)


def _sayings(members: Members, family: str) -> list[Saying]:
    return [(key, word.facts) for key, registers in members.items() for word in words(registers, family).values()]


_PROJECT_MERGED = (
    "project_code", "name", "domain", "construction_nature", "owner_uscc", "owner_name", "town", "total_investment",
    "equipment_investment", "equipment_purchase", "planned_by_year", "funding", "funds_arrived", "funds_paid",
    "units_planned", "units_done", "energy_saving", "approval_no", "build_state", "fund_state", "admin_state",
    "waste_category", "capacity", "problems", "starts_on_planned", "starts_on_actual", "ends_on_planned", "ends_on_actual",
)  # fmt: skip
_REPORTED = ("invested_this_month", "invested_year_to_date", "invested_since_start", "units_done", "build_state", "text")


def _project(component: str, members: Members, rules: Rules) -> Made:
    said = _sayings(members, "project")
    if not said:
        return
    title = min(facts["list"] for _, facts in said)
    list_name = {"设备更新": "equipment-projects", "回收循环": "recycling-projects"}[title]
    stated = min(facts["domain"] for _, facts in said)
    row = {name: rules.pick(said, list_name, name, stated) for name in _PROJECT_MERGED}
    for name in ("starts_on_planned", "starts_on_actual", "ends_on_planned", "ends_on_actual"):
        row[name] = _on(row[name])
    lead, leading = rules.first(said, list_name, "*", stated)[0]
    row["internal_no"], row["lead_bureau"] = leading["internal_no"], lead[1]
    reports: dict[str, list[Saying]] = defaultdict(list)
    for key, registers in members.items():
        for month, word in words(registers, "progress").items():
            reports[month].append((key, word.facts))
    chosen = {month: rules.first(told, "project-progress", "*", row["domain"])[0] for month, told in reports.items()}
    if chosen:
        row["latest_month"] = max(chosen)
        latest = chosen[max(chosen)][1]
        row["invested_since_start"], row["invested_year_to_date"] = latest["invested_since_start"], latest["invested_year_to_date"]
        for name in ("units_done", "build_state"):
            if latest[name] is not None:
                row[name] = latest[name]
    yield list_name, (), row
    for month, (key, facts) in chosen.items():
        fields = {name: facts[name] for name in _REPORTED}
        fields |= {"list": title, "domain": row["domain"], "month": month, "lead_bureau": key[1]}
        yield "project-progress", (month,), fields | {"project_key": row["project_code"] or f"|{component}"}


def _enterprise(_component: str, members: Members, rules: Rules) -> Made:
    said = _sayings(members, "enterprise")
    if said:
        names = ("uscc", "name", "role", "domain", "main_products", "capacity", "output", "qualifications", "serves_domains")
        row = {name: rules.pick(said, "enterprises", name) for name in names}
        yield "enterprises", (), row | {"lead_bureau": rules.first(said, "enterprises", "*", None)[0][0][1]}


def _policy(_component: str, members: Members, rules: Rules) -> Made:
    said = _sayings(members, "policy")
    if said:
        names = (
            "document_no", "name", "issuer", "level", "domains", "object", "conditions", "support_kind", "standard", "cap",
            "channel", "applicant", "materials", "procedure", "window", "valid_from", "valid_to", "department", "obtained",
        )  # fmt: skip
        row = {name: rules.pick(said, "funding-policies", name) for name in names}
        # What names the row is taken from one statement.
        named = rules.first(said, "funding-policies", "*", None)[0][1]
        row |= {"document_no": named["document_no"], "level": named["level"]}
        row["valid_from"], row["valid_to"] = _on(row["valid_from"]), _on(row["valid_to"])
        ended = [facts["expired_on"] for _, facts in _sayings(members, "expired")]
        yield "funding-policies", (), row | {"expired_on": _on(min(ended)) if ended else None}


def _document(_component: str, members: Members, rules: Rules) -> Made:
    received = rules.first(_sayings(members, "received"), "documents", "*", None)
    head = {name: rules.pick(received, "documents", name) for name in ("document_no", "title", "issuer", "level", "issued_on", "received_on")}
    parts: dict[str, str] = {}
    for _, facts in received:
        for entry in facts["departments"]:
            parts.setdefault(entry["department"], entry["part"])
    acts = {family: _acts(members, family, rules) for family in ("measure", "extension")}
    number = head["document_no"] or min((w.facts["document_no"] for each in acts.values() for w in each.values()), default="")
    for department in sorted({*parts, *acts["measure"], *acts["extension"]}):
        row: Fields = {name: head[name] for name in ("title", "issuer", "level")}
        row |= {"document_no": number, "department": department, "part": parts.get(department)}
        row |= {"issued_on": _on(head["issued_on"]), "received_on": _on(head["received_on"])}
        if row["received_on"] is not None:
            row["due_on"] = rules.due_on(row["received_on"])
        if department in acts["extension"]:
            row["extended_until"] = _on(acts["extension"][department].facts["until"])
        if department in acts["measure"]:
            row |= _measure(acts["measure"][department])
        yield "documents", (department,), row


def _acts(members: Members, family: str, rules: Rules) -> dict[str, Word]:
    """A department's own word counts first, then the district's order."""
    told: dict[str, list[tuple[Key, Word]]] = defaultdict(list)
    for key, registers in members.items():
        for department, word in words(registers, family).items():
            told[department].append((key, word))
    chosen = {}
    for department, entries in told.items():
        by_key = dict(entries)
        ranked = [key for key, _ in rules.first([(key, {}) for key in by_key], "documents", "*", None)]
        own = [key for key in ranked if key[1] == department]
        chosen[department] = by_key[(own or ranked)[0]]
    return chosen


def _measure(word: Word) -> Fields:
    facts = word.facts
    if word.event == "MeasureExempted":
        return {"form": "免于出台", "exempt_reason": facts["reason"], "measure_on": _on(facts["occurred_on"])}
    return {"form": facts["form"], "measure_no": facts["measure_no"], "measure_on": _on(facts["issued_on"])}


_STEP_COLUMNS = {"申请": "applied_on", "交售回收": "delivered_on", "拆解销毁": "dismantled_on", "注销登记": "deregistered_on"}


def _scrappage(_component: str, members: Members, rules: Rules) -> Made:
    steps = list(_STEP_COLUMNS)
    said = sorted(_sayings(members, "scrapped"), key=lambda entry: -steps.index(entry[1]["step"]))
    if not said:
        return
    names = (
        "category", "identifier_kind", "identifier", "certificate_kind", "certificate_no", "owner_uscc", "recycler_uscc",
        "emission_standard", "fuel", "commissioned_on", "town",
    )  # fmt: skip
    row = {name: rules.pick(said, "scrappage", name) for name in names}
    row["commissioned_on"] = _on(row["commissioned_on"])
    named = rules.first(said, "scrappage", "*", None)[0][1]
    row |= {"category": named["category"], "identifier": named["identifier"]}
    for step, column in _STEP_COLUMNS.items():
        told = [entry for entry in said if entry[1]["step"] == step]
        if told:
            row["step"] = step
            row[column] = _on(rules.first(told, "scrappage", column, None)[0][1]["on"])
    yield "scrappage", (), row | {"lead_bureau": rules.first(said, "scrappage", "*", None)[0][0][1]}


def _fund(_component: str, members: Members, _rules: Rules) -> Made:
    [(key, registers)] = members.items()
    names = (
        "channel", "allocation_no", "policy_no", "batch_no", "application_no", "voucher_no", "budget_year", "level", "to_bureau",
        "amount", "carried_over", "recovered", "share_central", "share_city", "share_district", "category", "granularity",
    )  # fmt: skip
    for family, step in (("allocated", "下达"), ("approved", "审核"), ("paid", "支付"), ("reversed", "冲回")):
        for sub, word in words(registers, family).items():
            row = {name: word.facts.get(name) for name in names}
            row["reason"] = word.facts.get("reason_kind") or word.facts.get("reason")
            yield "funds", (step, sub), row | {"step": step, "on_date": _on(word.facts["on"]), "lead_bureau": key[1]}


def _trade_in(_component: str, members: Members, _rules: Rules) -> Made:
    [(key, registers)] = members.items()
    for word in words(registers, "completed").values():
        facts = word.facts
        names = (
            "category", "kind", "energy_label", "count", "sale_amount", "subsidy", "actually_paid", "merchant_uscc",
            "serial_no", "invoice_no", "granularity",
        )  # fmt: skip
        completed = _on(facts["occurred_on"])
        assert completed is not None
        row = {name: facts[name] for name in names}
        row |= {"order_no": facts["order_no"] or key[2], "completed_on": completed, "lead_bureau": key[1]}
        row["month"] = facts["month"] or f"{completed:%Y-%m}"
        for back in words(registers, "returned").values():
            row |= {"returned_on": _on(back.facts["on"]), "returned_count": back.facts["count"]}
            row["subsidy_returned"] = back.facts["subsidy_returned"]
        yield "trade-in", (), row


def _plain(list_name: str, kinds: Mapping[str, str | None], names: Sequence[str]) -> Any:
    """A row per standing word of the families, as it was said."""

    def fold(_component: str, members: Members, _rules: Rules) -> Made:
        [(key, registers)] = members.items()
        for family, kind in kinds.items():
            for sub, word in words(registers, family).items():
                row = {name: word.facts.get(name) for name in names} | {"lead_bureau": key[1]}
                yield list_name, (family, sub), row | ({"kind": kind} if kind else {})

    return fold


def _plan(_component: str, members: Members, _rules: Rules) -> Made:
    [(key, registers)] = members.items()
    for word in words(registers, "plan").values():
        row = {name: word.facts[name] for name in ("plan_kind", "title", "document_no")}
        yield "plans", (), row | {"issued_on": _on(word.facts["issued_on"]), "lead_bureau": key[1]}


def _problem(_component: str, members: Members, _rules: Rules) -> Made:
    [(key, registers)] = members.items()
    for word in words(registers, "raised").values():
        row = {name: word.facts[name] for name in ("problem_no", "text", "done_so_far", "proposal", "asks_of")}
        for end in words(registers, "resolved").values():
            row |= {"resolved_on": _on(end.facts["occurred_on"]), "resolution": end.facts["resolution"]}
        yield "problems", (), row | {"raised_on": _on(word.facts["occurred_on"]), "lead_bureau": key[1]}


_SUPPORT_COLUMNS = {
    "受理": "accepted_on", "推荐": "recommended_on", "评审": "reviewed_on", "入围": "shortlisted_on", "下达": "granted_on", "退回": "returned_on",
}  # fmt: skip
_SUPPORT_AMOUNTS = {"推荐": "amount_recommended", "评审": "amount_reviewed", "下达": "amount_granted"}


def _dated(facts: Mapping[str, Any]) -> date | None:
    return _on(facts["on"]) or _on(facts["occurred_on"])


def _support(_component: str, members: Members, _rules: Rules) -> Made:
    [(key, registers)] = members.items()
    asked, answers = list(words(registers, "applied").values()), words(registers, "decided")
    if not asked and not answers:
        return
    row: Fields = {"lead_bureau": key[1], "step": "申报", "support_no": key[2]}
    for word in asked:
        names = ("name", "project_code", "batch_no", "domain", "channel", "level", "policy_no", "amount_asked")
        row |= {name: word.facts[name] for name in names} | {"applied_on": _dated(word.facts)}
    newest = None
    for step, column in _SUPPORT_COLUMNS.items():
        if step in answers:
            facts = answers[step].facts
            row[column] = _dated(facts)
            if step in _SUPPORT_AMOUNTS:
                row[_SUPPORT_AMOUNTS[step]] = facts["amount"]
            if newest is None or row[column] >= newest:
                newest, row["step"] = row[column], step
    if "下达" in answers:
        row["grant_no"] = answers["下达"].facts["document_no"]
    if "退回" in answers:
        row["return_reason"] = answers["退回"].facts["reason"]
    yield "support-sought", (), row


def _submission(_component: str, members: Members, _rules: Rules) -> Made:
    [(key, registers)] = members.items()
    for word in words(registers, "submission").values():
        nil = word.event == "NilReturned"
        yield "submissions", (), {
            "bureau": key[1], "list": word.facts["list"], "month": word.facts["month"], "state": "零报告" if nil else "已确认",
            "rows": 0 if nil else word.facts["rows"], "confirmed_on": _on(word.facts["occurred_on"]),
            "signed_by": "、".join(word.facts["signed_by"]) or None,
        }  # fmt: skip


_FOLDS: Mapping[str, Callable[[str, Members, Rules], Made]] = {
    "project": _project, "enterprise": _enterprise, "policy": _policy, "document": _document, "scrappage": _scrappage,
    "fund": _fund, "trade_in": _trade_in, "plan": _plan, "problem": _problem, "submission": _submission, "support": _support,
    "material": _plain("materials", {"recovered": None}, (
        "month", "operator_uscc", "material", "quantity", "unit", "recovered", "used", "route", "outlets", "reverse_invoiced")),
    "indicator": _plain("indicators", {"baseline": "基数", "target": "目标", "reported": "报送"}, (
        "indicator", "domain", "series", "period", "value", "numerator", "denominator", "unit", "version")),
    "task": _plain("tasks", {"progress": None}, ("task_no", "month", "text")),
}  # fmt: skip
