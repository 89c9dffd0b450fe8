"""Tasks of the work plan: their board bureau by bureau, who is silent, the sentence, the sheet, the page, and what is asked about."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from exchange_contracts.rules import RULES
from exchange_hub.console import boards
from exchange_hub.programme.district import District
from exchange_hub.programme.task_progress import PlanTask, Tally, board, tally
from exchange_hub.reports.build import with_annexes
from exchange_hub.reports.model import Report
from exchange_hub.views.fold import fold_component
from exchange_hub.views.lists import LISTS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact
from tests.closing.reading import report_of
from tests.closing.rows import row
from tests.console_rows import PLACE, MemorySource, opened, write_report

TASKS = (
    PlanTask("1", "设备更新", "工业更新", ("industry", "ecology"), ("industry", "ecology")),
    PlanTask("2", "设备更新", "建筑更新", ("housing",), ()),
    PlanTask("要求1", "工作要求", "宣传", ("publicity",), ("publicity",), everyone=True),
)


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


def told(task: str, bureau: str, state: str | None = "推进中", month: str = "2026-10", **values: Any) -> dict[str, Any]:
    """A row of the list."""
    return row("tasks", f"{bureau}|{task}|{month}", bureau, task_no=task, month=month, state=state, text="推进", lead_bureau=bureau, **values)


def states(*rows: dict[str, Any], nil: tuple[str, ...] = ()) -> list[tuple[str, str, str, str]]:
    """The board in short."""
    return [(line["task_no"], line["bureau"], line["part"], line["state"]) for line in board(TASKS, "2026-10", rows, nil)]


def test_every_task_stands_with_each_bureau_that_it_names() -> None:
    """Who owes and told nothing is silent, who returned nil is not; who owes nothing is neither; another month's word is none of this one's."""
    assert states(told("1", "industry", "已完成"), told("1", "ecology", month="2026-09"), nil=("publicity",)) == [
        ("1", "industry", "计划分工", "已完成"), ("1", "ecology", "计划分工", "未报送"), ("2", "housing", "计划分工", "不需报送"),
        ("要求1", "publicity", "计划分工", "零报告"),
    ]  # fmt: skip


def test_what_is_told_beside_the_plan_is_shown_as_such() -> None:
    """A bureau that the plan does not name follows its task; a number that the plan does not have stands last; a word without a state says so."""
    found = states(told("１", "water"), told("要求1", "health", None), told("99", "water"))
    assert found[2] == ("1", "water", "计划外", "推进中")
    assert found[-2:] == [("要求1", "health", "协同", "未填状态"), ("99", "water", "计划外", "推进中")]


def test_a_task_is_done_when_all_who_owe_it_say_so() -> None:
    """Behind is one of which anybody says so; silence counts by bureau, and the plan's tasks alone are counted."""
    done, behind = (told("1", "industry", "已完成"), told("1", "ecology", "已完成")), (told("1", "industry", "滞后"), told("99", "water", "滞后"))
    assert tally(board(TASKS, "2026-10", done)) == Tally(expected=3, told=1, done=1, behind=0, silent=1)
    assert tally(board(TASKS, "2026-10", behind)) == Tally(expected=3, told=1, done=0, behind=1, silent=2)
    assert tally(board(TASKS, "2026-10", (), ("industry", "ecology", "publicity"))) == Tally(3, 0, 0, 0, 0)


def report_with(district: District, *rows: dict[str, Any], month: str = "2026-10") -> tuple[Report, dict[str, list[dict[str, Any]]]]:
    """A report of which only the tasks have rows, and its rows."""
    lists = {view.name: list(rows) if view.name == "tasks" else [] for view in LISTS}
    return report_of(district, lists, month, date(2026, int(month[5:]), 28)), lists


def test_the_report_says_it_in_one_sentence(district: District) -> None:
    """How many of the twenty are done and behind, and how many bureaus are silent; before the duty began and without a word there is no sentence."""
    report, _ = report_with(district, told("保障3", "tax", "已完成"), told("2", "housing", "滞后"))
    assert report.sections[5].paragraphs[0].endswith("20项任务中已完成1项、滞后1项，23个单位有任务未报送。")
    report, _ = report_with(district, month="2026-08")
    assert "项任务中" not in report.sections[5].paragraphs[0]


