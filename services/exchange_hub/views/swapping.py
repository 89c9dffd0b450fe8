"""Put filled lists in the place of the live ones, inside a transaction that holds the commit lock and that nobody reads beside."""

from collections.abc import Collection
from typing import Any

import psycopg

from exchange_hub.views import backfill
from exchange_hub.views.lists import KINDS, LISTS
from exchange_hub.views.store.schema import SHARED
from exchange_hub.views.store.stamp import Stamp, write_stamp

SHADOW, RETIRED = "shadow", "retired"

#: Settings of the transaction: what is compared are whole tables, which the settings for batches would read by index.
_FOR_WHOLE_TABLES = ("enable_seqscan = on", "enable_hashjoin = on")


def swap_whole(cur: psycopg.Cursor[Any], *, had_views: bool) -> None:
    """Put the filled schema in the place of the live one."""
    backfill.end(cur, SHADOW)
    if had_views:
        cur.execute(f"ALTER SCHEMA live RENAME TO {RETIRED}".encode())
    cur.execute(f"ALTER SCHEMA {SHADOW} RENAME TO live".encode())


def swap_lists(cur: psycopg.Cursor[Any], stamp: Stamp, kinds: Collection[str]) -> None:
    """Put the filled lists of some kinds in the place of the live ones; the tables of all others are not touched.

    Of the tables that hold rows of all kinds only what differs is written: what is said of identity seldom changes with
    a fold, and the commit lock is held.
    """
    backfill.end(cur, SHADOW)
    cur.execute(f"CREATE SCHEMA {RETIRED}".encode())
    for view in [view for kind in sorted(kinds) for view in KINDS[kind].lists]:
        cur.execute(f"ALTER TABLE IF EXISTS live.{view.table} SET SCHEMA {RETIRED}".encode())
        cur.execute(f"ALTER TABLE {SHADOW}.{view.table} SET SCHEMA live".encode())
    for setting in _FOR_WHOLE_TABLES:
        cur.execute(f"SET LOCAL {setting}".encode())
    for table, columns in SHARED.items():
        _make_equal(cur, table, columns, kinds)
    write_stamp(cur, stamp, "live", kinds)
    _clear_left(cur)


def _make_equal(cur: psycopg.Cursor[Any], table: str, columns: str, kinds: Collection[str]) -> None:
    """Make the rows of *kinds* in a live table those that were filled."""
    one, other = (", ".join(f"{name}.{column}" for column in columns.split(", ")) for name in ("a", "b"))
    missing = f"a.kind = ANY(%s) AND NOT EXISTS (SELECT FROM {{}}.{table} b WHERE ({one}) = ({other}))"
    cur.execute(f"ANALYZE {SHADOW}.{table}".encode())
    cur.execute(f"DELETE FROM live.{table} a WHERE {missing.format(SHADOW)}".encode(), (list(kinds),))
    cur.execute(
        f"INSERT INTO live.{table} ({columns}) SELECT {columns} FROM {SHADOW}.{table} a WHERE {missing.format('live')}".encode(), (list(kinds),)
    )


def _clear_left(cur: psycopg.Cursor[Any]) -> None:
    """Remove what an earlier version's kinds and lists left, which this one no longer has."""
    for table in (*SHARED, "view_stamp"):
        cur.execute(f"DELETE FROM live.{table} WHERE kind <> ALL(%s)".encode(), (["", *KINDS],))
    known = [*SHARED, "view_stamp", *(view.table for view in LISTS)]
    rows = cur.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = 'live' AND tablename <> ALL(%s)", (known,)).fetchall()
    for (table,) in rows:
        cur.execute(f'ALTER TABLE live."{table}" SET SCHEMA {RETIRED}'.encode())
