"""Topics that are not what they were, stores that went back, senders that misbehave: stop in words or go on, never guess."""

import shutil
import signal
from collections.abc import Iterator
from random import Random

import pytest
from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import CommitFailedError

from exchange_hub.processes.compose import Hub
from exchange_hub.processes.program import make_topics
from exchange_hub.processes.worker import EXIT_LOST
from exchange_hub.runtime.supervise import EXIT_FINAL
from exchange_hub.runtime.topics import administration
from exchange_hub.views.queries import log
from exchange_hub.views.rebuild import rebuild
from exchange_hub.views.store.setup import connect
from tests.asking import asked
from tests.faults.stage import Stage, Worker
from tests.strategies.damage import damaged
from tests.strategies.history import bulk
from tests.strategies.universe import BUREAUS, Item, item_of
from tests.waiting import wait_for

SEED = 20261124


def commit_in_kafka(stage: Stage, offset: int) -> None:
    """Leave a committed offset of the workers' group in Kafka, as another tool might."""
    consumer = KafkaConsumer(bootstrap_servers=stage.kafka.split(","), group_id=f"hub.{stage.hub.district.id}.views", enable_auto_commit=False)
    partitions = [TopicPartition(topic, 0) for topic in stage.hub.event_topics]
    consumer.assign(partitions)

    def committed() -> bool:
        # Kafka refuses while it still counts the killed worker as a member.
        try:
            consumer.commit({partition: OffsetAndMetadata(offset, "", -1) for partition in partitions})
        except CommitFailedError:
            return False
        return True

    wait_for("Kafka to take the offsets", committed, 15, 0.3)
    consumer.close()


def test_a_store_that_went_back_is_filled_again(stage: Stage, servers: tuple[str, str]) -> None:
    """After a restore of an older backup a worker reads on from the restored positions, whatever Kafka says was committed."""
    first = stage.worker()
    stage.send(bulk(SEED, 500))
    stage.caught_up()
    first.end()
    live = stage.url.partition("?")[0].rpartition("/")[2]
    with connect(servers[1]) as conn:
        conn.execute(f"CREATE DATABASE {live}_backup TEMPLATE {live}".encode())
        conn.commit()
    commit_in_kafka(stage, 100_000)
    running = stage.worker()
    stage.send(bulk(SEED + 1, 500))
    stage.caught_up()
    with connect(servers[1]) as conn:
        conn.execute(f"ALTER DATABASE {live} ALLOW_CONNECTIONS false".encode())
        conn.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (live,))
        conn.execute(f"ALTER DATABASE {live} RENAME TO {live}_newer".encode())
        conn.execute(f"ALTER DATABASE {live}_backup RENAME TO {live}".encode())
        conn.execute(f"DROP DATABASE {live}_newer".encode())
    stage.send(bulk(SEED + 2, 300))
    if running.exit_code is None:
        wait_for("the running worker to notice", lambda: running.exit_code is not None or "dropped a batch" in running.text(), 20)
    if running.exit_code is not None:
        assert running.exit_code == EXIT_LOST, running.text()[-2000:]
        stage.worker()
    stage.caught_up()
    stage.reckon()


def others_caught_up(stage: Stage, left: str) -> None:
    """Wait until every topic but one is read to its end."""
    others = {topic: end for topic, end in stage.ends().items() if topic != left}
    wait_for("all other topics", lambda: all(stage.positions().get(topic, 0) >= end for topic, end in others.items()), 40)


def test_a_topic_made_anew_stands_still(stage: Stage) -> None:
    """A topic that was deleted and made again is not read, nothing of it is reset, its state is said; all others go on."""
    worker = stage.worker()
    stage.send(bulk(SEED, 400))
    stage.caught_up()
    worker.end()
    replaced = stage.topic("industry")
    with administration(stage.kafka) as admin:
        admin.delete_topics([replaced])
    make_topics(stage.hub, stage.kafka)
    kept = stage.positions()[replaced]
    stage.send(bulk(SEED + 1, 400))
    again = stage.worker()
    others_caught_up(stage, replaced)
    assert stage.positions()[replaced] == kept
    assert f"topic {replaced} stands still" in again.text()
    assert "deleted and made anew" in again.text()
    assert "Nothing was reset" in again.text()


def test_a_topic_made_anew_under_a_running_worker(stage: Stage) -> None:
    """Deleted, made again and filled beyond the old place between two fetches, a topic looks the same to Kafka's client: the watchdog sees that it is not."""
    worker = stage.worker(environment={"HUB_WORKER__SESSION_TIMEOUT_SECONDS": "8"})
    stage.send(bulk(SEED, 400))
    stage.caught_up()
    replaced = stage.topic("industry")
    kept = stage.positions()[replaced]
    worker.send(signal.SIGSTOP)
    with administration(stage.kafka) as admin:
        admin.delete_topics([replaced])
    make_topics(stage.hub, stage.kafka)
    stage.send(bulk(SEED + 1, 1_000))
    assert stage.ends()[replaced] > kept + 20
    worker.send(signal.SIGCONT)
    assert worker.ended(20) == EXIT_LOST, worker.text()[-2000:]
    assert f"deleted and made anew, while it was read: {replaced}" in worker.text()
    again = stage.worker()
    wait_for("its state to be said", lambda: f"topic {replaced} stands still" in again.text())
    assert "deleted and made anew" in again.text()
    stands = stage.positions()[replaced]
    stage.send(bulk(SEED + 2, 300))
    others_caught_up(stage, replaced)
    assert stage.positions()[replaced] == stands


