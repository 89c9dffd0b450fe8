"""From a table to rows: details, totals and notes told apart, merged cells carried down, every cell read. Pure."""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from exchange_connectors.excel.model import Cell, Level, Note, Row, RowKind, letters
from exchange_connectors.excel.table import BoundColumn, Table
from exchange_connectors.excel.values import as_text, fold_width, read_value
from exchange_connectors.kit.money import in_words, plain
from exchange_contracts import identifiers, personal

BLANK_ROWS_MAX = 20
LABEL_COLUMNS = 4
"""A total's label stands in one of a row's first filled cells."""

_TOTAL = re.compile(r"(?:[一-鿿]{0,8}(?:合计|总计|累计))")
_SUBTOTAL = re.compile(r"[一-鿿A-Za-z()]{0,10}小计")
_NOTES = re.compile(
    r"(?:注|备注|说明|填表说明|填报说明)[::]|(?:填表人|填报人|制表人|审核人|审核|签发人|复核人|单位负责人|负责人|联系人|联系电话|填报单位)[::(]"
)


def read_rows(table: Table) -> list[Row]:
    """Read the table's rows, adding findings on cells to the table."""
    rows: list[Row] = []
    blank = 0
    carried = _carried(table)
    for number in range(table.first_row, len(table.sheet.rows) + 1):
        cells = table.sheet.rows[number - 1]
        if all(_empty(cell) for cell in cells) and not any(
            (number, c.column) in table.sheet.errors for c in table.columns
        ):
            blank += 1
            if blank >= BLANK_ROWS_MAX:
                break
            continue
        blank = 0
        kind = _kind(cells, table)
        if kind is None:
            break
        row = Row(number, kind, places={c.reads.field: c.column for c in table.columns if c.mapped.carried})
        row.units = {c.reads.field: str(c.reads.unit) for c in table.columns if c.reads.unit is not None}
        _read_cells(table, row, carried)
        rows.append(row)
    _look_at_rows(table, rows)
    return rows


