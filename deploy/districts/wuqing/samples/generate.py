"""Write the sample workbooks of the district and the ledger of what must come out.

    python generate.py OUT [--seed 2026]

``OUT/<step>/<bureau>/*.xlsx`` in the order in which the demo drops them (steps: 2026-09; after its close 2026-09-late;
then 2026-10) and ``OUT/ledger.json``. The same seed gives the same bytes. Nothing of the product is imported; the
district's TOML is read for the monthly duties and the calendar.
"""

import argparse
import json
import random
import tomllib
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import content_equipment as equipment
import content_funds as money
import content_lines as lines
import content_lists as lists
import content_matches as matches
import content_safeguards as safeguards
import content_stocks as stocks
import content_supervision as supervision
import content_tasks as tasks
import content_towns as towns
import content_trade as trade
import ledger
import ledger_state
from content_projects import SILENT_IN_OCTOBER
from sheets import BUREAU_NAMES, STEPS, Book, Column, Content, Fact, Row, Sheet, period_of, third_line, write

DISTRICT = Path(__file__).resolve().parent.parent
SEPTEMBER, LATE, OCTOBER = STEPS
CLOSED_ON = {SEPTEMBER: date(2026, 9, 30), OCTOBER: date(2026, 10, 31)}
"""As-of date of each close: the last day of the month."""

LIST_OF_SHEET = {
    "设备更新项目清单": "equipment-projects", "回收循环利用项目清单": "recycling-projects", "先进设备企业清单": "enterprises",
    "任务进展": "tasks", "市级文件收文登记": "documents", "报废淘汰台账": "scrappage", "家电以旧换新明细": "trade-in",
    "数码产品购新明细": "trade-in", "汽车报废更新明细": "trade-in", "以旧换新汇总": "trade-in", "回收利用台账": "materials",
    "资金政策清单": "funding-policies", "资金下达": "funds", "项目资金审核": "funds", "补贴支付明细": "funds", "资金冲回": "funds",
    "基期数据": "indicators", "目标任务": "indicators", "指标数据": "indicators", "要素保障": "safeguards", "宣传引导": "publicity",
    "淘汰目录设备": "elimination", **towns.LISTS,
}  # fmt: skip
LIST_TITLES = {
    "equipment-projects": "设备更新项目清单", "recycling-projects": "回收循环利用项目清单", "enterprises": "先进设备企业清单",
    "tasks": "任务进展", "documents": "文件与落实措施", "scrappage": "报废淘汰台账", "trade-in": "以旧换新台账",
    "materials": "回收利用台账", "funding-policies": "资金政策清单", "funds": "资金台账", "indicators": "目标体系", "safeguards": "要素保障情况",
    "publicity": "宣传引导情况", "elimination": "淘汰目录设备", **towns.TITLES,
}  # fmt: skip
SUBMISSION_COLUMNS = tuple(
    Column(head, key)
    for head, key in (
        ("序号", "no"), ("清单名称", "list"), ("报送行数", "rows"), ("合计金额（万元）", "total"), ("签字/填报", "by"),
        ("签字/审核", "checked"), ("签字/签发", "signed"), ("进度说明", "explanation"),
    )
)  # fmt: skip
NIL_COLUMNS = tuple(Column(head, key) for head, key in (("序号", "no"), ("清单名称", "list"), ("说明", "why")))
#: What bureaus say of a pace behind the plan, with their confirmation.
EXPLAINED = {
    ("2026-09", "industry"): "两户企业主机交货推迟，九月完工量少于计划", ("2026-10", "industry"): "大宗设备招标推迟到三季度，安装集中在十一月",
    ("2026-10", "health"): "放射设备配置许可办理周期较长，两个项目未能开工",
}  # fmt: skip
SILENT = {(OCTOBER, SILENT_IN_OCTOBER), (OCTOBER, "power-supply"), (SEPTEMBER, "emergency"), (OCTOBER, "emergency")}


