"""A digest per view: equal digests mean equal rows, whatever order they were written in."""

from collections.abc import Collection
from typing import Any

import psycopg
from sqlalchemy import MetaData
from sqlalchemy.dialects import postgresql

from exchange_hub.views.lists import KINDS, LISTS
from exchange_hub.views.tables import digest_query, list_table

Digests = dict[str, tuple[str, int]]

#: What a list shows depends on these as well; they are compared beside the lists: name → table of the schema, rows.
_BESIDE: dict[str, tuple[str, str]] = {
    "unfolded": ("unfolded", "SELECT md5(u::text) FROM {schema}.unfolded u WHERE kind = ANY({kinds})"),
    "findings": ("finding", "SELECT md5(f::text) FROM {schema}.finding f WHERE kind = ANY({kinds})"),
    "held": ("", "SELECT md5(h::text) FROM (SELECT t.bureau, h.off, h.event_id FROM log.held h JOIN log.topic t USING (topic_no)) h"),
}

#: Everything that has a digest.
NAMES = frozenset({*(view.name for view in LISTS), *_BESIDE})


def digests(cur: psycopg.Cursor[Any], schema: str, kinds: Collection[str] = KINDS.keys()) -> Digests:
    """Return (digest, rows) of every list view of *schema* that is of *kinds*, of their findings, their unfolded and all held events.

    What has no table there, or a list with other columns than this version's, is left out: another version filled it.
    """
    cur.execute("SET LOCAL datestyle = 'ISO'")
    there = _columns(cur, schema)
    metadata = MetaData()
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    found: Digests = {}
    for view in [view for kind in KINDS.values() if kind.name in kinds for view in kind.lists]:
        table = list_table(view, schema, metadata)
        if there.get(view.table) != [column.name for column in table.columns]:
            continue
        query = str(digest_query(table).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        found[view.name] = _pair(cur.execute(query.encode()).fetchone())
    of_kinds = f"'{{{','.join(sorted(kinds))}}}'"
    for name, (wanted, rows) in _BESIDE.items():
        if wanted and wanted not in there:
            continue
        query = (
            "SELECT bit_xor(('x' || substr(h, 1, 16))::bit(64))::text || bit_xor(('x' || substr(h, 17, 16))::bit(64))::text, "
            f"count(*) FROM ({rows.format(schema=schema, kinds=of_kinds)}) AS hashed (h)"
        )
        found[name] = _pair(cur.execute(query.encode()).fetchone())
    return found


def _columns(cur: psycopg.Cursor[Any], schema: str) -> dict[str, list[str]]:
    """Return the columns of each table of a schema, in their order."""
    rows = cur.execute(
        """SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum)
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           WHERE c.relnamespace = to_regnamespace(%s) AND c.relkind = 'r' GROUP BY c.relname""",
        (schema,),
    ).fetchall()
    return dict(rows)


def _pair(row: tuple[Any, ...] | None) -> tuple[str, int]:
    bits, count = row or (None, 0)
    return hexadecimal(bits), count


def hexadecimal(bits: str | None) -> str:
    """Write the binary digits of a digest as people compare them; nothing for no rows."""
    return f"{int(bits, 2):032x}" if bits else ""


def differing_rows(cur: psycopg.Cursor[Any], list_name: str, one: str, other: str, limit: int = 20) -> list[tuple[str, str]]:
    """Return (row key, which schema has it so) of rows that differ between two schemas, at most *limit*."""
    table = next(view.table for view in LISTS if view.name == list_name)
    rows = cur.execute(
        f"""SELECT coalesce(a.row_key, b.row_key),
                   CASE WHEN a.row_key IS NULL THEN 'only in {other}' WHEN b.row_key IS NULL THEN 'only in {one}' ELSE 'differs' END
            FROM {one}.{table} a FULL JOIN {other}.{table} b USING (row_key)
            WHERE (a.*)::text IS DISTINCT FROM (b.*)::text ORDER BY 1 LIMIT %s""".encode(),
        (limit,),
    ).fetchall()
    return [(key, what) for key, what in rows]
