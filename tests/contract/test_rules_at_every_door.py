"""One event, every door: workbook, JSON Lines, publisher and hub give one answer in one wording (invariant 16)."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange_connectors.excel.statements import Source, draft_of
from exchange_connectors.jsonlines import Refused, read_lines
from exchange_connectors.kit import Publisher, RefusedError
from exchange_connectors.kit.double import RecordingBroker
from exchange_connectors.kit.ledger import Statement
from exchange_connectors.settings import KafkaSettings
from exchange_contracts import codec, codes, envelope, registry, rules
from exchange_contracts.bounds import of_field
from exchange_contracts.model import Event
from exchange_contracts.problem import Problem
from exchange_hub.views import check
from exchange_hub.views.reading import checked
from exchange_hub.views.statement import Record, Rejection
from tests.contract.event_strategies import events, plain_event
from tests.strategies.universe import item_of

CONTRACTS = registry.load().contracts()
NOW = datetime(2026, 11, 28, tzinfo=UTC)
ENVELOPE = {"event_id", "bureau", "source", "entity_key", "revision", "recorded_at"}


def by_contract(event: Event) -> list[str]:
    """What the rules say, sorted."""
    return sorted(each.said() for each in rules.problems(*codec.decode_facts(codec.encode(event))))


def by_workbook(event: Event) -> list[str]:
    """What a row that states the event is told; a row has no revision and no time of its own."""
    facts = {name: value for name, value in event.model_dump().items() if name not in ENVELOPE}
    found = draft_of(Statement(type(event).__name__, event.entity_key, facts), Source(event.bureau, event.source, "表.xlsx"))
    said = [] if isinstance(found, Event) else [Problem("", tuple(re.findall(r"{(\w+)}", each.message)), each.message).said() for each in found]
    return sorted(said)


def by_json_line(event: Event) -> list[str]:
    """What a line that states the event is told."""
    line = json.dumps({"type": type(event).__name__, **event.model_dump()}, ensure_ascii=False, default=str)
    (found,) = read_lines([line], event.bureau, NOW)
    return sorted(found.reason.split("；")) if isinstance(found, Refused) else []


#: What a topic alone tells, beside the rules of an event.
MERGES_BY_NUMBER = "此类对象按编号归并，不能认定合并；编号有误的，请由填报单位更正"


def by_hub(event: Event) -> list[str]:
    """What the receipt says."""
    record = Record(1, 0, 0, event.entity_key.encode(), codec.encode(event), envelope.headers(event))
    found = checked(record, event.bureau)
    words = found.reason.split("。原文不予保存")[0].replace(MERGES_BY_NUMBER, "") if isinstance(found, Rejection) else ""
    return sorted(filter(None, words.split("；")))


@pytest.fixture(scope="module")
def by_publisher(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Event], list[str]]:
    """What a program is told."""
    folder: Path = tmp_path_factory.mktemp("spools")
    publishers: dict[str, Publisher] = {}

    def asked(event: Event) -> list[str]:
        publisher = publishers.get(event.bureau)
        if publisher is None:
            spool = folder / f"{event.bureau}.sqlite"
            publisher = publishers[event.bureau] = Publisher(KafkaSettings(), "wuqing", event.bureau, spool, broker=RecordingBroker())
        try:
            publisher.publish(event)
        except RefusedError as error:
            return sorted(str(error).split("；"))
        return []

    return asked


SOUND = [codec.decode(item.value) for item in map(item_of, range(150)) if item.value is not None]
#: What people and programs write in a field, right and wrong.
WRITTEN: dict[str, tuple[Any, ...]] = {
    "text": ("", " ", "\u3000", "\u200b", "更新", "联系人 13812345678", "身份证 120114199003074518", "２０２６", "A\u200b1", "a；b".replace("；", "，")),
    "money": (Decimal(-1), Decimal(0), Decimal("0.01"), Decimal("1000.00"), Decimal(10) ** 13),
    "quantity": (Decimal(-1), Decimal(0), Decimal("12.5")),
    "int": (-1, 0, 1999, 2000, 2026, 2100, 2101, 2**31 - 1),
    "long": (-5, 0, 3),
    "date": (date(1900, 1, 1), date(1989, 12, 31), date(1990, 1, 1), date(2026, 1, 31), date(2035, 12, 31), date(2036, 1, 1), date(2199, 1, 1)),
    "month": ("1989-12", "1990-01", "2026-01", "2035-12", "2036-01"),
    "period": ("1989", "2026", "2100", "2101-01"),
}


def written(event: str, data: st.DataObject) -> dict[str, Any]:
    """Draw other values for a few fields of an event."""
    fields = [field for field in registry.load().latest(event).fields if field.name not in {"event_id", "revision", "bureau", "source"}]
    changed: dict[str, Any] = {}
    for field in data.draw(st.lists(st.sampled_from(fields), max_size=4, unique_by=lambda each: each.name)):
        shape = field.shape
        if shape.codelist:
            changed[field.name] = data.draw(st.sampled_from(registry.load().codelists[shape.codelist]))
        elif given_ := WRITTEN.get(shape.format or shape.meaning):
            value = data.draw(st.sampled_from(given_))
            if not (field.name in ("entity_key", *registry.load().latest(event).requires) and not value):
                changed[field.name] = value
        elif shape.optional:
            changed[field.name] = None
    return changed


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_event_is_answered_alike_at_every_door(by_publisher: Callable[[Event], list[str]], data: st.DataObject) -> None:
    """Sound events with a few fields as people write them: refused at one door means refused at each, in the same words."""
    if data.draw(st.booleans()):
        event = data.draw(st.sampled_from(SOUND))
        body = event.model_dump() | written(type(event).__name__, data)
        del body["event_id"]
        event = type(event).model_validate(body)
    else:
        event = data.draw(events(data.draw(st.sampled_from(CONTRACTS))))
    said = by_contract(event)
    parted = sorted("；".join(said).split("；")) if said else []
    assert by_json_line(event) == parted
    assert by_publisher(event) == parted
    assert by_workbook(event) == [each for each in said if "recorded_at" not in each]
    # The hub alone knows which kinds people decide on; its words are parted like all others.
    assert [each for each in by_hub(event) if each not in ("此类对象按编号归并，不能认定合并", "编号有误的，请由填报单位更正")] == parted


@pytest.mark.parametrize("event", SOUND, ids=lambda event: type(event).__name__)
def test_a_sound_event_passes_every_door(by_publisher: Callable[[Event], list[str]], event: Event) -> None:
    """What every contract's own generator writes is refused nowhere."""
    assert [by_contract(event), by_workbook(event), by_json_line(event), by_publisher(event), by_hub(event)] == [[]] * 5


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_quick_way_says_what_the_full_look_says(data: st.DataObject) -> None:
    """The compiled test is true exactly where looking for every problem finds none, or leaves it to that."""
    event = data.draw(st.sampled_from(SOUND))
    body = event.model_dump() | written(type(event).__name__, data)
    del body["event_id"]
    contract, facts = codec.decode_facts(codec.encode(type(event).model_validate(body)))
    found = rules.all_problems(contract, facts)
    assert rules.problems(contract, facts) == found
    if found:
        assert not rules.sound(contract)(facts)


