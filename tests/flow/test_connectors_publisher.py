"""The publisher's behaviour, written once: on the double that bureaus test with, and on real Kafka."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from kafka import KafkaProducer

from exchange_connectors.kit import NotReadyError, Publisher, Statement, Verdict
from exchange_connectors.kit.broker import Broker, KafkaBroker, Record
from exchange_connectors.kit.double import RecordingBroker
from exchange_connectors.kit.publisher import BATCH_EVENTS
from exchange_connectors.settings import KafkaSettings
from exchange_contracts import codec, envelope, topics
from exchange_contracts.events import EVENTS
from exchange_contracts.model import Event
from exchange_contracts.receipts import Receipt, ReceiptException
from exchange_hub.runtime.topics import administration, ensure_topics

SEPTEMBER = date(2026, 9, 30)


@dataclass
class World:
    """A broker under test with a bureau of its own, and a clock that stands where the test puts it."""

    broker: Callable[[], Broker]
    settings: KafkaSettings
    put: Callable[[str, bytes], None]
    spool: Path
    bureau: str = field(default_factory=lambda: f"b{uuid.uuid4().hex[:12]}")
    now: float = 1_790_000_000.0

    def publisher(self, spool: Path | None = None) -> Publisher:
        """A publisher of the bureau."""
        return Publisher(
            self.settings, "wuqing", self.bureau, spool or self.spool, broker=self.broker(), clock=lambda: self.now
        )

    def records(self) -> list[Record]:
        """Everything on the bureau's topic."""
        return list(self.broker().read(topics.events_topic("wuqing", self.bureau), 0, 20.0))

    def events(self) -> list[Event]:
        """Every event on the bureau's topic."""
        return [codec.decode(record.value) for record in self.records()]

    def event(self, number: int = 1, revision: int = 7) -> Event:
        """An event with its source's own revision."""
        return EVENTS["EnterpriseDelisted"](
            bureau=self.bureau, source="test", entity_key=f"E{number}", revision=revision, occurred_on=SEPTEMBER,
            recorded_at=datetime(2026, 10, 8, tzinfo=UTC), reason="已注销", uscc="91120114MA06ABCD17",
        )  # fmt: skip

    def answer(self, first: int, following: int, *exceptions: ReceiptException) -> None:
        """Answer for a range as the hub does."""
        receipt = Receipt(
            topic=topics.events_topic("wuqing", self.bureau), first=first, next=following,
            accepted=following - first - len(exceptions), exceptions=exceptions, batch=1, at=datetime(2026, 10, 8, tzinfo=UTC),
        )  # fmt: skip
        self.put(topics.receipts_topic("wuqing", self.bureau), receipt.to_bytes())


