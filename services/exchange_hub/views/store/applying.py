"""From accepted statements to registers, components and list rows, inside the caller's transaction.

The same function serves the live views, a rebuild in a shadow schema and a view as of a cut: it sees only the
schema on the search path and the statements it is given.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import psycopg

from exchange_contracts import registry
from exchange_hub.views import fold
from exchange_hub.views.catalogue import BY_NAME
from exchange_hub.views.folds import FOLDS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact, Statement
from exchange_hub.views.store.copying import RowWriter, array_literal, copy_rows, line, row_writer, text, texts

Cursor = psycopg.Cursor[Any]

class Value(NamedTuple):
    """A register's value with the place it came from."""

    revision: int
    digest: bytes
    off: int
    fact: Fact


class Topics(NamedTuple):
    """Topic numbers and the bureaus that speak on them."""

    bureau_of: Mapping[int, str]
    number_of: Mapping[str, int]


Registers = dict[ClaimKey, dict[str, Value]]


def apply(
    cur: Cursor,
    accepted: Sequence[tuple[Statement, fold.Folded | None]],
    topics: Topics,
    rules: FoldRules,
) -> set[tuple[int, int]]:
    """Fold *accepted* statements into the views on the search path.

    Args:
        cur: cursor inside the transaction that holds the commit lock.
        accepted: statements in topic order, each with its trial fold where the caller has it.
        topics: topic numbers of the district.
        rules: the district's configuration.

    Returns:
        (topic number, offset) of the statements that were superseded when they arrived.
    """
    keys = [_key(statement, trial, topics) for statement, trial in accepted]
    known = _load_registers(cur, dict.fromkeys(keys), topics)
    # Claims first seen in this batch: what is written of them meets nothing, and goes in without a second look.
    fresh = frozenset(key for key, registers in known.items() if not registers)
    superseded, changed, trials = _win(accepted, keys, known, fresh)
    _store_registers(cur, changed, known, topics, fresh)
    own = [key for key in changed if FOLDS[key.kind].own and key.kind != "coordination"]
    _write_own(cur, own, known, trials, rules)
    joined = [key for key in changed if not FOLDS[key.kind].own]
    decided = _store_decisions(cur, [key for key in changed if key.kind == "coordination"], known, topics)
    if joined or decided:
        _write_joined(cur, joined, decided, known, trials, topics, rules, fresh)
    return superseded


def _key(statement: Statement, trial: fold.Folded | None, topics: Topics) -> ClaimKey:
    if trial is not None:
        return trial.members[0]
    return ClaimKey(statement.kind, topics.bureau_of[statement.record.topic_no], statement.entity)


def _load_registers(cur: Cursor, keys: Iterable[ClaimKey], topics: Topics) -> Registers:
    """Read all registers of the claims, with their facts from the event log."""
    wanted = list(keys)
    known: Registers = {key: {} for key in wanted}
    rows = cur.execute(
        """SELECT r.kind, r.topic_no, r.entity, r.register, r.revision, r.digest, r.off, e.schema_id, e.withdrawn, e.facts
           FROM unnest(%s::text[], %s::smallint[], %s::text[]) AS k (kind, topic_no, entity)
           JOIN register r ON r.topic_no = k.topic_no AND r.entity = k.entity AND r.kind = k.kind
           JOIN log.event_log e ON e.topic_no = r.topic_no AND e.off = r.off""",
        _arrays(wanted, topics),
    ).fetchall()
    contracts = registry.load()
    for kind, topic_no, entity, register, revision, digest, off, schema_id, withdrawn, facts in rows:
        fact = Fact(contracts.by_id(schema_id).event, revision, withdrawn, orjson.loads(facts))
        known[ClaimKey(kind, topics.bureau_of[topic_no], entity)][register] = Value(revision, digest, off, fact)
    return known


def _arrays(keys: Sequence[ClaimKey], topics: Topics) -> tuple[str, str, str]:
    """Return claims as array literals of kinds, topic numbers and entities."""
    number_of = topics.number_of
    numbers = ",".join([str(number_of[key.bureau]) for key in keys])
    return array_literal([key.kind for key in keys]), f"{{{numbers}}}", array_literal([key.entity for key in keys])


