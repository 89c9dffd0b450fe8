"""A real `hub worker` in a process forked from one that has the imports done, so that twenty starts take seconds.

The process may be told to die at a named step of a batch: the product's own hook, no environment, no flag.
"""

import contextlib
import ctypes
import datetime as dt
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import BuiltinFunctionType, ModuleType
from typing import Any


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
        stuck_topic: a topic that the worker's client sets aside and never reads, as Faust was seen to do.
    """

    environment: Mapping[str, str]
    output: Path
    at_step: str = ""
    what: str = "kill"
    at_batch: int = 1
    pause_seconds: float = 2.0
    constants: Mapping[str, float] = field(default_factory=dict)
    clock_offset_seconds: float = 0.0
    stuck_topic: str = ""


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
        from exchange_hub.processes import worker as _worker  # noqa: F401 — so that its modules are asked, too

        _say_what_day_it_is()
    sys.argv = ["hub"]
    from exchange_hub.cli.processes import worker
    from exchange_hub.processes.compose import Hub
    from exchange_hub.views.store import commit

    for name, value in orders.constants.items():
        assert hasattr(commit, name)
        setattr(commit, name, value)
    if orders.stuck_topic:
        _set_aside(orders.stuck_topic)
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


def _set_aside(topic: str) -> None:
    """Let the client fetch from all its topics but this one."""
    from exchange_hub.views.worker.driver import PollConsumer

    plain = PollConsumer._getmany

    async def without(self: PollConsumer, active_partitions: Any, timeout: float) -> Any:  # noqa: ASYNC109 — Faust's signature
        return await plain(self, {tp for tp in active_partitions if tp.topic != topic}, timeout)

    PollConsumer._getmany = without  # type: ignore[method-assign]


def _shift_clock(seconds: float) -> None:
    """Let this process believe in another time of day; only the wall clock is wrong, as on a real machine.

    The clock is changed in the types themselves and in every module that took a function of it by name, so that it makes
    no difference what was imported before.
    """
    plain = {name: getattr(time, name) for name in ("time", "time_ns", "localtime", "gmtime", "strftime")}
    wrong: dict[object, object] = {
        plain["time"]: lambda: plain["time"]() + seconds,
        plain["time_ns"]: lambda: plain["time_ns"]() + int(seconds * 1e9),
        plain["localtime"]: lambda at=None: plain["localtime"](plain["time"]() + seconds if at is None else at),
        plain["gmtime"]: lambda at=None: plain["gmtime"](plain["time"]() + seconds if at is None else at),
        plain["strftime"]: lambda form, at=None: plain["strftime"](form, time.localtime() if at is None else at),
    }
    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items()) if isinstance(module, ModuleType) else ():
            if type(value) is BuiltinFunctionType and value in wrong:
                setattr(module, name, wrong[value])
    _patch(dt.datetime, "now", lambda cls, tz=None: cls.fromtimestamp(plain["time"]() + seconds, tz))
    _patch(dt.datetime, "utcnow", lambda cls: cls.fromtimestamp(plain["time"]() + seconds, dt.UTC).replace(tzinfo=None))
    _patch(dt.datetime, "today", lambda cls: cls.fromtimestamp(plain["time"]() + seconds))
    _patch(dt.date, "today", lambda cls: cls.fromtimestamp(plain["time"]() + seconds))


def _patch(cls: type, name: str, method: Callable[..., object]) -> None:
    """Give a built-in class another class method: all who hold the class get it."""
    [namespace] = [each for each in gc.get_referents(cls.__dict__) if isinstance(each, dict)]
    namespace[name] = classmethod(method)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))


def _say_what_day_it_is() -> None:
    """Print the days that the modules of this process believe in, by whatever they imported of the clock."""
    days = {f"{dt.datetime.fromtimestamp(time.time(), dt.UTC):%Y-%m-%d}", time.strftime("%Y-%m-%d"), f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"}
    for module in list(sys.modules.values()):
        for value in list(vars(module).values()) if isinstance(module, ModuleType) else ():
            if value is dt.datetime:
                days.add(f"{value.now():%Y-%m-%d}")
            elif value is dt.date:
                days.add(f"{value.today()}")
    print(f"today is {' and '.join(sorted(days))}", flush=True)
