"""From accepted statements to registers, components and list rows, inside the caller's transaction.

The same function serves the live views, a rebuild in a shadow schema and a view as of a cut: it sees only the
schema on the search path and the statements it is given.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

import psycopg

from exchange_contracts import codec
from exchange_hub.views import fold
from exchange_hub.views.catalogue import BY_NAME
from exchange_hub.views.folds import FOLDS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact
from exchange_hub.views.store.copying import array_literal, copy_rows, line, text
from exchange_hub.views.store.prepared import REGISTER_COLUMNS, Prepared, Value, row_lines

Cursor = psycopg.Cursor[Any]


class Topics(NamedTuple):
    """Topic numbers and the bureaus that speak on them."""

    bureau_of: Mapping[int, str]
    number_of: Mapping[str, int]


Registers = dict[ClaimKey, dict[str, Value]]


def apply(cur: Cursor, accepted: Sequence[Prepared], topics: Topics, rules: FoldRules) -> set[tuple[int, int]]:
    """Fold *accepted* statements into the views on the search path.

    Args:
        cur: cursor inside the transaction that holds the commit lock.
        accepted: statements in topic order.
        topics: topic numbers of the district.
        rules: the district's configuration.

    Returns:
        (topic number, offset) of the statements that were superseded when they arrived.
    """
    known = _load_registers(cur, dict.fromkeys([each.key for each in accepted]), topics)
    # Claims first seen in this batch: what is written of them meets nothing, and goes in without a second look.
    fresh = frozenset([key for key, registers in known.items() if not registers])
    superseded, changed, lone = _win(accepted, known, fresh)
    _store_registers(cur, changed, fresh)
    own = [key for key in changed if FOLDS[key.kind].own and key.kind != "coordination"]
    _write_own(cur, own, known, lone, rules)
    joined = [key for key in changed if not FOLDS[key.kind].own]
    decided = _store_decisions(cur, [key for key in changed if key.kind == "coordination"], known, topics)
    if joined or decided:
        _write_joined(cur, joined, decided, Change(known, lone, fresh, topics, rules))
    return superseded


def _load_registers(cur: Cursor, keys: Iterable[ClaimKey], topics: Topics) -> Registers:
    """Read all registers of the claims, with their facts from the event log."""
    wanted = list(keys)
    known: Registers = {key: {} for key in wanted}
    rows = cur.execute(
        """SELECT r.kind, r.topic_no, r.entity, r.register, r.revision, r.digest, r.off, e.withdrawn, e.value
           FROM unnest(%s::text[], %s::smallint[], %s::text[]) AS k (kind, topic_no, entity)
           JOIN register r ON r.topic_no = k.topic_no AND r.entity = k.entity AND r.kind = k.kind
           JOIN log.event_log e ON e.topic_no = r.topic_no AND e.off = r.off""",
        _arrays(wanted, topics),
        binary=True,
    ).fetchall()
    for kind, topic_no, entity, register, revision, digest, off, withdrawn, value in rows:
        contract, facts = codec.decode_facts(value)
        fact = Fact(contract.event, revision, withdrawn, facts)
        known[ClaimKey(kind, topics.bureau_of[topic_no], entity)][register] = Value(revision, digest, off, fact)
    return known


def _arrays(keys: Sequence[ClaimKey], topics: Topics) -> tuple[str, str, str]:
    """Return claims as array literals of kinds, topic numbers and entities."""
    number_of = topics.number_of
    numbers = ",".join([str(number_of[key.bureau]) for key in keys])
    return array_literal([key.kind for key in keys]), f"{{{numbers}}}", array_literal([key.entity for key in keys])


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
        if each.trial is not None and each.trial.failure is None and key in fresh and len(registers) == 1:
            lone[key] = each
        else:
            lone.pop(key, None)
    return superseded, changed, lone


def _store_registers(cur: Cursor, changed: Mapping[ClaimKey, Mapping[str, str]], fresh: frozenset[ClaimKey]) -> None:
    new: list[str] = []
    newer: list[str] = []
    for key, lines in changed.items():
        (new if key in fresh else newer).extend(lines.values())
    copy_rows(cur, "register", REGISTER_COLUMNS, new)
    if not newer:
        return
    copy_rows(cur, "b_register", REGISTER_COLUMNS, newer)
    cur.execute(
        f"""INSERT INTO register ({REGISTER_COLUMNS}) SELECT {REGISTER_COLUMNS} FROM b_register
            ON CONFLICT (topic_no, entity, kind, register)
            DO UPDATE SET revision = excluded.revision, digest = excluded.digest, off = excluded.off""".encode()
    )
    cur.execute("TRUNCATE b_register")


def _claim(key: ClaimKey, known: Registers) -> Claim:
    return Claim(key, {name: value.fact for name, value in known[key].items()})


def _write_own(
    cur: Cursor, keys: Sequence[ClaimKey], known: Registers, lone: Mapping[ClaimKey, Prepared], rules: FoldRules
) -> None:
    """Write the rows of claims that stand for themselves."""
    folded = [fold.fold_component([_claim(key, known)], rules) for key in keys if key not in lone]
    _clear(cur, ((result.members[0].kind, result.component) for result in folded))
    _insert(cur, folded, [lone[key] for key in keys if key in lone])


def _clear(cur: Cursor, names: Iterable[tuple[str, str]]) -> None:
    """Remove the rows of components, before they are written anew."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, name in names:
        by_kind[kind].append(name)
    for kind, components in by_kind.items():
        for list_name in FOLDS[kind].lists:
            cur.execute(f"DELETE FROM {BY_NAME[list_name].table} WHERE component = ANY(%s)".encode(), (components,))
        cur.execute("DELETE FROM unfolded WHERE kind = %s AND component = ANY(%s)", (kind, components))
        cur.execute("DELETE FROM finding WHERE kind = %s AND component = ANY(%s)", (kind, components))