def duties() -> dict[str, list[str]]:
    """Return bureau → lists it owes every month, from the district's TOML."""
    owed: dict[str, list[str]] = {}
    table = tomllib.loads((DISTRICT / "submissions.toml").read_text(encoding="utf-8"))
    for duty in table["duty"]:
        for bureau in duty["bureaus"]:
            owed.setdefault(bureau, []).append(duty["list"])
    return owed | towns.duties(tomllib.loads((DISTRICT / "towns.toml").read_text(encoding="utf-8")))


def due_days() -> dict[date, date]:
    """Return day of receipt → tenth working day from the day after, for every day of 2026 up to mid-December."""
    table = tomllib.loads((DISTRICT / "calendar.toml").read_text(encoding="utf-8"))
    off = {d for year in table["year"] for d in year["holidays"]}
    on = {d for year in table["year"] for d in year["working"]}
    result = {}
    for start in range(345):
        received = day = date(2026, 1, 1) + timedelta(days=start)
        left = 10
        while left:
            day += timedelta(days=1)
            left -= day in on or (day.weekday() < 5 and day not in off)
        result[received] = day
    return result


def _signing(content: Content, bureau: str, month: str, sheets: list[Sheet]) -> list[Sheet]:
    """Return the nil return and the confirmation that close a bureau's monthly workbook."""
    rows: Counter[str] = Counter()
    for sheet in sheets:
        if sheet.name in LIST_OF_SHEET:
            rows[LIST_OF_SHEET[sheet.name]] += len(sheet.rows)
    confirmed: list[Row] = []
    nil: list[Row] = []
    for name in duties().get(bureau, []):
        if rows[name]:
            total = _list_total(bureau, month) if name == "equipment-projects" else None
            confirmed.append({"no": len(confirmed) + 1, "list": LIST_TITLES[name], "rows": rows[name], "total": total,
                              "by": "已签", "checked": "已签", "signed": "已签",
                              "explanation": EXPLAINED.get((month, bureau), "") if name == "equipment-projects" else ""})  # fmt: skip
            facts = {"month": month, "rows": rows[name]}
            content.facts.append(Fact(month, bureau, "SubmissionConfirmed", f"{name}@{month}", facts))
        else:
            nil.append({"no": len(nil) + 1, "list": LIST_TITLES[name], "why": "本月无发生"})
            content.facts.append(Fact(month, bureau, "NilReturned", f"{name}@{month}", {"month": month}))
    period, third = f"（{period_of(month)}）", third_line(bureau)
    found = [Sheet("零报告", "零报告", NIL_COLUMNS, nil, period, third)] if nil else []
    return (
        [*found, Sheet("报送确认单", "报送确认单", SUBMISSION_COLUMNS, confirmed, period, third, foot=())]
        if confirmed
        else found
    )


def _list_total(bureau: str, month: str) -> int:
    """Return the sum of 总投资 on the bureau's list in 万元, a withdrawn project included (it stands on the sheet)."""
    number = int(month[5:])
    total = 0
    for project in equipment.projects_of(bureau, number):
        shared = project.bureau != bureau
        total += equipment.table.SHARED_TOTAL if shared else project.total
    return total


def _lists_of(content: Content, bureau: str, month: str) -> list[Sheet]:
    """Return the sheets that many bureaus have."""
    found = [
        lists.enterprise_sheet(content, bureau, month), money.scrap_sheet(content, bureau, month),
        tasks.task_sheet(content, bureau, month) if bureau in tasks.TASKS_OF else None,
        lists.support_sheet(content, bureau, month), lists.problem_sheet(content, bureau, month), lists.plan_sheet(content, bureau, month),
        supervision.publicity_sheet(content, bureau, month), supervision.elimination_sheet(content, bureau, month),
        lists.measure_sheet(content, bureau, month), *lists.indicator_sheets(content, bureau, month), stocks.stock_sheet(content, bureau, month), *lines.line_sheets(content, bureau, month),
        matches.match_sheet(content, bureau, month),
    ]  # fmt: skip
    return [sheet for sheet in found if sheet is not None]


