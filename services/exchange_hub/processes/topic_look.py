"""Look at the topics' logs: where they end, and whether they are the ones that the positions speak of."""

import asyncio
import time
from collections.abc import Collection, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from kafka import KafkaAdminClient

from exchange_connectors.kit.batches import record_digest
from exchange_hub.runtime.settings import KafkaSettings
from exchange_hub.runtime.topics import end_offsets, topic_ids
from exchange_hub.views.store.positions import Claimed, disagreement
from exchange_hub.views.worker.records import DamagedTopicError, install

#: Time for reading one record per topic; a broker that is slower ends the worker, which is started again.
LOOK_SECONDS = 30.0
#: Pause between looks for the end of a transaction.
_WAIT_SECONDS = 0.5
_FETCH_BYTES = 64 * 1024


def ends_of(admin: KafkaAdminClient, topics: Collection[str]) -> dict[str, int]:
    """Return the ends of those topics that Kafka has; one that is missing hides no other."""
    return end_offsets(admin, [name for name, topic_id in topic_ids(admin, sorted(topics)).items() if topic_id])


def hidden_by_transactions(admin: KafkaAdminClient, topics: Collection[str], below: Mapping[str, int] | None = None) -> dict[str, tuple[int, int]]:
    """Return topic → (offset of the first open transaction, end) where acknowledged records lie behind it, which nobody reads.

    Args:
        admin: a client of the broker's administration.
        topics: topics to look at; one that is missing hides no other.
        below: topic → end that counts, instead of the one that the topic has now.
    """
    there = [name for name, topic_id in topic_ids(admin, sorted(topics)).items() if topic_id]
    ends = below or end_offsets(admin, there, committed=False)
    stable = end_offsets(admin, there)
    return {name: (stable[name], ends[name]) for name in there if stable[name] < ends.get(name, 0)}


def settled_ends(admin: KafkaAdminClient, topics: Collection[str], seconds_max: float) -> dict[str, int]:
    """Return the ends of topics, with everything that was acknowledged by now; wait for transactions that hide some of it.

    Raises:
        OpenTransactionError: one was not over in time.
    """
    ends = end_offsets(admin, sorted(topics), committed=False)
    deadline = time.monotonic() + seconds_max
    while hidden := hidden_by_transactions(admin, topics, ends):
        if time.monotonic() > deadline:
            raise OpenTransactionError(hidden)
        time.sleep(_WAIT_SECONDS)
    return ends


class OpenTransactionError(Exception):
    """Acknowledged records lie behind transactions that are not over."""

    def __init__(self, hidden: Mapping[str, tuple[int, int]]) -> None:
        super().__init__(f"{said_of_hidden(hidden)}; end the producer that holds it open, or wait until Kafka aborts it (transaction.timeout.ms)")


def said_of_hidden(hidden: Mapping[str, tuple[int, int]]) -> str:
    """Say where records wait for a transaction."""
    return "; ".join(
        f"topic {topic}: an open transaction begins at offset {stable}, and acknowledged records up to offset {end} wait behind it"
        for topic, (stable, end) in sorted(hidden.items())
    )


def looked_at(claimed: Mapping[str, Claimed], bootstrap_servers: str, kafka: KafkaSettings) -> dict[str, str]:
    """Return topic → why it must stand still, for each claimed topic whose log is not the one known."""
    if not claimed:
        return {}
    options = {"bootstrap_servers": bootstrap_servers, **kafka.aio_options()}
    begins, ends, digests = asyncio.run(_read(claimed, options))
    found = {}
    for name, entry in claimed.items():
        digest = digests.get(name)
        words = f"{digest}; topic {name} stands still" if isinstance(digest, DamagedTopicError) else disagreement(entry, begins[name], ends[name], digest)
        if words is not None:
            found[name] = words
    return found


async def _read(claimed: Mapping[str, Claimed], options: dict[str, Any]) -> tuple[dict[str, int], dict[str, int], dict[str, bytes | DamagedTopicError]]:
    """Return, by topic, where it begins and ends, and the digest of its last processed record, or why that cannot be read."""
    install()
    consumer = AIOKafkaConsumer(
        **options, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest", isolation_level="read_committed",
        max_partition_fetch_bytes=_FETCH_BYTES,
    )  # fmt: skip
    await consumer.start()
    try:
        partitions = [TopicPartition(name, 0) for name in claimed]
        begins = {partition.topic: offset for partition, offset in (await consumer.beginning_offsets(partitions)).items()}
        ends = {partition.topic: offset for partition, offset in (await consumer.end_offsets(partitions)).items()}
        wanted = {
            TopicPartition(name, 0): entry.last_off
            for name, entry in claimed.items()
            if entry.last_off is not None and begins[name] <= entry.last_off < ends[name]
        }
        return begins, ends, await _digests(consumer, wanted)
    finally:
        await consumer.stop()


async def _digests(consumer: AIOKafkaConsumer, wanted: dict[TopicPartition, int]) -> dict[str, bytes | DamagedTopicError]:
    """Read the first record from each wanted offset on, and digest it where it lies there itself."""
    digests: dict[str, bytes | DamagedTopicError] = {}
    if not wanted:
        return digests
    consumer.assign(list(wanted))
    _seek(consumer, wanted)
    deadline = time.monotonic() + LOOK_SECONDS
    while wanted and time.monotonic() < deadline:
        try:
            fetched = await consumer.getmany(*wanted, timeout_ms=200)
        except DamagedTopicError as error:
            damaged = TopicPartition(error.topic, 0)
            digests[error.topic] = error
            del wanted[damaged]
            consumer.pause(damaged)
            _seek(consumer, wanted)  # what the client had taken of others before it came to this one
            continue
        for partition, records in fetched.items():
            if wanted.pop(partition) == records[0].offset:
                digests[partition.topic] = record_digest(records[0].key, records[0].value)
            consumer.pause(partition)
    if wanted:
        raise TimeoutError(f"Kafka did not hand out the last record of {', '.join(p.topic for p in wanted)} in {LOOK_SECONDS:.0f} s")
    return digests


def _seek(consumer: AIOKafkaConsumer, places: Mapping[TopicPartition, int]) -> None:
    for partition, offset in places.items():
        consumer.seek(partition, offset)
