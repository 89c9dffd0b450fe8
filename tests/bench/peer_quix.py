"""Quix Streams as its documentation shows it: a stateful update per message, state in RocksDB with changelog topics."""

from typing import Any

from quixstreams import Application

from tests.bench.peer_work import Totals, arguments, told


def main() -> None:
    """Run until as many records as asked for have come."""
    given = arguments()
    totals = Totals(given["events"])
    app = Application(
        broker_address=given["bootstrap_servers"], consumer_group=given["group"], auto_offset_reset="earliest", state_dir=given["folder"],
        loglevel="WARNING",
    )  # fmt: skip

    def fold(value: bytes, state: Any) -> None:
        if not totals.began:
            totals.start()
        totals.left -= 1
        event = told(value)
        if event is not None:
            present: Any = state.get(event.register)
            if present is None:
                state.set(event.register, [event.revision, event.amount])
                totals.note(event, 1, event.amount)
            elif event.revision > present[0]:
                state.set(event.register, [event.revision, event.amount])
                totals.note(event, 0, event.amount - present[1])
        if not totals.left:
            app.stop()

    for topic in given["topics"]:
        app.dataframe(app.topic(topic, value_deserializer="bytes", key_deserializer="bytes")).update(fold, stateful=True)
    app.run()
    totals.report()


if __name__ == "__main__":
    main()
