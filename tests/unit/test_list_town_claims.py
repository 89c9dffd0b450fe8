"""What towns say of projects and outlets that bureaus own: claims that fill no row of the owner's, and how they are confirmed."""

import itertools
from datetime import date
from typing import Any

import pytest

from exchange_hub.views.fold import Folded, components, fold_component, identities
from exchange_hub.views.lists.outlets import CLAIMS as OUTLET_CLAIMS
from exchange_hub.views.lists.projects import CLAIMS, EQUIPMENT, PROGRESS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact
from exchange_hub.views.store import deciding

TOWN, PARK = "meichang", "park"
RULES = FoldRules(lambda _list, _field, _domain: ("industry", "water"), towns={TOWN: "梅厂镇", PARK: "科技园"})
_PROJECT = {
    "project_code": None, "internal_no": None, "name": "泵站改造", "list": "设备更新", "domain": "水务", "construction_nature": "扩建", "owner_uscc": None,
    "owner_name": "某厂", "town": None, "total_investment": 100_00, "build_state": "在建", "occurred_on": 20_700, "origin": None, "funding": {}, "planned_by_year": {},
}  # fmt: skip
_OUTLET = {"outlet_no": "备1", "name": "一站", "operator_name": "回收公司", "operator_uscc": None, "town": None, "address": None, "materials": [], "state": "营业", "opened_on": None, "occurred_on": 20_700}


def project(bureau: str, *, revision: int = 1, withdrawn: bool = False, entity: str = "P-1", **facts: Any) -> Claim:
    """A project as a bureau or a town states it."""
    return Claim(ClaimKey("project", bureau, entity), {"project": Fact("ProjectAdded", revision, b"", withdrawn, _PROJECT | {"project_code": "C-1"} | facts)})


def outlet(bureau: str, **facts: Any) -> Claim:
    """An outlet as a bureau or a town states it."""
    return Claim(ClaimKey("outlet", bureau, "G-1"), {"outlet": Fact("OutletListed", 1, b"", False, _OUTLET | facts)})


def rows(folded: Folded, list_name: str) -> list[dict[str, Any]]:
    """The rows of a list."""
    assert folded.failure is None, folded.failure
    return [dict(row.values) for row in folded.rows if row.list == list_name]


@pytest.mark.parametrize("claim", [project(TOWN), outlet(TOWN)])
def test_a_claim_alone_makes_no_row_of_the_owners(claim: Claim) -> None:
    """It stands in its own list as open, with its day and whom it waits for, and town and owner are asked."""
    folded = fold_component([claim], RULES)
    [row] = folded.rows
    assert row.list in (CLAIMS.name, OUTLET_CLAIMS.name)
    assert {name: row.values[name] for name in ("claim_state", "owner_bureau", "town", "lead_bureau", "claimed_on")} == {
        "claim_state": "待主管部门确认", "owner_bureau": "industry", "town": "梅厂镇", "lead_bureau": TOWN, "claimed_on": date(2026, 9, 4),
    }  # fmt: skip
    [found] = folded.findings
    assert (found.rule, found.bureaus) == (f"{row.list}-open", ("industry", TOWN))
    assert "待主管部门确认" in found.words


def test_the_owners_row_is_what_it_is_without_the_claims() -> None:
    """Key, columns, tellers and findings of what bureaus say are those that they make without towns, whatever towns fill."""
    own = [project("water", equipment_investment=None, entity="Z-9", project_code=None), project("industry", project_code=None)]
    towns = [project(TOWN, name="另名", total_investment=999_00, town="梅厂镇", equipment_investment=5, entity="A-0"), project(PARK, owner_uscc="X")]
    alone, beside = fold_component(own, RULES), fold_component([*own, *towns], RULES)
    assert [row for row in beside.rows if row.list != CLAIMS.name] == [row._replace(bureaus=("industry", "water")) for row in alone.rows]
    told = [each for each in beside.findings if not each.rule.startswith(CLAIMS.name)]
    assert [(each.rule, each.subject, each.detail) for each in told] == [(each.rule, each.subject, each.detail) for each in alone.findings]


def test_a_towns_progress_is_none() -> None:
    """A month's progress that a town tells of an owner's project is no progress of it."""
    told = project(TOWN)
    progress = {"month": "2026-10", "invested_this_month": 5, "invested_year_to_date": 5, "invested_since_start": 5, "units_done": 1, "build_state": "竣工", "text": None, "occurred_on": 20_700}
    told = Claim(told.key, {**told.registers, "progress:2026-10": Fact("ProjectProgressReported", 1, b"", False, progress)})
    folded = fold_component([project("water"), told], RULES)
    assert rows(folded, PROGRESS.name) == []
    assert rows(folded, EQUIPMENT.name)[0]["build_state"] == "在建"


