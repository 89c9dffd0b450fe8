"""All questions to one snapshot of the store: those of ``views.queries``, and those of the closed months."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa

from exchange_hub.programme import deadlines
from exchange_hub.reports.closed import snapshot, tables
from exchange_hub.reports.model import Report, Source
from exchange_hub.reports.sql import lists_of
from exchange_hub.reports.trace import rows_of
from exchange_hub.views.queries import provenance
from exchange_hub.views.queries.answers import Event, Row
from exchange_hub.views.queries.reading import ListQueries


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
class Queries(ListQueries):
    """Questions to one read-only snapshot, the closed months among them."""

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
