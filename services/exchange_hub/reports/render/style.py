"""How the report's values are written for people: fonts, colours, money, percentages, dates.

Pure functions and constants, shared by the Word, Excel and chart renderers so that one figure reads the same in
all of them.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

from exchange_hub.reports.model import Cell, Report, Table
from exchange_hub.runtime.terminal import visible

# GB/T 9704-2012: 小标宋 for the title, 黑体 and 楷体 for the two heading levels, 仿宋 for the text.
TITLE_FONT = "方正小标宋简体"
BODY_FONT = "仿宋_GB2312"
HEADING_FONT = "黑体"
SUBHEADING_FONT = "楷体_GB2312"
SONG_FONT = "宋体"
LATIN_FONT = "Times New Roman"

MASTHEAD_RED = "C00000"
# Okabe-Ito hues whose lightness differs, so that they are told apart by colour-blind readers and on a grey print.
CHART_COLOURS = ("#0B4F8A", "#E69F00", "#56B4E9", "#A9A9A9", "#009E73", "#CC79A7")
CHART_HATCHES = ("", "///", "...", "", "xxx", "\\\\\\")

MONEY_SCALES = {"元": Decimal(1), "万元": Decimal(10_000), "亿元": Decimal(100_000_000)}
# From this many 万元 on a second decimal says nothing and only widens the column.
WAN_ONE_DECIMAL_FROM = Decimal(10_000)

# The district's clock; China keeps no summer time, so no zone database is needed.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

_NUMERALS = "一二三四五六七八九十"


def issuer(report: Report) -> str:
    """Return the office that issues the report: the name before “两新” in the title, and 工作专班."""
    district, found, _ = report.title.strip("《》").partition("“两新”")
    return f"{district if found else report.district}“两新”工作专班"


def closed_at(report: Report) -> datetime:
    """Return the time of the close, aware and in UTC; it is also the document time of every rendered file."""
    moment = datetime.fromisoformat(report.closed_at)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def chinese_month(month: str) -> str:
    """Write ``2026-10`` as ``2026年10月``."""
    year, _, number = month.partition("-")
    return f"{year}年{int(number)}月"


def shanghai_time(moment: datetime) -> str:
    """Write a moment for people, in the district's time and with its zone."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") + "（北京时间）"


def numeral(number: int) -> str:
    """Write 1 … 19 in Chinese numerals, as headings count."""
    if number <= len(_NUMERALS):
        return _NUMERALS[number - 1]
    return "十" + _NUMERALS[number - len(_NUMERALS) - 1]


def rounded(value: Decimal, decimals: int) -> str:
    """Round half up, as people do (never half to even), and write without exponent or minus zero."""
    quantum = Decimal(1).scaleb(-decimals)
    result = value.quantize(quantum, rounding=ROUND_HALF_UP)
    return f"{abs(result) if result == 0 else result:f}"


def money_decimals(values: Iterable[Decimal], money_unit: str) -> int:
    """Return how many decimals a column of money has: 1 for large sums in 万元, else 2.

    Args:
        values: the column's values in yuan.
        money_unit: 元, 万元 or 亿元, in which they are printed.
    """
    if money_unit != "万元":
        return 2
    largest = max((abs(value) for value in values), default=Decimal(0)) / MONEY_SCALES["万元"]
    return 1 if largest >= WAN_ONE_DECIMAL_FROM else 2


def number_text(value: Decimal, unit: str, money_unit: str = "万元", decimals: int = 2) -> str:
    """Write a number as printed: money scaled from yuan, percentages with one decimal, counts whole."""
    if unit in MONEY_SCALES:
        return rounded(value * MONEY_SCALES[unit] / MONEY_SCALES[money_unit], decimals)
    if unit == "%":
        return rounded(value, 1)
    if value == value.to_integral_value():
        return rounded(value, 0)
    return rounded(value, 2)


def unit_text(unit: str, money_unit: str) -> str:
    """Return the unit as printed: money in *money_unit*, everything else as it is."""
    return money_unit if unit in MONEY_SCALES else unit


