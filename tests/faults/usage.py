"""Memory of processes over time, and how long pages took: what an hour of real use is judged by."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

_SLOPE_LOOKS_MIN = 10


@dataclass
class Usage:
    """What was seen.

    Attributes:
        looks: (process id, part) → (minutes, MB) in the calm part of the time.
        peaks: part → most MB of one process at any time.
        pages: whether it was calm → seconds of each page that was right.
        missed: whether it was calm → pages that were not served.
    """

    looks: dict[tuple[int, str], list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    peaks: Counter[str] = field(default_factory=Counter)
    pages: dict[bool, list[float]] = field(default_factory=lambda: defaultdict(list))
    missed: Counter[str] = field(default_factory=Counter)

    def look(self, pid: int, part: str, *, calm: bool) -> None:
        """Look at the memory of a process; one that has just ended is passed over."""
        with suppress(OSError, ValueError, IndexError):
            status = Path(f"/proc/{pid}/status").read_text()
            megabytes = int(status.split("VmRSS:")[1].split()[0]) / 1024
            self.peaks[part] = max(self.peaks[part], round(megabytes))
            if calm:
                self.looks[pid, part].append((monotonic() / 60, megabytes))

    def page(self, path: str, seconds: float, *, right: bool, calm: bool) -> None:
        """Keep how long a page took, or that it was not served."""
        if right:
            self.pages[calm].append(seconds)
        else:
            self.missed[f"{'calm' if calm else 'stormy'} {path}"] += 1


def told(usage: Usage) -> dict[str, Any]:
    """Return it in numbers."""
    slopes: dict[str, float] = {}
    for (_, part), looks in usage.looks.items():
        if len(looks) >= _SLOPE_LOOKS_MIN:
            slopes[part] = max(slopes.get(part, float("-inf")), round(slope(looks), 2))
    return {
        "memory_mb_a_minute": slopes, "memory_peak_mb": dict(usage.peaks), "pages_missed": dict(usage.missed),
        "pages_calm": _spread(usage.pages[True]), "pages_stormy": _spread(usage.pages[False]),
    }  # fmt: skip


def slope(looks: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the line that fits best."""
    mean_x = sum(x for x, _ in looks) / len(looks)
    mean_y = sum(y for _, y in looks) / len(looks)
    across = sum((x - mean_x) ** 2 for x, _ in looks)
    return sum((x - mean_x) * (y - mean_y) for x, y in looks) / across if across else 0.0


def _spread(seconds: list[float]) -> dict[str, float]:
    found = sorted(seconds)
    if not found:
        return {"pages": 0}
    at = {name: round(found[min(len(found) - 1, int(len(found) * share))] * 1000) for name, share in (("p50_ms", 0.5), ("p99_ms", 0.99))}
    return {"pages": len(found)} | at | {"max_ms": round(found[-1] * 1000)}
