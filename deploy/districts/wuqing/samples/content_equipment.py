"""Monthly project workbooks of the nine industry bureaus and of the recycling list: sheets and facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import content_projects as table
from content_projects import PROJECTS, Project
from sheets import Column, Content, Fact, Row, Sheet, full_width, period_of, third_line

LIST_SHEET, PROGRESS_SHEET, HISTORY_SHEET = "设备更新项目清单", "项目进度", "历史进度"
RECYCLING_SHEET = "回收循环利用项目清单"
_MONEY = (
    "total_investment", "equipment_investment", "plan2025", "plan2026", "plan2027", "超长期特别国债", "中央预算内投资",
    "市级", "区级", "银行贷款", "企业自筹", "funds_arrived", "funds_paid", "invested_this_month",
    "invested_year_to_date", "invested_since_start",
)  # fmt: skip
_DATES = ("starts_on_planned", "starts_on_actual", "ends_on_planned", "ends_on_actual", "updated_on")
_NOT_STATED = ("updated_on", "reason", "withdrawn", "no", "_number")


@dataclass(frozen=True, slots=True)
class Habit:
    """How a bureau fills in the form.

    Attributes:
        unit: unit of money in the headings; empty: the title line names it.
        line_unit: unit of money on the title line.
        total_unit: unit of 总投资 where it differs.
        dates: how a date is written: ``cell``, ``年月日``, ``点`` (2026.9.30) or ``mixed``.
        wide: numbers are typed in full width.
    """

    unit: str = "万元"
    line_unit: str = "万元"
    total_unit: str = "万元"
    dates: str = "cell"
    wide: bool = False
    totals: str = "above"
    subtotal_key: str = ""
    reverse_in_october: bool = False
    code_without_hyphens: bool = False
    units_with_words: bool = False


HABITS: Mapping[str, Habit] = {
    "industry": Habit(reverse_in_october=True),
    "agriculture": Habit(dates="mixed", totals="below"),
    "housing": Habit(code_without_hyphens=True, units_with_words=True),
    "urban-management": Habit(wide=True, dates="年月日"),
    "transport": Habit(total_unit="亿元", dates="mixed"),
    "water": Habit(totals="below"),
    "health": Habit(subtotal_key="construction_nature"),
    "education": Habit(unit="", line_unit="元", total_unit="", dates="年月日"),
    "culture-tourism": Habit(dates="点", totals=""),
    "development-reform": Habit(totals="below", dates="mixed"),
}
_FACTOR = {"元": 10_000, "万元": 1, "亿元": 0.0001}


def projects_of(bureau: str, month: int) -> list[Project]:
    """Return the projects that a bureau's list holds at the end of September (9) or October (10), in its own order."""
    chosen = [p for p in PROJECTS if p.bureau == bureau and (p.states[0] or month == 10)]
    if bureau == "urban-management":
        chosen += [p for p in PROJECTS if p.id == table.SHARED]
    if HABITS[bureau].subtotal_key:
        chosen.sort(key=lambda p: str(table.statement(p, 9).get(HABITS[bureau].subtotal_key)))
    if month == 10 and HABITS[bureau].reverse_in_october:
        chosen.reverse()
    return chosen


def key_of(project: Project) -> str:
    """Return the entity key: the 项目代码, or the internal number where the project was first known by that."""
    return project.id if project.id == table.NO_CODE_YET else table.code_of(project)


def list_rows(content: Content, bureau: str, month: int, step: str) -> list[Row]:
    """Return the rows of the project list and record what they say."""
    rows = []
    for project in projects_of(bureau, month):
        by = bureau if project.bureau != bureau else ""
        gone = project.id == table.WITHDRAWN and month == 10
        row = table.statement(project, 9 if gone else month, by=by)
        key = key_of(project)
        if gone:
            row |= {"withdrawn": "是", "reason": "与另一项目重复立项", "updated_on": date(2026, 10, 31)}
            content.facts.append(Fact(step, bureau, "ProjectWithdrawn", key, {"reason": row["reason"]}))
        else:
            name = "设备更新" if bureau != "development-reform" else "回收循环"
            facts = {k: v for k, v in row.items() if k not in _NOT_STATED} | {"list": name}
            content.facts.append(Fact(step, bureau, "ProjectAdded", key, facts))
        rows.append(row)
    return rows


def progress_rows(content: Content, bureau: str, month: int, step: str) -> list[Row]:
    """Return the month's progress rows and record what they say."""
    rows = []
    for project in projects_of(bureau, month):
        if not project.invested(2026, month):
            continue
        monthly = table.SHARED_MONTHLY if project.bureau != bureau else 0
        row = table.progress(
            project, 2026, month, monthly=monthly,
            corrected=month == 10 and project.id == table.CORRECTED,
        )  # fmt: skip
        row["units_done"] = project.units[1 if month == 9 else 2]
        row["build_state"] = project.states[0 if month == 9 else 1]
        rows.append(row)
        content.facts.append(_progress_fact(step, bureau, project, row))
    return rows


def history_rows(content: Content, bureau: str, step: str) -> list[Row]:
    """Return the progress of 2025 and of 2026 up to August and record what it says."""
    rows = []
    for project in projects_of(bureau, 9):
        if project.bureau != bureau:
            continue
        for year, month in table.progress_months(project):
            row = table.progress(project, year, month)
            rows.append(row)
            content.facts.append(_progress_fact(step, bureau, project, row))
    return rows


