"""Event ids and topic names: pure functions, the same on every machine for ever."""

from typing import Any

import pytest

from exchange_contracts import events, identity, topics
from exchange_contracts.model import Event


def progress(**given: Any) -> Event:
    """Return a progress report."""
    facts = {
        "bureau": "industry",
        "source": "excel",
        "entity_key": "2509-120114-89-01-544060",
        "revision": 1,
        "occurred_on": "2026-10-31",
        "recorded_at": "2026-11-02T01:00:00Z",
        "month": "2026-10",
        "invested_this_month": "1.00",
        "invested_year_to_date": "10.00",
    }
    return events.ProjectProgressReported.model_validate(facts | given)


def test_an_event_id_is_pinned() -> None:
    """The id of a known event is what it was when the first one was published."""
    event = progress()
    assert str(event.event_id) == "5c629c37-8ff9-5ea7-8c62-9351259851d8"
    expected = identity.event_id("excel", "project:progress", ["2026-10"], "2509-120114-89-01-544060", 1)
    assert event.event_id == expected


def test_what_an_event_replaces_decides_its_id() -> None:
    """Facts, times and origin do not enter the id; source, key, register, sub-key and revision do."""
    event = progress()
    assert progress(invested_this_month="2.00", recorded_at="2026-11-03T01:00:00Z").event_id == event.event_id
    others = [
        progress(**change) for change in ({"revision": 2}, {"month": "2026-09"}, {"source": "oa"}, {"entity_key": "x"})
    ]
    assert len({event.event_id, *(other.event_id for other in others)}) == 5


def test_registers_of_one_key_never_share_an_id() -> None:
    """A task and a project that share key, month and revision have different ids, as their kinds differ."""
    task = events.TaskProgressReported.model_validate(
        {
            "bureau": "industry",
            "source": "excel",
            "entity_key": "2509-120114-89-01-544060",
            "revision": 1,
            "occurred_on": "2026-10-31",
            "recorded_at": "2026-11-02T01:00:00Z",
            "task_no": "1",
            "month": "2026-10",
            "text": "按计划推进",
        }
    )
    assert task.event_id != progress().event_id


def test_a_given_event_id_is_kept() -> None:
    """A source with its own ids keeps them."""
    given = "6f0a5f0e-6a0e-5d55-9a3b-3d1f2c7c1e64"
    assert str(progress(event_id=given).event_id) == given


def test_events_do_not_change() -> None:
    """An event cannot be altered after it was built, and knows no other fields."""
    event = progress()
    with pytest.raises(ValueError, match="frozen"):
        event.revision = 2  # type: ignore[misc]
    with pytest.raises(ValueError, match="Extra inputs"):
        progress(comment="x")


@pytest.mark.parametrize(
    "change",
    [
        {"month": "2026-13"},
        {"month": "2026-1"},
        {"month": "2026-10\n"},
        {"bureau": "Industry"},
        {"bureau": "../x"},
        {"entity_key": ""},
        {"entity_key": "a\nb"},
        {"source": "x" * 201},
        {"build_state": "在建中"},
        {"granularity": "小计"},
        {"text": "a\0b"},
        {"occurred_on": "1899-12-31"},
        {"occurred_on": "2200-01-01"},
        {"recorded_at": "2026-11-02T01:00:00"},
        {"revision": "1"},
        {"revision": 1.0},
        {"units_done": 2**63},
        {"invested_this_month": None},
    ],
)
def test_facts_outside_the_contract_are_refused(change: dict[str, Any]) -> None:
    """Formats, code lists, ranges, NUL, naive times and loose numbers are refused where the event is built."""
    with pytest.raises(ValueError, match=next(iter(change))):
        progress(**change)


def test_topic_names_carry_district_and_bureau() -> None:
    """One topic of events and one of receipts for each bureau, and back."""
    assert topics.events_topic("wuqing", "development-reform") == "hub.wuqing.development-reform.events"
    assert topics.receipts_topic("wuqing", topics.COORDINATION) == "hub.wuqing.coordination.receipts"
    assert topics.bureau_of("hub.wuqing.development-reform.events") == "development-reform"
    assert topics.bureau_of("hub.wuqing.industry.receipts") == "industry"


@pytest.mark.parametrize("bad", ["", "A", "a.b", "a b", "区", "-a", "x" * 41])
def test_codes_that_would_break_a_topic_name_are_refused(bad: str) -> None:
    """A dot, a capital or a space never enters a topic name."""
    for make in (topics.events_topic, topics.receipts_topic):
        with pytest.raises(ValueError, match="not a district or bureau code"):
            make("wuqing", bad)
    with pytest.raises(ValueError, match="not a topic of the hub"):
        topics.bureau_of(f"hub.wuqing.{bad}.events")
