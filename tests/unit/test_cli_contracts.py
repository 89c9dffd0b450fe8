"""`hub contracts`: the catalogue says everything that the contracts say, as Markdown and as HTML."""

import json
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from exchange_contracts import registry
from exchange_hub.cli import contract_pages, main
from exchange_hub.cli.contract_pages import Block
from exchange_hub.cli.contracts import list_problems


def test_the_catalogue_names_every_event_field_and_code() -> None:
    """Every event, every field with its words, every code list and value stands in the catalogue."""
    loaded = registry.load()
    text = contract_pages.markdown([*contract_pages.blocks(loaded)])
    for contract in loaded.contracts():
        assert f"### {contract.event} {contract.doc}" in text
        for field in contract.fields:
            assert f"| {field.name} |" in text
            assert field.doc.replace("|", "\\|") in text
    for name, values in loaded.codelists.items():
        assert f"| {name} | {'、'.join(values)} |" in text


def test_money_has_its_unit_and_optional_fields_are_told_apart() -> None:
    """A field of money is in yuan, and whether a field must be filled is said."""
    text = contract_pages.markdown([*contract_pages.blocks(registry.load())])
    assert "| total_investment | 金额 | 元 |" in text
    assert "| funding | 对照表（金额） | 元 | 否 | 键：代码表 funding_source |" in text
    assert "否，缺省 明细" in text


def test_html_is_escaped() -> None:
    """Words of a contract are never read as HTML."""
    page = contract_pages.html([Block("heading", "<b>"), Block("table", rows=(("a",), ("<script>",)))])
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert page.startswith("<!doctype html>")


def test_the_catalogue_is_written_to_a_file(tmp_path: Path) -> None:
    """`contracts docs --out` writes the page, the same each time."""
    pages = []
    for name in ("a.html", "b.html"):
        done = CliRunner().invoke(main, ["contracts", "docs", "--format", "html", "--out", str(tmp_path / name)])
        assert done.exit_code == 0, done.output
        pages.append((tmp_path / name).read_bytes())
    assert pages[0] == pages[1]


def test_contracts_are_listed_and_checked() -> None:
    """`contracts list` prints one JSON object a contract when piped, and `contracts check` finds no problem."""
    listed = CliRunner().invoke(main, ["contracts", "list"])
    lines = [json.loads(line) for line in listed.output.splitlines()]
    assert [line["event"] for line in lines] == [contract.event for contract in registry.load().contracts()]
    checked = CliRunner().invoke(main, ["contracts", "check"])
    assert checked.exit_code == 0, checked.output


def test_an_event_without_a_list_and_a_list_without_a_module_are_named() -> None:
    """Whoever adds half a list is told by `contracts check` which file comes next."""
    loaded = registry.load()
    names = loaded.codelists["list_view"]
    assert not [*list_problems(loaded.contracts(), names)]
    built = replace(loaded.latest("EquipmentLineListed"), event="StationBuilt", kind="charging_station")
    assert [*list_problems([built], [*names[1:], "charging-stations"])] == [
        "StationBuilt: no module of views/lists has the kind charging_station; write it, and name it in views/lists/__init__.py",
        f"list {names[0]} stands in views/lists, but not in the code list list_view",
        "code list list_view names charging-stations, of which views/lists has no module",
    ]
