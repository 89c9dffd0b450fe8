"""Questions to the read side, asked by tests on a connection of their own that sees what is committed."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import psycopg
import sqlalchemy as sa

P = ParamSpec("P")
T = TypeVar("T")


def engine_at(store: str | psycopg.Connection) -> sa.Engine:
    """Return an engine for a store's address, or for the store that a connection is open to."""

    def connected() -> psycopg.Connection:
        if isinstance(store, str):
            return psycopg.connect(store)
        return psycopg.connect(store.info.dsn, password=store.info.password or None)

    return sa.create_engine("postgresql+psycopg://", creator=connected, poolclass=sa.NullPool)


def asked(store: str | psycopg.Connection, question: Callable[Concatenate[sa.Connection, P], T], *given: P.args, **named: P.kwargs) -> T:
    """Ask one question of ``views.queries``."""
    with engine_at(store).connect() as conn:
        return question(conn, *given, **named)