def project(**changes: Any) -> Event:
    """A sound project with some facts changed."""
    base: dict[str, Any] = {
        "planned_by_year": {}, "funding": {}, "equipment_investment": None, "equipment_purchase": None, "origin": None,
        "total_investment": Decimal("1000000.00"), "build_state": "在建",
    }  # fmt: skip
    return plain_event(registry.load().latest("ProjectAdded"), **base | changes)


def origin(unit: str) -> dict[str, Any]:
    """Where a row reported in a unit came from."""
    return {"file": "a.xlsx", "sheet": "表", "row": 4, "unit": unit}


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (project(project_code=None, internal_no=None), "请至少填写项目代码、内部编号其中之一"),
        (project(equipment_investment=Decimal("1000000.01")), "设备投资不应超过总投资"),
        (project(equipment_investment=Decimal("1000099.99"), origin=origin("万元")), None),
        (project(equipment_investment=Decimal("1000100.00"), origin=origin("万元")), "设备投资不应超过总投资"),
        (project(equipment_purchase=Decimal("1000000.01"), origin=origin("元")), "设备投资不应超过总投资"),
        (project(funding={"市级": Decimal("800000.00")}), "资金来源合计与总投资相差20万元，请核对"),
        (project(name=" "), "字段 name 为空，请补填"),
        (project(owner_name="\u200b"), "字段 owner_name 为空，请补填"),
        (project(units_planned=-5), "字段 units_planned 不能为负数，请核对"),
        (project(funds_paid=Decimal(-1), reason=None), "字段 funds_paid 为负数，负数请填写核减原因"),
        (project(funds_paid=Decimal(-1), reason="核减"), None),
        (project(starts_on_planned=date(1989, 12, 31)), "字段 starts_on_planned 早于1990年或晚于2035年，请核对日期"),
        (project(ends_on_planned=date(2036, 1, 1)), "字段 ends_on_planned 早于1990年或晚于2035年，请核对日期"),
        (project(ends_on_planned=date(2026, 1, 1), starts_on_planned=date(2026, 1, 2)), "竣工早于开工，请核对两个日期"),
        (project(recorded_at=datetime(1970, 1, 21, tzinfo=UTC)), "疑误用秒"),
        (project(planned_by_year={"1901": Decimal(1)}), "2000至2100"),
    ],
)  # fmt: skip
def test_a_project_s_rules(event: Event, words: str | None) -> None:
    """Each rule with its words, and where rounding of the reported unit explains a difference."""
    said = by_contract(event)
    assert (said == []) if words is None else any(words in each for each in said), said
    assert by_hub(event) == said


