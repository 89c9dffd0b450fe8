"""A list summed by a column: one line a value, with the number of rows and the sums of amounts; for commands, pages and the API alike."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from exchange_hub.programme.definitions import TOTAL
from exchange_hub.views import values
from exchange_hub.views.lists.model import Column, ListView


def keys_of(view: ListView, by: str) -> tuple[str, ...]:
    """Return the columns by which sums are asked for: *by*, and what must be told apart within it."""
    names = (*view.told_apart, "granularity", "admin_state")
    return (by, *(name for name in names if name != by and any(column.name == name for column in view.columns)))


def grouped(
    view: ListView, rows: Sequence[Mapping[str, Any]], by: str, *, by_month: bool
) -> tuple[tuple[Column, ...], list[dict[str, Any]]]:
    """Return columns and lines of sums: one line per value of a column, with the number of rows.

    Details and summaries of the same thing reconcile and never add: a list that has both is split by 粒度, and one that holds different
    things, such as approvals and payments, by what tells them apart. What no row of a line states stays absent and is not zero. Cumulative
    amounts are summed within one month only.

    Args:
        view: the list.
        rows: its rows, money in fen, or sums of rows with their ``row_count``.
        by: column to group by.
        by_month: whether each line holds rows of one month.
    """
    known = {column.name: column for column in (*view.columns, *view.derived)}
    mixed = "granularity" in known and by != "granularity" and len({row["granularity"] for row in rows}) > 1
    apart = tuple(name for name in view.told_apart if name != by)
    keys = (by, *apart, *(("granularity",) if mixed else ()))
    numbers = [column for column in summed(view, by, by_month=by_month) if column.name not in keys]
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(_group(known[key], row[key]) for key in keys), []).append(row)
    lines = []
    for group in sorted(groups):
        stated = {
            column.name: [row[column.name] for row in groups[group] if row[column.name] is not None] for column in numbers
        }
        sums = {name: sum(filled) if filled else None for name, filled in stated.items()}
        line = dict(zip(keys, group, strict=True))
        lines.append(line | {"row_count": sum(map(_rows, groups[group]))} | sums | {"row_key": "|".join(group), "bureaus": []})
    if len(lines) > 1 and not mixed and by not in view.told_apart and not apart:
        stated = {column.name: [line[column.name] for line in lines if line[column.name] is not None] for column in numbers}
        total = {name: sum(filled) if filled else None for name, filled in stated.items()}
        lines.append({by: TOTAL, "row_count": sum(map(_rows, rows))} | total | {"row_key": TOTAL, "bureaus": []})
    head = tuple(replace(known[key], type="text", unit="", title=values.exact_heading(known[key])) for key in keys)
    return (*head, Column("row_count", "行数", "count"), *numbers), lines


def summed(view: ListView, by: str, *, by_month: bool) -> list[Column]:
    """Return the columns that are summed."""
    numbers = (column for column in view.columns if column.type in ("money", "count") and not column.year and not column.unsummed and column.name != by)
    return [column for column in numbers if by_month or not column.cumulative]


def _rows(line: Mapping[str, Any]) -> int:
    """Return how many rows a line stands for."""
    number: int = line.get("row_count", 1)
    return number


def _group(column: Column, raw: Any) -> str:
    """Return the words of a value that names a group, amounts in yuan; codes stay codes."""
    if raw is None:
        return "（未填）"
    told = values.plain(column, raw)
    if isinstance(told, dict):
        return "；".join(f"{key}：{amount}" for key, amount in told.items())
    if isinstance(told, list):
        return "、".join(map(str, told))
    return ("是" if told else "否") if isinstance(told, bool) else str(told)