def _win(
    accepted: Sequence[tuple[Statement, fold.Folded | None]],
    keys: Sequence[ClaimKey],
    known: Registers,
    fresh: frozenset[ClaimKey],
) -> tuple[set[tuple[int, int]], dict[ClaimKey, set[str]], dict[ClaimKey, fold.Folded]]:
    """Let the highest (revision, facts digest) win each register; *known* is updated in place.

    Returns the superseded places, the registers changed per claim, and trial folds that are already the whole
    claim (one register, first seen here).
    """
    superseded: set[tuple[int, int]] = set()
    changed: dict[ClaimKey, set[str]] = {}
    trials: dict[ClaimKey, fold.Folded] = {}
    for key, (statement, trial) in zip(keys, accepted, strict=True):
        registers = known[key]
        present = registers.get(statement.register)
        if present is not None and (present.revision, present.digest) >= (statement.revision, statement.digest):
            superseded.add((statement.record.topic_no, statement.record.off))
            continue
        fact = Fact(statement.event, statement.revision, statement.withdrawn, statement.facts)
        registers[statement.register] = Value(statement.revision, statement.digest, statement.record.off, fact)
        changed.setdefault(key, set()).add(statement.register)
        if trial is not None and key in fresh and len(registers) == 1:
            trials[key] = trial
        else:
            trials.pop(key, None)
    return superseded, changed, trials


def _store_registers(
    cur: Cursor, changed: Mapping[ClaimKey, set[str]], known: Registers, topics: Topics, fresh: frozenset[ClaimKey]
) -> None:
    new: list[str] = []
    newer: list[str] = []
    for key, names in changed.items():
        topic_no = topics.number_of[key.bureau]
        lines = new if key in fresh else newer
        for name in names:
            value = known[key][name]
            lines.append(
                f"{key.kind}\t{topic_no}\t{text(key.entity)}\t{text(name)}\t{value.revision}\t\\\\x{value.digest.hex()}\t{value.off}"
            )
    columns = "kind, topic_no, entity, register, revision, digest, off"
    copy_rows(cur, "register", columns, new)
    if not newer:
        return
    copy_rows(cur, "b_register", columns, newer)
    cur.execute(
        f"""INSERT INTO register ({columns}) SELECT {columns} FROM b_register
            ON CONFLICT (topic_no, entity, kind, register)
            DO UPDATE SET revision = excluded.revision, digest = excluded.digest, off = excluded.off""".encode()
    )
    cur.execute("TRUNCATE b_register")


def _claim(key: ClaimKey, known: Registers) -> Claim:
    return Claim(key, {name: value.fact for name, value in known[key].items()})


def _write_own(
    cur: Cursor, keys: Sequence[ClaimKey], known: Registers, trials: Mapping[ClaimKey, fold.Folded], rules: FoldRules
) -> None:
    """Write the rows of claims that stand for themselves."""
    results = [trials.get(key) or fold.fold_component([_claim(key, known)], rules) for key in keys]
    stale = [result for key, result in zip(keys, results, strict=True) if key not in trials]
    _clear(cur, ((result.members[0].kind, result.component) for result in stale))
    _insert(cur, results)


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


def _insert(cur: Cursor, results: Iterable[fold.Folded]) -> None:
    """Write the rows of folded components, and the components that could not be folded."""
    lines: dict[str, list[str]] = defaultdict(list)
    failures = []
    findings = []
    for result in results:
        bureaus = _bureaus(result.members)
        for row in result.rows:
            lines[row.list].append(_WRITERS[row.list](row.key, result.component, texts(bureaus), row.values))
        for found in result.findings:
            kind = result.members[0].kind
            place = (found.finding_id, found.rule, kind, found.subject, result.component, list(bureaus))
            findings.append(line((*place, found.words, dict(found.detail))))
        if result.failure is not None:
            failures.append(line((result.members[0].kind, result.component, result.failure)))
    for list_name, prepared in lines.items():
        view = BY_NAME[list_name]
        names = ", ".join(f'"{column.name}"' for column in view.columns)
        copy_rows(cur, view.table, f"row_key, component, bureaus, {names}", prepared)
    copy_rows(cur, "unfolded", "kind, component, reason", failures)
    copy_rows(cur, "finding", "finding_id, rule, kind, subject, component, bureaus, words, detail", findings)


