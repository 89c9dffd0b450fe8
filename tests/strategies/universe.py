"""Events of all types over a small world, each a pure function of one whole number.

Equal numbers give equal bytes; numbers that differ only in *echo* say the same in other bytes (another time of
recording, another origin); numbers that differ only in *telling* give one id with other facts. So a plain list of
numbers already holds duplicates, conflicts, equal revisions of two sources, corrections, withdrawals, key changes,
merges and unmerges, and shrinks well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

from exchange_contracts import codec, envelope, registry
from exchange_contracts.events import EVENTS
from tests.strategies import dice
from tests.strategies.dice import LISTS, SMALL, Facts, Place, World

PROJECT_BUREAUS = ("development-reform", "industry", "transport")
SCRAPPING_BUREAUS = ("transport", "commerce", "police")
PAYING_BUREAUS = ("finance", "commerce")
TOWN = "meichang"
BUREAUS = ("development-reform", "industry", "transport", "commerce", "finance", "police", "coordination", TOWN)


@dataclass(frozen=True, slots=True)
class Item:
    """One record to publish.

    Attributes:
        bureau: whose topic it goes to.
        key: Kafka key.
        value: Kafka value.
        headers: Kafka headers.
        sound: whether it is an acceptable event.
        event: event type, or the kind of damage.
    """

    bureau: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    sound: bool
    event: str


def item_of(code: int, world: World = SMALL, *, damage: float = 0.0) -> Item:
    """Return the record that *code* stands for; with probability *damage* it is not acceptable."""
    from tests.strategies.damage import damaged

    choose = Random(code)
    name = choose.choices(_NAMES, _WEIGHTS)[0]
    item = _sound(name, choose, world)
    if damage and choose.random() < damage:
        return damaged(item, choose)
    return item


def _sound(name: str, choose: Random, world: World) -> Item:
    bureaus, facts_of = _EVENTS[name]
    bureau = choose.choice(bureaus)
    entity = choose.randrange(world.entities)
    month = choose.randrange(world.months)
    revision = choose.randint(1, world.revisions)
    source = choose.choice(("excel", "excel", "system/甲"))
    telling = choose.randrange(world.tellings)
    echo = choose.randrange(2)
    tell = Random(f"{name} {bureau} {entity} {month} {revision} {source} {telling}")
    key, facts = facts_of(tell, Place(bureau, entity, f"2026-{month + 8:02d}", world))
    if "reason" not in facts:
        facts["reason"] = tell.choice(("更正", "误报\t含制表符", "原因\\n含反斜线")) if name in _REASONED or tell.random() < 0.1 else None
    common = {
        "bureau": bureau, "source": source, "entity_key": key, "revision": revision,
        "occurred_on": date(2026, 8, 1) + timedelta(days=tell.randrange(92)),
        "recorded_at": datetime(2026, 11, 1, 1, 0, echo, tzinfo=UTC),
        "origin": {"file": f"{echo}.xlsx", "sheet": "表", "row": 4 + echo} if echo else None,
        "granularity": tell.choice(("明细", "明细", "汇总")),
        "evidence": tuple({"kind": "发票", "number": f"{n}"} for n in range(tell.randrange(3))),
    }  # fmt: skip
    event = EVENTS[name].model_validate(common | facts)
    return Item(
        bureau, key.encode(), codec.encode(event), tuple(envelope.headers(event)), sound=True, event=name
    )


def _project(tell: Random, at: Place) -> tuple[str, Facts]:
    listed = "回收循环" if at.bureau == "development-reform" and tell.random() < 0.7 else "设备更新"
    total = dice.money(tell)
    parts = sorted([Decimal(0), *(total * tell.randrange(101) // 100 for _ in range(tell.randrange(2))), total])
    shares = [later - earlier for earlier, later in pairwise(parts)] if tell.random() < 0.6 else []
    return f"P{at.entity}", {
        "project_code": dice.some(tell, dice.code(dice.shared(tell, at))), "internal_no": f"N{at.entity}", "name": dice.name(tell),
        "list": listed, "domain": tell.choice(LISTS["domain"][:5]), "construction_nature": tell.choice(LISTS["construction_nature"]),
        "owner_uscc": dice.some(tell, dice.uscc(at.entity)), "owner_name": dice.name(tell), "town": dice.some(tell, "杨村街道"),
        "total_investment": total, "equipment_investment": dice.some(tell, total / 4 if total % 1 == 0 and total % 100 == 0 else Decimal(0)),
        "equipment_purchase": dice.some(tell, total // 8),
        "planned_by_year": {str(2025 + n): dice.money(tell) for n in range(tell.randrange(3))},
        "funding": dict(zip(LISTS["funding_source"], shares, strict=False)),
        "funds_arrived": dice.some(tell, dice.money(tell)), "funds_paid": dice.some(tell, dice.money(tell)), "units_planned": dice.some(tell, tell.randrange(9)),
        "units_done": dice.some(tell, tell.randrange(3)), "energy_saving": dice.some(tell, dice.quantity(tell)), "approval_no": dice.some(tell, dice.text(tell)),
        "starts_on_planned": dice.some(tell, dice.day(tell)), "ends_on_actual": dice.some(tell, dice.day(tell)),
        "build_state": tell.choice(LISTS["build_state"]), "fund_state": tell.choice(LISTS["fund_state"]),
        "admin_state": tell.choice(LISTS["admin_state"]), "problems": dice.some(tell, dice.text(tell)),
        "waste_category": dice.some(tell, LISTS["material"][0]), "capacity": dice.some(tell, dice.quantity(tell)), "renewal": dice.some(tell, tell.choice(LISTS["renewal"])),
        "old_equipment": _at_times(at, "旧锅炉2台"), "new_equipment": _at_times(at, "新锅炉2台", 3), "channel_sought": _at_times(at, "超长期特别国债"), "contact_office": _at_times(at, "投资科", 3),
    }  # fmt: skip


def _at_times(at: Place, value: str, every: int = 2) -> str | None:
    """A value that every other entity fills; it takes no chance, so that older seeds tell what they told."""
    return None if at.entity % every else value


def _progress(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"P{at.entity}", {
        "month": at.month, "invested_this_month": dice.money(tell), "invested_year_to_date": dice.money(tell),
        "invested_since_start": dice.some(tell, dice.money(tell)), "units_done": dice.some(tell, tell.randrange(3)),
        "build_state": dice.some(tell, tell.choice(("在建", "竣工", "投产"))), "text": dice.some(tell, dice.text(tell)),
    }  # fmt: skip


def _nothing(prefix: str) -> "Maker":
    return lambda _tell, at: (f"{prefix}{at.entity}", {})


def _enterprise(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"E{at.entity}", {
        "uscc": dice.uscc(dice.shared(tell, at)), "name": dice.name(tell), "role": tell.choice(LISTS["enterprise_role"]),
        "domain": tell.choice(LISTS["domain"]), "main_products": tuple(dice.text(tell) for _ in range(tell.randrange(3))),
        "capacity": dice.some(tell, dice.text(tell)), "output": dice.some(tell, dice.money(tell)),
        "qualifications": tuple(dice.text(tell) for _ in range(tell.randrange(2))), "serves_domains": tuple(LISTS["domain"][: tell.randrange(3)]), "town": dice.some(tell, "杨村街道"),
    }  # fmt: skip


def _delisted(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"E{at.entity}", {"uscc": dice.uscc(at.entity)}


def _scrapped(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"S{at.entity}", {
        "category": tell.choice(LISTS["scrap_category"][:2]), "identifier_kind": "车架号", "identifier": f"VIN {dice.shared(tell, at)}",
        "certificate_kind": dice.some(tell, "报废证明"), "certificate_no": dice.some(tell, dice.text(tell)), "owner_uscc": dice.some(tell, dice.uscc(1)), "owner_token": _at_times(at, "k1:ownerabcd"),
        "recycler_uscc": dice.some(tell, dice.uscc(2)), "count": 1 + tell.randrange(3), "emission_standard": dice.some(tell, "国三"), "fuel": dice.some(tell, "柴油"),
        "commissioned_on": dice.some(tell, dice.day(tell)), "town": dice.some(tell, "杨村街道"), "step": tell.choice(LISTS["scrap_step"]), "on": dice.day(tell),
    }  # fmt: skip


def _completed(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"O{at.entity}", {
        "category": tell.choice(LISTS["trade_in_category"]), "kind": dice.some(tell, "空调"), "energy_label": dice.some(tell, "1级"),
        "serial_no": dice.some(tell, dice.text(tell)), "invoice_no": dice.some(tell, f"F{at.entity}"), "count": tell.randrange(5),
        "sale_amount": dice.money(tell), "subsidy": dice.money(tell), "actually_paid": dice.some(tell, dice.money(tell)), "merchant_uscc": dice.some(tell, dice.uscc(3)),
        "order_no": dice.some(tell, f"O{dice.shared(tell, at)}"), "month": dice.some(tell, at.month), "buyer_token": dice.some(tell, "k1:abcdefgh"), "old_item": _at_times(at, "旧空调1台"),
    }  # fmt: skip


def _returned(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"{tell.choice('OR')}{at.entity}", {
        "count": tell.randrange(3), "subsidy_returned": dice.money(tell), "sale_returned": dice.some(tell, dice.money(tell)),
        "on": dice.day(tell), "category": dice.some(tell, LISTS["trade_in_category"][0]), "order_no": dice.some(tell, f"O{dice.shared(tell, at)}"),
        "return_no": dice.some(tell, f"R{tell.randrange(2)}"), "month": dice.some(tell, at.month),
    }  # fmt: skip


_VOUCHERS = ("V1", "V 2", "凭\\3", "V1/allocated", "\\N", "V|1")


def _allocated(tell: Random, at: Place) -> tuple[str, Facts]:
    key = tell.choice((f"A{at.entity}", f"A{at.entity}/paid:V1"))
    return key, {
        "channel": tell.choice(LISTS["funding_source"]), "allocation_no": f"津财〔2026〕{at.entity}号", "policy_no": dice.some(tell, "政1"),
        "batch_no": dice.some(tell, "1"), "budget_year": 2026, "level": tell.choice(LISTS["level"]), "amount": dice.money(tell, negative=True),
        "to_bureau": dice.some(tell, "commerce"), "carried_over": dice.some(tell, dice.money(tell)), "recovered": dice.some(tell, dice.money(tell)), "on": dice.day(tell),
        "carried_from": dice.some(tell, 2024), "recovered_on": dice.some(tell, dice.day(tell)),
        "reason": "核减",
    }  # fmt: skip


def _subsidy(*, voucher: bool, reversed_: bool = False) -> "Maker":
    def facts_of(tell: Random, at: Place) -> tuple[str, Facts]:
        facts = {
            "application_no": f"A{dice.shared(tell, at)}", "policy_no": tell.choice(("政1", "政1", "政2")), "count": dice.some(tell, 1 + tell.randrange(9)), "policy_version": dice.some(tell, "2"), "batch_no": dice.some(tell, "1"),
            "budget_year": 2026, "channel": dice.some(tell, "市级"), "category": dice.some(tell, "家电"), "payee_uscc": dice.some(tell, dice.uscc(4)), "payee_token": _at_times(at, "k1:payeeabcd"),
            "related_key": dice.some(tell, f"O{at.entity}"), "amount": dice.money(tell), "share_central": dice.some(tell, dice.money(tell)),
            "share_city": dice.some(tell, dice.money(tell)), "share_district": dice.some(tell, dice.money(tell)), "on": dice.day(tell),
        }  # fmt: skip
        if voucher:
            facts["voucher_no"] = tell.choice(_VOUCHERS)
        if reversed_:
            facts["reverses_voucher_no"] = dice.some(tell, tell.choice(_VOUCHERS))
            facts["reason_kind"] = tell.choice(LISTS["reversal_reason"])
        return f"A{at.entity}", facts

    return facts_of


def _policy(tell: Random, at: Place) -> tuple[str, Facts]:
    begins = dice.day(tell)
    return f"Z{at.entity}", {
        "document_no": f"津政〔2026〕{dice.shared(tell, at)}号", "name": dice.name(tell), "issuer": "市发改委", "level": tell.choice(LISTS["level"][:2]),
        "domains": tuple(LISTS["domain"][: tell.randrange(3)]), "consumer_domains": tuple(LISTS["consumer_domain"][: tell.randrange(2)]), "object": dice.some(tell, dice.text(tell)), "conditions": dice.some(tell, dice.text(tell)),
        "support_kind": tell.choice(LISTS["support_kind"]), "standard": dice.some(tell, "10%"), "cap": dice.some(tell, dice.money(tell)),
        "channel": dice.some(tell, "市级"), "central_percent": dice.some(tell, dice.quantity(tell)), "applicant": dice.some(tell, "企业"),
        "materials": dice.some(tell, "表"), "procedure": dice.some(tell, dice.text(tell)), "window": dice.some(tell, "常年"), "valid_from": dice.some(tell, begins),
        "valid_to": dice.some(tell, begins + timedelta(days=tell.randrange(400))), "department": dice.some(tell, "finance"), "obtained": dice.some(tell, dice.money(tell)),
    }  # fmt: skip


def _expired(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"Z{at.entity}", {"document_no": f"津政〔2026〕{at.entity}号", "level": LISTS["level"][0], "expired_on": dice.day(tell), "successor_no": dice.some(tell, f"津政〔2027〕{tell.randrange(9)}号")}


_DOCUMENTS = ("津发〔2026〕{}号", "津发〔2026〕{}号 industry")


def _document_no(tell: Random, at: Place) -> str:
    return _DOCUMENTS[tell.random() < 0.2].format(dice.shared(tell, at))


def _received(tell: Random, at: Place) -> tuple[str, Facts]:
    issued = dice.day(tell)
    departments = tell.sample(PROJECT_BUREAUS, tell.randrange(4))
    return f"D{at.entity}", {
        "document_no": _document_no(tell, at), "title": dice.name(tell), "issuer": "市政府", "level": tell.choice(LISTS["document_level"]),
        "issued_on": issued, "received_on": issued + timedelta(days=tell.randrange(9)),
        "departments": tuple({"department": each, "part": tell.choice(LISTS["department_part"])} for each in departments),
    }  # fmt: skip


def _measure(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"D{at.entity}", {
        "document_no": _document_no(tell, at), "department": tell.choice(PROJECT_BUREAUS), "form": tell.choice(LISTS["measure_form"]),
        "measure_no": dice.some(tell, dice.text(tell)), "issued_on": dice.day(tell),
    }  # fmt: skip


def _exempted(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"D{at.entity}", {"document_no": _document_no(tell, at), "department": tell.choice(PROJECT_BUREAUS), "approved_by": dice.some(tell, "专班")}


def _extended(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"D{at.entity}", {"document_no": _document_no(tell, at), "department": tell.choice(PROJECT_BUREAUS), "until": dice.day(tell), "approved_by": "专班"}


def _issued(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"Y{at.entity}", {"plan_kind": tell.choice(LISTS["plan_kind"]), "title": dice.name(tell), "document_no": dice.some(tell, "方1"), "domain": dice.some(tell, LISTS["domain"][dice.shared(tell, at) % 3]), "issued_on": dice.day(tell)}


def _indicator(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"I{at.entity}", {
        "indicator": f"i{dice.shared(tell, at)}", "domain": dice.some(tell, tell.choice(LISTS["domain"])), "period": tell.choice(("2026", at.month)),
        "series": tell.choice(LISTS["series"]), "numerator": dice.some(tell, dice.quantity(tell, negative=True)), "denominator": dice.some(tell, dice.quantity(tell, negative=True)),
        "value": dice.some(tell, dice.quantity(tell, negative=True)), "unit": "万元", "version": "1",
    }  # fmt: skip


def _recovered(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"M{at.entity}", {
        "month": at.month, "operator_uscc": dice.some(tell, dice.uscc(tell.choice((5, 6)))), "material": tell.choice(LISTS["material"][:3]), "unit": "吨",
        "recovered": dice.quantity(tell), "used": dice.some(tell, dice.quantity(tell)), "route": dice.some(tell, LISTS["material_route"][0]),
        "outlets": dice.some(tell, tell.randrange(4)), "reverse_invoiced": dice.some(tell, dice.money(tell)), "town": dice.some(tell, "梅厂镇"),
    }  # fmt: skip


def _raised(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"W{at.entity}", {
        "problem_no": f"W{dice.shared(tell, at)}", "text": dice.name(tell), "done_so_far": dice.some(tell, dice.text(tell)), "proposal": dice.some(tell, dice.text(tell)),
        "asks_of": tuple(tell.sample(BUREAUS, tell.randrange(3))), "responsible": dice.some(tell, tell.choice(BUREAUS)),
        "due_on": dice.some(tell, dice.day(tell)), "meeting": dice.some(tell, dice.text(tell)),
    }  # fmt: skip


def _resolved(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"W{at.entity}", {"problem_no": f"W{dice.shared(tell, at)}", "resolution": dice.name(tell)}


def _sought(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"Q{at.entity}", {
        "support_no": f"Q{at.entity}", "name": tell.choice(("第一批", "第二批")), "project_code": None, "batch_no": dice.some(tell, "2026-1"),
        "domain": dice.some(tell, LISTS["domain"][0]), "channel": tell.choice(LISTS["funding_source"]),
        "level": tell.choice(LISTS["document_level"]), "policy_no": None, "amount_asked": dice.some(tell, dice.money(tell)), "on": dice.some(tell, dice.day(tell)),
    }  # fmt: skip


def _decided(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"Q{at.entity}", {
        "support_no": f"Q{at.entity}", "step": tell.choice(LISTS["support_step"]), "amount": dice.some(tell, dice.money(tell)),
        "decided_by": _at_times(at, "市发展改革委"), "document_no": dice.some(tell, "津发改〔2026〕1号"), "on": dice.some(tell, dice.day(tell)), "reason": dice.text(tell),
    }  # fmt: skip


def _task(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"T{at.entity}", {
        "task_no": f"{dice.shared(tell, at)}", "month": at.month, "text": dice.name(tell), "state": dice.some(tell, tell.choice(LISTS["task_state"])),
        "quantity": (quantity := dice.some(tell, dice.quantity(tell))), "unit": dice.some(tell, "台") if quantity is None else "台",
        "milestone": dice.some(tell, dice.text(tell)), "due_on": dice.some(tell, dice.day(tell)),
    }  # fmt: skip


_TOLD_IN = {
    "反向开票": ("firms", "items", "amount"), "专用设备抵免": ("firms", "amount"), "贷款贴息": ("firms", "items", "signed", "paid", "subsidy"),
    "再贷款": ("firms", "items", "signed", "paid"), "简化审批": ("items",), "用地保障": ("items", "area"), "政府绿色采购": ("items", "amount"),
}  # fmt: skip


def _safeguarded(tell: Random, at: Place) -> tuple[str, Facts]:
    safeguard = tell.choice(tuple(_TOLD_IN))
    first, *others = _TOLD_IN[safeguard]
    made = {"firms": tell.randrange(40), "items": tell.randrange(99), "area": Decimal(tell.randrange(99))}
    facts: Facts = {name: made.get(name, dice.money(tell)) for name in (first, *(name for name in others if tell.random() < 0.7))}
    return f"F{at.entity}", {"safeguard": safeguard, "month": at.month} | facts


def _surveyed(tell: Random, at: Place) -> tuple[str, Facts]:
    levels = {name: tell.randrange(9) for name in ("advanced", "saving", "entry", "below")}
    stock = sum(levels.values()) + tell.choice((0, 0, 3))
    kinds, domains = LISTS["energy_equipment"][:4], LISTS["domain"][:2]
    return f"V{at.entity}", {"month": at.month, "equipment": tell.choice(kinds), "domain": tell.choice(domains), "stock": stock, **levels}


def _line(tell: Random, at: Place) -> tuple[str, Facts]:
    old = tell.random() < 0.5
    own: Facts = {"original_value": dice.some(tell, dice.money(tell)), "owned": dice.some(tell, "是"), "depreciated": dice.some(tell, "否")} if old else {"price": dice.some(tell, dice.money(tell)), "energy_level": dice.some(tell, "节能")}
    return f"L{at.entity}", {"line_no": f"L{at.entity}", "project_no": dice.code(dice.shared(tell, at)), "side": "旧设备" if old else "新设备", "name": dice.name(tell), "units": tell.randrange(1, 9), "year": dice.some(tell, "2015")} | own


def _unlisted(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"L{at.entity}", {"line_no": f"L{at.entity}", "reason": dice.name(tell)}


def _procedure(tell: Random, at: Place) -> tuple[str, Facts]:
    facts: Facts = {"project_no": f"N{at.entity}", "procedure": tell.choice(LISTS["procedure"]), "state": tell.choice(LISTS["procedure_state"])}
    return f"R{at.entity}", facts | {"number": dice.some(tell, "备1"), "on": dice.some(tell, dice.day(tell))}


def _matched(tell: Random, at: Place) -> tuple[str, Facts]:
    shared = dice.shared(tell, at)
    return f"J{at.entity}", {
        "match_no": f"J{at.entity}", "project_no": dice.code(shared), "line_no": f"l {shared}", "buyer_name": dice.some(tell, dice.name(tell)),
        "enterprise_uscc": dice.uscc(shared), "enterprise_name": dice.name(tell), "local": dice.some(tell, tell.choice(LISTS["yes_no"])),
        "product": dice.some(tell, "泵"), "contract_no": dice.some(tell, f"ht {shared}"), "amount": dice.money(tell), "on": dice.day(tell),
    }  # fmt: skip


def _unmatched(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"J{at.entity}", {"match_no": f"J{at.entity}", "reason": dice.name(tell)}


def _publicised(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"X{at.entity}", {
        "activity": f"活动{dice.shared(tell, at)}", "month": at.month, "channel": tell.choice(LISTS["publicity_channel"]),
        "reach": dice.some(tell, tell.randrange(10**6)), "link": dice.some(tell, f"https://example.invalid/{at.entity}"),
    }  # fmt: skip


def _to_eliminate(tell: Random, at: Place) -> Facts:
    shared = dice.shared(tell, at)
    return {
        "item": f"目录{shared % 3}", "catalogue": dice.some(tell, "第四批"), "enterprise_name": f"厂{shared % 2}",
        "enterprise_uscc": dice.uscc(shared) if shared % 2 else None, "equipment": f"设备{shared}",
    }  # fmt: skip


def _ordered(tell: Random, at: Place) -> tuple[str, Facts]:
    on, until = sorted((dice.day(tell), dice.day(tell)))
    return f"Y{at.entity}", _to_eliminate(tell, at) | {
        "count": dice.some(tell, tell.randrange(1, 9)), "town": dice.some(tell, "杨村街道"), "basis": dice.text(tell) or "目录", "on": on, "until": until,
    }  # fmt: skip


def _verified(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"Y{at.entity}", _to_eliminate(tell, at) | {"done_on": dice.day(tell), "method": tell.choice(LISTS["elimination_method"])}


def _outlet(tell: Random, at: Place) -> tuple[str, Facts]:
    shared = dice.shared(tell, at)
    return f"G{at.entity}", {
        "outlet_no": dice.some(tell, f"备 {shared}"), "name": tell.choice(("一站", "二 站")), "operator_name": dice.name(tell),
        "operator_uscc": dice.some(tell, dice.uscc(shared)), "town": dice.some(tell, "杨村街道"), "address": dice.some(tell, dice.text(tell)),
        "materials": tuple(LISTS["material"][: tell.randrange(3)]), "state": tell.choice(LISTS["outlet_state"]), "opened_on": dice.some(tell, dice.day(tell)),
    }  # fmt: skip


def _submission(*, nil: bool) -> "Maker":
    def facts_of(tell: Random, at: Place) -> tuple[str, Facts]:
        listed = LISTS["list_view"][at.entity % len(LISTS["list_view"])]
        facts: Facts = {"list": listed, "month": at.month, "signed_by": tuple(LISTS["sign_role"][: tell.randrange(4)])}
        if not nil:
            facts |= {"rows": tell.randrange(99), "totals": {"合计": dice.money(tell)}, "signed_copy_sha256": _at_times(at, "0a" * 32), "explanation": _at_times(at, "招标推迟，十一月开工", 3)}
        return f"{listed}@{at.month}", facts

    return facts_of


def _sent_back(tell: Random, at: Place) -> tuple[str, Facts]:
    rows, sheets = tell.choice(((0, 0), (14, 0), (3, 1)))
    return f"B{at.entity}", {
        "file": f"{at.entity}.xlsx", "list": dice.some(tell, LISTS["list_view"][0]), "month": dice.some(tell, at.month), "rows_read": tell.randrange(99),
        "rows_returned": rows, "sheets_returned": sheets, "causes": {"缺项": 2, "重复": 3, "公式": 2} if rows else {}, "to_verify": tell.randrange(3),
    }  # fmt: skip


_MERGED = (
    ("project", "P", (*PROJECT_BUREAUS, TOWN)), ("outlet", "G", ("commerce", TOWN)), ("enterprise", "E", PROJECT_BUREAUS), ("policy", "Z", PAYING_BUREAUS),
    ("document", "D", BUREAUS[:3]), ("scrappage", "S", SCRAPPING_BUREAUS),
)  # fmt: skip


def _merged(tell: Random, at: Place) -> tuple[str, Facts]:
    kind, prefix, bureaus = tell.choice(_MERGED)
    members = [
        {"bureau": tell.choice((*bureaus, "nobody")), "entity_key": f"{prefix}{tell.randrange(at.world.entities)}"}
        for _ in range(tell.randint(2, 3))
    ]
    return f"K{at.entity}", {"list": kind, "members": tuple(members), "decided_by": "专班"}


def _unmerged(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"K{at.entity}", {"list": tell.choice(_MERGED)[0], "decided_by": "专班"}


def _reviewed(tell: Random, at: Place) -> tuple[str, Facts]:
    return f"K{at.entity}", {"finding_id": f"f{at.entity}", "decision": "属实", "basis": dice.name(tell), "role": "专班"}


def _closed(*, seq: bool) -> "Maker":
    def facts_of(tell: Random, at: Place) -> tuple[str, Facts]:
        facts: Facts = {
            "month": at.month, "cut": {"topic": tell.randrange(9)}, "figures_digest": "d",
            "stamp": {"code": "1", "contracts": "2", "configuration": "3"}, "as_of": dice.some(tell, dice.day(tell)),
        }  # fmt: skip
        if seq:
            facts |= {"seq": tell.randrange(3), "causes": ("迟报",)}
        return f"C{at.month}", facts

    return facts_of


Maker = Callable[[Random, Place], tuple[str, Facts]]
_OFFICE = ("coordination",)
_REASONED = frozenset(
    str(contract.event) for contract in registry.load().contracts() if "reason" in contract.requires
)

_EVENTS: Mapping[str, tuple[tuple[str, ...], Maker]] = {
    "ProjectAdded": ((*PROJECT_BUREAUS, TOWN), _project), "ProjectChanged": ((*PROJECT_BUREAUS, TOWN), _project),
    "ProjectWithdrawn": ((*PROJECT_BUREAUS, TOWN), _nothing("P")), "ProjectProgressReported": ((*PROJECT_BUREAUS, TOWN), _progress),
    "OutletListed": (("commerce", "industry", TOWN), _outlet), "OutletWithdrawn": (("commerce", TOWN), _nothing("G")),
    "EnterpriseListed": (PROJECT_BUREAUS, _enterprise), "EnterpriseDelisted": (PROJECT_BUREAUS, _delisted),
    "EquipmentScrapped": (SCRAPPING_BUREAUS, _scrapped), "TradeInCompleted": (("commerce", "industry"), _completed),
    "TradeInReturned": (("commerce", "industry"), _returned), "FundsAllocated": (PAYING_BUREAUS, _allocated),
    "SubsidyApproved": (PAYING_BUREAUS, _subsidy(voucher=False)), "SubsidyPaid": (PAYING_BUREAUS, _subsidy(voucher=True)),
    "SubsidyReversed": (PAYING_BUREAUS, _subsidy(voucher=True, reversed_=True)), "PolicyListed": (PAYING_BUREAUS, _policy),
    "PolicyChanged": (PAYING_BUREAUS, _policy), "PolicyExpired": (PAYING_BUREAUS, _expired),
    "DocumentReceived": (BUREAUS[:3], _received), "MeasureIssued": (BUREAUS[:3], _measure), "MeasureExempted": (BUREAUS[:3], _exempted),
    "DeadlineExtended": (BUREAUS[:3], _extended), "PlanIssued": (PROJECT_BUREAUS, _issued), "BaselineSet": (PROJECT_BUREAUS, _indicator),
    "TargetSet": (PROJECT_BUREAUS, _indicator), "IndicatorReported": (PROJECT_BUREAUS, _indicator),
    "MaterialRecovered": (("commerce", "development-reform"), _recovered), "ProblemRaised": (PROJECT_BUREAUS, _raised),
    "ProblemResolved": (PROJECT_BUREAUS, _resolved), "TaskProgressReported": (PROJECT_BUREAUS, _task),
    "SupportApplied": (PROJECT_BUREAUS, _sought), "SupportDecided": (PROJECT_BUREAUS, _decided),
    "SafeguardReported": (BUREAUS[:5], _safeguarded), "StockSurveyed": (PROJECT_BUREAUS, _surveyed),
    "EquipmentLineListed": (PROJECT_BUREAUS, _line), "EquipmentLineWithdrawn": (PROJECT_BUREAUS, _unlisted), "ProjectProcedureReported": (PROJECT_BUREAUS, _procedure), "PublicityReported": (BUREAUS[:5], _publicised),
    "SupplyDemandMatched": (PROJECT_BUREAUS, _matched), "SupplyDemandMatchWithdrawn": (PROJECT_BUREAUS, _unmatched),
    "EliminationOrdered": (BUREAUS[:5], _ordered), "EliminationVerified": (BUREAUS[:5], _verified),
    "SubmissionConfirmed": (BUREAUS[:5], _submission(nil=False)), "NilReturned": (BUREAUS[:5], _submission(nil=True)),
    "WorkbookReturned": (BUREAUS[:5], _sent_back), "EntitiesMerged": (_OFFICE, _merged), "MergeWithdrawn": (_OFFICE, _unmerged), "FindingReviewed": (_OFFICE, _reviewed),
    "MonthClosed": (_OFFICE, _closed(seq=False)), "MonthRestated": (_OFFICE, _closed(seq=True)),
}  # fmt: skip

#: Projects and their merges are where the views are hardest; trade-ins and payments are what there is most of.
_WEIGHTS_OF = {"ProjectAdded": 4, "ProjectChanged": 4, "ProjectWithdrawn": 2, "ProjectProgressReported": 4, "EquipmentScrapped": 5,
               "TradeInCompleted": 6, "SubsidyPaid": 5, "EntitiesMerged": 4, "MergeWithdrawn": 2, "EnterpriseListed": 3}  # fmt: skip
_NAMES = tuple(_EVENTS)
_WEIGHTS = tuple(_WEIGHTS_OF.get(name, 1.5) for name in _NAMES)
