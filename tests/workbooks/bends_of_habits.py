"""Bends that clerks make with words and hands: dittos, examples left in, remarks, marks, comments, copies."""

from __future__ import annotations

from random import Random

from tests.workbooks.bends_of_keys import key_column
from tests.workbooks.sheets import Book, Cell, Line, another
from tests.workbooks.untouched import UnfitError, field_of, number_at, one_of, record_of, some, untouched


def _headed(book: Book, heading: str) -> int:
    """Return the column of a heading that no field is read from."""
    found = [n for n, column in enumerate(book.main.columns, 1) if column.path[-1] == heading and column.field is None]
    if not found:
        raise UnfitError
    return found[0]


def _is_key(book: Book, column: int) -> bool:
    try:
        return column == key_column(book)
    except UnfitError:
        return False


def ditto(random: Random, book: Book) -> None:
    line, column = some(random, book), one_of(random, book.main.of_kind("text", "id", "key", "code", "money", "date"))
    cell = untouched(line, column)
    cell.value, cell.code = random.choice(["同上", "〃", "″", "同左", '"', "……", " 同上 "]), "General"
    record_of(line).forbidden = True
    book.sound = False


def pending_number(random: Random, book: Book) -> None:
    line, column = some(random, book), one_of(random, book.main.of_kind("id", "key"))
    cell, name = untouched(line, column), field_of(book, column)
    cell.value = random.choice(["待补", "待定", "不详", "暂缺", "XXXX", "××", "？", "未知", "待核", "***"])
    if _is_key(book, column) or book.main.columns[column - 1].kind == "key":
        record_of(line).forbidden = True
    else:
        record_of(line).facts[name], record_of(line).asked = None, True
    book.sound = False


def row_set_aside(random: Random, book: Book) -> None:
    line, column = some(random, book), _headed(book, "序号")
    line.cells[column] = Cell(random.choice(["例", "示例", "例：", "填写示例", "样例1", "作废", "已作废", "×", "取消", "举例"]))
    record_of(line).forbidden = True
    book.sound = False


def remark_of_void(random: Random, book: Book) -> None:
    line, column = some(random, book), _headed(book, "备注")
    line.cells[column] = Cell(random.choice(["作废", "该单已取消", "此行不计入", "（已作废）", "重复报送", "取消", "本笔无效，另报", "应删除"]))
    record_of(line).asked = True
    book.sound = False


def quoted_key(random: Random, book: Book) -> None:
    cell = untouched(some(random, book), key_column(book))
    if not isinstance(cell.value, str) or not cell.value[0].isascii() or not cell.value[0].isalnum():
        raise UnfitError
    cell.value = random.choice("'`’‘") + cell.value


def marked_key(random: Random, book: Book) -> None:
    line, column = some(random, book), key_column(book)
    cell = untouched(line, column)
    text = cell.value
    if not isinstance(text, str) or not text.isascii() or not text[0].isalnum() or book.main.columns[column - 1].field == "indicator":
        raise UnfitError
    cell.value = random.choice([f"{text}（退）", f"{text}*", f"{text}#", f"{text}？", f"{text}等3单", f"{text}~{text[:-1]}9", f"{text}至{text[:-1]}9", f"{text}/{text[:-1]}9", f"{text}(补)", f"{text}★"])
    record_of(line).forbidden = True
    book.sound = False


def corrected_by_comment(random: Random, book: Book) -> None:
    line, _column, cell = number_at(random, book, "money", "count", "quantity")
    cell.comment = random.choice(["更正：应为4200", "张三:\n这个数不对，以发票为准", "已核减", "应为3.2"])
    book.needs.add("comment")
    record_of(line).asked = True


def white_on_white(random: Random, book: Book) -> None:
    line, _column, cell = number_at(random, book, "money", "count", "quantity")
    cell.white = record_of(line).asked = True
    book.needs.add("white")


def copied_sheet(random: Random, book: Book) -> None:
    if len(book.sheets) > 1 or book.main.name != book.scene.sheet:
        raise UnfitError
    other = type(book.main)(f"{book.scene.sheet}{random.choice([' (2)', '（2）', '副本'])}", list(book.main.columns), [Line({1: Cell("底稿")})], dict(book.main.heads), [])
    for number in range(1, 4):
        line = another(random, book, 70 + number)
        line.record = None
        other.body.append(line)
    book.sheets.append(other)
    book.needs.add("sheets")
    book.told.append("copy")
    book.sound = False
