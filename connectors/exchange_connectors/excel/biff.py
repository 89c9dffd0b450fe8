"""Reading .xls and .et (BIFF): values by calamine, formats, hidden parts and errors by xlrd."""

import io

import python_calamine
import xlrd
from xlrd.compdoc import CompDoc

from exchange_connectors.excel.floating import in_biff, without_codes
from exchange_connectors.excel.model import OWN_COMMENT
from exchange_connectors.excel.number_format import NumberFormat, built_in, parse
from exchange_connectors.excel.workbook import (
    DAMAGED,
    NO_HEIGHT,
    NO_WIDTH,
    Mark,
    Merge,
    Sheet,
    UnreadableError,
    as_cell,
    bounded,
)

_WHITE = (255, 255, 255)
VERSION_8 = 80
_TWIPS, _WIDTHS = 20, 256
"""Of these a row's height has one point, a column's width one character."""


def read_sheets(body: bytes) -> tuple[Sheet, ...]:
    """Read a BIFF workbook's worksheets.

    Raises:
        UnreadableError: damaged, encrypted or beyond the limits.
    """
    try:
        details = xlrd.open_workbook(file_contents=body, formatting_info=True, logfile=io.StringIO())
        book = python_calamine.load_workbook(io.BytesIO(body))
        beside = in_biff(_stream(body), details.biff_version >= VERSION_8)
        return tuple(
            _sheet(book, meta, details, beside.get(meta.name, ([], [])))
            for meta in book.sheets_metadata
            if meta.typ == python_calamine.SheetTypeEnum.WorkSheet
        )
    except UnreadableError:
        raise
    except python_calamine.PasswordError as error:
        raise UnreadableError("打不开（有密码），请去掉密码并另存为xlsx") from error
    except Exception as error:  # both readers raise whatever a damaged record makes them raise
        if "encrypt" in str(error).lower():
            raise UnreadableError("打不开（有密码），请去掉密码并另存为xlsx") from error
        raise UnreadableError(DAMAGED) from error


def _stream(body: bytes) -> bytes:
    """Return the records of the workbook that a compound file holds."""
    compound = CompDoc(body, logfile=io.StringIO())
    for name in ("Workbook", "Book"):
        memory, base, size = compound.locate_named_stream(name)
        if memory:
            return bytes(memory[base : base + size])
    return b""


def _sheet(
    book: python_calamine.CalamineWorkbook, meta: python_calamine.SheetMetadata, details: xlrd.Book, beside: tuple[list[str], list[str]]
) -> Sheet:
    seen = details.sheet_by_name(meta.name)
    bounded(meta.name, seen.nrows, seen.ncols)
    values = book.get_sheet_by_name(meta.name)
    rows = [[as_cell(value) for value in row] for row in values.to_python(skip_empty_area=False)]
    shown = _formats(details)
    sheet = Sheet(
        meta.name,
        rows,
        tuple(Merge(top + 1, left + 1, bottom, right) for top, bottom, left, right in seen.merged_cells),
        seen.visibility != 0,
        {row + 1 for row, info in seen.rowinfo_map.items() if info.hidden or info.height < NO_HEIGHT * _TWIPS},
        {column + 1 for column, info in seen.colinfo_map.items() if info.hidden or info.width < NO_WIDTH * _WIDTHS},
        from_1904=details.datemode == 1,
    )
    for row in range(seen.nrows):
        for column, kind in enumerate(seen.row_types(row)):
            if kind == xlrd.XL_CELL_ERROR:
                code = seen.cell_value(row, column)
                sheet.errors[row + 1, column + 1] = xlrd.error_text_from_code.get(code, "#REF!")
            elif kind in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE) and (found := shown.get(seen.cell_xf_index(row, column))) is not None:
                sheet.formats[row + 1, column + 1] = found
            if kind != xlrd.XL_CELL_EMPTY and (mark := _mark(details, seen, row, column)) is not None:
                sheet.marks[row + 1, column + 1] = mark
    sheet.commented = {(row + 1, column + 1): note.text for (row, column), note in seen.cell_note_map.items() if not note.text.startswith(OWN_COMMENT)}
    printed, boxes = beside
    sheet.on_paper, sheet.afloat = tuple(part for text in printed for part in without_codes(text)), tuple(boxes)
    return sheet


def _mark(details: xlrd.Book, seen: xlrd.sheet.Sheet, row: int, column: int) -> Mark | None:
    """Return what a cell's fonts say: that of its style, else those of the runs of its text."""
    first = details.font_list[details.xf_list[seen.cell_xf_index(row, column)].font_index]
    runs = seen.rich_text_runlist_map.get((row, column), ())
    fonts = [*([] if runs and runs[0][0] == 0 else [first]), *(details.font_list[font] for _, font in runs)]
    if any(font.struck_out for font in fonts):
        return Mark.STRUCK if all(font.struck_out for font in fonts) else Mark.PARTLY_STRUCK
    if any(font.escapement for font in fonts):
        return Mark.RAISED
    ground = details.xf_list[seen.cell_xf_index(row, column)].background
    behind = _WHITE if ground.fill_pattern == 0 else details.colour_map.get(ground.pattern_colour_index) if ground.fill_pattern == 1 else None
    return Mark.UNSEEN if behind is not None and all(details.colour_map.get(font.colour_index) == behind for font in fonts) else None


def _formats(details: xlrd.Book) -> dict[int, NumberFormat]:
    """Return style index → what its format changes, only of those that change something."""
    found = {}
    for index, style in enumerate(details.xf_list):
        own = details.format_map.get(style.format_key)
        shown = built_in(style.format_key) or (parse(own.format_str) if own is not None else None)
        if shown is not None:
            found[index] = shown
    return found
