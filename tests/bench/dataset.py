"""The data set: two million events (or any number) of a district's year, each a pure function of its place.

Keys come from realistic universes: bulk trade-in orders, subsidy applications with approval, payment and reversal,
machines that are scrapped in steps (some of them reported by two bureaus), projects with monthly progress (some of
them of two bureaus), enterprises, materials, allocations and task reports. Some events are revisions of earlier
ones, a hundredth are repeated byte by byte, a thousandth cannot be decoded.

The set comes in slices of equal size with the same mixture; a later slice also corrects entities of earlier ones. So
the cost of a slice can be compared however much the store already holds.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from io import BytesIO
from itertools import count
from random import Random
from typing import Any, NamedTuple

import fastavro

from exchange_contracts import envelope, identity, registry

Facts = dict[str, Any]

DUPLICATES = 0.01
MALFORMED = 0.001
CORRECTIONS = 0.05
RECENT = 40
"""Steps of one entity lie this many entities apart: they come in different polls, but not in different years."""


class Message(NamedTuple):
    """A record to publish on its bureau's topic."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class Said(NamedTuple):
    """An event before it is encoded."""

    event: str
    key: str
    revision: int
    on: date
    facts: Facts


@dataclass(slots=True)
class Stream:
    """What one bureau says of one kind of thing in one slice."""

    bureau: str
    slice_no: int
    choose: Random
    expected: int
    turn: Iterator[int] = field(default_factory=count)

    def earlier(self, per_entity: float) -> tuple[int, int]:
        """Return (slice, number) of an entity that certainly exists already or will soon, in this slice or before."""
        at = self.choose.randint(0, self.slice_no)
        return at, self.choose.randrange(max(1, int(self.expected / per_entity * 0.8)))

    def later_revision(self, turn: int) -> int:
        """Return a revision above all earlier ones of any register."""
        return 2 + self.slice_no * 10_000_000 + turn


def _day(choose: Random) -> date:
    return _FIRST_DAY + timedelta(days=choose.randrange(300))


_FIRST_DAY = date(2026, 1, 1)
_CATEGORIES = ("汽车报废更新", "汽车置换更新", "家电", "家电", "家电", "数码和智能产品", "家装厨卫", "电动自行车")
_KINDS = ("空调", "冰箱", "洗衣机", "电视机", "热水器", "家用灶具", "手机", "平板电脑")
_STEPS = ("申请", "交售回收", "拆解销毁", "注销登记")
_TOWNS = ("杨村街", "下朱庄街", "东蒲洼街", "大良镇", "崔黄口镇", "河西务镇", "王庆坨镇", "梅厂镇")
_MERCHANTS = tuple(f"91120222MA05{n:04d}{c}X" for n in range(400) for c in "AB"[: 1 + n % 2])
_DOMAIN = {
    "industry": "工业", "housing": "建筑", "urban-management": "城市管理", "transport": "交通", "agriculture": "农业",
    "water": "水务", "health": "医疗", "education": "教育", "culture-tourism": "文旅", "development-reform": "回收循环",
}  # fmt: skip


@cache
def _fen(whole: int) -> Decimal:
    return Decimal(whole).scaleb(-2)


def _yuan(choose: Random, low: int, high: int) -> Decimal:
    """Return an amount in whole yuan or with fen; repeated amounts are as common as in real ledgers."""
    return _fen(choose.randrange(low, high) * (100 if choose.random() < 0.7 else 1))


