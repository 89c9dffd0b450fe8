"""The rows of every list, from grouped claims, as the work plan words them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from tests.oracle import matches, matters, safeguards, stocks, supervision, towns
from tests.oracle.grouping import Key, groups, words
from tests.oracle.keys import row_key
from tests.oracle.outcomes import Claims, Word
from tests.oracle.rules import Rules, Saying

Fields = dict[str, Any]


@dataclass(frozen=True)
class Expected:
    """A row that must be in a list exactly once under *key*; *sub* tells rows of one component apart."""

    list: str
    key: str
    component: str
    sub: tuple[str, ...]
    bureaus: tuple[str, ...]
    fields: Fields


def rows(claims: Claims, rules: Rules) -> list[Expected]:
    """Return every row of every list."""
    result = []
    for group in groups(claims, rules.bureaus):
        component = _named(group)
        owners = owning(group, rules)
        bureaus = tuple(sorted({bureau for _, bureau, _ in owners}))
        made = _FOLDS[group[0][0]](_named(owners), {key: claims[key] for key in owners}, rules) if owners else iter(())
        own = []
        for list_name, sub, fields in made:
            told = tuple(sorted(fields.pop("told by", bureaus)))
            own.append(Expected(list_name, row_key(list_name, _named(owners), sub, fields), component, sub, told, fields))
        result += own
        if len(owners) < len(group):
            kind, first = group[0][0], (own[0].key, own[0].fields) if own else None
            said = _sayings({key: claims[key] for key in group if key not in owners}, kind)
            for list_name, bureau, entity, fields in towns.claims(kind, said, first, rules):
                sub = (bureau, entity)
                result.append(Expected(list_name, row_key(list_name, component, sub, fields), component, sub, (bureau,), fields))
    return result


def _named(group: Sequence[Key]) -> str:
    return min(f"{bureau}:{entity}" for _, bureau, entity in group)


def owning(group: Sequence[Key], rules: Rules) -> list[Key]:
    """The claims that make rows of the lists of their kind: of what bureaus own, theirs alone."""
    return [key for key in group if key[0] not in towns.OWNED or key[1] not in rules.towns]


Members = Mapping[Key, Mapping[str, Mapping[str, Word]]]
Made = Iterator[tuple[str, tuple[str, ...], Fields]]


def _on(days: int | None) -> date | None:
    return None if days is None else date(1970, 1, 1) + timedelta(days=days)


def _month_end(month: str) -> date:
    following = date.fromisoformat(f"{month}-28") + timedelta(days=4)
    return following - timedelta(days=following.day)


def _sayings(members: Members, family: str) -> list[Saying]:
    return [(key, word.facts) for key, registers in members.items() for word in words(registers, family).values()]


_PROJECT_MERGED = (
    "project_code", "name", "domain", "construction_nature", "renewal", "owner_uscc", "owner_name", "town", "total_investment",
    "equipment_investment", "equipment_purchase", "planned_by_year", "funding", "funds_arrived", "funds_paid",
    "units_planned", "units_done", "energy_saving", "approval_no", "build_state", "fund_state", "admin_state",
    "old_equipment", "new_equipment", "channel_sought", "contact_office",
    "waste_category", "capacity", "problems", "starts_on_planned", "starts_on_actual", "ends_on_planned", "ends_on_actual",
)  # fmt: skip
_REPORTED = ("invested_this_month", "invested_year_to_date", "invested_since_start", "units_done", "build_state", "text")


def _project(component: str, members: Members, rules: Rules) -> Made:
    said = _sayings(members, "project")
    if not said:
        return
    named = rules.first(said, "equipment-projects", "domain", None)
    title = named[0][1]["list"]
    list_name = {"设备更新": "equipment-projects", "回收循环": "recycling-projects"}[title]
    stated = named[0][1]["domain"]
    row = {name: rules.pick(said, list_name, name, stated) for name in _PROJECT_MERGED}
    for name in ("starts_on_planned", "starts_on_actual", "ends_on_planned", "ends_on_actual"):
        row[name] = _on(row[name])
    lead, leading = rules.first(said, list_name, "*", stated)[0]
    row["domain"] = stated
    row["internal_no"], row["lead_bureau"] = leading["internal_no"], lead[1]
    reports: dict[str, list[Saying]] = defaultdict(list)
    for key, registers in members.items():
        for month, word in words(registers, "progress").items():
            reports[month].append((key, word.facts))
    chosen = {month: rules.first(told, "project-progress", "*", row["domain"])[0] for month, told in reports.items()}
    if chosen:
        row["latest_month"] = max(chosen)
        row["invested_year_to_date"] = chosen[max(chosen)][1]["invested_year_to_date"]
        for name in ("invested_since_start", "units_done", "build_state"):
            # (business date, progress after a statement of the same date, value): the last of them stands.
            claims = [(_month_end(month), 1, facts[name]) for month, (_, facts) in chosen.items() if facts[name] is not None]
            of_project = [facts for _, facts in rules.first(said, list_name, name, stated) if facts.get(name) is not None]
            claims += [(_on(facts["occurred_on"]), 0, facts[name]) for facts in of_project[:1]]
            if claims:
                row[name] = max(claims, key=lambda claim: claim[:2])[2]
    yield list_name, (), row
    for month, (key, facts) in chosen.items():
        fields = {name: facts[name] for name in _REPORTED}
        fields |= {"list": title, "domain": row["domain"], "month": month, "lead_bureau": key[1]}
        yield "project-progress", (month,), fields | {"project_key": row["project_code"] or f"|{component}"}


def _enterprise(_component: str, members: Members, rules: Rules) -> Made:
    said = _sayings(members, "enterprise")
    if said:
        names = ("uscc", "name", "role", "domain", "main_products", "capacity", "output", "qualifications", "serves_domains", "town")
        row = {name: rules.pick(said, "enterprises", name) for name in names}
        yield "enterprises", (), row | {"lead_bureau": rules.first(said, "enterprises", "*", None)[0][0][1]}


def _policy(_component: str, members: Members, rules: Rules) -> Made:
    said = _sayings(members, "policy")
    if said:
        names = (
            "document_no", "name", "issuer", "level", "domains", "consumer_domains", "object", "conditions", "support_kind", "standard", "cap",
            "channel", "central_percent", "local_percent", "applicant", "materials", "procedure", "window", "valid_from", "valid_to", "department", "obtained",
        )  # fmt: skip
        row = {name: rules.pick(said, "funding-policies", name) for name in names}
        # What names the row is taken from one statement.
        named = rules.first(said, "funding-policies", "*", None)[0][1]
        row |= {"document_no": named["document_no"], "level": named["level"]}
        row["valid_from"], row["valid_to"] = _on(row["valid_from"]), _on(row["valid_to"])
        ended = [facts["expired_on"] for _, facts in _sayings(members, "expired")]
        later = [f for _, f in said if ended and f["occurred_on"] > min(ended)]
        gone = min(_sayings(members, "expired"), key=lambda entry: (entry[1]["expired_on"], entry[0]), default=None)
        again = [f for f in later if any(f[name] is not None and f[name] > min(ended) for name in ("valid_from", "valid_to"))]
        yield "funding-policies", (), row | {"successor_no": gone[1]["successor_no"] if gone and not again else None} | ({"expired_before" if again else "expired_on": _on(min(ended))} if ended else {})


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
        if department in acts["extension"]:
            row["extended_until"] = _on(acts["extension"][department].facts["until"])
            row["extended_by"] = acts["extension"][department].facts["approved_by"]
        if department in acts["measure"]:
            row |= _measure(acts["measure"][department])
        if row["received_on"] is not None and head["level"] in rules.levels:
            row["due_on"] = (rules.longer[row["form"]] if row.get("form") in rules.longer else rules.due_on)(row["received_on"])
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
        return {"form": "免于出台", "exempt_reason": facts["reason"], "exempted_by": facts["approved_by"], "measure_on": _on(facts["occurred_on"])}
    return {"form": facts["form"], "measure_no": facts["measure_no"], "measure_on": _on(facts["issued_on"])}


_STEP_COLUMNS = {"申请": "applied_on", "交售回收": "delivered_on", "拆解销毁": "dismantled_on", "注销登记": "deregistered_on"}


def plain(text: str | None) -> str:
    """A number as it is compared: without blanks, in capitals (the generated ones need no more)."""
    return "".join((text or "").split()).upper()


def _own(key: Key, *more: str) -> tuple[str, ...]:
    return ("", f"{key[1]}:{key[2]}", *more)


def _sums_up(facts: Mapping[str, Any]) -> bool:
    return bool(facts["granularity"] == "汇总")


def _who(said: Iterable[Saying]) -> set[str]:
    return {key[1] for key, _ in said}


def _scrappage(_component: str, members: Members, rules: Rules) -> Made:
    steps = list(_STEP_COLUMNS)
    everything = sorted(_sayings(members, "scrapped"), key=lambda entry: -steps.index(entry[1]["step"]))
    names = (
        "category", "identifier_kind", "identifier", "certificate_kind", "certificate_no", "owner_uscc", "owner_token",
        "recycler_uscc", "emission_standard", "fuel", "commissioned_on", "count", "town", "granularity",
    )  # fmt: skip
    for key, facts in everything:
        if _sums_up(facts):
            row = {name: facts[name] for name in names} | {"step": facts["step"], "lead_bureau": key[1], "told by": {key[1]}}
            row |= {"commissioned_on": _on(facts["commissioned_on"]), _STEP_COLUMNS[facts["step"]]: _on(facts["on"])}
            row["counted_on"] = _on(facts["on"]) if rules.counting_step(facts["category"]) == facts["step"] else None
            yield "scrappage", _own(key, facts["step"]), row
    said = [entry for entry in everything if not _sums_up(entry[1])]
    if not said:
        return
    row = {name: rules.pick(said, "scrappage", name) for name in names}
    row["commissioned_on"] = _on(row["commissioned_on"])
    named = rules.first(said, "scrappage", "*", None)[0][1]
    row |= {"category": named["category"], "identifier": named["identifier"]}
    for step, column in _STEP_COLUMNS.items():
        told = [entry for entry in said if entry[1]["step"] == step]
        if told:
            row["step"] = step
            row[column] = _on(rules.first(told, "scrappage", column, None)[0][1]["on"])
    row["counted_on"] = row.get(_STEP_COLUMNS[rules.counting_step(row["category"])])
    yield "scrappage", (), row | {"lead_bureau": rules.first(said, "scrappage", "*", None)[0][0][1], "told by": _who(said)}


_FUND_STEPS = {"allocated": "下达", "approved": "审核", "paid": "支付", "reversed": "冲回"}


def _fund(_component: str, members: Members, rules: Rules) -> Made:
    """Allocations and summaries alone; then each application with its vouchers."""
    for key, registers in members.items():
        for family, step in _FUND_STEPS.items():
            for sub, word in words(registers, family).items():
                if family == "allocated" or _sums_up(word.facts):
                    row = _fund_row([(key, word.facts)], step, rules)
                    if family == "paid":
                        row["settled_on"] = row["on_date"]
                    yield "funds", _own(key, *(part for part in (family, sub) if part)), row
    for number, vouchers in vouchers_of(members).items():
        paid = _payments(vouchers, rules)
        approved = {place: said for place, said in vouchers.items() if place[0] == "审核"}
        for place, said in vouchers.items():
            row = _fund_row(said, place[0], rules)
            if place[0] == "审核":
                mine = [entry for entry in paid if len(approved) == 1 or entry[2] == place[1]]
                row |= _paid_up(row, mine)
                yield "funds", ("审核", number, place[1]), row
                continue
            bureau, voucher = place[1:]
            if place[0] == "支付":
                row["counted"] = next((entry[1] for entry in paid if entry[3] == place), 0)
                row["unapproved"] = True if paid and not approved and paid[0][3] == place else None
            yield "funds", (place[0], bureau, number, voucher), row


#: ("审核", policy) or (step, bureau, voucher) → who says it.
Vouchers = dict[tuple[str, ...], list[Saying]]


def vouchers_of(members: Members) -> dict[str, Vouchers]:
    """Return application → its approvals, payments and reversals."""
    found: dict[str, Vouchers] = defaultdict(lambda: defaultdict(list))
    for key, registers in members.items():
        for family in ("approved", "paid", "reversed"):
            for word in words(registers, family).values():
                facts = word.facts
                if _sums_up(facts):
                    continue
                number = plain(facts["application_no"])
                place = ("审核", plain(facts["policy_no"])) if family == "approved" else (_FUND_STEPS[family], key[1], plain(facts["voucher_no"]))
                found[number][place].append((key, facts))
    return found


def _payments(vouchers: Vouchers, rules: Rules) -> list[tuple[date, int, str, tuple[str, ...]]]:
    """Return (day, amount, policy, place) of each payment that was, by day: errors taken away."""
    leading = {place: rules.first(said, "funds", "*", None)[0][1] for place, said in vouchers.items()}
    payments = {place: facts for place, facts in leading.items() if place[0] == "支付"}
    undone: dict[tuple[str, ...], int] = defaultdict(int)
    for place, facts in leading.items():
        if place[0] != "冲回" or facts["reason_kind"] != "差错" or not payments:
            continue
        named = plain(facts["reverses_voucher_no"]) or place[2]
        left = list(payments)
        left = [each for each in left if each[2] == named] or left
        left = [each for each in left if each[1] == place[1]] or left
        left = [each for each in left if payments[each]["amount"] == facts["amount"]] or left
        undone[max(left, key=lambda each: (payments[each]["on"], each[1:]))] += facts["amount"]
    found = [
        (date(1970, 1, 1) + timedelta(days=facts["on"]), facts["amount"] - undone[place], plain(facts["policy_no"]), place)
        for place, facts in payments.items()
    ]
    return sorted((entry for entry in found if entry[1]), key=lambda entry: (entry[0], entry[3]))


def _paid_up(approval: Fields, payments: Sequence[tuple[date, int, str, tuple[str, ...]]]) -> Fields:
    days = [max(on, approval["on_date"]) for on, *_ in payments]
    sums = list(accumulate(amount for _, amount, *_ in payments))
    full = [on for on, total in zip(days, sums, strict=True) if total >= approval["amount"] > 0]
    return {"first_paid_on": days[0] if days else None, "settled_on": full[0] if full else None}


def _fund_row(said: list[Saying], step: str, rules: Rules) -> Fields:
    names = (
        "channel", "allocation_no", "policy_no", "batch_no", "application_no", "voucher_no", "budget_year", "level", "to_bureau",
        "amount", "carried_over", "recovered", "share_central", "share_city", "share_district", "category", "granularity",
        "policy_version", "payee_uscc", "payee_token", "related_key",
    )  # fmt: skip
    lead, facts = rules.first(said, "funds", "*", None)[0]
    row: Fields = {name: rules.pick(said, "funds", name) for name in names}
    row |= {"step": step, "on_date": _on(facts["on"]), "lead_bureau": lead[1], "told by": _who(said)}
    row["reason"] = facts.get("reason_kind") or facts["reason"]
    row["counted"] = 0 if facts.get("reason_kind") == "差错" else row["amount"]
    row["count"] = (facts.get("count") or 1) if _sums_up(facts) else 1
    if row["carried_over"]:
        row["carried_from"] = facts["carried_from"] or row["budget_year"] - 1
    if row["recovered"]:
        row["recovered_on"] = _on(facts["on"] if facts["recovered_on"] is None else facts["recovered_on"])
    return row


def _trade_in(_component: str, members: Members, rules: Rules) -> Made:
    """Purchases by order, returns by order and their own number, summaries alone."""
    bought: dict[str, list[Saying]] = defaultdict(list)
    back: dict[tuple[str, str], list[Saying]] = defaultdict(list)
    for key, facts in _sayings(members, "completed"):
        if _sums_up(facts):
            row = _purchase([(key, facts)], plain(facts["order_no"] or key[2]), rules)
            yield "trade-in", _own(key), row
        else:
            bought[plain(facts["order_no"] or key[2])].append((key, facts))
    for key, facts in _sayings(members, "returned"):
        if _sums_up(facts):
            yield "trade-in", _own(key, "退货"), _return([(key, facts)], rules) | {name: facts[name] for name in ("order_no", "return_no")}
        else:
            back[plain(facts["order_no"] or key[2]), plain(facts["return_no"] or key[2])].append((key, facts))
    purchases = {number: _purchase(said, number, rules) for number, said in bought.items()}
    for number, row in purchases.items():
        yield "trade-in", (number,), dict(row)
    for (number, return_no), said in back.items():
        row = _return(said, rules) | {"order_no": number, "return_no": return_no}
        of = purchases.get(number, {})
        row |= {"category": row["category"] or of.get("category"), "kind": of.get("kind")}
        yield "trade-in", ("退货", number, return_no), row


def _purchase(said: list[Saying], number: str, rules: Rules) -> Fields:
    names = (
        "category", "kind", "energy_label", "count", "sale_amount", "subsidy", "actually_paid", "merchant_uscc",
        "serial_no", "invoice_no", "old_item", "buyer_token", "granularity",
    )  # fmt: skip
    lead, facts = rules.first(said, "trade-in", "*", None)[0]
    completed = date(1970, 1, 1) + timedelta(days=facts["occurred_on"])
    row: Fields = {name: rules.pick(said, "trade-in", name) for name in names}
    row |= {"step": "完成", "order_no": number, "completed_on": completed, "lead_bureau": lead[1], "told by": _who(said)}
    return row | {"month": facts["month"] or f"{completed:%Y-%m}"}


def _return(said: list[Saying], rules: Rules) -> Fields:
    lead, facts = rules.first(said, "trade-in", "*", None)[0]
    on = date(1970, 1, 1) + timedelta(days=facts["on"])
    row: Fields = {name: rules.pick(said, "trade-in", name) for name in ("category", "subsidy_returned", "sale_returned", "granularity")}
    row |= {"step": "退货", "returned_on": on, "returned_count": facts["count"], "lead_bureau": lead[1], "told by": _who(said)}
    return row | {"month": facts["month"] or f"{on:%Y-%m}"}


def _material(_component: str, members: Members, rules: Rules) -> Made:
    names = ("month", "operator_uscc", "material", "unit", "recovered", "used", "route", "outlets", "reverse_invoiced", "granularity", "town")
    shared: dict[tuple[str, ...], list[Saying]] = defaultdict(list)
    for key, registers in members.items():
        for sub, word in words(registers, "recovered").items():
            facts = word.facts
            own = _sums_up(facts) or not facts["operator_uscc"]
            place = _own(key, sub) if own else (facts["operator_uscc"], facts["month"], facts["material"], facts["unit"])
            shared[place].append((key, facts))
    for place, said in shared.items():
        row = {name: rules.pick(said, "materials", name) for name in names}
        yield "materials", place, row | {"lead_bureau": rules.first(said, "materials", "*", None)[0][0][1], "told by": _who(said)}


def _indicator(_component: str, members: Members, rules: Rules) -> Made:
    names = ("indicator", "domain", "series", "period", "value", "numerator", "denominator", "unit", "version")
    shared: dict[tuple[str, ...], list[Saying]] = defaultdict(list)
    for family in ("baseline", "target", "reported"):
        for key, registers in members.items():
            for word in words(registers, family).values():
                f = word.facts
                place = (plain(f["indicator"]), f["domain"] or "", family, f["series"], f["period"])
                shared[place].append((key, f | {"family": family}))
    for place, said in shared.items():
        single = [each for each in said if not _sums_up(each[1])]
        key, facts = rules.first(single or said, "indicators", said[0][1]["series"], said[0][1]["domain"])[0]
        kind = {"baseline": "基数", "target": "目标", "reported": "报送"}[facts["family"]]
        row = {name: facts[name] for name in names} | {"kind": kind, "lead_bureau": key[1], "told by": _who(said)}
        yield "indicators", place, row


def _plan(_component: str, members: Members, rules: Rules) -> Made:
    said = sorted(_sayings(members, "plan"), key=lambda entry: (entry[1]["issued_on"], entry[0]))
    for key, facts in said[:1]:
        row = {name: facts[name] for name in ("plan_kind", "domain", "title", "document_no")}
        row |= {"issued_on": _on(facts["issued_on"]), "lead_bureau": key[1]}
        owed = [plan for plan in rules.plans if plan[:2] == (facts["plan_kind"], key[1])]
        owed = [plan for plan in owed if "" in (plan[2], facts["domain"] or "") or plan[2] == facts["domain"]]
        named = owed if len(owed) == 1 else [plan for plan in owed if plan[3] == facts["title"]]
        row["expected"] = named[0][3] if named else None
        yield "plans", (facts["plan_kind"], key[1], facts["domain"] or ""), row


_SUPPORT_COLUMNS = {"受理": "accepted_on", "推荐": "recommended_on", "评审": "reviewed_on", "入围": "shortlisted_on", "下达": "granted_on", "退回": "returned_on"}
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
                newest, row["step"], row["decided_by"] = row[column], step, facts["decided_by"]
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
            "bureau": key[1], "list": word.facts["list"], "month": word.facts["month"], "state": "零报告" if nil else "已确认" if "签发" in word.facts["signed_by"] else "已填报未审签",
            "rows": 0 if nil else word.facts["rows"], "totals": None if nil else word.facts["totals"], "confirmed_on": _on(word.facts["occurred_on"]),
            "signed_by": "、".join(word.facts["signed_by"]) or None, "signed_copy_sha256": None if nil else word.facts["signed_copy_sha256"], "explanation": None if nil else word.facts["explanation"],
        }  # fmt: skip


def _workbook(_component: str, members: Members, _rules: Rules) -> Made:
    [(key, registers)] = members.items()
    for word in words(registers, "returned").values():
        facts = word.facts
        if facts["rows_returned"] or facts["sheets_returned"] or facts["causes"]:
            most = sorted(facts["causes"], key=lambda cause: (-facts["causes"][cause], cause))
            yield "returns", (), {
                **{name: facts[name] for name in ("month", "list", "file", "rows_returned", "sheets_returned", "rows_read", "to_verify")},
                "bureau": key[1], "causes": [f"{cause}{facts['causes'][cause]}处" for cause in most] or None,
            }  # fmt: skip


_FOLDS: Mapping[str, Callable[[str, Members, Rules], Made]] = {
    "project": _project, "enterprise": _enterprise, "policy": _policy, "document": _document, "scrappage": _scrappage,
    "fund": _fund, "trade_in": _trade_in, "plan": _plan, "submission": _submission, "support": _support, "workbook": _workbook,
    "safeguard": lambda _component, members, rules: safeguards.rows(_sayings(members, "reported"), rules), "stock": lambda _component, members, rules: stocks.rows(_sayings(members, "surveyed"), rules), "material": _material, "indicator": _indicator,
    "publicity": lambda _component, members, _rules: supervision.publicity(_sayings(members, "reported")),
    "outlet": lambda _component, members, rules: towns.outlet(_sayings(members, "outlet"), rules),
    "match": lambda _component, members, rules: matches.rows(_sayings(members, "matched"), rules),
    "elimination": lambda _component, members, rules: supervision.elimination(_sayings(members, "ordered"), _sayings(members, "verified"), rules),
    "problem": lambda _component, members, _rules: matters.problems(_sayings(members, "raised"), _sayings(members, "resolved")),
    "task": lambda _component, members, rules: matters.tasks(_sayings(members, "progress"), rules),
    "equipment_line": lambda _component, members, _rules: stocks.lines(_sayings(members, "line")), "procedure": lambda component, members, _rules: stocks.procedures(component, members),
}  # fmt: skip
