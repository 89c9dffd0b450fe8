"""A closed month as stored: the report written to and read from its row, the annexes from the frozen list rows.

As-closed is read from what was stored and never computed again.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, overload

import psycopg
import sqlalchemy as sa

from exchange_hub.reports import catalogue
from exchange_hub.reports.build import with_annexes
from exchange_hub.reports.catalogue import Catalogue
from exchange_hub.reports.closed import tables
from exchange_hub.reports.lines import JSON_TYPES, written
from exchange_hub.reports.model import Annex, Report, Row
from exchange_hub.reports.model import load as load_report
from exchange_hub.reports.sql import Lists
from exchange_hub.views.lists import KINDS
from exchange_hub.views.lists.model import Column
from exchange_hub.views.queries.log import driver_of
from exchange_hub.views.tables import shown

_FETCH_ROWS, _SORT_MEMORY = 1_000, "128MB"
_SUBMISSIONS = "submissions"
_PRINTED_ROWS_MAX = 150


class NotClosedError(LookupError):
    """The month has not been closed."""

    def __init__(self, month: str) -> None:
        super().__init__(f"{month} has not been closed; run: hub close {month}")


@dataclass(frozen=True, slots=True)
class Frozen(Sequence[Row]):
    """The frozen rows of a list, in the order of their keys, read from the database as they are asked for.

    Attributes:
        engine: where the rows are.
        list: name of the list.
        lists: the lists of the closed month.
        frozen: how many rows there are.
        extra: rows that follow the frozen ones.
        year: year of the closed month.
    """

    engine: sa.Engine
    list: str
    lists: Lists
    frozen: int
    extra: tuple[Row, ...] = ()
    year: str = ""

    def columns(self) -> dict[str, sa.ColumnElement[Any]]:
        """Return the columns of the rows by name, as the report of the month shows them."""
        return shown(self.lists.view(self.list), self.lists.table(self.list), self.year)

    def __len__(self) -> int:
        """Return the number of rows, without reading them."""
        return self.frozen + len(self.extra)

    def __iter__(self) -> Iterator[Row]:
        """Read the rows; whoever stops early has read some thousand more, and leaves no cursor open."""
        names = list(self.columns())
        for page in self._pages(names):
            yield from (dict(zip(names, values, strict=True)) for values in page)
        yield from self.extra

    def lines(self, columns: Sequence[Column]) -> Iterator[bytes]:
        """Copy these columns of the rows out, in the order of the rows; see ``reports.lines``."""
        table = self.columns()
        fields = (sa.func.to_json(table[c.name]) if c.type in JSON_TYPES else table[c.name] for c in columns)
        with self._reading() as (conn, driver):
            query = sa.select(*fields).order_by(table["row_key"].collate("C")).compile(conn, compile_kwargs={"literal_binds": True})
            with driver.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (NULL '')") as copied:
                yield from map(bytes, copied)
        yield from written(self.extra, columns)

    def _pages(self, names: Sequence[str]) -> Iterator[Sequence[Sequence[object]]]:
        """Read columns of the frozen rows with one statement, some thousand rows at a time."""
        columns = self.columns()
        query = sa.select(*(columns[name] for name in names)).order_by(columns["row_key"].collate("C"))
        with self._reading() as (conn, driver), driver.cursor("frozen") as cursor:
            cursor.execute(str(query.compile(conn, compile_kwargs={"literal_binds": True})), binary=True)
            while page := cursor.fetchmany(_FETCH_ROWS):
                yield page

    @contextmanager
    def _reading(self) -> Iterator[tuple[sa.Connection, Any]]:
        """Open a connection for one long statement; beside it as the driver has it, which rows cost less to read from."""
        with self.engine.connect() as conn:
            conn.execute(sa.text(f"SET LOCAL work_mem = '{_SORT_MEMORY}'"))
            conn.execute(sa.text("SET LOCAL datestyle = 'ISO, YMD'"))
            yield conn, conn.connection.driver_connection

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        """Read one row or some of them."""
        wanted = range(len(self))[index]
        if isinstance(wanted, int):
            return self[wanted : wanted + 1][0]
        if not wanted:
            return ()
        low, high = min(wanted), max(wanted) + 1
        with self.engine.connect() as conn:
            found = conn.execute(self._query().offset(low).limit(max(min(high, self.frozen) - low, 0))).mappings()
            rows: list[Row] = [dict(row) for row in found]
        rows += self.extra[max(low - self.frozen, 0) : max(high - self.frozen, 0)]
        return [rows[place - low] for place in wanted]

    def _query(self) -> sa.Select[Any]:
        columns = self.columns()
        return sa.select(*columns.values()).order_by(columns["row_key"].collate("C"))


def decode(row: Mapping[str, Any]) -> Report:
    """Read the report of a closed month from its row, without its annexes."""
    return load_report(row["report"], catalogue_of(row))


#: Beside the parts of the whole's stamp, what holds those of the lists.
_OF_LISTS = "lists"


def stored(conn: sa.Connection, month: str, *, report: bool = False) -> Mapping[str, Any]:
    """Return the row of a closed month, with the stamps of its lists as ``list_stamps``: none where it was closed before lists had one each.

    Args:
        conn: an open connection.
        month: the closed month.
        report: whether to read the report too, by far the largest part.

    Raises:
        NotClosedError: where the month has not been closed.
    """
    columns = [column for column in tables.month.c if report or column is not tables.month.c.report]
    row = conn.execute(sa.select(*columns).where(tables.month.c.month == month)).mappings().one_or_none()
    if row is None or row["closed_at"] is None:
        raise NotClosedError(month)
    stamp = dict(row["stamp"])
    return {**row, "list_stamps": stamp.pop(_OF_LISTS, {}), "stamp": stamp}


def kept_stamp(conn: sa.Connection, stamp: Mapping[str, str], schema: str) -> dict[str, Any]:
    """Return what a close keeps as stamp: that of the whole, and those of the lists of *schema* beside it."""
    return {**stamp, _OF_LISTS: list_stamps(conn, schema)}


def catalogue_of(row: Mapping[str, Any]) -> Catalogue:
    """Return the catalogue that a month was closed with, from its row."""
    return catalogue.decode(row["catalogue"])


def lists_closed(row: Mapping[str, Any]) -> Lists:
    """Return the lists of a closed month, from its row: the frozen rows by the entries of their time."""
    return Lists(tables.frozen_schema(row["month"]), catalogue_of(row).lists)


def months(conn: sa.Connection) -> list[str]:
    """Return the closed months, the first one first."""
    chosen = sa.select(tables.month.c.month).where(tables.month.c.closed_at.is_not(None))
    return list(conn.execute(chosen.order_by(tables.month.c.month)).scalars())


def cursor_of(conn: sa.Connection) -> psycopg.Cursor[Any]:
    """Return a cursor of the driver inside the transaction of *conn*, for what is written in PostgreSQL's own words."""
    return driver_of(conn).cursor()


