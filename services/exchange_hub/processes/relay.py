"""The relay publishes receipts, and measures what one process can measure for all of them."""

import logging
import time
from datetime import UTC, datetime
from threading import Event
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from kafka import KafkaProducer
from kafka.errors import AuthorizationError, KafkaError

from exchange_connectors.kit.access import Access, UnreachableError, opened
from exchange_contracts.topics import COORDINATION
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.counting import BalanceCount
from exchange_hub.processes.topic_look import ends_of
from exchange_hub.runtime import metrics
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import Settings
from exchange_hub.runtime.topics import administration
from exchange_hub.views import relay as receipts
from exchange_hub.views.queries import log as log_queries
from exchange_hub.views.store import commit
from exchange_hub.views.store.heartbeat import tended
from exchange_hub.views.store.setup import connect

log = logging.getLogger(__name__)

#: Pause between looks for new receipts, in seconds: a bureau sees its receipt within a blink.
IDLE_SECONDS = 0.1
#: Pause between measurements of lag.
LAG_SECONDS = 5.0
#: Pause after the database was away.
RETRY_SECONDS = 1.0
#: Time a receipt has to be acknowledged by the broker.
FLUSH_SECONDS = 30
#: Time that a topic has to be found, and room for a value to be made.
BLOCK_SECONDS = 3


