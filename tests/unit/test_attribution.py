"""Whose statement each column of a merged row is, told by the folds themselves."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from exchange_hub.views.attribution import Attribution, attributed
from exchange_hub.views.fold import fold_component
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact

A, B = "industry", "development-reform"
RULES = FoldRules(ranking=lambda _list, field, _domain: (B, A) if field == "energy_saving" else (A, B))


def claim(bureau: str, registers: Mapping[str, Mapping[str, Any]], kind: str = "project") -> Claim:
    """What a bureau says, register by register."""
    return Claim(ClaimKey(kind, bureau, "P1"), {name: Fact("", 1, b"", False, {"origin": None} | facts) for name, facts in registers.items()})


def project(bureau: str, **facts: Any) -> Claim:
    """A project as a bureau states it."""
    return claim(bureau, {"project": {"list": "设备更新", "project_code": "C-1", "domain": "工业", "name": "甲"} | facts})


def told(list_name: str, claims: list[Claim], rules: FoldRules = RULES, **which: Any) -> dict[str, Attribution]:
    """Fold claims, and tell whose each column of the one row is that is meant."""
    rows = [row.values for row in fold_component(claims, rules).rows if row.list == list_name]
    (row,) = [row for row in rows if which.items() <= row.items()]
    stored = {column.name: row.get(column.name) for column in BY_NAME[list_name].columns}
    return {each.column: each for each in attributed(list_name, stored, claims, rules)}


def test_each_column_is_told_by_its_own_precedence() -> None:
    """Where bureaus differ the one that takes precedence for this very column is named; the other's word stands beside it."""
    found = told("equipment-projects", [project(A, total_investment=1, energy_saving=5), project(B, total_investment=2, energy_saving=6)])
    assert found["total_investment"] == Attribution("total_investment", 1, A, ((B, 2),))
    assert found["energy_saving"] == Attribution("energy_saving", 6, B, ((A, 5),))
    turned = replace(RULES, ranking=lambda _list, _field, _domain: (B, A))
    found = told("equipment-projects", [project(A, total_investment=1), project(B, total_investment=2)], turned)
    assert found["total_investment"] == Attribution("total_investment", 2, B, ((A, 1),))


def test_who_says_nothing_is_not_quoted() -> None:
    """What the first bureau leaves empty is the second one's word; a bureau that is silent says nothing else."""
    found = told("equipment-projects", [project(A, town="杨村街道"), project(B, funding={"自筹": 3}, problems=[])])
    assert found["town"] == Attribution("town", "杨村街道", A, ())
    assert found["funding"] == Attribution("funding", {"自筹": 3}, B, ())
    assert "problems" not in found
    assert "lead_bureau" not in found


@pytest.mark.parametrize("order", [(A, B), (B, A)])
def test_of_the_same_word_the_first_in_precedence_is_named(order: tuple[str, str]) -> None:
    """Two bureaus that say the same are told by the one whose word the fold took."""
    rules = FoldRules(ranking=lambda _list, _field, _domain: order)
    found = told("equipment-projects", [project(A, total_investment=1), project(B, total_investment=1)], rules)
    assert found["total_investment"] == Attribution("total_investment", 1, order[0], ())


def test_a_ranking_is_the_one_of_the_domain_that_the_fold_asked_for() -> None:
    """Where bureaus disagree on the domain too, the order of bureaus decides on it, and it on the others (FIGURES 9)."""
    rules = FoldRules(ranking=lambda _list, field, domain: (B, A) if domain == "农业" or (field == "domain" and not domain) else (A, B))
    found = told("equipment-projects", [project(A, domain="工业", town="甲镇"), project(B, domain="农业", town="甲镇")], rules)
    assert (found["domain"].value, found["domain"].bureau) == ("农业", B)
    assert found["town"].bureau == B


