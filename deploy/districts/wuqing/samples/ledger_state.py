"""What holds after each step of the sample, and what each step publishes, from the generator's own facts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Any

from sheets import Fact

_FAMILY = {
    "ProjectWithdrawn": "ProjectAdded", "EnterpriseDelisted": "EnterpriseListed", "MeasureExempted": "MeasureIssued",
    "NilReturned": "SubmissionConfirmed",
}  # fmt: skip
_LATER = {"ProjectAdded": "ProjectChanged", "PolicyListed": "PolicyChanged"}


@dataclass(frozen=True)
class State:
    """What holds after some steps: (bureau, family, key, sub-key) → (event, content)."""

    held: Mapping[tuple[str, str, str, str], tuple[str, Mapping[str, Any]]]

    def of(self, event: str) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Return (bureau, key, content) of everything whose latest statement is an *event*."""
        return self._by_event.get(event, [])

    @cached_property
    def _by_event(self) -> Mapping[str, list[tuple[str, str, Mapping[str, Any]]]]:
        found: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = defaultdict(list)
        for (bureau, _, key, _), (event, data) in self.held.items():
            found[event].append((bureau, key, data))
        return found

    @cached_property
    def paid_up(self) -> Mapping[str, date]:
        """Application → the day on which its payments reached what was approved."""
        approved = {key: d["amount"] for _, key, d in self.of("SubsidyApproved")}
        so_far: dict[str, Decimal] = defaultdict(Decimal)
        found: dict[str, date] = {}
        for _, key, data in sorted(self.of("SubsidyPaid"), key=lambda entry: entry[2]["on"]):
            so_far[key] += data["amount"]
            if key in approved and so_far[key] >= approved[key]:
                found.setdefault(key, data["on"])
        return found

    @cached_property
    def progress(self) -> Mapping[tuple[str, str], list[Mapping[str, Any]]]:
        """(bureau, key) → what was reported of that project's progress."""
        found: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
        for bureau, key, data in self.of("ProjectProgressReported"):
            found[bureau, key].append(data)
        return found


def states(facts: Iterable[Fact]) -> dict[str, State]:
    """Return step → what holds once it and the steps before it have arrived; the facts stand in the order of the steps."""
    held: dict[tuple[str, str, str, str], tuple[str, Mapping[str, Any]]] = {}
    found = {}
    for step, of_step in groupby(facts, key=lambda fact: fact.step):
        for fact in of_step:
            held[(fact.bureau, _FAMILY.get(fact.event, fact.event), fact.key, fact.sub)] = (fact.event, fact.data)
        found[step] = State(dict(held))
    return found


def published(facts: Iterable[Fact]) -> dict[str, dict[str, dict[str, int]]]:
    """Count the events each step publishes: step → bureau → event → number; what is unchanged publishes nothing."""
    seen: dict[tuple[str, str, str, str], tuple[str, Mapping[str, Any]]] = {}
    counts: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for fact in facts:
        key = (fact.bureau, _FAMILY.get(fact.event, fact.event), fact.key, fact.sub)
        if seen.get(key) == (fact.event, fact.data):
            continue
        event = _LATER.get(fact.event, fact.event) if key in seen else fact.event
        counts[fact.step][fact.bureau][event] += 1
        seen[key] = (fact.event, fact.data)
    return {step: {bureau: dict(events) for bureau, events in by.items()} for step, by in counts.items()}
