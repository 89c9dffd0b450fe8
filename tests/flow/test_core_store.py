"""The transaction of a batch on a real PostgreSQL: whole or not at all, in order, bounded, one at a time (invariants 3, 5–7)."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest

from exchange_contracts import codec, envelope
from exchange_contracts.events import EVENTS
from exchange_hub.views.store import commit as store
from exchange_hub.views.store.commit import Context, PositionMovedError, commit
from exchange_hub.views.store.positions import LOCK_SPACE, register_topics
from exchange_hub.views.store.setup import connect
from exchange_hub.views.store.stamp import StampError
from exchange_hub.views.worker.pipeline import Committer, Done, Dropped, FencedError, Rewind, read_poll
from tests.oracle.compare import verdict
from tests.strategies.history import TOPICS, History, Reader, bulk, topic_of
from tests.strategies.store import ORACLE_RULES, STAMP, claimed, committing, database, emptied, everything
from tests.strategies.universe import Item

Opened = tuple[psycopg.Connection, Context, str]
ALL = dict.fromkeys(TOPICS, 10_000)


@pytest.fixture(scope="module")
def opened(postgres_server: str) -> Iterator[Opened]:
    """A store of this module's own."""
    with database(postgres_server) as url:
        conn, context = committing(url)
        yield conn, context, url
        conn.close()


@pytest.fixture
def store_(opened: Opened) -> Opened:
    """The store, emptied."""
    emptied(opened[0])
    return opened


def event(name: str, /, bureau: str, key: str, revision: int = 1, **facts: Any) -> Item:
    """An event with plain common facts."""
    common = {
        "bureau": bureau, "source": "excel", "entity_key": key, "revision": revision, "occurred_on": date(2026, 10, 1),
        "recorded_at": datetime(2026, 10, 2, tzinfo=UTC),
    }  # fmt: skip
    made = EVENTS[name].model_validate(common | facts)
    return Item(bureau, key.encode(), codec.encode(made), tuple(envelope.headers(made)), sound=True, event=name)


def order(key: str, revision: int = 1, **facts: Any) -> Item:
    """A trade-in of commerce."""
    return event("TradeInCompleted", "commerce", key, revision, **{"category": "家电", "sale_amount": "100.00", "subsidy": "15.00"} | facts)


def take(opened: Opened, reader: Reader, history: History, counts: dict[str, int] | None = None) -> store.Batch:
    """Read a poll into a batch."""
    poll = reader.poll(history, counts or ALL)
    assert poll is not None
    return read_poll(poll, opened[1])


def begin(opened: Opened, name: str = "one") -> Reader:
    """A reader that has claimed every topic."""
    reader = Reader(name)
    reader.took(claimed(opened[0], name))
    return reader


def right(opened: Opened, history: History) -> None:
    """Everything is as the oracle says."""
    found = verdict(opened[0], history.said(), ORACLE_RULES)
    assert found.right, str(found)


def test_a_later_revision_replaces_the_row(store_: Opened) -> None:
    """A revision that comes in a batch of its own replaces the row of its claim, also where the claim stands alone."""
    history = History.of([order("O1", subsidy="10.00"), order("O1", 2, subsidy="20.00")])
    reader = begin(store_)
    for _ in range(2):
        commit(store_[0], take(store_, reader, history, {topic_of("commerce"): 1}), store_[1])
    assert store_[0].execute("SELECT subsidy FROM live.trade_in").fetchall() == [(2000,)]
    right(store_, history)


def test_the_lowest_offset_owns_an_id_across_batches(store_: Opened) -> None:
    """The same facts again are a duplicate, other facts under the same id are refused, in whatever batch they come."""
    history = History.of([order("O1"), order("O1"), order("O1", subsidy="99.00"), order("O1", 2), order("O1")])
    reader = begin(store_)
    outcomes = [commit(store_[0], take(store_, reader, history, {topic_of("commerce"): n}), store_[1]) for n in (2, 1, 2)]
    counted: dict[str, int] = {}
    for outcome in outcomes:
        for (_, name), count in outcome.counts.items():
            counted[name] = counted.get(name, 0) + count
    assert counted == {"accepted": 2, "duplicate": 2, "rejected": 1}
    right(store_, history)