def _monthly(content: Content, bureau: str, month: str) -> None:
    """Declare a bureau's workbooks of a month."""
    if (month, bureau) in SILENT:
        return
    short = f"{BUREAU_NAMES[bureau]}月报（{period_of(month)}）"
    sheets: list[Sheet] = []
    if bureau in equipment.HABITS:
        number = int(month[5:])
        if month == SEPTEMBER:
            history = equipment.progress_sheet(bureau, "", equipment.history_rows(content, bureau, month))
            content.books.append(Book(month, bureau, "00_历史进度.xlsx", (history,)))
        rows = equipment.list_rows(content, bureau, number, month)
        if month == SEPTEMBER and bureau in equipment.DRAFTS:
            draft, errors = equipment.wrong_first_draft(bureau, rows)
            name = f"01_{BUREAU_NAMES[bureau]}项目清单初报（{period_of(month)}）.xlsx"
            content.books.append(Book(month, bureau, name, (equipment.list_sheet(bureau, month, draft, totals=""),)))
            content.returned += [(month, bureau, name, error) for error in errors]
        sheets += [
            equipment.list_sheet(bureau, month, rows),
            equipment.progress_sheet(bureau, month, equipment.progress_rows(content, bureau, number, month)),
        ]
    if bureau == "development-reform":
        sheets.append(lists.document_sheet(content, month))
    if bureau == "finance":
        sheets += [money.policy_sheet(content, month), *money.finance_sheets(content, month)]
    if bureau == "commerce":
        sheets += _commerce(content, month)
    if bureau in safeguards.BUREAUS:
        if month == SEPTEMBER:
            history = safeguards.safeguard_sheet(content, bureau, [f"2026-{m:02d}" for m in range(1, 9)], month)
            content.books.append(Book(month, bureau, "00_历史要素保障.xlsx", (history,)))
        sheets.append(safeguards.safeguard_sheet(content, bureau, [month], month))
    sheets += _lists_of(content, bureau, month)
    sheets += _signing(content, bureau, month, sheets)
    content.books.append(Book(month, bureau, f"02_{short}.xlsx", tuple(sheets)))


def _commerce(content: Content, month: str) -> list[Sheet]:
    if month == SEPTEMBER:
        months = [f"{year}-{m:02d}" for year in (2025, 2026) for m in range(1, 13) if (year, m) <= (2026, 8)]
        history = (
            trade.summary_sheet(content, months, month),
            money.material_sheet(content, months, month, history=True),
        )
        content.books.append(Book(month, "commerce", "00_历史汇总.xlsx", history))
    sheets = [
        trade.detail_sheet(
            category, month, trade.detail_rows(content, category, month, range(1, category.orders + 1), month)
        )
        for category in trade.CATEGORIES
    ]
    sheets += [
        trade.summary_sheet(content, [month], month), money.approval_sheet(content, month),
        money.material_sheet(content, [month], month, history=False), towns.outlet_sheet(content, month),
    ]  # fmt: skip
    return [*sheets, trade.return_sheet(content, month)] if month == OCTOBER else sheets


def _specials(content: Content, month: str) -> None:
    """Declare what goes wrong or comes late."""
    period = f"（{period_of(SEPTEMBER)}）"
    if month == SEPTEMBER:
        housing = next(b.name for b in content.books if b.bureau == "housing" and b.name.startswith("02_"))
        content.books.append(Book(month, "housing", f"03_住房建设委月报重复发送{period}.xlsx", copy_of=housing))
        rows, errors = trade.wrong_rows()
        name = f"03_家电明细补充{period}.xlsx"
        content.books.append(Book(month, "commerce", name, (trade.detail_sheet(trade.HOME, month, rows, totals=""),)))
        content.returned += [(month, "commerce", name, error) for error in errors]
        sheet, errors = money.wrong_scrap_sheet()
        name = f"03_报废台账补充{period}.xlsx"
        content.books.append(Book(month, "transport", name, (sheet,)))
        content.returned += [(month, "transport", name, error) for error in errors]
    if month == LATE:
        corrected = equipment.progress_sheet("industry", SEPTEMBER, equipment.correction_rows(content, LATE))
        content.books.append(Book(LATE, "industry", f"01_项目进度更正{period}.xlsx", (corrected,)))
        rows = trade.detail_rows(content, trade.HOME, SEPTEMBER, trade.LATE_ORDERS, LATE)
        content.books.append(
            Book(LATE, "commerce", f"01_家电明细迟报{period}.xlsx", (trade.detail_sheet(trade.HOME, SEPTEMBER, rows),))
        )
        content.books.append(
            Book(LATE, "finance", f"01_支付凭证迟报{period}.xlsx", (money.late_finance_sheet(content, LATE),))
        )


