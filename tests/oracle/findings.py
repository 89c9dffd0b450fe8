"""What should be looked at, worked out from the oracle's own rows and words, rule by rule as the findings page names them."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle import matches, stocks, supervision, towns
from tests.oracle.findings_projects import project
from tests.oracle.grouping import groups, words
from tests.oracle.keys import row_key
from tests.oracle.lists import Expected, Members, owning, plain, rows, vouchers_of
from tests.oracle.outcomes import Claims, Word
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
    for group in groups(claims, rules.bureaus):
        kind, component = group[0][0], min(f"{bureau}:{entity}" for _, bureau, entity in group)
        members, told = {key: claims[key] for key in group}, of_component[_LISTS.get(kind, kind), component]
        own, claimed = [row for row in told if not row.list.endswith("-claims")], [row for row in told if row.list.endswith("-claims")]
        owners = {key: claims[key] for key in owning(group, rules)}
        of_kind = [*(_of_kind(kind, owners, own) if owners else ()), *towns.findings(kind, claimed, own[0].fields if own else None)] if kind in towns.OWNED else [*_of_kind(kind, members, told)]
        for rule, subject, detail in (*of_kind, *_of_any_kind(kind, members, told)):
            assert (rule, subject, component) not in result
            result[rule, subject, component] = detail
    return result


_KINDS = {"equipment-projects": "project", "recycling-projects": "project", "project-progress": "project", "project-claims": "project", "outlets": "outlet", "outlet-claims": "outlet"}
_LISTS = {
    "fund": "funds", "trade_in": "trade-in", "plan": "plans", "problem": "problems", "support": "support-sought", "enterprise": "enterprises",
    "policy": "funding-policies", "material": "materials", "indicator": "indicators", "document": "documents", "task": "tasks",
    "submission": "submissions", "safeguard": "safeguards", "stock": "energy-stocks", "equipment_line": "equipment-lines", "procedure": "project-procedures", "publicity": "publicity", "elimination": "elimination", "match": "matches",
}  # fmt: skip
_TITLES = {
    "project": "项目", "enterprise": "企业", "policy": "资金政策", "fund": "资金", "scrappage": "报废淘汰", "trade_in": "以旧换新", "material": "回收利用",
    "indicator": "指标与目标", "document": "文件与措施", "plan": "应出台方案", "problem": "协调事项", "task": "任务进展", "support": "对上争取", "submission": "报送", "workbook": "报送表",
    "safeguard": "要素保障", "stock": "用能设备", "equipment_line": "设备明细", "procedure": "前期手续", "publicity": "宣传引导", "elimination": "淘汰目录设备", "match": "供需对接", "outlet": "回收网点",
}  # fmt: skip


def _of_kind(kind: str, members: Members, told: list[Expected]) -> Found:
    if kind == "project":
        yield from project(members, told)
    elif kind == "fund":
        yield from _applications(members, told)
    elif kind == "trade_in":
        yield from _trade_in(members, told)
    elif kind in ("indicator", "material"):
        yield from _twice(members, kind)
    elif kind == "safeguard":
        yield from _safeguard(members)
    elif kind == "stock":
        said = [(key, word.facts) for key, registers in members.items() for word in words(registers, "surveyed").values()]
        yield from (("stock-differs", _named(*place), values) for place, values in stocks.differing(said))
    elif kind == "match":
        said = sorted((key, word.facts) for key, registers in members.items() for word in words(registers, "matched").values())
        if said and (amounts := matches.differing(said)):
            yield "match-differs", told[0].key, amounts
    elif kind == "policy":
        yield from _policy(members, told)
    elif kind in _RULES:
        yield from _RULES[kind](told)


#: Kind → the amounts and quantities of its statements in the order of its columns.
_NUMBERS = {
    "project": (
        "total_investment", "equipment_investment", "equipment_purchase", "funds_arrived", "funds_paid", "energy_saving", "capacity",
        "invested_since_start", "invested_year_to_date", "invested_this_month",
    ),
    "enterprise": ("output",), "policy": ("cap", "central_percent", "local_percent", "obtained"),
    "fund": ("amount", "carried_over", "recovered", "share_central", "share_city", "share_district"),
    "trade_in": ("sale_amount", "subsidy", "subsidy_returned", "sale_returned", "actually_paid"), "material": ("recovered", "used", "reverse_invoiced"),
    "indicator": ("value", "numerator", "denominator"), "support": ("amount_asked",),
    "safeguard": ("amount", "signed", "paid", "subsidy", "area"), "equipment_line": ("original_value", "price"), "match": ("amount",), "task": ("quantity",),
}  # fmt: skip
#: List → its amounts of money in the order of its columns.
_MONEY = {
    "equipment-projects": (
        "total_investment", "equipment_investment", "equipment_purchase", "funds_arrived", "funds_paid", "invested_since_start", "invested_year_to_date",
    ),
    "project-progress": ("invested_this_month", "invested_year_to_date", "invested_since_start"), "enterprises": ("output",),
    "funding-policies": ("cap", "obtained"), "funds": ("amount", "counted", "carried_over", "recovered", "share_central", "share_city", "share_district"),
    "trade-in": ("sale_amount", "subsidy", "subsidy_returned", "sale_returned", "actually_paid"), "materials": ("reverse_invoiced",),
    "support-sought": ("amount_asked", "amount_recommended", "amount_reviewed", "amount_granted"),
    "safeguards": ("amount", "signed", "paid", "subsidy"), "equipment-lines": ("original_value", "price"), "matches": ("amount",), "project-claims": ("total_investment",),
}  # fmt: skip
_MONEY["recycling-projects"] = _MONEY["equipment-projects"]


def _of_any_kind(kind: str, members: Members, told: list[Expected]) -> Found:
    for (_, bureau, entity), registers in members.items():
        for family, by_sub in registers.items():
            for sub, word in by_sub.items():
                subject = _named(_TITLES[kind], bureau, entity, f"{family}:{sub}" if sub else family)
                yield from _followed(kind, family, subject, word)
    for row in told:
        large = [(name, row.fields[name]) for name in _MONEY.get(row.list, ()) if abs(row.fields.get(name) or 0) > 10**12]
        if large:
            yield "amount-beyond", _named(_TITLES[kind], row.key), dict(large[:1])


def _followed(kind: str, family: str, subject: str, word: Word) -> Found:
    """What a statement says beside the one that it stands against."""
    before = word.before
    if before is None or word.withdrawn or before.withdrawn:
        return
    now, then = word.facts, before.facts
    if now["revision"] == then["revision"]:
        yield "equal-revisions", subject, {"revision": now["revision"]}
        return
    if family in ("project", "enterprise", "policy") and now["occurred_on"] < then["occurred_on"]:
        yield "dated-back", subject, {"stated_on": _day(now["occurred_on"]), "stated_before_on": _day(then["occurred_on"])}
    if now["reason"] or now["corrects"] or now.get("unit") != then.get("unit"):
        return
    for name in _NUMBERS.get(kind, ()):
        new, old = now.get(name), then.get(name)
        if new and old and (abs(new) >= 1000 * abs(old) or abs(old) >= 1000 * abs(new)):
            said = {"earlier": old, "later": new}
            yield "magnitude-restated", subject, {"of": name} | {at: v if isinstance(v, int) else str(v) for at, v in said.items()}
            return


def _day(days: int) -> str:
    return f"{date(1970, 1, 1) + timedelta(days=days):%Y-%m-%d}"


def _applications(members: Members, told: list[Expected]) -> Found:
    """One application's approvals, payments and reversals, as far as they count."""
    for number, vouchers in vouchers_of(members).items():
        mine = [row.fields for row in told if plain(row.fields["application_no"]) == number and row.fields["granularity"] == "明细"]
        approved, paid, back = (sum(row["counted"] for row in mine if row["step"] == step) for step in ("审核", "支付", "冲回"))
        times = sum(row["counted"] > 0 for row in mine if row["step"] == "支付")
        steps = {place[0] for place in vouchers}
        if "审核" in steps and paid - back > approved:
            yield "paid-over-approved", _named(number), {"approved": approved, "paid": paid} | ({"reversed": back} if back else {})
        elif "审核" in steps and paid and approved and paid < approved and max(abs(approved), abs(paid)) >= 1000 * min(abs(approved), abs(paid)):
            yield "payment-magnitude", _named(number), {"approved": approved, "paid": paid}
        if back > paid:
            yield "reversed-over-paid", _named(number), {"paid": paid, "reversed": back}
        if "审核" not in steps and "支付" in steps and paid:
            yield "paid-without-approval", _named(number), {"paid": paid}
        if times > 2:
            yield "paid-three-times", _named(number), {"vouchers": times, "paid": paid}
        yield from _approved_or_told_twice(number, vouchers)
    for (_, bureau, entity), registers in members.items():
        for family in ("approved", "paid", "reversed"):
            for sub, word in words(registers, family).items():
                shares = {f"share_{level}": word.facts[f"share_{level}"] for level in ("central", "city", "district")}
                shares = {name: share for name, share in shares.items() if share is not None}
                if shares and sum(shares.values()) != word.facts["amount"]:
                    subject = _named("", f"{bureau}:{entity}", family, *([sub] if sub else []))
                    yield "shares-sum", subject, {"amount": word.facts["amount"]} | shares


