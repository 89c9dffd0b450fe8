"""``hub report``: a closed month is rendered from what was kept."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import click

from exchange_hub.cli import output
from exchange_hub.cli.errors import plain_errors
from exchange_hub.cli.reading import MONTH
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.program import settle_interpreter
from exchange_hub.processes.serving import serving
from exchange_hub.reports.closed import snapshot
from exchange_hub.reports.model import Report
from exchange_hub.reports.render import details
from exchange_hub.reports.render.json_report import render_json
from exchange_hub.reports.render.xlsx_report import write_xlsx
from exchange_hub.runtime.migrating import engine_of


@dataclass(frozen=True, slots=True)
class Artefacts:
    """The three files of a month's report, and those of lists too long for the workbook."""

    docx: Path
    xlsx: Path
    json: Path
    details: tuple[Path, ...] = ()


def write_report(hub: Hub, database_url: str, month: str, folder: Path, issued_on: date | None = None) -> Artefacts:
    """Render the artefacts of a closed month, as it was closed, into *folder*; the printed one names the day of issue, else the day of the close."""
    report = snapshot.load(engine_of(database_url), month)
    names = {bureau.code: bureau.name for bureau in hub.district.bureaus}
    output.folder(folder)
    files = Artefacts(folder / "report.docx", folder / "annex.xlsx", folder / "report.json", tuple(folder / name for name in details.beside(report)))
    with ThreadPoolExecutor(2, "annex") as beside:
        long = beside.submit(_write_details, report, files.details, names)
        annex = beside.submit(_write_annex, report, files.xlsx, names)
        # Loaded now: what draws and lays out takes a second to load, in which the database sorts a long annex.
        from exchange_hub.reports.render.docx_report import render_docx

        rendered = {files.docx: render_docx(report, names, issued_on), files.json: render_json(report)}
        for path, content in rendered.items():
            with output.replacing(path) as draft:
                draft.write_bytes(content)
        annex.result()
        long.result()
    return files


def _write_details(report: Report, paths: Sequence[Path], names: Mapping[str, str]) -> None:
    for path, annex in zip(paths, details.beside(report).values(), strict=True):
        with output.replacing(path) as draft:
            details.write_details(report, annex, draft, names)


def _write_annex(report: Report, path: Path, names: Mapping[str, str]) -> None:
    with output.replacing(path) as draft:
        write_xlsx(report, draft, names)


@click.command()
@click.argument("month", metavar="MONTH", type=MONTH)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="目录；缺省：数据目录下的 reports/MONTH。")
@click.option("--issued", metavar="YYYY-MM-DD", type=click.DateTime(["%Y-%m-%d"]), help="印发日期；缺省：结账日。")
def report(*, month: str, out: Path | None, issued: datetime | None) -> None:
    """按结账时的数据生成 MONTH 的专报：report.docx、annex.xlsx 和 report.json。"""
    with plain_errors():
        hub = Hub.load()
        settle_interpreter()
        with serving(hub) as url:
            try:
                files = write_report(hub, url, month, out or hub.reports_folder / month, issued.date() if issued else None)
            except snapshot.NotClosedError as error:
                raise click.ClickException(f"{month} 尚未结账，请先运行 hub close {month}") from error
    for path in (files.docx, files.xlsx, files.json, *files.details):
        click.echo(str(path))