def noticed(worker: Worker, topic: str) -> bool:
    """Whether a worker ended, or says that a topic stands still."""
    return worker.exit_code is not None or f"topic {topic} stands still" in worker.text()


def cut_front(stage: Stage, topic: str, below: int) -> None:
    """Delete a topic's records below an offset, as retention or an operator would."""
    with administration(stage.kafka) as admin:
        admin.delete_records({TopicPartition(topic, 0): below})


def test_events_deleted_before_they_were_read(stage: Stage) -> None:
    """While no worker runs, records beyond the position are deleted: the topic stands still, says what is missing, all others go on."""
    worker = stage.worker()
    stage.send(bulk(SEED, 300))
    stage.caught_up()
    worker.end()
    topic = stage.topic("industry")
    kept = stage.positions()[topic]
    stage.send(bulk(SEED + 1, 600))
    cut_front(stage, topic, kept + 10)
    again = stage.worker()
    others_caught_up(stage, topic)
    assert stage.positions()[topic] == kept
    assert f"topic {topic} stands still: events were deleted before they were read: it begins at {kept + 10}" in again.text()
    assert "runbook" in again.text()


def test_events_deleted_after_they_were_read_are_missed_by_nobody(stage: Stage) -> None:
    """A log whose front was cut up to the position, and one that is empty, are read on as if nothing had been: the store has what was there."""
    first = stage.worker()
    stage.send(bulk(SEED, 300))
    stage.caught_up()
    first.end()
    for topic, position in stage.positions().items():
        cut_front(stage, topic, position)
    stage.worker()
    stage.send(bulk(SEED + 1, 300))
    stage.caught_up()
    assert "stands still" not in stage.workers[-1].text()
    assert [line for line in asked(stage.url, log.balance) if line.difference] == []


def test_events_deleted_under_a_running_worker(stage: Stage) -> None:
    """A worker is stopped for less than its session and its next records are deleted meanwhile: none of them is counted as a control record."""
    worker = stage.worker(environment={"HUB_WORKER__SESSION_TIMEOUT_SECONDS": "8"})
    stage.send(bulk(SEED, 300))
    stage.caught_up()
    topic = stage.topic("industry")
    kept = stage.positions()[topic]
    worker.send(signal.SIGSTOP)
    stage.send(bulk(SEED + 1, 600))
    cut_front(stage, topic, kept + 10)
    worker.send(signal.SIGCONT)
    wait_for("the worker to notice or to read on", lambda: noticed(worker, topic) or stage.positions()[topic] > kept, 40)
    if worker.exit_code is not None:
        stage.worker()
    wait_for("its state to be said", lambda: noticed(stage.workers[-1], topic), 30)
    assert stage.positions()[topic] == kept
    assert "events were deleted before they were read" in stage.workers[-1].text()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("next_off = next_off + 1000, skipped = skipped + 1000", "its log was cut off"),
        ("last_digest = '\\x00'", "another record lies at offset"),
    ],
)
def test_a_log_that_is_not_the_known_one_stands_still(stage: Stage, change: str, words: str) -> None:
    """A log that ends below the position, or holds another record before it, stops that topic with instructions."""
    worker = stage.worker()
    stage.send(bulk(SEED, 300))
    stage.caught_up()
    worker.end()
    topic = stage.topic("commerce")
    with connect(stage.url) as conn:
        conn.execute(f"UPDATE log.position SET {change} WHERE topic_no = (SELECT topic_no FROM log.topic WHERE name = %s)".encode(), (topic,))
    kept = stage.positions()[topic]
    stage.send(bulk(SEED + 1, 300))
    again = stage.worker()
    others_caught_up(stage, topic)
    assert stage.positions()[topic] == kept
    assert f"topic {topic} stands still: {words}" in again.text()
    assert "runbook" in again.text()


def test_a_worker_of_another_configuration_does_not_write(stage: Stage) -> None:
    """A worker meets lists of another stamp: in the middle of its work it asks for a restart, at its start it refuses for good; both say why."""
    running = stage.worker()
    stage.send(bulk(SEED, 200))
    stage.caught_up()
    with connect(stage.url) as conn:
        conn.execute("UPDATE live.view_stamp SET configuration = 'another', answers = '{\"ranking\": {\"another\": {}}}' WHERE kind <> ''")
    stage.send(bulk(SEED + 1, 100))
    assert running.ended() == EXIT_LOST
    assert "another stamp (configuration" in running.text()
    late = stage.worker()
    assert late.ended() == EXIT_FINAL
    assert "hub rebuild" in late.text()


