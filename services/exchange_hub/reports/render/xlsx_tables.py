"""The tables of the body in the workbook: every figure a number in the unit of its heading, with the words of the page as its format."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, Self

from exchange_hub.reports.model import Cell, Figure, Report, Table
from exchange_hub.reports.render.style import (
    MONEY_SCALES,
    cell_text,
    cell_unit,
    column_decimals,
    heading,
    number_text,
    printable,
)

#: A heading of two figures: ``退回/追回（件/万元）``, ``资金到位/支付（万元）``, ``在建/竣工``.
_PAIR = re.compile(r"(?P<first>[^/（]+)/(?P<second>[^/（]+)(?:（(?P<units>[^）]+)）)?")
#: A year or a count that is no figure of the report: a number all the same.
_COUNT = re.compile(r"0|[1-9]\d{0,3}")


class Book(Protocol):
    """The workbook that is written."""

    formats: dict[str, Any]
    report: Report

    def shown(self, number_format: str) -> Any:
        """Return the cell format with this number format."""
        ...


@dataclass(frozen=True, slots=True)
class Printed:
    """How a figure stands in its cell: its unit for money, its places, the words around it."""

    figure: Figure
    money_unit: str
    decimals: int = 2
    before: str = ""
    after: str = ""

    @classmethod
    def alone(cls, figure: Figure) -> Self:
        """Return a figure with its own unit behind it, money in 万元."""
        return cls(figure, "万元", after="万元" if figure.unit in MONEY_SCALES else figure.unit)


def write_table(made: Book, sheet: Any, table: Table, row: int) -> int:
    """Write one table from *row* on; return the row after it. A column that shows two figures becomes two."""
    sheet.write_string(row, 0, printable(table.title), made.formats["strong"])
    pairs = {index for cells in table.rows for index, cell in enumerate(cells) if len(cell.parts) > 1 and cell.figure is None}
    place = 0
    for index, title in enumerate(table.columns):
        names = _halves(title) if index in pairs else (heading(table, index),)
        for name in names:
            sheet.write_string(row + 1, place, printable(name), made.formats["head"])
            place += 1
    for number, cells in enumerate(table.rows, row + 2):
        place = 0
        for index, cell in enumerate(cells):
            if index in pairs:
                for half in range(2):
                    _write_half(made, sheet, (number, place + half), cell, half)
                place += 2
            else:
                _write_cell(made, sheet, (number, place), table, cells, index)
                place += 1
    return row + 2 + len(table.rows)


def _halves(title: str) -> tuple[str, str]:
    """Return the two headings of a column that shows two figures."""
    found = _PAIR.fullmatch(title)
    if found is None:
        return title, title
    units = (found["units"] or "").split("/")
    both = (units[0], units[-1])
    first, second = (f"{name}（{unit}）" if unit else name for name, unit in zip((found["first"], found["second"]), both, strict=True))
    return first, second


def _write_half(made: Book, sheet: Any, place: tuple[int, int], cell: Cell, half: int) -> None:
    if len(cell.parts) > half:
        decimals = len(cell.text.split("/")[half].partition(".")[2])
        write_figure(made, sheet, place, Printed(cell.parts[half], "万元", decimals))


def _write_cell(made: Book, sheet: Any, place: tuple[int, int], table: Table, cells: tuple[Cell, ...], index: int) -> None:
    cell = cells[index]
    if cell.figure is None and made.report.catalogue.legible and _COUNT.fullmatch(cell.text):
        sheet.write_number(*place, int(cell.text), made.shown("0"))
        return
    if cell.figure is None or cell.text:
        sheet.write_string(*place, printable(cell_text(table, cells, index)), made.formats["text"])
        return
    after = cell_unit(table, cells, index) + cell.after
    write_figure(made, sheet, place, Printed(cell.figure, table.money_unit, column_decimals(table, index), cell.before, after))


def write_figure(made: Book, sheet: Any, place: tuple[int, int], printed: Printed) -> None:
    """Write a figure as the number that is printed, not yet rounded, in a format that shows it as it is printed; or why there is none."""
    figure = printed.figure
    if figure.value is None:
        sheet.write_string(*place, figure.absent, made.formats["right"])
        return
    value = Decimal(figure.value)
    text = number_text(value, figure.unit, printed.money_unit, printed.decimals)
    if figure.unit in MONEY_SCALES:
        value = value * MONEY_SCALES[figure.unit] / MONEY_SCALES[printed.money_unit]
    places = len(text.partition(".")[2])
    shown = f"0.{'0' * places}" if places else "0"
    before, after = (f'"{words}"' if words else "" for words in (printed.before, printed.after))
    sheet.write_number(*place, float(value), made.shown(f"{before}{shown}{after}"))
