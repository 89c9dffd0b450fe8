"""Child processes kept running: the workers and the console of `hub up`.

A child that ends is started again after the pauses of a schedule; a stop ends the children one after another, the
last started first. A child that calls `end_with_parent` also ends when its supervisor is killed.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exchange_hub.runtime.settings import child_environment

log = logging.getLogger(__name__)

# A child that ends with this code (EX_CONFIG) says that starting it again cannot help.
EXIT_FINAL = 78
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Pause:
    """How long to wait before a restart, and why that long."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """The pauses between restarts: one after another, the last one from then on."""

    pauses: tuple[Pause, ...]
    healthy_seconds: float

    def pause(self, failures: int) -> Pause:
        """Return the pause after this many ends in a row (0: the first)."""
        return self.pauses[min(failures, len(self.pauses) - 1)]


RESTARTS = Schedule(
    pauses=(
        Pause(0.5, "a crash that leaves no trace is over at once"),
        Pause(2.0, "the database or a broker may be starting again"),
        Pause(5.0, "a cluster elects new leaders within seconds"),
        Pause(15.0, "something needs a person: try now and then, and keep the log readable"),
        Pause(60.0, "the same, for as long as it takes"),
    ),
    healthy_seconds=60.0,
)


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running.

    Args:
        name: Its name in logs.
        command: Program and arguments.
        environment: Variables it gets besides those of this process.
        grace_seconds: Time from SIGTERM to SIGKILL.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    grace_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class ChildState:
    """What a child is doing, for people and metrics."""

    name: str
    pid: int | None
    restarts: int
    last_exit: int | None
    final: bool


class _Kept:
    """One child with its process and its ends."""

    def __init__(self, child: Child, schedule: Schedule) -> None:
        self.child = child
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self.last_exit: int | None = None
        self.final = False
        self._schedule = schedule
        self._failures = 0
        self._started = 0.0
        self._next_start = 0.0

    def look(self, now: float) -> None:
        """Start the child if its time has come, note its end if it has ended."""
        if self.process is None:
            if not self.final and now >= self._next_start:
                self._start(now)
            return
        code = self.process.poll()
        if code is not None:
            self._note_end(code, now)

    def _start(self, now: float) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - the command is the hub's own
            list(self.child.command),
            env=child_environment(self.child.environment),
            # Held open for as long as this process lives: see `end_with_parent`.
            stdin=subprocess.PIPE,
            # The terminal's Ctrl-C must reach the supervisor alone, which stops children in order.
            start_new_session=True,
        )
        self._started = now
        self.starts += 1
        log.info("%s started (process %d)", self.child.name, self.process.pid)

    def _note_end(self, code: int, now: float) -> None:
        self._forget(code)
        if code == EXIT_FINAL:
            self.final = True
            log.error("%s ended and is not started again: see its log", self.child.name)
            return
        if now - self._started >= self._schedule.healthy_seconds:
            self._failures = 0
        pause = self._schedule.pause(self._failures)
        self._failures += 1
        self._next_start = now + pause.seconds
        log.warning("%s ended with %d; next start in %g s: %s", self.child.name, code, pause.seconds, pause.reason)

    def _forget(self, code: int) -> None:
        self.last_exit = code
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
        self.process = None

    def revive(self) -> None:
        """End the child if it runs, and let it start again, also where it had said that this could not help."""
        self.stop()
        self.final, self._failures, self._next_start = False, 0, 0.0

    def stop(self) -> None:
        """End the child: SIGTERM, and SIGKILL if that was not enough in time."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(self.child.grace_seconds)
        except subprocess.TimeoutExpired:
            log.warning("%s did not stop within %g s: killed", self.child.name, self.child.grace_seconds)
            self.process.kill()
            code = self.process.wait()
        log.info("%s stopped with %d", self.child.name, code)
        self._forget(code)
        self._next_start = 0.0


class Supervisor:
    """Keeps children running until told to stop.

    Args:
        children: In the order of their start; they are stopped in the opposite order.
        schedule: The pauses between restarts.
    """

    def __init__(self, children: Sequence[Child], schedule: Schedule = RESTARTS) -> None:
        self._kept = [_Kept(child, schedule) for child in children]
        self._restart_asked: set[str] = set()

    def run(self, stop: threading.Event) -> None:
        """Start the children and keep them running until `stop` is set, then stop them in order."""
        try:
            while not stop.is_set():
                for kept in self._kept:
                    if kept.child.name in self._restart_asked:
                        self._restart_asked.discard(kept.child.name)
                        kept.revive()
                    kept.look(time.monotonic())
                stop.wait(_LOOK_SECONDS)
        finally:
            for kept in reversed(self._kept):
                kept.stop()

    def restart(self, name: str) -> None:
        """Ask for one child to be stopped in order and started again, from any thread (a new bureau, new settings)."""
        self._restart_asked.add(name)

    def states(self) -> list[ChildState]:
        """Return what each child is doing."""
        return [
            ChildState(
                name=kept.child.name,
                pid=process.pid if (process := kept.process) is not None else None,
                restarts=max(0, kept.starts - 1),
                last_exit=kept.last_exit,
                final=kept.final,
            )
            for kept in self._kept
        ]


def end_with_parent(grace_seconds: float = 20.0) -> None:
    """Let this process, started by a `Supervisor`, end when the supervisor is gone, however it went.

    A thread waits for the end of the standard input, which the supervisor holds open. Then the process gets SIGTERM,
    as in an orderly stop, and is ended if it does not follow in time.
    """

    def wait() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(sys.stdin.fileno(), 4096):
                pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace_seconds)
        os._exit(1)

    threading.Thread(target=wait, name="end-with-parent", daemon=True).start()


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set; a second one of them ends the process at once."""
    stop = threading.Event()

    def told(number: int, _frame: object) -> None:
        if stop.is_set():
            sys.exit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
    return stop
