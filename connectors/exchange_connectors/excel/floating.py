"""What floats over a sheet's cells or is printed beside them: text boxes and shapes, headers and footers of pages. Pure."""

import re
from collections.abc import Iterator
from xml.parsers import expat

_DRAWN = "http://schemas.openxmlformats.org/drawingml/2006/main "
_DRAWN_STRICT = "http://purl.oclc.org/ooxml/drawingml/main "
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0 "
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 "
_ON_PAGES = frozenset({f"{_STYLE}{where}{which}" for where in ("header", "footer") for which in ("", "-left", "-first")})

_CODES = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|\d+|[A-Z])')

BOUNDSHEET, HEADER, FOOTER, OBJECT, TEXT, CONTINUE = 0x85, 0x14, 0x15, 0x5D, 0x1B6, 0x3C
"""Records of BIFF ([MS-XLS], 2.3)."""
_COMMENT_BOX = 0x19
"""The kind of object that holds a cell's comment."""


def without_codes(text: str) -> list[str]:
    """Return the words of a page's header or footer, without the codes of places, type faces and numbers.

    >>> without_codes('&L&"宋体,常规"&10单位：元&R第 &P 页')
    ['单位：元', '第', '页']
    """
    return [part.strip() for part in _CODES.split(text) if part.strip()]


def in_drawing(xml: bytes) -> list[str]:
    """Return the texts of a drawing's boxes and shapes, a paragraph each."""
    found: list[str] = []
    words: list[str] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def start(tag: str, _attributes: dict[str, str]) -> None:
        if tag.removeprefix(_DRAWN).removeprefix(_DRAWN_STRICT) == "t":
            parser.CharacterDataHandler = words.append

    def end(tag: str) -> None:
        parser.CharacterDataHandler = None
        if tag.removeprefix(_DRAWN).removeprefix(_DRAWN_STRICT) == "p":
            found.append("".join(words))
            words.clear()

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(xml, True)
    return [text for text in map(str.strip, found) if text]


def on_pages(xml: bytes) -> dict[str, list[str]]:
    """Return master page → lines of its headers and footers, from an open document's styles."""
    found: dict[str, list[str]] = {}
    page: list[str] = []
    words: list[str] = []
    shown = False
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal page, shown
        if tag == f"{_STYLE}master-page":
            page = found.setdefault(attributes.get(f"{_STYLE}name", ""), [])
        elif tag in _ON_PAGES:
            shown = attributes.get(f"{_STYLE}display", "true") != "false"
        elif tag == f"{_TEXT}p" and shown:
            words.clear()
            parser.CharacterDataHandler = words.append

    def end(tag: str) -> None:
        nonlocal shown
        if tag == f"{_TEXT}p" and shown:
            page.append("".join(words).strip())
            parser.CharacterDataHandler = None
        elif tag in _ON_PAGES:
            shown = False

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(xml, True)
    return {name: list(filter(None, lines)) for name, lines in found.items()}


def in_biff(stream: bytes, wide: bool) -> dict[str, tuple[list[str], list[str]]]:
    """Return sheet → what is printed on its pages, and the texts of its boxes, from an old workbook's stream.

    Args:
        stream: records of the workbook.
        wide: as version 8 writes texts; older ones give none of them.
    """
    found: dict[str, tuple[list[str], list[str]]] = {}
    if not wide:
        return found
    for kind, body in _records(stream, 0):
        if kind == BOUNDSHEET and len(body) >= 8:
            size, flag = body[6], body[7]
            name = body[8 : 8 + size * 2].decode("utf-16-le", "replace") if flag & 1 else body[8 : 8 + size].decode("latin-1")
            found[name] = _of_sheet(stream, int.from_bytes(body[:4], "little"))
    return found


def _of_sheet(stream: bytes, at: int) -> tuple[list[str], list[str]]:
    """Return what is printed on the pages of the sheet that begins at a place, and the texts of its boxes."""
    printed: list[str] = []
    boxes: list[str] = []
    left, comment = 0, False
    for kind, body in _records(stream, at):
        if kind in (HEADER, FOOTER) and len(body) > 3:
            printed.append(_characters(body[2:], int.from_bytes(body[:2], "little")))
        elif kind == OBJECT:
            comment = len(body) >= 6 and int.from_bytes(body[4:6], "little") == _COMMENT_BOX
        elif kind == TEXT:
            left = 0 if comment or len(body) < 12 else int.from_bytes(body[10:12], "little")
            boxes += [""] if left else []
        elif kind == CONTINUE and left:
            text = _characters(body, left)
            boxes[-1] += text
            left -= len(text)
    return printed, [line.strip() for text in boxes for line in text.splitlines() if line.strip()]


def _characters(body: bytes, count: int) -> str:
    """Return so many characters behind the sign that tells their width."""
    if body[:1] == b"\x01":
        return body[1 : 1 + 2 * count].decode("utf-16-le", "replace")
    return body[1 : 1 + count].decode("latin-1")


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records from a place to the end of what begins there; what begins inside it belongs to it."""
    depth = 0
    while at + 4 <= len(stream):
        kind, size = int.from_bytes(stream[at : at + 2], "little"), int.from_bytes(stream[at + 2 : at + 4], "little")
        yield kind, stream[at + 4 : at + 4 + size] if depth <= 1 else b""
        depth += {0x809: 1, 0x0A: -1}.get(kind, 0)
        if depth <= 0:
            return
        at += 4 + size
