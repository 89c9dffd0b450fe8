"""`hub rebuild` compares the store with Kafka in both directions: what was lost on the way in is named, what is right is not."""

import os
import re
import subprocess
import sys
from collections.abc import Collection

import pytest
from kafka import KafkaConsumer, TopicPartition

from exchange_hub.runtime.topics import administration, topic_ids
from exchange_hub.views.queries import log
from exchange_hub.views.store.commit import prepare
from exchange_hub.views.store.positions import claim
from exchange_hub.views.store.setup import connect
from exchange_hub.views.worker.driver import Poll
from exchange_hub.views.worker.pipeline import Committer, Done, read_poll
from tests.asking import asked
from tests.faults.stage import Stage
from tests.flow.test_core_store import order
from tests.strategies.history import bulk

SEED = 20261126


def rebuild(stage: Stage, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `hub rebuild` as an operator does."""
    return subprocess.run(
        [sys.executable, "-m", "exchange_hub", "rebuild", *options], env=os.environ | stage.environment, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip


def taken(stage: Stage, withheld: Collection[tuple[str, int]] = ()) -> None:
    """Take what lies on the topics into the store as a worker does, but for the records *withheld* (topic, offset) on the way."""
    with administration(stage.kafka) as admin:
        ids = {topic: str(topic_id) for topic, topic_id in topic_ids(admin, sorted(stage.topics)).items()}
    with connect(stage.url) as conn:
        context = stage.hub.context(conn)
        prepare(conn)
        claims, _ = claim(conn, ids, "reader")
    consumer = KafkaConsumer(bootstrap_servers=stage.kafka.split(","), group_id=None, enable_auto_commit=False, isolation_level="read_committed")
    records, starts, ends = {}, {}, {}
    for topic, claimed in claims.items():
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        consumer.seek(partition, claimed.next_off)
        starts[topic], ends[topic], records[topic] = claimed.next_off, consumer.end_offsets([partition])[partition], []
        while consumer.position(partition) < ends[topic]:
            found = consumer.poll(timeout_ms=200, max_records=5000).get(partition, [])
            records[topic] += [each for each in found if (topic, each.offset) not in withheld]
    consumer.close()
    committer = Committer(lambda: connect(stage.url, "hub worker reader"), context, "reader")
    result = committer.commit(read_poll(Poll(1, claims, starts, ends, records), context))
    committer.close()
    assert isinstance(result, Done)


def aborted(stage: Stage) -> None:
    """Leave records of an aborted transaction on the topics, and control records of a committed one."""
    producer = stage.producer(transactional_id=f"t-{stage.hub.district.id}")
    producer.init_transactions()
    for number, end in enumerate((producer.abort_transaction, producer.commit_transaction)):
        producer.begin_transaction()
        for item in bulk(SEED + number, 30):
            topic, record = stage.note(item)
            producer.send(topic, key=record.key, value=record.value, headers=list(record.headers))
        producer.flush()
        end()
    producer.close()


@pytest.fixture
def sound(stage: Stage) -> Stage:
    """A store with accepted, duplicate, rejected and held events and offsets without data, that bears Kafka out."""
    with connect(stage.url) as conn:
        conn.execute("ALTER TABLE live.trade_in ADD CONSTRAINT refused CHECK (subsidy % 3 <> 0)")
        aborted(stage)
        stage.send(bulk(SEED + 2, 500, damage=0.05, repeats=0.1))
        taken(stage)
        conn.execute("ALTER TABLE live.trade_in DROP CONSTRAINT refused")
        counts = conn.execute("SELECT sum(accepted), sum(duplicate), sum(rejected), sum(held), sum(skipped) FROM log.position").fetchone()
    assert counts is not None
    assert min(counts) > 0, counts
    return stage


def test_what_workers_took_bears_the_comparison(sound: Stage) -> None:
    """Duplicates, rejected and held events, aborted and control records are no difference."""
    done = rebuild(sound, "--verify")
    assert (done.returncode, "differ" in done.stderr) == (0, False), done.stderr


def test_records_withheld_from_a_worker_are_named(sound: Stage) -> None:
    """Records that Kafka holds and no worker was given are named with topic and offset, though the balance holds; a duplicate is counted."""
    topic = sound.topic("commerce")
    before = sound.positions()[topic]
    # W7 is told twice; its first telling is taken.
    sound.send([*(order(f"W{number}") for number in range(9)), order("W7"), order("W10")])
    lost, again = {before, before + 4, before + 10}, before + 9
    taken(sound, {(topic, off) for off in (*lost, again)})
    [line] = [line for line in asked(sound.url, log.balance) if line.topic == topic]
    assert line.difference == 0
    for options in (("--verify",), ()):
        done = rebuild(sound, *options)
        assert done.returncode == 1
        named = set(re.findall(r"(\S+) offset (\d+): on the topic, but neither logged, rejected nor held", done.stderr))
        assert named == {(topic, str(off)) for off in lost}
        assert f"{topic}: Kafka holds {line.data_records + 4} data records" in done.stderr
        assert "4 differences" in done.stderr
