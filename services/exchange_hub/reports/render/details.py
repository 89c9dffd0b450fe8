"""Lists too long for the workbook, whole in files of their own beside it.

A workbook of a million rows opens on no office's machine and weighs a hundred megabytes. Of a longer list than ``ROWS_MAX`` the
workbook has the first rows, and says in words where all of them are. Months that earlier versions closed have everything in it.
"""

from collections.abc import Mapping
from pathlib import Path

from exchange_hub.reports.lines import lines_of
from exchange_hub.reports.model import Annex, Report
from exchange_hub.reports.render.annex_values import Words
from exchange_hub.reports.render.csv_rows import csv_rows

ROWS_MAX = 20_000


def file_name(list_: str) -> str:
    """Return the name of the file that has all rows of a list."""
    return f"annex-{list_}.csv"


def is_beside(report: Report, annex: Annex) -> bool:
    """Tell whether all rows of an annex stand in a file of their own."""
    return report.catalogue.details_beside and len(annex.rows) > ROWS_MAX


def beside(report: Report) -> Mapping[str, Annex]:
    """Return the files that stand beside the workbook: name → the annex whose rows it has."""
    return {file_name(annex.list): annex for annex in report.annexes if is_beside(report, annex)}


def write_details(report: Report, annex: Annex, path: Path, bureau_names: Mapping[str, str] | None = None) -> None:
    """Write all rows of an annex as CSV, money in yuan; the same month gives the same bytes."""
    names = Words.of(report.catalogue, bureau_names).bureaus
    with path.open("wb") as file:
        file.writelines(csv_rows(annex.view.columns, lines_of(annex.rows, annex.view.columns), names))
