"""The documentation is tested: commands, settings and metrics stand in it as they are."""

from pathlib import Path

import pytest

from exchange_hub.cli import COMMANDS
from exchange_hub.cli.reference import COMMANDS_HEADING, SETTINGS_HEADING, commands_table, settings_table, table_below
from exchange_hub.runtime.metrics import METRICS
from exchange_hub.runtime.settings import Settings, describe

ROOT = Path(__file__).parents[2]
REMEDY = "run: python -m exchange_hub.cli.reference --write README.md"


@pytest.fixture(scope="module")
def readme() -> str:
    """The README."""
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_commands_table_is_the_commands(readme: str) -> None:
    """The README's table of commands is that of `hub --help`, with arguments and subcommands."""
    assert table_below(readme, COMMANDS_HEADING) == commands_table(), REMEDY


def test_the_settings_table_is_the_settings(readme: str) -> None:
    """The README's table of settings is that of `hub config`: name, default, meaning."""
    assert table_below(readme, SETTINGS_HEADING) == settings_table(), REMEDY


def test_the_tables_hold_all_there_is() -> None:
    """The generated tables have a line for every command and every setting."""
    assert all(f"`hub {name}" in commands_table() for name in COMMANDS)
    assert all(f"| `{line.name}` |" in settings_table() for line in describe(Settings(), {}))


def test_every_metric_is_documented() -> None:
    """Every metric of the table stands in monitoring/README.md."""
    text = (ROOT / "monitoring/README.md").read_text(encoding="utf-8")
    assert not [metric.name for metric in METRICS if f"`{metric.name}`" not in text]
