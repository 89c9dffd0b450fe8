"""The figures of the tasks by plain loops, from the district's own files: shares no code with the product."""

import tomllib
from pathlib import Path

from tests.closing.rows import Lists

_FOLDER = Path("deploy/districts/wuqing")


def tasks(lists: Lists, month: str) -> dict[str, int]:
    """Work out how the tasks stand: a task is done when all who owe it say so, behind when anybody says so."""
    plan = tomllib.loads((_FOLDER / "tasks.toml").read_text(encoding="utf-8"))
    duties = tomllib.loads((_FOLDER / "submissions.toml").read_text(encoding="utf-8"))
    owe = {by for duty in duties["duty"] if duty["list"] == "tasks" for by in duty["bureaus"]} if month >= duties["first_month"] else set()
    nil = {r["bureau"] for r in lists["submissions"] if r["list"] == "tasks" and r["month"] == month and r["state"] == "零报告"}
    said = {(r["task_no"], r["lead_bureau"]): r["state"] for r in lists["tasks"] if r["month"] == month}
    counts = dict.fromkeys(("expected", "told", "done", "behind"), 0)
    silent = set()
    for task in plan["task"] + plan["safeguard"] + plan["requirement"]:
        states = {by: state for (no, by), state in said.items() if no == task["no"]}
        owing = [by for by in task["bureaus"] if by in owe or by in states or by in nil]
        counts["expected"] += 1
        counts["told"] += bool(states)
        counts["behind"] += "滞后" in states.values()
        counts["done"] += bool(owing) and all(states.get(by) == "已完成" for by in owing)
        silent |= {by for by in task["bureaus"] if by in owe and by not in states and by not in nil}
    return {f"tasks.合计.{name}": count for name, count in (*counts.items(), ("silent", len(silent)))}
