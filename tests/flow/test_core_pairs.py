"""Outcomes add up to records (invariant 7): a batch that says otherwise is refused, and the database holds the same."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random

import psycopg
import pytest

from exchange_hub.runtime.migrating import migrate
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.views.statement import Rejection
from exchange_hub.views.store.commit import Batch, Span, UnbalancedError, commit
from exchange_hub.views.store.setup import connect
from exchange_hub.views.worker.pipeline import Committer
from tests.flow.test_core_store import Opened, begin, opened, right, store_, take
from tests.platform import platform
from tests.strategies.history import TOPICS, History, bulk
from tests.strategies.store import everything

__all__ = ["opened", "store_"]

SEED = 20261128


def _first(batch: Batch, **changes: int) -> Batch:
    """Change the first span of a batch."""
    span: Span = batch.spans[0]
    return replace(batch, spans=[replace(span, **{name: getattr(span, name) + by for name, by in changes.items()}), *batch.spans[1:]])


def _again(batch: Batch) -> Rejection:
    """A rejection of a record that is a statement, too."""
    return replace(batch.rejections[0], record=batch.statements[0].statement.record)


#: What a defect between reading and writing could do to a batch.
DEFECTS: dict[str, Callable[[Batch], Batch]] = {
    "lost": lambda batch: replace(batch, statements=batch.statements[1:]),
    "rejection lost": lambda batch: replace(batch, rejections=batch.rejections[1:]),
    "told twice": lambda batch: replace(batch, rejections=[*batch.rejections, _again(batch)]),
    "of no span": lambda batch: replace(batch, spans=batch.spans[1:]),
    "passes a record": lambda batch: _first(batch, next_off=1),
    "skips a record": lambda batch: _first(batch, skipped=1),
    "swapped between topics": lambda batch: replace(batch, spans=[
        replace(batch.spans[0], skipped=batch.spans[0].skipped + 1), replace(batch.spans[1], skipped=batch.spans[1].skipped - 1), *batch.spans[2:],
    ]),
}  # fmt: skip


def _batch(store_: Opened, history: History) -> Batch:
    batch = take(store_, begin(store_), history, dict.fromkeys(TOPICS, 25))
    assert batch.rejections
    assert len(batch.spans) > 2
    return batch


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_batch_whose_outcomes_do_not_add_up_is_not_written(store_: Opened, defect: str) -> None:
    """A record without an outcome, with two, or outside of all spans: the commit says which topic, and writes nothing."""
    conn, context, _ = store_
    history = History.of(bulk(SEED, 600, damage=0.2), Random(SEED))
    batch = _batch(store_, history)
    before = everything(conn)
    with pytest.raises(UnbalancedError, match=r"nothing of the batch was written: topic \d+: \d+ data records, but \d+ accepted"):
        commit(conn, DEFECTS[defect](batch), context)
    assert everything(conn) == before
    commit(conn, batch, context)
    assert conn.execute("SELECT sum(next_off) FROM log.position").fetchone() == (sum(span.next_off for span in batch.spans),)


def test_a_worker_tries_no_such_batch_again(store_: Opened) -> None:
    """It is no trouble of the database that passes: the error ends the worker, and says so."""
    batch = _batch(store_, History.of(bulk(SEED, 600, damage=0.2)))
    waits: list[float] = []
    worker = Committer(lambda: connect(store_[2], "hub worker one"), store_[1], "one", waits.append)
    with pytest.raises(UnbalancedError):
        worker.commit(DEFECTS["lost"](batch))
    assert waits == []


@pytest.mark.parametrize("change", [
    "next_off = next_off + 1", "accepted = accepted + 1", "duplicate = duplicate - 1", "rejected = rejected + 1", "held = held + 1",
    "skipped = skipped + 1", "held = held - 1, accepted = accepted + 1",
])  # fmt: skip
def test_the_database_refuses_counters_that_do_not_add_up(store_: Opened, change: str) -> None:
    """Whatever writes to the positions: what lies before one has an outcome or holds no data, and no counter is below nothing."""
    conn, context, _ = store_
    history = History.of(bulk(SEED, 300, damage=0.0, repeats=0.0))
    commit(conn, take(store_, begin(store_), history), context)
    right(store_, history)
    before = everything(conn)
    with pytest.raises(psycopg.errors.CheckViolation, match="position_adds_up"):
        conn.execute(f"UPDATE log.position SET {change} WHERE next_off > 0".encode())
    assert everything(conn) == before


@contextmanager
def _older(version: str) -> Iterator[tuple[str, psycopg.Connection]]:
    """A store as it was at an older schema version."""
    name = f"older_{secrets.token_hex(4)}"
    with platform() as (_kafka, server), connect(server) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        head, _, tail = server.partition("?")
        url = f"{head.rpartition('/')[0]}/{name}" + (f"?{tail}" if tail else "")
        try:
            migrate(url, version)
            with connect(url) as conn:
                yield url, conn
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


_POSITIONS = """
    INSERT INTO log.topic (name, bureau) VALUES ('hub.older.commerce.events', 'commerce'), ('hub.older.finance.events', 'finance'), ('hub.older.police.events', 'police');
    INSERT INTO log.position (topic_no, kafka_topic_id, next_off, accepted, duplicate, rejected, held, skipped)
    SELECT topic_no, 'id', n, a, d, r, h, s FROM log.topic JOIN (VALUES
        ('commerce', 21, 10, 5, 3, 2, 1), ('finance', 0, 0, 0, 0, 0, 0), ('police', {police})
    ) AS v (bureau, n, a, d, r, h, s) USING (bureau)"""


def test_an_older_store_that_adds_up_is_brought_along() -> None:
    """Its positions stay as they are, and the constraint holds from then on."""
    with _older("0007") as (url, conn):
        conn.execute(_POSITIONS.format(police="3, 1, 0, 0, 0, 2").encode())
        before = conn.execute("SELECT * FROM log.position ORDER BY 1").fetchall()
        assert migrate(url)[0] == "0007"
        assert conn.execute("SELECT * FROM log.position ORDER BY 1").fetchall() == before
        with pytest.raises(psycopg.errors.CheckViolation):
            conn.execute("UPDATE log.position SET accepted = accepted + 1")


@pytest.mark.parametrize(("police", "words"), [
    ("9, 5, 1, 1, 1, 0", "the next offset is 9, but 8 records have an outcome and 0 offsets hold none"),
    ("9, 5, 1, 1, 1, 2", "the next offset is 9, but 8 records have an outcome and 2 offsets hold none"),
    ("9, 10, 0, 0, -1, 0", "the next offset is 9, but 9 records have an outcome and 0 offsets hold none"),
])  # fmt: skip
def test_an_older_store_that_does_not_add_up_is_refused_in_words(police: str, words: str) -> None:
    """It says which topic, by how much and what to do, and leaves the store at its version."""
    with _older("0007") as (url, conn):
        conn.execute(_POSITIONS.format(police=police).encode())
        with pytest.raises(RuntimeProblem, match=r"The counters of 1 topics do not add up") as told:
            migrate(url)
        assert f"hub.older.police.events: {words}" in told.value.what
        assert "runbook HubBalanceBroken" in told.value.remedy
        assert conn.execute("SELECT version_num FROM public.schema_version").fetchone() == ("0007",)
