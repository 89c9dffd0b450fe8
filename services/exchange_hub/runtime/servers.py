"""Kafka and PostgreSQL for as long as a program needs them.

    with running(settings) as servers:
        ...  # servers.bootstrap_servers, servers.database_url

What the settings name is used as it is. What they do not name is started in the data folder; a second program with
the same data folder joins the servers that run, and they stop with the one that started them.
"""

import fcntl
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange_hub.runtime import identity, kafka_server, leftovers, postgres_server, readiness
from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import KafkaSettings, Settings

log = logging.getLogger(__name__)

DISK_FREE_MIN_MB = 500
STOP_GRACE_SECONDS = 20.0
# Below the range from which systems give ports to outgoing connections.
_PORTS = range(20_000, 32_000)
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Servers:
    """The addresses of the two servers; empty for one that was not asked for.

    Attributes:
        bootstrap_servers: Kafka's.
        database_url: PostgreSQL's, as the owner of the store.
        worker_url: the same as the workers' role.
        reader_url: the same as the readers' role.
        started_here: whether they were started by this process.
    """

    bootstrap_servers: str
    database_url: str
    worker_url: str
    reader_url: str
    started_here: bool


@dataclass(frozen=True, slots=True)
class _Addresses:
    """Addresses as far as they are known; None: no such server is up, or it was not asked for."""

    kafka: str | None = None
    database: str | None = None
    worker: str | None = None
    reader: str | None = None

    def missing(self, *, kafka: bool, database: bool) -> "_Wants":
        """Return which of the wanted servers have no address here."""
        return _Wants(kafka=kafka and self.kafka is None, database=database and self.database is None)

    def filled_from(self, other: "_Addresses") -> "_Addresses":
        """Return these addresses, and the other's where these have none."""
        return _Addresses(self.kafka or other.kafka, self.database or other.database, self.worker or other.worker, self.reader or other.reader)

    def servers(self, *, started_here: bool) -> Servers:
        """As programs see them."""
        owner = self.database or ""
        return Servers(self.kafka or "", owner, self.worker or owner, self.reader or owner, started_here)


@dataclass(frozen=True, slots=True)
class _Wants:
    """Which servers are to be started or joined."""

    kafka: bool
    database: bool

    def __bool__(self) -> bool:
        return self.kafka or self.database


@contextmanager
def running(settings: Settings, *, kafka: bool = True, database: bool = True, secured: bool = True) -> Iterator[Servers]:
    """Kafka and PostgreSQL that answer.

    Args:
        settings: Addresses of what exists; the data folder of what does not.
        kafka: Whether Kafka is needed; a program that only reads lists starts in a fifth of the time without.
        database: Whether PostgreSQL is needed.
        secured: Whether Kafka asks for users and rights; the suite's own broker, on which tests make topics freely, does not.

    Raises:
        RuntimeProblem: what is missing on this machine, where, and what to do.
    """
    given = _given(settings)
    wants = given.missing(kafka=kafka, database=database)
    if not wants:
        yield given.servers(started_here=False)
        return
    layout = Layout(settings.data_folder)
    make_folders(layout)
    lock, joined = _start_or_join(layout, wants, settings.start_timeout_seconds)
    if lock is None:
        log.info("Joining the servers that run for %s", layout.root)
        yield given.filled_from(joined).servers(started_here=False)
        return
    with _started(settings, layout, lock, wants, secured=secured) as started:
        yield given.filled_from(started).servers(started_here=True)


def find(settings: Settings) -> Servers | None:
    """Return the servers that are given or that run for this data folder now; None if one is missing. Nothing is started."""
    layout = Layout(settings.data_folder)
    state = leftovers.read_json(layout.state)
    known = _given(settings).filled_from(_joined(state) if leftovers.is_running(layout, state) else _Addresses())
    return None if known.missing(kafka=True, database=True) else known.servers(started_here=False)


def _given(settings: Settings) -> _Addresses:
    database = settings.database
    urls = [url.get_secret_value() if url else None for url in (database.url, database.worker_url, database.reader_url)]
    return _Addresses(settings.kafka.bootstrap_servers, *urls)


def _joined(state: dict[str, Any]) -> _Addresses:
    return _Addresses(*(state.get(name) for name in ("bootstrap_servers", "database_url", "worker_url", "reader_url")))


def owned_paths(settings: Settings) -> list[Path]:
    """Return what the servers of this data folder keep on disk, also outside it; for `hub clean`."""
    layout = Layout(settings.data_folder)
    kept = leftovers.read_json(layout.kept)
    outside = [Path(kept[name]) for name in ("postgres_data", "postgres_socket") if name in kept] if identity.is_own(layout, kept) else []
    return [path for path in (layout.root, *outside) if path.exists()]


