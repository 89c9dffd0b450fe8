"""The annexes as they are printed: a summary of each list in landscape, together at most eight pages.

The workbook holds every row and column; the print shows the first rows that fit and says where the rest is.
"""

from collections.abc import Iterator, Mapping
from itertools import islice

from exchange_hub.reports.annex_values import (
    ADJUSTMENTS,
    NUMERIC_TYPES,
    PRINTED_COLUMNS,
    column_heading,
    printed_columns,
    value_text,
)
from exchange_hub.reports.docx_layout import fitted, lines_needed, row_mm, shortened, with_break
from exchange_hub.reports.docx_markup import Grid, paragraph, run, table
from exchange_hub.reports.model import Annex

PAGES_MAX = 8
PAGE_HEIGHT_MM, PAGE_WIDTH_MM = 154.0, 225.0
# A page's rest that no row fits into, and headings pushed to the next page, are paid from this share.
USABLE_SHARE = 0.86
CELL_LINES_MAX = 2
# Caption, note, and the paragraph between two annexes.
AROUND_MM = 20.0
SIZES = (18, 17, 16, 15)
WORKBOOK = "附件工作簿"


def annexes(every: tuple[Annex, ...], names: Mapping[str, str]) -> Iterator[str]:
    """Yield the markup of the printed annexes; none where there are none.

    Args:
        every: all annexes; lists that belong in the workbook alone are passed over.
        names: code → name of the district's bureaus.
    """
    printed = [annex for annex in every if annex.list in PRINTED_COLUMNS]
    # The adjustments have no number of their own: they continue 报送与调整, the annex before them.
    adjustments = [annex for annex in every if annex.list == ADJUSTMENTS and annex.rows]
    numbered = [(f"附件{number}　{annex.title}", annex) for number, annex in enumerate(printed, 1)]
    numbered += [(annex.title, annex) for annex in adjustments]
    for caption, annex in numbered:
        yield from _annex(annex, caption, PAGES_MAX * PAGE_HEIGHT_MM * USABLE_SHARE / len(numbered), names)


def _annex(annex: Annex, caption: str, budget_mm: float, names: Mapping[str, str]) -> Iterator[str]:
    """Yield caption, table and note of one annex within its share of the pages."""
    yield paragraph("Caption", run(caption, None, 28), '<w:jc w:val="left"/>')
    shown = printed_columns(annex)
    if not len(annex.rows) or not shown:
        yield paragraph("Note", run("本期无记录。"))
        return
    candidates = [[value_text(column, row, names) for column in shown] for row in islice(annex.rows, int(budget_mm))]
    headings = [with_break(column_heading(column)) for column in shown]
    numeric = [column.type in NUMERIC_TYPES for column in shown]
    size, widths = fitted(headings, candidates, numeric, PAGE_WIDTH_MM, SIZES)
    rows, used = [], AROUND_MM
    used += row_mm(max(lines_needed(title, width, size) for title, width in zip(headings, widths, strict=True)), size)
    for texts in candidates:
        cut = [shortened(text, width, size, CELL_LINES_MAX) for text, width in zip(texts, widths, strict=True)]
        height = row_mm(max(lines_needed(text, width, size) for text, width in zip(cut, widths, strict=True)), size)
        if used + height > budget_mm:
            break
        used += height
        rows.append(cut)
    yield table(Grid(headings, rows, numeric, widths, size, noted=True))
    left = len(annex.rows) - len(rows)
    total = f"共{len(annex.rows)}条"
    where = f"全部字段见{WORKBOOK}“{annex.title}”。"
    yield paragraph("Note", run(f"{total}，此处列前{len(rows)}条，其余{left}条及{where}" if left else f"{total}，{where}"))
    yield paragraph("Caption", "")
