"""All questions to one snapshot of the store: those of ``views.queries``, and those of the closed months."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa

from exchange_hub.programme import deadlines
from exchange_hub.reports.closed import snapshot, tables
from exchange_hub.reports.model import Report, Source
from exchange_hub.reports.sql import lists_of
from exchange_hub.reports.trace import rows_of
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import ListView
from exchange_hub.views.queries import findings, lists, log, provenance
from exchange_hub.views.queries.answers import (
    Balance,
    Event,
    Finding,
    Looked,
    Position,
    Rejection,
    Returned,
    Row,
    Selection,
    StoreUnavailableError,
    Submission,
    Trace,
    Unfolded,
)
from exchange_hub.views.queries.findings import Line
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.tables import LIVE


@dataclass(frozen=True, slots=True)
class FigureRows:
    """Rows behind a figure.

    Attributes:
        rows: the rows, at most as many as were asked for.
        frozen: whether they are as frozen at the close; else they are the live ones, which may have moved on.
        events: key of a row → the events in force that it was made of, by the cut of the close where rows are frozen.
    """

    rows: tuple[Row, ...]
    frozen: bool
    events: Mapping[str, tuple[Event, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Queries:
    """Questions to one read-only snapshot; every answer belongs to the same moment.

    Attributes:
        conn: connection in a read-only transaction.
        rules: the district's precedence, by which rows were folded.
        schema: views schema that is read.
        views: list by name, as that schema was filled.
        year: the year in which the reader stands; empty takes the latest that a list speaks of.
        day: the date as of which the lists of the schema read; ``None`` where they show all that is said.
    """

    conn: sa.Connection
    rules: FoldRules
    schema: str = LIVE
    views: Mapping[str, ListView] = field(default_factory=lambda: BY_NAME)
    year: str = ""
    day: date | None = None

    def view(self, list_name: str) -> ListView:
        """Return the list called *list_name*; raise ``KeyError`` with the known names where there is none."""
        if list_name not in self.views:
            raise KeyError(f"没有清单“{list_name}”，可用：{'、'.join(self.views)}")
        return self.views[list_name]

    def rows(self, list_name: str, selection: Selection | None = None, *, limit: int | None = None, offset: int = 0) -> list[Row]:
        """Return rows of a list."""
        return lists.rows(self.conn, self.view(list_name), selection, schema=self.schema, limit=limit, offset=offset, year=self.year)

    def page(self, list_name: str, selection: Selection, *, limit: int, offset: int) -> tuple[int, list[Row]]:
        """Return how many rows a selection has, and those of one page."""
        return lists.page(self.conn, self.view(list_name), selection, schema=self.schema, limit=limit, offset=offset, year=self.year)

    def every_row(self, list_name: str, selection: Selection | None = None) -> Generator[Row, None, None]:
        """Yield all rows of a selection and keep none of them."""
        return lists.every_row(self.conn, self.view(list_name), selection, schema=self.schema, year=self.year)

    def every_line(self, list_name: str, selection: Selection | None = None) -> Generator[bytes, None, None]:
        """Yield all rows of a selection as lines; see ``reports.lines``."""
        return lists.every_line(self.conn, self.view(list_name), selection, schema=self.schema, year=self.year)

    def count(self, list_name: str, selection: Selection | None = None) -> int:
        """Count the rows of a selection."""
        return lists.count(self.conn, self.view(list_name), selection, schema=self.schema)

    def sums(self, list_name: str, keys: Sequence[str], summed: Sequence[str], selection: Selection) -> list[Row]:
        """Return sums of columns, one line for each combination of values of *keys*, with its ``row_count``."""
        return lists.sums(self.conn, self.view(list_name), keys, summed, selection, schema=self.schema, year=self.year)

    def choices(self, list_name: str, columns: Sequence[str]) -> dict[str, list[str]]:
        """Return the distinct values of few-valued columns, sorted, at most 100 each."""
        return lists.choices(self.conn, self.view(list_name), columns, schema=self.schema)

    def row(self, list_name: str, row_key: str) -> Row | None:
        """Return one row, ``None`` where there is none."""
        return provenance.row_of(self.conn, self.view(list_name), row_key, schema=self.schema)

    def trace(self, view: ListView, row: Row, below: Mapping[str, int] | None = None, day: date | None = None) -> Trace:
        """Open a row down to its events and source cells; a closed month's row by its own entries, *below* the ends of its cut and up to its *day*."""
        return provenance.trace(self.conn, view, row, self.rules, schema=self.schema, below=below, day=day or self.day)

    def trace_row(self, list_name: str, row_key: str) -> Trace | None:
        """Return the row with its claims and events, ``None`` where there is no such row."""
        row = self.row(list_name, row_key)
        return None if row is None else self.trace(self.view(list_name), row)

    def findings(self) -> list[Finding]:
        """Return the findings, open ones first."""
        return findings.findings(self.conn, self.rules.duties, self.rules.units, schema=self.schema)

    def look(self, state: str = "", limit: int | None = None) -> Looked:
        """Return the first findings in a state, or in any, and how many there are in each."""
        return findings.look(self.conn, self.between(), schema=self.schema, state=state, limit=limit)

    def between(self) -> Sequence[Line]:
        """Return what comparing entities shows in this snapshot."""
        return findings.between(self.conn, self.rules.duties, self.rules.units, schema=self.schema)

    def rejections(self, bureau: str | None = None, *, limit: int = 1000, outcomes: tuple[str, ...] = ("rejected", "held")) -> list[Rejection]:
        """Return rejected and held records, the latest first."""
        return log.rejections(self.conn, bureau, limit=limit, outcomes=outcomes)

    def rejection(self, event_id: str) -> Rejection | None:
        """Return the record that was not taken under this event id."""
        return next(iter(log.rejections(self.conn, limit=1, event_id=event_id)), None)

    def event(self, event_id: str) -> Event | None:
        """Find an event by its id."""
        return log.event(self.conn, event_id)

    def positions(self) -> list[Position]:
        """Return every topic's position."""
        return log.positions(self.conn)

    def balance(self) -> list[Balance]:
        """Return the published balance of every topic."""
        return log.balance(self.conn)

    def unfolded(self) -> list[Unfolded]:
        """Return the entities whose rows are missing, for their statements do not fold together."""
        return log.unfolded(self.conn, schema=self.schema)

    def submissions(self, month: str) -> list[Submission]:
        """Return what is known of the submissions of *month*."""
        return lists.submissions(self.conn, month, view=self.view("submissions"), schema=self.schema)

    def returned(self, month: str) -> list[Returned]:
        """Return what goes back to the bureaus of *month*, and of workbooks that tell no month."""
        return lists.returned(self.conn, month, view=self.view("returns"), schema=self.schema)

    def closed_months(self) -> dict[str, str]:
        """Return month → time of its close (UTC, ISO); a store in which nothing was ever closed has none."""
        kept = tables.month
        if not snapshot.exists(self.conn, f"{kept.schema}.{kept.name}"):
            return {}
        chosen = sa.select(kept.c.month, kept.c.closed_at).where(kept.c.closed_at.is_not(None)).order_by(kept.c.month)
        return {month: closed_at.isoformat() for month, closed_at in self.conn.execute(chosen)}

    def month_under_review(self, today: date) -> str:
        """Return the month that coordinators work on."""
        return deadlines.month_under_review(self.closed_months(), self.choices("submissions", ["month"])["month"], today)

    def report(self, month: str) -> Report:
        """Return the report of a closed month, read from its row and not worked out again."""
        return snapshot.decode(snapshot.stored(self.conn, month, report=True))

    def figure_rows(self, month: str, source: Source, *, limit: int, offset: int = 0) -> FigureRows:
        """Return the rows behind a figure of a closed month: as frozen at the close where they are kept."""
        kept = month in self.closed_months()
        closed = snapshot.stored(self.conn, month) if kept else None
        found = lists_of(self.schema) if closed is None else snapshot.lists_closed(closed)
        rows = rows_of(self.conn, source, found, limit, offset)
        cut = None if closed is None else closed["cut"]
        events = provenance.behind(self.conn, found.view(source.list), rows, schema=self.schema, below=cut) if rows else {}
        return FigureRows(tuple(rows), kept, events)


@contextmanager
def reading(engine: sa.Engine, schema: str = LIVE, *, temporary: bool = False) -> Iterator[sa.Connection]:
    """Open a read-only REPEATABLE READ transaction in which a views schema stays as it is; nothing done in it can write.

    Args:
        engine: the store.
        schema: the views schema.
        temporary: let tables of the transaction's own be made, which a read-only one refuses; it is taken back in the end.

    Raises:
        StoreUnavailableError: the store holds no such views.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=not temporary) as conn:
        if not snapshot.hold(conn, schema):
            raise StoreUnavailableError(f"there are no views {schema}")
        for setting in ("datestyle = 'ISO'", "timezone = 'UTC'", "jit = off"):
            conn.execute(sa.text(f"SET LOCAL {setting}"))
        yield conn
