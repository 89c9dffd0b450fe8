"""The page of the map of policies: its matrix, and a card of each policy in force with all its fields."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from exchange_hub.views.lists import BY_NAME
from tests.console_rows import MemorySource, opened, write_report


@pytest.fixture
def source() -> MemorySource:
    return MemorySource()


@pytest.fixture
def client(source: MemorySource, tmp_path: Path) -> Iterator[TestClient]:
    write_report(tmp_path)
    with opened(source, tmp_path, raising=False) as client:
        yield client


def policy(no: str, **values: Any) -> dict[str, Any]:
    """A row of the list with every column."""
    empty = dict.fromkeys(column.name for column in BY_NAME["funding-policies"].columns)
    stated = {"row_key": no, "component": no, "bureaus": ["finance"], "document_no": no, "name": f"办法{no}", "level": "市级", "support_kind": "补助"}
    return empty | stated | {"domains": ["工业", "交通"]} | values


def test_the_map_counts_a_policy_in_each_domain_and_once_in_all(client: TestClient, source: MemorySource) -> None:
    """Two policies of two domains are two in each, and two in the total, with their money once; one that has ended is in none."""
    source.lists["funding-policies"] = [
        policy("甲", obtained=500_000_000, valid_to=date(2026, 12, 31)), policy("乙", obtained=100_000_000), policy("丙", valid_to=date(2025, 12, 31)),
    ]  # fmt: skip
    page = " ".join(client.get("/policies").text.split())
    assert "执行中 2 项，60 日内到期 1 项" in page
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert (table.count("600.00"), table.count("<tr>"), table.count("办法")) == (3, 3, 0)
    assert "丙" not in page


def test_a_card_has_every_field_and_those_that_end_soon_come_first(client: TestClient, source: MemorySource) -> None:
    """Every column of the list stands on the card, what nobody filled as a dash, with the way to what bureaus said."""
    source.lists["funding-policies"] = [policy("乙", standard="按设备购置费的15%"), policy("甲", valid_to=date(2026, 12, 31))]
    page = client.get("/policies").text
    cards = page[page.index("政策卡片") :]
    assert cards.index("办法甲") < cards.index("办法乙")
    assert all(f"<dt>{column.title}" in cards for column in BY_NAME["funding-policies"].columns)
    assert "按设备购置费的15%" in cards
    assert "/lists/funding-policies/row?key=" in cards


def test_without_a_policy_in_force_the_page_says_so(client: TestClient, source: MemorySource) -> None:
    """No map of zeros, and no card."""
    source.lists["funding-policies"] = [policy("丙", expired_on=date(2026, 1, 1))]
    page = client.get("/policies").text
    assert "没有执行中的资金政策。" in page
    assert "政策卡片" not in page


def test_a_card_is_a_page_with_every_field_whether_in_force_or_not(client: TestClient, source: MemorySource) -> None:
    """Shares and what takes a policy's place stand on it; a key that nobody has is not found."""
    source.lists["funding-policies"] = [
        policy("丙", expired_on=date(2026, 1, 1), successor_no="津财〔2026〕7号", central_percent=Decimal("85.0000"), local_percent=Decimal("15.0000"), consumer_domains=["家电"])
    ]
    page = client.get("/policies/card?key=丙").text
    assert all(f">{column.title}" in page for column in BY_NAME["funding-policies"].columns)
    assert all(text in page for text in ("津财〔2026〕7号", "85", "家电", "不在执行期"))
    assert client.get("/policies/card?key=无").status_code == 404


def test_changes_of_the_month_lead_to_their_cards(client: TestClient, source: MemorySource) -> None:
    """What ends soon is named with its day; without a change there is no such table."""
    source.lists["funding-policies"] = [policy("甲", valid_to=date(2026, 12, 31))]
    page = client.get("/policies").text
    assert page.index("本月变化和即将到期") < page.index("将到期</td>") < page.index("政策卡片")
    source.lists["funding-policies"] = [policy("甲")]
    assert "本月变化" not in client.get("/policies").text