def test_the_highest_revision_wins_in_whatever_order(store_: Opened) -> None:
    """An older revision that comes later is superseded on arrival; of equal revisions the same one wins both ways round."""
    ways = []
    first, second = (order("O1", 3, subsidy=f"{n}.00", source=source) for n, source in ((1, "excel"), (2, "system")))
    for pair in ((first, second), (second, first)):
        emptied(store_[0])
        history = History.of([*pair, order("O1", 2, subsidy="9.00")])
        reader = begin(store_)
        for _ in range(3):
            commit(store_[0], take(store_, reader, history, {topic_of("commerce"): 1}), store_[1])
        right(store_, history)
        ways.append(store_[0].execute("SELECT subsidy FROM live.trade_in").fetchall())
    assert ways[0] == ways[1]


@pytest.mark.parametrize("step", store.STEPS)
def test_a_batch_that_ends_at_a_step_is_whole_or_not_there(store_: Opened, step: str) -> None:
    """Whatever step a process dies at, the store shows the batch before or the batch after, and the next owner ends right."""
    _, context, url = store_
    history = History.of(bulk(5, 250))
    reader = begin(store_)
    commit(store_[0], take(store_, reader, history, dict.fromkeys(TOPICS, 15)), context)
    before = everything(store_[0])
    dying = connect(url)
    store.prepare(dying)

    def die(name: str) -> None:
        if name == step:
            dying.pgconn.finish()  # the process is gone: nothing is said to the database any more
            raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, psycopg.Error)):
        commit(dying, take(store_, reader, history), replace(context, step=die))
    after = everything(store_[0])
    assert (after == before) == (step != "committed")
    successor = begin(store_, "two")
    if step != "committed":
        commit(store_[0], take(store_, successor, history), context)
    right(store_, history)


def test_a_stale_batch_changes_nothing(store_: Opened) -> None:
    """A batch of an earlier epoch, of another place, or one that was committed already is refused whole."""
    conn, context, _ = store_
    history = History.of(bulk(6, 120))
    reader = begin(store_)
    first, second = (take(store_, reader, history, dict.fromkeys(TOPICS, 8)) for _ in range(2))
    with pytest.raises(PositionMovedError):
        commit(conn, second, context)
    commit(conn, first, context)
    with pytest.raises(PositionMovedError):
        commit(conn, first, context)
    kept = everything(conn)
    claimed(conn, "another")
    with pytest.raises(PositionMovedError):
        commit(conn, second, context)
    assert everything(conn) == kept


def committer(opened: Opened, owner: str, **changes: Any) -> Committer:
    """A committer with a connection of its own that never waits long."""
    return Committer(lambda: connect(opened[2], f"hub worker {owner}"), replace(opened[1], **changes), owner, lambda _seconds: None)


def test_unknown_outcome_that_committed_is_not_written_again(store_: Opened) -> None:
    """An answer to COMMIT that never came is looked up: the batch is there, so it is done."""
    history = History.of(bulk(8, 100))
    lost = []

    def lose_answer(name: str) -> None:
        if name == "committed" and not lost:
            lost.append(name)
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    batch = take(store_, begin(store_), history)
    result = committer(store_, "one", step=lose_answer).commit(batch)
    assert isinstance(result, Done)
    assert lost
    right(store_, history)


def test_unknown_outcome_that_did_not_commit_is_written_once(store_: Opened) -> None:
    """A connection cut right before COMMIT leaves nothing; the same batch is tried again and is there once."""
    _, _, url = store_
    history = History.of(bulk(9, 100))
    cuts = []

    def cut(name: str) -> None:
        if name == "receipted" and len(cuts) < 2:
            with connect(url, "fault") as conn:
                cuts.extend(conn.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'hub worker one' "
                    "AND datname = current_database()"
                ).fetchall())  # fmt: skip

    batch = take(store_, begin(store_), history)
    assert isinstance(committer(store_, "one", step=cut).commit(batch), Done)
    assert len(cuts) == 2
    right(store_, history)


