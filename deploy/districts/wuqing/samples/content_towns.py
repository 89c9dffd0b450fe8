"""What a few towns report of each month, and the outlets that commerce lists: claims that are confirmed, that differ, and that wait.

A claim makes no row of its owner's list, so that none of a town's projects and outlets stands in any expected figure.
"""

from collections.abc import Callable, Iterable
from datetime import date

import content_projects as table
from content_lists import PROBLEM_COLUMNS
from content_projects import PROJECTS, uscc
from sheets import BUREAU_NAMES, TOWN_NAMES, Book, Column, Content, Fact, Row, Sheet, period_of, third_line

#: Town → number and kind of an activity, people reached in September and October.
_ACTIVITIES = {"yangcun": ("家电以旧换新进小区", 860, 920), "meichang": ("老旧农机报废更新进村", 240, 310), "tech-valley": ("设备更新政策进企业", 75, 90)}
#: Town → safeguard → state of September and October.
_TASKS = {
    "yangcun": {"保障5": ("推进中", "推进中"), "保障1": ("推进中", "已完成")}, "meichang": {"保障5": ("推进中", "滞后")}, "tech-valley": {"保障6": ("推进中", "推进中"), "保障5": ("已完成", "已完成")},
}  # fmt: skip
#: Town → projects on its ground: number in the table of projects, and the total that the town tells where it differs (万元).
_PROJECTS: dict[str, tuple[tuple[str, int | None], ...]] = {"yangcun": (("H1", None), ("T1", 5200)), "meichang": (("U2", None),), "tech-valley": (("P4", None),)}
#: A project that no bureau has listed yet.
_UNKNOWN = ("meichang", "梅厂-2026-01", "农产品冷链设备更新", "农业", "梅厂冷链样例公司", 360)
#: Number, name, operator, town, materials, state, opened; those without a lister are what a town alone tells.
_OUTLETS = (
    ("HS-001", "杨村第一回收站", 401, "样例再生资源公司", "yangcun", "废纸、废塑料", "营业", date(2024, 5, 1), True),
    ("HS-002", "杨村家电回收点", 402, "样例家电回收公司", "yangcun", "废弃电器电子产品", "营业", date(2024, 9, 1), True),
    ("HS-003", "梅厂镇回收站", 401, "样例再生资源公司", "meichang", "废钢铁、废纸", "营业", date(2025, 3, 1), True),
    ("HS-004", "崔黄口镇回收站", 403, "样例物资回收公司", "", "废钢铁、废有色金属", "停业", date(2023, 7, 1), True),
    ("HS-101", "梅厂集市回收点", 404, "样例便民回收公司", "meichang", "废纸", "营业", date(2026, 8, 20), False),
)  # fmt: skip
#: Number → what the town says of its state where it differs.
_OTHERWISE = {"HS-002": "停业"}


def _columns(*pairs: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(head, key) for head, key in pairs)


_GONE = (("撤销/是否撤销", "gone"), ("撤销/原因", "gone_reason"), ("更新日期", "updated_on"))
_OUTLET_HEAD = (
    ("序号", "no"), ("备案编号", "outlet_no"), ("网点名称", "name"), ("经营主体/名称", "operator_name"), ("经营主体/统一社会信用代码", "operator_uscc"),
)  # fmt: skip
_OUTLET_REST = (("地址", "address"), ("回收品类", "materials"), ("营业状态", "state"), ("启用日期", "opened_on"), *_GONE)
OUTLET = _columns(*_OUTLET_HEAD, *_OUTLET_REST)
COMMERCE_OUTLET = _columns(*_OUTLET_HEAD, ("所在镇街园区", "town"), *_OUTLET_REST)
PROJECT = _columns(
    ("序号", "no"), ("项目代码", "project_code"), ("内部编号", "internal_no"), ("项目名称", "name"), ("所属清单", "list"), ("领域", "domain"), ("建设性质", "construction_nature"),
    ("项目单位/名称", "owner_name"), ("项目单位/统一社会信用代码", "owner_uscc"), ("总投资（万元）", "total_investment"), ("建设状态", "build_state"), ("存在问题", "problems"), *_GONE,
)  # fmt: skip
_TASK = _columns(
    ("序号", "no"), ("任务编号", "task_no"), ("进展状态", "state"), ("工作进展", "text"), ("完成数量", "quantity"), ("计量单位", "unit"), ("下步节点", "milestone"), ("完成时限", "due_on"),
)  # fmt: skip
_PUBLICITY = _columns(("序号", "no"), ("宣传活动", "activity"), ("渠道", "channel"), ("触达人次", "reach"), ("链接", "link"))
LISTS = {"辖区项目": "project-claims", "辖区网点": "outlet-claims"}
TITLES = {"project-claims": "镇街园区申报项目", "outlet-claims": "镇街园区申报网点"}


def duties(table_of_towns: dict[str, object]) -> dict[str, list[str]]:
    """Return what each town that reports owes, from ``towns.toml``."""
    owes = table_of_towns["reporting"]["owes"]  # type: ignore[index]  # a table of TOML
    return {town["code"]: list(owes) for town in table_of_towns["town"] if town.get("reports")}  # type: ignore[attr-defined]  # an array of tables


