"""``hub config``, ``hub rules`` and ``hub bureau``: what this installation and its district are set to."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, get_args

import click

from exchange_contracts import vocabulary
from exchange_contracts.topics import events_topic
from exchange_hub.cli import output, reading
from exchange_hub.cli.compose import Hub
from exchange_hub.cli.program import make_topics, open_servers, plain_errors
from exchange_hub.programme.calendar import CalendarError
from exchange_hub.programme.district import FILES, District, DistrictError
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
    """Return what a precedence rule may name beside columns: rows that are taken whole are ranked by their series."""
    ranked = any(kind.apart[list_name].ranked_by == "series" for kind in KINDS.values() if list_name in kind.apart)
    return get_args(vocabulary.Series) if ranked else ()


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


@click.group()
def bureau() -> None:
    """Add a bureau to the district."""


@bureau.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only validate; write nothing.")
@click.option("--no-topics", is_flag=True, help="Do not make the topics now; `hub up` makes them at its start.")
def add(*, file: Path, dry_run: bool, no_topics: bool) -> None:
    """Add the [[bureau]] entries of FILE (TOML) to the district's bureaus.toml, and make their topics.

    The file is validated together with the whole district first. Comments of both files are kept.
    """
    with plain_errors():
        settings = Settings()
        text = with_bureaus(settings.district, file)
        entries = tomllib.loads(file.read_text(encoding="utf-8"))["bureau"]
        codes = [str(entry["code"]) for entry in entries]
        if dry_run:
            click.echo(f"valid: {', '.join(codes)}; nothing was written")
            return
        replace_text(settings.district / "bureaus.toml", text)
        click.echo(f"added to {settings.district / 'bureaus.toml'}: {', '.join(codes)}")
        hub = Hub.load(settings)
        if not no_topics:
            with open_servers(hub) as servers:
                make_topics(hub, servers.bootstrap_servers)
            click.echo("topics are there: " + ", ".join(events_topic(hub.district.id, c) for c in codes if c in hub.district.publishers()))
    click.echo("a running `hub up` takes it up within seconds, nothing is stopped; workers that run without it are to be started again")


def with_bureaus(folder: Path, file: Path) -> str:
    """Return the text of bureaus.toml with the entries of *file* behind it, validated as a part of the district.

    Raises:
        DistrictError: the file holds something else, or the district would have problems; all are listed.
    """
    try:
        more = file.read_text(encoding="utf-8")
        entries = tomllib.loads(more)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DistrictError([f"{file}: is not TOML in UTF-8: {error}"]) from error
    if list(entries) != ["bureau"] or not isinstance(entries["bureau"], list) or not entries["bureau"]:
        raise DistrictError([f"{file}: must hold [[bureau]] entries and nothing else"])
    District.load(folder)
    tables: dict[str, Mapping[str, Any]] = {
        name: tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")) for name in FILES
    }
    text = (folder / "bureaus.toml").read_text(encoding="utf-8").rstrip("\n") + "\n\n" + more.strip("\n") + "\n"
    tables["bureaus"] = tomllib.loads(text)
    district = District.of(tables)
    problems = [*_code_problems(district, [entry.get("code") for entry in entries["bureau"]])]
    if problems:
        raise DistrictError(problems)
    return text


def _code_problems(district: District, added: list[Any]) -> Iterator[str]:
    for code in added:
        try:
            events_topic(district.id, code)
        except ValueError:
            yield f"bureaus.toml: {code!r} cannot stand in a topic name: a-z, 0-9 and hyphens, 2 to 40 characters"
    for entry in district.bureaus:
        if entry.code in added:
            yield from (f"bureaus.toml: {entry.code}: there is no list {name}" for name in entry.lists if name not in BY_NAME)


def replace_text(path: Path, text: str) -> None:
    """Replace a file as a whole, with the mode it had; a crash leaves the old one or the new one."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(path.stat().st_mode & 0o777)
    with draft.open("rb") as handle:
        os.fsync(handle.fileno())
    draft.replace(path)
