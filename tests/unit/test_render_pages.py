"""The report on paper: how many pages an office program makes of it."""

import re
import runpy
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from exchange_hub.reports.model import Report
from exchange_hub.reports.render.docx_report import render_docx

SAMPLE = Path(__file__).parents[1] / "golden" / "render" / "sample.py"


def printed(report: Report, folder: Path) -> list[tuple[float, float]]:
    """Convert the report to PDF and return the sizes of its pages in points."""
    (folder / "report.docx").write_bytes(render_docx(report))
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(folder / "report.docx")]
    subprocess.run(command, check=True, capture_output=True, timeout=55)
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", (folder / "report.pdf").read_bytes())
    return [(float(width), float(height)) for width, height in boxes]


@pytest.mark.needs("soffice")
def test_the_body_has_three_or_four_pages_and_the_annexes_at_most_eight(tmp_path: Path) -> None:
    """Portrait pages are the body, landscape ones the annexes."""
    report: Report = runpy.run_path(str(SAMPLE))["report"]()
    pages = printed(report, tmp_path)
    portrait = [page for page in pages if page[0] < page[1]]
    assert 3 <= len(portrait) <= 4
    assert 1 <= len(pages) - len(portrait) <= 8


@pytest.mark.needs("soffice")
def test_a_fuller_month_still_has_four_pages(tmp_path: Path) -> None:
    """With half a page more of text the charts and tables give way, and the body stays on four pages."""
    report: Report = runpy.run_path(str(SAMPLE))["report"]()
    more = "本月设备更新项目进度总体平稳，各领域完成情况见下表。" * 5
    pages = printed(replace(report, summary=(*report.summary, more)), tmp_path)
    assert len([page for page in pages if page[0] < page[1]]) == 4
