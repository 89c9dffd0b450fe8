"""The rows of a long list as worksheet markup, streamed: a million rows pass without being held.

The workbook library makes the sheet with one blank row that carries the formats; that row is replaced by the list's
rows while the package is rewritten. Its own writer needs about 100 s for a million rows of eighteen columns, this one
a thirtieth of that: it takes rows as the lines of bytes that the database gives, of which most fields stand in a cell
as they are, and goes down each column for some hundred rows, since a call a cell costs more than the cell.
Texts are inline strings: a cell that begins with ``=``, ``+``, ``-`` or ``@`` is a text, never a formula.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice, repeat

from exchange_hub.reports.lines import ENCODING, JSON_TYPES, KNOWN_MAX, KnownCells
from exchange_hub.reports.render.annex_values import Words, is_coded, value_text
from exchange_hub.runtime.terminal import visible
from exchange_hub.views.lists.model import Column
from exchange_hub.views.values import wan_places, yuan

# A sheet holds 1 048 576 rows; headings and a note need three.
SHEET_ROWS_MAX = 1_000_000
CELL_CHARACTERS_MAX = 32_767
ROWS_PER_PIECE = 500
_DAY_ZERO = date(1899, 12, 30)
#: Places with which money in 万元 is shown; the template row carries a format for each.
WAN_PLACES = (2, 4, 6)

# What cannot stand in markup as it is: markup itself, control characters and those that turn the direction of writing, blanks at the ends, and the workbook's own
# escapes for characters (``_x000D_``), which a text must not imitate.
_SPECIAL = re.compile(r"[&<>\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_|^\s|\s$")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IMITATION = re.compile(r"_(x[0-9A-Fa-f]{4}_)")
# Stands for the number of the row until the row is put together; no markup can hold this character.
_NUMBER = "\0"
_BEGIN, _END = f'<row r="{_NUMBER}">'.encode(), b"</row>"
_CELL = re.compile(r'<c r="([A-Z]+)\d+" s="(\d+)"/>')

#: Digits that a spreadsheet keeps; a longer number goes in as text.
DIGITS_MAX = 15

Filer = Callable[[Column], Callable[[str], str]]
"""Gives for a column what a field of it is in a cell."""

CellWriter = Callable[[Sequence[bytes]], list[bytes]]
"""Takes fields of a column, gives the markup of their cells; nothing where there is no value."""


def streamed(
    content: bytes, template_row: int, columns: Sequence[Column], lines: Iterable[bytes], words: Words, filed: Filer | None = None
) -> Iterator[bytes]:
    """Yield a sheet's markup with its template row replaced by rows.

    Args:
        content: the sheet as the workbook library wrote it.
        template_row: number of the blank row that carries the formats, from 1.
        columns: the columns, as many as the template has cells; behind them it may have one for each of ``WAN_PLACES``, with
            the format of money in 万元.
        lines: the rows as lines, the values in the order of *columns*; iterated once.
        words: the words for codes.
        filed: what stands in the cells of a plain file of a list: texts for lists and maps, and for numbers of more digits than a
            spreadsheet keeps; without it cells are those of an annex.

    Raises:
        ValueError: where the sheet has no such template row.
    """
    text = content.decode()
    found = re.search(rf'<row r="{template_row}"[^>]*>(.*?)</row>', text)
    places = _CELL.findall(found.group(1)) if found else []
    if found is None or len(places) not in (len(columns), len(columns) + len(WAN_PLACES)):
        raise ValueError(f"the sheet has no template row {template_row} of {len(columns)} cells")
    wan = dict(zip(WAN_PLACES, (style for _, style in places[len(columns) :]), strict=False))
    places = places[: len(columns)]
    writers = [_filer(column, place, style, filed) if filed else _writer(column, place, style, words, wan) for column, (place, style) in zip(columns, places, strict=True)]
    yield text[: found.start()].encode()
    yield from _pieces(writers, lines, template_row)
    yield text[found.end() :].encode()


def _pieces(writers: Sequence[CellWriter], lines: Iterable[bytes], first: int) -> Iterator[bytes]:
    """Yield the markup of rows, some hundred at a time."""
    left, width = iter(lines), len(writers)
    while block := list(islice(left, ROWS_PER_PIECE)):
        fields = b"".join(block).removesuffix(b"\n").replace(b"\n", b"\t").split(b"\t")
        cells = [write(fields[place::width]) for place, write in enumerate(writers)]
        rows = map(b"".join, zip(repeat(_BEGIN, len(block)), *cells, repeat(_END, len(block)), strict=True))
        yield b"".join([row.replace(b"\0", b"%d" % number) for number, row in enumerate(rows, first)])
        first += len(block)


def _filer(column: Column, place: str, style: str, filed: Filer) -> CellWriter:
    """Return the function that writes values of this column as a plain file of the list has them."""
    if column.type not in ("money", "count", "quantity"):
        said = filed(column)
        plain = column.type not in JSON_TYPES and not is_coded(column)
        return _numbers(place, style, _day_text) if column.type == "date" else _texts(place, style, said, plain=plain)
    written = filed(column)

    def cell(text: str) -> bytes:
        number = written(text)
        if sum(map(str.isdigit, number)) > DIGITS_MAX:
            return f'<c r="{place}{_NUMBER}" t="inlineStr"><is><t>{number}</t></is></c>'.encode()
        return f'<c r="{place}{_NUMBER}" s="{style}"><v>{number}</v></c>'.encode()

    known = KnownCells(cell)
    return lambda fields: list(map(known.__getitem__, fields))


def _writer(column: Column, place: str, style: str, words: Words, wan: Mapping[int, str]) -> CellWriter:
    """Return the function that writes values of this column into their cells."""
    if column.type == "money" and wan:
        known = KnownCells(lambda fen: f'<c r="{place}{_NUMBER}" s="{wan[wan_places(int(fen))]}"><v>{wan_text(int(fen))}</v></c>'.encode())
        return lambda fields: list(map(known.__getitem__, fields))
    if column.type == "money":
        return _numbers(place, style, lambda fen: str(yuan(int(fen))))
    if column.type in {"count", "quantity"}:
        return _numbers(place, style, lambda number: str(Decimal(number)))
    if column.type == "date":
        return _numbers(place, style, _day_text)
    if column.type in JSON_TYPES:
        return _texts(place, style, lambda text: value_text(column, {column.name: json.loads(text)}, words))
    return _texts(place, style, (lambda code: words.word(column, code)) if is_coded(column) else None)


def _numbers(place: str, style: str, written: Callable[[str], str]) -> CellWriter:
    """Return the function that writes a column of numbers, of which many come again and again."""
    known = KnownCells(lambda text: f'<c r="{place}{_NUMBER}" s="{style}"><v>{written(text)}</v></c>'.encode())
    return lambda fields: list(map(known.__getitem__, fields))


def _texts(place: str, style: str, said: Callable[[str], str] | None, *, plain: bool = False) -> CellWriter:
    """Return the function that writes a column of texts, be they words of a few or names of their own; *plain*: what is printable is said as it is."""
    begin, end = f'<c r="{place}{_NUMBER}" s="{style}" t="inlineStr"><is><t', "</t></is></c>"

    def cell(field: str) -> bytes:
        text = field if said is None else said(field)
        if not text:
            return b""
        if len(text) > CELL_CHARACTERS_MAX or _SPECIAL.search(text):
            return f'{begin} xml:space="preserve">{cell_text(text)}{end}'.encode()
        return f"{begin}>{text}{end}".encode()

    known, names = KnownCells(cell), False
    before, after = f"{begin}>".encode(), end.encode()

    def write(fields: Sequence[bytes]) -> list[bytes]:
        nonlocal names
        if names and _are_plain(fields):
            return [before + field + after if field else b"" for field in fields]
        cells = list(map(known.__getitem__, fields))
        names = names or ((said is None or plain) and len(known) > KNOWN_MAX // 2)
        return cells

    return write


def _are_plain(fields: Sequence[bytes]) -> bool:
    """Tell whether all texts can surely stand in markup as they are; to look at them together costs little."""
    joined = b"".join(fields)
    # What is printable is neither a control character nor a blank other than the space.
    return (
        joined.decode(*ENCODING).isprintable()
        and not any(sign in joined for sign in (b"&", b"<", b">", b"\\", b" ", b"_x"))
        and (len(joined) <= CELL_CHARACTERS_MAX or max(map(len, fields)) <= CELL_CHARACTERS_MAX)
    )


def cell_text(text: str) -> str:
    """Return the markup of a text: no longer than a cell holds, without what XML forbids, never an escape; what steers is shown."""
    if len(text) > CELL_CHARACTERS_MAX:
        text = text[: CELL_CHARACTERS_MAX - 1] + "…"
    text = _IMITATION.sub(r"_x005F_\1", "\r".join(map(visible, _FORBIDDEN.sub("", text).split("\r"))))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def wan_text(fen: int) -> str:
    """Write whole fen as 万元, exactly."""
    wan, rest = divmod(abs(fen), 10**6)
    return f"{'-' if fen < 0 else ''}{wan}.{rest:06d}".rstrip("0").removesuffix(".")


def _day_text(day: str) -> str:
    """Write a date as the workbook counts it, in days."""
    return str((date.fromisoformat(day[:10]) - _DAY_ZERO).days)
