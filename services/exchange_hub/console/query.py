"""From the query string of a list page to a typed selection, with a limit on everything."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exchange_contracts.bounds import YEAR_MAX, YEAR_MIN
from exchange_hub.programme.period import is_month
from exchange_hub.views import values
from exchange_hub.views.lists.model import Column, ListView
from exchange_hub.views.queries.answers import Selection

PAGE_SIZES = (20, 50, 100, 200)
PAGE_SIZE = 50
PAGES_MAX = 20_000
TEXT_LENGTH_MAX = 100
CONDITIONS_MAX = 20
EXPORT_ROWS_MAX = 200_000
"""An export is one statement and one file: beyond this, people filter first."""

_RESERVED = frozenset({"q", "sort", "page", "size", "cols", "format"})

COMPONENT = Column("component", "同一事项")
"""Every row's component, as a condition: the rows that speak of one thing, after merging."""


class QueryError(ValueError):
    """A request that cannot be answered; the message is Chinese and says what to do."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A parsed request for a page of a list.

    Attributes:
        view: the list.
        selection: conditions and order.
        raw: the conditions as they stood in the address, column → values, for links and for the form.
        page: number of the page, from 1.
        size: rows on a page.
        all_columns: whether every column is shown, instead of the brief set.
    """

    view: ListView
    selection: Selection
    raw: dict[str, tuple[str, ...]]
    page: int
    size: int
    all_columns: bool

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.page - 1) * self.size

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns shown, the one that names the row first."""
        first = self.view.first_columns
        if not self.all_columns:
            return first
        return first + tuple(column for column in self.view.columns if column not in first)

    def parameters(self, **changes: str | None) -> list[tuple[str, str]]:
        """Return the query string's pairs with *changes* made; ``None`` removes one, defaults are left out."""
        current: dict[str, str | None] = {
            "q": self.selection.text or None,
            "sort": ",".join(self.selection.order) or None,
            "page": str(self.page) if self.page > 1 else None,
            "size": str(self.size) if self.size != PAGE_SIZE else None,
            "cols": "all" if self.all_columns else None,
        }
        current.update(changes)
        pairs = [(column, item) for column, items in self.raw.items() for item in items if column not in changes]
        return pairs + [(name, item) for name, item in current.items() if item is not None]

    def condition_title(self, name: str) -> str:
        """Return the heading of a condition."""
        return _column(self.view, name).title

    def sort_for(self, column: str) -> str:
        """Return the order that a click on *column*'s heading asks for: ascending, then descending."""
        return f"-{column}" if self.selection.order[:1] == (column,) else column


def parse(view: ListView, pairs: Iterable[tuple[str, str]]) -> ListQuery:
    """Read a query string; raise ``QueryError`` where it names an unknown column or goes beyond a limit."""
    given: dict[str, list[str]] = {}
    for name, item in pairs:
        if item.strip():
            given.setdefault(name, []).append(item.strip())
    if sum(len(items) for items in given.values()) > CONDITIONS_MAX + len(_RESERVED):
        raise QueryError(f"筛选条件不得超过 {CONDITIONS_MAX} 个，请减少后重试。")
    text = given.get("q", [""])[-1]
    if len(text) > TEXT_LENGTH_MAX:
        raise QueryError(f"关键字不得超过 {TEXT_LENGTH_MAX} 字，请缩短后重试。")
    raw = {name: tuple(items) for name, items in given.items() if name not in _RESERVED}
    where = {name: tuple(_stored(_column(view, name), item) for item in items) for name, items in raw.items()}
    return ListQuery(
        view=view,
        selection=Selection(where=where, text=text, order=_order(view, given.get("sort", []))),
        raw=raw,
        page=_bounded(given.get("page", ["1"])[-1], "页码", PAGES_MAX),
        size=_bounded(given.get("size", [str(PAGE_SIZE)])[-1], "每页行数", PAGE_SIZES[-1]),
        all_columns=given.get("cols", [""])[-1] == "all",
    )


def parse_sums(view: ListView, pairs: Iterable[tuple[str, str]]) -> tuple[Column, ListQuery]:
    """Read a query string that asks for sums: the column to sum by, and the conditions.

    Raises:
        QueryError: it names no column to sum by, or one whose values are amounts.
    """
    given = list(pairs)
    by = next((item.strip() for name, item in reversed(given) if name == "by" and item.strip()), "")
    choosable = [column for column in (*view.columns, *view.derived) if column.filter]
    if not by:
        raise QueryError(f"请用 by 指明按哪一列汇总，可用：{'、'.join(column.name for column in choosable)}。")
    column = _column(view, by)
    if column is COMPONENT or column.type in ("money", "count", "quantity", "texts", "money_map"):
        raise QueryError(f"“{column.title}”不能作为汇总依据，可用：{'、'.join(each.name for each in choosable)}。")
    return column, parse(view, [(name, item) for name, item in given if name not in ("by", "sort", "page")])


def month(text: str) -> str:
    """Return a month that was asked for; raise ``QueryError`` where it is none of which anything is told."""
    if not is_month(text):
        raise QueryError(f"月份应写作 2026-10 的形式，在 {YEAR_MIN} 年至 {YEAR_MAX} 年之间。")
    return text


def reporter(code: str, known: Iterable[str]) -> str:
    """Return the code of a bureau that was asked for, empty for all; raise ``QueryError`` where nobody has it."""
    if code and code not in set(known):
        raise QueryError(f"没有代码为“{code[:40]}”的单位，请检查后重试。")
    return code


def _column(view: ListView, name: str) -> Column:
    if name == COMPONENT.name:
        return COMPONENT
    try:
        return view.column(name)
    except KeyError as error:
        raise QueryError(f"“{view.title}”没有“{name[:40]}”这一列，请从筛选框中选择。") from error


def _order(view: ListView, given: Sequence[str]) -> tuple[str, ...]:
    names = [name for name in ",".join(given).split(",") if name][:3]
    for name in names:
        column = _column(view, name.removeprefix("-"))
        if column is COMPONENT or column.type in ("texts", "money_map"):
            raise QueryError(f"“{column.title}”是多值列，不能排序。")
    return tuple(names)


def _bounded(text: str, title: str, maximum: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= maximum):
        raise QueryError(f"{title}应为 1 至 {maximum} 的整数。")
    return int(text)


def _stored(column: Column, text: str) -> object:
    try:
        return values.stored(column, text)
    except values.ValueTextError as error:
        raise QueryError(str(error)) from error
