"""Publicity and equipment to be eliminated: their rows, what is asked about, and what their figures say."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from exchange_contracts.rules import RULES
from exchange_hub.programme.district import District
from exchange_hub.reports.model import Report
from exchange_hub.views.fold import fold_component
from exchange_hub.views.lists import LISTS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact
from tests.closing.reading import report_of
from tests.closing.rows import Lists, row

_THING = {"item": "Y系列电动机", "catalogue": None, "enterprise_name": "某厂", "enterprise_uscc": None, "equipment": "1号机"}


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


def day(text: str) -> int:
    """A date as events hold it."""
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def ordered(**facts: Any) -> Fact:
    """An order of March with a term to June."""
    stated = {**_THING, "count": None, "town": None, "basis": "目录", "on": day("2026-03-02"), "until": day("2026-06-30"), "occurred_on": day("2026-03-02")}
    return Fact("EliminationOrdered", 1, b"", False, stated | facts)


def verified(on: str = "2026-06-12", **facts: Any) -> Fact:
    """A verification."""
    return Fact("EliminationVerified", 1, b"", False, {**_THING, "done_on": day(on), "method": "拆除报废", "occurred_on": day(on)} | facts)


def folded(*claims: tuple[str, str, Fact]) -> tuple[list[Any], list[str]]:
    """The rows of claims of one component and the rules of what is asked about."""
    found = fold_component([Claim(ClaimKey("elimination", bureau, "1"), {register: fact}) for bureau, register, fact in claims], FoldRules())
    return list(found.rows), [finding.rule for finding in found.findings]


def test_what_one_bureau_orders_another_verifies() -> None:
    """Both stand in one row, whatever blanks are in the names; a count that is left empty is one."""
    [found], asked = folded(("industry", "ordered", ordered()), ("emergency", "verified", verified(equipment=" 1号机", enterprise_name="某 厂")))
    values = found.values
    assert (values["count"], values["ordered_on"], values["until"], values["done_on"]) == (1, date(2026, 3, 2), date(2026, 6, 30), date(2026, 6, 12))
    assert (values["lead_bureau"], found.bureaus, asked) == ("industry", ("emergency", "industry"), [])


def test_other_equipment_of_the_enterprise_is_another_row() -> None:
    """Item, enterprise and equipment name it; an enterprise with a code is its code."""
    rows, asked = folded(("industry", "ordered", ordered(equipment="2号机")), ("ecology", "verified", verified()))
    assert sorted(row.key for row in rows) == ["Y系列电动机|某厂|1号机", "Y系列电动机|某厂|2号机"]
    assert asked == ["elimination-unordered"]
    [found], _ = folded(("industry", "ordered", ordered(enterprise_uscc="91120222000000000X")))
    assert found.key == "Y系列电动机|91120222000000000X|1号机"


@pytest.mark.parametrize(("done_on", "asked"), [("2026-03-01", ["elimination-early"]), ("2026-03-02", []), ("2026-08-01", [])])
def test_an_end_comes_after_its_order(done_on: str, asked: list[str]) -> None:
    """The day of the order itself is not before it; an end after the term is an end."""
    assert folded(("industry", "ordered", ordered()), ("industry", "verified", verified(done_on)))[1] == asked


def test_a_term_ends_after_its_order() -> None:
    """A term before the order is refused."""
    [rule] = RULES["EliminationOrdered"]
    assert rule.broken({"on": day("2026-03-02"), "until": day("2026-03-01")}) == "淘汰期限早于责令日期，请核对两个日期"
    assert rule.broken({"on": day("2026-03-02"), "until": day("2026-03-02")}) is None


def publicised(channel: str, link: str | None) -> list[str]:
    """The rules of what is asked about an activity of October."""
    facts = {"activity": "进社区", "month": "2026-10", "channel": channel, "reach": 0, "link": link}
    claim = Claim(ClaimKey("publicity", "commerce", "进社区"), {"reported:2026-10": Fact("PublicityReported", 1, b"", False, facts)})
    found = fold_component([claim], FoldRules())
    assert [(row.key, row.values["reach"]) for row in found.rows] == [("commerce|进社区|2026-10", 0)]
    return [finding.rule for finding in found.findings]


def test_what_is_online_has_its_address() -> None:
    """An activity on the spot needs none; nobody came is a number."""
    assert publicised("新媒体", None) == ["publicity-without-link"]
    assert publicised("新媒体", "https://example.invalid/1") == publicised("现场活动", None) == []


def report_with(district: District, **rows: list[dict[str, Any]]) -> Report:
    """A report of which only the named lists have rows."""
    return report_of(district, {view.name: rows.get(view.name, []) for view in LISTS})


def test_the_report_says_both_in_one_sentence(district: District) -> None:
    """Publicity of the month and equipment ordered, done and overdue; of what there is none nothing is said."""
    lists: Lists = {view.name: [] for view in LISTS}
    assert "宣传" not in report_of(district, lists).sections[5].paragraphs[0]
    lists["publicity"] = [row("publicity", "p1", "publicity", activity="宣讲", month="2026-10", lead_bureau="publicity"), row("publicity", "p2", "publicity", activity="宣讲", month="2026-09", lead_bureau="publicity")]
    lists["elimination"] = [
        row("elimination", str(n), "ecology", item="锅炉", count=count, ordered_on=date(2026, 8, 1), until=date(2026, 9, 30), done_on=done, lead_bureau="ecology")
        for n, (count, done) in enumerate(((5, date(2026, 9, 1)), (2, None)))
    ]
    assert report_of(district, lists).sections[5].paragraphs[0].endswith("。当月宣传活动1项，责令淘汰设备7台、已完成5台、超期2台。")


def test_figures_count_what_stands_on_the_day(district: District) -> None:
    """The last day of a term is not after it; what is ordered later counts later; a month nobody told is not zero."""
    def thing(key: str, on: str, until: str, done: str | None = None, count: int = 1) -> dict[str, Any]:
        dates = {name: date.fromisoformat(text) for name, text in (("ordered_on", on), ("until", until), ("done_on", done)) if text}
        return row("elimination", key, "industry", item="电动机", enterprise_name="某厂", equipment=key, count=count, **dates)

    report = report_with(
        district,
        elimination=[
            thing("1", "2026-03-01", "2026-10-31"), thing("2", "2026-03-01", "2026-10-30", count=3), thing("3", "2026-03-01", "2026-09-30", "2026-10-31"),
            thing("4", "2026-11-01", "2026-12-31"),
        ],
        publicity=[row("publicity", "x", "commerce", activity="甲", month="2026-10", channel="其他", reach=None)],
    )  # fmt: skip
    assert [report.figures[f"elimination.合计.{name}"].value for name in ("ordered", "done", "overdue")] == [Decimal(5), Decimal(1), Decimal(3)]
    activities, reach = (report.figures[f"publicity.合计.month_{name}"] for name in ("activities", "reach"))
    assert (activities.value, reach.value, reach.absent) == (1, None, "未填报")
    nobody = report_with(district).figures["publicity.合计.month_activities"]
    assert (nobody.value, nobody.absent) == (None, "未报送")
