"""``hub export``: everything for the next system or the archive in one zip, byte for byte the same for one cut."""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import IO, Any

import click
import sqlalchemy as sa
import xlsxwriter

from exchange_contracts import registry
from exchange_hub.cli import contract_pages, output, reading
from exchange_hub.cli.errors import plain_errors
from exchange_hub.cli.month_figures import Figures, month_of
from exchange_hub.console import text_files, workbook_files
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.serving import serving
from exchange_hub.programme.district import FILES
from exchange_hub.reports.model import dump_figure
from exchange_hub.reports.queries import Queries
from exchange_hub.reports.render.json_report import figures_digest
from exchange_hub.reports.sql import Lists
from exchange_hub.views import values
from exchange_hub.views.lists.model import ListView
from exchange_hub.views.queries.answers import Row
from exchange_hub.views.queries.lists import every_row
from exchange_hub.views.values import Filed

FORMAT = 1
#: Time of every entry: a zip that tells when it was written is another one each time.
_TIME = (1980, 1, 1, 0, 0, 0)
_WORKBOOK_TIME = datetime(1980, 1, 1, tzinfo=UTC)
#: Rows of a worksheet at most, without its heading.
SHEET_ROWS_MAX = 1_048_575
_LEADING = ("row_key", "bureaus")