def test_months_are_told_apart() -> None:
    """A row of one month is told by the reports on that month; the project's row by each bureau's latest."""
    month = {"month": "2026-09", "invested_this_month": 10, "build_state": "在建"}
    first = claim(A, {"project": {"list": "设备更新", "project_code": "C-1", "name": "甲"}, "progress:2026-09": month})
    second = claim(B, {
        "project": {"list": "设备更新", "name": "甲"}, "progress:2026-09": month | {"invested_this_month": 11},
        "progress:2026-10": month | {"month": "2026-10", "invested_this_month": 4, "build_state": "竣工"},
    })  # fmt: skip
    september = told("project-progress", [first, second], month="2026-09")
    assert september["invested_this_month"] == Attribution("invested_this_month", 10, A, ((B, 11),))
    october = told("project-progress", [first, second], month="2026-10")
    assert october["invested_this_month"] == Attribution("invested_this_month", 4, B, ())
    assert told("equipment-projects", [first, second])["build_state"] == Attribution("build_state", "竣工", B, ((A, "在建"),))


def test_what_the_chosen_report_leaves_empty_is_told_as_its_bureau_s() -> None:
    """Of a month one bureau's report is taken whole: what it leaves empty is that bureau's, and the other's figure is quoted."""
    known = {"list": "设备更新", "project_code": "C-1", "name": "甲"}
    first = claim(A, {"project": known, "progress:2026-09": {"month": "2026-09", "invested_this_month": 10}})
    second = claim(B, {"project": known, "progress:2026-09": {"month": "2026-09", "invested_this_month": 10, "units_done": 2}})
    found = told("project-progress", [first, second], month="2026-09")
    assert found["units_done"] == Attribution("units_done", None, A, ((B, 2),))


def test_what_no_bureau_alone_says_is_nobody_s() -> None:
    """A value that no bureau's own statements show is told as nobody's, with what others say; nothing is guessed."""
    known = {"list": "设备更新", "project_code": "C-1", "name": "甲"}
    withdrawn = claim(A, {"progress:2026-09": {"month": "2026-09", "invested_this_month": 10}})
    second = claim(B, {"project": known, "progress:2026-09": {"month": "2026-09", "invested_this_month": 11}})
    found = told("project-progress", [withdrawn, second], month="2026-09")
    assert found["invested_this_month"] == Attribution("invested_this_month", 10, None, ((B, 11),))


def test_what_is_of_the_whole_entity_is_told_in_each_of_its_rows() -> None:
    """A department that acts without being named has the receiver's title in its row, and no other department's measure."""
    received = {"document_no": "1号", "title": "甲", "departments": [{"department": "water", "part": "y"}]}
    receiver = claim(B, {"received": received}, "document")
    measures = {f"measure:{A}": {"document_no": "1号", "form": "通知", "measure_no": "2号"}}
    found = told("documents", [receiver, claim(A, measures, "document")], department=A)
    assert found["title"] == Attribution("title", "甲", B, ())
    own = {"measure:water": {"document_no": "1号", "form": "方案", "measure_no": "3号"}}
    found = told("documents", [receiver, claim(A, measures, "document"), claim("water", own, "document")], department=A)
    assert found["measure_no"] == Attribution("measure_no", "2号", A, ())
    month = {"progress:2026-09": {"month": "2026-09"}}
    first, second = project(A, domain="工业"), project(B, domain="农业")
    found = told("project-progress", [first, claim(B, month | {"project": second.registers["project"].facts})], month="2026-09")
    assert found["domain"] == Attribution("domain", "工业", A, ((B, "农业"),))


def test_a_bureau_that_lists_the_project_elsewhere_is_quoted_all_the_same() -> None:
    """Bureaus may disagree even on the list; the row stands in one, and both are quoted there."""
    found = told("equipment-projects", [project(A, total_investment=1), project(B, list="回收循环", total_investment=2)])
    assert found["total_investment"] == Attribution("total_investment", 1, A, ((B, 2),))


def test_departments_are_told_apart() -> None:
    """A document's row for one department is the receiver's word and that department's own."""
    received = {"document_no": "1号", "title": "甲", "departments": [{"department": A, "part": "x"}, {"department": "water", "part": "y"}]}
    receiver = claim(B, {"received": received}, "document")
    acting = claim(A, {f"measure:{A}": {"document_no": "1号", "form": "通知", "measure_no": "2号"}}, "document")
    found = told("documents", [receiver, acting], department=A)
    assert found["title"] == Attribution("title", "甲", B, ())
    assert found["measure_no"] == Attribution("measure_no", "2号", A, ())
    assert found["part"].value == "x"
