"""Write a plan into components, list rows and findings, inside the caller's transaction.

The same function serves the live views, a rebuild in a shadow schema and a view as of a cut: it writes to the schema on
the search path, and reads of the event log what that schema holds.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, LiteralString

import psycopg

from exchange_hub.views import fold
from exchange_hub.views.lists import BY_NAME, KINDS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey
from exchange_hub.views.store.copying import array_literal, copy_rows, text
from exchange_hub.views.store.planning import Plan, Topics, arrays, load
from exchange_hub.views.store.prepared import FINDING_COLUMNS, Written, written

Cursor = psycopg.Cursor[Any]


def write(
    cur: Cursor, planned: Plan, topics: Topics, rules: FoldRules, holds: LiteralString = "", kinds: Collection[str] = KINDS.keys()
) -> None:
    """Write a plan; the transaction holds the commit lock, or nobody else writes to the schema on the search path.

    Args:
        cur: cursor inside the transaction.
        planned: what changes.
        topics: topic numbers of the district.
        rules: the district's configuration.
        holds: what the schema holds of the event log, as for ``planning.load``.
        kinds: kinds of entity that the schema holds; decisions on others are passed over.
    """
    own = [key for key in planned.alone if KINDS[key.kind].own]
    _clear(cur, ((key.kind, planned.alone[key].component) for key in own if key not in planned.fresh))
    _insert(cur, [planned.alone[key] for key in own])
    decided = _store_decisions(cur, planned, topics, kinds)
    if planned.identities or decided:
        _write_joined(cur, planned, decided, topics, rules, holds)


def _clear(cur: Cursor, names: Iterable[tuple[str, str]]) -> None:
    """Remove the rows of components, before they are written anew."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, name in names:
        by_kind[kind].append(name)
    for kind, components in by_kind.items():
        for view in KINDS[kind].lists:
            named = "row_key" if view.single else "component"
            cur.execute(f"DELETE FROM {view.table} WHERE {named} = ANY(%s)".encode(), (components,))
        cur.execute("DELETE FROM unfolded WHERE kind = %s AND component = ANY(%s)", (kind, components))
        cur.execute("DELETE FROM finding WHERE kind = %s AND component = ANY(%s)", (kind, components))


def _insert(cur: Cursor, components: Sequence[Written]) -> None:
    """Write the rows and findings of folded components, and the components that could not be folded."""
    lines: dict[str, list[str]] = defaultdict(list)
    beside: dict[str, list[str]] = defaultdict(list)
    for each in components:
        for list_name, row_line in each.rows:
            lines[list_name].append(row_line)
        for table, beside_line in each.beside:
            beside[table].append(beside_line)
    for list_name, of_list in lines.items():
        view = BY_NAME[list_name]
        names = ", ".join(f'"{column.name}"' for column in view.columns)
        copy_rows(cur, view.table, f"row_key, component, bureaus, {names}", of_list)
    copy_rows(cur, "unfolded", "kind, component, reason", beside["unfolded"])
    copy_rows(cur, "finding", FINDING_COLUMNS, beside["finding"])


def _store_decisions(cur: Cursor, planned: Plan, topics: Topics, kinds: Collection[str]) -> set[ClaimKey]:
    """Turn merge decisions into identity values of their members; return the claims whose grouping may change."""
    touched: set[ClaimKey] = set()
    for key in planned.decisions:
        value = f"合并 {key.entity}"
        rows = cur.execute(
            "DELETE FROM identity WHERE value = %s AND decided RETURNING kind, topic_no, entity", (value,)
        ).fetchall()
        touched.update(ClaimKey(kind, topics.bureau_of[topic_no], entity) for kind, topic_no, entity in rows)
        merge = planned.known[key].get("merge")
        if merge is None or merge.withdrawn or merge.facts["list"] not in kinds:
            continue
        for member in merge.facts["members"]:
            bureau = member["bureau"]
            if bureau in topics.number_of:
                cur.execute(
                    "INSERT INTO identity VALUES (%s, %s, %s, %s, true) ON CONFLICT DO NOTHING",
                    (merge.facts["list"], topics.number_of[bureau], member["entity_key"], value),
                )
                touched.add(ClaimKey(merge.facts["list"], bureau, member["entity_key"]))
    return touched