class Package:
    """A zip in the making that remembers the digest of each entry."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.digests: dict[str, str] = {}

    def add(self, name: str, content: bytes) -> None:
        """Add an entry."""
        with self.entry(name) as stream:
            stream.write(content)

    @contextmanager
    def entry(self, name: str) -> Iterator[IO[bytes]]:
        """Open an entry to be written piece by piece."""
        info = zipfile.ZipInfo(name, _TIME)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        info.create_system = 3
        digest = hashlib.sha256()
        with self._archive.open(info, "w", force_zip64=True) as stream:
            yield _Digesting(stream, digest)  # type: ignore[misc]  # only write() is asked of it
        self.digests[name] = digest.hexdigest()


class _Digesting:
    def __init__(self, stream: IO[bytes], digest: Any) -> None:
        self._stream, self._digest = stream, digest

    def write(self, content: bytes) -> int:
        self._digest.update(content)
        return self._stream.write(content)


@click.command()
@click.option("--month", type=reading.MONTH, metavar="YYYY-MM", help="已结账的月份按结账时的数据，未结账的按截至当月最后一天的清单；缺省：当前考核月份，按现在所知。")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="要写入的 zip 文件。")
@click.option("--without-xlsx", is_flag=True, help="只要 CSV：较快，也用于超过一百万行的清单。")
def export(*, month: str | None, out: Path, without_xlsx: bool) -> None:
    """移交：全部清单（CSV 和 Excel）、数字（JSON）、契约和基础数据，打成一个 zip。

    同一截点、同一版本，在任何机器上逐字节相同。
    """
    with plain_errors():
        hub = Hub.load()
        with (
            serving(hub) as url, month_of(hub, url, month, live=month is None) as (at, figures),
            output.replacing(out) as draft, zipfile.ZipFile(draft, "w", compresslevel=6) as archive,
        ):  # fmt: skip
            counts = write_package(Package(archive), hub, at, figures, xlsx=not without_xlsx)
    output.progress("")
    if not figures.closed:
        click.echo(f"{figures.month} 按现在所知、截至 {figures.as_of} 的清单导出", err=True)
    click.echo(f"{out}: {sum(counts.values()):,} rows of {len(counts)} lists, {len(figures.figures)} figures of {figures.month}", err=True)


def write_package(package: Package, hub: Hub, at: Queries, figures: Figures, *, xlsx: bool) -> dict[str, int]:
    """Write all entries in a fixed order, the manifest last; return list → rows."""
    counts: dict[str, int] = {}
    for view in figures.lists.views:
        output.progress(f"{view.title} …")
        counts[view.name] = _csv(package, at.conn, view, figures.lists.schema)
    if xlsx:
        output.progress("lists.xlsx …")
        package.add("lists.xlsx", _workbook(at.conn, figures.lists))
    document = {
        "month": figures.month, "as_of": figures.as_of.isoformat(), "closed": figures.closed,
        "figures": {name: dump_figure(figure) for name, figure in sorted(figures.figures.items())},
        "figures_digest": figures_digest(figures.figures),
    }  # fmt: skip
    package.add("figures.json", _json(document))
    for name, content in _tree(registry.folder()):
        package.add(f"contracts/{name}", content)
    catalogue = [*contract_pages.blocks(registry.load())]
    package.add("contracts/catalogue.html", contract_pages.html(catalogue).encode())
    for name in FILES:
        package.add(f"district/{name}.toml", (hub.settings.district / f"{name}.toml").read_bytes())
    package.add("manifest.json", _json({
        "format": FORMAT, "district": hub.district.id, "month": figures.month, "closed": figures.closed,
        "cut": dict(figures.cut), "stamp": dict(figures.stamp), "rows": counts, "sha256": package.digests,
    }))  # fmt: skip
    return counts


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def _tree(folder: Traversable) -> Iterator[tuple[str, bytes]]:
    """Yield what makes the registry: schemas with their history, code lists, lock files."""
    for name in ("codelists.json", "codelists.lock.json", "registry.lock.json"):
        yield name, folder.joinpath(name).read_bytes()
    yield from _schemas(folder.joinpath("avro"), "avro")


def _schemas(folder: Traversable, place: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            yield from _schemas(entry, f"{place}/{entry.name}")
        elif entry.name.endswith(".avsc"):
            yield f"{place}/{entry.name}", entry.read_bytes()


def _cells(view: ListView, row: Row) -> list[Filed]:
    """Return a row as cells: codes stay codes, for the next system knows them and not our words."""
    bureaus = "、".join(map(str, values.items(row["bureaus"])))
    return [str(row["row_key"]), bureaus, *text_files.cells([replace(column, names_list=False) for column in view.columns], row, {})]


def _headings(view: ListView) -> list[str]:
    return [*_LEADING, *text_files.headings(view.columns)]


def _csv(package: Package, conn: sa.Connection, view: ListView, schema: str) -> int:
    count = 0

    def lines() -> Iterator[list[Filed]]:
        nonlocal count
        for count, row in enumerate(every_row(conn, view, schema=schema), 1):  # noqa: B007 — how many there were is told in the end
            yield _cells(view, row)

    with package.entry(f"lists/{view.name}.csv") as stream:
        for chunk in text_files.csv_lines(_headings(view), lines()):
            stream.write(chunk)
    return count


def _workbook(conn: sa.Connection, lists: Lists) -> bytes:
    """Write one workbook with a sheet a list (more where a list is longer than a sheet)."""
    with tempfile.TemporaryDirectory(prefix="hub-export-") as folder:
        path = Path(folder) / "lists.xlsx"
        with xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": folder}) as book:
            book.set_properties({"created": _WORKBOOK_TIME})
            bold = book.add_format({"bold": True, "bottom": 1})
            for view in lists.views:
                _sheets(book, bold, view, every_row(conn, view, schema=lists.schema))
        return path.read_bytes()


def _sheets(book: Any, bold: Any, view: ListView, rows: Iterator[Row]) -> None:
    sheet: Any = None
    for place, row in enumerate(rows):
        line = place % SHEET_ROWS_MAX
        if line == 0:
            sheet = _sheet(book, bold, view, place // SHEET_ROWS_MAX)
        for column, cell in enumerate(_cells(view, row)):
            # Days go in as text: what the next system reads does not depend on a format.
            workbook_files.write_cell(sheet, line + 1, column, cell.isoformat() if isinstance(cell, date) else cell)
    if sheet is None:
        _sheet(book, bold, view, 0)


def _sheet(book: Any, bold: Any, view: ListView, number: int) -> Any:
    sheet = book.add_worksheet(f"{view.title[:28]}{number + 1 if number else ''}")
    for column, heading in enumerate(_headings(view)):
        sheet.write_string(0, column, heading, bold)
    sheet.freeze_panes(1, 0)
    return sheet
