"""The tree that `hub trace` draws: figure, rows, events, source cells, in words."""

from typing import Any

from exchange_hub.cli.tracing import lines_of
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.queries.provenance import of_row

NAMES = {"industry": "区工业和信息化局"}


def event(register: str, row: int) -> dict[str, Any]:
    """An event as the tracer describes it."""
    return {
        "event": "ProjectProgressReported", "states": "项目月度进度", "bureau": "industry", "event_id": f"e{row}", "topic": "t",
        "offset": row, "register": register, "revision": 1, "occurred_on": "2026-10-31", "arrived_at": "2026-11-01T08:00:00+08:00",
        "source": "excel", "origin": {"file": "月报.xlsx", "sheet": "进度", "row": row, "unit": "万元"},
    }  # fmt: skip


def row(month: str | None, *events: dict[str, Any]) -> dict[str, Any]:
    """A row as the tracer describes it."""
    return {
        "list": "project-progress", "list_title": BY_NAME["project-progress"].title, "row_key": "P1@2026-10", "bureaus": ["industry"], "columns": {"项目": "P1"}, "month": month,
        "events": list(events), "measured": "120000.00",
    }  # fmt: skip


def figure(*rows: dict[str, Any], counted: int) -> dict[str, Any]:
    """A figure as the tracer describes it."""
    return {
        "figure": "equipment.工业.month", "month": "2026-10", "closed": True, "value": "120000.00", "unit": "元", "period": "2026-10",
        "measure": "sum(invested_this_month)", "list": "project-progress", "list_title": BY_NAME["project-progress"].title, "where": {"month": "2026-10", "admin_state!=": "退出"}, "meaning": "2026年10月：合计。",
        "rows_counted": counted, "rows": list(rows),
    }  # fmt: skip


def test_a_figure_opens_down_to_the_cell() -> None:
    """Each level is indented below the one it explains, and the last is file, sheet, row and unit of the bureau's source."""
    drawn = list(lines_of(figure(row("2026-10", event("progress:2026-10", 7)), counted=1), NAMES))
    assert drawn[0].startswith("equipment.工业.month = 120000.00 元（2026-10，已结账）← 项目月度进度：sum(invested_this_month)")
    assert "admin_state!=退出" in drawn[0]
    assert drawn[1] == "├─ 口径：2026年10月：合计。"
    assert drawn[2].startswith("└─ 项目月度进度 P1@2026-10（区工业和信息化局，计入 120000.00）")
    assert drawn[3].startswith("   └─ 项目月度进度（ProjectProgressReported），区工业和信息化局，业务日期 2026-10-31")
    assert drawn[4] == "      └─ 来源：《月报.xlsx》工作表“进度”第 7 行，原表单位万元"


def test_a_figure_opens_down_to_the_columns() -> None:
    """Where an event names its cells, a line below its source says of each fact where it was read."""
    told = event("progress:2026-10", 7)
    told["origin"] |= {"cells": {"invested_this_month": "F7", "month": "title", "name": "C7+D4"}}
    drawn = list(lines_of(figure(row("2026-10", told), counted=1), NAMES))
    assert drawn[5] == "      └─ 单元格：本月完成投资 F7、进度月份 表头、name C7、D4"


def test_a_merged_row_says_whose_each_column_is() -> None:
    """Above the events stand a line per disputed column, with what the others said, and a line per bureau for all that nobody disputes."""
    taken = [
        {"column": "a", "title": "总投资", "value": "120.00", "bureau": "industry", "others": [{"bureau": "water", "value": "126.00"}]},
        {"column": "b", "title": "名称", "value": "甲", "bureau": "industry", "others": []},
        {"column": "c", "title": "领域", "value": "工业", "bureau": "industry", "others": []},
        {"column": "d", "title": "台套", "value": 3, "bureau": None, "others": [{"bureau": "water", "value": 2}]},
    ]
    drawn = list(lines_of(row("2026-10", event("progress:2026-10", 7)) | {"taken_from": taken}, NAMES))
    assert drawn[1:4] == [
        "├─ 总投资 = 120.00：取自区工业和信息化局；water填报 126.00",
        "├─ 台套 = 3：出自未单独成行的填报；water填报 2",
        "├─ 取自区工业和信息化局，无不同填报：名称、领域",
    ]


def test_events_of_other_months_are_counted_not_drawn() -> None:
    """Below a row of one month stand the events of that month; the others are told as a number."""
    drawn = "\n".join(lines_of(row("2026-10", event("progress:2026-10", 7), event("progress:2026-09", 6), event("project", 5)), NAMES))
    assert ("第 7 行" in drawn, "第 6 行" in drawn, "第 5 行" in drawn) == (True, False, True)
    assert "另有 1 条其他月份或事项的事件" in drawn


def test_rows_left_out_are_said() -> None:
    """Where a figure counts more rows than are opened, the tree says how many."""
    assert list(lines_of(figure(row("2026-10"), counted=12), NAMES))[-1] == "└─ …另有 11 行（--limit 可多看）"


def test_a_rejected_event_tells_its_reason() -> None:
    """An event that was not accepted is named with its place and the reason."""
    node = {"event_id": "e1", "outcome": "已退回", "topic": "t", "offset": 4, "bureau": "industry", "reason": "金额不是数字"}
    assert list(lines_of(node, NAMES)) == ["事件 e1 已退回（区工业和信息化局，t 第 4 位）：金额不是数字"]


def test_a_row_of_one_material_is_made_of_that_material_s_events() -> None:
    """Where a row's key names month and material, the other materials' events are marked; a whole entity's row has all."""
    registers = ("recovered:2026-01|废钢铁", "recovered:2026-01|废有色金属", "recovered:2026-02|废钢铁")
    assert of_row(registers, "commerce:911|2026-01\\|废钢铁", "commerce:911") == [True, False, False]
    assert all(of_row(registers, "commerce:911", "commerce:911"))
    assert all(of_row(registers, "commerce:911|something else", "commerce:911"))
