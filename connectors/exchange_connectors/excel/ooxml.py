"""Reading .xlsx and .xlsm: values by calamine, the rest by one pass over each sheet's XML.

Calamine is fast but silent on hidden rows and columns, broken, outward and never computed formulas and on what a cell
shows. The pass over the XML comes first: it finds the used range, so that nothing unbounded is built. It knows the
transitional and the strict form of the format, cells without a place of their own, and part names in any case.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath
from string import ascii_uppercase
from typing import Any, cast
from xml.parsers import expat

import python_calamine

from exchange_connectors.excel.floating import in_drawing, without_codes
from exchange_connectors.excel.model import OWN_COMMENT, Cell
from exchange_connectors.excel.number_format import NumberFormat
from exchange_connectors.excel.plain_xml import Run, column_of, runs
from exchange_connectors.excel.type_faces import run_mark, styles_of
from exchange_connectors.excel.workbook import (
    COLUMNS_MAX,
    DAMAGED,
    NO_HEIGHT,
    NO_WIDTH,
    Mark,
    Merge,
    Sheet,
    UnreadableError,
    as_cell,
    bounded,
    unpacked_within_limits,
)

_NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://schemas.openxmlformats.org/package/2006/relationships",
)
_RELATION_IDS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships id",
)
_CHUNK = 2**18
_KEPT_BYTES_MAX = 16 * 2**20
"""A sheet's XML without its empty rows is remembered up to this size."""

_WORTH_BYTES = 4 * 2**20
"""So much XML of empty rows is left out before a package is made without them: each cell of theirs costs as much as a full one."""

_LEARNT_ROWS = 2_000
"""Of a sheet's first rows equal texts and dates are kept once, also for those below: words come again in long lists, and each takes room."""

_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_DIMENSION = re.compile(rb"<(?:[A-Za-z0-9]+:)?dimension\b[^>]*?(?:/>|>\s*</(?:[A-Za-z0-9]+:)?dimension>)")
_ON_PAPER = ("oddHeader", "oddFooter", "firstHeader", "firstFooter", "evenHeader", "evenFooter")
_PLAIN_1904 = re.compile(rb"\bdate1904=[\"'](?:1|true)[\"']")
_IN_1904 = re.compile(rb"(\bdate1904\s*=\s*)([\"']).*?\2")
_ERROR = re.compile(
    rb"(<(?:[A-Za-z0-9]+:)?c\b[^>]*\st=[\"']e[\"'][^>]*>\s*(?:<(?:[A-Za-z0-9]+:)?f\b[^>]*?(?:/>|>[^<]*</(?:[A-Za-z0-9]+:)?f>)\s*)?<(?:[A-Za-z0-9]+:)?v>)[^<]*"
)
"""An error cell up to its error: the values' reader knows seven of them, and the scan has kept them all."""
_OUTWARD = re.compile(r"\[[^\]]+\][^!]*!|file:///|\\\\|https?://")


