"""What every program of the hub does first and last: logs, servers, store, topics, metrics, signals."""

import gc
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from threading import Event

from kafka.errors import KafkaError

from exchange_contracts import registry
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.serving import servers_of
from exchange_hub.runtime import kafka_server, kafka_users, logs
from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.metrics import Meters
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.roles import Role
from exchange_hub.runtime.servers import Servers, running
from exchange_hub.runtime.supervise import end_with_parent, stop_on_signals
from exchange_hub.runtime.topics import administration, ensure_topics

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Program:
    """A running program's surroundings."""

    hub: Hub
    bootstrap_servers: str
    database_url: str
    stop: Event
    meters: Meters


@contextmanager
def program(name: str, *, supervised: bool, role: Role = "worker", signals: bool = True, metrics: bool = True) -> Iterator[Program]:
    """Set up a program called *name* that works in the store as *role*."""
    hub = Hub.load()
    logs.configure(hub.settings, name)
    if supervised:
        end_with_parent(hub.settings.worker.stop_grace_seconds)
    stop = stop_on_signals() if signals else Event()
    with running(hub.settings) as servers:
        hub.prepare_store(servers.database_url)
        make_topics(hub, servers.bootstrap_servers)
        meters = Meters()
        meters.build(version("exchange-hub"), registry.load().digest, hub.district.digest())
        if metrics:
            port = meters.serve(hub.settings.metrics.port, hub.settings.metrics.host)
            log.info("metrics on http://%s:%d/metrics", hub.settings.metrics.host, port)
        url = servers.worker_url if role == "worker" else servers.reader_url
        yield Program(hub, servers.bootstrap_servers, url, stop, meters)


def admit_users(hub: Hub, bootstrap_servers: str) -> None:
    """Make sure that the hub's own Kafka has the users of the district, with their rights and no others."""
    if hub.settings.kafka.bootstrap_servers is not None:
        return
    layout = Layout(hub.settings.data_folder)
    with administration(bootstrap_servers, kafka_server.administrator(layout)) as admin:
        users = hub.users
        try:
            new = kafka_users.admit(admin, users, {user: layout.kafka_password(user) for user in users})
        except KafkaError as error:
            raise RuntimeProblem(f"Users and rights of Kafka could not be made: {error}", where=bootstrap_servers, remedy="See the broker's log.") from error
        if new:
            log.info("%d users of Kafka have new passwords, in %s", len(new), layout.credentials)


def make_topics(hub: Hub, bootstrap_servers: str) -> None:
    """Make sure that users and topics of the district's registry exist with the settings that the hub relies on."""
    kafka = hub.settings.kafka
    admit_users(hub, bootstrap_servers)
    with administration(bootstrap_servers, kafka) as admin:
        ensure_topics(admin, [*hub.event_topics, *hub.receipt_topics.values()], kafka.replication_factor)


@contextmanager
def open_servers(hub: Hub, *, kafka: bool = True) -> Iterator[Servers]:
    """Yield the servers that run for these settings, or servers started for this command alone.

    Raises:
        AnotherDistrictError: the store is another district's.
    """
    with servers_of(hub, kafka=kafka) as servers:
        if kafka and servers.started_here:
            admit_users(hub, servers.bootstrap_servers)
        yield servers


def settle_interpreter() -> None:
    """Set up Python for batches: a collector that looks rarely, and threads that take turns quickly.

    A batch is tens of thousands of living, acyclic dicts; with the default threshold they are walked again and again
    (measured at 30 % of all work). And the thread that commits waits for the database dozens of times a batch: each
    time it would wait 5 ms more for the thread that reads (measured at 10 % of one worker's pace).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
    sys.setswitchinterval(0.001)
