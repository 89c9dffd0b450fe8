"""Whose spool and ledger it is: one topic's, known by its id, in whatever hub; and what the hub's receipts settle there."""

import gzip
import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from exchange_connectors.kit import Publisher, Statement, Verdict
from exchange_connectors.kit.double import RecordingBroker
from exchange_connectors.kit.publisher import Line
from exchange_connectors.kit.store import Store
from exchange_connectors.settings import ConnectorSettings, KafkaSettings
from exchange_contracts import codec
from exchange_contracts.receipts import VERSION

EVENTS, RECEIPTS = "hub.wuqing.industry.events", "hub.wuqing.industry.receipts"
OLD = Path(__file__).parents[1] / "golden" / "upgrade_rules" / "state.sqlite.gz"
Open = Callable[[RecordingBroker], Publisher]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Open the bureau's one state file at a broker."""
    return lambda broker: Publisher(KafkaSettings(), "wuqing", "industry", tmp_path / "s.sqlite", broker=broker)


def said(number: int = 1) -> Statement:
    """What a bureau says of a task."""
    key = str(number)
    return Statement("TaskProgressReported", key, {"occurred_on": date(2026, 9, 30), "task_no": key, "month": "2026-09", "text": "已完成"})


def receipt(first: int, following: int, *rejected: int, **more: Any) -> bytes:
    """What the hub answers for a range of offsets."""
    exceptions = [
        {"offset": each, "event_id": None, "entity_key": None, "outcome": "rejected", "code": "x", "reason": "请改"} for each in rejected
    ]
    body = {"topic": EVENTS, "first": first, "next": following, "accepted": following - first - len(rejected), "exceptions": exceptions}
    return json.dumps(body | {"batch": 1, "at": datetime(2026, 10, 8, tzinfo=UTC).isoformat()} | more).encode()


def arrived(broker: RecordingBroker) -> list[str]:
    """The keys of the events on the bureau's topic."""
    return [codec.decode(record.value).entity_key for record in broker.topics[EVENTS]]


def test_what_one_hub_was_told_is_news_to_another(opened: Open) -> None:
    """A statement arrives in every hub that the same state file meets, and is no news where it has been said before."""
    first, second = RecordingBroker(hub="first"), RecordingBroker(hub="second")
    for broker, verdict in ((first, Verdict.NEW), (second, Verdict.NEW), (first, Verdict.UNCHANGED), (second, Verdict.UNCHANGED)):
        with opened(broker) as publisher:
            assert publisher.offer(said(), "x").verdict is verdict
    assert (arrived(first), arrived(second)) == (["1"], ["1"])


def test_a_spool_is_sent_to_the_hub_that_it_was_filled_for(opened: Open) -> None:
    """What a crash left unsent for one hub never goes to another, and goes when that hub is spoken to again."""
    first, second = RecordingBroker(hub="first"), RecordingBroker(hub="second")
    publisher = opened(first)
    publisher.start()
    first.silent = 1
    publisher.offer(said(), "x")
    publisher._send_batch()
    publisher.close()
    with opened(second):
        pass
    assert (arrived(first), arrived(second)) == ([], [])
    with opened(first):
        pass
    assert (arrived(first), arrived(second)) == (["1"], [])


def test_receipts_of_one_hub_answer_for_no_other(opened: Open) -> None:
    """What the first hub accepted says nothing of the same offset in the second, where it is rejected."""
    first, second = RecordingBroker(hub="first"), RecordingBroker(hub="second")
    first.append(RECEIPTS, receipt(0, 1))
    second.append(RECEIPTS, receipt(0, 1, 0))
    for broker, counts in ((first, (1, 0)), (second, (0, 1))):
        with opened(broker) as publisher:
            publisher.offer(said(), "x", Line("a.jsonl", 4))
            publisher.flush(5)
            outcomes = publisher.wait_for_receipts(0)
            assert (outcomes.accepted, outcomes.rejected) == counts
    with opened(second) as publisher:
        (each,) = publisher.exceptions()
        assert (each.file, each.row, each.reason) == ("a.jsonl", 4, "请改")
        assert publisher.offer(said(), "x").verdict is Verdict.NEW


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ({"colour": "红", "exceptions": [], "accepted": 1}, 1),
        ({"version": VERSION, "topic_id": f"hub-{EVENTS}"}, 1),
        ({"version": VERSION + 1}, 0),
        ({"topic_id": "that of an earlier topic of this name"}, 0),
    ],
)
def test_a_receipt_is_read_by_what_is_known_of_it(opened: Open, answer: dict[str, Any], accepted: int) -> None:
    """Unknown fields are passed over; a later version, or another topic's, settles nothing."""
    broker = RecordingBroker()
    broker.append(RECEIPTS, receipt(0, 1, **answer))
    with opened(broker) as publisher:
        publisher.offer(said(), "x")
        publisher.flush(5)
        outcomes = publisher.wait_for_receipts(0)
    assert (outcomes.accepted, outcomes.awaited) == (accepted, 1 - accepted)


