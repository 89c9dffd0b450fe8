"""Receipts of any size reach the bureau whole and in order, and what fails for one bureau is its own."""

import secrets
from collections.abc import Sequence
from itertools import pairwise

import psycopg
import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, UnknownTopicOrPartitionError

from exchange_contracts.receipts import Receipt
from exchange_hub.processes.relay import KafkaSender
from exchange_hub.runtime.settings import Settings
from exchange_hub.runtime.topics import administration, ensure_topics
from exchange_hub.views import relay
from exchange_hub.views.store.commit import commit
from tests.flow.test_core_store import Opened, begin, opened, order, store_, take
from tests.strategies.history import TOPICS, History, bulk, topic_of
from tests.strategies.store import store_receipt

__all__ = ["opened", "store_"]

RECEIPT_TOPICS = {bureau: f"receipts of {bureau}" for bureau in TOPICS.values()}


class Collecting:
    """Takes values, and refuses those of one topic while *refuses* names it."""

    def __init__(self, refuses: str = "") -> None:
        self.refuses = refuses
        self.told: list[tuple[str, Receipt]] = []
        self._answers: list[KafkaError | None] = []

    def send(self, topic: str, value: bytes) -> None:
        """Take a value, or refuse it."""
        if topic == self.refuses:
            self._answers.append(UnknownTopicOrPartitionError(topic))
            return
        self.told.append((topic, Receipt.from_bytes(value)))
        self._answers.append(None)

    def flush(self) -> Sequence[KafkaError | None]:
        """What became of each."""
        answers, self._answers = self._answers, []
        return answers


def waiting(conn: psycopg.Connection) -> int:
    """How many receipts are not published."""
    row = conn.execute("SELECT count(*) FROM log.receipt_range WHERE published_at IS NULL").fetchone()
    assert row
    return int(row[0])


def is_gapless(receipts: Sequence[Receipt]) -> bool:
    """Whether each receipt begins where the one before ends."""
    return all(one.next == two.first for one, two in pairwise(receipts))


def test_a_receipt_of_five_thousand_duplicates_reaches_the_bureau(store_: Opened, kafka: str) -> None:
    """Kafka takes a receipt of more than a megabyte as several that follow one another; counts and exceptions are whole."""
    conn, context, _ = store_
    orders = [order(f"津武商贸有限公司-2026-{number:08d}") for number in range(5000)]
    history = History.of([*orders, orders[0], order("津武商贸有限公司-2026-new"), *orders])
    reader = begin(store_)
    for count in (5000, 5002):
        commit(conn, take(store_, reader, history, {topic_of("commerce"): count}), context)
    topic = f"hub.{secrets.token_hex(4)}.commerce.receipts"
    with administration(kafka) as admin:
        ensure_topics(admin, [topic])
    sender = KafkaSender(kafka, Settings())
    published, failures = relay.publish(conn, sender, dict.fromkeys(RECEIPT_TOPICS, topic))
    sender.close()
    told = [Receipt.from_bytes(value) for value in read_back(kafka, topic)]
    with administration(kafka) as admin:
        admin.delete_topics([topic])
    assert (len(published), failures, waiting(conn)) == (2, {}, 0)
    assert (told[0].first, told[-1].next) == (0, 10_002)
    assert is_gapless(told)
    assert sum(receipt.accepted for receipt in told) == 5001
    named = [entry.offset for receipt in told for entry in receipt.exceptions]
    assert named == [5000, *range(5002, 10_002)]
    assert all(receipt.first <= entry.offset < receipt.next for receipt in told for entry in receipt.exceptions)
    assert len(told) > 2


def read_back(kafka: str, topic: str) -> list[bytes]:
    """Read a topic from its beginning to its end."""
    consumer = KafkaConsumer(bootstrap_servers=kafka.split(","), group_id=None, auto_offset_reset="earliest", consumer_timeout_ms=10_000)
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    end = consumer.end_offsets([partition])[partition]
    found: list[bytes] = []
    while consumer.position(partition) < end:
        for records in consumer.poll(timeout_ms=500).values():
            found += [record.value for record in records]
    consumer.close()
    return found


def test_a_record_too_large_to_be_told_is_told_shortly(store_: Opened) -> None:
    """One record whose reason alone exceeds a message is told with its reason shortened, at its place between the others."""
    conn, context, _ = store_
    no = context.topics.number_of["commerce"]
    entries = [
        {"offset": offset, "event_id": None, "entity_key": key, "outcome": "rejected", "code": "value", "reason": reason}
        for offset, key, reason in ((3, "一", "不对"), (4, "二", "长" * 400_000), (5, "三" * 400_000, "不对"), (6, "四", "不对"))
    ]
    store_receipt(conn, (no, 3, 7), 0, entries)
    sender = Collecting()
    relay.publish(conn, sender, RECEIPT_TOPICS)
    told = [receipt for _, receipt in sender.told]
    assert (told[0].first, told[-1].next) == (3, 7)
    assert is_gapless(told)
    named = [entry for receipt in told for entry in receipt.exceptions]
    assert [(entry.offset, entry.entity_key) for entry in named] == [(3, "一"), (4, "二"), (5, None), (6, "四")]
    assert named[1].reason.startswith("长长长")
    assert named[1].reason.endswith("已截短）")
    assert waiting(conn) == 0


def test_one_bureau_s_failing_receipts_hold_up_no_other(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one bureau's topic takes nothing all others are told and marked; later it is told everything, once and in order."""
    conn, context, _ = store_
    history = History.of(bulk(33, 600))
    reader = begin(store_)
    for _ in range(2):
        commit(conn, take(store_, reader, history, dict.fromkeys(TOPICS, 8)), context)
    sender = Collecting(refuses=RECEIPT_TOPICS["commerce"])
    published, failures = relay.publish(conn, sender, RECEIPT_TOPICS)
    assert list(failures) == ["commerce"]
    assert {receipt.bureau for receipt in published} == {*TOPICS.values()} - {"commerce"}
    assert waiting(conn) == 2
    commit(conn, take(store_, reader, history, dict.fromkeys(TOPICS, 8)), context)
    sender.refuses = ""
    told_before = len(sender.told)
    relay.publish(conn, sender, RECEIPT_TOPICS)
    assert RECEIPT_TOPICS["commerce"] not in {topic for topic, _ in sender.told[told_before:]}, "told with a gap before it"
    monkeypatch.setattr(relay, "STALE_CLAIM_SECONDS", 0)
    assert relay.publish(conn, sender, RECEIPT_TOPICS).failures == {}
    for name in RECEIPT_TOPICS.values():
        of_bureau = [receipt for topic, receipt in sender.told if topic == name]
        assert of_bureau[0].first == 0
        assert is_gapless(of_bureau)
    assert waiting(conn) == 0


def test_a_backlog_of_large_receipts_is_claimed_in_portions(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many large receipts wait, one step takes few of them, so that the relay's memory stays bounded."""
    conn, context, _ = store_
    monkeypatch.setattr(relay, "CLAIM_BYTES_MAX", 1000)
    no = context.topics.number_of["commerce"]
    for number in range(6):
        entry = {"offset": number, "event_id": None, "entity_key": None, "outcome": "rejected", "code": "value", "reason": secrets.token_hex(300)}
        store_receipt(conn, (no, number, number + 1), 0, [entry])
    sender = Collecting()
    sizes = [len(relay.publish(conn, sender, RECEIPT_TOPICS).receipts) for _ in range(4)]
    assert sizes == [2, 2, 2, 0]
    assert is_gapless([receipt for _, receipt in sender.told])
