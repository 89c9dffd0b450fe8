"""Look at the topics' logs: where they end, and whether they are the ones that the positions speak of."""

from collections.abc import Collection, Mapping
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from exchange_hub.runtime.settings import KafkaSettings
from exchange_hub.runtime.topics import end_offsets, topic_ids
from exchange_hub.views.store.positions import Claimed, disagreement
from exchange_hub.views.worker.pipeline import record_digest
from exchange_hub.views.worker.records import patiently

#: Time for reading one record per topic; a broker that is slower ends the worker, which is started again.
LOOK_SECONDS = 10.0


def ends_of(admin: KafkaAdminClient, topics: Collection[str]) -> dict[str, int]:
    """Return the ends of those topics that Kafka has; one that is missing hides no other."""
    return end_offsets(admin, [name for name, topic_id in topic_ids(admin, sorted(topics)).items() if topic_id])


def looked_at(claimed: Mapping[str, Claimed], bootstrap_servers: str, kafka: KafkaSettings) -> dict[str, str]:
    """Return topic → why it must stand still, for each claimed topic whose log is not the one known."""
    if not claimed:
        return {}
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap_servers.split(","), group_id=None, enable_auto_commit=False,
        auto_offset_reset="none", isolation_level="read_committed", **kafka.client_options(),
    )  # fmt: skip
    try:
        partitions = {name: TopicPartition(name, 0) for name in claimed}
        begins = consumer.beginning_offsets(list(partitions.values()))
        ends = consumer.end_offsets(list(partitions.values()))
        with patiently():
            digests = _digests(consumer, claimed, begins, ends)
    finally:
        consumer.close()
    found = {}
    for name, entry in claimed.items():
        partition = partitions[name]
        words = disagreement(entry, begins[partition], ends[partition], digests.get(name))
        if words is not None:
            found[name] = words
    return found


def _digests(
    consumer: Any, claimed: Mapping[str, Claimed], begins: Mapping[Any, int], ends: Mapping[Any, int]
) -> dict[str, bytes]:
    """Read the record at each topic's last processed offset and digest it."""
    wanted = {}
    for name, entry in claimed.items():
        partition = TopicPartition(name, 0)
        if entry.last_off is not None and begins[partition] <= entry.last_off < ends[partition]:
            wanted[partition] = entry.last_off
    consumer.assign(list(wanted))
    for partition, offset in wanted.items():
        consumer.seek(partition, offset)
    digests: dict[str, bytes] = {}
    waited = 0.0
    while wanted and waited < LOOK_SECONDS:
        batch = consumer.poll(timeout_ms=200)
        waited += 0.0 if batch else 0.2
        for partition, records in batch.items():
            if wanted.pop(partition, -1) == records[0].offset:
                digests[partition.topic] = record_digest(records[0].key, records[0].value)
            consumer.pause(partition)
    if wanted:
        raise TimeoutError(f"Kafka did not hand out the last record of {', '.join(p.topic for p in wanted)} in {LOOK_SECONDS:.0f} s")
    return digests
