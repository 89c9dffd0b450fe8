"""The table of commands: each loads, tells what it does, and is listed."""

import re
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from exchange_hub.cli import COMMANDS, main
from exchange_hub.cli.reference import command_of, table_below, usage_of, with_table


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_tells_what_it_does(name: str) -> None:
    """`hub NAME --help` works, and no option of it is without a word of help unless it is a plain flag of output."""
    told = CliRunner().invoke(main, [name, "--help"])
    assert told.exit_code == 0, told.output
    command = command_of(name)
    assert command.help
    assert COMMANDS[name][2].endswith(("。", "."))


#: Commands of bureaus and coordinators; the others are operators'.
THEIRS = {"catalogue", "checks", "close", "connect", "deadlines", "diff", "export", "findings", "list", "publish", "receipts", "report", "suggestions", "trace"}


def helped(command: click.Command) -> Iterator[str]:
    """Every word of help of a command and of those below it."""
    yield command.help or ""
    yield from (option.help for option in command.params if isinstance(option, click.Option) and option.help)
    for below in getattr(command, "commands", {}).values():
        yield from helped(below)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_speaks_its_reader_s_language(name: str) -> None:
    """Bureaus and coordinators read Chinese in all of a command's help, operators English."""
    for words in (COMMANDS[name][2], *helped(command_of(name))):
        assert bool(re.search("[\u4e00-\u9fff]", words)) is (name in THEIRS), words


def test_help_lists_every_command_without_loading_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """`hub --help` names all commands and imports none of their modules, so that it answers at once."""
    for module in {entry[0] for entry in COMMANDS.values()}:
        monkeypatch.setitem(sys.modules, module, None)
    told = CliRunner().invoke(main, ["--help"])
    assert told.exit_code == 0
    assert all(f"  {name} " in told.output for name in COMMANDS)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command whose package is not installed says which, and which extras bring it."""
    monkeypatch.setitem(COMMANDS, "list", ("absent_package.lists", "list_", "Show a list view."))
    told = CliRunner().invoke(main, ["list"])
    assert told.exit_code == 1
    assert "`hub list` needs the package absent_package" in told.output
    assert "[hub,embedded]" in told.output


def test_an_unknown_command_is_a_usage_error() -> None:
    """A command that does not exist ends with 2."""
    assert CliRunner().invoke(main, ["nonsense"]).exit_code == 2


def test_usage_names_arguments_and_subcommands() -> None:
    """The reference shows how a command is called."""
    assert usage_of("restore") == "hub restore DIR"
    assert usage_of("bureau") == "hub bureau add|remove|rights|rotate|towns"
    assert usage_of("contracts") == "hub contracts check|docs|list"
    assert isinstance(command_of("receipts"), click.Group)


def test_a_table_is_put_in_place_of_the_old_one() -> None:
    """Writing a table into a document touches its own section alone, and a second time changes nothing."""
    document = "# T\n\n## A\n\nbefore\n\n| old |\n| --- |\n| 1 |\n\nafter\n\n## B\n\n| kept |\n"
    once = with_table(document, "## A", "| new |\n| --- |")
    assert table_below(once, "## A") == "| new |\n| --- |"
    assert once == document.replace("| old |\n| --- |\n| 1 |", "| new |\n| --- |")
    assert with_table(once, "## A", "| new |\n| --- |") == once
    placed = with_table("## A\n\nwords\n\n## B\n", "## A", "| a |")
    assert placed == "## A\n\nwords\n\n| a |\n\n## B\n"
    marked = "## A\n\n<!-- a -->\n<!-- /a -->\n\nafter\n"
    assert with_table(marked, "## A", "| a |") == "## A\n\n<!-- a -->\n\n| a |\n\n<!-- /a -->\n\nafter\n"
    assert with_table(with_table(marked, "## A", "| a |"), "## A", "| a |") == with_table(marked, "## A", "| a |")
    added = with_table("# T\n", "## C", "| c |")
    assert table_below(added, "## C") == "| c |"
