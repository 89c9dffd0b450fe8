"""Who may do what in the store: its owner, the workers' role and the readers' role.

The owner makes and changes tables: migrations, rebuilds, closes, restores. Workers and the relay append to the log, move
positions and write lists, and own nothing: they can neither change what was logged nor put the triggers out of force that
refuse it. Readers (console, lists, reports) only read. The two roles are called after the database, `hub_worker` and `hub_reader` for
`hub`, so that two districts on one server have roles of their own; where the server has no such roles, nothing is given.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import psycopg
from psycopg import sql

Role = Literal["worker", "reader"]
ROLES: tuple[Role, ...] = ("worker", "reader")

#: What the workers' role may do in the log, beside reading it.
_LOG: Mapping[str, frozenset[str]] = {
    "topic": frozenset({"INSERT"}),
    "position": frozenset({"INSERT", "UPDATE"}),
    "event_log": frozenset({"INSERT"}),
    "rejection": frozenset({"INSERT"}),
    "held": frozenset({"INSERT", "DELETE"}),
    "receipt_range": frozenset({"INSERT", "UPDATE"}),
    "worker": frozenset({"INSERT", "UPDATE", "DELETE"}),
    "fencing": frozenset({"INSERT"}),
}
#: Lists, and the schema that a rebuild fills to become them: derived, so they may be written in any way but emptied as a whole.
_VIEWS = ("live", "shadow")
_LISTS = frozenset({"INSERT", "UPDATE", "DELETE"})
_SCHEMAS = "(n.nspname IN ('log', 'live', 'shadow', 'closed') OR n.nspname ~ '^closed_[0-9]{4}_[0-9]{2}$')"
_RELATIONS = f"""
    SELECT n.nspname, c.relname, c.relkind::text, r.rolname,
           coalesce((SELECT array_agg(a.privilege_type) FROM aclexplode(c.relacl) a WHERE a.grantee = r.oid), '{{}}')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN pg_roles r
    WHERE (({_SCHEMAS} AND c.relkind IN ('r', 'v', 'p')) OR (n.nspname = 'public' AND c.relname = 'schema_version')
           OR (n.nspname = 'log' AND c.relname = 'batch_no')) AND r.rolname = ANY(%s)
    ORDER BY 1, 2, 4"""
_NAMESPACES = f"""
    SELECT n.nspname, r.rolname FROM pg_namespace n CROSS JOIN pg_roles r
    WHERE {_SCHEMAS} AND r.rolname = ANY(%s) AND NOT has_schema_privilege(r.oid, n.oid, 'USAGE')"""
# What belongs to the owner of the log is the hub's; whoever is not its owner has nothing to give.
_MAY_GIVE = "SELECT coalesce((SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'log'), false)"


def name_of(database: str, role: Role) -> str:
    """Return what the role is called in PostgreSQL."""
    return f"{database}_{role}"


def give_rights(conn: psycopg.Connection[Any]) -> int:
    """Bring the rights of both roles to what they are to be, in the connection's transaction; return how many statements that took.

    Only what differs is touched. Nothing happens where the server has no such roles, or the connection is not the owner's.
    """
    names = {name_of(conn.info.dbname, role): role for role in ROLES}
    present = [name for (name,) in conn.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", (list(names),)).fetchall()]
    if not present or conn.execute(_MAY_GIVE).fetchone() != (True,):
        return 0
    statements = [
        sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), sql.Identifier(name))
        for schema, name in conn.execute(_NAMESPACES.encode(), (present,)).fetchall()
    ]
    for schema, relation, kind, name, has in conn.execute(_RELATIONS.encode(), (present,)).fetchall():
        statements += _changes(sql.Identifier(schema, relation), name, set(has), _wanted(names[name], schema, relation, kind))
    for statement in statements:
        conn.execute(statement)
    return len(statements)


def _wanted(role: Role, schema: str, relation: str, kind: str) -> frozenset[str]:
    if kind == "S":
        return frozenset({"USAGE"}) if role == "worker" else frozenset()
    reads = frozenset({"SELECT"})
    if role == "reader":
        return reads
    return reads | (_LISTS if schema in _VIEWS else _LOG.get(relation, frozenset()) if schema == "log" else frozenset())


def _changes(relation: sql.Identifier, name: str, has: set[str], wanted: Iterable[str]) -> Iterator[sql.Composed]:
    kind = sql.SQL("SEQUENCE" if relation.as_string() == '"log"."batch_no"' else "TABLE")
    for word, privileges, joined in (("GRANT", set(wanted) - has, "TO"), ("REVOKE", has - set(wanted), "FROM")):
        if privileges:
            listed = sql.SQL(", ").join(sql.SQL(privilege) for privilege in sorted(privileges))
            yield sql.SQL("{} {} ON {} {} {} {}").format(sql.SQL(word), listed, kind, relation, sql.SQL(joined), sql.Identifier(name))


def script(database: str) -> str:
    """Return what the administrator of a PostgreSQL server runs once, so that workers and readers have roles of their own."""
    base = _quoted(database)
    lines = ["-- In psql, as the owner of the database with the right to make roles (or as a superuser):", f"\\connect {base}"]
    for role in ROLES:
        name = _quoted(name_of(database, role))
        lines.append(f"CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS;")
    lines += [
        "-- Their passwords are asked for and travel as hashes:",
        *(f"\\password {_quoted(name_of(database, role))}" for role in ROLES),
        *confine(database),
        "-- Then, as the owner (HUB_DATABASE__URL): hub migrate. Each start of the hub as the owner gives what is missing, tables that are new included.",
        "-- Settings: HUB_DATABASE__WORKER_URL and HUB_DATABASE__READER_URL name the same database with these roles.",
    ]
    return "\n".join(lines) + "\n"


def confine(database: str) -> list[str]:
    """Return the statements by which the database is its own roles' alone."""
    base, named = _quoted(database), ", ".join(_quoted(name_of(database, role)) for role in ROLES)
    return [
        f"REVOKE ALL ON DATABASE {base} FROM PUBLIC;",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
        f"GRANT CONNECT, TEMPORARY ON DATABASE {base} TO {named};",
    ]


def ensure(conn: psycopg.Connection[Any], database: str, passwords: Mapping[Role, str]) -> None:
    """Make both roles where they are missing, with these passwords, of which the server is sent the hashes alone."""
    for role in ROLES:
        name = name_of(database, role)
        hashed = conn.pgconn.encrypt_password(passwords[role].encode(), name.encode(), b"scram-sha-256").decode()
        word = "ALTER" if conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() else "CREATE"
        conn.execute(
            sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS PASSWORD {}").format(
                sql.SQL(word), sql.Identifier(name), sql.Literal(hashed)
            )
        )
    for statement in confine(database):
        conn.execute(statement.encode())


def _quoted(name: str) -> str:
    return sql.Identifier(name).as_string()
