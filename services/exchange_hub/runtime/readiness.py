"""Whether the two servers answer, asked the way their clients will."""

import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from exchange_hub.runtime.postgres_server import DATABASE, Postgres
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.roles import ensure, give_rights
from exchange_hub.runtime.settings import KafkaSettings

# Once may be a leftover that takes a second to go (shared memory, a port); three times is a cause.
ENDS_MAX = 3
_LOOK_SECONDS = 0.05
_LINES_SHOWN = 8
_ANSWER_MS_MAX = 5_000

# Why a server cannot come up any more, or None: given the server's name.
Trouble = Callable[[str], str | None]


def wait_for_postgres(postgres: Postgres, trouble: Trouble, seconds_max: float) -> None:
    """Return when PostgreSQL takes connections and the hub's database exists."""
    deadline = time.monotonic() + seconds_max
    while True:
        try:
            connection = psycopg.connect(postgres.url_of("postgres"), autocommit=True, connect_timeout=5)
            break
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise _wrong_password(postgres) from error
            _go_on("postgres", trouble, deadline)
    with connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")
    with psycopg.connect(postgres.url, connect_timeout=5) as connection:
        ensure(connection, DATABASE, postgres.role_passwords)
        give_rights(connection)


def wait_for_kafka(bootstrap_servers: str, kafka: KafkaSettings, trouble: Trouble, seconds_max: float) -> None:
    """Return when the broker answers that it is part of a cluster."""
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    deadline = time.monotonic() + seconds_max
    while True:
        if _takes_connections(bootstrap_servers):
            with contextlib.suppress(KafkaError):  # it is starting: asked again until the deadline
                admin = KafkaAdminClient(
                    bootstrap_servers=bootstrap_servers,
                    request_timeout_ms=_ANSWER_MS_MAX,
                    bootstrap_timeout_ms=_ANSWER_MS_MAX,
                    reconnect_backoff_max_ms=_ANSWER_MS_MAX // 10,
                    **kafka.client_options(),
                )
                try:
                    if admin.describe_cluster()["brokers"]:
                        return
                finally:
                    admin.close()
        _go_on("kafka", trouble, deadline)


def _takes_connections(bootstrap_servers: str) -> bool:
    host, _, port = bootstrap_servers.partition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            return True
    except OSError:
        return False


def _go_on(name: str, trouble: Trouble, deadline: float) -> None:
    """Wait a moment; raise if the server cannot come up any more or took too long."""
    words = trouble(name)
    if words is not None:
        raise RuntimeProblem(
            f"{name.capitalize()} ends as soon as it is started.",
            where=words,
            remedy=_remedy(words),
        )
    if time.monotonic() > deadline:
        raise RuntimeProblem(
            f"{name.capitalize()} does not answer in time.",
            where="the machine may be too busy, or out of memory",
            remedy="Start again, with a longer HUB_START_TIMEOUT_SECONDS if the machine is slow.",
        )
    time.sleep(_LOOK_SECONDS)


def _remedy(words: str) -> str:
    known = {
        "No space left": "The disk is full: free some, or name a folder on another disk in HUB_DATA_DIR.",
        "Address already in use": "Another program took the port in the same moment: start again.",
        "Permission denied": "Give the hub's user rights on its data folder.",
        "Cannot allocate memory": "Free some memory, or lower HUB_DATABASE__SHARED_BUFFERS_MB and HUB_KAFKA__HEAP_MB.",
        "pre-existing shared memory block": "Processes of an earlier run are still ending: start again in a moment.",
    }
    return next((remedy for sign, remedy in known.items() if sign in words), "See the log lines above.")


def _wrong_password(postgres: Postgres) -> RuntimeProblem:
    return RuntimeProblem(
        "The database does not accept the kept password.",
        where=str(postgres.data),
        remedy="The file postgres.password in the data folder is not this database's: bring it back from a backup.",
    )


def last_words(logs: Path, name: str) -> str:
    """Return the last lines that a server wrote before it ended, with the file they stand in."""
    shown: list[str] = []
    for file in (logs / f"{name}.out", logs / f"{name}.log"):
        if file.exists():
            lines = file.read_text(errors="replace").splitlines()
            telling = [
                line for line in lines[-200:] if any(s in line for s in ("ERROR", "FATAL", "Exception", "Error"))
            ]
            shown += [str(file), *(telling or lines)[-_LINES_SHOWN:]]
    return "\n    ".join(shown)
