"""Every metric of the hub as one table: name, kind, help, labels.

Operations read this table (``monitoring/README.md`` repeats it and is tested against it); a process that measures
something names the row of the table, never a string. Outcomes follow the published balance: per topic,
data records = accepted + duplicate + rejected + held, always.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.metrics_core import Metric as MetricFamily

Kind = Literal["counter", "gauge", "histogram"]

OUTCOMES = ("accepted", "duplicate", "rejected", "held")
"""The four ends that a data record can meet; a superseded statement is an accepted one."""

SUBMISSION_STATES = ("confirmed", "unsigned", "nil", "late", "silent")
"""States of what a bureau owes for a month: signed off, nil returned, signed off after the due time, nothing yet."""

_BATCH_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """A row of the table.

    Attributes:
        name: as it appears in the exposition; a counter ends in ``_total``.
        kind: counter, gauge or histogram.
        help: one English sentence for operators, with the unit.
        labels: names of its labels; every label has few values (bureaus, topics, steps), never a key or an id.
        buckets: upper bounds of a histogram.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


EVENTS = Metric(
    "hub_events_total",
    "counter",
    "Data records that a worker has committed, by bureau, event type and outcome.",
    ("bureau", "type", "outcome"),
)
SECONDS_BEHIND = Metric(
    "hub_topic_seconds_behind",
    "gauge",
    "Age in seconds of the oldest record of the topic that is not committed yet; 0 when nothing waits.",
    ("topic",),
)
RECORDS_BEHIND = Metric(
    "hub_topic_records_behind",
    "gauge",
    "Offsets between the stored position of the topic and its end (control records included).",
    ("topic",),
)
POSITION = Metric("hub_topic_position", "gauge", "Next offset that the store expects of the topic.", ("topic",))
EPOCH = Metric(
    "hub_topic_epoch",
    "gauge",
    "Claims of the topic by workers so far; it grows by one with each start and each hand-over.",
    ("topic",),
)
BATCH_SECONDS = Metric(
    "hub_batch_seconds",
    "histogram",
    "Seconds that a step of a batch took.",
    ("step",),
    _BATCH_BUCKETS,
)
BATCH_RECORDS = Metric("hub_batch_records_total", "counter", "Records that committed batches held.")
PUBLISH_ERRORS = Metric(
    "hub_publish_errors_total",
    "counter",
    "Records that a publisher of this process could not hand to Kafka, by bureau.",
    ("bureau",),
)
SUBMISSIONS = Metric(
    "hub_submissions",
    "gauge",
    "Submissions of the month under review, by bureau and state (confirmed, unsigned, nil, late, silent).",
    ("bureau", "state"),
)
ROWS_RETURNED = Metric(
    "hub_workbook_rows_returned",
    "gauge",
    "Rows of workbooks of the month under review, or of no known month, that connectors sent back and nobody has corrected, by bureau.",
    ("bureau",),
)
SUBMISSIONS_DUE = Metric(
    "hub_submissions_due_timestamp_seconds",
    "gauge",
    "Unix time at which the submissions of the month under review are due.",
)
BALANCE_RECORDS = Metric(
    "hub_topic_data_records",
    "gauge",
    "Data records of the topic below its stored position, control records excluded.",
    ("topic",),
)
BALANCE_OUTCOMES = Metric(
    "hub_topic_outcomes",
    "gauge",
    "Records of the topic in the store, by outcome (accepted, duplicate, rejected, held).",
    ("topic", "outcome"),
)
BALANCE_DIFFERENCE = Metric(
    "hub_topic_balance_difference",
    "gauge",
    "Data records minus accepted, duplicate, rejected and held of the topic; anything but 0 is an error.",
    ("topic",),
)
FENCINGS = Metric(
    "hub_topic_fencings",
    "gauge",
    "Times so far that a worker found the topic claimed by another and dropped its batch, as kept in the store.",
    ("topic",),
)
UNREAD = Metric(
    "hub_topic_unread",
    "gauge",
    "1 where records of the topic wait and no living worker reads it, else 0; a stopped topic is not among them.",
    ("topic",),
)
WORKER_HEARTBEAT = Metric(
    "hub_worker_heartbeat_timestamp_seconds",
    "gauge",
    "Unix time at which the worker last finished a poll or a batch.",
)
HELD_EVENTS = Metric(
    "hub_held_events",
    "gauge",
    "Events that wait because their fold failed or an earlier event of their key waits.",
    ("topic",),
)
UNFOLDED = Metric(
    "hub_unfolded_entities",
    "gauge",
    "Entities whose statements do not fold together: their rows are missing from the lists.",
)
TOPIC_STOPPED = Metric(
    "hub_topic_stopped",
    "gauge",
    "1 where the topic stands still because its log is not the one that the positions speak of, else 0.",
    ("topic",),
)
RECEIPTS_LAG = Metric(
    "hub_receipts_relay_lag_seconds",
    "gauge",
    "Age in seconds of the oldest committed receipt that is not published yet; 0 when none waits.",
)
RECEIPTS_PUBLISHED = Metric(
    "hub_receipts_published_total",
    "counter",
    "Receipts that the relay has published, by bureau.",
    ("bureau",),
)
FINDINGS_OPEN = Metric("hub_findings_open", "gauge", "Findings (clues to verify) that nobody has closed yet.")
CLOSE_LAST = Metric("hub_close_last_timestamp_seconds", "gauge", "Unix time of the last month close.")
CLOSE_MONTH_END = Metric(
    "hub_close_month_end_timestamp_seconds",
    "gauge",
    "Unix time at which the last closed month ended, in Shanghai time.",
)
DATABASE_UP = Metric("hub_database_up", "gauge", "1 where the last query of this process was answered, else 0.")
DISK_FREE = Metric("hub_disk_free_bytes", "gauge", "Bytes free on the disk that holds the volume.", ("volume",))
DISK_SIZE = Metric("hub_disk_size_bytes", "gauge", "Size in bytes of the disk that holds the volume.", ("volume",))
CONSOLE_REQUESTS = Metric(
    "hub_console_requests_total",
    "counter",
    "Requests that the console answered, by route pattern and status.",
    ("route", "status"),
)
CONSOLE_SECONDS = Metric(
    "hub_console_request_seconds",
    "histogram",
    "Seconds that the console took to answer, by route pattern.",
    ("route",),
    _REQUEST_BUCKETS,
)
BUILD = Metric(
    "hub_build_info",
    "gauge",
    "Always 1; the labels name the code, contracts and configuration that run.",
    ("version", "contracts_digest", "configuration_digest"),
)

