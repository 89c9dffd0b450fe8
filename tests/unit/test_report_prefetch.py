"""What is made ahead in another thread."""

from collections.abc import Iterator

import pytest

from exchange_hub.reports.prefetch import HELD, prefetched


def test_items_come_in_order_and_all_of_them() -> None:
    """Nothing is lost, doubled or exchanged, ``None`` among them is an item like any other."""
    assert list(prefetched([*range(50), None])) == [*range(50), None]
    assert list(prefetched([])) == []


def test_an_error_comes_where_its_item_would_have_come() -> None:
    """What was made before the error is given out first."""

    def broken() -> Iterator[int]:
        yield from range(5)
        raise OSError("gone")

    items = prefetched(broken())
    assert [next(items) for _ in range(5)] == [*range(5)]
    with pytest.raises(OSError, match="gone"):
        next(items)


def test_whoever_stops_early_has_made_little_more_than_he_took() -> None:
    """At most a few items are made beyond those taken, and the source is closed when the reader is."""
    made, closed = [], []

    def source() -> Iterator[int]:
        try:
            for number in range(1_000):
                made.append(number)
                yield number
        finally:
            closed.append(True)

    items = prefetched(source())
    assert next(items) == 0
    del items
    assert len(made) <= 1 + HELD
    assert closed == [True]
