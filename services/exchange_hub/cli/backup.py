"""``hub backup`` and ``hub restore``: the database with its positions, and the district; Kafka's logs are not in it.

A backup is a folder: ``database.dump`` (pg_dump), ``district/``, and ``manifest.json`` with the digest of every file,
the versions, the stamp, the positions and a digest of every view at that instant. After a restore the workers go on
from the restored positions, whatever Kafka's committed offsets say (invariant 5), and so catch up. Views that another
version of the hub filled are restored as they were, for `hub rebuild` to replace.
"""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import psycopg

from exchange_contracts import registry
from exchange_hub.cli import output
from exchange_hub.cli.errors import plain_errors
from exchange_hub.cli.examination import workers_of
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.program import open_servers
from exchange_hub.programme.district import FILES
from exchange_hub.runtime import postgres_tools
from exchange_hub.runtime.migrating import known_versions, migrate
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.roles import give_rights
from exchange_hub.runtime.settings import Settings
from exchange_hub.runtime.topics import administration, end_offsets, topic_ids
from exchange_hub.views.digests import NAMES, digests
from exchange_hub.views.store.setup import connect
from exchange_hub.views.store.stamp import held_stamp, read_stamp

FORMAT = 1
MANIFEST, DUMP, DISTRICT = "manifest.json", "database.dump", "district"
#: Schemas that are the hub's; a restore replaces all of them together.
_SCHEMAS = "nspname IN ('log', 'live', 'shadow', 'as_of', 'retired', 'closed') OR nspname ~ '^closed_[0-9]{4}_[0-9]{2}$'"
_READ_BYTES = 1 << 20


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def backup(*, folder: Path) -> None:
    """Write a backup to DIR, which must not exist: database with positions and closed months, district, digests.

    The hub may go on working; the backup is of one instant. Kafka's topics are not in it.
    """
    with plain_errors():
        hub = Hub.load()
        if folder.exists():
            raise click.UsageError(f"{folder} exists already; a backup goes into a new folder")
        with open_servers(hub) as servers:
            manifest = write(hub, servers.database_url, folder, output.progress)
    output.progress("")
    size = sum(entry["bytes"] for entry in manifest["files"].values()) // 2**20
    click.echo(f"{folder}: {size:,} MB, {sum(p['next_off'] for p in manifest['positions'].values()):,} offsets on {len(manifest['positions'])} topics")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--yes-replace", is_flag=True, help="Replace a store that already holds events.")
def restore(*, folder: Path, yes_replace: bool) -> None:
    """Restore the backup in DIR; the workers then catch up from Kafka by themselves.

    Every file's digest is verified first. The store is replaced in one transaction: whole, or not at all. The district's
    folder is put back only where there is none.
    """
    with plain_errors():
        manifest = verified(folder)
        settings = Settings()
        if not settings.district.exists():
            shutil.copytree(folder / DISTRICT, settings.district)
            click.echo(f"the district's folder was put back: {settings.district}")
        hub = Hub.load(settings)
        if manifest["district"] != hub.district.id:
            raise RuntimeProblem(
                f"The backup is of district {manifest['district']}, and this hub is of district {hub.district.id}.", where=str(folder),
                remedy="Name the backup's own district in HUB_DISTRICT (its folder is in the backup), and a database of its own.",
            )  # fmt: skip
        with open_servers(hub) as servers:
            with administration(servers.bootstrap_servers, hub.settings.kafka) as admin:
                _refuse_if_running(workers_of(hub, admin))
            outdated = put_back(servers.database_url, folder, manifest, replace=yes_replace, note=output.progress)
            output.progress("")
            which = "all views that this version has as well" if outdated else "all views"
            click.echo(f"restored the backup of {manifest['made_at']}; positions and digests of {which} are as they were")
            for line in remarks(hub, servers.bootstrap_servers, manifest, outdated):
                click.echo(line)


