"""The rows of an annex as people read them: which columns, under which headings, in which units.

Headings and types come from the catalogue of lists; a list that is not in it is shown with its own column names.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from exchange_hub.reports.model import Annex
from exchange_hub.reports.render.style import FEN_PER_YUAN, MONEY_SCALES, number_text, printable, rounded
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import Column

# Columns of the adjustments: values stand right, names of bureaus are several.
_OF_ADJUSTMENTS = {
    "原值": Column("原值", "原值", "quantity"), "现值": Column("现值", "现值", "quantity"),
    "变动行数": Column("变动行数", "变动行数", "count"), "涉及单位": Column("涉及单位", "涉及单位", "texts", bureau=True),
}  # fmt: skip
ADJUSTMENTS = "adjustments"
PAPER = frozenset(view.name for view in BY_NAME.values() if view.annex is not None and view.annex.paper)
PRINTED_COLUMNS_MAX = 10
INTERNAL = frozenset({"row_key", "component", "bureaus"})
NUMERIC_TYPES = frozenset({"money", "count", "quantity"})


def columns(annex: Annex) -> tuple[Column, ...]:
    """Return all columns of an annex in the order of the catalogue, else in the order of its rows."""
    view = BY_NAME.get(annex.list)
    if view is not None:
        return view.columns
    names = dict.fromkeys(name for row in annex.rows for name in row if name not in INTERNAL)
    return tuple(_OF_ADJUSTMENTS.get(name) or Column(name, name) for name in names)


def printed_columns(annex: Annex) -> tuple[Column, ...]:
    """Return the columns for the printed summary: the named ones, else the first that hold something."""
    every = columns(annex)
    view = BY_NAME.get(annex.list)
    if view is not None and view.printed_columns:
        return tuple(view.column(name) for name in view.printed_columns)
    held = [column for column in every if any(row.get(column.name) not in (None, "", []) for row in annex.rows)]
    return tuple(held[:PRINTED_COLUMNS_MAX])


def column_heading(column: Column) -> str:
    """Return a column's heading with its unit; money is shown in 万元."""
    unit = "万元" if column.type in ("money", "money_map") else column.unit
    return f"{column.title}（{unit}）" if unit and unit not in column.title else column.title


def list_title(name: str) -> str:
    """Return the Chinese title of a list; a name that the catalogue does not know stays."""
    view = BY_NAME.get(name)
    return view.title if view else name


def yuan(fen: int) -> Decimal:
    """Return yuan for whole fen, exactly."""
    return Decimal(fen) / FEN_PER_YUAN


def value_text(column: Column, row: Mapping[str, object], names: Mapping[str, str]) -> str:
    """Write a value for people; what is not there is empty, never zero.

    Args:
        column: the column that the value stands in.
        row: the row of the list.
        names: code → name of the district's bureaus.
    """
    value = row.get(column.name)
    if value is None or value == "":
        return ""
    if column.type == "money":
        return number_text(yuan(int(str(value))), "元", "万元", 2)
    if isinstance(value, str) and column.name in _OF_ADJUSTMENTS:
        return printable(value)
    if column.type in ("count", "quantity"):
        return number_text(Decimal(str(value)), "")
    if column.type == "money_map" or isinstance(value, Mapping):
        return money_map_text(value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return value.isoformat()[:10]
    parts = value if isinstance(value, list | tuple) else (value,)
    return printable("、".join(word(column, str(part), names) for part in parts))


def is_coded(column: Column) -> bool:
    """Tell whether a column may hold codes, for which `word` has words."""
    return column.names_list or column.bureau


def word(column: Column, text: str, names: Mapping[str, str]) -> str:
    """Return the word for a code: the title of a list, the name of a bureau; other texts stay."""
    if column.names_list:
        return list_title(text)
    return names.get(text, text) if column.bureau else text


def money_map_text(value: object) -> str:
    """Write a map of amounts: ``企业自筹 9000.00；银行贷款 3345.68`` in 万元, in the order of its keys."""
    if not isinstance(value, Mapping):
        return printable(str(value))
    scale = MONEY_SCALES["万元"]
    return "；".join(
        f"{printable(str(key))} {rounded(yuan(int(str(amount))) / scale, 2)}" for key, amount in sorted(value.items())
    )
