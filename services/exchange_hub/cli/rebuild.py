"""``hub rebuild``: fill the views anew beside the live ones, compare, and swap them in."""

import sys

import click

from exchange_hub.cli.compose import Hub
from exchange_hub.cli.program import plain_errors, serving, settle_collector
from exchange_hub.runtime.migrating import migrate
from exchange_hub.views.rebuild import Progress
from exchange_hub.views.rebuild import rebuild as run
from exchange_hub.views.store.setup import connect


def _note(progress: Progress) -> None:
    if progress.done and sys.stderr.isatty():
        left = (progress.total - progress.done) / progress.per_second if progress.per_second else 0
        click.echo(
            f"\r{progress.done:,} of {progress.total:,} events, {progress.per_second:,.0f}/s, {left:,.0f} s left   ",
            nl=False, err=True,
        )  # fmt: skip


@click.command()
@click.option("--verify", is_flag=True, help="Only compare digests with the live views; swap nothing.")
def rebuild(*, verify: bool) -> None:
    """Rebuild the views from the event log in a shadow schema; the live ones serve meanwhile."""
    with plain_errors():
        hub = Hub.load()
        with serving(hub) as url:
            migrate(url)
            with connect(url) as conn:
                context = hub.context(conn)
            settle_collector()
            comparison = run(lambda: connect(url, "hub rebuild"), context, _note, verify=verify)
    if sys.stderr.isatty():
        click.echo("", err=True)
    if comparison is None:
        click.echo("views filled; there were none before")
        return
    for name, (digest, rows) in comparison.other.items():
        same = "same" if comparison.live[name] == (digest, rows) else f"DIFFERS (live: {comparison.live[name][1]} rows)"
        click.echo(f"{name:22} {rows:>10,} rows  {digest[:16]:16}  {same}")
    for name, differing in comparison.rows.items():
        for key, how in differing:
            click.echo(f"  {name}: {key} {how}")
    if not verify:
        click.echo("swapped in")
    elif not comparison.equal:
        sys.exit(1)
