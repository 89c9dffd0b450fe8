"""A closed month is compared where it was touched: that gives what comparing whole lists gives, whatever was said and joined since."""

from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest

from exchange_hub.programme.district import District
from exchange_hub.programme.period import Period
from exchange_hub.reports.closed import diff
from exchange_hub.reports.closed.close import Closing, close
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.views.store.commit import commit
from exchange_hub.views.worker.pipeline import read_poll
from tests.flow.test_close_dated import emptied_of_months
from tests.flow.test_core_store import Opened, begin, event, opened
from tests.strategies.history import TOPICS, History, Reader, small

__all__ = ["opened"]

MONTHS = ("2026-08", "2026-09")


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


def read(store: Opened, reader: Reader, history: History, polls: int) -> None:
    """Commit so many polls of a few records of each topic."""
    for _ in range(polls):
        if (poll := reader.poll(history, dict.fromkeys(TOPICS, 12))) is not None:
            commit(store[0], read_poll(poll, store[1]), store[1])


def closed(store: Opened, district: District, month: str) -> None:
    """Close a month as of its last day."""
    closing = Closing(month, Period(month).last_day, datetime(2026, 12, 1, tzinfo=UTC), {}, reason="test", context=store[1])
    close(engine_of(store[2]), district, closing)


def both_ways(store: Opened, district: District, month: str) -> tuple[diff.Comparison, diff.Comparison]:
    """Compare a month by what was touched, and by whole lists."""
    with engine_of(store[2]).connect() as conn, conn.begin():
        whole = diff.compare(conn, district, month, context=store[1], whole=True)
    with engine_of(store[2]).connect() as conn, conn.begin():
        return diff.compare(conn, district, month, context=store[1]), whole


@pytest.mark.parametrize("seed", range(2))
def test_what_was_touched_is_all_that_can_differ(opened: Opened, district: District, seed: int) -> None:
    """Late, corrected, withdrawn, merged and parted: figures, contributions, causes and digest are the same both ways."""
    store, choose = emptied_of_months(opened), Random(seed)
    history = History.of(small([choose.randrange(4000) for _ in range(500)]))
    reader = begin(store)
    for month in MONTHS:
        read(store, reader, history, choose.randint(1, 3))
        closed(store, district, month)
    read(store, reader, history, 50)
    found = [both_ways(store, district, month) for month in MONTHS]
    for touched, whole in found:
        assert [each for each in zip(touched.adjustments, whole.adjustments, strict=True) if each[0] != each[1]] == []
        assert [each for each in zip(touched.rows, whole.rows, strict=True) if each[0] != each[1]] == []
        assert touched == whole
    assert any(touched.adjustments for touched, _ in found), "a history in which nothing changed shows nothing"


def test_a_month_that_nothing_touched_is_not_worked_out(opened: Opened, district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said of later days alone leaves a closed month as it is, without a look at its lists."""
    store = emptied_of_months(opened)
    said = {"category": "家电", "kind": "空调", "count": 1, "sale_amount": "2000.00", "subsidy": "300.00", "merchant_uscc": "91120222MA05000001"}
    events = [event("TradeInCompleted", "commerce", f"T{day}", order_no=f"T{day}", occurred_on=date(2026, 8, day), **said) for day in (3, 4)]
    events += [event("TradeInCompleted", "commerce", f"T{day}", order_no=f"T{day}", occurred_on=date(2026, 9, day), **said) for day in (3, 4)]
    history, reader = History.of(events), begin(store)
    poll = reader.poll(history, dict.fromkeys(TOPICS, 2))
    assert poll is not None
    commit(store[0], read_poll(poll, store[1]), store[1])
    closed(store, district, "2026-08")
    read(store, reader, history, 5)
    monkeypatch.setattr(diff, "read", None)
    with engine_of(store[2]).connect() as conn, conn.begin():
        assert diff.compare(conn, district, "2026-08", context=store[1]).adjustments == ()
