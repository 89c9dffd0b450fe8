"""The return slip: a copy of the bureau's own workbook with marked cells, comments and a sheet 回执.

The original is never touched. The slip stays with the bureau, as the workbook did; what it says repeats no personal data.
"""

import hashlib
import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from exchange_connectors.excel import drawings
from exchange_connectors.excel.model import SLIP_SHEET, Account, Finding, Level, gathered
from exchange_connectors.excel.names import told as named
from exchange_connectors.excel.reading import read
from exchange_connectors.excel.workbook import UnreadableError
from exchange_connectors.kit.money import plain
from exchange_connectors.kit.receipts import Exceptional

log = logging.getLogger(__name__)

SLIP_SUFFIX = ".回执.xlsx"
COPIED_ROWS_MAX = 20_000
"""Rows that a slip repeats of what is no workbook."""

COMMENTS_MAX = 2_000
"""Marked cells; beyond that the sheet 回执 alone names them (a workbook with more opens slowly)."""

_AUTHOR = "数据交换"
_FILLS = {Level.RETURNED: "FFC7CE", Level.VERIFY: "FFEB9C", Level.NOTED: "DDEBF7"}
_LEVEL_WORDS = {
    Level.RETURNED: "退：未入库，请更正后重报",
    Level.VERIFY: "核：不影响入库，请核对",
    Level.NOTED: "知：已处理，供知晓",
}
OUTCOME_WORDS = {"duplicate": "重复", "rejected": "退回", "held": "暂挂", "superseded": "已有更新的报送"}
_RECEIPTS_TITLE = "交换平台回执"
_NEXT_STEP = (
    "各表中退回的单元格标红、需核对的标黄，说明见单元格批注和下表。请在原表或本回执中更正，存为xlsx放在投递文件夹；"
    "整份重报即可，未改动的行不会重复入库。"
)


@dataclass(frozen=True, slots=True)
class Totals:
    """The slip's figures: rows, and the events they gave."""

    rows: int
    returned: int
    published: int
    unchanged: int
    sheets_returned: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What a slip says of a workbook before the hub answers.

    Attributes:
        accounts: what became of every row, sheet by sheet.
        taken_as: what a file without sheets was read as.
    """

    findings: Sequence[Finding]
    totals: Totals
    accounts: Sequence[Account] = ()
    taken_as: str = ""


NAME_BYTES_MAX = 240
"""Longest name of a file in bytes, with room for the sign of a draft; file systems take 255."""


def slip_path(workbook: Path) -> Path:
    """Return where the slip of *workbook* lies: ``<name>.回执.xlsx`` beside it; of any other ending, ``<name>.xls.回执.xlsx``."""
    whole = named(workbook)
    name = whole.removesuffix(".xlsx")
    if len((name + SLIP_SUFFIX).encode()) > NAME_BYTES_MAX:
        mark = f"…{hashlib.sha256(whole.encode()).hexdigest()[:8]}"
        room = NAME_BYTES_MAX - len((mark + SLIP_SUFFIX).encode())
        name = name.encode()[:room].decode(errors="ignore") + mark
    return workbook.with_name(name + SLIP_SUFFIX)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hub has answered so far: events accepted, not answered for, and not simply accepted."""

    accepted: int
    awaited: int
    exceptions: tuple[Exceptional, ...] = ()


def write_slip(workbook: Path, body: bytes, told: Told, at: datetime, answer: Answer | None = None, *, aside: bool = False) -> Path:
    """Write the slip of *workbook* and return its path.

    Args:
        workbook: the bureau's file.
        body: what it held when it was read.
        told: what is said of it.
        at: when it was looked at, with its zone.
        answer: what the hub has answered, where it was asked.
        aside: under a name of its own, for the earlier slip holds what a clerk has written.

    Raises:
        OSError: neither the slip nor one under another name can be written.
    """
    path = slip_path(workbook)
    path = _beside(path, at) if aside else path
    original = body if body.startswith(b"PK") else b""
    if not told.findings and (answer is None or not answer.exceptions):  # nothing to mark: a copy would say nothing
        return _written_slip(_empty(), b"", workbook, path, told, at, answer)
    try:
        return _written_slip(_copy(named(workbook), body), original, workbook, path, told, at, answer)
    except OSError:
        raise
    except Exception:  # noqa: BLE001 - a copy that openpyxl cannot save again: the slip is written without it
        return _written_slip(_empty(), b"", workbook, path, told, at, answer)


def _written_slip(book: Workbook, original: bytes, workbook: Path, path: Path, told: Told, at: datetime, answer: Answer | None) -> Path:
    _mark(book, told.findings)
    if SLIP_SHEET in book.sheetnames:
        del book[SLIP_SHEET]
    sheet = book.create_sheet(SLIP_SHEET, 0)
    _write_summary(sheet, named(workbook), told, at)
    if answer is not None:
        _write_answer(book, answer, at)
    book.active = 0
    try:
        _save(book, original, path)
    except OSError:  # open in a spreadsheet, which locks it
        path = _beside(path, at)
        _save(book, original, path)
    return path


