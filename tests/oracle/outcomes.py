"""What becomes of each event of a topic, worked out from the topic's own order with dictionaries alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from exchange_contracts import codec, registry

#: Never part of what an event says: when and from which cell it was recorded, and its id.
_NOT_SAID = ("event_id", "recorded_at", "origin")


@dataclass(frozen=True)
class Said:
    """One record of a topic as its author meant it.

    Attributes:
        offset: place on the topic.
        facts: decoded facts, ``None`` for a record that is no acceptable event.
        event: event type.
    """

    offset: int
    facts: Mapping[str, Any] | None
    event: str = ""


@dataclass(frozen=True)
class Word:
    """What a register holds: the facts that won it, and those that come next below them."""

    event: str
    facts: Mapping[str, Any]
    withdrawn: bool
    rank: tuple[int, bytes]
    before: "Word | None" = None


#: (kind, bureau, entity) → register family → sub-key → word.
Claims = dict[tuple[str, str, str], dict[str, dict[str, Word]]]


@dataclass
class Ledger:
    """All claims, and the outcome of every record: (bureau, offset) → accepted, superseded, duplicate or rejected."""

    claims: Claims = field(default_factory=dict)
    outcomes: dict[tuple[str, int], str] = field(default_factory=dict)


def decoded(offset: int, value: bytes) -> Said:
    """Read a sound event's bytes."""
    contract, facts = codec.decode_facts(value)
    return Said(offset, facts, contract.event)


def ledger_of(topics: Mapping[str, Iterable[Said]]) -> Ledger:
    """Work through every topic (bureau → records) in its own order."""
    ledger = Ledger()
    for bureau, records in topics.items():
        _one_topic(bureau, sorted(records, key=lambda each: each.offset), ledger)
    return ledger


def _one_topic(bureau: str, records: Sequence[Said], ledger: Ledger) -> None:
    first: dict[str, Said] = {}
    for said in records:
        place = (bureau, said.offset)
        if said.facts is None:
            ledger.outcomes[place] = "rejected"
            continue
        earlier = first.setdefault(said.facts["event_id"], said)
        if earlier is not said:
            same = earlier.event == said.event and _statement(earlier) == _statement(said)
            ledger.outcomes[place] = "duplicate" if same else "rejected"
            continue
        ledger.outcomes[place] = _enter(bureau, said, ledger.claims)


def _statement(said: Said) -> dict[str, Any]:
    assert said.facts is not None
    return {name: fact for name, fact in said.facts.items() if name not in _NOT_SAID}


def _enter(bureau: str, said: Said, claims: Claims) -> str:
    contract = registry.load().latest(said.event)
    facts = said.facts
    assert facts is not None
    rank = (facts["revision"], codec.facts_digest(contract, facts))
    registers = claims.setdefault((contract.kind, bureau, facts["entity_key"]), {}).setdefault(contract.register, {})
    sub_key = "|".join(str(facts[name]) for name in contract.subkey)
    word = Word(said.event, facts, contract.withdraws, rank)
    present = registers.get(sub_key)
    # All that was said stands in a ladder; the register shows its two highest rungs.
    rungs = {} if present is None else {rung.rank: rung for rung in (present, present.before) if rung is not None}
    rungs.setdefault(rank, word)
    top, *below = (rungs[key] for key in sorted(rungs, reverse=True))
    registers[sub_key] = replace(top, before=replace(below[0], before=None) if below else None)
    return "superseded" if present is not None and present.rank >= rank else "accepted"
