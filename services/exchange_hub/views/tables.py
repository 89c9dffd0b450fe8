"""The list views as tables: one SQLAlchemy table per list and schema, and a digest of its rows.

The same shape serves the live schema, a shadow schema that a rebuild fills, and the schema that holds the frozen
rows of a closed month: whoever reads a list names the schema and nothing else changes.
"""

from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from exchange_hub.views.lists.model import Column, ColumnType, ListView

LIVE = "live"

_TYPES: dict[ColumnType, sa.types.TypeEngine[Any]] = {
    "text": sa.Text(),
    "money": sa.BigInteger(),
    "count": sa.BigInteger(),
    "quantity": sa.Numeric(20, 4),
    "date": sa.Date(),
    "month": sa.Text(),
    "texts": pg.ARRAY(sa.Text()),
    "flag": sa.Boolean(),
    "money_map": pg.JSONB(),
}


def sql_type(column: Column) -> sa.types.TypeEngine[Any]:
    """Return the SQL type of a list column: money and counts are whole numbers, quantities have four places."""
    return _TYPES[column.type]


def list_table(view: ListView, schema: str, metadata: sa.MetaData) -> sa.Table:
    """Return the table of *view* in *schema*, made once per *metadata*.

    Args:
        view: the list view of the catalogue.
        schema: ``live``, a shadow schema or the schema of a closed month.
        metadata: where the table is registered; asking twice returns the same table.

    Returns:
        A table with ``row_key`` (primary key), ``component``, ``bureaus`` and the columns of the view, in that order.
    """
    known = metadata.tables.get(f"{schema}.{view.table}")
    if known is not None:
        return known
    return sa.Table(
        view.table,
        metadata,
        sa.Column("row_key", sa.Text(collation="C"), primary_key=True),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("bureaus", pg.ARRAY(sa.Text()), nullable=False),
        *(sa.Column(column.name, sql_type(column)) for column in view.columns),
        schema=schema,
    )


@lru_cache(maxsize=256)
def table_of(view: ListView, schema: str) -> sa.Table:
    """Return the table of *view* in *schema*, made once a program, so that statements over it are compiled once."""
    return list_table(view, schema, sa.MetaData())


def shown(view: ListView, table: sa.Table, year: str = "") -> dict[str, sa.ColumnElement[Any]]:
    """Return the columns of a list as readers see them, by name: 自年初累计 of another year is empty (FIGURES 4).

    Args:
        view: the list.
        table: its table in some schema.
        year: the year in which the reader stands; empty takes the latest that the list speaks of.
    """
    found: dict[str, sa.ColumnElement[Any]] = dict(table.c)
    for column in view.columns:
        if column.of_year:
            named = sa.func.left(table.c[column.of_year], 4)
            every = table.alias()
            latest = sa.select(sa.func.max(sa.func.left(every.c[column.of_year], 4))).scalar_subquery()
            found[column.name] = sa.case((named == (year or latest), table.c[column.name])).label(column.name)
    return found


def hold(schema: str = LIVE) -> str:
    """Return the statement that keeps a views schema from being replaced by a rebuild until the transaction ends.

    It comes first in a transaction of one snapshot: after a swap the names would lead to tables whose rows that snapshot
    does not see, and the lists would seem empty. Nobody else waits for it.
    """
    return f"LOCK TABLE {schema}.view_stamp IN ACCESS SHARE MODE"


def digest_query(table: sa.Table) -> sa.Select[str | None, int]:
    """Return a query for the digest of all rows of a list table, whatever their order, and how many there are.

    Every row becomes the text of its columns in the order of the catalogue, then an MD5 of 128 bits; these are
    combined by XOR into 128 binary digits, ``None`` for no rows. Row keys are unique, so equal rows never cancel out. It finds differences between two stores
    that should be equal; it does not withstand somebody who constructs collisions.
    The text of dates depends on the session: run it under ``SET LOCAL datestyle = 'ISO'``.
    """
    row_text = sa.cast(sa.func.row(*table.columns), sa.Text())
    hashed = sa.select(sa.func.md5(row_text).label("md5")).select_from(table).subquery()
    bits = sa.cast(sa.literal_column("'x'", sa.Text()).concat(hashed.c.md5), pg.BIT(128))
    return sa.select(sa.cast(sa.func.bit_xor(bits), sa.Text()), sa.func.count()).select_from(hashed)
