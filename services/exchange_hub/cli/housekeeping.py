"""``hub migrate`` and ``hub clean``: the store's schema, and what the hub leaves on a disk."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import click

from exchange_hub.cli.errors import plain_errors
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.serving import serving
from exchange_hub.runtime import leftovers
from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.migrating import migrate as bring_up
from exchange_hub.runtime.postgres_server import ROOT_DATA, SOCKET_PARENT
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.roles import give_rights
from exchange_hub.runtime.servers import owned_paths
from exchange_hub.runtime.settings import Settings
from exchange_hub.views.store.setup import connect

#: What the hub makes in its data folder; anything else there is somebody's, and stays.
DATA_ENTRIES = (
    "kafka", "postgres", "run", "logs", "reports", "spool", "faust", "servers-kept.json", "servers-kept.json.new", "postgres.password",
    "postgres-worker.password", "postgres-reader.password", "console-users.json", "credentials",
)  # fmt: skip
#: What the hub makes in its cache folder.
CACHE_ENTRIES = ("maven", "postgresql-*")
#: A folder is taken for a data folder only where it holds one of these.
_MARKS = ("servers-kept.json", "postgres.password", "kafka", "logs", "run")


@dataclass(frozen=True, slots=True)
class Removal:
    """What can be removed: a folder's own entries, and how much disk they take."""

    what: str
    folder: Path
    paths: tuple[Path, ...]

    @property
    def megabytes(self) -> int:
        """Disk taken, in MB; links are not followed."""
        return sum(_bytes(path) for path in self.paths) // 2**20


@click.command()
def migrate() -> None:
    """Bring the store's schema to this version; a newer store is refused, nothing is ever taken back."""
    with plain_errors():
        hub = Hub.load()
        with serving(hub, None) as url:
            before, now = bring_up(url)
            with connect(url) as conn, conn.transaction():
                given = give_rights(conn)
    click.echo(f"schema version {now}: nothing to do" if before == now else f"schema version {before or 'none'} → {now}")
    if given:
        click.echo(f"rights of the roles of workers and readers: {given} statements")


@click.command()
@click.option("--data", is_flag=True, help="Remove the data: Kafka's log, the database, reports, logs. Asks first.")
@click.option("--cache", is_flag=True, help="Remove what was downloaded once; the next start fetches it again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def clean(*, data: bool, cache: bool, yes: bool) -> None:
    """Remove the hub's own data and caches from this machine, and nothing else; links are never followed.

    Without options it tells what there is, and on a terminal asks for each.
    """
    with plain_errors():
        settings = Settings()
        found = [*_found(settings)]
        if not found:
            click.echo("nothing of the hub's is here")
            return
        asked = {"data": data, "cache": cache}
        for removal in found:
            if any(asked.values()) and not asked[removal.what]:
                continue
            click.echo(f"{removal.what}: {removal.megabytes:,} MB in {removal.folder}")
            if _wanted(removal, asked, yes=yes):
                _remove(settings, removal)


def _wanted(removal: Removal, asked: dict[str, bool], *, yes: bool) -> bool:
    if asked[removal.what] and (yes or removal.what == "cache"):
        return True
    if not sys.stdin.isatty():
        if asked[removal.what]:
            raise click.UsageError("removing data needs an answer: add --yes where there is no terminal")
        click.echo(f"  stays; `hub clean --{removal.what}` removes it")
        return False
    lost = "every event, list and closed month of this machine would be gone" if removal.what == "data" else "it is fetched again"
    return click.confirm(f"  Remove it ({lost})?", default=False)


def _found(settings: Settings) -> Iterator[Removal]:
    for what, folder, names in (
        ("data", settings.data_folder, DATA_ENTRIES),
        ("cache", settings.cache_folder, CACHE_ENTRIES),
    ):
        if folder.is_symlink():
            click.echo(f"{what}: {folder} is a link to {folder.readlink()}; it is left alone, remove it yourself")
            continue
        if not folder.is_dir() or (what == "data" and not any((folder / mark).exists() for mark in _MARKS)):
            continue
        paths = [path for name in names for path in sorted(folder.glob(name))]
        if what == "data":
            paths += [path for path in owned_paths(settings) if path != folder and is_own(path, folder)]
        if paths:
            yield Removal(what, folder, tuple(paths))


def is_own(path: Path, folder: Path) -> bool:
    """Whether a path outside the data folder is one that the hub made for it: a kept file may say anything."""
    if path.is_symlink():
        return False
    if path.name.startswith("xhub-") and path.parent in (SOCKET_PARENT, Path(tempfile.gettempdir())):
        return True
    return path == ROOT_DATA / sha256(str(folder).encode()).hexdigest()[:16] / "postgres"


def _remove(settings: Settings, removal: Removal) -> None:
    layout = Layout(settings.data_folder)
    if leftovers.is_running(layout, leftovers.read_json(layout.state)):
        raise RuntimeProblem(
            "The hub's servers run for this data folder.", where=str(layout.root), remedy="Stop them first (Ctrl-C in `hub up`)."
        )
    for path in removal.paths:
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
        else:
            shutil.rmtree(path)
        if path.parent.parent == ROOT_DATA:
            path.parent.rmdir()
    left = [path.name for path in removal.folder.iterdir()]
    if left:
        click.echo(f"  removed; {removal.folder} stays, with what is not the hub's: {', '.join(sorted(left)[:5])}")
    else:
        removal.folder.rmdir()
        click.echo("  removed")


def _bytes(path: Path) -> int:
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    return sum(entry.lstat().st_size for entry in path.rglob("*") if not entry.is_dir())
