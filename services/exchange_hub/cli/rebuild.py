"""``hub rebuild``: fill the views anew beside the live ones, compare, and swap them in."""

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import starmap

import click
import psycopg

from exchange_hub.cli.errors import plain_errors
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.program import open_servers, settle_interpreter
from exchange_hub.processes.serving import serving
from exchange_hub.processes.side_by_side import fill_parts, prove
from exchange_hub.reports.closed import cuts, diff
from exchange_hub.reports.closed.cuts import Cut
from exchange_hub.runtime.migrating import engine_of, migrate
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.views.backfill import Progress
from exchange_hub.views.dated import bring_back
from exchange_hub.views.digests import digests
from exchange_hub.views.lists import BY_NAME, KINDS, kinds_of
from exchange_hub.views.rebuild import AS_OF, Comparison, as_of
from exchange_hub.views.rebuild import rebuild as run
from exchange_hub.views.reconciliation import Position
from exchange_hub.views.store.commit import Context
from exchange_hub.views.store.deciding import LISTED
from exchange_hub.views.store.positions import LOCK_SPACE
from exchange_hub.views.store.setup import connect
from exchange_hub.views.store.stamp import outgrown
from exchange_hub.views.swapping import SHADOW

#: Differences between Kafka and the store that are printed one by one.
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
@click.argument("lists", nargs=-1, metavar="[LIST]...")
@click.option("--verify", is_flag=True, help="Only compare digests with the live views; swap nothing.")
@click.option("--as-of", "cut_name", metavar="MONTH[/N]", help="Only compare the views as of a close, or of its Nth restatement, with what was kept there.")
@click.option(
    "--from", "origin", type=click.Choice(["kafka", "log"]), default="kafka", show_default=True,
    help="Compare the store with Kafka before the views are filled from it, or take the log as it is.",
)  # fmt: skip
def rebuild(*, lists: tuple[str, ...], verify: bool, cut_name: str | None, origin: str) -> None:
    """Rebuild lists in a shadow schema while the live ones serve; stopped and started again, it goes on.

    Rebuilt are the LISTs named and those whose stamp is another than this version's and district's; where there are neither, all.
    With --verify, the LISTs named, else all.
    """
    if cut_name is not None:
        _prove_cut(cut_name)
        return
    differing, shown = 0, list[str]()
    with plain_errors():
        hub = Hub.load()
        settle_interpreter()
        with open_servers(hub, kafka=origin == "kafka") as servers:
            url = servers.database_url
            context = _context(hub, url)
            with _alone(hub, url):
                kinds = kinds_to_fill(context, url, lists, verify=verify)
                if origin == "kafka":
                    differing, shown = prove(hub, servers, _positions(hub, url), DIFFERENCES_SHOWN, _proved)
                spread = partial(fill_parts, hub, url, SHADOW)
                comparison = run(lambda: connect(url, "hub rebuild"), context, _note, kinds=kinds, verify=verify, spread=spread)
    _end_progress()
    for line in shown:
        click.echo(f"store and Kafka differ: {line}", err=True)
    if differing:
        click.echo(f"{differing} differences between Kafka and the store; the event log stands: runbook HubBalanceBroken says what to do", err=True)
    if comparison is not None:
        show(comparison)
    if not verify:
        names = "all lists" if kinds >= set(LISTED) else ", ".join(name for kind in LISTED if kind in kinds for name in KINDS[kind].list_names)
        click.echo(f"swapped in: {names}")
    if differing or (verify and comparison is not None and not comparison.equal):
        sys.exit(1)


def kinds_to_fill(context: Context, url: str, lists: Collection[str], *, verify: bool) -> frozenset[str]:
    """Return the kinds of entity whose lists are to be filled.

    Args:
        context: the stamp of this process.
        url: the database's address.
        lists: lists that are asked for by name.
        verify: whether they are compared alone, and stamps do not matter.

    Raises:
        KeyError: there is no list of a name.
    """
    if unknown := sorted(set(lists) - BY_NAME.keys()):
        raise KeyError(f"there is no list {unknown[0]}; there are {', '.join(BY_NAME)}")
    named = {kind for name in lists for kind in kinds_of(name)}
    if not verify:
        with connect(url) as conn, conn.transaction(), conn.cursor() as cur:
            named |= outgrown(cur, context.stamp)
    return frozenset(named or LISTED)