@pytest.fixture(params=["double", "kafka"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """The double, then real Kafka."""
    spool = tmp_path / "spool.sqlite"
    if request.param == "double":
        broker = RecordingBroker()
        yield World(lambda: broker, KafkaSettings(), lambda topic, value: void(broker.append(topic, value)), spool)
        return
    servers = request.getfixturevalue("kafka")
    settings = KafkaSettings(bootstrap_servers=servers)
    producer = KafkaProducer(bootstrap_servers=servers)
    world = World(lambda: KafkaBroker(settings), settings, lambda t, v: void(producer.send(t, v).get(10)), spool)
    with administration(servers) as admin:
        ensure_topics(
            admin, [topics.events_topic("wuqing", world.bureau), topics.receipts_topic("wuqing", world.bureau)]
        )
    yield world
    producer.close()


def void(_: object) -> None:
    """Drop a result."""


def project(name: str = "冲压线改造", occurred_on: date = SEPTEMBER, **facts: object) -> Statement:
    """What a bureau says of a project."""
    given = {
        "occurred_on": occurred_on, "internal_no": "GX-001", "name": name, "list": "设备更新", "domain": "工业", "owner_name": "天津甲公司",
        "construction_nature": "单纯购置", "total_investment": "32000000.00", "build_state": "在建",
    }  # fmt: skip
    return Statement("ProjectAdded", "GX-001", given | facts)


def test_an_event_arrives_with_key_and_headers_that_agree(world: World) -> None:
    """A published event lies on the bureau's topic; key and CloudEvents headers say what the value says."""
    with world.publisher() as publisher:
        publisher.publish(world.event())
    (record,) = world.records()
    contract, facts = codec.decode_facts(record.value)
    assert envelope.disagreement(record.headers, facts, contract, key=record.key, bureau=world.bureau) is None
    assert {"ce_id", "ce_type"} <= {name for name, _ in record.headers}
    assert codec.decode(record.value) == world.event()


def test_order_holds_and_nothing_stays_behind(world: World) -> None:
    """More events than one batch arrive in order, each once, and the spool is empty."""
    with world.publisher() as publisher:
        for number in range(1201):
            publisher.publish(world.event(number))
        publisher.flush(30)
        assert publisher.spooled() == 0
    assert [event.entity_key for event in world.events()] == [f"E{number}" for number in range(1201)]


def test_the_same_statement_again_publishes_nothing(world: World) -> None:
    """Unchanged content is no news, also in another month's report and written with other zeros."""
    with world.publisher() as publisher:
        assert publisher.offer(project(), "x").verdict is Verdict.NEW
        assert publisher.offer(project(total_investment="32000000"), "x").verdict is Verdict.UNCHANGED
        assert publisher.offer(project(occurred_on=date(2026, 10, 31)), "x").verdict is Verdict.UNCHANGED
    with world.publisher() as publisher:
        assert publisher.offer(project(), "x").verdict is Verdict.UNCHANGED
    assert len(world.records()) == 1


def test_a_change_is_a_later_revision_in_its_later_form(world: World) -> None:
    """The first statement is ProjectAdded, a later one ProjectChanged with a higher revision, though the clock stands."""
    with world.publisher() as publisher:
        publisher.offer(project(), "x")
        publisher.offer(project(name="冲压线技改"), "x")
    added, changed = world.events()
    assert (type(added).__name__, type(changed).__name__) == ("ProjectAdded", "ProjectChanged")
    assert added.revision == int(world.now * 1000)
    assert changed.revision == added.revision + 1


def test_a_clock_set_back_never_lowers_a_revision(world: World) -> None:
    """Revisions rise by the ledger, not by the clock alone."""
    with world.publisher() as publisher:
        publisher.offer(project(), "x")
        world.now -= 86_400
        publisher.offer(project(name="乙"), "x")
    first, second = world.events()
    assert second.revision == first.revision + 1


def test_an_earlier_month_does_not_overwrite_a_later_one(world: World) -> None:
    """A late workbook of August leaves what September said of a project."""
    with world.publisher() as publisher:
        publisher.offer(project(), "x")
        offered = publisher.offer(project(name="旧名", occurred_on=date(2026, 8, 31)), "x")
    assert offered.verdict is Verdict.OLDER
    assert len(world.records()) == 1


def test_a_lost_ledger_is_rebuilt_from_the_topic(world: World, tmp_path: Path) -> None:
    """After the state file is lost, a rebuild from the bureau's own topic makes the same statement no news again."""
    with world.publisher() as publisher:
        publisher.offer(project(), "x")
        publisher.offer(project(name="冲压线技改"), "x")
    with world.publisher(tmp_path / "new.sqlite") as publisher:
        assert publisher.rebuild_ledger(20) == 2
        assert publisher.offer(project(name="冲压线技改"), "x").verdict is Verdict.UNCHANGED
    assert len(world.records()) == 2


def test_a_lost_ledger_is_harmless_without_a_rebuild(world: World, tmp_path: Path) -> None:
    """Without it the same is said once more, under a later revision: the fold keeps the highest."""
    with world.publisher() as publisher:
        publisher.offer(project(), "x")
    world.now += 1
    with world.publisher(tmp_path / "new.sqlite") as publisher:
        publisher.offer(project(), "x")
    first, second = world.events()
    assert second.revision > first.revision
    assert second.entity_key == first.entity_key


def test_receipts_are_counted_and_exceptions_named(world: World) -> None:
    """A range receipt settles what was sent: accepted is implied, exceptions keep code and reason."""
    with world.publisher() as publisher:
        for number in range(5):
            publisher.publish(world.event(number))
        publisher.flush(30)
        assert publisher.wait_for_receipts(0).awaited == 5
        rejected = ReceiptException(
            offset=1,
            event_id=str(world.event(1).event_id),
            entity_key="E1",
            outcome="rejected",
            code="codelist",
            reason="请改",
        )
        world.answer(0, 3, rejected)
        world.answer(3, 5)
        outcomes = publisher.wait_for_receipts(20)
        assert (outcomes.accepted, outcomes.rejected, outcomes.awaited) == (4, 1, 0)
        (exceptional,) = publisher.exceptions()
        assert (exceptional.entity_key, exceptional.code, exceptional.reason) == ("E1", "codelist", "请改")


def test_receipts_are_read_once(world: World) -> None:
    """What was booked is not read again after a restart: the position lies beside the bookings."""
    with world.publisher() as publisher:
        publisher.publish(world.event())
        publisher.flush(30)
        world.answer(0, 1)
        assert len(list(publisher.receipts(20))) == 1
    with world.publisher() as publisher:
        assert list(publisher.receipts(0)) == []


def test_what_the_hub_rejected_is_news_again(world: World) -> None:
    """A rejected statement was never made: the same content may be published once the cause is mended."""
    with world.publisher() as publisher:
        publisher.offer(project(), "x")
        publisher.flush(30)
        rejected = ReceiptException(
            offset=0, event_id=None, entity_key="GX-001", outcome="rejected", code="unknown_schema", reason="请更新"
        )
        world.answer(0, 1, rejected)
        publisher.wait_for_receipts(20)
        assert publisher.offer(project(), "x").verdict is Verdict.NEW


def test_a_spool_left_by_a_crash_is_sent_at_the_next_start(world: World) -> None:
    """What was durable and not yet sent goes out first at the next start, in order."""
    crashed = world.publisher()
    for number in range(BATCH_EVENTS):
        crashed.publish(world.event(number))  # not started: spooled, not sent
    crashed.close()
    with world.publisher() as publisher:
        publisher.publish(world.event(BATCH_EVENTS))
    assert [event.entity_key for event in world.events()] == [f"E{number}" for number in range(BATCH_EVENTS + 1)]


def test_a_missing_topic_is_said_in_words(tmp_path: Path, kafka: str) -> None:
    """Without its topics the publisher does not start, and says which are missing and what to do."""
    settings = KafkaSettings(bootstrap_servers=kafka)
    with (
        pytest.raises(
            NotReadyError, match=r"hub\.wuqing\.nobody\.events does not exist.*hub\.wuqing\.nobody\.receipts"
        ),
        Publisher(settings, "wuqing", "nobody", tmp_path / "s.sqlite"),
    ):
        pass


def test_a_missing_broker_is_said_in_words(tmp_path: Path) -> None:
    """Without a broker the publisher does not start, and names the address it tried."""
    settings = KafkaSettings(bootstrap_servers="127.0.0.1:9", start_seconds_max=1.0)
    with (
        pytest.raises(NotReadyError, match=r"Kafka at 127\.0\.0\.1:9 does not answer"),
        Publisher(settings, "wuqing", "industry", tmp_path / "s.sqlite"),
    ):
        pass