def column_unit(table: Table, index: int) -> str | None:
    """Return the one unit all figures of a column share, as printed; ``None`` where they differ or there is none."""
    units = {
        unit_text(row[index].figure.unit, table.money_unit)  # type: ignore[union-attr]  # asked for on the same line or before
        for row in table.rows
        if index < len(row) and row[index].figure
    }
    return units.pop() or None if len(units) == 1 else None


def heading(table: Table, index: int) -> str:
    """Return a column's heading with its unit, once: ``总投资（万元）``, but ``完成年度计划%`` stays."""
    title, unit = table.columns[index], column_unit(table, index)
    if unit is None or unit in title:
        return title
    return f"{title}（{unit}）"


def is_numeric(table: Table, index: int) -> bool:
    """Tell whether a column holds figures, alone or in pairs such as ``52/21``."""
    cells = [row[index] for row in table.rows if index < len(row)]
    return any(cell.figure or cell.parts for cell in cells)


def _says_unit(row: tuple[Cell, ...], unit: str) -> bool:
    """Tell whether a text cell of the row names the unit already (a column 单位)."""
    return any(cell.figure is None and cell.text == unit for cell in row)


def figure_cell(table: Table, row: tuple[Cell, ...], index: int) -> str:
    """Write the figure of a cell as the table prints it; the unit stands behind it only where no heading says it."""
    cell, figure = row[index], row[index].figure
    if figure is None:
        return cell.text
    if figure.value is None:
        return figure.absent
    text = number_text(figure.value, figure.unit, table.money_unit, column_decimals(table, index))
    return f"{cell.before}{text}{cell_unit(table, row, index)}{cell.after}"


def cell_unit(table: Table, row: tuple[Cell, ...], index: int) -> str:
    """Return the unit that stands behind a figure in its cell: only where no heading and no text of its row says it."""
    figure = row[index].figure
    if figure is None or (column_unit(table, index) is not None and not row[index].before) or _says_unit(row, figure.unit):
        return ""
    return unit_text(figure.unit, table.money_unit)


def column_decimals(table: Table, index: int) -> int:
    """Return how many decimals the money of a column has."""
    column = [
        other[index].figure.value  # type: ignore[union-attr]  # asked for on the same line or before
        for other in table.rows
        if index < len(other) and other[index].figure and other[index].figure.value is not None  # type: ignore[union-attr]  # asked for on the same line or before
    ]
    return money_decimals([value for value in column if value is not None], table.money_unit)


def cell_text(table: Table, row: tuple[Cell, ...], index: int) -> str:
    """Write a cell: its own text where the builder gave one, else its figure."""
    return row[index].text or figure_cell(table, row, index)


def chart_scale(unit: str, values: Iterable[Decimal | None]) -> tuple[Decimal, str]:
    """Return divisor and printed unit of a chart: money (in yuan or 万元) in 亿元 from one 亿 on, else in 万元."""
    if unit not in {"元", "万元"}:
        return Decimal(1), unit
    largest = max((abs(value) for value in values if value is not None), default=Decimal(0)) * MONEY_SCALES[unit]
    printed = "亿元" if largest >= MONEY_SCALES["亿元"] else "万元"
    return MONEY_SCALES[printed] / MONEY_SCALES[unit], printed


def chart_decimals(printed_unit: str) -> int:
    """Return how many decimals a chart's labels have in this unit."""
    return {"亿元": 2, "万元": 1, "%": 1}.get(printed_unit, 0)


def text_width(text: str) -> float:
    """Return the width of one line of text in em: full-width characters 1, Latin ones as in a Times face."""
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> float:
    if not character.isascii():
        return 1.0
    return 0.85 if character == "%" else 0.75 if character.isupper() else 0.52


def printable(text: str) -> str:
    """Return the text without the control characters that XML forbids; line breaks become blanks, what turns the direction of writing is shown."""
    return visible("".join(" " if character in "\n\r\t" else character for character in text if _allowed(character)))


def _allowed(character: str) -> bool:
    code = ord(character)
    return (code >= 0x20 and not 0xD800 <= code <= 0xDFFF and code not in {0xFFFE, 0xFFFF}) or character in "\n\r\t"
