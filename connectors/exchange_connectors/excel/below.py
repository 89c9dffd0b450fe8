"""What lines below a header say of whole columns: their units, their numbers, and where a later page says otherwise. Pure."""

import re
from collections.abc import Iterator

from exchange_connectors.excel.cells import as_text, is_empty
from exchange_connectors.excel.headings import folded, measure_in, normal, units_in, units_in_titles
from exchange_connectors.excel.model import Cell
from exchange_connectors.excel.workbook import Sheet
from exchange_contracts.units import money_unit, names_money

_ORDINAL = re.compile(r"\(?(\d{1,3})\)?")
_LETTERS = "甲乙丙丁戊己庚辛壬癸"
_NUMBERED_MIN = 3
"""So many cells must count on from one to the next before a line is one of column numbers."""

_FEW = 3
"""A line outside the table holds no more than so many cells."""


def unit_line(sheet: Sheet, row: int) -> dict[int, str]:
    """Return column → unit of a line that holds nothing but units, empty where *row* is none."""
    cells = sheet.rows[row - 1] if row <= len(sheet.rows) else []
    filled = {column: folded(as_text(cell)) for column, cell in enumerate(cells, 1) if not is_empty(cell)}
    bare = {column: text.strip("()").removeprefix("单位:") for column, text in filled.items()}
    return bare if bare and all(names_money(text) or measure_in(f"({text})") for text in bare.values()) else {}


def is_numbering(cells: list[Cell]) -> bool:
    """Say whether a line numbers the columns: 1, 2, 3 … or 甲, 乙, 1, 2 … from left to right."""
    texts = [folded(as_text(cell)) for cell in cells if not is_empty(cell)]
    said = bool(texts) and texts[0] in ("栏次", "列次", "行次")
    if said:
        del texts[0]
    while texts and texts[0] in _LETTERS:
        del texts[0]
    numbers = [int(match[1]) for text in texts if (match := _ORDINAL.fullmatch(text))]
    if len(numbers) < (1 if said else _NUMBERED_MIN) or len(numbers) < len(texts):
        return False
    return numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] <= 2


def _holds_few(cells: list[Cell]) -> bool:
    """Say whether a line holds no more than a line outside the table does."""
    filled = 0
    for cell in cells:
        filled += not is_empty(cell)
        if filled > _FEW:
            return False
    return True


def other_units(sheet: Sheet, first_row: int, money: dict[int, tuple[str, str]], beside: list[int]) -> Iterator[tuple[int, str]]:
    """Yield (row, unit) where a note or a repeated header names another unit of money than the columns are read in.

    Args:
        sheet: the sheet.
        first_row: first row below the header.
        money: column → its heading and unit.
        beside: columns that name each row's unit.
    """
    units = {unit for _, unit in money.values()}
    for number in range(first_row, len(sheet.rows) + 1):
        cells = sheet.rows[number - 1]
        for column, (heading, unit) in money.items():
            cell = cells[column - 1] if column <= len(cells) else None
            if isinstance(cell, str) and names_money(word := folded(cell).strip("()")) and money_unit(word) != unit:
                yield number, word
            elif isinstance(cell, str) and "(" in (text := folded(cell)) and normal(text) == normal(heading):
                yield from ((number, word) for word in units_in(text) if money_unit(word) != unit)
        said = [folded(cell) for column in beside if isinstance(cell := sheet.cell(number, column), str)]
        yield from ((number, word) for word in said if names_money(word) and str(money_unit(word)) not in units)
        if _holds_few(cells):
            texts = [cell for cell in cells if isinstance(cell, str) and ("位" in cell or "计" in cell or "种" in cell or "元" in cell)]
            yield from ((number, word) for word in units_in_titles(texts) if str(money_unit(word)) not in units)
