"""A record ends in one of three named outcomes, whatever its bytes are."""

from random import Random

import pytest

from exchange_contracts import registry
from exchange_hub.views.reading import read
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Record, Rejection, Statement
from tests.strategies.damage import DAMAGES
from tests.strategies.universe import BUREAUS, Item, item_of

RULES = FoldRules()


def outcome(item: Item) -> Rejection | Statement:
    """Read an item as its topic's worker does; a held event is no outcome that these records may have."""
    result = read(Record(1, 0, 0, item.key, item.value, item.headers), item.bureau, RULES)
    if isinstance(result, Rejection):
        return result
    statement, trial = result
    assert trial.failure is None, trial.failure
    return statement


def test_every_sound_event_of_every_type_passes() -> None:
    """What the contracts' own classes write is accepted and its fold does not fail."""
    seen = set()
    for code in range(1500):
        item = item_of(code)
        found = outcome(item)
        assert isinstance(found, Statement), f"code {code} {item.event}: {found}"
        assert found.fact.event == item.event
        seen.add(item.event)
    assert len(seen) == len(registry.load().contracts())


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_rejected_with_a_code_and_a_chinese_reason(name: str) -> None:
    """No damage is accepted, none makes the reader fail, and the bureau is told why in its own language."""
    for code in range(60):
        choose = Random(f"{name} {code}")
        found = outcome(DAMAGES[name](item_of(code), choose))
        assert isinstance(found, Rejection), f"{name}, code {code}: accepted"
        assert found.code.isidentifier()
        assert any("\u4e00" <= character <= "\u9fff" for character in found.reason)


def test_a_thousand_random_byte_strings_are_rejected() -> None:
    """Random bytes, also behind a valid frame, never pass and never raise."""
    choose = Random(7)
    for number in range(1000):
        frame = b"\0\0\0\0" + bytes([choose.randrange(40)]) if number % 2 else b""
        found = outcome(Item("industry", None, frame + choose.randbytes(choose.randrange(400)), (), sound=False, event=""))
        assert isinstance(found, Rejection)


def test_flipped_bits_never_raise() -> None:
    """A flipped bit is an event that still says what its id stands for, or a rejection; nothing else."""
    choose = Random(11)
    for code in range(400):
        item = item_of(code)
        assert item.value is not None
        value = bytearray(item.value)
        value[choose.randrange(len(value))] ^= 1 << choose.randrange(8)
        read(Record(1, 0, 0, item.key, bytes(value), item.headers), item.bureau, RULES)


def test_decisions_are_the_offices_alone() -> None:
    """A bureau's topic cannot carry a merge or a close, not even one signed with the bureau's own name."""
    from datetime import UTC, date, datetime

    from exchange_contracts import codec
    from exchange_contracts.events import EntitiesMerged

    members = ({"bureau": "industry", "entity_key": "P1"}, {"bureau": "transport", "entity_key": "P1"})
    for bureau in BUREAUS:
        event = EntitiesMerged.model_validate({
            "bureau": bureau, "source": "s", "entity_key": "K1", "revision": 1, "occurred_on": date(2026, 10, 1),
            "recorded_at": datetime(2026, 10, 1, tzinfo=UTC), "list": "project", "members": members, "decided_by": "专班",
        })  # fmt: skip
        found = outcome(Item(bureau, None, codec.encode(event), (), sound=True, event="EntitiesMerged"))
        assert isinstance(found, Statement) == (bureau == "coordination")
