"""``hub receipts replay``: try held events again after a fold was mended."""

import secrets
import sys

import click

from exchange_hub.cli.errors import plain_errors
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.serving import serving
from exchange_hub.views.store.commit import prepare
from exchange_hub.views.store.replay import Replayed
from exchange_hub.views.store.replay import replay as run
from exchange_hub.views.store.setup import connect


@click.command()
def replay() -> None:
    """依次重试每个暂缓的事件，通过的照常入账、归并并回执；中断后下次接着做。处理进程启动时也会自动重试。"""
    with plain_errors():
        hub = Hub.load()
        with serving(hub, "worker") as url, connect(url, f"hub worker replay {secrets.token_hex(4)}") as conn:
            context = hub.context(conn)
            prepare(conn)
            counts = run(conn, context, _note).counts
    if sys.stderr.isatty() and counts:
        click.echo("", err=True)
    if not counts:
        click.echo("no events are held")
        return
    click.echo(", ".join(f"{outcome} {count}" for outcome, count in sorted(counts.items())))


def _note(done: Replayed) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done.counts.total():,} held events tried   ", nl=False, err=True)
