"""Reading .ods: values by calamine, the rest by one pass over the XML.

The pass comes first: a small file may claim any number of cells, and hidden rows, merged cells, percentages and what a
cell shows are told nowhere else.
"""

import io
import re
import zipfile
from dataclasses import dataclass, field
from xml.parsers import expat

import python_calamine

from exchange_connectors.excel.number_format import NumberFormat
from exchange_connectors.excel.workbook import (
    COLUMNS_MAX,
    DAMAGED,
    ROWS_MAX,
    Merge,
    Sheet,
    UnreadableError,
    as_cell,
    bounded,
    unpacked_within_limits,
)

_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 "
_CHUNK = 2**18
_ERROR = re.compile(r"#[A-Z/0]+[!?]?|Err:\d{3}")
_NUMBER = re.compile(r"[-+(]?[\d,.\s]*\d[\d,.\s]*\)?")


@dataclass(slots=True)
class _Seen(Sheet):
    """A sheet while its XML is read."""

    height: int = 0
    width: int = 0
    found: list[Merge] = field(default_factory=list)


class _Scan:
    """Walks content.xml."""

    def __init__(self) -> None:
        self.sheets: list[_Seen] = []
        self._row = self._column = 0
        self._rows_repeated = self._columns_repeated = 1
        self._cell: dict[str, str] | None = None
        self._text: list[str] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def feed(self, chunk: bytes, last: bool = False) -> None:
        """Take the next bytes of the part."""
        self._parser.Parse(chunk, last)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == f"{_TABLE}table":
            self.sheets.append(_Seen(attributes.get(f"{_TABLE}name", ""), []))
            self._row = self._column = 0
        elif not self.sheets:
            return
        elif name == f"{_TABLE}table-column":
            count = int(attributes.get(f"{_TABLE}number-columns-repeated", "1"))
            if attributes.get(f"{_TABLE}visibility") in ("collapse", "filter"):
                last = min(self._column + count, COLUMNS_MAX)
                self.sheets[-1].hidden_columns.update(range(self._column + 1, last + 1))
            self._column += count
        elif name == f"{_TABLE}table-row":
            self._rows_repeated = int(attributes.get(f"{_TABLE}number-rows-repeated", "1"))
            if attributes.get(f"{_TABLE}visibility") in ("collapse", "filter"):
                last = min(self._row + self._rows_repeated, ROWS_MAX)
                self.sheets[-1].hidden_rows.update(range(self._row + 1, last + 1))
            self._column = 0
        elif name in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            self._cell, self._text = attributes, []
            self._columns_repeated = int(attributes.get(f"{_TABLE}number-columns-repeated", "1"))
        elif name == f"{_TEXT}p" and self._cell is not None:
            self._parser.CharacterDataHandler = self._text.append

    def _end(self, name: str) -> None:
        if name == f"{_TEXT}p":
            self._parser.CharacterDataHandler = None
        elif name == f"{_TABLE}table-row":
            self._row += self._rows_repeated
        elif name in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell") and self._cell is not None:
            self._look_at_cell(self._cell, "".join(self._text))
            self._column += self._columns_repeated
            self._cell = None

    def _look_at_cell(self, cell: dict[str, str], text: str) -> None:
        sheet, row, column = self.sheets[-1], self._row + 1, self._column + 1
        kind = cell.get(f"{_OFFICE}value-type")
        formula = cell.get(f"{_TABLE}formula")
        down, right = (
            int(cell.get(f"{_TABLE}number-rows-spanned", "1")),
            int(cell.get(f"{_TABLE}number-columns-spanned", "1")),
        )
        if down > 1 or right > 1:
            sheet.found.append(Merge(row, column, row + down - 1, column + right - 1))
        if kind is None and not text:
            if formula is not None:
                sheet.uncomputed.add((row, column))
            return
        sheet.height = max(sheet.height, self._row + self._rows_repeated)
        sheet.width = max(sheet.width, self._column + self._columns_repeated)
        bounded(sheet.name, sheet.height, sheet.width)
        shown = _shown(kind, text)
        for place in (
            (r, c)
            for r in range(row, row + self._rows_repeated)
            for c in range(column, column + self._columns_repeated)
        ):
            if formula is not None and _ERROR.fullmatch(text.strip()):
                sheet.errors[place] = text.strip()
            if formula is not None and ("#REF!" in formula or "'file:" in formula):
                (sheet.errors.__setitem__(place, "#REF!") if "#REF!" in formula else sheet.outward.add(place))
            if shown is not None:
                sheet.formats[place] = shown


def _shown(kind: str | None, text: str) -> NumberFormat | None:
    """Return how a number shows, from the text that the file holds beside it."""
    text = text.strip()
    if kind == "percentage":
        return NumberFormat(percent=True)
    if kind not in ("float", "currency") or not text:
        return None
    if _NUMBER.fullmatch(text):
        return NumberFormat(pattern="0" * len(text)) if re.fullmatch(r"0\d+", text) else None
    match = re.fullmatch(r"(?P<before>[^\d(+-]*)[-+(]?(?P<number>[\d,.\s]*\d)\)?(?P<after>\D*)", text)
    if match is None:
        return NumberFormat(shifted=not re.search(r"[eE]|\d/\d", text))
    return NumberFormat(
        prefix=match["before"].strip(), suffix=match["after"].strip(), pattern="0" * len(match["number"])
    )


def read_sheets(body: bytes) -> tuple[Sheet, ...]:
    """Read a spreadsheet document's tables.

    Raises:
        UnreadableError: damaged, encrypted or beyond the limits.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            unpacked_within_limits(archive)
            _without_password(archive)
            scan = _Scan()
            with archive.open("content.xml") as stream:
                while chunk := stream.read(_CHUNK):
                    scan.feed(chunk)
            scan.feed(b"", last=True)
        book = python_calamine.load_workbook(io.BytesIO(body))
        visible = {meta.name: meta.visible == python_calamine.SheetVisibleEnum.Visible for meta in book.sheets_metadata}
        return tuple(_finish(book, seen, visible.get(seen.name, True)) for seen in scan.sheets)
    except UnreadableError:
        raise
    except (
        python_calamine.CalamineError, zipfile.BadZipFile, expat.ExpatError, KeyError, ValueError, EOFError, OSError,
        NotImplementedError, RuntimeError,
    ) as error:  # fmt: skip
        raise UnreadableError(DAMAGED) from error


def _without_password(archive: zipfile.ZipFile) -> None:
    if b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise UnreadableError("打不开（有密码），请去掉密码并另存为xlsx")


def _finish(book: python_calamine.CalamineWorkbook, seen: _Seen, visible: bool) -> Sheet:
    values = book.get_sheet_by_name(seen.name)
    rows = [[as_cell(value) for value in row[:COLUMNS_MAX]] for row in values.to_python(skip_empty_area=False)]
    return Sheet(
        seen.name, rows, tuple(seen.found), not visible, seen.hidden_rows, seen.hidden_columns, seen.errors, seen.outward,
        seen.uncomputed, seen.formats,
    )  # fmt: skip
