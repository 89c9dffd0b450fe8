"""How commands print rows: a table on a terminal, JSON Lines when piped, CSV and Excel on request."""

import csv
import io
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import click
import orjson
from rich.console import Console
from rich.table import Table

from exchange_hub.views.catalogue import Column

Format = Literal["table", "json", "csv", "xlsx"]
FORMATS: tuple[Format, ...] = ("table", "json", "csv", "xlsx")


def chosen(asked: str | None) -> str:
    """Return the format: as asked, else a table on a terminal and JSON Lines in a pipe."""
    return asked or ("table" if sys.stdout.isatty() else "json")


def yuan(fen: Any) -> str | None:
    """Write fen as yuan with two places."""
    return None if fen is None else str(Decimal(int(fen)).scaleb(-2))


def value(column: Column, raw: Any) -> Any:
    """Turn a stored value into what people and programs read: money in yuan, maps in yuan, dates in ISO."""
    if raw is None:
        return None
    if column.type == "money":
        return yuan(raw)
    if column.type == "money_map":
        return {code: yuan(fen) for code, fen in raw.items()}
    if column.type == "quantity":
        return str(Decimal(raw).normalize() + 0)
    if column.type == "date":
        return raw.isoformat()
    return raw


def plain(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return rows as JSON-ready dicts with their keys and bureaus."""
    return [
        {"row_key": row["row_key"], "bureaus": list(row["bureaus"])} | {c.name: value(c, row[c.name]) for c in columns}
        for row in rows
    ]


def json_lines(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write one JSON object a line."""
    return "".join(orjson.dumps(row, default=str).decode() + "\n" for row in rows)


def text(shown: Any) -> str:
    """Write one value for people."""
    if shown is None:
        return ""
    if isinstance(shown, dict):
        return ";".join(f"{key} {text(entry)}" for key, entry in shown.items())
    if isinstance(shown, (list, tuple)):
        return "、".join(map(str, shown))
    return str(shown)


def _safe(shown: str) -> str:
    """Keep a spreadsheet from reading text as a formula."""
    return "'" + shown if shown[:1] in ("=", "+", "-", "@") and not _number(shown) else shown


def _number(shown: str) -> bool:
    return shown.replace(".", "", 1).removeprefix("-").isdigit()


def csv_text(headings: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> str:
    """Write CSV, or rows that follow others; a cell that a spreadsheet would read as a formula gets a quote prefix."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    if headings is not None:
        writer.writerow(headings)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return stream.getvalue()


def show(
    title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], asked: str | None, out: Path | None
) -> None:
    """Print or write rows of a list view in the format asked for."""
    printed = plain(rows, columns)
    form = chosen(asked)
    headings = [c.title + (f"({c.unit})" if c.unit else "") for c in columns]
    cells = [[text(row[c.name]) for c in columns] for row in printed]
    if form == "json":
        deliver(json_lines(printed).encode(), out)
    elif form == "csv":
        deliver(csv_text(headings, cells).encode("utf-8-sig"), out)
    elif form == "xlsx":
        if out is None:
            raise click.UsageError("--format xlsx needs --out FILE.xlsx")
        _write_xlsx(out, title, headings, cells)
    else:
        table(f"{title}({len(rows)} 行)", headings, cells, skip_empty=True)


def progress(words: str) -> None:
    """Show on a terminal what is being done, in place of what was shown before; nothing where there is none."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{words[:100]}", nl=False, err=True)


def lines(
    title: str, rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str], asked: str | None, out: Path | None
) -> None:
    """Print or write rows that are no list view; *headings* maps the fields that people see to their headings."""
    form = chosen(asked)
    names = list(headings.values())
    cells = [[text(row[field]) for field in headings] for row in rows]
    if form == "json":
        deliver(json_lines(rows).encode(), out)
    elif form == "csv":
        deliver(csv_text(names, cells).encode("utf-8-sig"), out)
    elif form == "xlsx":
        if out is None:
            raise click.UsageError("--format xlsx needs --out FILE.xlsx")
        _write_xlsx(out, title, names, cells)
    elif rows:
        table(f"{title}({len(rows)} 行)", names, cells, skip_empty=True)
    else:
        click.echo(f"{title}:无")


def deliver(content: bytes, out: Path | None) -> None:
    """Write to *out*, or to standard output."""
    if out is None:
        click.get_binary_stream("stdout").write(content)
    else:
        out.write_bytes(content)
        click.echo(f"已写入 {out}", err=True)


def table(title: str, headings: Sequence[str], cells: Sequence[Sequence[str]], *, skip_empty: bool = False) -> None:
    """Print a table for people; columns that are empty throughout may be left out."""
    kept = [i for i in range(len(headings)) if not skip_empty or any(row[i] for row in cells)] or [0]
    shown = Table(title=title, title_justify="left", show_lines=False)
    for i in kept:
        shown.add_column(headings[i], overflow="fold")
    for row in cells:
        shown.add_row(*(row[i] for i in kept))
    Console().print(shown)


def _write_xlsx(out: Path, title: str, headings: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(out)) as book:
        sheet = book.add_worksheet(title[:31])
        bold = book.add_format({"bold": True, "bottom": 1})
        for i, heading in enumerate(headings):
            sheet.write_string(0, i, heading, bold)
        for r, row in enumerate(cells, 1):
            for i, cell in enumerate(row):
                if _number(cell) and len(cell) <= 15:
                    sheet.write_number(r, i, float(cell))
                else:
                    sheet.write_string(r, i, cell)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(1, len(cells)), len(headings) - 1)
        sheet.autofit()
    click.echo(f"已写入 {out}", err=True)


