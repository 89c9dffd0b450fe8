"""Requests as HTTP has them: every address knows HEAD, a range that means nothing is none, a month that nothing can be told of is a mistake."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from exchange_hub.reports.catalogue import present
from exchange_hub.reports.model import load
from tests.console_rows import MemorySource, opened, write_report
from tests.unit.test_console_api import ADDRESSES

MONTHLY = ("/submissions?month={}", "/towns?month={}", "/tasks?month={}", "/api/submissions/{}", "/api/towns/{}", "/api/tasks/{}")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    source = MemorySource()
    source.closed["2026-10"] = load(write_report(tmp_path), present())
    with opened(source, tmp_path) as client:
        yield client


@pytest.mark.parametrize(
    "address", ["/", "/login", "/livez", "/readyz", "/static/console.css", "/reports/2026-10/report.json", "/none", "/lists/trade-in?x=1", *ADDRESSES.values()]
)
def test_head_answers_as_get_does_without_the_body(client: TestClient, address: str) -> None:
    """Status, type and length of an answer can be asked for alone, of pages, API, files and errors."""
    whole, head = client.get(address), client.head(address)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    for name in ("content-type", "content-length"):
        assert head.headers.get(name) == whole.headers.get(name)


def test_an_address_that_is_only_read_says_so(client: TestClient) -> None:
    """What may be asked of it stands in Allow, HEAD included."""
    for address in ("/", "/api/lists", "/readyz"):
        refused = client.post(address)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=5-2", "bytes=-", "bytes=a-b", "bytes", "bytes=0-1,9-3", "bytes=0-0" + ",0-0" * 100])
def test_a_range_that_means_nothing_gets_the_whole(client: TestClient, asked: str) -> None:
    """Of files and static files alike, as if no range had been asked for."""
    for address in ("/reports/2026-10/report.json", "/static/console.css"):
        answer = client.get(address, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (200, client.get(address).content)


def test_a_range_gets_its_part(client: TestClient) -> None:
    """A download goes on where it broke off; behind the end there is nothing."""
    address = "/reports/2026-10/report.json"
    whole = client.get(address).content
    for asked, part in (("bytes=0-9", whole[:10]), ("bytes=-5", whole[-5:]), (f"bytes={len(whole) - 3}-", whole[-3:])):
        answer = client.get(address, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, part)
    assert client.get(address, headers={"Range": f"bytes={len(whole)}-"}).status_code == 416


@pytest.mark.parametrize("month", ["9999-12", "0000-01", "0001-01", "1989-12", "2036-01", "2026-13", "2026-1"])
def test_a_month_of_which_nothing_can_be_told_is_a_mistake(client: TestClient, month: str) -> None:
    """It is 400 on every board and in the API, never an error of the server and never an empty board."""
    for address in MONTHLY:
        assert client.get(address.format(month)).status_code == 400, address
    for edge in ("1990-01", "2035-12"):
        assert {client.get(address.format(edge)).status_code for address in MONTHLY} == {200}


def test_a_bureau_that_nobody_is_is_a_mistake(client: TestClient) -> None:
    """Its empty list would read as if nothing had been returned to it."""
    for address in ("/receipts?bureau={}", "/api/rejections?bureau={}"):
        assert (client.get(address.format("industry")).status_code, client.get(address.format("")).status_code) == (200, 200)
        for nobody in ("nope", "INDUSTRY", "industry'--", "x" * 50):
            refused = client.get(address.format(nobody))
            assert refused.status_code == 400
            assert "的单位" in refused.text


def test_a_state_that_no_finding_can_have_is_a_mistake(client: TestClient) -> None:
    """A state that none has now shows none; one that there is not is refused."""
    for state in ("", "待核实", "属实", "政策允许", "原因已消除，待复核"):
        assert client.get("/findings", params={"state": state}).status_code == 200, state
    for state in ("nope", "0", "待核实 "):
        assert client.get("/findings", params={"state": state}).status_code == 400, state
