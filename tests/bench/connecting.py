"""A bureau's connector on a long workbook, as commands: check, publish up to the hub's receipts, one cell changed, the same again."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path

from exchange_hub.views.store.setup import connect as connect_store
from tests.bench.measure import Measurement, load
from tests.bench.ours import consuming
from tests.bench.stage import SAMPLE, Stage, end, hub_process
from tests.bench.workbook_made import write

ENTRIES = ("connect_calamine", "connect_check", "connect_check_empty", "connect_run", "connect_run_changed", "connect_run_same")
EMPTY_ROWS = 1_000_000
SEED = 7
NAME = "家电以旧换新2026年10月.xlsx"

_CALAMINE = """
import sys
from python_calamine import load_workbook
for row in load_workbook(sys.argv[1]).get_sheet_by_index(0).to_python():
    pass
"""


def connect(stage: Stage, rows: int, wanted: set[str]) -> list[Measurement]:
    """Measure the entries that are *wanted*, each command in a process of its own, with its start."""
    made = stage.folder / "workbooks"
    made.mkdir(exist_ok=True)
    sound, changed, empty = (made / f"{name}-{rows}.xlsx" for name in ("sound", "changed", "empty"))
    for path, given in ((sound, {}), (changed, {"changed": rows // 2})):
        if not path.exists():
            write(path, rows, SEED, **given)  # type: ignore[arg-type]  # numbers, as written above
    found = []
    if "connect_calamine" in wanted:
        found.append(_run("connect_calamine", rows, [sys.executable, "-c", _CALAMINE, str(sound)]))
    config = SAMPLE / "connectors" / "commerce.toml"
    command = [sys.executable, "-m", "exchange_hub", "connect"]
    if "connect_check" in wanted:
        found.append(_run("connect_check", rows, [*command, "check", str(config), str(_named(sound, made / "check"))]))
    if "connect_check_empty" in wanted:
        if not empty.exists():
            write(empty, 3, SEED, empty=EMPTY_ROWS)
        found.append(_run("connect_check_empty", 3, [*command, "check", str(config), str(_named(empty, made / "empty"))]))
    if any(name.startswith("connect_run") for name in wanted):
        found += _published(stage, rows, sound, changed, command)
    return found


def _named(made: Path, folder: Path) -> Path:
    """Return a workbook under the name by which its month is known."""
    folder.mkdir(exist_ok=True)
    path = folder / NAME
    path.unlink(missing_ok=True)
    shutil.copyfile(made, path)
    return path


def _run(name: str, rows: int, command: list[str], environment: dict[str, str] | None = None) -> Measurement:
    """Run a command to its end; peak memory is of the largest child so far, the command's own where it is larger."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment or dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.stdout.read() if process.stdout is not None else b""
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{name} ended with code {process.returncode}: {output.decode()[-1000:]}")
    said = output.decode().strip().splitlines()
    return Measurement(name, rows, seconds, used.ru_maxrss / 1024, 1, {"worker": used.ru_utime + used.ru_stime}, load(), {"said": said[-1] if said else ""})


def _published(stage: Stage, rows: int, sound: Path, changed: Path, command: list[str]) -> list[Measurement]:
    """Publish the workbook into a hub that reads, then with one cell changed, then the same again."""
    district = f"benchconnect{secrets.token_hex(3)}"
    folder = stage.folder / district
    with stage.database(district) as url, stage.topics(district):
        worker = hub_process(stage, district, url, "worker")
        relay = hub_process(stage, district, url, "relay")
        try:
            with connect_store(url) as conn:
                consuming(conn, [worker], 1)
            config = SAMPLE / "connectors" / "commerce.toml"
            run = [
                *command, "run", str(config), "--once", "--receipts-seconds", "600", "--inbox", str(folder / "inbox"),
                "--state", str(folder / "state.sqlite"), "--district", district, "--bootstrap-servers", stage.bootstrap_servers,
            ]  # fmt: skip
            found = []
            folder.mkdir(exist_ok=True)
            for name, path in (("connect_run", sound), ("connect_run_changed", changed), ("connect_run_same", changed)):
                if name != "connect_run_same":
                    _named(path, folder / "inbox")
                found.append(_run(name, rows, run, stage.environment(district, url)))
        finally:
            end([worker, relay])
            shutil.rmtree(folder, ignore_errors=True)
    return found