def read_sheets(body: bytes) -> tuple[Sheet, ...]:
    """Read a package's worksheets.

    Raises:
        UnreadableError: damaged, encrypted or beyond the limits.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            unpacked_within_limits(archive)
            package = _Package(archive)
            scanned = {name: _scan(package, part) for name, part in package.sheets()}
            package.verify()
            parts = package.in_plain_words()
        if parts:
            body = _with_parts(body, parts)
        if any(scan.slim for scan in scanned.values()):
            body = _with_parts(body, {scan.member: scan.slim for scan in scanned.values() if scan.slim})
            for scan in scanned.values():
                scan.slim = b""
        try:
            return _values(body, scanned, package.from_1904)
        except python_calamine.CalamineError:
            return _values(_with_parts(body, {}), scanned, package.from_1904)
    except UnreadableError:
        raise
    except (
        python_calamine.CalamineError, zipfile.BadZipFile, expat.ExpatError, KeyError, ValueError, EOFError, OSError,
        NotImplementedError, RuntimeError,
    ) as error:  # fmt: skip
        raise UnreadableError(DAMAGED) from error


@dataclass(slots=True)
class _Scan:
    """What one sheet's XML tells.

    Attributes:
        member: the archive member that holds it.
        slim: the XML without its empty rows, where these are most of it.
    """

    member: str = ""
    slim: bytes = b""
    rows: int = 0
    columns: int = 0
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    outward: set[tuple[int, int]] = field(default_factory=set)
    uncomputed: set[tuple[int, int]] = field(default_factory=set)
    doubtful: set[tuple[int, int]] = field(default_factory=set)
    marks: dict[tuple[int, int], Mark] = field(default_factory=dict)
    formats: dict[tuple[int, int], NumberFormat] = field(default_factory=dict)
    commented: dict[tuple[int, int], str] = field(default_factory=dict)
    on_paper: list[str] = field(default_factory=list)
    afloat: list[str] = field(default_factory=list)


def _on(switch: str | None) -> bool:
    """Say whether a switch is on, in any of the words that programs have for it."""
    return switch is not None and switch.strip().lower() in ("1", "true", "on", "t")


class _Package:
    """The parts of a package that say where the sheets are and what their styles show."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self._members = {name.lower().lstrip("/"): name for name in archive.namelist()}
        self.book = self._targets("_rels/.rels", "").get("officedocument", ["xl/workbook.xml"])[0]
        self.from_1904 = False
        self._sheets: list[tuple[str, str]] = []
        self.recalculates = False
        self._read_book()
        self.rich: set[str] = set()
        styles = styles_of(self._parse(self._style_part))
        self.styles, self.faces = styles.formats, styles.faces
        self.strings = self._marked_strings()

    def member(self, part: str) -> str | None:
        """Return the archive's own name of *part*, however it is spelt."""
        return self._members.get(part.lower().lstrip("/"))

    def sheets(self) -> Iterator[tuple[str, str]]:
        """Yield each worksheet's name and the archive member that holds it."""
        yield from self._sheets

    def in_plain_words(self) -> dict[str, bytes]:
        """Return the part that says from when days are counted, where it says so in a word that the reader of values does not know."""
        name = self.member(self.book)
        if name is None or not self.from_1904 or _PLAIN_1904.search(body := self.archive.read(name)):
            return {}
        return {name: _IN_1904.sub(rb"\1\g<2>1\2", body)}

    def verify(self) -> None:
        """Read what calamine will read beside the sheets, so that a member that is not what it claims ends here."""
        for name in self._members.values():
            if name.lower().endswith(("sharedstrings.xml", "styles.xml")):
                with self.archive.open(name) as stream:
                    while stream.read(_CHUNK):
                        pass

    def _of_sheet(self, member: str) -> dict[str, list[str]]:
        """Return where a sheet's relations lead."""
        path = PurePosixPath(member)
        return self._targets(f"{path.parent}/_rels/{path.name}.rels", str(path.parent))

    def afloat(self, member: str) -> list[str]:
        """Return the texts of the boxes and shapes over a sheet's cells."""
        parts = map(self.member, self._of_sheet(member).get("drawing", ()))
        return [text for part in parts if part is not None for text in in_drawing(self.archive.read(part))]

    def commented(self, member: str) -> dict[tuple[int, int], str]:
        """Return the cells of a sheet with comments, but for those of a return slip, with their words."""
        targets = self._of_sheet(member)
        found: dict[tuple[int, int], list[str]] = {}
        for part in (*targets.get("comments", ()), *targets.get("threadedcomment", ())):
            name, words = self.member(part), []
            if name is None:
                continue
            parser = expat.ParserCreate(namespace_separator=" ")

            def start(tag: str, attributes: dict[str, str]) -> None:
                nonlocal words
                match = _PLACE.fullmatch(attributes.get("ref", "")) if tag.endswith((" comment", " threadedComment")) else None
                if match is not None:
                    words = found.setdefault((int(match[2]), column_of(match[1])), [])

            parser.StartElementHandler = start
            parser.CharacterDataHandler = lambda text: words.append(text)  # noqa: B023, PLW0108 - of this part and cell
            parser.Parse(self.archive.read(name), True)
        return {place: text for place, words in found.items() if not (text := "".join(words)).lstrip().startswith(OWN_COMMENT)}

    def _parse(self, part: str) -> list[tuple[str, dict[str, str]]]:
        """Return a small part's elements with their attributes, in order; nothing where the part is missing."""
        name = self.member(part)
        found: list[tuple[str, dict[str, str]]] = []
        if name is None:
            return found
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = lambda tag, attributes: found.append((tag.rpartition(" ")[2], attributes))
        parser.Parse(self.archive.read(name), True)
        return found

    def _targets(self, part: str, folder: str) -> dict[str, list[str]]:
        """Return relation id, and the last word of its type → where it leads."""
        found: dict[str, list[str]] = {}
        for tag, attributes in self._parse(part):
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "")
                path = target.lstrip("/") if target.startswith("/") else str(PurePosixPath(folder) / target)
                path = re.sub(r"[^/]+/\.\./", "", path)
                found.setdefault(attributes.get("Id", ""), []).append(path)
                found.setdefault(attributes.get("Type", "").rpartition("/")[2].lower(), []).append(path)
        return found

    def _read_book(self) -> None:
        path = PurePosixPath(self.book)
        targets = self._targets(f"{path.parent}/_rels/{path.name}.rels", str(path.parent))
        for tag, attributes in self._parse(self.book):
            if tag == "workbookPr":
                self.from_1904 = _on(attributes.get("date1904"))
            elif tag == "calcPr":
                self.recalculates = _on(attributes.get("fullCalcOnLoad"))
            elif tag == "sheet":
                relation = next((attributes[each] for each in _RELATION_IDS if each in attributes), "")
                member = self.member(targets.get(relation, [""])[0])
                if member is not None:
                    self._sheets.append((attributes.get("name", ""), member))
        self._style_part = targets.get("styles", ["xl/styles.xml"])[0]
        self._string_part = targets.get("sharedstrings", ["xl/sharedStrings.xml"])[0]

    def _marked_strings(self) -> dict[str, Mark]:
        """Return number of a shared text → what the type faces of its parts say, only of those where they say something."""
        name = self.member(self._string_part)
        if name is None or not (self.faces or self._speaks_of(name, (b"strike", b"vertAlign"))):
            return {}
        found: dict[str, Mark] = {}
        number = -1
        for tag, attributes in self._parse(self._string_part):
            if tag == "si":
                number += 1
            elif tag == "r":
                self.rich.add(str(number))
            elif (mark := run_mark(tag, attributes)) is not None and found.get(str(number)) is not Mark.PARTLY_STRUCK:
                found[str(number)] = mark
        return found

    def _speaks_of(self, name: str, words: tuple[bytes, ...]) -> bool:
        """Say whether one of some words stands anywhere in a part."""
        before = b""
        with self.archive.open(name) as stream:
            while chunk := stream.read(_CHUNK):
                if any(word in before + chunk for word in words):
                    return True
                before = chunk[-16:]
        return False


