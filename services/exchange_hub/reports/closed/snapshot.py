"""A closed month as stored: the report written to and read from its row, the annexes from the frozen list rows.

As-closed is read from what was stored and never computed again.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any, overload

import psycopg
import sqlalchemy as sa

from exchange_hub.reports.build import ANNEXES, FURTHER, adjustments_annex, with_annexes
from exchange_hub.reports.closed import tables
from exchange_hub.reports.inputs import Adjustment, Row
from exchange_hub.reports.lines import JSON_TYPES, written
from exchange_hub.reports.model import Annex, Cell, Chart, Figure, Report, Section, Series, Source, Table
from exchange_hub.reports.render.json_report import plain
from exchange_hub.reports.sql import lists_of
from exchange_hub.views.lists import BY_NAME, KINDS
from exchange_hub.views.lists.model import Column
from exchange_hub.views.tables import hold as hold_statement

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
        schema: schema of the closed month.
        frozen: how many rows there are.
        extra: rows that follow the frozen ones.
    """

    engine: sa.Engine
    list: str
    schema: str
    frozen: int
    extra: tuple[Row, ...] = ()

    def __len__(self) -> int:
        """Return the number of rows, without reading them."""
        return self.frozen + len(self.extra)

    def __iter__(self) -> Iterator[Row]:
        """Read the rows; whoever stops early has read some thousand more, and leaves no cursor open."""
        names = lists_of(self.schema).table(self.list).c.keys()
        for page in self._pages(names):
            yield from (dict(zip(names, values, strict=True)) for values in page)
        yield from self.extra

    def lines(self, columns: Sequence[Column]) -> Iterator[bytes]:
        """Copy these columns of the rows out, in the order of the rows; see ``reports.lines``."""
        table = lists_of(self.schema).table(self.list).c
        fields = (sa.func.to_json(table[c.name]) if c.type in JSON_TYPES else table[c.name] for c in columns)
        with self._reading() as (conn, driver):
            query = sa.select(*fields).order_by(table.row_key.collate("C")).compile(conn)
            with driver.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (NULL '')") as copied:
                yield from map(bytes, copied)
        yield from written(self.extra, columns)

    def _pages(self, names: Sequence[str]) -> Iterator[Sequence[Sequence[object]]]:
        """Read columns of the frozen rows with one statement, some thousand rows at a time."""
        columns = lists_of(self.schema).table(self.list).c
        query = sa.select(*(columns[name] for name in names)).order_by(columns.row_key.collate("C"))
        with self._reading() as (conn, driver), driver.cursor("frozen") as cursor:
            cursor.execute(str(query.compile(conn)), binary=True)
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
        table = lists_of(self.schema).table(self.list)
        return sa.select(*table.c).order_by(table.c.row_key.collate("C"))


def encode(report: Report, unreported: Sequence[Row], adjustments: Sequence[Adjustment]) -> dict[str, object]:
    """Turn a report without annexes into JSON values that :func:`decode` reads back unchanged."""
    document = asdict(report)
    del document["annexes"]
    document["figures"] = list(document["figures"].values())
    for section in document["sections"]:
        for table in section["tables"]:
            table["rows"] = [[_cell_out(cell) for cell in row] for row in table["rows"]]
    document["unreported"] = [dict(row) for row in unreported]
    document["adjustments"] = [asdict(change) for change in adjustments]
    return {str(key): plain(value) for key, value in document.items()}


def decode(document: Mapping[str, Any]) -> tuple[Report, tuple[Row, ...], tuple[Adjustment, ...]]:
    """Read a stored report: without annexes, with the unreported submissions and the adjustments beside it."""
    figures = {raw["id"]: _figure(raw) for raw in document["figures"]}
    report = Report(
        **{
            name: document[name]
            for name in ("district", "month", "issue", "title", "as_of", "closed_at", "cut", "stamp")
        },
        summary=tuple(document["summary"]),
        sections=tuple(_section(raw, figures) for raw in document["sections"]),
        notes=tuple(document["notes"]),
        annexes=(),
        figures=figures,
    )
    changes = tuple(
        Adjustment(
            raw["month"], _figure(raw["before"]), _figure(raw["after"]), tuple(raw["causes"]), tuple(raw["bureaus"]),
            tuple(raw["rows"]), raw["rows_changed"],
        )
        for raw in document["adjustments"]
    )  # fmt: skip
    return report, tuple(document["unreported"]), changes


#: Beside the parts of the whole's stamp, what holds those of the lists.
_OF_LISTS = "lists"


def stored(conn: sa.Connection, month: str) -> Mapping[str, Any]:
    """Return the row of a closed month, with the stamps of its lists as ``list_stamps``: none where it was closed before lists had one each.

    Raises:
        NotClosedError: where the month has not been closed.
    """
    row = conn.execute(sa.select(tables.month).where(tables.month.c.month == month)).mappings().one_or_none()
    if row is None or row["closed_at"] is None:
        raise NotClosedError(month)
    stamp = dict(row["stamp"])
    return {**row, "list_stamps": stamp.pop(_OF_LISTS, {}), "stamp": stamp}


