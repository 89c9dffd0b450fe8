"""Workers append and read, readers read, and neither can change what was logged or the tables themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import click
import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

from exchange_hub.cli import main
from exchange_hub.cli.errors import plain_errors
from exchange_hub.runtime import roles
from exchange_hub.runtime.migrating import known_versions, migrate
from exchange_hub.runtime.roles import give_rights, name_of
from exchange_hub.views.rebuild import rebuild
from exchange_hub.views.store.commit import commit
from exchange_hub.views.store.heartbeat import tell
from exchange_hub.views.store.setup import connect
from exchange_hub.views.worker.pipeline import read_poll
from tests.flow.test_core_rebuild import silent
from tests.strategies.history import TOPICS, History, Reader, bulk
from tests.strategies.store import claimed, committing, database

PASSWORDS: dict[roles.Role, str] = {"worker": "of the workers", "reader": "of the readers"}


@dataclass(frozen=True)
class Store:
    """A store with roles, one address each."""

    owner: str
    worker: str
    reader: str
    name: str


@pytest.fixture(scope="module")
def store(postgres_server: str) -> Iterator[Store]:
    """A store that was there before the roles, which the printed statements then make; a close's frozen lists among it."""
    with database(postgres_server) as url, connect(url) as owner:
        name = owner.info.dbname
        owner.execute("CREATE SCHEMA closed_2026_10")
        owner.execute("CREATE TABLE closed_2026_10.fund AS SELECT * FROM live.fund")
        printed = CliRunner().invoke(main, ["database", "roles", "--print"], env={"HUB_DATABASE__URL": url}).output
        for line in printed.splitlines():
            if not line.startswith(("--", "\\")):
                owner.execute(line.encode())
        with owner.transaction():
            roles.ensure(owner, name, PASSWORDS)
            assert give_rights(owner) > 0
        yield Store(url, *(address(url, name_of(name, role), PASSWORDS[role]) for role in roles.ROLES), name)
        for role in roles.ROLES:
            named = sql.Identifier(name_of(name, role))
            owner.execute(sql.SQL("DROP OWNED BY {}").format(named))
            owner.execute(sql.SQL("DROP ROLE {}").format(named))


