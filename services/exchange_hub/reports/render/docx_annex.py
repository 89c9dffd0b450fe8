"""The annexes as they are printed: a summary of each list in landscape, together at most eight pages.

The workbook holds every row and column; the print shows the first rows that fit and says where the rest is.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, islice

from exchange_hub.reports.catalogue import ADJUSTMENTS
from exchange_hub.reports.model import Annex
from exchange_hub.reports.render.annex_values import NUMERIC_TYPES, Words, column_heading, printed_columns, value_text
from exchange_hub.reports.render.docx_layout import fitted, lines_needed, row_mm, shared, shortened, with_break
from exchange_hub.reports.render.docx_markup import Grid, paragraph, run, table

PAGES_MAX = 8
PAGE_HEIGHT_MM, PAGE_WIDTH_MM = 154.0, 225.0
# A page's rest that no row fits into, and headings pushed to the next page, are paid from this share.
USABLE_SHARE = 0.82
CELL_LINES_MAX = 2
# More rows of one list than this are never printed.
ROWS_MAX = 150
ROUNDING_MM = 0.01
# Caption, note, and the paragraph between two annexes.
AROUND_MM = 20.0
SIZES = (18, 17, 16, 15)
WORKBOOK = "附件工作簿"


def annexes(every: tuple[Annex, ...], words: Words, *, beside_mm: float = 0) -> Iterator[str]:
    """Yield the markup of the printed annexes; none where there are none.

    Args:
        every: all annexes; lists that belong in the workbook alone are passed over.
        words: the words for codes.
        beside_mm: what stands before them on the same pages.
    """
    printed = [annex for annex in every if annex.view.annex is not None and annex.view.annex.paper]
    # The adjustments have no number of their own: they continue 报送与调整, the annex before them.
    adjustments = [annex for annex in every if annex.list == ADJUSTMENTS.name and annex.rows]
    numbered = [(f"附件{number}　{annex.title}", annex) for number, annex in enumerate(printed, 1)]
    numbered += [(annex.title, annex) for annex in adjustments]
    drawn = [_drawn(annex, words) for _, annex in numbered]
    wanted = [AROUND_MM + sum(heights) for _, _, heights in drawn]
    # A short list leaves its part of the pages to the long ones.
    budgets = shared(wanted, PAGES_MAX * PAGE_HEIGHT_MM * USABLE_SHARE - beside_mm)
    for (caption, annex), (grid, head_mm, heights), budget in zip(numbered, drawn, budgets, strict=True):
        yield from _annex(annex, caption, grid, _fitting(heights, budget - AROUND_MM - head_mm))


def _drawn(annex: Annex, words: Words) -> tuple[Grid | None, float, list[float]]:
    """Lay out the rows that may be printed: the grid, the height of its headings and of each row, in mm."""
    rows = list(islice(annex.rows if annex.printed is None else annex.printed, ROWS_MAX))
    shown = [column for column in printed_columns(annex) if any(value_text(column, row, words) for row in rows)]
    if not rows or not shown:
        return None, 0.0, []
    candidates = [[value_text(column, row, words) for column in shown] for row in rows]
    headings = [with_break(column_heading(column)) for column in shown]
    numeric = [column.type in NUMERIC_TYPES for column in shown]
    size, widths = fitted(headings, candidates, numeric, PAGE_WIDTH_MM, SIZES)
    cut = [
        [shortened(text, width, size, CELL_LINES_MAX) for text, width in zip(texts, widths, strict=True)]
        for texts in candidates
    ]

    def height(texts: Sequence[str]) -> float:
        return row_mm(max(lines_needed(text, width, size) for text, width in zip(texts, widths, strict=True)), size)

    head_mm = height(headings)
    return Grid(headings, cut, numeric, widths, size, noted=True), head_mm, [head_mm, *map(height, cut)]


def _fitting(heights: Sequence[float], budget_mm: float) -> int:
    """Return how many rows fit, of heights that begin with the headings'; one at least."""
    used = list(accumulate(heights[1:]))
    return max(bisect_right(used, budget_mm + ROUNDING_MM), 1)


def _annex(annex: Annex, caption: str, grid: Grid | None, fitting: int) -> Iterator[str]:
    """Yield caption, table and note of one annex: its first *fitting* rows."""
    yield paragraph("Caption", run(caption, None, 28), '<w:jc w:val="left"/>')
    if grid is None:
        yield paragraph("Note", run("本期无记录。"))
        return
    kept = replace(grid, rows=grid.rows[:fitting])
    yield table(kept)
    left = len(annex.rows) - len(kept.rows)
    total, where = f"共{len(annex.rows)}条", f"全部字段见{WORKBOOK}“{annex.title}”。"
    shown = f"{total}，此处{annex.chosen.format(n=len(kept.rows))}，其余{left}条及" if left else f"{total}，"
    yield paragraph("Note", run(f"{shown}{where}"))
    yield paragraph("Caption", "")
