"""Lists stamped one by one: a rebuild of some leaves all others as they are, and who goes by other rules does not write to them (invariant 9)."""

import threading
from collections.abc import Iterator
from datetime import date

import psycopg
import pytest

from exchange_hub.views import rebuild as rebuilding
from exchange_hub.views.backfill import Progress
from exchange_hub.views.digests import digests
from exchange_hub.views.lists import KINDS
from exchange_hub.views.rebuild import rebuild
from exchange_hub.views.store.commit import Context, commit
from exchange_hub.views.store.deciding import JOINED, LISTED
from exchange_hub.views.store.schema import SHARED
from exchange_hub.views.store.setup import connect
from exchange_hub.views.store.stamp import StampError, ensure_views, outgrown, read_stamp, stamp_of, write_stamp
from exchange_hub.views.worker.pipeline import read_poll
from tests.flow.test_core_store import Opened, begin, event, opened, order, right, store_, take
from tests.strategies.history import TOPICS, History, bulk
from tests.strategies.rooms import rewritten
from tests.strategies.store import ASKED, STAMP

__all__ = ["opened", "store_"]

LEAD = ('row["lead_bureau"] = on, step, lead.bureau\n', 'row["lead_bureau"] = on, step, lead.bureau.upper()\n')


def silent(_progress: Progress) -> None:
    """Note nothing."""


@pytest.fixture
def stamped(store_: Opened) -> Iterator[Opened]:
    """The store, its lists of this version's stamp before and after."""
    yield store_
    conn = store_[0]
    conn.execute("DROP SCHEMA IF EXISTS shadow CASCADE")
    with conn.transaction(), conn.cursor() as cur:
        write_stamp(cur, STAMP, "live")


def filled(store_: Opened, seed: int, count: int = 700) -> History:
    """Fill the live views in some batches."""
    history = History.of(bulk(seed, count))
    reader = begin(store_)
    while (poll := reader.poll(history, dict.fromkeys(TOPICS, 25))) is not None:
        commit(store_[0], read_poll(poll, store_[1]), store_[1])
    return history


def opener(store_: Opened) -> rebuilding.Connect:
    """Open a connection as the command does."""
    return lambda: connect(store_[2], "hub rebuild")


def kinds_outgrown(conn: psycopg.Connection, context: Context) -> frozenset[str]:
    """What `hub rebuild` would fill."""
    with conn.transaction(), conn.cursor() as cur:
        return outgrown(cur, context.stamp)


def laid_down(conn: psycopg.Connection) -> dict[str, object]:
    """Table of the live views → its oid with the transactions that wrote its rows: two that are equal were not touched between."""
    tables = conn.execute("SELECT relname::text, oid FROM pg_class WHERE relnamespace = 'live'::regnamespace AND relkind = 'r'").fetchall()
    found: dict[str, object] = {}
    for table, oid in tables:
        rows = conn.execute(f"SELECT xmin::text, ctid::text FROM live.{table}".encode()).fetchall()
        found[table] = (oid, frozenset(rows))
    return found


def test_a_changed_fold_fills_its_lists_alone(stamped: Opened) -> None:
    """Another fold of funds: its table is replaced, no row of any other table is written, and the rows are those of the new fold."""
    conn, context, _ = stamped
    filled(stamped, 41)
    before = laid_down(conn)
    with rewritten("fund", *LEAD):
        newer = Context(context.topics, context.rules, stamp_of(ASKED))
        assert kinds_outgrown(conn, newer) == {"fund"}
        compared = rebuild(opener(stamped), newer, silent, kinds=kinds_outgrown(conn, newer))
        assert kinds_outgrown(conn, newer) == frozenset()
    after = laid_down(conn)
    assert {table for table in before if before[table] != after[table]} == {"fund", "view_stamp"}
    assert compared is not None
    assert set(compared.other) == {"funds", "findings", "unfolded", "held"}
    assert conn.execute("SELECT count(*) FROM live.fund WHERE lead_bureau <> upper(lead_bureau)").fetchone() == (0,)
    assert conn.execute("SELECT count(*) > 0 FROM live.fund").fetchone() == (True,)
    assert conn.execute("SELECT to_regnamespace('shadow'), to_regnamespace('retired')").fetchone() == (None, None)


def test_a_comment_asks_for_no_rebuild(stamped: Opened) -> None:
    """A version with other comments finds the views its own: it starts, and writes, and no list is to be filled anew."""
    conn, context, _ = stamped
    with rewritten("fund", "    row = merged(said, _TAKEN, rules, LIST.name)\n", "    row = merged(said, _TAKEN, rules, LIST.name)  # another word\n"):
        newer = Context(context.topics, context.rules, stamp_of(ASKED))
        assert kinds_outgrown(conn, newer) == frozenset()
        ensure_views(conn, newer.stamp)
        history = History.of([order("O1")])
        commit(conn, take(stamped, begin(stamped), history), newer)
    right(stamped, history)


def test_a_worker_refuses_for_the_list_that_is_no_longer_its_own(stamped: Opened) -> None:
    """After funds were filled by another fold, a worker of the earlier one writes trade-ins and refuses funds, and what it must reject."""
    conn, context, _ = stamped
    paid = event("SubsidyPaid", "commerce", "A1", application_no="A1", amount="5.00", policy_no="P1", budget_year=2026, on=date(2026, 10, 1), voucher_no="V1")
    history = History.of([order("O1"), order("O2"), paid])
    reader = begin(stamped)
    topic = next(topic for topic, bureau in TOPICS.items() if bureau == "commerce")
    with rewritten("fund", *LEAD):
        newer = Context(context.topics, context.rules, stamp_of(ASKED))
        rebuild(opener(stamped), newer, silent, kinds={"fund"})
        commit(conn, take(stamped, reader, history, {topic: 1}), context)
        refused = take(stamped, reader, history)
        with pytest.raises(StampError, match="funds; run `hub rebuild`"):
            commit(conn, refused, context)
        assert conn.execute("SELECT count(*) FROM live.trade_in").fetchone() == (1,)
        commit(conn, refused, newer)
    assert conn.execute("SELECT lead_bureau FROM live.fund").fetchall() == [("COMMERCE",)]