def _beside(path: Path, at: datetime) -> Path:
    """Return another name for a slip."""
    return path.with_name(f"{path.name.removesuffix(SLIP_SUFFIX)}.{at:%H%M%S}{SLIP_SUFFIX}")


def is_short(slip: Path) -> bool:
    """Say whether a slip was written without a copy of the workbook, of which there was nothing to say."""
    book = openpyxl.load_workbook(slip, read_only=True)
    try:
        return list(book.sheetnames) == [SLIP_SHEET]
    finally:
        book.close()


def add_answer(path: Path, answer: Answer, at: datetime) -> None:
    """Write the hub's later answer into an existing slip, in place of an earlier one; *at* is when."""
    body = path.read_bytes()
    book = _opened(body)
    sheet = book[SLIP_SHEET]
    for row in range(1, sheet.max_row + 1):
        if sheet.cell(row, 1).value == _RECEIPTS_TITLE:
            sheet.delete_rows(row - 1, sheet.max_row)
            break
    _write_answer(book, answer, at)
    _save(book, body, path)


def _write_answer(book: Workbook, answer: Answer, at: datetime) -> None:
    """Append the hub's answer to the sheet 回执 and mark the rows it sent back."""
    sheet = book[SLIP_SHEET]
    _rows(sheet, [[""], [_RECEIPTS_TITLE]])
    _head(sheet, sheet.max_row)
    _rows(sheet, [["更新时间", f"{at:%Y-%m-%d %H:%M} 北京时间"], ["已入库（条）", answer.accepted]])
    _rows(sheet, [["未答复（条）", answer.awaited], ["需要处理（条）", len(answer.exceptions)]])
    if answer.exceptions:
        _rows(sheet, [["结果", "工作表", "行", "原因"]])
        _head(sheet, sheet.max_row)
    for each in answer.exceptions:
        outcome = OUTCOME_WORDS.get(each.outcome, each.outcome)
        _rows(sheet, [[outcome, each.sheet or "", each.row or "", each.reason]])
    marks = [
        Finding(0, Level.RETURNED, f"交换平台{OUTCOME_WORDS[each.outcome]}：{each.reason}", each.sheet, each.row, 1)
        for each in answer.exceptions
        if each.outcome in ("rejected", "held") and each.sheet and each.row
    ]
    _mark(book, marks)


def _copy(name: str, body: bytes) -> Workbook:
    """Open the bureau's workbook; of what is none, one with the values that were read; else an empty one."""
    try:
        return _opened(body)
    except Exception:  # noqa: BLE001 - openpyxl raises whatever a damaged part makes it raise; the slip is written all the same
        book = _empty()
    try:
        sheets = read(name, body).sheets
    except UnreadableError:
        return book
    for sheet in sheets:
        copy = book.create_sheet(sheet.name[:31] or "表")
        for row in sheet.rows[:COPIED_ROWS_MAX]:
            copy.append([_written(value) if isinstance(value, str | int) else value for value in row])
            for cell in copy[copy.max_row]:
                if isinstance(cell.value, str):
                    cell.data_type = "s"
    return book


def _opened(body: bytes) -> Workbook:
    """Open a workbook without its charts and pictures: they are taken over as they are, see ``drawings``."""
    book = openpyxl.load_workbook(io.BytesIO(body))
    for sheet in book.worksheets:
        sheet._charts.clear()  # noqa: SLF001 - openpyxl has no other way to leave them
        sheet._images.clear()  # noqa: SLF001 - as above
    return book


def _empty() -> Workbook:
    book = openpyxl.Workbook()
    for name in book.sheetnames:
        del book[name]
    return book


def _save(book: Workbook, original: bytes, path: Path) -> None:
    """Write beside and move into place: a reader never sees half a slip. The original's drawings are kept."""
    draft = path.with_name(f"~${path.name}")
    book.save(draft)
    try:
        if original:
            drawings.keep(original, draft)
    except drawings.PROBLEMS as error:
        log.warning("%s: charts and pictures could not be taken over (%s)", path.name, error)
    draft.replace(path)