class _SheetScan:
    """Walks one sheet's XML, keeping only what is out of the ordinary."""

    def __init__(self, package: _Package) -> None:
        self.found = _Scan()
        self._styles, self._faces, self._strings, self._rich = package.styles, package.faces, package.strings, package.rich
        self._recalculates = package.recalculates
        self._row = self._column = 0
        self._type = self._style = ""
        self.counts = False
        spoken_of = sorted({*self._styles, *self._faces})
        self._cells = re.compile(rb'<c r="([A-Z]++)([0-9]++)" s="(' + "|".join(spoken_of).encode() + rb')"(?: t="([A-Za-z]++)")?+><[vi]') if spoken_of else None
        self._formula: str | None = None
        self._words: list[str] = []
        self._filled = False
        self._tags = {f"{space} {tag}": tag for space in _NAMESPACES for tag in ("row", "c", "v", "f", "is", "col", "strike", "vertAlign", *_ON_PAPER)}
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    @property
    def takes_plain_rows(self) -> bool:
        """Whether what is to be known of plain rows does not depend on their texts."""
        return not (self._strings or self._rich)

    def take(self, run: Run) -> None:
        """Take plain rows."""
        self._go_to_row(run.first)
        self._row = run.last
        self.found.rows = max(self.found.rows, run.filled)
        self.found.columns = max(self.found.columns, run.columns)
        if self._cells is None or not run.filled:
            return
        for match in self._cells.finditer(run.xml):
            place, style = (int(match[2]), column_of(match[1].decode())), match[3].decode()
            if style in self._styles and match[4] in (None, b"n"):
                self.found.formats[place] = self._styles[style]
            if style in self._faces:
                self.found.marks[place] = self._faces[style]

    def feed(self, chunk: bytes, last: bool = False) -> None:
        """Take the next bytes of the part."""
        self._parser.Parse(chunk, last)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = self._tags.get(name)
        if tag == "c":
            self._advance(attributes.get("r"))
            self._type = attributes.get("t", "n")
            self._formula, self._filled = None, False
            self._style = style = attributes.get("s", "")
            if style in self._faces:
                self.found.marks[self._row, self._column] = self._faces[style]
        elif tag == "f" or tag in _ON_PAPER:
            self._formula = ""
            self._listen()
        elif tag == "v":
            if self._style in self._styles and self._type in ("n", "d"):
                self.found.formats[self._row, self._column] = self._styles[self._style]
            if self._type == "e" or self._formula is not None or (self._type == "s" and (self._strings or self._rich)):
                self._listen()
            else:
                self._use()
        elif tag == "is":
            self._use()
        elif tag == "row":
            self.counts = self.counts or "r" not in attributes
            self._go_to_row(int(attributes.get("r", self._row + 1)))
            if _on(attributes.get("hidden")) or float(attributes.get("ht", 9)) < NO_HEIGHT:
                self.found.hidden_rows.add(self._row)
        elif tag in ("strike", "vertAlign"):
            if self._type == "inlineStr" and (mark := run_mark(tag, attributes)) is not None and self.found.marks.get((self._row, self._column)) is not Mark.PARTLY_STRUCK:
                self.found.marks[self._row, self._column] = mark
        elif tag == "col" and (_on(attributes.get("hidden")) or float(attributes.get("width", 9)) < NO_WIDTH):
            first, last = int(attributes["min"]), min(int(attributes["max"]), COLUMNS_MAX)
            self.found.hidden_columns.update(range(first, last + 1))

    def _go_to_row(self, row: int) -> None:
        """Begin a row; rows come from top to bottom, or programs differ in what they read."""
        if row <= self._row:
            raise UnreadableError(DAMAGED)
        self._row, self._column = row, 0

    def _advance(self, place: str | None) -> None:
        """Go to the next cell; cells lie in their row, from left to right, none of them twice."""
        column = column_of(place) if place else self._column + 1
        if column <= self._column or (place and place.lstrip(ascii_uppercase) != str(self._row)):
            raise UnreadableError(DAMAGED)
        self._column = column

    def _listen(self) -> None:
        self._words = []
        self._parser.CharacterDataHandler = self._words.append

    def _use(self) -> None:
        """Note that the cell holds something: it counts for the used range."""
        self._filled = True
        self.found.rows = max(self.found.rows, self._row)
        self.found.columns = max(self.found.columns, self._column)

    def _end(self, name: str) -> None:
        tag = self._tags.get(name)
        if tag in _ON_PAPER:
            self._parser.CharacterDataHandler = None
            self.found.on_paper += without_codes("".join(self._words))
        if tag not in ("f", "v", "c"):
            return
        if tag == "c":
            if self._formula is not None and not self._filled and self._type != "str":
                self.found.uncomputed.add((self._row, self._column))
            self._type = ""
            return
        if self._parser.CharacterDataHandler is None:
            return
        self._parser.CharacterDataHandler = None
        words, place = "".join(self._words), (self._row, self._column)
        if tag == "f":
            self._formula = words
            self._use()
            self._filled = False
            if "#REF!" in words:
                self.found.errors[place] = "#REF!"
            elif _OUTWARD.search(words):
                self.found.outward.add(place)
        else:
            if words:
                self._use()
            if self._type == "e":
                self.found.errors[place] = words or "#REF!"
            elif self._type == "s" and words in self._rich and self.found.marks.get(place) is Mark.STRUCK:
                self.found.marks[place] = Mark.PARTLY_STRUCK  # the cell's own type face holds for some of its parts
            elif self._type == "s" and words in self._strings:
                self.found.marks[place] = self._strings[words]
            elif self._formula is not None and self._recalculates and self._type == "n" and words:
                self._weigh(place, words)


    def _weigh(self, place: tuple[int, int], words: str) -> None:
        """Judge a stored result that the spreadsheet works out anew: programs that cannot calculate write a nought there."""
        if float(words) == 0:
            self.found.uncomputed.add(place)
        else:
            self.found.doubtful.add(place)