def write(hub: Hub, url: str, folder: Path, note: Any) -> dict[str, Any]:
    """Write a backup to *folder* and return its manifest; a folder of that name appears only when it is whole."""
    draft = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    with connect(url, "hub backup") as conn, conn.transaction(), conn.cursor() as cur:
        cur.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        if held_stamp(cur) is None:
            raise RuntimeProblem("The store holds nothing yet.", where="schema live", remedy="Start the hub once with `hub up`.")
        _patiently(conn)
        ((snapshot,),) = cur.execute("SELECT pg_export_snapshot()").fetchall()
        arguments = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", "--verbose", f"--file={draft / DUMP}"]
        postgres_tools.run("pg_dump", arguments, url, note)
        manifest = _manifest(hub, cur)
    for name in FILES:
        target = draft / DISTRICT / f"{name}.toml"
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(hub.settings.district / f"{name}.toml", target)
    for extra in ("connectors", "samples"):
        if (source := hub.settings.district / extra).is_dir():
            shutil.copytree(source, draft / DISTRICT / extra, ignore=shutil.ignore_patterns("__pycache__", "inbox", "state"))
    manifest["files"] = {str(path.relative_to(draft)): _entry(path) for path in sorted(draft.rglob("*")) if path.is_file()}
    (draft / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
    draft.replace(folder)
    return manifest


def _patiently(conn: psycopg.Connection) -> None:
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        conn.execute(f"SET LOCAL {name} = 0".encode())


def _manifest(hub: Hub, cur: psycopg.Cursor[Any]) -> dict[str, Any]:
    """Describe the snapshot that *cur* sees."""
    stamp = read_stamp(cur)
    schema = cur.execute("SELECT version_num FROM public.schema_version").fetchone()
    return {
        "format": FORMAT, "made_at": datetime.now(UTC).isoformat(timespec="seconds"), "district": hub.district.id,
        "district_digest": hub.district.digest(), "hub": version("exchange-hub"), "contracts": registry.load().digest,
        "schema": schema[0] if schema else None, "postgresql": cur.connection.info.server_version,
        "stamp": stamp.as_dict() if stamp else None, "stamps": stamp.of_lists() if stamp else {}, "positions": _positions(cur),
        "views": {name: list(pair) for name, pair in digests(cur, "live").items()},
    }  # fmt: skip


def _positions(cur: psycopg.Cursor[Any]) -> dict[str, dict[str, Any]]:
    found = cur.execute(
        "SELECT t.name, p.kafka_topic_id, p.next_off FROM log.position p JOIN log.topic t USING (topic_no) ORDER BY 1"
    ).fetchall()
    return {name: {"kafka_topic_id": topic_id, "next_off": next_off} for name, topic_id, next_off in found}


def _entry(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return {"sha256": hashlib.file_digest(stream, "sha256").hexdigest(), "bytes": path.stat().st_size}


def verified(folder: Path) -> dict[str, Any]:
    """Read a backup's manifest and verify every file.

    Raises:
        RuntimeProblem: it is no backup, of a later format, or a file differs from what was written.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known = manifest["format"] == FORMAT
        wrong = [name for name, entry in manifest["files"].items() if not (folder / name).is_file() or _entry(folder / name) != entry]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RuntimeProblem("This is no backup.", where=str(folder), remedy="Name a folder that `hub backup` wrote.") from error
    if not known:
        raise RuntimeProblem(f"The backup has format {manifest['format']}.", where=str(folder), remedy="Restore it with the newer hub.")
    if manifest["schema"] not in known_versions():
        raise RuntimeProblem(
            f"The backup is of schema version {manifest['schema']}, which this version of the hub does not know.",
            where=str(folder), remedy=f"Restore it with the newer hub ({manifest['hub']}).",
        )  # fmt: skip
    if wrong:
        raise RuntimeProblem(
            f"{len(wrong)} files are not what was written: {', '.join(wrong[:3])}.", where=str(folder),
            remedy="Take another copy of the backup; nothing was changed.",
        )  # fmt: skip
    return manifest


def put_back(url: str, folder: Path, manifest: Mapping[str, Any], *, replace: bool, note: Any) -> list[str]:
    """Replace the store by a verified backup, in one transaction, and compare it with the manifest.

    Returns:
        The views that were not compared: this version has other columns for them, or the backup does not tell of them.

    Raises:
        RuntimeProblem: the store holds events and *replace* is not set, somebody works on it, or it is not as backed up.
    """
    with connect(url, "hub restore") as conn:
        _refuse_if_used(conn, replace=replace)
        epoch = _highest_epoch(conn)
        schemas = [row[0] for row in conn.execute(f"SELECT nspname FROM pg_namespace WHERE {_SCHEMAS}".encode()).fetchall()]
    dropping = "".join(f'DROP SCHEMA IF EXISTS "{name}" CASCADE;\n' for name in schemas) + "DROP TABLE IF EXISTS public.schema_version;\n"
    # A worker that slept through the restore must find every claim of its own outdated, whatever is found below.
    fencing = f"UPDATE log.position SET epoch = greatest(epoch, {epoch}) + 1, owner = '';\n"
    _replay(url, folder / DUMP, dropping, fencing, note)
    migrate(url)
    with connect(url, "hub restore") as conn, conn.transaction(), conn.cursor() as cur:
        give_rights(conn)
        _patiently(conn)
        views = {name: list(pair) for name, pair in digests(cur, "live").items()}
        kept = _positions(cur)
    # An older backup may tell of views that this version no longer has.
    differing = [f"view {name}" for name in sorted(views.keys() & manifest["views"].keys()) if views[name] != manifest["views"][name]]
    if kept != manifest["positions"]:
        differing.insert(0, "positions")
    if differing:
        raise RuntimeProblem(
            f"The restored store is not what was backed up: {', '.join(differing)} differ.", where=str(folder),
            remedy="Do not start the hub on it: restore another backup, and keep this one for the question why.",
        )  # fmt: skip
    return sorted(NAMES - (views.keys() & manifest["views"].keys()))


def _refuse_if_used(conn: psycopg.Connection, *, replace: bool) -> None:
    if conn.execute("SELECT to_regclass('log.event_log')").fetchone() != (None,):
        row = conn.execute("SELECT (SELECT count(*) FROM log.event_log), (SELECT count(*) FROM log.rejection)").fetchone()
        if row and any(row) and not replace:
            raise RuntimeProblem(
                f"The store already holds {row[0]:,} events and {row[1]:,} rejections.", where="schema log",
                remedy="Back it up first (`hub backup`), then say --yes-replace.",
            )  # fmt: skip
    others = conn.execute(
        "SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND application_name LIKE 'hub %%'"
    ).fetchall()
    _refuse_if_running(name for (name,) in others)


def _refuse_if_running(programs: Iterable[str]) -> None:
    names = sorted(set(programs))
    if names:
        raise RuntimeProblem(
            "Programs of the hub work on the store.", where=", ".join(names[:4]),
            remedy="Stop the hub on every machine, then restore; a worker that crashed counts until its session time-out.",
        )  # fmt: skip


def _highest_epoch(conn: psycopg.Connection) -> int:
    if conn.execute("SELECT to_regclass('log.position')").fetchone() == (None,):
        return 0
    row = conn.execute("SELECT coalesce(max(epoch), 0) FROM log.position").fetchone()
    return int(row[0]) if row else 0


def _replay(url: str, dump: Path, before: str, after: str, note: Any) -> None:
    """Restore in one transaction: pg_restore writes the statements, psql runs them between *before* and *after*."""
    environment = postgres_tools.environment_of(url)
    psql = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    restoring = ["--no-owner", "--no-privileges", "--file=-", str(dump)]
    with (
        postgres_tools.started("psql", psql, environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as target,
        postgres_tools.started("pg_restore", restoring, environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as source,
    ):
        written = _pump(source, target, before, after, note)
        failures = (source.stderr.read() if source.stderr else b"").decode(errors="replace").splitlines()
        said = (target.stderr.read() if target.stderr else b"").decode(errors="replace").splitlines()
    postgres_tools.finish("psql", target, said)
    postgres_tools.finish("pg_restore", source, failures)
    note(f"{written // 2**20:,} MB of statements")


def _pump(source: subprocess.Popen[bytes], target: subprocess.Popen[bytes], before: str, after: str, note: Any) -> int:
    written = 0
    if target.stdin is None or source.stdout is None:
        raise TypeError("both ends of the pipe are asked for above")
    try:
        target.stdin.write(f"BEGIN;\n{before}".encode())
        while piece := source.stdout.read(_READ_BYTES):
            target.stdin.write(piece)
            written += len(piece)
            note(f"{written // 2**20:,} MB of statements")
        # Without its COMMIT all is taken back: also where pg_restore failed, or this process ends before.
        if source.wait() == 0:
            target.stdin.write(f"{after}COMMIT;\n".encode())
        target.stdin.close()
    except BrokenPipeError:
        source.kill()
    return written


def remarks(hub: Hub, bootstrap_servers: str, manifest: Mapping[str, Any], outdated: Sequence[str]) -> Iterator[str]:
    """Yield what an operator must know before the start: views of another version, other configuration, other topics."""
    steps = "`hub up`"
    if outdated or manifest.get("stamps") != hub.stamp.of_lists():
        steps = "`hub rebuild`, then `hub up`"
        which = f" (not compared: {', '.join(outdated)})" if outdated else ""
        yield f"the views are of another version or configuration than this hub's{which}: {steps}"
    if manifest["district_digest"] != hub.district.digest():
        yield f"the district's folder is another than when the backup was made; that one is in the backup's {DISTRICT}/"
    positions = manifest["positions"]
    with administration(bootstrap_servers, hub.settings.kafka) as admin:
        ids = topic_ids(admin, list(positions))
        there = [name for name, topic_id in ids.items() if topic_id is not None]
        ends = end_offsets(admin, there)
    for name, place in positions.items():
        if name not in there:
            yield f"warning: Kafka has no topic {name}"
        elif str(ids[name]) != place["kafka_topic_id"]:
            yield f"warning: {name} was deleted and made anew since; its worker will stand still (runbook HubTopicStopped)"
        elif ends[name] < place["next_off"]:
            yield f"warning: the log of {name} ends at {ends[name]}, before the restored position {place['next_off']}"
    waiting = sum(max(0, ends[name] - positions[name]["next_off"]) for name in there)
    yield f"next: {steps}; the workers take in {waiting:,} records that came since"