def address(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{user}:{quote(password)}@{host}").geturl()


def filled(store: Store) -> psycopg.Connection:
    """The workers' connection after it has committed a history of its own."""
    conn, context = committing(store.worker)
    reader, history = Reader("hub worker one"), History.of(bulk(7, 120))
    reader.took(claimed(conn, "hub worker one"))
    while (poll := reader.poll(history, dict.fromkeys(TOPICS, 9))) is not None:
        commit(conn, read_poll(poll, context), context)
    return conn


def test_a_worker_s_role_is_enough_for_a_worker(store: Store) -> None:
    """Claims, commits, held events, receipts and the heartbeat need no more than the workers' role has."""
    with filled(store) as conn:
        tell(conn, "hub worker one", list(TOPICS), [])
        row = conn.execute("SELECT (SELECT count(*) FROM log.event_log), (SELECT count(*) FROM live.fund)").fetchone()
    assert row is not None
    assert min(row) > 0


CHANGES = (
    "UPDATE {0} SET batch_no = 2", "DELETE FROM {0}", "TRUNCATE {0}", "ALTER TABLE {0} DISABLE TRIGGER ALL", "ALTER TABLE {0} DISABLE TRIGGER log_stays",
    "DROP TRIGGER log_stays ON {0}", "ALTER TABLE {0} ADD COLUMN more text", "DROP TABLE {0}", "ALTER TABLE {0} OWNER TO CURRENT_USER", "ALTER TABLE {0} RENAME TO other",
    "CREATE TRIGGER mine BEFORE INSERT ON {0} FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change()", "CREATE RULE mine AS ON INSERT TO {0} DO INSTEAD NOTHING",
)  # fmt: skip
BESIDE = (
    "CREATE OR REPLACE FUNCTION log.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'", "DROP FUNCTION log.refuse_change() CASCADE",
    "SET session_replication_role = replica", "CREATE TABLE log.mine (a int)", "CREATE TABLE public.mine (a int)", "CREATE SCHEMA mine", "DROP SCHEMA log CASCADE",
    "UPDATE closed.month SET as_of = '2026-01-01'", "INSERT INTO closed.month (month, as_of) VALUES ('2020-01', '2020-01-31')", "DELETE FROM closed_2026_10.fund",
    "UPDATE log.topic SET bureau = 'industry'", "DELETE FROM log.position", "UPDATE public.schema_version SET version_num = '0001'", "TRUNCATE live.fund",
    "ALTER TABLE live.fund ADD COLUMN mine text", "UPDATE log.district SET id = 'other'", "DELETE FROM log.receipt_range", "ALTER ROLE CURRENT_USER SUPERUSER",
    "SELECT pg_read_file('/etc/hostname')", "COPY log.topic TO PROGRAM 'cat'", "DELETE FROM log.fencing", "SET ROLE hub",
)  # fmt: skip


def refused(conn: psycopg.Connection, statement: str) -> bool:
    """Whether the database refuses a statement for want of a right, rather than for anything else."""
    try:
        conn.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


@pytest.mark.parametrize("role", roles.ROLES)
def test_nobody_but_the_owner_changes_the_log_the_closes_or_the_tables(store: Store, role: roles.Role) -> None:
    """UPDATE, DELETE, TRUNCATE, triggers put out of force, dropped or replaced, tables altered: refused for want of the right, before any trigger is asked."""
    with connect(getattr(store, role)) as conn:
        wrong = [statement for statement in [*(change.format(table) for table in ("log.event_log", "log.rejection") for change in CHANGES), *BESIDE] if not refused(conn, statement)]
        owned = conn.execute("SELECT count(*) FROM pg_class WHERE relowner = CURRENT_USER::regrole").fetchone()
    assert (wrong, owned) == ([], (0,))


def test_a_reader_reads_everything_and_writes_nothing(store: Store) -> None:
    """The readers' role has SELECT on every table of the hub, and no statement of it writes a row anywhere."""
    with connect(store.owner) as owner, connect(store.reader) as reader:
        tables = [
            f"{schema}.{table}" for schema, table in
            owner.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('log', 'live', 'closed', 'closed_2026_10')").fetchall()
        ]  # fmt: skip
        assert len(tables) > 30
        for table in tables:
            reader.execute(f"SELECT * FROM {table} LIMIT 1".encode())
            assert all(refused(reader, change.format(table)) for change in ("INSERT INTO {0} DEFAULT VALUES", "DELETE FROM {0}")), table
        assert refused(reader, "SELECT nextval('log.batch_no')")


def test_what_a_rebuild_puts_in_place_can_be_written_and_read(store: Store) -> None:
    """Lists that were filled anew have the rights of those that they replace; a right too many is taken back."""
    with filled(store) as conn, connect(store.owner) as owner, connect(store.reader) as reader:
        context = committing(store.owner)[1]
        assert rebuild(lambda: connect(store.owner, "hub rebuild"), context, silent) is not None
        conn.execute("DELETE FROM live.finding")
        assert reader.execute("SELECT count(*) FROM live.finding").fetchone() == (0,)
        owner.execute(f"GRANT UPDATE ON log.event_log TO {store.name}_worker".encode())
        with owner.transaction():
            assert (give_rights(owner), give_rights(owner)) == (1, 0)
        assert refused(conn, "UPDATE log.event_log SET batch_no = 2")


def test_a_role_without_rights_is_told_whose_the_change_is(store: Store) -> None:
    """What only the owner may do is said in words to whoever starts it as a worker; a process of an older or newer version is told the same."""
    with connect(store.owner) as owner:
        owner.execute("UPDATE public.schema_version SET version_num = '0009'")
        try:
            with pytest.raises(click.ClickException, match="owner of the store"), plain_errors():
                migrate(store.worker)
        finally:
            owner.execute("UPDATE public.schema_version SET version_num = %s", (known_versions()[0],))
    assert migrate(store.worker)[0] == known_versions()[0]
