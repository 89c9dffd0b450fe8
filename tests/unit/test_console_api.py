"""The JSON API, its description, and the health of the console."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from exchange_hub.reports.catalogue import present
from exchange_hub.reports.model import load
from exchange_hub.views.lists import LISTS
from tests.closing.rows import row
from tests.console_rows import NOW, MemorySource, opened, write_report

ADDRESSES = {
    "/api/lists": "/api/lists",
    "/api/lists/{name}": "/api/lists/equipment-projects",
    "/api/lists/{name}/row": "/api/lists/equipment-projects/row?key=2509-120114-89-01-540003",
    "/api/submissions/{month}": "/api/submissions/2026-11",
    "/api/towns/{month}": "/api/towns/2026-11",
    "/api/lists/{name}/sums": "/api/lists/equipment-projects/sums?by=town",
    "/api/tasks/{month}": "/api/tasks/2026-11",
    "/api/findings": "/api/findings",
    "/api/rejections": "/api/rejections",
    "/api/positions": "/api/positions",
    "/api/reports": "/api/reports",
    "/api/reports/{month}/figures": "/api/reports/2026-10/figures",
    "/api/reports/{month}/tables": "/api/reports/2026-10/tables",
    "/api/catalogue": "/api/catalogue",
    "/api/checks": "/api/checks",
    "/api/suggestions": "/api/suggestions",
}


@pytest.fixture
def source() -> MemorySource:
    return MemorySource()


@pytest.fixture
def client(source: MemorySource, tmp_path: Path) -> Iterator[TestClient]:
    source.closed["2026-10"] = load(write_report(tmp_path), present())
    source.lists["equipment-lines"] = [row("equipment-lines", "1", "industry", line_no="1", project_no="P", side="新设备", name="泵车", price=100)]
    source.lists["enterprises"] = [row("enterprises", "2", "industry", name="某厂", role="生产企业", main_products=["泵车"])]
    with opened(source, tmp_path) as client:
        yield client


@pytest.mark.parametrize(("route", "address"), ADDRESSES.items())
def test_answers_and_examples_are_what_the_description_says(client: TestClient, route: str, address: str) -> None:
    """What a route answers, and the example that the description shows, are valid by the description's own schema, with no field unsaid."""
    described = client.get("/openapi.json").json()
    content = described["paths"][route]["get"]["responses"]["200"]["content"]["application/json"]
    schema = content["schema"] | {"components": described["components"]}
    answer = client.get(address)
    assert answer.status_code == 200
    for instance in (answer.json(), content["example"]):
        jsonschema.Draft202012Validator(schema).validate(instance)
        assert instance


def test_every_route_is_described_with_an_example_and_its_errors(client: TestClient) -> None:
    """The OpenAPI description has every API route, each with summary, description, example and the errors that it answers."""
    paths = {path: item["get"] for path, item in client.get("/openapi.json").json()["paths"].items()}
    assert {path for path in paths if path.startswith("/api/")} == set(ADDRESSES)
    for path, operation in paths.items():
        assert operation["summary"]
        assert operation["description"]
        assert "422" not in operation["responses"], "a parameter out of range is answered with 400"
        if path.startswith("/api/"):
            assert "example" in operation["responses"]["200"]["content"]["application/json"]
            assert {"400", "404", "503"} <= operation["responses"].keys()


@pytest.mark.parametrize("address", ["/api/nothing", "/api/lists/nothing", "/api/submissions/2026-13", "/api/lists/trade-in?page=0"])
def test_errors_are_what_the_description_says(client: TestClient, address: str) -> None:
    """An error of the API is JSON with its words, whatever went wrong."""
    answer = client.get(address)
    assert answer.status_code in (400, 404)
    assert list(answer.json()) == ["detail"]


def test_docs_page_names_every_route(client: TestClient) -> None:
    """/docs is a page of our own that needs no script and shows every route."""
    text = client.get("/docs").text
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in text


def test_money_is_a_decimal_string_in_yuan_and_null_stays_null(client: TestClient, source: MemorySource) -> None:
    """No float ever carries money, and nothing reported is null."""
    source.lists["equipment-projects"] = source.lists["equipment-projects"][:1]
    source.lists["equipment-projects"][0] |= {
        "total_investment": 1_000_000_000_000_001,
        "funds_paid": None,
        "planned_by_year": {"2026": 5},
    }
    row = client.get("/api/lists/equipment-projects").json()["rows"][0]
    assert row["total_investment"] == "10000000000000.01"
    assert row["funds_paid"] is None
    assert row["planned_by_year"] == {"2026": "0.05"}


def test_money_filters_are_in_yuan(client: TestClient, source: MemorySource) -> None:
    """A money condition is given in yuan, as the answer gives it."""
    source.lists["equipment-projects"][5]["total_investment"] = 123_45
    assert client.get("/api/lists/equipment-projects?total_investment=123.45").json()["total"] == 1


