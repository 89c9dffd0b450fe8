"""The relay's second thread: it counts the published balance, which reads whole tables and may take long."""

import logging
import threading
from contextlib import suppress
from typing import Self

import psycopg
import sqlalchemy as sa

from exchange_hub.runtime.metrics import Meters
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.views.queries.log import balance, driver_of
from exchange_hub.views.store import commit

log = logging.getLogger(__name__)

#: Pause between two counts, in seconds.
PAUSE_SECONDS = 60.0
#: Pause after the database was away, or between two attempts to break off a count.
RETRY_SECONDS = 1.0


class BalanceCount:
    """Counts and publishes the balance while its block runs, over a connection of its own.

    Args:
        database_url: the store.
        meters: where the balance is published.
    """

    def __init__(self, database_url: str, meters: Meters) -> None:
        self._database_url = database_url
        self._meters = meters
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="balance", daemon=True)
        self._conn: psycopg.Connection | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End in order: a count under way is broken off."""
        self._ends.set()
        while self._thread.is_alive():
            if (conn := self._conn) is not None:
                with suppress(psycopg.Error):
                    conn.cancel_safe(timeout=RETRY_SECONDS)
            self._thread.join(RETRY_SECONDS)

    def _run(self) -> None:
        engine = engine_of(self._database_url, "hub relay balance").execution_options(isolation_level="AUTOCOMMIT")
        while not self._ends.is_set():
            try:
                with engine.connect() as conn:
                    self._conn = driver_of(conn)
                    self._count(conn)
            except sa.exc.DBAPIError as error:
                if not self._ends.is_set():
                    log.warning("the balance could not be counted, trying again: %s", commit.first_line(error))
                self._ends.wait(RETRY_SECONDS)

    def _count(self, conn: sa.Connection) -> None:
        while not self._ends.is_set():
            for line in balance(conn):
                self._meters.balance(line.topic, line.data_records, line.outcomes)
            self._ends.wait(PAUSE_SECONDS)
