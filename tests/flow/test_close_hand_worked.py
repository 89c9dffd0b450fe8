"""A December and a January of traps, closed days after their ends: each figure is the one that was worked out by hand."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from exchange_hub.processes.compose import Hub
from exchange_hub.reports.closed.close import Closed
from exchange_hub.runtime.migrating import migrate
from exchange_hub.runtime.settings import Settings
from exchange_hub.views.store.commit import commit, prepare
from exchange_hub.views.store.setup import connect
from exchange_hub.views.store.stamp import ensure_views
from exchange_hub.views.worker.pipeline import read_poll
from tests.flow.test_close_dated import closed
from tests.flow.test_core_store import Opened
from tests.golden.december_january import DECEMBER, JANUARY, events, quantized
from tests.platform import empty_database
from tests.strategies.history import History, Reader, topic_of
from tests.strategies.store import claimed
from tests.strategies.universe import Item


@pytest.fixture
def hub() -> Hub:
    """The sample district with its own rules."""
    return Hub.load(Settings(district=Path("deploy/districts/wuqing")))


@pytest.fixture
def told(hub: Hub, postgres_server: str) -> Iterator[Opened]:
    """A store that holds all that was said."""
    with empty_database(postgres_server) as url:
        migrate(url)
        with connect(url) as conn:
            ensure_views(conn, hub.stamp)
            context = hub.context(conn)
            prepare(conn)
            tell((conn, context, url), hub, events())
            yield conn, context, url


def tell(store: Opened, hub: Hub, items: Iterable[Item]) -> None:
    """Commit what the store does not know yet of all that was said, *items* from the first on."""
    conn, context, _ = store
    said, reader = History.of(items), Reader("hand")
    history = History({topic: said.records[topic_of(bureau)] for topic, bureau in hub.event_topics.items()})
    reader.took(claimed(conn, "hand", {topic: f"id of {topic}" for topic in hub.event_topics}))
    while (poll := reader.poll(history, dict.fromkeys(hub.event_topics, 50))) is not None:
        commit(conn, read_poll(poll, context), context)


def differing(result: Closed, worked: dict[str, str | None]) -> list[str]:
    """Return the figures that are not those worked out by hand; ``None`` is a figure without a number."""
    wrong = []
    for figure, expected in worked.items():
        found = quantized(result.report.figures[figure].value) if figure in result.report.figures else None
        if found != (None if expected is None else quantized(Decimal(expected))):
            wrong.append(f"{figure}: {found}, by hand {expected}")
    return wrong


def test_every_figure_of_both_months_is_the_one_worked_out_by_hand(told: Opened, hub: Hub) -> None:
    """What is dated in January was said before December closed, and stands in January alone; nothing is restated."""
    december, january = (closed(told, hub.district, month, day) for month, day in (("2025-12", date(2025, 12, 31)), ("2026-01", date(2026, 1, 31))))
    for result, worked in ((december, DECEMBER), (january, JANUARY)):
        wrong = differing(result, worked)
        assert not wrong, "\n".join(wrong)
    assert january.report.adjustments == ()
    # Both are of the budget of 2025 and wait in January all the same.
    assert "审核通过超过30日未付清2件" in "".join(january.report.sections[-1].paragraphs)
