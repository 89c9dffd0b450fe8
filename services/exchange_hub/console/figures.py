"""The figures of a closed month on a page: which rows each opens, and its charts for the browser."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from exchange_hub.console import wording
from exchange_hub.reports.model import Cell, Chart, Figure, Report, Table
from exchange_hub.reports.render.xlsx_words import Sources
from exchange_hub.views import values
from exchange_hub.views.values import Shown

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_TERMS = re.compile(r"[^\s()]+\.[^\s()]+")
_PLACES = {"元": 0, "万元": 4, "亿元": 8}
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart's table: the category and its values, ``—`` for a gap."""

    category: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChartView:
    """A chart as the browser draws it, and as the table that stands below it; *empty* where nothing can be drawn."""

    title: str
    unit: str
    names: tuple[str, ...]
    lines: tuple[Line, ...]
    data: Mapping[str, object]
    empty: bool


def is_month(text: str) -> bool:
    """Tell whether *text* is a month ``YYYY-MM``."""
    return _MONTH.fullmatch(text) is not None


def rows_link(month: str, figure: Figure) -> str:
    """Return the address of the page that opens *figure* of the report of *month*."""
    return wording.link(f"/reports/{month}/figure", [("id", figure.id)])


def pieces(cell: Cell) -> list[tuple[str, Figure | None]]:
    """Return the words of a cell in pieces, each with the figure that it opens.

    A text like ``12/7`` is written from as many figures as it has parts; any other text is followed by its sources.
    """
    if not cell.parts:
        return [(cell.text or values.EMPTY, None)]
    words = cell.text.split("/")
    if len(words) != len(cell.parts):
        sources: list[tuple[str, Figure | None]] = [(cell.text, None)]
        for number, figure in enumerate(cell.parts, start=1):
            sources += [(" ", None), (f"来源{number}", figure)]
        return sources
    linked: list[tuple[str, Figure | None]] = []
    for text, figure in zip(words, cell.parts, strict=True):
        linked += [("/", None), (text, figure)] if linked else [(text, figure)]
    return linked


def terms(closed: Report, figure: Figure) -> list[Figure]:
    """Return the figures that a derived figure was worked out from; none for one counted from rows."""
    if figure.source.list:
        return []
    names = dict.fromkeys(_TERMS.findall(figure.source.measure))
    return [closed.figures[name] for name in names if name in closed.figures and name != figure.id]


def conditions(closed: Report, figure: Figure) -> list[str]:
    """Say in words which rows the figure counts, a condition each, as the annex workbook says them."""
    said = Sources(closed.catalogue)
    return [said.condition_text(figure.source.list, {name: wanted}) for name, wanted in figure.source.where.items()]


def measure(closed: Report, figure: Figure) -> str:
    """Say in words what was done with the rows; a formula names the figures that it takes."""
    return Sources(closed.catalogue).measure_text(figure.source.list, figure.source.measure)


def mixed(table: Table) -> frozenset[int]:
    """Return the columns whose figures have different units, so that each must say its own."""
    units: dict[int, set[str]] = {}
    for row in table.rows:
        for index, cell in enumerate(row):
            if cell.figure is not None:
                units.setdefault(index, set()).add(unit_shown(cell.figure, table.money_unit))
    return frozenset(index for index, found in units.items() if len(found) > 1)


def unit_shown(figure: Figure, money_unit: str = "") -> str:
    """Return the unit in which :func:`shown` writes a figure: a table's money unit for money, else the figure's own."""
    return money_unit if figure.unit in _PLACES and money_unit in _PLACES else figure.unit


def shown(figure: Figure, money_unit: str = "") -> Shown:
    """Show a figure in its own unit, or money in that of its table with the exact value as tooltip; a word where there is none."""
    if figure.value is None:
        return Shown(figure.absent, "", "empty")
    unit = unit_shown(figure, money_unit)
    if unit != figure.unit:
        scaled = figure.value.scaleb(_PLACES[figure.unit] - _PLACES[unit]).quantize(_CENT, ROUND_HALF_UP)
        return Shown(f"{scaled:,}", f"{figure.value:,} {figure.unit}", "number")
    if figure.unit == "元":
        return Shown(f"{figure.value:,}", "", "number")
    return replace(values.number(figure.value), full=f"{figure.value}%" if figure.unit == "%" else "")


def by_table(closed: Report) -> dict[str, list[Figure]]:
    """Group the figures by the table that their id starts with."""
    groups: dict[str, list[Figure]] = {}
    for figure in closed.figures.values():
        table = figure.id.partition(".")[0]
        groups.setdefault(closed.catalogue.labels.tables.get(table, table), []).append(figure)
    return groups


def charts(closed: Report) -> list[ChartView]:
    """Return the report's charts; a gap stays a gap and is never drawn as zero."""
    return [chart(each) for section in closed.sections for each in section.charts]


def chart(shown: Chart) -> ChartView:
    """Return a chart of the report as the page shows it."""
    lines = tuple(
        Line(category, tuple(_point(series.values, index) for series in shown.series))
        for index, category in enumerate(shown.categories)
    )
    data = {
        "unit": shown.unit,
        "categories": list(shown.categories),
        "series": [
            {
                "name": series.name, "kind": series.kind,
                "values": [None if value is None else float(value) for value in series.values],
            }
            for series in shown.series
        ],
    }  # fmt: skip
    names = tuple(series.name for series in shown.series)
    empty = all(value is None for series in shown.series for value in series.values)
    return ChartView(shown.title, shown.unit, names, lines, data, empty)


def _point(points: Sequence[Decimal | None], index: int) -> str:
    value = points[index] if index < len(points) else None
    return values.EMPTY if value is None else values.number(value).text
