"""The Faust app of a worker: polls come in, batches are read and committed in order, failures end the process."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Any, cast

import faust

from exchange_hub.views.store.commit import Context
from exchange_hub.views.worker.driver import Claim, Poll, PollApp, PollConsumer, joined
from exchange_hub.views.worker.pipeline import Committer, Done, Dropped, FencedError, Rewind, read_poll

log = logging.getLogger(__name__)

#: How often a full worker looks whether there is room again, in seconds.
_LOOK_SECONDS = 0.01

#: Keys and values of one batch, at most, in bytes: many times what its records are by number, unless somebody sends giants.
BATCH_BYTES_MAX = 16 * 2**20

#: How long a fenced worker that must end waits for that to be noted, in seconds.
_NOTE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What a worker needs to know.

    Attributes:
        name: group id of the district's workers; all workers of a district share it.
        bootstrap_servers: Kafka addresses, comma separated.
        topics: event topics of the district's registry.
        session_seconds: silence after which Kafka gives the topics to another worker.
        poll_records_max: records of one poll over all topics, at most.
        credentials: Faust broker credentials, or ``None``.
        data_folder: where Faust makes its (empty) folder.
    """

    name: str
    bootstrap_servers: str
    topics: Sequence[str]
    session_seconds: float = 10.0
    poll_records_max: int = 5_000
    credentials: Any = None
    data_folder: str = "."


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the program around the worker does: claim topics, note a commit, end the process.

    Attributes:
        claim: claims assigned topics in the store (blocking).
        done: a batch was committed, with seconds for reading and for committing.
        lost: the worker cannot go on; the hook ends the process.
        fenced: a batch was dropped because others claimed its topics (topic → epoch of the own claim); it may block.
        weigh: tells how many records lie on each topic, as far as is known, when topics are shared out; it must not block.
        denied: told of a topic that is read and whose right to be read was taken away: it stands still.
        damaged: told of a topic that is read and whose log is damaged, and where: it stands still.
    """

    claim: Claim
    done: Callable[[Done, float, float], None]
    lost: Callable[[BaseException], None]
    weigh: Callable[[], Mapping[str, int]]
    fenced: Callable[[Mapping[str, int]], None]
    denied: Callable[[str], None]
    damaged: Callable[[str, str], None]


class StaleClaimError(Exception):
    """This worker's own later claim is in the store, and the worker goes by the one before: it would write nothing more."""

    def __init__(self, topics: Iterable[str]) -> None:
        super().__init__(f"claimed again without knowing: {', '.join(sorted(topics))}")


