"""A digest per view: equal digests mean equal rows, whatever order they were written in."""

from typing import Any

import psycopg
from sqlalchemy import MetaData
from sqlalchemy.dialects import postgresql

from exchange_hub.views.catalogue import LISTS
from exchange_hub.views.tables import digest_query, list_table

Digests = dict[str, tuple[str, int]]

#: What a list shows depends on these as well; they are compared beside the lists.
_BESIDE: dict[str, str] = {
    "unfolded": "SELECT md5(u::text) FROM {schema}.unfolded u",
    "findings": "SELECT md5(f::text) FROM {schema}.finding f",
    "held": "SELECT md5(h::text) FROM (SELECT t.bureau, h.off, h.event_id FROM log.held h JOIN log.topic t USING (topic_no)) h",
}


def digests(cur: psycopg.Cursor[Any], schema: str) -> Digests:
    """Return (digest, rows) of every list view of *schema*, and of findings, unfolded and held events."""
    cur.execute("SET LOCAL datestyle = 'ISO'")
    metadata = MetaData()
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    found: Digests = {}
    for view in LISTS:
        query = str(digest_query(list_table(view, schema, metadata)).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        found[view.name] = _pair(cur.execute(query.encode()).fetchone())
    for name, rows in _BESIDE.items():
        query = (
            "SELECT bit_xor(('x' || substr(h, 1, 16))::bit(64))::text || bit_xor(('x' || substr(h, 17, 16))::bit(64))::text, "
            f"count(*) FROM ({rows.format(schema=schema)}) AS hashed (h)"
        )
        found[name] = _pair(cur.execute(query.encode()).fetchone())
    return found


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
