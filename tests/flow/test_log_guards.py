"""The database itself refuses to change the log (invariant 3)."""

from collections.abc import Iterator

import psycopg
import pytest

from exchange_hub.views.store.setup import connect
from tests.strategies.store import database


@pytest.fixture(scope="module")
def conn(postgres_server: str) -> Iterator[psycopg.Connection]:
    """A store of this module's own with one rejection in its log."""
    with database(postgres_server) as url, connect(url) as made:
        made.execute("INSERT INTO log.rejection VALUES (1, 0, NULL, NULL, 'unreadable', '无法读取', NULL, NULL, '[]', 0, 1)")
        yield made


@pytest.mark.parametrize("table", ["log.event_log", "log.rejection"])
@pytest.mark.parametrize("change", ["UPDATE {} SET batch_no = 2", "DELETE FROM {}", "DELETE FROM {} WHERE false", "TRUNCATE {}"])
def test_no_statement_changes_what_was_logged(conn: psycopg.Connection, table: str, change: str) -> None:
    """UPDATE, DELETE and TRUNCATE are refused with a hint, even where they meet no row; INSERT is not."""
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only") as told:
        conn.execute(change.format(table).encode())
    assert told.value.diag.message_hint == "A correction is a new event of the bureau."
    assert conn.execute("SELECT count(*), min(batch_no) FROM log.rejection").fetchone() == (1, 1)
