"""``hub config`` and ``hub rules``: what this installation and its district are set to."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date

import click

from exchange_hub.cli import output, reading
from exchange_hub.cli.errors import plain_errors
from exchange_hub.processes.compose import Hub
from exchange_hub.programme.calendar import CalendarError
from exchange_hub.programme.district import District
from exchange_hub.runtime.settings import Settings, describe
from exchange_hub.views.lists import BY_NAME, KINDS

_HEADINGS = {"name": "setting", "value": "value", "default": "default", "source": "source", "meaning": "meaning"}


@click.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), help="Default: table on a terminal, else json.")
def config(*, form: str | None) -> None:
    """Show every setting with its value, default, meaning and where the value comes from; secrets are masked."""
    with plain_errors():
        output.lines("settings", [asdict(line) for line in describe(Settings())], _HEADINGS, form, None)


@click.group()
def rules() -> None:
    """Check what the district decides: precedence, calendar, duties.

    A rule here is a line of the district's folder: whose statement wins for a list and field (precedence.toml), which
    days are worked (calendar.toml), who owes which list (submissions.toml). Dated rule packs with amounts and limits
    are not part of this version.
    """


@rules.command()
def check() -> None:
    """Check the district's folder as a whole: codes, lists and fields that exist, and the calendar of the coming year."""
    with plain_errors():
        settings = Settings()
        district = District.load(settings.district)
        problems = [*precedence_problems(district)]
        today = reading.today(Hub(settings, district))
        warnings = [*calendar_warnings(district, today)]
    for line in problems:
        click.echo(f"problem: {line}", err=True)
    for line in warnings:
        click.echo(f"warning: {line}", err=True)
    if problems:
        raise SystemExit(1)
    click.echo(
        f"{district.name}: {len(district.bureaus)} bureaus, {len(district.precedence)} precedence rules, "
        f"{len(district.duties)} duties, calendar {min(district.calendar.years)}–{max(district.calendar.years)}: no problem"
    )


def _series(list_name: str) -> tuple[str, ...]:
    """Return what a precedence rule may name beside columns: rows that are taken whole are ranked by one of their values."""
    return tuple(field for kind in KINDS.values() if list_name in kind.apart for field in kind.apart[list_name].fields)


def precedence_problems(district: District) -> Iterator[str]:
    """Yield precedence rules, duties and debtors that name a list or field which the catalogue does not have."""
    for rule in district.precedence:
        if rule.list not in BY_NAME:
            yield f"precedence.toml: {rule.list}.{rule.field}: there is no list {rule.list}"
        elif rule.field != "*" and rule.field not in {*_series(rule.list), *(column.name for column in BY_NAME[rule.list].columns)}:
            yield f"precedence.toml: {rule.list}.{rule.field}: the list has no column {rule.field}"
    named = [*(duty.list for duty in district.duties), *(debtor.list for debtor in district.debtors)]
    yield from (f"submissions.toml: there is no list {name}" for name in dict.fromkeys(named) if name not in BY_NAME)


def calendar_warnings(district: District, today: date) -> Iterator[str]:
    """Yield what the calendar lacks: next year from October on, and a term that cannot be counted from *today*."""
    if words := district.calendar.warning(today):
        yield words
    try:
        district.due_on(today)
    except CalendarError as error:
        yield f"a document received today has no due date: {error}"
