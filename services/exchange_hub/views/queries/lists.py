"""Questions to a list: its rows, how many they are, and which values occur in it."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from exchange_hub.views.lists.model import ListView
from exchange_hub.views.lists.returns import LIST as RETURNS
from exchange_hub.views.lists.submissions import LIST as SUBMISSIONS
from exchange_hub.views.queries.answers import Returned, Row, Selection, Submission
from exchange_hub.views.tables import LIVE, shown, table_of

CHOICES_MAX = 100
_PAGE_ROWS = 5_000


def rows(
    conn: sa.Connection, view: ListView, selection: Selection | None = None, *, schema: str = LIVE, limit: int | None = None, offset: int = 0,
    year: str = "",
) -> list[Row]:
    """Return rows of a list, money in fen; *year* is that in which the reader stands (see ``views.tables.shown``).

    Raises:
        KeyError: the list has no such column.
    """
    chosen = selected(view, selection or Selection(), schema, year).limit(limit).offset(offset)
    return [dict(row) for row in conn.execute(chosen).mappings()]


def every_row(
    conn: sa.Connection, view: ListView, selection: Selection | None = None, *, schema: str = LIVE, year: str = ""
) -> Generator[Row, None, None]:
    """Yield all rows of a selection with one statement, a few thousand at a time, and keep none of them."""
    chosen = selected(view, selection or Selection(), schema, year)
    with conn.execution_options(stream_results=True, max_row_buffer=_PAGE_ROWS).execute(chosen) as found:
        for page in found.mappings().partitions(_PAGE_ROWS):
            yield from map(dict, page)


def count(conn: sa.Connection, view: ListView, selection: Selection | None = None, *, schema: str = LIVE) -> int:
    """Count the rows of a selection; its order does not matter."""
    table = table_of(view, schema)
    return conn.execute(sa.select(sa.func.count()).select_from(table).where(*_conditions(view, table, selection or Selection()))).scalar_one()


def choices(conn: sa.Connection, view: ListView, columns: Sequence[str], *, schema: str = LIVE) -> dict[str, list[str]]:
    """Return the distinct values of few-valued columns, sorted, at most ``CHOICES_MAX`` each."""
    if not columns:
        return {}
    table = table_of(view, schema)
    distinct = [
        sa.select(sa.literal(name).label("name"), sa.cast(table.c[name], sa.Text()).label("value"))
        .where(table.c[name].is_not(None)).distinct().limit(CHOICES_MAX).subquery().select()
        for name in columns
    ]  # fmt: skip
    found: dict[str, list[str]] = {name: [] for name in columns}
    for name, value in conn.execute(sa.union_all(*distinct)):
        found[name].append(value)
    return {name: sorted(values) for name, values in found.items()}


_STATES: Mapping[str, Literal["nil", "confirmed"]] = {"零报告": "nil", "已确认": "confirmed"}


def submissions(conn: sa.Connection, month: str, *, view: ListView = SUBMISSIONS, schema: str = LIVE) -> list[Submission]:
    """Return what bureaus confirmed or returned as nil for *month*; what is owed and not here is not among it."""
    table = table_of(view, schema)
    chosen = sa.select(table).where(table.c.month == month).order_by(table.c.row_key)
    return [
        Submission(row.bureau, row.list, row.month, _STATES.get(row.state, "unsigned"), row.rows, row.confirmed_on, row.signed_by or "")
        for row in conn.execute(chosen)
    ]


def returned(conn: sa.Connection, month: str, *, view: ListView = RETURNS, schema: str = LIVE) -> list[Returned]:
    """Return what goes back to the bureaus of *month*, and of workbooks that tell no month."""
    table = table_of(view, schema)
    chosen = sa.select(table).where(sa.or_(table.c.month == month, table.c.month.is_(None))).order_by(table.c.bureau, table.c.row_key)
    return [
        Returned(row.bureau, row.list, row.month, row.file, row.rows_read, row.rows_returned, row.sheets_returned, tuple(row.causes or ()))
        for row in conn.execute(chosen)
    ]


def selected(view: ListView, selection: Selection, schema: str, year: str = "") -> sa.Select[tuple[object, ...]]:
    """Return the query for the rows of a selection, in its order."""
    table = table_of(view, schema)
    terms = []
    for name in (*selection.order, "row_key"):
        column = _column(view, table, name.removeprefix("-"))
        terms.append((column.desc() if name.startswith("-") else column.asc()).nulls_last())
    return sa.select(*shown(view, table, year).values()).where(*_conditions(view, table, selection)).order_by(*terms)


def _conditions(view: ListView, table: sa.Table, selection: Selection) -> Iterator[sa.ColumnElement[bool]]:
    for name, wanted in selection.where.items():
        column = _column(view, table, name)
        given = [item for item in wanted if item is not None]
        accepted: list[sa.ColumnElement[bool]] = [column.is_(None)] if len(given) < len(wanted) else []
        if given and isinstance(column.type, pg.ARRAY):
            accepted.append(column.overlap(given))
        elif given:
            accepted.append(column.in_(given))
        yield sa.or_(sa.false(), *accepted)
    if selection.text:
        texts = [table.c[column.name] for column in view.columns if column.type == "text"]
        yield sa.func.concat_ws("\n", table.c.row_key, *texts).icontains(selection.text, autoescape=True)


def _column(view: ListView, table: sa.Table, name: str) -> sa.Column[object]:
    if name not in table.c:
        raise KeyError(f"清单“{view.title}”没有栏目“{name}”")
    return table.c[name]
