"""A close is one cut, happens once, never changes, and what arrives later is explained."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from exchange_hub.programme.district import District
from exchange_hub.reports.closed import diff, snapshot
from exchange_hub.reports.closed.close import (
    AlreadyClosedError,
    Closed,
    CloseError,
    Closing,
    HeldEventsError,
    NotReachedError,
    close,
    wait_until_reached,
)
from exchange_hub.reports.closed.restate import restate
from exchange_hub.reports.lines import JSON_TYPES, read, written
from exchange_hub.reports.model import Adjustment, StoredRows
from exchange_hub.reports.render.json_report import render_json
from exchange_hub.reports.trace import recomputed, rows_of
from exchange_hub.views.lists import BY_NAME, LISTS
from exchange_hub.views.lists.model import Column
from tests.closing.rows import Lists, row
from tests.closing.store import change, database, refill
from tests.waiting import wait_for

STAMP = {"code": "0.1", "contracts": "c", "configuration": "d"}
SEPTEMBER = Closing("2026-09", date(2026, 9, 30), datetime(2026, 10, 9, 2, 0, tzinfo=UTC), {}, stamp=STAMP)
OCTOBER = Closing("2026-10", date(2026, 10, 31), datetime(2026, 11, 6, 2, 0, tzinfo=UTC), {}, stamp=STAMP)


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


@pytest.fixture(scope="module")
def server() -> Iterator[sa.Engine]:
    """A database of this module's own."""
    with database() as made:
        yield made


@pytest.fixture
def engine(server: sa.Engine) -> sa.Engine:
    """The database with the few rows of this story in its live lists, and no month closed."""
    refill(server, story())
    change(server, "DROP SCHEMA IF EXISTS log CASCADE")
    return server


def story() -> Lists:
    """Two projects, three orders and a summary, money allocated and paid: September, and the October that follows."""
    lists: Lists = {view.name: [] for view in LISTS}
    for code, total in (("A", 900_000_00), ("B", 100_000_00)):
        lists["equipment-projects"].append(row(
            "equipment-projects", code, "industry", domain="工业", name=f"项目{code}", total_investment=total,
            planned_by_year={"2026": total}, build_state="在建", admin_state="正常",
        ))  # fmt: skip
        for month, this, year in (("2026-09", 10_000_00, 60_000_00), ("2026-10", 20_000_00, 80_000_00)):
            lists["project-progress"].append(row(
                "project-progress", f"{code}@{month}", "industry", project_key=code, list="设备更新", domain="工业",
                month=month, invested_this_month=this, invested_year_to_date=year, lead_bureau="industry",
            ))  # fmt: skip
    for n, month in enumerate(("2026-09", "2026-09", "2026-10")):
        lists["trade-in"].append(row(
            "trade-in", f"o{n}", "commerce", step="完成", category="家电", month=month, count=1, sale_amount=3_000_00,
            subsidy=450_00, granularity="明细", lead_bureau="commerce", completed_on=date.fromisoformat(f"{month}-10"),
        ))  # fmt: skip
    lists["funds"].append(row(
        "funds", "down", "finance", step="下达", channel="市级", level="市级", amount=1_000_000_00, counted=1_000_000_00, budget_year=2026,
        allocation_no="津财〔2026〕1", on_date=date(2026, 3, 1), lead_bureau="finance", granularity="明细",
    ))  # fmt: skip
    lists["funds"].append(row(
        "funds", "pay", "finance", step="支付", channel="市级", amount=450_00, counted=450_00, budget_year=2026, category="家电", on_date=date(2026, 9, 20),
        voucher_no="v1", application_no="a1", lead_bureau="finance", granularity="明细",
    ))  # fmt: skip
    lists["submissions"].append(row(
        "submissions", "s", "industry", bureau="industry", list="equipment-projects", month="2026-09", state="已确认",
        confirmed_on=date(2026, 10, 8),
    ))  # fmt: skip
    return lists


def by_id(changes: tuple[Adjustment, ...]) -> Mapping[str, Adjustment]:
    return {change.before.id: change for change in changes}


def changes_of(engine: sa.Engine, district: District, month: str = "2026-09") -> Mapping[str, Adjustment]:
    with engine.begin() as conn:
        return by_id(diff.compare(conn, district, month).adjustments)


