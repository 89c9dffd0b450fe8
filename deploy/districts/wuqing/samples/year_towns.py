"""What towns, streets and parks report of every month of the sample year: their part of the safeguards, publicity, and now and then a matter."""

import tomllib
from collections.abc import Mapping

import content_lists as lists
import content_supervision as supervision
import content_tasks as tasks
from sheets import Content, Fact, Row, Sheet, period_of
from signing import DISTRICT
from year_base import MONTHS, day, later, of_month, sheet, stream

_TABLE = tomllib.loads((DISTRICT / "towns.toml").read_text(encoding="utf-8"))
TOWNS: Mapping[str, str] = {town["code"]: town["name"] for town in _TABLE["town"]}
DUTIES = {town: list(_TABLE["reporting"]["owes"]) for town in TOWNS}
SILENT = {(MONTHS[3], town) for town in list(TOWNS)[5::14]} | {(MONTHS[9], list(TOWNS)[20])}
"""(month, town): nothing came, in the month of the Spring Festival and in August."""
_SHARED = [task["no"] for task in tasks.TASKS if task.get("everyone")]
_DOINGS = ("入户宣传并登记更新意向", "走访辖区企业并收集设备更新需求", "协助核对项目台账和现场进度", "配合落实用地和施工条件", "组织回收企业进社区、进村")
_ACTIVITIES = (("家电以旧换新进社区", "现场活动", 620), ("“两新”政策进村入企", "宣传资料", 900), ("回收便民日", "现场活动", 340))
#: Text, proposal, asked of; days until it is solved.
_MATTERS = (
    ("小区加装电梯住户意见不一", "派员指导协商", "区住房建设委", 75), ("回收站点临时用地手续不全", "明确办理路径", "市规划资源局武清分局", 110),
    ("农机报废回收需跨镇运输", "就近增设回收点", "区农业农村委", 64), ("园区企业设备更新贷款担保不足", "组织银企对接", "区财政局", 90),
)  # fmt: skip


def sheets(content: Content, seed: int, town: str, month: str) -> list[Sheet]:
    """Return a town's sheets of a month."""
    found = (_tasks(content, seed, town, month), _publicity(content, seed, town, month), _matters(content, town, month))
    return [each for each in found if each]


def _tasks(content: Content, seed: int, town: str, month: str) -> Sheet | None:
    first = list(TOWNS).index(town)
    rows: list[Row] = []
    for task in sorted({_SHARED[first % len(_SHARED)], _SHARED[(first + 2) % len(_SHARED)], "保障5"} & set(_SHARED)):
        chance = stream(seed, "town task", town, task, month)
        row: Row = {"state": "推进中", "text": f"{period_of(month)}{TOWNS[town]}{chance.choice(_DOINGS)}。", "quantity": chance.randint(3, 60), "unit": "户"}
        content.facts.append(Fact(month, town, "TaskProgressReported", task, row | {"month": month}, sub=month))
        rows.append({"task_no": task} | row)
    return sheet("任务进展", "重点任务进展情况", tasks.COLUMNS, rows, town, month)


def _publicity(content: Content, seed: int, town: str, month: str) -> Sheet | None:
    rows: list[Row] = []
    for activity, channel, reach in _ACTIVITIES:
        chance = stream(seed, "town publicity", town, activity, month)
        if chance.random() < 0.55 or not rows:
            rows.append({"activity": activity, "channel": channel, "reach": round(reach * chance.uniform(0.4, 1.5))})
            content.facts.append(Fact(month, town, "PublicityReported", activity, {"month": month, "reach": rows[-1]["reach"]}, sub=month))
    return sheet("宣传引导", "宣传引导情况", supervision.PUBLICITY_COLUMNS, rows, town, month)


def _matters(content: Content, town: str, month: str) -> Sheet | None:
    """Return the matter of every fourth town, from the month in which it is raised to the one in which it is solved."""
    number = list(TOWNS).index(town)
    text, proposal, asks, days = _MATTERS[number // 4 % len(_MATTERS)]
    since = MONTHS[(number // 4 * 5 + 1) % len(MONTHS)]
    raised = day(since, 9 + number % 12)
    solved = later(raised, days)
    if number % 4 or not since <= month <= of_month(solved):
        return None
    no, facts = f"{TOWNS[town]}-{since[2:4]}-01", {"text": text, "proposal": proposal, "asks_of": asks, "raised_on": raised}
    content.facts.append(Fact(month, town, "ProblemRaised", no, facts))
    row: Row = {"problem_no": no} | facts
    if month == of_month(solved):
        row |= {"resolved_on": solved, "resolution": "已协调办结"}
        content.facts.append(Fact(month, town, "ProblemResolved", no, {"resolution": "已协调办结", "on": solved}))
    return sheet("协调事项", "需协调解决的事项", lists.PROBLEM_COLUMNS, [row], town, month)
