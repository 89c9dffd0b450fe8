"""From a table to rows: what each row is, merged cells carried down, every cell read, every row accounted for. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import pairwise

from exchange_connectors.excel.cells import PLAIN, Seen, as_text, error_in, fold_width, is_empty
from exchange_connectors.excel.fields import FieldType
from exchange_connectors.excel.margins import look_beside
from exchange_connectors.excel.model import (
    NUMBER_KINDS,
    Account,
    Cell,
    ColumnSum,
    Layout,
    Level,
    Note,
    Row,
    RowKind,
    letters,
)
from exchange_connectors.excel.plain_rows import LazyValues, PlainRows
from exchange_connectors.excel.row_kinds import RowKinds
from exchange_connectors.excel.stand_ins import voids
from exchange_connectors.excel.table import BoundColumn, Table, part_of
from exchange_connectors.excel.values import read_value
from exchange_connectors.excel.workbook import Mark, Merge
from exchange_connectors.kit.money import in_words, plain
from exchange_contracts import identifiers, personal
from exchange_contracts.keys import normal_text
from exchange_contracts.units import MoneyUnit

_EVIDENCE = "$evidence"


def read_rows(table: Table) -> list[Row]:
    """Read the table's rows, adding findings on cells and the account of all rows to the table."""
    rows: list[Row] = []
    account = table.account = _above(table)
    kinds = RowKinds(table)
    merged = _merged(table)
    layout = _layout(table)
    measures = [c for c in table.columns if c.reads.field == "unit"]
    units = {c.reads.field: str(c.reads.unit) for c in table.columns if c.reads.unit is not None}
    make = partial(Row, places=layout.places, units=units, layout=layout)
    plain_rows = PlainRows(table, kinds, merged, partial(make, evidence=[], elsewhere={}))  # of a plain row nothing is added to them
    unread: list[int] = []
    last = table.first_row - 1
    for number in range(table.first_row, len(table.sheet.rows) + 1):
        cells = table.sheet.rows[number - 1]
        if (plain_row := plain_rows.read(number, cells, number > last + 1)) is not None:
            account.filled, last = account.filled + 1, number
            rows.append(plain_row)
            continue
        if all(map(is_empty, cells)) and not _holds_what_is_empty(table, number):
            continue
        account.filled += 1
        kind = kinds.of(number, cells, number > last + 1)
        last = number
        if kind is RowKind.HEADING:
            account.headings += 1
        elif kind is RowKind.NOTE:
            account.notes += 1
            if aside := kinds.set_aside(cells):
                table.say(0, Level.VERIFY, f"序号列写“{aside.strip()}”，按示例或作废处理，未读取，请确认", number)
            elif kinds.is_doubtful(cells):
                table.say(24, Level.VERIFY, "按附注处理，未读取，请确认不是数据", number)
        elif kind is RowKind.UNREAD:
            unread.append(number)
        else:
            row = make(number, kind)
            measure = as_text(table.sheet.cell(number, measures[0].column)) if measures else ""
            _read_cells(table, row, merged, measure)
            rows.append(row)
            account.totals += kind is not RowKind.DETAIL
    if unread:
        account.unread += len(unread)
        account.why = "另一张表"
        why = f"上面写着“{kinds.elsewhere}”" if kinds.elsewhere else "表头与上面不同"
        words = f"本行起像是另一张表（{why}），{len(unread)}行未读取，请另放一张工作表或改用模板表头"
        table.say(36, Level.RETURNED, words, unread[0])
    _look_at_rows(table, rows)
    look_beside(table, rows)
    account.sums = tuple(_sums(table, rows, plain_rows))
    return rows


def _layout(table: Table) -> Layout:
    """Return where the fields of all rows stand; of joined columns the first stands for the field, too."""
    places = {c.reads.field: c.column for c in table.columns if c.mapped.carried}
    places |= {c.mapped.field: c.column for c in reversed(table.columns) if c.mapped.join}
    evidence = tuple(c.column for c in table.columns if c.mapped.evidence is not None)
    reason = next((c.column for c in table.columns if c.mapped.field == "$reason"), None)
    return Layout(places, evidence, reason, table.month_at)


def settle_account(table: Table, rows: list[Row]) -> None:
    """Say in the table's account how many data rows are taken and how many go back, once all checks have spoken."""
    account = table.account
    details = [row for row in rows if row.kind is RowKind.DETAIL]
    account.returned = sum(1 for row in details if row.returned)
    account.taken = len(details) - account.returned


