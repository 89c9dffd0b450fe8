"""What closes a bureau's monthly workbook: which lists it owes, the nil return and the confirmation; and the clock of ten working days."""

import tomllib
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import content_towns as towns
from sheets import Column, Content, Fact, Row, Sheet, period_of, third_line

DISTRICT = Path(__file__).resolve().parent.parent
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
#: What bureaus say of a pace behind the plan, with their confirmation.
EXPLAINED = {
    ("2026-09", "industry"): "两户企业主机交货推迟，九月完工量少于计划", ("2026-10", "industry"): "大宗设备招标推迟到三季度，安装集中在十一月",
    ("2026-10", "health"): "放射设备配置许可办理周期较长，两个项目未能开工",
}  # fmt: skip
NIL_COLUMNS = tuple(Column(head, key) for head, key in (("序号", "no"), ("清单名称", "list"), ("说明", "why")))


#: The last month of the sample.
LAST_MONTH = "2026-10"


@cache
def duties() -> dict[str, list[str]]:
    """Return bureau → lists it owes every month of the sample, from the district's TOML; what begins after its last month is not owed."""
    owed: dict[str, list[str]] = {}
    table = tomllib.loads((DISTRICT / "submissions.toml").read_text(encoding="utf-8"))
    for duty in (each for each in table["duty"] if each.get("first_month", "") <= LAST_MONTH):
        for bureau in duty["bureaus"]:
            owed.setdefault(bureau, []).append(duty["list"])
    return owed | towns.duties(tomllib.loads((DISTRICT / "towns.toml").read_text(encoding="utf-8")))


@cache
def due_days() -> dict[date, date]:
    """Return day of receipt → tenth working day from the day after, for every day from October 2025 up to mid-December 2026."""
    table = tomllib.loads((DISTRICT / "calendar.toml").read_text(encoding="utf-8"))
    off = {d for year in table["year"] for d in year["holidays"]}
    on = {d for year in table["year"] for d in year["working"]}
    result = {}
    for start in range(437):
        received = day = date(2025, 10, 1) + timedelta(days=start)
        left = 10
        while left:
            day += timedelta(days=1)
            left -= day in on or (day.weekday() < 5 and day not in off)
        result[received] = day
    return result


def sheets(content: Content, bureau: str, month: str, before: list[Sheet], total: int | None = None, owed: Sequence[str] | None = None) -> list[Sheet]:
    """Return the nil return and the confirmation that close a bureau's monthly workbook.

    *before* are the workbook's other sheets; *total* is 总投资 on the bureau's list of projects in 万元, a withdrawn project included; *owed* are its lists where the
    district's table does not say so.
    """
    owed = duties().get(bureau, []) if owed is None else owed
    if unnamed := sorted(set(owed) - LIST_TITLES.keys()):
        raise KeyError(f"{bureau} owes {', '.join(unnamed)}: LIST_TITLES in signing.py has no title for it, nor LIST_OF_SHEET its sheet")
    rows: Counter[str] = Counter()
    for sheet in before:
        if sheet.name in LIST_OF_SHEET:
            rows[LIST_OF_SHEET[sheet.name]] += len(sheet.rows)
    confirmed: list[Row] = []
    nil: list[Row] = []
    for name in owed:
        if rows[name]:
            confirmed.append({"no": len(confirmed) + 1, "list": LIST_TITLES[name], "rows": rows[name], "total": total if name == "equipment-projects" else None,
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
