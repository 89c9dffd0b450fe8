"""Servers of a test's own that may be killed: a PostgreSQL beside the suite's, and three brokers."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from exchange_hub.runtime.servers import running
from exchange_hub.runtime.settings import KafkaSettings, Settings
from exchange_hub.views.store.setup import connect


@dataclass(frozen=True)
class OwnPostgres:
    """A PostgreSQL that this process started and may kill; its warden starts it again."""

    url: str
    data: Path

    def kill(self) -> None:
        """End the server and its sessions with SIGKILL, as a crash of the machine would: what was not flushed is gone."""
        pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        for process in (pid, *children(pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def back(self, seconds: float = 40.0) -> None:
        """Wait until it answers again."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                with connect(self.url) as conn:
                    conn.execute("SELECT 1")
                    return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def children(parent: int) -> list[int]:
    """Return the processes that *parent* started."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False)
    return [int(word) for word in listed.stdout.split()]


@contextmanager
def own_postgres(folder: Path, kafka: str = "127.0.0.1:1") -> Iterator[OwnPostgres]:
    """Start a PostgreSQL below *folder*; *kafka* is whatever broker the caller uses."""
    folder.chmod(0o755)
    settings = Settings(data_dir=folder / "own", kafka=KafkaSettings(bootstrap_servers=kafka)).model_copy()
    settings = settings.model_copy(update={"database": settings.database.model_copy(update={"url": None, "shared_buffers_mb": 64})})
    with running(settings) as servers:
        with connect(servers.database_url) as conn:
            row = conn.execute("SHOW data_directory").fetchone()
        assert row is not None
        yield OwnPostgres(servers.database_url, Path(row[0]))