def exists(conn: sa.Connection, table: str) -> bool:
    """Tell whether a table (``schema.name``) is there."""
    return conn.execute(sa.select(sa.func.to_regclass(table))).scalar_one() is not None


def view_stamp(conn: sa.Connection, schema: str) -> dict[str, str] | None:
    """Return the stamp of the whole that a views schema carries; ``None`` where no worker has written it."""
    rows = _stamps(conn, schema)
    return _parts(rows[""]) if "" in rows else None


def list_stamps(conn: sa.Connection, schema: str) -> dict[str, dict[str, str]]:
    """Return the stamp that each list of a views schema carries: list → parts; empty where views have one for all lists."""
    rows = _stamps(conn, schema)
    return {name: _parts(rows[kind]) for kind in rows if kind in KINDS for name in KINDS[kind].list_names}


def _stamps(conn: sa.Connection, schema: str) -> dict[str, Mapping[str, str]]:
    """Return the rows of ``view_stamp`` by kind; the one of the whole, alone in views of an earlier version, has none."""
    if not exists(conn, f"{schema}.view_stamp"):
        return {}
    rows = conn.execute(sa.text(f"SELECT to_jsonb(s) FROM {schema}.view_stamp s")).scalars()
    return {row.get("kind", ""): row for row in rows}


def _parts(row: Mapping[str, str]) -> dict[str, str]:
    return {name: row[name] for name in ("code", "contracts", "configuration")}


def load(engine: sa.Engine, month: str) -> Report:
    """Return the report of a closed month with its annexes, as it was closed.

    Raises:
        NotClosedError: where the month has not been closed.
    """
    with engine.connect() as conn:
        row = stored(conn, month, report=True)
    report = decode(row)
    lists, counts = Lists(tables.frozen_schema(month), report.catalogue.lists), row["counts"]

    def rows(list_: str) -> Frozen:
        lists.table(list_)  # made here, so that threads may read lists side by side
        return Frozen(engine, list_, lists, counts[list_], report.unreported if list_ == _SUBMISSIONS else (), month[:4])

    frozen: dict[str, Frozen] = {view.name: rows(view.name) for view in lists.views if view.name in counts}
    whole = with_annexes(report, frozen)
    return replace(whole, annexes=tuple(printed(engine, annex, month) for annex in whole.annexes))


def printed(engine: sa.Engine, annex: Annex, month: str) -> Annex:
    """Return an annex with the rows worth printing: what is owed or open first, the largest first."""
    frozen, worth = annex.rows, annex.view.printed
    if not isinstance(frozen, Frozen) or worth is None:
        return annex
    query = sa.select(*frozen.columns().values())
    chosen = query.where(sa.text(worth.where).bindparams(**({"month": month} if ":month" in worth.where else {})))
    ordered = chosen.order_by(sa.text(worth.order), sa.text('row_key COLLATE "C"')).limit(_PRINTED_ROWS_MAX)
    with engine.connect() as conn:
        rows = [dict(row) for row in conn.execute(ordered).mappings()]
    return replace(annex, printed=(*frozen.extra, *rows), chosen=worth.chosen) if rows or frozen.extra else annex