def declare() -> Content:
    """Declare every workbook and every fact, in the order of dropping."""
    content = Content()
    for step in STEPS:
        if step != LATE:
            for bureau in BUREAU_NAMES:
                _monthly(content, bureau, step)
            towns.monthly(content, step, _signing)
        _specials(content, step)
    return content


def expected_ledger(content: Content, seed: int) -> dict[str, Any]:
    """Work out what must come out."""
    due, owed = due_days(), duties()
    states = {step: ledger_state.state_after((fact for fact in content.facts if not towns.is_claim(fact)), step) for step in STEPS}

    def figures(step: str, month: str, *, again: bool = False) -> dict[str, str | int | None]:
        before = (states[SEPTEMBER], CLOSED_ON[SEPTEMBER]) if month == OCTOBER else None
        found = ledger.figures(states[step], month, due, owed, CLOSED_ON[month], before)
        if again:
            found = ledger.restated(found)
        return {name: _plain(value) for name, value in sorted(found.items())}

    published = ledger_state.published(content.facts)
    returned: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for step, bureau, file, error in content.returned:
        returned.setdefault(step, {}).setdefault(bureau, []).append({"file": file, "error": error})
    return {
        "seed": seed, "steps": list(STEPS), "as_of": {month: day.isoformat() for month, day in CLOSED_ON.items()},
        "closed": {SEPTEMBER: figures(SEPTEMBER, SEPTEMBER), OCTOBER: figures(OCTOBER, OCTOBER)},
        "restated": {SEPTEMBER: {
            LATE: figures(LATE, SEPTEMBER, again=True), OCTOBER: figures(OCTOBER, SEPTEMBER, again=True)}},
        "published": published, "returned": returned,
        "events": sum(n for by in published.values() for events in by.values() for n in events.values()),
        "files": [f"{b.step}/{b.bureau}/{b.name}" for b in content.books],
        "files_repeated": [f"{b.step}/{b.bureau}/{b.name}" for b in content.books if b.copy_of],
        "duplicates": 0, "rejected": 0, "silent": sorted(f"{step}/{bureau}" for step, bureau in SILENT),
    }  # fmt: skip


def _plain(value: ledger.Value) -> str | int | None:
    return format(value.quantize(Decimal("0.01")), "f") if isinstance(value, Decimal) else value


def generate(out: Path, seed: int = 2026) -> dict[str, Any]:
    """Write all workbooks and ``ledger.json`` under *out* and return the ledger.

    *seed* decides the order of the rows in the October order lists: a re-sorted sheet must change nothing.
    """
    content = declare()
    shuffler = random.Random(seed)
    for book in content.books:
        for sheet in book.sheets:
            if book.step == OCTOBER and sheet.columns == trade.DETAIL_COLUMNS and isinstance(sheet.rows, list):
                shuffler.shuffle(sheet.rows)
        write(book, out / book.step / book.bureau)
    result = expected_ledger(content, seed)
    text = json.dumps(result, ensure_ascii=False, indent=1, sort_keys=True)
    (out / "ledger.json").write_text(text + "\n", encoding="utf-8")
    return result


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=2026)
    arguments = parser.parse_args()
    result = generate(arguments.out, arguments.seed)
    print(f"{len(result['files'])} workbooks, {result['events']} events, ledger: {arguments.out / 'ledger.json'}")


if __name__ == "__main__":
    main()
