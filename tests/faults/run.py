"""``make faults``: the long form of every fault, one after another, with its seed; what is done already is not done again.

``FAULTS=kill,rebalance`` selects, ``SEED=…`` repeats a run or goes on with one that was stopped. Results lie in
``build/faults/<seed>.json``.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from random import SystemRandom

from tests.faults import long
from tests.faults.long import Measures, Run
from tests.faults.stage import ROOT
from tests.platform import platform

#: Name → fault; the quick ones first, so that what is broken shows early.
FAULTS: Mapping[str, Callable[[Run], Measures]] = {
    "mutations": long.mutations,
    "duplicates": long.duplicates,
    "clock": long.clock,
    "steps": long.steps,
    "rebalance": long.rebalance,
    "stop": long.stop,
    "postgres": long.postgres,
    "disk": long.disk,
    "brokers": long.brokers,
    "malformed": long.malformed,
    "kill": long.kill,
}


def main() -> int:
    """Run the chosen faults; return 1 where one of them showed a fault of the hub."""
    chosen = [name for name in os.environ.get("FAULTS", "").split(",") if name] or list(FAULTS)
    unknown = sorted(set(chosen) - FAULTS.keys())
    if unknown:
        print(f"There is no fault called {', '.join(unknown)}; there are {', '.join(FAULTS)}.")
        return 2
    seed = int(os.environ.get("SEED") or SystemRandom().randrange(1, 10**9))
    results = ROOT / "build/faults" / f"{seed}.json"
    results.parent.mkdir(parents=True, exist_ok=True)
    done: dict[str, Measures] = json.loads(results.read_text()) if results.exists() else {}
    print(f"seed {seed}; repeat or go on with: make faults SEED={seed}", flush=True)
    failed = []
    with platform() as (kafka, database):
        run = Run(kafka, database, seed)
        for name in chosen:
            if name in done:
                print(f"{name:12} done before: {done[name]}", flush=True)
                continue
            began = time.monotonic()
            print(f"{name:12} {(FAULTS[name].__doc__ or '').splitlines()[0]}", flush=True)
            try:
                done[name] = FAULTS[name](run) | {"seconds": round(time.monotonic() - began)}
            except Exception:  # noqa: BLE001 — the other faults are run all the same
                failed.append(name)
                print(f"{name:12} FAILED (seed {seed})\n{traceback.format_exc()}", flush=True)
                continue
            results.write_text(json.dumps(done, ensure_ascii=False, indent=1))
            print(f"{name:12} {done[name]}", flush=True)
    events = sum(int(measures.get("events", 0)) for measures in done.values())
    print(f"{len(chosen) - len(failed)} of {len(chosen)} faults held, {events} events, seed {seed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
