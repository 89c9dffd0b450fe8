"""The rows of a long list as worksheet markup, streamed: a million rows pass without being held.

The workbook library makes the sheet with one blank row that carries the formats; that row is replaced by the list's
rows while the package is rewritten. Its own writer needs about 100 s for a million rows of eighteen columns, this one
a twentieth of that: it goes down each column for some hundred rows, since a call a cell costs more than the cell.
Texts are inline strings: a cell that begins with ``=``, ``+``, ``-`` or ``@`` is a text, never a formula.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice, repeat
from typing import Any

from exchange_hub.reports.model import StoredRows
from exchange_hub.reports.render.annex_values import is_coded, value_text, word
from exchange_hub.reports.render.style import FEN_PER_YUAN
from exchange_hub.views.catalogue import Column

# A sheet holds 1 048 576 rows; headings and a note need three.
SHEET_ROWS_MAX = 1_000_000
CELL_CHARACTERS_MAX = 32_767
# Small pieces: the threads that make and compress them take turns at the interpreter's lock after each.
ROWS_PER_PIECE = 250
# Values of a column whose text is kept for the next time they come.
KNOWN_MAX = 20_000
# Where fewer of a piece's texts are different, they are words: looked up, not written anew.
DIFFERENT_SHARE = 0.9
_DAY_ZERO = date(1899, 12, 30)

# What cannot stand in markup as it is: markup itself, control characters, blanks at the ends, and the workbook's own
# escapes for characters (``_x000D_``), which a text must not imitate.
_SPECIAL = re.compile(r"[&<>\x00-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_|^\s|\s$")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IMITATION = re.compile(r"_(x[0-9A-Fa-f]{4}_)")
# Stands for the number of the row until the row is put together; no markup can hold this character.
_NUMBER = "\0"
_BEGIN, _END = f'<row r="{_NUMBER}">'.encode(), b"</row>"
_CELL = re.compile(r'<c r="([A-Z]+)\d+" s="(\d+)"/>')

CellWriter = Callable[[Sequence[Any]], list[bytes]]
"""Takes values of a column, gives the markup of their cells; nothing where there is no value."""


def streamed(
    content: bytes, template_row: int, columns: Sequence[Column], rows: Iterable[Sequence[object]],
    names: Mapping[str, str],
) -> Iterator[bytes]:
    """Yield a sheet's markup with its template row replaced by rows.

    Args:
        content: the sheet as the workbook library wrote it.
        template_row: number of the blank row that carries the formats, from 1.
        columns: the columns, as many as the template has cells.
        rows: the values of each row in the order of *columns*, iterated once.
        names: code → name of the district's bureaus.

    Raises:
        ValueError: where the sheet has no such template row.
    """
    text = content.decode()
    found = re.search(rf'<row r="{template_row}"[^>]*>(.*?)</row>', text)
    places = _CELL.findall(found.group(1)) if found else []
    if found is None or len(places) != len(columns):
        raise ValueError(f"the sheet has no template row {template_row} of {len(columns)} cells")
    writers = [_writer(column, place, style, names) for column, (place, style) in zip(columns, places, strict=True)]
    yield text[: found.start()].encode()
    yield from _pieces(writers, rows, template_row)
    yield text[found.end() :].encode()


def values_of(rows: Sequence[Mapping[str, object]], columns: Sequence[Column]) -> Iterator[Sequence[object]]:
    """Yield the values of each row in the order of *columns*, read once."""
    names = [column.name for column in columns]
    if isinstance(rows, StoredRows):
        return rows.values(names)
    return ([row.get(name) for name in names] for row in rows)


def _pieces(writers: Sequence[CellWriter], rows: Iterable[Sequence[object]], first: int) -> Iterator[bytes]:
    """Yield the markup of rows, some hundred at a time."""
    left = iter(rows)
    while block := list(islice(left, ROWS_PER_PIECE)):
        cells = [write(values) for write, values in zip(writers, zip(*block, strict=True), strict=True)]
        lines = map(b"".join, zip(repeat(_BEGIN, len(block)), *cells, repeat(_END, len(block)), strict=True))
        yield b"".join([line.replace(b"\0", b"%d" % number) for number, line in enumerate(lines, first)])
        first += len(block)


def _writer(column: Column, place: str, style: str, names: Mapping[str, str]) -> CellWriter:
    """Return the function that writes values of this column into their cells."""
    if column.type == "money":
        return _numbers(place, style, lambda fen: yuan_text(int(fen)))
    if column.type in {"count", "quantity"}:
        return _numbers(place, style, lambda number: str(Decimal(number) if isinstance(number, str) else number))
    if column.type == "date":
        return _numbers(place, style, _day_text)
    if column.type in {"texts", "money_map", "flag"}:
        write = _texts(place, style, str)
        return lambda values: write([value_text(column, {column.name: value}, names) for value in values])
    return _texts(place, style, (lambda code: word(column, str(code), names)) if is_coded(column) else str)


class _Known(dict[Any, bytes]):
    """The cells of a column's values; each is worked out when its value first comes."""

    def __init__(self, cell: Callable[[Any], bytes]) -> None:
        super().__init__()
        self._cell = cell

    def __missing__(self, value: object) -> bytes:
        if len(self) >= KNOWN_MAX:
            self.clear()
        cell = self[value] = b"" if value is None else self._cell(value)
        return cell


