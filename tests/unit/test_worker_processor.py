"""What a worker does with a batch that the store refuses."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from exchange_hub.views.store.commit import Batch, Context
from exchange_hub.views.worker.app import Hooks, Processor, StaleClaimError
from exchange_hub.views.worker.driver import Poll, PollConsumer
from exchange_hub.views.worker.pipeline import Committer, Dropped, FencedError


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
def test_a_worker_that_goes_by_an_outbid_claim_ends(answer: Callable[[], Dropped], ends: type[Exception], epoch: int | None) -> None:
    """A batch under a claim that is outbid ends the worker that still goes by it, and is dropped by one that does not."""
    lost: list[BaseException] = []
    refusing: Any = Refusing(answer, {} if epoch is None else {"topic": epoch})

    async def scenario() -> None:
        hooks = Hooks(lambda *_: {}, lambda *_: None, lost.append, dict)
        processor = Processor(cast("Committer", refusing), cast("Context", None), hooks)
        await processor.take(Poll(1, {}, {}, {}, {}), cast("PollConsumer", refusing))
        await processor.settle(10)

    asyncio.run(scenario())
    assert [type(error) for error in lost] == ([ends] if epoch == 1 else [])
