"""``hub close``, ``hub report`` and ``hub diff``: a month is closed once, rendered from what was kept, and explained after."""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import click
import sqlalchemy as sa
from exchange_connectors.kit.publisher import Publisher
from exchange_contracts.events import MonthClosed
from exchange_contracts.topics import COORDINATION

from exchange_hub.cli import output
from exchange_hub.cli.compose import Hub
from exchange_hub.cli.program import open_servers, plain_errors, serving
from exchange_hub.reports import close as closing
from exchange_hub.reports import diff as restating
from exchange_hub.reports import snapshot
from exchange_hub.reports.model import Figure
from exchange_hub.reports.render_docx import render_docx
from exchange_hub.reports.render_json import decimal_text, render_json
from exchange_hub.reports.render_xlsx import write_xlsx
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.runtime.servers import Servers
from exchange_hub.runtime.topics import administration, end_offsets

#: Source under which the hub's own program publishes on the coordination topic.
SOURCE = "hub-close"
ACKNOWLEDGE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Artefacts:
    """The three files of a month's report."""

    docx: Path
    xlsx: Path
    json: Path


def last_day(month: str) -> date:
    """Return the last day of ``YYYY-MM``."""
    year, number = (int(part) for part in month.split("-"))
    return date(year, number, calendar.monthrange(year, number)[1])


def close_month(
    hub: Hub, servers: Servers, month: str, *, as_of: date | None = None, reason: str | None = None, timeout_seconds: float
) -> closing.Closed:
    """Close a month on running servers: read end offsets, wait for the views, freeze, publish ``MonthClosed``."""
    engine = engine_of(servers.database_url)
    with administration(servers.bootstrap_servers, hub.settings.kafka) as admin:
        ends = end_offsets(admin, list(hub.event_topics))
    closing.wait_until_reached(engine, ends, timeout_seconds)
    closed = closing.close(
        engine, hub.district, closing.Closing(month, as_of or last_day(month), datetime.now(UTC), ends, reason=reason)
    )
    publish_closed(hub, servers, engine, month)
    return closed


def publish_closed(hub: Hub, servers: Servers, engine: sa.Engine, month: str) -> None:
    """Publish ``MonthClosed`` from what was kept; the same event again is a harmless duplicate."""
    with engine.connect() as conn:
        row = snapshot.stored(conn, month)
    event = MonthClosed(
        bureau=COORDINATION, source=SOURCE, entity_key=month, revision=1, occurred_on=row["as_of"],
        recorded_at=row["closed_at"], month=month, cut=row["cut"], figures_digest=row["figures_digest"],
        stamp=row["stamp"], as_of=row["as_of"],
    )  # fmt: skip
    spool = hub.settings.data_folder / "spool" / "coordination.sqlite"
    spool.parent.mkdir(parents=True, exist_ok=True)
    with Publisher(hub.connector_kafka(servers.bootstrap_servers), hub.district.id, COORDINATION, spool) as publisher:
        publisher.publish(event)
        publisher.flush(ACKNOWLEDGE_SECONDS)


def write_report(hub: Hub, database_url: str, month: str, folder: Path) -> Artefacts:
    """Render the three artefacts of a closed month, as it was closed, into *folder*."""
    report = snapshot.load(engine_of(database_url), month)
    names = {bureau.code: bureau.name for bureau in hub.district.bureaus}
    folder.mkdir(parents=True, exist_ok=True)
    files = Artefacts(folder / "report.docx", folder / "annex.xlsx", folder / "report.json")
    files.docx.write_bytes(render_docx(report, names))
    write_xlsx(report, files.xlsx, names)
    files.json.write_bytes(render_json(report))
    return files


@click.command()
@click.argument("month", metavar="MONTH")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Date for ageing and overdue; default: the month's last day.")
@click.option("--reason", help="Why the month is closed although events are held.")
@click.option("--timeout", "timeout_seconds", type=float, default=300.0, show_default=True, help="Seconds to wait for the views.")
def close(*, month: str, as_of: datetime | None, reason: str | None, timeout_seconds: float) -> None:
    """Close MONTH (YYYY-MM): freeze lists and figures for good, and publish MonthClosed."""
    with plain_errors():
        hub = Hub.load()
        with open_servers(hub) as servers:
            try:
                closed = close_month(
                    hub, servers, month, as_of=as_of.date() if as_of else None, reason=reason, timeout_seconds=timeout_seconds
                )
            except closing.AlreadyClosedError as error:
                publish_closed(hub, servers, engine_of(servers.database_url), month)
                raise click.ClickException(str(error)) from error
            except closing.CloseError as error:
                raise click.ClickException(str(error)) from error
    rows = sum(closed.counts.values())
    click.echo(f"{month} 已关账:{rows} 行清单、{len(closed.report.figures)} 个数字,数字摘要 {closed.figures_digest[:16]}")


@click.command()
@click.argument("month", metavar="MONTH")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder; default: reports/MONTH in the data folder.")
def report(*, month: str, out: Path | None) -> None:
    """Render the report of closed MONTH as report.docx, annex.xlsx and report.json, as it was closed."""
    with plain_errors():
        hub = Hub.load()
        with serving(hub) as url:
            try:
                files = write_report(hub, url, month, out or hub.reports_folder / month)
            except snapshot.NotClosedError as error:
                raise click.ClickException(f"{month} 尚未关账,请先运行 hub close {month}") from error
    for path in (files.docx, files.xlsx, files.json):
        click.echo(str(path))


@click.command()
@click.argument("month", metavar="MONTH")
@click.option("--format", "form", type=click.Choice(["table", "json"]), help="Default: table on a terminal, else json.")
def diff(*, month: str, form: str | None) -> None:
    """Explain what would be different now in closed MONTH: figures, causes, bureaus, rows."""
    with plain_errors():
        hub = Hub.load()
        with serving(hub) as url, engine_of(url).connect() as conn, conn.begin():
            try:
                changes = restating.changes(conn, hub.district, month)
            except snapshot.NotClosedError as error:
                raise click.ClickException(f"{month} 尚未关账") from error
    rows = [
        {
            "figure": change.before.id, "unit": change.before.unit, "closed": _value(change.before), "now": _value(change.after),
            "causes": list(change.causes), "bureaus": list(change.bureaus), "rows": list(change.rows),
        }
        for change in changes
    ]  # fmt: skip
    if output.chosen(form) == "json":
        click.echo(output.json_lines(rows), nl=False)
        return
    headings = ["数字", "单位", "关账值", "现值", "原因", "单位", "行"]
    output.table(f"{month} 关账后的变化({len(rows)} 项)", headings, [[output.text(cell) for cell in row.values()] for row in rows])


def _value(figure: Figure) -> str:
    return figure.absent if figure.value is None else decimal_text(figure.value)
