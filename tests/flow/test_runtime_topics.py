"""Topics: made with explicit settings, verified, never altered in silence."""

import time
from collections.abc import Iterator
from uuid import UUID

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.topics import administration, end_offsets, ensure_topics, topic_ids, unfit

NAME = "hub.topics-test.{}.events"


@pytest.fixture
def admin(kafka: str) -> Iterator[KafkaAdminClient]:
    """A client of its administration."""
    with administration(kafka) as client:
        yield client


def test_a_topic_is_made_once_with_the_settings_that_make_it_the_truth(admin: KafkaAdminClient) -> None:
    """One partition, no ageing, the broker's clock; a second call finds it and returns the same id."""
    name = NAME.format("made")
    made = ensure_topics(admin, [name, name])
    assert list(made) == [name]
    assert isinstance(made[name], UUID)
    assert ensure_topics(admin, [name]) == made
    resource = ConfigResource(ConfigResourceType.TOPIC, name)
    config = admin.describe_configs([resource], config_filter="all")["topic"][name]
    told = {key: config[key]["value"] for key in ("retention.ms", "message.timestamp.type", "cleanup.policy")}
    assert told == {"retention.ms": "-1", "message.timestamp.type": "LogAppendTime", "cleanup.policy": "delete"}


def test_a_topic_made_anew_has_another_id(admin: KafkaAdminClient) -> None:
    """A deleted topic's name comes back with another id, and in between it has none."""
    name = NAME.format("anew")
    first = ensure_topics(admin, [name])
    admin.delete_topics([name])
    assert topic_ids(admin, [name]) == {name: None}
    assert ensure_topics(admin, [name])[name] != first[name]


@pytest.mark.parametrize(
    ("case", "partitions", "configs", "message"),
    [
        ("wide", 2, {"retention.ms": "-1", "message.timestamp.type": "LogAppendTime"}, "2 partitions instead of 1"),
        ("ages", 1, {"message.timestamp.type": "LogAppendTime"}, "retention.ms=604800000 instead of retention.ms=-1"),
        ("packed", 1, {"retention.ms": "-1", "message.timestamp.type": "LogAppendTime", "cleanup.policy": "compact"}, "cleanup.policy=compact instead of"),
        ("clock", 1, {"retention.ms": "-1"}, "message.timestamp.type=CreateTime instead of"),
    ],
)
def test_an_existing_topic_with_other_settings_is_said_and_stops_no_other(
    admin: KafkaAdminClient, caplog: pytest.LogCaptureFixture, case: str, partitions: int, configs: dict[str, str], message: str
) -> None:
    """Data that would age out is said; data without order, or with a sender's clock, is not taken; nothing is repaired behind a back."""
    name, sound = NAME.format(case), NAME.format(f"beside-{case}")
    topic = {"num_partitions": partitions, "replication_factor": 1, "configs": configs}
    admin.create_topics({name: topic}, wait_for_metadata=True)
    made = ensure_topics(admin, [name, sound])
    assert message in caplog.text
    assert name in caplog.text
    is_read = case in ("ages", "packed")
    assert made.keys() == {sound, name} if is_read else {sound}
    assert unfit(admin, [name, sound]).keys() == (set() if is_read else {name})


def test_more_replicas_than_brokers_are_refused_in_words(admin: KafkaAdminClient) -> None:
    """The operator reads which setting asks for more than the cluster has."""
    with pytest.raises(RuntimeProblem) as caught:
        ensure_topics(admin, [NAME.format("replicas")], replication_factor=9)
    assert "HUB_KAFKA__REPLICATION_FACTOR" in caught.value.remedy


def test_offsets_tell_what_a_topic_holds(admin: KafkaAdminClient, kafka: str) -> None:
    """The end is the offset after the last record."""
    full, empty = NAME.format("full"), NAME.format("empty")
    ensure_topics(admin, [full, empty])
    producer = KafkaProducer(bootstrap_servers=kafka)
    for _ in range(3):
        producer.send(full, b"event")
    producer.close()
    assert end_offsets(admin, [full, empty]) == {full: 3, empty: 0}


def test_an_open_transaction_hides_what_follows_it(admin: KafkaAdminClient, kafka: str) -> None:
    """Readers of committed records end before an open transaction; the very end lies behind it."""
    name = NAME.format("open")
    ensure_topics(admin, [name])
    producer = KafkaProducer(bootstrap_servers=kafka, transactional_id="topics-test")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(name, b"event").get(10)
    try:
        assert end_offsets(admin, [name]) == {name: 0}
        assert end_offsets(admin, [name], committed=False) == {name: 1}
    finally:
        producer.abort_transaction()
        producer.close()
    # The broker answers an abort before its marker is in the log.
    deadline = time.monotonic() + 10
    while end_offsets(admin, [name]) != {name: 2}:
        assert time.monotonic() < deadline, "the abort's marker never came"


def test_a_missing_topic_has_no_offsets(admin: KafkaAdminClient) -> None:
    """Asking for a topic that is not there is a problem in words."""
    with pytest.raises(RuntimeProblem) as caught:
        end_offsets(admin, [NAME.format("missing")])
    assert caught.value.where == NAME.format("missing")


def test_a_broker_that_does_not_answer_is_said_in_words() -> None:
    """The operator reads the address and what to check."""
    with (
        pytest.raises(RuntimeProblem, match="does not answer") as caught,
        administration("127.0.0.1:1", answer_seconds_max=0.5),
    ):
        pass
    assert caught.value.where == "127.0.0.1:1"
