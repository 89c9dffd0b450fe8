"""Faust as its documentation shows it: an agent that takes event by event and keeps tables with changelog topics."""

import asyncio
import os
from typing import Any

import faust

from tests.bench.peer_work import Totals, arguments, told


def main() -> None:
    """Run until as many records as asked for have come."""
    given = arguments()
    totals = Totals(given["events"])
    app = faust.App(
        given["group"], broker=f"kafka://{given['bootstrap_servers']}", store="memory://", topic_partitions=1, topic_replication_factor=1,
        consumer_auto_offset_reset="earliest", topic_disable_leader=True, web_enabled=False, datadir=given["folder"],
    )  # fmt: skip
    topic = app.topic(*given["topics"], value_serializer="raw", key_serializer="raw")
    entities = app.Table("entities", default=dict, partitions=1)
    sums = app.Table("sums", default=int, partitions=1)

    @app.agent(topic)
    async def folding(values: faust.StreamT[Any]) -> None:
        async for record in values.events():
            if not totals.began:
                totals.start()
            totals.left -= 1
            event = told(record.value)
            if event is not None:
                place = f"{event.bureau}|{event.family}|{record.key.decode()}"
                registers = entities[place]
                present = registers.get(event.register)
                if present is None or event.revision > present[0]:
                    registers[event.register] = [event.revision, event.amount]
                    entities[place] = registers
                    change = event.amount - (present[1] if present else 0)
                    sums[f"{event.bureau}|{event.family}"] += change
                    totals.note(event, 0 if present else 1, change)
            if not totals.left:
                totals.report()
                await asyncio.sleep(0)
                os._exit(0)

    faust.Worker(app, loglevel="ERROR", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main()
