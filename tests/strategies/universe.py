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
from typing import Any

from exchange_contracts import codec, envelope, registry
from exchange_contracts.events import EVENTS

Facts = dict[str, Any]
LISTS = registry.load().codelists

PROJECT_BUREAUS = ("development-reform", "industry", "transport")
SCRAPPING_BUREAUS = ("transport", "commerce", "police")
PAYING_BUREAUS = ("finance", "commerce")
BUREAUS = ("development-reform", "industry", "transport", "commerce", "finance", "police", "coordination")
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


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


@dataclass(frozen=True, slots=True)
class World:
    """How large the world is: *entities* of each kind and bureau; the larger, the rarer are collisions."""

    entities: int = 3
    revisions: int = 3
    tellings: int = 3
    months: int = 3


SMALL = World()


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
    key, facts = facts_of(tell, _Place(bureau, entity, f"2026-{month + 8:02d}", world))
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


@dataclass(frozen=True, slots=True)
class _Place:
    bureau: str
    entity: int
    month: str
    world: World


def _money(tell: Random, *, negative: bool = False) -> Decimal:
    low = -(10**6) if negative else 0
    return Decimal(tell.choice((0, 1, 100, 10**15, tell.randint(low, 10**9)))).scaleb(-2)


def _some(tell: Random, value: Any) -> Any:
    """Return the value or nothing: an event states what is empty, too."""
    return value if tell.random() < 0.6 else None


def _quantity(tell: Random, *, negative: bool = False) -> Decimal:
    low = -(10**6) if negative else 0
    return Decimal(tell.choice((0, 1, tell.randint(low, 10**12)))).scaleb(-4)


def _day(tell: Random) -> date:
    return date(2026, 1, 1) + timedelta(days=tell.randrange(400))


_TEXTS = ("更新改造", "二期\n续行", 'a"b,{c}', "\\N", "制\t表", "😀", "")


def _text(tell: Random) -> str:
    return tell.choice(_TEXTS)


def _name(tell: Random) -> str:
    """Return a text that says something, as a field that must be filled does."""
    return tell.choice(_TEXTS[:-1])


def _code(number: int) -> str:
    return f"2509-120114-89-01-{544060 + number:06d}"


def _uscc(number: int) -> str:
    digits = ""
    for _ in range(17):
        number, rest = divmod(number * 7 + 3, 31)
        digits += _USCC[rest]
    return "9" + digits


def _shared(tell: Random, at: _Place) -> int:
    """Return a number of an identity value: usually its own entity's, sometimes another's, so that keys change and meet."""
    return at.entity if tell.random() < 0.6 else tell.randrange(at.world.entities)


