"""``hub doctor``: is everything as it has to be, and if not, what to do."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
import orjson
import psycopg
import sqlalchemy as sa

from exchange_hub.cli import output
from exchange_hub.cli.errors import plain_errors
from exchange_hub.cli.examination import MACHINE, STORE, Answer, Machine, Patient, asked, ok
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.program import open_servers
from exchange_hub.programme.district import DistrictError
from exchange_hub.runtime.logs import without_passwords
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.servers import find
from exchange_hub.runtime.settings import Settings
from exchange_hub.runtime.topics import administration
from exchange_hub.views.store.district import AnotherDistrictError
from exchange_hub.views.store.setup import connect

_COLOURS = {"OK": "green", "WARN": "yellow", "FAIL": "red"}
#: Where a district cannot be read, dates are taken here.
_ZONE = "Asia/Shanghai"


@click.command()
@click.option("--start", is_flag=True, help="Start the hub's own servers for the examination where they do not run.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), help="Default: lines on a terminal, else json.")
def doctor(*, start: bool, form: str | None) -> None:
    """Check this installation in order, each line OK, WARN or FAIL with what to do; exit code 1 on a FAIL."""
    as_json = output.chosen(form) == "json"
    failed = False
    with plain_errors():
        for answer in examined(Settings(), start=start):
            failed |= answer.level == "FAIL"
            if as_json:
                click.echo(orjson.dumps(asdict(answer)).decode())
                continue
            click.echo(f"{click.style(f'{answer.level:4}', fg=_COLOURS[answer.level])}  {answer.check:<10}  {answer.found}")
            if answer.remedy:
                click.echo(f"                  → {answer.remedy}")
    sys.exit(1 if failed else 0)


def examined(settings: Settings, *, start: bool = False) -> Iterator[Answer]:
    """Ask every question that can be asked."""
    today = datetime.now(UTC).astimezone(ZoneInfo(_ZONE)).date()
    known = find(settings)
    yield from asked(MACHINE, Machine(settings, today, runs=known is not None))
    try:
        hub = Hub.load(settings)
    except DistrictError:
        return
    if known is None and not start:
        yield from _named(settings)
        yield Answer("WARN", "servers", "Kafka and PostgreSQL do not run here", "Start `hub up`, or ask with --start; the store was not looked at.")
        return
    with ExitStack() as opened:
        try:
            servers = opened.enter_context(open_servers(hub))
            conn = opened.enter_context(connect(servers.database_url, "hub doctor"))
            sql = opened.enter_context(engine_of(servers.database_url, "hub doctor").execution_options(isolation_level="AUTOCOMMIT").connect())
            admin = opened.enter_context(administration(servers.bootstrap_servers, hub.settings.kafka))
        except RuntimeProblem as problem:
            yield Answer("FAIL", "servers", f"{problem.what} ({problem.where})", problem.remedy)
            return
        except AnotherDistrictError as error:
            yield Answer("FAIL", "servers", error.what, error.remedy)
            return
        except (psycopg.Error, sa.exc.DBAPIError) as error:
            yield Answer("FAIL", "servers", str(error).splitlines()[0], "Check that PostgreSQL runs and HUB_DATABASE__URL.")
            return
        where = "started for this examination" if servers.started_here else servers.bootstrap_servers
        yield ok("servers", f"Kafka and PostgreSQL {_version(conn)} answer ({where})")
        yield from asked(STORE, Patient(hub, servers, conn, sql, admin, today))


def _named(settings: Settings) -> Iterator[Answer]:
    """Ask those servers that settings name, where the others do not run: what is named has to answer."""
    if settings.kafka.bootstrap_servers:
        try:
            with administration(settings.kafka.bootstrap_servers, settings.kafka):
                yield ok("kafka", f"answers ({settings.kafka.bootstrap_servers})")
        except RuntimeProblem as problem:
            yield Answer("FAIL", "kafka", f"{problem.what} ({problem.where})", problem.remedy)
    if settings.database.url:
        try:
            with connect(settings.database.url.get_secret_value(), "hub doctor") as conn:
                yield ok("database", f"PostgreSQL {_version(conn)} answers")
        except psycopg.Error as error:
            words = without_passwords(next(iter(str(error).splitlines()), type(error).__name__))
            yield Answer("FAIL", "database", words, "Check that PostgreSQL runs and HUB_DATABASE__URL.")


def _version(conn: psycopg.Connection) -> str:
    number = conn.info.server_version
    return f"{number // 10000}.{number % 10000}"
