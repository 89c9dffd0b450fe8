"""Bring the store's schema to this version; a newer store is refused, nothing is ever taken back."""

from pathlib import Path

import sqlalchemy as sa

from exchange_hub.runtime.problem import RuntimeProblem

_FOLDER = Path(__file__).parent / "migrations"


def known_versions() -> list[str]:
    """Return the schema versions that this version of the hub knows, the newest first: the files' names begin with them."""
    return sorted((file.name[1:5] for file in (_FOLDER / "versions").glob("r[0-9]*.py")), reverse=True)


def engine_of(database_url: str, application: str = "hub") -> sa.Engine:
    """Return an engine for a ``postgresql://`` address, over psycopg; it keeps no connection open."""
    address = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    return sa.create_engine(address, poolclass=sa.NullPool, connect_args={"application_name": application, "connect_timeout": 10})


def current(connection: sa.Connection) -> str | None:
    """Return the store's schema version, ``None`` for an empty store."""
    if not sa.inspect(connection).has_table("schema_version", schema="public"):
        return None
    value = connection.execute(sa.text("SELECT version_num FROM public.schema_version")).scalar()
    return None if value is None else str(value)


def migrate(database_url: str, version: str = "head") -> tuple[str | None, str]:
    """Bring the store to *version*, the newest where none is named, and return (version before, version now).

    Raises:
        RuntimeProblem: the store was written by a newer version.
    """
    known = known_versions()
    head = known[0] if version == "head" else version
    engine = engine_of(database_url)
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT pg_advisory_lock(7404, 0)"))
        connection.commit()
        try:
            before = current(connection)
            if before is not None and before not in known:
                raise RuntimeProblem(
                    f"The store is at schema version {before}, which this version of the hub does not know (it knows up to {head}).",
                    where=str(engine.url.render_as_string(hide_password=True)),
                    remedy="Run the newer version of the hub, or restore a backup made by this one.",
                )
            connection.commit()
            if before != head:  # whoever does not own the store finds it so, or is told
                _upgrade(connection, head)
        finally:
            connection.rollback()
            connection.execute(sa.text("SELECT pg_advisory_unlock(7404, 0)"))
            connection.commit()
    engine.dispose()
    return before, head


def _upgrade(connection: sa.Connection, version: str) -> None:
    from alembic import command  # noqa: PLC0415 - most starts find a store of this version and need not wait for it
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, version)
    connection.commit()
