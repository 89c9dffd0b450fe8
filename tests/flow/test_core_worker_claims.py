"""What a worker holds for its own when its topics are given anew while it is claiming them."""

import asyncio
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest
from kafka import ConsumerRebalanceListener, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

from exchange_hub.runtime.settings import KafkaSettings
from exchange_hub.runtime.topics import administration
from exchange_hub.views.store.positions import Claimed, TakenAwayError, claim, register_topics
from exchange_hub.views.store.setup import connect
from exchange_hub.views.worker.app import Hooks, Processor, WorkerOptions, make_app
from exchange_hub.views.worker.driver import Poll, PollApp, PollConsumer
from exchange_hub.views.worker.sharing import WeighingAssignor
from tests.strategies.store import database

#: Longer than anything here takes.
SECONDS = 40.0


@pytest.fixture
def topics(kafka: str) -> Iterator[list[str]]:
    """Two topics of the test's own, a record on each."""
    names = [f"claims-{secrets.token_hex(4)}-{number}" for number in range(2)]
    with administration(kafka, KafkaSettings()) as admin:
        admin.create_topics([NewTopic(name, 1, 1) for name in names])
        producer = KafkaProducer(bootstrap_servers=kafka)
        for name in names:
            producer.send(name, b"record").get(SECONDS)
        producer.close()
        yield names
        admin.delete_topics(names)


class Other(ConsumerRebalanceListener):
    """Another member of the group; it takes what the leader gives it, and reads nothing."""

    def __init__(self, kafka: str, group: str, topics: list[str]) -> None:
        self.assigned = threading.Event()
        self.topics: set[str] = set()
        self._ending = threading.Event()
        self._settings = (kafka, group, topics)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Join the group."""
        self._thread.start()

    def end(self) -> None:
        """Leave the group."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(SECONDS)

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Nothing is held here."""

    def on_partitions_assigned(self, assigned: Any) -> None:
        """Note what was given."""
        self.topics = {partition.topic for partition in assigned}
        if assigned:
            self.assigned.set()

    def _run(self) -> None:
        kafka, group, topics = self._settings
        consumer = KafkaConsumer(
            bootstrap_servers=kafka, group_id=group, enable_auto_commit=False, partition_assignment_strategy=[RoundRobinPartitionAssignor],
        )  # fmt: skip
        consumer.subscribe(topics, listener=self)
        while not self._ending.is_set():
            consumer.poll(timeout_ms=50)
        consumer.close()


class Rig:
    """A worker's app over claims that are kept here.

    Attributes:
        epochs: topic → epoch of its last claim, as in the store.
        claimed: topics of each claim, and whether the other member had got its topics before.
        calls: claims begun.
        polls: what the worker read.
        lost: why the worker could not go on.
        another: set once there was a second claim.
        during_first: what happens while the first claim of all topics is under way.
        after_first: what happens between that claim and its seeks.
    """

    def __init__(self, kafka: str, folder: Path, topics: list[str]) -> None:
        self.topics = topics
        self.epochs: Counter[str] = Counter()
        self.claimed: list[tuple[frozenset[str], bool]] = []
        self.calls = 0
        self.polls: list[Poll] = []
        self.polled = asyncio.Event()
        self.lost: list[BaseException] = []
        self.another = threading.Event()
        self.during_first: Callable[[], None] = lambda: None
        self.after_first: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        group = f"claims-{secrets.token_hex(4)}"
        self.other = Other(kafka, group, topics)
        hooks = Hooks(self.claim, lambda *_: None, self.lost.append, dict, lambda _: None, lambda _: None, lambda *_: None)
        options = WorkerOptions(group, kafka, topics, session_seconds=4.0, data_folder=str(folder))
        self.app: PollApp = make_app(options, cast("Processor", self), hooks)

    def claim(self, topics: frozenset[str], still: Callable[[], bool] = lambda: True) -> Mapping[str, Claimed]:
        """Claim as the store does: all in one moment, and nothing where the topics were taken away."""
        first = not self.calls
        self.calls += 1
        if first:
            self.during_first()
        with self._lock:
            if not still():
                raise TakenAwayError(topics)
            self.epochs.update(topics)
            self.claimed.append((topics, self.other.assigned.is_set()))
        claims = {topic: Claimed(1, topic, "", self.epochs[topic], 0, None, None) for topic in topics}
        if first:
            self.after_first()
        else:
            self.another.set()
        return claims

    async def take(self, poll: Poll, consumer: PollConsumer) -> None:
        """Take a poll, as the worker's processor does."""
        self.polls.append(poll)
        if self.other.topics:
            self.polled.set()

    async def settle(self, seconds_max: float) -> None:
        """Nothing is ever under way."""

    async def run(self) -> None:
        """Run until a poll was taken with both members in the group, or the worker was lost."""
        await self.app.start()
        try:
            async with asyncio.timeout(SECONDS):
                await self.polled.wait()
        finally:
            self.other.end()
            await self.app.stop()

    def assert_right(self) -> None:
        """The worker goes on, reads under the highest epoch, and has not claimed what is another's."""
        assert not self.lost
        last = self.polls[-1]
        assert {topic: claim.epoch for topic, claim in last.claims.items()} == {topic: self.epochs[topic] for topic in last.claims}
        assert not [topics for topics, given_away in self.claimed if given_away and topics & self.other.topics]
        assert last.claims.keys() | self.other.topics == set(self.topics)