def test_a_batch_behind_a_new_claim_is_dropped_or_fenced(store_: Opened) -> None:
    """A worker's own later claim drops its older batch; another worker's claim ends it; a moved position rewinds it."""
    history = History.of(bulk(10, 200))
    reader = begin(store_)
    batch = take(store_, reader, history, dict.fromkeys(TOPICS, 5))
    claimed(store_[0], "one")
    mine = committer(store_, "one")
    dropped = mine.commit(batch)
    assert isinstance(dropped, Dropped)
    assert dropped.topics == {topic: entry.epoch for topic, entry in reader.claims.items()}
    reader = begin(store_)
    first, second = (take(store_, reader, history, dict.fromkeys(TOPICS, 5)) for _ in range(2))
    assert isinstance(mine.commit(second), Rewind)
    assert isinstance(mine.commit(first), Done)
    claimed(store_[0], "two")
    with pytest.raises(FencedError):
        mine.commit(second)


def test_a_rewind_speaks_of_every_topic_held(store_: Opened) -> None:
    """What was read after a dropped batch goes with it: the worker is told where to read on in all its topics."""
    history = History.of(bulk(11, 200))
    reader = begin(store_)
    mine = committer(store_, "one")
    one = min(TOPICS)
    done, _left_out, behind_gap = (take(store_, reader, history, {one: 3}) for _ in range(3))
    assert isinstance(mine.commit(done), Done)
    result = mine.commit(behind_gap)
    assert isinstance(result, Rewind)
    assert result.positions == dict.fromkeys(TOPICS, 0) | {one: 3}


def test_another_stamp_refuses_to_write(store_: Opened) -> None:
    """A process with other code, contracts or configuration than filled the views writes nothing."""
    history = History.of(bulk(12, 50))
    batch = take(store_, begin(store_), history)
    before = everything(store_[0])
    for part in ("code", "contracts", "configuration"):
        kinds = {kind: parts._replace(**{part: "other"}) for kind, parts in STAMP.kinds.items()}
        with pytest.raises(StampError, match=part):
            commit(store_[0], batch, replace(store_[1], stamp=replace(STAMP, kinds=kinds)))
    assert everything(store_[0]) == before


def test_two_workers_on_overlapping_entities_lose_no_claim(store_: Opened) -> None:
    """Batches of two workers that merge the same entities run at once: no deadlock, no lost claim, equal to the oracle."""
    history = History.of(bulk(13, 1500))
    shares = (sorted(TOPICS)[::2], sorted(TOPICS)[1::2])
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with connect(store_[2]) as conn:
                store.prepare(conn)
                reader = Reader(f"worker {number}")
                reader.took(claimed(conn, reader.name, {topic: f"id of {topic}" for topic in shares[number]}))
                while (poll := reader.poll(history, dict.fromkeys(shares[number], 12))) is not None:
                    commit(conn, read_poll(poll, store_[1]), store_[1])
        except BaseException as error:  # noqa: BLE001 — shown below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(50)
    assert not failed, failed
    right(store_, history)


def test_starts_use_up_no_topic_numbers(store_: Opened) -> None:
    """Topic numbers are small and for life: a thousand starts must not spend them."""
    conn = store_[0]
    before = conn.execute("SELECT last_value FROM log.topic_topic_no_seq").fetchone()
    for _ in range(3):
        register_topics(conn, TOPICS)
    assert conn.execute("SELECT last_value FROM log.topic_topic_no_seq").fetchone() == before


@pytest.mark.parametrize("value", [b"\\u0000", b"\x00", b"\xff\xfe", b"", b'"\\', b"\\"])
def test_any_header_of_a_rejected_record_is_kept(store_: Opened, value: bytes) -> None:
    """What a broken sender writes into headers never stops the topic it came on."""
    history = History.of([replace(order("O1"), headers=(("ce_type", value), ("x\\u0000", value)), sound=False), order("O2")])
    commit(store_[0], take(store_, begin(store_), history), store_[1])
    right(store_, history)