def test_two_live_workers_of_different_configurations(stage: Stage) -> None:
    """One serves, another that ranks bureaus otherwise comes: it takes nothing. Once the lists are its own, it serves and the first ends."""
    first = stage.worker()
    other = stage.folder / "other"
    shutil.copytree(stage.hub.settings.district, other)
    text = (other / "precedence.toml").read_text(encoding="utf-8")
    # None of the bureaus of the traffic changes its place, so that the rows stay what the oracle says.
    ranked = text.replace('["police", "@lead", "@order"]', '["police", "@lead", "tax", "@order"]')
    assert ranked != text
    (other / "precedence.toml").write_text(ranked, encoding="utf-8")
    stage.send(bulk(SEED, 400))
    stage.caught_up()
    late = stage.worker(environment={"HUB_DISTRICT": str(other)})
    assert late.ended() == EXIT_FINAL, late.text()[-2000:]
    assert "another stamp (configuration" in late.text()
    assert ": scrappage; run" in late.text()
    stage.send(bulk(SEED + 1, 300))
    stage.caught_up()
    assert first.exit_code is None
    changed = Hub.load(stage.hub.settings.model_copy(update={"district": other}))
    with connect(stage.url) as conn:
        context = changed.context(conn)
    rebuild(lambda: connect(stage.url, "hub rebuild"), context, lambda _progress: None, kinds={"scrappage"})
    successor = stage.worker(environment={"HUB_DISTRICT": str(other)})
    stage.send(bulk(SEED + 2, 600))
    assert first.ended() == EXIT_LOST, first.text()[-2000:]
    stage.caught_up()
    assert successor.exit_code is None
    stage.reckon()


def test_aborted_transactions_count_apart(stage: Stage) -> None:
    """Records of aborted transactions are never seen, control records count apart, and positions pass a trailing abort."""
    choose = Random(SEED)
    producer = stage.producer(transactional_id=f"t-{stage.hub.district.id}")
    producer.init_transactions()
    items = iter(bulk(SEED, 600))
    for number in range(12):
        producer.begin_transaction()
        for item in (next(items) for _ in range(choose.randint(5, 30))):
            topic, record = stage.note(item)
            producer.send(topic, key=record.key, value=record.value, headers=list(record.headers))
        producer.flush()
        if number % 3 == 2:
            producer.abort_transaction()
        else:
            producer.commit_transaction()
    producer.close()
    stage.worker()
    stage.caught_up()
    stage.reckon()
    assert sum(line.skipped for line in asked(stage.url, log.balance)) > 0


def test_a_thousand_malformed_records_stop_nothing(stage: Stage) -> None:
    """Every malformed record is rejected with its bytes and a reason; sound events between them are in the views."""
    choose = Random(SEED)

    def items() -> Iterator[Item]:
        for number in range(1000):
            if number % 4 == 3:
                yield item_of(choose.getrandbits(30))
            elif number % 2:
                yield damaged(item_of(choose.getrandbits(30)), choose)
            else:
                yield Item(choose.choice(BUREAUS), None, choose.randbytes(choose.randrange(200)), (), sound=False, event="noise")

    worker = stage.worker()
    stage.send(items())
    stage.caught_up()
    assert worker.exit_code is None
    stage.reckon()
    with connect(stage.url) as conn:
        rows = conn.execute("SELECT count(*), count(value), min(length(reason)), count(DISTINCT code) FROM log.rejection").fetchone()
    assert rows is not None
    assert rows[0] >= 750 - 10
    assert rows[2] > 3
    assert rows[3] >= 8


@pytest.mark.timeout(240)
def test_a_topic_with_other_settings_stands_still_alone(stage: Stage) -> None:
    """One with several partitions, or with its senders' clock, is said at the start and not read; all others go on, and one that is set right is read."""
    wide, clock = stage.topic("commerce"), stage.topic("industry")
    with administration(stage.kafka) as admin:
        admin.create_partitions({wide: 3})
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, clock, configs={"message.timestamp.type": "CreateTime"})])
        make_topics(stage.hub, stage.kafka)
        worker = stage.worker()
        stage.send(item for item in bulk(SEED, 400) if stage.topic(item.bureau) != wide)
        others_caught_up(stage, clock)
        said = {wide: "3 partitions instead of 1", clock: "message.timestamp.type=CreateTime"}
        wait_for("both to be said", lambda: all(words in worker.text() for words in said.values()), 20)
        assert [f"topic {topic} stands still" in worker.text() for topic in said] == [True, True]
        assert [stage.positions().get(topic, 0) for topic in said] == [0, 0]
        assert stage.ends()[clock] > 0
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, clock, configs={"message.timestamp.type": "LogAppendTime"})])
    stage.caught_up()
    assert worker.exit_code is None, worker.text()[-3000:]
    stage.reckon()
