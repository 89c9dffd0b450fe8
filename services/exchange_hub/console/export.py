"""A list as a file for one reader, in the form that was asked for, streamed from one snapshot."""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from exchange_hub.console import query
from exchange_hub.console.source import Source
from exchange_hub.console.text_files import json_lines, jsonable
from exchange_hub.console.workbook_files import write_listed
from exchange_hub.reports.render.csv_rows import csv_rows
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.queries.answers import Selection
from exchange_hub.views.values import Names

MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
_Each = TypeVar("_Each")
_LOOK_ROWS = 1000


class LeftError(Exception):
    """Nobody waits for an export any more."""


@dataclass(frozen=True, slots=True)
class Export:
    """A list as a file, as it was asked for.

    Attributes:
        list_name: the list.
        selection: its rows.
        form: xlsx, csv or json.
        title: what stands above a workbook's headings, before the number of rows.
        names: code → name of the bureaus.
    """

    list_name: str
    selection: Selection
    form: str
    title: str
    names: Names


def make(source: Source, export: Export, path: Path) -> int:
    """Write an export to a file that exists and return how many rows it holds, all of one snapshot.

    Raises:
        QueryError: there are more rows than one export may have.
        LeftError: the file was removed meanwhile: nobody waits for it.
        OSError: it could not be written.
    """
    view = BY_NAME[export.list_name]
    with path.open("r+b") as file, source.reading() as reading:
        total = reading.count(view.name, export.selection)
        if total > query.EXPORT_ROWS_MAX:
            raise query.QueryError(f"共 {total:,} 行，超过一次下载的上限 {query.EXPORT_ROWS_MAX:,} 行，请先筛选。")
        # Closed within the snapshot: a cursor that is let go of later would be closed on a connection that others have.
        if export.form == "json":
            with closing(reading.every_row(view.name, export.selection)) as every:
                file.writelines(json_lines(jsonable(view.columns, row) for row in _while_named(file, every)))
        else:
            with closing(reading.every_line(view.name, export.selection)) as every_line:
                lines = _while_named(file, every_line)
                if export.form == "csv":
                    file.writelines(csv_rows(view.columns, lines, export.names))
                else:
                    note = f"{export.title} 共 {total} 行 金额单位：元"
                    write_listed(file, view, lines, total, note, export.names)
        file.flush()
    return total


def _while_named(file: IO[bytes], rows: Iterable[_Each]) -> Iterator[_Each]:
    """Yield rows for as long as the file has its name."""
    for place, row in enumerate(rows):
        if place % _LOOK_ROWS == 0 and not os.fstat(file.fileno()).st_nlink:
            raise LeftError
        yield row
