"""Equipment of two projects line by line, and their procedures; one old line does not say whether it is depreciated."""

from datetime import date

from sheets import Column, Content, Fact, Row, Sheet, period_of, third_line

SEPTEMBER = "2026-09"
BUREAU = "industry"
#: Line, project, side, name, model, units, year, then original value, depreciated, owned, disposal, or price, level, domestic (money in 万元).
OLD = (
    ("P3-旧1", "P3", "开式压力机", "JB23-63", 40, "2008", 420, "是", "是", "报废回收"), ("P3-旧2", "P3", "液压剪板机", "QC12Y", 12, "2010", 230, "是", "是", "报废回收"),
    ("P6-旧1", "P6", "手工焊接工位", "", 24, "2012", 300, "", "是", "转让"),
)  # fmt: skip
NEW = (
    ("P3-新1", "P3", "伺服压力机", "SP-160", 28, "2026", 3600, "先进", "是"), ("P3-新2", "P3", "激光切割机", "LC-3015", 6, "2026", 900, "节能", "是"),
    ("P6-新1", "P6", "焊接机器人", "HR-6", 24, "2026", 2500, "节能", "否"), ("P6-新2", "P6", "搬运机器人", "CR-10", 6, "2026", 300, "节能", "是"),
)  # fmt: skip
PROCEDURES = (
    ("P3", "备案", "已办结", "津武审批备〔2025〕118号", date(2025, 11, 12)), ("P3", "环评", "已办结", "津武审环〔2025〕40号", date(2025, 12, 3)),
    ("P3", "能评", "无需办理", "", None), ("P6", "备案", "已办结", "津武审批备〔2026〕21号", date(2026, 2, 6)), ("P6", "环评", "办理中", "", None),
)  # fmt: skip
_OLD = ("line_no", "project_no", "name", "model", "units", "year", "original_value", "depreciated", "owned", "disposal")
_NEW = ("line_no", "project_no", "name", "model", "units", "year", "price", "energy_level", "domestic")
COLUMNS = tuple(
    Column(head, key)
    for head, key in (
        ("序号", "no"), ("明细编号", "line_no"), ("项目代码或内部编号", "project_no"), ("新旧", "side"), ("设备名称", "name"), ("型号", "model"), ("台套", "units"),
        ("购置年份", "year"), ("旧设备/原值（万元）", "original_value"), ("旧设备/已提足折旧", "depreciated"), ("旧设备/产权自有", "owned"),
        ("旧设备/处置方式", "disposal"), ("新设备/购置金额（万元）", "price"), ("新设备/能效水平", "energy_level"), ("新设备/国产", "domestic"),
    )
)  # fmt: skip
PROCEDURE_COLUMNS = tuple(
    Column(head, key)
    for head, key in (("序号", "no"), ("项目代码或内部编号", "project_no"), ("手续", "procedure"), ("办理状态", "state"), ("编号", "number"), ("办结日期", "on"))
)  # fmt: skip


def line_sheets(content: Content, bureau: str, month: str) -> list[Sheet]:
    """Return the sheets of lines and procedures; both come once, in September."""
    if (bureau, month) != (BUREAU, SEPTEMBER):
        return []
    told = [{"side": "旧设备"} | dict(zip(_OLD, row, strict=True)) for row in OLD] + [{"side": "新设备"} | dict(zip(_NEW, row, strict=True)) for row in NEW]
    lines: list[Row] = [{"no": number} | row for number, row in enumerate(told, 1)]
    content.facts += [Fact(month, bureau, "EquipmentLineListed", str(row["line_no"]), row) for row in told]
    papers = [dict(zip(("project_no", "procedure", "state", "number", "on"), row, strict=True)) for row in PROCEDURES]
    procedures: list[Row] = [{"no": number} | row for number, row in enumerate(papers, 1)]
    content.facts += [Fact(month, bureau, "ProjectProcedureReported", str(row["project_no"]), row, sub=str(row["procedure"])) for row in papers]
    period = f"（{period_of(month)}）"
    return [
        Sheet("设备明细", "设备明细清单", COLUMNS, lines, period=period, third=third_line(bureau, "万元")),
        Sheet("前期手续", "项目前期手续清单", PROCEDURE_COLUMNS, procedures, period=period, third=third_line(bureau)),
    ]
