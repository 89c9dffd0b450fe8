"""Bends of rows, merged and hidden parts, headings and files, each keeping the book of what is right afterwards."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from random import Random

from tests.workbooks.sheets import Book, Cell, Line, another
from tests.workbooks.untouched import (
    UNSEEN,
    UnfitError,
    field_of,
    line_of,
    number_at,
    one_of,
    record_of,
    some,
    untouched,
)


def neighbours(random: Random, book: Book) -> tuple[Line, Line]:
    """Return two lines of data one below the other."""
    body = book.main.body
    pairs = [
        (a, b) for a, b in itertools.pairwise(body)
        if a.record is not None and b.record is not None and not a.record.twice and not b.record.twice and not a.record.forbidden and not b.record.forbidden
    ]  # fmt: skip
    if not pairs or book.main.header:
        raise UnfitError
    return random.choice(pairs)


def merged_number(random: Random, book: Book) -> None:
    upper, lower = neighbours(random, book)
    column = one_of(random, book.main.of_kind("money", "count", "quantity"))
    untouched(upper, column)
    book.needs.add("merge")
    if random.random() < 0.4 and column in lower.cells:
        book.needs.add("covered")  # the lower number stays in the file and does not show
    else:
        lower.cells.pop(column, None)
    book.main.merges.append((upper, column, lower, column))
    record_of(upper).forbidden = record_of(lower).forbidden = True
    book.sound = False


def merged_across(random: Random, book: Book) -> None:
    line = some(random, book)
    column = one_of(random, book.main.of_kind("money", "count", "quantity"))
    if column == len(book.main.columns):
        raise UnfitError
    first = column - 1 if random.random() < 0.5 else column
    for each in (first, first + 1):
        untouched(line, each)
    book.needs |= {"merge", "covered"}
    book.main.merges.append((line, first, line, first + 1))
    record_of(line).forbidden = True
    book.sound = False


def merged_text(random: Random, book: Book) -> None:
    upper, lower = neighbours(random, book)
    column = one_of(random, book.main.of_kind("text"))
    name = field_of(book, column)
    if column == 1 or name in ("task_no", "indicator", "version"):
        raise UnfitError
    untouched(upper, column)
    if lower.cells.pop(column, None) is None:
        raise UnfitError
    book.needs.add("merge")
    book.main.merges.append((upper, column, lower, column))
    record_of(lower).facts[name] = record_of(upper).facts[name]
    record_of(lower).asked = True


def hidden_sheet(random: Random, book: Book) -> None:
    if len(book.sheets) > 1:
        raise UnfitError
    book.needs |= {"sheets", "hidden"}
    names = [book.scene.sheet + "（上年）", "Sheet2", " " + book.scene.sheet if False else "底稿"]
    other = type(book.main)(random.choice(names), list(book.main.columns), [Line({1: Cell("底稿")})], dict(book.main.heads), [])
    for number in range(1, 4):
        line = another(random, book, 50 + number)
        line.record = None
        other.body.append(line)
    other.hidden = random.choice(["hidden", "veryHidden"])
    book.sheets.append(other)


def hidden_twin_column(random: Random, book: Book) -> None:
    if book.main.header or "twin" in book.told:
        raise UnfitError
    book.told.append("twin")
    book.needs.add("hidden")
    column = one_of(random, book.main.of_kind("money", "count", "quantity"))
    if any(left <= column <= right for _, left, _, right in book.main.merges):
        raise UnfitError
    wide = len(book.main.columns) + 1
    book.main.heads[wide] = book.main.heads[column][-1:] if random.random() < 0.5 else book.main.heads[column]
    if len(book.main.heads[wide]) > 1 or len(book.main.heads[column]) > 1:
        raise UnfitError
    where = random.random()
    for line in book.main.records():
        kept = line.cells.pop(column, None)
        decoy, right = (column, wide) if where < 0.5 else (wide, column)  # the hidden one in front or behind
        line.cells[decoy] = Cell(77)
        if kept is not None:
            line.cells[right] = kept
    book.main.hidden_columns.add(column if where < 0.5 else wide)
    for line in book.main.records():
        record_of(line).asked = True
    book.sound = False


def doubled_heading(random: Random, book: Book) -> None:
    if book.main.header or "twin" in book.told:
        raise UnfitError
    book.told.append("twin")
    column = one_of(random, book.main.of_kind("money", "count", "quantity"))
    if len(book.main.heads[column]) > 1:
        raise UnfitError
    wide = len(book.main.columns) + 1
    if not any(column in line.cells for line in book.main.records()):
        raise UnfitError
    book.main.heads[wide] = book.main.heads[column]
    for line in book.main.records():
        line.cells[wide] = Cell(77)
        record_of(line).forbidden = True
    book.sound = False


def hidden_rows(random: Random, book: Book) -> None:
    book.needs.add("hidden")
    for _ in range(random.randrange(1, 3)):
        line = some(random, book)
        line.hidden = record_of(line).asked = True


def struck_out(random: Random, book: Book) -> None:
    line, _column, cell = number_at(random, book, "money", "count", "quantity")
    if random.random() < 0.5:
        book.needs.add("strike")
        cell.strike = record_of(line).asked = True
        return
    n = cell.value
    book.needs.add("rich")
    cell.value, cell.runs = random.choice([(f"{n}450", ((str(n), "strike"), ("450", ""))), (f"{n}1", ((str(n), ""), ("1", "superscript")))])
    record_of(line).forbidden = True
    book.sound = False


NOTES = (
    "注：以下为补报", "备注：以上均已核对", "填表人：张三　审核人：李四", "说明：数据来自台账", "单位负责人：（签字）", "注1：含税", "填报日期：2026年11月3日", "——以下空白——", "第1页", "制表人：王五", "填报说明：见附件",
    "注 ：按实填报", "审核：", "（续表）", "联系人：赵六", "报出日期：2026年11月5日", "※ 数据已核对", "备注", "备　注：无",
)  # fmt: skip


def note_between(random: Random, book: Book) -> None:
    words = random.choice(NOTES)
    at = random.randrange(len(book.main.body) + 1)
    book.main.body.insert(at, line_of(words))
    if words.startswith(("※", "备注", "注 ", "审核")):
        book.sound = False


def signatures(random: Random, book: Book) -> None:
    book.main.body.append(line_of("填表人：", "张三", None, "审核人：", "李四"))


def blanks(random: Random, book: Book) -> None:
    at = random.randrange(len(book.main.body) + 1)
    lines = [Line({2: Cell(" ")}) if random.random() < 0.1 else Line() for _ in range(random.randrange(1, 60))]
    book.main.body[at:at] = lines


def numbered_blanks(random: Random, book: Book) -> None:
    number = len(book.main.records())
    book.main.body += [Line({1: Cell(number + n)}) for n in range(1, random.randrange(3, 9))]


def page_break(random: Random, book: Book) -> None:
    if book.main.header or any(len(path) > 1 for path in book.main.heads.values()) or "units" in book.told or len(book.main.records()) < 3:
        raise UnfitError
    at = book.main.body.index(book.main.records()[-1])
    header = Line({column: Cell(path[-1]) for column, path in book.main.heads.items()})
    again = [Line({c: Cell(cell.value) for c, cell in line.cells.items()}) for line in book.main.titles]
    book.main.body[at:at] = [*again, header] if random.random() < 0.6 else [header]


def column_numbers(random: Random, book: Book) -> None:
    if book.main.body and book.main.body[0].record is None:
        raise UnfitError
    style = random.randrange(3)
    words = [str(n) if style == 0 else n if style == 1 else f"({n})" for n in range(1, len(book.main.columns) + 1)]
    if random.random() < 0.4:
        words[0] = "栏次"
    book.main.body.insert(0, line_of(*words))
    book.sound = False


TOTALS = ("合计", "总计", "合  计", "共计", "合计：", "合计（3笔）", "本页小计", "小计", "全区合计", "总 计", "累计")
ODD_TOTALS = ("合计数", "总数", "汇总", "Total", "合计金额", "共3笔")


def total(random: Random, book: Book) -> None:
    if book.main.header or "total" in book.told or any(line.record is not None and line.record.forbidden for line in book.main.body):
        raise UnfitError
    book.told.append("total")
    line = Line({random.choice([1, 1, 2]): Cell(random.choice(TOTALS if random.random() < 0.8 else ODD_TOTALS))})
    for column in book.main.of_kind("money"):
        values = [each.cells[column].value for each in book.main.records() if column in each.cells]
        if any(isinstance(value, str) for value in values):
            raise UnfitError
        line.cells[column] = Cell(float(sum((Decimal(str(value)) for value in values if value is not None), Decimal(0))))
    if book.main.body and line.cells[min(line.cells)].value in ODD_TOTALS:
        book.sound = False
    book.main.body.insert(random.choice([0, len(book.main.body)]), line)


def second_table(random: Random, book: Book) -> None:
    heads = random.choice([("序号", "网点", "台数"), ("附表", "名称", "金额"), ("类别", "数量")])
    book.main.body += [Line(), line_of(*heads), line_of(1, "甲网点", 12), line_of(2, "乙网点", 30)]
    book.told.append("second table")
    book.sound = False


def headings_again_elsewhere(random: Random, book: Book) -> None:
    """A second block of the same list, its columns moved by one."""
    if book.main.header or any(len(path) > 1 for path in book.main.heads.values()) or len(book.main.records()) < 3:
        raise UnfitError
    line = book.main.records()[-1]
    if line is not book.main.body[-1] or record_of(line).forbidden:
        raise UnfitError
    moved = Line({column + 1: cell for column, cell in line.cells.items()}, line.record)
    header = Line({column + 1: Cell(path[-1]) for column, path in book.main.heads.items()})
    book.main.body[-1:] = [Line(), header, moved]
    record_of(moved).asked = True
    book.sound = False


def untidy_headings(random: Random, book: Book) -> None:
    if book.main.header:
        raise UnfitError
    for column, path in list(book.main.heads.items()):
        if random.random() < 0.4:
            continue
        text = path[-1]
        at = random.randrange(1, len(text)) if len(text) > 1 else 0
        sign = random.choice([*UNSEEN, "\n", "  "])
        text = random.choice([text[:at] + sign + text[at:], f" {text} ", f"{text}\n", f"\ufeff{text}", text.replace("（", "(").replace("）", ")")])
        book.main.heads[column] = (*path[:-1], text)


def more_titles(random: Random, book: Book) -> None:
    words = ["附件2", "（样表）", "报送单位（盖章）：区样例局", "报表编号：WQ-03", "依据津发改〔2025〕12号填报", ""]
    for _ in range(random.randrange(1, 6)):
        book.main.titles.insert(0, line_of(random.choice(words)))


def group_above(random: Random, book: Book) -> None:
    """One more line of headings above the others, over some columns."""
    if book.main.header or any(len(path) > 1 for path in book.main.heads.values()):
        raise UnfitError
    if "twin" in book.told or len(book.main.heads) > len(book.main.columns):
        raise UnfitError
    first = random.randrange(2, len(book.main.columns))
    for column in range(first, min(first + 3, len(book.main.columns)) + 1):
        book.main.heads[column] = ("基本情况", *book.main.heads[column])
    book.needs.add("merge")


def moved_right(random: Random, book: Book) -> None:
    """The whole table stands to the right, as far as beyond column 300."""
    if book.main.header or "twin" in book.told:
        raise UnfitError
    by = random.choice([1, 2, 26, 298, 310, 700])
    sheet = book.main
    if book.needs & {"hidden"} or (by > 100 and "wide" in book.told):
        raise UnfitError
    book.told.append("twin")
    if by > 200:
        book.needs.add("wide")
    sheet.heads = {column + by: path for column, path in sheet.heads.items()}
    for line in sheet.body:
        line.cells = {column + by: cell for column, cell in line.cells.items()}
    sheet.merges = [(a, left + by, b, right + by) for a, left, b, right in sheet.merges]
    sheet.columns = [type(sheet.columns[0])(("",), None) for _ in range(by)] + sheet.columns


def far_away(random: Random, book: Book) -> None:
    """An amount stands far to the right of a row, without a heading."""
    line = some(random, book)
    column = random.choice([len(book.main.columns) + 3, 305, 400])
    if column <= max(book.main.heads, default=0):
        raise UnfitError
    if column > 200:
        book.needs.add("wide")
    line.cells[column] = Cell(1234)


def from_1904(random: Random, book: Book) -> None:
    book.from_1904 = True
    book.needs.add("1904")
    for _, line in book.records():
        for cell in line.cells.values():
            if isinstance(cell.value, date) and cell.code == "yyyy-mm-dd" and random.random() < 0.3:
                cell.value, cell.code = (cell.value - date(1904, 1, 1)).days, "General"


def odd_name(random: Random, book: Book) -> None:
    book.stem = random.choice([f"{book.stem}{'长' * 60}", f"{book.stem}\x07", f"{book.stem} (1)", f"{book.stem}\n", f"{book.stem}：终稿", f"={book.stem}", f"{book.stem}’"])


def renamed_sheet(random: Random, book: Book) -> None:
    book.main.name = random.choice([f"{book.scene.sheet}1", "Sheet1", f"{book.scene.sheet}（10月）"])
    book.needs.add("sheets")
    for line in book.main.records():
        record_of(line).forbidden = True
    book.sound = False
