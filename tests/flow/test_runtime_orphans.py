"""A supervised process never outlives its supervisor."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path


def wait_until(condition: Callable[[], bool], seconds_max: float = 10.0) -> None:
    """Returns as soon as the condition holds; fails when it never does."""
    deadline = time.monotonic() + seconds_max
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come about in time"
        threading.Event().wait(0.01)


def test_a_child_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    """No worker outlives a supervisor that is killed by -9."""
    child = (
        "import os, pathlib, threading;"
        "from exchange_hub.runtime.supervise import end_with_parent;"
        f"end_with_parent(1.0); pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()));"
        "threading.Event().wait(60)"
    )
    parent = (
        "import sys, threading;"
        "from exchange_hub.runtime.supervise import Child, Supervisor;"
        f"Supervisor([Child('worker', [sys.executable, '-c', {child!r}])]).run(threading.Event())"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", parent])
    try:
        wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
        pid = int((tmp_path / "pid").read_text())
        os.kill(pid, 0)
    finally:
        supervisor.kill()
        supervisor.wait()
    wait_until(lambda: not _exists(pid))


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
