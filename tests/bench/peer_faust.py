"""Faust as its documentation shows it: an agent that takes event by event and keeps tables with changelog topics."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import faust

from exchange_hub.processes.program import settle_interpreter
from tests.bench.peer_fold import Registers, entered, rows_of, rules_of, stated
from tests.bench.peer_work import Totals, arguments

Update = Callable[[bytes, bytes], None]


def _rows(app: faust.App, totals: Totals, district: str) -> Update:
    """The hub's fold: one entry a claim, read once and written once an event; a table gives back the objects themselves."""
    rules = rules_of(district)
    claims = app.Table("claims", partitions=1)

    def update(key: bytes, value: bytes) -> None:
        if (event := stated(value)) is None:
            return
        contract, facts = event
        place = f"{facts['bureau']}|{contract.kind}|{key.decode()}"
        kept = claims.get(place)
        registers: Registers = {} if kept is None else kept[0]
        if entered(contract, facts, registers, totals):
            claims[place] = [registers, rows_of(contract.kind, facts, registers, rules)]

    return update


def main() -> None:
    """Run until as many records as asked for have come."""
    given = arguments()
    totals = Totals(given["events"])
    app = faust.App(
        given["group"], broker=f"kafka://{given['bootstrap_servers']}", store="memory://", topic_partitions=1, topic_replication_factor=1,
        consumer_auto_offset_reset="earliest", topic_disable_leader=True, web_enabled=False, datadir=given["folder"],
    )  # fmt: skip
    topic = app.topic(*given["topics"], value_serializer="raw", key_serializer="raw")
    update = _rows(app, totals, given["district"])

    @app.agent(topic)
    async def folding(values: faust.StreamT[Any]) -> None:
        async for record in values.events():
            if not totals.began:
                totals.start()
            totals.left -= 1
            update(record.key, record.value)
            if not totals.left:
                totals.report()
                await asyncio.sleep(0)
                os._exit(0)

    settle_interpreter()
    faust.Worker(app, loglevel="ERROR", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main()
