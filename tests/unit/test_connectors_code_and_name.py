"""A sheet that speaks of known projects by their codes: a name that is not the project's own is asked about, for it may be another's row."""

import io
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from exchange_connectors.excel import load, look_at
from exchange_connectors.excel.checks import NoMemory
from exchange_connectors.excel.inspection import Inspection
from exchange_connectors.kit.ledger import Entry, Slot, content, digest_of

CONNECTORS = Path(__file__).parents[2] / "deploy/districts/wuqing/connectors"
HEADINGS = ("序号", "项目代码", "内部编号", "项目名称", "完成投资", None, None, "完成台套", "建设状态", "进展情况", "核减原因")


class Known(NoMemory):
    """A ledger that knows two projects by their own numbers and names."""

    def entry(self, slot: Slot) -> Entry | None:
        """Return what was said of a project."""
        names = {"ZJ-001": "泉州里电梯更新", "ZJ-002": "雍阳里电梯更新"}
        if slot.register != "project:project" or slot.entity_key not in names:
            return None
        body = content("ProjectAdded", {"name": names[slot.entity_key]})
        return Entry(slot, 1, digest_of(body), "ProjectAdded", date(2026, 8, 31), body)


def looked_at(connector: str, names: tuple[str | None, str | None]) -> Inspection:
    """Look at a progress sheet that gives the two projects these names."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = "项目进度"
    sheet.append(["项目进度（2026年10月）"])
    sheet.append([None])
    sheet.append([f"{text}（万元）" if text == "完成投资" else text for text in HEADINGS])
    sheet.append([None] * 4 + ["本月", "自年初累计", "自开工累计"])
    sheet.merge_cells("E3:G3")
    for number, name in enumerate(names, 1):
        sheet.append([number, None, f"ZJ-{number:03d}", name, 10, 100, 200, number, "在建", "正常推进", None])
    out = io.BytesIO()
    book.save(out)
    return look_at(Path("项目进度.xlsx"), load(CONNECTORS / f"{connector}.toml"), Known(), out.getvalue())


@pytest.mark.parametrize("connector", ["housing", "industry", "water"])
def test_names_that_slipped_by_a_row_are_asked_about(connector: str) -> None:
    """Both cells are named with the name that the code has; what is stated is as the codes say, for the clerk to confirm."""
    seen = looked_at(connector, ("雍阳里电梯更新", "泉州里电梯更新"))
    said = [(each.no, each.level.value, each.row, each.column, "原“" in each.message) for each in seen.findings if each.no == 11]
    assert said == [(11, "核", 5, 4, True), (11, "核", 6, 4, True)]
    assert [each.statement.entity_key for each in seen.statements] == ["ZJ-001", "ZJ-002"]


def test_the_known_name_or_none_asks_nothing() -> None:
    """A name as the list has it, or an empty cell, is no news."""
    seen = looked_at("housing", ("泉州里电梯更新", None))
    assert [each.no for each in seen.findings if each.no == 11] == []
    assert [each.statement.entity_key for each in seen.statements] == ["ZJ-001", "ZJ-002"]
