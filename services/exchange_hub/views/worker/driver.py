"""A Faust transport that hands over whole polls and starts from positions kept with the data.

Per message Faust makes tasks, queues and acknowledgements; per poll that costs nothing. So the consumer wraps each
poll, over all its topics, into one message. Faust's own commits are never made: positions live in the store.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, cast

import aiokafka
import faust
from aiokafka import TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, IllegalStateError, TopicAuthorizationFailedError
from faust.exceptions import ConsumerNotStarted
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from exchange_hub.views.store.positions import Claimed, TakenAwayError
from exchange_hub.views.worker.records import DamagedTopicError, install
from exchange_hub.views.worker.sharing import WeighingAssignor


class Poll(NamedTuple):
    """What one poll returned.

    Attributes:
        chain: number of the chain of polls it belongs to; every claim and every rewind begins a new one.
        claims: topic → the claim under which it was read.
        starts: topic → offset at which the poll's part begins, chained from poll to poll, so that a poll that was
            dropped on the way leaves a gap that the store refuses.
        ends: topic → offset at which the next poll's part begins; control records between data are passed here.
        records: topic → records in offset order; none where only control records were passed.
        size_bytes: what their keys and values hold.
    """

    chain: int
    claims: Mapping[str, Claimed]
    starts: Mapping[str, int]
    ends: Mapping[str, int]
    records: Mapping[str, list[Any]]
    size_bytes: int = 0

    @property
    def size(self) -> int:
        """How many records it holds."""
        return sum(map(len, self.records.values()))


def joined(polls: Sequence[Poll]) -> Poll:
    """Make one poll of polls that follow one another in one chain."""
    if len(polls) == 1:
        return polls[0]
    claims: dict[str, Claimed] = {}
    starts: dict[str, int] = {}
    ends: dict[str, int] = {}
    records: dict[str, list[Any]] = {}
    for poll in polls:
        claims.update(poll.claims)
        starts = {**poll.starts, **starts}
        ends.update(poll.ends)
        for topic, found in poll.records.items():
            records[topic] = [*records.get(topic, ()), *found]
    return Poll(polls[0].chain, claims, starts, ends, records, sum(poll.size_bytes for poll in polls))


class _PollRecord(NamedTuple):
    """The one pseudo-record of a poll; its place is the last record of one of its topics."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    headers: tuple[()]
    key: None
    value: Poll
    checksum: None
    serialized_key_size: int
    serialized_value_size: int


#: Claims topics (a topic that must stand still is left out) and returns where to read each from; blocking, called off
#: the event loop. The second argument tells whether the worker still has the topics: where it says no, the claim
#: changes nothing and raises :class:`TakenAwayError`.
Claim = Callable[[frozenset[str], Callable[[], bool]], Mapping[str, Claimed]]