def returned_account(table: Table) -> Account:
    """Return the account of a sheet that goes back whole: its rows are told apart, not read."""
    if not table.header_lines:
        return unread_account(table.sheet.name, table.sheet.rows, "没有找到表头")
    account = _above(table)
    kinds = RowKinds(table)
    below = [all(map(is_empty, cells)) for cells in table.sheet.rows[table.first_row - 2 :]]
    rows = enumerate(table.sheet.rows[table.first_row - 1 :], table.first_row)
    of_kind = Counter(
        kinds.of(number, cells, blank_before) for (number, cells), (blank_before, blank) in zip(rows, pairwise(below), strict=True) if not blank
    )
    account.filled += of_kind.total()
    account.headings += of_kind[RowKind.HEADING]
    account.totals = of_kind[RowKind.TOTAL] + of_kind[RowKind.SUBTOTAL]
    account.notes, account.unread = of_kind[RowKind.NOTE], account.unread + of_kind[RowKind.UNREAD]
    account.returned, account.why = of_kind[RowKind.DETAIL], "整表退回"
    return account


def unread_account(sheet_name: str, rows: list[list[Cell]], why: str) -> Account:
    """Return the account of a sheet that was not read."""
    filled = sum(1 for cells in rows if not all(map(is_empty, cells)))
    return Account(sheet_name, filled, unread=filled, why=why)


def _above(table: Table) -> Account:
    """Begin the account with the rows above the data; ask about those that look like data."""
    account = Account(table.sheet.name)
    numbers = {c.column for c in table.columns if c.reads.type.kind in NUMBER_KINDS}
    first_line = table.first_row - len(table.header_lines)
    for number, cells in enumerate(table.sheet.rows[: table.first_row - 1], 1):
        if all(map(is_empty, cells)):
            continue
        account.filled += 1
        amounts = [c for c, cell in enumerate(cells, 1) if c in numbers and isinstance(cell, int | float)]
        if number < first_line and len(amounts) > 1:
            account.unread, account.why = account.unread + 1, "在表头上方"
            table.say(24, Level.VERIFY, "在表头上方，未读取，其中有数字，请确认不是数据", number)
        else:
            account.headings += 1
    return account


def _holds_what_is_empty(table: Table, number: int) -> bool:
    """Say whether a row without values holds errors or formulas without a result."""
    sheet = table.sheet
    return any((number, c.column) in sheet.errors or (number, c.column) in sheet.uncomputed for c in table.columns)


def _merged(table: Table) -> dict[tuple[int, int], Merge]:
    """Return, for each cell below the header that several cells share, what they share."""
    last, width = len(table.sheet.rows), max((c.column for c in table.columns), default=0)
    return {
        (row, column): merge
        for merge in table.sheet.merges
        if merge.top >= table.first_row
        for row in range(merge.top, min(merge.bottom, last) + 1)
        for column in range(merge.left, min(merge.right, width) + 1)
    }


def _read_cells(table: Table, row: Row, merged: dict[tuple[int, int], Merge], measure: str) -> None:
    """Read every mapped cell of a row."""
    detail = row.kind is RowKind.DETAIL
    cells: dict[str, Cell] = {}
    row.cells = cells
    for bound in table.columns:
        place = row.number, bound.column
        cell = table.sheet.cell(*place)
        merge = merged.get(place)
        if detail and merge is not None:
            taken, cell = _merged_cell(table, row, bound, merge, cell)
            if not taken:
                continue
            if place != (merge.top, merge.left) and not is_empty(cell):
                row.elsewhere[bound.reads.field] = f"{letters(merge.left)}{merge.top}"
        if bound.mapped.evidence is not None:
            row.values.pop(_EVIDENCE, None)
            _read_cell(table, row, replace(bound, reads=replace(bound.reads, field=_EVIDENCE, type=FieldType("text"))), cell, "")
            number = row.values.pop(_EVIDENCE, None)
            if isinstance(number, str) and number:
                row.evidence.append((bound.mapped.evidence, number))
        elif bound.mapped.field == "$unit":
            cells["$unit"] = cell
        elif bound.mapped.field == "$remark":
            if detail and isinstance(cell, str) and voids(cell):
                _say(table, row, bound, Note(0, Level.VERIFY, f"“{bound.header}”写明作废、取消或不计入，该行已读取，请确认是否报送"))
        elif bound.mapped.field == "$reason":
            row.values["$reason"] = as_text(cell).strip() or None
        elif bound.mapped.carried:
            cells[bound.reads.field] = cell
            if detail or bound.reads.type.kind in ("money", "count", "quantity"):
                _read_cell(table, row, bound, cell, measure)
    if detail:
        _join(table, row, cells)
        _look_at_marks(table, row)
        _personal(table, row)


