"""The store compared with Kafka, record by record."""

from collections.abc import Sequence

import pytest

from exchange_hub.views import reconciliation
from exchange_hub.views.reading import checked
from exchange_hub.views.reconciliation import Entry, Position, Unplaced, differences
from exchange_hub.views.statement import Record, Statement
from tests.flow.test_core_store import order
from tests.strategies.universe import Item

TOPIC = "hub.d.commerce.events"


def record(off: int, item: Item) -> Record:
    """A record as Kafka gives it."""
    return Record(1, off, 1_790_000_000_000, item.key, item.value, item.headers)


def entry(off: int, item: Item) -> Entry:
    """The entry of the log that accepting the record made."""
    found = checked(record(off, item), "commerce")
    assert isinstance(found, tuple)
    statement, failure = found
    assert isinstance(statement, Statement)
    assert failure is None
    return Entry(off, "accepted", statement.event_id, statement.fact.digest)


ORDERS = [order(f"O{number}") for number in range(6)]
RECORDS = [record(off, item) for off, item in enumerate(ORDERS)]
ENTRIES = [entry(off, item) for off, item in enumerate(ORDERS)]


def told(entries: Sequence[Entry], records: Sequence[Record], *, next_off: int = 6, skipped: int = 0, start: int = 0) -> list[str]:
    """The differences, where the log is *entries* alone."""
    facts = {(each.event_id, each.digest) for each in entries if each.outcome == "accepted"}

    def duplicates(unplaced: Sequence[Unplaced]) -> set[int]:
        return {each.off for each in unplaced if (each.event_id, each.digest) in facts}

    return list(differences(Position(1, TOPIC, "commerce", next_off, skipped), entries, start, records, duplicates))


def test_a_store_that_kafka_bears_out_has_no_difference() -> None:
    """Equal entries say nothing, nor do rejected and held records, nor duplicates of what is in the log."""
    assert told(ENTRIES, RECORDS) == []
    assert told([*ENTRIES[:2], Entry(2, "rejected"), Entry(3, "held"), *ENTRIES[4:]], RECORDS) == []
    again = [*RECORDS, record(6, ORDERS[0]), record(8, ORDERS[5])]
    assert told(ENTRIES, again, next_off=9, skipped=1) == []
    assert told([], [], next_off=0) == []


@pytest.mark.parametrize("missing", [0, 3, 5])
@pytest.mark.parametrize("outcome", ["accepted", "rejected", "held"])
def test_a_record_that_kafka_holds_no_longer_is_told(missing: int, outcome: str) -> None:
    """What the store has without a record is named with its place, whether it was the first, in the middle or the last."""
    held = [each for each in RECORDS if each.off != missing]
    entries = [each._replace(outcome=outcome) if each.off == missing else each for each in ENTRIES]
    assert told(entries, held) == [
        f"{TOPIC} offset {missing}: {outcome} in the store, but Kafka does not hold it",
        f"{TOPIC}: Kafka holds 5 data records from offset 0 to 6, workers took 6 for data",
    ]


@pytest.mark.parametrize("missing", [0, 3, 5])
@pytest.mark.parametrize("at_once", [1, 10_000])
def test_a_record_that_the_store_does_not_have_is_told(monkeypatch: pytest.MonkeyPatch, missing: int, at_once: int) -> None:
    """A record that was never taken, and was counted as an offset without data, is named with its place and event."""
    monkeypatch.setattr(reconciliation, "FETCH", at_once)
    entries = [each for each in ENTRIES if each.off != missing]
    assert told(entries, RECORDS, skipped=1) == [
        f"{TOPIC} offset {missing}: on the topic, but neither logged, rejected nor held: event {ENTRIES[missing].event_id}",
        f"{TOPIC}: Kafka holds 6 data records from offset 0 to 6, workers took 5 for data",
    ]


def test_an_id_with_other_facts_is_no_duplicate() -> None:
    """A record under a logged event's id with other facts was to be rejected: nowhere in the store, it is lost."""
    other = record(6, order("O2", sale_amount="101.00"))
    assert told(ENTRIES, [*RECORDS, other], next_off=7) == [
        f"{TOPIC} offset 6: on the topic, but neither logged, rejected nor held: event {ENTRIES[2].event_id}"
    ]


def test_an_unsound_record_that_is_nowhere_is_told() -> None:
    """What could not be read was to be kept as rejected."""
    assert told(ENTRIES[:5], [*RECORDS[:5], RECORDS[5]._replace(value=b"\x00\x00")]) == [
        f"{TOPIC} offset 5: on the topic, but neither logged, rejected nor held, nor is it sound: unreadable"
    ]


def test_counts_tell_a_lost_duplicate() -> None:
    """A duplicate that never arrived leaves no trace but the number of records; where Kafka's log begins later, fewer are told."""
    again = [*RECORDS, record(6, ORDERS[0])]
    assert told(ENTRIES, again, next_off=7, skipped=1) == [f"{TOPIC}: Kafka holds 7 data records from offset 0 to 7, workers took 6 for data"]
    assert told(ENTRIES[2:], RECORDS[2:], start=2) == []
    assert told(ENTRIES[2:], RECORDS[2:], start=2, skipped=1) == []
    assert told([*ENTRIES[2:]], RECORDS[2:], start=2, next_off=7) == [
        f"{TOPIC}: Kafka holds 4 data records from offset 2 to 7, workers took 5 for data"
    ]


def test_another_event_other_facts_and_an_unreadable_record_are_told() -> None:
    """What lies at an entry's place must be its event with its facts."""
    changed = order("O2", sale_amount="101.00")
    held = [RECORDS[0], record(1, ORDERS[5]), record(2, changed), record(3, ORDERS[3])._replace(value=b"\x00\x00"), *RECORDS[4:]]
    assert told(ENTRIES, held) == [
        f"{TOPIC} offset 1: the log holds event {ENTRIES[1].event_id}, Kafka holds {ENTRIES[5].event_id}",
        f"{TOPIC} offset 2: the log holds event {ENTRIES[2].event_id} with other facts than Kafka",
        f"{TOPIC} offset 3: accepted in the log, but Kafka's record is rejected now: unreadable",
    ]
