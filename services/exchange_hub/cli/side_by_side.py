"""Work of a rebuild spread over processes: Python computes on one core only."""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context, parent_process
from typing import Any

from exchange_hub.cli.compose import Hub
from exchange_hub.cli.program import settle_interpreter
from exchange_hub.runtime.servers import Servers
from exchange_hub.views import proof
from exchange_hub.views.filling import Part, fill_part
from exchange_hub.views.rebuild import prepare_to_fill
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
    hub: Hub, servers: Servers, below: Mapping[str, tuple[int, int]], differ: Callable[[str], None], note: Callable[[int, int], None]
) -> None:
    """Compare the event log with Kafka, topic by topic.

    Args:
        hub: the district's hub.
        servers: where Kafka and the store are.
        below: topic name → its number and the offset up to which its log is compared, exclusive.
        differ: told, in English, of each record that Kafka and the event log do not agree on.
        note: told offsets done and to do.
    """
    heaviest_first = sorted(below, key=lambda name: (-below[name][1], name))
    total, done = sum(end for _, end in below.values()), 0

    def told(result: tuple[int, Sequence[str]]) -> None:
        nonlocal done
        offsets, found = result
        for words in found:
            differ(words)
        done += offsets
        note(done, total)

    _run(_prove, [(hub, servers, (below[name][0], name), below[name][1]) for name in heaviest_first], total, told, lambda: None)


def _prove(hub: Hub, servers: Servers, topic: tuple[int, str], end: int) -> tuple[int, list[str]]:
    options = {"bootstrap_servers": servers.bootstrap_servers.split(","), **hub.settings.kafka.aio_options()}
    with connect(servers.database_url, "hub rebuild") as conn:
        found = proof.differences(proof.logged(conn, topic[0], end), proof.records(options, topic, end), hub.event_topics[topic[1]])
        return end, list(found)


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
            for child in list(pool._processes.values()):  # noqa: SLF001 — public only from Python 3.14 on
                child.terminate()
            raise


def _begin() -> None:
    """Prepare a process for its jobs; it ends with the one that started it, however that went."""
    settle_interpreter()
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)
