"""A report of a month speaks as of its last day: what is said of later days does not count in it, whenever the month is closed (FIGURES, rules 1 and 2)."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from exchange_hub.programme.district import District
from exchange_hub.reports.closed import diff, snapshot
from exchange_hub.reports.closed.close import Closed, Closing, close
from exchange_hub.reports.model import Adjustment
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.views.backfill import Progress
from exchange_hub.views.dated import bring_back
from exchange_hub.views.digests import digests, hexadecimal
from exchange_hub.views.rebuild import AS_OF, as_of
from exchange_hub.views.store.commit import commit
from exchange_hub.views.store.setup import connect
from exchange_hub.views.worker.pipeline import read_poll
from tests.flow.test_core_store import Opened, begin, event, opened
from tests.strategies.history import TOPICS, History
from tests.strategies.store import emptied, tampering
from tests.strategies.universe import Item

__all__ = ["opened"]

DECEMBER, JANUARY = date(2025, 12, 31), date(2026, 1, 31)


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


@pytest.fixture
def store(opened: Opened) -> Opened:
    """A store without closed months, emptied."""
    return emptied_of_months(opened)


def emptied_of_months(opened: Opened) -> Opened:
    """Empty a store, also of what was closed."""
    emptied(opened[0])
    with opened[0].transaction(), tampering(opened[0]):
        opened[0].execute("DELETE FROM closed.restatement")
        opened[0].execute("DELETE FROM closed.month")
    for (schema,) in opened[0].execute("SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^closed_'").fetchall():
        opened[0].execute(f"DROP SCHEMA {schema} CASCADE".encode())
    return opened


def told(store: Opened, *items: Item) -> History:
    """Commit events in one batch after another."""
    history = History.of(items)
    reader = begin(store, f"worker {len(items)}")
    while (poll := reader.poll(history, dict.fromkeys(TOPICS, 50))) is not None:
        commit(store[0], read_poll(poll, store[1]), store[1])
    return history


def project(name: str, key: str, revision: int, on: date, total: str, /, bureau: str = "industry", **facts: Any) -> Item:
    """A statement of a project with its amounts."""
    plain: dict[str, Any] = {
        "name": f"项目{key}", "list": "设备更新", "domain": "工业", "total_investment": total, "equipment_investment": total, "internal_no": key,
        "construction_nature": "改建和技术改造", "owner_name": f"企业{key}", "build_state": "在建", "admin_state": "正常", "fund_state": "未申报",
    }  # fmt: skip
    return event(name, bureau, key, revision, occurred_on=on, **plain | facts)


def closed(store: Opened, district: District, month: str, day: date) -> Closed:
    """Close a month some days after its end."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return close(engine_of(store[2]), district, Closing(month, day, moment, {}, context=store[1]))


def value(result: Closed, figure: str) -> Decimal | None:
    """A figure of a close."""
    return result.report.figures[figure].value


def test_what_is_said_of_later_days_is_not_in_the_month(store: Opened, district: District) -> None:
    """A project added on 5 January and one changed on 6 January leave December at one project and its amount then; January has both."""
    told(
        store,
        project("ProjectAdded", "A", 1, date(2025, 12, 3), "1000000.00"),
        project("ProjectChanged", "A", 2, date(2026, 1, 6), "9000000.00"),
        project("ProjectAdded", "B", 1, date(2026, 1, 5), "2000000.00"),
    )
    december = closed(store, district, "2025-12", DECEMBER)
    assert (value(december, "equipment.合计.projects"), value(december, "equipment.合计.total_investment")) == (1, Decimal("1000000.00"))
    january = closed(store, district, "2026-01", JANUARY)
    assert (value(january, "equipment.合计.projects"), value(january, "equipment.合计.total_investment")) == (2, Decimal("11000000.00"))
    assert january.report.adjustments == ()
    with engine_of(store[2]).connect() as conn:
        rows = conn.execute(sa.text("SELECT row_key, total_investment FROM closed_2025_12.equipment_project")).fetchall()
    assert [row[1] for row in rows] == [1_000_000_00]