def _scan(package: _Package, member: str) -> _Scan:
    """Walk a sheet's XML: plain rows many at a time, the rest by the parser."""
    scan = _SheetScan(package)
    kept: list[bytes] | None = []
    kept_bytes = left_out = 0
    with package.archive.open(member) as stream:
        chunks = iter(lambda: stream.read(_CHUNK), b"")
        for piece in runs(chunks) if scan.takes_plain_rows else chunks:
            if isinstance(piece, Run):
                scan.take(piece)
                left_out += 0 if piece.filled else len(piece.xml)
            else:
                scan.feed(piece)
            if kept is not None and not (isinstance(piece, Run) and not piece.filled):
                kept.append(piece.xml if isinstance(piece, Run) else piece)
                kept_bytes += len(kept[-1])
                kept = kept if kept_bytes <= _KEPT_BYTES_MAX else None
    scan.feed(b"", last=True)
    found = scan.found
    found.member = member
    found.commented, found.afloat = package.commented(member), package.afloat(member)
    if kept is not None and left_out > max(_WORTH_BYTES, kept_bytes) and not scan.counts:
        found.slim = b"".join(kept)
    return found


def _values(body: bytes, scanned: dict[str, _Scan], from_1904: bool) -> tuple[Sheet, ...]:
    """Read the worksheets' values."""
    book = python_calamine.load_workbook(io.BytesIO(body))
    return tuple(
        _sheet(book, meta, scanned, from_1904)
        for meta in book.sheets_metadata
        if meta.typ == python_calamine.SheetTypeEnum.WorkSheet
    )