def test_one_list_filled_beside_live_writes(stamped: Opened) -> None:
    """While batches commit, projects with their merges are filled anew and swapped in; afterwards all lists are what a whole rebuild gives."""
    conn, context, url = stamped
    history = History.of(bulk(43, 1_200))
    reader = begin(stamped)
    first = reader.poll(history, dict.fromkeys(TOPICS, 60))
    assert first is not None
    commit(conn, read_poll(first, context), context)
    failures: list[BaseException] = []

    def write() -> None:
        try:
            with connect(url, "hub worker of the test") as own:
                rebuilding.store.prepare(own)
                while (poll := reader.poll(history, dict.fromkeys(TOPICS, 8))) is not None:
                    commit(own, read_poll(poll, context), context)
        except BaseException as error:  # noqa: BLE001 — handed to the test below
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    rounds = 0
    while writer.is_alive() or not rounds:
        compared = rebuild(opener(stamped), context, silent, kinds={("project", "document", "scrappage")[rounds % 3]})
        assert compared is not None
        assert compared.equal, compared.rows
        rounds += 1
    writer.join()
    assert not failures
    whole = rebuild(opener(stamped), context, silent, verify=True)
    assert whole is not None
    assert whole.equal, whole.rows
    right(stamped, history)


def test_what_a_list_says_of_identity_is_put_right(stamped: Opened) -> None:
    """Rows of the tables that all kinds share are mended for the kinds that are filled, and for no others."""
    conn, context, _ = stamped
    history = filled(stamped, 44)
    damage = "DELETE FROM live.{} WHERE ctid = ANY(ARRAY(SELECT ctid FROM live.{} WHERE kind = '{}' LIMIT 3))"
    conn.execute(damage.format("identity", "identity", "project").encode())
    conn.execute("INSERT INTO live.identity VALUES ('project', 1, 'nobody', '项目代码 0', false)")
    conn.execute("INSERT INTO live.unfolded VALUES ('document', 'left', 'by hand')")
    rebuild(opener(stamped), context, silent, kinds={"project"})
    assert conn.execute("SELECT reason FROM live.unfolded").fetchall() == [("by hand",)]
    rebuild(opener(stamped), context, silent, kinds={"document"})
    right(stamped, history)


def test_what_an_earlier_version_left_is_cleared(stamped: Opened) -> None:
    """The table and the rows of a kind that this version no longer has go with the next rebuild of any list."""
    conn, context, _ = stamped
    history = filled(stamped, 45, 200)
    conn.execute("CREATE TABLE live.former_list (row_key text PRIMARY KEY)")
    conn.execute("INSERT INTO live.unfolded VALUES ('former', 'left', 'of an earlier version')")
    rebuild(opener(stamped), context, silent, kinds={"plan"})
    assert conn.execute("SELECT to_regclass('live.former_list')").fetchone() == (None,)
    right(stamped, history)


def test_views_of_a_version_with_one_stamp_are_filled_anew(stamped: Opened) -> None:
    """A store that carries one stamp for all lists is refused in words; a rebuild fills every list, after which all is as it was."""
    conn, context, _ = stamped
    history = History.of(bulk(46, 400))
    reader = begin(stamped)
    commit(conn, take(stamped, reader, history, dict.fromkeys(TOPICS, 30)), context)
    rest = take(stamped, reader, history)
    with conn.transaction(), conn.cursor() as cur:
        kept = digests(cur, "live")
        cur.execute("DROP TABLE live.view_stamp")
        cur.execute("CREATE TABLE live.view_stamp (code text NOT NULL, contracts text NOT NULL, configuration text NOT NULL, made_at timestamptz NOT NULL)")
        cur.execute("INSERT INTO live.view_stamp VALUES ('0.1.0+9c1f', 'c', 'd', now())")
        present = read_stamp(cur)
    assert present is not None
    assert (present.as_dict()["code"], present.kinds) == ("0.1.0+9c1f", {})
    with pytest.raises(StampError, match=r"equipment-projects, .*; run `hub rebuild`"):
        ensure_views(conn, context.stamp)
    with pytest.raises(StampError):
        commit(conn, rest, context)
    assert kinds_outgrown(conn, context) == set(LISTED)
    compared = rebuild(opener(stamped), context, silent, kinds=kinds_outgrown(conn, context))
    assert compared is not None
    assert compared.equal, compared.rows
    ensure_views(conn, context.stamp)
    with conn.transaction(), conn.cursor() as cur:
        assert digests(cur, "live") == kept
    commit(conn, rest, context)
    right(stamped, history)


def test_kinds_and_shared_tables_are_all_there_are(stamped: Opened) -> None:
    """Every table of the views is a list's or shared with a kind in each row: a rebuild of some lists forgets none."""
    tables = {row[0] for row in stamped[0].execute("SELECT tablename FROM pg_tables WHERE schemaname = 'live'").fetchall()}
    assert tables == {view.table for kind in KINDS.values() for view in kind.lists} | set(SHARED) | {"view_stamp"}
    for table, columns in SHARED.items():
        found = {row[0] for row in stamped[0].execute("SELECT column_name FROM information_schema.columns WHERE table_schema = 'live' AND table_name = %s", (table,))}
        assert found == set(columns.split(", "))
    assert set(JOINED) < set(LISTED)