def test_a_close_keeps_figures_rows_and_their_digest(engine: sa.Engine, district: District) -> None:
    """What a close returns, what is stored and what the frozen rows give again are the same."""
    closed = close(engine, district, SEPTEMBER)
    report = snapshot.load(engine, "2026-09")
    assert report.figures["equipment.工业.ytd"].value == Decimal("120000.00")  # 60 000 + 60 000
    assert report.figures["tradein.家电.subsidy"].value == Decimal("900.00")  # 450 + 450
    assert report.figures["funds.市级.pay_rate"].value == Decimal("0.045")  # 450 ÷ 1 000 000 = 0.045 %
    assert [section.title for section in report.sections] == [section.title for section in closed.report.sections]
    assert closed.counts["trade-in"] == 3
    with engine.connect() as conn:
        lists = snapshot.lists_closed(snapshot.stored(conn, "2026-09"))
        for figure in report.figures.values():
            if figure.source.list in ("project-progress", "trade-in", "funds"):
                rows = rows_of(conn, figure.source, lists)
                assert (recomputed(figure.source, rows, lists) or 0) == (figure.value or 0), figure.id


def test_rows_and_figures_are_of_one_instant(engine: sa.Engine, district: District) -> None:
    """What is committed while a month is being closed is in neither its frozen rows nor its figures."""

    def amend(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "pg_export_snapshot" in statement:
            with engine.begin() as other:
                amended.append(other.execute(sa.text("UPDATE live.trade_in SET subsidy = subsidy + 1")).rowcount)

    amended: list[int] = []
    sa.event.listen(engine, "after_cursor_execute", amend)
    try:
        closed = close(engine, district, SEPTEMBER)
    finally:
        sa.event.remove(engine, "after_cursor_execute", amend)
    assert amended == [3]
    figure = closed.report.figures["tradein.家电.subsidy"]
    with engine.connect() as conn:
        lists = snapshot.lists_closed(snapshot.stored(conn, "2026-09"))
        rows = rows_of(conn, figure.source, lists)
    assert figure.value == recomputed(figure.source, rows, lists) == Decimal("900.00")


def test_a_report_read_back_is_the_report_that_was_closed(engine: sa.Engine, district: District) -> None:
    """Report, figures and digest survive the way through the store unchanged; annexes are the frozen rows."""
    closed = close(engine, district, SEPTEMBER)
    report = snapshot.load(engine, "2026-09")
    document = json.loads(render_json(report))
    assert document["figures_digest"] == closed.figures_digest
    assert json.loads(render_json(replace(report, annexes=()))) == json.loads(render_json(closed.report))
    annexes = {annex.list: annex for annex in report.annexes}
    assert [annex.list for annex in report.annexes][:8] == [
        "equipment-projects", "enterprises", "recycling-projects", "funding-policies", "funds", "problems", "documents",
        "submissions",
    ]  # fmt: skip
    assert [item["row_key"] for item in annexes["equipment-projects"].rows] == ["A", "B"]
    assert annexes["funds"].rows[1]["amount"] == 450_00
    states = [item["state"] for item in annexes["submissions"].rows]
    assert states[0] == "已确认"
    assert set(states[1:]) == {"未报送", "已有数据未确认"}
    assert len(states) == len(annexes["submissions"].rows) == len(district.expected("2026-09"))


def test_frozen_rows_are_the_same_as_mappings_by_place_and_as_lines(engine: sa.Engine, district: District) -> None:
    """However an annex is read, it has the same values in the same order; one that is left early can be read again."""
    with engine.begin() as conn:
        conn.execute(sa.text("UPDATE live.equipment_project SET name = E'\\\\ 甲\\t乙\\n丙\\\\n', owner_name = '' WHERE row_key = 'A'"))
    close(engine, district, SEPTEMBER)
    for annex in (each for each in snapshot.load(engine, "2026-09").annexes if each.list in BY_NAME):
        rows = list(annex.rows)
        assert rows[: len(rows) // 2] == list(annex.rows[: len(rows) // 2])
        assert isinstance(annex.rows, StoredRows)
        columns = [Column("row_key", "", "text"), Column("bureaus", "", "texts"), *BY_NAME[annex.list].columns]
        assert values(annex.rows.lines(columns), columns) == values(written(rows, columns), columns)
        assert list(islice(annex.rows.lines(columns), 1)) == list(islice(annex.rows.lines(columns), 1))


def values(lines: Iterable[bytes], columns: Sequence[Column]) -> list[list[object]]:
    """Read lines back: texts as they are, JSON as what it says."""
    read_of = [(lambda f: json.loads(read(f) or "null")) if column.type in JSON_TYPES else read for column in columns]
    rows = [line.removesuffix(b"\n").split(b"\t") for line in lines]
    return [[read_(field) for read_, field in zip(read_of, row, strict=True)] for row in rows]


def test_report_json_is_the_same_bytes_under_another_locale_zone_and_hash_seed(
    engine: sa.Engine, district: District
) -> None:
    """A second process with another locale, time zone and hash seed writes the same report.json."""
    close(engine, district, SEPTEMBER)
    here = render_json(snapshot.load(engine, "2026-09"))
    with engine.connect() as conn:
        raw = conn.connection.driver_connection
        assert raw is not None
        url = raw.info.dsn + f" password={raw.info.password}"
    program = (
        "import sys, psycopg, sqlalchemy as sa\n"
        "from exchange_hub.reports.closed.snapshot import load\n"
        "from exchange_hub.reports.render.json_report import render_json\n"
        "engine = sa.create_engine('postgresql+psycopg://', creator=lambda: psycopg.connect(sys.argv[1]))\n"
        "sys.stdout.buffer.write(render_json(load(engine, '2026-09')))\n"
    )
    for seed, zone, locale in (("1", "America/New_York", "C"), ("77", "Asia/Shanghai", "C.UTF-8")):
        environment = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "PATH": "/usr/bin:/bin", "PGTZ": zone}
        there = subprocess.run([sys.executable, "-c", program, url], env=environment, capture_output=True, check=True)
        assert there.stdout == here


def test_a_month_is_closed_once_even_by_two_at_a_time(engine: sa.Engine, district: District) -> None:
    """Of two closes at the same moment one keeps the month; the other is told, and leaves nothing behind."""
    outcomes: list[Closed | CloseError] = []

    def attempt() -> None:
        try:
            outcomes.append(close(engine, district, SEPTEMBER))
        except CloseError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyClosedError", "Closed"]
    with pytest.raises(AlreadyClosedError, match="2026-09"):
        close(engine, district, SEPTEMBER)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE closed.month SET as_of = '2026-01-01'",
        "DELETE FROM closed.month",
        "TRUNCATE closed.month CASCADE",
        "UPDATE closed_2026_09.fund SET amount = 0",
        "DELETE FROM closed_2026_09.trade_in",
        "INSERT INTO closed_2026_09.fund (row_key) VALUES ('x')",
    ],
)
def test_the_database_itself_refuses_to_change_a_closed_month(
    engine: sa.Engine, district: District, statement: str
) -> None:
    """No statement changes the month's row or its frozen rows."""
    close(engine, district, SEPTEMBER)
    with pytest.raises(sa.exc.DBAPIError, match="never changes"):
        change(engine, statement)


