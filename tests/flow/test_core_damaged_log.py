"""A log whose bytes changed on a broker's disk: its topic stands still in words, all others go on, and a repaired one is read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exchange_hub.runtime.topics import administration
from exchange_hub.views.queries import log
from tests.asking import asked
from tests.faults.stage import Stage
from tests.flow.test_core_topic_faults import others_caught_up
from tests.strategies.history import bulk
from tests.waiting import wait_for

SEED = 20261129
#: Bytes before a batch's body: base offset and length.
OVERHEAD = 12


@pytest.fixture(scope="module", autouse=True)
def local() -> None:
    """The broker's disk is this machine's."""
    if os.environ.get("HUB_KAFKA__BOOTSTRAP_SERVERS"):
        pytest.skip("a broker that was given has its disk elsewhere")


def segment_of(stage: Stage, topic: str) -> Path:
    """The file of a topic's log on the broker's disk."""
    with administration(stage.kafka) as admin:
        found = admin.describe_log_dirs([topic])
    folders = {entry["log_dir"] for broker in found for entry in broker["log_dirs"] if entry["topics"]}
    (folder,) = folders
    return Path(folder) / f"{topic}-0" / f"{0:020}.log"


def batches(path: Path) -> list[tuple[int, int]]:
    """Where each batch of a log lies, and its bytes."""
    content, at, found = path.read_bytes(), 0, []
    while at + OVERHEAD <= len(content) and (length := int.from_bytes(content[at + 8 : at + OVERHEAD], "big")):
        found.append((at, OVERHEAD + length))
        at += OVERHEAD + length
    return found


@contextmanager
def changed(path: Path, place: int) -> Iterator[None]:
    """A byte of the log is another one meanwhile."""
    with path.open("r+b", buffering=0) as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ 0xFF]))
        try:
            yield
        finally:
            file.seek(place)
            file.write(byte)


@pytest.mark.parametrize("before", [0, 300], ids=["unread", "processed"])
def test_a_damaged_batch_stops_its_topic_alone(stage: Stage, before: int) -> None:
    """The worker goes on with all others and says topic, offset and what to do; a later start reads the repaired log, and nothing is lost."""
    topic = stage.topic("commerce")
    if before:
        stage.worker()
        stage.send(bulk(SEED, before))
        stage.caught_up()
        stage.workers[-1].end()
    else:
        stage.send(bulk(SEED, 300))
    path = segment_of(stage, topic)
    at, size = batches(path)[-1]
    with changed(path, at + size - 1):
        worker = stage.worker()
        stage.send(item for item in bulk(SEED + 1, 300) if stage.topic(item.bureau) != topic)
        others_caught_up(stage, topic)
        wait_for("it to be said", lambda: f"topic {topic}: the batch at offset" in worker.text(), 30, 0.2)
        assert "is damaged on the broker" in worker.text()
        assert "from a replica or a backup" in worker.text()
        assert worker.exit_code is None, worker.text()[-3000:]
        assert stage.positions().get(topic, 0) <= stage.ends()[topic]
        worker.end()
    stage.worker()
    stage.send(bulk(SEED + 2, 200))
    stage.caught_up()
    stage.reckon()
    assert [line for line in asked(stage.url, log.balance) if line.difference] == []
