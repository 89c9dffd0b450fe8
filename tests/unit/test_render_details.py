"""Lists too long for the workbook stand whole beside it."""

import csv
import io
import runpy
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from exchange_hub.reports.catalogue import present
from exchange_hub.reports.model import Annex, Report
from exchange_hub.reports.render import details
from exchange_hub.reports.render.xlsx_report import render_xlsx
from exchange_hub.views.lists import BY_NAME

SAMPLE = Path(__file__).parents[1] / "golden" / "render" / "sample.py"


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> Report:
    """A report with one list of five rows, where four are too many."""
    monkeypatch.setattr(details, "ROWS_MAX", 3)
    report: Report = runpy.run_path(str(SAMPLE))["report"]()
    rows = tuple({"row_key": f"r{n}", "component": "c", "bureaus": ["commerce"], "order_no": f"T{n}", "subsidy": 100 * n} for n in range(5))
    return replace(report, annexes=(Annex("以旧换新", BY_NAME["trade-in"], rows),), catalogue=present())


def test_a_long_list_has_its_first_rows_in_the_workbook_and_all_in_a_file(long: Report, tmp_path: Path) -> None:
    """The sheet says in words how many there are and where; the file has every row, in yuan."""
    book = openpyxl.load_workbook(BytesIO(render_xlsx(long)))
    sheet = book["附件1以旧换新"]
    assert "本表为前3条；全部5条见同一文件夹的annex-trade-in.csv（金额单位为元）。" in sheet["A2"].value
    assert any("annex-trade-in.csv" in str(cell.value) for row in book["目录"].iter_rows() for cell in row)
    assert sheet.max_row == 6
    [(name, annex)] = details.beside(long).items()
    details.write_details(long, annex, tmp_path / name)
    read = list(csv.DictReader(io.StringIO((tmp_path / name).read_bytes().decode("utf-8-sig"))))
    assert [row["补贴金额（元）"] for row in read] == ["0.00", "1.00", "2.00", "3.00", "4.00"]


def test_a_month_that_an_earlier_version_closed_has_all_rows_in_its_workbook(long: Report) -> None:
    """Its catalogue knows of no files beside it, so that it renders as it did."""
    earlier = replace(long, catalogue=replace(long.catalogue, details_beside=False))
    assert openpyxl.load_workbook(BytesIO(render_xlsx(earlier)))["附件1以旧换新"].max_row == 8
    assert details.beside(earlier) == {}