def _join(table: Table, row: Row, cells: dict[str, Cell]) -> None:
    """Make one text of the columns that are joined into a field."""
    for text, mapped in table.mapped.columns.items():
        if not mapped.join:
            continue
        names = [part_of(mapped.field, number) for number in range(len(mapped.join))]
        texts = [str(value) for name in names if (value := row.values.pop(name, None)) is not None]
        cells[mapped.field] = row.values[mapped.field] = mapped.between.join(texts) or None
        if mapped.required and not texts and not row.returned:
            table.say(0, Level.RETURNED, f"“{text}”（{'、'.join(mapped.join)}）为必填项，请补填", row.number, row.places.get(mapped.field))
            row.returned = True


def _look_at_marks(table: Table, row: Row) -> None:
    """Send a row back that says one thing in a column of 是 and 否 and another in the column it speaks of."""
    for bound in table.columns:
        cell = table.sheet.cell(row.number, bound.column)
        if bound.mapped.marks is None or is_empty(cell):
            continue
        other = next((each.header for each in table.columns if each.mapped.field == bound.mapped.marks), bound.mapped.marks)
        reading, filled = read_value(cell, bound.reads, PLAIN), row.values.get(bound.mapped.marks) is not None
        for note in reading.notes:
            _say(table, row, bound, note)
        if reading.value == "是" and not filled:
            _say(table, row, bound, Note(0, Level.RETURNED, f"“{bound.header}”填“是”，而“{other}”没有填：请补填，或把“是”删去"))
        elif reading.value == "否" and filled:
            _say(table, row, bound, Note(0, Level.RETURNED, f"“{bound.header}”填“否”，而“{other}”填了内容：请改其中一处"))


def _merged_cell(table: Table, row: Row, bound: BoundColumn, merge: Merge, cell: Cell) -> tuple[bool, Cell]:
    """Return whether a cell of a merged range may be read, and what shows there: a number stands for one row and column alone."""
    if bound.reads.type.kind in NUMBER_KINDS and bound.mapped.carried and _shared(table, merge, bound):
        words = f"“{bound.header}”由合并单元格共用一个数，不能分摊，请逐行逐列填写"
        _say(table, row, bound, Note(37, Level.RETURNED, words))
        return False, None
    if (row.number, bound.column) == (merge.top, merge.left):
        return True, cell
    if not is_empty(cell) and bound.mapped.carried:
        _say(table, row, bound, Note(37, Level.VERIFY, "被合并单元格盖住的内容没有读取，请确认"))
    if merge.left != bound.column:
        return True, None
    carried = table.sheet.cell(merge.top, merge.left)
    if bound.mapped.carried and bound.mapped.field not in table.mapped.merge_down and carried is not None:
        _say(table, row, bound, Note(37, Level.VERIFY, "合并单元格已按首行沿用，请确认"))
    return True, carried


def _shared(table: Table, merge: Merge, bound: BoundColumn) -> bool:
    """Say whether a merged amount is one for several rows, or for several columns of the list."""
    if is_empty(table.sheet.cell(merge.top, merge.left)):
        return False
    first = table.sheet.cell(merge.top, merge.left)
    if merge.bottom > merge.top or (merge.left < bound.column and isinstance(first, int | float)):
        return True
    return any(
        merge.left <= other.column <= merge.right and other is not bound and other.mapped.carried for other in table.columns
    )


