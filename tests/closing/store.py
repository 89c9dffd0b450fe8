"""A store of list rows for tests: a database of its own, filled with rows of the live lists."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import sqlalchemy as sa
from psycopg import conninfo, sql

from exchange_hub.reports.closed import tables
from exchange_hub.runtime.servers import running
from exchange_hub.runtime.settings import Settings
from exchange_hub.views.lists import LISTS
from exchange_hub.views.tables import LIVE, list_table
from tests.closing.rows import Lists


@contextmanager
def database() -> Iterator[sa.Engine]:
    """An empty database: on the given server, or on one that the hub brings along (Kafka is not needed here)."""
    given = os.environ.get("HUB_DATABASE__URL")
    if given:
        with _database_on(given) as engine:
            yield engine
        return
    with tempfile.TemporaryDirectory(prefix="hub-close-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        settings = Settings(data_dir=Path(folder) / "data", kafka={"bootstrap_servers": "127.0.0.1:1"})
        with running(settings) as servers, _database_on(servers.database_url) as engine:
            yield engine


@contextmanager
def _database_on(url: str) -> Iterator[sa.Engine]:
    name = f"close_{uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        made = conninfo.make_conninfo(url, dbname=name)
        engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(made))
        try:
            yield engine
        finally:
            engine.dispose()
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


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
