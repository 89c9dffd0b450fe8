// Draws the charts of a report from the data beside each. Without this script the tables below them say the same.
"use strict";

(() => {
  const palette = ["#1f3a5f", "#b5892f", "#4f7f6b", "#8a3b3b", "#6b7a90", "#7d6aa0"];
  const font = '"Noto Sans SC", "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif';

  const option = (data) => ({
    animation: false,
    color: palette,
    textStyle: { fontFamily: font, fontSize: 13 },
    // Rich text draws on the canvas: a tooltip in HTML would need inline styles, which the policy forbids.
    tooltip: { trigger: "axis", renderMode: "richText", confine: true },
    legend: { top: 0, type: "scroll" },
    grid: { left: 12, right: 16, top: 44, bottom: 8, containLabel: true },
    xAxis: { type: "category", data: data.categories, axisLabel: { interval: 0, rotate: data.categories.length > 8 ? 35 : 0 } },
    yAxis: { type: "value", name: data.unit, nameTextStyle: { align: "left" } },
    series: data.series.map((series) => ({
      name: series.name,
      type: series.kind,
      data: series.values, // null is a gap
      connectNulls: false,
      barMaxWidth: 28,
    })),
  });

  const draw = (figure) => {
    const plot = figure.querySelector("[data-plot]");
    const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    plot.hidden = false;
    const chart = window.echarts.init(plot, null, { renderer: "canvas" });
    chart.setOption(option(data));
    window.addEventListener("resize", () => chart.resize());
    window.addEventListener("beforeprint", () => chart.resize());
  };

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("figure.chart:has([data-plot])").forEach(draw));
})();