class LogChangedError(Exception):
    """A topic is not the one that this worker reads any more; its next start says why it stands still."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}; the next start looks at every topic and says what to do")


#: How long a fetch waits at the broker for data, in milliseconds. A topic whose records were just taken joins the next
#: fetch only: this is what its next record may have to wait.
FETCH_WAIT_MS = 50


class Standing(NamedTuple):
    """Where a worker stands with its topics.

    Attributes:
        reads: topics that it claimed and reads; none while they are given out anew.
        given: topics that Kafka gives it now, ``None`` while it takes part in no assignment.
    """

    reads: frozenset[str] = frozenset()
    given: frozenset[str] | None = None


class PollConsumerThread(driver.AIOKafkaConsumerThread):
    """Reads only what transactions committed."""

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        install()
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # noqa: SLF001 — Faust offers it only with its own transactions
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001 — Faust fixes it at 1.5 s
        # One way only: aiokafka joins the group once for each way that it offers, and each join begins a rebalance.
        consumer._partition_assignment_strategy = (WeighingAssignor(cast("PollApp", self.app).weigh),)  # noqa: SLF001 — Faust fixes it at round robin
        return consumer


class PollConsumer(driver.Consumer):
    """Delivers one message per poll and seeks to the positions that the store says."""

    claim: Claim
    lost: Callable[[BaseException], None]
    #: Told of a topic that this worker reads and may read no more, or whose log is damaged, which is said in words.
    denied: Callable[[str], None]
    damaged: Callable[[str, str], None]
    #: Waits until what was handed over is committed; bounded by the one who gives it.
    drain: Callable[[], Awaitable[None]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._claims: dict[str, Claimed] = {}
        self._next: dict[str, int] = {}
        self._chain = 0
        #: Held while records are fetched and stamped, and while positions are claimed or rewound: a fetch belongs
        #: wholly to the chain before or to the chain after.
        self._chaining = asyncio.Lock()
        #: One thread: a claim whose waiter was cancelled still runs, and must not raise the epoch of the claim after it.
        self._claiming = ThreadPoolExecutor(1, "claim")

    def _new_consumer_thread(self) -> PollConsumerThread:
        return PollConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Claim the assigned topics and seek to their stored positions, whatever Kafka's committed offsets say.

        Faust calls it after each rebalance, and also where a fetch ends while a rebalance is under way. It only logs
        a failed seek, and stands still for good after one that took longer than a request may; here both end the
        process, and the supervisor starts it again.
        """
        try:
            async with asyncio.timeout(self.app.conf.broker_request_timeout * 0.9), self._chaining:
                # Until they are claimed anew nothing is held: batches of the claims before are dropped, not fenced.
                self._let_go()
                claims = await self._claim_and_seek()
                self._claims = dict(claims)
                self._next = {topic: claimed.next_off for topic, claimed in claims.items()}
                return {TP(topic, 0): claimed.next_off for topic, claimed in claims.items()}
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self.lost(error)
            raise

    async def _claim_and_seek(self) -> Mapping[str, Claimed]:
        """Claim and seek until both fall within one assignment.

        Where there is none, nothing is claimed and nothing read: the client has given its topics back and joins the
        group anew, and after that Faust calls again. What was claimed under an assignment that is gone is left as it
        is: whoever has those topics now claims them later, with a higher epoch.
        """
        while not self._stopping() and (assignment := self._assigned()) is not None and assignment.tps:
            topics = frozenset(partition.topic for partition in assignment.tps)
            still = self._still_of(assignment)
            try:
                claims = await self.loop.run_in_executor(self._claiming, self.claim, topics, still)
                await self._seek_all(claims, topics)
            except (TakenAwayError, IllegalStateError):
                if still():
                    raise
            else:
                if still():
                    return claims
        return {}

    def _still_of(self, assignment: Any) -> Callable[[], bool]:
        """Return what tells whether an assignment is still this worker's."""
        return lambda: not self._stopping() and self._assigned() is assignment

    async def _seek_all(self, claims: Mapping[str, Claimed], topics: frozenset[str]) -> None:
        for topic, claimed in claims.items():
            await self._seek(TP(topic, 0), claimed.next_off)
        # Nothing of them is processed: they get any place, for without one Kafka's client would ask for a reset, and rest.
        for topic in topics - claims.keys():
            await self._seek(TP(topic, 0), 0)
            await self._rest(topic)

    async def _rest(self, topic: str, *, over: bool = False) -> None:
        """Let Kafka's client fetch nothing of a topic, or fetch again."""
        consumer = self._thread._ensure_consumer()  # noqa: SLF001 — Faust has no public way to its client
        await self._thread.call_thread(consumer.resume if over else consumer.pause, TopicPartition(topic, 0))

    async def look_again(self) -> None:
        """Let Kafka's client learn now which topics there are; by itself it does so every few minutes."""
        client = self._thread._ensure_consumer()._client  # noqa: SLF001 — as above
        await self._thread.call_thread(client.force_metadata_update)

    async def take_up(self, topics: frozenset[str]) -> None:
        """Claim and read topics that stood still, beside those that are read; what cannot be claimed stands still on."""
        async with self._chaining:
            assignment = self._assigned()
            if assignment is None or self._stopping():
                return
            still = self._still_of(assignment)
            wanted = topics & {partition.topic for partition in assignment.tps} - self._claims.keys()
            try:
                claims = await self.loop.run_in_executor(self._claiming, self.claim, frozenset(wanted), still) if wanted else {}
                for topic, claimed in claims.items():
                    await self._seek(TP(topic, 0), claimed.next_off)
                    await self._rest(topic, over=True)
            except (TakenAwayError, IllegalStateError):
                if still():
                    raise
            else:
                if still():
                    self._claims |= claims
                    self._next |= {topic: claimed.next_off for topic, claimed in claims.items()}

    def _let_go(self) -> None:
        self._chain += 1
        self._claims = {}
        self._next = {}

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let the batch under way commit before topics go to another worker; what was not begun is dropped."""
        self._let_go()
        await self.drain()
        await super().on_partitions_revoked(revoked)

    async def rewind(self, positions: Mapping[str, int]) -> None:
        """Seek to *positions* after a batch was dropped; later polls are chained from there."""
        async with self._chaining:
            self._chain += 1
            for topic, offset in positions.items():
                if topic in self._next:
                    self._next[topic] = offset
                    await self.seek(TP(topic, 0), offset)

    def on_buffer_full(self, tp: TP) -> None:
        """Go on with all topics: a poll speaks for many, and the topic it is filed under must not be set aside.

        Faust sets a topic aside while the buffer is full and was seen never to take it back after the database had
        been away. Polls wait all the same: no next one is fetched before the last has a place in the buffer.
        """

    def on_buffer_drop(self, tp: TP) -> None:
        """See :meth:`on_buffer_full`."""

    def believes(self, topic: str, epoch: int) -> bool:
        """Tell whether this worker takes *topic* for its own under the claim of *epoch*; one that is ending gave all up."""
        if self._stopping():
            return False
        claimed = self._claims.get(topic)
        return claimed is not None and claimed.epoch == epoch

    def standing(self) -> Standing:
        """Tell where this worker stands; any thread may ask."""
        try:
            assignment = self._assigned()
        except ConsumerNotStarted:
            assignment = None
        given = None if assignment is None else frozenset(partition.topic for partition in assignment.tps)
        return Standing(frozenset(self._claims), given)

    def holds(self, poll: Poll) -> bool:
        """Tell whether the poll belongs to the chain that is read now; what came before a rewind or claim does not."""
        return poll.chain == self._chain

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:  # noqa: ASYNC109 — Faust's signature
        async with self._chaining:
            assignment = self._assigned()
            try:
                fetched = await super()._getmany(active_partitions, timeout)
            except TopicAuthorizationFailedError as error:
                topic = str(error.args[0])
                await self._stand_still(topic, partial(self.denied, topic))
                return {}
            except DamagedTopicError as error:
                await self._stand_still(error.topic, partial(self.damaged, error.topic, str(error)))
                # What the client had taken for this fetch of other topics is read again.
                for topic, offset in self._next.items():
                    await self._seek(TP(topic, 0), offset)
                return {}
            except GroupAuthorizationFailedError as error:
                self.lost(error)  # the next start says which right is missing
                raise
            if assignment is None or self._assigned() is not assignment or not self.flow_active:
                return {}  # topics were given anew meanwhile: they are claimed, and read again, from the store's positions
            records = {tp.topic: batch for tp, batch in fetched.items() if batch and tp.topic in self._claims}
            reached = self._reached(records, assignment)
            ends = {topic: end for topic, end in reached.items() if end > self._next[topic]}
            if not ends:
                return {}
            await self._refuse_gaps(ends, records)
            poll = Poll(
                self._chain,
                {topic: self._claims[topic] for topic in ends},
                {topic: self._next[topic] for topic in ends},
                ends,
                {topic: records.get(topic, []) for topic in ends},
                sum(len(each.key or b"") + len(each.value or b"") for batch in records.values() for each in batch),
            )
            self._next.update(ends)
        topic, end = next(iter(ends.items()))
        batch = records.get(topic)
        stamp = batch[-1].timestamp if batch else 0
        return {TP(topic, 0): [_PollRecord(topic, 0, end - 1, stamp, 1, (), None, poll, None, 0, 0)]}

    async def _stand_still(self, topic: str, tell: Callable[[], None]) -> None:
        """Read a topic no more that may or can not be read, and tell so; all others go on."""
        if topic in self._claims:
            del self._claims[topic], self._next[topic]
            tell()
        await self._rest(topic)

    async def _refuse_gaps(self, ends: Mapping[str, int], records: Mapping[str, list[Any]]) -> None:
        """End the worker where what was to be read next was deleted; control records leave gaps as well, and are still there."""
        begins = {topic: records[topic][0].offset if topic in records else end for topic, end in ends.items()}
        if gaps := [TopicPartition(topic, 0) for topic, begin in begins.items() if begin > self._next[topic]]:
            consumer = self._thread._ensure_consumer()  # noqa: SLF001 — Faust has no public way to its client
            first = await self._thread.call_thread(consumer.beginning_offsets, gaps)
            if cut := [partition.topic for partition, offset in first.items() if offset > self._next[partition.topic]]:
                error = LogChangedError(f"events were deleted before they were read: {', '.join(sorted(cut))}")
                self.lost(error)
                raise error

    def _assigned(self) -> Any:
        """Return the client's present assignment, an object of its own for each rebalance.

        ``None`` where there is none, and from the moment at which the client gives its topics back in order to join
        the group anew: its old assignment stands on while others may have got the topics.
        """
        subscription = self._thread._ensure_consumer()._subscription.subscription  # noqa: SLF001 — as above
        if subscription is None or subscription._reassignment_in_progress:  # noqa: SLF001 — as above
            return None
        assignment = subscription.assignment
        return assignment if assignment is not None and assignment.active else None

    def _stopping(self) -> bool:
        return bool(self.should_stop or self.app.should_stop)

    def _reached(self, records: Mapping[str, list[Any]], assignment: Any) -> dict[str, int]:
        """Return topic → offset after everything fetched so far, control records included.

        Kafka's client steps over control records without handing them out; where its own position stands beyond
        the last record, only such were between.
        """
        ends = {topic: batch[-1].offset + 1 for topic, batch in records.items()}
        for topic in self._claims:
            partition = TopicPartition(topic, 0)
            if partition in assignment.tps:
                state = assignment.state_value(partition)
                if state.has_valid_position and not state.awaiting_reset:
                    ends[topic] = max(ends.get(topic, 0), state.position)
        return ends


class PollTransport(driver.Transport):
    """The transport with the consumer above."""

    Consumer = PollConsumer


async def _or_lost(doing: Coroutine[Any, Any, None], lost: Callable[[BaseException], None]) -> None:
    """Do something that nobody waits for; where it fails the worker ends."""
    try:
        await doing
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001 — handed to the one who ends the process
        lost(error)


class PollApp(faust.App):
    """A Faust app on the poll transport; *claim*, *lost*, *denied*, *damaged*, *drain* and *weigh* are given by the program that makes it."""

    def __init__(
        self,
        *args: Any,
        claim: Claim,
        lost: Callable[[BaseException], None],
        denied: Callable[[str], None],
        damaged: Callable[[str, str], None],
        drain: Callable[[], Awaitable[None]],
        weigh: Callable[[], Mapping[str, int]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.weigh = weigh
        self._claim = claim
        self._lost = lost
        self._denied = denied
        self._damaged = damaged
        self._drain = drain

    def standing(self) -> Standing:
        """Tell where the worker stands; any thread may ask, at any time."""
        return Standing() if self._consumer is None else cast("PollConsumer", self._consumer).standing()

    def take_up(self, topics: frozenset[str]) -> None:
        """Read topics that stood still for want of a right, now that it is there; any thread may ask, and does not wait."""
        if self._consumer is not None and topics:
            consumer = cast("PollConsumer", self._consumer)
            asyncio.run_coroutine_threadsafe(_or_lost(consumer.take_up(topics), self._lost), consumer.loop)

    def look_again(self) -> None:
        """Ask Kafka anew which topics there are, and so join the group anew where there are others; any thread may ask."""
        if self._consumer is not None:
            consumer = cast("PollConsumer", self._consumer)
            asyncio.run_coroutine_threadsafe(_or_lost(consumer.look_again(), self._lost), consumer.loop)

    def _new_transport(self) -> PollTransport:
        return PollTransport(self.conf.broker_consumer, self)

    def _new_consumer(self) -> Any:
        consumer: Any = super()._new_consumer()
        consumer.claim = self._claim
        consumer.lost = self._lost
        consumer.denied = self._denied
        consumer.damaged = self._damaged
        consumer.drain = self._drain
        return consumer
