"""The board of towns, beside that of the bureaus."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from exchange_hub.console.town_board import REFUSED
from exchange_hub.views.queries.answers import Finding, Submission
from tests.closing.rows import row
from tests.console_rows import MemorySource, opened

TOWN = "yangcun"


@pytest.fixture
def source() -> MemorySource:
    source = MemorySource()
    source.lists["tasks"] = [
        row("tasks", "1", TOWN, task_no="1", month="2026-11", state="已完成", lead_bureau=TOWN), row("tasks", "2", TOWN, task_no="2", month="2026-11", state="滞后", lead_bureau=TOWN),
        row("tasks", "3", TOWN, task_no="1", month="2026-10", state="滞后", lead_bureau=TOWN), row("tasks", "4", "water", task_no="1", month="2026-11", state="滞后", lead_bureau="water"),
    ]  # fmt: skip
    source.lists["problems"] = [row("problems", state, TOWN, problem_no=state, state=state, lead_bureau=TOWN) for state in ("未办结", "重新提出", "已办结")]
    source.lists["publicity"] = [row("publicity", f"{n}", TOWN, activity=f"{n}", month="2026-11", reach=100, lead_bureau=TOWN) for n in range(2)]
    source.lists["project-claims"] = [row("project-claims", f"{TOWN}|{n}", TOWN, claim_state=state, lead_bureau=TOWN) for n, state in enumerate(("已确认", "待主管部门确认", "待主管部门确认"))]
    source.lists["outlet-claims"] = [row("outlet-claims", f"{TOWN}|g", TOWN, claim_state="已确认", lead_bureau=TOWN)]
    source.lists["outlets"] = [row("outlets", "g", "commerce", name="一站", town="杨村"), row("outlets", "h", "commerce", name="二站", town="别处")]
    source.submitted.append(Submission(TOWN, "tasks", "2026-11", "confirmed", 2, date(2026, 11, 20), "签发"))
    source.found.append(Finding("f-9", "project-claims-open", "project", f"{TOWN}|1", "", "project-claims", "", (TOWN,), REFUSED))
    return source


@pytest.fixture
def client(source: MemorySource, tmp_path: Path) -> Iterator[TestClient]:
    with opened(source, tmp_path, raising=False) as client:
        yield client


def lines(client: TestClient) -> dict[str, dict[str, Any]]:
    """What the API says of each town."""
    return {line["name"]: line for line in client.get("/api/towns/2026-11").json()}


def test_a_town_s_line_says_what_it_owes_told_and_claims(client: TestClient) -> None:
    """What came of what is owed, the month's tasks and publicity, open matters, and claims by how they stand; other bureaus' rows are none of its."""
    line = lines(client)["杨村街道"]
    assert (line["owed"], line["came"], line["silent"]) == (2, 1, ["project-claims"])
    assert (line["tasks"], line["tasks_done"], line["tasks_behind"]) == (2, 1, 1)
    assert (line["problems"], line["problems_open"], line["activities"], line["reach"]) == (3, 2, 2, 200)
    assert (line["claims_confirmed"], line["claims_open"], line["claims_refused"]) == (2, 1, 1)


def test_the_ground_is_counted_by_name_and_alias(client: TestClient, source: MemorySource) -> None:
    """Rows on a town's ground are its, under whichever name a bureau wrote; what lies elsewhere is nobody's."""
    found = lines(client)
    assert found["杨村街道"]["ground"]["outlets"] == 1
    written = sum(each["town"] == "大碱厂镇" for each in source.lists["equipment-projects"])
    assert found["大碱厂镇"]["ground"]["equipment-projects"] == written > 0


def test_a_town_that_does_not_report_owes_nothing(client: TestClient) -> None:
    """It has its line with what stands on its ground, and is not silent."""
    line = lines(client)["大碱厂镇"]
    assert (line["reports"], line["code"], line["owed"], line["silent"], line["reach"]) == (False, "", 0, [], None)


def test_towns_do_not_stand_on_the_bureaus_board(client: TestClient) -> None:
    """Neither page nor tally of the bureaus counts a town; the API has both, the bureaus first."""
    page = client.get("/submissions?month=2026-11").text
    assert TOWN not in page
    assert "应报 22 份" in page
    bureaus = [cell["bureau"] for cell in client.get("/api/submissions/2026-11").json()]
    assert bureaus.count(TOWN) == 2
    assert set(bureaus[-2:]) == {TOWN}


def test_the_page_leads_to_a_town_s_rows(client: TestClient) -> None:
    """Numbers open the list with the town's own rows, and a town that does not report says so."""
    page = client.get("/towns?month=2026-11").text
    assert "/lists/tasks?lead_bureau=yangcun&amp;month=2026-11" in page
    assert "/lists/outlets?town=%E6%9D%A8%E6%9D%91%E8%A1%97%E9%81%93" in page
    assert "未开通自行报送" in page
    assert client.get("/towns?month=11").status_code == 400
