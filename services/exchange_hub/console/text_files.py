"""Rows as CSV and JSON of the same values, money in yuan with two places; the one writer of console and commands.

CSV cells that a spreadsheet would evaluate get a quote before them. CSV carries a byte-order mark, without which Excel reads Chinese as noise.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence

from exchange_hub.views import values
from exchange_hub.views.csv_cells import BYTE_ORDER_MARK, guarded
from exchange_hub.views.lists.model import Column
from exchange_hub.views.queries.answers import Row
from exchange_hub.views.values import Filed, Json, Names

_CHUNK = 64 * 1024


def cells(columns: Sequence[Column], row: Row, names: Names) -> list[Filed]:
    """Return a row as cells of a file."""
    return [values.filed(column, row.get(column.name), names) for column in columns]


def headings(columns: Sequence[Column]) -> list[str]:
    """Return the headings of a file: titles with the units that the file carries (money in 元)."""
    return [values.exact_heading(column) for column in columns]


def jsonable(columns: Sequence[Column], row: Row) -> dict[str, Json]:
    """Return a row as JSON holds it, with its key and bureaus."""
    bureaus = row.get("bureaus")
    result: dict[str, Json] = {
        "row_key": str(row["row_key"]), "bureaus": [str(code) for code in bureaus] if isinstance(bureaus, list | tuple) else []
    }  # fmt: skip
    return result | {column.name: values.plain(column, row.get(column.name)) for column in columns}


def csv_lines(head: Sequence[str], lines: Iterable[Sequence[Filed]]) -> Iterator[bytes]:
    """Yield a CSV file, some rows at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield BYTE_ORDER_MARK
    writer.writerow(head)
    for line in lines:
        writer.writerow([guarded(cell) for cell in line])
        if buffer.tell() > _CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def json_lines(objects: Iterable[dict[str, Json]]) -> Iterator[bytes]:
    """Yield a JSON array, some rows at a time: a chunk costs a change of threads."""
    separator, waiting, size = "[\n", [], 0
    for each in objects:
        line = f"{separator}{json.dumps(each, ensure_ascii=False)}"
        separator = ",\n"
        waiting.append(line)
        size += len(line)
        if size > _CHUNK:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    waiting.append("\n]\n" if separator != "[\n" else "[]\n")
    yield "".join(waiting).encode()
