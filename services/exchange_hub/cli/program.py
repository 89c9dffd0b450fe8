"""What every long-running program of the hub does first and last: logs, servers, store, topics, metrics, signals."""

import gc
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from threading import Event

import click
import psycopg
import sqlalchemy
from kafka.errors import KafkaError
from pydantic import ValidationError

from exchange_connectors.kit.errors import NotReadyError, PublishError
from exchange_contracts import registry
from exchange_hub.cli.compose import Hub
from exchange_hub.programme.district import DistrictError
from exchange_hub.runtime import kafka_server, kafka_users, logs
from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.metrics import Meters
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.roles import Role
from exchange_hub.runtime.servers import Servers, running
from exchange_hub.runtime.supervise import EXIT_FINAL, end_with_parent, stop_on_signals
from exchange_hub.runtime.topics import administration, ensure_topics
from exchange_hub.views.dated import DatedFoldError
from exchange_hub.views.store.district import AnotherDistrictError
from exchange_hub.views.store.stamp import StampError

log = logging.getLogger(__name__)

_ANOTHER_SCHEMA = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName)

#: Given by `hub up` to the processes it starts: they end when it is gone.
supervised_option = click.option("--supervised", is_flag=True, hidden=True)


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
    """Set up a program called *name* that works in the store as *role*; what is missing on the machine ends it in words, not in a traceback."""
    with plain_errors():
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
    """The servers that run for these settings, or servers started for this command alone.

    Raises:
        AnotherDistrictError: the store is another district's.
    """
    logs.configure(hub.settings, "command", to_file=False)
    logging.getLogger().setLevel(logging.WARNING)
    with running(hub.settings, kafka=kafka) as servers:
        hub.refuse_another_s(servers.reader_url)
        if kafka and servers.started_here:
            admit_users(hub, servers.bootstrap_servers)
        yield servers


@contextmanager
def serving(hub: Hub, role: Role | None = "reader") -> Iterator[str]:
    """The database's address for *role*, for its owner where none is named; Kafka is not started for a command that needs the store alone."""
    with open_servers(hub, kafka=False) as servers:
        yield {"worker": servers.worker_url, "reader": servers.reader_url, None: servers.database_url}[role]


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


def _setting(place: tuple[int | str, ...]) -> str:
    return f"HUB_{'__'.join(map(str, place)).upper()}: " if place else ""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn errors meant for people into one message and exit code 1."""
    try:
        yield
    except (AnotherDistrictError, StampError) as error:
        refused = click.ClickException(str(error))
        refused.exit_code = EXIT_FINAL  # a supervisor does not start it again: that cannot help
        raise refused from error
    except (RuntimeProblem, DistrictError, NotReadyError, PublishError, DatedFoldError) as error:
        raise click.ClickException(str(error)) from error
    except KafkaError as error:
        raise click.ClickException(f"Kafka refused or did not answer: {error}; `hub doctor` says which right or broker is missing") from error
    except ValidationError as error:
        if error.title != "Settings":
            raise
        wrong = "\n".join(f"  {_setting(e['loc'])}{e['msg'].removeprefix('Value error, ')}" for e in error.errors())
        raise click.ClickException(f"settings are not as they must be (see `hub config`):\n{wrong}") from error
    except (psycopg.errors.InsufficientPrivilege, *_ANOTHER_SCHEMA, sqlalchemy.exc.ProgrammingError) as error:
        if isinstance(getattr(error, "orig", error), psycopg.errors.InsufficientPrivilege):
            raise click.ClickException(
                f"this role of the database may not do that ({str(getattr(error, 'orig', error)).splitlines()[0]}); make, change, close and restore as the "
                "owner of the store (HUB_DATABASE__URL), and run `hub migrate` as the owner so that the other roles have what they need"
            ) from error
        if not isinstance(getattr(error, "orig", error), _ANOTHER_SCHEMA):
            raise
        told = str(getattr(error, "orig", error)).splitlines()[0]
        raise click.ClickException(
            f"the store is empty, or not of this version of the hub ({told}); "
            "an empty one is made by `hub up`, else see `hub doctor` and run `hub migrate`"
        ) from error
    except (psycopg.OperationalError, psycopg.InterfaceError, sqlalchemy.exc.DBAPIError) as error:
        told = logs.without_passwords(next(iter(str(getattr(error, "orig", error)).strip().splitlines()), type(error).__name__))
        raise click.ClickException(
            f"the database does not answer as it must: {told}\n  to do: check that PostgreSQL runs and HUB_DATABASE__URL (host, port, user, password, database)"
        ) from error
    except KeyError as error:
        raise click.UsageError(str(error.args[0]) if error.args else str(error)) from error
