"""``hub rebuild``: fill the views anew beside the live ones, compare, and swap them in."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import click

from exchange_hub.cli.compose import Hub
from exchange_hub.cli.program import open_servers, plain_errors, settle_interpreter
from exchange_hub.cli.side_by_side import fill_parts, prove
from exchange_hub.runtime.migrating import migrate
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.views.filling import Progress
from exchange_hub.views.rebuild import SHADOW, Comparison
from exchange_hub.views.rebuild import rebuild as run
from exchange_hub.views.store.commit import Context
from exchange_hub.views.store.positions import LOCK_SPACE
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


def _proved(done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done:,} of {total:,} offsets compared with Kafka   ", nl=False, err=True)


@click.command()
@click.option("--verify", is_flag=True, help="Only compare digests with the live views; swap nothing.")
@click.option(
    "--from", "origin", type=click.Choice(["kafka", "log"]), default="kafka", show_default=True,
    help="Compare the event log with Kafka before the views are filled from it, or take the log as it is.",
)  # fmt: skip
def rebuild(*, verify: bool, origin: str) -> None:
    """Rebuild the views in a shadow schema while the live ones serve; stopped and started again, it goes on."""
    differences: list[str] = []
    with plain_errors():
        hub = Hub.load()
        settle_interpreter()
        with open_servers(hub, kafka=origin == "kafka") as servers:
            url = servers.database_url
            context = _context(hub, url)
            with _alone(hub, url):
                if origin == "kafka":
                    prove(hub, servers, _cut(hub, url), differences.append, _proved)
                spread = partial(fill_parts, hub, url)
                comparison = run(lambda: connect(url, "hub rebuild"), context, _note, verify=verify, spread=spread)
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
def _alone(hub: Hub, url: str) -> Iterator[None]:
    """Refuse to work beside another rebuild of the district: both would fill the same shadow schema."""
    with connect(url, "hub rebuild") as conn:
        if conn.execute("SELECT pg_try_advisory_lock(%s, %s)", (LOCK_SPACE, -hub.district_no)).fetchone() != (True,):
            raise RuntimeProblem(
                "Another rebuild of this district runs.", where=f"schema {SHADOW}",
                remedy="Wait for it, or stop it and start again: a rebuild goes on where the last one stopped.",
            )  # fmt: skip
        yield


def _cut(hub: Hub, url: str) -> dict[str, tuple[int, int]]:
    """Return topic name → its number and stored position, for the topics of the district's registry."""
    with connect(url) as conn:
        rows = conn.execute("SELECT t.name, t.topic_no, p.next_off FROM log.position p JOIN log.topic t USING (topic_no)").fetchall()
    return {name: (topic_no, end) for name, topic_no, end in rows if name in hub.event_topics}


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
