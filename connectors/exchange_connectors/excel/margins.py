"""What stands in a table's rows beside the columns that are read: cells without a heading, comments, struck-out numbers of rows. Pure."""

from collections.abc import Iterator, Sequence

from exchange_connectors.excel.cells import is_empty
from exchange_connectors.excel.model import Level, Row, RowKind, letters
from exchange_connectors.excel.stand_ins import voids
from exchange_connectors.excel.table import Table
from exchange_connectors.excel.workbook import Mark

QUOTED_MAX = 20
"""Of what stands in a text box so many characters are quoted."""

NAMED_MAX = 50
"""So many cells of a column without a heading are named one by one."""


def look_beside(table: Table, rows: Sequence[Row]) -> None:
    """Ask about what stands beside the columns that are read; a line of text with more cells than headings goes back."""
    details = {row.number: row for row in rows if row.kind is RowKind.DETAIL}
    read = {bound.column for bound in table.columns if bound.mapped.carried or bound.mapped.evidence is not None}
    for row, column in sorted(table.sheet.commented):
        if row < table.first_row:
            table.say(0, Level.VERIFY, "表头或标题有批注，批注没有读取，请确认没有改变单位、月份或内容", row, column)
        elif row in details and column not in read:
            table.say(0, Level.VERIFY, "该格有批注，批注没有读取，请确认该行内容无误", row, column)
    for text in table.sheet.afloat:
        if voids(text):
            table.say(0, Level.VERIFY, f"文本框写着“{text[:QUOTED_MAX]}”，没有读取，请确认没有改变表内的数")
    for (row, column), mark in sorted(table.sheet.marks.items(), key=lambda each: each[0]):
        if row in details and column not in read and mark in (Mark.STRUCK, Mark.PARTLY_STRUCK):
            table.say(0, Level.VERIFY, "该格划了删除线，该行已读取，如已作废请删去后重报", row, column)
    headed = {column for line in table.header_lines for column in line}
    headed |= {bound.column for bound in table.columns} | {column for merge in table.sheet.merges if merge.top < table.first_row for column in range(merge.left, min(merge.right, len(headed) + merge.left) + 1) if merge.left in headed}
    _taken_back(table, details, headed - {bound.column for bound in table.columns})
    _without_heading(table, details, headed)


def _taken_back(table: Table, details: dict[int, Row], unread: set[int]) -> None:
    """Ask about rows that a remark in a column beside the template takes back."""
    for column in sorted(unread):
        for number in _filled(table, details, column):
            cell = table.sheet.cell(number, column)
            if isinstance(cell, str) and voids(cell):
                table.say(0, Level.VERIFY, "模板以外的列写明作废、取消或不计入，该行已读取，请确认是否报送", number, column)


def _without_heading(table: Table, details: dict[int, Row], headed: set[int]) -> None:
    """Ask about cells in columns that have no heading."""
    width = max((len(cells) for cells in table.sheet.rows[table.first_row - 1 :]), default=0)
    bare = [column for column in range(1, width + 1) if column not in headed]
    last = max(headed, default=0)
    # What spreadsheets save has as many cells in every line; a cell too many is not one that was cut off its neighbour.
    wide = max((len(cells) for cells in table.sheet.rows[max(table.first_row - 1 - len(table.header_lines), 0) : table.first_row - 1]), default=0)
    if table.sheet.separated:
        _cut_short(table, details, last)
    for column in bare:
        filled = list(_filled(table, details, column))
        if table.sheet.separated and column > max(last, wide):
            for number in filled:
                details[number].returned = True
                table.say(36, Level.RETURNED, "本行的格数比表头多，多半是内容里有未加引号的分隔符，请核对后另存为xlsx", number, column)
        elif filled and not _counts_rows(table, column, filled):
            words = f"{letters(column)}列没有表头，未读取，请确认"
            for number in filled if len(filled) <= NAMED_MAX else filled[:1]:
                table.say(36, Level.VERIFY, words, number, column)


def _cut_short(table: Table, details: dict[int, Row], last: int) -> None:
    """Ask about lines of text that end before the last heading, where most do not: they may be cut off."""
    short = [number for number in details if len(table.sheet.rows[number - 1]) < last]
    if len(short) * 2 < len(details):
        for number in short[:NAMED_MAX]:
            table.say(36, Level.VERIFY, "本行的格数比表头少，后面各列按空白读取，请确认内容没有缺失", number)


def _filled(table: Table, details: dict[int, Row], column: int) -> Iterator[int]:
    """Yield the rows of data in which something stands in a column."""
    for number in details:
        cells = table.sheet.rows[number - 1]
        if column <= len(cells) and not is_empty(cells[column - 1]):
            yield number


def _counts_rows(table: Table, column: int, filled: Sequence[int]) -> bool:
    """Say whether a column without a heading only numbers the rows: 1, 2, 3."""
    cells = [table.sheet.rows[number - 1][column - 1] for number in filled]
    numbers = [int(cell) for cell in cells if isinstance(cell, int | float) and not isinstance(cell, bool) and float(cell).is_integer()]
    return len(numbers) == len(cells) and numbers[0] <= 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