def _write_joined(
    cur: Cursor, planned: Plan, decided: set[ClaimKey], topics: Topics, rules: FoldRules, holds: LiteralString
) -> None:
    """Recompute the components of claims that can be joined with others, from their edges, and write their rows."""
    known = planned.known
    _store_identities(cur, planned, topics)
    edges, old = _closure(cur, {*planned.identities, *decided}, planned, topics)
    missing = [key for key in edges if key not in known]
    if missing:
        known.update(load(cur, missing, topics, holds).registers)
    _clear(cur, sorted(old))
    components: list[Written] = []
    for group in fold.components(edges):
        alone = planned.alone.get(group[0]) if len(group) == 1 else None
        if alone is None and (claims := [Claim(key, known[key]) for key in group if known[key]]):
            alone = written(fold.fold_component(claims, rules))
        if alone is not None:
            components.append(alone)
    _store_components(cur, edges.keys() - planned.fresh, components, topics)
    _insert(cur, components)


def _store_components(cur: Cursor, told: AbstractSet[ClaimKey], components: Sequence[Written], topics: Topics) -> None:
    """Keep which claims belong together; a claim that stands alone has no entry: its component bears its own name."""
    if told:
        cur.execute(
            """DELETE FROM claim c USING unnest(%s::text[], %s::smallint[], %s::text[]) AS k (kind, topic_no, entity)
               WHERE c.topic_no = k.topic_no AND c.entity = k.entity AND c.kind = k.kind""",
            arrays(list(told), topics),
        )
    lines = [
        f"{key.kind}\t{topics.number_of[key.bureau]}\t{text(key.entity)}\t{text(each.component)}"
        for each in components if len(each.members) > 1 for key in each.members
    ]  # fmt: skip
    copy_rows(cur, "claim", "kind, topic_no, entity, component", lines)


def _store_identities(cur: Cursor, planned: Plan, topics: Topics) -> None:
    """Replace what the claims state of their identity."""
    if told := [key for key in planned.identities if key not in planned.fresh]:
        cur.execute(
            """DELETE FROM identity i USING unnest(%s::text[], %s::smallint[], %s::text[]) AS k (kind, topic_no, entity)
               WHERE i.topic_no = k.topic_no AND i.entity = k.entity AND i.kind = k.kind AND NOT i.decided""",
            arrays(told, topics),
        )
    lines = [
        f"{key.kind}\t{topics.number_of[key.bureau]}\t{text(key.entity)}\t{text(value)}\tf"
        for key, stated in planned.identities.items()
        for value in stated
    ]
    copy_rows(cur, "identity", "kind, topic_no, entity, value, decided", lines)


def _closure(
    cur: Cursor, start: set[ClaimKey], planned: Plan, topics: Topics
) -> tuple[dict[ClaimKey, list[str]], set[tuple[str, str]]]:
    """Find every claim that is, or was, in one component with *start*.

    Returns:
        claim → identity values for all of them (also claims only named by a decision), and the (kind, name) of the
        components they were in, as far as these can have rows.
    """
    edges: dict[ClaimKey, list[str]] = {}
    old: set[tuple[str, str]] = set()
    frontier = start
    while frontier:
        asked = arrays(list(frontier), topics)
        for key in frontier:
            edges[key] = []
        values = cur.execute(
            """SELECT i.kind, i.topic_no, i.entity, i.value
               FROM unnest(%s::text[], %s::smallint[], %s::text[]) AS k (kind, topic_no, entity)
               JOIN identity i ON i.topic_no = k.topic_no AND i.entity = k.entity AND i.kind = k.kind""",
            asked,
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
        if before := [key for key in frontier if key not in planned.fresh]:
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
        arrays(keys, topics),
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