def trade_ins(stream: Stream) -> Iterator[Said]:
    """Orders, one event each; some are corrected later, some returned."""
    choose = stream.choose
    fresh = count()
    for turn in stream.turn:
        dice = choose.random()
        if dice < CORRECTIONS + 0.02:
            slice_no, number = stream.earlier(1.1)
            revision = stream.later_revision(turn)
        else:
            slice_no, number, revision = stream.slice_no, next(fresh), 1
        key, sale, on = f"TI{slice_no:02d}{number:08d}", 1500 + number * 7919 % 7500, _day(choose)
        if 0.05 <= dice < 0.07:
            yield Said("TradeInReturned", key, revision, on, {
                "category": None, "count": 1, "subsidy_returned": _fen(sale * 15), "sale_returned": None,
                "order_no": key, "month": None, "on": on,
            })  # fmt: skip
            continue
        yield Said("TradeInCompleted", key, revision, on, {
            "category": choose.choice(_CATEGORIES), "kind": choose.choice(_KINDS), "energy_label": choose.choice(("1级", "2级", None)),
            "serial_no": f"SN{key[2:]}{choose.randrange(1000):03d}", "invoice_no": f"26120000{choose.randrange(10**8):08d}",
            "count": 1, "sale_amount": _fen(sale * 100), "subsidy": _fen(sale * 15), "actually_paid": _fen(sale * 85),
            "merchant_uscc": choose.choice(_MERCHANTS), "buyer_token": f"k1:{choose.getrandbits(128):032x}",
            "old_item": choose.choice(("旧空调1台", "旧冰箱1台", None)), "order_no": key, "month": None,
        })  # fmt: skip


def subsidies(stream: Stream) -> Iterator[Said]:
    """Applications: approved, paid by voucher some time later, now and then reversed."""
    choose = stream.choose
    fresh = count()
    paid = count()
    for turn in stream.turn:
        dice = choose.random()
        on = _day(choose)
        base: Facts = {
            "policy_no": "津商消费〔2026〕3号", "policy_version": "2026", "batch_no": f"2026-{1 + turn * 12 // stream.expected:02d}",
            "budget_year": 2026, "channel": choose.choice(("超长期特别国债", "市级", "区级")), "category": choose.choice(_CATEGORIES),
            "payee_uscc": choose.choice(_MERCHANTS) if dice < 0.5 else None, "payee_token": None if dice < 0.5 else f"k1:{choose.getrandbits(128):032x}",
        }  # fmt: skip
        if dice < CORRECTIONS:
            slice_no, number = stream.earlier(2.2)
            event, revision = "SubsidyApproved", stream.later_revision(turn)
        elif dice < CORRECTIONS + 0.02:
            slice_no, number = stream.earlier(2.2)
            event, revision = "SubsidyReversed", stream.later_revision(turn)
        else:
            revision, slice_no = 1, stream.slice_no
            event, number = ("SubsidyPaid", next(paid)) if turn % 2 and turn > 2 * RECENT else ("SubsidyApproved", next(fresh))
        key = f"SQ{stream.bureau[:1].upper()}{slice_no:02d}{number:08d}"
        amount = 200 + number * 7919 % 1800
        shares = {"amount": _fen(amount * 100), "share_central": _fen(amount * 85), "share_city": _fen(amount * 10), "share_district": _fen(amount * 5)}
        facts = {"application_no": key, **base, "related_key": f"TI{slice_no:02d}{number:08d}", **shares, "on": on}
        if event != "SubsidyApproved":
            facts["voucher_no"] = f"PZ{slice_no:02d}{number:08d}"
        if event == "SubsidyReversed":
            facts["reason_kind"] = "退货"
        yield Said(event, key, revision, on, facts)


def _scrapped(stream: Stream, key: str, identifier: str, category: str, step: str, revision: int) -> Said:
    choose = stream.choose
    on = _FIRST_DAY + timedelta(days=choose.randrange(70) + 75 * _STEPS.index(step))
    return Said("EquipmentScrapped", key, revision, on, {
        "category": category, "identifier_kind": "车架号" if category != "电梯" else "登记证号", "identifier": identifier,
        "certificate_kind": "报废机动车回收证明", "certificate_no": f"HS{choose.randrange(10**9):09d}", "owner_uscc": choose.choice(_MERCHANTS),
        "owner_token": None, "recycler_uscc": choose.choice(_MERCHANTS[:20]), "emission_standard": choose.choice(("国三", "国四")),
        "fuel": "柴油", "commissioned_on": date(2009 + choose.randrange(8), 5, 1), "count": 1, "town": choose.choice(_TOWNS),
        "step": step, "on": on,
    })  # fmt: skip


