"""Files and processes that an earlier run may have left, trusted only after a look at what they name."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.problem import RuntimeProblem

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.05


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a file; empty if the file is missing or was cut short."""
    try:
        value = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Replace a file as a whole, readable by its owner alone."""
    draft = path.with_name(path.name + ".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(value, file)
    draft.replace(path)


def command_of(pid: int) -> str:
    """Return the words of a process's command, each followed by a blank; empty if there is no such process.

    A number alone proves nothing: it may long be another's.
    """
    if sys.platform.startswith("linux"):
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    answer = subprocess.run(  # noqa: S603 - a number is all that varies
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.replace("\n", " ")


def is_running(layout: Layout, state: dict[str, Any]) -> bool:
    """Tell whether the servers that a state speaks of are up: its warden is there and is this data folder's."""
    return bool(state) and f" {layout.orders} " in command_of(state["warden"])


def clear(layout: Layout, kept: dict[str, Any], grace_seconds: float) -> None:
    """End servers of this data folder that outlived their warden, and remove what they left.

    The caller holds the lock, so no warden runs: whatever is found is a leftover. *kept* is this folder's own.
    """
    layout.state.unlink(missing_ok=True)
    pids = read_json(layout.processes).get("pids", {})
    data = Path(kept.get("postgres_data", layout.postgres))
    found = {
        "kafka": (pids.get("kafka"), f" {layout.kafka}/server.properties ", signal.SIGTERM),
        "postgres": (pids.get("postgres") or _postmaster(data), _postgres_mark(data), signal.SIGINT),
    }
    for name, (pid, mark, stop_signal) in found.items():
        if pid and mark in command_of(pid):
            log.warning("Ending %s (process %d) that an earlier run left", name, pid)
            _end(name, pid, mark, stop_signal, grace_seconds)
    if (stranger := _postmaster(data)) and (command := command_of(stranger)) and _postgres_mark(data) not in command:
        # After a reboot the number may be another process of the same account: PostgreSQL would wait for it for ever.
        # (A number without a process it clears itself, with more care than could be taken here.)
        (data / "postmaster.pid").unlink()
    layout.processes.unlink(missing_ok=True)


def _postgres_mark(data: Path) -> str:
    return f" -D {data} "


def _postmaster(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def _end(name: str, pid: int, mark: str, stop_signal: int, grace_seconds: float) -> None:
    for number in (stop_signal, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + grace_seconds
        while time.monotonic() < deadline:
            if mark not in command_of(pid):
                return
            time.sleep(_LOOK_SECONDS)
    raise RuntimeProblem(
        f"{name.capitalize()} of an earlier run does not end, not even when killed.",
        where=f"process {pid}",
        remedy="It may wait for a disk that does not answer: see to that, or restart the machine.",
    )
