"""The event log compared with Kafka, entry by entry."""

import pytest

from exchange_hub.views.proof import Logged, differences
from exchange_hub.views.reading import checked
from exchange_hub.views.statement import Record, Statement
from tests.flow.test_core_store import order
from tests.strategies.universe import Item


def record(off: int, item: Item) -> Record:
    """A record as Kafka gives it."""
    return Record(1, off, 1_790_000_000_000, item.key, item.value, item.headers)


def entry(off: int, item: Item) -> Logged:
    """The entry of the log that accepting the record made."""
    found = checked(record(off, item), "commerce")
    assert isinstance(found, tuple)
    statement, failure = found
    assert isinstance(statement, Statement)
    assert failure is None
    return Logged(off, statement.event_id, statement.fact.digest)


ORDERS = [order(f"O{number}") for number in range(6)]
RECORDS = [record(off, item) for off, item in enumerate(ORDERS)]
ENTRIES = [entry(off, item) for off, item in enumerate(ORDERS)]


def test_a_log_that_kafka_bears_out_has_no_difference() -> None:
    """Equal entries say nothing; records that were not accepted, and those beyond the log, are passed over."""
    assert list(differences(ENTRIES, RECORDS, "commerce")) == []
    assert list(differences([ENTRIES[1], ENTRIES[4]], RECORDS, "commerce")) == []
    assert list(differences([], RECORDS, "commerce")) == []


@pytest.mark.parametrize("missing", [0, 3, 5])
def test_a_record_that_kafka_holds_no_longer_is_told(missing: int) -> None:
    """An entry without a record is named with its place, whether it was the first, in the middle or the last."""
    held = [each for each in RECORDS if each.off != missing]
    assert list(differences(ENTRIES, held, "commerce")) == [f"commerce offset {missing}: in the log, but Kafka no longer holds it"]


def test_another_event_other_facts_and_an_unreadable_record_are_told() -> None:
    """What lies at an entry's place must be its event with its facts."""
    changed = order("O2", sale_amount="101.00")
    held = [RECORDS[0], record(1, ORDERS[5]), record(2, changed), record(3, ORDERS[3])._replace(value=b"\x00\x00"), *RECORDS[4:]]
    told = list(differences(ENTRIES, held, "commerce"))
    assert told == [
        f"commerce offset 1: the log holds event {ENTRIES[1].event_id}, Kafka holds {ENTRIES[5].event_id}",
        f"commerce offset 2: the log holds event {ENTRIES[2].event_id} with other facts than Kafka",
        "commerce offset 3: accepted in the log, but Kafka's record is rejected now: unreadable",
    ]