def machine(of_bureau: str, slice_no: int, number: int) -> tuple[str, str]:
    """Return (category, identifier) of a machine; whoever reports it uses these."""
    category = {"transport": "营运货车", "agriculture": "农业机械", "market-regulation": "电梯"}.get(of_bureau, "乘用车")
    return category, f"L{of_bureau[:2].upper()}{slice_no:02d}ZZ1120{number:06d}"[:17]


def scrappages(stream: Stream) -> Iterator[Said]:
    """Machines in three steps; a twentieth of the events correct a step."""
    choose = stream.choose
    numbers = [count() for _ in range(3)]
    for turn in stream.turn:
        step = turn % 3 if turn > 3 * RECENT else 0
        slice_no, number, revision = stream.slice_no, -1, 1
        if choose.random() < CORRECTIONS:
            (slice_no, number), revision, step = stream.earlier(3.2), stream.later_revision(turn), 0
        else:
            number = next(numbers[step])
        category, identifier = machine(stream.bureau, slice_no, number)
        yield _scrapped(stream, identifier, identifier, category, _STEPS[step], revision)


def deregistrations(stream: Stream) -> Iterator[Said]:
    """The police takes machines of the transport and commerce bureaus off the register: two bureaus, one row."""
    for turn in stream.turn:
        category, identifier = machine("transport" if turn % 2 else "commerce", stream.slice_no, turn // 2)
        yield _scrapped(stream, f"DR{identifier}", identifier, category, "注销登记", 1)


def projects(stream: Stream) -> Iterator[Said]:
    """Projects with six months of progress and one change; every tenth is also a project of another bureau."""
    for number in count():
        key, code, domain = f"XM{stream.slice_no:02d}{number:05d}", _project_code(stream, number), _DOMAIN[stream.bureau]
        yield _project(stream, "ProjectAdded", key, code, domain, 1)
        for month in range(1, 7):
            yield _progress(stream, key, month)
        yield _project(stream, "ProjectChanged", key, code, domain, 2)


def _project_code(stream: Stream, number: int) -> str | None:
    if number % 5 == 4:
        return None
    owner = 0 if number % 10 == 0 else 1 + sorted(_DOMAIN).index(stream.bureau)
    return f"26{1 + owner:02d}-120114-{10 + stream.slice_no:02d}-01-{number:06d}"


def _project(stream: Stream, event: str, key: str, code: str | None, domain: str, revision: int) -> Said:
    choose = stream.choose
    total = choose.randrange(100, 90_000)
    return Said(event, key, revision, _day(choose), {
        "project_code": code, "internal_no": key, "name": f"{_TOWNS[total % 8]}{domain}设备更新项目{key}",
        "list": "回收循环" if domain == "回收循环" else "设备更新", "domain": domain, "construction_nature": "改建和技术改造",
        "owner_uscc": choose.choice(_MERCHANTS), "owner_name": f"天津武清{key}有限公司", "town": _TOWNS[total % 8],
        "total_investment": _fen(total * 1_000_000), "equipment_investment": _fen(total * 600_000), "equipment_purchase": _fen(total * 500_000),
        "planned_by_year": {"2026": _fen(total * 400_000), "2027": _fen(total * 600_000)},
        "funding": {"超长期特别国债": _fen(total * 200_000), "银行贷款": _fen(total * 300_000), "企业自筹": _fen(total * 500_000)},
        "funds_arrived": _fen(total * 100_000), "funds_paid": _fen(total * 50_000), "old_equipment": "2008年投用的旧设备12台套",
        "new_equipment": "新购节能设备12台套", "units_planned": 12, "units_done": choose.randrange(12),
        "energy_saving": Decimal(total).scaleb(-1), "approval_no": "津武审批〔2026〕12号", "starts_on_planned": date(2026, 2, 1),
        "starts_on_actual": date(2026, 3, 1), "ends_on_planned": date(2026, 12, 1), "ends_on_actual": None,
        "build_state": choose.choice(("在建", "竣工")), "fund_state": "已申报", "admin_state": "正常",
        "channel_sought": "超长期特别国债", "contact_office": "规划科", "problems": None, "waste_category": None, "capacity": None,
    })  # fmt: skip


def _progress(stream: Stream, key: str, month: int) -> Said:
    done = 1 + int(key[-5:]) % 90
    return Said("ProjectProgressReported", key, 1, date(2026, month, 25), {
        "month": f"2026-{month:02d}", "invested_this_month": _fen(done * 1000), "invested_year_to_date": _fen(done * 1000 * month),
        "invested_since_start": _fen(done * 1000 * month),
        "units_done": month, "build_state": "在建", "text": "按计划推进",
    })  # fmt: skip


def enterprises(stream: Stream) -> Iterator[Said]:
    """Makers of equipment; bureaus list the same one now and then."""
    choose = stream.choose
    for turn in stream.turn:
        uscc = f"911202{stream.slice_no:02d}{turn:08d}0X"
        yield Said("EnterpriseListed", uscc, 1, _day(choose), {
            "uscc": uscc, "name": f"天津市武清第{turn}机械制造有限公司", "role": "生产企业", "domain": "工业",
            "main_products": ("数控机床", "工业机器人"), "capacity": "年产200台", "output": _yuan(choose, 10**6, 10**8),
            "qualifications": ("高新技术企业",), "serves_domains": ("工业", "建筑"),
        })  # fmt: skip


def materials(stream: Stream) -> Iterator[Said]:
    """Monthly ledgers of recyclers: a key an operator, a register a month and material."""
    choose = stream.choose
    kinds = ("废钢铁", "废有色金属", "废塑料", "废弃电器电子产品")
    for turn in stream.turn:
        operator, rest = divmod(turn, 40)
        month = f"2026-{1 + rest % 10:02d}"
        uscc = f"911202{stream.slice_no:02d}{operator:08d}1X"
        yield Said("MaterialRecovered", uscc, 1, _day(choose), {
            "month": month, "operator_uscc": uscc, "material": kinds[rest // 10], "unit": "吨",
            "recovered": Decimal(choose.randrange(10**6)).scaleb(-2), "used": Decimal(choose.randrange(10**6)).scaleb(-2),
            "route": "精深加工", "outlets": choose.randrange(9), "reverse_invoiced": _yuan(choose, 0, 10**6),
        })  # fmt: skip


def allocations(stream: Stream) -> Iterator[Said]:
    """Funds handed down, a key each."""
    choose = stream.choose
    for turn in stream.turn:
        key = f"津财建〔2026〕{stream.slice_no}-{turn}号"
        on = _day(choose)
        yield Said("FundsAllocated", key, 1, on, {
            "channel": "超长期特别国债", "allocation_no": key, "policy_no": None, "batch_no": None, "budget_year": 2026, "level": "市级",
            "amount": _yuan(choose, 10**5, 10**7), "to_bureau": "commerce", "carried_over": None, "recovered": None, "on": on,
        })  # fmt: skip


def tasks(stream: Stream) -> Iterator[Said]:
    """Monthly words on a bureau's tasks."""
    for turn in stream.turn:
        month = 1 + turn % 10
        yield Said("TaskProgressReported", f"任务{stream.slice_no}-{turn // 10}", 1, date(2026, month, 28), {
            "task_no": str(1 + turn % 10), "month": f"2026-{month:02d}", "text": "已印发通知并组织培训,按计划推进。",
        })  # fmt: skip


Tells = Callable[[Stream], Iterator[Said]]

#: What each bureau says, and how large a part of all events that is.
SHARES: Mapping[str, tuple[tuple[Tells, float], ...]] = {
    "commerce": ((trade_ins, 0.34), (scrappages, 0.05), (subsidies, 0.03)),
    "finance": ((subsidies, 0.23), (allocations, 0.01)),
    "transport": ((scrappages, 0.07), (projects, 0.01)),
    "police": ((deregistrations, 0.04),),
    "agriculture": ((scrappages, 0.04), (projects, 0.01)),
    "market-regulation": ((scrappages, 0.03),),
    "industry": ((projects, 0.03), (enterprises, 0.01)),
    "development-reform": ((materials, 0.01), (projects, 0.01)),
    **dict.fromkeys(("housing", "urban-management", "water", "health", "education", "culture-tourism"), ((projects, 0.01),)),
    **dict.fromkeys(("ecology", "emergency", "data", "power-supply", "government-offices", "tax", "planning-resources", "government-services", "science", "publicity"), ((tasks, 0.003),)),
}  # fmt: skip

#: The amount of an event that peers and views sum, where it has one.
AMOUNTS: Mapping[str, str] = {
    "TradeInCompleted": "subsidy", "TradeInReturned": "subsidy_returned", "SubsidyApproved": "amount", "SubsidyPaid": "amount",
    "SubsidyReversed": "amount", "FundsAllocated": "amount", "ProjectAdded": "total_investment", "ProjectChanged": "total_investment",
    "ProjectProgressReported": "invested_this_month",
}  # fmt: skip


def parts(events: int) -> dict[str, int]:
    """Return bureau → events of a slice of *events*; they add up."""
    whole = sum(share for tells in SHARES.values() for _, share in tells)
    exact = {bureau: sum(share for _, share in tells) / whole * events for bureau, tells in SHARES.items()}
    counts = {bureau: int(number) for bureau, number in exact.items()}
    counts["commerce"] += events - sum(counts.values())
    return counts


def messages(bureau: str, slice_no: int, slice_events: int, seed: int = 1) -> Iterator[Message]:
    """Yield what *bureau* publishes in a slice, in its order: the same bytes each time."""
    left = parts(slice_events)[bureau]
    if not left:
        return
    choose = Random(f"{seed} {bureau} {slice_no}")
    tells = SHARES[bureau]
    shares = [share for _, share in tells]
    sources = [
        tell(Stream(bureau, slice_no, Random(f"{seed} {bureau} {slice_no} {tell.__name__}"), max(1, int(left * share / sum(shares)))))
        for tell, share in tells
    ]
    recent: deque[Message] = deque(maxlen=200)
    for row in range(left):
        dice = choose.random()
        if dice < DUPLICATES and recent:
            yield choose.choice(recent)
            continue
        message = _encoded(bureau, next(choose.choices(sources, shares)[0]), row)
        if dice > 1 - MALFORMED:
            message = message._replace(value=_damaged(message.value, choose))
        else:
            recent.append(message)
        yield message


def _damaged(value: bytes, choose: Random) -> bytes:
    """Make a value that no decoder takes: cut short, an unknown schema, or no frame."""
    return choose.choice((value[: len(value) // 2], b"\0\0\0\x7f\x7f" + value[5:], b"{" + value[1:]))


def _encoded(bureau: str, said: Said, row: int) -> Message:
    contract, frame, schema = _contract(said.event)
    facts = said.facts
    name = str(identity.event_id("oa", contract.family, [facts[part] for part in contract.subkey], said.key, said.revision))
    recorded = _RECORDED + timedelta(milliseconds=row)
    value = BytesIO()
    value.write(frame)
    fastavro.schemaless_writer(value, schema, {
        "event_id": name, "bureau": bureau, "source": "oa", "entity_key": said.key, "revision": said.revision, "occurred_on": said.on,
        "recorded_at": recorded, "granularity": "明细", "corrects": None, "reason": None,
        "origin": {"file": "2026年10月台账.xlsx", "sheet": "明细", "row": 4 + row, "unit": "元"}, "evidence": [], **facts,
    })  # fmt: skip
    headers = [
        ("ce_specversion", b"1.0"), ("ce_id", name.encode()), ("ce_source", f"/{bureau}/oa".encode()),
        ("ce_type", (envelope.TYPE_PREFIX + said.event).encode()),
        ("ce_time", (recorded.strftime("%Y-%m-%dT%H:%M:%S.") + f"{recorded.microsecond // 1000:03d}Z").encode()),
        ("content-type", envelope.CONTENT_TYPE),
    ]  # fmt: skip
    return Message(said.key.encode(), value.getvalue(), headers)


_RECORDED = datetime(2026, 11, 1, 1, 0, 0, tzinfo=UTC)


@cache
def _contract(event: str) -> tuple[registry.Contract, bytes, Any]:
    contract = registry.load().latest(event)
    return contract, b"\0" + contract.schema_id.to_bytes(4, "big"), fastavro.parse_schema(dict(contract.schema))