def make_folders(layout: Layout) -> None:
    """Make the data folder with what every start needs; what is missing there is said with what to do."""
    try:
        _make_root(layout.root)
        layout.run.mkdir(exist_ok=True, mode=0o700)
        layout.logs.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise RuntimeProblem(
            f"The data folder cannot be written: {error.strerror}.",
            where=str(layout.root),
            remedy="Give this user rights on it, free some disk, or name another folder in HUB_DATA_DIR.",
        ) from error


def _make_root(root: Path) -> None:
    try:
        root.mkdir(parents=True)
    except FileExistsError:
        return
    # Only on a folder just made: PostgreSQL's account passes through it; what is secret below is closed itself.
    root.chmod(0o755)


def _start_or_join(layout: Layout, wants: _Wants, seconds_max: float) -> tuple[int | None, _Addresses]:
    """Return the lock, if this process is to start the servers; else the addresses of those that run."""
    deadline = time.monotonic() + seconds_max
    while True:
        lock = _try_lock(layout.lock)
        if lock is not None:
            return lock, _Addresses()
        state = leftovers.read_json(layout.state)
        joined = _joined(state)
        is_running = leftovers.is_running(layout, state)
        # One that runs without a server that is needed here (a short look at a list) is waited for.
        if is_running and not joined.missing(kafka=wants.kafka, database=wants.database):
            return None, joined
        if time.monotonic() > deadline:
            raise _occupied(layout, seconds_max, is_running=is_running)
        time.sleep(_LOOK_SECONDS)


def _occupied(layout: Layout, seconds: float, *, is_running: bool) -> RuntimeProblem:
    if is_running:
        return RuntimeProblem(
            "The servers that run for this data folder were started without one that is needed here.",
            where=str(layout.state),
            remedy="Give both programs the same HUB_KAFKA__BOOTSTRAP_SERVERS and HUB_DATABASE__URL, or stop the first.",
        )
    return RuntimeProblem(
        f"Another program has been starting or stopping the servers for more than {seconds:.0f} s.",
        where=str(layout.lock),
        remedy=f"See the logs in {layout.logs}; end that program, then start again.",
    )


