"""The catalogue of data: every list and contract with its dictionary, in the terminal, on pages, in the API, and as ODCS for other tools."""

import csv
import json
import lzma
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from exchange_contracts import registry
from exchange_hub.cli import main
from exchange_hub.programme.district import District
from exchange_hub.views import odcs
from exchange_hub.views.column_notes import NOTES
from exchange_hub.views.lists import LISTS
from exchange_hub.views.resources import Resource, resources
from tests.console_rows import MemorySource, opened

HAN, TITLE_MAX = re.compile("[一-鿿]"), 18
SPECIFICATION = Path(__file__).parents[1] / "golden/odcs-3.0.2.schema.json.xz"
"""The schema of ODCS 3.0.2 (Bitol, Apache License 2.0) as datacontract-cli 1.2.8 has it, without its descriptions and examples."""


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


@pytest.fixture(scope="module")
def found(district: District) -> dict[str, Resource]:
    """The catalogue by name."""
    return {each.name: each for each in resources(district, registry.load())}


def run(*words: str) -> str:
    """What the command prints."""
    done = CliRunner().invoke(main, ["catalogue", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_list_and_contract_is_a_resource_with_a_code_of_its_own(found: dict[str, Resource], district: District) -> None:
    """Nothing is left out, no code comes twice, and every resource has bureaus and a Chinese name for every field."""
    assert set(found) == {view.name for view in LISTS} | {contract.event for contract in registry.load().contracts()}
    assert len({each.code for each in found.values()}) == len(found)
    assert all(each.code == f"{district.sharing_rules.prefix}-{name}" for name, each in found.items())
    for each in found.values():
        assert each.bureaus, each.name
        assert all(entry.title for entry in each.fields), each.name
        assert all(entry.codes for entry in each.fields if entry.codelist), each.name


def test_every_field_is_named_and_explained_in_chinese(found: dict[str, Resource]) -> None:
    """A name is short, and what it means is said, whether a contract states the field or a fold works it out."""
    fields = [(each.name, entry) for each in found.values() for entry in each.fields]
    assert not [(name, entry.name, entry.title) for name, entry in fields if len(entry.title) > TITLE_MAX or not HAN.search(entry.title)]
    assert not [(name, entry.name) for name, entry in fields if not HAN.search(entry.note)]
    listed = {view.name: {column.name for column in view.columns} for view in LISTS}
    unused = [said for said in NOTES if not (("." in said and said.partition(".")[2] in listed.get(said.partition(".")[0], ())) or said in set().union(*listed.values()))]
    assert not unused


def test_sharing_and_cycle_are_the_district_s_data(found: dict[str, Resource], district: District) -> None:
    """A list that the district names has its class and cycle, any other the common ones, a contract those of its list; decisions are not shared."""
    assert (found["funding-policies"].sharing, found["PolicyListed"].sharing) == ("无条件共享", "无条件共享")
    common = district.sharing_rules
    assert (found["equipment-projects"].sharing, found["equipment-projects"].cycle) == (common.sharing, common.cycle)
    assert (found["energy-stocks"].cycle, found["MonthClosed"].sharing) == ("每年", "不予共享")


def test_the_dictionary_is_that_of_the_rooms_and_contracts(found: dict[str, Resource]) -> None:
    """Titles and units are the list's, code lists and what must be filled the contract's, bureaus those that may report it."""
    entries = {entry.name: entry for entry in found["equipment-projects"].fields}
    money, domain = entries["total_investment"], entries["domain"]
    assert (money.title, money.type, money.unit, money.required) == ("总投资", "金额", "元", True)
    assert (domain.codelist, domain.codes[0], entries["town"].required, entries["row_key"].key) == ("domain", "工业", False, True)
    assert "区水务局" in found["equipment-projects"].bureaus
    assert "区水务局" not in found["funds"].bureaus
    event = {entry.name: entry for entry in found["StockSurveyed"].fields}
    assert (event["month"].key, event["month"].type, event["stock"].title, event["reason"].required) == (True, "月份", "在用台数", False)
    assert found["StockSurveyed"].related == ("energy-stocks",)
    assert "StockSurveyed" in found["energy-stocks"].related


def test_the_command_prints_the_catalogue_and_a_dictionary() -> None:
    """As CSV with Chinese headings and as JSON Lines; a name of a list, of an event or in Chinese opens the fields; another is a usage error."""
    lines = list(csv.DictReader(StringIO(run("--format", "csv").removeprefix("\ufeff"))))
    assert {"资源代码", "共享属性", "更新周期", "责任单位"} <= lines[0].keys()
    fields = [json.loads(line) for line in run("用能设备能效摸底", "--format", "json").splitlines()]
    assert [line["name"] for line in fields][:3] == ["row_key", "equipment", "domain"]
    assert CliRunner().invoke(main, ["catalogue", "无此资源"]).exit_code == 2


def test_the_specification_s_schema_accepts_every_contract(found: dict[str, Resource]) -> None:
    """A list with everything and every seventh resource are valid ODCS 3.0.2 (all are laid out alike, and all would take long), and one that is not would be found."""
    validator = jsonschema.Draft201909Validator(json.loads(lzma.decompress(SPECIFICATION.read_bytes())))
    chosen = ["funds", "ProjectAdded", *list(found)[::7]]
    documents = {name: odcs.document(found[name], "甲区", confirmed=False) for name in chosen}
    assert {name: [f"{error.json_path}: {error.message}" for error in validator.iter_errors(made)] for name, made in documents.items()} == {name: [] for name in documents}
    assert not validator.is_valid(documents["funds"] | {"status": 1})
    assert documents["funds"]["status"] == "draft"
    assert odcs.document(found["funds"], "甲区", confirmed=True)["status"] == "active"


@pytest.mark.parametrize("text", ["是: 否", "- 1", "# 注", '"引"', "yes", "1.0", "", "a\nb", "{x}"])
def test_no_text_is_read_as_anything_but_text(found: dict[str, Resource], text: str) -> None:
    """Whatever a condition says, its line in YAML is one JSON string."""
    made = odcs.yaml(odcs.document(replace(found["funds"], condition=text), "甲区", confirmed=False))
    [line] = [line for line in made.splitlines() if line.startswith("  usage: ")]
    assert json.loads(line.removeprefix("  usage: ")) == (f"有条件共享：{text}" if text else "有条件共享")


@pytest.mark.needs("datacontract")
@pytest.mark.parametrize("name", ["equipment-projects", "ProjectAdded"])
def test_datacontract_cli_accepts_the_export(name: str, tmp_path: Path) -> None:
    """`datacontract lint` finds the file of a list and that of a contract valid."""
    run(name, "--odcs", str(tmp_path))
    file = tmp_path / f"{name}.odcs.yaml"
    checked = subprocess.run(["datacontract", "lint", str(file)], capture_output=True, text=True, check=False, timeout=100)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.needs("datacontract")
def test_datacontract_cli_would_find_a_damaged_export(tmp_path: Path) -> None:
    """A status that is no text is an error."""
    run("plans", "--odcs", str(tmp_path))
    file = tmp_path / "plans.odcs.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace('status: "draft"', "status: 1"), encoding="utf-8")
    assert subprocess.run(["datacontract", "lint", str(file)], capture_output=True, check=False, timeout=100).returncode != 0


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """The console on the double."""
    with opened(MemorySource(), tmp_path, raising=False) as client:
        yield client


def test_the_pages_and_the_api_show_the_same_catalogue(client: TestClient) -> None:
    """The page links every resource to its dictionary, the dictionary to its ODCS file; the API has all of it; what is not there is 404."""
    told: list[dict[str, Any]] = client.get("/api/catalogue").json()
    page = client.get("/catalogue").text
    assert all(f'href="/catalogue/{each["name"]}"' in page for each in told)
    assert "待区里确认" in page
    dictionary = client.get("/catalogue/energy-stocks").text
    assert "工业锅炉、电动机" in dictionary
    answer = client.get("/catalogue/energy-stocks/odcs")
    assert answer.headers["content-type"].startswith("application/yaml")
    assert answer.text.startswith('apiVersion: "v3.0.2"\n')
    assert [client.get(f"/catalogue/{name}").status_code for name in ("energy-stocks", "nothing", "nothing/odcs")] == [200, 404, 404]
