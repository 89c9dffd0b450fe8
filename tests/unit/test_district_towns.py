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
from tests.closing.reading import report_of

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
    silent = reporting()
    assert not set(CODES) & {*silent.publishers(), *silent.ranking("tasks"), *(owed.bureau for owed in silent.expected("2026-10"))}


def test_all_towns_report_behind_every_bureau() -> None:
    """All 34 have topics, rights and names, and stand behind the bureaus wherever a ranking decides."""
    silent, speaking = reporting(), reporting(*CODES)
    assert speaking.publishers() == (*silent.publishers(), *CODES)
    for list_ in BY_NAME:
        assert speaking.ranking(list_)[-34:] == tuple(CODES)
        assert speaking.ranking(list_)[:-34] == silent.ranking(list_)
    assert speaking.bureau(CODES[6]).name == "梅厂镇"
    assert rights_of_bureau(speaking.id, CODES[6])
    assert set(speaking.bureau(CODES[6]).lists) <= set(BY_NAME)


def test_a_town_owes_what_the_district_says_of_all() -> None:
    """One town that reports owes tasks, publicity and its claims of each month, and what the bureaus owe is what it was."""
    silent, speaking = reporting(), reporting("meichang")
    more = [each for each in speaking.expected("2026-10") if each not in silent.expected("2026-10")]
    assert [(each.bureau, each.list) for each in more] == [("meichang", name) for name in ("tasks", "publicity", "project-claims", "outlet-claims")]
    assert speaking.plan_tasks("2026-10") == silent.plan_tasks("2026-10")


def test_the_report_names_silent_towns_as_their_number() -> None:
    """Thirty-four silent towns are one word of the body beside the bureaus; where all bureaus came, the only one."""
    report = report_of(reporting(*CODES), {name: [] for name in BY_NAME})
    body = "".join((*report.notes, *(text for section in report.sections for text in section.paragraphs)))
    assert body.count("34个镇街园区") == 2
    assert "梅厂镇" not in body


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


_FILLED = {
    "宣传引导": {"序号": 1, "宣传活动": "以旧换新进社区", "渠道": "现场活动", "触达人次": 300},
    "辖区项目": {
        "序号": 1, "项目代码": "2509-120114-89-01-544060", "项目名称": "泵站改造", "所属清单": "设备更新", "领域": "水务", "建设性质": "改建和技术改造",
        "名称": "某厂", "总投资": 120, "建设状态": "在建", "更新日期": "2026-10-20",
    },
    "辖区网点": {"序号": 1, "备案编号": "备1", "网点名称": "一站", "名称": "回收公司", "营业状态": "营业", "更新日期": "2026-10-20"},
}  # fmt: skip


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
    for name, row in _FILLED.items():
        sheet = book[name]
        last = max(cell.row for cells in sheet.iter_rows() for cell in cells if str(cell.value).startswith(tuple(row)))
        heads = {str(cell.value).partition("（")[0]: cell.column for cells in sheet.iter_rows(max_row=last) for cell in cells if cell.value}
        for head, value in row.items():
            sheet.cell(last + 1, heads[head], value)
    book.save(file)
    seen = look_at(file, mapping)
    told = {each.statement.type: (each.statement.entity_key, each.statement.facts.get("activity") or each.statement.facts["name"]) for each in seen.statements}
    assert told == {
        "PublicityReported": ("以旧换新进社区", "以旧换新进社区"), "ProjectAdded": ("2509-120114-89-01-544060", "泵站改造"), "OutletListed": ("备1", "一站"),
    }, seen.findings  # fmt: skip


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
    reports = [town["code"] for town in TABLES["towns"]["town"] if town.get("reports")]
    assert [line.split("\t")[0] for line in lines if "does not report" not in line] == reports
