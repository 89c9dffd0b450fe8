"""Nobody is ever told of a batch that did not last: PostgreSQL dies between the relay's claim and its publishing."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import orjson
import psycopg
import pytest

from exchange_hub.views import relay
from exchange_hub.views.store.commit import commit
from exchange_hub.views.store.setup import connect
from exchange_hub.views.worker.pipeline import read_poll
from tests.faults.servers import OwnPostgres, own_postgres
from tests.oracle.compare import verdict
from tests.strategies.history import TOPICS, History, Reader, bulk
from tests.strategies.store import ORACLE_RULES, claimed, committing, database

RECEIPT_TOPICS = {bureau: f"receipts of {bureau}" for bureau in TOPICS.values()}


@pytest.fixture(scope="module")
def postgres() -> Iterator[OwnPostgres]:
    """A PostgreSQL that may be killed; the suite's own is shared."""
    with tempfile.TemporaryDirectory(prefix="hub-core-", ignore_cleanup_errors=True) as folder, own_postgres(Path(folder)) as server:
        yield server


class KillingSender:
    """Publishes into a list and kills the database between claim and publish."""

    def __init__(self, postgres: OwnPostgres) -> None:
        self._postgres = postgres
        self.told: list[bytes] = []
        self.kills = True
        self._sent = 0

    def send(self, _topic: str, value: bytes) -> None:
        """Take a value."""
        if self.kills:
            self.kills = False
            self._postgres.kill()
        self.told.append(value)
        self._sent += 1

    def flush(self) -> list[None]:
        """Everything sent is acknowledged."""
        sent, self._sent = self._sent, 0
        return [None] * sent


def test_what_a_bureau_was_told_is_in_the_store_after_a_crash(postgres: OwnPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches commit asynchronously, yet every range that was published survives a crash right after its claim, four times over."""
    monkeypatch.setattr(relay, "STALE_CLAIM_SECONDS", 0)
    history = History.of(bulk(21, 900))
    with database(postgres.url) as url:
        told: list[bytes] = []
        for _ in range(4):
            conn, context = committing(url)
            reader = Reader("worker")
            reader.took(claimed(conn, "worker"))
            for _ in range(3):
                poll = reader.poll(history, dict.fromkeys(TOPICS, 6))
                if poll is not None:
                    commit(conn, read_poll(poll, context), context)
            sender = KillingSender(postgres)
            with connect(url) as other, pytest.raises(psycopg.Error):
                relay.publish(other, sender, RECEIPT_TOPICS)
            assert sender.told
            told += sender.told
            conn.close()
            postgres.back()
            with connect(url) as after:
                ends = dict(after.execute("SELECT t.name, p.next_off FROM log.position p JOIN log.topic t USING (topic_no)").fetchall())
                for message in map(orjson.loads, told):
                    assert ends[message["topic"]] >= message["next"], "a bureau was told of a batch that the crash took back"
                sender.kills = False
                unmarked, sender.told = sender.told, []
                relay.publish(after, sender, RECEIPT_TOPICS)
                assert sender.told == unmarked, "what was published and not marked is published again, byte for byte"
                assert relay.publish(after, sender, RECEIPT_TOPICS) == ([], {})
        conn, context = committing(url)
        reader = Reader("worker")
        reader.took(claimed(conn, "worker"))
        while (poll := reader.poll(history, dict.fromkeys(TOPICS, 50))) is not None:
            commit(conn, read_poll(poll, context), context)
        found = verdict(conn, history.said(), ORACLE_RULES)
        conn.close()
        assert found.right, str(found)
