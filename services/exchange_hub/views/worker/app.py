"""The Faust app of a worker: polls come in, batches are read and committed in order, failures end the process."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple, cast

import faust

from exchange_hub.views.store.commit import Batch, Context, joined
from exchange_hub.views.worker.driver import Claim, Poll, PollApp, PollConsumer
from exchange_hub.views.worker.pipeline import Committer, Done, Dropped, FencedError, Rewind, read_poll

log = logging.getLogger(__name__)

#: How often a full worker looks whether there is room again, in seconds.
_LOOK_SECONDS = 0.01


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
        weigh: tells how many records lie on each topic, as far as is known, when topics are shared out; it must not block.
    """

    claim: Claim
    done: Callable[[Done, float, float], None]
    lost: Callable[[BaseException], None]
    weigh: Callable[[], Mapping[str, int]]


class StaleClaimError(Exception):
    """This worker's own later claim is in the store, and the worker goes by the one before: it would write nothing more."""

    def __init__(self, topics: Iterable[str]) -> None:
        super().__init__(f"claimed again without knowing: {', '.join(sorted(topics))}")


class _Read(NamedTuple):
    """Polls of one chain, read and joined into one batch; *poll* is the last of them."""

    batch: Batch
    poll: Poll
    seconds: float

    def takes(self, other: "_Read", records_max: int) -> bool:
        """Tell whether *other* may join: another chain replaces what waits, and a batch has its limit."""
        return self.poll.chain != other.poll.chain or self.batch.records + other.batch.records <= records_max

    def with_(self, other: "_Read") -> "_Read":
        """Join a later poll; what waits of another chain is dropped by it."""
        if self.poll.chain != other.poll.chain:
            return other
        return _Read(joined(self.batch, other.batch), other.poll, self.seconds + other.seconds)


class Processor:
    """Reads polls while a batch commits, and commits together what was read meanwhile.

    So a slow database makes batches larger, not a queue of small ones longer.
    """

    def __init__(self, committer: Committer, context: Context, hooks: Hooks, records_max: int = 5_000) -> None:
        self._committer = committer
        self._context = context
        self._hooks = hooks
        self._records_max = records_max
        self._reading = ThreadPoolExecutor(1, "read")
        self._committing = ThreadPoolExecutor(1, "commit")
        self._waiting: _Read | None = None
        self._pending: asyncio.Task[None] | None = None

    async def take(self, poll: Poll, consumer: PollConsumer) -> None:
        """Read a poll; it commits at once, or together with what else is read while another batch commits.

        Returns when there is room for another poll.
        """
        loop = asyncio.get_running_loop()
        began = perf_counter()
        batch = await loop.run_in_executor(self._reading, read_poll, poll, self._context)
        taken = _Read(batch, poll, perf_counter() - began)
        while self._waiting is not None and not self._waiting.takes(taken, self._records_max):
            await self._running()
        self._waiting = taken if self._waiting is None else self._waiting.with_(taken)
        if self._pending is None or self._pending.done():
            self._pending = asyncio.create_task(self._commit_waiting(consumer))

    async def _running(self) -> None:
        if self._pending is not None:
            await asyncio.wait([self._pending], return_when=asyncio.FIRST_COMPLETED, timeout=_LOOK_SECONDS)

    async def settle(self, seconds_max: float) -> None:
        """Wait for the batch under way, but no longer than *seconds_max*: the others wait for the rebalance."""
        if self._pending is not None:
            await asyncio.wait([self._pending], timeout=seconds_max)

    async def _commit_waiting(self, consumer: PollConsumer) -> None:
        """Commit what waits until nothing does; what was read before a claim or rewind is dropped."""
        while self._waiting is not None:
            taken, self._waiting = self._waiting, None
            if consumer.holds(taken.poll):
                await self._finish(taken.batch, consumer, taken.seconds)

    async def _finish(self, batch: Batch, consumer: PollConsumer, reading_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        began = perf_counter()
        try:
            result = await loop.run_in_executor(self._committing, self._committer.commit, batch)
            if isinstance(result, Rewind):
                log.warning("dropped a batch that does not begin at the stored positions; reading on from them")
                await consumer.rewind(result.positions)
            elif isinstance(result, Dropped) and self._believed(result.topics, consumer):
                self._hooks.lost(StaleClaimError(result.topics))
            elif isinstance(result, Dropped):
                log.info("dropped a batch read before this worker claimed its topics again")
            else:
                self._hooks.done(result, reading_seconds, perf_counter() - began)
        except asyncio.CancelledError:
            raise
        except FencedError as error:
            if self._believed(error.topics, consumer):
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