def is_claim(fact: Fact) -> bool:
    """Tell whether a fact is a claim, which counts in no figure."""
    return fact.bureau not in BUREAU_NAMES and fact.event == "ProjectAdded"


def monthly(content: Content, month: str, signing: Callable[[Content, str, str, list[Sheet]], list[Sheet]]) -> None:
    """Declare the workbook of each town."""
    for town, name in TOWN_NAMES.items():
        found = [_publicity(content, town, month), _tasks(content, town, month), _problems(content, town, month), _projects(content, town, month), _outlets_of(content, town, month)]
        sheets = [sheet for sheet in found if sheet.rows]
        content.books.append(Book(month, town, f"{name}月报（{period_of(month)}）.xlsx", (*sheets, *signing(content, town, month, sheets))))


def outlet_sheet(content: Content, month: str) -> Sheet:
    """Return the outlets that commerce lists."""
    rows = [_outlet(content, "commerce", month, each, n) for n, each in enumerate((each for each in _OUTLETS if each[-1]), 1)]
    return _sheet("回收网点清单", "回收网点清单", COMMERCE_OUTLET, rows, "commerce", month)


def _outlets_of(content: Content, town: str, month: str) -> Sheet:
    rows = [_outlet(content, town, month, each, n) for n, each in enumerate((each for each in _OUTLETS if each[4] == town), 1)]
    return _sheet("辖区网点", "镇街园区申报网点", OUTLET, rows, town, month)


def _outlet(content: Content, by: str, month: str, outlet: tuple[object, ...], no: int) -> Row:
    number, name, operator, operator_name, town, materials, state, opened, _ = outlet
    said = _OTHERWISE.get(str(number), state) if by in TOWN_NAMES else state
    row: Row = {
        "outlet_no": number, "name": name, "operator_name": operator_name, "operator_uscc": uscc(int(str(operator))), "materials": materials, "state": said,
        "opened_on": opened, "updated_on": date(2026, 9, 20),
    }  # fmt: skip
    if by == "commerce":
        row["town"] = TOWN_NAMES.get(str(town), "崔黄口镇")
    content.facts.append(Fact(month, by, "OutletListed", str(number), row))
    return row | {"no": no}


def _projects(content: Content, town: str, month: str) -> Sheet:
    rows: list[Row] = []
    for id_, total in _PROJECTS.get(town, ()):
        project = next(each for each in PROJECTS if each.id == id_)
        known = table.statement(project, 9)
        row = {name: known[name] for name in ("name", "construction_nature", "owner_name", "owner_uscc", "build_state")}
        rows.append(row | {"project_code": table.code_of(project), "list": "设备更新", "domain": project.domain, "total_investment": total or project.total})
    if town == _UNKNOWN[0]:
        _, number, name, domain, owner, amount = _UNKNOWN
        rows.append({"internal_no": number, "name": name, "list": "设备更新", "domain": domain, "construction_nature": "改建和技术改造", "owner_name": owner, "total_investment": amount, "build_state": "谋划"})
    for no, row in enumerate(rows, 1):
        row["updated_on"] = date(2026, 9, 20)
        content.facts.append(Fact(month, town, "ProjectAdded", str(row.get("project_code") or row["internal_no"]), dict(row)))
        row["no"] = no
    return _sheet("辖区项目", "镇街园区申报项目", PROJECT, rows, town, month, "万元")


def _publicity(content: Content, town: str, month: str) -> Sheet:
    activity, september, october = _ACTIVITIES[town]
    row: Row = {"no": 1, "activity": activity, "channel": "现场活动", "reach": september if month == "2026-09" else october}
    content.facts.append(Fact(month, town, "PublicityReported", activity, {"month": month, "reach": row["reach"]}, sub=month))
    return _sheet("宣传引导", "宣传引导情况", _PUBLICITY, [row], town, month)


def _tasks(content: Content, town: str, month: str) -> Sheet:
    rows: list[Row] = []
    for task, (september, october) in _TASKS[town].items():
        said = {"state": september if month == "2026-09" else october, "text": f"{period_of(month)}按月度计划推进{task}，{TOWN_NAMES[town]}负责事项均已启动。"}
        content.facts.append(Fact(month, town, "TaskProgressReported", task, said | {"month": month}, sub=month))
        rows.append({"no": len(rows) + 1, "task_no": task, **said})
    return _sheet("任务进展", "重点任务进展情况", _TASK, rows, town, month)


def _problems(content: Content, town: str, month: str) -> Sheet:
    rows: list[Row] = []
    if town == "meichang":
        said = {"text": "村级回收点临时用地手续不全", "raised_on": date(2026, 9, 16)}
        content.facts.append(Fact(month, town, "ProblemRaised", "梅厂-01", said))
        rows.append({"no": 1, "problem_no": "梅厂-01", **said, "proposal": "明确回收点临时用地办理路径", "asks_of": "区商务局"})
    return _sheet("协调事项", "需协调解决的事项", PROBLEM_COLUMNS, rows, town, month)


def _sheet(name: str, title: str, columns: tuple[Column, ...], rows: Iterable[Row], by: str, month: str, unit: str = "") -> Sheet:
    return Sheet(name, title, columns, list(rows), period=f"（{period_of(month)}）", third=third_line(by, unit))
