"""The figures of a closed month on a page: which rows each opens, and its charts for the browser."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from exchange_hub.console import wording
from exchange_hub.console.archive import ClosedMonth, Figure
from exchange_hub.views.catalogue import BY_NAME

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_TABLES = {
    "goals": "总体目标", "equipment": "设备更新", "tradein": "以旧换新", "recovery": "回收循环利用",
    "recycling_projects": "回收循环利用项目", "funds": "资金", "documents": "政策文件", "submissions": "报送情况",
}  # fmt: skip
_SCALES = {"万元": 4, "亿元": 8}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart's table: the category and its values, ``—`` for a gap."""

    category: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChartView:
    """A chart as the browser draws it, and as the table that stands below it."""

    title: str
    unit: str
    names: tuple[str, ...]
    lines: tuple[Line, ...]
    data: Mapping[str, object]


def is_month(text: str) -> bool:
    """Tell whether *text* is a month ``YYYY-MM``."""
    return _MONTH.fullmatch(text) is not None


def rows_link(figure: Figure) -> str | None:
    """Return the address of the list rows behind *figure*; ``None`` for a figure derived from other figures.

    A condition that the list cannot be filtered by (a range, a formula) is left out, so the page shows the rows at
    least as wide as the figure's; the figure's own words for its conditions stand beside the link.
    """
    view = BY_NAME.get(figure.list)
    if view is None:
        return None
    columns = {column.name for column in view.columns}
    pairs = [
        (name, str(item))
        for name, wanted in figure.where.items()
        if name in columns
        for item in (wanted if isinstance(wanted, list | tuple) else [wanted])
        if isinstance(item, str | int | float | Decimal) and not isinstance(item, bool)
    ]
    return wording.link(f"/lists/{figure.list}", pairs)


def conditions(figure: Figure) -> str:
    """Say in words which rows the figure counts."""
    view = BY_NAME.get(figure.list)
    if view is None:
        return figure.measure
    titles = {column.name: column.title for column in view.columns}
    parts = [
        f"{titles.get(name, name)}为{'或'.join(map(str, wanted)) if isinstance(wanted, list | tuple) else wanted}"
        for name, wanted in figure.where.items()
    ]
    return f"{view.title}：{'；'.join(parts) or '全部'}"


def shown(figure: Figure, money_unit: str = "万元") -> wording.Shown:
    """Show a figure of the report: money in the table's unit, full yuan as tooltip, a word where there is none."""
    if figure.value is None:
        return wording.Shown(figure.absent, "", "empty")
    if figure.unit == "元" and money_unit in _SCALES:
        scaled = figure.value.scaleb(-_SCALES[money_unit]).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return wording.Shown(f"{scaled:,}", f"{figure.value:,} 元", "number")
    if figure.unit == "%":
        return wording.Shown(f"{figure.value:,}", f"{figure.value}%", "number")
    return wording.number(figure.value)


def by_table(closed: ClosedMonth) -> dict[str, list[Figure]]:
    """Group the figures by the table that their id starts with."""
    groups: dict[str, list[Figure]] = {}
    for figure in closed.figures.values():
        table = figure.id.partition(".")[0]
        groups.setdefault(_TABLES.get(table, table), []).append(figure)
    return groups


def charts(closed: ClosedMonth) -> list[ChartView]:
    """Return the report's charts; a gap stays a gap and is never drawn as zero."""
    return [chart(raw) for section in closed.sections for raw in section.charts]


def chart(raw: Mapping[str, object]) -> ChartView:
    """Return a chart of ``report.json`` as the page shows it."""
    categories = [str(item) for item in _items(raw.get("categories"))]
    series = [item for item in _items(raw.get("series")) if isinstance(item, Mapping)]
    values = [_items(item.get("values")) for item in series]
    lines = tuple(
        Line(category, tuple(_point(column[index] if index < len(column) else None) for column in values))
        for index, category in enumerate(categories)
    )
    data = {
        "unit": str(raw.get("unit", "")),
        "categories": categories,
        "series": [
            {
                "name": str(item.get("name", "")),
                "kind": "line" if item.get("kind") == "line" else "bar",
                "values": [None if point is None else float(str(point)) for point in points],
            }
            for item, points in zip(series, values, strict=True)
        ],
    }
    names = tuple(str(item.get("name", "")) for item in series)
    return ChartView(str(raw.get("title", "")), str(raw.get("unit", "")), names, lines, data)


def _point(raw: object) -> str:
    return wording.EMPTY if raw is None else wording.number(Decimal(str(raw))).text


def _items(raw: object) -> list[object]:
    return list(raw) if isinstance(raw, list | tuple) else []
