"""Workbooks that connectors sent back, whole or in part: a row per bureau, file, list and month, until a clean one comes.

What goes back never reaches the hub, so that nobody there would see it; here coordinators see how much and why, never what stood in a cell.
"""

from collections.abc import Iterator, Sequence

from exchange_hub.views.lists.folding import Kind, current
from exchange_hub.views.lists.model import ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("returns"), "退回情况", "workbook_return",
    columns("""
        bureau 单位 text filter bureau 18
        month 月份 month filter
        list 清单 text filter names_list 20
        file 文件 text 34
        rows_returned 退回行数 count 行
        sheets_returned 整表退回 count 张
        rows_read 读取行数 count 行
        causes 退回原因 texts 34
        to_verify 待核实 count 处
    """),
    single=True,
)  # fmt: skip


def _rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give the row of what goes back still; a later workbook without returns says so, and there is none."""
    facts = current(claims[0], "returned")
    if facts is None or not (facts["rows_returned"] or facts["sheets_returned"] or facts["causes"]):
        return
    causes = sorted(facts["causes"].items(), key=lambda cause: (-cause[1], cause[0]))
    yield Row(LIST.name, component, {
        "bureau": claims[0].key.bureau, "month": facts["month"], "list": facts["list"], "file": facts["file"],
        "rows_returned": facts["rows_returned"], "sheets_returned": facts["sheets_returned"], "rows_read": facts["rows_read"],
        "causes": [f"{cause}{count}处" for cause, count in causes] or None, "to_verify": facts["to_verify"],
    })  # fmt: skip


KIND = Kind("workbook", "报送表", _rows, (LIST,), of_reporting=True)