def test_exemptions_extensions_and_enterprises_count_from_their_day(store: Opened, district: District) -> None:
    """An exemption of 8 January and an extension of 5 January leave both documents overdue in December; an enterprise listed or delisted in January likewise."""
    said = {"title": "通知", "issuer": "市", "level": "市", "issued_on": date(2025, 11, 30), "departments": [{"department": "industry", "part": "牵头"}]}
    told(
        store,
        *(
            event("DocumentReceived", "development-reform", f"D{n}", document_no=f"津发〔2025〕{n}号", received_on=date(2025, 12, 1), occurred_on=date(2025, 12, 1), **said)
            for n in (1, 2, 3)
        ),
        event("MeasureExempted", "industry", "D1", document_no="津发〔2025〕1号", department="industry", reason="无新增要求", occurred_on=date(2026, 1, 8)),
        event(
            "DeadlineExtended", "development-reform", "D2", document_no="津发〔2025〕2号", department="industry", until=date(2026, 1, 20), reason="报批",
            approved_by="主任", occurred_on=date(2026, 1, 5),
        ),
        event("EnterpriseListed", "industry", "E1", uscc="91120222MA00000001", name="甲", role="生产企业", domain="工业", occurred_on=date(2025, 11, 1)),
        event("EnterpriseListed", "industry", "E2", uscc="91120222MA00000002", name="乙", role="生产企业", domain="工业", occurred_on=date(2026, 1, 2)),
        event("EnterpriseDelisted", "industry", "E1", 2, uscc="91120222MA00000001", reason="注销", occurred_on=date(2026, 1, 4)),
    )
    december = closed(store, district, "2025-12", DECEMBER)
    assert [value(december, f"documents.合计.{name}") or 0 for name in ("total", "exempt", "overdue")] == [3, 0, 3]
    assert value(december, "enterprises.合计.listed") == 1
    january = closed(store, district, "2026-01", JANUARY)
    assert [value(january, f"documents.合计.{name}") for name in ("total", "exempt", "overdue")] == [3, 1, 2]
    assert value(january, "enterprises.合计.listed") == 1
    assert january.report.adjustments == ()


def test_what_repairs_a_mistake_holds_for_every_date(store: Opened, district: District) -> None:
    """A row withdrawn as mistaken in January, an identifier given in January, and a payment reversed as a mistake change December too."""
    code = "2509-120114-89-01-544060"
    told(
        store,
        project("ProjectAdded", "A", 1, date(2025, 12, 3), "1000000.00"),
        event("ProjectWithdrawn", "industry", "A", 2, reason="重复录入", occurred_on=date(2026, 1, 6)),
        project("ProjectAdded", "B", 1, date(2025, 12, 4), "2000000.00"),
        project("ProjectChanged", "B", 2, date(2026, 1, 7), "2000000.00", project_code=code),
        project("ProjectAdded", "C", 1, date(2025, 12, 5), "2000000.00", bureau="transport", project_code=code),
    )
    december = closed(store, district, "2025-12", DECEMBER)
    assert value(december, "equipment.合计.projects") == 1


def test_a_late_fact_of_the_month_restates_stocks_as_of_the_same_day(store: Opened, district: District) -> None:
    """A project of December that arrives after the close is a restatement of December's count; what is said of January is none."""
    told(store, project("ProjectAdded", "A", 1, date(2025, 12, 3), "1000000.00"))
    closed(store, district, "2025-12", DECEMBER)
    late = project("ProjectAdded", "B", 1, date(2025, 12, 30), "2000000.00", bureau="transport")
    told(store, late, project("ProjectAdded", "C", 1, date(2026, 1, 3), "4000000.00", bureau="housing"))
    with engine_of(store[2]).connect() as conn, conn.begin():
        found = {change.after.id: change for change in diff.compare(conn, district, "2025-12", context=store[1]).adjustments}
    change = found["equipment.合计.projects"]
    assert (change.before.value, change.after.value, change.causes, change.bureaus) == (1, 2, ("迟报",), ("transport",))


def test_a_cut_filled_again_is_brought_to_the_date(store: Opened, district: District) -> None:
    """Lists that are filled in place and brought back to the date have the digests that the close kept."""
    told(
        store,
        project("ProjectAdded", "A", 1, date(2025, 12, 3), "1000000.00"),
        project("ProjectChanged", "A", 2, date(2026, 1, 6), "9000000.00"),
        project("ProjectAdded", "B", 1, date(2026, 1, 5), "2000000.00"),
    )
    december = closed(store, district, "2025-12", DECEMBER)
    with store[0].transaction():
        ends = dict(store[0].execute("SELECT topic_no, next_off FROM log.position").fetchall())

    def note(_progress: Progress) -> None:
        """Note nothing."""

    with as_of(lambda: connect(store[2]), store[1], ends, None, note) as conn:
        with conn.transaction(), conn.cursor() as cur:
            bring_back(cur, store[1], AS_OF, DECEMBER)
        with conn.transaction(), conn.cursor() as cur:
            found = digests(cur, AS_OF)
    with engine_of(store[2]).connect() as conn_:
        kept = {name: hexadecimal(bits) for name, bits in snapshot.stored(conn_, "2025-12")["digests"].items()}
    assert {name: found[name][0] for name in kept} == kept
    assert december.counts["equipment-projects"] == 1


