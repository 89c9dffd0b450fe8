"""What keeps pages quick changes no answer: reading from the end, sums in the database, comparisons kept."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

import pytest

from exchange_hub.console import comparing
from exchange_hub.console.comparing import Comparing
from exchange_hub.console.database import DatabaseSource
from exchange_hub.processes.compose import Hub
from exchange_hub.runtime.settings import Settings
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.queries import lists
from exchange_hub.views.queries.answers import TO_VERIFY, Looked, Selection
from exchange_hub.views.store.setup import connect
from exchange_hub.views.summing import grouped
from exchange_hub.views.summing import summed as _summed
from tests.platform import empty_database
from tests.waiting import wait_for

ORDERS = BY_NAME["trade-in"]
ROWS = 47


@pytest.fixture(scope="module")
def hub() -> Hub:
    return Hub.load(Settings())


@pytest.fixture(scope="module")
def url(hub: Hub, postgres_server: str) -> Iterator[str]:
    """A store with orders, some columns of which are empty and some alike."""
    choose = Random(7)
    with empty_database(postgres_server) as address:
        hub.prepare_store(address)
        with connect(address) as conn:
            for number in range(ROWS):
                amount, kind = choose.choice((None, 100, 250, -3)), choose.choice((None, "空调", "冰箱"))
                conn.execute(
                    """INSERT INTO live.trade_in (row_key, component, bureaus, lead_bureau, step, granularity, category, kind, subsidy, month, serial_no)
                       VALUES (%s, %s, '{commerce}', 'commerce', '完成', %s, '家电', %s, %s, '2026-10', %s)""",
                    (f"r{number:03d}", f"commerce:r{number:03d}", choose.choice(("明细", "汇总")), kind, amount, f"S{number // 2}"),
                )
        yield address


@pytest.fixture
def source(hub: Hub, url: str) -> Iterator[DatabaseSource]:
    source = DatabaseSource(url, hub.rules())
    yield source
    source.close()


@pytest.mark.parametrize("order", [(), ("subsidy",), ("-subsidy", "kind"), ("-kind",)])
@pytest.mark.parametrize("text", ["", "S1", "s1", "1", "空调", "nowhere"])
@pytest.mark.parametrize("few", [0, 1000])
def test_a_page_is_the_same_however_it_is_reached(source: DatabaseSource, order: tuple[str, ...], text: str, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read from the end behind the middle, by keys where few rows are found: whatever the order, and what is empty in it."""
    monkeypatch.setattr(lists, "_FEW", few)
    wanted = Selection(order=order, text=text)
    with source.reading() as reading:
        every = reading.rows("trade-in", wanted)
        for size in (1, 5, 20):
            for offset in range(0, len(every) + size, size):
                assert reading.page("trade-in", wanted, limit=size, offset=offset) == (len(every), every[offset : offset + size])


@pytest.mark.parametrize("text", ["S1", "s1", "1", "空调", "家", "s", "R04", "%", "_", "\\", "s_", "nowhere", "commerce", "明细空"])
def test_a_search_finds_what_stands_in_one_of_the_columns_capitals_or_not(source: DatabaseSource, text: str) -> None:
    """A row is found by its key or any of its texts, by digits, letters of either case, Chinese and signs as they stand."""
    texts = ["row_key", *(column.name for column in ORDERS.columns if column.type == "text")]
    with source.reading() as reading:
        every = reading.rows("trade-in", Selection(order=("row_key",)))
        found = reading.rows("trade-in", Selection(text=text, order=("row_key",)))
    assert found == [row for row in every if any(text.lower() in str(row[name] or "").lower() for name in texts)]


@pytest.mark.parametrize("column", [column.name for column in ORDERS.columns])
def test_sums_in_the_database_are_those_of_the_rows(source: DatabaseSource, column: str) -> None:
    """By any column, with details and summaries apart and what nobody states absent."""
    with source.reading() as reading:
        keys = (column, *(name for name in ("granularity",) if name != column))
        summed = [each.name for each in _summed(ORDERS, column, by_month=True)]
        told = grouped(ORDERS, reading.sums("trade-in", keys, summed, Selection()), column, by_month=True)
        assert told == grouped(ORDERS, reading.rows("trade-in"), column, by_month=True)


def test_findings_that_are_dear_are_those_of_the_last_look_and_say_so(url: str, source: DatabaseSource, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits while it is compared anew; what stands after that is what comparing finds."""
    monkeypatch.setattr(comparing, "PAUSE", 0)
    source.comparing = Comparing(source.reading, quick_seconds=0)
    with source.reading() as reading:
        before = reading.look()
    assert (before.compared_at, before.tally[TO_VERIFY]) == (None, ROWS // 2)
    with connect(url) as conn:
        conn.execute("INSERT INTO log.topic (bureau, name) VALUES ('commerce', 't') ON CONFLICT DO NOTHING")
        conn.execute("UPDATE live.trade_in SET serial_no = 'S0' WHERE row_key = 'r046'")
        conn.execute("UPDATE live.trade_in SET serial_no = 'other' WHERE row_key = 'r044'")
        conn.execute("UPDATE live.view_stamp SET made_at = %s", (datetime(2026, 1, 1, tzinfo=UTC),))
    with source.reading() as reading:
        kept = reading.look()
    assert kept.first == before.first
    assert kept.compared_at is not None
    now = wait_for("a look at what came", lambda: _of_now(source))
    assert now.tally[TO_VERIFY] == ROWS // 2 - 1


def _of_now(source: DatabaseSource) -> Looked | None:
    with source.reading() as reading:
        looked = reading.look()
    return None if looked.compared_at else looked


def test_the_first_findings_and_their_number_are_those_of_all(source: DatabaseSource) -> None:
    """A page has the beginning of what a program gets."""
    with source.reading() as reading:
        every, some = reading.findings(), reading.look(limit=7)
        assert (list(some.first), some.open) == (every[:7], len(every))
        assert reading.look("属实", 7).first == ()
