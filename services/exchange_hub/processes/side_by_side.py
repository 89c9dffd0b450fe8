"""Work of a rebuild spread over processes: Python computes on one core only."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import closing
from itertools import islice
from multiprocessing import get_context
from typing import Any

from exchange_hub.processes.compose import Hub
from exchange_hub.processes.program import settle_interpreter
from exchange_hub.runtime.pool_processes import end_with_starter, terminate
from exchange_hub.runtime.servers import Servers
from exchange_hub.views import reconciliation
from exchange_hub.views.backfill import Part, fill_part
from exchange_hub.views.rebuild import prepare_to_fill
from exchange_hub.views.reconciliation import Position
from exchange_hub.views.store.setup import connect

#: Fewer events than this are done in this process: another one takes two seconds to start.
ALONE_EVENTS_MAX = 50_000
PROCESSES_MAX = 4
_LOOK_SECONDS = 0.5

#: A job's work, and what it gives.
Work = Callable[..., Any]


def fill_parts(hub: Hub, url: str, schema: str, parts: Mapping[Part, int], tick: Callable[[], None]) -> None:
    """Fill the parts of a schema (part → its events), the largest first; *tick* is called now and then."""
    heaviest_first = sorted(parts, key=lambda part: (-parts[part], part))
    _run(_fill, [(hub, url, schema, part) for part in heaviest_first], sum(parts.values()), lambda _done: tick(), tick)


def _fill(hub: Hub, url: str, schema: str, part: Part) -> None:
    with connect(url, "hub rebuild") as conn:
        prepare_to_fill(conn, schema)
        fill_part(conn, hub.context(conn, schema), part)


def prove(
    hub: Hub, servers: Servers, positions: Sequence[Position], show: int, note: Callable[[int, int], None]
) -> tuple[int, list[str]]:
    """Compare the store with Kafka, topic by topic.

    Args:
        hub: the district's hub.
        servers: where Kafka and the store are.
        positions: up to where each topic is compared.
        show: differences that are returned one by one.
        note: told offsets done and to do.

    Returns:
        How many differences there are, and the first of them in English.
    """
    heaviest_first = sorted(positions, key=lambda position: (-position.next_off, position.topic))
    total = sum(position.next_off for position in positions)
    done, count = 0, 0
    shown: list[str] = []

    def told(result: tuple[int, int, list[str]]) -> None:
        nonlocal done, count
        done, count = done + result[0], count + result[1]
        shown.extend(result[2])
        note(done, total)

    _run(_prove, [(hub, servers, position, show) for position in heaviest_first], total, told, lambda: None)
    return count, shown[:show]


def _prove(hub: Hub, servers: Servers, position: Position, show: int) -> tuple[int, int, list[str]]:
    options = {"bootstrap_servers": servers.bootstrap_servers.split(","), **hub.settings.kafka.aio_options()}
    with connect(servers.database_url, "hub rebuild") as conn, closing(reconciliation.compare(conn, options, position)) as found:
        shown = list(islice(found, show))
        return position.next_off, len(shown) + sum(1 for _ in found), shown


def _run(work: Work, jobs: Sequence[tuple[Any, ...]], events: int, told: Callable[[Any], None], tick: Callable[[], None]) -> None:
    """Run jobs in this process where they are small, else side by side."""
    processes = min(os.cpu_count() or 1, PROCESSES_MAX, len(jobs))
    if events < ALONE_EVENTS_MAX or processes < 2:
        for job in jobs:
            told(work(*job))
        return
    with ProcessPoolExecutor(processes, get_context("spawn"), _begin) as pool:
        waiting: set[Future[Any]] = {pool.submit(work, *job) for job in jobs}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    told(future.result())
                tick()
        except BaseException:
            # What the others are at would take minutes; it is taken back, and the next run goes on from before it.
            terminate(pool)
            raise


def _begin() -> None:
    """Prepare a process for its jobs; it ends with the one that started it, however that went."""
    settle_interpreter()
    end_with_starter()
