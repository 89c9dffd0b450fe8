"""How the body fits four pages: its tables as grids, its charts in rows, and the density that both take.

The height of the body is reckoned before anything is drawn. Where the loosest form would run over four pages, charts
get lower and table text smaller, step by step, never below 8 points; then rows go that the workbook has too. The text itself
never shrinks. (Tables of months that earlier versions closed got as small as 6.5 points.)
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from exchange_hub.reports.model import Cell, Chart, Report, Section, Table
from exchange_hub.reports.render.docx_layout import balanced, fitted, lines_needed, row_mm, spaced_width, with_break
from exchange_hub.reports.render.docx_markup import BODY_LINE, LINE_BREAK, LOOSE, TIGHT, Grid
from exchange_hub.reports.render.style import cell_text, heading, is_numeric

BODY_PAGES_MAX = 4
# A page has 225 mm; programs and faces differ by a few lines over four pages, which is held back here.
PAGE_MM, TEXT_WIDTH_MM, LINE_CHARACTERS = 221.0, 156.0, 28
LINE_MM = BODY_LINE / 1440 * 25.4
MASTHEAD_MM, CAPTION_MM, NOTE_MM = 35.0, 6.0, 5.3
NOTE_CHARACTERS = 44
# The rule above the imprint, and its line with the day of issue.
IMPRINT_MM = 7.0
CHART_FULL_MM, CHART_MM_MIN = 154.0, 60.0
# A value of four digits needs so much room in a chart; with more than the other, bars look lost.
SLOT_MM_MIN, SLOT_MM_MAX = 7.2, 20.0
# A table of the body is for reading at the desk; what is longer stands in the workbook.
BODY_ROWS_MAX = 14
TOTAL = "合计"
SHORT_CHARACTERS_MAX = 6

HANGING_EM = 1.0
NUMBERED = re.compile(r"^[一二三四五六七八九十]+、")


@dataclass(frozen=True, slots=True)
class Density:
    """Height of charts in mm, and the largest text size of tables in half-points.

    Attributes:
        rows: the most rows of a table.
        beyond: whether what stands beyond a table's total is printed: money of earlier years.
        legible: whether tables keep a size to read at the desk, and words beside a figure a line of their own.
    """

    chart_mm: float
    table_half_points: int
    rows: int = BODY_ROWS_MAX
    beyond: bool = True
    legible: bool = False


DENSITIES = (
    Density(40, 18), Density(36, 18), Density(34, 17), Density(32, 16), Density(30, 15), Density(28, 15), Density(26, 15), Density(26, 14),
    Density(26, 14, beyond=False), Density(26, 13, beyond=False), Density(26, 13, 7, beyond=False), Density(24, 13, 7, beyond=False), Density(22, 13, 6, beyond=False),
)  # fmt: skip
LEGIBLE = (
    *(Density(26, size, legible=True) for size in (18, 17, 16)),
    *(Density(26, 16, rows, beyond=False, legible=True) for rows in (BODY_ROWS_MAX, 10, 9, 8, 7, 6, 5)),
)
LEGIBLE_HALF_POINTS_MIN = 16


@dataclass(frozen=True, slots=True)
class Block:
    """A piece that no page break divides; *glued* ones stay with the next.

    Attributes:
        again_mm: what is repeated above it where it begins a page: the heading row of its table.
    """

    height_mm: float
    glued: bool = False
    again_mm: float = 0.0


def fitting_density(report: Report) -> Density:
    """Return the loosest density with which the body fits four pages; the tightest where none does."""
    densities = LEGIBLE if report.catalogue.legible else DENSITIES
    for density in densities:
        if pages(report, density) <= BODY_PAGES_MAX:
            return density
    return densities[-1]


def pages(report: Report, density: Density) -> int:
    """Reckon how many pages the body takes."""
    count, used, held, again = 1, 0.0, 0.0, 0.0
    for block in _blocks(report, density):
        # A table that goes on begins its next page with its heading row; one that begins there has it already.
        again = block.again_mm if not held else again
        held += block.height_mm
        if block.glued:
            continue
        if used + held > PAGE_MM:
            count, used = count + 1, again
        used, held = used + held, 0.0
    return count


def _blocks(report: Report, density: Density) -> Iterator[Block]:
    """Yield the pieces of the body in order."""
    yield Block(MASTHEAD_MM, glued=True)
    yield Block(LINE_MM, glued=True)
    for sentence in report.summary:
        yield from _lines(sentence)
    for section in report.sections:
        yield from _section_blocks(section, density, charts=not report.catalogue.plates)
    yield Block(LINE_MM, glued=True)
    for note in report.notes:
        lines = int((spaced_width(note) + 4) / NOTE_CHARACTERS) + 1
        yield Block(lines * NOTE_MM)
    if report.catalogue.imprint:
        yield Block(len(report.catalogue.imprint) * NOTE_MM + IMPRINT_MM)


def _lines(text: str) -> Iterator[Block]:
    """Yield a paragraph's lines, two characters in; none stands alone (widow control)."""
    # The full stop that ends a paragraph may hang over the margin.
    lines = int((spaced_width(text) + 2 - HANGING_EM) / LINE_CHARACTERS) + 1
    for line in range(lines):
        yield Block(LINE_MM, glued=lines > 1 and line in (0, lines - 2))


