"""Lists as of a date: what was said up to it, however much arrived since (FIGURES, rules 1 and 2).

Entities of which something is said of a later day are few at a close. They are folded anew from the statements up to the
date and stand in place of their live rows; all other rows are the live ones. Who belongs together, and what repairs a
mistake, holds for every date. One door serves closes, restatements and lists that are filled up to a cut.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any, LiteralString, NamedTuple

import psycopg

from exchange_hub.views import fold
from exchange_hub.views.lists import BY_NAME, KINDS, LISTS, kinds_of
from exchange_hub.views.statement import Claim, ClaimKey
from exchange_hub.views.store.commit import Context
from exchange_hub.views.store.copying import copy_rows
from exchange_hub.views.store.planning import BELOW_CUT, OF_EVENT, gathered
from exchange_hub.views.store.prepared import Written, written

Cursor = psycopg.Cursor[Any]

#: Tables of a views schema besides the lists that readers ask.
_BESIDE = ("view_stamp", "finding", "unfolded", "claim")


class CloseAt(NamedTuple):
    """Up to where a closed month counts: its last batch, and its day."""

    batch_no: int
    day: date


class DatedFoldError(ValueError):
    """Statements up to a date do not fold, though all statements do."""


@contextmanager
def dated(cur: Cursor, context: Context | None, schema: str, day: date) -> Iterator[str]:
    """Make a schema in which the lists read as of *day*, and remove it in the end; it is the transaction's own.

    Args:
        cur: cursor inside a transaction that may make temporary tables.
        context: topics and rules; ``None`` for a store without an event log.
        schema: the views schema it is made from.
        day: statements of later business dates do not count.

    Yields:
        The schema to read: *schema* itself where nothing is said of a later day.
    """
    if context is None or not _mark(cur, schema, day):
        yield schema
        return
    with _made(cur, context, schema, day, schema) as own:
        yield own


@contextmanager
def since(cur: Cursor, context: Context, schema: str, frozen: str, close: CloseAt, closes: Collection[CloseAt]) -> Iterator[str]:
    """Make a schema in which the lists of a closed month read as they would be now, and remove it in the end.

    Frozen rows are those that would be frozen now, but of components that were joined or parted since the close, or of which something
    was said since of a day up to the month's last: these are folded anew. So a comparison costs what was touched, however long the lists are.

    Args:
        cur: cursor inside a transaction that may make temporary tables.
        context: topics and rules, the same by which the frozen rows were folded.
        schema: the views schema as it is now.
        frozen: the schema of the closed month, which keeps its ``claim``.
        close: the close of the month.
        closes: all closes that the transaction compares with; what is late for one of them is looked up once.

    Yields:
        The schema to read; beside it stand ``pg_temp.outdated`` (kind and component of what was touched, under all its names),
        ``pg_temp.member`` (its claims) and ``pg_temp.dated_…`` (its rows now).
    """
    _mark_since(cur, schema, frozen, close, closes)
    with _made(cur, context, schema, close.day, frozen) as own:
        yield own


@contextmanager
def _made(cur: Cursor, context: Context, schema: str, day: date, base: str) -> Iterator[str]:
    """Make the schema from the marked components and, for all others, the rows of *base*."""
    rows = _rows(cur, context, schema, day)
    for view in LISTS:
        cur.execute(f"CREATE TEMP TABLE dated_{view.table} (LIKE {schema}.{view.table}) ON COMMIT DROP".encode())
        _copy(cur, f"dated_{view.table}", view.name, rows)
        names = _columns(view.name)
        cur.execute(
            f"""CREATE TEMP VIEW {view.table} AS
                SELECT {names} FROM {base}.{view.table} l WHERE NOT EXISTS
                    (SELECT 1 FROM pg_temp.outdated o WHERE o.kind IN ({_kinds(view.name)}) AND o.component = l.component)
                UNION ALL SELECT {names} FROM pg_temp.dated_{view.table}""".encode()
        )
    for table in _BESIDE:
        cur.execute(f"CREATE TEMP VIEW {table} AS SELECT * FROM {schema}.{table} WHERE to_regclass('pg_temp.outdated') IS NOT NULL".encode())
    [(own,)] = cur.execute("SELECT nspname::text FROM pg_namespace WHERE oid = pg_my_temp_schema()").fetchall()
    try:
        yield own
    finally:
        if cur.connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
            names = ", ".join(f"pg_temp.{name}" for name in (*(view.table for view in LISTS), *_BESIDE))
            cur.execute(f"DROP VIEW {names}".encode())
            _unmark(cur)
            cur.execute(f"DROP TABLE {', '.join(f'pg_temp.dated_{view.table}' for view in LISTS)}".encode())


def bring_back(cur: Cursor, context: Context, schema: str, day: date) -> None:
    """Let the lists of a schema that is filled up to a cut, and is nobody else's, read as of *day* from now on."""
    if not _mark(cur, schema, day, BELOW_CUT):
        return
    rows = _rows(cur, context, schema, day, BELOW_CUT)
    for view in LISTS:
        cur.execute(
            f"DELETE FROM {schema}.{view.table} l USING pg_temp.outdated o WHERE o.kind IN ({_kinds(view.name)}) AND o.component = l.component".encode()
        )
        _copy(cur, f"{schema}.{view.table}", view.name, rows)
    _unmark(cur)