def test_what_arrives_after_a_close_changes_nothing_closed_and_is_explained(
    engine: sa.Engine, district: District
) -> None:
    """Late, corrected, withdrawn and returned rows each move the figures they should, with amount, bureau and cause."""
    close(engine, district, SEPTEMBER)
    before = render_json(snapshot.load(engine, "2026-09"))
    change(engine, "UPDATE live.project_progress SET invested_year_to_date = 5500000 WHERE row_key = 'A@2026-09'")
    change(engine, "DELETE FROM live.trade_in WHERE row_key = 'o1'")
    change(
        engine,
        "INSERT INTO live.trade_in (row_key, component, bureaus, step, category, month, returned_on, returned_count, granularity, lead_bureau)"
        " VALUES ('back', 'commerce:back', '{commerce}', '退货', '家电', '2026-09', '2026-09-28', 1, '明细', 'commerce')",
    )
    change(
        engine,
        "INSERT INTO live.fund (row_key, component, bureaus, step, channel, amount, counted, budget_year, on_date, lead_bureau, granularity)"
        " VALUES ('late', 'finance:late', '{finance}', '支付', '市级', 100000, 100000, 2026, '2026-09-25', 'finance', '明细')",
    )
    changes = changes_of(engine, district)
    ytd = changes["equipment.工业.ytd"]
    assert (ytd.before.value, ytd.after.value) == (Decimal("120000.00"), Decimal("115000.00"))
    assert (ytd.causes, ytd.bureaus, ytd.rows) == (("更正",), ("industry",), ("A@2026-09",))
    subsidy = changes["tradein.家电.subsidy"]
    assert (subsidy.before.value, subsidy.after.value) == (Decimal("900.00"), Decimal("450.00"))
    assert "撤回" in subsidy.causes
    assert changes["tradein.家电.returned"].causes == ("退货",)
    paid = changes["funds.市级.paid_gross"]
    assert (paid.after.value, paid.causes, paid.rows) == (Decimal("1450.00"), ("迟报",), ("late",))
    assert changes["funds.合计.paid"].causes == ("迟报",)
    assert changes["funds.合计.paid"].bureaus == ("finance",)
    assert render_json(snapshot.load(engine, "2026-09")) == before


