"""The publisher when things go wrong, on the double: silence, refusals, missing rights, two processes, a crash."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from exchange_connectors.kit import (
    ConfigError,
    NotReadyError,
    Publisher,
    PublishError,
    SpoolBusyError,
)
from exchange_connectors.kit.double import RecordingBroker
from exchange_connectors.kit.publisher import BATCH_EVENTS
from exchange_connectors.settings import KafkaSettings
from exchange_contracts import codec
from exchange_contracts.events import EVENTS
from exchange_contracts.model import Event

EVENTS_TOPIC = "hub.wuqing.industry.events"
RECEIPTS_TOPIC = "hub.wuqing.industry.receipts"
SETTINGS = KafkaSettings(acknowledge_seconds_max=0.05)


@pytest.fixture
def broker() -> RecordingBroker:
    """A broker in memory."""
    return RecordingBroker()


@pytest.fixture
def publisher(broker: RecordingBroker, tmp_path: Path) -> Iterator[Publisher]:
    """A started publisher that soon loses patience."""
    publisher = Publisher(SETTINGS, "wuqing", "industry", tmp_path / "s.sqlite", broker=broker)
    publisher.start()
    yield publisher
    publisher.close()


def event(number: int, bureau: str = "industry") -> Event:
    """A small event."""
    return EVENTS["EnterpriseDelisted"](
        bureau=bureau, source="test", entity_key=f"E{number}", revision=1, occurred_on=date(2026, 9, 30),
        recorded_at=datetime(2026, 10, 8, tzinfo=UTC), reason="已注销", uscc="91120114MA06ABCD17",
    )  # fmt: skip


def keys(broker: RecordingBroker) -> list[str]:
    """The keys on the topic in order, repetitions of the same event dropped."""
    return list(dict.fromkeys(codec.decode(record.value).entity_key for record in broker.topics[EVENTS_TOPIC]))


def test_a_producer_that_hangs_is_rebuilt_from_the_spool(broker: RecordingBroker, publisher: Publisher) -> None:
    """An event without any answer past the limit makes a new producer send the spool again; nothing is lost."""
    broker.silent = 2
    for number in range(4):
        publisher.publish(event(number))
    publisher.flush(5)
    assert broker.restarts >= 1
    assert set(keys(broker)) == {"E0", "E1", "E2", "E3"}
    assert publisher.spooled() == 0


def test_a_lost_answer_repeats_the_same_event(broker: RecordingBroker, publisher: Publisher) -> None:
    """Where only the answer was lost, the very same bytes go out again: the hub counts a duplicate."""
    broker.stored_but_silent = 1
    publisher.publish(event(0))
    publisher.flush(5)
    values = [record.value for record in broker.topics[EVENTS_TOPIC]]
    assert len(values) == 2
    assert values[0] == values[1]


def test_a_temporary_failure_is_tried_again(broker: RecordingBroker, publisher: Publisher) -> None:
    """A failure that may pass is no loss."""
    broker.failures = [TimeoutError("leader moved")]
    publisher.publish(event(0))
    publisher.flush(5)
    assert keys(broker) == ["E0"]


def test_a_broker_that_stays_silent_fails_visibly_and_keeps_the_spool(
    broker: RecordingBroker, publisher: Publisher
) -> None:
    """After some rebuilt producers publishing fails in words, with everything still in the spool."""
    broker.silent = 1_000
    publisher.publish(event(0))
    with pytest.raises(PublishError, match="1 events stay in the spool"):
        publisher.flush(30)
    assert publisher.spooled() == 1


def test_a_refusal_for_good_is_raised_and_keeps_the_spool(broker: RecordingBroker, publisher: Publisher) -> None:
    """A missing right ends publishing at once; the event waits in the spool."""
    broker.without = {("WRITE", EVENTS_TOPIC)}
    publisher.publish(event(0))
    with pytest.raises(PublishError, match="refused"):
        publisher.flush(5)
    assert publisher.spooled() == 1


def test_every_lack_is_named_at_the_start(broker: RecordingBroker, tmp_path: Path) -> None:
    """The self-check names all that is missing, not only the first."""
    broker.without = {EVENTS_TOPIC, ("READ", RECEIPTS_TOPIC)}
    publisher = Publisher(SETTINGS, "wuqing", "industry", tmp_path / "n.sqlite", broker=broker)
    with pytest.raises(NotReadyError, match=f"{EVENTS_TOPIC} does not exist; .*lacks READ on topic {RECEIPTS_TOPIC}"):
        publisher.start()
    publisher.close()


def test_a_bureau_cannot_speak_for_another(broker: RecordingBroker, publisher: Publisher) -> None:
    """An event of another bureau is refused before it is spooled."""
    with pytest.raises(PublishError, match="cannot be published as industry"):
        publisher.publish(event(0, bureau="commerce"))
    assert publisher.spooled() == 0


def test_two_processes_never_share_a_spool(publisher: Publisher, tmp_path: Path) -> None:
    """A second publisher on the same file is refused with what to do."""
    with pytest.raises(SpoolBusyError, match="held by another process"):
        Publisher(SETTINGS, "wuqing", "industry", tmp_path / "s.sqlite", broker=RecordingBroker())


def test_a_spool_belongs_to_one_topic(tmp_path: Path) -> None:
    """A spool filled for one bureau is not sent to another's topic."""
    Publisher(SETTINGS, "wuqing", "industry", tmp_path / "s.sqlite", broker=RecordingBroker()).close()
    with pytest.raises(ConfigError, match=r"made for topic hub\.wuqing\.industry\.events"):
        Publisher(SETTINGS, "wuqing", "commerce", tmp_path / "s.sqlite", broker=RecordingBroker())


_KILLED = """
import sys, time
from pathlib import Path
sys.path.insert(0, {folder!r})
from tests.unit.test_connectors_faults import BATCH_EVENTS, SETTINGS, Publisher, RecordingBroker, event
publisher = Publisher(SETTINGS, "wuqing", "industry", Path({spool!r}), broker=RecordingBroker())
for number in range(BATCH_EVENTS + 10):
    publisher.publish(event(number))
print("ready", flush=True)
time.sleep(60)
"""


def test_a_kill_loses_nothing_that_was_spooled(broker: RecordingBroker, tmp_path: Path) -> None:
    """After SIGKILL the file is free, whole, and holds every event of the batches that were full."""
    spool = tmp_path / "s.sqlite"
    script = _KILLED.format(folder=str(Path(__file__).parent), spool=str(spool))
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "ready"
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)
    child.stdout.close()
    with Publisher(SETTINGS, "wuqing", "industry", spool, broker=broker):
        pass
    assert keys(broker) == [f"E{number}" for number in range(BATCH_EVENTS)]
