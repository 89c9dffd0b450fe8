"""How the body fits four pages: its tables as grids, its charts in rows, and the density that both take.

The height of the body is reckoned before anything is drawn. Where the loosest form would run over four pages, charts
get lower and table text smaller, step by step; then rows go that the workbook has too. The text itself never shrinks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from exchange_hub.reports.model import Chart, Report, Section, Table
from exchange_hub.reports.render.docx_layout import balanced, fitted, lines_needed, row_mm, with_break
from exchange_hub.reports.render.docx_markup import BODY_LINE, Grid
from exchange_hub.reports.render.style import cell_text, heading, is_numeric, text_width

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

# Where a number or a Latin letter meets a Chinese character; punctuation brings its own space.
_MEETING = re.compile(r"(?<=[0-9A-Za-z%])(?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])(?=[0-9A-Za-z])")
SPACE_EM, HANGING_EM = 0.15, 1.0
NUMBERED = re.compile(r"^[一二三四五六七八九十]+、")


@dataclass(frozen=True, slots=True)
class Density:
    """Height of charts in mm, and the largest text size of tables in half-points.

    Attributes:
        rows: the most rows of a table.
        beyond: whether what stands beyond a table's total is printed: money of earlier years.
    """

    chart_mm: float
    table_half_points: int
    rows: int = BODY_ROWS_MAX
    beyond: bool = True


DENSITIES = (
    Density(40, 18), Density(36, 18), Density(34, 17), Density(32, 16), Density(30, 15), Density(28, 15), Density(26, 15), Density(26, 14),
    Density(26, 14, beyond=False), Density(26, 13, beyond=False), Density(26, 13, 7, beyond=False), Density(24, 13, 7, beyond=False), Density(22, 13, 6, beyond=False),
)  # fmt: skip


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
    for density in DENSITIES:
        if pages(report, density) <= BODY_PAGES_MAX:
            return density
    return DENSITIES[-1]


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
        lines = int((_spaced_width(note) + 4) / NOTE_CHARACTERS) + 1
        yield Block(lines * NOTE_MM)
    if report.catalogue.imprint:
        yield Block(len(report.catalogue.imprint) * NOTE_MM + IMPRINT_MM)


def _lines(text: str) -> Iterator[Block]:
    """Yield a paragraph's lines, two characters in; none stands alone (widow control)."""
    # The full stop that ends a paragraph may hang over the margin.
    lines = int((_spaced_width(text) + 2 - HANGING_EM) / LINE_CHARACTERS) + 1
    for line in range(lines):
        yield Block(LINE_MM, glued=lines > 1 and line in (0, lines - 2))


def _spaced_width(text: str) -> float:
    """Return the width of a text in em where a program spaces numbers from Chinese characters, as LibreOffice always does."""
    return text_width(text) + SPACE_EM * len(_MEETING.findall(text))


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
        if len(grid.rows) < len(item.rows):
            yield Block(NOTE_MM)
    for _ in chart_rows(section.charts) if charts else ():
        yield Block(density.chart_mm + 1)


def _row_height(texts: list[str], grid: Grid) -> float:
    lines = max(
        (lines_needed(text, width, grid.half_points) for text, width in zip(texts, grid.widths_mm, strict=True)),
        default=1,
    )
    return row_mm(lines, grid.half_points)


def body_grid(item: Table, density: Density) -> Grid:
    """Lay out a table of the body: its first rows and its totals, each figure as printed."""
    columns = range(len(item.columns))
    every = [[cell_text(item, row, index) for index in columns] for row in item.rows]
    rows = [every[index] for index in kept_rows(item, every, density)]
    headings = [with_break(heading(item, index)) for index in columns]
    numeric = [is_numeric(item, index) for index in columns]
    sizes = tuple(range(density.table_half_points, 12, -1))
    size, widths = fitted(headings, rows, numeric, TEXT_WIDTH_MM, sizes)
    return Grid(
        headings=[balanced(title, width, size) for title, width in zip(headings, widths, strict=True)],
        rows=rows,
        numeric=numeric,
        widths_mm=widths,
        half_points=size,
        emphasised=frozenset(number for number, row in enumerate(rows) if row and row[0] == TOTAL),
        centred=frozenset(
            index for index in columns[1:] if all(len(row[index]) <= SHORT_CHARACTERS_MAX for row in rows)
        ),
    )


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
