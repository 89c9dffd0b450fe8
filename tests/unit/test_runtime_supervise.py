"""Child processes: restarted on a schedule, stopped in order, never left behind."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from exchange_hub.runtime.supervise import EXIT_FINAL, RESTARTS, Child, Pause, Schedule, Supervisor

AT_ONCE = Schedule(pauses=(Pause(0.0, "a test does not wait"),), healthy_seconds=60.0)
# Notes its name when it is told to stop.
ORDERLY = 'echo "$1 up" >> "$2"; trap \'echo "$1 stopped" >> "$2"; exit 0\' TERM; while :; do sleep 0.02; done'
STUBBORN = 'trap "" TERM; echo "$1 up" >> "$2"; while :; do sleep 0.02; done'


def shell(name: str, script: str, note: Path, grace_seconds: float = 10.0) -> Child:
    """A child that is a small shell script, given its name and a file for notes."""
    return Child(name, ["/bin/sh", "-c", script, "sh", name, str(note)], grace_seconds=grace_seconds)


def wait_until(condition: Callable[[], bool], seconds_max: float = 10.0) -> None:
    """Returns as soon as the condition holds; fails when it never does."""
    deadline = time.monotonic() + seconds_max
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come about in time"
        threading.Event().wait(0.01)


def noted(note: Path) -> list[str]:
    """The lines noted so far."""
    return note.read_text().splitlines() if note.exists() else []


@contextmanager
def supervised(*children: Child) -> Iterator[Supervisor]:
    """A supervisor that runs in a thread and is stopped afterwards."""
    supervisor, stop = Supervisor(children, AT_ONCE), threading.Event()
    thread = threading.Thread(target=supervisor.run, args=(stop,))
    thread.start()
    try:
        yield supervisor
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def test_pauses_grow_and_stay_at_the_last() -> None:
    """The schedule reads from the first pause to the last, each with its reason, and never stops trying."""
    seconds = [RESTARTS.pause(failures).seconds for failures in range(8)]
    assert seconds == [0.5, 2.0, 5.0, 15.0, 60.0, 60.0, 60.0, 60.0]
    assert all(pause.reason for pause in RESTARTS.pauses)


def test_a_child_that_ends_is_started_again(tmp_path: Path) -> None:
    """A crash is followed by a restart, counted, with the code of the last end."""
    note = tmp_path / "note"
    with supervised(shell("worker", 'echo "$1 up" >> "$2"; exit 3', note)) as supervisor:
        wait_until(lambda: len(noted(note)) >= 3)
        wait_until(lambda: supervisor.states()[0].restarts >= 2)
        assert supervisor.states()[0].last_exit == 3


def test_a_child_that_says_so_is_not_started_again(tmp_path: Path) -> None:
    """A configuration that cannot work ends the child for good, and the others go on."""
    note = tmp_path / "note"
    final = shell("final", f'echo "$1 up" >> "$2"; exit {EXIT_FINAL}', note)
    with supervised(final, shell("console", ORDERLY, note)) as supervisor:
        wait_until(lambda: supervisor.states()[0].final and "console up" in noted(note))
        assert supervisor.states()[1].pid is not None
    assert noted(note).count("final up") == 1


def test_children_stop_in_the_opposite_order_of_their_start(tmp_path: Path) -> None:
    """The last started is told first, and each has ended before the next is told."""
    note = tmp_path / "note"
    with supervised(*(shell(name, ORDERLY, note) for name in ("a", "b", "c"))):
        wait_until(lambda: len(noted(note)) == 3)
    assert noted(note)[3:] == ["c stopped", "b stopped", "a stopped"]


def test_a_child_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    """After its grace period a child gets SIGKILL."""
    note = tmp_path / "note"
    with supervised(shell("deaf", STUBBORN, note, grace_seconds=0.1)) as supervisor:
        wait_until(lambda: noted(note) == ["deaf up"])
    assert supervisor.states()[0].last_exit == -signal.SIGKILL


def test_one_child_can_be_restarted_on_request(tmp_path: Path) -> None:
    """A new bureau drains and restarts the workers alone."""
    note = tmp_path / "note"
    with supervised(shell("worker", ORDERLY, note), shell("console", ORDERLY, note)) as supervisor:
        wait_until(lambda: len(noted(note)) == 2)
        supervisor.restart("worker")
        wait_until(lambda: noted(note).count("worker up") == 2)
        assert noted(note).count("console up") == 1
        assert "console stopped" not in noted(note)
