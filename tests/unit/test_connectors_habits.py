"""What clerks do in a spreadsheet that no template foresees: taken as they mean it, or asked, never taken wrong in silence."""

from pathlib import Path

import openpyxl
import pytest

from exchange_connectors.excel import load, look_at
from exchange_connectors.excel.inspection import Inspection
from exchange_connectors.excel.model import Level

CONNECTORS = Path(__file__).parents[2] / "deploy" / "districts" / "wuqing" / "connectors"


def tasks(folder: Path, *titles: str) -> Inspection:
    """Return what is said of a list of tasks under some titles."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "任务进展"
    for row in (*((title,) for title in titles), ("序号", "任务编号", "工作进展"), (1, "WQ-01", "已印发方案")):
        sheet.append(row)
    book.save(folder / "任务进展.xlsx")
    return look_at(folder / "任务进展.xlsx", load(CONNECTORS / "commerce.toml"))


@pytest.mark.parametrize(
    ("words", "level"),
    [("2026年三季度", Level.RETURNED), ("（统计期：2026年上半年）", Level.RETURNED), ("依据2026年三季度调度会要求填报", Level.VERIFY), ("2026年四季度", None), ("2026年度", None), ("2026年下半年", None)],
)
def test_a_quarter_that_is_not_the_month_s_is_asked_about(tmp_path: Path, words: str, level: Level | None) -> None:
    """Where a title names a quarter or half of a year beside a month that is not of it, the sheet goes back or is asked about; one that holds the month says nothing."""
    seen = tasks(tmp_path, "任务进展（2026年10月）", words)
    assert [each.level for each in seen.findings if "报送期" in each.message] == ([] if level is None else [level])
    assert len(seen.statements) == (level is not Level.RETURNED)
