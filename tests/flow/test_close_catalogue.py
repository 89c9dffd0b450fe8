"""Whatever lists and figures become, a closed month is read, rendered, traced and compared by the entries of its time.

Each case takes the store that an earlier version closed, changes the program's lists and the live tables as a later version
would, and goes through everything that reads a closed month.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from fastapi.testclient import TestClient
from psycopg import conninfo, sql

from exchange_hub.cli import main
from exchange_hub.console.app import create_app
from exchange_hub.console.database import DatabaseSource
from exchange_hub.processes.compose import Hub
from exchange_hub.programme import figures
from exchange_hub.programme.cells import Cube
from exchange_hub.programme.definitions import Frame, Measured
from exchange_hub.programme.district import District
from exchange_hub.reports import gather
from exchange_hub.reports.closed import diff, snapshot
from exchange_hub.reports.closed.close import Closing, close
from exchange_hub.reports.closed.restate import restate
from exchange_hub.reports.render.docx_report import render_docx
from exchange_hub.reports.render.json_report import render_json
from exchange_hub.reports.render.xlsx_report import render_xlsx
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import AnnexPlace, Column, ListName, ListView
from tests.closing.older import NEWER, carry_over, differing, older_store
from tests.closing.store import change

MONTH = "2026-09"
NOVEMBER = Closing("2026-11", date(2026, 11, 30), datetime(2026, 12, 6, 2, 0, tzinfo=UTC), {})
DECEMBER = Closing("2026-12", date(2026, 12, 31), datetime(2027, 1, 6, 2, 0, tzinfo=UTC), {})
#: A document of September that came late, with its event.
LATE = (
    ("INSERT INTO live.document (row_key, component, bureaus, document_no, department, received_on)"
    " VALUES ('late', 'finance:late', '{finance}', '津财〔2026〕99号', 'finance', '2026-09-25')"),
    """INSERT INTO log.event_log (topic_no, off, event_id, schema_id, kind, entity, register, revision, digest, withdrawn, occurred_on, arrived_ms, value, batch_no)
       SELECT topic_no, 1000000, gen_random_uuid(), 1, 'document', 'late', 'received', 1, '\\x00', false, '2026-09-25', 0, '\\x00', 1000000
       FROM log.topic WHERE bureau = 'finance'""",
)
CAME = ListView(
    ListName("inspections"), "督查事项", "inspection",
    (Column("item", "事项"), Column("amount", "争取金额", "money", "元"), Column("lead_bureau", "填报单位", bureau=True)),
    annex=AnnexPlace("督查事项", 20),
)  # fmt: skip
CAME_TABLE = (
    """CREATE TABLE live.inspection (row_key text COLLATE "C" PRIMARY KEY, component text NOT NULL, bureaus text[] NOT NULL,
       item text, amount bigint, lead_bureau text)""",
    "INSERT INTO live.inspection VALUES ('s1', 'finance:s1', '{finance}', '专项债券', 500000000, 'finance')",
)

def with_columns(view: ListView, *columns: Column) -> ListView:
    """Return a list with other columns, which its named columns follow."""
    names = {column.name for column in columns}
    return replace(
        view, columns=columns, brief=tuple(name for name in view.brief if name in names),
        printed_columns=tuple(name for name in view.printed_columns if name in names),
    )  # fmt: skip


def added_and_retyped(view: ListView) -> ListView:
    """Give the funds a column, another type to one, another title and place, and other rules of print."""
    columns = [replace(c, type="text") if c.name == "share_central" else c for c in view.columns]
    changed = with_columns(view, Column("project_no", "项目编号"), *columns)
    return replace(changed, title="资金明细账", small_money=False, printed=None, annex=AnnexPlace("资金明细", 1))


def removed(view: ListView) -> ListView:
    """Take the owner's name from the projects, which was printed."""
    return with_columns(view, *(column for column in view.columns if column.name != "owner_name"))


def renamed(view: ListView) -> ListView:
    """Call what was paid in a trade-in otherwise."""
    return with_columns(view, *(replace(c, name="paid", title="实际支付") if c.name == "actually_paid" else c for c in view.columns))