def test_a_new_month_is_no_restatement_of_the_one_before(engine: sa.Engine, district: District) -> None:
    """October's ordinary rows, and states that moved on since, leave September's figures as they were."""
    close(engine, district, SEPTEMBER)
    change(engine, "UPDATE live.equipment_project SET build_state = '竣工', units_done = 9, funds_paid = 5")
    change(
        engine,
        "INSERT INTO live.trade_in (row_key, component, bureaus, category, month, count, sale_amount, subsidy,"
        " granularity, lead_bureau) VALUES ('new', 'commerce:new', '{commerce}', '家装厨卫', '2026-10', 1, 1, 1, '明细', 'commerce')",
    )
    assert changes_of(engine, district) == {}


def test_the_next_report_names_what_changed_in_the_one_before(engine: sa.Engine, district: District) -> None:
    """数据说明 of October gives September's old and new value, the cause and the bureau; the annex lists every change."""
    first = close(engine, district, SEPTEMBER)
    assert "上期调整：无上期汇总数。" in first.report.notes
    change(engine, "UPDATE live.trade_in SET subsidy = 55000 WHERE row_key = 'o0'")
    second = close(engine, district, OCTOBER)
    note = next(text for text in second.report.notes if text.startswith("上期调整"))
    assert "9月以旧换新补贴金额原值0.09万元，现值0.10万元（区商务局更正）" in note
    report = snapshot.load(engine, "2026-10")
    annex = next(annex for annex in report.annexes if annex.list == "adjustments")
    assert {"以旧换新·家电·补贴金额", "以旧换新·合计·本月补贴金额"} <= {item["指标"] for item in annex.rows}
    assert report.figures["tradein.家电.subsidy"].value == Decimal("1450.00")  # 550 + 450 + 450
    assert snapshot.load(engine, "2026-09").figures["tradein.家电.subsidy"].value == Decimal("900.00")


def test_a_project_that_gets_its_code_later_is_merged_not_withdrawn(engine: sa.Engine, district: District) -> None:
    """Its months of progress take another key under the same component: 合并, neither 撤回 nor 迟报."""
    close(engine, district, SEPTEMBER)
    change(engine, "UPDATE live.equipment_project SET row_key = 'code' WHERE row_key = 'B'")
    change(
        engine,
        "UPDATE live.project_progress SET row_key = 'code@' || month, project_key = 'code',"
        " invested_this_month = invested_this_month + 100 WHERE project_key = 'B'",
    )
    assert changes_of(engine, district)["equipment.工业.month"].causes == ("合并",)


def test_the_rows_behind_the_changes_are_named_once_with_their_cause(engine: sa.Engine, district: District) -> None:
    """A comparison names each changed row that a figure counts: corrected, come late, or gone; others it leaves out."""
    close(engine, district, SEPTEMBER)
    change(engine, "UPDATE live.trade_in SET subsidy = 55000 WHERE row_key = 'o0'")
    change(engine, "DELETE FROM live.trade_in WHERE row_key = 'o1'")
    change(engine, "UPDATE live.trade_in SET subsidy = 1 WHERE row_key = 'o2'")  # of October
    with engine.begin() as conn:
        rows = diff.compare(conn, district, "2026-09").rows
    assert [(row.list, row.row_key, row.cause, row.bureaus) for row in rows] == [
        ("trade-in", "o0", "更正", ("commerce",)), ("trade-in", "o1", "撤回", ("commerce",)),
    ]  # fmt: skip


