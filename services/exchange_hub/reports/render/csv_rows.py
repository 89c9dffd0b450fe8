"""The rows of a list as CSV, streamed from the lines that the database copies out: most fields stand in a cell as they are.

Money is in yuan with two places, as in every file. A text that a spreadsheet would read as a formula gets a quote before it, and a
byte-order mark stands in front, without which Excel reads Chinese as noise.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice

from exchange_hub.reports.lines import ENCODING, JSON_TYPES, KnownCells
from exchange_hub.views import values
from exchange_hub.views.csv_cells import BYTE_ORDER_MARK, FORMULA, guarded
from exchange_hub.views.lists.model import Column
from exchange_hub.views.values import Names

ROWS_PER_PIECE = 500
# What keeps texts, one a line, from standing in cells as they are: what CSV quotes, escapes of the database, what begins a formula.
_AWKWARD = re.compile('[",\\\\\r]|^(?:' + FORMULA.pattern.replace("\\n", "") + ")", re.MULTILINE)

CellWriter = Callable[[list[bytes]], list[bytes]]
"""Takes fields of a column, gives its cells."""


def csv_rows(columns: Sequence[Column], lines: Iterable[bytes], names: Names) -> Iterator[bytes]:
    """Yield a CSV file, some hundred rows at a time.

    Args:
        columns: the columns.
        lines: the rows as lines, the values in the order of *columns*; iterated once.
        names: code → name of a bureau.
    """
    yield BYTE_ORDER_MARK + _line([values.exact_heading(column) for column in columns])
    left, width = iter(lines), len(columns)
    writers = [_writer(column, names) for column in columns]
    while block := list(islice(left, ROWS_PER_PIECE)):
        fields = b"".join(block).removesuffix(b"\n").replace(b"\n", b"\t").split(b"\t")
        cells = [write(fields[place::width]) for place, write in enumerate(writers)]
        yield b"".join([b",".join(row) + b"\r\n" for row in zip(*cells, strict=True)])


def _writer(column: Column, names: Names) -> CellWriter:
    known = KnownCells(lambda text: _cell(guarded(values.filed(column, value_of_field(column, text), names))).encode(*ENCODING))
    if column.type in ("text", "month") and not (column.bureau or column.names_list):
        return lambda fields: fields if _are_plain(fields) else list(map(known.__getitem__, fields))
    return lambda fields: list(map(known.__getitem__, fields))


def value_of_field(column: Column, text: str) -> object:
    """Read a field of a line as the store has it."""
    if column.type in JSON_TYPES:
        return json.loads(text)
    if column.type in ("money", "count"):
        return int(text)
    if column.type == "quantity":
        return Decimal(text)
    return date.fromisoformat(text[:10]) if column.type == "date" else text


def _are_plain(fields: Sequence[bytes]) -> bool:
    """Tell whether all texts can stand in cells as they are; to look at them together costs little."""
    text = b"\n".join(fields).decode(*ENCODING)
    return _AWKWARD.search(text) is None and text.replace("\n", "").isprintable()


def _cell(text: str) -> str:
    return _line([text, ""]).decode(*ENCODING).removesuffix(",\r\n") if any(sign in text for sign in '",\r\n') else text


def _line(cells: Sequence[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().encode(*ENCODING)
