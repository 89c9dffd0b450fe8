"""``hub contracts``: check the event contracts, list them, and write their catalogue."""

import json
from pathlib import Path

import click

from exchange_contracts import lint, registry
from exchange_hub.cli import asyncapi, contract_pages, output
from exchange_hub.cli.errors import plain_errors

_HEADINGS = {
    "schema_id": "编号", "event": "事件", "version": "版本", "register": "登记册", "subkey": "子键", "withdraws": "撤回",
    "doc": "含义",
}  # fmt: skip


@click.group()
def contracts() -> None:
    """Check, list and document the event contracts: the .avsc files, the code lists and the lock file of ids."""


@contracts.command()
def check() -> None:
    """Check compatibility with every earlier version, logical types, code lists, documentation; exit code 1 on a problem."""
    problems = lint.problems()
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise SystemExit(1)
    loaded = registry.load()
    click.echo(f"{len(loaded.versions())} contracts, {len(loaded.codelists)} code lists: no problem (digest {loaded.digest[:12]})")


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
