"""What the reading commands share: a read-only snapshot of the store, and the figures of a closed or an open month."""

import calendar
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import sqlalchemy as sa

from exchange_hub.cli.compose import Hub
from exchange_hub.programme.district import District
from exchange_hub.programme.figures import definitions
from exchange_hub.reports.catalogue import Catalogue, present
from exchange_hub.reports.closed import snapshot
from exchange_hub.reports.closed.close import positions
from exchange_hub.reports.evaluate import evaluate
from exchange_hub.reports.gather import gather
from exchange_hub.reports.inputs import silent_scopes
from exchange_hub.reports.model import Figure
from exchange_hub.reports.sql import Lists, lists_of
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.views.tables import LIVE


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One read-only transaction, for those who ask through SQLAlchemy and those who ask the driver."""

    sql: sa.Connection
    driver: psycopg.Connection


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
def snapshot_of(url: str) -> Iterator[Snapshot]:
    """Open a read-only REPEATABLE READ transaction.

    Raises:
        RuntimeProblem: the store has no views yet.
    """
    engine = engine_of(url).execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with engine.connect() as conn:
        if not snapshot.hold(conn, LIVE):
            raise RuntimeProblem(
                "The store holds no views yet.", where=f"schema {LIVE}", remedy="Start the hub once with `hub up`."
            )
        for setting in ("datestyle = 'ISO'", "timezone = 'UTC'", "jit = off"):
            conn.execute(sa.text(f"SET LOCAL {setting}"))
        driver = conn.connection.driver_connection
        if not isinstance(driver, psycopg.Connection):
            raise TypeError("the engine does not use psycopg")
        yield Snapshot(conn, driver)


def today(hub: Hub) -> date:
    """Return today's date where the district is."""
    return datetime.now(ZoneInfo(hub.district.profile.time_zone)).date()


def month_under_review(conn: sa.Connection, day: date) -> str:
    """Return the month after the last closed one, at most the month of *day*."""
    closed = snapshot.months(conn)
    present = f"{day:%Y-%m}"
    if not closed:
        return present
    year, number = int(closed[-1][:4]), int(closed[-1][5:])
    return min(f"{year + number // 12}-{number % 12 + 1:02d}", present)


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
    as_of = last_day(month)
    frame, cells, _ = gather(conn, LIVE, district, month, as_of)
    figures = evaluate(definitions(frame), cells, silent_scopes(district, frame, cells))
    stamp = snapshot.view_stamp(conn, LIVE) or {}
    return Figures(month, as_of, False, lists_of(LIVE), present(district), positions(conn), stamp, figures)


def last_day(month: str) -> date:
    """Return the last day of ``YYYY-MM``.

    Raises:
        KeyError: it is not a month.
    """
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise KeyError(f"“{month}”不是月份,应写作 YYYY-MM") from error
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def names_of(district: District) -> Mapping[str, str]:
    """Return bureau code → Chinese name."""
    return {bureau.code: bureau.name for bureau in district.bureaus}


def shown_facts(facts: Mapping[str, Any], money: tuple[str, ...], maps: tuple[str, ...]) -> dict[str, Any]:
    """Return facts with fen turned into yuan; empty ones are left out."""
    from exchange_hub.cli.output import yuan

    found: dict[str, Any] = {}
    for name, value in facts.items():
        if value in (None, "", [], {}):
            continue
        if name in money:
            found[name] = yuan(value)
        elif name in maps:
            found[name] = {key: yuan(fen) for key, fen in value.items()}
        else:
            found[name] = value
    return found
