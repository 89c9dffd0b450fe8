"""Forms of a file, each written by another program than the reader's: packages by hand, XlsxWriter, openpyxl, xlwt, text and pages."""

from __future__ import annotations

import base64
import io
import quopri
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from html import escape as html
from importlib.util import find_spec
from random import Random
from xml.sax.saxutils import escape, quoteattr

import openpyxl
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter as letters
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.workbooks.package import package, places, serial
from tests.workbooks.sheets import Book, Cell, Sheet


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write a workbook.

    Attributes:
        suffix: the file's ending.
        can: what it can write beside values; see ``Book.needs``.
    """

    name: str
    suffix: str
    can: frozenset[str]
    write: Callable[[Book, Random], bytes]


def shown(cell: Cell) -> str:
    """Return what a cell shows, for forms that hold nothing else."""
    if cell.shown is not None:
        return cell.shown
    if isinstance(cell.value, bool):
        return str(cell.value).upper()
    if isinstance(cell.value, date):
        return f"{cell.value.year}/{cell.value.month}/{cell.value.day}"
    return "" if cell.value is None else str(cell.value)


# --- by other libraries -----------------------------------------------------------------------------------------------


def by_xlsxwriter(book: Book, random: Random) -> bytes:
    """Write by XlsxWriter."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True, "date_1904": book.from_1904, "strings_to_numbers": False, "strings_to_formulas": False})
    styles = {}
    for sheet in book.sheets:
        page = made.add_worksheet(sheet.name)
        if sheet.hidden:
            page.very_hidden() if sheet.hidden == "veryHidden" else page.hide()
        lines, merges = places(sheet)
        for row, line in enumerate(lines):
            if line.hidden:
                page.set_row(row, None, None, {"hidden": True})
            for column, cell in line.cells.items():
                key = (cell.code, cell.strike, cell.white)
                if key not in styles:
                    styles[key] = made.add_format({"num_format": cell.code, "font_strikeout": cell.strike} | ({"font_color": "#FFFFFF"} if cell.white else {}))
                if cell.comment:
                    page.write_comment(row, column - 1, cell.comment)
                _by_xlsxwriter(page, row, column - 1, cell, styles[key], made)
        for column in sheet.hidden_columns:
            page.set_column(column - 1, column - 1, None, None, {"hidden": True})
        for top, left, bottom, right in merges:
            kept = lines[top - 1].cells.get(left)
            page.merge_range(top - 1, left - 1, bottom - 1, right - 1, "")
            if kept is not None:
                _by_xlsxwriter(page, top - 1, left - 1, kept, styles[kept.code, kept.strike, kept.white], made)
    made.close()
    return out.getvalue()


def _by_xlsxwriter(page: xlsxwriter.worksheet.Worksheet, row: int, column: int, cell: Cell, style: object, made: xlsxwriter.Workbook) -> None:
    if cell.formula is not None:
        page.write_formula(row, column, f"={cell.formula}", style, 0 if cell.value is None else cell.value)
    elif cell.runs:
        marks = {"superscript": made.add_format({"font_script": 1}), "strike": made.add_format({"font_strikeout": True})}
        page.write_rich_string(row, column, *[part for text, mark in cell.runs for part in ([marks[mark], text] if mark else [text])])
    elif isinstance(cell.value, bool):
        page.write_boolean(row, column, cell.value, style)
    elif isinstance(cell.value, date):
        page.write_datetime(row, column, cell.value, style)
    elif isinstance(cell.value, str):
        page.write_string(row, column, cell.value, style)
    elif cell.value is not None:
        page.write_number(row, column, cell.value, style)


