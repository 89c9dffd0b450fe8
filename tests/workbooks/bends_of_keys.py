"""Bends of dates, months and identifiers, each keeping the book of what is right afterwards."""

from __future__ import annotations

from datetime import date
from random import Random

from tests.workbooks.sheets import MONTH, Book, Cell, Line, Record
from tests.workbooks.untouched import UNSEEN, UnfitError, field_of, number_at, one_of, record_of, some, untouched


def date_as_text(random: Random, book: Book) -> None:
    line, column = some(random, book), one_of(random, book.main.of_kind("date"))
    cell = untouched(line, column)
    day = cell.value
    if not isinstance(day, date):
        raise UnfitError
    y, m, d = day.year, day.month, day.day
    cell.code = "General"
    if random.random() < 0.6:
        cell.value = random.choice([f"{y}年{m}月{d}日", f"{y}.{m}.{d}", f"{y}/{m:02d}/{d:02d}", f" {y}-{m}-{d} ", f"{y}{m:02d}{d:02d}", f"{y}-{m:02d}-{d:02d} 00:00:00"])
        return
    cell.value = random.choice([f"{y}-{m}-{d} 2", f"{y}-{m}-{d}\n{d}", f"{m}月{d}日", f"{y}年底", f"{d}/{m}/{y}", f"{y}-{m}-{d}至{y}-{m}-{d + 1}", f"{y}-02-30", f"{y}-{m}-{d}①", f"{y}-{m}-{d}（补）", f"{y % 100}-{m}-{d}"])
    record_of(line).forbidden = True
    book.sound = False


def title_at(book: Book) -> int:
    """Return which of the titles is the list's own, which names the month: others may stand above it."""
    return next(number for number, line in enumerate(book.main.titles) if 1 in line.cells and book.scene.sheet in str(line.cells[1].value))


def other_period(random: Random, book: Book) -> None:
    """A quarter or half of a year stands beside the month, which is not of it."""
    if not book.scene.month or "month" in book.told:
        raise UnfitError
    book.told.append("month")
    words = random.choice(["2026年三季度", "（2026年第3季度）", "统计期：2026年上半年", "2026年前三季度", "2025年四季度", "依据2026年三季度调度会要求填报", "２０２６年一季度"])
    book.main.titles.insert(random.randrange(len(book.main.titles) + 1), Line({1: Cell(words)}))
    for line in book.main.records():
        record_of(line).asked = True
    book.sound = False


def month_in_title(random: Random, book: Book) -> None:
    if not book.scene.month or "month" in book.told:
        raise UnfitError
    book.told.append("month")
    book.stem = book.scene.sheet
    words, right = random.choice(
        [
            ("2026年1月-2026年10月", MONTH), ("2026年1-10月", MONTH), ("2026年1至10月累计", MONTH), ("统计截至：2026年10月31日", MONTH), ("截止到2026年10月31日", MONTH), ("2026年10月与2025年10月对比", None),
            ("2026年9月、10月", None), ("2026年9、10月", None), ("2025年12月至2026年10月", MONTH), ("２０２６年１０月", MONTH), ("2026 年 10 月", MONTH), ("二〇二六年十月", MONTH), ("2026-10", MONTH), ("2026.10", MONTH),
            ("2026年10月份", MONTH), ("填报日期：2026年11月3日", None), ("2026年度", None), ("2026年13月", None), ("2026年三季度", None), ("202610", MONTH), ("数据截至2026-10-31", MONTH), ("2026年9月（2026年10月补报）", None), ("2026/10", MONTH),
            ("2026年10月（比2025年10月）", None), ("截至2026年10月底", MONTH), ("2026年1月—10月", MONTH), ("2026年1月~10月", MONTH),
        ]
    )  # fmt: skip
    at = title_at(book)
    book.main.titles[at] = Line({1: Cell(f"武清区{book.scene.sheet}" if random.random() < 0.5 else f"武清区{book.scene.sheet}（{words}）")})
    if words not in str(book.main.titles[at].cells[1].value):
        book.main.titles.insert(at + 1, Line({1: Cell(words)}))
    for line in book.main.records():
        if right is None:
            record_of(line).forbidden = True
    book.sound = False


def month_without_year(random: Random, book: Book) -> None:
    if not book.scene.month or "month" in book.told:
        raise UnfitError
    book.told.append("month")
    book.main.titles[title_at(book)] = Line({1: Cell(f"武清区{book.scene.sheet}{random.choice(['（9月）', '（9月份）', ' 9月份报表', '（九月）', '（1-9月）'])}")})
    for line in book.main.records():
        record_of(line).forbidden = True
    book.sound = False