def _sheet(
    book: python_calamine.CalamineWorkbook,
    meta: python_calamine.SheetMetadata,
    scanned: dict[str, _Scan],
    from_1904: bool,
) -> Sheet:
    scan = scanned.get(meta.name)
    if scan is None:
        raise UnreadableError(DAMAGED)  # what cannot be looked at in full is not read in part
    bounded(meta.name, scan.rows, scan.columns)
    sheet = book.get_sheet_by_name(meta.name)
    before: list[Cell] = [None] * (sheet.start[1] if sheet.start else 0)  # rows come from the first, cells from the first column in use
    shared: dict[Any, Cell] = {}
    rows: list[list[Cell]] = []
    for values in cast("Iterator[list[Any]]", sheet.iter_rows()):
        if len(rows) < _LEARNT_ROWS:
            shared.update((value, value) for value in values if type(value) in (str, date))
        rows.append(before + [(shared.get(value, value) or None) if type(value) in (str, date) else as_cell(value) for value in values])
    merges = tuple(
        Merge(top + 1, left + 1, bottom + 1, right + 1)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
    )
    return Sheet(
        meta.name, rows, merges, meta.visible != python_calamine.SheetVisibleEnum.Visible,
        scan.hidden_rows, scan.hidden_columns, scan.errors, scan.outward, scan.uncomputed, scan.doubtful, scan.marks, scan.formats,
        from_1904, scan.commented, tuple(scan.on_paper), tuple(scan.afloat),
    )  # fmt: skip


def _with_parts(body: bytes, parts: Mapping[str, bytes]) -> bytes:
    """Return the package with other parts, every error in its worksheets one that is known, and without their claims about the used range: some programs write nonsense."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for info in source.infolist():
            data = parts.get(info.filename) or source.read(info)
            if info.filename.lower().endswith(".xml") and "/worksheets/" in info.filename.lower():
                data = _ERROR.sub(rb"\g<1>#VALUE!", _DIMENSION.sub(b"", data[:65536], count=1) + data[65536:])
            target.writestr(info.filename, data)
    return out.getvalue()
