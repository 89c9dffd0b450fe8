"""``report.json``: the report and every figure with its source, byte for byte the same wherever it is written.

Values are decimal strings in their unit, keys are sorted, nothing depends on machine, locale, time zone or hash seed.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from exchange_hub.reports.model import Cell, Figure, Report, Section, Table

FORMAT = 1


def render_json(report: Report) -> bytes:
    """Return ``report.json`` in UTF-8, ending with a newline."""
    return _bytes(document(report))


def document(report: Report) -> dict[str, object]:
    """Return the report as JSON values; annexes are named with their number of rows, not repeated."""
    return {
        "format": FORMAT,
        "district": report.district,
        "month": report.month,
        "issue": report.issue,
        "title": report.title,
        "as_of": report.as_of,
        "closed_at": report.closed_at,
        "cut": dict(report.cut),
        "stamp": dict(report.stamp),
        "summary": list(report.summary),
        "sections": [_section(section) for section in report.sections],
        "notes": list(report.notes),
        "annexes": [{"title": annex.title, "list": annex.list, "rows": len(annex.rows)} for annex in report.annexes],
        "figures": {id_: figure_document(figure) for id_, figure in report.figures.items()},
        "figures_digest": figures_digest(report.figures),
    }


def figure_document(figure: Figure) -> dict[str, object]:
    """Return a figure as JSON values; *absent* is there only where the value is not."""
    source = figure.source
    result: dict[str, object] = {
        "value": None if figure.value is None else decimal_text(figure.value),
        "unit": figure.unit,
        "period": figure.period,
        "source": {
            "list": source.list, "where": plain(source.where), "measure": source.measure, "rows": source.rows,
        },
    }  # fmt: skip
    return result if figure.value is not None else {**result, "absent": figure.absent}


def figures_digest(figures: Mapping[str, Figure]) -> str:
    """Return the SHA-256 (hex) of all figures with their sources."""
    return hashlib.sha256(_bytes({id_: figure_document(figure) for id_, figure in figures.items()})).hexdigest()


def decimal_text(value: Decimal) -> str:
    """Write a decimal without exponent and keep its places; never ``-0``."""
    return f"{value or abs(value):f}"


def plain(value: object) -> object:
    """Turn a value into JSON values: dates into ISO text, decimals into text, sequences into lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return decimal_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _section(section: Section) -> dict[str, object]:
    return {
        "title": section.title,
        "paragraphs": list(section.paragraphs),
        "tables": [_table(table) for table in section.tables],
        "charts": [
            {
                "id": chart.id, "title": chart.title, "unit": chart.unit, "categories": list(chart.categories),
                "series": [{"name": s.name, "kind": s.kind, "values": plain(s.values)} for s in chart.series],
            }
            for chart in section.charts
        ],
    }  # fmt: skip


def _table(table: Table) -> dict[str, object]:
    return {
        "id": table.id,
        "title": table.title,
        "columns": list(table.columns),
        "money_unit": table.money_unit,
        "rows": [[_cell(cell) for cell in row] for row in table.rows],
    }


def _cell(cell: Cell) -> object:
    """Name the figure a cell prints, or give its text and the figures that the text was written from."""
    if cell.figure is not None:
        return {"figure": cell.figure.id}
    return {"text": cell.text, "parts": [figure.id for figure in cell.parts]} if cell.parts else cell.text


def _bytes(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    return text.encode() + b"\n"
