"""The report's charts as pictures."""

import runpy
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import pytest
from PIL import Image

from exchange_hub.reports.model import Chart, Series
from exchange_hub.reports.render import charts
from exchange_hub.reports.render.chart_font import MissingGlyphError
from exchange_hub.reports.render.charts import render_chart, render_charts
from exchange_hub.reports.render.style import CHART_COLOURS, CHART_HATCHES, chart_scale

SAMPLE = Path(__file__).parents[1] / "golden" / "render" / "sample.py"
CHART = Chart("c", "各领域完成率", "%", ("工业", "农业"), (Series("完成率", (Decimal(80), None)),))


def lightness(colour: str) -> float:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_picture_has_the_asked_size_and_no_metadata_but_its_resolution() -> None:
    """A PNG is as wide and high as asked and names neither program nor time."""
    picture = Image.open(BytesIO(render_chart(CHART, 77, 40)))
    assert picture.size == (int(77 / 25.4 * 220), int(40 / 25.4 * 220))
    assert set(picture.info) <= {"dpi"}


def test_all_four_charts_of_the_report_are_drawn_without_a_missing_glyph() -> None:
    """Every character of the sample's charts has a glyph; a warning of the plotting library would be an error."""
    report = runpy.run_path(str(SAMPLE))["report"]()
    charts = [chart for section in report.sections for chart in section.charts]
    pictures = render_charts([(chart, 154, 40) for chart in charts])
    assert len(set(pictures)) == len(charts) == 4


def test_a_character_without_a_glyph_is_an_error() -> None:
    """A chart with an empty box in place of a character is never issued."""
    with pytest.raises(MissingGlyphError, match="缺少字形"):
        render_chart(replace(CHART, title="完成率\U0001f600"))


def test_a_gap_is_not_a_zero() -> None:
    """What is not known looks different from a zero, and a chart of gaps alone can be drawn."""
    zero = replace(CHART, series=(Series("完成率", (Decimal(80), Decimal(0))),))
    empty = replace(CHART, series=(Series("完成率", (None, None)),))
    assert len({render_chart(CHART), render_chart(zero), render_chart(empty)}) == 3


def test_a_month_has_one_value_where_a_line_crosses_a_bar() -> None:
    """Beside a bar's own value the line's is not written; where the bar is missing, and without bars, it is."""
    bars = Series("2026年", (Decimal(50), None))
    assert charts.labelled(Series("2025年", (Decimal(40), Decimal(30)), "line"), (bars,)) == [1]
    assert charts.labelled(Series("2025年", (Decimal(40), None), "line"), ()) == [0]


def test_the_machine_s_plotting_settings_do_not_show() -> None:
    """A user's own configuration of the plotting library changes nothing, and is left as it was."""
    plain = render_chart(CHART)
    with mpl.rc_context({"axes.facecolor": "red", "font.size": 30, "savefig.bbox": "tight"}):
        assert render_chart(CHART) == plain
        assert mpl.rcParams["axes.facecolor"] == "red"


def test_drawing_keeps_no_global_figures() -> None:
    """The stateful interface of the plotting library is never loaded."""
    code = "import sys, exchange_hub.reports.render.charts; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_neighbouring_series_are_told_apart_without_colour() -> None:
    """Each series differs from the next in lightness or in hatching, so that a grey print is readable."""
    looks = list(zip(CHART_COLOURS, CHART_HATCHES, strict=True))
    for (colour, hatch), (next_colour, next_hatch) in pairwise(looks):
        assert abs(lightness(colour) - lightness(next_colour)) > 0.2 or hatch != next_hatch


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [("元", 99_999_999, "万元"), ("元", 100_000_000, "亿元"), ("万元", 10_000, "亿元"), ("万元", 9_999, "万元"), ("%", 120, "%")],
)
def test_money_is_drawn_in_the_unit_that_reads_best(unit: str, value: int, expected: str) -> None:
    """Money goes over to 亿元 at one 亿, whether the chart states it in yuan or in 万元; other units stay."""
    divisor, printed = chart_scale(unit, [Decimal(value), None])
    assert printed == expected
    assert Decimal(value) / divisor == {"元": Decimal(value) / 10_000, "万元": Decimal(value), "%": Decimal(value)}[unit] / (
        10_000 if expected == "亿元" else 1
    )