def by_openpyxl(book: Book, random: Random) -> bytes:
    """Write by openpyxl, macros' ending or not."""
    made = openpyxl.Workbook()
    del made[made.sheetnames[0]]
    if book.from_1904:
        made.epoch = CALENDAR_MAC_1904
    for sheet in book.sheets:
        page = made.create_sheet(sheet.name)
        page.sheet_state = sheet.hidden or "visible"
        lines, merges = places(sheet)
        for row, line in enumerate(lines, 1):
            if line.hidden:
                page.row_dimensions[row].hidden = True
            for column, cell in line.cells.items():
                if cell.value is None and cell.formula is None:
                    continue
                target = page.cell(row, column, f"={cell.formula}" if cell.formula is not None else cell.value)
                target.number_format = cell.code
                if cell.strike or cell.white:
                    target.font = Font(strike=cell.strike, color="FFFFFFFF" if cell.white else None)
                if cell.comment:
                    target.comment = Comment(cell.comment, "张三")
                if cell.error:
                    target.data_type = "e"
                elif cell.formula is None and isinstance(cell.value, str):
                    target.data_type = "s"
        for column in sheet.hidden_columns:
            page.column_dimensions[letters(column)].hidden = True
        for top, left, bottom, right in merges:
            page.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)
    made.active = next(n for n, sheet in enumerate(book.sheets) if not sheet.hidden)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def by_xlwt(book: Book, random: Random) -> bytes:
    """Write BIFF8, as old programs do."""
    import xlwt

    made = xlwt.Workbook(encoding="utf-8")
    made.dates_1904 = book.from_1904
    styles: dict[str, object] = {}
    for sheet in book.sheets:
        page = made.add_sheet(sheet.name, cell_overwrite_ok=True)
        page.visibility = {"": 0, "hidden": 1, "veryHidden": 2}[sheet.hidden]
        lines, merges = places(sheet)
        for row, line in enumerate(lines):
            page.row(row).hidden = line.hidden
            for column, cell in line.cells.items():
                if cell.value is None:
                    continue
                style = styles.setdefault(cell.code, xlwt.easyxf(num_format_str=cell.code))
                value = serial(cell.value, book.from_1904) if isinstance(cell.value, date) else cell.value
                page.write(row, column - 1, value, style)
        for column in sheet.hidden_columns:
            page.col(column - 1).hidden = True
        for top, left, bottom, right in merges:
            kept = lines[top - 1].cells.get(left)
            page.merge(top - 1, bottom - 1, left - 1, right - 1)
            if kept is None:
                page.write(top - 1, left - 1, None)
    made.active_sheet = next(n for n, sheet in enumerate(book.sheets) if not sheet.hidden)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


# --- open documents ---------------------------------------------------------------------------------------------------

_ODS = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
)


def open_document(book: Book, random: Random) -> bytes:
    """Write an open document by hand: repeated empty cells, covered cells, comments, several paragraphs."""
    pages = "".join(_open_table(sheet, book, random) for sheet in book.sheets)
    hide = '<style:style style:name="gone" style:family="table"><style:table-properties table:display="false"/></style:style>'
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_ODS} office:version="1.3"><office:automatic-styles>{hide}'
        f"</office:automatic-styles><office:body><office:spreadsheet>{pages}</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
        'manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return out.getvalue()


def _open_table(sheet: Sheet, book: Book, random: Random) -> str:
    lines, merges = places(sheet)
    anchors = {(top, left): (bottom - top + 1, right - left + 1) for top, left, bottom, right in merges}
    covered = {
        (r, c) for top, left, bottom, right in merges for r in range(top, bottom + 1) for c in range(left, right + 1) if (r, c) != (top, left)
    }
    width = max((max(line.cells, default=1) for line in lines), default=1)
    width = max([width, *(right for *_, right in merges)])
    columns = "".join(
        f"<table:table-column{' table:visibility=' + quoteattr('collapse') if c in sheet.hidden_columns else ''}/>" for c in range(1, width + 1)
    )
    rows = []
    for number, line in enumerate(lines, 1):
        cells = "".join(_open_cell(line.cells.get(c), anchors.get((number, c)), (number, c) in covered, random) for c in range(1, width + 1))
        state = ' table:visibility="filter"' if line.hidden else ""
        rows.append(f"<table:table-row{state}>{cells}</table:table-row>")
    rows.append('<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>')
    style = ' table:style-name="gone"' if sheet.hidden else ""
    return f"<table:table table:name={quoteattr(sheet.name)}{style}>{columns}{''.join(rows)}</table:table>"


def _open_cell(cell: Cell | None, span: tuple[int, int] | None, covered: bool, random: Random) -> str:
    spans = f' table:number-rows-spanned="{span[0]}" table:number-columns-spanned="{span[1]}"' if span else ""
    name = "covered-table-cell" if covered else "table-cell"
    if cell is None or cell.value is None:
        return f"<table:{name}{spans}/>"
    text, value = shown(cell), cell.value
    if isinstance(value, bool):
        kind = f' office:value-type="boolean" office:boolean-value="{str(value).lower()}"'
    elif isinstance(value, date):
        kind = f' office:value-type="date" office:date-value="{value.isoformat()}"'
    elif isinstance(value, int | float):
        type_ = "percentage" if "%" in cell.code and '"' not in cell.code else "float"
        kind = f' office:value-type="{type_}" office:value="{value}"'
    else:
        kind = ' office:value-type="string"'
    note = ""
    if random.random() < 0.05:
        note = "<office:annotation><text:p>请核对 2026</text:p></office:annotation>"
    if random.random() < 0.5:
        paragraphs = f"<text:p>{'<text:line-break/>'.join(map(escape, text.split(chr(10))))}</text:p>"
    else:
        paragraphs = "".join(f"<text:p>{escape(part)}</text:p>" for part in text.split("\n"))
    return f"<table:{name}{spans}{kind}>{note}{paragraphs}</table:{name}>"


