"""``hub rebuild``: fill the views anew beside the live ones, compare, and swap them in."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from kafka import KafkaConsumer, TopicPartition

from exchange_hub.cli.compose import Hub
from exchange_hub.cli.program import open_servers, plain_errors, serving, settle_collector
from exchange_hub.runtime.migrating import migrate
from exchange_hub.views.rebuild import CHUNK, Comparison, Progress, Source
from exchange_hub.views.rebuild import rebuild as run
from exchange_hub.views.reread import KafkaLog, Reread
from exchange_hub.views.store.commit import Context
from exchange_hub.views.store.setup import connect

#: Differences between Kafka and the event log that are printed one by one.
DIFFERENCES_SHOWN = 20


def _note(progress: Progress) -> None:
    if progress.done and sys.stderr.isatty():
        left = (progress.total - progress.done) / progress.per_second if progress.per_second else 0
        click.echo(
            f"\r{progress.done:,} of {progress.total:,} events, {progress.per_second:,.0f}/s, {left:,.0f} s left   ",
            nl=False, err=True,
        )  # fmt: skip


@click.command()
@click.option("--verify", is_flag=True, help="Only compare digests with the live views; swap nothing.")
@click.option(
    "--from", "origin", type=click.Choice(["kafka", "log"]), default="kafka", show_default=True,
    help="Read Kafka, comparing the event log on the way, or the event log alone.",
)  # fmt: skip
def rebuild(*, verify: bool, origin: str) -> None:
    """Rebuild the views in a shadow schema while the live ones serve; stopped and started again, it goes on."""
    differences: list[str] = []
    with plain_errors():
        hub = Hub.load()
        settle_collector()
        with _sources(hub, origin, differences.append) as (url, context, source):
            comparison = run(lambda: connect(url, "hub rebuild"), context, _note, verify=verify, source=source)
    if sys.stderr.isatty():
        click.echo("", err=True)
    for line in differences[:DIFFERENCES_SHOWN]:
        click.echo(f"event log and Kafka differ: {line}", err=True)
    if differences:
        click.echo(f"{len(differences)} records differ between Kafka and the event log; the log stands", err=True)
    if comparison is not None:
        show(comparison)
    if not verify:
        click.echo("swapped in")
    if differences or (verify and comparison is not None and not comparison.equal):
        sys.exit(1)


@contextmanager
def _sources(hub: Hub, origin: str, differ: Callable[[str], None]) -> Iterator[tuple[str, Context, Source | None]]:
    """Open what the rebuild reads: the database's address, the context, and the source of events."""
    if origin == "log":
        with serving(hub) as url:
            yield url, _context(hub, url), None
        return
    with open_servers(hub) as servers:
        context = _context(hub, servers.database_url)
        consumer = KafkaConsumer(
            bootstrap_servers=servers.bootstrap_servers.split(","), group_id=None, enable_auto_commit=False,
            auto_offset_reset="earliest", isolation_level="read_committed", max_poll_records=CHUNK,
            fetch_max_bytes=64 * 2**20, max_partition_fetch_bytes=8 * 2**20, **hub.settings.kafka.client_options(),
        )  # fmt: skip
        names = {context.topics.number_of[bureau]: topic for topic, bureau in hub.event_topics.items()}
        log = KafkaLog(consumer, names, lambda topic: TopicPartition(topic, 0))
        try:
            yield servers.database_url, context, Reread(log, context.topics, context.rules, differ)
        finally:
            consumer.close()


def _context(hub: Hub, url: str) -> Context:
    migrate(url)
    with connect(url) as conn:
        return hub.context(conn)


def show(comparison: Comparison) -> None:
    """Print the digest of every view and the rows that differ."""
    for name, (digest, rows) in comparison.other.items():
        same = "same" if comparison.live[name] == (digest, rows) else f"DIFFERS (live: {comparison.live[name][1]:,} rows)"
        click.echo(f"{name:22} {rows:>10,} rows  {digest[:16]:16}  {same}")
    for name, differing in comparison.rows.items():
        for key, how in differing:
            click.echo(f"  {name}: {key} {how}")
