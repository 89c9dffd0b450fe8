"""What the reading commands share: months, and a read-only snapshot of the store; nothing of reports is loaded for it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

import click

from exchange_contracts.bounds import YEAR_MAX, YEAR_MIN
from exchange_hub.processes.compose import Hub
from exchange_hub.programme.district import District
from exchange_hub.programme.period import is_month
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.terminal import visible
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import ListView
from exchange_hub.views.queries.answers import StoreUnavailableError
from exchange_hub.views.queries.log import driver_of
from exchange_hub.views.queries.reading import ListQueries, reading
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


@contextmanager
def snapshot_of(hub: Hub, url: str, schema: str = LIVE, views: Mapping[str, ListView] = BY_NAME, year: str = "") -> Iterator[ListQueries]:
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
        with reading(engine_of(url)) as conn:
            yield ListQueries(conn, hub.rules(), schema, views, year)
    except StoreUnavailableError as error:
        raise no_views(error) from error


def no_views(error: StoreUnavailableError) -> RuntimeProblem:
    """Say to an operator that nothing has been filled yet."""
    return RuntimeProblem("The store holds no views yet.", where=str(error), remedy="Start the hub once with `hub up`.")


def today(hub: Hub) -> date:
    """Return today's date where the district is."""
    return datetime.now(ZoneInfo(hub.district.profile.time_zone)).date()


@contextmanager
def dated_snapshot(hub: Hub, url: str, day: date, *, all_said: bool = False) -> Iterator[ListQueries]:
    """Open a snapshot in which the lists read as of *day*, or show all that is said.

    Raises:
        RuntimeProblem: the store has no views yet.
    """
    from exchange_hub.views.dated import dated

    try:
        with reading(engine_of(url), temporary=True) as conn, dated(driver_of(conn).cursor(), None if all_said else hub.context_at(url), LIVE, day) as schema:
            yield ListQueries(conn, hub.rules(), schema, year=f"{day:%Y}", day=None if all_said else day)
    except StoreUnavailableError as error:
        raise no_views(error) from error


def names_of(district: District) -> Mapping[str, str]:
    """Return bureau code → Chinese name."""
    return {bureau.code: bureau.name for bureau in district.bureaus}