def _section_blocks(section: Section, density: Density, *, charts: bool) -> Iterator[Block]:
    yield Block(LINE_MM, glued=True)
    for text in section.paragraphs:
        yield from _lines(text)
    for item in section.tables:
        grid = body_grid(item, density)
        yield Block(CAPTION_MM, glued=True)
        head = _row_height(grid.headings, grid)
        yield Block(head, glued=True)
        last = len(grid.rows) - 1
        for number, row in enumerate(grid.rows):
            yield Block(_row_height(row, grid), glued=number in {0, last - 1} - {last}, again_mm=head)
        if says_left_out(item, grid, density):
            yield Block(NOTE_MM)
    for _ in chart_rows(section.charts) if charts else ():
        yield Block(density.chart_mm + 1)


def _row_height(texts: list[str], grid: Grid) -> float:
    lines = max(
        (lines_needed(text, width, grid.half_points) for text, width in zip(texts, grid.widths_mm, strict=True)),
        default=1,
    )
    return row_mm(lines, grid.half_points, grid.air)


def body_grid(item: Table, density: Density) -> Grid:
    """Lay out a table of the body: its first rows and its totals, each figure as printed."""
    columns = item.body_columns
    written = _in_lines if density.legible else cell_text
    every = [[written(item, row, index) for index in columns] for row in item.rows]
    rows = [every[index] for index in kept_rows(item, every, density)]
    headings = [_short(heading(item, index), item) if density.legible else with_break(heading(item, index)) for index in columns]
    numeric = [is_numeric(item, index) for index in columns]
    # Numbers that have no room at a size to read are better small than broken.
    sizes = tuple(range(density.table_half_points, 12, -1))
    size, widths = fitted(headings, rows, numeric, TEXT_WIDTH_MM, sizes, whole=density.legible)
    return Grid(
        headings=[balanced(title, width, size) for title, width in zip(headings, widths, strict=True)],
        rows=rows,
        numeric=numeric,
        widths_mm=widths,
        half_points=size,
        emphasised=frozenset(number for number, row in enumerate(rows) if row and row[0] == TOTAL),
        centred=frozenset(
            index for index in range(1, len(columns)) if all(len(row[index]) <= SHORT_CHARACTERS_MAX for row in rows)
        ),
        air=TIGHT if density.legible else LOOSE,
    )


def _short(title: str, item: Table) -> str:
    """Return a heading on one line: the unit of money that all of a table's columns share stands in its caption."""
    return title.replace(f"（{item.money_unit}）", "") if _says_money(item) else title


def _says_money(item: Table) -> bool:
    return any(f"（{item.money_unit}）" in heading(item, index) for index in item.body_columns)


def caption(item: Table, density: Density) -> str:
    """Return what stands over a table of the body: its title, and the unit of its money where headings leave that to it."""
    return f"{item.title}（金额：{item.money_unit}）" if density.legible and _says_money(item) else item.title


def _in_lines(item: Table, row: tuple[Cell, ...], index: int) -> str:
    """Write a cell with what its figure is told with on a line of its own, so that it widens no column."""
    cell, text = row[index], cell_text(item, row, index)
    if cell.figure is None or cell.text or cell.figure.value is None:
        return text
    told, comma, rest = text.partition("，")
    text = f"{told}{comma}{LINE_BREAK}{rest}" if comma and comma in cell.before else text
    return f"{text.removesuffix(cell.after)}{LINE_BREAK}{cell.after}" if cell.after else text


def says_left_out(item: Table, grid: Grid, density: Density) -> bool:
    """Tell whether a note under the table says which rows the workbook has beside: not of those that are never meant for the body."""
    meant = item.printed if item.printed and density.legible else len(item.rows)
    return len(grid.rows) < min(meant, len(item.rows))


def kept_rows(item: Table, rows: list[list[str]], density: Density) -> list[int]:
    """Return which rows of a body table are printed: the first, and always the totals."""
    if item.printed:
        return list(range(min(item.printed, len(rows))))
    totals = [index for index, row in enumerate(rows) if row and row[0] == TOTAL]
    end = totals[-1] if totals and not density.beyond else len(rows)
    others = [index for index in range(end) if index not in totals]
    return sorted(others[: density.rows - len(totals)] + totals)


def _slots(chart: Chart) -> int:
    """Return how many values stand side by side in a chart."""
    return len(chart.categories) * max(sum(series.kind == "bar" for series in chart.series), 1)


def chart_rows(charts: tuple[Chart, ...]) -> Iterator[list[tuple[Chart, float]]]:
    """Put charts in rows, each with its width in mm: two side by side where their values have room, else one."""
    left = list(charts)
    while left:
        pair = left[:2]
        slots = sum(_slots(chart) for chart in pair)
        if len(pair) == 2 and slots * SLOT_MM_MIN <= CHART_FULL_MM:
            share = min(max(CHART_FULL_MM * _slots(pair[0]) / slots, CHART_MM_MIN), CHART_FULL_MM - CHART_MM_MIN)
            yield [(pair[0], share), (pair[1], CHART_FULL_MM - share)]
            left = left[2:]
        else:
            yield [(pair[0], min(max(_slots(pair[0]) * SLOT_MM_MAX, CHART_MM_MIN), CHART_FULL_MM))]
            left = left[1:]
