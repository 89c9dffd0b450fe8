"""Quix Streams as its documentation shows it: a stateful update per message, state in RocksDB with changelog topics.

Each topic has a store of its own, in which a state belongs to one message key.
"""

from collections.abc import Callable
from typing import Any

from quixstreams import Application

from exchange_hub.processes.program import settle_interpreter
from tests.bench.peer_fold import Registers, entered, packed, registers_in, rows_of, rules_of, stated
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


def _sums(totals: Totals) -> Update:
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


def main() -> None:
    """Run until as many records as asked for have come."""
    given = arguments()
    totals = Totals(given["events"])
    update = _rows(totals, given["district"]) if given["work"] == "rows" else _sums(totals)
    app = Application(
        broker_address=given["bootstrap_servers"], consumer_group=given["group"], auto_offset_reset="earliest", state_dir=given["folder"],
        loglevel="WARNING",
    )  # fmt: skip

    def take(value: bytes, state: Any) -> None:
        if not totals.began:
            totals.start()
        totals.left -= 1
        update(value, state)
        if not totals.left:
            app.stop()

    for topic in given["topics"]:
        app.dataframe(app.topic(topic, value_deserializer="bytes", key_deserializer="bytes")).update(take, stateful=True)
    settle_interpreter()
    app.run()
    totals.report()


if __name__ == "__main__":
    main()