def test_what_no_receipt_speaks_of_is_not_told_as_accepted(opened: Open) -> None:
    """Between two receipts one could not be read: its events stay unanswered."""
    broker = RecordingBroker()
    for value in (receipt(0, 1), b"\xff", receipt(2, 3)):
        broker.append(RECEIPTS, value)
    with opened(broker) as publisher:
        for number in range(3):
            publisher.offer(said(number), "x")
        publisher.flush(5)
        outcomes = publisher.wait_for_receipts(0)
        assert (outcomes.accepted, outcomes.awaited) == (2, 1)
        broker.append(RECEIPTS, receipt(1, 2, 1))
        outcomes = publisher.wait_for_receipts(0)
        assert (outcomes.accepted, outcomes.rejected, outcomes.awaited) == (2, 1, 0)


@pytest.mark.parametrize(("records", "kept"), [(7, True), (9, True), (6, False), (0, False)])
def test_a_state_file_of_an_earlier_version_is_taken_over(opened: Open, tmp_path: Path, records: int, kept: bool) -> None:
    """It goes on where the topic holds all that it knows of; where it knows more than there is, it was another hub's."""
    (tmp_path / "s.sqlite").write_bytes(gzip.decompress(OLD.read_bytes()))
    broker = RecordingBroker()
    for _ in range(records):
        broker.append(EVENTS, b"")
    with opened(broker) as publisher:
        assert bool(publisher.store.connection.execute("select count(*) from entry").fetchone()[0]) is kept
    aside = tmp_path / "s.earlier-1.sqlite"
    assert aside.exists() is not kept
    if not kept:
        assert sqlite3.connect(aside).execute("select count(*) from entry").fetchone() == (7,)


def test_an_earlier_version_s_receipts_are_read_once_more(opened: Open, tmp_path: Path) -> None:
    """What it passed over settles what it still waits for; what it told long ago is not told again."""
    broker = RecordingBroker()
    with opened(broker) as publisher:
        for number in range(2):
            publisher.offer(said(number), "x")
    for value in (receipt(0, 2, 1, version=VERSION), receipt(5, 6, 5)):
        broker.append(RECEIPTS, value)
    db = sqlite3.connect(tmp_path / "s.sqlite")
    db.execute("delete from meta where name in ('topic_id', 'receipts_told')")
    db.execute("insert into meta values ('receipts_next', '2')")
    db.commit()
    db.close()
    with opened(broker) as publisher:
        outcomes = publisher.wait_for_receipts(0)
        assert (outcomes.accepted, outcomes.rejected, outcomes.awaited) == (1, 1, 0)
        assert [each.offset for each in publisher.exceptions()] == [1]


def test_a_spool_of_an_earlier_version_is_brought_into_the_data_folder(tmp_path: Path) -> None:
    """It is moved with what a killed process left beside it, and never over one that is there, nor another topic's."""
    old, new = tmp_path / ".hub/spool/industry.sqlite", tmp_path / "data/spool/industry.sqlite"
    store = Store(old, EVENTS)
    store.set_meta("mine", "1")
    store.connection.execute("pragma wal_checkpoint(passive)")
    store.close()
    Store.move(old, new, "hub.other.industry.events")
    assert (old.exists(), new.exists()) == (True, False)
    Store.move(old, new, EVENTS)
    assert (old.exists(), new.exists()) == (False, True)
    Store(old, EVENTS).close()
    Store.move(old, new, EVENTS)
    store = Store(new, EVENTS)
    assert (old.exists(), store.meta("mine")) == (True, "1")
    store.close()


def test_the_spool_lies_in_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Spools lie below HUB_DATA_DIR unless HUB_SPOOL_DIR names another folder."""
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
    assert ConnectorSettings().spools() == tmp_path / "spool"
    monkeypatch.setenv("HUB_SPOOL_DIR", str(tmp_path / "else"))
    assert ConnectorSettings().spools() == tmp_path / "else"
