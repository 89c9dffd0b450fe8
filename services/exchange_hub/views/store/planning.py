"""What a batch changes in the views, as far as it depends on its own topics alone: read and folded without the commit lock.

A topic's events in the log, and those held, change by its own batches, which the position guards, and by a replay, which
the position's counters show. So what is read here together with the positions holds under the lock as long as these are
still the same; otherwise it is read again there.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, LiteralString, NamedTuple

import psycopg

from exchange_contracts import codec
from exchange_hub.views.lists import KINDS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact, Place
from exchange_hub.views.store.copying import array_literal, numbers
from exchange_hub.views.store.prepared import Prepared, Written, folded

Cursor = psycopg.Cursor[Any]
Registers = dict[ClaimKey, dict[str, Fact]]

#: Columns of the event log, called e, that :func:`gathered` takes.
OF_EVENT: LiteralString = "e.topic_no, e.off, e.event_id::text, e.kind, e.entity, e.register, e.revision, e.digest, e.withdrawn, e.value"
#: Joins the events that count in a schema that is filled up to a cut.
BELOW_CUT: LiteralString = "JOIN cut ON cut.topic_no = e.topic_no AND e.off < cut.below AND e.batch_no <= cut.batch_no"
#: Of these, those of entities that were filled already.
FILLED: LiteralString = f"{BELOW_CUT} JOIN filled ON filled.topic_no = e.topic_no AND filled.kind = e.kind AND e.entity <= filled.entity"
#: Joins the events that a filled schema has caught up with.
CAUGHT_UP: LiteralString = "JOIN progress ON progress.topic_no = e.topic_no AND e.off < progress.next_off AND e.batch_no <= progress.batch_no"


class Topics(NamedTuple):
    """Topic numbers and the bureaus that speak on them."""

    bureau_of: Mapping[int, str]
    number_of: Mapping[str, int]


class Known(NamedTuple):
    """What the event log says of claims.

    Attributes:
        registers: claim → its registers; empty for a claim that the log does not know.
        ids: (topic number, event id) → digest of the facts, of all their events.
    """

    registers: Registers
    ids: dict[tuple[int, str], bytes]


class Plan(NamedTuple):
    """What changes.

    Attributes:
        superseded: (topic number, offset) of statements that an earlier one outranks.
        known: all registers of the claims spoken of, as they are afterwards.
        fresh: claims of which nothing is written yet: they meet nothing.
        alone: each changed claim folded by itself.
        identities: identity values of each changed claim that can be joined with others.
        decisions: changed claims of the coordination office.
        unfolded: changed claims whose fold fails.
    """

    superseded: set[Place]
    known: Registers
    fresh: frozenset[ClaimKey]
    alone: dict[ClaimKey, Written]
    identities: dict[ClaimKey, Sequence[str]]
    decisions: list[ClaimKey]
    unfolded: list[ClaimKey]


def plan(accepted: Sequence[Prepared], known: Registers, rules: FoldRules) -> Plan:
    """Let the registers of new statements win, and fold every changed claim by itself; *known* is updated in place."""
    fresh = frozenset([key for key, registers in known.items() if not registers])
    superseded, changed = _win(accepted, known)
    planned = Plan(superseded, known, fresh, {}, {}, [], [])
    for key, latest in changed.items():
        # The trial fold of a claim's only statement is the whole claim already.
        lone = latest if key in fresh and len(known[key]) == 1 and known[key].get(latest.statement.register) is latest.statement.fact else None
        _fold(planned, key, lone, rules)
    return planned


def plan_whole(known: Registers, fresh: frozenset[ClaimKey], rules: FoldRules) -> Plan:
    """Fold claims of which all is said in *known*: for what the log holds already."""
    planned = Plan(set(), known, fresh, {}, {}, [], [])
    for key in list(known):
        _fold(planned, key, None, rules)
    return planned


def _fold(planned: Plan, key: ClaimKey, lone: Prepared | None, rules: FoldRules) -> None:
    """Fold a claim by itself into the plan."""
    if key.kind == "coordination":
        planned.decisions.append(key)
        return
    if lone is not None and lone.alone is not None:
        planned.alone[key], identities = lone.alone, lone.identities
    else:
        planned.alone[key], identities, failure = folded(Claim(key, planned.known[key]), rules)
        if failure is not None:
            planned.unfolded.append(key)
    if not KINDS[key.kind].own:
        planned.identities[key] = identities


def blamed(accepted: Sequence[Prepared], before: Registers, rules: FoldRules) -> dict[Place, Prepared]:
    """Find for each claim the first statement from which on its fold fails; return it marked, by its place.

    A claim that failed before them all has none.

    Args:
        accepted: statements in the order of their topics.
        before: what the log says of the claims that fail now; updated in place.
        rules: the district's configuration.
    """
    found: dict[Place, Prepared] = {}
    settled = {key for key, registers in before.items() if registers and folded(Claim(key, registers), rules)[2] is not None}
    for each in accepted:
        key, fact = each.statement.key, each.statement.fact
        if key not in before or key in settled:
            continue
        present = before[key].get(each.statement.register)
        after = succeeded(present, fact)
        if after is present:
            continue
        before[key][each.statement.register] = after
        failure = folded(Claim(key, before[key]), rules)[2]
        if failure is not None:
            settled.add(key)
            record = each.statement.record
            found[record.topic_no, record.off] = each._replace(failure=failure)
    return found


def outranks(one: Fact, other: Fact) -> bool:
    """Tell whether a fact stands against one that came later: by revision, then by digest."""
    return (one.revision, one.digest) >= (other.revision, other.digest)


def succeeded(present: Fact | None, fact: Fact) -> Fact:
    """Return what a register holds after one more statement: the highest, with the next lower one as what was said before."""
    if present is None:
        return fact
    if not outranks(present, fact):
        return fact._replace(before=present._replace(before=None))
    same = (present.revision, present.digest) == (fact.revision, fact.digest)
    if same or (present.before is not None and outranks(present.before, fact)):
        return present
    return present._replace(before=fact)


def load(cur: Cursor, keys: Iterable[ClaimKey], topics: Topics, holds: LiteralString = "") -> Known:
    """Read what the event log says of claims.

    Args:
        cur: cursor whose search path names the views schema.
        keys: the claims.
        topics: topic numbers of the district.
        holds: what a schema that does not hold all events yet holds of them: ``FILLED`` or ``CAUGHT_UP``. Facts from
            beyond it would not fit the identity values that it has.
    """
    wanted = list(keys)
    rows = cur.execute(
        f"""SELECT {OF_EVENT} FROM unnest(%s::text[], %s::smallint[], %s::text[]) AS k (kind, topic_no, entity)
            JOIN log.event_log e ON e.topic_no = k.topic_no AND e.kind = k.kind AND e.entity = k.entity
            {holds}""".encode(),
        arrays(wanted, topics),
        binary=True,
    ).fetchall()
    registers: Registers = {key: {} for key in wanted}
    registers.update(gathered(rows, topics))
    return Known(registers, {(row[0], row[2]): row[7] for row in rows})


def gathered(rows: Iterable[tuple[Any, ...]], topics: Topics) -> Registers:
    """Let the highest (revision, facts digest) of whole claims' events (``OF_EVENT``) win each register; of equals the first.

    Raises:
        ValueError: an event can no longer be decoded.
    """
    winners: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    losers: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in rows:
        place = (row[0], *row[3:6])
        present = winners.get(place)
        if present is None:
            winners[place] = row
            continue
        winners[place], lost = (row, present) if _rank(row) > _rank(present) else (present, row)
        # What was said before says something else: of equals it is the first, as the winner is.
        if lost[6:8] != winners[place][6:8] and (place not in losers or _rank(lost) > _rank(losers[place])):
            losers[place] = lost
    found: Registers = {}
    for place, row in winners.items():
        topic_no, kind, entity, register = place
        bureau = topics.bureau_of[topic_no]
        before = _decoded(losers[place], bureau) if place in losers else None
        found.setdefault(ClaimKey(kind, bureau, entity), {})[register] = _decoded(row, bureau, before)
    return found


def _rank(row: tuple[Any, ...]) -> tuple[int, bytes, int]:
    return row[6], row[7], -row[1]


def _decoded(row: tuple[Any, ...], bureau: str, before: Fact | None = None) -> Fact:
    _, off, _, _, _, _, revision, digest, withdrawn, value = row
    try:
        contract, facts = codec.decode_facts(value)
    except codec.DecodeError as error:
        raise ValueError(f"event log, topic {bureau}, offset {off}: the event can no longer be decoded: {error}") from error
    return Fact(contract.event, revision, digest, withdrawn, facts, before)


def arrays(keys: Sequence[ClaimKey], topics: Topics) -> tuple[str, str, str]:
    """Return claims as array literals of kinds, topic numbers and entities."""
    number_of = topics.number_of
    topic_nos = numbers([number_of[key.bureau] for key in keys])
    return array_literal([key.kind for key in keys]), topic_nos, array_literal([key.entity for key in keys])


def _win(accepted: Sequence[Prepared], known: Registers) -> tuple[set[Place], dict[ClaimKey, Prepared]]:
    """Let the highest (revision, facts digest) win each register; *known* is updated in place.

    Returns the superseded places, and the claims that changed with the statement that changed them last.
    """
    superseded: set[Place] = set()
    changed: dict[ClaimKey, Prepared] = {}
    for each in accepted:
        statement = each.statement
        fact, registers = statement.fact, known[statement.key]
        present = registers.get(statement.register)
        if present is not None and outranks(present, fact):
            superseded.add((statement.record.topic_no, statement.record.off))
        after = succeeded(present, fact)
        if after is not present:
            registers[statement.register] = after
            changed[statement.key] = each
    return superseded, changed
