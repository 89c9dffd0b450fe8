"""Quix Streams as its documentation shows it: a stateful update per message, state in RocksDB with changelog topics.

Each topic has a store of its own, in which a state belongs to one message key. As ``tables`` it does the hub's job: rows go into
PostgreSQL by Quix's own sink, which writes a batch of a partition in one transaction before the offsets are committed, so that
rows may be written again and an upsert makes nothing of it.
"""

from collections.abc import Callable
from typing import Any

from psycopg.conninfo import conninfo_to_dict
from quixstreams import Application

from exchange_hub.processes.program import settle_interpreter
from tests.bench.peer_fold import Registers, entered, packed, registers_in, rows_in, rows_of, rules_of, stated
from tests.bench.peer_tables import SCHEMA, written
from tests.bench.peer_work import Totals, arguments, told

Update = Callable[[bytes, Any], None]


def _rows(totals: Totals, district: str) -> Update:
    """The hub's fold: one state a kind, read once and written once an event."""
    rules = rules_of(district)

    def update(value: bytes, state: Any) -> None:
        if (event := stated(value)) is None:
            return
        contract, facts = event
        kept = state.get_bytes(contract.kind)
        registers: Registers = {} if kept is None else registers_in(kept)
        if entered(contract, facts, registers, totals):
            state.set_bytes(contract.kind, packed(registers, rows_of(contract.kind, facts, registers, rules)))

    return update


def _tables(totals: Totals, district: str) -> Callable[[bytes, Any], list[dict[str, Any]]]:
    """The hub's fold; the rows that an event changes go on to the sink, and one that is no more is marked as gone."""
    rules = rules_of(district)

    def changed(value: bytes, state: Any) -> list[dict[str, Any]]:
        if (event := stated(value)) is None:
            return []
        contract, facts = event
        kept = state.get_bytes(contract.kind)
        registers, before = ({}, []) if kept is None else (registers_in(kept), rows_in(kept))
        if not entered(contract, facts, registers, totals):
            return []
        rows = rows_of(contract.kind, facts, registers, rules)
        state.set_bytes(contract.kind, packed(registers, [[listed, key] for listed, key, _ in rows]))
        return list(written(rows, before, facts["bureau"]))

    return changed


def _sink(url: str) -> Any:
    # It asks for another driver of PostgreSQL, which all other work does without.
    from quixstreams.sinks.community.postgresql import PostgreSQLSink

    place: Any = dict.fromkeys(("host", "port", "dbname", "user", "password")) | conninfo_to_dict(url)  # of a socket there is no port
    return PostgreSQLSink(
        host=place["host"], port=place["port"], dbname=place["dbname"], user=place["user"], password=place["password"],
        table_name=lambda item: item.value.pop("table"), schema_name=SCHEMA, schema_auto_update=False, primary_key_columns="row_key",
        upsert_on_primary_key=True, include_metadata=False,
    )  # fmt: skip


def _sums(totals: Totals, _district: str) -> Update:
    """Latest revision and amount by register, and no more."""

    def update(value: bytes, state: Any) -> None:
        if (event := told(value)) is None:
            return
        present: Any = state.get(event.register)
        if present is None:
            state.set(event.register, [event.revision, event.amount])
            totals.note(event.bureau, event.family, 1, event.amount)
        elif event.revision > present[0]:
            state.set(event.register, [event.revision, event.amount])
            totals.note(event.bureau, event.family, 0, event.amount - present[1])

    return update


_WORK: dict[str, Callable[[Totals, str], Callable[[bytes, Any], Any]]] = {"rows": _rows, "tables": _tables, "sums": _sums}


def main() -> None:
    """Run until as many records as asked for have come."""
    given = arguments()
    totals = Totals(given["events"])
    app = Application(
        broker_address=given["bootstrap_servers"], consumer_group=given["group"], auto_offset_reset="earliest", state_dir=given["folder"],
        loglevel="WARNING", processing_guarantee=given.get("guarantee", "at-least-once"),
    )  # fmt: skip
    work = _WORK[given["work"]](totals, given["district"])

    def take(value: bytes, state: Any) -> Any:
        if not totals.began:
            totals.start()
        totals.left -= 1
        found = work(value, state)
        if not totals.left:
            app.stop()
        return found

    sink = _sink(given["url"]) if given["work"] == "tables" else None
    for topic in given["topics"]:
        frame = app.dataframe(app.topic(topic, value_deserializer="bytes", key_deserializer="bytes"))
        if sink is None:
            frame.update(take, stateful=True)
        else:
            frame.apply(take, stateful=True, expand=True).sink(sink)
    settle_interpreter()
    app.run()
    totals.report()


if __name__ == "__main__":
    main()
