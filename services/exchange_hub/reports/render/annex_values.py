"""The rows of an annex as people read them: which columns, under which headings, in which units.

Headings and types come from the annex's own list, as it was when the month was closed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Self

from exchange_hub.reports.catalogue import Catalogue
from exchange_hub.reports.model import Annex
from exchange_hub.reports.render.style import number_text, printable
from exchange_hub.views import values
from exchange_hub.views.lists.model import Column

PRINTED_COLUMNS_MAX = 10
NUMERIC_TYPES = frozenset({"money", "count", "quantity"})


@dataclass(frozen=True, slots=True)
class Words:
    """The words for codes that rows hold.

    Attributes:
        bureaus: code → name of a bureau.
        lists: name → title of a list.
        in_wan: whether numbers are shown as pages show them; earlier closes have two places everywhere.
        entries: name → title of the columns of money, by which a confirmation names its totals; empty for an earlier close.
    """

    bureaus: Mapping[str, str]
    lists: Mapping[str, str]
    in_wan: bool = True
    entries: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, catalogue: Catalogue, bureaus: Mapping[str, str] | None) -> Self:
        """Return the words of a report's own time; *bureaus* has today's names, for a close that did not keep them yet."""
        money = {each.name: each.title for view in reversed(catalogue.lists) for each in view.columns if each.type == "money"}
        titles = {str(view.name): view.title for view in catalogue.lists}
        return cls({**(bureaus or {}), **catalogue.bureaus}, titles, catalogue.in_wan, money if catalogue.in_wan else {})

    def word(self, column: Column, text: str) -> str:
        """Return the word for a code: the title of a list, the name of a bureau; other texts stay."""
        if column.names_list:
            return self.lists.get(text, text)
        return self.bureaus.get(text, text) if column.bureau else text


def printed_columns(annex: Annex) -> tuple[Column, ...]:
    """Return the columns for the printed summary: the named ones, else the first that hold something."""
    view = annex.view
    if view.printed_columns:
        return tuple(view.column(name) for name in view.printed_columns)
    held = [column for column in view.columns if any(row.get(column.name) not in (None, "", []) for row in annex.rows)]
    return tuple(held[:PRINTED_COLUMNS_MAX])


def column_heading(column: Column) -> str:
    """Return a column's heading with its unit; money is shown in 万元."""
    unit = "万元" if column.type in ("money", "money_map") else column.unit
    return f"{column.title}（{unit}）" if unit and unit not in column.title else column.title


def value_text(column: Column, row: Mapping[str, object], words: Words) -> str:
    """Write a value for people; what is not there is empty, never zero.

    Args:
        column: the column that the value stands in.
        row: the row of the list.
        words: the words for codes.
    """
    value = row.get(column.name)
    if value is None or value == "":
        return ""
    if column.type == "money":
        return _money_text(value, in_wan=words.in_wan)
    if column.type in ("count", "quantity") and not isinstance(value, str):
        return str(values.plain_decimal(Decimal(str(value)))) if words.in_wan else number_text(Decimal(str(value)), "")
    if column.type == "money_map" or isinstance(value, Mapping):
        return money_map_text(value, words)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return value.isoformat()[:10]
    parts = value if isinstance(value, list | tuple) else (value,)
    return printable("、".join(words.word(column, str(part)) for part in parts))


def _money_text(fen: object, *, in_wan: bool) -> str:
    return f"{values.wan(int(str(fen))):f}" if in_wan else number_text(values.yuan(int(str(fen))), "元", "万元", 2)


def is_coded(column: Column) -> bool:
    """Tell whether a column may hold codes, for which there are words."""
    return column.names_list or column.bureau


def money_map_text(value: object, words: Words) -> str:
    """Write a map of amounts: ``企业自筹 9000.00；银行贷款 3345.68`` in 万元, in the order of its keys."""
    if not isinstance(value, Mapping):
        return printable(str(value))
    return "；".join(f"{printable(words.entries.get(str(key), str(key)))} {_money_text(amount, in_wan=words.in_wan)}" for key, amount in sorted(value.items()))
