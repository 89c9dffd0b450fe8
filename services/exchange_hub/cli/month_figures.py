"""The figures of a closed or an open month, for the commands that show, trace and hand them over."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from exchange_hub.cli.reading import dated_snapshot, snapshot_of, today
from exchange_hub.processes.compose import Hub
from exchange_hub.programme.district import District
from exchange_hub.programme.period import Period
from exchange_hub.reports.build import figures_of
from exchange_hub.reports.catalogue import Catalogue
from exchange_hub.reports.closed import snapshot
from exchange_hub.reports.closed.cuts import positions
from exchange_hub.reports.gather import gather
from exchange_hub.reports.model import Figure
from exchange_hub.reports.queries import Queries
from exchange_hub.reports.sql import Lists, lists_of
from exchange_hub.views.queries.reading import ListQueries
from exchange_hub.views.tables import LIVE


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a month, and where the rows behind them stand.

    Attributes:
        month: ``YYYY-MM``.
        as_of: date for which ageing and overdue are worked out.
        closed: whether these are the figures that were closed.
        lists: the lists of the rows: those as of the month's day, or the frozen ones by the entries of their time.
        catalogue: what the lists and figures are called.
        cut: topic → next offset below which events count.
        stamp: code version, contracts digest, configuration digest of the rows.
        figures: by id.
        day: date as of which the rows read; ``None`` where all that is said counts.
    """

    month: str
    as_of: date
    closed: bool
    lists: Lists
    catalogue: Catalogue
    cut: Mapping[str, int]
    stamp: Mapping[str, str]
    figures: Mapping[str, Figure]
    day: date | None


@contextmanager
def month_of(hub: Hub, url: str, month: str | None, *, live: bool = False) -> Iterator[tuple[Queries, Figures]]:
    """Open a month, the one under review where none is named: as it was closed, else by the lists as of its last day.

    Args:
        hub: the hub.
        url: the store.
        month: ``YYYY-MM``.
        live: take what is said now also for a closed month, as of the day for which it was closed.
    """
    with snapshot_of(hub, url) as opened:
        at = _with_months(opened)
        chosen = month or at.month_under_review(today(hub))
        closed = snapshot.stored(at.conn, chosen, report=True) if chosen in at.closed_months() else None
        if closed is not None and not live:
            yield at, _closed_figures(closed)
            return
    day = Period(chosen).last_day if closed is None else closed["as_of"]
    with dated_snapshot(hub, url, day, all_said=closed is not None and not closed["dated"]) as opened:
        at = _with_months(opened)
        yield at, _figures_now(at, hub.district, chosen, day)


def _closed_figures(row: Mapping[str, Any]) -> Figures:
    report = snapshot.decode(row)
    lists, day = snapshot.lists_closed(row), row["as_of"] if row["dated"] else None
    return Figures(row["month"], row["as_of"], True, lists, report.catalogue, row["cut"], row["stamp"], report.figures, day)


def _figures_now(at: Queries, district: District, month: str, day: date) -> Figures:
    frame, cells, _ = gather(at.conn, at.schema, district, month, day)
    figures, catalogue = figures_of(district, frame, cells)
    stamp = snapshot.view_stamp(at.conn, LIVE) or {}
    return Figures(month, day, False, lists_of(at.schema), catalogue, positions(at.conn), stamp, figures, at.day)


def _with_months(at: ListQueries) -> Queries:
    return Queries(at.conn, at.rules, at.schema, at.views, at.year, at.day)