def correction_rows(content: Content, step: str) -> list[Row]:
    """Return the one row by which the industry bureau lowers September's progress after the close."""
    project = next(p for p in PROJECTS if p.id == table.CORRECTED)
    row = table.progress(project, 2026, 9, corrected=True)
    row |= {"units_done": project.units[1], "build_state": project.states[0], "reason": "设备到货推迟，核减当月投资"}
    content.facts.append(_progress_fact(step, "industry", project, row))
    return [row]


def _progress_fact(step: str, bureau: str, project: Project, row: Row) -> Fact:
    facts = {k: v for k, v in row.items() if k not in ("no", "name", "project_code", "internal_no")}
    return Fact(step, bureau, "ProjectProgressReported", key_of(project), facts, sub=row["month"])


def list_sheet(bureau: str, month: str, rows: list[Row], *, totals: str | None = None) -> Sheet:
    """Lay out the project list of a month."""
    habit = HABITS[bureau]
    name = RECYCLING_SHEET if bureau == "development-reform" else LIST_SHEET
    return Sheet(
        name, f"武清区{name}", table.columns(habit.total_unit, habit.unit), dressed(rows, habit),
        period=f"（{period_of(month)}）", third=third_line(bureau, habit.line_unit if not habit.unit else ""),
        totals=habit.totals if totals is None else totals, subtotal_key=habit.subtotal_key,
    )  # fmt: skip


def progress_sheet(bureau: str, month: str, rows: list[Row]) -> Sheet:
    """Lay out the progress of a month; an empty month makes the history sheet."""
    habit = HABITS[bureau]
    history = not month
    return Sheet(
        HISTORY_SHEET if history else PROGRESS_SHEET, "武清区项目投资完成情况",
        table.progress_columns(habit.unit, history=history), dressed(rows, habit),
        period=f"（{period_of(month)}）" if month else "", third=third_line(bureau, "" if habit.unit else habit.line_unit),
        totals="" if history else "below",
    )  # fmt: skip


def dressed(rows: list[Row], habit: Habit) -> list[Row]:
    """Write rows the way a bureau does: its units, its dates, its digits."""
    return [_dressed(row, habit, number) for number, row in enumerate(rows, 1)]


def _dressed(row: Row, habit: Habit, number: int) -> Row:
    result: Row = {"no": number} | row
    for key in _MONEY:
        value = row.get(key)
        if isinstance(value, int):
            result[key] = _money(value, habit, key)
    for key in _DATES:
        if isinstance(row.get(key), date):
            result[key] = date_text(row[key], habit.dates, number)
    if habit.code_without_hyphens and number == 1 and row.get("project_code"):
        result["project_code"] = row["project_code"].replace("-", "")
    if habit.units_with_words and row.get("units_planned"):
        result["units_planned"] = f"{row['units_planned']}台(套)"
    return result


def _money(value: int, habit: Habit, key: str) -> Any:
    unit = habit.total_unit if key == "total_investment" else habit.unit
    scaled = round(value * _FACTOR[unit or habit.line_unit], 6)
    if habit.wide:
        return full_width(f"{scaled:,}")
    return scaled


def date_text(value: date, style: str, number: int = 0) -> Any:
    """Write a date as a cell or as text in one of the ways that clerks use."""
    styles = ("cell", "年月日", "点")
    chosen = styles[number % len(styles)] if style == "mixed" else style
    if chosen == "年月日":
        return f"{value.year}年{value.month}月{value.day}日"
    if chosen == "点":
        return f"{value.year}.{value.month}.{value.day}"
    return value


def wrong_first_draft(bureau: str, rows: list[Row]) -> tuple[list[Row], tuple[int, ...]]:
    """Return a first draft of the September list with rows that come back, and the numbers of their errors.

    The draft is followed by a corrected workbook; what was right in the draft publishes nothing the second time.
    """
    by_id = {row["internal_no"]: dict(row) for row in rows}
    if bureau == "industry":
        by_id["P8"]["total_investment"] = 100_000_000
        extra = [dict(by_id["P2"]), dict(by_id["P6"])]
        extra[0] |= {"project_code": "", "internal_no": "Q1", "name": "冲压模具更新", "equipment_investment": 5100}
        extra[1] |= {"project_code": "", "internal_no": "Q2", "name": "焊接夹具更新", "funds_arrived": "约300万"}
        return [*by_id.values(), *extra], (12, 17, 14)
    if bureau == "health":
        by_id["Y5"]["ends_on_actual"] = None
        by_id["Y3"]["build_state"] = "在建中"
        by_id["Y1"]["starts_on_actual"] = "2026年2月30日"
        return list(by_id.values()), (31, 32, 27)
    by_id["E3"]["企业自筹"] += 20
    return list(by_id.values()), (18,)


DRAFTS = ("industry", "health", "education")
"""Bureaus that send a wrong first draft in September."""


def project_columns(bureau: str) -> tuple[Column, ...]:
    """Give the columns of a bureau's project list, for the check that its connector knows them all."""
    habit = HABITS[bureau]
    return table.columns(habit.total_unit, habit.unit)