class Processor:
    """Reads and commits polls in order, and takes together what arrived meanwhile.

    So a slow database makes batches larger, not a queue of small ones longer. One thread does both: Python computes on
    one core only, and a second thread that reads while the first commits was measured to cost more (15 µs an event, in
    handing the interpreter from core to core) than the waiting for the database that it fills.
    """

    def __init__(self, committer: Committer, context: Context, hooks: Hooks, records_max: int = 5_000) -> None:
        self._committer = committer
        self._context = context
        self._hooks = hooks
        self._records_max = records_max
        self._thread = ThreadPoolExecutor(1, "batch")
        #: Polls of one chain; together they hold at most as many records as a batch may.
        self._waiting: list[Poll] = []
        self._pending: asyncio.Task[None] | None = None

    async def take(self, poll: Poll, consumer: PollConsumer) -> None:
        """Take a poll; returns when there is room for another one. Polls of another chain that wait are dropped by it."""
        while self._of_chain(poll) and not self._has_room(poll):
            await self._running()
        self._waiting = [*self._of_chain(poll), poll]
        if self._pending is None or self._pending.done():
            self._pending = asyncio.create_task(self._work_off(consumer))
            # Whatever ends it was told to the hook; asyncio need not say it again when the task is thrown away.
            self._pending.add_done_callback(lambda task: task.cancelled() or task.exception())

    def _has_room(self, poll: Poll) -> bool:
        together = [*self._waiting, poll]
        return sum(each.size for each in together) <= self._records_max and sum(each.size_bytes for each in together) <= BATCH_BYTES_MAX

    def _of_chain(self, poll: Poll) -> list[Poll]:
        return [each for each in self._waiting if each.chain == poll.chain]

    async def _running(self) -> None:
        if self._pending is not None:
            await asyncio.wait([self._pending], return_when=asyncio.FIRST_COMPLETED, timeout=_LOOK_SECONDS)

    async def settle(self, seconds_max: float) -> None:
        """Wait for the batch under way, but no longer than *seconds_max*: the others wait for the rebalance."""
        if self._pending is not None:
            await asyncio.wait([self._pending], timeout=seconds_max)

    async def _work_off(self, consumer: PollConsumer) -> None:
        """Commit what waits until nothing does; what was fetched before a claim or rewind is dropped."""
        while self._waiting:
            polls, self._waiting = self._waiting, []
            if consumer.holds(polls[0]):
                await self._finish(joined(polls), consumer)

    def _process(self, poll: Poll) -> tuple[Done | Rewind | Dropped, float, float]:
        """Read and commit; returns the seconds of both as well."""
        began = perf_counter()
        batch = read_poll(poll, self._context)
        read = perf_counter()
        return self._committer.commit(batch), read - began, perf_counter() - read

    async def _finish(self, poll: Poll, consumer: PollConsumer) -> None:
        try:
            result, *seconds = await asyncio.get_running_loop().run_in_executor(self._thread, self._process, poll)
            if isinstance(result, Rewind):
                log.warning("dropped a batch that does not begin at the stored positions; reading on from them")
                await consumer.rewind(result.positions)
            elif isinstance(result, Dropped) and self._believed(result.topics, consumer):
                self._hooks.lost(StaleClaimError(result.topics))
            elif isinstance(result, Dropped):
                log.info("dropped a batch read before this worker claimed its topics again")
            else:
                self._hooks.done(result, *seconds)
        except asyncio.CancelledError:
            raise
        except FencedError as error:
            ends = self._believed(error.topics, consumer)
            noted = asyncio.get_running_loop().run_in_executor(None, self._hooks.fenced, error.topics)
            await asyncio.wait([noted], timeout=_NOTE_SECONDS)
            if ends:
                self._hooks.lost(error)
                raise
            log.info("dropped a batch of topics that were given to another worker")
        except BaseException as error:
            self._hooks.lost(error)
            raise

    @staticmethod
    def _believed(topics: Mapping[str, int], consumer: PollConsumer) -> bool:
        return any(consumer.believes(topic, epoch) for topic, epoch in topics.items())


def make_app(options: WorkerOptions, processor: Processor, hooks: Hooks) -> PollApp:
    """Make the Faust app; nothing connects until it is started."""
    app = PollApp(
        options.name,
        claim=hooks.claim,
        lost=hooks.lost,
        denied=hooks.denied,
        damaged=hooks.damaged,
        weigh=hooks.weigh,
        drain=lambda: processor.settle(options.session_seconds / 2),
        broker=[f"kafka://{server}" for server in options.bootstrap_servers.split(",")],
        broker_credentials=options.credentials,
        broker_session_timeout=options.session_seconds,
        broker_heartbeat_interval=options.session_seconds / 10,
        broker_request_timeout=max(options.session_seconds + 10, 40),
        broker_max_poll_records=options.poll_records_max,
        broker_commit_every=2**31,
        broker_commit_interval=3600.0,
        # Between assignment and seek the client looks for a place of its own; "none" would end the worker there. A log
        # that lost the wanted place shows in records before it, which end the worker, and its next start says why.
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 * 2**20,
        stream_buffer_maxsize=2,
        stream_wait_empty=False,
        table_standby_replicas=0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_replication_factor=1,
        web_enabled=False,
        store="memory://",
        datadir=options.data_folder,
    )
    topic = app.topic(*options.topics, value_serializer="raw", key_serializer="raw", acks=False)

    @app.agent(topic)
    async def views(polls: faust.StreamT[Any]) -> None:
        async for poll in polls:
            try:
                await processor.take(poll, cast("PollConsumer", app.consumer))
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                hooks.lost(error)
                raise

    return app


def run_app(app: PollApp) -> None:
    """Run the app until SIGTERM or SIGINT."""
    worker = faust.Worker(app, loglevel=None, override_logging=False, redirect_stdouts=False, quiet=True)
    worker.spinner = None  # it would write cursor codes among the log's lines
    worker.execute_from_commandline()