def test_a_restatement_is_recorded_beside_the_close(engine: sa.Engine, district: District) -> None:
    """Recorded once per change, numbered, with causes; without a new change nothing is recorded; the close stays."""
    closed = close(engine, district, SEPTEMBER)
    made_at = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    assert restate(engine, district, "2026-09", made_at) is None
    change(engine, "UPDATE live.trade_in SET subsidy = 55000 WHERE row_key = 'o0'")
    first = restate(engine, district, "2026-09", made_at)
    assert first is not None
    assert (first.seq, first.comparison.causes) == (1, ("更正",))
    assert first.comparison.figures_digest != closed.figures_digest
    assert restate(engine, district, "2026-09", made_at) is None
    change(engine, "UPDATE live.trade_in SET subsidy = 45000 WHERE row_key = 'o0'")
    second = restate(engine, district, "2026-09", made_at)
    assert second is not None
    assert (second.seq, second.comparison.adjustments) == (2, ())
    assert json.loads(render_json(snapshot.load(engine, "2026-09")))["figures_digest"] == closed.figures_digest
    with pytest.raises(sa.exc.DBAPIError, match="never changes"):
        change(engine, "DELETE FROM closed.restatement")


def log(engine: sa.Engine, next_off: int, held: int = 0) -> None:
    """Make positions, and held events, as the processors keep them."""
    change(engine, "CREATE SCHEMA log")
    change(engine, "CREATE TABLE log.topic (topic_no smallint PRIMARY KEY, name text)")
    change(engine, "CREATE TABLE log.position (topic_no smallint PRIMARY KEY, next_off bigint)")
    change(engine, "CREATE TABLE log.held (topic_no smallint, off bigint)")
    change(engine, "INSERT INTO log.topic VALUES (1, 'hub.wuqing.industry.events')")
    change(engine, f"INSERT INTO log.position VALUES (1, {next_off})")
    change(engine, f"INSERT INTO log.held SELECT 1, n FROM generate_series(1, {held}) n")


def test_a_close_waits_for_the_ends_and_keeps_the_cut(engine: sa.Engine, district: District) -> None:
    """Below an end nothing is closed and the topic is named; once reached, the cut is the positions of that instant."""
    log(engine, 41)
    ends = {"hub.wuqing.industry.events": 42}
    with pytest.raises(NotReachedError, match=r"industry\.events at 41 of 42"):
        wait_until_reached(engine, ends, timeout_seconds=0.2)
    with pytest.raises(NotReachedError):
        close(engine, district, replace(SEPTEMBER, ends=ends))
    told: list[int] = []

    def catch_up(missing: int) -> None:
        told.append(missing)
        change(engine, "UPDATE log.position SET next_off = 43")

    wait_until_reached(engine, ends, timeout_seconds=20, on_wait=catch_up)
    assert told == [1]
    closed = close(engine, district, replace(SEPTEMBER, ends=ends))
    assert dict(closed.cut) == {"hub.wuqing.industry.events": 43}
    assert snapshot.load(engine, "2026-09").cut == {"hub.wuqing.industry.events": 43}


def test_held_events_need_a_reason(engine: sa.Engine, district: District) -> None:
    """With held events a close is refused and leaves nothing; with a reason it goes through and the reason is kept."""
    log(engine, 1, held=2)
    with pytest.raises(HeldEventsError, match="2 条事件暂缓"):
        close(engine, district, SEPTEMBER)
    with engine.connect() as conn:
        assert snapshot.months(conn) == []
        assert not snapshot.exists(conn, "closed_2026_09.fund")
    close(engine, district, replace(SEPTEMBER, reason="等待单位更正,专班已同意"))
    with engine.connect() as conn:
        assert snapshot.stored(conn, "2026-09")["reason"] == "等待单位更正,专班已同意"


def test_entities_that_do_not_fold_need_a_reason(engine: sa.Engine, district: District) -> None:
    """Lists that lack an entity's rows are not closed in silence; with a reason they are."""
    change(engine, "CREATE TABLE live.unfolded (kind text, component text, reason text)")
    close(engine, district, SEPTEMBER)
    change(engine, "INSERT INTO live.unfolded VALUES ('project', 'industry:P1', 'ZeroDivisionError: division by zero')")
    october = replace(SEPTEMBER, month="2026-10")
    with pytest.raises(HeldEventsError, match="1 个对象的填报合不到一起"):
        close(engine, district, october)
    close(engine, district, replace(october, reason="专班已知悉"))
    with engine.connect() as conn:
        assert snapshot.months(conn) == ["2026-09", "2026-10"]