def _end_progress() -> None:
    if sys.stderr.isatty():
        click.echo("", err=True)


@contextmanager
def views_as_of(hub: Hub, url: str, cut: Cut) -> Iterator[psycopg.Connection]:
    """Fill schema ``as_of`` with the views as of a stored cut, for as long as it is read."""
    settle_interpreter()
    context = _context(hub, url)
    with connect(url) as conn:
        numbers: dict[str, int] = dict(conn.execute("SELECT name, topic_no FROM log.topic").fetchall())
    below = {numbers[topic]: end for topic, end in cut.offsets.items()}
    spread = partial(fill_parts, hub, url, AS_OF)
    with _alone(hub, url), as_of(lambda: connect(url, "hub rebuild"), context, below, cut.batch_no, _note, spread) as conn:
        _end_progress()
        if cut.dated:
            with conn.transaction(), conn.cursor() as cur:
                bring_back(cur, context, AS_OF, cut.as_of)
        yield conn


def _prove_cut(name: str) -> None:
    """Compare lists and figures as of a stored cut with what was kept there; end with 1 where they differ."""
    with plain_errors():
        hub = Hub.load()
        with serving(hub, None) as url:
            engine = engine_of(url)
            with engine.connect() as reading:
                cut = cuts.stored(reading, name)
            with views_as_of(hub, url, cut) as conn:
                with conn.transaction(), conn.cursor() as cur:
                    found = digests(cur, AS_OF)
                with engine.connect() as reading, reading.begin():
                    figures = diff.compare(reading, hub.district, cut.month, AS_OF).figures_digest
    for list_, (digest, rows) in found.items():
        click.echo(f"{list_:22} {rows:>10,} rows  {digest[:16]:16}  {_beside(digest, cut.digests.get(list_))}")
    click.echo(f"{'figures':22} {'':>10}       {figures[:16]:16}  {_beside(figures, cut.figures_digest)}")
    gone = sorted(cut.digests.keys() - found.keys())
    for list_ in gone:
        click.echo(f"{list_:22} kept: {cut.digests[list_][:16]}, not a list of this version")
    if gone or figures != cut.figures_digest or any(found[name][0] != digest for name, digest in cut.digests.items()):
        if (words := other_stamp(hub, cut)) is not None:
            click.echo(f"{words}: what differs may be the newer code or district", err=True)
        sys.exit(1)


def _beside(digest: str, kept: str | None) -> str:
    return "not kept" if kept is None else "same" if kept == digest else f"DIFFERS (kept: {kept[:16]})"


def other_stamp(hub: Hub, cut: Cut) -> str | None:
    """Say that a cut was kept under another stamp than this process has, or nothing."""
    now = hub.stamp.as_dict()
    differing = ", ".join(f"{part} {cut.stamp.get(part, '')[:20]} ≠ {now[part][:20]}" for part in now if now[part] != cut.stamp.get(part))
    return f"the cut was kept under another stamp ({differing})" if differing else None


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


def _positions(hub: Hub, url: str) -> list[Position]:
    """Return the stored positions of the district's topics."""
    with connect(url) as conn:
        rows = conn.execute(
            "SELECT t.topic_no, t.name, t.bureau, p.next_off, p.skipped FROM log.position p JOIN log.topic t USING (topic_no)"
        ).fetchall()
    return [position for position in starmap(Position, rows) if position.topic in hub.event_topics]


def _context(hub: Hub, url: str) -> Context:
    migrate(url)
    with connect(url) as conn:
        return hub.context(conn)


def show(comparison: Comparison) -> None:
    """Print the digest of every view and the rows that differ."""
    for name, (digest, rows) in comparison.other.items():
        live = comparison.live.get(name)
        same = "DIFFERS (live: of another version)" if live is None else f"DIFFERS (live: {live[1]:,} rows)"
        click.echo(f"{name:22} {rows:>10,} rows  {digest[:16]:16}  {'same' if live == (digest, rows) else same}")
    for name, differing in comparison.rows.items():
        for key, how in differing:
            click.echo(f"  {name}: {key} {how}")
