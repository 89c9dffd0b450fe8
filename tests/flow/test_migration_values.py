"""A store written before events were kept as their own bytes is brought along without a loss."""

import orjson

from exchange_contracts import codec
from exchange_hub.runtime.migrating import migrate
from exchange_hub.views.store.setup import connect
from tests.platform import empty_database
from tests.strategies.history import History, bulk


def test_facts_of_an_older_store_become_values_that_say_the_same(postgres_server: str) -> None:
    """Every event decodes to the facts that were kept, with the same digest; the log is guarded again afterwards."""
    records = [record for lying in History.of(bulk(41, 600)).records.values() for record in lying if record.sound and record.value]
    kept = [codec.decode_facts(record.value or b"") for record in records]
    assert len({contract.event for contract, _ in kept}) > 20
    with empty_database(postgres_server) as url:
        assert migrate(url, "0003") == (None, "0003")
        with connect(url) as conn:
            with conn.cursor() as cur:
                cur.executemany(
                    """INSERT INTO log.event_log VALUES
                       (%s, %s, gen_random_uuid(), %s, %s, %s, 'r', 1, %s, false, '2026-10-01', 0, 1, %s)""",
                    [
                        (1 + number % 3, number, contract.schema_id, contract.kind, facts["entity_key"],
                         codec.facts_digest(contract, facts), orjson.dumps(facts, default=str).decode())
                        for number, (contract, facts) in enumerate(kept)
                    ],
                )  # fmt: skip
            assert migrate(url)[0] == "0003"
            rows = conn.execute("SELECT off, value, digest FROM log.event_log ORDER BY off").fetchall()
            keys = conn.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = 'log.event_log'::regclass AND contype IN ('p', 'u') ORDER BY 1"
            ).fetchall()
            guards = conn.execute("SELECT count(*) FROM pg_trigger WHERE tgname = 'log_stays' AND tgenabled = 'O'").fetchone()
    assert guards == (2,)
    assert keys == [("event_log_entity_id",), ("event_log_pkey",)]
    assert len(rows) == len(kept)
    for off, value, digest in rows:
        contract, facts = codec.decode_facts(value)
        assert facts == kept[off][1]
        assert codec.facts_digest(contract, facts) == digest
