"""``make faults``: the long form of every fault, one after another, with its seed; what is done already is not done again.

``FAULTS=kill,rebalance`` selects, ``SEED=…`` repeats a run or goes on with one that was stopped. What was measured lies in
``build/faults/<seed>.json``, also of faults that did not hold. Done is what held under this seed with this very code.
"""

import hashlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from random import SystemRandom
from typing import Any

from tests.faults.reckoning import Measures
from tests.faults.shared import Run
from tests.faults.stage import ROOT
from tests.faults.table import FAULTS, broken
from tests.platform import platform

#: What decides how a fault ends: the product, its configuration, and how faults are done and judged.
_DECIDING = ("services", "schemas", "connectors", "deploy/districts", "tests/faults", "tests/oracle", "tests/strategies")


def code_digest(root: Path = ROOT) -> str:
    """Return a digest of all sources that decide how a fault ends."""
    digest = hashlib.blake2b(digest_size=8)
    for folder in _DECIDING:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                content = path.read_bytes()
                digest.update(f"{path.relative_to(root)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


class Results:
    """What was measured under one seed, on disk after every fault.

    Args:
        path: file of the seed.
        code: digest of the code that runs now.
    """

    def __init__(self, path: Path, code: str) -> None:
        self._path = path
        self._code = code
        self.faults: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}

    def done(self, name: str) -> Measures | None:
        """Return what was measured where the fault held with this code."""
        kept = self.faults.get(name)
        return kept["measures"] if kept is not None and kept["code"] == self._code and not kept["broken"] else None

    def keep(self, name: str, measures: Measures, found: list[str]) -> None:
        """Keep what was measured, and what does not hold of it."""
        self.faults[name] = {"code": self._code, "measures": measures, "broken": found}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self.faults, ensure_ascii=False, indent=1))


def one(name: str, run: Run) -> tuple[Measures, list[str]]:
    """Do a fault; return what was measured, and what does not hold."""
    began = time.monotonic()
    try:
        measures = FAULTS[name].do(run)
        found = broken(name, measures)
    except Exception as error:  # noqa: BLE001 — the other faults are run all the same
        measures, found = {}, [f"{type(error).__name__}: {error}".splitlines()[0]]
        print(traceback.format_exc(), flush=True)
    return measures | {"seconds": round(time.monotonic() - began)}, found


def main() -> int:
    """Run the chosen faults; return 1 where one of them showed a fault of the hub."""
    chosen = [name for name in os.environ.get("FAULTS", "").split(",") if name] or list(FAULTS)
    unknown = sorted(set(chosen) - FAULTS.keys())
    if unknown:
        print(f"There is no fault called {', '.join(unknown)}; there are {', '.join(FAULTS)}.")
        return 2
    seed = int(os.environ.get("SEED") or SystemRandom().randrange(1, 10**9))
    code = code_digest()
    results = Results(ROOT / "build/faults" / f"{seed}.json", code)
    print(f"seed {seed}, code {code}; repeat or go on with: make faults SEED={seed}", flush=True)
    ends: dict[str, str] = {}
    with platform() as (kafka, database):
        run = Run(kafka, database, seed)
        for name in chosen:
            if (measures := results.done(name)) is not None:
                ends[name] = "held"
                print(f"{name:12} held before with this code: {measures}", flush=True)
                continue
            print(f"{name:12} {(FAULTS[name].do.__doc__ or '').splitlines()[0]}", flush=True)
            measures, found = one(name, run)
            results.keep(name, measures, found)
            ends[name] = "FAILED" if found else "skipped" if "skipped" in measures else "held"
            print(f"{name:12} {ends[name]} {measures}" + "".join(f"\n{'':12} {line}" for line in found), flush=True)
    events = sum(int(results.faults[name]["measures"].get("events", 0)) for name in chosen)
    count = {end: sum(each == end for each in ends.values()) for end in ("held", "skipped", "FAILED")}
    print(f"{count['held']} of {len(chosen)} faults held, {count['skipped']} skipped, {count['FAILED']} failed; {events} events, seed {seed}, code {code}")
    return 1 if count["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
