"""Which Kafka and PostgreSQL the whole suite runs on.

Given servers (`HUB_KAFKA__BOOTSTRAP_SERVERS`, `HUB_DATABASE__URL`) come first, then Docker when asked for by
`HUB_TEST_PLATFORM=docker`, then the servers that the hub brings along. Of the Docker way only the choice is tested on
machines without a Docker daemon.
"""

import atexit
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from enum import Enum
from functools import cache
from pathlib import Path

from exchange_hub.runtime.servers import running
from exchange_hub.runtime.settings import Settings

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"


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


def platform() -> AbstractContextManager[tuple[str, str]]:
    """Kafka's bootstrap servers and PostgreSQL's address, for as long as the context lasts."""
    return PLATFORMS[choose(os.environ)]()


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


_KEPT = ExitStack()


@cache
def _servers() -> tuple[str, str]:
    """Servers of the suite's own, started once for the process, on a data folder that is new each time."""
    # Under root, PostgreSQL runs as another account: it passes through this folder, which is the suite's own.
    folder = Path(_KEPT.enter_context(tempfile.TemporaryDirectory(prefix="hub-tests-", ignore_cleanup_errors=True)))
    folder.chmod(0o755)
    servers = _KEPT.enter_context(running(Settings(data_dir=folder / "data")))
    atexit.register(_KEPT.close)
    return servers.bootstrap_servers, servers.database_url


@contextmanager
def _embedded() -> Iterator[tuple[str, str]]:
    """The suite's own servers; each test makes a district and a database of its own on them."""
    yield _servers()


PLATFORMS: dict[Choice, Callable[[], AbstractContextManager[tuple[str, str]]]] = {
    Choice.GIVEN: _given,
    Choice.DOCKER: _docker,
    Choice.EMBEDDED: _embedded,
}
