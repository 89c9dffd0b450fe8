"""A store of list rows for tests: a database of its own, filled with rows of the live lists."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa

from exchange_hub.reports.closed import tables
from exchange_hub.views.lists import LISTS
from exchange_hub.views.tables import LIVE, list_table
from tests.closing.rows import Lists
from tests.platform import empty_database, platform


@contextmanager
def database() -> Iterator[sa.Engine]:
    """An empty database on the suite's server."""
    with platform() as (_kafka, server), empty_database(server) as url:
        engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
        try:
            yield engine
        finally:
            engine.dispose()


def refill(engine: sa.Engine, lists: Lists) -> None:
    """Make the live lists anew with these rows, and forget every closed month."""
    metadata = sa.MetaData()
    made = {view.name: list_table(view, LIVE, metadata) for view in LISTS}
    with engine.begin() as conn:
        schemas = conn.execute(
            sa.text("SELECT nspname FROM pg_namespace WHERE nspname = 'live' OR nspname ~ '^closed'")
        ).scalars()
        for schema in list(schemas):
            conn.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
        conn.execute(sa.schema.CreateSchema(LIVE))
        metadata.create_all(conn)
        tables.create_all(conn)
        for name, rows in lists.items():
            if rows:
                conn.execute(sa.insert(made[name]), rows)


def change(engine: sa.Engine, statement: str) -> None:
    """Change live rows, as a later batch of events would."""
    with engine.begin() as conn:
        conn.execute(sa.text(statement))
