"""What the reading commands share: a read-only snapshot of the store, and the figures of a closed or an open month."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa

from exchange_hub.processes.compose import Hub
from exchange_hub.programme.district import District
from exchange_hub.programme.figures import definitions
from exchange_hub.programme.period import Period
from exchange_hub.reports import queries
from exchange_hub.reports.catalogue import Catalogue, present
from exchange_hub.reports.closed import snapshot
from exchange_hub.reports.closed.close import positions
from exchange_hub.reports.evaluate import evaluate
from exchange_hub.reports.gather import gather
from exchange_hub.reports.meaning import meanings
from exchange_hub.reports.model import Figure
from exchange_hub.reports.owed import Owed
from exchange_hub.reports.queries import Queries
from exchange_hub.reports.sql import Lists, lists_of
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import ListView
from exchange_hub.views.queries.answers import StoreUnavailableError
from exchange_hub.views.tables import LIVE


class Month(click.ParamType):
    """A month written ``YYYY-MM``."""

    name = "month"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the month, or refuse it in words."""
        try:
            return Period(value).month
        except ValueError:
            self.fail(f"{value!r} is no month; write YYYY-MM, for example 2026-10", param, ctx)


MONTH = Month()


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a month, and where the rows behind them stand.

    Attributes:
        month: ``YYYY-MM``.
        as_of: date for which ageing and overdue are worked out.
        closed: whether these are the figures that were closed.
        lists: the lists of the rows: today's views, or the frozen ones by the entries of their time.
        catalogue: what the lists and figures are called.
        cut: topic → next offset below which events count.
        stamp: code version, contracts digest, configuration digest of the rows.
        figures: by id.
    """

    month: str
    as_of: date
    closed: bool
    lists: Lists
    catalogue: Catalogue
    cut: Mapping[str, int]
    stamp: Mapping[str, str]
    figures: Mapping[str, Figure]


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
        raise RuntimeProblem("The store holds no views yet.", where=str(error), remedy="Start the hub once with `hub up`.") from error


def today(hub: Hub) -> date:
    """Return today's date where the district is."""
    return datetime.now(ZoneInfo(hub.district.profile.time_zone)).date()


def figures_of(conn: sa.Connection, district: District, month: str, *, live: bool = False) -> Figures:
    """Return the figures of a month: as closed where it was closed, else as they would be now.

    Args:
        conn: a connection in a reading transaction.
        district: the district's data.
        month: ``YYYY-MM``.
        live: take the present views also for a closed month.
    """
    if not live and month in snapshot.months(conn):
        row = snapshot.stored(conn, month)
        report = snapshot.decode(row)
        lists = snapshot.lists_closed(row)
        return Figures(month, row["as_of"], True, lists, report.catalogue, row["cut"], row["stamp"], report.figures)
    as_of = Period(month).last_day
    frame, cells, _ = gather(conn, LIVE, district, month, as_of)
    defined, catalogue = definitions(frame), present(district)
    figures = evaluate(defined, cells, Owed(district, frame, cells).standing)
    catalogue = replace(catalogue, meanings=meanings(defined, figures, catalogue, district, month))
    stamp = snapshot.view_stamp(conn, LIVE) or {}
    return Figures(month, as_of, False, lists_of(LIVE), catalogue, positions(conn), stamp, figures)


def names_of(district: District) -> Mapping[str, str]:
    """Return bureau code → Chinese name."""
    return {bureau.code: bureau.name for bureau in district.bureaus}