def _project(tell: Random, at: _Place) -> tuple[str, Facts]:
    listed = "回收循环" if at.bureau == "development-reform" and tell.random() < 0.7 else "设备更新"
    total = _money(tell)
    parts = sorted([Decimal(0), *(total * tell.randrange(101) // 100 for _ in range(tell.randrange(2))), total])
    shares = [later - earlier for earlier, later in pairwise(parts)] if tell.random() < 0.6 else []
    return f"P{at.entity}", {
        "project_code": _some(tell, _code(_shared(tell, at))), "internal_no": f"N{at.entity}", "name": _name(tell),
        "list": listed, "domain": tell.choice(LISTS["domain"][:5]), "construction_nature": tell.choice(LISTS["construction_nature"]),
        "owner_uscc": _some(tell, _uscc(at.entity)), "owner_name": _name(tell), "town": _some(tell, "杨村街道"),
        "total_investment": total, "equipment_investment": _some(tell, total / 4 if total % 1 == 0 and total % 100 == 0 else Decimal(0)),
        "equipment_purchase": _some(tell, total // 8),
        "planned_by_year": {str(2025 + n): _money(tell) for n in range(tell.randrange(3))},
        "funding": dict(zip(LISTS["funding_source"], shares, strict=False)),
        "funds_arrived": _some(tell, _money(tell)), "funds_paid": _some(tell, _money(tell)), "units_planned": _some(tell, tell.randrange(9)),
        "units_done": _some(tell, tell.randrange(3)), "energy_saving": _some(tell, _quantity(tell)), "approval_no": _some(tell, _text(tell)),
        "starts_on_planned": _some(tell, _day(tell)), "ends_on_actual": _some(tell, _day(tell)),
        "build_state": tell.choice(LISTS["build_state"]), "fund_state": tell.choice(LISTS["fund_state"]),
        "admin_state": tell.choice(LISTS["admin_state"]), "problems": _some(tell, _text(tell)),
        "waste_category": _some(tell, LISTS["material"][0]), "capacity": _some(tell, _quantity(tell)), "renewal": _some(tell, tell.choice(LISTS["renewal"])),
    }  # fmt: skip


def _progress(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"P{at.entity}", {
        "month": at.month, "invested_this_month": _money(tell), "invested_year_to_date": _money(tell),
        "invested_since_start": _some(tell, _money(tell)), "units_done": _some(tell, tell.randrange(3)),
        "build_state": _some(tell, tell.choice(("在建", "竣工", "投产"))), "text": _some(tell, _text(tell)),
    }  # fmt: skip


def _nothing(prefix: str) -> "Maker":
    return lambda _tell, at: (f"{prefix}{at.entity}", {})


def _enterprise(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"E{at.entity}", {
        "uscc": _uscc(_shared(tell, at)), "name": _name(tell), "role": tell.choice(LISTS["enterprise_role"]),
        "domain": tell.choice(LISTS["domain"]), "main_products": tuple(_text(tell) for _ in range(tell.randrange(3))),
        "capacity": _some(tell, _text(tell)), "output": _some(tell, _money(tell)),
        "qualifications": tuple(_text(tell) for _ in range(tell.randrange(2))), "serves_domains": tuple(LISTS["domain"][: tell.randrange(3)]),
    }  # fmt: skip


def _delisted(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"E{at.entity}", {"uscc": _uscc(at.entity)}


def _scrapped(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"S{at.entity}", {
        "category": tell.choice(LISTS["scrap_category"][:2]), "identifier_kind": "车架号", "identifier": f"VIN {_shared(tell, at)}",
        "certificate_kind": _some(tell, "报废证明"), "certificate_no": _some(tell, _text(tell)), "owner_uscc": _some(tell, _uscc(1)),
        "recycler_uscc": _some(tell, _uscc(2)), "count": 1 + tell.randrange(3), "emission_standard": _some(tell, "国三"), "fuel": _some(tell, "柴油"),
        "commissioned_on": _some(tell, _day(tell)), "town": _some(tell, "杨村街道"), "step": tell.choice(LISTS["scrap_step"]), "on": _day(tell),
    }  # fmt: skip


def _completed(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"O{at.entity}", {
        "category": tell.choice(LISTS["trade_in_category"]), "kind": _some(tell, "空调"), "energy_label": _some(tell, "1级"),
        "serial_no": _some(tell, _text(tell)), "invoice_no": _some(tell, f"F{at.entity}"), "count": tell.randrange(5),
        "sale_amount": _money(tell), "subsidy": _money(tell), "actually_paid": _some(tell, _money(tell)), "merchant_uscc": _some(tell, _uscc(3)),
        "order_no": _some(tell, f"O{_shared(tell, at)}"), "month": _some(tell, at.month), "buyer_token": _some(tell, "k1:abcdefgh"),
    }  # fmt: skip


def _returned(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"{tell.choice('OR')}{at.entity}", {
        "count": tell.randrange(3), "subsidy_returned": _money(tell), "sale_returned": _some(tell, _money(tell)),
        "on": _day(tell), "category": _some(tell, LISTS["trade_in_category"][0]), "order_no": _some(tell, f"O{_shared(tell, at)}"),
        "return_no": _some(tell, f"R{tell.randrange(2)}"), "month": _some(tell, at.month),
    }  # fmt: skip


_VOUCHERS = ("V1", "V 2", "凭\\3", "V1/allocated", "\\N", "V|1")


def _allocated(tell: Random, at: _Place) -> tuple[str, Facts]:
    key = tell.choice((f"A{at.entity}", f"A{at.entity}/paid:V1"))
    return key, {
        "channel": tell.choice(LISTS["funding_source"]), "allocation_no": f"津财〔2026〕{at.entity}号", "policy_no": _some(tell, "政1"),
        "batch_no": _some(tell, "1"), "budget_year": 2026, "level": tell.choice(LISTS["level"]), "amount": _money(tell, negative=True),
        "to_bureau": _some(tell, "commerce"), "carried_over": _some(tell, _money(tell)), "recovered": _some(tell, _money(tell)), "on": _day(tell),
        "carried_from": _some(tell, 2024), "recovered_on": _some(tell, _day(tell)),
        "reason": "核减",
    }  # fmt: skip


def _subsidy(*, voucher: bool, reversed_: bool = False) -> "Maker":
    def facts_of(tell: Random, at: _Place) -> tuple[str, Facts]:
        facts = {
            "application_no": f"A{_shared(tell, at)}", "policy_no": tell.choice(("政1", "政1", "政2")), "count": _some(tell, 1 + tell.randrange(9)), "policy_version": _some(tell, "2"), "batch_no": _some(tell, "1"),
            "budget_year": 2026, "channel": _some(tell, "市级"), "category": _some(tell, "家电"), "payee_uscc": _some(tell, _uscc(4)),
            "related_key": _some(tell, f"O{at.entity}"), "amount": _money(tell), "share_central": _some(tell, _money(tell)),
            "share_city": _some(tell, _money(tell)), "share_district": _some(tell, _money(tell)), "on": _day(tell),
        }  # fmt: skip
        if voucher:
            facts["voucher_no"] = tell.choice(_VOUCHERS)
        if reversed_:
            facts["reverses_voucher_no"] = _some(tell, tell.choice(_VOUCHERS))
            facts["reason_kind"] = tell.choice(LISTS["reversal_reason"])
        return f"A{at.entity}", facts

    return facts_of


def _policy(tell: Random, at: _Place) -> tuple[str, Facts]:
    begins = _day(tell)
    return f"Z{at.entity}", {
        "document_no": f"津政〔2026〕{_shared(tell, at)}号", "name": _name(tell), "issuer": "市发改委", "level": tell.choice(LISTS["level"][:2]),
        "domains": tuple(LISTS["domain"][: tell.randrange(3)]), "object": _some(tell, _text(tell)), "conditions": _some(tell, _text(tell)),
        "support_kind": tell.choice(LISTS["support_kind"]), "standard": _some(tell, "10%"), "cap": _some(tell, _money(tell)),
        "channel": _some(tell, "市级"), "central_percent": _some(tell, _quantity(tell)), "applicant": _some(tell, "企业"),
        "materials": _some(tell, "表"), "procedure": _some(tell, _text(tell)), "window": _some(tell, "常年"), "valid_from": _some(tell, begins),
        "valid_to": _some(tell, begins + timedelta(days=tell.randrange(400))), "department": _some(tell, "finance"), "obtained": _some(tell, _money(tell)),
    }  # fmt: skip


def _expired(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"Z{at.entity}", {"document_no": f"津政〔2026〕{at.entity}号", "level": LISTS["level"][0], "expired_on": _day(tell)}


_DOCUMENTS = ("津发〔2026〕{}号", "津发〔2026〕{}号 industry")


def _document_no(tell: Random, at: _Place) -> str:
    return _DOCUMENTS[tell.random() < 0.2].format(_shared(tell, at))


def _received(tell: Random, at: _Place) -> tuple[str, Facts]:
    issued = _day(tell)
    departments = tell.sample(PROJECT_BUREAUS, tell.randrange(4))
    return f"D{at.entity}", {
        "document_no": _document_no(tell, at), "title": _name(tell), "issuer": "市政府", "level": tell.choice(LISTS["document_level"]),
        "issued_on": issued, "received_on": issued + timedelta(days=tell.randrange(9)),
        "departments": tuple({"department": each, "part": tell.choice(LISTS["department_part"])} for each in departments),
    }  # fmt: skip


def _measure(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"D{at.entity}", {
        "document_no": _document_no(tell, at), "department": tell.choice(PROJECT_BUREAUS), "form": tell.choice(LISTS["measure_form"]),
        "measure_no": _some(tell, _text(tell)), "issued_on": _day(tell),
    }  # fmt: skip


def _exempted(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"D{at.entity}", {"document_no": _document_no(tell, at), "department": tell.choice(PROJECT_BUREAUS), "approved_by": _some(tell, "专班")}


def _extended(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"D{at.entity}", {"document_no": _document_no(tell, at), "department": tell.choice(PROJECT_BUREAUS), "until": _day(tell), "approved_by": "专班"}


def _issued(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"Y{at.entity}", {"plan_kind": tell.choice(LISTS["plan_kind"]), "title": _name(tell), "document_no": _some(tell, "方1"), "domain": _some(tell, LISTS["domain"][_shared(tell, at) % 3]), "issued_on": _day(tell)}


def _indicator(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"I{at.entity}", {
        "indicator": f"i{_shared(tell, at)}", "domain": _some(tell, tell.choice(LISTS["domain"])), "period": tell.choice(("2026", at.month)),
        "series": tell.choice(LISTS["series"]), "numerator": _some(tell, _quantity(tell, negative=True)), "denominator": _some(tell, _quantity(tell, negative=True)),
        "value": _some(tell, _quantity(tell, negative=True)), "unit": "万元", "version": "1",
    }  # fmt: skip


def _recovered(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"M{at.entity}", {
        "month": at.month, "operator_uscc": _some(tell, _uscc(tell.choice((5, 6)))), "material": tell.choice(LISTS["material"][:3]), "unit": "吨",
        "recovered": _quantity(tell), "used": _some(tell, _quantity(tell)), "route": _some(tell, LISTS["material_route"][0]),
        "outlets": _some(tell, tell.randrange(4)), "reverse_invoiced": _some(tell, _money(tell)),
    }  # fmt: skip


def _raised(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"W{at.entity}", {
        "problem_no": f"W{_shared(tell, at)}", "text": _name(tell), "done_so_far": _some(tell, _text(tell)), "proposal": _some(tell, _text(tell)),
        "asks_of": tuple(tell.sample(BUREAUS, tell.randrange(3))), "responsible": _some(tell, tell.choice(BUREAUS)),
        "due_on": _some(tell, _day(tell)), "meeting": _some(tell, _text(tell)),
    }  # fmt: skip


def _resolved(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"W{at.entity}", {"problem_no": f"W{_shared(tell, at)}", "resolution": _name(tell)}


def _sought(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"Q{at.entity}", {
        "support_no": f"Q{at.entity}", "name": tell.choice(("第一批", "第二批")), "project_code": None, "batch_no": _some(tell, "2026-1"),
        "domain": _some(tell, LISTS["domain"][0]), "channel": tell.choice(LISTS["funding_source"]),
        "level": tell.choice(LISTS["document_level"]), "policy_no": None, "amount_asked": _some(tell, _money(tell)), "on": _some(tell, _day(tell)),
    }  # fmt: skip


def _decided(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"Q{at.entity}", {
        "support_no": f"Q{at.entity}", "step": tell.choice(LISTS["support_step"]), "amount": _some(tell, _money(tell)),
        "decided_by": None, "document_no": _some(tell, "津发改〔2026〕1号"), "on": _some(tell, _day(tell)), "reason": _text(tell),
    }  # fmt: skip


def _task(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"T{at.entity}", {
        "task_no": f"{_shared(tell, at)}", "month": at.month, "text": _name(tell), "state": _some(tell, tell.choice(LISTS["task_state"])),
        "quantity": (quantity := _some(tell, _quantity(tell))), "unit": _some(tell, "台") if quantity is None else "台",
        "milestone": _some(tell, _text(tell)), "due_on": _some(tell, _day(tell)),
    }  # fmt: skip


_TOLD_IN = {
    "反向开票": ("firms", "items", "amount"), "专用设备抵免": ("firms", "amount"), "贷款贴息": ("firms", "items", "signed", "paid", "subsidy"),
    "再贷款": ("firms", "items", "signed", "paid"), "简化审批": ("items",), "用地保障": ("items", "area"), "政府绿色采购": ("items", "amount"),
}  # fmt: skip


def _safeguarded(tell: Random, at: _Place) -> tuple[str, Facts]:
    safeguard = tell.choice(tuple(_TOLD_IN))
    first, *others = _TOLD_IN[safeguard]
    made = {"firms": tell.randrange(40), "items": tell.randrange(99), "area": Decimal(tell.randrange(99))}
    facts: Facts = {name: made.get(name, _money(tell)) for name in (first, *(name for name in others if tell.random() < 0.7))}
    return f"F{at.entity}", {"safeguard": safeguard, "month": at.month} | facts


def _surveyed(tell: Random, at: _Place) -> tuple[str, Facts]:
    levels = {name: tell.randrange(9) for name in ("advanced", "saving", "entry", "below")}
    stock = sum(levels.values()) + tell.choice((0, 0, 3))
    kinds, domains = LISTS["energy_equipment"][:4], LISTS["domain"][:2]
    return f"V{at.entity}", {"month": at.month, "equipment": tell.choice(kinds), "domain": tell.choice(domains), "stock": stock, **levels}


def _line(tell: Random, at: _Place) -> tuple[str, Facts]:
    old = tell.random() < 0.5
    own: Facts = {"original_value": _some(tell, _money(tell)), "owned": _some(tell, "是"), "depreciated": _some(tell, "否")} if old else {"price": _some(tell, _money(tell)), "energy_level": _some(tell, "节能")}
    return f"L{at.entity}", {"line_no": f"L{at.entity}", "project_no": _code(_shared(tell, at)), "side": "旧设备" if old else "新设备", "name": _name(tell), "units": tell.randrange(1, 9), "year": _some(tell, "2015")} | own


def _unlisted(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"L{at.entity}", {"line_no": f"L{at.entity}", "reason": _text(tell)}


def _procedure(tell: Random, at: _Place) -> tuple[str, Facts]:
    facts: Facts = {"project_no": f"N{at.entity}", "procedure": tell.choice(LISTS["procedure"]), "state": tell.choice(LISTS["procedure_state"])}
    return f"R{at.entity}", facts | {"number": _some(tell, "备1"), "on": _some(tell, _day(tell))}


def _publicised(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"X{at.entity}", {
        "activity": f"活动{_shared(tell, at)}", "month": at.month, "channel": tell.choice(LISTS["publicity_channel"]),
        "reach": _some(tell, tell.randrange(10**6)), "link": _some(tell, f"https://example.invalid/{at.entity}"),
    }  # fmt: skip


def _to_eliminate(tell: Random, at: _Place) -> Facts:
    shared = _shared(tell, at)
    return {
        "item": f"目录{shared % 3}", "catalogue": _some(tell, "第四批"), "enterprise_name": f"厂{shared % 2}",
        "enterprise_uscc": _uscc(shared) if shared % 2 else None, "equipment": f"设备{shared}",
    }  # fmt: skip


def _ordered(tell: Random, at: _Place) -> tuple[str, Facts]:
    on, until = sorted((_day(tell), _day(tell)))
    return f"Y{at.entity}", _to_eliminate(tell, at) | {
        "count": _some(tell, tell.randrange(1, 9)), "town": _some(tell, "杨村街道"), "basis": _text(tell) or "目录", "on": on, "until": until,
    }  # fmt: skip


def _verified(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"Y{at.entity}", _to_eliminate(tell, at) | {"done_on": _day(tell), "method": tell.choice(LISTS["elimination_method"])}


def _submission(*, nil: bool) -> "Maker":
    def facts_of(tell: Random, at: _Place) -> tuple[str, Facts]:
        listed = LISTS["list_view"][at.entity % len(LISTS["list_view"])]
        facts: Facts = {"list": listed, "month": at.month, "signed_by": tuple(LISTS["sign_role"][: tell.randrange(4)])}
        if not nil:
            facts |= {"rows": tell.randrange(99), "totals": {"合计": _money(tell)}}
        return f"{listed}@{at.month}", facts

    return facts_of


def _sent_back(tell: Random, at: _Place) -> tuple[str, Facts]:
    rows, sheets = tell.choice(((0, 0), (14, 0), (3, 1)))
    return f"B{at.entity}", {
        "file": f"{at.entity}.xlsx", "list": _some(tell, LISTS["list_view"][0]), "month": _some(tell, at.month), "rows_read": tell.randrange(99),
        "rows_returned": rows, "sheets_returned": sheets, "causes": {"缺项": 2, "重复": 3, "公式": 2} if rows else {}, "to_verify": tell.randrange(3),
    }  # fmt: skip


_MERGED = (
    ("project", "P", PROJECT_BUREAUS), ("enterprise", "E", PROJECT_BUREAUS), ("policy", "Z", PAYING_BUREAUS),
    ("document", "D", BUREAUS[:3]), ("scrappage", "S", SCRAPPING_BUREAUS),
)  # fmt: skip


def _merged(tell: Random, at: _Place) -> tuple[str, Facts]:
    kind, prefix, bureaus = tell.choice(_MERGED)
    members = [
        {"bureau": tell.choice((*bureaus, "nobody")), "entity_key": f"{prefix}{tell.randrange(at.world.entities)}"}
        for _ in range(tell.randint(2, 3))
    ]
    return f"K{at.entity}", {"list": kind, "members": tuple(members), "decided_by": "专班"}


def _unmerged(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"K{at.entity}", {"list": tell.choice(_MERGED)[0], "decided_by": "专班"}


def _reviewed(tell: Random, at: _Place) -> tuple[str, Facts]:
    return f"K{at.entity}", {"finding_id": f"f{at.entity}", "decision": "属实", "basis": _name(tell), "role": "专班"}


def _closed(*, seq: bool) -> "Maker":
    def facts_of(tell: Random, at: _Place) -> tuple[str, Facts]:
        facts: Facts = {
            "month": at.month, "cut": {"topic": tell.randrange(9)}, "figures_digest": "d",
            "stamp": {"code": "1", "contracts": "2", "configuration": "3"}, "as_of": _some(tell, _day(tell)),
        }  # fmt: skip
        if seq:
            facts |= {"seq": tell.randrange(3), "causes": ("迟报",)}
        return f"C{at.month}", facts

    return facts_of


Maker = Callable[[Random, _Place], tuple[str, Facts]]
_OFFICE = ("coordination",)
_REASONED = frozenset(
    str(contract.event) for contract in registry.load().contracts() if "reason" in contract.requires
)

_EVENTS: Mapping[str, tuple[tuple[str, ...], Maker]] = {
    "ProjectAdded": (PROJECT_BUREAUS, _project), "ProjectChanged": (PROJECT_BUREAUS, _project),
    "ProjectWithdrawn": (PROJECT_BUREAUS, _nothing("P")), "ProjectProgressReported": (PROJECT_BUREAUS, _progress),
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