@pytest.mark.parametrize("year", [-1, 0, 1999, 2101, 2**31 - 1])
@pytest.mark.parametrize("name", ["FundsAllocated", "SubsidyApproved", "SubsidyPaid", "SubsidyReversed"])
def test_a_budget_year_is_a_year(name: str, year: int) -> None:
    """Years that nobody budgets are refused wherever money carries one."""
    assert any("budget_year" in each for each in by_hub(plain_event(registry.load().latest(name), budget_year=year)))


@pytest.mark.parametrize("name", ["SubsidyApproved", "SubsidyPaid", "SubsidyReversed"])
def test_a_subsidy_is_never_negative(name: str) -> None:
    """Not even with a reason; an allocation may be cut with one."""
    contract = registry.load().latest(name)
    assert any("不能为负数" in each for each in by_hub(plain_event(contract, amount=Decimal(-1), reason="核减")))
    assert any("share_city" in each for each in by_hub(plain_event(contract, share_city=Decimal(-1), reason="核减")))
    allocated = registry.load().latest("FundsAllocated")
    assert by_hub(plain_event(allocated, amount=Decimal(-1), reason="核减")) == []
    assert any("请填写核减原因" in each for each in by_hub(plain_event(allocated, amount=Decimal(-1), reason=None)))


def test_every_number_date_and_required_text_has_a_bound() -> None:
    """A field that a later contract adds is bounded too, for bounds are read off the contract."""
    for contract in CONTRACTS:
        bounded = {bound.field for field in contract.fields for bound in of_field(contract, field)}
        for field in contract.fields:
            free = field.shape.meaning == "text" and not (field.shape.codelist or field.shape.format or field.shape.optional)
            if (field.shape.meaning in ("date", "instant", "int", "long") and field.name != "revision") or free:
                assert field.name in bounded, f"{contract.event}.{field.name}"


def test_only_the_topic_s_own_matters_are_the_hub_s() -> None:
    """Beside the rules the hub asks whose topic it is, key, headers, and whether entities of a kind can be merged."""
    contract, facts = codec.decode_facts(codec.encode(project()))
    found = check.all_problems(contract, facts, bureau="finance", key=b"x", headers=[("ce_id", b"x")])
    assert [each.code for each in found] == ["foreign_bureau", "key_mismatch", "header_mismatch"]
    assert codes.problem(contract, facts) == rules.problems(contract, facts) == []


def test_one_day_later_is_one_day_later() -> None:
    """The last day that counts counts, the next does not."""
    last = date(2035, 12, 31)
    assert by_hub(project(starts_on_planned=None, ends_on_planned=last)) == []
    assert by_hub(project(starts_on_planned=None, ends_on_planned=last + timedelta(days=1))) != []