def _insert(cur: Cursor, folded: Sequence[fold.Folded], lone: Sequence[Prepared]) -> None:
    """Write the rows and findings of folded components, and the components that could not be folded."""
    lines: dict[str, list[str]] = defaultdict(list)
    for each in lone:
        for list_name, prepared_line in each.rows:
            lines[list_name].append(prepared_line)
    for result in folded:
        for list_name, row_line in row_lines(result):
            lines[list_name].append(row_line)
    for list_name, of_list in lines.items():
        view = BY_NAME[list_name]
        names = ", ".join(f'"{column.name}"' for column in view.columns)
        copy_rows(cur, view.table, f"row_key, component, bureaus, {names}", of_list)
    failures = [line((r.members[0].kind, r.component, r.failure)) for r in folded if r.failure is not None]
    copy_rows(cur, "unfolded", "kind, component, reason", failures)
    findings = [
        line((f.finding_id, f.rule, r.members[0].kind, f.subject, r.component, list(r.bureaus), f.words, dict(f.detail)))
        for r in [*folded, *[each.trial for each in lone if each.trial is not None]] if r.findings for f in r.findings
    ]  # fmt: skip
    copy_rows(cur, "finding", "finding_id, rule, kind, subject, component, bureaus, words, detail", findings)


def _store_decisions(cur: Cursor, keys: Sequence[ClaimKey], known: Registers, topics: Topics) -> set[ClaimKey]:
    """Turn merge decisions into identity values of their members; return the claims whose grouping may change."""
    touched: set[ClaimKey] = set()
    for key in keys:
        value = f"合并 {key.entity}"
        rows = cur.execute(
            "DELETE FROM identity WHERE value = %s AND decided RETURNING kind, topic_no, entity", (value,)
        ).fetchall()
        touched.update(ClaimKey(kind, topics.bureau_of[topic_no], entity) for kind, topic_no, entity in rows)
        merge = known[key].get("merge")
        if merge is None or merge.fact.withdrawn:
            continue
        for member in merge.fact.facts["members"]:
            bureau = member["bureau"]
            if bureau in topics.number_of:
                cur.execute(
                    "INSERT INTO identity VALUES (%s, %s, %s, %s, true) ON CONFLICT DO NOTHING",
                    (merge.fact.facts["list"], topics.number_of[bureau], member["entity_key"], value),
                )
                touched.add(ClaimKey(merge.fact.facts["list"], bureau, member["entity_key"]))
    return touched


class Change(NamedTuple):
    """What a batch found and changed, for the claims that can be joined with others."""

    known: Registers
    lone: Mapping[ClaimKey, Prepared]
    fresh: frozenset[ClaimKey]
    topics: Topics
    rules: FoldRules


def _write_joined(cur: Cursor, keys: Sequence[ClaimKey], decided: set[ClaimKey], batch: Change) -> None:
    """Recompute the components of claims that can be joined with others, from their edges, and write their rows."""
    known, topics = batch.known, batch.topics
    values = {key: _identities(key, batch) for key in keys}
    _store_identities(cur, values, batch)
    edges, old = _closure(cur, {*keys, *decided}, batch)
    missing = [key for key in edges if key not in known]
    if missing:
        known.update(_load_registers(cur, missing, topics))
    _clear(cur, sorted(old))
    folded: list[fold.Folded] = []
    lone: list[Prepared] = []
    for group in fold.components(edges):
        if len(group) == 1 and group[0] in batch.lone:
            lone.append(batch.lone[group[0]])
            continue
        claims = [_claim(key, known) for key in group if known[key]]
        if claims:
            folded.append(fold.fold_component(claims, batch.rules))
    _store_components(cur, edges.keys() - batch.lone.keys(), folded, batch)
    _insert(cur, folded, lone)


def _identities(key: ClaimKey, batch: Change) -> Sequence[str]:
    """Return what a claim states of its identity."""
    lone = batch.lone.get(key)
    return lone.identities if lone is not None else fold.identities(_claim(key, batch.known))


