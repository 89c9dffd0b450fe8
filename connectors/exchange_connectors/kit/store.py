"""One SQLite file per bureau connector: spool, ledger, receipts, processed files.

One file, so that what was decided (ledger) and what will be sent (spool) become durable in the same transaction:
after a crash either both are there or neither is.
"""

import contextlib
import logging
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from exchange_connectors.kit.errors import ConfigError, SpoolBusyError

log = logging.getLogger(__name__)

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
_KEPT = ("spool", "awaiting", "exception", "entry", "file")
"""Tables that say something of a topic; a file without rows in them may serve any."""


class Store:
    """The open file; one process at a time writes to it.

    It serves one topic for life, known by the id that Kafka gave it: a topic of the same name in another hub, or one made
    anew, is another topic, of which nothing was stated yet (see :meth:`bind`).

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
        self._topic = topic
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise

    def _open(self) -> None:
        self.connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self.connection.execute("pragma journal_mode=wal")
        # Survives the process's death; what a power cut takes, it takes together with the ledger's note of it.
        self.connection.execute("pragma synchronous=normal")
        self.connection.executescript(_SCHEMA)
        for name, value in (("version", _VERSION), ("topic", self._topic)):
            found = self.meta(name)
            if found is None:
                self.set_meta(name, value)
            elif found != value:
                raise ConfigError(
                    f"{self.path}: made for {name} {found}, not {value}; give this connector its own state file"
                )

    def bind(self, topic_id: str, serves: Callable[[], bool]) -> bool:
        """Hold what belongs to the topic of this id, and say whether that is another file than before.

        What was kept for a topic of another id is laid beside it, and comes back when that topic is spoken to again.

        Args:
            topic_id: the id that Kafka gave the topic.
            serves: whether a file that knows no id yet (an earlier version's) can have been kept for this topic.
        """
        known = self.meta("topic_id")
        if known == topic_id:
            return False
        own = self._beside(topic_id)
        blank = not any(self.connection.execute(f"select 1 from {table} limit 1").fetchone() for table in _KEPT)
        if known is None and not own.exists() and (blank or serves()):
            self.set_meta("topic_id", topic_id)
            return False
        spooled = self.connection.execute("select count(*) from spool").fetchone()[0]
        self.connection.close()  # folds the log beside it into the file
        if not blank or known is not None:
            aside = self._beside(known) if known else next(p for n in count(1) if not (p := self._beside(f"earlier-{n}")).exists())
            self.path.replace(aside)
            log.warning("%s was kept for another topic named %s: laid aside as %s, with %d events unsent", self.path, self._topic, aside.name, spooled)
        if own.exists():
            own.replace(self.path)
        self._open()
        self.set_meta("topic_id", topic_id)
        return True

    def _beside(self, word: str) -> Path:
        return self.path.with_name(f"{self.path.stem}.{word}{self.path.suffix}")

    @classmethod
    def move(cls, old: Path, new: Path, topic: str) -> None:
        """Bring a file from where an earlier version kept it, unless it is another topic's or there is one already."""
        if new.exists() or not old.exists():
            return
        try:
            cls(old, topic).close()  # a killed process left a part of it in the log beside it
        except ConfigError as error:
            log.warning("not taken over: %s", error)
            return
        new.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(old, new)

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
