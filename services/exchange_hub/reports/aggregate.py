"""Read cubes from the lists of a schema: one statement, one scan for each."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from exchange_hub.programme.cells import Cell, Cells, Cube
from exchange_hub.programme.conditions import expression
from exchange_hub.reports.sql import Lists, lists_of, value


def read_cubes(conn: sa.Connection, cubes: Iterable[Cube], schema: str) -> Mapping[str, Cells]:
    """Return the cells of every cube by its name, as the transaction of *conn* sees the lists of *schema*."""
    return read_from(conn, cubes, lists_of(schema))


def read_from(conn: sa.Connection, cubes: Iterable[Cube], lists: Lists) -> Mapping[str, Cells]:
    """Return the cells of every cube by its name, as the transaction of *conn* sees *lists*."""
    return {cube.name: Cells(cube, _cells(conn, lists, cube)) for cube in cubes}


def query(lists: Lists, cube: Cube) -> sa.Select[Any]:
    """Return the statement that reads a cube: its dimensions, the number of rows, the sums."""
    rows, meets = lists.rows(cube.list, cube.where)
    dimensions = [value(rows, expression(text)).label(f"d{n}") for n, text in enumerate(cube.by)]
    sums = [sa.func.sum(value(rows, expression(text))) for text in cube.sums]
    chosen = sa.select(*dimensions, sa.func.count(), *sums).select_from(rows).where(meets)
    # By number: repeated expressions with bound values would not be recognised as the same.
    return chosen.group_by(*(sa.literal_column(str(n)) for n, _ in enumerate(dimensions, 1)))


def _cells(conn: sa.Connection, lists: Lists, cube: Cube) -> tuple[Cell, ...]:
    width = len(cube.by)
    whole = [lists.table(cube.list).c.get(text) for text in cube.sums]
    exact = [column is None or not isinstance(column.type, sa.Numeric) for column in whole]
    result = []
    for row in conn.execute(query(lists, cube)):
        sums = (
            int(item) if item is not None and is_whole else item
            for item, is_whole in zip(row[width + 1 :], exact, strict=True)
        )
        result.append(Cell(tuple(row[:width]), row[width], tuple(sums)))
    return tuple(result)
