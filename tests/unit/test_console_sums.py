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


def _sums(client: TestClient, list_: str, query: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = client.get(f"/api/lists/{list_}/sums?{query}").json()["lines"]
    return found


def test_what_is_a_stock_or_a_ceiling_is_never_summed(client: TestClient, source: MemorySource) -> None:
    """Outlets that an operator states with each material, firms of several months, and the most that a policy gives have no sum; what flows has one."""
    source.lists["materials"] = [
        row("materials", f"W|{n}", "commerce", operator_uscc="W", month="2026-10", material=material, unit="吨", outlets=3, reverse_invoiced=100, town="梅厂镇", granularity="明细")
        for n, material in enumerate(("废钢铁", "废纸"))
    ]
    [line] = _sums(client, "materials", "by=town&month=2026-10")
    assert (line["row_count"], line["reverse_invoiced"], "outlets" in line) == (2, "2.00", False)
    source.lists["safeguards"] = [row("safeguards", f"{n}", "tax", safeguard="反向开票", month=f"2026-0{n}", firms=10, items=5, unit="份", amount=100) for n in (8, 9)]
    [line] = _sums(client, "safeguards", "by=safeguard")
    assert (line["items"], line["amount"], "firms" in line) == (10, "2.00", False)
    source.lists["funding-policies"] = [row("funding-policies", f"{n}", "finance", level="市级", cap=100, obtained=100) for n in (1, 2)]
    [line] = _sums(client, "funding-policies", "by=level")
    assert (line["obtained"], "cap" in line) == ("2.00", False)


def test_what_was_approved_and_what_was_paid_of_it_are_never_added(client: TestClient, source: MemorySource) -> None:
    """Steps of money, sides of equipment and kinds of safeguards have a line each within whatever a list is summed by, and no total over them."""
    source.lists["funds"] = [
        row("funds", f"{n}", "finance", step=step, channel="市级", amount=100, granularity="明细", count=1) for n, step in enumerate(("审核", "支付", "支付"))
    ]  # fmt: skip
    assert [(line["channel"], line["step"], line["amount"]) for line in _sums(client, "funds", "by=channel")] == [("市级", "审核", "1.00"), ("市级", "支付", "2.00")]
    assert [(line["step"], line["amount"]) for line in _sums(client, "funds", "by=step")] == [("审核", "1.00"), ("支付", "2.00")]
    source.lists["equipment-lines"] = [
        row("equipment-lines", f"{n}", "industry", line_no=f"{n}", project_no="P", side=side, name="机", units=2) | {"town": "梅厂镇"} for n, side in enumerate(("旧设备", "新设备"))
    ]  # fmt: skip
    assert [(line["side"], line["units"]) for line in _sums(client, "equipment-lines", "by=town")] == [("新设备", 2), ("旧设备", 2)]
    source.lists["safeguards"] = [
        row("safeguards", f"{n}", "tax", safeguard=kind, month="2026-09", items=5, unit=unit) for n, (kind, unit) in enumerate((("反向开票", "份"), ("简化审批", "项")))
    ]  # fmt: skip
    assert [line["items"] for line in _sums(client, "safeguards", "by=month")] == [5, 5]