def _store_components(cur: Cursor, told: AbstractSet[ClaimKey], folded: Sequence[fold.Folded], batch: Change) -> None:
    """Keep which claims belong together; a claim that stands alone has no entry: its component bears its own name."""
    if told := told - batch.fresh:
        cur.execute(
            """DELETE FROM claim c USING unnest(%s::text[], %s::smallint[], %s::text[]) AS k (kind, topic_no, entity)
               WHERE c.topic_no = k.topic_no AND c.entity = k.entity AND c.kind = k.kind""",
            _arrays(list(told), batch.topics),
        )
    lines = [
        f"{key.kind}\t{batch.topics.number_of[key.bureau]}\t{text(key.entity)}\t{text(result.component)}"
        for result in folded if len(result.members) > 1 for key in result.members
    ]  # fmt: skip
    copy_rows(cur, "claim", "kind, topic_no, entity, component", lines)


def _store_identities(cur: Cursor, values: Mapping[ClaimKey, Sequence[str]], batch: Change) -> None:
    """Replace what the claims state of their identity."""
    if told := [key for key in values if key not in batch.fresh]:
        cur.execute(
            """DELETE FROM identity i USING unnest(%s::text[], %s::smallint[], %s::text[]) AS k (kind, topic_no, entity)
               WHERE i.topic_no = k.topic_no AND i.entity = k.entity AND i.kind = k.kind AND NOT i.decided""",
            _arrays(told, batch.topics),
        )
    lines = [
        f"{key.kind}\t{batch.topics.number_of[key.bureau]}\t{text(key.entity)}\t{text(value)}\tf"
        for key, stated in values.items()
        for value in stated
    ]
    copy_rows(cur, "identity", "kind, topic_no, entity, value, decided", lines)


def _closure(cur: Cursor, start: set[ClaimKey], batch: Change) -> tuple[dict[ClaimKey, list[str]], set[tuple[str, str]]]:
    """Find every claim that is, or was, in one component with *start*.

    Returns:
        claim → identity values for all of them (also claims only named by a decision), and the (kind, name) of the
        components they were in, as far as these can have rows.
    """
    topics = batch.topics
    edges: dict[ClaimKey, list[str]] = {}
    old: set[tuple[str, str]] = set()
    frontier = start
    while frontier:
        arrays = _arrays(list(frontier), topics)
        for key in frontier:
            edges[key] = []
        values = cur.execute(
            """SELECT i.kind, i.topic_no, i.entity, i.value
               FROM unnest(%s::text[], %s::smallint[], %s::text[]) AS k (kind, topic_no, entity)
               JOIN identity i ON i.topic_no = k.topic_no AND i.entity = k.entity AND i.kind = k.kind""",
            arrays,
        ).fetchall()
        for kind, topic_no, entity, value in values:
            edges[ClaimKey(kind, topics.bureau_of[topic_no], entity)].append(value)
        found = cur.execute(
            """SELECT i.kind, i.topic_no, i.entity FROM unnest(%s::text[], %s::text[]) AS v (kind, value)
               JOIN identity i ON i.value = v.value AND i.kind = v.kind""",
            (array_literal([row[0] for row in values]), array_literal([row[3] for row in values])),
        ).fetchall()
        reached = {ClaimKey(kind, topics.bureau_of[no], entity) for kind, no, entity in found}
        # A claim first seen in this batch was in no component yet.
        if before := [key for key in frontier if key not in batch.fresh]:
            names, members = _were_with(cur, before, old, topics)
            old |= names
            reached |= members
        frontier = reached - edges.keys()
    return edges, old


def _were_with(
    cur: Cursor, keys: list[ClaimKey], seen: AbstractSet[tuple[str, str]], topics: Topics
) -> tuple[set[tuple[str, str]], set[ClaimKey]]:
    """Return the components that claims were in, other than those *seen*, and the claims in these."""
    rows = cur.execute(
        """SELECT c.kind, c.topic_no, c.entity, c.component
           FROM unnest(%s::text[], %s::smallint[], %s::text[]) AS k (kind, topic_no, entity)
           JOIN claim c ON c.topic_no = k.topic_no AND c.entity = k.entity AND c.kind = k.kind""",
        _arrays(keys, topics),
    ).fetchall()
    shared = {ClaimKey(kind, topics.bureau_of[no], entity): component for kind, no, entity, component in rows}
    names = {(key.kind, shared.get(key) or fold.component_name([key])) for key in keys} - seen
    wanted = sorted({(key.kind, component) for key, component in shared.items()} & names)
    if not wanted:
        return names, set()
    found = cur.execute(
        """SELECT c.kind, c.topic_no, c.entity FROM unnest(%s::text[], %s::text[]) AS o (kind, component)
           JOIN claim c ON c.kind = o.kind AND c.component = o.component""",
        (array_literal([kind for kind, _ in wanted]), array_literal([name for _, name in wanted])),
    ).fetchall()
    return names, {ClaimKey(kind, topics.bureau_of[no], entity) for kind, no, entity in found}
