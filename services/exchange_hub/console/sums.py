"""A list summed by a column, as pages, files and the API show it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from exchange_hub.console import query
from exchange_hub.programme.list_figures import EXITED
from exchange_hub.reports.queries import Queries
from exchange_hub.views import summing
from exchange_hub.views.lists.model import Column, ListView


@dataclass(frozen=True, slots=True)
class Summed:
    """The sums of a list.

    Attributes:
        by: the column that it is summed by.
        asked: the conditions.
        columns: columns of the lines.
        lines: a line a value, the total last.
        exited: rows of projects that have left, which the report does not count.
    """

    by: Column
    asked: query.ListQuery
    columns: tuple[Column, ...]
    lines: list[dict[str, Any]]
    exited: int


def summed(reading: Queries, view: ListView, pairs: Iterable[tuple[str, str]]) -> Summed:
    """Sum a list as a query string asks for it.

    Raises:
        QueryError: it cannot be answered.
    """
    by, asked = query.parse_sums(view, pairs)
    by_month = by.name == "month" or "month" in asked.selection.where
    numbers = [column.name for column in summing.summed(view, by.name, by_month=by_month)]
    rows: list[Mapping[str, Any]] = [*reading.sums(view.name, summing.keys_of(view, by.name), numbers, asked.selection)]
    columns, lines = summing.grouped(view, rows, by.name, by_month=by_month)
    return Summed(by, asked, columns, lines, sum(int(row["row_count"]) for row in rows if row.get("admin_state") == EXITED))
