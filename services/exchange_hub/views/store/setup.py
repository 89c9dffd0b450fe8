"""Connections to the store, and the first steps of every program that writes to it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import psycopg

from exchange_hub.views.store.positions import register_topics

if TYPE_CHECKING:
    from exchange_hub.views.store.planning import Topics


def connect(url: str, application: str = "hub") -> psycopg.Connection:
    """Open a connection; ten seconds are allowed, so that a database that hangs is noticed."""
    return psycopg.connect(url, autocommit=True, connect_timeout=10, application_name=application)


def topics_of(conn: psycopg.Connection, bureaus: Mapping[str, str]) -> "Topics":
    """Give every topic (name → bureau) its number and return both directions."""
    from exchange_hub.views.store.planning import Topics

    numbers = register_topics(conn, bureaus)
    return Topics(
        {numbers[name]: bureau for name, bureau in bureaus.items()},
        {bureau: numbers[name] for name, bureau in bureaus.items()},
    )
