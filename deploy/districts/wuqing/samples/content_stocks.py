"""The survey of energy-using equipment: the whole stock in September, and the motors again in October."""

from sheets import Column, Content, Fact, Row, Sheet, period_of, third_line

SEPTEMBER = "2026-09"
BUREAU = "industry"
LEVELS = ("advanced", "saving", "entry", "below")
#: Month, kind of equipment, stock, then by level from the best on; all in 工业.
SURVEYED = (
    (SEPTEMBER, "电动机", 1200, (300, 640, 200, 60)), (SEPTEMBER, "电力变压器", 300, (90, 150, 50, 10)), (SEPTEMBER, "工业锅炉", 80, (12, 40, 22, 6)),
    (SEPTEMBER, "空气压缩机", 240, (60, 120, 50, 10)), (SEPTEMBER, "风机", 360, (90, 175, 80, 15)), (SEPTEMBER, "泵", 420, (98, 201, 100, 21)),
    ("2026-10", "电动机", 1210, (312, 657, 186, 55)),
)  # fmt: skip
COLUMNS = tuple(
    Column(head, key)
    for head, key in (
        ("序号", "no"), ("设备种类", "equipment"), ("领域", "domain"), ("在用台数", "stock"), ("能效水平/先进", "advanced"), ("能效水平/节能", "saving"),
        ("能效水平/准入", "entry"), ("能效水平/未达准入", "below"),
    )
)  # fmt: skip


def stock_sheet(content: Content, bureau: str, month: str) -> Sheet | None:
    """Return what a bureau surveyed in a month."""
    rows: list[Row] = []
    for surveyed, equipment, stock, levels in SURVEYED if bureau == BUREAU else ():
        if surveyed == month:
            facts = {"equipment": equipment, "domain": "工业", "stock": stock, **dict(zip(LEVELS, levels, strict=True))}
            rows.append({"no": len(rows) + 1} | facts)
            content.facts.append(Fact(month, bureau, "StockSurveyed", f"{equipment}@工业", facts | {"month": month}, sub=f"{month},{equipment},工业"))
    return Sheet("用能设备摸底", "用能设备能效摸底", COLUMNS, rows, period=f"（{period_of(month)}）", third=third_line(bureau)) if rows else None