def test_the_sheet_shows_all_tasks_in_the_plan_s_order(district: District) -> None:
    """With area, title and each bureau by name; a month that was closed before the plan was kept has no such sheet."""
    report, lists = report_with(district, told("保障3", "tax", "已完成", milestone="办理退税", due_on=date(2026, 12, 31)))
    [sheet] = [annex for annex in with_annexes(report, lists).annexes if annex.title == "任务推进情况"]
    assert list(dict.fromkeys(line["task_no"] for line in sheet.rows)) == [task.no for task in district.every_task]
    [tax] = [line for line in sheet.rows if line["bureau"] == "tax"]
    assert (tax["area"], tax["title"], tax["state"], tax["milestone"]) == ("保障措施", "完善税收支持政策", "已完成", "办理退税")
    assert {line["state"] for line in sheet.rows if line is not tax} == {"未报送"}
    older = replace(report, catalogue=replace(report.catalogue, tasks=()))
    assert "任务推进情况" not in [annex.title for annex in with_annexes(older, lists).annexes]


def test_the_page_and_the_api_name_who_is_silent(tmp_path: Path) -> None:
    """Both show the board of the month asked for, on the page a bureau by its name."""
    write_report(tmp_path)
    source = MemorySource()
    source.lists["tasks"] = [told("1", "industry", "已完成"), told("保障2", "finance", month="2026-09")]
    with opened(source, tmp_path, raising=False) as client:
        page = " ".join(client.get("/tasks?month=2026-10").text.split())
        assert "2 项任务，有进展 1 项，已完成 0 项，滞后 0 项，2 个单位有任务未报送" in page
        assert page.index("区工业和信息化局") < page.index("区水务局") < page.index("区财政局")
        assert client.get("/tasks?month=10").status_code == 400
        lines = client.get("/api/tasks/2026-10").json()
    assert [(line["bureau"], line["state"], line["text"]) for line in lines] == [
        ("industry", "已完成", "推进"), ("water", "未报送", None), ("finance", "未报送", None),
    ]  # fmt: skip


@pytest.mark.parametrize(("today", "state"), [(22, "未到期"), (23, "未报送")])
def test_who_is_not_due_yet_is_not_silent(today: int, state: str) -> None:
    """Up to the last day of a month's reports what is missing is awaited; the day after it is silence."""
    with MemorySource().reading() as reading:
        place = replace(PLACE, owed=lambda _month: {(bureau, "tasks"): date(2026, 11, 22) for bureau in ("industry", "water", "finance")})
        lines = boards.task_lines(reading, place, "2026-10", date(2026, 11, today))
    assert ({line["state"] for line in lines}, tally(lines).silent > 0) == ({state}, state == "未报送")


def fold(bureau: str, task: str, rules: FoldRules, **facts: Any) -> tuple[dict[str, Any], list[str]]:
    """The row of a statement of October and the rules of what is asked about."""
    stated = {"task_no": task, "month": "2026-10", "text": "推进", **dict.fromkeys(("state", "quantity", "unit", "milestone", "due_on"))} | facts
    claim = Claim(ClaimKey("task", bureau, task), {"progress:2026-10": Fact("TaskProgressReported", 1, b"", False, stated)})
    result = fold_component([claim], rules)
    return dict(result.rows[0].values), [finding.rule for finding in result.findings]


RULES_OF = FoldRules(tasks={"1": ("工业更新", ("industry",)), "2": ("宣传", ("transport", "*"))})
_DUE = (date(2026, 10, 30) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("bureau", "task", "facts", "asked"),
    [
        ("industry", "1", {}, []), ("water", "1", {}, ["task-not-named"]), ("water", "2", {}, []), ("industry", "9", {}, ["task-not-named"]),
        ("industry", "1", {"state": "推进中", "due_on": _DUE}, ["task-overdue"]), ("industry", "1", {"state": "已完成", "due_on": _DUE}, []),
        ("industry", "1", {"state": "推进中", "due_on": _DUE + 1}, []), ("industry", "1", {"due_on": _DUE}, []),
    ],
)  # fmt: skip
def test_what_is_asked_about_a_statement(bureau: str, task: str, facts: dict[str, Any], asked: list[str]) -> None:
    """Whom the plan does not name, and what is not done after its due day; the due day itself is not after it."""
    assert fold(bureau, task, RULES_OF, **facts)[1] == asked


def test_a_district_without_tasks_asks_nothing() -> None:
    """Nothing is named, and nobody is told to be none of it."""
    values, asked = fold("water", "1", FoldRules())
    assert (values["title"], values["named"], asked) == (None, None, [])


def test_a_quantity_has_its_unit() -> None:
    """A number of nothing is refused; a zero is a number."""
    [rule] = RULES["TaskProgressReported"]
    assert rule.broken({"quantity": 0, "unit": None}) == "填写了数量，请同时填写计量单位"
    assert rule.broken({"quantity": 3, "unit": "台"}) is None
    assert rule.broken({"quantity": None, "unit": "台"}) is None
