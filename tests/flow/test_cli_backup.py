"""Backup and restore on real servers: whole, verified, and caught up from Kafka by the positions in it."""

import hashlib
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exchange_hub.cli import main
from exchange_hub.views.digests import Digests, digests
from exchange_hub.views.store.setup import connect
from tests.faults.stage import Stage, Worker, staged, wait_for
from tests.platform import platform
from tests.strategies.history import bulk

SEED = 20261126
Hub = Callable[..., Result]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A district with some hundred events in its store."""
    with platform() as servers, staged(*servers, tmp_path_factory.mktemp("backup")) as made:
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
