"""Other frameworks on the same topics, each in a process of its own: with the hub's fold, and with less work.

``peer_quix`` and ``peer_faust_table`` decode, fold each entity as the hub does, keep its rows and sum.
``peer_quix_sums`` and ``peer_kafka_streams`` decode, keep each register's latest revision and sum: they
keep no facts and make no rows, so no list could be read from them. ``peer_quix_pg`` does the hub's job: the same fold, and
the same rows in PostgreSQL by Quix's own sink, at least once; ``peer_quix_pg_once`` the same with Quix's transactions.
"""

import importlib.util
import json
import secrets
import shutil
import subprocess
import sys
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from tests.bench import peer_streams
from tests.bench.measure import Measurement, load, own_peak_rss_mb, using
from tests.bench.ours import Figures
from tests.bench.peer_tables import make_tables, rows_written
from tests.bench.stage import DataSet, Stage

#: What is said where an entry cannot run here.
Skipped = str


def _run(
    stage: Stage, data: DataSet, name: str, command: list[str], events: int, more: dict[str, str] | None = None
) -> tuple[Measurement, Figures]:
    folder = stage.folder / "peers" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    given = {
        "bootstrap_servers": stage.bootstrap_servers, "topics": sorted(data.topics), "events": events, "folder": str(folder),
        "group": f"bench.{name}.{secrets.token_hex(4)}", **(more or {}),
    }  # fmt: skip
    with (folder / "log").open("wb") as log, using(stage.servers) as usage:
        answer = subprocess.run([*command, json.dumps(given)], stdout=subprocess.PIPE, stderr=log, check=False, timeout=3600)
    lines = [line for line in answer.stdout.decode().splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"{name} ended with code {answer.returncode}: {(folder / 'log').read_text()[-2000:]}")
    said: dict[str, Any] = json.loads(lines[-1])
    cores = {**usage.cores, "worker": said["cpu"]}
    measured = Measurement(name, said["events"], said["seconds"], said["rss"], 1, cores, load())
    figures = {(bureau, family): (count, amount) for bureau, family, count, amount in said["figures"]}
    shutil.rmtree(folder, ignore_errors=True)
    return measured, figures


#: Entry → module and work of the peers in Python: ``rows`` is the hub's fold with its rows (``peer_fold``), ``sums``
#: the lesser work (``peer_work``).
_PYTHON = {
    "peer_quix": ("peer_quix", "rows"), "peer_quix_sums": ("peer_quix", "sums"),
    "peer_quix_pg": ("peer_quix", "tables"), "peer_quix_pg_once": ("peer_quix", "tables"), "peer_faust_table": ("peer_faust", "rows"),
}  # fmt: skip


def python(stage: Stage, data: DataSet, name: str, events: int) -> tuple[Measurement, Figures] | Skipped:
    """Quix Streams (stateful update with RocksDB) or Faust (tables, event by event)."""
    module, work = _PYTHON[name]
    if module == "peer_quix" and importlib.util.find_spec("quixstreams") is None:
        return "quixstreams is not installed (the extra `bench`)"
    more = {"work": work, "district": str(stage.district_folder(data.district))}
    command = [sys.executable, "-W", "ignore", "-m", f"tests.bench.{module}"]
    if work != "tables":
        return _run(stage, data, name, command, events, more)
    more["guarantee"] = "exactly-once" if name.endswith("_once") else "at-least-once"
    with stage.database(data.district) as url:
        make_tables(url)
        measured, figures = _run(stage, data, name, command, events, more | {"url": url})
        measured.more["rows"] = rows_written(url)
    return measured, figures


def kafka_streams(stage: Stage, data: DataSet, events: int) -> tuple[Measurement, Figures] | Skipped:
    """Kafka Streams with RocksDB and exactly_once_v2: the lesser work, latest revision and sums; no facts, no rows."""
    ready = peer_streams.prepared(stage.folder / "kafka-streams")
    if isinstance(ready, str):
        return ready
    command, contracts = ready
    return _run(stage, data, "peer_kafka_streams", command, events, {"contracts": str(contracts)})


def raw_consumer(stage: Stage, data: DataSet) -> Measurement:
    """The ceiling: kafka-python hands over every record, and nothing is done with it."""
    ends = stage.ends(data)
    consumer = KafkaConsumer(
        bootstrap_servers=stage.bootstrap_servers.split(","), enable_auto_commit=False, isolation_level="read_committed",
        max_partition_fetch_bytes=4 * 2**20, fetch_max_bytes=64 * 2**20,
    )  # fmt: skip
    try:
        partitions = [TopicPartition(topic, 0) for topic in ends]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        left = sum(ends.values())
        total = left
        with using(stage.servers, own=True) as usage:
            while left > 0:
                left -= sum(map(len, consumer.poll(1000, max_records=20_000).values()))
    finally:
        consumer.close()
    return Measurement("raw_consumer", total, usage.seconds, own_peak_rss_mb(), 1, usage.cores, load())


__all__ = ["Skipped", "kafka_streams", "python", "raw_consumer"]
