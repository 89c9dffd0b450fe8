"""The documentation is tested: commands, settings and metrics stand in it as they are."""

import re
from pathlib import Path

from exchange_hub.cli import COMMANDS
from exchange_hub.cli.reference import (
    COMMANDS_HEADING,
    PAGES,
    SETTINGS_HEADING,
    commands_table,
    settings_table,
    table_below,
)
from exchange_hub.runtime.metrics import METRICS
from exchange_hub.runtime.settings import Settings, describe

ROOT = Path(__file__).parents[2]
REMEDY = "run: python -m exchange_hub.cli.reference --write"
README_LINES_MAX = 150
FOLDERS = ("schemas", "connectors", "services", "deploy", "monitoring", "tests")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
TEST = re.compile(r"`(tests/[\w/]+\.py|…)(?:::(\w+))?`")


def page(heading: str) -> str:
    """The page that holds the table of a heading."""
    return (ROOT / PAGES[heading]).read_text(encoding="utf-8")


def test_the_commands_table_is_the_commands() -> None:
    """The page of services has the commands of `hub --help`, with arguments and subcommands."""
    assert table_below(page(COMMANDS_HEADING), COMMANDS_HEADING) == commands_table(), REMEDY


def test_the_settings_table_is_the_settings() -> None:
    """The page of deploying has the settings of `hub config`: name, default, meaning."""
    assert table_below(page(SETTINGS_HEADING), SETTINGS_HEADING) == settings_table(), REMEDY


def test_the_front_page_is_short() -> None:
    """The README is read in a few minutes; what is longer stands on the pages that it names."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES_MAX


def test_links_between_pages_lead_somewhere() -> None:
    """Every file that a page of the project links to is there."""
    pages = [*ROOT.glob("*.md"), *(found for folder in FOLDERS for found in (ROOT / folder).rglob("*.md"))]
    links = ((at, link) for at in pages for link in LINK.findall(at.read_text(encoding="utf-8")) if "://" not in link)
    assert not [f"{at.relative_to(ROOT)}: {link}" for at, link in links if not (at.parent / link.partition("#")[0]).exists()]


def test_the_tests_that_hold_an_invariant_exist() -> None:
    """Every test that the architecture page names beside an invariant is there under that name."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    missing, last = [], ""
    for file, name in TEST.findall(text):
        last = last if file == "…" else file
        source = ROOT / last
        if not source.exists() or (name and f"def {name}(" not in source.read_text(encoding="utf-8")):
            missing.append(f"{last}::{name}")
    assert not missing


def test_every_room_is_named() -> None:
    """The architecture page names every package of the product."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = ["views/lists", "views/store", "views/worker", "programme", "reports", "console", "runtime", "cli"]
    assert not [room for room in rooms if f"exchange_hub/{room}/`" not in text]


def test_the_tables_hold_all_there_is() -> None:
    """The generated tables have a line for every command and every setting."""
    assert all(f"`hub {name}" in commands_table() for name in COMMANDS)
    assert all(f"| `{line.name}` |" in settings_table() for line in describe(Settings(), {}))


def test_every_metric_is_documented() -> None:
    """Every metric of the table stands in monitoring/README.md."""
    text = (ROOT / "monitoring/README.md").read_text(encoding="utf-8")
    assert not [metric.name for metric in METRICS if f"`{metric.name}`" not in text]