def test_a_claim_of_topics_given_anew_meanwhile_raises_no_epoch(kafka: str, topics: list[str], tmp_path: Path) -> None:
    """A claim that ends after the topics were given anew neither outbids the claim after it nor fences the new owner."""

    async def scenario() -> Rig:
        rig = Rig(kafka, tmp_path, topics)

        def given_anew() -> None:
            rig.other.start()
            assert rig.other.assigned.wait(SECONDS)
            rig.another.wait(1)  # a claim after this one, where it may overtake it

        rig.during_first = given_anew
        await rig.run()
        return rig

    asyncio.run(scenario()).assert_right()


def test_topics_given_anew_between_claim_and_seek_are_claimed_anew(
    kafka: str, topics: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the client has other topics by the time of the seek, the worker claims those and goes on."""

    async def scenario() -> Rig:
        rig = Rig(kafka, tmp_path, topics)
        given = threading.Event()

        def until_given_anew() -> None:
            rig.other.start()
            assert given.wait(SECONDS)

        def on_assignment(_: Any, assignment: Any) -> None:
            """Hold Kafka's client where it has the new assignment and has not told Faust of it."""
            if rig.claimed and len(assignment.partitions()) == 1 and not given.is_set():
                given.set()
                rig.another.wait(3)

        monkeypatch.setattr(WeighingAssignor, "on_assignment", on_assignment)
        rig.after_first = until_given_anew
        await rig.run()
        return rig

    asyncio.run(scenario()).assert_right()


def test_a_claim_too_late_writes_nothing(servers: tuple[str, str]) -> None:
    """A worker that has its topics no more by the time it holds the rows raises no epoch."""
    with database(servers[1]) as url, connect(url) as late, connect(url) as owner:
        register_topics(late, {"one": "police", "two": "police"})
        ids = {"one": "id of one", "two": "id of two"}
        before, _ = claim(owner, ids, "owner")
        with pytest.raises(TakenAwayError):
            claim(late, ids, "late", lambda: False)
        after, _ = claim(owner, ids, "owner")
    assert {topic: entry.epoch for topic, entry in after.items()} == {topic: entry.epoch + 1 for topic, entry in before.items()}


def test_a_claim_just_in_time_is_outbid_by_the_one_that_follows(servers: tuple[str, str]) -> None:
    """The look at whether the topics are still there is taken with the rows locked: who claims them meanwhile comes after."""
    ids = {"one": "id of one", "two": "id of two"}
    with database(servers[1]) as url, connect(url) as first, connect(url) as second, ThreadPoolExecutor(1) as beside:
        register_topics(first, dict.fromkeys(ids, "police"))
        claim(first, ids, "first")
        following: list[Future[Any]] = []

        def still() -> bool:
            following.append(beside.submit(claim, second, ids, "second"))
            return True

        claimed, _ = claim(first, ids, "first", still)
        outbidding, _ = following[0].result(SECONDS)
    assert {topic: entry.epoch for topic, entry in outbidding.items()} == {topic: entry.epoch + 1 for topic, entry in claimed.items()}
