"""A workbook's package written by hand, in the dialects that programs have."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from datetime import date
from random import Random
from xml.sax.saxutils import escape, quoteattr

from openpyxl.utils import get_column_letter as letters

from tests.workbooks.sheets import Book, Cell, Line, Sheet

EPOCHS = {False: date(1899, 12, 30), True: date(1904, 1, 1)}


def serial(day: date, from_1904: bool) -> int:
    """Return a day as the workbook counts it."""
    return (day - EPOCHS[from_1904]).days


def places(sheet: Sheet) -> tuple[list[Line], list[tuple[int, int, int, int]]]:
    """Return a sheet's lines, and its merged ranges as top, left, bottom, right."""
    lines = sheet.lines()
    row = {id(line): number for number, line in enumerate(lines, 1)}
    return lines, [(row[id(a)], left, row[id(b)], right) for a, left, b, right in sheet.merges if id(a) in row and id(b) in row]


@dataclass(slots=True)
class _Dialect:
    """How another program writes a package."""

    strict: bool = False
    places: bool = True
    inline: bool = False
    prefix: str = ""
    iso_dates: bool = False
    dimension: str = ""
    capitals: bool = False
    phonetic: bool = False
    absolute: bool = False
    breaks: str = ""
    styles: dict[tuple[str, bool], int] = field(default_factory=lambda: {("General", False): 0})
    strings: list[str] = field(default_factory=list)

    @property
    def main(self) -> str:
        return "http://purl.oclc.org/ooxml/spreadsheetml/main" if self.strict else "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

    @property
    def relations(self) -> str:
        root = "http://purl.oclc.org/ooxml/officeDocument" if self.strict else "http://schemas.openxmlformats.org/officeDocument/2006"
        return f"{root}/relationships"

    def tag(self, name: str) -> str:
        return f"{self.prefix}:{name}" if self.prefix else name

    def style(self, cell: Cell) -> int:
        return self.styles.setdefault((cell.code, cell.strike), len(self.styles))


def package(book: Book, random: Random) -> bytes:
    """Write a package by hand, in one of the dialects that programs have."""
    d = _Dialect(
        strict=random.random() < 0.2, places=random.random() < 0.7, inline=random.random() < 0.3, prefix=random.choice(["", "", "x"]),
        iso_dates=random.random() < 0.1, dimension=random.choice(["", "A1", "1:49", "A1:XFD1048576"]), capitals=random.random() < 0.2,
        phonetic=random.random() < 0.2, absolute=random.random() < 0.3,
    )  # fmt: skip
    parts = [_worksheet(sheet, book, d) for sheet in book.sheets]
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    space = f"xmlns:{d.prefix}" if d.prefix else "xmlns"
    states = {"": "", "hidden": ' state="hidden"', "veryHidden": ' state="veryHidden"'}
    sheets = "".join(
        f'<{d.tag("sheet")} name={quoteattr(sheet.name)} sheetId="{n}"{states[sheet.hidden]} r:id="rId{n}"/>' for n, sheet in enumerate(book.sheets, 1)
    )
    calc = f'<{d.tag("calcPr")} calcId="124519" fullCalcOnLoad="1"/>' if book.recalculates else ""
    epoch = f'<{d.tag("workbookPr")} date1904="{random.choice(["1", "true"])}"/>' if book.from_1904 else ""
    workbook = (
        f'{head}<{d.tag("workbook")} {space}="{d.main}" xmlns:r="{d.relations}">{epoch}<{d.tag("sheets")}>{sheets}</{d.tag("sheets")}>{calc}'
        f'</{d.tag("workbook")}>'
    )
    folder = "/xl/" if d.absolute else ""
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{d.relations}/worksheet" Target="{folder}worksheets/sheet{n}.xml"/>' for n in range(1, len(parts) + 1)
    )
    related += f'<Relationship Id="rIdS" Type="{d.relations}/styles" Target="{folder}styles.xml"/>'
    related += f'<Relationship Id="rIdT" Type="{d.relations}/sharedStrings" Target="{folder}sharedStrings.xml"/>'
    root = "http://schemas.openxmlformats.org/package/2006/relationships"
    files = {
        "[Content_Types].xml": head + _types(len(parts)),
        "_rels/.rels": f'{head}<Relationships xmlns="{root}"><Relationship Id="rId1" Type="{d.relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": workbook,
        "xl/_rels/workbook.xml.rels": f'{head}<Relationships xmlns="{root}">{related}</Relationships>',
        "xl/styles.xml": head + _styles(d, space),
        "xl/sharedStrings.xml": f'{head}<{d.tag("sst")} {space}="{d.main}" count="{len(d.strings)}">{"".join(d.strings)}</{d.tag("sst")}>',
    }  # fmt: skip
    for n, part in enumerate(parts, 1):
        files[f"xl/worksheets/{'SHEET' if d.capitals else 'sheet'}{n}.xml"] = head + part
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def _types(count: int) -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {"/xl/workbook.xml": "sheet.main", "/xl/styles.xml": "styles", "/xl/sharedStrings.xml": "sharedStrings"}
    parts |= {f"/xl/worksheets/sheet{n}.xml": "worksheet" for n in range(1, count + 1)}
    listed = "".join(f'<Override PartName="{name}" ContentType="{kind}.{what}+xml"/>' for name, what in parts.items())
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f"{listed}</Types>"
    )


