"""Backup and restore on real servers: whole, verified, and caught up from Kafka by the positions in it."""

import hashlib
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exchange_hub.cli import main
from exchange_hub.runtime import postgres_tools
from exchange_hub.views.digests import Digests, digests
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.store.setup import connect
from tests.faults.stage import Stage, Worker, staged
from tests.strategies.history import bulk
from tests.waiting import wait_for

SEED = 20261126
Hub = Callable[..., Result]


@pytest.fixture(scope="module")
def filled(servers: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A district with some hundred events in its store."""
    with staged(*servers, tmp_path_factory.mktemp("backup")) as made:
        made.send(bulk(SEED, 500))
        worker = made.worker()
        made.caught_up()
        stopped(worker)
        yield made


@pytest.fixture
def stage(filled: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The district, with the settings of `hub` set to it."""
    for name, value in filled.environment.items():
        monkeypatch.setenv(name, value)
    return filled


def stopped(worker: Worker) -> None:
    """Stop a worker as an operator does; a killed one would count as a member of its group for a while."""
    worker.send(signal.SIGTERM)
    assert worker.ended() == 0, worker.text()[-2000:]


def hub(*arguments: str) -> Result:
    """Run `hub …`."""
    return CliRunner().invoke(main, list(arguments))


def views(stage: Stage) -> Digests:
    """Digest of every view."""
    with connect(stage.url) as conn, conn.transaction(), conn.cursor() as cur:
        return digests(cur, "live")


def epochs(stage: Stage) -> dict[int, int]:
    """Topic number → epoch."""
    with connect(stage.url) as conn:
        return dict(conn.execute("SELECT topic_no, epoch FROM log.position").fetchall())


def told_of_a_view_that_is_gone(folder: Path) -> None:
    """Let a backup be like an older version's, which counted registers among its views."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["views"]["registers"] = ["0" * 32, 1]
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_restored_store_catches_up_to_the_same_views(stage: Stage, tmp_path: Path) -> None:
    """Backup, more events, restore: the store is as it was, then a worker goes on from its positions to identical views."""
    then, folder = views(stage), tmp_path / "backup"
    done = hub("backup", str(folder))
    assert done.exit_code == 0, done.output
    told_of_a_view_that_is_gone(folder)
    stage.send(bulk(SEED + 1, 400))
    worker = stage.worker()
    stage.caught_up()
    stopped(worker)
    later, claimed = views(stage), epochs(stage)
    assert later != then

    restored = hub("restore", str(folder), "--yes-replace")
    assert restored.exit_code == 0, restored.output
    assert views(stage) == then
    assert all(epoch > max(claimed.values()) for epoch in epochs(stage).values())
    assert "records that came since" in restored.output
    worker = stage.worker()
    stage.caught_up()
    stopped(worker)
    assert views(stage) == later
    stage.reckon()


def of_an_older_version(stage: Stage, folder: Path) -> None:
    """Let a backup be like an older version's: one list lacks a column, another its table, the manifest counts both as they were."""
    with connect(stage.url) as conn:
        conn.execute(f"ALTER TABLE live.{BY_NAME['equipment-projects'].table} DROP COLUMN energy_saving".encode())
        conn.execute(f"DROP TABLE live.{BY_NAME['plans'].table}".encode())
    dump = folder / "database.dump"
    postgres_tools.run("pg_dump", ["--format=custom", "--no-owner", f"--file={dump}"], stage.url, lambda _said: None)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["database.dump"] = {"bytes": dump.stat().st_size, "sha256": hashlib.sha256(dump.read_bytes()).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_backup_with_views_of_an_older_version_is_restored_and_rebuilt(stage: Stage, tmp_path: Path) -> None:
    """What can be compared is, all earlier claims are outdated, one line says what to do, and that gives the same views again."""
    then, folder = views(stage), tmp_path / "backup"
    assert hub("backup", str(folder)).exit_code == 0
    of_an_older_version(stage, folder)
    claimed = epochs(stage)
    restored = hub("restore", str(folder), "--yes-replace")
    assert restored.exit_code == 0, restored.output
    assert all(epoch > max(claimed.values()) for epoch in epochs(stage).values())
    (told,) = [line for line in restored.output.splitlines() if "of another version or configuration" in line]
    assert "`hub rebuild`, then `hub up`" in told
    assert "equipment-projects, plans" in told
    assert {name: pair for name, pair in then.items() if name not in ("equipment-projects", "plans")} == views(stage)

    assert hub("backup", str(tmp_path / "again")).exit_code == 0
    assert hub("rebuild", "--verify").exit_code == 1
    rebuilt = hub("rebuild")
    assert rebuilt.exit_code == 0, rebuilt.output
    assert views(stage) == then


def test_a_restore_that_fails_late_has_outdated_all_claims(stage: Stage, tmp_path: Path) -> None:
    """A store that is not as its manifest tells is refused after the restore; no worker of before can write to it."""
    folder = tmp_path / "backup"
    assert hub("backup", str(folder)).exit_code == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["views"]["trade-in"] = ["0" * 32, 1]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    claimed = epochs(stage)
    refused = hub("restore", str(folder), "--yes-replace")
    assert (refused.exit_code, "view trade-in differ" in refused.output) == (1, True)
    assert all(epoch > max(claimed.values()) for epoch in epochs(stage).values())


def test_a_store_with_events_is_not_replaced_unasked(stage: Stage, tmp_path: Path) -> None:
    """Without --yes-replace a store that holds events stays, and so it does while a program of the hub works on it."""
    folder = tmp_path / "backup"
    assert hub("backup", str(folder)).exit_code == 0
    assert hub("backup", str(folder)).exit_code == 2
    then, claimed = views(stage), epochs(stage)
    refused = hub("restore", str(folder))
    assert (refused.exit_code, "--yes-replace" in refused.output) == (1, True)
    with connect(stage.url, "hub relay"):
        busy = hub("restore", str(folder), "--yes-replace")
    assert (busy.exit_code, "Stop the hub" in busy.output) == (1, True)
    idle = stage.worker()
    wait_for("the worker to take part in its group", lambda: any(epoch > claimed[topic] for topic, epoch in epochs(stage).items()))
    busy = hub("restore", str(folder), "--yes-replace")
    assert (busy.exit_code, "Stop the hub" in busy.output) == (1, True)
    stopped(idle)
    assert views(stage) == then


def test_a_damaged_backup_changes_nothing(stage: Stage, tmp_path: Path) -> None:
    """A file that is not what was written is refused; one cut short with a forged digest leaves the store as it was."""
    folder, then = tmp_path / "backup", views(stage)
    assert hub("backup", str(folder)).exit_code == 0
    dump = folder / "database.dump"
    whole = dump.read_bytes()
    dump.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    refused = hub("restore", str(folder), "--yes-replace")
    assert (refused.exit_code, "database.dump" in refused.output) == (1, True)

    dump.write_bytes(whole[: len(whole) // 2])
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["database.dump"] = {"bytes": dump.stat().st_size, "sha256": hashlib.sha256(dump.read_bytes()).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    failed = hub("restore", str(folder), "--yes-replace")
    assert failed.exit_code == 1, failed.output
    assert "nothing was left half done" in failed.output
    assert views(stage) == then


def test_a_backup_of_a_newer_hub_is_refused(stage: Stage, tmp_path: Path) -> None:
    """A schema version that this hub does not know, and a folder that is no backup, are refused in words."""
    folder = tmp_path / "backup"
    assert hub("backup", str(folder)).exit_code == 0
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"schema": "9999"}), encoding="utf-8")
    newer = hub("restore", str(folder), "--yes-replace")
    assert (newer.exit_code, "newer hub" in newer.output) == (1, True)
    (tmp_path / "empty").mkdir()
    nothing = hub("restore", str(tmp_path / "empty"))
    assert (nothing.exit_code, "This is no backup" in nothing.output) == (1, True)
