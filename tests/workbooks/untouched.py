"""Where a bend takes hold: lines, columns and cells that no other bend has touched, and what is right of all amounts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random

from tests.workbooks.sheets import Book, Cell, Line, Record, yuan

Bend = Callable[[Random, Book], None]
NEARBY = ("元", "千元", "万元", "十万元", "百万元")
UNKNOWN = ("万美元", "美元", "千港元", "十亿元", "欧元", "万元/台", "含税千元", "百元", "USD", "k元")
OTHER_FIGURES = ("（上年同期）", "（调整后）", "（不含退货）")
UNSEEN = ("\u200b", "\ufeff", "\u00a0", "\u3000", "\u2060", "\u00ad", "\u200e", "\t", " ")


class UnfitError(Exception):
    """The bend does not suit this list, or not after another bend."""


def some(random: Random, book: Book) -> Line:
    """Return a line of data of the main sheet that no other bend has touched so that nothing is right any more."""
    lines = [line for line in book.main.records() if line.record is not None and not line.record.forbidden and not line.record.twice]
    if not lines or book.main.header:
        raise UnfitError
    return random.choice(lines)


def record_of(line: Line) -> Record:
    """Return a line's record."""
    if line.record is None:
        raise UnfitError
    return line.record


def one_of(random: Random, columns: list[int]) -> int:
    """Return one of some columns."""
    if not columns:
        raise UnfitError
    return random.choice(columns)


def field_of(book: Book, column: int) -> str:
    """Return the field of a column."""
    name = book.main.columns[column - 1].field
    if name is None:
        raise UnfitError
    return name


def untouched(line: Line, column: int) -> Cell:
    """Return a cell that stands as it was made."""
    cell = line.cells.get(column)
    if cell is None or cell.value is None or cell.code not in ("General", "yyyy-mm-dd") or cell.formula or cell.error or cell.shown or cell.runs:
        raise UnfitError
    return cell


def number_at(random: Random, book: Book, *kinds: str) -> tuple[Line, int, Cell]:
    """Return a line, a column of these kinds, and the plain number there."""
    if "twin" in book.told:
        raise UnfitError
    line, column = some(random, book), one_of(random, book.main.of_kind(*kinds))
    cell = untouched(line, column)
    if isinstance(cell.value, str | bool | date):
        raise UnfitError
    return line, column, cell


def all_money(book: Book) -> list[tuple[Line, int]]:
    """Return every amount of the main sheet, as plain numbers."""
    columns = book.main.of_kind("money")
    if not columns or "units" in book.told or "twin" in book.told or book.main.header:
        raise UnfitError
    places = [(line, column) for line in book.main.records() if not record_of(line).twice for column in columns if column in line.cells]
    if len({id(line) for line, _ in places}) < len(book.main.records()):
        raise UnfitError
    for line, column in places:
        if record_of(line).forbidden or not isinstance(untouched(line, column).value, int | float):
            raise UnfitError
    book.told.append("units")
    return places


def scale(book: Book, unit: str) -> None:
    """Say that all amounts were meant in another unit."""
    for line, column in all_money(book):
        record_of(line).facts[field_of(book, column)] = yuan(line.cells[column].value, unit)  # type: ignore[arg-type]  # numbers alone


def forbid_money(book: Book) -> None:
    """Say that no amount can be known."""
    for line, _ in all_money(book):
        record_of(line).forbidden = True


def heading_units(book: Book, words: str) -> None:
    """Write this behind every heading of money, in place of the unit; what it says of other figures stays."""
    for column in book.main.of_kind("money"):
        path = book.main.heads[column]
        said = next((each for each in OTHER_FIGURES if path[-1].endswith(each)), "")
        book.main.heads[column] = (*path[:-1], path[-1].partition("（")[0] + words + said)


def line_of(*cells: object) -> Line:
    """Return a line of texts and numbers."""
    return Line({n: Cell(each) for n, each in enumerate(cells, 1) if each is not None})  # type: ignore[arg-type]  # texts and numbers