#: What a later version makes of lists, and what its rebuild makes of the live tables.
LATER: dict[str, Callable[[ListView], ListView]] = {"equipment-projects": removed, "funds": added_and_retyped, "trade-in": renamed}
STATEMENTS = (
    "ALTER TABLE live.fund ADD COLUMN project_no text DEFAULT 'P1'",
    "ALTER TABLE live.fund ALTER COLUMN share_central TYPE text",
    "ALTER TABLE live.equipment_project DROP COLUMN owner_name",
    "ALTER TABLE live.trade_in RENAME COLUMN actually_paid TO paid",
)
SAID = {
    ("equipment-projects", "owner_name", False), ("funds", "share_central", False), ("funds", "share_central", True),
    ("funds", "project_no", True), ("trade-in", "actually_paid", False), ("trade-in", "paid", True),
}  # fmt: skip
FIGURES = {"equipment-projects": "equipment.合计.projects", "funds": "funds.市级.allocated", "trade-in": "tradein.合计.subsidy"}


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district, with a calendar that reaches to the last close."""
    loaded = District.load(Path("deploy/districts/wuqing"))
    return replace(loaded, calendar=replace(loaded.calendar, years=loaded.calendar.years | {2027}))


@pytest.fixture(scope="module")
def template() -> Iterator[str]:
    """The store that an earlier version closed, migrated once."""
    with older_store() as (engine, url):
        carry_over(engine, url)
        engine.dispose()
        yield url


@pytest.fixture
def store(template: str) -> Iterator[str]:
    """A copy of it that a test may change."""
    with copied(template) as url:
        yield url


@contextmanager
def copied(template: str) -> Iterator[str]:
    name, parts = f"changed_{secrets.token_hex(4)}", conninfo.conninfo_to_dict(template)
    with psycopg.connect(template.replace(f"/{parts['dbname']}?", "/postgres?"), autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(str(parts["dbname"]))))
        try:
            yield template.replace(f"/{parts['dbname']}?", f"/{name}?")
        finally:
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def hub(store: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Runs `hub … --format json` on the store and gives what it says."""
    monkeypatch.setenv("HUB_DATABASE__URL", store)
    monkeypatch.setenv("HUB_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str) -> list[dict[str, Any]]:
        done = CliRunner().invoke(main, [*arguments, "--format", "json"])
        assert done.exit_code == 0, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def rendered(engine: sa.Engine, district: District, month: str, folder: Path) -> Path:
    """Render the three files of a month."""
    report = snapshot.load(engine, month)
    names = {bureau.code: bureau.name for bureau in district.bureaus}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.docx").write_bytes(render_docx(report, names))
    (folder / "report.json").write_bytes(render_json(report))
    (folder / "annex.xlsx").write_bytes(render_xlsx(report, names))
    return folder


def entries(engine: sa.Engine, district: District, month: str) -> set[tuple[str, str, bool]]:
    with engine.begin() as conn:
        return {(entry.list, entry.column, entry.new) for entry in diff.compare(conn, district, month).entries}


@pytest.fixture
def changed(store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """The store after the lists changed and a payment came late."""
    engine = engine_of(store)
    for name, become in LATER.items():
        monkeypatch.setitem(BY_NAME, name, become(BY_NAME[name]))
    for statement in (*STATEMENTS, *LATE):
        change(engine, statement)
    yield engine
    engine.dispose()


@pytest.mark.timeout(240)
def test_a_closed_month_renders_the_same_bytes_after_its_columns_changed(changed: sa.Engine, district: District, tmp_path: Path) -> None:
    """A column added, one removed, one renamed, one retyped, a list moved: Word, workbook and JSON are those of the close."""
    assert differing(MONTH, rendered(changed, district, MONTH, tmp_path)) == []


@pytest.mark.timeout(240)
def test_a_closed_month_is_compared_by_the_columns_that_both_sides_have(
    changed: sa.Engine, hub: Callable[..., list[dict[str, Any]]], district: District
) -> None:
    """Columns are said to be new or gone, rows are compared by the others; it is recorded once, and the next month closes."""
    assert entries(changed, district, MONTH) == SAID | NEWER
    with changed.begin() as conn:
        changes = {each.before.id: each for each in diff.compare(conn, district, MONTH).adjustments}
    came = changes["documents.合计.total"]
    assert (came.causes, came.rows, came.bureaus) == (("迟报",), ("late",), ("finance",))
    said = [line for line in hub("diff", MONTH) if "change" in line]
    assert {(line["list"], line["column"], line["change"] == "new") for line in said} == SAID | NEWER

    made_at = datetime(2026, 12, 1, tzinfo=UTC)
    first = restate(changed, district, MONTH, made_at)
    assert first is not None
    assert "迟报" in first.comparison.causes
    assert restate(changed, district, MONTH, made_at) is None

    close(changed, district, NOVEMBER)
    with changed.connect() as conn:
        kept = snapshot.catalogue_of(snapshot.stored(conn, NOVEMBER.month))
    assert kept.view("funds") == BY_NAME["funds"]
    assert {len(annex.rows) for annex in snapshot.load(changed, NOVEMBER.month).annexes if annex.title == "资金明细"} != {0}


@pytest.mark.timeout(240)
def test_a_figure_that_asks_for_a_new_column_is_explained_by_the_method(
    changed: sa.Engine, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of the close cannot say whether they would count by a column that they lack: the change is one of method, and nothing fails."""
    plain = figures.cubes

    def asking(frame: Frame) -> tuple[Cube, ...]:
        return tuple(replace(cube, where={**cube.where, "project_no!=": "P9"}) if cube.name == "funds_district" else cube for cube in plain(frame))

    for module in (gather, diff):
        monkeypatch.setattr(module, "cubes", asking)
    with changed.begin() as conn:
        changes = {each.before.id: each for each in diff.compare(conn, district, MONTH).adjustments}
    paid = changes["funds.市级.paid_gross"]
    assert ("口径修正" in paid.causes, paid.rows) == (True, ())


@pytest.mark.timeout(240)
def test_a_closed_month_is_listed_traced_and_shown_by_its_own_columns(
    changed: sa.Engine, store: str, hub: Callable[..., list[dict[str, Any]]], tmp_path: Path
) -> None:
    """`hub list --as-of`, `hub trace` and the console show the columns of the close under their titles."""
    with changed.connect() as conn:
        closed = snapshot.catalogue_of(snapshot.stored(conn, MONTH))
    now = datetime(2026, 12, 1, tzinfo=UTC)
    with TestClient(create_app(DatabaseSource(store, Hub.load().rules()), tmp_path / "none", lambda: now), base_url="http://localhost") as console:
        assert console.get(f"/reports/{MONTH}").status_code == 200
        for list_, figure in FIGURES.items():
            view = closed.view(list_)
            assert view is not None
            rows = hub("list", list_, "--as-of", MONTH)
            assert rows
            assert {name for row in rows for name in row} >= {column.name for column in view.columns}
            assert not {name for row in rows for name in row} & {"project_no", "paid"}
            (traced,) = hub("trace", figure, "--month", MONTH)
            assert {title for row in traced["rows"] for title in row["columns"]} <= {column.title for column in view.columns}
            page = console.get(f"/reports/{MONTH}/figure", params={"id": figure})
            assert page.status_code == 200
            assert "这些是结账时保存的行" in page.text
            assert all(f">{column.title}" in page.text for column in view.first_columns[:3])


def with_list(monkeypatch: pytest.MonkeyPatch, engine: sa.Engine) -> None:
    """Add a list with an annex and a figure, as a later version would."""
    plans, others = figures._late_cube, figures._others
    monkeypatch.setitem(BY_NAME, CAME.name, CAME)
    monkeypatch.setattr(figures, "_late_cube", lambda frame: [*plans(frame), Cube("sought", CAME.name, {}, (), ("amount",))])
    monkeypatch.setattr(
        figures, "_others",
        lambda frame: [*others(frame), Measured("sought.合计.amount", "元", frame.period.span, "sought", {}, "sum(amount)")],
    )  # fmt: skip
    for statement in CAME_TABLE:
        change(engine, statement)


@pytest.mark.timeout(240)
def test_a_closed_month_outlives_a_list_that_comes_and_goes(
    store: str, hub: Callable[..., list[dict[str, Any]]], district: District, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A list and a figure that came later are said to be new, those that went to be gone; both months render as they were closed."""
    engine = engine_of(store)
    with monkeypatch.context() as later:
        with_list(later, engine)
        assert differing(MONTH, rendered(engine, district, MONTH, tmp_path / "added")) == []
        assert entries(engine, district, MONTH) == {(CAME.name, "", True)} | NEWER
        with engine.begin() as conn:
            (new,) = [each for each in diff.compare(conn, district, MONTH).adjustments if each.before.id == "sought.合计.amount"]
        assert (new.before.value, new.before.absent, str(new.after.value)) == (None, diff.NOT_THEN, "5000000.00")
        assert (new.causes, new.rows) == (("口径修正",), ())
        assert restate(engine, district, MONTH, NOVEMBER.closed_at) is not None
        close(engine, district, NOVEMBER)
        report = snapshot.load(engine, "2026-11")
        assert [len(annex.rows) for annex in report.annexes if annex.list == CAME.name] == [1]
        assert str(report.figures["sought.合计.amount"].value) == "5000000.00"
        before = {path.name: path.read_bytes() for path in rendered(engine, district, "2026-11", tmp_path / "november").iterdir()}

    change(engine, "DROP TABLE live.inspection")
    after = {path.name: path.read_bytes() for path in rendered(engine, district, "2026-11", tmp_path / "removed").iterdir()}
    assert after == before
    assert entries(engine, district, "2026-11") == {(CAME.name, "", False)}
    with engine.begin() as conn:
        (gone,) = diff.compare(conn, district, "2026-11").adjustments
    assert (gone.before.id, gone.after.value, gone.after.absent, gone.causes) == ("sought.合计.amount", None, diff.NOT_NOW, ("口径修正",))
    assert [row["item"] for row in hub("list", CAME.name, "--as-of", "2026-11")] == ["专项债券"]
    (traced,) = hub("trace", "sought.合计.amount", "--month", "2026-11")
    assert [row["columns"]["争取金额"] for row in traced["rows"]] == ["5000000.00"]
    with TestClient(create_app(DatabaseSource(store, Hub.load().rules()), tmp_path / "none", lambda: DECEMBER.closed_at), base_url="http://localhost") as console:
        page = console.get("/reports/2026-11/figure", params={"id": "sought.合计.amount"})
    assert page.status_code == 200
    assert "专项债券" in page.text
    assert "现已无此清单" in page.text
    close(engine, district, DECEMBER)
    annex = next(annex for annex in snapshot.load(engine, "2026-12").annexes if annex.list == "adjustments")
    assert diff.NOT_NOW in {row["现值"] for row in annex.rows}
    engine.dispose()
