"""How commands print rows: a table on a terminal, JSON Lines when piped, CSV and Excel on request."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
import orjson

from exchange_hub.console import text_files
from exchange_hub.runtime.terminal import visible
from exchange_hub.views import values
from exchange_hub.views.lists.model import Column
from exchange_hub.views.values import Filed

if TYPE_CHECKING:  # pages for a terminal are drawn by a library that files and pipes start without
    from rich.console import Console

Format = Literal["table", "json", "csv", "xlsx"]
FORMATS: tuple[Format, ...] = ("table", "json", "csv", "xlsx")


#: A column of at most so many places is not folded: the first of these with which all columns have room.
NARROW_WIDTHS = (14, 10)
#: A longer text counts as so many places when columns are chosen.
FOLDED_WIDTH = 26


@dataclass(frozen=True, slots=True)
class Layout:
    """How a terminal shows the rows of a list.

    Attributes:
        brief: names of the columns that are shown first, as many as fit; empty for all in their order.
        whole: show all columns all the same, row by row where they have no room.
        names: code → name of the district's bureaus.
    """

    brief: Sequence[str] = ()
    whole: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    def cell(self, column: Column, raw: Any) -> str:
        """Write a value for people; what nobody filled is empty, never zero."""
        told = values.shown(column, raw, self.names)
        return "" if told is values.NOTHING else told.text


def chosen(asked: str | None) -> str:
    """Return the format: as asked, else a table on a terminal and JSON Lines in a pipe."""
    return asked or ("table" if sys.stdout.isatty() else "json")


def json_lines(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write one JSON object a line."""
    return "".join(orjson.dumps(row, default=str).decode() + "\n" for row in rows)


def text(shown: Any) -> str:
    """Write one value for people; what would command the terminal is shown instead."""
    if shown is None:
        return ""
    if isinstance(shown, dict):
        return "；".join(f"{key} {text(entry)}" for key, entry in shown.items())
    if isinstance(shown, (list, tuple)):
        return "、".join(map(text, shown))
    return visible(str(shown))


def _number(shown: str) -> bool:
    return shown.replace(".", "", 1).removeprefix("-").isdigit()


def show(
    title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], asked: str | None, out: Path | None,
    *, layout: Layout | None = None,
) -> None:  # fmt: skip
    """Print or write rows of a list view in the format asked for.

    Args:
        title: title of the list.
        rows: rows as stored, money in fen.
        columns: the columns to write; a terminal shows those of *layout* that fit.
        asked: table, json, csv or xlsx; by default a table on a terminal, else json.
        out: file to write, else standard output.
        layout: what a terminal shows first, and names for codes.
    """
    form = chosen(asked)
    if form == "table":
        _on_terminal(f"{title}（{len(rows)} 行）", rows, columns, layout or Layout())
        return
    if form == "json":
        deliver(json_lines([text_files.jsonable(columns, row) for row in rows]).encode(), out)
        return
    names = layout.names if layout else {}
    _file(form, title, columns, [text_files.cells(columns, row, names) for row in rows], out)


def _file(form: str, title: str, columns: Sequence[Column], lines: Sequence[Sequence[Filed]], out: Path | None) -> None:
    """Write CSV or Excel by the one writer that the console has too."""
    if form == "csv":
        deliver(b"".join(text_files.csv_lines(text_files.headings(columns), lines)), out)
        return
    if out is None:
        raise click.UsageError("--format xlsx needs --out FILE.xlsx")
    from exchange_hub.console import workbook_files

    with replacing(out) as draft:
        workbook_files.write_workbook(draft, title, columns, lines)
    click.echo(f"已写入 {out}", err=True)


def _on_terminal(title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], layout: Layout) -> None:
    """Show rows to people: money in 万元, bureaus by name, and of the columns as many as the terminal has room for."""
    cells = [[layout.cell(column, row[column.name]) for column in columns] for row in rows]
    filled = [i for i in range(len(columns)) if any(row[i] for row in cells)] or [0]
    headings = [values.heading(column) for column in columns]
    if layout.whole:
        table(title, [headings[i] for i in filled], [[row[i] for i in filled] for row in cells])
        return
    first = [i for name in layout.brief for i in filled if columns[i].name == name] or filled
    from rich.console import Console

    width = Console().width
    kept: list[int] = []
    for i in first:
        wanted = sum(_room(headings, cells, k, most=FOLDED_WIDTH) for k in [*kept, i]) + 1
        if kept and wanted > width:
            break
        kept.append(i)
    table(title, [headings[i] for i in kept], [[row[i] for i in kept] for row in cells])
    if len(kept) < len(filled):
        left_out = f"另有 {len(filled) - len(kept)} 列未显示：--columns all 逐行显示全部，--columns 列名,列名 选列，--format csv|xlsx|json 导出全部。"
        click.echo(left_out, err=True)