class KafkaSender:
    """Sends with kafka-python, idempotently.

    A producer that was refused an id, or lost it, sends nothing any more, whatever it is granted later: after any failure
    the next value is sent by a new one.
    """

    def __init__(self, bootstrap_servers: str, settings: Settings) -> None:
        self._access = Access.of(bootstrap_servers, settings.kafka)
        self._options = settings.kafka.client_options()
        self._producer: KafkaProducer | None = None
        #: What became of each value: Kafka's promise, or why it could not even be handed over.
        self._sent: list[Any] = []
        self._refused: dict[str, Exception] = {}

    def send(self, topic: str, value: bytes) -> None:
        """Hand a value over; after one that a topic did not take, its others are not tried: each try may block."""
        try:
            self._sent.append(self._refused.get(topic) or self._opened().send(topic, value))
        except (KafkaError, UnreachableError) as error:
            self._refused[topic] = error
            self._sent.append(error)

    def flush(self) -> list[Exception | None]:
        """Wait until everything sent is acknowledged, or ``FLUSH_SECONDS`` have passed."""
        sent, self._sent, self._refused = self._sent, [], {}
        deadline = time.monotonic() + FLUSH_SECONDS
        answers = [_answer(promise, deadline) for promise in sent]
        if any(answer is not None for answer in answers):
            self._close(0)
        return answers

    def said(self, topic: str, error: Exception) -> str:
        """Say what went wrong with a topic; of a missing right also how it is granted."""
        # A refused producer id comes as an error of no kind, with the refusal in its words.
        if isinstance(error, AuthorizationError) or "AuthorizationFailed" in str(error):
            return f"{self._access.lack('WRITE', 'topic', topic)} ({error})"
        return commit.first_line(error)

    def close(self) -> None:
        """Close the producer."""
        self._close(FLUSH_SECONDS)

    def _opened(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = opened(
                KafkaProducer, self._access, BLOCK_SECONDS, acks="all", linger_ms=5, max_block_ms=BLOCK_SECONDS * 1000, **self._options
            )
        return self._producer

    def _close(self, seconds: float) -> None:
        if self._producer is not None:
            producer, self._producer = self._producer, None
            producer.close(timeout=seconds)


def _answer(promise: Any, deadline: float) -> Exception | None:
    if isinstance(promise, Exception):
        return promise
    try:
        promise.get(timeout=max(0.0, deadline - time.monotonic()))
    except KafkaError as error:
        return cast("Exception", error)
    return None


def run_relay(hub: Hub, bootstrap_servers: str, database_url: str, stop: Event, meters: metrics.Meters) -> None:
    """Relay and measure until *stop* is set; a lost database or broker is waited for."""
    sender = KafkaSender(bootstrap_servers, hub.settings)
    engine = engine_of(database_url, "hub relay")
    try:
        with BalanceCount(database_url, meters):
            while not stop.is_set():
                try:
                    with connect(database_url, "hub relay") as conn:
                        _serve(hub, conn, engine, sender, bootstrap_servers, stop, meters)
                except (psycopg.OperationalError, sa.exc.OperationalError) as error:
                    meters.set(metrics.DATABASE_UP, 0)
                    log.warning("the database does not answer, trying again: %s", commit.first_line(error))
                    stop.wait(RETRY_SECONDS)
    finally:
        sender.close()


def _serve(
    hub: Hub, conn: psycopg.Connection, engine: sa.Engine, sender: KafkaSender, bootstrap_servers: str, stop: Event, meters: metrics.Meters
) -> None:
    measured = -LAG_SECONDS
    while not stop.is_set():
        published, failures = receipts.publish(conn, sender, hub.receipt_topics)
        for receipt in published:
            meters.add(metrics.RECEIPTS_PUBLISHED, bureau=receipt.bureau)
        for bureau, error in failures.items():
            # They stay claimed, and are tried again when their claim is stale.
            meters.add(metrics.PUBLISH_ERRORS, bureau=bureau)
            log.warning("receipts of %s could not be published, trying again: %s", bureau, sender.said(hub.receipt_topics[bureau], error))
        if time.monotonic() >= measured + LAG_SECONDS:
            measured = time.monotonic()
            try:
                measure_lag(hub, engine, bootstrap_servers, meters)
            except (KafkaError, RuntimeProblem) as error:
                meters.add(metrics.PUBLISH_ERRORS, bureau=COORDINATION)
                log.warning("Kafka does not answer, trying again: %s", error)
        if not published:
            stop.wait(IDLE_SECONDS)


def measure_lag(hub: Hub, engine: sa.Engine, bootstrap_servers: str, meters: metrics.Meters) -> None:
    """Publish how far each topic, and the relay itself, is behind."""
    meters.set(metrics.DATABASE_UP, 1)
    with engine.connect() as conn:
        places, lost, waiting = log_queries.positions(conn), log_queries.unfolded(conn), log_queries.receipts_waiting(conn)
        tending = tended(log_queries.driver_of(conn))
    with administration(bootstrap_servers, hub.settings.kafka) as admin:
        ends = ends_of(admin, hub.event_topics.keys() | {place.topic for place in places})
    now = datetime.now(UTC)
    for place in places:
        topic = place.topic
        behind = max(0, ends.get(topic, 0) - place.next_offset)
        age = max(0.0, (now - (place.last_arrived_at or now)).total_seconds()) if behind else 0.0
        meters.set(metrics.EPOCH, place.epoch, topic=topic)
        meters.set(metrics.POSITION, place.next_offset, topic=topic)
        meters.set(metrics.RECORDS_BEHIND, behind, topic=topic)
        meters.set(metrics.SECONDS_BEHIND, age, topic=topic)
        meters.set(metrics.HELD_EVENTS, place.outcomes["held"], topic=topic)
    reached = {place.topic: place.next_offset for place in places}
    for topic in hub.event_topics.keys() & tending.keys():
        is_read, is_stopped, fencings = tending[topic]
        waits = ends.get(topic, 0) > reached.get(topic, 0)
        meters.set(metrics.UNREAD, waits and not is_read and not is_stopped, topic=topic)
        meters.set(metrics.TOPIC_STOPPED, is_stopped, topic=topic)
        meters.set(metrics.FENCINGS, fencings, topic=topic)
    meters.set(metrics.UNFOLDED, len(lost))
    meters.set(metrics.RECEIPTS_LAG, waiting.oldest_seconds)
    meters.disk({"data": hub.settings.data_folder})