def _approved_or_told_twice(number: str, vouchers: dict[tuple[str, ...], Any]) -> Found:
    whole, joint = {}, False
    for place, said in vouchers.items():
        ordered = sorted(said, key=lambda entry: entry[0])
        bureaus = [key[1] for key, _ in ordered]
        amounts = {key[1]: facts["amount"] for key, facts in ordered}
        if place[0] == "审核":
            whole |= amounts
        if place[0] == "审核" and len(amounts) > 1:
            joint = True
            yield "approved-twice", _named(number, place[1]), {"of": "amount"} | amounts
        elif place[0] != "冲回" and len({facts["amount"] for _, facts in said}) > 1:
            told = {b if bureaus.count(b) == 1 else f"{b}:{e}": facts["amount"] for (_, b, e), facts in ordered}
            subject = (place[0], number, place[1]) if place[0] == "审核" else (place[0], place[1], number, place[2])
            yield "amount-differs", _named(*subject), {"of": "amount"} | told
    if len(whole) > 1 and not joint:
        yield "approved-twice", _named(number), {"of": "amount"} | whole


def _twice(members: Members, kind: str) -> Found:
    """What several entries say of one indicator's value or of one quantity, where they differ."""
    said: dict[str, dict[tuple[str, str], Any]] = defaultdict(dict)
    for (_, bureau, entity), registers in members.items():
        for family in registers:
            for sub, word in words(registers, family).items():
                f, own = word.facts, ("", f"{bureau}:{entity}")
                if kind == "material":
                    single = f["granularity"] != "汇总" and f["operator_uscc"]
                    subject = _named(f["operator_uscc"], f["month"], f["material"], f["unit"]) if single else _named(*own, sub)
                else:
                    subject = _named(plain(f["indicator"]), f["domain"] or "", family, f["series"], f["period"])
                said[subject][bureau, entity] = f
    for subject, by in sorted(said.items()):
        bureaus = [bureau for bureau, _ in by]
        names = {(b, e): b if bureaus.count(b) == 1 else f"{b}:{e}" for b, e in by}
        if kind == "material":
            for name in ("recovered", "used", "reverse_invoiced"):
                values = {names[at]: f[name] if name == "reverse_invoiced" else str(f[name]) for at, f in by.items() if f[name] is not None}
                if len(set(values.values())) > 1:
                    yield "material-differs", subject, {"of": name} | values
                    break
            continue
        if len({None if f["value"] is None else f["value"] * _TIMES.get(f["unit"], 1) for f in by.values()}) > 1:
            yield "indicator-differs", subject, {"of": "value"} | {names[at]: f"{f['value']} {f['unit']}" for at, f in by.items()}
        for (bureau, entity), f in by.items():
            of_hundred = 100 if f["unit"] == "%" else 1
            if not _is_ratio(f["value"], f["numerator"], f["denominator"], of_hundred):
                detail = {name: str(f[name]) for name in ("value", "numerator", "denominator")}
                yield "indicator-ratio", _named(subject, bureau, entity), detail


