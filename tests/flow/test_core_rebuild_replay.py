"""What happens beside a rebuild: replays of held events, corrections, a bureau that leaves."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from exchange_hub.views.backfill import fill_all
from exchange_hub.views.lists import KINDS
from exchange_hub.views.rebuild import ends, open_shadow, rebuild
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row
from exchange_hub.views.store.commit import commit, prepare
from exchange_hub.views.store.planning import Topics
from exchange_hub.views.store.replay import replay
from exchange_hub.views.store.setup import connect
from tests.flow.test_core_rebuild import opener, silent
from tests.flow.test_core_store import Opened, begin, event, opened, order, right, store_, take
from tests.strategies.history import History, topic_of
from tests.strategies.store import emptied
from tests.strategies.universe import Item

__all__ = ["opened", "store_"]


def fill_shadow(store_: Opened) -> None:
    """Fill a new shadow with what the store holds now, and leave it there like a rebuild that was stopped."""
    shadow = replace(store_[1], schema="shadow")
    with connect(store_[2]) as conn:
        conn.execute("DROP SCHEMA IF EXISTS shadow CASCADE")
        prepare(conn, "shadow")
        open_shadow(conn, shadow)
        with conn.cursor() as cur:
            cut = ends(cur)
            (batch_no,) = cur.execute("SELECT max(batch_no) FROM log.event_log").fetchone() or (0,)
        fill_all(conn, shadow, cut, batch_no, silent)


def test_an_event_replayed_during_a_rebuild_is_not_missed(store_: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event accepted late, at an offset that the rebuild has passed, is in the views that it swaps in."""
    conn, context, _ = store_
    plain = KINDS["trade_in"]
    history = History.of([order("O1"), order("O2", order_no="bad"), order("O3")])

    def failing(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterable[Row]:
        if component == "commerce:O2":
            raise ZeroDivisionError
        return plain.rows(component, claims, rules)

    with monkeypatch.context() as patched:
        patched.setitem(KINDS, "trade_in", replace(plain, rows=failing))
        commit(conn, take(store_, begin(store_), history), context)
    fill_shadow(store_)
    assert replay(conn, context).counts == {"accepted": 1}
    rebuild(opener(store_), context, silent)
    right(store_, history)


def project(bureau: str, key: str, code: str, revision: int = 1) -> Item:
    """A project under a 项目代码."""
    return event(
        "ProjectAdded", bureau, key, revision, project_code=code, name="冲压线改造", list="设备更新", domain="工业", construction_nature="单纯购置",
        owner_name="天津甲公司", total_investment="100.00", build_state="在建",
    )  # fmt: skip


def test_facts_that_a_shadow_has_not_come_to_do_not_mix_with_those_it_has(store_: Opened) -> None:
    """A claim that goes over to another project after the cut does so in the shadow when its topic is caught up with, not before."""
    conn, context, _ = store_
    emptied(conn)
    one, other = "2410-120114-89-05-123456", "2410-120114-89-05-654321"
    before = [project("development-reform", "a", one), project("industry", "b", one), project("development-reform", "c", other)]
    progress = event(
        "ProjectProgressReported", "development-reform", "a", month="2026-10", invested_this_month="1.00", invested_year_to_date="1.00", build_state="在建", text="正常"
    )
    history = History.of([*before, progress, project("industry", "b", other, 2)])
    reader = begin(store_)
    commit(conn, take(store_, reader, history, {topic_of("development-reform"): 2, topic_of("industry"): 1}), context)
    fill_shadow(store_)
    commit(conn, take(store_, reader, history), context)
    compared = rebuild(opener(store_), context, silent)
    assert compared is not None
    assert compared.equal, compared.rows
    assert conn.execute("SELECT row_key, bureaus FROM live.equipment_project ORDER BY 1").fetchall() == [
        (one, ["development-reform"]), (other, ["development-reform", "industry"]),
    ]  # fmt: skip
    right(store_, history)


def test_a_bureau_that_left_without_an_event_stops_no_rebuild(store_: Opened) -> None:
    """A topic that the store knows and the registry does not matters only where the event log holds events of it."""
    conn, context, _ = store_
    emptied(conn)
    conn.execute("DROP SCHEMA IF EXISTS shadow CASCADE")
    history = History.of([order("O1")])
    commit(conn, take(store_, begin(store_), history), context)
    gone = context.topics.number_of["police"]
    fewer = Topics({no: name for no, name in context.topics.bureau_of.items() if no != gone}, context.topics.number_of)
    compared = rebuild(opener(store_), replace(context, topics=fewer), silent)
    assert compared is not None
    assert compared.equal, compared.rows
