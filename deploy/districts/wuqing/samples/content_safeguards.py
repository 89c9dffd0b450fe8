"""Safeguards of every month: tax, finance, land and approvals, each bureau's own sums; a history from January comes with September."""

from collections.abc import Sequence

from sheets import Column, Content, Fact, Row, Sheet, period_of, third_line

SEPTEMBER = "2026-09"
MEASURES = ("firms", "items", "amount", "signed", "paid", "subsidy", "area")
#: Bureau, safeguard, measures of an ordinary month and of October (money in 万元, land in 亩).
SAFEGUARDS = (
    ("tax", "反向开票", {"firms": 18, "items": 240, "amount": 420}, {"firms": 21, "items": 265, "amount": 455}),
    ("tax", "专用设备抵免", {"firms": 2, "amount": 36}, {"firms": 3, "amount": 52.5}),
    ("finance", "贷款贴息", {"firms": 3, "items": 4, "signed": 2600, "paid": 1800, "subsidy": 21.5},
     {"firms": 4, "items": 5, "signed": 3100, "paid": 2250, "subsidy": 24.8}),
    ("finance", "再贷款", {"firms": 1, "items": 1, "signed": 800, "paid": 500}, {"firms": 2, "items": 2, "signed": 1200, "paid": 900}),
    ("finance", "政府绿色采购", {"items": 6, "amount": 128}, {"items": 7, "amount": 143.6}),
    ("planning-resources", "用地保障", {"items": 1, "area": 12}, {"items": 2, "area": 26.5}),
    ("government-services", "简化审批", {"items": 3}, {"items": 5}),
)  # fmt: skip
BUREAUS = tuple(dict.fromkeys(bureau for bureau, *_ in SAFEGUARDS))


def columns(*, history: bool) -> tuple[Column, ...]:
    """Give the columns of the sheet; the history has a month column."""
    heads = (
        ("序号", "no"), *((("月份", "month"),) if history else ()), ("保障措施", "safeguard"), ("户数", "firms"), ("数量（份、笔、项、批）", "items"),
        ("金额（万元）", "amount"), ("签约金额（万元）", "signed"), ("投放金额（万元）", "paid"), ("贴息金额（万元）", "subsidy"), ("用地面积（亩）", "area"),
    )  # fmt: skip
    return tuple(Column(head, key) for head, key in heads)


def safeguard_sheet(content: Content, bureau: str, months: Sequence[str], step: str) -> Sheet:
    """Return what a bureau tells of its safeguards; several months are its history."""
    history = len(months) > 1
    rows: list[Row] = []
    for month in months:
        for by, safeguard, ordinary, october in SAFEGUARDS:
            if by == bureau:
                numbers = ordinary if month <= SEPTEMBER else october
                rows.append({"no": len(rows) + 1, "month": month, "safeguard": safeguard} | numbers)
                facts = {"month": month, "safeguard": safeguard, **numbers}
                content.facts.append(Fact(step, bureau, "SafeguardReported", safeguard, facts, sub=month))
    return Sheet(
        "要素保障历史" if history else "要素保障", "要素保障情况", columns(history=history), rows,
        period="" if history else f"（{period_of(months[0])}）", third=third_line(bureau, "万元"),
    )  # fmt: skip