def _empty(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _kind(cells: list[Cell], table: Table) -> RowKind | None:
    """Say what a row is; ``None`` for the notes that end the table."""
    first = [fold_width("".join(cell.split())) for cell in cells if isinstance(cell, str) and cell.strip()][
        :LABEL_COLUMNS
    ]
    filled = sum(1 for cell in cells if not _empty(cell))
    if first and _NOTES.match(first[0]) and filled <= max(4, len(table.columns) // 2):
        return None
    for text in first:
        if _SUBTOTAL.fullmatch(text):
            return RowKind.SUBTOTAL
        if _TOTAL.fullmatch(text) or text in table.mapped.total_labels:
            return RowKind.TOTAL
    return RowKind.DETAIL


def _carried(table: Table) -> dict[tuple[int, int], tuple[int, int]]:
    """Return, for each cell that a vertical merge covers below its first row, the cell that holds its value."""
    return {
        (row, column): (merge.top, merge.left)
        for merge in table.sheet.merges
        if merge.bottom > merge.top >= table.first_row
        for row in range(merge.top + 1, merge.bottom + 1)
        for column in range(merge.left, merge.right + 1)
    }


def _read_cells(table: Table, row: Row, carried: dict[tuple[int, int], tuple[int, int]]) -> None:
    """Read every mapped cell of a row."""
    detail = row.kind is RowKind.DETAIL
    for bound in table.columns:
        place = row.number, bound.column
        cell = table.sheet.cell(*place)
        if detail and place in carried:
            cell = table.sheet.cell(*carried[place])
            if bound.mapped.carried and bound.reads.field not in table.mapped.merge_down and cell is not None:
                _say(table, row, bound, Note(37, Level.VERIFY, "合并单元格已按首行沿用，请确认"))
        if bound.mapped.evidence is not None:
            number = as_text(cell).strip()
            if number:
                row.evidence.append((bound.mapped.evidence, number))
        elif bound.mapped.field == "$unit":
            row.cells["$unit"] = cell
        elif bound.mapped.field == "$reason":
            row.values["$reason"] = as_text(cell).strip() or None
        elif bound.mapped.carried:
            row.cells[bound.reads.field] = cell
            if detail or bound.reads.type.kind in ("money", "count", "quantity"):
                _read_cell(table, row, bound, cell)
    if detail:
        _personal(table, row)


def _read_cell(table: Table, row: Row, bound: BoundColumn, cell: Cell) -> None:
    place = row.number, bound.column
    detail = row.kind is RowKind.DETAIL
    if place in table.sheet.errors:
        _say(table, row, bound, Note(39, Level.RETURNED, f"公式失效（{table.sheet.errors[place]}），请填数值"))
        return
    if cell is None and place in table.sheet.uncomputed - table.sheet.outward:
        _say(table, row, bound, Note(39, Level.RETURNED, "公式没有算出结果，请填数值"))
        return
    if place in table.sheet.outward and detail:
        _say(table, row, bound, Note(40, Level.VERIFY, "引用本机文件，请粘贴为数值"))
    reads = bound.reads if detail and table.mapped.kind == "rows" else replace(bound.reads, of_one=False)
    reading = read_value(cell, reads, place in table.sheet.percents)
    if detail:
        for note in reading.notes:
            _say(table, row, bound, note)
        if reading.value is None and not reading.refused and bound.mapped.required:
            _say(table, row, bound, Note(0, Level.RETURNED, f"“{bound.header}”为必填项，请补填"))
    if not reading.refused:
        row.values[bound.reads.field] = reading.value


def _say(table: Table, row: Row, bound: BoundColumn, note: Note) -> None:
    table.say(note.no, note.level, note.message, row.number, bound.column)
    if note.level is Level.RETURNED:
        row.returned = True


def _personal(table: Table, row: Row) -> None:
    """Send the row back where any cell, mapped or not, holds a personal number; the message never repeats it."""
    codes = {b.column for b in table.columns if b.reads.type.kind == "uscc" and row.values.get(b.reads.field)}
    amounts = {
        b.column for b in table.columns if b.reads.type.kind in ("money", "count", "quantity", "percent", "date")
    }
    for column, cell in enumerate(table.sheet.rows[row.number - 1], 1):
        if _empty(cell) or (column in amounts and not isinstance(cell, str)):
            continue
        text = fold_width(as_text(cell))
        if column in codes and _is_uscc("".join(text.split()).upper()):
            continue
        if personal.holds_personal_number(text):
            table.say(3, Level.RETURNED, "请删除个人信息（身份证号或手机号），本表不收集", row.number, column)
            row.returned = True


def _is_uscc(text: str) -> bool:
    """Say whether a text of digits is a credit code for certain, so that it cannot be a person's number."""
    return identifiers.uscc_problem(text) is None and identifiers.uscc_doubt(text) is None


def _look_at_rows(table: Table, rows: list[Row]) -> None:
    """Say what concerns rows as such: hidden ones, whole repetitions, totals."""
    details = [row for row in rows if row.kind is RowKind.DETAIL]
    hidden = [row.number for row in details if row.number in table.sheet.hidden_rows]
    if hidden:
        table.say(38, Level.VERIFY, f"发现{len(hidden)}行隐藏行，是否报送？", hidden[0])
    seen: dict[tuple[str, ...], int] = {}
    for row in details:
        body = tuple(as_text(cell).strip() for cell in row.cells.values())
        if not any(body):
            continue
        first = seen.setdefault(body, row.number)
        if first != row.number:
            table.say(44, Level.RETURNED, f"与第{first}行完全相同", row.number)
            row.returned = True
    _reconcile(table, rows)


def _reconcile(table: Table, rows: list[Row]) -> None:
    """Compare every total and subtotal with the details it covers."""
    details = [row for row in rows if row.kind is RowKind.DETAIL]
    for index, row in enumerate(rows):
        if row.kind is RowKind.DETAIL:
            continue
        if row.kind is RowKind.SUBTOTAL:
            table.say(25, Level.NOTED, "识别为小计，未入库", row.number)
            before = list(_block(rows[:index][::-1]))
            blocks = [before, list(_block(rows[index + 1 :]))]
        else:
            blocks = [details]
        for bound in table.columns:
            if bound.reads.type.kind in ("money", "count", "quantity"):
                _compare(table, row, bound, blocks)


def _block(rows: list[Row]) -> Iterator[Row]:
    """Yield details up to the next total."""
    for row in rows:
        if row.kind is not RowKind.DETAIL:
            return
        yield row


def _compare(table: Table, total: Row, bound: BoundColumn, blocks: list[list[Row]]) -> None:
    """Say where a total's cell differs from the sum of each block it might cover."""
    name = bound.reads.field
    stated = total.values.get(name)
    if not isinstance(stated, Decimal | int):
        return
    nearest: Decimal | None = None
    for block in blocks:
        values = [row.values.get(name) for row in block]
        if any(name not in row.values for row in block):
            return  # an unreadable detail has its own finding
        difference = Decimal(stated) - sum(
            (Decimal(value) for value in values if isinstance(value, Decimal | int)), Decimal(0)
        )
        if difference == 0:
            return
        if block and (nearest is None or abs(difference) < abs(nearest)):
            nearest = difference
    if nearest is None:
        return
    amount = in_words(abs(nearest)) if bound.reads.type.kind == "money" else plain(abs(nearest))
    table.say(24, Level.RETURNED, f"与明细之和相差{amount}，请核对（明细已按行受理）", total.number, bound.column)


def place(row: Row, name: str) -> str:
    """Return the cell of a row's field as a spreadsheet writes it."""
    return f"{letters(row.places.get(name))}{row.number}"
