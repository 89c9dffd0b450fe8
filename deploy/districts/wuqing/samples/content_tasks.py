"""Progress of the work plan's tasks, safeguards and requirements: each bureau's part of those whose brackets name it."""

import tomllib
from datetime import date
from pathlib import Path

from sheets import BUREAU_NAMES, Column, Content, Fact, Row, Sheet, period_of, third_line

_PLAN = tomllib.loads((Path(__file__).resolve().parent.parent / "tasks.toml").read_text(encoding="utf-8"))
TASKS = [task for part in ("task", "safeguard", "requirement") for task in _PLAN[part]]
#: These return nil: what they do is told by others.
NIL = ("police", "government-offices")
TASKS_OF = {
    bureau: [task["no"] for task in TASKS if bureau in task["bureaus"]]
    for bureau in BUREAU_NAMES if bureau not in NIL and any(bureau in task["bureaus"] for task in TASKS)
}  # fmt: skip
COLUMNS = tuple(
    Column(head, key)
    for head, key in (
        ("序号", "no"), ("任务编号", "task_no"), ("进展状态", "state"), ("工作进展", "text"), ("完成数量", "quantity"), ("计量单位", "unit"),
        ("下步节点", "milestone"), ("完成时限", "due_on"),
    )
)  # fmt: skip
#: (bureau, task) → state from a month on; all others are under way.
_STATES = {
    ("science", "保障6"): {"2026-09": "未启动"}, ("housing", "2"): {"2026-10": "滞后"}, ("tax", "保障3"): {"2026-10": "已完成"},
    ("development-reform", "要求1"): {"2026-09": "已完成"}, ("agriculture", "3"): {"2026-10": "滞后"},
}  # fmt: skip
_COUNTED = {("agriculture", "3"): ("台", {"2026-09": 86, "2026-10": 97}), ("housing", "2"): ("部", {"2026-09": 24, "2026-10": 31})}
_NEXT = {("housing", "2"): ("完成第二批电梯更新招标", date(2026, 11, 20)), ("agriculture", "3"): ("完成秋季农机报废核验", date(2026, 12, 10))}


def task_sheet(content: Content, bureau: str, month: str) -> Sheet:
    """Return the progress of the tasks that name the bureau."""
    rows: list[Row] = []
    for task in TASKS_OF[bureau]:
        state = max(((since, said) for since, said in _STATES.get((bureau, task), {}).items() if since <= month), default=("", "推进中"))[1]
        text = f"{period_of(month)}按月度计划推进任务{task}，{BUREAU_NAMES[bureau]}负责事项均已启动。"
        if state == "未启动":
            text = f"任务{task}的实施方案正在征求意见，本月未启动。"
        row: Row = {"no": len(rows) + 1, "task_no": task, "state": state, "text": text}
        if (bureau, task) in _COUNTED:
            unit, by_month = _COUNTED[bureau, task]
            row |= {"quantity": by_month[month], "unit": unit}
        if (bureau, task) in _NEXT:
            row |= dict(zip(("milestone", "due_on"), _NEXT[bureau, task], strict=True))
        rows.append(row)
        facts = {name: value for name, value in row.items() if name not in ("no", "task_no")} | {"month": month}
        content.facts.append(Fact(month, bureau, "TaskProgressReported", task, facts, sub=month))
    return Sheet("任务进展", "重点任务进展情况", COLUMNS, rows, period=f"（{period_of(month)}）", third=third_line(bureau))
