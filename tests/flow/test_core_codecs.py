"""Whoever reads Kafka knows every codec, and holds little of a record that unpacks to hundreds of megabytes."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from click.testing import Result
from kafka.admin import ConfigResource, ConfigResourceType

from exchange_connectors.kit.publisher import Publisher
from exchange_connectors.settings import KafkaSettings as ConnectorKafka
from exchange_hub.runtime.topics import administration
from exchange_hub.views.store.setup import connect
from tests.faults.stage import Stage, Worker
from tests.strategies.history import bulk

SEED = 20261128
CODECS = ("gzip", "snappy", "lz4", "zstd")
#: What a worker may hold at most while a bomb is in the topic; it holds 150 MB without one.
WORKER_MB_MAX = 300
BOMB_BYTES = 120_000_000


def send(stage: Stage, codec: str | None, seed: int, count: int) -> None:
    """Publish as a client of another language might: with any codec, many records in a batch."""

    async def sending() -> None:
        async with AIOKafkaProducer(bootstrap_servers=stage.kafka, compression_type=codec, linger_ms=50, acks="all") as producer:
            underway = []
            for item in bulk(seed, count):
                topic, record = stage.note(item)
                underway.append(await producer.send(topic, key=record.key, value=record.value, headers=list(record.headers)))
            await asyncio.gather(*underway)

    asyncio.run(sending())


@pytest.mark.timeout(240)
def test_every_reader_knows_every_codec(stage: Stage, hub: Callable[..., Result], tmp_path: Path) -> None:
    """Records of any codec, and of a topic that packs anew, are read by workers, at their next start, by the doctor, a rebuild and a connector alike."""
    for number, codec in enumerate((*CODECS, "as the topic packs")):
        if codec not in CODECS:
            with administration(stage.kafka) as admin:
                admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs={"compression.type": "zstd"}) for topic in stage.topics])
        send(stage, codec if codec in CODECS else "gzip", SEED + number, 150)
        # It reads what was just sent, and looks first at the last record of the codec before.
        worker = stage.worker()
        stage.caught_up()
        worker.end()
        assert "stands still" not in worker.text()
    [positions] = [line for line in hub("doctor", "--format", "json").stdout.splitlines() if '"positions"' in line]
    assert '"OK"' in positions
    rebuilt = hub("rebuild", "--verify")
    assert rebuilt.exit_code == 0, rebuilt.output
    with connect(stage.url) as conn:
        [(accepted,)] = conn.execute("SELECT count(*) FROM log.event_log JOIN log.topic USING (topic_no) WHERE bureau = 'industry'").fetchall()
    publisher = Publisher(ConnectorKafka(bootstrap_servers=stage.kafka), stage.hub.district.id, "industry", tmp_path / "spool.db")
    assert publisher.rebuild_ledger(30) >= accepted > 0
    publisher.close()
    stage.reckon()


def held_mb_max(worker: Worker) -> int:
    """Return the most memory that a worker has held so far."""
    [line] = [line for line in Path(f"/proc/{worker.pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


@pytest.mark.timeout(240)
@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_a_bomb_is_rejected_within_bounds(stage: Stage, codec: str) -> None:
    """Of a value of hundreds of megabytes are kept its length, its digest and its first KiB; what follows it is processed."""
    worker = stage.worker()
    stage.send(bulk(SEED, 200))
    topic, value = stage.topic("industry"), bytes(BOMB_BYTES)
    producer = stage.producer(compression_type=codec, max_request_size=2**30)
    offset = producer.send(topic, key=b"bomb", value=value).get(60).offset
    producer.close()
    stage.send(bulk(SEED + 1, 200))
    stage.caught_up(90)
    assert worker.exit_code is None, worker.text()[-2000:]
    assert held_mb_max(worker) < WORKER_MB_MAX
    with connect(stage.url) as conn:
        [(code, reason, kept)] = conn.execute(
            "SELECT code, reason, value FROM log.rejection JOIN log.topic USING (topic_no) WHERE name = %s AND off = %s", (topic, offset)
        ).fetchall()
    assert (code, kept) == ("too_large", value[:1024])
    assert str(BOMB_BYTES) in reason
    assert hashlib.sha256(value).hexdigest() in reason
