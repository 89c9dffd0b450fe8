"""Rows as lines of text, the form in which the database copies them out; others than its own are written the same way.

Fields stand between tabs, and what would end a field stands behind a backslash. A value that is not there is empty, as is
an empty text: people see the same of both. Lists, maps and flags are JSON.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from exchange_hub.reports.model import StoredRows
from exchange_hub.views.lists.model import Column
from exchange_hub.views.queries.lists import JSON_TYPES

__all__ = ["ENCODING", "JSON_TYPES", "KNOWN_MAX", "KnownCells", "lines_of", "read", "written"]

_ESCAPES = {"\\": r"\\", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
_WRITTEN = str.maketrans(_ESCAPES)
_ESCAPE = re.compile(r"\\(.)")
_READ = {escape[1]: sign for sign, escape in _ESCAPES.items()}
#: Rows that come from elsewhere may hold what is no character; whoever writes a file leaves it out.
ENCODING = ("utf-8", "surrogatepass")

#: Cells that a :class:`KnownCells` holds at most.
KNOWN_MAX = 20_000


class KnownCells(dict[bytes, bytes]):
    """The cells of a column's fields, of which many come again and again; each is worked out when its field first comes."""

    def __init__(self, cell: Callable[[str], bytes]) -> None:
        super().__init__()
        self._cell = cell

    def __missing__(self, field: bytes) -> bytes:
        if len(self) >= KNOWN_MAX:
            self.clear()
        cell = self[field] = self._cell(read(field)) if field else b""
        return cell


def lines_of(rows: Sequence[Mapping[str, object]], columns: Sequence[Column]) -> Iterator[bytes]:
    """Yield each row as a line with its newline, the values in the order of *columns*; the rows are read once."""
    return rows.lines(columns) if isinstance(rows, StoredRows) else written(rows, columns)


def written(rows: Iterable[Mapping[str, object]], columns: Sequence[Column]) -> Iterator[bytes]:
    """Write rows that are at hand as lines."""
    for row in rows:
        fields = (_field(column, row.get(column.name)) for column in columns)
        yield ("\t".join(fields) + "\n").encode(*ENCODING)


def _field(column: Column, value: object) -> str:
    if value is None or value == "":
        return ""
    text = json.dumps(value, ensure_ascii=False) if column.type in JSON_TYPES else str(value)
    return text.translate(_WRITTEN)


def read(field: bytes) -> str:
    """Return the text of a field."""
    text = field.decode(*ENCODING)
    return _ESCAPE.sub(lambda escape: _READ[escape[1]], text) if "\\" in text else text
