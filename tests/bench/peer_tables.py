"""The lists as tables that a sink of another framework fills: one a list, keyed by bureau and key of the row."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg

from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import Column, ListView
from tests.bench.peer_fold import Rows

#: The sink leaves out what is empty, and takes the columns of a batch from its first row: what other rows fill would be lost.
BLANKS: dict[str, Any] = {
    "text": "", "money": 0, "count": 0, "quantity": Decimal(0), "date": date(1, 1, 1), "month": "", "texts": [], "flag": False, "money_map": {},
}  # fmt: skip
_SQL = {
    "text": "text", "money": "bigint", "count": "bigint", "quantity": "numeric(18, 4)", "date": "date", "month": "text", "texts": "jsonb",
    "flag": "boolean", "money_map": "jsonb",
}  # fmt: skip
SCHEMA = "peer"


def written(rows: Rows, before: Rows, bureau: str) -> Iterator[dict[str, Any]]:
    """Yield what an event changes in the tables: the rows of its claim, and as gone those that it no longer has."""
    for listed, key, values in rows:
        told = ((column, values.get(column.name)) for column in BY_NAME[listed].columns)
        yield {"table": listed, "row_key": f"{bureau}/{key}", "gone": False} | {column.name: BLANKS[column.type] if value is None else value for column, value in told}
    present = {(listed, key) for listed, key, _ in rows}
    for listed, key in before:
        if (listed, key) not in present:
            yield {"table": listed, "row_key": f"{bureau}/{key}", "gone": True} | {column.name: BLANKS[column.type] for column in BY_NAME[listed].columns}


def make_tables(url: str) -> None:
    """Make a table a list: the sink's own making of them fails at its second batch."""
    with psycopg.connect(url) as conn:
        conn.execute(f"CREATE SCHEMA {SCHEMA}".encode())
        for view in BY_NAME.values():
            conn.execute(_table(view).encode())


def _table(view: ListView) -> str:
    def column(of: Column) -> str:
        return f'"{of.name}" {_SQL[of.type]}'

    return f'CREATE TABLE {SCHEMA}."{view.name}" (row_key text PRIMARY KEY, gone boolean, {", ".join(map(column, view.columns))})'


def rows_written(url: str) -> int:
    """Return how many rows stand in the tables."""
    with psycopg.connect(url) as conn:
        return sum(conn.execute(f'SELECT count(*) FROM {SCHEMA}."{view.name}" WHERE NOT gone'.encode()).fetchall()[0][0] for view in BY_NAME.values())
