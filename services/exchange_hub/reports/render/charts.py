"""The report's charts as PNG: for eyes that do not tell colours apart, and for grey paper.

Bars carry their values, lines do where no bar stands; what is not known is a gap marked ``—``, never a zero. The picture depends on
the chart alone: default plotting settings whatever the machine's configuration, one font, no metadata.
"""

import warnings
from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO
from math import nan
from pathlib import Path
from threading import Lock
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import withStroke

from exchange_hub.reports.model import Chart, Series
from exchange_hub.reports.render.chart_font import font_file
from exchange_hub.reports.render.style import (
    CHART_COLOURS,
    CHART_HATCHES,
    chart_decimals,
    chart_scale,
    printable,
    rounded,
    text_width,
)

DPI = 220
MM_PER_INCH = 25.4
WIDTH_MM, HEIGHT_MM = 156.0, 52.0
# A full-width character of an axis label, with some air.
CHARACTER_MM, SMALL_CHARACTER_MM = 2.9, 2.45
# What title, legend and names take of a chart's height; what a value needs above its bar.
AROUND_AXES_MM, LABEL_ROOM_MM = 16.0, 3.6
# From this height on there is room for a scale beside the values.
SCALE_MM_MIN = 60.0
# The share of its place that a value may take.
ROOM, SCALED_ROOM = 0.94, 0.75
GAP_MARK = "—"
# A bar lower than this share of the highest has no room for its value.
FOOT_SHARE_MIN = 0.15
INK = "#222222"

# The plotting library's settings are global to the process; one chart at a time changes them.
_SETTINGS = Lock()


def render_chart(chart: Chart, width_mm: float = WIDTH_MM, height_mm: float = HEIGHT_MM) -> bytes:
    """Draw one chart and return it as PNG of the given size at 220 dots per inch.

    Raises:
        MissingGlyphError: where the font lacks a character.
    """
    return render_charts([(chart, width_mm, height_mm)])[0]


def render_charts(wanted: Sequence[tuple[Chart, float, float]], *, apart: bool = True) -> tuple[bytes, ...]:
    """Draw several charts, each with its width and height in mm; the font is prepared once for all.

    Args:
        wanted: the charts.
        apart: whether values keep apart where a scale stands beside them; those of months that earlier versions closed stand closer.
    """
    texts = [text for chart, _, _ in wanted for text in _texts(chart)]
    with font_file(texts) as font, _SETTINGS, warnings.catch_warnings(), mpl.rc_context():
        warnings.filterwarnings("error", message=r".*[Gg]lyph.*missing.*")
        mpl.rcdefaults()
        mpl.rcParams["hatch.linewidth"] = 0.6
        mpl.rcParams["axes.unicode_minus"] = False
        return tuple(_draw(chart, font, width, height, apart=apart) for chart, width, height in wanted)


def is_level(series: Series) -> bool:
    """Tell whether a line is a level to compare with, such as 序时进度: the same value everywhere."""
    return series.kind == "line" and len(set(series.values)) == 1 and series.values[0] is not None


def labelled(line: Series, bars: Sequence[Series]) -> list[int]:
    """Return the places where a line's values are written: beside a bar with its own value a second cannot be read."""
    barred = {place for group in bars for place, value in enumerate(group.values) if value is not None}
    return [place for place, value in enumerate(line.values) if value is not None and place not in barred]


def _texts(chart: Chart) -> list[str]:
    """Return every text the chart may draw."""
    _, unit = chart_scale(chart.unit, [value for series in chart.series for value in series.values])
    names = [chart.title, unit, *chart.categories, *(series.name for series in chart.series)]
    return [printable(name) for name in names]


