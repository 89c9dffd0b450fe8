"""``report.json``: the report and every figure with its source, byte for byte the same wherever it is written.

Values are decimal strings in their unit, keys are sorted, nothing depends on machine, locale, time zone or hash seed.
"""

import hashlib
import json
from collections.abc import Mapping

from exchange_hub.reports.model import Figure, Report, dump, dump_figure

FORMAT = 1


def render_json(report: Report) -> bytes:
    """Return ``report.json`` in UTF-8, ending with a newline: the report, its figures by their ids, and their digest."""
    document = dump(report, "unreported", "adjustments", "figures")
    figures = {id_: dump_figure(figure) for id_, figure in report.figures.items()}
    return _bytes({**document, "format": FORMAT, "figures": figures, "figures_digest": figures_digest(report.figures)})


def figures_digest(figures: Mapping[str, Figure]) -> str:
    """Return the SHA-256 (hex) of all figures with their sources."""
    return hashlib.sha256(_bytes({id_: dump_figure(figure) for id_, figure in figures.items()})).hexdigest()


def _bytes(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    return text.encode() + b"\n"
