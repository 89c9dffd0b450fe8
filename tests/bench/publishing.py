"""Publishing: the connectors' kit against bare kafka-python, and how soon what was published stands in the views."""

import bisect
import secrets
import statistics
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from itertools import cycle, islice
from pathlib import Path

from kafka import KafkaProducer

from exchange_connectors.kit import Publisher
from exchange_connectors.settings import KafkaSettings
from exchange_contracts import codec, envelope
from exchange_contracts.model import Event
from exchange_contracts.topics import events_topic
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.program import make_topics
from exchange_hub.views.store.setup import connect
from tests.bench.dataset import SHARES, messages
from tests.bench.measure import Measurement, load, own_peak_rss_mb, peak_rss_mb, using
from tests.bench.ours import consuming
from tests.bench.stage import Stage, end, hub_process

DISTRICT = "benchpublish"
BUREAU = "commerce"
#: Messages in one turn of the sender, and so its pace: finer would only measure the sleep.
TURN_SECONDS = 0.005


def _events(count: int) -> list[Event]:
    events = []
    for message in messages(BUREAU, 0, count * 3, seed=2):
        try:
            events.append(codec.decode(message.value))
        except codec.DecodeError:
            continue
        if len(events) == count:
            break
    return events


def _producer(stage: Stage) -> KafkaProducer:
    """A bare producer with the kit's guarantees: acknowledged by all, idempotent."""
    return KafkaProducer(
        bootstrap_servers=stage.bootstrap_servers.split(","), acks="all", enable_idempotence=True, compression_type="lz4", linger_ms=5,
        batch_size=256 * 1024,
    )  # fmt: skip


