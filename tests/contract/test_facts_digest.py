"""The digest of an event says whether two values state the same, whatever their bytes."""

import hashlib
import io
import json
from typing import Any

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange_contracts import codec, registry
from exchange_contracts.model import Event
from exchange_contracts.registry import Contract
from exchange_contracts.shape import Shape, without_logical_types
from tests.contract.event_strategies import events, plain_event

REGISTRY = registry.load()
PROJECT = REGISTRY.latest("ProjectAdded")
FRAME = 5


def digest(value: bytes) -> bytes:
    return codec.facts_digest(*codec.decode_facts(value))


def long(number: int) -> bytes:
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, "long", number)
    return stream.getvalue()


def text(value: str) -> bytes:
    return long(len(value.encode())) + value.encode()


def test_other_raw_encodings_of_the_same_facts_have_the_same_digest() -> None:
    """Array blocks, block sizes, map order and padded decimals are encodings, not facts."""
    evidence = [{"kind": "发票", "number": "1"}, {"kind": "批复", "number": "2"}]
    event = plain_event(PROJECT, evidence=evidence, planned_by_year={"2026": "1.00", "2027": "2.00"})
    value = codec.encode(event)
    items = [text(e["kind"]) + text(e["number"]) + b"\0" for e in evidence]
    one_block = long(2) + items[0] + items[1] + b"\0"
    two_blocks = long(1) + items[0] + long(-1) + long(len(items[1])) + items[1] + b"\0"
    entries = [text("2026") + long(1) + b"\x64", text("2027") + long(2) + b"\0\xc8"]
    in_order = long(2) + entries[0] + entries[1] + b"\0"
    turned = long(1) + text("2027") + long(3) + b"\0\0\xc8" + long(-1) + long(len(entries[0])) + entries[0] + b"\0"
    assert value.count(one_block) == 1
    assert value.count(in_order) == 1
    other = value.replace(one_block, two_blocks).replace(in_order, turned)
    assert other != value
    assert codec.decode_facts(other)[1] == codec.decode_facts(value)[1]
    assert digest(other) == digest(value)


@pytest.mark.parametrize("contract", REGISTRY.contracts(), ids=lambda contract: contract.event)
def test_the_digest_tells_facts_apart_and_ignores_how_they_came(contract: Contract) -> None:
    """Id, recording time and origin do not count; anything else that differs does."""

    @settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(one=events(contract), data=st.data())
    def check(one: Event, data: st.DataObject) -> None:
        facts = codec.decode_facts(codec.encode(one))[1]
        same = one.model_copy(update={"recorded_at": data.draw(events(contract)).recorded_at, "origin": None})
        assert digest(codec.encode(same)) == codec.facts_digest(contract, facts)
        two = data.draw(events(contract))
        others = codec.decode_facts(codec.encode(two))[1]
        ignored = {"event_id", "recorded_at", "origin"}
        is_same = all(facts[name] == others[name] for name in facts if name not in ignored)
        assert (codec.facts_digest(contract, others) == codec.facts_digest(contract, facts)) is is_same

    check()


@pytest.mark.parametrize("contract", REGISTRY.contracts(), ids=lambda contract: contract.event)
def test_a_digest_is_that_of_the_sorted_json_of_what_is_said(contract: Contract) -> None:
    """Spelled out: the event's name and the JSON, sorted by key at every level, of the facts that differ from their default."""

    @settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(one=events(contract))
    def check(one: Event) -> None:
        facts = codec.decode_facts(codec.encode(one))[1]
        inner = {field.name: field.shape.inner or field.shape for field in contract.fields}
        said = {
            name: without_defaults(fact, inner[name]) for name, fact in facts.items()
            if name not in ("event_id", "recorded_at", "origin") and (name not in contract.defaults or fact != contract.defaults[name])
        }  # fmt: skip
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
        expected = hashlib.blake2b((contract.event + text).encode(), digest_size=16).digest()
        assert codec.facts_digest(contract, facts) == expected

    check()


def without_defaults(fact: Any, shape: Shape) -> Any:
    """Return a nested record, or a list of them, without the fields that equal their default."""
    if shape.meaning != "record":
        return fact
    if isinstance(fact, list):
        return [without_defaults(item, shape) for item in fact]
    return {
        field.name: fact[field.name] for field in shape.fields if not field.has_default or fact[field.name] != field.default
    }


def test_the_event_type_is_part_of_what_is_said() -> None:
    """ProjectAdded and ProjectChanged of the same facts are not the same statement."""
    changed = REGISTRY.latest("ProjectChanged")
    facts = codec.decode_facts(codec.encode(plain_event(PROJECT)))[1]
    assert codec.facts_digest(PROJECT, facts) != codec.facts_digest(changed, facts)


def test_the_digest_is_the_same_for_ever() -> None:
    """A digest is stored beside the event: this one was computed when the contract was first written."""
    value = codec.encode(plain_event(REGISTRY.latest("NilReturned")))
    assert digest(value).hex() == "5b87e253ffb6030ffc9ed94ad259ade7"
    bare = fastavro.parse_schema(without_logical_types(REGISTRY.latest("NilReturned").schema), named_schemas={})
    assert fastavro.schemaless_reader(io.BytesIO(value[FRAME:]), bare, None)["list"] == "equipment-projects"
