"""``hub contracts``: check the event contracts, list them, and write their catalogue."""

import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import click

from exchange_contracts import generate, lint, registry
from exchange_contracts.registry import Contract
from exchange_hub.cli import asyncapi, contract_pages, output
from exchange_hub.cli.errors import plain_errors
from exchange_hub.views.lists import KINDS, LISTS

_HEADINGS = {
    "schema_id": "编号", "event": "事件", "version": "版本", "register": "登记册", "subkey": "子键", "withdraws": "撤回",
    "doc": "含义",
}  # fmt: skip


@click.group()
def contracts() -> None:
    """Check, list and document the event contracts: the .avsc files, the code lists and the lock file of ids."""


@contracts.command()
def check() -> None:
    """Check compatibility with every earlier version, logical types, code lists, documentation, generated files, and that events and lists fit; exit code 1 on a problem."""
    problems = lint.problems()
    if not problems:
        loaded = registry.load()
        problems += [f"{path.name} is not what the contracts give; run python -m exchange_contracts.generate" for path in generate.stale()]
        problems += list_problems(loaded.contracts(), loaded.codelists["list_view"])
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise SystemExit(1)
    click.echo(f"{len(loaded.versions())} contracts, {len(loaded.codelists)} code lists: no problem (digest {loaded.digest[:12]})")


def list_problems(listed: Iterable[Contract], named: Collection[str]) -> Iterator[str]:
    """Yield events that no list takes, and lists that contracts and modules do not share; *named* is the code list ``list_view``."""
    for contract in listed:
        if contract.kind not in KINDS:
            yield f"{contract.event}: no module of views/lists has the kind {contract.kind}; write it, and name it in views/lists/__init__.py"
    reported = {view.name for kind in KINDS.values() if not kind.of_reporting for view in kind.lists}
    for name in sorted(reported - set(named)):
        yield f"list {name} stands in views/lists, but not in the code list list_view"
    for unknown in sorted(set(named) - {view.name for view in LISTS}):
        yield f"code list list_view names {unknown}, of which views/lists has no module"


@contracts.command("list")
@click.option("--format", "form", type=click.Choice(output.FORMATS), help="Default: table on a terminal, else json.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
def list_(*, form: str | None, out: Path | None) -> None:
    """List the newest version of every contract."""
    lines = [
        {
            "schema_id": contract.schema_id, "event": contract.event, "version": contract.version, "kind": contract.kind,
            "register": contract.family, "subkey": list(contract.subkey), "withdraws": contract.withdraws,
            "requires": list(contract.requires), "doc": contract.doc,
        }
        for contract in registry.load().contracts()
    ]  # fmt: skip
    with plain_errors():
        output.lines("事件契约", lines, _HEADINGS, form, out)


@contracts.command()
@click.option("--format", "form", type=click.Choice(["markdown", "html", "asyncapi"]), default="markdown", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
def docs(*, form: str, out: Path | None) -> None:
    """Write the catalogue in Chinese: every event, field, unit and code list; as AsyncAPI for tools."""
    if form == "asyncapi":
        output.deliver((json.dumps(asyncapi.document(registry.load()), ensure_ascii=False, indent=1) + "\n").encode(), out)
        return
    catalogue = [*contract_pages.blocks(registry.load())]
    text = contract_pages.html(catalogue) if form == "html" else contract_pages.markdown(catalogue)
    output.deliver(text.encode(), out)