def kept_stamp(conn: sa.Connection, stamp: Mapping[str, str], schema: str) -> dict[str, Any]:
    """Return what a close keeps as stamp: that of the whole, and those of the lists of *schema* beside it."""
    return {**stamp, _OF_LISTS: list_stamps(conn, schema)}


def months(conn: sa.Connection) -> list[str]:
    """Return the closed months, the first one first."""
    chosen = sa.select(tables.month.c.month).where(tables.month.c.closed_at.is_not(None))
    return list(conn.execute(chosen.order_by(tables.month.c.month)).scalars())


def exists(conn: sa.Connection, table: str) -> bool:
    """Tell whether a table (``schema.name``) is there."""
    return conn.execute(sa.select(sa.func.to_regclass(table))).scalar_one() is not None


def hold(conn: sa.Connection, schema: str) -> bool:
    """Keep a views schema from being replaced until the transaction ends, its first statement; tell whether there is one."""
    # By hand: the toolkit leaves a savepoint open that it went back to, and within one no snapshot can be exported.
    conn.execute(sa.text("SAVEPOINT held"))
    try:
        conn.execute(sa.text(hold_statement(schema)))
    except sa.exc.ProgrammingError as error:
        conn.execute(sa.text("ROLLBACK TO SAVEPOINT held"))
        if not isinstance(error.orig, (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName)):
            raise
        return False
    finally:
        conn.execute(sa.text("RELEASE SAVEPOINT held"))
    return True


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
        row = stored(conn, month)
    report, unreported, changes = decode(row["report"])
    schema, counts = tables.frozen_schema(month), row["counts"]

    def rows(list_: str) -> Frozen:
        lists_of(schema).table(list_)  # made here, so that threads may read lists side by side
        return Frozen(engine, list_, schema, counts[list_], unreported if list_ == _SUBMISSIONS else ())

    further = [Annex(title, list_, rows(list_)) for title, list_ in FURTHER if counts[list_]]
    more = [adjustments_annex(changes), *further] if changes else further
    whole = with_annexes(report, {list_: rows(list_) for _, list_ in ANNEXES}, more)
    return replace(whole, annexes=tuple(printed(engine, annex, month) for annex in whole.annexes))


def printed(engine: sa.Engine, annex: Annex, month: str) -> Annex:
    """Return an annex with the rows worth printing: what is owed or open first, the largest first."""
    worth = BY_NAME[annex.list].printed if annex.list in BY_NAME else None
    if not isinstance(annex.rows, Frozen) or worth is None:
        return annex
    frozen = annex.rows
    query = sa.select(*lists_of(frozen.schema).table(annex.list).c)
    chosen = query.where(sa.text(worth.where).bindparams(**({"month": month} if ":month" in worth.where else {})))
    ordered = chosen.order_by(sa.text(worth.order), sa.text('row_key COLLATE "C"')).limit(_PRINTED_ROWS_MAX)
    with engine.connect() as conn:
        rows = [dict(row) for row in conn.execute(ordered).mappings()]
    return replace(annex, printed=(*frozen.extra, *rows), chosen=worth.chosen) if rows or frozen.extra else annex


def _cell_out(cell: Mapping[str, Any]) -> dict[str, object]:
    figure = cell["figure"]
    return {
        "text": cell["text"],
        "figure": None if figure is None else figure["id"],
        "parts": [part["id"] for part in cell["parts"]],
    }


def _figure(raw: Mapping[str, Any]) -> Figure:
    source = raw["source"]
    return Figure(
        id=raw["id"],
        value=None if raw["value"] is None else Decimal(raw["value"]),
        unit=raw["unit"],
        period=raw["period"],
        source=Source(source["list"], source["where"], source["measure"], source["rows"]),
        absent=raw["absent"],
    )


def _section(raw: Mapping[str, Any], figures: Mapping[str, Figure]) -> Section:
    return Section(
        raw["title"],
        tuple(raw["paragraphs"]),
        tuple(_table(table, figures) for table in raw["tables"]),
        tuple(
            Chart(
                chart["id"], chart["title"], chart["unit"], tuple(chart["categories"]),
                tuple(_series(series) for series in chart["series"]),
            )
            for chart in raw["charts"]
        ),
    )  # fmt: skip


def _series(raw: Mapping[str, Any]) -> Series:
    values = tuple(None if value is None else Decimal(value) for value in raw["values"])
    return Series(raw["name"], values, raw["kind"])


def _table(raw: Mapping[str, Any], figures: Mapping[str, Figure]) -> Table:
    rows = tuple(
        tuple(
            Cell(
                cell["text"], None if cell["figure"] is None else figures[cell["figure"]],
                tuple(figures[id_] for id_ in cell["parts"]),
            )
            for cell in row
        )
        for row in raw["rows"]
    )  # fmt: skip
    return Table(raw["id"], raw["title"], tuple(raw["columns"]), rows, raw["money_unit"])