def _numbers(place: str, style: str, written: Callable[[Any], str]) -> CellWriter:
    """Return the function that writes a column of numbers, of which many come again and again."""
    known = _Known(lambda value: f'<c r="{place}{_NUMBER}" s="{style}"><v>{written(value)}</v></c>'.encode())
    return lambda values: list(map(known.__getitem__, values))


def _texts(place: str, style: str, said: Callable[[Any], str]) -> CellWriter:
    """Return the function that writes a column of texts, be they words of a few or names of their own."""
    begin, end = f'<c r="{place}{_NUMBER}" s="{style}" t="inlineStr"><is><t', "</t></is></c>"

    def cell(value: object) -> bytes:
        text = said(value)
        if not text:
            return b""
        if len(text) > CELL_CHARACTERS_MAX or _SPECIAL.search(text):
            return f'{begin} xml:space="preserve">{cell_text(text)}{end}'.encode()
        return f"{begin}>{text}{end}".encode()

    known = _Known(cell)

    def write(values: Sequence[Any]) -> list[bytes]:
        if len(set(values)) < DIFFERENT_SHARE * (len(values) - values.count(None)):
            return list(map(known.__getitem__, values))
        texts = ["" if value is None else said(value) for value in values]
        if _are_plain(texts):
            return [f"{begin}>{text}{end}".encode() if text else b"" for text in texts]
        return [b"" if value is None else cell(value) for value in values]

    return write


def _are_plain(texts: Sequence[str]) -> bool:
    """Tell whether all texts can surely stand in markup as they are; to look at them together costs little."""
    joined = "".join(texts)
    # What is printable is neither a control character nor a blank other than the space.
    return (
        joined.isprintable()
        and not any(sign in joined for sign in ("&", "<", ">", " ", "_x"))
        and (len(joined) <= CELL_CHARACTERS_MAX or max(map(len, texts)) <= CELL_CHARACTERS_MAX)
    )


def cell_text(text: str) -> str:
    """Return the markup of a text: no longer than a cell holds, without what XML forbids, and never an escape."""
    if len(text) > CELL_CHARACTERS_MAX:
        text = text[: CELL_CHARACTERS_MAX - 1] + "…"
    text = _IMITATION.sub(r"_x005F_\1", _FORBIDDEN.sub("", text))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def yuan_text(fen: int) -> str:
    """Write whole fen as yuan, exactly."""
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{'-' if fen < 0 else ''}{yuan}.{rest:02d}"


def _day_text(value: object) -> str:
    """Write a date as the workbook counts it, in days."""
    day = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
    return str((date(day.year, day.month, day.day) - _DAY_ZERO).days)
