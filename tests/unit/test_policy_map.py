"""The map of funding policies: domain × level × kind of support, from the list's rows alone."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from exchange_contracts import vocabulary
from exchange_hub.programme.district import District
from exchange_hub.programme.policy_map import changes, matrix
from exchange_hub.reports.build import with_annexes
from exchange_hub.views.lists import LISTS
from tests.closing.reading import report_of

AS_OF, SINCE = date(2026, 10, 31), date(2026, 10, 1)
DOMAINS, KINDS = (*get_args(vocabulary.Domain), *get_args(vocabulary.ConsumerDomain)), get_args(vocabulary.SupportKind)


def policy(no: str, domains: tuple[str, ...], level: str = "市级", kind: str = "补助", **values: Any) -> dict[str, Any]:
    """A row of the list."""
    return {"document_no": no, "domains": domains, "level": level, "support_kind": kind} | values


POLICIES = (
    policy("甲", ("文旅", "医疗"), obtained=500, valid_to=date(2026, 12, 30)), policy("乙", ("文旅",), obtained=70, valid_from=date(2026, 10, 1)),
    policy("丙", ("工业",), "国家", "再贷款"), policy("丁", (), "区级", "奖励", valid_to=date(2026, 12, 31)),
    policy("戊", ("工业",), obtained=9, expired_on=date(2026, 10, 31)), policy("己", ("工业",), valid_from=date(2026, 11, 1)),
    policy("庚", ("工业",), valid_to=date(2026, 10, 30)),
)  # fmt: skip


def lines(*policies: dict[str, Any]) -> dict[tuple[str, str, str], tuple[int, int | None, int, int, list[str]]]:
    """The map by its places."""
    found = matrix(policies, AS_OF, SINCE, DOMAINS, KINDS)
    return {(each["domain"], each["level"], each["support_kind"]): (each["policies"], each["obtained"], each["new"], each["expiring"], each["document_nos"]) for each in found}


def test_a_policy_stands_in_each_of_its_domains_and_its_money_once_in_the_total() -> None:
    """Policies that expired, have ended or have not begun stand in no line; a policy without domains has a line of its own; nothing obtained is empty."""
    assert lines(*POLICIES) == {
        ("工业", "国家", "再贷款"): (1, None, 0, 0, ["丙"]), ("文旅", "市级", "补助"): (2, 570, 1, 1, ["乙", "甲"]),
        ("医疗", "市级", "补助"): (1, 500, 0, 1, ["甲"]), ("不限领域", "区级", "奖励"): (1, None, 0, 0, ["丁"]),
        ("合计", None, None): (4, 570, 1, 1, ["丁", "丙", "乙", "甲"]),
    }  # fmt: skip


def test_domains_of_consumer_goods_have_lines_of_their_own() -> None:
    """They stand behind those of equipment and before what is for all; a policy of both stands in both, and counts once in the total."""
    both = policy("辛", ("工业",), obtained=3, consumer_domains=["家电", "汽车"])
    found = lines(both, policy("壬", (), consumer_domains=("家装",)), policy("癸", ()))
    assert [(place[0], found[place][0]) for place in found] == [("工业", 1), ("汽车", 1), ("家电", 1), ("家装", 1), ("不限领域", 1), ("合计", 3)]
    assert found["合计", None, None][1] == 3


def test_what_changed_in_the_month_and_what_ends_soon_is_told_day_by_day() -> None:
    """What began or was abolished on the first or the last day is of the month; what ended before the day is over, and what is abolished does not end as well."""
    told = (
        policy("1", (), valid_from=SINCE), policy("2", (), valid_from=AS_OF), policy("3", (), valid_from=date(2026, 9, 30)), policy("4", (), expired_on=AS_OF, valid_to=date(2026, 10, 30)),
        policy("5", (), valid_to=date(2026, 10, 30)), policy("6", (), valid_to=AS_OF), policy("7", (), valid_to=date(2026, 12, 30)), policy("8", (), valid_to=date(2026, 12, 31)),
    )  # fmt: skip
    assert [(what, day.isoformat(), each["document_no"]) for what, day, each in changes(told, AS_OF, SINCE)] == [
        ("生效", "2026-10-01", "1"), ("到期", "2026-10-30", "5"), ("生效", "2026-10-31", "2"), ("废止", "2026-10-31", "4"), ("将到期", "2026-10-31", "6"), ("将到期", "2026-12-30", "7"),
    ]  # fmt: skip


def test_the_lines_stand_in_the_order_of_domains_levels_and_kinds() -> None:
    """Domains as the code list has them, the state before the city before the district, whatever the order of the rows."""
    places = [(d, level, kind) for d, level, kind in lines(*reversed(POLICIES))]
    assert [place[0] for place in places] == ["工业", "文旅", "医疗", "不限领域", "合计"]


def test_without_a_policy_in_force_there_is_no_map() -> None:
    """Nothing is not a line of zeros."""
    assert lines(POLICIES[4]) == {}


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


def test_the_map_and_its_changes_end_the_workbook_and_older_months_have_none(district: District) -> None:
    """They are made of the very rows of the policies' annex; a month that was closed before there was a map keeps its annexes, likewise with the changes."""
    report = report_of(district, {view.name: [] for view in LISTS})
    told = (*POLICIES, policy("新", (), valid_from=AS_OF.replace(day=2), name="新政策"))
    drawn, changed = with_annexes(report, {"funding-policies": told}).annexes[-2:]
    assert (drawn.title, [row["policies"] for row in drawn.rows]) == ("资金政策图谱", [1, 2, 1, 1, 1, 5])
    assert (changed.title, [(row["change"], row["on_date"], row["name"]) for row in changed.rows if row["document_no"] == "新"]) == (
        "资金政策图谱变化", [("生效", AS_OF.replace(day=2), "新政策")],
    )  # fmt: skip
    without_changes = replace(report, catalogue=replace(report.catalogue, changes_mapped=False))
    assert with_annexes(without_changes, {"funding-policies": told}).annexes[-1].title == "资金政策图谱"
    older = replace(report, catalogue=replace(report.catalogue, mapped=False))
    assert "资金政策图谱" not in [annex.title for annex in with_annexes(older, {"funding-policies": told}).annexes]