def publish(stage: Stage, count: int, repeat: int) -> tuple[Measurement, Measurement]:
    """Typed events through the kit (validated, spooled, sent, acknowledged) and encoded and sent bare, in turn."""
    make_topics(Hub.load(stage.settings(DISTRICT)), stage.bootstrap_servers)
    events = _events(count)
    _bare(stage, events[: count // 10])
    pairs = [(_sdk(stage, events), _bare(stage, events)) for _ in range(repeat)]
    sdk, bare = zip(*pairs, strict=True)
    return sorted(sdk, key=_rate)[repeat // 2], sorted(bare, key=_rate)[repeat // 2]


def _rate(measured: Measurement) -> float:
    return measured.per_second


def _sdk(stage: Stage, events: Sequence[Event]) -> Measurement:
    settings = KafkaSettings(bootstrap_servers=stage.bootstrap_servers)
    with (
        tempfile.TemporaryDirectory() as folder,
        Publisher(settings, DISTRICT, BUREAU, Path(folder) / "spool.sqlite") as publisher,
        using(stage.servers, own=True) as usage,
    ):
        for event in events:
            publisher.publish(event)
        publisher.flush(120)
    return Measurement("publish_sdk", len(events), usage.seconds, own_peak_rss_mb(), 1, usage.cores, load())


def _bare(stage: Stage, events: Sequence[Event]) -> Measurement:
    producer = _producer(stage)
    topic = events_topic(DISTRICT, BUREAU)
    with using(stage.servers, own=True) as usage:
        for event in events:
            producer.send(topic, key=event.entity_key.encode(), value=codec.encode(event), headers=envelope.headers(event))
        producer.flush()
    producer.close()
    return Measurement("publish_bare", len(events), usage.seconds, own_peak_rss_mb(), 1, usage.cores, load())


class _Sent:
    """When each record of each topic was handed to the producer, in offset order, and when it was seen in the views."""

    def __init__(self, first: dict[str, int]) -> None:
        self.next = dict(first)
        self.offsets: dict[str, list[int]] = {topic: [] for topic in first}
        self.times: dict[str, list[float]] = {topic: [] for topic in first}
        self.seen: dict[str, int] = dict.fromkeys(first, 0)
        self.delays: list[float] = []
        #: topic → (next offset, wall time) of every look that showed more than the one before
        self.looks: dict[str, list[tuple[int, float]]] = {topic: [] for topic in first}

    def note(self, topic: str) -> None:
        """A record is handed over now."""
        self.times[topic].append(time.perf_counter())
        self.offsets[topic].append(self.next[topic])
        self.next[topic] += 1

    def visible(self, topic: str, next_off: int, now: float) -> None:
        """The views hold everything below *next_off*."""
        looks = self.looks[topic]
        if not looks or looks[-1][0] < next_off:
            looks.append((next_off, time.time()))
        upto = bisect.bisect_left(self.offsets[topic], next_off)
        self.delays.extend(now - sent for sent in self.times[topic][self.seen[topic] : upto])
        self.seen[topic] = max(upto, self.seen[topic])

    def since_arrival_ms(self, arrivals: Iterable[tuple[str, int, int]]) -> list[float]:
        """Return for (topic, offset, arrival at the broker) how long after it the views showed the record."""
        found = []
        for topic, off, arrived_ms in arrivals:
            looks = self.looks.get(topic, [])
            at = bisect.bisect_right(looks, (off, float("inf")))
            if off >= self.offsets[topic][0] and at < len(looks):
                found.append(looks[at][1] * 1000 - arrived_ms)
        return found

    @property
    def left(self) -> int:
        """Records not seen yet."""
        return sum(len(times) - self.seen[topic] for topic, times in self.times.items())


def freshness(stage: Stage, per_second: int, seconds: int) -> Measurement:
    """Publish at a steady pace over all topics and watch the store: from `send` to the commit that shows the rows.

    The topics are new: the records of earlier runs would have to be caught up with first, and the store would still be busy
    with what that left to write.
    """
    district = f"benchfresh{secrets.token_hex(3)}"
    topics = {bureau: events_topic(district, bureau) for bureau in SHARES}
    with stage.database(district) as url, stage.topics(district) as ends:
        sent = _Sent({topic: ends[topic] for topic in topics.values()})
        worker = hub_process(stage, district, url, "worker")
        try:
            with connect(url) as conn:
                consuming(conn, [worker], 1)
                sender = threading.Thread(target=_send, args=(stage, topics, sent, per_second, seconds))
                with using(stage.servers, [worker.pid]) as usage:
                    sender.start()
                    while sender.is_alive() or sent.left:
                        rows = conn.execute("SELECT t.name, p.next_off FROM log.position p JOIN log.topic t USING (topic_no)").fetchall()
                        now = time.perf_counter()
                        for topic, next_off in rows:
                            if topic in sent.seen:
                                sent.visible(topic, next_off, now)
                        time.sleep(0.002)
                rss = peak_rss_mb(worker.pid)
                arrivals = conn.execute("SELECT t.name, e.off, e.arrived_ms FROM log.event_log e JOIN log.topic t USING (topic_no)").fetchall()
        finally:
            end([worker])
    cuts = [cut * 1000 for cut in statistics.quantiles(sent.delays, n=100)]
    since = statistics.quantiles(sent.since_arrival_ms(arrivals), n=100)
    more = {
        "p50_ms": round(cuts[49], 1), "p99_ms": round(cuts[98], 1), "max_ms": round(max(sent.delays) * 1000, 1), "topics": len(topics),
        "since_broker_p50_ms": round(since[49], 1), "since_broker_p99_ms": round(since[98], 1),
    }  # fmt: skip
    return Measurement("freshness", len(sent.delays), usage.seconds, rss, 1, usage.cores, load(), more)


def _send(stage: Stage, topics: dict[str, str], sent: _Sent, per_second: int, seconds: int) -> None:
    producer = KafkaProducer(bootstrap_servers=stage.bootstrap_servers.split(","), acks="all", linger_ms=0)
    total = per_second * seconds
    slice_events = int(total / len(topics) / 0.0029) + 1000  # the smallest bureau has three thousandths
    sources = {bureau: messages(bureau, 0, slice_events, seed=int(time.time())) for bureau in topics}
    began = time.perf_counter()
    per_turn = max(1, round(per_second * TURN_SECONDS))
    bureaus = cycle(topics)
    for turn in range(total // per_turn):
        for bureau in islice(bureaus, per_turn):
            message = next(sources[bureau], None)
            if message is None:
                continue
            sent.note(topics[bureau])
            producer.send(topics[bureau], key=message.key, value=message.value, headers=message.headers)
        time.sleep(max(0.0, began + (turn + 1) * TURN_SECONDS - time.perf_counter()))
    producer.flush()
    producer.close()
