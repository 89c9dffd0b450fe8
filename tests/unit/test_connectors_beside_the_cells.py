"""What floats over a sheet's cells, is printed on its pages or stands in its comments: units and months count there too."""

import io
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from exchange_connectors.excel import look_at
from exchange_connectors.excel.inspection import Inspection
from exchange_connectors.excel.model import Level
from tests.unit.test_connectors_beside_the_list import HEADINGS, HOUSING

TITLE = "项目进度（2026年10月）"
FORMATS = ["xlsx", pytest.param("ods", marks=pytest.mark.needs("soffice")), pytest.param("xls", marks=pytest.mark.needs("soffice"))]


def workbook(box: str = "", header: str = "", comment: str = "", title: str = TITLE, unit: str = "") -> bytes:
    """Return a list of progress with a text box, a printed header or a comment on its first heading of money."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("项目进度")
        sheet.write_row(0, 0, [title])
        sheet.write_row(2, 0, [None if text is None else f"{text}{unit}" if text == "完成投资" else text for text in HEADINGS])
        sheet.merge_range(2, 4, 2, 6, f"完成投资{unit}")
        sheet.write_row(3, 4, ["本月", "自年初累计", "自开工累计"])
        for n in range(1, 4):
            sheet.write_row(3 + n, 0, [n, None, f"ZJ-{n:03d}", f"电梯{n}", 10 + n, 100 + n, 200 + n, n, "在建", "正常推进"])
        if box:
            sheet.insert_textbox(0, 6, box)
        if header:
            sheet.set_header(f"&L&10{header}")
        if comment:
            sheet.write_comment(2, 4, comment)
    return out.getvalue()


MADE: dict[str, bytes] = {
    "unit in a box": workbook(box="单位：元"), "unit on paper": workbook(header="单位：元"),
    "odd unit in a box": workbook(box="单位：万美元"), "odd unit on paper": workbook(header="单位：万美元"),
    "month alone": workbook(box="报送期：2026年9月", title="项目进度"), "other month": workbook(box="2026年9月"), "same month": workbook(box="2026年10月"),
    "void": workbook(box="第2行作废，以附件为准"), "explains": workbook(box="请于每月5日前报送"),
}  # fmt: skip
"""All of them by name; the other program saves them in one run, for it takes seconds to start."""


@pytest.fixture(scope="module", params=FORMATS)
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Inspection]:
    """Return what is said of one of the workbooks in a format."""
    suffix, folder = request.param, tmp_path_factory.mktemp(request.param)
    for name, body in MADE.items():
        (folder / f"{name}.xlsx").write_bytes(body)
    if suffix != "xlsx":
        profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        files = sorted(map(str, folder.glob("*.xlsx")))
        subprocess.run(["soffice", "--headless", profile, "--convert-to", suffix, "--outdir", str(folder), *files], check=True, capture_output=True)
    return lambda name: look_at(Path(f"项目进度.{suffix}"), HOUSING, None, (folder / f"{name}.{suffix}").read_bytes())


def invested(seen: Inspection) -> list[Decimal]:
    """Return what was invested this month, in yuan, as stated."""
    return [each.statement.facts["invested_this_month"] for each in seen.statements]


@pytest.mark.parametrize("where", ["in a box", "on paper"])
def test_a_unit_beside_the_cells_counts(saved: Callable[[str], Inspection], where: str) -> None:
    """A unit in a text box or in the header of the printed page is the sheet's, in every format; one that is not known sends it back."""
    assert invested(saved(f"unit {where}")) == [Decimal(10 + n) for n in range(1, 4)]
    assert saved(f"odd unit {where}").sheets_returned == 1


@pytest.mark.parametrize(("name", "month", "asked"), [("month alone", "2026-09", [Level.VERIFY]), ("other month", "2026-10", [Level.VERIFY]), ("same month", "2026-10", [])])
def test_a_month_beside_the_cells_is_asked_about(saved: Callable[[str], Inspection], name: str, month: str, asked: list[Level]) -> None:
    """A text box gives the month where no title does, and is asked about where it names another; nothing is said where both agree."""
    seen = saved(name)
    assert ({each.statement.facts["month"] for each in seen.statements}, [f.level for f in seen.findings if f.no == 35]) == ({month}, asked)


def test_a_box_that_takes_something_back_is_asked_about(saved: Callable[[str], Inspection]) -> None:
    """What a text box calls void is not read, and the clerk hears of it; a box that only explains says nothing."""
    assert [sum("文本框" in each.message for each in saved(name).findings) for name in ("void", "explains")] == [1, 0]


@pytest.mark.parametrize(("words", "returned"), [("张三:\n单位：千元", 1), ("单位：元", 1), ("单位：万元，保留两位小数", 0), ("单位：填写法人单位全称", 0)])
def test_a_unit_in_a_comment_on_a_heading_is_compared(words: str, returned: int) -> None:
    """A comment that names another unit than the columns are read in sends the sheet back."""
    assert look_at(Path("项目进度.xlsx"), HOUSING, None, workbook(comment=words, unit="（万元）")).sheets_returned == returned
