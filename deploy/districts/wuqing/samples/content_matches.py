"""Supply and demand: what makers sold for the new equipment of the two projects whose lines are told."""

from datetime import date

from content_projects import uscc
from sheets import Column, Content, Fact, Row, Sheet, period_of, third_line

BUREAU = "industry"
#: Number, project, line, buyer, number of the enterprise, its name, whether it is of the district, product, contract, amount in 万元, signed on.
MATCHES = (
    ("DJ-2026-01", "P3", "P3-新1", "汽车零部件样例公司", 401, "伺服装备样例公司", "否", "伺服压力机", "HT-2026-031", 3450, date(2026, 9, 18)),
    ("DJ-2026-02", "P6", "P6-新1", "焊接车间样例公司", 202, "工业机器人样例公司", "是", "焊接机器人", "HT-2026-046", 2380, date(2026, 10, 21)),
)  # fmt: skip
COLUMNS = tuple(
    Column(head, key)
    for head, key in (
        ("序号", "no"), ("对接编号", "match_no"), ("项目代码或内部编号", "project_no"), ("明细编号", "line_no"), ("需方", "buyer_name"),
        ("供方统一社会信用代码", "enterprise_uscc"), ("供方", "enterprise_name"), ("本区企业", "local"), ("产品", "product"), ("合同编号", "contract_no"),
        ("成交金额（万元）", "amount"), ("签约日期", "on"),
    )
)  # fmt: skip
_KEYS = tuple(column.key for column in COLUMNS[1:])


def match_sheet(content: Content, bureau: str, month: str) -> Sheet | None:
    """Return the matches that were signed up to a month."""
    if bureau != BUREAU:
        return None
    rows: list[Row] = []
    for told in MATCHES:
        row = dict(zip(_KEYS, told, strict=True)) | {"enterprise_uscc": uscc(told[4])}
        if f"{told[-1]:%Y-%m}" <= month:
            rows.append({"no": len(rows) + 1} | row)
            content.facts.append(Fact(month, bureau, "SupplyDemandMatched", told[0], row))
    return Sheet("供需对接", "供需对接清单", COLUMNS, rows, period=f"（{period_of(month)}）", third=third_line(bureau, "万元"))