def test_views_without_a_stamp_are_not_closed(engine: sa.Engine, district: District) -> None:
    """Nobody knows what code filled them: refused."""
    with pytest.raises(CloseError, match="no stamp"):
        close(engine, district, replace(SEPTEMBER, stamp=None))


def test_a_month_that_is_not_closed_is_said_to_be_so(engine: sa.Engine) -> None:
    """Reading it names the command to run."""
    with pytest.raises(snapshot.NotClosedError, match="hub close 2026-08"):
        snapshot.load(engine, "2026-08")


def test_frozen_rows_are_read_whole_in_part_and_by_place(
    engine: sa.Engine, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However they are read, frozen rows come in the order of their keys, and a reader that stops leaves no cursor."""
    change(
        engine,
        "INSERT INTO live.fund (row_key, component, bureaus) SELECT to_char(n, 'FM0000'), 'x', '{x}' FROM generate_series(1, 50) n",
    )
    close(engine, district, SEPTEMBER)
    monkeypatch.setattr(snapshot, "_FETCH_ROWS", 20)
    rows = next(annex.rows for annex in snapshot.load(engine, "2026-09").annexes if annex.list == "funds")
    keys = [item["row_key"] for item in rows]
    assert (len(keys), keys) == (52, sorted(str(key) for key in keys))
    assert [item["row_key"] for item in rows[3:30:4]] == keys[3:30:4]
    assert [item["row_key"] for item in rows[-2:]] == keys[-2:]
    assert rows[7]["row_key"] == keys[7]
    assert [next(iter(rows))["row_key"]] == keys[:1]
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_close_sees_one_instant(engine: sa.Engine, district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows committed while a close is under way are in none of its parts: neither frozen rows nor figures nor cut."""
    log(engine, 5)
    from exchange_hub.reports.closed import close as module

    freeze = module._freeze

    def late(conn: sa.Connection, month: str, schema: str) -> Any:
        change(engine, "UPDATE live.trade_in SET subsidy = 1")
        change(engine, "UPDATE log.position SET next_off = 6")
        return freeze(conn, month, schema)

    monkeypatch.setattr(module, "_freeze", late)
    closed = close(engine, district, SEPTEMBER)
    assert closed.report.figures["tradein.家电.subsidy"].value == Decimal("900.00")
    with engine.connect() as conn:
        frozen = conn.execute(sa.text("SELECT max(subsidy) FROM closed_2026_09.trade_in")).scalar_one()
    assert frozen == 450_00
    assert dict(closed.cut) == {"hub.wuqing.industry.events": 5}


def test_a_close_that_waits_for_lists_to_be_replaced_keeps_the_new_ones(engine: sa.Engine, district: District) -> None:
    """Its instant comes after its wait: where a rebuild puts other tables in the place of the lists meanwhile, their rows are frozen and counted, not none."""
    change(engine, "CREATE TABLE live.view_stamp (kind text, code text, contracts text, configuration text)")
    outcomes: list[Closed] = []
    closing = threading.Thread(target=lambda: outcomes.append(close(engine, district, SEPTEMBER)))
    with engine.connect() as swapping, swapping.begin():
        swapping.execute(sa.text("LOCK TABLE live.view_stamp IN ACCESS EXCLUSIVE MODE"))
        swapping.execute(sa.text("CREATE TABLE live.filled AS TABLE live.equipment_project"))
        swapping.execute(sa.text("DROP TABLE live.equipment_project"))
        swapping.execute(sa.text("ALTER TABLE live.filled RENAME TO equipment_project"))
        closing.start()
        with engine.connect() as looking:
            waits = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'live.view_stamp'::regclass")
            wait_for("the close to stand before the lists", lambda: looking.execute(waits).scalar_one())
    closing.join(timeout=60)
    assert [(closed.counts["equipment-projects"], closed.report.figures["equipment.工业.projects"].value) for closed in outcomes] == [(2, 2)]
