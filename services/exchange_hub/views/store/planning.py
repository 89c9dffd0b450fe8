"""What a batch changes in the views, as far as it depends on its own topics alone: read and folded without the commit lock.

A topic's claims, registers, log entries and held events change by its own batches, which the position guards, by a
replay, which the position's counters show, and by the swap of a rebuild, which brings other tables. So what is read here
together with the positions holds under the lock as long as these are still the same; otherwise it is read again there.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import psycopg

from exchange_contracts import codec
from exchange_hub.views import fold
from exchange_hub.views.folds import FOLDS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact
from exchange_hub.views.store.copying import array_literal, numbers
from exchange_hub.views.store.prepared import Prepared, Value, Written, written

Cursor = psycopg.Cursor[Any]
Registers = dict[ClaimKey, dict[str, Value]]


class Topics(NamedTuple):
    """Topic numbers and the bureaus that speak on them."""

    bureau_of: Mapping[int, str]
    number_of: Mapping[str, int]


class Plan(NamedTuple):
    """What accepted statements change.

    Attributes:
        superseded: (topic number, offset) of statements that an earlier one outranks.
        known: all registers of the claims spoken of, as they are after the batch.
        fresh: claims first seen in this batch: what is written of them meets nothing.
        new: lines of registers of fresh claims.
        newer: lines of registers of other claims.
        alone: each changed claim folded by itself.
        identities: identity values of each changed claim that can be joined with others.
        decisions: changed claims of the coordination office.
    """

    superseded: set[tuple[int, int]]
    known: Registers
    fresh: frozenset[ClaimKey]
    new: list[str]
    newer: list[str]
    alone: dict[ClaimKey, Written]
    identities: dict[ClaimKey, Sequence[str]]
    decisions: list[ClaimKey]


def plan(cur: Cursor, accepted: Sequence[Prepared], topics: Topics, rules: FoldRules) -> Plan:
    """Load what is known of the claims, let the registers win, and fold every changed claim by itself."""
    known = load_registers(cur, dict.fromkeys([each.key for each in accepted]), topics)
    fresh = frozenset([key for key, registers in known.items() if not registers])
    superseded, changed, lone = _win(accepted, known, fresh)
    planned = Plan(superseded, known, fresh, [], [], {}, {}, [])
    for key, lines in changed.items():
        (planned.new if key in fresh else planned.newer).extend(lines.values())
        if key.kind == "coordination":
            planned.decisions.append(key)
            continue
        said = lone.get(key)
        if said is not None and said.alone is not None:
            planned.alone[key], identities = said.alone, said.identities
        else:
            claim = claim_of(key, known)
            planned.alone[key], identities = written(fold.fold_component([claim], rules)), fold.identities(claim)
        if not FOLDS[key.kind].own:
            planned.identities[key] = identities
    return planned


def load_registers(cur: Cursor, keys: Iterable[ClaimKey], topics: Topics) -> Registers:
    """Read all registers of the claims, with their facts from the event log."""
    wanted = list(keys)
    known: Registers = {key: {} for key in wanted}
    rows = cur.execute(
        """SELECT r.kind, r.topic_no, r.entity, r.register, r.revision, r.digest, r.off, e.withdrawn, e.value
           FROM unnest(%s::text[], %s::smallint[], %s::text[]) AS k (kind, topic_no, entity)
           JOIN register r ON r.topic_no = k.topic_no AND r.entity = k.entity AND r.kind = k.kind
           JOIN log.event_log e ON e.topic_no = r.topic_no AND e.off = r.off""",
        arrays(wanted, topics),
        binary=True,
    ).fetchall()
    for kind, topic_no, entity, register, revision, digest, off, withdrawn, value in rows:
        contract, facts = codec.decode_facts(value)
        fact = Fact(contract.event, revision, withdrawn, facts)
        known[ClaimKey(kind, topics.bureau_of[topic_no], entity)][register] = Value(revision, digest, off, fact)
    return known


def arrays(keys: Sequence[ClaimKey], topics: Topics) -> tuple[str, str, str]:
    """Return claims as array literals of kinds, topic numbers and entities."""
    number_of = topics.number_of
    topic_nos = numbers([number_of[key.bureau] for key in keys])
    return array_literal([key.kind for key in keys]), topic_nos, array_literal([key.entity for key in keys])


def claim_of(key: ClaimKey, known: Registers) -> Claim:
    """Return a claim as the folds take it."""
    return Claim(key, {name: value.fact for name, value in known[key].items()})


def _win(
    accepted: Sequence[Prepared], known: Registers, fresh: frozenset[ClaimKey]
) -> tuple[set[tuple[int, int]], dict[ClaimKey, dict[str, str]], dict[ClaimKey, Prepared]]:
    """Let the highest (revision, facts digest) win each register; *known* is updated in place.

    Returns the superseded places, per claim the registers that changed with their lines, and the claims that say
    one thing only, first seen here: their trial fold is already the whole claim.
    """
    superseded: set[tuple[int, int]] = set()
    changed: dict[ClaimKey, dict[str, str]] = {}
    lone: dict[ClaimKey, Prepared] = {}
    for each in accepted:
        statement, key = each.statement, each.key
        registers = known[key]
        present = registers.get(statement.register)
        if present is not None and (present.revision, present.digest) >= (statement.revision, statement.digest):
            superseded.add((statement.record.topic_no, statement.record.off))
            continue
        registers[statement.register] = each.value
        changed.setdefault(key, {})[statement.register] = each.register
        if key in fresh and len(registers) == 1:
            lone[key] = each
        else:
            lone.pop(key, None)
    return superseded, changed, lone
