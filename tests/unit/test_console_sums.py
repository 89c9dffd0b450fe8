"""Lists summed by a column on pages, as CSV and by the API: by town above all."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from exchange_hub.views.lists import LISTS
from tests.closing.rows import row
from tests.console_rows import MemorySource, opened


@pytest.fixture
def source() -> MemorySource:
    return MemorySource()


@pytest.fixture
def client(source: MemorySource, tmp_path: Path) -> Iterator[TestClient]:
    with opened(source, tmp_path, raising=False) as client:
        yield client


def test_projects_by_town_add_up(client: TestClient, source: MemorySource) -> None:
    """Each town's rows and amounts, in yuan, and the total of all; API, page and CSV say the same."""
    projects = source.lists["equipment-projects"]
    towns = sorted({str(each["town"]) for each in projects})
    lines = client.get("/api/lists/equipment-projects/sums?by=town").json()["lines"]
    assert [line["town"] for line in lines] == [*towns, "合计"]
    for line in lines:
        mine = [int(str(each["total_investment"])) for each in projects if line["town"] in (each["town"], "合计")]
        assert (line["row_count"], line["total_investment"]) == (len(mine), f"{sum(mine) // 100}.{sum(mine) % 100:02d}")
    told = [*csv.DictReader(io.StringIO(client.get("/lists/equipment-projects/sums?by=town&format=csv").content.decode("utf-8-sig")))]
    assert [(each["镇街园区"], each["行数"], each["总投资（元）"].replace(",", "")) for each in told] == [(line["town"], str(line["row_count"]), line["total_investment"]) for line in lines]
    page = client.get("/lists/equipment-projects/sums?by=town").text
    assert all(town in page for town in towns)


def test_conditions_hold_for_sums(client: TestClient, source: MemorySource) -> None:
    """What the list was filtered by is what is summed, and the list leads to its sums with its conditions."""
    wanted = [each for each in source.lists["equipment-projects"] if each["domain"] == "工业"]
    lines = client.get("/api/lists/equipment-projects/sums?by=town&domain=工业").json()["lines"]
    assert lines[-1]["row_count"] == len(wanted)
    assert "/lists/equipment-projects/sums?domain=%E5%B7%A5%E4%B8%9A&amp;by=town" in client.get("/lists/equipment-projects?domain=工业").text


def test_a_cumulative_is_summed_within_a_month_alone(client: TestClient, source: MemorySource) -> None:
    """Over months the sum of the month is given, and no sum of what each month states anew."""
    source.lists["project-progress"] = [
        row("project-progress", f"{n}", "industry", project_key="C", month=f"2026-0{n}", invested_this_month=100, invested_year_to_date=100 * n) | {"town": "梅厂镇"}
        for n in (8, 9)
    ]  # fmt: skip
    [line] = client.get("/api/lists/project-progress/sums?by=town").json()["lines"]
    assert (line["invested_this_month"], "invested_year_to_date" in line) == ("2.00", False)
    [line] = client.get("/api/lists/project-progress/sums?by=town&month=2026-09").json()["lines"]
    assert line["invested_year_to_date"] == "9.00"


@pytest.mark.parametrize("asked", ["", "?by=", "?by=total_investment", "?by=funding", "?by=nothing", "?by=component", "?by=town&format=xlsx"])
def test_what_cannot_be_summed_by_is_said(client: TestClient, asked: str) -> None:
    """No column, one of amounts, or one that the list has not is refused in words."""
    answer = client.get(f"/lists/equipment-projects/sums{asked}")
    assert answer.status_code == 400


def test_every_list_that_knows_its_ground_is_there_by_town() -> None:
    """A list has a town of its own, or that of the project it names; the others speak of no place."""
    told = {view.name for view in LISTS if any(column.name == "town" for column in (*view.columns, *view.derived))}
    assert told == {
        "equipment-projects", "recycling-projects", "project-progress", "project-claims", "equipment-lines", "project-procedures", "support-sought", "matches",
        "outlets", "outlet-claims", "scrappage", "elimination", "enterprises", "materials",
    }  # fmt: skip