def _mark(cur: Cursor, schema: str, day: date, holds: LiteralString = "") -> bool:
    """Note the components of which something is said of a later day, and the claims in them; tell whether there are any."""
    cur.execute(
        f"""CREATE TEMP TABLE later ON COMMIT DROP AS
            SELECT DISTINCT e.kind, e.topic_no, e.entity, coalesce(c.component, t.bureau || ':' || e.entity) AS component
            FROM log.event_log e JOIN log.topic t USING (topic_no) LEFT JOIN {schema}.claim c USING (kind, topic_no, entity) {holds}
            WHERE coalesce(e.dated_on, e.occurred_on) > %s""".encode(),
        (day,),
    )
    cur.execute(
        f"""CREATE TEMP TABLE member ON COMMIT DROP AS
            SELECT kind, topic_no, entity, component FROM pg_temp.later UNION
            SELECT c.kind, c.topic_no, c.entity, c.component FROM {schema}.claim c JOIN pg_temp.later USING (kind, component)""".encode()
    )
    cur.execute(b"CREATE TEMP TABLE outdated ON COMMIT DROP AS SELECT DISTINCT kind, component FROM pg_temp.later")
    cur.execute(b"ANALYZE pg_temp.outdated")
    cur.execute(b"ANALYZE pg_temp.member")
    found = cur.execute("SELECT EXISTS (SELECT 1 FROM pg_temp.outdated)").fetchone()
    if found is not None and found[0]:
        return True
    _unmark(cur)
    return False


def _unmark(cur: Cursor) -> None:
    cur.execute(b"DROP TABLE IF EXISTS pg_temp.later, pg_temp.moved, pg_temp.member, pg_temp.outdated")


_OWN_NAME = "t.bureau || ':' || {}.entity"


def _mark_since(cur: Cursor, schema: str, frozen: str, close: CloseAt, closes: Collection[CloseAt]) -> None:
    """Note the components that read otherwise now than at a close, as far as that can be told without folding them.

    A component's rows are named by it or, where not all its claims had spoken yet, by one of its claims: rows under either name give way.
    """
    _late(cur, closes)
    own_c, own_l = _OWN_NAME.format("c"), _OWN_NAME.format("l")
    cur.execute(
        f"""CREATE TEMP TABLE moved ON COMMIT DROP AS
            SELECT kind, coalesce(was, own.name) AS was, coalesce(now, own.name) AS now
            FROM (SELECT kind, topic_no, entity, component AS was FROM {frozen}.claim) AS o
            FULL JOIN (SELECT kind, topic_no, entity, component AS now FROM {schema}.claim) AS n USING (kind, topic_no, entity)
            JOIN log.topic t USING (topic_no) CROSS JOIN LATERAL (SELECT t.bureau || ':' || entity AS name) AS own
            WHERE was IS DISTINCT FROM now""".encode()
    )
    cur.execute(
        f"""CREATE TEMP TABLE later ON COMMIT DROP AS
            SELECT kind, was AS component FROM pg_temp.moved UNION SELECT kind, now FROM pg_temp.moved UNION
            SELECT l.kind, unnest(ARRAY[coalesce(o.component, {own_l}), coalesce(n.component, {own_l})])
            FROM pg_temp.late l JOIN log.topic t USING (topic_no)
            LEFT JOIN {frozen}.claim o USING (kind, topic_no, entity) LEFT JOIN {schema}.claim n USING (kind, topic_no, entity)
            WHERE l.batch_no > %s AND l.day <= %s""".encode(),
        close,
    )
    cur.execute(
        f"""CREATE TEMP TABLE member ON COMMIT DROP AS
            SELECT c.kind, c.topic_no, c.entity, c.component FROM {schema}.claim c JOIN pg_temp.later USING (kind, component) UNION
            SELECT l.kind, t.topic_no, substr(l.component, length(t.bureau) + 2), l.component
            FROM pg_temp.later l JOIN log.topic t ON t.bureau = split_part(l.component, ':', 1)
            WHERE NOT EXISTS (SELECT 1 FROM {schema}.claim c WHERE (c.kind, c.topic_no, c.entity) = (l.kind, t.topic_no, substr(l.component, length(t.bureau) + 2)))""".encode()
    )
    cur.execute(
        f"""CREATE TEMP TABLE outdated ON COMMIT DROP AS
            SELECT kind, component FROM pg_temp.later UNION
            SELECT l.kind, {own_l} FROM pg_temp.member l JOIN log.topic t USING (topic_no) UNION
            SELECT c.kind, {own_c} FROM {frozen}.claim c JOIN pg_temp.later USING (kind, component) JOIN log.topic t USING (topic_no)""".encode()
    )
    for table in ("outdated", "member"):
        cur.execute(f"ANALYZE pg_temp.{table}".encode())


