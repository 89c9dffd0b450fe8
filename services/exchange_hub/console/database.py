"""The store as a source: read-only transactions, one snapshot each, bounded in time and number."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import monotonic

import psycopg
import sqlalchemy as sa

from exchange_hub.console.comparing import Comparing
from exchange_hub.console.query import QueryError
from exchange_hub.reports.queries import Queries
from exchange_hub.views.queries import findings
from exchange_hub.views.queries.answers import Looked, StoreUnavailableError
from exchange_hub.views.queries.reading import reading
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.tables import LIVE

STATEMENT_TIMEOUT_MS = 10_000
"""No page may hold the store longer than this with one statement."""

CONNECTIONS_MAX = 8
WAIT_SECONDS_MAX = 5
CHOICES_SECONDS_MAX = 30
"""Scanning a large list for its distinct values costs more than a page of it; drop-downs may be this old."""

_CONNECT_SECONDS_MAX = 5
_Choices = dict[tuple[str, tuple[str, ...]], tuple[float, dict[str, list[str]]]]


@dataclass(frozen=True)
class _Remembering(Queries):
    """Questions to a snapshot; distinct values are at most half a minute old, for they fill drop-downs, not figures."""

    kept: _Choices = field(default_factory=dict)
    comparing: Comparing | None = None

    def look(self, state: str = "", limit: int | None = None) -> Looked:
        """Return the first findings and how many there are; entities were compared in this snapshot or, where that is dear, before."""
        if self.comparing is None:
            return super().look(state, limit)
        lines, at = self.comparing.found(self)
        return replace(findings.look(self.conn, lines, schema=self.schema, state=state, limit=limit), compared_at=at)

    def choices(self, list_name: str, columns: Sequence[str]) -> dict[str, list[str]]:
        """Return the distinct values of columns; assignments of whole entries need no lock."""
        key = (list_name, tuple(columns))
        until, found = self.kept.get(key, (0.0, {}))
        if monotonic() >= until:
            found = super().choices(list_name, columns)
            self.kept[key] = (monotonic() + CHOICES_SECONDS_MAX, found)
        return found


class DatabaseSource:
    """Snapshots of a PostgreSQL store; connects with the first request, keeps few connections.

    Args:
        url: libpq connection string or URL of the store, best of a role that may only read.
        rules: the district's precedence, by which rows were folded.
        schema: views schema to read.
        connections: how many it keeps at most.
        comparing: what comparisons found, where another source of the same store keeps it too.
    """

    def __init__(
        self, url: str, rules: FoldRules, schema: str = LIVE, *, connections: int = CONNECTIONS_MAX, comparing: Comparing | None = None
    ) -> None:
        self._rules = rules
        self._schema = schema
        self._choices: _Choices = {}
        self.comparing = comparing or Comparing(self.reading)
        self._engine = sa.create_engine(
            "postgresql+psycopg://",
            creator=lambda: _connect(url),
            pool_size=connections, max_overflow=0, pool_timeout=WAIT_SECONDS_MAX, pool_pre_ping=True,
        )  # fmt: skip

    @contextmanager
    def reading(self) -> Iterator[Queries]:
        """Open a read-only snapshot.

        Raises:
            StoreUnavailableError: no connection in time, the connection broke, or a statement took too long.
            QueryError: the store cannot take a value that was asked for.
        """
        try:
            with reading(self._engine, self._schema) as conn:
                yield _Remembering(conn, self._rules, self._schema, kept=self._choices, comparing=self.comparing)
        except sa.exc.DataError as error:
            raise QueryError("查询的值超出可接受的范围，请修改后重试。") from error
        except sa.exc.DBAPIError as error:
            raise StoreUnavailableError(str(error.orig)) from error
        except (sa.exc.TimeoutError, psycopg.Error) as error:
            raise StoreUnavailableError(str(error)) from error

    def close(self) -> None:
        """Give the connections back to the server."""
        self._engine.dispose()


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(
        url, application_name="hub console", connect_timeout=_CONNECT_SECONDS_MAX,
        options=f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c idle_in_transaction_session_timeout=60000 "
        "-c default_transaction_read_only=on -c timezone=UTC -c datestyle=ISO",
    )  # fmt: skip