def _safeguard(members: Members) -> Found:
    """What several entries say of one safeguard in one month, where a number differs."""
    said: dict[str, dict[tuple[str, str], Any]] = defaultdict(dict)
    for (_, bureau, entity), registers in sorted(members.items()):
        for word in words(registers, "reported").values():
            said[_named(word.facts["safeguard"], word.facts["month"])][bureau, entity] = word.facts
    for subject, by in said.items():
        bureaus = [bureau for bureau, _ in by]
        names = {(b, e): b if bureaus.count(b) == 1 else f"{b}:{e}" for b, e in by}
        for name in ("firms", "items", "amount", "signed", "paid", "subsidy", "area"):
            values = {names[at]: str(f[name]) if name == "area" else f[name] for at, f in by.items() if f[name] is not None}
            if len(set(values.values())) > 1:
                yield "safeguard-differs", subject, {"of": name} | values
                break


#: The units in which generated indicators are told.
_TIMES = {"万吨": 10_000}


def _is_ratio(value: Decimal | None, above: Decimal | None, below: Decimal | None, whole: int) -> bool:
    """Whether a value is its ratio, or the growth by it, to the half of its last decimal."""
    if value is None or above is None or not below:
        return True
    last = Decimal(1)
    while value % last:
        last /= 10
    return min(abs(value - above / below * whole), abs(value - above / below * whole + whole)) <= last / 2


