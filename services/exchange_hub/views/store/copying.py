"""PostgreSQL's COPY text format, written directly: several times cheaper per row than adapting each value."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import psycopg

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def cell(value: Any) -> str:
    r"""Write one value in COPY's text format.

    ``None`` is ``\N``, a list an array literal, a dict JSON, bytes a hex literal.
    """
    if value is None:
        return "\\N"
    kind = type(value)
    if isinstance(value, str):
        return value.translate(_ESCAPES) if ("\\" in value or "\n" in value or "\t" in value or "\r" in value) else value
    if kind is int:
        return str(value)
    if kind is bool:
        return "t" if value else "f"
    if kind is dict:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode().translate(_ESCAPES)
    if kind in (list, tuple):
        return _array(value).translate(_ESCAPES)
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return str(value).translate(_ESCAPES)


def _array(values: Sequence[Any]) -> str:
    """Write an array literal of texts."""
    quoted = ('"' + str(v).replace("\\", "\\\\").replace('"', '\\"') + '"' for v in values)
    return "{" + ",".join(quoted) + "}"


def line(values: Iterable[Any]) -> str:
    """Write one row."""
    return "\t".join(map(cell, values))


def copy_rows(cur: psycopg.Cursor[Any], table: str, columns: str, lines: Sequence[str]) -> None:
    """Copy prepared lines into *table*."""
    if not lines:
        return
    with cur.copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copy:
        copy.write(("\n".join(lines) + "\n").encode())
