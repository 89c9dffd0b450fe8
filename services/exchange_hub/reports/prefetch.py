"""Make the next items in another thread while the last ones are used, for steps that wait or compute outside Python."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

HELD = 3
_END = object()

Item = TypeVar("Item")


def prefetched(items: Iterable[Item]) -> Iterator[Item]:
    """Yield *items* in their order, of which up to three are made ahead of the one that is asked for.

    An error comes where its item would have come; whoever stops early waits for the few that are being made.
    """
    left = iter(items)
    with ThreadPoolExecutor(1, "ahead") as maker:
        coming = deque(maker.submit(next, left, _END) for _ in range(HELD))
        while (item := coming.popleft().result()) is not _END:
            coming.append(maker.submit(next, left, _END))
            yield item  # type: ignore[misc]  # the mark of the end has been told apart