def test_every_change_has_the_cause_that_its_rows_have(store: Opened, district: District) -> None:
    """A late, a corrected, a withdrawn, an exited and a moved project: each contribution names its own cause, and they add up to the change."""
    on = date(2025, 12, 3)
    first = [project("ProjectAdded", key, 1, on, total) for key, total in (("B", "1000.00"), ("C", "2000.00"), ("D", "4000.00"), ("E", "8000.00"))]
    progress = event(
        "ProjectProgressReported", "industry", "D", 1, month="2025-12", invested_this_month="900.00", invested_year_to_date="900.00", occurred_on=DECEMBER,
    )  # fmt: skip
    told(store, *first, progress)
    closed(store, district, "2025-12", DECEMBER)
    told(
        store, *first, progress,
        project("ProjectAdded", "A", 1, on, "500.00"),
        project("ProjectChanged", "B", 2, on, "1300.00"),
        event("ProjectWithdrawn", "industry", "C", 2, reason="重复录入", occurred_on=date(2026, 1, 6)),
        project("ProjectChanged", "D", 2, on, "4000.00", admin_state="退出"),
        project("ProjectChanged", "E", 2, on, "8000.00", domain="农业"),
    )  # fmt: skip
    with engine_of(store[2]).connect() as conn, conn.begin():
        found = {change.after.id: change for change in diff.compare(conn, district, "2025-12", context=store[1]).adjustments}
    total = found["equipment.合计.total_investment"]
    assert {(each.row.rpartition(":")[2], each.cause, each.before, each.after) for each in total.contributions} == {
        ("A", "迟报", None, Decimal("500.00")), ("B", "更正", Decimal("1000.00"), Decimal("1300.00")),
        ("C", "撤回", Decimal("2000.00"), None), ("D", "退出", Decimal("4000.00"), None),
    }  # fmt: skip
    assert {each.cause for each in found["equipment.农业.projects"].contributions} == {"领域调整"}
    month = found["equipment.合计.month"]
    assert [(each.cause, each.before, each.after) for each in month.contributions] == [("退出", Decimal("900.00"), None)]
    for change in found.values():
        mine = [each for each in change.contributions if each.figure == change.after.id]
        if mine:
            moved = sum((each.after or 0) - (each.before or 0) for each in mine)
            assert moved == (change.after.value or 0) - (change.before.value or 0), change.after.id


def changes_since(store: Opened, district: District, month: str) -> dict[str, Adjustment]:
    """The figures of a closed month that would be others now."""
    with engine_of(store[2]).connect() as conn, conn.begin():
        return {change.after.id: change for change in diff.compare(conn, district, month, context=store[1]).adjustments}


def test_joined_and_parted_projects_are_told_as_such(store: Opened, district: District) -> None:
    """Two bureaus' entries that a decision joins are 合并, and 撤销合并 when it is withdrawn: neither a withdrawal nor a late report."""
    on = date(2025, 12, 3)
    pair = [project("ProjectAdded", "A", 1, on, "1000.00"), project("ProjectAdded", "B", 1, on, "1000.00", bureau="transport")]
    members = [{"bureau": "industry", "entity_key": "A"}, {"bureau": "transport", "entity_key": "B"}]
    merge = event("EntitiesMerged", "coordination", "M1", 1, list="project", members=members, decided_by="王科长", reason="同一项目", occurred_on=date(2026, 1, 6))
    parted = event("MergeWithdrawn", "coordination", "M1", 2, list="project", decided_by="王科长", reason="不是同一项目", occurred_on=date(2026, 1, 7))
    told(store, *pair)
    closed(store, district, "2025-12", DECEMBER)
    told(store, *pair, merge)
    joined = changes_since(store, district, "2025-12")["equipment.合计.projects"]
    assert (joined.before.value, joined.after.value, joined.causes) == (2, 1, ("合并",))
    assert closed(store, district, "2026-01", JANUARY).report.figures["equipment.合计.projects"].value == 1
    told(store, *pair, merge, parted)
    again = changes_since(store, district, "2026-01")["equipment.合计.projects"]
    assert (again.before.value, again.after.value, again.causes) == (1, 2, ("撤销合并",))


def test_a_report_names_the_changes_of_all_closed_months_once(store: Opened, district: District) -> None:
    """A fact of December that arrives after January's close is named in February's report for both months, and in March's no more."""
    said = [project("ProjectAdded", "A", 1, date(2025, 12, 3), "1000.00")]
    told(store, *said)
    closed(store, district, "2025-12", DECEMBER)
    closed(store, district, "2026-01", JANUARY)
    told(store, *said, project("ProjectAdded", "B", 1, date(2025, 12, 4), "500.00", bureau="transport"))
    february = closed(store, district, "2026-02", date(2026, 2, 28))
    named = {(change.month, change.after.value) for change in february.report.adjustments if change.after.id == "equipment.合计.projects"}
    assert named == {("2025-12", 2), ("2026-01", 2)}
    march = closed(store, district, "2026-03", date(2026, 3, 31))
    assert march.report.adjustments == ()
