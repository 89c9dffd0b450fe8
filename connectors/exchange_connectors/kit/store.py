"""One SQLite file per bureau connector: spool, ledger, receipts, processed files.

One file, so that what was decided (ledger) and what will be sent (spool) become durable in the same transaction:
after a crash either both are there or neither is.
"""

import contextlib
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from exchange_connectors.kit.errors import ConfigError, SpoolBusyError

_SCHEMA = """
create table if not exists meta (name text primary key, value text not null) without rowid;
create table if not exists spool (
    seq integer primary key, key blob not null, value blob not null,
    event_id text not null, type text not null, file text, sheet text, row integer);
create table if not exists awaiting (
    off integer primary key, event_id text not null, type text not null, key text not null,
    file text, sheet text, row integer);
create table if not exists exception (
    off integer primary key, event_id text, type text, key text, file text, sheet text, row integer,
    outcome text not null, code text not null, reason text not null);
create table if not exists entry (
    register text not null, subkey text not null, entity_key text not null, revision integer not null,
    digest blob not null, type text not null, occurred_on text not null, facts blob not null,
    primary key (register, subkey, entity_key)) without rowid;
create table if not exists alias (
    kind text not null, alias text not null, entity_key text not null, primary key (kind, alias)) without rowid;
create table if not exists memo (kind text not null, key text not null, value text not null,
    primary key (kind, key)) without rowid;
create table if not exists file (
    sha256 text not null, mapping text not null, name text not null, processed_at text not null,
    published integer not null, unchanged integer not null, returned integer not null,
    slip text, answered integer not null default 0,
    primary key (sha256, mapping)) without rowid;
create table if not exists inbox (
    name text primary key, sha256 text not null, mapping text not null default '', failures integer not null default 0,
    words text not null default '', at text not null default '') without rowid;
"""
_VERSION = "1"


class Store:
    """The open file; one process at a time writes to it.

    Args:
        path: the SQLite file; folders are made.
        topic: the events topic it serves: a spool never sends to another topic than it was filled for.

    Raises:
        SpoolBusyError: another process has it open.
        ConfigError: it belongs to another topic or was made by a newer version.
    """

    def __init__(self, path: Path, topic: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = _Lock(path.with_name(path.name + ".lock"))
        try:
            self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self.connection.execute("pragma journal_mode=wal")
            # Survives the process's death; what a power cut takes, it takes together with the ledger's note of it.
            self.connection.execute("pragma synchronous=normal")
            self.connection.executescript(_SCHEMA)
            self._claim(topic)
        except BaseException:
            self._lock.release()
            raise

    def _claim(self, topic: str) -> None:
        for name, value in (("version", _VERSION), ("topic", topic)):
            found = self.meta(name)
            if found is None:
                self.set_meta(name, value)
            elif found != value:
                raise ConfigError(
                    f"{self.path}: made for {name} {found}, not {value}; give this connector its own state file"
                )

    def meta(self, name: str) -> str | None:
        """Return the stored value called *name*."""
        row = self.connection.execute("select value from meta where name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_meta(self, name: str, value: str) -> None:
        """Store *value* under *name*."""
        self.connection.execute(
            "insert into meta values (?, ?) on conflict (name) do update set value = excluded.value", (name, value)
        )

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing."""
        self.connection.execute("begin immediate")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    def close(self) -> None:
        """Close the file and let another process have it."""
        self.connection.close()
        self._lock.release()


class _Lock:
    """An operating-system lock on a file: gone with the process, also when it is killed."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+b")
        try:
            _lock_file(self._file.fileno())
        except OSError as error:
            self._file.close()
            raise SpoolBusyError(
                f"{path} is held by another process; stop it, or give this connector another state file"
            ) from error

    def release(self) -> None:
        """Let another process have it."""
        self._file.close()


if sys.platform == "win32":  # connectors also run on Windows
    import msvcrt

    def _lock_file(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock_file(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