METRICS: tuple[Metric, ...] = (
    EVENTS, SECONDS_BEHIND, RECORDS_BEHIND, POSITION, EPOCH, BATCH_SECONDS, BATCH_RECORDS, PUBLISH_ERRORS,
    SUBMISSIONS, ROWS_RETURNED, SUBMISSIONS_DUE, BALANCE_RECORDS, BALANCE_OUTCOMES, BALANCE_DIFFERENCE,
    FENCINGS, UNREAD, WORKER_HEARTBEAT, HELD_EVENTS, UNFOLDED, TOPIC_STOPPED, RECEIPTS_LAG, RECEIPTS_PUBLISHED, FINDINGS_OPEN,
    CLOSE_LAST, CLOSE_MONTH_END, DATABASE_UP, DISK_FREE, DISK_SIZE, CONSOLE_REQUESTS, CONSOLE_SECONDS, BUILD,
)  # fmt: skip

Series = tuple[str, ...]
"""Values of the labels of one series, in the order of the metric's labels."""


class Meters:
    """The metrics of one process.

    A series without labels exists from the start at 0; a labelled one from its first value. Only metrics of the
    table can be used: another raises ``KeyError``, a wrong label ``ValueError``.

    Args:
        registry: where the collectors register; by default a registry of its own with process and Python
            metrics, so that two instances (tests, embedded parts) never disturb each other.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry if registry is not None else _process_registry()
        self._collectors: dict[str, Counter | Gauge | Histogram] = {
            metric.name: _collector(metric, self.registry) for metric in METRICS
        }

    def add(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        """Add *amount* (never negative) to a counter."""
        collector = self._collectors[metric.name]
        if not isinstance(collector, Counter):
            raise TypeError(f"{metric.name} is a {metric.kind}, not a counter")
        (collector.labels(**labels) if metric.labels else collector).inc(amount)

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        """Set a gauge."""
        collector = self._gauge(metric)
        (collector.labels(**labels) if metric.labels else collector).set(value)

    def replace(self, metric: Metric, values: Mapping[Series, float]) -> None:
        """Set all series of a labelled gauge and forget those not in *values*.

        A bureau that has confirmed must not stay visible as silent: the old series has to go.

        Args:
            metric: a gauge with labels.
            values: label values in the order of ``metric.labels`` → value.
        """
        collector = self._gauge(metric)
        known = {tuple(sample.labels[label] for label in metric.labels)
                 for family in collector.collect() for sample in family.samples}  # fmt: skip
        for series in known - values.keys():
            collector.remove(*series)
        for series, value in values.items():
            collector.labels(*series).set(value)

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        """Record one measurement in a histogram."""
        collector = self._collectors[metric.name]
        if not isinstance(collector, Histogram):
            raise TypeError(f"{metric.name} is a {metric.kind}, not a histogram")
        (collector.labels(**labels) if metric.labels else collector).observe(value)

    def balance(self, topic: str, data_records: int, outcomes: Mapping[str, int]) -> int:
        """Publish the balance of *topic* and return its difference, 0 where it holds (invariant: nothing is lost)."""
        difference = data_records - sum(outcomes.get(outcome, 0) for outcome in OUTCOMES)
        self.set(BALANCE_RECORDS, data_records, topic=topic)
        for outcome in OUTCOMES:
            self.set(BALANCE_OUTCOMES, outcomes.get(outcome, 0), topic=topic, outcome=outcome)
        self.set(BALANCE_DIFFERENCE, difference, topic=topic)
        return difference

    def disk(self, volumes: Mapping[str, Path]) -> None:
        """Publish free space and size of the disks that hold *volumes* (name → folder); absent folders are left out."""
        for volume, folder in volumes.items():
            if folder.exists():
                usage = shutil.disk_usage(folder)
                self.set(DISK_FREE, usage.free, volume=volume)
                self.set(DISK_SIZE, usage.total, volume=volume)

    def build(self, version: str, contracts_digest: str, configuration_digest: str = "") -> None:
        """Publish which code, contracts and configuration run in this process."""
        self.replace(BUILD, {(version, contracts_digest, configuration_digest): 1})

    def exposition(self) -> bytes:
        """Return the text that Prometheus scrapes."""
        return generate_latest(self.registry)

    def serve(self, port: int, host: str = "127.0.0.1", refresh: Callable[[], None] | None = None) -> int:
        """Serve ``/metrics`` from a thread of this process and return the port (a free one for 0).

        Args:
            port: where it listens; nothing else is served there.
            host: the address.
            refresh: is called before each answer and sets what is not counted as it happens.
        """
        server, _ = start_http_server(port, host, self.registry if refresh is None else _Fresh(self.registry, refresh))
        return int(server.server_port)

    def _gauge(self, metric: Metric) -> Gauge:
        collector = self._collectors[metric.name]
        if not isinstance(collector, Gauge):
            raise TypeError(f"{metric.name} is a {metric.kind}, not a gauge")
        return collector


class _Fresh(CollectorRegistry):
    """A registry whose metrics are refreshed before each look at them."""

    def __init__(self, registry: CollectorRegistry, refresh: Callable[[], None]) -> None:
        super().__init__()
        self._registry, self._refresh = registry, refresh

    def collect(self) -> Iterator[MetricFamily]:
        """Refresh, then tell."""
        self._refresh()
        yield from self._registry.collect()


def _process_registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def _collector(metric: Metric, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    if metric.kind == "counter":
        return Counter(metric.name, metric.help, metric.labels, registry=registry)
    if metric.kind == "gauge":
        return Gauge(metric.name, metric.help, metric.labels, registry=registry)
    return Histogram(metric.name, metric.help, metric.labels, registry=registry, buckets=metric.buckets)