def _named(*parts: str) -> str:
    return row_key("", "", parts, {})


def _policy(members: Members, told: list[Expected]) -> Found:
    for (_, bureau, entity), registers in members.items():
        for word in words(registers, "policy").values():
            facts = word.facts
            if None not in (facts["central_percent"], facts["local_percent"]) and facts["central_percent"] + facts["local_percent"] != 100:
                yield "policy-shares", _named(told[0].key, bureau, entity), {"document_no": facts["document_no"], "level": facts["level"]}


def _scrappage(told: list[Expected]) -> Found:
    for row in told:
        out, gone = row.fields.get("delivered_on"), row.fields.get("deregistered_on")
        if out is not None and gone is not None and gone < out:
            yield "deregistered-early", row.key, {"delivered_on": f"{out:%Y-%m-%d}", "deregistered_on": f"{gone:%Y-%m-%d}"}


def _trade_in(members: Members, told: list[Expected]) -> Found:
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
    said: dict[str, dict[tuple[str, str], Any]] = defaultdict(dict)
    for (_, bureau, entity), registers in members.items():
        for word in words(registers, "completed").values():
            if word.facts["granularity"] == "明细":
                said[plain(word.facts["order_no"] or entity)][bureau, entity] = word.facts
    for number, by in said.items():
        bureaus = [bureau for bureau, _ in by]
        for name in ("subsidy", "sale_amount"):
            values = {b if bureaus.count(b) == 1 else f"{b}:{e}": facts[name] for (b, e), facts in sorted(by.items())}
            if len(set(values.values())) > 1:
                yield "order-differs", bought[number].key, {"of": name} | values
                break


def _plan(told: list[Expected]) -> Found:
    for row in told:
        if row.fields["expected"] is None:
            yield "plan-not-owed", row.key, {"plan_kind": row.fields["plan_kind"], "title": row.fields["title"]}


def _support(told: list[Expected]) -> Found:
    for row in told:
        if "applied_on" not in row.fields:
            yield "support-decided-unasked", row.key, {"step": row.fields["step"]}
        asked, granted = row.fields.get("amount_asked"), row.fields.get("amount_granted")
        if None not in (asked, granted) and asked < granted:
            yield "granted-over-asked", row.key, {"amount_asked": asked, "amount_granted": granted}


def _problem(told: list[Expected]) -> Found:
    for row in told:
        if "raised_on" not in row.fields:
            yield "resolution-without-problem", row.key, {"problem_no": row.fields["problem_no"]}


def _task(told: list[Expected]) -> Found:
    for row in told:
        said = row.fields
        if said["named"] is False:
            yield "task-not-named", row.key, {"task_no": said["task_no"], "month": said["month"]}
        year, month = map(int, said["month"].split("-"))
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        if said["due_on"] is not None and said["state"] in ("未启动", "推进中", "滞后") and said["due_on"] < last:
            yield "task-overdue", row.key, {"month": said["month"], "state": said["state"], "due_on": str(said["due_on"])}


_RULES = {"publicity": supervision.publicity_findings, "elimination": supervision.elimination_findings, "task": _task, "scrappage": _scrappage, "plan": _plan, "problem": _problem, "support": _support}
