"""Columns of 是 and 否 that speak of another column: a row that contradicts itself goes back, and is never taken for a sound one."""

from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from exchange_connectors.excel import load, look_at
from exchange_connectors.excel.inspection import Inspection
from exchange_connectors.excel.soundness import problems

MAPPING = """
bureau = "commerce"
source = "commerce-workbooks"
inbox = "."
[[sheet]]
name = "回收网点清单"
list = "outlets"
[sheet.columns]
"备案编号" = { field = "outlet_no", required = true }
"网点名称" = "name"
"经营主体" = "operator_name"
"营业状态" = "state"
"更新日期" = { field = "updated_on", kind = "date" }
"是否撤销" = { marks = "withdraw_reason" }
"原因" = { field = "withdraw_reason", kind = "prose" }
[[sheet.event]]
type = "OutletListed"
key = "{outlet_no}"
occurred_on = "updated_on"
unless = ["withdraw_reason"]
[[sheet.event]]
type = "OutletWithdrawn"
key = "{outlet_no}"
occurred_on = "updated_on"
when = ["withdraw_reason"]
rename = { reason = "withdraw_reason" }
"""


def looked_at(folder: Path, rows: Sequence[tuple[str | None, str | None]]) -> Inspection:
    """Look at a list of outlets with these marks and reasons."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "回收网点清单"
    sheet.append(["回收网点清单（2026年10月）"])
    sheet.append(["备案编号", "网点名称", "经营主体", "营业状态", "更新日期", "是否撤销", "原因"])
    for number, (mark, reason) in enumerate(rows, 1):
        sheet.append([f"WD-{number}", f"第{number}网点", "某再生资源公司", "营业", "2026-10-20", mark, reason])
    path = folder / "回收网点（2026年10月）.xlsx"
    book.save(path)
    (folder / "m.toml").write_text(MAPPING, encoding="utf-8")
    return look_at(path, load(folder / "m.toml"))


@pytest.mark.parametrize(
    ("mark", "reason", "words"),
    [
        ("是", None, "“是否撤销”填“是”，而“原因”没有填"),
        ("√", " ", "“是否撤销”填“是”，而“原因”没有填"),
        ("否", "重复登记", "“是否撤销”填“否”，而“原因”填了内容"),
        ("待定", None, "请填“是”或“否”"),
    ],
)
def test_a_row_that_contradicts_itself_goes_back(tmp_path: Path, mark: str, reason: str | None, words: str) -> None:
    """Nothing is stated of it, its cell is named, and the row beside it is taken."""
    found = looked_at(tmp_path, [(None, None), (mark, reason)])
    assert [each.statement.entity_key for each in found.statements] == ["WD-1"]
    [said] = [each for each in found.findings if words in each.message]
    assert (said.row, said.column, said.level.value) == (4, 6, "退")


def test_rows_that_agree_with_themselves_are_taken(tmp_path: Path) -> None:
    """否, nothing and 是 with its reason say what the reason's column says; a reason alone withdraws, as before."""
    found = looked_at(tmp_path, [("否", None), (None, None), ("是", "重复登记"), (None, "停业")])
    assert [each.statement.type for each in found.statements] == ["OutletListed", "OutletListed", "OutletWithdrawn", "OutletWithdrawn"]
    assert not [each for each in found.findings if each.level.value != "知"]


def test_a_mark_of_a_field_that_no_column_fills_is_named(tmp_path: Path) -> None:
    """Checking a mapping says so in Chinese."""
    (tmp_path / "m.toml").write_text(MAPPING.replace('marks = "withdraw_reason"', 'marks = "withdraw_reasons"'), encoding="utf-8")
    assert [line for line in problems(load(tmp_path / "m.toml")) if "“是否撤销”列：marks写的“withdraw_reasons”没有哪一列填写" in line]
