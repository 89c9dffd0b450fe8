"""What a worker does with polls that arrive while it is at work, and with a batch that the store refuses."""

import asyncio
import gc
import threading
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from exchange_hub.views.store.commit import Batch, Context, Outcome
from exchange_hub.views.store.planning import Topics
from exchange_hub.views.store.positions import Claimed
from exchange_hub.views.worker.app import Hooks, Processor, StaleClaimError
from exchange_hub.views.worker.driver import Poll, PollConsumer
from exchange_hub.views.worker.pipeline import Committer, Done, Dropped, FencedError
from tests.strategies.store import RULES, STAMP


class Refusing:
    """A store that answers every batch in one way, and a consumer that goes by its claims."""

    def __init__(self, answer: Callable[[], Dropped], claims: Mapping[str, int]) -> None:
        self._answer = answer
        self._claims = claims

    def commit(self, _: Batch) -> Dropped:
        """Refuse a batch."""
        return self._answer()

    def holds(self, _: Poll) -> bool:
        """Take every poll for one of the present chain."""
        return True

    def believes(self, topic: str, epoch: int) -> bool:
        """Whether the claim is the one gone by."""
        return self._claims.get(topic) == epoch


def fenced() -> Dropped:
    """Another worker claimed since."""
    raise FencedError({"topic": 1})


def dropped() -> Dropped:
    """The worker itself claimed since."""
    return Dropped({"topic": 1})


@pytest.mark.parametrize(("answer", "ends"), [(fenced, FencedError), (dropped, StaleClaimError)])
@pytest.mark.parametrize("epoch", [1, 2, None])
def test_a_worker_that_goes_by_an_outbid_claim_ends(
    answer: Callable[[], Dropped], ends: type[Exception], epoch: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    """A batch under a claim that is outbid ends the worker that still goes by it, and is dropped by one that does not."""
    lost: list[BaseException] = []
    noted: list[Mapping[str, int]] = []
    refusing: Any = Refusing(answer, {} if epoch is None else {"topic": epoch})

    async def scenario() -> None:
        hooks = Hooks(lambda *_: {}, lambda *_: None, lost.append, dict, noted.append, lambda _: None, lambda *_: None)
        processor = Processor(cast("Committer", refusing), cast("Context", None), hooks)
        await processor.take(Poll(1, {}, {}, {}, {}), cast("PollConsumer", refusing))
        await processor.settle(10)

    asyncio.run(scenario())
    gc.collect()
    assert "never retrieved" not in caplog.text
    assert [type(error) for error in lost] == ([ends] if epoch == 1 else [])
    assert noted == ([{"topic": 1}] if ends is FencedError else []), "a fencing is noted, whoever hears of it first"


class Slow:
    """A store that is busy with its first batch until it is let go, and a consumer whose chain is the given one."""

    def __init__(self, chain: int) -> None:
        self.chain = chain
        self.begun, self.may_go_on = threading.Event(), threading.Event()
        self.spans: list[list[tuple[int, int]]] = []

    def commit(self, batch: Batch) -> Done:
        """Note what the batch covers."""
        self.spans.append([(span.start, span.next_off) for span in batch.spans])
        self.begun.set()
        assert self.may_go_on.wait(10)
        return Done(Outcome(0), (), (), batch)

    def holds(self, poll: Poll) -> bool:
        """Whether the poll is of the present chain."""
        return poll.chain == self.chain


def passing(chain: int, start: int, end: int) -> Poll:
    """A poll that passes offsets without data."""
    claims = {"topic": Claimed(1, "topic", "id", 1, 0, None, None)}
    return Poll(chain, claims, {"topic": start}, {"topic": end}, {"topic": []})


def test_what_arrives_during_a_batch_is_taken_together() -> None:
    """Polls that wait make one batch; of a chain that ended meanwhile none is taken."""
    slow: Any = Slow(1)
    failed: list[BaseException] = []
    context = Context(Topics({1: "bureau"}, {"bureau": 1}), RULES, STAMP)
    processor = Processor(cast("Committer", slow), context, Hooks(lambda *_: {}, lambda *_: None, failed.append, dict, lambda _: None, lambda _: None, lambda *_: None))
    consumer = cast("PollConsumer", slow)

    async def scenario() -> None:
        await processor.take(passing(1, 0, 3), consumer)
        assert await asyncio.to_thread(slow.begun.wait, 10)
        await processor.take(passing(1, 3, 5), consumer)
        await processor.take(passing(1, 5, 9), consumer)
        slow.may_go_on.set()
        await processor.settle(10)
        slow.chain = 2
        await processor.take(passing(1, 9, 12), consumer)
        await processor.settle(10)

    asyncio.run(scenario())
    assert not failed
    assert slow.spans == [[(0, 3)], [(3, 9)]]