def _read_cell(table: Table, row: Row, bound: BoundColumn, cell: Cell, measure: str) -> None:
    place, sheet = (row.number, bound.column), table.sheet
    detail = row.kind is RowKind.DETAIL
    error = sheet.errors.get(place) or error_in(cell)
    if error is not None:
        _say(table, row, bound, Note(39, Level.RETURNED, f"公式失效（{error}），请填数值"))
        return
    if place in sheet.uncomputed:
        outward = place in sheet.outward
        words = "引用其他文件而没有存下结果，请粘贴为数值" if outward else "公式没有算出结果，请填数值"
        _say(table, row, bound, Note(40 if outward else 39, Level.RETURNED, words))
        return
    if place in sheet.outward and detail:
        _say(table, row, bound, Note(40, Level.VERIFY, "引用本机文件，请粘贴为数值"))
    elif place in sheet.doubtful and detail:
        _say(table, row, bound, Note(39, Level.VERIFY, "公式打开时会重算，已按文件里存下的结果读取，请核对"))
    if detail and place in sheet.commented:
        _say(table, row, bound, Note(0, Level.VERIFY, "该格有批注，批注没有读取，请确认该格内容无误"))
    if detail and (mark := sheet.marks.get(place)) is not None and not is_empty(cell):
        said = _marked(mark, bound)
        if said is not None:
            _say(table, row, bound, said)
        if said is not None and said.level is Level.RETURNED:
            return
    reads = bound.reads if detail and table.mapped.kind == "rows" else replace(bound.reads, of_one=False)
    shown = sheet.formats.get(place)
    plain_ = shown is None and not measure and not sheet.from_1904
    reading = read_value(cell, reads, PLAIN if plain_ else Seen(shown, measure, sheet.from_1904))
    if detail:
        for note in reading.notes:
            _say(table, row, bound, note)
        if reading.value is None and not reading.refused and bound.mapped.required and not bound.mapped.join:
            _say(table, row, bound, Note(0, Level.RETURNED, f"“{bound.header}”为必填项，请补填"))
    if not reading.refused:
        row.values[bound.reads.field] = reading.value


def _marked(mark: Mark, bound: BoundColumn) -> Note | None:
    """Return what is to be said of a cell whose type face says something; raised characters are plain in prose."""
    if mark is Mark.STRUCK:
        return Note(0, Level.VERIFY, "该格划了删除线，已读取，如已作废请删去后重报")
    if mark is Mark.UNSEEN:
        return Note(0, Level.VERIFY, "该格字与底色相同，看不见，已读取，请确认是否报送")
    if mark is Mark.PARTLY_STRUCK:
        return Note(0, Level.RETURNED, "该格有一部分划了删除线，请删去划掉的部分后重报")
    if bound.reads.type.kind in (*NUMBER_KINDS, "date", "month", "period") or bound.reads.key:
        return Note(0, Level.RETURNED, "该格有上标或下标（如脚注号），请删去后重报")
    return None


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
        if is_empty(cell) or (column in amounts and not isinstance(cell, str)):
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
    for row in _alike(details):
        body = tuple(normal_text(as_text(cell)) for cell in row.cells.values())
        if not any(body):
            continue
        first = seen.setdefault(body, row.number)
        if first != row.number:
            table.say(44, Level.RETURNED, f"与第{first}行完全相同", row.number)
            row.returned = True
    _reconcile(table, rows)


def _alike(details: list[Row]) -> Iterator[Row]:
    """Yield the rows that may repeat one another: those that share the one cell in which fewest rows do."""
    if not details:
        return
    some = details[:1000]
    name = max(details[0].cells, key=lambda each: len({as_text(row.cells.get(each)) for row in some}), default="")
    shown = [normal_text(as_text(row.cells.get(name))) for row in details]
    times = Counter(shown)
    yield from (row for row, text in zip(details, shown, strict=True) if times[text] > 1 or name not in row.cells)


def _reconcile(table: Table, rows: list[Row]) -> None:
    """Compare every total and subtotal with the details it covers."""
    details = [row for row in rows if row.kind is RowKind.DETAIL]
    for index, row in enumerate(rows):
        if row.kind is RowKind.DETAIL:
            continue
        if row.kind is RowKind.SUBTOTAL:
            table.say(25, Level.NOTED, "识别为小计，未入库", row.number)
            before = list(_block(rows[:index][::-1]))
            blocks = [before, list(_block(rows[index + 1 :])), details]
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


def _sums(table: Table, rows: list[Row], plain_rows: PlainRows) -> Iterator[ColumnSum]:
    """Yield each money column's sum as read, and the sheet's own total; a column without amounts has nothing to compare."""
    others = [row for row in rows if not isinstance(row.values, LazyValues)]
    for bound in table.columns:
        if bound.reads.unit is None or not bound.mapped.carried:
            continue
        name, factor = bound.reads.field, MoneyUnit(bound.reads.unit).factor
        of_plain = Decimal(plain_rows.read_from[name].fen).scaleb(-2)
        read = sum((row.money(name) or Decimal(0) for row in others if row.kind is RowKind.DETAIL), of_plain)
        totals = [row.money(name) for row in others if row.kind is RowKind.TOTAL]
        stated = totals[-1] if totals else None
        if not read and stated is None:
            continue
        yield ColumnSum(bound.header, bound.reads.unit, read / factor, None if stated is None else stated / factor)


def place(row: Row, name: str) -> str:
    """Return the cell of a row's field as a spreadsheet writes it."""
    return f"{letters(row.places.get(name))}{row.number}"
