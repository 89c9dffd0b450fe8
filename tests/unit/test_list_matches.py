"""Supply and demand: rows and figures of matches, what a look at them shows, and what is suggested."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from exchange_hub.programme.district import District
from exchange_hub.programme.matching import Suggestion, suggestions
from exchange_hub.reports.build import with_annexes
from exchange_hub.reports.model import Report
from exchange_hub.views.fold import fold_component
from exchange_hub.views.lists import LISTS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact
from tests.closing.reading import report_of
from tests.closing.rows import row
from tests.console_rows import MemorySource, opened

WAN = 1_000_000
"""Fen in 10 thousand yuan."""


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


def said(bureau: str, entity: str = "DJ-1", **facts: Any) -> Claim:
    """What a bureau says of a match of October."""
    stated = {
        "match_no": entity, "project_no": "P6", "line_no": "P6-新1", "buyer_name": None, "enterprise_uscc": "91120222000000000X", "enterprise_name": "某厂", "local": None,
        "product": None, "contract_no": "HT-1", "amount": 500 * WAN, "on": (date(2026, 10, 21) - date(1970, 1, 1)).days,
    }  # fmt: skip
    return Claim(ClaimKey("match", bureau, entity), {"matched": Fact("SupplyDemandMatched", 1, b"", False, stated | facts)})


def folded(*claims: Claim) -> tuple[list[Any], list[str]]:
    """The rows of one component and the rules of what is asked about."""
    found = fold_component(list(claims), FoldRules(ranking=lambda *_: ("industry",)))
    assert found.failure is None
    return list(found.rows), [finding.rule for finding in found.findings]


def test_what_two_bureaus_say_of_one_contract_is_one_row() -> None:
    """A column that the first leaves empty comes from the second; the match is counted once."""
    [found], asked = folded(said("industry"), said("housing", "A-7", contract_no="ht-1", buyer_name="某医院"))
    assert (found.key, found.bureaus, asked) == ("HT-1|91120222000000000X|P6-新1", ("housing", "industry"), [])
    assert (found.values["buyer_name"], found.values["on_date"], found.values["lead_bureau"]) == ("某医院", date(2026, 10, 21), "industry")


def test_another_amount_of_one_contract_is_asked_about() -> None:
    """Both amounts are told; the row has that of the bureau that comes first."""
    [found], asked = folded(said("industry"), said("housing", "A-7", amount=501 * WAN))
    assert (found.values["amount"], asked) == (500 * WAN, ["match-differs"])


def test_without_a_contract_a_match_stays_its_bureau_s_own() -> None:
    """Its row is named by the bureau and its own number; one that was withdrawn has none."""
    assert [made.key for made in folded(said("industry", contract_no=None))[0]] == ["|industry:DJ-1"]
    gone = Claim(ClaimKey("match", "industry", "DJ-1"), {"matched": Fact("SupplyDemandMatchWithdrawn", 2, b"", True, {})})
    assert folded(gone) == ([], [])


def match(key: str, on: str, amount: int, uscc: str = "U1") -> dict[str, Any]:
    """A row of the list."""
    told = {"match_no": key, "project_no": "P6", "line_no": key, "enterprise_uscc": uscc, "enterprise_name": "某厂", "amount": amount * WAN}
    return row("matches", key, "industry", on_date=date.fromisoformat(on), **told)


def report_with(district: District, **rows: list[dict[str, Any]]) -> Report:
    """A report of October of which only the named lists have rows."""
    return report_of(district, {view.name: rows.get(view.name, []) for view in LISTS})


def test_what_listed_makers_won_is_told_of_the_year(district: District) -> None:
    """A supplier and an enterprise that no list has are in the total alone; what is signed in November or last year waits or is gone."""
    report = report_with(
        district,
        enterprises=[row("enterprises", "U1", "industry", uscc="U1", role="生产企业"), row("enterprises", "U2", "industry", uscc="U2", role="供应商")],
        matches=[
            match("1", "2026-10-01", 300), match("2", "2026-03-31", 100), match("3", "2026-10-31", 500, "U2"), match("4", "2026-09-30", 100, "U9"),
            match("5", "2026-11-01", 7), match("6", "2025-12-31", 9),
        ],
    )  # fmt: skip
    values = {name: report.figures[f"matches.合计.{name}"].value for name in ("month_matched", "month_amount", "matched", "amount", "local", "local_amount", "local_share")}
    assert values == {
        "month_matched": 2, "month_amount": Decimal(8_000_000), "matched": 4, "amount": Decimal(10_000_000), "local": 2, "local_amount": Decimal(4_000_000), "local_share": 40,
    }  # fmt: skip
    [told] = [text for text in report.summary if "供需对接" in text]
    assert told.endswith("，本年供需对接4项。")


def test_where_nothing_was_matched_the_report_says_nothing(district: District) -> None:
    """Nobody owes the list, so nothing is no zero."""
    report = report_with(district, enterprises=[row("enterprises", "U1", "industry", uscc="U1", role="生产企业")])
    matched = report.figures["matches.合计.matched"]
    assert (matched.value, matched.absent) == (None, "未报送")
    assert not [text for text in report.summary if "供需对接" in text]


def line(no: str, name: str, side: str = "新设备", by: str = "industry") -> dict[str, Any]:
    """A line of equipment."""
    return row("equipment-lines", f"{by}:{no}", by, line_no=no, project_no="P6", side=side, name=name, units=2, price=30 * WAN, lead_bureau=by)


def maker(uscc: str, *products: str, role: str = "生产企业") -> dict[str, Any]:
    """A listed enterprise."""
    return row("enterprises", uscc, "industry", uscc=uscc, name=f"厂{uscc}", role=role, main_products=list(products))


def shown(found: Iterator[Suggestion]) -> list[tuple[str, str, str, str]]:
    """What is suggested, in its order."""
    return [(each.line_no, each.uscc, each.product, each.likeness) for each in found]


def test_products_that_are_like_a_line_are_suggested() -> None:
    """Names that agree come before kinds that agree, makers before suppliers; old equipment asks for nothing."""
    lines = [line("1", "六轴焊接机器人"), line("2", "焊接机器人", "旧设备"), line("3", "电动机")]
    found = suggestions(lines, [maker("U1", "搬运机器人", "再制造发动机"), maker("U2", "焊接机器人", role="供应商"), maker("U3", "焊接 机器人")], [])
    assert shown(found) == [("1", "U3", "焊接 机器人", "名称相符"), ("1", "U2", "焊接机器人", "名称相符"), ("1", "U1", "搬运机器人", "类别相近")]


@pytest.mark.parametrize(("told", "expected"), [
    ({"line_no": "n 1", "project_no": "p6", "bureaus": ["housing"]}, []), ({"line_no": "N1", "project_no": "2509", "bureaus": ["industry"]}, []),
    ({"line_no": "N1", "project_no": "2509", "bureaus": ["housing"]}, [("N1", "U1", "压力机", "名称相符")]), ({"line_no": "N2", "project_no": "P6", "bureaus": ["industry"]}, [("N1", "U1", "压力机", "名称相符")]),
])  # fmt: skip
def test_a_line_that_was_matched_is_suggested_no_more(told: dict[str, Any], expected: list[Any]) -> None:
    """A match names the line by project and number, or by the bureau's own number; another bureau's number of another project is another line."""
    assert shown(suggestions([line("N1", "伺服压力机")], [maker("U1", "压力机")], [told])) == expected


def test_suggestions_stand_in_the_workbook_and_older_months_have_none(district: District) -> None:
    """They are made of the very rows of the three lists; a month that was closed before keeps its annexes, and without a likeness there is none."""
    report = report_of(district, {view.name: [] for view in LISTS})
    rows = {"equipment-lines": [line("N1", "伺服压力机")], "enterprises": [maker("U1", "压力机")], "matches": []}
    [found] = [annex for annex in with_annexes(report, rows).annexes if annex.title == "供需对接建议"]
    assert [(row["equipment"], row["uscc"], row["likeness"], row["price"]) for row in found.rows] == [("伺服压力机", "U1", "名称相符", 30 * WAN)]
    older = replace(report, catalogue=replace(report.catalogue, suggested=False))
    for without in (with_annexes(older, rows), with_annexes(report, rows | {"enterprises": []})):
        assert "供需对接建议" not in [annex.title for annex in without.annexes]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """The console on the double, with one line and one maker."""
    source = MemorySource()
    source.lists |= {"equipment-lines": [line("N1", "伺服压力机")], "enterprises": [maker("U1", "压力机")], "matches": []}
    with opened(source, tmp_path, raising=False) as client:
        yield client


def test_the_page_and_the_api_show_the_same(client: TestClient) -> None:
    """The line, the enterprise and why it is suggested; money in 万元 on the page, in yuan in the answer."""
    [answer] = client.get("/api/suggestions").json()
    assert (answer["line"], answer["uscc"], answer["price"], answer["likeness"]) == ("industry:N1", "U1", "300000.00", "名称相符")
    page = client.get("/suggestions").text
    assert all(text in page for text in ("伺服压力机", "厂U1", "30.00", "名称相符", "/lists/enterprises/row?key=U1"))
