"""The warden: runs the two servers and ends them when their owner is gone, however it went.

Started by `servers` with a path to its orders (JSON) and this file alone: it uses only the standard library, so
that it starts in milliseconds and stays small. Three cords tie servers to their owner:

* its standard input is a pipe whose other end only the owner holds: end of file means the owner is gone;
* its parent is the owner: another parent means the same, should a forked child still hold the pipe;
* on Linux, each server is told by the kernel to stop when the warden itself is killed.

A server that ends by itself is started again after the pauses of `RESTART_PAUSES_SECONDS`.
It holds the lock of the data folder (an inherited descriptor) until the servers have ended.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# A crash is often over in a second; a broken configuration never is, so the pauses grow and stay at the last.
RESTART_PAUSES_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
# A server that ran this long counts as healthy again: its next crash starts from the first pause.
HEALTHY_SECONDS = 60.0
LOOK_SECONDS = 0.2
LAST_GRACE_SECONDS = 5.0
OUTPUT_SIZE_MAX = 10 * 2**20
PR_SET_PDEATHSIG = 1


def say(line: str) -> None:
    """Write a line to the warden's log."""
    sys.stdout.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {line}\n")
    sys.stdout.flush()


def _die_with_parent(stop_signal: int) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, stop_signal, 0, 0, 0)

    return tie


class Server:
    """One server process, its restarts and its end."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.name: str = order["name"]
        self.ends = 0
        self._order = order
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._failures = 0
        self._next_start = 0.0

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid if self._process is not None else None

    def keep_running(self, now: float) -> bool:
        """Start the process if it should run and does not; True if something changed."""
        if self._process is not None:
            if self._process.poll() is None:
                return False
            self._note_end(self._process.returncode, now)
            return True
        if now < self._next_start:
            return False
        self._process = self._start()
        self._started = now
        say(f"{self.name} started as {self._process.pid}")
        return True

    def _note_end(self, code: int, now: float) -> None:
        self._process = None
        self.ends += 1
        if now - self._started > HEALTHY_SECONDS:
            self._failures = 0
        pause = RESTART_PAUSES_SECONDS[min(self._failures, len(RESTART_PAUSES_SECONDS) - 1)]
        self._failures += 1
        self._next_start = now + pause
        say(f"{self.name} ended with {code}; next start in {pause} s")

    def _start(self) -> subprocess.Popen[bytes]:
        order = self._order
        output_path = Path(order["output"])
        if output_path.exists() and output_path.stat().st_size > OUTPUT_SIZE_MAX:
            output_path.replace(output_path.with_name(output_path.name + ".1"))
        with output_path.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - the orders come from the hub itself
                order["command"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=order["environment"],
                cwd=order["folder"],
                user=order["uid"],
                group=order["gid"],
                extra_groups=[] if order["uid"] is not None else None,
                start_new_session=True,
                preexec_fn=_die_with_parent(order["stop_signal"]),  # noqa: PLW1509 - the warden has one thread
            )

    def ask_to_stop(self) -> None:
        """Send the signal on which the server stops in order."""
        self._send(self._order["stop_signal"])

    def ended(self) -> bool:
        """Tell whether no process runs any more."""
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """End what did not stop in time."""
        if self._process is None or self.ended():
            return
        say(f"{self.name} did not stop in time: killed")
        self._send(self._order["kill_signal"])
        try:
            self._process.wait(LAST_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._send(signal.SIGKILL)
            self._process.wait()

    def _send(self, number: int) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)


def _owner_is_gone(owner: int) -> bool:
    ready, _, _ = select.select([0], [], [], LOOK_SECONDS)
    if ready and not os.read(0, 4096):
        return True
    return os.getppid() != owner


def _stop(servers: list[Server], grace_seconds: float) -> None:
    for server in servers:
        server.ask_to_stop()
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and not all(server.ended() for server in servers):
        time.sleep(0.02)
    for server in servers:
        server.kill()


def _write(path: Path, value: object) -> None:
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(value))
    draft.replace(path)


def main(orders_path: str) -> None:
    """Run what the orders say until the owner is gone, then end it and remove the traces."""
    orders = json.loads(Path(orders_path).read_text())
    servers = [Server(order) for order in orders["servers"]]
    stopping = False

    def stop_now(_number: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True

    # A terminal's Ctrl-C reaches the owner, which decides; a SIGTERM to the warden itself ends the servers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop_now)
    while not stopping:
        changed = [server.keep_running(time.monotonic()) for server in servers]
        if any(changed):
            pids = {server.name: server.pid for server in servers}
            ends = {server.name: server.ends for server in servers}
            _write(Path(orders["processes"]), {"pids": pids, "ends": ends})
        stopping = _owner_is_gone(orders["owner"]) or stopping
    for path in orders["remove_first"]:
        # Nobody may join servers that are about to stop.
        Path(path).unlink(missing_ok=True)
    _stop(servers, orders["grace_seconds"])
    for path in orders["remove_last"]:
        Path(path).unlink(missing_ok=True)
    for path in orders["remove_folders"]:
        with contextlib.suppress(OSError):  # not empty: a killed server left its socket, its next start clears it
            Path(path).rmdir()


if __name__ == "__main__":
    main(sys.argv[1])
