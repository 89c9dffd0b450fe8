"""The figures of a closed month on a page: which rows each opens, and its charts for the browser."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from exchange_hub.console import wording
from exchange_hub.console.archive import Cell, ClosedMonth, Figure
from exchange_hub.views.catalogue import BY_NAME

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_TABLES = {
    "goals": "总体目标", "equipment": "设备更新", "tradein": "以旧换新", "recovery": "回收循环利用",
    "recycling_projects": "回收循环利用项目", "funds": "资金", "documents": "政策文件", "submissions": "报送情况",
}  # fmt: skip
_TERMS = re.compile(r"[^\s()]+\.[^\s()]+")
_RELATIONS = (
    (" not <=", "不早于且不等于"), (" not <", "不早于"), ("!=", "不为"), ("<=", "至"), (">=", "自"), ("<", "在此之前："),
    (">", "在此之后："),
)  # fmt: skip
_SCALES = {"万元": 4, "亿元": 8}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart's table: the category and its values, ``—`` for a gap."""

    category: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChartView:
    """A chart as the browser draws it, and as the table that stands below it; *empty* where nothing can be drawn."""

    title: str
    unit: str
    names: tuple[str, ...]
    lines: tuple[Line, ...]
    data: Mapping[str, object]
    empty: bool


def is_month(text: str) -> bool:
    """Tell whether *text* is a month ``YYYY-MM``."""
    return _MONTH.fullmatch(text) is not None


def rows_link(month: str, figure: Figure) -> str:
    """Return the address of the page that opens *figure* of the report of *month*."""
    return wording.link(f"/reports/{month}/figure", [("id", figure.id)])


def pieces(cell: Cell) -> list[tuple[str, Figure | None]]:
    """Return the words of a cell in pieces, each with the figure that it opens.

    A text like ``12/7`` is written from as many figures as it has parts; any other text is followed by its sources.
    """
    if not cell.parts:
        return [(cell.text or wording.EMPTY, None)]
    words = cell.text.split("/")
    if len(words) != len(cell.parts):
        sources: list[tuple[str, Figure | None]] = [(cell.text, None)]
        for number, figure in enumerate(cell.parts, start=1):
            sources += [(" ", None), (f"来源{number}", figure)]
        return sources
    linked: list[tuple[str, Figure | None]] = []
    for text, figure in zip(words, cell.parts, strict=True):
        linked += [("/", None), (text, figure)] if linked else [(text, figure)]
    return linked


def terms(closed: ClosedMonth, figure: Figure) -> list[Figure]:
    """Return the figures that a derived figure was worked out from; none for one counted from rows."""
    if figure.list:
        return []
    names = dict.fromkeys(_TERMS.findall(figure.measure))
    return [closed.figures[name] for name in names if name in closed.figures and name != figure.id]


def conditions(figure: Figure) -> list[str]:
    """Say in words which rows the figure counts, a condition each; the words of the report's own conditions stay."""
    view = BY_NAME.get(figure.list)
    titles = {column.name: column.title for column in view.columns} if view else {}
    return [_condition(titles, name, wanted) for name, wanted in figure.where.items()]


def measure(figure: Figure) -> str:
    """Say in words what was done with the rows; a formula over other figures stays as it is."""
    view = BY_NAME.get(figure.list)
    name, _, column = figure.measure.removesuffix(")").partition("(")
    words = {"count": "行数", "sum": "合计", "distinct": "去重计数"}.get(name)
    if view is None or words is None:
        return figure.measure
    titles = {known.name: known.title for known in view.columns}
    return f"{words}：{titles.get(column, column)}" if column else words


def _condition(titles: Mapping[str, str], name: str, wanted: object) -> str:
    if name == "latest":
        return "每个对象取最新一期"
    if name == "details_first":
        return "有明细时不计汇总"
    column = re.match(r"\w+", name)
    words = titles.get(column[0], column[0]) if column else name
    relation = next((text for sign, text in _RELATIONS if name.endswith(sign)), "为")
    if isinstance(wanted, Mapping):
        inner = "，".join(_condition({}, key, item) for key, item in wanted.items())
        return f"{name}（{inner}）"
    return f"{words}{relation}{_words(wanted)}"


def _words(wanted: object) -> str:
    if wanted is None:
        return "空"
    if isinstance(wanted, list | tuple):
        return "或".join(_words(item) for item in wanted)
    return str(wanted)


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
    empty = all(point is None for points in values for point in points)
    return ChartView(str(raw.get("title", "")), str(raw.get("unit", "")), names, lines, data, empty)


def _point(raw: object) -> str:
    return wording.EMPTY if raw is None else wording.number(Decimal(str(raw))).text


def _items(raw: object) -> list[object]:
    return list(raw) if isinstance(raw, list | tuple) else []
