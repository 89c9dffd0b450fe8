"""What one measurement is, and what processes used: CPU seconds and peak memory from /proc."""

import os
import resource
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One entry's result.

    Attributes:
        name: the entry.
        events: events that were processed in the time.
        seconds: wall time of the work itself, without starts of processes.
        peak_rss_mb: peak resident memory of the process that does the work, in MB.
        workers: worker processes.
        core_seconds: who → CPU seconds (user + system) used for it.
        load: load average of the machine at the end.
        more: other figures of the entry.
    """

    name: str
    events: int
    seconds: float
    peak_rss_mb: float
    workers: int = 1
    core_seconds: dict[str, float] = field(default_factory=dict)
    load: float = 0.0
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Events per second."""
        return self.events / self.seconds if self.seconds else 0.0

    def as_dict(self) -> dict[str, Any]:
        """The entry as ``build/bench.json`` holds it."""
        return {
            "events": self.events, "seconds": round(self.seconds, 3), "events_per_second": round(self.per_second, 1),
            "peak_rss_mb": round(self.peak_rss_mb, 1), "workers": self.workers,
            "core_seconds": {name: round(used, 2) for name, used in self.core_seconds.items()}, "load": round(self.load, 2),
            **({"more": self.more} if self.more else {}),
        }  # fmt: skip


def load() -> float:
    """Load average of the last minute."""
    return os.getloadavg()[0]


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def cpu_seconds(pid: int, *, children: bool = False) -> float:
    """CPU seconds of a process so far; with *children*, also of those it has and had."""
    fields = _stat(pid)
    if not fields:
        return 0.0
    used = (int(fields[11]) + int(fields[12])) / TICKS
    if children:
        used += (int(fields[13]) + int(fields[14])) / TICKS
        used += sum(cpu_seconds(child, children=True) for child in _children(pid))
    return used


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def family_rss_mb(pid: int) -> float:
    """Peaks of resident memory of a living process and its children together, in MB."""
    return peak_rss_mb(pid) + sum(map(peak_rss_mb, _children(pid)))


def peak_rss_mb(pid: int) -> float:
    """Peak resident memory of a living process, in MB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def own_peak_rss_mb() -> float:
    """Peak resident memory of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@dataclass(slots=True)
class Usage:
    """CPU seconds that named processes used while a ``using`` block ran."""

    seconds: float = 0.0
    cores: dict[str, float] = field(default_factory=dict)


@contextmanager
def using(servers: dict[str, int], pids: Iterable[int] = (), *, own: bool = False) -> Iterator[Usage]:
    """Measure wall time, and CPU time of servers (name → pid, with children), processes and, where asked, this one."""
    workers = list(pids)

    def look() -> dict[str, float]:
        found = {name: cpu_seconds(pid, children=True) for name, pid in servers.items()}
        if workers:
            found["worker"] = sum(cpu_seconds(pid) for pid in workers)
        if own:
            found["worker"] = time.process_time()
        return found

    usage = Usage()
    before = look()
    began = time.perf_counter()
    yield usage
    usage.seconds = time.perf_counter() - began
    usage.cores = {name: used - before[name] for name, used in look().items()}