def _bureaus(members: Sequence[ClaimKey]) -> tuple[str, ...]:
    return (members[0].bureau,) if len(members) == 1 else tuple(sorted({key.bureau for key in members}))


_WRITERS: dict[str, RowWriter] = {
    name: row_writer(tuple((column.name, column.type) for column in view.columns)) for name, view in BY_NAME.items()
}


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


def _write_joined(
    cur: Cursor,
    keys: Sequence[ClaimKey],
    decided: set[ClaimKey],
    known: Registers,
    trials: Mapping[ClaimKey, fold.Folded],
    topics: Topics,
    rules: FoldRules,
    fresh: frozenset[ClaimKey],
) -> None:
    """Recompute the components of claims that can be joined with others, from their edges, and write their rows."""
    _store_identities(cur, keys, known, topics, fresh)
    edges, old = _closure(cur, {*keys, *decided}, topics)
    missing = [key for key in edges if key not in known]
    if missing:
        known.update(_load_registers(cur, missing, topics))
    _clear(cur, sorted(old))
    results = []
    new: list[str] = []
    moved: list[str] = []
    for group in fold.components(edges):
        result = trials.get(group[0]) if len(group) == 1 else None
        if result is None:
            claims = [_claim(key, known) for key in group if known[key]]
            if not claims:
                continue
            result = fold.fold_component(claims, rules)
        results.append(result)
        component = text(result.component)
        for key in result.members:
            place = f"{key.kind}\t{topics.number_of[key.bureau]}\t{text(key.entity)}\t{component}"
            (new if key in fresh else moved).append(place)
    columns = "kind, topic_no, entity, component"
    copy_rows(cur, "claim", columns, new)
    if moved:
        copy_rows(cur, "b_claim", columns, moved)
        cur.execute(
            f"""INSERT INTO claim ({columns}) SELECT {columns} FROM b_claim
                ON CONFLICT (topic_no, entity, kind) DO UPDATE SET component = excluded.component""".encode()
        )
        cur.execute("TRUNCATE b_claim")
    _insert(cur, results)


def _store_identities(
    cur: Cursor, keys: Sequence[ClaimKey], known: Registers, topics: Topics, fresh: frozenset[ClaimKey]
) -> None:
    """Replace what the claims state of their identity."""
    if told := [key for key in keys if key not in fresh]:
        cur.execute(
            """DELETE FROM identity i USING unnest(%s::text[], %s::smallint[], %s::text[]) AS k (kind, topic_no, entity)
               WHERE i.topic_no = k.topic_no AND i.entity = k.entity AND i.kind = k.kind AND NOT i.decided""",
            _arrays(told, topics),
        )
    lines = [
        f"{key.kind}\t{topics.number_of[key.bureau]}\t{text(key.entity)}\t{text(value)}\tf"
        for key in keys
        for value in fold.identities(_claim(key, known))
    ]
    copy_rows(cur, "identity", "kind, topic_no, entity, value, decided", lines)


def _closure(
    cur: Cursor, start: set[ClaimKey], topics: Topics
) -> tuple[dict[ClaimKey, list[str]], set[tuple[str, str]]]:
    """Find every claim that is, or was, in one component with *start*.

    Returns:
        claim → identity values for all of them (also claims only named by a decision), and the (kind, name) of the
        components they were in.
    """
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
        was = cur.execute(
            """SELECT DISTINCT c.kind, c.component
               FROM unnest(%s::text[], %s::smallint[], %s::text[]) AS k (kind, topic_no, entity)
               JOIN claim c ON c.topic_no = k.topic_no AND c.entity = k.entity AND c.kind = k.kind""",
            arrays,
        ).fetchall()
        fresh = {(kind, name) for kind, name in was} - old
        old |= fresh
        if fresh:
            found += cur.execute(
                """SELECT c.kind, c.topic_no, c.entity FROM unnest(%s::text[], %s::text[]) AS o (kind, component)
                   JOIN claim c ON c.kind = o.kind AND c.component = o.component""",
                (array_literal([kind for kind, _ in fresh]), array_literal([name for _, name in fresh])),
            ).fetchall()
        frontier = {ClaimKey(kind, topics.bureau_of[no], entity) for kind, no, entity in found} - edges.keys()
    return edges, old
