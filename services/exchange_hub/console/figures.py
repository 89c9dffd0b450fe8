"""The figures of a closed month on a page: which rows each opens, and its charts for the browser."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from exchange_hub.console import wording
from exchange_hub.console.source import Place
from exchange_hub.programme.cells import Measure
from exchange_hub.programme.conditions import expression
from exchange_hub.reports.meaning import meaning_of
from exchange_hub.reports.model import Cell, Chart, Figure, Report, Table
from exchange_hub.reports.queries import FigureRows
from exchange_hub.reports.render.style import chart_decimals, figure_cell, number_text, rounded
from exchange_hub.reports.render.xlsx_words import Sources
from exchange_hub.views import facts, values
from exchange_hub.views.queries.answers import Row
from exchange_hub.views.values import Shown

_TERMS = re.compile(r"[^\s()]+\.[^\s()]+")


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


def rows_link(month: str, figure: Figure, page: int = 1) -> str:
    """Return the address of the page that opens *figure* of the report of *month*, or of one of the pages of its rows."""
    return wording.link(f"/reports/{month}/figure", [("id", figure.id)] + [("page", str(page))] * (page > 1))


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


def meaning(closed: Report, figure: Figure) -> str:
    """Say what the figure means (口径), as the close kept it."""
    return meaning_of(figure, closed.catalogue)


def read_at(figure: Figure, row: Row, found: FigureRows, place: Place) -> list[str]:
    """Say in which cells of which workbooks a row's share of a figure stands; of a count, in which rows."""
    column = Measure.of(figure.source.measure).column
    names = [term.column for term in expression(column).terms] if column else []
    said = []
    for event in found.events.get(str(row["row_key"]), ()):
        if event.origin is None or (names and not any(event.facts.get(name) not in (None, "", [], {}) for name in names)):
            continue
        cells = "、".join(facts.read_at(event.origin.cells[name]) for name in names if name in event.origin.cells)
        sheet = f"“{event.origin.sheet}”" if event.origin.sheet else ""
        said.append(f"{place.bureau(event.bureau)}《{event.origin.file}》{sheet}{cells or f'第{event.origin.row}行'}")
    return said


def cell(table: Table, row: tuple[Cell, ...], index: int) -> Shown:
    """Show the figure of a table's cell as Word prints it, with the exact value as tooltip; a word where there is none."""
    figure, text = row[index].figure, figure_cell(table, row, index)
    return Shown(text, _exact(figure), "number") if figure is not None and figure.value is not None else Shown(text, "", "empty")


def shown(figure: Figure) -> Shown:
    """Show a figure by itself, in its own unit: money exact, everything else rounded as it is printed; a word where there is none."""
    if figure.value is None:
        return Shown(figure.absent, "", "empty")
    text = f"{figure.value:,}" if figure.unit == "元" else f"{Decimal(number_text(figure.value, figure.unit, figure.unit)):,}"
    return Shown(text, _exact(figure), "number")


def _exact(figure: Figure) -> str:
    return "" if figure.value is None else f"{values.plain_decimal(figure.value):,} {figure.unit}"


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
        Line(category, tuple(_point(series.values, index, chart_decimals(shown.unit)) for series in shown.series))
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


def _point(points: Sequence[Decimal | None], index: int, places: int) -> str:
    value = points[index] if index < len(points) else None
    return values.EMPTY if value is None else f"{Decimal(rounded(value, places)):,}"
