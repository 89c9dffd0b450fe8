"""Reading .ods: values by calamine, the rest by one pass over the XML.

The pass comes first: a small file may claim any number of cells, and hidden rows, merged cells, percentages and what a
cell shows are told nowhere else.
"""

import io
import re
import zipfile
from dataclasses import dataclass, field
from decimal import Decimal
from xml.parsers import expat

import python_calamine

from exchange_connectors.excel.floating import on_pages
from exchange_connectors.excel.number_format import NumberFormat, in_words
from exchange_connectors.excel.workbook import (
    COLUMNS_MAX,
    DAMAGED,
    NO_HEIGHT,
    ROWS_MAX,
    Mark,
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
_FO = "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0 "
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0 "
_BREAKS = {f"{_TEXT}line-break": "\n", f"{_TEXT}tab": "\t", f"{_TEXT}s": " "}
_DRAW = "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0 "
_CHUNK = 2**18
_ERROR = re.compile(r"#[A-Z/0_]+[!?]?|(?:Err|错误):\d{3}")
_SHOWN = re.compile(r"(?P<before>\D*?)(?P<number>\d[\d,\s]*(?:\.\d+)?)(?P<after>\D*)")
_MONTH_NAMES = re.compile("jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec", re.IGNORECASE)
_CLOCK = re.compile(r"\d+:\d+(?::[\d.]+)?(?:\s*[AP]M)?|(?:[上下]午)?\d+时\d+分(?:\d+秒)?", re.IGNORECASE)
_OTHER_WAYS = re.compile(r"\d[eE][+-]?\d|\d/\d")
"""Powers of ten and fractions: another way to write the same number."""


@dataclass(slots=True)
class _Seen(Sheet):
    """A sheet while its XML is read; *broken* are texts with breaks inside, which calamine leaves out, *page* says how it is printed."""

    page: str = ""
    height: int = 0
    width: int = 0
    broken: dict[tuple[int, int], str] = field(default_factory=dict)
    found: list[Merge] = field(default_factory=list)


class _Scan:
    """Walks content.xml."""

    def __init__(self) -> None:
        self.sheets: list[_Seen] = []
        self.from_1904 = False
        self._row = self._column = 0
        self._rows_repeated = self._columns_repeated = 1
        self._cell: dict[str, str] | None = None
        self._text: list[str] = []
        self._paragraphs = self._beside = 0
        self._is_comment, self._words = False, list[str]()
        self._pages: dict[str, str] = {}
        self._styles: dict[str, Mark] = {}
        self._style, self._ground = "", "transparent"
        self._low: set[str] = set()
        self._cell_mark: Mark | None = None
        self._broken = False
        self._spans = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def feed(self, chunk: bytes, last: bool = False) -> None:
        """Take the next bytes of the part."""
        self._parser.Parse(chunk, last)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._beside or name == f"{_OFFICE}annotation" or name.startswith(_DRAW):
            self._lies_beside(name)
        elif name == f"{_STYLE}style":
            self._style, self._ground = attributes.get(f"{_STYLE}name", ""), "transparent"
            self._pages[self._style] = attributes.get(f"{_STYLE}master-page-name", "")
        elif name == f"{_STYLE}table-row-properties":
            if _points(attributes.get(f"{_STYLE}row-height", "")) < NO_HEIGHT:
                self._low.add(self._style)
        elif name == f"{_STYLE}table-cell-properties":
            self._ground = attributes.get(f"{_FO}background-color", self._ground)
        elif name == f"{_STYLE}text-properties":
            self._look_at_type_face(attributes)
        elif name == f"{_TABLE}table":
            self.sheets.append(_Seen(attributes.get(f"{_TABLE}name", ""), [], page=self._pages.get(attributes.get(f"{_TABLE}style-name", ""), "")))
            self._row = self._column = 0
        elif name == f"{_TABLE}null-date":
            self.from_1904 = attributes.get(f"{_TABLE}date-value", "").startswith("1904")
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
            if attributes.get(f"{_TABLE}visibility") in ("collapse", "filter") or attributes.get(f"{_TABLE}style-name") in self._low:
                last = min(self._row + self._rows_repeated, ROWS_MAX)
                self.sheets[-1].hidden_rows.update(range(self._row + 1, last + 1))
            self._column = 0
        elif name in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            self._cell, self._text, self._paragraphs = attributes, [], 0
            self._cell_mark, self._broken, self._spans = None, False, 0
            self._columns_repeated = int(attributes.get(f"{_TABLE}number-columns-repeated", "1"))
        elif name == f"{_TEXT}p" and self._cell is not None:
            self._text += ["\n"] if self._paragraphs else []
            self._paragraphs += 1
            self._parser.CharacterDataHandler = self._text.append
        elif name in _BREAKS:
            self._text.append(_BREAKS[name] * int(attributes.get(f"{_TEXT}c", "1")))
            self._broken = self._broken or name != f"{_TEXT}s"
        elif name == f"{_TEXT}span":
            self._spans += 1
            self._cell_mark = self._styles.get(attributes.get(f"{_TEXT}style-name", ""), self._cell_mark)

    def _lies_beside(self, name: str) -> None:
        """Take what lies in or on a cell without being its text: comments, pictures, boxes and shapes."""
        if not self._beside:
            self._is_comment, self._words = name == f"{_OFFICE}annotation", []
        self._beside += 1
        self._words += ["\n"] if name == f"{_TEXT}p" else []
        self._parser.CharacterDataHandler = self._words.append if name.startswith(_TEXT) else None

    def _lay_beside(self) -> None:
        """Keep what lay beside a cell's text: the words of a comment, the lines of a box."""
        words = "".join(self._words).strip()
        if self._is_comment and self._cell is not None:
            self.sheets[-1].commented[self._row + 1, self._column + 1] = words
        elif not self._is_comment and self.sheets:
            self.sheets[-1].afloat += tuple(filter(None, map(str.strip, words.splitlines())))

    def _end(self, name: str) -> None:
        if self._beside:
            self._beside -= 1
            if name == f"{_TEXT}p":
                self._parser.CharacterDataHandler = None
            if not self._beside:
                self._lay_beside()
                self._parser.CharacterDataHandler = self._text.append if self._paragraphs and self._cell is not None else None
        elif name == f"{_TEXT}p":
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
        shown = _shown(kind, text if self._paragraphs else None, cell.get(f"{_OFFICE}value", ""))
        struck = Mark.PARTLY_STRUCK if self._spans else Mark.STRUCK
        face = self._styles.get(cell.get(f"{_TABLE}style-name", ""))
        mark = struck if face is Mark.PARTLY_STRUCK else self._cell_mark or (face if face is Mark.UNSEEN else None)
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
            if mark is not None:
                sheet.marks[place] = mark
            if self._broken and kind == "string":
                sheet.broken[place] = text

    def _look_at_type_face(self, attributes: dict[str, str]) -> None:
        """Remember a style whose characters are struck out or raised."""
        through = attributes.get(f"{_STYLE}text-line-through-style", attributes.get(f"{_STYLE}text-line-through-type", "none"))
        if through != "none":
            self._styles[self._style] = Mark.PARTLY_STRUCK
        elif not attributes.get(f"{_STYLE}text-position", "0%").startswith("0%"):
            self._styles[self._style] = Mark.RAISED
        elif attributes.get(f"{_FO}color", "").lower() == self._ground.lower().replace("transparent", "#ffffff"):
            self._styles[self._style] = Mark.UNSEEN


def _points(length: str) -> float:
    """Return a length in points; one that is not known is as high as a row."""
    match = re.fullmatch(r"([\d.]+)(in|cm|mm|pt)", length)
    return float(match[1]) * {"in": 72, "cm": 28.35, "mm": 2.835, "pt": 1}[match[2]] if match else NO_HEIGHT


def _shown(kind: str | None, text: str | None, value: str) -> NumberFormat | None:
    """Return how a number shows, from the text that the file holds beside it, if it holds one."""
    text = None if text is None else text.strip()
    if kind == "percentage":
        return NumberFormat(percent=True)
    if kind == "date" and text:
        return _shown_day(text)
    if kind not in ("float", "currency") or not value:
        return None
    number = Decimal(value)
    if text is None:
        return None
    if not text:
        return NumberFormat(blank=True)
    if in_words(text) == number:
        return None
    match = _SHOWN.fullmatch(text)
    if match is None:
        return NumberFormat(shifted=not _OTHER_WAYS.search(text), as_shown=_number_of_a_thing(text, number)) if re.search(r"\d", text) else NumberFormat(blank=True)
    before, after = match["before"].strip(), match["after"].strip()
    if number < 0:
        before, after = before.rstrip("-−("), after.removeprefix(")")
    digits = Decimal("".join(match["number"].split()).replace(",", ""))
    if abs(digits - abs(number)) * 2 > Decimal(1).scaleb(int(digits.as_tuple().exponent)):  # more than rounding
        return NumberFormat(prefix=before, suffix=after, shifted=True, as_shown=_number_of_a_thing(text, number))
    padded = re.fullmatch(r"0\d+", match["number"])
    return NumberFormat(prefix=before, suffix=after, pattern="0" * len(match["number"])) if before or after or padded else None


def _number_of_a_thing(text: str, number: Decimal) -> str:
    """Return what a cell shows as the number of a thing, empty where it shows an amount."""
    whole = number >= 0 and number == number.to_integral_value()
    return text.replace(",", "") if whole and "." not in text and not _OTHER_WAYS.search(text) else ""


def _shown_day(text: str) -> NumberFormat | None:
    """Return which parts of a day a text shows, ``None`` where it shows month and day."""
    text = _CLOCK.sub("", text).strip()
    groups = re.findall(r"\d+", text)
    if _MONTH_NAMES.search(text):
        return None if len(groups) > 1 else NumberFormat(date=True, parts="ym")
    named = "年" in text or (len(groups) > 1 and len(groups[0]) == len("2026"))
    if "日" in text.replace("星期日", "").replace("周日", "") or len(groups) > 1 + named:
        return None
    if "月" in text or (named and len(groups) > 1):
        return NumberFormat(date=True, parts="ym")
    if "年" in text or (groups and len(groups[0]) == len("2026")):
        return NumberFormat(date=True, parts="y")
    return None if len(groups) > 1 else NumberFormat(date=True, parts="d" if groups else "")


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
            pages = on_pages(archive.read("styles.xml")) if "styles.xml" in archive.namelist() else {}
        book = python_calamine.load_workbook(io.BytesIO(body))
        visible = {meta.name: meta.visible == python_calamine.SheetVisibleEnum.Visible for meta in book.sheets_metadata}
        for seen in scan.sheets:
            seen.on_paper = tuple(pages.get(seen.page, ()))
        return tuple(_finish(book, seen, visible.get(seen.name, True), scan.from_1904) for seen in scan.sheets)
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


def _finish(book: python_calamine.CalamineWorkbook, seen: _Seen, visible: bool, from_1904: bool) -> Sheet:
    values = book.get_sheet_by_name(seen.name)
    rows = [[as_cell(value) for value in row] for row in values.to_python(skip_empty_area=False)]
    for (row, column), text in seen.broken.items():
        rows[row - 1][column - 1] = text
    return Sheet(
        seen.name, rows, tuple(seen.found), not visible, seen.hidden_rows, seen.hidden_columns, seen.errors, seen.outward,
        seen.uncomputed, seen.doubtful, seen.marks, seen.formats, from_1904, seen.commented, seen.on_paper, seen.afloat,
    )  # fmt: skip
