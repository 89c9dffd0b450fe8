"""A real `hub worker` in a process forked from one that has the imports done, so that twenty starts take seconds.

The process may be told to die at a named step of a batch: the product's own hook, no environment, no flag.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path


@dataclass(frozen=True)
class Orders:
    """What the worker is told.

    Attributes:
        environment: settings.
        output: file that takes its output.
        at_step: step of a batch at which it does what *what* says.
        what: ``kill`` ends it at once, ``stop`` stops it as a debugger would, ``pause`` waits *pause_seconds*.
        at_batch: number of the batch, counted from 1 in this process; 0 strikes in every batch.
        pause_seconds: how long ``pause`` waits.
        constants: constants of the store's commit module with other values, such as shorter time-outs.
        clock_offset_seconds: how wrong its clock is.
    """

    environment: Mapping[str, str]
    output: Path
    at_step: str = ""
    what: str = "kill"
    at_batch: int = 1
    pause_seconds: float = 2.0
    constants: Mapping[str, float] = field(default_factory=dict)
    clock_offset_seconds: float = 0.0


def run(orders: Orders) -> None:
    """Run the worker until it ends; called in the forked process."""
    os.setsid()
    _end_with_parent()
    with orders.output.open("ab", 0) as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.update(orders.environment)
    if orders.clock_offset_seconds:
        _shift_clock(orders.clock_offset_seconds)
    sys.argv = ["hub"]
    from exchange_hub.cli.compose import Hub
    from exchange_hub.cli.worker import worker
    from exchange_hub.views.store import commit

    for name, value in orders.constants.items():
        assert hasattr(commit, name)
        setattr(commit, name, value)
    if orders.at_step:
        plain = Hub.context
        Hub.context = lambda self, *given, **named: replace(  # type: ignore[method-assign]
            plain(self, *given, **named), step=_Step(orders)
        )
    try:
        worker.main(args=[], standalone_mode=True)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _end_with_parent() -> None:
    """Ask Linux to kill this process, also a stopped one, when the process that forked it is gone."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class _Step:
    """Counts batches and strikes at one step of one of them."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._batch = 0

    def __call__(self, name: str) -> None:
        self._batch += name == "prepared"
        if name != self._orders.at_step or self._orders.at_batch not in (0, self._batch):
            return
        print(f"striking at {name} of batch {self._batch}: {self._orders.what}", flush=True)
        if self._orders.what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self._orders.what == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            time.sleep(self._orders.pause_seconds)


def _shift_clock(seconds: float) -> None:
    """Let this process believe in another time of day; only the wall clock is wrong, as on a real machine."""
    import datetime as dt

    plain_time = time.time
    time.time = lambda: plain_time() + seconds
    plain_class = dt.datetime

    class Shifted(plain_class):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> "Shifted":
            return cls.fromtimestamp(plain_time() + seconds, tz)

        @classmethod
        def utcnow(cls) -> "Shifted":
            return cls.fromtimestamp(plain_time() + seconds, dt.UTC).replace(tzinfo=None)

    dt.datetime = Shifted  # type: ignore[misc]