def _try_lock(path: Path) -> int | None:
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise RuntimeProblem(
            "The data folder belongs to another user.",
            where=str(path),
            remedy="Start the hub as that user, or name another folder in HUB_DATA_DIR.",
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


@contextmanager
def _started(settings: Settings, layout: Layout, lock: int, wants: _Wants, *, secured: bool) -> Iterator[_Addresses]:
    began = time.monotonic()
    try:
        kept = identity.settle(layout)
        leftovers.clear(layout, kept, STOP_GRACE_SECONDS)
        _check_disk(layout)
        kafka, postgres, ports = _prepare(settings, layout, wants, kept, secured=secured)
        warden = _Warden.start(layout, lock, kafka, postgres)
    except OSError as error:
        raise RuntimeProblem(
            f"The servers' files cannot be written: {error.strerror}.",
            where=str(error.filename or layout.root),
            remedy="Free some disk or give this user rights there, or name other folders in HUB_DATA_DIR and HUB_CACHE.",
        ) from error
    finally:
        os.close(lock)  # the warden holds its own copy from here on
    try:
        addresses: dict[str, str] = {}
        if postgres is not None:
            readiness.wait_for_postgres(postgres, warden.trouble, settings.start_timeout_seconds)
            addresses |= {"database_url": postgres.url, "worker_url": postgres.url_as("worker"), "reader_url": postgres.url_as("reader")}
        if kafka is not None:
            addresses["bootstrap_servers"] = f"127.0.0.1:{ports[0]}"
            as_administrator = kafka_server.administrator(layout) if secured else KafkaSettings()
            readiness.wait_for_kafka(addresses["bootstrap_servers"], as_administrator, warden.trouble, settings.start_timeout_seconds)
        leftovers.write_json(layout.state, {"warden": warden.process.pid, **addresses})
        log.info("Servers are up after %.1f s", time.monotonic() - began)
        yield _joined(addresses)
    finally:
        warden.stop()


def _check_disk(layout: Layout) -> None:
    usage = os.statvfs(layout.root)
    free_mb = usage.f_bavail * usage.f_frsize // 2**20
    if free_mb < DISK_FREE_MIN_MB:
        raise RuntimeProblem(
            f"Only {free_mb} MB of disk are free; Kafka and PostgreSQL need {DISK_FREE_MIN_MB} MB to start.",
            where=str(layout.root),
            remedy="Free some disk, or name a folder on another one in HUB_DATA_DIR.",
        )


def _prepare(
    settings: Settings, layout: Layout, wants: _Wants, kept: dict[str, Any], *, secured: bool
) -> tuple[kafka_server.Kafka | None, postgres_server.Postgres | None, tuple[int, int]]:
    """Make both servers ready to start, side by side."""
    with ThreadPoolExecutor(2) as pool:
        kafka_work = pool.submit(kafka_server.prepare, settings, layout, secured=secured) if wants.kafka else None
        postgres_work = pool.submit(postgres_server.prepare, settings, layout, kept) if wants.database else None
        kafka = kafka_work.result() if kafka_work else None
        postgres = postgres_work.result() if postgres_work else None
    ports = (0, 0)
    if kafka is not None:
        port = _port(kept.get("kafka_port", 0), settings.kafka.port)
        ports = (port, _port(kept.get("kafka_controller_port", 0), 0, taken=port))
        kept["kafka_port"], kept["kafka_controller_port"] = ports
        kafka_server.configure(kafka, *ports)
    leftovers.write_json(layout.kept, kept)
    return kafka, postgres, ports


def _port(kept: int, wanted: int, taken: int = 0) -> int:
    """Return the wanted port, else the kept one if it is still free, else a free one."""
    if wanted:
        if not _is_free(wanted):
            raise RuntimeProblem(
                f"Port {wanted} is taken by another program.",
                where=f"127.0.0.1:{wanted}",
                remedy="End that program, or name another port in HUB_KAFKA__PORT (0: a free one).",
            )
        return wanted
    candidates = [kept] if kept else []
    candidates += random.sample(_PORTS, 100)
    for port in candidates:
        if port != taken and _is_free(port):
            return port
    raise RuntimeProblem(
        "No free port for Kafka was found in 100 tries.",
        where=f"127.0.0.1:{_PORTS.start}–{_PORTS.stop}",
        remedy="Name a free one in HUB_KAFKA__PORT.",
    )


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        # As Java does: a port whose last connections are still closing counts as free.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class _Warden:
    """The process that runs the servers, seen from their owner."""

    process: subprocess.Popen[bytes]
    layout: Layout

    @classmethod
    def start(
        cls,
        layout: Layout,
        lock: int,
        kafka: kafka_server.Kafka | None,
        postgres: postgres_server.Postgres | None,
    ) -> "_Warden":
        """Write the orders and start the warden in a session of its own, away from the terminal's signals."""
        orders = {
            "owner": os.getpid(),
            "processes": str(layout.processes),
            "remove_first": [str(layout.state)],
            "remove_last": [str(layout.processes), str(layout.orders)],
            "remove_folders": [str(postgres.socket)] if postgres is not None else [],
            "grace_seconds": STOP_GRACE_SECONDS,
            "servers": [*_kafka_order(kafka, layout), *_postgres_order(postgres, layout)],
        }
        leftovers.write_json(layout.orders, orders)
        program = Path(__file__).with_name("warden.py")
        with (layout.logs / "warden.log").open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - this interpreter and a file of this package
                # Isolated and without site packages: the warden is the standard library alone.
                [sys.executable, "-I", "-S", str(program), str(layout.orders)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(lock,),
                start_new_session=True,
                cwd="/",
            )
        return cls(process, layout)

    def trouble(self, name: str) -> str | None:
        """Return why waiting for a server is in vain: the last lines it wrote, or None while it may still come up."""
        ends = leftovers.read_json(self.layout.processes).get("ends", {}).get(name, 0)
        if self.process.poll() is None and ends < readiness.ENDS_MAX:
            return None
        return readiness.last_words(self.layout.logs, name)

    def stop(self) -> None:
        """Let go of the servers and wait until they have ended."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(STOP_GRACE_SECONDS + 10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _kafka_order(kafka: kafka_server.Kafka | None, layout: Layout) -> Iterator[dict[str, Any]]:
    if kafka is not None:
        yield {
            "name": "kafka",
            "command": kafka.command,
            "environment": kafka.environment,
            "folder": str(kafka.folder),
            "output": str(layout.logs / "kafka.out"),
            "uid": None,
            "gid": None,
            "stop_signal": int(signal.SIGTERM),
            "kill_signal": int(signal.SIGKILL),
            "mark": str(kafka.properties),
        }


def _postgres_order(postgres: postgres_server.Postgres | None, layout: Layout) -> Iterator[dict[str, Any]]:
    if postgres is not None:
        yield {
            "name": "postgres",
            "command": postgres.command,
            "environment": postgres.environment,
            "folder": str(postgres.data.parent),
            "output": str(layout.logs / "postgres.out"),
            "uid": postgres.account.uid,
            "gid": postgres.account.gid,
            # Fast shutdown: rolls back open transactions; and immediate shutdown, safe, with recovery at the next start.
            "stop_signal": int(signal.SIGINT),
            "kill_signal": int(signal.SIGQUIT),
            "mark": str(postgres.data),
        }