def _late(cur: Cursor, closes: Collection[CloseAt]) -> None:
    """Note once a transaction, with one look over the log, what came after the close of a month and is of a day up to its last."""
    [(there,)] = cur.execute("SELECT to_regclass('pg_temp.late') IS NOT NULL").fetchall()
    if there:
        return
    ordered = sorted(closes)
    latest = [max(close.day for close in ordered[: number + 1]) for number in range(len(ordered))]
    cur.execute(
        b"""CREATE TEMP TABLE late ON COMMIT DROP AS
            SELECT DISTINCT kind, topic_no, entity, batch_no, coalesce(dated_on, occurred_on) AS day FROM log.event_log
            WHERE batch_no > %s AND kind <> 'coordination'
              AND coalesce(dated_on, occurred_on) <= (%s::date[])[width_bucket(batch_no, %s::bigint[])]""",
        (ordered[0].batch_no, latest, [close.batch_no + 1 for close in ordered]),
    )
    cur.execute(b"ANALYZE pg_temp.late")


def _rows(cur: Cursor, context: Context, schema: str, day: date, holds: LiteralString = "") -> Mapping[str, list[str]]:
    """Fold the marked components from what is said of them up to the day; return the lines of each list.

    Raises:
        DatedFoldError: one of them folds from all that is said, but not from this.
    """
    events = cur.execute(
        f"""SELECT {OF_EVENT}, m.component FROM pg_temp.member m JOIN log.event_log e USING (topic_no, kind, entity) {holds}
            WHERE coalesce(e.dated_on, e.occurred_on) <= %s""".encode(),
        (day,),
        binary=True,
    ).fetchall()
    bureau_of = context.topics.bureau_of
    component_of = {ClaimKey(row[3], bureau_of[row[0]], row[4]): row[-1] for row in events}
    groups: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for key, registers in gathered((row[:-1] for row in events), context.topics).items():
        if KINDS[key.kind].lists:
            groups[key.kind, component_of[key]].append(Claim(key, registers))
    lines: dict[str, list[str]] = defaultdict(list)
    for (kind, component), claims in sorted(groups.items()):
        found = written(fold.fold_component(sorted(claims), context.rules))
        _refuse_unfolded(cur, schema, kind, component, found, day)
        for list_name, line in found.rows:
            lines[list_name].append(line)
    return lines


def _refuse_unfolded(cur: Cursor, schema: str, kind: str, component: str, found: Written, day: date) -> None:
    """See that what does not fold as of the day is known not to fold: then people have been told, and decide."""
    failures = [line for table, line in found.beside if table == "unfolded"]
    if failures:
        known = f"SELECT 1 FROM {schema}.unfolded WHERE kind = %s AND component = %s"
        if cur.execute(known.encode(), (kind, component)).fetchone() is None:
            raise DatedFoldError(f"what is said of {kind} {component} up to {day:%Y-%m-%d} does not fold: {failures[0].split(chr(9))[-1]}")


def _kinds(list_name: str) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds_of(list_name))


def _columns(list_name: str) -> str:
    return ", ".join(("row_key", "component", "bureaus", *(f'"{column.name}"' for column in BY_NAME[list_name].columns)))


def _copy(cur: Cursor, table: str, list_name: str, rows: Mapping[str, list[str]]) -> None:
    copy_rows(cur, table, _columns(list_name), rows.get(list_name, []))