def _wrapped(label: str, slot_mm: float) -> str:
    """Break a category name into lines that fit its place on the axis, so that neighbours do not touch."""
    label = printable(label)
    fits = max(slot_mm / CHARACTER_MM, 2.0)
    if text_width(label) <= fits:
        return label
    lines = -(-len(label) // int(fits))
    size = -(-len(label) // lines)
    return "\n".join(label[start : start + size] for start in range(0, len(label), size))


def _draw(chart: Chart, font: Path, width_mm: float, height_mm: float, *, apart: bool) -> bytes:
    """Draw a chart with the font at *font*."""
    plot = _Plot(chart, font, width_mm, height_mm, apart=apart)
    for index, series in enumerate(plot.bars):
        plot.bar(series, index)
    for index, series in enumerate(plot.lines):
        plot.line(series, index)
    for series in chart.series:
        if is_level(series):
            plot.level(series)
    plot.dress()
    return plot.png()


class _Plot:
    """One chart on its canvas; sizes in points, values already in the printed unit."""

    def __init__(self, chart: Chart, font: Path, width_mm: float, height_mm: float, *, apart: bool) -> None:
        every = [value for series in chart.series for value in series.values]
        self.divisor, self.unit = chart_scale(chart.unit, every)
        self.chart, self.decimals = chart, chart_decimals(self.unit)
        self.bars = [series for series in chart.series if series.kind == "bar"]
        self.lines = [series for series in chart.series if series.kind == "line" and not is_level(series)]
        self.height_mm, self.scaled = height_mm, height_mm >= SCALE_MM_MIN
        self.room = SCALED_ROOM if self.scaled and apart else ROOM
        self.slot_mm = width_mm / max(len(chart.categories), 1)
        self.turned = self._crowded(every)
        self.largest = max((abs(self.value(value)) for value in every if value is not None), default=0.0)
        self.canvas = Canvas(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH), dpi=DPI, layout="constrained")
        FigureCanvasAgg(self.canvas)
        self.axes: Any = self.canvas.add_subplot()
        self.legend: list[Any] = []
        self.normal = FontProperties(fname=font, size=7.5)
        self.small = FontProperties(fname=font, size=6.5)
        self.title = FontProperties(fname=font, size=9)

    def _crowded(self, values: list[Decimal | None]) -> bool:
        """Drop decimals until neighbouring values do not touch; tell whether they still must be turned upright."""
        # Where a scale says how large a value is, decimals go before neighbours come close.
        room_mm = self.slot_mm * self.room / max(len(self.bars), 1)
        for decimals in range(self.decimals, -1, -1):
            self.decimals = decimals
            widest = max((text_width(self.written(value)) for value in values if value is not None), default=0.0)
            if widest * SMALL_CHARACTER_MM <= room_mm:
                return False
            if decimals == 1 and self.unit == "亿元":
                break
        return True

    def value(self, value: Decimal | None) -> float:
        """Return a value in the printed unit; a gap is not a number."""
        return nan if value is None else float(value / self.divisor)

    def written(self, value: Decimal | None) -> str:
        """Write a value in the printed unit; a gap is marked."""
        return GAP_MARK if value is None else rounded(value / self.divisor, self.decimals)

    def label(self, place: float, value: Decimal | None, offset: float, *, below: bool = False) -> None:
        """Write a value beside its point, with a white edge over whatever lies behind."""
        under = below or (value is not None and value < 0)
        self.axes.annotate(
            self.written(value), (place, 0.0 if value is None else self.value(value)),
            xytext=(0, -offset if under else offset), textcoords="offset points", ha="center",
            va="top" if under else "bottom", fontproperties=self.small, color=INK, zorder=6,
            rotation=90 if self.turned else 0,
            path_effects=[withStroke(linewidth=1.6, foreground="white")],
        )

    def inside(self, place: float, value: Decimal) -> None:
        """Write a value into the foot of its bar, away from the lines that cross the bar's head."""
        self.axes.annotate(
            self.written(value), (place, 0.0), xytext=(0, 3), textcoords="offset points", ha="center", va="bottom",
            fontproperties=self.small, color="white", zorder=6, rotation=90 if self.turned else 0,
        )

    def bar(self, series: Series, index: int) -> None:
        """Draw one group of bars, side by side with the others."""
        of = len(self.bars)
        crossed = of == 1 and len(self.chart.series) > 1
        width = min(0.78 / of, 0.8 if crossed else 0.5)
        places = [place + (index - (of - 1) / 2) * width for place in range(len(series.values))]
        hatch = CHART_HATCHES[index % len(CHART_HATCHES)]
        drawn = self.axes.bar(
            places, [self.value(value) for value in series.values], width * 0.94, label=printable(series.name),
            color=CHART_COLOURS[index % len(CHART_COLOURS)], hatch=hatch, edgecolor=INK if hatch else "white",
            linewidth=0.4, zorder=2,
        )
        self.legend.append(drawn)
        for place, value in zip(places, series.values, strict=True):
            if crossed and value is not None and self.value(value) > FOOT_SHARE_MIN * self.largest:
                self.inside(place, value)
            else:
                self.label(place, value, 1.5)

    def line(self, series: Series, index: int) -> None:
        """Draw a line with marks; it breaks where a value is missing."""
        number = len(self.bars) + index
        style, mark = (("-", "o"), ("--", "s"), (":", "^"))[index % 3]
        self.legend += self.axes.plot(
            range(len(series.values)), [self.value(value) for value in series.values], style, marker=mark,
            markersize=3, linewidth=1.4, color=CHART_COLOURS[number % len(CHART_COLOURS)],
            label=printable(series.name), zorder=3,
        )
        for place in labelled(series, self.bars):
            value = series.values[place]
            others = [other.values[place] or value for other in self.lines if other is not series]
            self.label(place, value, 3, below=any(other > value for other in others if other and value))

    def level(self, series: Series) -> None:
        """Draw a level across the chart; the legend says its value."""
        value = series.values[0]
        name = f"{printable(series.name)} {self.written(value)}{self.unit}"
        self.legend.append(
            self.axes.axhline(
                self.value(value), color="black", linestyle=(0, (5, 3)), linewidth=1.0, zorder=4, label=name
            )
        )

    def dress(self) -> None:
        """Set title, unit, axes, grid and, where there is more than one series, the legend."""
        unit, legend = f"（单位：{self.unit}）" if self.unit else "", len(self.legend) > 1
        self.axes.set_title(
            f"{printable(self.chart.title)}{unit}", fontproperties=self.title, color=INK, pad=13 if legend else 5
        )
        names = [_wrapped(category, self.slot_mm) for category in self.chart.categories]
        self.axes.set_xticks(range(len(names)), names, fontproperties=self.normal)
        self.axes.set_xlim(-0.6, len(names) - 0.4)
        # Room for a value above the highest bar: more of a low chart, and of values that stand upright.
        self.axes.margins(y=(LABEL_ROOM_MM * (2.5 if self.turned else 1)) / max(self.height_mm - AROUND_AXES_MM, 8))
        if self.largest == 0:
            self.axes.set_ylim(0, 1)
        self.axes.tick_params(axis="x", length=0)
        self.axes.tick_params(axis="y", length=0, labelleft=self.scaled)
        if self.scaled:
            for label in self.axes.get_yticklabels():
                label.set_fontproperties(self.small)
        self.axes.grid(axis="y", color="#DDDDDD", linewidth=0.5, zorder=0)
        self.axes.axhline(0, color=INK, linewidth=0.6, zorder=4)
        for side in ("top", "right", "left"):
            self.axes.spines[side].set_visible(False)
        self.axes.spines["bottom"].set_linewidth(0.5)
        if legend:
            self.axes.legend(
                handles=self.legend, prop=self.normal, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 0.98),
                ncols=4, handlelength=1.8, columnspacing=1.4, borderaxespad=0,
            )

    def png(self) -> bytes:
        """Return the picture without the name of the program that drew it."""
        target = BytesIO()
        self.canvas.savefig(target, format="png", metadata={"Software": None})
        return target.getvalue()
