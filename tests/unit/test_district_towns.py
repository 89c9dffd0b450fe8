"""Towns, streets and parks as reporters: who they are, what they owe, the one mapping they share."""

import copy
import tomllib
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from exchange_connectors.excel import load, look_at, soundness
from exchange_connectors.excel.template import write_template
from exchange_connectors.kit.errors import ConfigError
from exchange_contracts.topics import bureau_of, events_topic
from exchange_hub.cli import main
from exchange_hub.programme.district import FILES, District, DistrictError
from exchange_hub.runtime.kafka_rights import rights_of_bureau
from exchange_hub.views.lists import BY_NAME

FOLDER = Path(__file__).parents[2] / "deploy/districts/wuqing"
MAPPING = FOLDER / "connectors/shared/towns.toml"
TABLES = {name: tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")) for name in FILES}
CODES = [town["code"] for town in TABLES["towns"]["town"]]


def reporting(*codes: str, **changes: Any) -> District:
    """The district in which these towns report."""
    tables = copy.deepcopy(TABLES)
    for town in tables["towns"]["town"]:
        town["reports"] = town["code"] in codes
    tables["towns"]["reporting"] |= changes
    return District.of(tables)


def test_thirty_four_towns_are_in_the_registry() -> None:
    """Every town, street and park has a code of its own that can stand in a topic's name."""
    assert len(CODES) == len(set(CODES)) == 34
    assert [bureau_of(events_topic("wuqing", code)) for code in CODES] == CODES


def test_a_town_that_does_not_report_changes_nothing() -> None:
    """Without ``reports`` a town has no topic, no duty and no word in precedence."""
    silent = District.load(FOLDER)
    assert not set(CODES) & {*silent.publishers(), *silent.ranking("tasks"), *(owed.bureau for owed in silent.expected("2026-10"))}


def test_all_towns_report_behind_every_bureau() -> None:
    """All 34 have topics, rights and names, and stand behind the bureaus wherever a ranking decides."""
    silent, speaking = District.load(FOLDER), reporting(*CODES)
    assert speaking.publishers() == (*silent.publishers(), *CODES)
    for list_ in BY_NAME:
        assert speaking.ranking(list_)[-34:] == tuple(CODES)
        assert speaking.ranking(list_)[:-34] == silent.ranking(list_)
    assert speaking.bureau(CODES[6]).name == speaking.bureau_named("梅厂镇").name == "梅厂镇"  # type: ignore[union-attr]
    assert rights_of_bureau(speaking.id, CODES[6])
    assert set(speaking.bureau(CODES[6]).lists) <= set(BY_NAME)


def test_a_town_owes_what_the_district_says_of_all() -> None:
    """One town that reports owes tasks and publicity of each month, and what the bureaus owe is what it was."""
    silent, speaking = District.load(FOLDER), reporting("meichang")
    more = [each for each in speaking.expected("2026-10") if each not in silent.expected("2026-10")]
    assert [(each.bureau, each.list) for each in more] == [("meichang", "tasks"), ("meichang", "publicity")]
    assert speaking.plan_tasks("2026-10") == silent.plan_tasks("2026-10")


@pytest.mark.parametrize(
    ("changes", "town", "words"),
    [
        ({}, {"code": ""}, "梅厂镇: reports without a code"),
        ({}, {"code": "industry"}, "industry appears twice"),
        ({"lists": [], "owes": []}, {}, "lets them report no list"),
        ({"owes": ["funds"]}, {}, "owes funds, which it does not let towns report"),
    ],
)
def test_a_wrong_registry_is_refused(changes: dict[str, Any], town: dict[str, Any], words: str) -> None:
    """A town without a code, with a bureau's code, without lists or with a duty that it may not fulfil is named."""
    tables = copy.deepcopy(TABLES)
    next(each for each in tables["towns"]["town"] if each["name"] == "梅厂镇").update({"reports": True, **town})
    tables["towns"]["reporting"] |= changes
    with pytest.raises(DistrictError, match=words):
        District.of(tables)


@pytest.mark.parametrize("code", ["meichang", "tech-valley"])
def test_one_mapping_serves_every_town(code: str, tmp_path: Path) -> None:
    """The shared mapping read for a town is sound, and its blank workbook, filled in, states events of that town."""
    mapping = load(MAPPING, code)
    assert (mapping.bureau, mapping.inbox.name) == (code, code)
    assert soundness.problems(mapping) == []
    assert {sheet.list for sheet in mapping.sheet if sheet.list} <= {*reporting(code).bureau(code).lists}
    file = tmp_path / "填报.xlsx"
    write_template(mapping, file, "2026-10")
    book = openpyxl.load_workbook(file)
    sheet = book["宣传引导"]
    head = next(row for row in sheet.iter_rows() if any(cell.value == "宣传活动" for cell in row))
    row = {"序号": 1, "宣传活动": "以旧换新进社区", "渠道": "现场活动", "触达人次": 300}
    for cell in head:
        sheet.cell(head[0].row + 1, cell.column, row.get(str(cell.value)))
    book.save(file)
    seen = look_at(file, mapping)
    assert [(each.statement.type, each.statement.facts["activity"]) for each in seen.statements] == [("PublicityReported", "以旧换新进社区")], seen.findings


@pytest.mark.parametrize(("path", "code", "words"), [
    (MAPPING, "", "--bureau CODE"), (MAPPING, "Mei Chang", "not a district or bureau code"), (FOLDER / "connectors/tax.toml", "meichang", "属于tax"),
])  # fmt: skip
def test_a_mapping_is_read_for_its_bureau_alone(path: Path, code: str, words: str) -> None:
    """A shared mapping asks for whom it is read, and a bureau's own one is read for no other."""
    with pytest.raises(ConfigError, match=words):
        load(path, code)


def test_the_command_makes_a_towns_template(tmp_path: Path) -> None:
    """``connect --bureau CODE template`` writes a town's blank workbook, and without a bureau says what is missing."""
    file = tmp_path / "blank.xlsx"
    done = CliRunner().invoke(main, ["connect", "--bureau", "meichang", "template", str(MAPPING), "--out", str(file)])
    assert (done.exit_code, file.exists()) == (0, True), done.output
    assert CliRunner().invoke(main, ["connect", "template", str(MAPPING)]).exit_code == 2


def test_the_command_shows_who_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """``bureau towns`` names all 34 and says of each whether it reports."""
    monkeypatch.setenv("HUB_DISTRICT", str(FOLDER))
    lines = CliRunner().invoke(main, ["bureau", "towns"]).output.splitlines()
    assert [line.split("\t")[0] for line in lines] == CODES
    assert all("does not report" in line for line in lines)
