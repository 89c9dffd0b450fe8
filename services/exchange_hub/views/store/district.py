"""A store is one district's and remembers whose: a hub of another district is refused before it reads or writes.

Positions, lists and closed months name no district. Two in one database would rebuild their lists over one another's,
close months over one another's events, and read one another's figures by their own rules.
"""

import psycopg

from exchange_hub.views.store.positions import LOCK_SPACE


class AnotherDistrictError(Exception):
    """The store is another district's; *what* and *remedy* say so to an operator."""

    def __init__(self, holds: str, mine: str) -> None:
        self.what = f"The database holds {holds}, and this hub is of district {mine}; nothing was changed."
        self.remedy = (
            "Each district has a database of its own, on the same PostgreSQL server if you like: name it in HUB_DATABASE__URL "
            "(without one, another folder in HUB_DATA_DIR), or name the store's own district in HUB_DISTRICT."
        )
        super().__init__(f"{self.what}\n  to do: {self.remedy}")


def kept_districts(conn: psycopg.Connection) -> list[str]:
    """Return the district whose the store is; none for an empty store, several only for an older one that two were pointed at.

    A store from before the district was kept tells it by its topics.
    """
    if _has(conn, "log.district") and (kept := conn.execute("SELECT id FROM log.district").fetchall()):
        return [district for (district,) in kept]
    if not _has(conn, "log.topic"):
        return []
    rows = conn.execute("SELECT DISTINCT split_part(name, '.', 2) FROM log.topic WHERE name LIKE 'hub.%.%.events' ORDER BY 1").fetchall()
    return [district for (district,) in rows]


def _has(conn: psycopg.Connection, table: str) -> bool:
    return conn.execute("SELECT to_regclass(%s) IS NOT NULL", (table,)).fetchone() == (True,)


def refuse_another(conn: psycopg.Connection, district: str) -> None:
    """See that the store is the district's, or nobody's yet.

    Raises:
        AnotherDistrictError: it is another's.
    """
    kept = kept_districts(conn)
    if kept not in ([], [district]):
        raise AnotherDistrictError(f"district{'s' if len(kept) > 1 else ''} {', '.join(kept)}", district)


def remember(conn: psycopg.Connection, district: str) -> None:
    """Keep whose the store is, where that is not kept yet; of two that come at once one is refused.

    Raises:
        AnotherDistrictError: it is another's.
    """
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(%s, 0)", (LOCK_SPACE,))
        refuse_another(conn, district)
        if conn.execute("SELECT FROM log.district").fetchone() is None:
            conn.execute("INSERT INTO log.district (id) VALUES (%s)", (district,))