@pytest.mark.parametrize("keys", [("津发1号", "津发1号 industry"), ("", ""), ("a|b", "a")])
def test_document_rows_never_take_each_others_key(store_: Opened, keys: tuple[str, str]) -> None:
    """Document numbers that contain one another, or none at all, keep their rows apart: nothing is held for them."""
    items = [
        event("MeasureExempted", "industry", f"D{number}", document_no=document_no, department=department, reason="已有")
        for number, document_no in enumerate(keys)
        for department in ("industry", "b|industry", "industry industry")
    ]
    commit(store_[0], take(store_, begin(store_), History.of(items)), store_[1])
    assert store_[0].execute("SELECT count(*) FROM log.held").fetchone() == (0,)
    accepted = store_[0].execute("SELECT count(*) FROM log.event_log").fetchone()
    rejected = store_[0].execute("SELECT count(*) FROM log.rejection").fetchone()
    rows = store_[0].execute("SELECT count(*) FROM live.document").fetchone()
    assert accepted is not None
    assert rejected is not None
    assert rows is not None
    assert accepted[0] + rejected[0] == len(items)
    assert rows[0] == accepted[0]


@contextmanager
def refusing(conn: psycopg.Connection) -> Iterator[None]:
    """Let the database refuse a subsidy of 666 yuan."""
    conn.execute("ALTER TABLE live.trade_in ADD CONSTRAINT refused CHECK (subsidy <> 66600)")
    try:
        yield
    finally:
        conn.execute("ALTER TABLE live.trade_in DROP CONSTRAINT refused")


def test_data_that_the_database_refuses_holds_one_event_and_its_followers(store_: Opened) -> None:
    """An event that passes every check and that the database still refuses waits with the later ones of its key; others go on."""
    conn = store_[0]
    items = [order("O1"), order("O2", subsidy="666.00"), order("O3"), order("O2", 2), order("O4", subsidy="666.00"), order("O5")]
    with refusing(conn):
        batch = take(store_, begin(store_), History.of(items))
        result = committer(store_, "one").commit(batch)
        assert isinstance(result, Done)
        assert result.outcome.counts == Counter({(batch.spans[0].topic_no, "accepted"): 3, (batch.spans[0].topic_no, "held"): 3})
        assert conn.execute("SELECT off, behind FROM log.held ORDER BY off").fetchall() == [(1, None), (3, 1), (4, None)]
        assert conn.execute("SELECT order_no FROM live.trade_in ORDER BY 1").fetchall() == [("O1",), ("O3",), ("O5",)]
        counts = conn.execute("SELECT accepted, held FROM log.position WHERE next_off > 0").fetchone()
        assert counts == (3, 3)


def test_many_that_the_database_refuses_let_others_commit_between(store_: Opened) -> None:
    """Forty bad events of three hundred: what is sound is kept piece by piece, and the commit lock is free between the pieces."""
    conn, context, url = store_
    items = [order(f"O{number}", subsidy="666.00" if number % 8 == 3 else "5.00") for number in range(320)]
    free: list[bool] = []
    with refusing(conn), connect(url) as other:

        def look(step: str) -> None:
            if step == "committed":
                with other.transaction():
                    row = other.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", (LOCK_SPACE, context.district_no)).fetchone()
                free.append(row == (True,))

        batch = take(store_, begin(store_), History.of(items))
        assert isinstance(committer(store_, "one", step=look).commit(batch), Done)
    assert len(free) > 40
    assert all(free)
    held = conn.execute("SELECT off FROM log.held WHERE behind IS NULL ORDER BY off").fetchall()
    assert [off for (off,) in held] == [number for number in range(320) if number % 8 == 3]
    ranges = conn.execute("SELECT first_off, next_off FROM log.receipt_range WHERE next_off > first_off ORDER BY 1").fetchall()
    assert [start for start, _ in ranges] == [0, *(end for _, end in ranges[:-1])]
    assert ranges[-1][1] == 320
    right_without = conn.execute("SELECT count(*) FROM live.trade_in").fetchone()
    assert right_without == (280,)
