"""Publicity of every month, and equipment that a catalogue of elimination names."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from content_projects import uscc
from sheets import Column, Content, Fact, Row, Sheet, period_of, third_line

#: Bureau → activity, channel, reach of September and of October; a link where it is online.
ACTIVITIES: Mapping[str, tuple[tuple[str, str, int, int], ...]] = {
    "publicity": (("“两新”政策系列报道", "新媒体", 86000, 91500), ("“两新”专题专栏", "政府网站", 12400, 15800)),
    "development-reform": (("项目申报政策解读会", "培训宣讲", 120, 95),), "industry": (("技改政策进园区", "现场活动", 260, 310),),
    "housing": (("老旧电梯更新问答", "宣传资料", 3000, 2400),), "urban-management": (("可回收物兑换宣传周", "现场活动", 1500, 1800),),
    "transport": (("老旧营运货车报废补贴提示", "新媒体", 5200, 4700),), "agriculture": (("农机报废更新进村", "现场活动", 640, 720),),
    "education": (("校园节能设备展示", "现场活动", 900, 860),), "culture-tourism": (("文旅设备更新推介", "政府网站", 1100, 980),),
    "health": (("医疗设备更新进展", "政府网站", 760, 840),), "commerce": (("家电以旧换新进社区", "现场活动", 4200, 5100), ("以旧换新操作指南", "新媒体", 33800, 41200)),
    "data": (("数字化改造案例集", "政府网站", 430, 520),), "market-regulation": (("能效标识知识宣传", "宣传资料", 2600, 2800),),
}
ONLINE = ("新媒体", "政府网站")
PUBLICITY_COLUMNS = tuple(Column(h, k) for h, k in (("序号", "no"), ("宣传活动", "activity"), ("渠道", "channel"), ("触达人次", "reach"), ("链接", "link")))

#: Bureau, number of the enterprise, its name, town, item, equipment, how many, ordered on, until, done on, method.
_EQUIPMENT = (
    ("industry", 301, "铸造样例公司", "杨村街道", "Y系列三相异步电动机", "Y160M-4循环水泵电机", 6, date(2026, 3, 12), date(2026, 9, 30), date(2026, 9, 22), "更新替换"),
    ("industry", 302, "五金样例公司", "汊沽港镇", "S7系列油浸式配电变压器", "S7-630厂区变压器", 1, date(2026, 5, 20), date(2026, 10, 15), None, ""),
    ("market-regulation", 303, "食品样例公司", "大良镇", "燃煤锅炉（10蒸吨以下）", "4蒸吨链条炉", 1, date(2026, 4, 8), date(2026, 10, 31), date(2026, 10, 19), "拆除报废"),
    ("ecology", 304, "涂装样例公司", "下朱庄街道", "光氧催化治理设备", "喷涂线末端光氧设备", 2, date(2026, 8, 6), date(2026, 12, 31), None, ""),
    ("development-reform", 305, "建材样例公司", "黄花店镇", "JO2系列电动机", "JO2-72破碎机电机", 3, date(2026, 9, 3), date(2027, 3, 31), None, ""),
)  # fmt: skip
ELIMINATION_COLUMNS = tuple(Column(head, key) for head, key in (
    ("序号", "no"), ("目录条目", "item"), ("目录名称", "catalogue"), ("企业名称", "enterprise_name"), ("统一社会信用代码", "enterprise_uscc"), ("镇街园区", "town"),
    ("设备", "equipment"), ("台数", "count"), ("依据", "basis"), ("责令日期", "on"), ("淘汰期限", "until"), ("完成日期", "done_on"), ("淘汰方式", "method"),
))  # fmt: skip


def publicity_sheet(content: Content, bureau: str, month: str) -> Sheet | None:
    """Return what a bureau did for publicity in a month."""
    rows: list[Row] = []
    for number, (activity, channel, september, october) in enumerate(ACTIVITIES.get(bureau, ()), 1):
        row: Row = {"no": number, "activity": activity, "channel": channel, "reach": september if month == "2026-09" else october}
        if channel in ONLINE:
            row["link"] = f"https://www.example.invalid/{bureau}/{month}-{number}.html"
        rows.append(row)
        facts = {"month": month, "reach": row["reach"]}
        content.facts.append(Fact(month, bureau, "PublicityReported", activity, facts, sub=month))
    if not rows:
        return None
    return Sheet("宣传引导", "宣传引导情况", PUBLICITY_COLUMNS, rows, period=f"（{period_of(month)}）", third=third_line(bureau))


def elimination_sheet(content: Content, bureau: str, month: str) -> Sheet | None:
    """Return the equipment that a bureau has ordered to be eliminated up to a month, with what was done by then."""
    rows: list[Row] = []
    for by, enterprise, name, town, item, equipment, count, on, until, done, method in _EQUIPMENT:
        if by != bureau or f"{on:%Y-%m}" > month:
            continue
        row: Row = {
            "no": len(rows) + 1, "item": item, "catalogue": "国家和本市淘汰目录（样例）", "enterprise_name": name, "enterprise_uscc": uscc(enterprise),
            "town": town, "equipment": equipment, "count": count, "basis": "淘汰目录和检查记录（样例）", "on": on, "until": until,
        }  # fmt: skip
        facts: dict[str, Any] = {"count": count, "on": on, "until": until}
        content.facts.append(Fact(month, bureau, "EliminationOrdered", equipment, facts))
        if done is not None and f"{done:%Y-%m}" <= month:
            row |= {"done_on": done, "method": method}
            content.facts.append(Fact(month, bureau, "EliminationVerified", equipment, {"done_on": done}))
        rows.append(row)
    if not rows:
        return None
    return Sheet("淘汰目录设备", "淘汰目录设备情况", ELIMINATION_COLUMNS, rows, period=f"（{period_of(month)}）", third=third_line(bureau))
