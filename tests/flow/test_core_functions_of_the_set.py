"""Views, outcomes and digests are functions of each topic's records, whatever way they were read (invariant 4)."""

from collections.abc import Iterator
from random import Random

import psycopg
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from exchange_hub.views.store.commit import Context, PositionMovedError, commit
from exchange_hub.views.worker.driver import Poll
from exchange_hub.views.worker.pipeline import read_poll
from tests.oracle.compare import verdict
from tests.strategies.history import TOPICS, History, Reader, small
from tests.strategies.store import ORACLE_RULES, claimed, committing, database, emptied, everything

#: Codes of the property tests: few enough that the same come twice now and then.
codes = st.lists(st.integers(0, 4000), min_size=1, max_size=60)

Store = tuple[psycopg.Connection, Context]


@pytest.fixture(scope="module")
def store(postgres_server: str) -> Iterator[Store]:
    """A store of this module's own."""
    with database(postgres_server) as own:
        conn, context = committing(own)
        yield conn, context
        conn.close()


def straight(store: Store, history: History) -> None:
    """Read everything in one poll."""
    conn, context = store
    emptied(conn)
    reader = Reader("one")
    reader.took(claimed(conn, "one"))
    poll = reader.poll(history, dict.fromkeys(TOPICS, 10_000))
    assert poll is not None
    commit(conn, read_poll(poll, context), context)


def crooked(store: Store, history: History, way: Random) -> None:
    """Read by up to three workers in small polls that claim, crash, come again and try stale batches."""
    conn, context = store
    emptied(conn)
    readers = [Reader(f"worker {number}") for number in range(way.randint(1, 3))]
    stale: list[Poll] = []
    ends = {topic: records[-1].offset + 1 for topic, records in history.records.items()}
    for _ in range(10_000):
        reader = way.choice(readers)
        if not reader.claims or way.random() < 0.15:
            share = way.sample(sorted(TOPICS), way.randint(1, len(TOPICS)))
            reader.took(claimed(conn, reader.name, {topic: f"id of {topic}" for topic in share}))
        counts = {topic: way.choice((1, 2, 5, 20)) for topic in TOPICS if way.random() < 0.6}
        poll = reader.poll(history, counts)
        if poll is not None:
            if way.random() < 0.15:  # it crashes, or the poll is lost on the way: what follows must be refused
                stale.append(poll)
            else:
                _try(conn, context, reader, poll)
        if stale and way.random() < 0.3:
            _try(conn, context, reader, stale.pop(way.randrange(len(stale))))
        rows = conn.execute("SELECT t.name, p.next_off FROM log.position p JOIN log.topic t USING (topic_no)").fetchall()
        if dict(rows).items() >= ends.items():
            break
    else:
        raise AssertionError("ten thousand polls did not reach the end of the topics")
    # Every claim is present in both ways, so that untouched topics do not tell them apart.
    claimed(conn, "last")


def _try(conn: psycopg.Connection, context: Context, reader: Reader, poll: Poll) -> None:
    try:
        commit(conn, read_poll(poll, context), context)
    except PositionMovedError:
        reader.claims = {}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True)
@given(codes, st.integers(0, 2**32))
def test_any_way_of_reading_gives_the_same_views(store: Store, drawn: list[int], seed: int) -> None:
    """Interleaving, batch cutting, repetition, crashes and worker count change no row, outcome or digest, and all are right."""
    history = History.of(small(drawn), Random(seed))
    straight(store, history)
    conn, _ = store
    first = everything(conn)
    found = verdict(conn, history.said(), ORACLE_RULES)
    note(str(found))
    assert found.right, str(found)
    assert not first[0]["held"]
    crooked(store, history, Random(seed))
    second = everything(conn)
    for name, rows in first[0].items():
        assert second[0][name] == rows, name
    assert second[1] == first[1]
    assert second[2] == first[2]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True)
@given(codes, st.integers(0, 2**32))
def test_the_order_of_topics_among_each_other_changes_nothing(store: Store, drawn: list[int], seed: int) -> None:
    """A topic at a time, in any order of topics, gives the same views as all at once."""
    history = History.of(small(drawn))
    straight(store, history)
    conn, context = store
    first = everything(conn)
    emptied(conn)
    reader = Reader("one")
    reader.took(claimed(conn, "one"))
    for topic in Random(seed).sample(sorted(TOPICS), len(TOPICS)):
        while (poll := reader.poll(history, {topic: 7})) is not None:
            commit(conn, read_poll(poll, context), context)
    assert everything(conn)[1] == first[1]
    assert everything(conn)[0] == first[0]
