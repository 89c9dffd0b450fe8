"""The rows behind a figure, a page of them at a time."""

import re
from pathlib import Path

import pytest

from exchange_hub.console import pages
from tests.console_rows import MemorySource, opened, write_report


def test_pages_of_a_figure_s_rows_are_all_of_them_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From page to page each row behind a figure is shown once, in order; a page after the last one says that there is none."""
    source = MemorySource()
    write_report(tmp_path)
    with opened(source, tmp_path) as client:
        monkeypatch.setattr(pages, "_FIGURE_ROWS_A_PAGE", 7)
        first = re.search(r'href="(/reports/2026-10/figure\?id=equipment[^"]+projects)"', client.get("/reports/2026-10").text)
        assert first is not None
        found, address, texts = [], first[1], []
        while address:
            texts.append(client.get(address).text)
            found.append(re.findall(r"/lists/equipment-projects/row\?key=([0-9-]+)", texts[-1]))
            following = re.search(r'rel="next" href="([^"]+)"', texts[-1])
            address = following[1].replace("&amp;", "&") if following else ""
        assert [len(rows) for rows in found] == [7, 7, 6]
        assert [key for rows in found for key in rows] == [row["row_key"] for row in source.lists["equipment-projects"] if row["domain"] == "工业"]
        assert "第 2 / 3 页" in texts[1]
        assert "没有这一页" in client.get(f"{first[1]}&page=4").text
        assert client.get(f"{first[1]}&page=0").status_code == 400


def test_report_cells_open_the_rows_behind(tmp_path: Path) -> None:
    """A figure of the report leads to its rows; one without value says why and is no number."""
    write_report(tmp_path)
    with opened(MemorySource(), tmp_path) as client:
        text = client.get("/reports/2026-10").text
        assert "123456.8</a>" in text
        assert "未设定" in text
        address = re.search(r'href="(/reports/2026-10/figure\?id=equipment[^"]+projects)"', text)
        assert address is not None
        page = client.get(address[1]).text
        assert page.count("/lists/equipment-projects/row?key=") == 20
        assert "领域＝工业" in page
        assert client.get("/reports/2026-10/figure?id=no.such").status_code == 404
