"""The check's quick way through says the same as its full look."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_contracts import codec, codes, envelope, identity, registry
from exchange_contracts.registry import Contract
from exchange_contracts.shape import Field
from exchange_contracts.topics import COORDINATION
from exchange_hub.views import check
from tests.contract.event_strategies import events
from tests.strategies.universe import Item, item_of

Facts = dict[str, Any]
Headers = list[tuple[str, bytes]]

_TEXTS = ("", " ", "\u3000", "无此项", "甲-1", "a\tb", "换\n行", "\x7f", "a\x85b", "2026-10", "2026-13", "x" * 201, COORDINATION, "industry")
_NUMBERS = (0, -1, 1, 40_000)
_HEADERS = (
    ("ce_time", b"2026-11-01T09:00:00+08:00"), ("ce_time", b"never"), ("ce_id", b"x"), ("ce_subject", b"x"), ("ce_type", b""),
    ("traceparent", b"00-x"), ("x-own", b""), ("content-type", b"text/plain"),
)  # fmt: skip


@cache
def samples() -> dict[str, Item]:
    """Return a sound event of each type."""
    return {item.event: item for item in map(item_of, range(1500))}


def read(item: Item) -> tuple[Contract, Facts]:
    """Return the contract and the facts of an event."""
    assert item.value is not None
    return codec.decode_facts(item.value)


def others(field: Field) -> tuple[Any, ...]:
    """Return what a field may say instead, right or wrong, as a decoder could give it."""
    given = {"text": _TEXTS, "int": _NUMBERS, "long": _NUMBERS, "money": _NUMBERS, "date": _NUMBERS}.get(field.shape.meaning, ())
    return (*given, None) if field.shape.optional else given


def with_own_id(contract: Contract, facts: Facts) -> Facts:
    """Return the facts with the id that they should bear."""
    sub_key = [facts[name] for name in contract.subkey]
    name = identity.event_id(facts["source"], contract.family, sub_key, facts["entity_key"], facts["revision"])
    return facts | {"event_id": str(name)}


def agrees(contract: Contract, facts: Facts, bureau: str, key: bytes | None, headers: Headers) -> None:
    """Assert that both ways through the check, and through the vocabulary alone, say the same."""
    found = check.all_problems(contract, facts, bureau=bureau, key=key, headers=headers)
    assert check.problems(contract, facts, bureau=bureau, key=key, headers=headers) == found
    assert bool(codes.sound(contract)(facts)) is (codes.problem(contract, facts) == [])


@pytest.mark.parametrize("event", [contract.event for contract in registry.load().contracts()])
def test_one_other_fact_is_judged_alike_by_both_ways(event: str) -> None:
    """Whatever one field says instead, with its own id and without: what passes quickly has no problem in the full look."""
    item = samples()[event]
    contract, facts = read(item)
    for field in contract.fields:
        for value in others(field):
            changed = facts | {field.name: value}
            agrees(contract, changed, item.bureau, item.key, [])
            agrees(contract, with_own_id(contract, changed), item.bureau, None, [])
    for bureau in ("industry", COORDINATION):  # on its own topic, which not every kind may come on
        agrees(contract, facts | {"bureau": bureau}, bureau, item.key, [])


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_several_damages_at_once_are_judged_alike_by_both_ways(data: st.DataObject) -> None:
    """Facts, id, key, topic and headers damaged together: what passes quickly has no problem in the full look."""
    item = data.draw(st.sampled_from(list(samples().values())))
    contract, facts = read(item)
    for field in data.draw(st.lists(st.sampled_from(contract.fields), max_size=3)):
        facts |= {field.name: data.draw(st.sampled_from((facts[field.name], *others(field))))}
    if data.draw(st.booleans()):
        facts = with_own_id(contract, facts)
    headers = list(item.headers)
    for _ in range(data.draw(st.integers(0, 2))):
        place = data.draw(st.integers(0, len(headers)))
        headers[place : place + data.draw(st.integers(0, 1))] = data.draw(st.lists(st.sampled_from(_HEADERS), max_size=1))
    bureau = data.draw(st.sampled_from((item.bureau, facts["bureau"], COORDINATION)))
    agrees(contract, facts, bureau, data.draw(st.sampled_from((None, b"x", item.key, facts["entity_key"].encode()))), headers)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_headers_as_published_disagree_in_nothing(data: st.DataObject) -> None:
    """The kit's headers are recognised in one go, at any time of recording; a time beside it is not."""
    contract = data.draw(st.sampled_from(registry.load().contracts()))
    event = data.draw(events(contract))
    headers = envelope.headers(event, data.draw(st.sampled_from((None, "00-x"))))
    _, facts = codec.decode_facts(codec.encode(event))
    assert envelope.as_published(headers, facts, contract)
    assert envelope.disagreement(headers, facts, contract) is None
    beside = facts | {"recorded_at": facts["recorded_at"] + data.draw(st.sampled_from((-1000, -1, 1, 1000)))}
    assert not envelope.as_published(headers, beside, contract)


def test_sound_events_pass_quickly() -> None:
    """What the kit publishes needs no full look, whatever its type."""
    assert len(samples()) == len(registry.load().contracts())
    for item in samples().values():
        contract, facts = read(item)
        assert check.sound(contract)(facts, item.bureau, item.key, list(item.headers)), item.event
