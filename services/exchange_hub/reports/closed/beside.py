"""Transactions that see what another one sees: what a close reads and compares is worked on side by side, and speaks of one instant."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

_P = ParamSpec("_P")
_R = TypeVar("_R")
#: One waits for the database while another one's answer is worked on.
_THREADS = 3
_LOCK_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Beside:
    """Transactions that see what another one sees, each in a thread of its own.

    Attributes:
        engine: where they are opened.
        snapshot_id: what the other one exported.
        pool: the threads.
    """

    engine: sa.Engine
    snapshot_id: str
    pool: ThreadPoolExecutor

    def submit(self, work: Callable[Concatenate[sa.Connection, _P], _R], *arguments: _P.args, **named: _P.kwargs) -> Future[_R]:
        """Have *work* done with a connection of its own, besides what it is given."""

        def done() -> _R:
            with self.engine.connect() as conn, conn.begin():
                conn.execute(sa.text(f"SET TRANSACTION SNAPSHOT '{self.snapshot_id}'"))
                set_up(conn)
                # Somebody who waits for the first transaction may stand before this one: a circle that the database cannot see.
                conn.execute(sa.text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
                return work(conn, *arguments, **named)

        return self.pool.submit(done)


@contextmanager
def beside(isolated: sa.Engine, conn: sa.Connection) -> Iterator[Beside]:
    """Let others see what the transaction of *conn* sees; at the end all of them have ended.

    What the transaction waits for before it looks, such as lists that are being replaced, comes first: to export a snapshot is to look.
    """
    with ThreadPoolExecutor(_THREADS, "beside") as pool:
        yield Beside(isolated, conn.execute(sa.text("SELECT pg_export_snapshot()")).scalar_one(), pool)


def set_up(conn: sa.Connection) -> None:
    """Set up a transaction in which a month is closed, or one that reads beside it."""
    settings = ("synchronous_commit = on", "datestyle = 'ISO, YMD'", "timezone = 'UTC'", "jit = off", "work_mem = '128MB'")
    for setting in settings:
        conn.execute(sa.text(f"SET LOCAL {setting}"))