def _styles(d: _Dialect, space: str) -> str:
    codes = {code: 164 + n for n, code in enumerate(dict.fromkeys(code for code, _ in d.styles if code != "General"))}
    formats = "".join(f'<{d.tag("numFmt")} numFmtId="{n}" formatCode={quoteattr(code)}/>' for code, n in codes.items())
    xfs = "".join(
        f'<{d.tag("xf")} numFmtId="{codes.get(code, 0)}" fontId="{int(strike)}" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        for code, strike in d.styles
    )
    strike = f"<{d.tag('strike')}/>"
    fonts = "".join(f"<{d.tag('font')}>{inside}<{d.tag('sz')} val=\"11\"/></{d.tag('font')}>" for inside in ("", strike))
    return (
        f'<{d.tag("styleSheet")} {space}="{d.main}"><{d.tag("numFmts")} count="{len(codes)}">{formats}</{d.tag("numFmts")}>'
        f'<{d.tag("fonts")} count="2">{fonts}</{d.tag("fonts")}><{d.tag("fills")} count="1"><{d.tag("fill")}/></{d.tag("fills")}>'
        f'<{d.tag("borders")} count="1"><{d.tag("border")}/></{d.tag("borders")}>'
        f'<{d.tag("cellStyleXfs")} count="1"><{d.tag("xf")} numFmtId="0"/></{d.tag("cellStyleXfs")}>'
        f'<{d.tag("cellXfs")} count="{len(d.styles)}">{xfs}</{d.tag("cellXfs")}></{d.tag("styleSheet")}>'
    )


def _worksheet(sheet: Sheet, book: Book, d: _Dialect) -> str:
    lines, merges = places(sheet)
    rows = []
    for number, line in enumerate(lines, 1):
        last = max(line.cells, default=0)
        cells = "".join(
            _cell(line.cells.get(column), f"{letters(column)}{number}", book, d)
            for column in range(1, last + 1)
            if column in line.cells or not d.places
        )
        place = f' r="{number}"' if d.places else ""
        rows.append(f'<{d.tag("row")}{place}{" hidden=" + chr(34) + "1" + chr(34) if line.hidden else ""}>{cells}</{d.tag("row")}>')
    columns = "".join(f'<{d.tag("col")} min="{c}" max="{c}" width="9" hidden="1"/>' for c in sorted(sheet.hidden_columns))
    merged = "".join(f'<{d.tag("mergeCell")} ref="{letters(a)}{top}:{letters(b)}{bottom}"/>' for top, a, bottom, b in merges)
    return _joined(d, f"xmlns:{d.prefix}" if d.prefix else "xmlns", columns, rows, merged)


def _joined(d: _Dialect, space: str, columns: str, rows: list[str], merged: str) -> str:
    def inside(name: str, text: str) -> str:
        return f"<{d.tag(name)}>{text}</{d.tag(name)}>" if text else ""

    dimension = f"<{d.tag('dimension')} ref={quoteattr(d.dimension)}/>" if d.dimension else ""
    data = f"<{d.tag('sheetData')}>{''.join(rows)}</{d.tag('sheetData')}>"
    return (
        f'<{d.tag("worksheet")} {space}="{d.main}">{dimension}{inside("cols", columns)}{data}{inside("mergeCells", merged)}</{d.tag("worksheet")}>'
    )


def _text(text: str, d: _Dialect) -> str:
    return f'<{d.tag("t")} xml:space="preserve">{escape(text)}</{d.tag("t")}>'


def _runs(cell: Cell, d: _Dialect) -> str:
    marks = {"superscript": f'<{d.tag("vertAlign")} val="superscript"/>', "strike": f"<{d.tag('strike')}/>", "": ""}
    return "".join(
        f"<{d.tag('r')}><{d.tag('rPr')}>{marks[mark]}<{d.tag('sz')} val=\"11\"/></{d.tag('rPr')}>{_text(text, d)}</{d.tag('r')}>"
        for text, mark in cell.runs
    )


def _cell(cell: Cell | None, place: str, book: Book, d: _Dialect) -> str:
    where = f' r="{place}"' if d.places else ""
    if cell is None or (cell.value is None and cell.formula is None):
        return f"<{d.tag('c')}{where}/>"
    style, value = d.style(cell), cell.value
    styled = f' s="{style}"' if style else ""
    formula = f"<{d.tag('f')}>{escape(cell.formula)}</{d.tag('f')}>" if cell.formula is not None else ""

    def made(kind: str, body: str) -> str:
        return f"<{d.tag('c')}{where}{styled}{f' t={quoteattr(kind)}' if kind else ''}>{formula}{body}</{d.tag('c')}>"

    def stored(text: object) -> str:
        return f"<{d.tag('v')}>{escape(str(text))}</{d.tag('v')}>"

    if value is None:
        return made("", "")
    if cell.error:
        return made("e", stored(value))
    if isinstance(value, bool):
        return made("b", stored(int(value)))
    if isinstance(value, date):
        if d.iso_dates and not cell.formula:
            return made("d", stored(f"{value.isoformat()}T00:00:00"))
        return made("", stored(serial(value, book.from_1904)))
    if isinstance(value, int | float):
        return made("", stored(repr(value)))
    if formula:
        return made("str", stored(value))
    body = _runs(cell, d) if cell.runs else _text(value, d)
    if d.inline:
        return made("inlineStr", f"<{d.tag('is')}>{body}</{d.tag('is')}>")
    if d.phonetic:
        body += f'<{d.tag("rPh")} sb="0" eb="1">{_text("ヨミ", d)}</{d.tag("rPh")}><{d.tag("phoneticPr")} fontId="0"/>'
    d.strings.append(f"<{d.tag('si')}>{body}</{d.tag('si')}>")
    return made("s", stored(len(d.strings) - 1))
