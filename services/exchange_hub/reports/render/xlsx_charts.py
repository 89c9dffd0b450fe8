"""The report's charts as native charts of the workbook, each beside the numbers it is drawn from."""

from typing import Any

from exchange_hub.reports.model import Chart, Report, Series
from exchange_hub.reports.render.charts import is_level
from exchange_hub.reports.render.style import chart_decimals, chart_scale, printable

SHEET = "图表"
FONT = "宋体"
# From dark to light, so that a grey print tells them apart (patterns are drawn differently from program to program).
COLOURS = ("#0B4F8A", "#E69F00", "#CFE3F1", "#6B6B6B", "#009E73", "#CC79A7")
CHARTS_PER_PAGE = 2
CHART_COLUMN, CHART_ROWS, CHART_WIDTH, CHART_HEIGHT = 6, 21, 860, 380
Formats = dict[str, Any]


def write_charts(book: Any, sheet: Any, report: Report, formats: Formats) -> None:
    """Write every chart of the report on *sheet*, one under the other."""
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, CHART_COLUMN - 1, 12)
    row, breaks = 0, []
    for number, chart in enumerate((chart for section in report.sections for chart in section.charts), 1):
        row = _chart(book, sheet, chart, row, formats)
        if number % CHARTS_PER_PAGE == 0:
            breaks.append(row)
    sheet.set_h_pagebreaks(breaks)


def _chart(book: Any, sheet: Any, chart: Chart, row: int, formats: Formats) -> int:
    """Write one chart and its numbers from *row* on; return the row after it."""
    divisor, unit = chart_scale(chart.unit, [value for series in chart.series for value in series.values])
    number = formats["plain" if chart_decimals(unit) == 0 else "hundredths"]
    title = f"{chart.title}（单位：{unit}）" if unit else chart.title
    sheet.write_string(row, 0, printable(title), formats["strong"])
    head = row + 1
    sheet.write_blank(head, 0, None, formats["head"])
    for column, series in enumerate(chart.series, 1):
        sheet.write_string(head, column, printable(series.name), formats["head"])
    for index, category in enumerate(chart.categories):
        sheet.write_string(head + 1 + index, 0, printable(category), formats["text"])
        for column, series in enumerate(chart.series, 1):
            value = series.values[index]
            # What is not known stays empty, so that the chart has a gap and no zero.
            if value is not None:
                sheet.write_number(head + 1 + index, column, float(value / divisor), number)
    drawn = _drawn(book, chart, head)
    drawn.set_title({"name": printable(title), "name_font": {"name": FONT, "size": 12, "bold": False}, "overlay": False})
    drawn.set_x_axis({"num_font": {"name": FONT, "size": 9}})
    drawn.set_y_axis({"visible": False, "major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}}})
    drawn.set_legend({"position": "bottom", "font": {"name": FONT, "size": 9}} if len(chart.series) > 1 else {"none": True})
    drawn.show_blanks_as("gap")
    drawn.set_size({"width": CHART_WIDTH, "height": CHART_HEIGHT})
    sheet.insert_chart(row, CHART_COLUMN, drawn, {"description": printable(chart.title)})
    return max(head + 1 + len(chart.categories), row + CHART_ROWS) + 1


def _drawn(book: Any, chart: Chart, head: int) -> Any:
    """Return the native chart: columns, with lines over them where the chart has both."""
    bars, lines = book.add_chart({"type": "column"}), book.add_chart({"type": "line"})
    kinds = {series.kind for series in chart.series}
    decimals = chart_decimals(chart_scale(chart.unit, [v for series in chart.series for v in series.values])[1])
    for column, series in enumerate(chart.series, 1):
        last = head + len(chart.categories)
        options = {
            "name": [SHEET, head, column],
            "categories": [SHEET, head + 1, 0, last, 0],
            "values": [SHEET, head + 1, column, last, column],
            **_look(series, column - 1, decimals, crossed=len(kinds) > 1),
        }
        (bars if series.kind == "bar" else lines).add_series(options)
    if kinds == {"bar", "line"}:
        bars.combine(lines)
    return lines if kinds == {"line"} else bars


def _look(series: Series, index: int, decimals: int, *, crossed: bool) -> dict[str, object]:
    """Return colour and labels of a series; a level is a dashed line without labels.

    Where lines cross the heads of the bars (*crossed*), a bar's value stands at its foot.
    """
    colour = COLOURS[index % len(COLOURS)]
    if is_level(series):
        return {"line": {"color": "#000000", "width": 1.5, "dash_type": "dash"}}
    number_format = "0" if decimals == 0 else "0." + "0" * decimals
    labels = {"value": True, "font": {"name": FONT, "size": 8}, "num_format": number_format}
    if series.kind == "line":
        mark = {"type": "circle", "size": 5, "fill": {"color": colour}, "border": {"color": colour}}
        return {"line": {"color": colour, "width": 2}, "marker": mark, "data_labels": {**labels, "position": "above"}}
    return {
        "fill": {"color": colour},
        "border": {"color": "#444444", "width": 0.5},
        "gap": 60,
        "data_labels": {
            **labels,
            "position": "inside_base" if crossed else "outside_end",
            "font": {"name": FONT, "size": 8, "color": "#FFFFFF" if crossed else "#222222"},
        },
    }