def test_the_owner_confirms_with_its_own_word() -> None:
    """Where the owner has the project under the same code the claim is confirmed, by the owner's row; nobody is asked."""
    folded = fold_component([project("water"), project(TOWN)], RULES)
    [row] = rows(folded, CLAIMS.name)
    assert (row["claim_state"], row["owner_bureau"], row["confirmed_as"], row["differs"]) == ("已确认", "water", "C-1", None)
    assert not [found for found in folded.findings if found.rule.startswith(CLAIMS.name)]
    assert components({each.key: identities(each) for each in (project("water"), project(TOWN))}) == [[project(TOWN).key, project("water").key]]


def test_what_differs_is_asked_and_the_owners_word_stands() -> None:
    """Amounts that differ are named in the claim and asked of both; blanks in a name differ in nothing."""
    folded = fold_component([project("water"), project(TOWN, total_investment=90_00, name="泵站 改造")], RULES)
    [row], [owned] = rows(folded, CLAIMS.name), rows(folded, EQUIPMENT.name)
    assert (row["differs"], owned["total_investment"]) == (["总投资"], 100_00)
    [found] = [each for each in folded.findings if each.rule == "project-claims-differ"]
    assert (found.bureaus, found.detail) == ((TOWN, "water"), {"of": "total_investment", TOWN: 90_00, "water": 100_00, "rows": ["meichang|P-1"]})


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_the_order_of_arrival_changes_nothing(order: tuple[int, ...]) -> None:
    """Two towns and an owner fold to the same, whoever is named first."""
    claims = [project(TOWN), project("water"), project(PARK, total_investment=90_00)]
    assert fold_component([claims[place] for place in order], RULES) == fold_component(claims, RULES)


def test_an_owner_that_withdraws_confirms_no_more() -> None:
    """Without the owner's project the claim is open again; a claim that is withdrawn leaves no row."""
    folded = fold_component([project("water", withdrawn=True, revision=2), project(TOWN)], RULES)
    assert [row["claim_state"] for row in rows(folded, CLAIMS.name)] == ["待主管部门确认"]
    assert rows(fold_component([project("water"), project(TOWN, withdrawn=True)], RULES), CLAIMS.name) == []


def test_in_a_district_without_towns_everybody_owns() -> None:
    """Who is no town speaks for itself: its words make the row."""
    assert [row.list for row in fold_component([project(TOWN)], FoldRules()).rows] == [EQUIPMENT.name]


def test_outlets_meet_by_number_or_by_operator_and_name() -> None:
    """The number comes first; an operator's outlet of the same name is the same; without both it stands alone."""
    assert identities(outlet("commerce")) == ["网点备1"]
    assert identities(outlet(TOWN, outlet_no=None, operator_uscc="91")) == ["91|一站"]
    assert identities(outlet(TOWN, outlet_no=None)) == []
    folded = fold_component([outlet("commerce", operator_uscc="91", materials=["废纸"]), outlet(TOWN, outlet_no=None, operator_uscc="91", state="停业")], RULES)
    assert [(row.list, row.key, row.bureaus) for row in folded.rows] == [("outlets", "网点 备1", ("commerce",)), ("outlet-claims", "meichang|G-1", (TOWN,))]
    assert rows(folded, OUTLET_CLAIMS.name)[0]["differs"] == ["营业状态"]


def test_a_town_that_joins_is_growth_and_a_bureau_that_became_one_is_not() -> None:
    """A new town had stated nothing, so that all rows stand; a town under another name, or one that spoke as a bureau, is for people to settle."""
    def answers(towns: dict[str, str]) -> deciding.Answers:
        return deciding.answers_of("project", deciding.Asked(FoldRules(RULES.ranking, towns=towns)))

    before = answers({TOWN: "梅厂镇"})
    for grown, towns in ((True, {TOWN: "梅厂镇", PARK: "科技园"}), (False, {TOWN: "梅厂"}), (False, {}), (False, {TOWN: "梅厂镇", "water": "水镇"})):
        now = answers(towns)
        assert (deciding.has_grown(before, now), deciding.rows_stand(before, now)) == (grown, grown)