def two_titles_two_months(random: Random, book: Book) -> None:
    if not book.scene.month or "month" in book.told:
        raise UnfitError
    book.told.append("month")
    book.main.titles.append(Line({1: Cell(random.choice(["统计截至：2026年9月30日", "（2026年9月）", "报送月份：2026年9月"]))}))
    for line in book.main.records():
        record_of(line).forbidden = True
    book.sound = False


def key_column(book: Book) -> int:
    """Return the column of the business key."""
    columns = [n for n, column in enumerate(book.main.columns, 1) if column.kind in ("key", "id") and column.path[-1] in ("订单号", "内部编号", "任务编号", "号码")]
    if not columns:
        raise UnfitError
    return columns[0]


def zeros_by_format(random: Random, book: Book) -> None:
    line, column = some(random, book), one_of(random, book.main.of_kind("id", "key"))
    cell = untouched(line, column)
    name = field_of(book, column)
    if record_of(line).facts.get(name) is None:
        raise UnfitError  # the key stands in another spelling already
    number = random.randrange(1, 9999)
    text = f"{number:08d}"
    cell.value, cell.code, cell.shown = number, "00000000", text
    if random.random() < 0.3:
        cell.code, cell.shown = '"CL-"0000', f"CL-{number:04d}"
        text = cell.shown
    book.needs.add("format")
    record = record_of(line)
    if column == key_column(book):
        record.key = record.key.replace(str(record.facts[name]), text)
    record.facts[name] = text


def unseen_in_a_key(random: Random, book: Book) -> None:
    line, column = some(random, book), key_column(book)
    cell = untouched(line, column)
    if not isinstance(cell.value, str):
        raise UnfitError
    at = random.randrange(1, len(cell.value))
    full = cell.value.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    cell.value = random.choice([cell.value[:at] + random.choice(UNSEEN) + cell.value[at:], full, cell.value.lower(), cell.value.replace("-", "–"), cell.value.replace("-", "－")])
    record_of(line).facts.pop(field_of(book, column) if book.main.columns[column - 1].field else "", None)


def decimal_key(random: Random, book: Book) -> None:
    line, column = some(random, book), key_column(book)
    untouched(line, column).value = 1.1
    book.needs.add("format")  # as text it is what it is
    record_of(line).forbidden = True
    book.sound = False


def two_keys_in_a_cell(random: Random, book: Book) -> None:
    line, column = some(random, book), key_column(book)
    cell = untouched(line, column)
    cell.value = f"{cell.value}{random.choice([chr(10), '、', '，', '; '])}{str(cell.value)[:-1]}9"
    record_of(line).forbidden = True
    book.sound = False


def twice_the_same(random: Random, book: Book) -> None:
    """The same thing again, its key in another spelling: once, and said."""
    line, column = some(random, book), key_column(book)
    cell = untouched(line, column)
    if not isinstance(cell.value, str) or "total" in book.told:
        raise UnfitError
    copy = Line({c: Cell(each.value, each.code, each.shown, each.error, each.formula, each.runs) for c, each in line.cells.items()}, line.record)
    copy.cells[column] = Cell(random.choice([cell.value.lower() + "\u200b", f"{cell.value}\ufeff", f"\u00a0{cell.value}"]))
    if 1 in copy.cells:
        copy.cells[1] = Cell(99)
    record_of(line).twice = record_of(copy).twice = True
    book.main.body.append(copy)
    record_of(line).facts.pop(field_of(book, column) if book.main.columns[column - 1].field else "", None)
    book.sound = False


def other_facts_of_the_same(random: Random, book: Book) -> None:
    """The same thing again with another amount: the later row goes back."""
    line, column, cell = number_at(random, book, "money", "count")
    key = key_column(book)
    if "total" in book.told:
        raise UnfitError
    copy = Line({c: Cell(each.value, each.code, each.shown) for c, each in line.cells.items()}, Record(record_of(line).key + "#again", {}, forbidden=True))
    copy.cells[column] = Cell(cell.value + 1)  # type: ignore[operator]  # a number
    copy.cells[key] = Cell(f"{copy.cells[key].value}\u200b")
    record_of(line).twice = record_of(copy).twice = True
    book.main.body.append(copy)
    book.sound = False