def test_a_policy_that_ends_with_a_month_has_run_out_in_the_next() -> None:
    """It is in force on its last day, so that no month loses it; one that was abolished before does not run out as well."""
    told = (
        policy("1", (), valid_to=date(2026, 9, 30)), policy("2", (), valid_to=AS_OF), policy("3", (), valid_to=date(2026, 9, 29)),
        policy("4", (), valid_to=date(2026, 10, 20), expired_on=date(2026, 9, 15)), policy("5", (), valid_to=date(2026, 10, 20), expired_on=date(2026, 11, 15)),
    )  # fmt: skip
    october = [(what, each["document_no"]) for what, _, each in changes(told, AS_OF, SINCE)]
    assert october == [("到期", "1"), ("到期", "5"), ("将到期", "2")]
    november = [(what, each["document_no"]) for what, _, each in changes(told, date(2026, 11, 30), date(2026, 11, 1))]
    assert november[:1] == [("到期", "2")]
    assert not {("到期", "1"), ("到期", "4"), ("到期", "5")} & {*november}


def test_a_month_that_was_closed_before_keeps_the_changes_it_told(district: District) -> None:
    """An earlier close told an end in the month of the last day: it is rendered so for ever."""
    report = report_of(district, {view.name: [] for view in LISTS})
    told = (policy("1", (), valid_to=date(2026, 9, 30), name="一"), policy("2", (), valid_to=date(2026, 10, 20), expired_on=date(2026, 9, 15), name="二"))
    earlier = replace(report, catalogue=replace(report.catalogue, ends_by_day=False))
    for each, names in ((report, ["一"]), (earlier, ["二"])):
        changed = next(annex for annex in with_annexes(each, {"funding-policies": told}).annexes if annex.title == "资金政策图谱变化")
        assert [row["name"] for row in changed.rows if row["change"] == "到期"] == names