# --- pages and text ---------------------------------------------------------------------------------------------------


def page(book: Book, random: Random) -> bytes:
    """Write a page as Chinese systems export it under the name of a workbook."""
    encoding = random.choice(["utf-8", "gb18030", "utf-8-sig", "gb2312"])
    sheet = book.main
    lines, merges = places(sheet)
    anchors = {(top, left): (bottom - top + 1, right - left + 1) for top, left, bottom, right in merges}
    covered = {
        (r, c) for top, left, bottom, right in merges for r in range(top, bottom + 1) for c in range(left, right + 1) if (r, c) != (top, left)
    }
    width = max(max(line.cells, default=1) for line in lines)
    outside = random.random() < 0.3
    rows, before = [], []
    for number, line in enumerate(lines, 1):
        if outside and line in sheet.titles and set(line.cells) == {1}:
            before.append(f"<p>{html(shown(line.cells[1]))}</p>")
            continue
        cells = []
        for c in range(1, width + 1):
            if (number, c) in covered:
                continue
            down, right = anchors.get((number, c), (1, 1))
            spans = (f' rowspan="{down}"' if down > 1 else "") + (f" colspan={right}" if right > 1 else "")
            text = html(shown(line.cells[c])).replace("\n", "<br>") if c in line.cells else "&nbsp;"
            cells.append(f"<td{spans}>{text}</td>")
        rows.append(f"<tr{' style=' + quoteattr('display: none') if line.hidden else ''}>{''.join(cells)}</tr>")
    named = encoding.removesuffix("-sig")
    body = (
        f'<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta http-equiv="Content-Type" content="text/html; charset={named}">'
        f"<style>td {{color: #000}}</style><title>导出</title></head><body>{''.join(before)}<table border=1>{''.join(rows)}</table></body></html>"
    )
    return body.encode("gb18030" if encoding == "gb2312" else encoding, errors="xmlcharrefreplace")


def archive(book: Book, random: Random) -> bytes:
    """Write a web archive with its one page."""
    body = page(book, random)
    if random.random() < 0.5:
        carried, how = base64.encodebytes(body), "base64"
    else:
        carried, how = quopri.encodestring(body), "quoted-printable"
    head = (
        'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="----=_Next"\r\n\r\n------=_Next\r\nContent-Location: file:///C:/a.htm\r\n'
        f"Content-Transfer-Encoding: {how}\r\nContent-Type: text/html\r\n\r\n"
    )
    return head.encode() + carried + b"\r\n------=_Next--\r\n"


def text(book: Book, random: Random) -> bytes:
    """Write separated text in one of the encodings and separators that spreadsheets write."""
    encoding, separator = random.choice(
        [("utf-8", ","), ("utf-8-sig", ","), ("gb18030", ","), ("gb18030", "\t"), ("utf-16", "\t"), ("utf-8", ";"), ("utf-8-sig", "\t")]
    )
    lines, _ = places(book.main)
    width = max(max(line.cells, default=1) for line in lines)

    def quoted(words: str) -> str:
        return '"' + words.replace('"', '""') + '"' if any(sign in words for sign in f'{separator}"\n\r') else words

    rows = [separator.join(quoted(shown(line.cells[c])) if c in line.cells else "" for c in range(1, width + 1)) for line in lines]
    return ("\r\n".join(rows) + "\r\n").encode(encoding)


_ALL = frozenset({"merge", "hidden", "format", "error", "formula", "rich", "sheets", "strike", "1904", "covered", "wide"})
FORMS = (
    Form("package", ".xlsx", _ALL, package),
    Form("xlsxwriter", ".xlsx", _ALL - {"error", "covered"} | {"comment", "white"}, by_xlsxwriter),
    Form("openpyxl", ".xlsm", _ALL - {"rich", "covered", "formula"} | {"comment", "white"}, by_openpyxl),
    Form("open", ".ods", frozenset({"merge", "hidden", "sheets", "covered", "format"}), open_document),
    Form("page", ".xls", frozenset({"merge"}), page),
    Form("archive", ".xls", frozenset({"merge"}), archive),
    Form("csv", ".csv", frozenset(), text),
    Form("txt", ".txt", frozenset(), text),
    Form("tab.xls", ".xls", frozenset(), text),
    # xlwt is a tool of the tests alone: what is installed without it bends the other forms.
    *([Form("xlwt", ".xls", _ALL - {"rich", "error", "formula", "covered", "strike", "wide"}, by_xlwt)] if find_spec("xlwt") else []),
)
