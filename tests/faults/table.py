"""The table of faults: what is done, and what must have been measured afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from exchange_hub.views.store.commit import STEPS
from tests.faults import on_data, on_servers, on_workers
from tests.faults.mutations import MUTATIONS
from tests.faults.reckoning import ZEROES, Measures
from tests.faults.shared import Run


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes:
        do: does it and returns what was measured.
        most: measure → the most that it may be.
        least: measure → the least that it must be in the long form.
        reckons: whether a store is compared with the oracle at its end.
    """

    do: Callable[[Run], Measures]
    most: Mapping[str, float] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)
    reckons: bool = True


#: Nobody ended who was not told to: what survives, or recovers, does so by itself.
_NOBODY_ENDED = {"ended": 0}

#: Name → fault; the quick ones first, so that what is broken shows early.
FAULTS: Mapping[str, Fault] = {
    "mutations": Fault(on_data.mutations, {"not_red": 0}, {"red": len(MUTATIONS)}, reckons=False),
    "duplicates": Fault(on_data.duplicates, {"differing": 0}, {"late": 1_000, "repeated": 80_000}),
    "clock": Fault(
        on_data.clock, _NOBODY_ENDED | {"wrong_months": 0, "wrong_arrivals": 0}, {"edge_rows": 1_500, "deceived": 3, "deceived_logs": 3}
    ),
    "steps": Fault(on_workers.steps, _NOBODY_ENDED, {"steps": len(STEPS), "strikes_each": 3}),
    "rebalance": Fault(on_workers.rebalance, _NOBODY_ENDED, {"rebalances": 20}),
    "stop": Fault(on_workers.stop, {"crashed": 0, "partner_ended": 0}, {"stops": 15, "fenced": 1}),
    "postgres": Fault(on_servers.postgres, _NOBODY_ENDED, {"kills": 6, "cuts": 20, "retried": 6}),
    "disk": Fault(on_servers.disk, _NOBODY_ENDED | {"left_kb": 1024}, {"retried": 1}),
    "brokers": Fault(
        on_servers.brokers, _NOBODY_ENDED | {"untold": 0, "spooled": 0}, {"kills": 5, "connector_refused": 1, "relay_missed": 1}
    ),
    "malformed": Fault(
        on_data.malformed, _NOBODY_ENDED | {"unclassified": 0, "memory_growth_mb": 50}, {"rejected": 100_000, "kinds": on_data.KINDS}
    ),
    "kill": Fault(on_workers.kill, {"crashed": 0, "recovery_median_s": 15}, {"kills": 190}),
}


def broken(name: str, measures: Measures, least: Mapping[str, float] | None = None) -> list[str]:
    """Return in words what does not hold of a fault's measures; *least* replaces the long form's."""
    if "skipped" in measures:
        return []
    fault = FAULTS[name]
    most = fault.most | (dict.fromkeys(ZEROES, 0) if fault.reckons else {})
    wanted = fault.least if least is None else least
    found = [f"{key} was not measured" for key in (*most, *wanted) if key not in measures]
    found += [f"{key} is {measures[key]}, at most {value} is right" for key, value in most.items() if measures.get(key, 0) > value]
    return found + [f"{key} is {measures[key]}, at least {value} is needed" for key, value in wanted.items() if measures.get(key, value) < value]


def insist(name: str, measures: Measures, **least: float) -> Measures:
    """Fail in words unless the measures of a short form hold; return them."""
    found = broken(name, measures, least)
    assert not found, f"{name}: {'; '.join(found)}: {measures}"
    return measures
