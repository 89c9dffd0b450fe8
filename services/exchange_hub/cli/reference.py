"""``python -m exchange_hub.cli.reference``: the tables of commands and settings, as the pages of services and deploy hold them.

``--write`` puts each table into the section of its heading, in place of the table that stands there.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

from exchange_hub.cli import COMMANDS
from exchange_hub.runtime.settings import Settings, describe

COMMANDS_HEADING = "## Commands"
SETTINGS_HEADING = "## Settings"
#: Heading → the page that holds its table, from the project's root.
PAGES = {COMMANDS_HEADING: "services/README.md", SETTINGS_HEADING: "deploy/README.md"}


def command_of(name: str) -> click.Command:
    """Return the command that ``hub NAME`` runs."""
    module, attribute, _ = COMMANDS[name]
    found = getattr(import_module(module), attribute)
    if not isinstance(found, click.Command):
        raise TypeError(f"hub {name} is no command")
    return found


def usage_of(name: str) -> str:
    """Return how a command is called: its arguments, and the subcommands of a group."""
    command = command_of(name)
    words = _arguments(command)
    if isinstance(command, click.Group):
        names = "|".join(sorted(command.commands))
        words.append(f"[{names}]" if command.invoke_without_command else names)
        if len(command.commands) == 1 and not command.invoke_without_command:
            words += _arguments(command.commands[names])
    return " ".join(["hub", name, *words])


def _arguments(command: click.Command) -> list[str]:
    pieces = command.collect_usage_pieces(click.Context(command))
    return [piece for piece in pieces if piece not in ("[OPTIONS]", "COMMAND [ARGS]...")]


def commands_table() -> str:
    """Return the table of commands: how each is called, and what it does."""
    rows = (f"| `{_cell(usage_of(name))}` | {_cell(COMMANDS[name][2])} |" for name in sorted(COMMANDS))
    return "\n".join(["| command | does |", "| --- | --- |", *rows])


def settings_table() -> str:
    """Return the table of settings: name, default, meaning."""
    lines = describe(Settings.model_construct(), {})
    rows = (f"| `{line.name}` | {f'`{line.default}`' if line.default else 'empty'} | {_cell(line.meaning)} |" for line in lines)
    return "\n".join(["| setting | default | meaning |", "| --- | --- | --- |", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def table_below(document: str, heading: str) -> str:
    r"""Return the first table in the section of *heading*; empty where there is none.

    >>> table_below("## A\n\nwords\n\n| x |\n| --- |\n| 1 |\n\n## B\n", "## A")
    '| x |\n| --- |\n| 1 |'
    """
    first, last = _place(document.splitlines(), heading)
    return "\n".join(document.splitlines()[first:last])


def with_table(document: str, heading: str, table: str) -> str:
    """Return *document* with *table* in the section of *heading*, which is added at the end where it is missing.

    It stands between ``<!-- commands -->`` and ``<!-- /commands -->`` where the section of "## Commands" has these, else
    in place of the section's first table, else at its end.
    """
    lines = document.splitlines()
    name = heading.removeprefix("## ").lower()
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    if opening in lines and closing in lines:
        kept = [*lines[: lines.index(opening) + 1], "", *table.splitlines(), "", *lines[lines.index(closing) :]]
        return "\n".join(kept) + "\n"
    if heading not in lines:
        lines += ["", heading]
    first, last = _place(lines, heading)
    gap = [] if first < last else [""]
    return "\n".join([*lines[:first], *gap, *table.splitlines(), *lines[last:]]).rstrip("\n") + "\n"


def _place(lines: list[str], heading: str) -> tuple[int, int]:
    """Return first and last line (exclusive) of the table below a heading; where there is none, the end of its section, twice."""
    if heading not in lines:
        return 0, 0
    start = lines.index(heading) + 1
    section = list(_until_next_heading(lines, start))
    rows = [place for place in section if lines[place].startswith("|")]
    if not rows:
        written = [place for place in section if lines[place].strip()]
        end = written[-1] + 1 if written else start
        return end, end
    last = rows[0]
    while last + 1 < len(lines) and lines[last + 1].startswith("|"):
        last += 1
    return rows[0], last + 1


def _until_next_heading(lines: list[str], start: int) -> Iterator[int]:
    for place in range(start, len(lines)):
        if lines[place].startswith(("# ", "## ")):
            return
        yield place


def main(arguments: list[str]) -> int:
    """Print both tables, or write them into their pages below this folder."""
    tables = {COMMANDS_HEADING: commands_table(), SETTINGS_HEADING: settings_table()}
    if arguments == ["--write"]:
        for heading, page in PAGES.items():
            path = Path(page)
            path.write_text(with_table(path.read_text(encoding="utf-8"), heading, tables[heading]), encoding="utf-8")
        return 0
    for heading, table in tables.items():
        click.echo(f"{heading}\n\n{table}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
