"""What the district's work plan asks for, one by one, has a place, and the page that says where is true."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from exchange_hub.programme.district import District
from exchange_hub.reports import catalogue
from exchange_hub.reports.render.xlsx_report import TABLES
from exchange_hub.views.lists import BY_NAME, LISTS
from tests.closing.reading import report_of
from tests.closing.rows import random_lists
from tests.console_rows import MemorySource, opened

ROOT = Path(__file__).parents[2]
DISTRICT = ROOT / "deploy/districts/wuqing"
DEMANDS = 21
#: Sections of the report, by the numerals under which they are printed.
NUMERALS = "一二三四五六七八"
Row = dict[str, str]


@pytest.fixture(scope="module")
def demands() -> list[Row]:
    """The lines of the page, by its headings."""
    lines = [line.strip("| ") for line in (DISTRICT / "DEMANDS.md").read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    head, _, *rows = ([cell.strip() for cell in line.split("|")] for line in lines)
    return [dict(zip(head, row, strict=True)) for row in rows]


def names(row: Row, column: str) -> list[str]:
    """The names in a cell: between back quotes, else parted by the enumeration comma."""
    return re.findall(r"`([^`]+)`", row[column]) or [name for name in re.split("[、；]", row[column]) if name]


def test_every_demand_has_its_lists_and_every_list_a_demand(demands: list[Row]) -> None:
    """The demands are numbered through; each names lists that there are, and no list stands beside the plan."""
    assert [row["序号"] for row in demands] == [str(number) for number in range(1, DEMANDS + 1)]
    named = set(chain.from_iterable(names(row, "清单") for row in demands))
    assert named == {view.name for view in LISTS}
    assert named <= set(BY_NAME)


def test_every_sheet_that_a_bureau_fills_is_in_a_template(demands: list[Row]) -> None:
    """The sheets named are sheets of the bureaus' mappings."""
    mappings = [tomllib.loads(path.read_text(encoding="utf-8")) for path in (DISTRICT / "connectors").rglob("*.toml")]
    sheets = {sheet["name"] for mapping in mappings for sheet in mapping.get("sheet", ())}
    assert not [(row["序号"], name) for row in demands for name in names(row, "填报表") if name not in sheets]


def test_every_place_in_the_report_and_every_sheet_of_the_annex_is_there(demands: list[Row]) -> None:
    """Sections stand under their numerals and titles; sheets are those of lists, of tables beside the body, or of what is worked out."""
    report = report_of(District.load(DISTRICT), random_lists(3))
    sections = {f"{NUMERALS[n]}、{section.title}" for n, section in enumerate(report.sections)} | {"要情", "数据说明", "版记"}
    places = [(row["序号"], place) for row in demands for place in re.sub("（[^）]*）", "", row["专报"]).split("；")]
    assert not [place for place in places if place[1] not in sections]
    made = (catalogue.POLICY_MAP, catalogue.POLICY_CHANGES, catalogue.TASK_BOARD, catalogue.PLAN_BOARD, catalogue.SUGGESTIONS)
    annexes = {view.annex.title for view in (*LISTS, *made) if view.annex is not None} | {TABLES, "目标路径", "指标报送责任", "用能设备能效"}
    assert not [(row["序号"], name) for row in demands for name in names(row, "附件工作簿") if name not in annexes]


def test_every_page_answers(demands: list[Row], tmp_path: Path) -> None:
    """The pages named are served, with what they are asked for or with words that there is nothing."""
    source = MemorySource()
    with opened(source, tmp_path, raising=False) as client:
        told = {page: answer(client, page) for row in demands for page in names(row, "网页")}
    assert not {page: status for page, status in told.items() if status != 200}


def answer(client: TestClient, page: str) -> int:
    """The status of a page."""
    return client.get(page).status_code


def test_every_test_named_is_there(demands: list[Row]) -> None:
    """The tests that hold a demand exist under their names."""
    missing = []
    for row in demands:
        for name in names(row, "检验"):
            file, _, test = name.partition("::")
            if not (ROOT / file).exists() or f"def {test}(" not in (ROOT / file).read_text(encoding="utf-8"):
                missing.append(name)
    assert not missing
