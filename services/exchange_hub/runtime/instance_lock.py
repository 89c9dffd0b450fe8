"""What `hub up` looks at before it starts anything: that it is alone on its data folder, and that its ports are free."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.servers import make_folders
from exchange_hub.runtime.settings import Settings


@contextmanager
def only_hub(settings: Settings) -> Iterator[None]:
    """Be the one `hub up` of this data folder for as long as the block lasts.

    A second one would start a second console and write the same log files; more workers are a setting. The kernel frees
    the lock with its process, however that ends.

    Raises:
        RuntimeProblem: another `hub up` runs for the folder.
    """
    layout = Layout(settings.data_folder)
    make_folders(layout)
    lock = os.open(layout.up_lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(lock, 32).decode("ascii", "replace").strip() or "unknown"
            raise RuntimeProblem(
                "A hub runs for this data folder already.",
                where=f"{layout.root} (process {holder})",
                remedy="Use that one, or end it first (Ctrl-C, or kill with SIGTERM). For more workers set "
                "HUB_WORKER__PROCESSES; for another hub name another folder in HUB_DATA_DIR.",
            ) from error
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode("ascii"))
        yield
    finally:
        os.close(lock)


def check_ports(settings: Settings) -> None:
    """See that console and metrics can listen.

    Raises:
        RuntimeProblem: another program has one of the ports, or the address is none of this machine's.
    """
    console, metrics = settings.console, settings.metrics
    _check(console.host, console.port, "HUB_CONSOLE__PORT")
    if metrics.port:
        for place in range(settings.worker.processes + 2):  # the workers, the relay, the console
            _check(metrics.host, metrics.port + place, "HUB_METRICS__PORT")


def _check(host: str, port: int, setting: str) -> None:
    if port:
        bound(host, port, setting).close()


def free_port(host: str) -> int:
    """Return a port of *host* on which nobody listens now."""
    with bound(host, 0, "HUB_CONSOLE__PORT") as trial:
        return int(trial.getsockname()[1])


def bound(host: str, port: int, setting: str) -> socket.socket:
    """Return a socket that listens there once it is told to; port 0 takes a free one.

    Raises:
        RuntimeProblem: another program has the port, or the address is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family)
    # As the servers do: a port whose last connections are still closing counts as free.
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise RuntimeProblem(
            f"Port {port} cannot be used: {error.strerror}.",
            where=f"{host}:{port}",
            remedy=f"End the program that listens there (another hub?), or name another port in {setting} (0: a free one).",
        ) from error
    return found
