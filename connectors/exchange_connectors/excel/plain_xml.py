"""Telling plain rows from the rest of a worksheet's XML, many at a time.

A plain row holds numbers and texts in cells that name their places, shows, and has neither formulas, errors nor runs of
type faces: all that is to be known of it is where its values are and which styles they have. Whatever does not look exactly
like that goes to the XML parser, so that nothing is known of a row that was not looked at.
"""

import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import lt

_TEXT = rb"[^<&\x00-\x08\x0b\x0c\x0e-\x1f]*+"
_NAMES = rb"spans|s|customFormat|customHeight|outlineLevel|collapsed|thickBot|thickTop|x14ac:dyDescent"
_CELL = (
    rb'<c r="[A-Z]{1,3}+(?P=row)"(?: s="[0-9]++")?+(?:/>| t="(?:s|n|str)"/>|(?: t="(?:s|n|str)")?+><v>' + _TEXT + rb"</v></c>|></c>"
    rb'| t="inlineStr"><is><t(?: xml:space="preserve")?+>' + _TEXT + rb"</t></is></c>)"
)
_ROW = (
    rb'<row r="(?P<row>[0-9]++)"(?: (?:' + _NAMES + rb')="[\w:.]*+"| hidden="(?:0|false)"| ht="[1-9][0-9.]*+")*+'
    rb"(?:/>|>(?:" + _CELL + rb")*+</row>)"
)
_RUN = re.compile(rb"(?:" + _ROW + rb"\s*+)++")
_NEXT_ROW = re.compile(rb"<row[ >/]")
_HEAD = re.compile(rb'(?:\xef\xbb\xbf)?(?:<\?xml version="1\.0"(?: encoding="(?:UTF|utf)-8")?(?: standalone="\w+")?\s*\?>)?')
_MARKUP = re.compile(rb"<[!?]")
_WIDE = re.compile(rb'<c r="([A-Z]{2,3}+)[0-9]++"[^<>]*+><(?:v|is)>')
_PLACED = re.compile(rb'<c r="([A-Z]++)')
_NUMBERED = re.compile(rb'<row r="([0-9]++)')
_NARROW = 26
"""Columns of one letter: how many of them are filled bounds nothing."""

_ROW_BYTES_MAX = 8 * 2**20
"""Beyond this what begins like a row is left to the parser."""


@dataclass(frozen=True, slots=True)
class Run:
    """Plain rows that follow one another.

    Attributes:
        first: number of the first row.
        last: number of the last row.
        filled: number of the last row with a value, 0 where none has one.
        columns: width of what is filled; a few more where that bounds nothing.
        xml: the rows.
    """

    first: int
    last: int
    filled: int
    columns: int
    xml: bytes


def runs(chunks: Iterable[bytes]) -> Iterator[Run | bytes]:
    """Yield a worksheet part in pieces: plain rows as runs, all the rest as it is.

    From a comment, a CDATA section or an encoding that is not UTF-8 on nothing is taken for plain.
    """
    pending, plain, begun = b"", True, False
    for chunk in chunks:
        pending += chunk
        if not begun:
            head = _HEAD.match(pending)
            plain, begun = head is not None and _MARKUP.search(pending, head.end()) is None, True
        elif plain:
            plain = len(pending) < _ROW_BYTES_MAX and _MARKUP.search(pending) is None
        if plain:
            pending = yield from _cut(pending)
        else:
            yield pending
            pending = b""
    if pending:
        yield pending


def _cut(pending: bytes) -> Generator[Run | bytes, None, bytes]:
    """Yield the pieces of what is complete and return the rest, which the next chunk goes on with."""
    at = 0
    while (found := _NEXT_ROW.search(pending, at)) is not None:
        if found.start() > at:
            yield pending[at : found.start()]
            at = found.start()
        run = _RUN.match(pending, at)
        seen = None if run is None else _seen(run[0])
        if seen is not None:
            yield seen
            at += len(seen.xml)
            continue
        end = pending.find(b"</row>", at)
        if end < 0:
            return pending[at:]
        yield pending[at : end + 6]
        at = end + 6
    keep = max(pending.rfind(b"<", at), at)
    if pending.find(b">", keep) >= 0 or not pending.startswith(b"<", keep):
        keep = len(pending)
    if keep > at:
        yield pending[at:keep]
    return pending[keep:]


def _seen(xml: bytes) -> Run | None:
    """Return what is to be known of plain rows, ``None`` where their bytes are no text or their places do not ascend."""
    if not xml.isascii():
        try:
            xml.decode()
        except UnicodeDecodeError:
            return None
    numbers = list(map(int, _NUMBERED.findall(xml)))
    first, last = numbers[0], numbers[-1]
    if not all(map(lt, numbers, numbers[1:])) or not all(_ascends(tuple(_PLACED.findall(row))) for row in xml.split(b"</row>")):
        return None
    value = max(xml.rfind(b"<v>"), xml.rfind(b"<is>"))
    if value < 0:
        return Run(first, last, 0, 0, xml)
    columns = max((column_of(match[1].decode()) for match in _WIDE.finditer(xml)), default=_NARROW)
    return Run(first, last, _number(xml, value), columns, xml)


@lru_cache(maxsize=1024)
def _ascends(letters: tuple[bytes, ...]) -> bool:
    """Say whether a row's cells stand from left to right, none of them twice."""
    columns = [column_of(each.decode()) for each in letters]
    return all(map(lt, columns, columns[1:]))


def _number(xml: bytes, before: int) -> int:
    """Return the number of the last row that begins before a place."""
    at = xml.rfind(b'<row r="', 0, before) + 8
    return int(xml[at : xml.index(b'"', at)])


def column_of(place: str) -> int:
    """Return the column of a cell's place: ``AB12`` → 28."""
    column = 0
    for letter in place:
        if letter.isdigit():
            break
        column = column * 26 + ord(letter) - 64
    return column