def _room(headings: Sequence[str], cells: Sequence[Sequence[str]], column: int, most: int | None = None) -> int:
    """Return how many places of a terminal a column takes, its borders included; a Chinese character takes two."""
    from rich.cells import cell_len

    natural = max((cell_len(row[column]) for row in cells), default=0)
    head = max(cell_len(line) for line in _stacked(headings[column]).splitlines())
    wanted = max(natural, head)
    return (min(wanted, most) if most else wanted) + 3


def _stacked(heading: str) -> str:
    """Put the unit of a heading on a line of its own."""
    title, opened, unit = heading.rpartition("（")
    return f"{title}\n（{unit}" if opened and title else heading


def progress(words: str) -> None:
    """Show on a terminal what is being done, in place of what was shown before; nothing where there is none."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{words[:100]}", nl=False, err=True)


def lines(
    title: str, rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str], asked: str | None, out: Path | None
) -> None:
    """Print or write rows that are no list view; *headings* maps the fields that people see to their headings."""
    form = chosen(asked)
    if form == "json":
        deliver(json_lines(rows).encode(), out)
    elif form == "table":
        if rows:
            table(f"{title}（{len(rows)} 行）", list(headings.values()), [[text(row[field]) for field in headings] for row in rows], skip_empty=True)
        else:
            click.echo(f"{title}：无")
    else:
        columns = [Column(name, heading) for name, heading in headings.items()]
        _file(form, title, columns, [[_filed(row[field]) for field in headings] for row in rows], out)


def _filed(raw: Any) -> Filed:
    return raw if isinstance(raw, int | date) or raw is None else text(raw)


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """Give the path of a file to write that takes the place of *out* once it is whole; a device or a pipe is written as it is.

    Raises:
        click.ClickException: it could not be written; what stood there before stands there still.
    """
    out = out.resolve()
    is_file = out.is_file() or not out.exists()
    draft = out.with_name(f"{out.name}.{os.getpid()}.new") if is_file else out
    try:
        yield draft
        if is_file:
            draft.replace(out)
    except BaseException as error:
        if is_file:
            draft.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise click.ClickException(f"无法写入 {out}：{error.strerror or error}") from error
        raise


def folder(path: Path) -> Path:
    """Make a folder where there is none.

    Raises:
        click.ClickException: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"无法建立目录 {path}：{error.strerror or error}") from error
    return path


def deliver(content: bytes, out: Path | None) -> None:
    """Write to *out*, or to standard output."""
    if out is None:
        stream = click.get_binary_stream("stdout")
        stream.write(visible(content.decode("utf-8-sig")).encode() if stream.isatty() else content)
    else:
        with replacing(out) as draft:
            draft.write_bytes(content)
        click.echo(f"已写入 {out}", err=True)


def table(title: str, headings: Sequence[str], cells: Sequence[Sequence[str]], *, skip_empty: bool = False) -> None:
    """Print a table for people; where its columns cannot stand side by side, row by row, a line a column.

    Short columns keep their width, long ones fold. Columns that are empty throughout may be left out.
    """
    cells = [[visible(cell) for cell in row] for row in cells]
    kept = [i for i in range(len(headings)) if not skip_empty or any(row[i] for row in cells)] or [0]
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    widths = (most for most in NARROW_WIDTHS if sum(_room(headings, cells, i, most=most) for i in kept) < console.width)
    narrow = next(widths, 0)
    if not narrow and cells:
        _row_by_row(console, title, [headings[i] for i in kept], [[row[i] for i in kept] for row in cells])
        return
    shown = Table(title=title, title_justify="left", show_lines=False)
    for i in kept:
        numeric = any(row[i] for row in cells) and all(not row[i] or _number(row[i].replace(",", "")) for row in cells)
        short = _room(headings, cells, i) - 3 <= narrow
        shown.add_column(_stacked(headings[i]), overflow="fold", no_wrap=short, justify="right" if numeric else "left")
    for row in cells:
        shown.add_row(*(escape(row[i]) for i in kept))
    console.print(shown)


def _row_by_row(console: "Console", title: str, headings: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print each row as a block; what is empty is left out."""
    from rich.cells import cell_len
    from rich.markup import escape
    from rich.table import Table

    widest = max(cell_len(heading) for heading in headings)
    console.print(f"[italic]{escape(title)}[/italic]")
    for number, row in enumerate(cells, 1):
        console.print(f"[bold]── {number} ──[/bold]")
        block = Table.grid(padding=(0, 2))
        block.add_column(min_width=widest, no_wrap=True, style="dim")
        block.add_column(overflow="fold")
        for heading, cell in zip(headings, row, strict=True):
            if cell:
                block.add_row(escape(heading), escape(cell))
        console.print(block)
