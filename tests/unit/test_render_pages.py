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


Pages = list[tuple[float, float]]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pages]:
    """The sizes in points of the pages that an office program makes of the sample's report, and of one with half a page more of text."""
    folder = tmp_path_factory.mktemp("printed")
    report: Report = runpy.run_path(str(SAMPLE))["report"]()
    more = "本月设备更新项目进度总体平稳，各领域完成情况见下表。" * 5
    for name, each in (("sample", report), ("fuller", replace(report, summary=(*report.summary, more)))):
        (folder / f"{name}.docx").write_bytes(render_docx(each))
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), *map(str, folder.glob("*.docx"))]
    subprocess.run(command, check=True, capture_output=True, timeout=110)
    return {file.stem: _pages(file.read_bytes()) for file in folder.glob("*.pdf")}


def _pages(pdf: bytes) -> Pages:
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", pdf)
    return [(float(width), float(height)) for width, height in boxes]


@pytest.mark.needs("soffice")
def test_the_body_has_three_or_four_pages_and_the_annexes_at_most_eight(printed: dict[str, Pages]) -> None:
    """Portrait pages are the body, landscape ones the annexes."""
    pages = printed["sample"]
    portrait = [page for page in pages if page[0] < page[1]]
    assert 3 <= len(portrait) <= 4
    assert 1 <= len(pages) - len(portrait) <= 8


@pytest.mark.needs("soffice")
def test_a_fuller_month_still_has_four_pages(printed: dict[str, Pages]) -> None:
    """With half a page more of text the charts and tables give way, and the body stays on four pages."""
    assert len([page for page in printed["fuller"] if page[0] < page[1]]) == 4
