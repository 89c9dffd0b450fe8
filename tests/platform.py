"""Which Kafka and PostgreSQL the whole suite runs on.

Given servers (`HUB_KAFKA__BOOTSTRAP_SERVERS`, `HUB_DATABASE__URL`) come first, then Docker when asked for by
`HUB_TEST_PLATFORM=docker`, then the servers that the hub brings along. Of the Docker way only the choice is tested on
machines without a Docker daemon.

A run has one Kafka and one PostgreSQL, started when the first test asks for them. Where several processes share the tests
of a run (pytest-xdist), the process that hands the tests out also hands out the servers, and they end with it.
"""

import atexit
import os
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from enum import Enum
from functools import cache
from multiprocessing.connection import Client, Listener
from pathlib import Path

from exchange_hub.runtime.servers import running
from exchange_hub.runtime.settings import Settings
from exchange_hub.views.store.setup import connect

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"
#: Where the process that hands out the tests of a run tells the others where the servers are.
_COUNTER = "HUB_TEST_SERVERS"


class Choice(Enum):
    """Where the servers come from."""

    GIVEN = "given"
    DOCKER = "docker"
    EMBEDDED = "embedded"


def choose(environment: Mapping[str, str]) -> Choice:
    """The choice that the environment makes.

    Raises:
        ValueError: if only one of the two servers is given, or the asked platform is unknown: a suite that
            quietly runs elsewhere than asked proves nothing.
    """
    given = [bool(environment.get(name)) for name in ("HUB_KAFKA__BOOTSTRAP_SERVERS", "HUB_DATABASE__URL")]
    if all(given):
        return Choice.GIVEN
    if any(given):
        raise ValueError("Give both HUB_KAFKA__BOOTSTRAP_SERVERS and HUB_DATABASE__URL to the tests, or neither.")
    asked = environment.get("HUB_TEST_PLATFORM") or Choice.EMBEDDED.value
    if asked not in (Choice.DOCKER.value, Choice.EMBEDDED.value):
        raise ValueError(f"HUB_TEST_PLATFORM is {asked!r}; it may be 'docker' or 'embedded'.")
    return Choice(asked)


@contextmanager
def platform() -> Iterator[tuple[str, str]]:
    """Kafka's bootstrap servers and PostgreSQL's address; each test makes topics and a database of its own on them."""
    yield _servers()


@cache
def _servers() -> tuple[str, str]:
    """The servers of the run that this process belongs to."""
    choice = choose(os.environ)
    counter = os.environ.get(_COUNTER)
    if choice is Choice.GIVEN or counter is None:
        return _kept(choice)
    with Client(counter) as connection:
        found: tuple[str, str] | Exception = connection.recv()
    if isinstance(found, Exception):
        raise found
    return found


@cache
def _kept(choice: Choice) -> tuple[str, str]:
    """Servers that this process keeps until it ends."""
    kept = ExitStack()
    atexit.register(kept.close)
    return kept.enter_context(PLATFORMS[choice]())


def hand_out_servers() -> None:
    """Answer the processes that share the tests of this run, which ask for the servers when a test needs them."""
    listener = Listener(family="AF_UNIX", backlog=64)
    os.environ[_COUNTER] = str(listener.address)

    def answer() -> None:
        while True:
            with listener.accept() as connection:
                try:
                    connection.send(_kept(choose(os.environ)))
                except Exception as error:  # noqa: BLE001 — raised in the process that asked
                    connection.send(error)

    threading.Thread(target=answer, daemon=True, name="servers of the tests").start()


@contextmanager
def empty_database(server_url: str) -> Iterator[str]:
    """An empty database of its own on a server, for as long as the context lasts."""
    name = f"test_{secrets.token_hex(6)}"
    with connect(server_url) as conn:
        conn.execute(f"CREATE DATABASE {name}".encode())
    try:
        head, _, tail = server_url.partition("?")
        yield f"{head.rpartition('/')[0]}/{name}" + (f"?{tail}" if tail else "")
    finally:
        with connect(server_url) as conn:
            conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


@contextmanager
def _given() -> Iterator[tuple[str, str]]:
    yield os.environ["HUB_KAFKA__BOOTSTRAP_SERVERS"], os.environ["HUB_DATABASE__URL"]


@contextmanager
def _docker() -> Iterator[tuple[str, str]]:
    from testcontainers.kafka import KafkaContainer
    from testcontainers.postgres import PostgresContainer

    kafka = KafkaContainer(KAFKA_IMAGE).with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false").with_kraft()
    with kafka, PostgresContainer(POSTGRES_IMAGE, driver=None) as postgres:
        yield kafka.get_bootstrap_server(), postgres.get_connection_url()


@contextmanager
def _embedded() -> Iterator[tuple[str, str]]:
    """Servers of the suite's own on a data folder that is new each time."""
    # Under root, PostgreSQL runs as another account: it passes through this folder, which is the suite's own.
    with tempfile.TemporaryDirectory(prefix="hub-tests-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with running(Settings(data_dir=Path(folder) / "data"), secured=False) as servers:
            yield servers.bootstrap_servers, servers.database_url


PLATFORMS: dict[Choice, Callable[[], AbstractContextManager[tuple[str, str]]]] = {
    Choice.GIVEN: _given,
    Choice.DOCKER: _docker,
    Choice.EMBEDDED: _embedded,
}
