"""A views schema: derived tables, which a rebuild replaces list by list or as a whole.

The log (append-only truth) is made and migrated by ``runtime.migrations``. A views schema is never migrated: a change of a list's shape changes
its stamp, a change of what all lists share changes every stamp, and a changed stamp asks for a rebuild (invariant 9).
"""

from collections.abc import Iterable, Mapping

import psycopg
from sqlalchemy import MetaData
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from exchange_hub.runtime.roles import give_rights
from exchange_hub.views.lists import KINDS, LISTS
from exchange_hub.views.tables import list_table

#: Tables beside the lists that hold rows of all kinds, each with its kind: table → columns.
SHARED: Mapping[str, str] = {
    "claim": "kind, topic_no, entity, component",
    "identity": "kind, topic_no, entity, value, decided",
    "unfolded": "kind, component, reason",
    "finding": "kind, finding_id, rule, subject, component, bureaus, words, detail",
}

_VIEWS_DDL: tuple[str, ...] = (
    """CREATE TABLE {schema}.claim (
        kind text NOT NULL, topic_no smallint NOT NULL, entity text NOT NULL, component text NOT NULL,
        PRIMARY KEY (topic_no, entity, kind))""",
    "CREATE INDEX claim_component ON {schema}.claim (kind, component)",
    """CREATE TABLE {schema}.identity (
        kind text NOT NULL, topic_no smallint NOT NULL, entity text NOT NULL, value text NOT NULL,
        decided boolean NOT NULL,
        PRIMARY KEY (topic_no, entity, kind, value))""",
    "CREATE INDEX identity_value ON {schema}.identity (value, kind)",
    """CREATE TABLE {schema}.unfolded (
        kind text NOT NULL, component text NOT NULL, reason text NOT NULL, PRIMARY KEY (kind, component))""",
    """CREATE TABLE {schema}.finding (
        finding_id text PRIMARY KEY, rule text NOT NULL, kind text NOT NULL, subject text NOT NULL,
        component text NOT NULL, bureaus text[] NOT NULL, words text NOT NULL, detail jsonb NOT NULL)""",
    "CREATE INDEX finding_component ON {schema}.finding (kind, component)",
    """CREATE TABLE {schema}.view_stamp (
        kind text PRIMARY KEY, code text NOT NULL, contracts text NOT NULL, configuration text NOT NULL, answers jsonb NOT NULL,
        made_at timestamptz NOT NULL)""",
)


def views_ddl(schema: str) -> Iterable[str]:
    """Yield the statements that make an empty views schema called *schema*."""
    yield f"CREATE SCHEMA {schema}"
    for statement in _VIEWS_DDL:
        yield statement.format(schema=schema)
    metadata = MetaData()
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    for view in LISTS:
        yield str(CreateTable(list_table(view, schema, metadata)).compile(dialect=dialect))
        # Who speaks of a list, the first and the second of a row's bureaus: found from one to the next, however many rows there are.
        yield f"CREATE INDEX ON {schema}.{view.table} ((bureaus[1]))"
        yield f"CREATE INDEX ON {schema}.{view.table} ((bureaus[2])) WHERE bureaus[2] IS NOT NULL"
        if not view.single:
            yield f"CREATE INDEX ON {schema}.{view.table} (component)"
    # Comparisons of one list may lean on the same index.
    for index in dict.fromkeys(index for kind in KINDS.values() for comparison in kind.comparisons for index in comparison.indexes):
        yield f"CREATE INDEX ON {schema}.{index}"


def create_views(conn: psycopg.Connection, schema: str) -> None:
    """Make an empty views schema in the connection's transaction, with the rights of workers and readers on it."""
    for statement in views_ddl(schema):
        conn.execute(statement.encode())
    give_rights(conn)
