"""What the reading commands share: a read-only snapshot of the store, and the figures of a closed or an open month."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from exchange_contracts.bounds import YEAR_MAX, YEAR_MIN
from exchange_hub.processes.compose import Hub
from exchange_hub.programme.district import District
from exchange_hub.programme.figures import definitions
from exchange_hub.programme.period import Period, is_month
from exchange_hub.reports import queries
from exchange_hub.reports.catalogue import Catalogue, present
from exchange_hub.reports.closed import snapshot
from exchange_hub.reports.closed.cuts import positions
from exchange_hub.reports.evaluate import evaluate
from exchange_hub.reports.gather import gather
from exchange_hub.reports.meaning import meanings
from exchange_hub.reports.model import Figure
from exchange_hub.reports.owed import Owed
from exchange_hub.reports.queries import Queries
from exchange_hub.reports.sql import Lists, lists_of
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.terminal import visible
from exchange_hub.views.dated import dated
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import ListView
from exchange_hub.views.queries.answers import StoreUnavailableError
from exchange_hub.views.tables import LIVE


class Month(click.ParamType):
    """A month written ``YYYY-MM``."""

    name = "month"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the month, or refuse it in words."""
        if not is_month(value):
            self.fail(f"“{visible(value)}”不是月份；应写作 2026-10 的形式，在 {YEAR_MIN} 年至 {YEAR_MAX} 年之间。", param, ctx)
        return value


MONTH = Month()


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
def snapshot_of(hub: Hub, url: str, schema: str = LIVE, views: Mapping[str, ListView] = BY_NAME, year: str = "") -> Iterator[Queries]:
    """Open a read-only snapshot of the store.

    Args:
        hub: whose rules tell whose each column is.
        url: the store.
        schema: views schema to read.
        views: list by name, as that schema was filled.
        year: the year in which the reader stands; empty takes the latest that a list speaks of.

    Raises:
        RuntimeProblem: the store has no views yet.
    """
    try:
        with queries.reading(engine_of(url)) as conn:
            yield Queries(conn, hub.rules(), schema, views, year)
    except StoreUnavailableError as error:
        raise no_views(error) from error


def no_views(error: StoreUnavailableError) -> RuntimeProblem:
    """Say to an operator that nothing has been filled yet."""
    return RuntimeProblem("The store holds no views yet.", where=str(error), remedy="Start the hub once with `hub up`.")


def today(hub: Hub) -> date:
    """Return today's date where the district is."""
    return datetime.now(ZoneInfo(hub.district.profile.time_zone)).date()


@contextmanager
def dated_snapshot(hub: Hub, url: str, day: date, *, all_said: bool = False) -> Iterator[Queries]:
    """Open a snapshot in which the lists read as of *day*, or show all that is said.

    Raises:
        RuntimeProblem: the store has no views yet.
    """
    try:
        with queries.reading(engine_of(url), temporary=True) as conn, dated(snapshot.cursor_of(conn), None if all_said else hub.context_at(url), LIVE, day) as schema:
            yield Queries(conn, hub.rules(), schema, year=f"{day:%Y}", day=None if all_said else day)
    except StoreUnavailableError as error:
        raise no_views(error) from error


@contextmanager
def month_of(hub: Hub, url: str, month: str | None, *, live: bool = False) -> Iterator[tuple[Queries, Figures]]:
    """Open a month, the one under review where none is named: as it was closed, else by the lists as of its last day.

    Args:
        hub: the hub.
        url: the store.
        month: ``YYYY-MM``.
        live: take what is said now also for a closed month, as of the day for which it was closed.
    """
    with snapshot_of(hub, url) as at:
        chosen = month or at.month_under_review(today(hub))
        closed = snapshot.stored(at.conn, chosen) if chosen in at.closed_months() else None
        if closed is not None and not live:
            yield at, _closed_figures(closed)
            return
    day = Period(chosen).last_day if closed is None else closed["as_of"]
    with dated_snapshot(hub, url, day, all_said=closed is not None and not closed["dated"]) as at:
        yield at, _figures_now(at, hub.district, chosen, day)


def _closed_figures(row: Mapping[str, Any]) -> Figures:
    report = snapshot.decode(row)
    lists, day = snapshot.lists_closed(row), row["as_of"] if row["dated"] else None
    return Figures(row["month"], row["as_of"], True, lists, report.catalogue, row["cut"], row["stamp"], report.figures, day)


def _figures_now(at: Queries, district: District, month: str, day: date) -> Figures:
    frame, cells, _ = gather(at.conn, at.schema, district, month, day)
    defined, catalogue = definitions(frame), present(district)
    figures = evaluate(defined, cells, Owed(district, frame, cells).standing)
    catalogue = replace(catalogue, meanings=meanings(defined, figures, catalogue, district, month))
    stamp = snapshot.view_stamp(at.conn, LIVE) or {}
    return Figures(month, day, False, lists_of(at.schema), catalogue, positions(at.conn), stamp, figures, at.day)


def names_of(district: District) -> Mapping[str, str]:
    """Return bureau code → Chinese name."""
    return {bureau.code: bureau.name for bureau in district.bureaus}