def test_times_are_utc(client: TestClient) -> None:
    """Times of the API are UTC with Z; screens alone are in Shanghai time."""
    assert client.get("/api/lists/trade-in").json()["as_of"] == "2026-11-24T05:40:12Z"


@pytest.mark.parametrize(
    "address", ["/api/lists/none", "/api/lists/trade-in/row?key=none", "/api/reports/2026-01/figures", "/api/none"]
)
def test_what_is_not_there_is_404_in_json(client: TestClient, address: str) -> None:
    """An unknown list, row, month or route is a JSON 404 with words."""
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer.json()["detail"]


@pytest.mark.parametrize("address", ["/api/submissions/2026-13", "/api/findings?limit=1001", "/api/lists/trade-in/row"])
def test_parameters_out_of_range_are_400_in_json(client: TestClient, address: str) -> None:
    """A parameter that is missing or out of range is a JSON 400 with words."""
    answer = client.get(address)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_liveness_asks_nothing(client: TestClient, source: MemorySource) -> None:
    """The process lives although its store is away; restarting it would help nobody."""
    source.broken = True
    assert client.get("/livez").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("seen_seconds_ago", "status", "workers"),
    [(4, 200, "fresh"), (120, 200, "fresh"), (121, 503, "silent"), (None, 200, "unknown")],
)
def test_readiness_follows_the_workers_heartbeat(
    client: TestClient, source: MemorySource, seen_seconds_ago: int | None, status: int, workers: str
) -> None:
    """Ready while a worker was heard of within two minutes; where no heartbeat is kept, the store alone decides."""
    seen = None if seen_seconds_ago is None else NOW - timedelta(seconds=seen_seconds_ago)
    source.places = [replace(place, seen_at=seen) for place in source.places]
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["workers"]) == (status, workers)


def test_readiness_fails_without_the_store(client: TestClient, source: MemorySource) -> None:
    """A console that cannot read is not ready."""
    source.broken = True
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "down")


def scraped(client: TestClient) -> dict[tuple[str, ...], float]:
    health = client.app.state.health  # type: ignore[attr-defined]
    health.refresh()
    families = text_string_to_metric_families(health.console.meters.exposition().decode())
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


def test_metrics_tell_submissions_by_bureau_and_state(client: TestClient) -> None:
    """Every bureau that owes something has all four states, also at zero, so that an alert can clear."""
    found = scraped(client)
    assert found["hub_submissions", "water", "nil"] == 1
    assert found["hub_submissions", "water", "silent"] == 1
    assert found["hub_submissions", "housing", "silent"] == 2
    assert found["hub_submissions", "industry", "late"] == 1
    assert found["hub_submissions", "industry", "silent"] == 0


def test_what_goes_back_to_bureaus_is_told_by_bureau(client: TestClient) -> None:
    """Rows sent back stand with the submission they belong to, and in a metric of every bureau, also at zero."""
    told = {(each["bureau"], each["list"]): each["rows_returned"] for each in client.get("/api/submissions/2026-11").json()}
    assert told["industry", "equipment-projects"] == 14
    assert sum(told.values()) == 14
    found = scraped(client)
    assert (found["hub_workbook_rows_returned", "industry"], found["hub_workbook_rows_returned", "water"]) == (14, 0)


def test_metrics_tell_the_due_time_and_the_last_close_in_shanghai(client: TestClient) -> None:
    """Submissions due on the 22nd are due at its end in Shanghai; October ended at 16:00 UTC of its last day."""
    found = scraped(client)
    assert found["hub_submissions_due_timestamp_seconds",] == 1795363200  # 2026-11-22T16:00:00Z
    assert found["hub_close_month_end_timestamp_seconds",] == 1793462400  # 2026-10-31T16:00:00Z
    assert found["hub_close_last_timestamp_seconds",] == 1793840400  # 2026-11-05T01:00:00Z
    assert found["hub_findings_open",] == 2


def test_metrics_say_when_the_store_is_away(client: TestClient, source: MemorySource) -> None:
    """A scrape without the store still answers, with the database down."""
    assert scraped(client)["hub_database_up",] == 1
    source.broken = True
    assert scraped(client)["hub_database_up",] == 0


def test_requests_are_counted_by_pattern_not_by_address(client: TestClient) -> None:
    """Keys and unknown paths make no series of their own."""
    before = scraped(client)
    for number in range(5):
        client.get(f"/lists/trade-in/row?key=D20261000{number:03d}")
        client.get(f"/scan/{number}.php")
    counted = {key[1:]: value - before.get(key, 0) for key, value in scraped(client).items() if key[0] == "hub_console_requests_total"}
    assert {key: value for key, value in counted.items() if value} == {("/lists/{name}/row", "200"): 5, ("other", "404"): 5}


def test_lists_of_the_api_are_those_of_the_catalogue(client: TestClient) -> None:
    """The API describes each list with its columns, titles, types and units."""
    found = {view["name"]: [column["name"] for column in view["columns"]] for view in client.get("/api/lists").json()}
    assert found == {view.name: [column.name for column in view.columns] for view in LISTS}
