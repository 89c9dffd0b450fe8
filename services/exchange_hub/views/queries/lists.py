"""Questions to a list: its rows, how many they are, and which values occur in it."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from exchange_hub.views.lists.model import ListView
from exchange_hub.views.lists.projects import EQUIPMENT, RECYCLING
from exchange_hub.views.lists.returns import LIST as RETURNS
from exchange_hub.views.lists.submissions import LIST as SUBMISSIONS
from exchange_hub.views.numbers import normal
from exchange_hub.views.queries.answers import Returned, Row, Selection, Submission
from exchange_hub.views.queries.log import driver_of
from exchange_hub.views.tables import LIVE, shown, table_of

CHOICES_MAX = 100
_PAGE_ROWS = 5_000
_EXPORT_SECONDS_MAX = 120
#: Rows of so few keys are fetched by their keys.
_FEW = 1_000
#: Types of column whose fields are JSON in lines.
JSON_TYPES = frozenset({"texts", "money_map", "flag"})


def rows(
    conn: sa.Connection, view: ListView, selection: Selection | None = None, *, schema: str = LIVE, limit: int | None = None, offset: int = 0,
    year: str = "", total: int | None = None,
) -> list[Row]:
    """Return rows of a list, money in fen; *year* is that in which the reader stands (see ``views.tables.shown``).

    Args:
        conn: connection in a reading transaction.
        view: the list.
        selection: which rows, in which order.
        schema: schema of the list.
        limit: rows at most.
        offset: rows before the first one.
        year: the year in which the reader stands.
        total: rows of the selection, where they are known: what lies behind the middle is then reached from the end.

    Raises:
        KeyError: the list has no such column.
    """
    if total is not None and limit is not None and total // 2 < offset < total:
        limit = min(limit, total - offset)
        backwards = selected(view, selection or Selection(), schema, year, backwards=True).limit(limit).offset(total - offset - limit)
        return [dict(row) for row in reversed(conn.execute(backwards).mappings().all())]
    chosen = selected(view, selection or Selection(), schema, year).limit(limit).offset(offset)
    return [dict(row) for row in conn.execute(chosen).mappings()]


def page(conn: sa.Connection, view: ListView, selection: Selection, *, limit: int, offset: int, schema: str = LIVE, year: str = "") -> tuple[int, list[Row]]:
    """Return how many rows a selection has, and those of one page; words that occur seldom are looked for once."""
    if selection.text:
        table = table_of(view, schema)
        keys = conn.execute(sa.select(table.c.row_key).where(*_conditions(view, table, selection)).limit(_FEW + 1)).scalars().all()
        if len(keys) <= _FEW:
            few = Selection({"row_key": tuple(keys)}, order=selection.order)
            return len(keys), rows(conn, view, few, schema=schema, limit=limit, offset=offset, year=year)
    total = count(conn, view, selection, schema=schema)
    return total, rows(conn, view, selection, schema=schema, limit=limit, offset=offset, year=year, total=total)


def every_row(
    conn: sa.Connection, view: ListView, selection: Selection | None = None, *, schema: str = LIVE, year: str = ""
) -> Generator[Row, None, None]:
    """Yield all rows of a selection with one statement, a few thousand at a time, and keep none of them."""
    chosen = selected(view, selection or Selection(), schema, year)
    with conn.execution_options(stream_results=True, max_row_buffer=_PAGE_ROWS).execute(chosen) as found:
        for page in found.mappings().partitions(_PAGE_ROWS):
            yield from map(dict, page)


def every_line(
    conn: sa.Connection, view: ListView, selection: Selection | None = None, *, schema: str = LIVE, year: str = ""
) -> Generator[bytes, None, None]:
    """Copy all rows of a selection out as lines, the columns in their order, with one statement; see ``reports.lines``."""
    columns = shown(view, table_of(view, schema), year)
    fields = (sa.func.to_json(columns[c.name]) if c.type in JSON_TYPES else columns[c.name] for c in view.columns)
    chosen = selected(view, selection or Selection(), schema, year).with_only_columns(*fields)
    query = chosen.compile(conn, compile_kwargs={"render_postcompile": True})
    # One statement of a whole export, not of a page: who waits for it is told when it is broken off.
    conn.execute(sa.text(f"SET LOCAL statement_timeout = '{_EXPORT_SECONDS_MAX}s'"))
    with driver_of(conn).cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (NULL '')".encode(), query.params) as copied:
        yield from map(bytes, copied)


def count(conn: sa.Connection, view: ListView, selection: Selection | None = None, *, schema: str = LIVE) -> int:
    """Count the rows of a selection; its order does not matter."""
    table = table_of(view, schema)
    return conn.execute(sa.select(sa.func.count()).select_from(table).where(*_conditions(view, table, selection or Selection()))).scalar_one()


def sums(
    conn: sa.Connection, view: ListView, keys: Sequence[str], summed: Sequence[str], selection: Selection, *, schema: str = LIVE, year: str = ""
) -> list[Row]:
    """Return one line for each combination of values of *keys*: these, ``row_count``, and the sums of columns, ``None`` where no row states one."""
    table = table_of(view, schema)
    columns = shown(view, table, year) | {column.name: _column(view, table, column.name).label(column.name) for column in view.derived}
    rows = sa.select(*(columns[name] for name in (*keys, *summed))).select_from(table).where(*_conditions(view, table, selection)).subquery()
    by, totals = [rows.c[key] for key in keys], [sa.func.sum(rows.c[name]).label(name) for name in summed]
    chosen = sa.select(*by, sa.func.count().label("row_count"), *totals).group_by(*by)
    whole = (dict(row) for row in conn.execute(chosen).mappings())
    return [{name: int(said) if isinstance(said, Decimal) else said for name, said in row.items()} for row in whole]


def choices(conn: sa.Connection, view: ListView, columns: Sequence[str], *, schema: str = LIVE) -> dict[str, list[str]]:
    """Return the distinct values of few-valued columns, sorted, at most ``CHOICES_MAX`` each."""
    if not columns:
        return {}
    table = table_of(view, schema)
    distinct = [
        sa.select(sa.literal(name).label("name"), sa.cast(_column(view, table, name), sa.Text()).label("value"))
        .select_from(table).where(_column(view, table, name).is_not(None)).distinct().limit(CHOICES_MAX).subquery().select()
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


def selected(view: ListView, selection: Selection, schema: str, year: str = "", *, backwards: bool = False) -> sa.Select[tuple[object, ...]]:
    """Return the query for the rows of a selection, in its order or from its end; what is empty comes last in its order."""
    table = table_of(view, schema)
    terms = []
    for name in (*selection.order, "row_key"):
        column = _column(view, table, name.removeprefix("-"))
        term = column.desc() if name.startswith("-") != backwards else column.asc()
        terms.append(term.nulls_first() if backwards else term.nulls_last())
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
        yield from _containing(selection.text, [table.c.row_key, *(table.c[column.name] for column in view.columns if column.type == "text")])


def _containing(text: str, columns: Sequence[sa.Column[object]]) -> Iterator[sa.ColumnElement[bool]]:
    """Look for a text in any of some columns, capitals or not.

    Numbers and Chinese have no case, and to lower whole rows costs more than to look through them: the longest part that has none is looked for first.
    """
    runs = groupby(text, key=lambda letter: letter.lower() == letter.upper())
    caseless = max(("".join(run) for is_caseless, run in runs if is_caseless), key=len, default="")
    if not caseless:
        yield sa.func.concat_ws("\n", *columns).icontains(text, autoescape=True)
        return
    # A position is found in half the time of a pattern; within a column's condition the planner leaves the order as it is.
    held = [(sa.func.strpos(column, caseless) > 0, column.icontains(text, autoescape=True)) for column in columns]
    yield sa.or_(*(first if caseless == text else sa.and_(first, whole) for first, whole in held))


def _column(view: ListView, table: sa.Table, name: str) -> sa.ColumnElement[object]:
    if any(column.name == name for column in view.derived):
        return _town(table, view.of_project)
    if name not in table.c:
        raise KeyError(f"清单“{view.title}”没有栏目“{name}”")
    return table.c[name]


def _town(table: sa.Table, naming: str) -> sa.ColumnElement[object]:
    """Return the town of the project that a column names: by its code, else by the number that the row's own bureau gave it.

    Numbers that are written otherwise are looked for last, for to fold them costs more: a town that is found letter by letter is not looked for again.
    """
    projects = [table_of(view, table.schema or LIVE) for view in (EQUIPMENT, RECYCLING)]
    found = []
    for form in (_as_written, _in_normal_form):
        named = form(table.c[naming])
        found += [sa.select(each.c.town).where(form(each.c.row_key) == named).order_by(each.c.row_key).limit(1) for each in projects]
        own = ((each, table.c.lead_bureau == sa.any_(each.c.bureaus)) for each in projects)
        found += [sa.select(each.c.town).where(form(each.c.internal_no) == named, is_own).order_by(each.c.row_key).limit(1) for each, is_own in own]
    return sa.func.coalesce(*(query.correlate(table).scalar_subquery() for query in found))


def _as_written(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    return column


def _in_normal_form(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    return sa.literal_column(normal(str(column)), sa.Text())