def _mark(book: Workbook, findings: Sequence[Finding]) -> None:
    """Colour and comment the cells that findings speak of, the gravest level last."""
    by_cell: dict[tuple[str, int, int], list[Finding]] = {}
    for finding in findings:
        if finding.row is not None and finding.sheet in book.sheetnames:
            by_cell.setdefault((finding.sheet, finding.row, finding.column or 1), []).append(finding)
    for (name, row, column), here in list(by_cell.items())[:COMMENTS_MAX]:
        cell = _anchor(book[name], row, column)
        gravest = min(here, key=lambda each: list(Level).index(each.level))
        cell.fill = PatternFill("solid", fgColor=_FILLS[gravest.level])
        text = ILLEGAL_CHARACTERS_RE.sub(
            "", "\n".join(dict.fromkeys(f"【{each.level}】{each.message}" for each in here))
        )
        if cell.comment is not None and cell.comment.text != text:
            text = f"{cell.comment.text}\n{text}"
        cell.comment = Comment(text, _AUTHOR, width=320, height=90)


def _anchor(sheet: Worksheet, row: int, column: int) -> Cell:
    """Return the cell that shows at a place: a merged range has one."""
    cell = sheet.cell(row, column)
    if isinstance(cell, MergedCell):
        for merged in sheet.merged_cells.ranges:
            if merged.min_row <= row <= merged.max_row and merged.min_col <= column <= merged.max_col:
                return sheet.cell(merged.min_row, merged.min_col)
    return cell


def _write_summary(sheet: Worksheet, name: str, told: Told, at: datetime) -> None:
    for letter, width in zip("ABCDEFGH", (26, 30, 12, 70, 10, 10, 10, 24), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToHeight = 0
    findings, totals = told.findings, told.totals
    _rows(sheet, [["报送回执"], ["文件", name], ["处理时间", f"{at:%Y-%m-%d %H:%M} 北京时间"]])
    if told.taken_as:
        _rows(sheet, [["读取方式", told.taken_as]])
    _rows(sheet, [["明细行数", totals.rows], ["退回行数", totals.returned], ["本次发布（条）", totals.published]])
    _rows(sheet, [["内容未变（条）", totals.unchanged], ["整表退回（张）", totals.sheets_returned]])
    for level in Level:
        _rows(sheet, [[_LEVEL_WORDS[level], sum(1 for each in findings if each.level is level)]])
    _head(sheet, 1)
    for row in range(1, sheet.max_row + 1):
        sheet.cell(row, 2).alignment = Alignment(horizontal="left", vertical="top")
    _write_accounts(sheet, told.accounts)
    if findings:
        _rows(sheet, [[""], ["怎么办", _NEXT_STEP]])
        sheet.merge_cells(start_row=sheet.max_row, start_column=2, end_row=sheet.max_row, end_column=4)
        sheet.row_dimensions[sheet.max_row].height = 30
    _rows(sheet, [[""], ["级别", "工作表", "单元格", "说明", "错误编号"]])
    _head(sheet, sheet.max_row)
    order = {level: number for number, level in enumerate(Level)}
    for each, places in gathered(sorted(findings, key=lambda f: (order[f.level], f.sheet, f.row or 0, f.column or 0))):
        _rows(sheet, [[str(each.level), each.sheet or "（整个文件）", places, each.message, each.no or ""]])
        sheet.cell(sheet.max_row, 1).fill = PatternFill("solid", fgColor=_FILLS[each.level])


def _write_accounts(sheet: Worksheet, accounts: Sequence[Account]) -> None:
    """Say of every sheet what became of its rows, and of every money column what was read beside the sheet's own total."""
    if not accounts:
        return
    _rows(sheet, [[""], ["逐表对账", "有内容的行", "已读取", "其中退回、未读取及原因", "合计行", "附注行", "标题行"]])
    _head(sheet, sheet.max_row)
    for each in accounts:
        unread = f"退回{each.returned}行，未读取{each.unread}行{f'（{each.why}）' if each.why else ''}"
        counts: list[str | int] = [each.totals, each.notes, each.headings]
        _rows(sheet, [[each.sheet, each.filled, each.taken + each.returned, unread, *counts]])
    sums = [(account.sheet, each) for account in accounts for each in account.sums]
    if not sums:
        return
    _rows(sheet, [[""], ["金额核对", "列", "单位", "读取的明细合计、表内合计"]])
    _head(sheet, sheet.max_row)
    for name, found in sums:
        stated = "表内没有合计行" if found.stated is None else f"表内合计{plain(found.stated)}"
        _rows(sheet, [[name, found.header, found.unit, f"明细合计{plain(found.read)}，{stated}"]])


def _rows(sheet: Worksheet, rows: list[list[str | int]]) -> None:
    """Append rows as text and numbers; nothing that a bureau wrote becomes a formula."""
    for values in rows:
        sheet.append([_written(value) for value in values])
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"
                cell.alignment = Alignment(wrap_text=True, vertical="top")


def _written(value: str | int) -> str | int:
    """Return a value without the control characters that no workbook may hold."""
    return ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value


def _head(sheet: Worksheet, row: int) -> None:
    for cell in sheet[row]:
        cell.font = Font(bold=True)
