"""What an earlier version accepted stays accepted: its store, its held events and a connector's ledger, under stricter rules.

``tests/golden/upgrade_rules`` was made by 0.1 at b41c509: it accepted empty names, negative payments, budget years of any
size, a mobile number in a project's name, keys with zero-width spaces, and dates of 2199.
"""

import gzip
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from exchange_contracts import codec, rules
from exchange_hub.runtime.migrating import migrate
from exchange_hub.runtime.postgres_tools import environment_of, tool
from exchange_hub.views.rebuild import rebuild
from exchange_hub.views.reconciliation import Entry, Position, differences
from exchange_hub.views.statement import Record
from exchange_hub.views.store.replay import replay
from exchange_hub.views.store.setup import connect
from tests.flow.test_core_store import Opened
from tests.platform import platform
from tests.strategies.store import committing, database
from tests.unit.test_connectors_dropfolder import EVENTS_TOPIC, Desk

GOLDEN = Path(__file__).parents[1] / "golden" / "upgrade_rules"


@pytest.fixture(scope="module")
def upgraded() -> Iterator[Opened]:
    """The old store, migrated and rebuilt under this version."""
    with platform() as (_kafka, server), database(server) as url:
        with connect(url) as conn:
            for schema in ("live", "log", "closed"):
                conn.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())
            conn.execute("DROP TABLE IF EXISTS public.schema_version")
        dump = gzip.decompress((GOLDEN / "store.sql.gz").read_bytes())
        said = subprocess.run(
            [tool("psql"), "-q", "-v", "ON_ERROR_STOP=1"], env=environment_of(url), input=dump, check=False, capture_output=True
        )
        assert said.returncode == 0, said.stderr.decode()
        migrate(url)
        conn, context = committing(url)
        rebuild(lambda: connect(url, "hub rebuild"), context, lambda _progress: None)
        yield conn, context, url
        conn.close()


def logged(conn: psycopg.Connection) -> list[tuple[int, int, str, str, bytes, bytes]]:
    """What the log holds."""
    return conn.execute("SELECT topic_no, off, event_id::text, entity, digest, value FROM log.event_log ORDER BY 1, 2").fetchall()


def test_the_fixture_holds_what_is_refused_now(upgraded: Opened) -> None:
    """Else it would prove nothing: at least ten logged events break rules of today, of six kinds."""
    broken = [rules.problems(*codec.decode_facts(value)) for *_, value in logged(upgraded[0])]
    words = {problem.words for found in broken for problem in found}
    assert sum(map(bool, broken)) >= 10
    for part in ("为空", "不能为负数", "2000至2100", "手机号", "2035年", "资金来源合计", "矛盾"):
        assert any(part in each for each in words), part


def test_a_rebuild_judges_nothing_anew(upgraded: Opened) -> None:
    """Every logged entity is filled in again, offending ones too, and a rebuild again gives the same digests."""
    conn, context, url = upgraded
    assert conn.execute("SELECT subsidy FROM live.trade_in WHERE row_key ILIKE '%qo-2%'").fetchall() != []
    assert conn.execute("SELECT count(*) FROM live.fund WHERE budget_year IN (-1, 2147483647) OR amount = -5000").fetchone() == (3,)
    assert conn.execute("SELECT count(*) FROM live.equipment_project WHERE name LIKE '%13812345678'").fetchone() == (1,)
    before = logged(conn)
    compared = rebuild(lambda: connect(url, "hub rebuild"), context, lambda _progress: None)
    assert compared is not None
    assert compared.equal, compared.rows
    assert logged(conn) == before


def test_a_comparison_with_kafka_judges_nothing_anew(upgraded: Opened) -> None:
    """A record that was accepted is compared by what it says; one sent twice counts as a duplicate, not as lost."""
    conn, context, _ = upgraded
    rows = logged(conn)
    for topic_no, bureau in context.topics.bureau_of.items():
        own = [row for row in rows if row[0] == topic_no]
        if not own:
            continue
        entries = [Entry(number, "accepted", event_id, digest) for number, (_, _, event_id, _, digest, _) in enumerate(own)]
        records = [Record(topic_no, number, 0, row[3].encode(), row[5], []) for number, row in enumerate(own)]
        again = [record._replace(off=len(own) + record.off) for record in records]
        position = Position(topic_no, "t", bureau, 2 * len(own), 0)
        known = {(event_id, digest) for _, _, event_id, _, digest, _ in own}
        told = differences(
            position, entries, 0, [*records, *again],
            lambda unplaced, known=known: {each.off for each in unplaced if (each.event_id, each.digest) in known},  # type: ignore[misc]
        )  # fmt: skip
        assert list(told) == []


def test_a_held_event_is_not_judged_anew(upgraded: Opened) -> None:
    """It was sound when it came; its fold is tried, and it is accepted although a rule of today would refuse it."""
    conn, context, _ = upgraded
    value = conn.execute("SELECT value FROM log.held WHERE entity = 'qh-1'").fetchone()
    assert value is not None
    assert rules.problems(*codec.decode_facts(value[0]))
    assert replay(conn, context).counts == {"accepted": 1}
    assert conn.execute("SELECT count(*) FROM live.trade_in WHERE row_key ILIKE '%qh-1%'").fetchone() == (1,)


A = ["2509-120114-89-01-544060", "GX-001", "冲压线改造", "天津甲公司", 3200.5, 1000, 2200.5, "在建", 100, 560]
B = [None, "gx-002", "焊接更新", "天津乙公司", 800, None, 800, "在建", 50, 50]
C = [None, "GX－003（改）", "检测线", "天津丙公司", 600, None, 600, "在建", 7, 7]
D = [None, "gx\u200b-004", "涂装线", "天津丁公司", 500, None, 500, "储备", None, None]


def test_a_workbook_dropped_again_publishes_nothing(tmp_path: Path) -> None:
    """A ledger of that version knows every row, however its key is spelt now; a change goes under the key that was said."""
    desk = Desk(tmp_path)
    (tmp_path / "state.sqlite").write_bytes(gzip.decompress((GOLDEN / "state.sqlite.gz").read_bytes()))
    for _ in range(7):  # what that version published
        desk.broker.append(EVENTS_TOPIC, b"")
    desk.drop(A, B, C, D)
    (result,) = desk.turn()
    # What nobody sees is no longer part of what a cell says: a number that held such a sign is stated once without it.
    assert (result.published, result.unchanged, result.returned) == (1, 6, 0)
    assert desk.said(7) == ["ProjectChanged gx\u200b-004"]
    desk.drop(A, B, C, D, name="又存2026年9月.xlsx")
    (result,) = desk.turn()
    assert (result.published, result.unchanged, result.returned) == (0, 7, 0)
    spelt = [[B[0], "ＧＸ-002", *B[2:]], [C[0], "gx-003(改)", *C[2:]], [D[0], "GX-004", *D[2:]]]
    desk.drop(A, *spelt, name="另存2026年9月.xlsx")
    (result,) = desk.turn()
    assert (result.published, result.returned) == (6 - 3, 0), "only the internal number itself, as it is written now, is news"
    assert desk.said(8) == ["ProjectChanged gx-002", "ProjectChanged GX－003（改）", "ProjectChanged gx\u200b-004"]
