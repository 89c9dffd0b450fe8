"""The console on a real store: events go in by the processors' own doors, pages and API show them with their source."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
from fastapi.testclient import TestClient

from exchange_contracts import codec, envelope
from exchange_contracts.events import (
    Event,
    NilReturned,
    ProjectAdded,
    ProjectChanged,
    ProjectProgressReported,
    SubmissionConfirmed,
    WorkbookReturned,
)
from exchange_contracts.model import Origin
from exchange_hub.console.app import create_app
from exchange_hub.console.archive import Archive
from exchange_hub.console.database import DatabaseSource
from exchange_hub.console.source import Place
from exchange_hub.processes.compose import Hub
from exchange_hub.reports.closed import close as closing
from exchange_hub.reports.closed import snapshot
from exchange_hub.reports.model import Source
from exchange_hub.reports.render.json_report import render_json
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.runtime.settings import Settings
from exchange_hub.views.queries.answers import Selection, StoreUnavailableError
from exchange_hub.views.queries.log import driver_of
from exchange_hub.views.store.positions import claim
from exchange_hub.views.store.setup import connect
from exchange_hub.views.worker.driver import Poll
from exchange_hub.views.worker.pipeline import Committer, Done, read_poll
from tests.platform import empty_database

CODE = "2509-120114-89-01-544060"
ARRIVED = int(datetime(2026, 10, 20, 16, 30, tzinfo=UTC).timestamp() * 1000)


class Lying(NamedTuple):
    """A record as a consumer hands it over."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def project(bureau: str, revision: int, total: str, row: int, kind: type[Event] = ProjectAdded) -> Event:
    return kind(
        bureau=bureau, source="excel", entity_key=CODE, revision=revision, occurred_on=date(2026, 10, 20),
        recorded_at=datetime(2026, 10, 20, 8, tzinfo=UTC), project_code=CODE, name="<b>压缩机</b>更新项目",
        list="设备更新", domain="工业", construction_nature="改建和技术改造", owner_name="天津市示例有限公司",
        total_investment=Decimal(total), build_state="在建", town="杨村街道",
        origin=Origin(file="项目清单.xlsx", sheet="清单", row=row, unit="万元", cells="B,title,,,,B,,D,,,,,E,,F"),
    )  # fmt: skip


def sent_back(file: str, rows: int, revision: int) -> WorkbookReturned:
    return WorkbookReturned(
        bureau="water", source="excel", entity_key=file, revision=revision, occurred_on=date(2026, 10, 31), file=file,
        recorded_at=datetime(2026, 11, 3, tzinfo=UTC), list="equipment-projects", month="2026-10", rows_read=1, rows_returned=rows,
        causes={"缺项": rows} if rows else {},
    )  # fmt: skip


def events() -> dict[str, list[Event]]:
    common = {"source": "excel", "occurred_on": date(2026, 11, 3), "recorded_at": datetime(2026, 11, 3, tzinfo=UTC)}
    return {
        "industry": [
            project("industry", 1, "1230000.00", 7),
            project("industry", 2, "1234567.89", 7, ProjectChanged),
            ProjectProgressReported(
                bureau="industry", entity_key=CODE, revision=1, month="2026-10",
                invested_this_month=Decimal("10.00"), invested_year_to_date=Decimal("500000.00"), **common,
            ),
            SubmissionConfirmed(
                bureau="industry", entity_key="equipment-projects@2026-10", revision=1, list="equipment-projects",
                month="2026-10", rows=1, signed_by=("签发",), **common,
            ),
        ],
        "development-reform": [
            project("development-reform", 1, "1230000.00", 12),
            SubmissionConfirmed(
                bureau="development-reform", entity_key="recycling-projects@2026-10", revision=1, list="recycling-projects",
                month="2026-10", rows=4, signed_by=("填报", "审核"), **common,
            ),
        ],
        "water": [
            NilReturned(bureau="water", entity_key="equipment-projects@2026-10", revision=1, list="equipment-projects",
                        month="2026-10", **common),
            sent_back("a.xlsx", 3, 1), sent_back("a.xlsx", 14, 2), sent_back("b.xlsx", 5, 1), sent_back("b.xlsx", 0, 2),
        ],
    }  # fmt: skip


def records(bureau: str, given: Sequence[Event]) -> list[Lying]:
    """Lay events on a topic; the industry topic also gets noise and an event of another bureau."""
    found = [
        Lying(offset, ARRIVED + offset, event.entity_key.encode(), codec.encode(event), envelope.headers(event))
        for offset, event in enumerate(given)
    ]
    if bureau == "industry":
        found.append(Lying(len(found), ARRIVED + 50, b"x", b"\x00noise", []))
        foreign = project("housing", 1, "5.00", 99)
        value = codec.encode(foreign)
        found.append(Lying(len(found), ARRIVED + 60, foreign.entity_key.encode(), value, envelope.headers(foreign)))
    return found


def fill(hub: Hub, url: str) -> None:
    """Commit all events as a worker does, one batch."""
    hub.prepare_store(url)
    topics = {bureau: topic for topic, bureau in hub.event_topics.items()}
    with connect(url) as conn:
        context = hub.context(conn)
        given = {topics[bureau]: records(bureau, some) for bureau, some in events().items()}
        claimed, _ = claim(conn, {topic: f"id-{topic}" for topic in given}, "test")
    committer = Committer(lambda: connect(url), context, "test")
    starts, ends = dict.fromkeys(given, 0), {topic: len(some) for topic, some in given.items()}
    poll = Poll(chain=1, claims=claimed, starts=starts, ends=ends, records=given)
    done = committer.commit(read_poll(poll, context))
    committer.close()
    assert isinstance(done, Done)


@pytest.fixture(scope="module")
def hub() -> Hub:
    return Hub.load(Settings())


@pytest.fixture(scope="module")
def url(hub: Hub, postgres_server: str) -> Iterator[str]:
    """A store with the events in it."""
    with empty_database(postgres_server) as address:
        fill(hub, address)
        yield address


@pytest.fixture(scope="module")
def source(hub: Hub, url: str) -> Iterator[DatabaseSource]:
    source = DatabaseSource(url, hub.rules())
    yield source
    source.close()


@pytest.fixture(scope="module")
def closed(hub: Hub, url: str, source: DatabaseSource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """October 2026, closed on the store, with its report.json."""
    with source.reading() as reading:
        ends = {place.topic: place.next_offset for place in reading.positions()}
    engine = engine_of(url)
    closing.close(
        engine, hub.district, closing.Closing("2026-10", date(2026, 10, 31), datetime(2026, 11, 5, 1, tzinfo=UTC), ends)
    )
    folder = tmp_path_factory.mktemp("reports")
    (folder / "2026-10").mkdir()
    (folder / "2026-10" / "report.json").write_bytes(render_json(snapshot.load(engine, "2026-10")))
    return folder


@pytest.fixture
def client(source: DatabaseSource, hub: Hub, tmp_path: Path) -> Iterator[TestClient]:
    now = datetime(2026, 11, 4, 1, 30, tzinfo=UTC)
    with TestClient(create_app(source, tmp_path, lambda: now, place=Place.of(hub.district)), base_url="http://localhost") as client:
        yield client


def test_one_project_of_two_bureaus_is_one_row_with_both_statements_and_their_cells(client: TestClient) -> None:
    """A project that two bureaus report counts once; its page shows both statements, the difference and each cell."""
    listed = client.get("/api/lists/equipment-projects").json()
    assert listed["total"] == 1
    assert sorted(listed["rows"][0]["bureaus"]) == ["development-reform", "industry"]

    key = listed["rows"][0]["row_key"]
    page = client.get("/lists/equipment-projects/row", params={"key": key}).text
    assert "1,234,567.89" in page
    assert "1,230,000.00" in page
    assert "不一致" in page
    assert "《项目清单.xlsx》 工作表“清单” 第 12 行（原表单位：万元）" in page
    assert '1,234,567.89</span> <small class="place" title="原表单元格">F7</small>' in page
    assert "2026-10-21 00:30:00 北京时间" in page, "arrival at 16:30 UTC is the next day in Shanghai"
    assert "&lt;b&gt;压缩机&lt;/b&gt;" in page
    assert "<b>压缩机" not in page


def test_claims_hold_the_statement_in_force_and_events_hold_all_of_them(client: TestClient) -> None:
    """The API's trace gives the revision in force as claim and every revision as event, money in yuan, days as dates."""
    key = client.get("/api/lists/equipment-projects").json()["rows"][0]["row_key"]
    trace = client.get("/api/lists/equipment-projects/row", params={"key": key}).json()
    in_force = {(claim["bureau"], claim["register"]): claim for claim in trace["claims"]}
    assert in_force["industry", "project"]["revision"] == 2
    assert in_force["industry", "project"]["facts"]["total_investment"] == "1234567.89"
    assert ("industry", "progress:2026-10") in in_force
    revisions = [event["revision"] for event in trace["events"] if event["type"] in ("ProjectAdded", "ProjectChanged")]
    assert sorted(revisions) == [1, 1, 2]


def test_a_merged_row_says_whose_each_column_is(client: TestClient) -> None:
    """Page and API say which bureau's statement a column is, by the district's precedence, and what the other one said."""
    key = client.get("/api/lists/equipment-projects").json()["rows"][0]["row_key"]
    answer = client.get("/api/lists/equipment-projects/row", params={"key": key}).json()
    taken = {each["column"]: each for each in answer["taken_from"]}
    assert taken["total_investment"] == {
        "column": "total_investment", "value": "1234567.89", "bureau": "industry",
        "others": [{"bureau": "development-reform", "value": "1230000.00"}],
    }  # fmt: skip
    assert (taken["town"]["bureau"], taken["town"]["others"]) == ("industry", [])
    assert all(each["value"] == answer["row"][name] for name, each in taken.items())
    page = client.get("/lists/equipment-projects/row", params={"key": key}).text
    told = re.search(r'<tr class="differs"><th scope="row">总投资</th><td>(.*?)</td><td[^>]*>(.*?)</td><td>(.*?)</td></tr>', page)
    assert told is not None
    assert told.groups() == ("1,234,567.89 元", "区工业和信息化局", "区发展改革委 1,230,000.00 元")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, 1),
        ({"domain": "工业"}, 1),
        ({"domain": ["农业", "工业"]}, 1),
        ({"domain": "农业"}, 0),
        ({"q": "压缩机"}, 1),
        ({"q": "100%_"}, 0),
        ({"q": "'; DROP TABLE live.equipment_project; --"}, 0),
        ({"latest_month": "2026-10", "sort": "-total_investment"}, 1),
    ],
)
def test_filters_and_words_choose_rows(client: TestClient, parameters: dict[str, str], expected: int) -> None:
    """Values of a column are alternatives, columns hold together, words are looked for literally."""
    assert client.get("/api/lists/equipment-projects", params=parameters).json()["total"] == expected


@pytest.mark.parametrize(
    "address",
    [
        "/receipts?bureau=%00", "/api/rejections?bureau=%00", "/lists/trade-in/row?key=%00", "/lists/trade-in?q=%00", "/lists/%00",
        "/findings?state=%2500%00", "/api/lists/trade-in/row?key=a%00b", "/lists/materials?quantity=1e999999", "/lists/funds?amount=1e999999",
        "/lists/funds?budget_year=99999999999999999999", "/lists/materials?quantity=99999999999999999", "/api/lists/indicators?value=1e40",
        "/lists/funds?amount=abc", "/lists/funds?on_date=2026-13-01",
    ],
)  # fmt: skip
def test_what_no_store_can_hold_is_a_mistake_of_the_request(client: TestClient, address: str) -> None:
    """A byte 0 or a number beyond the column is answered with 400 and words, never as if the database were away."""
    answer = client.get(address)
    assert answer.status_code == 400
    assert "数据库" not in answer.text
    assert re.search("[\u4e00-\u9fff]", answer.text)


@pytest.mark.parametrize("address", ["/", "/lists/trade-in", "/api/lists", "/readyz", "/reports/2026-10"])
def test_a_method_that_is_not_there_is_told_with_those_that_are(client: TestClient, address: str) -> None:
    """405 carries Allow, so that a client knows what it may ask."""
    answer = client.post(address)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_choices_are_the_values_that_occur(source: DatabaseSource) -> None:
    """Drop-downs offer what the list holds, nothing for an empty column."""
    with source.reading() as reading:
        found = reading.choices("equipment-projects", ["domain", "town", "waste_category"])
    assert found == {"domain": ["工业"], "town": ["杨村街道"], "waste_category": []}


def test_every_list_page_and_download_opens(client: TestClient) -> None:
    """Every list of the catalogue has a page and three downloads, also when it is empty."""
    for view in client.get("/api/lists").json():
        assert client.get(f"/lists/{view['name']}").status_code == 200
        for form in ("xlsx", "csv", "json"):
            assert client.get(f"/lists/{view['name']}/download", params={"format": form}).status_code == 200


def test_downloads_carry_exact_yuan(client: TestClient) -> None:
    """The three files of a list carry the same row with exact yuan."""
    base = "/lists/equipment-projects/download"
    book = openpyxl.load_workbook(io.BytesIO(client.get(base, params={"format": "xlsx"}).content))
    header = [cell.value for cell in book.active[2]]
    column = header.index("总投资（元）")
    assert book.active[3][column].value == pytest.approx(1234567.89, abs=0.001)
    lines = list(csv.reader(io.StringIO(client.get(base, params={"format": "csv"}).content.decode("utf-8-sig"))))
    assert lines[1][column] == "1234567.89"
    assert client.get(base, params={"format": "json"}).json()[0]["total_investment"] == "1234567.89"


def test_submissions_tell_confirmed_nil_and_silent_apart(client: TestClient) -> None:
    """Who confirmed, who returned nil, who has time left and who is late: four different things, and silent is not zero."""
    states = {(line["bureau"], line["list"]): line for line in client.get("/api/submissions/2026-10").json()}
    assert states["industry", "equipment-projects"]["state"] == "confirmed"
    assert states["water", "equipment-projects"]["state"] == "nil"
    awaited = states["housing", "equipment-projects"]
    assert (awaited["state"], awaited["rows"]) == ("pending", None)
    earlier = {(line["bureau"], line["list"]): line for line in client.get("/api/submissions/2026-09").json()}
    silent = earlier["housing", "equipment-projects"]
    assert (silent["state"], silent["rows"]) == ("silent", None)


def test_what_connectors_sent_back_is_seen_until_it_is_corrected(client: TestClient) -> None:
    """The last word on a file counts: fourteen rows of one, none any more of the other; on list, page, API and metrics."""
    assert [(row["file"], row["rows_returned"], row["causes"]) for row in client.get("/api/lists/returns").json()["rows"]] == [("a.xlsx", 14, ["缺项14处"])]
    states = {(line["bureau"], line["list"]): line for line in client.get("/api/submissions/2026-10").json()}
    assert states["water", "equipment-projects"]["rows_returned"] == 14
    assert "退回14 行" in client.get("/submissions?month=2026-10").text
    health = client.app.state.health  # type: ignore[attr-defined]  # FastAPI's
    health.refresh()
    assert b'hub_workbook_rows_returned{bureau="water"} 14.0' in health.console.meters.exposition()


def test_what_nobody_signed_is_not_confirmed(client: TestClient) -> None:
    """A confirmation that 签发 did not sign is 已填报未审签 on the board, in the API and in the metrics, as the report has it."""
    states = {(line["bureau"], line["list"]): line["state"] for line in client.get("/api/submissions/2026-10").json()}
    assert (states["development-reform", "recycling-projects"], states["industry", "equipment-projects"]) == ("unsigned", "confirmed")
    page = client.get("/submissions?month=2026-10").text
    assert '<span class="state state-unsigned">已填报未审签</span><br><small>4 行</small>' in page


def test_rejections_keep_reason_place_and_what_could_be_read(client: TestClient) -> None:
    """A rejection shows topic, offset and reason; where its bytes decode, also the cell that it came from."""
    found = client.get("/api/rejections", params={"bureau": "industry"}).json()
    assert [item["offset"] for item in found] == [5, 4], "the latest first"
    foreign, noise = found
    assert foreign["type"] == "ProjectAdded"
    place = {"file": "项目清单.xlsx", "sheet": "清单", "row": 99, "unit": "万元"}
    assert foreign["origin"] == place | {"cells": {"entity_key": "B99", "occurred_on": "title", "project_code": "B99", "name": "D99", "owner_name": "E99", "total_investment": "F99"}}
    assert noise["origin"] is None
    assert all(item["reason"] for item in found)
    assert client.get("/api/rejections", params={"bureau": "water"}).json() == []
    assert "第 99 行" in client.get("/receipts").text


def test_positions_balance(client: TestClient) -> None:
    """Per topic, what was received is accepted, duplicate, rejected or held, with nothing left over."""
    places = {place["bureau"]: place for place in client.get("/api/positions").json()}
    assert places["industry"]["outcomes"] == {"accepted": 4, "duplicate": 0, "rejected": 2, "held": 0}
    assert places["industry"]["next_offset"] == sum(places["industry"]["outcomes"].values())


def test_every_figure_of_a_closed_month_opens_as_many_frozen_rows_as_it_counts(
    source: DatabaseSource, closed: Path
) -> None:
    """From each figure of report.json the console reaches the rows of its close, exactly as many as it was made of."""
    report = Archive(closed).closed("2026-10")
    assert report is not None
    measured = [figure for figure in report.figures.values() if figure.source.list]
    assert len(measured) > 100
    with source.reading() as reading:
        found = {
            figure.id: reading.figure_rows("2026-10", figure.source, limit=figure.source.rows + 10)
            for figure in measured
        }
    assert all(rows.frozen for rows in found.values())
    assert {name: len(rows.rows) for name, rows in found.items()} == {figure.id: figure.source.rows for figure in measured}
    assert sum(figure.source.rows for figure in measured) > 0


def test_report_pages_of_a_real_close_open(source: DatabaseSource, hub: Hub, closed: Path) -> None:
    """The page of a closed month shows its tables, and a figure's page leads on to the row with its source cells."""
    now = datetime(2026, 11, 6, tzinfo=UTC)
    with TestClient(create_app(source, closed, lambda: now, place=Place.of(hub.district)), base_url="http://localhost") as client:
        page = client.get("/reports/2026-10")
        assert page.status_code == 200
        assert "没有可读的" not in page.text
        figure = client.get("/reports/2026-10/figure", params={"id": "equipment.工业.total_investment"}).text
        assert "1,234,567.89 元" in figure
        assert "这些是结账时保存的行。" in figure
        assert "区发展改革委《项目清单.xlsx》“清单”F12；区工业和信息化局《项目清单.xlsx》“清单”F7" in figure
        row = re.search(r'href="(/lists/equipment-projects/row[^"]+)"', figure)
        assert row is not None
        assert "《项目清单.xlsx》" in client.get(row[1].replace("&amp;", "&")).text


def test_rows_behind_a_figure_are_those_of_its_conditions(source: DatabaseSource) -> None:
    """A figure's conditions choose its rows in the live lists where the close kept none of its own."""
    with source.reading() as reading:
        found = reading.figure_rows(
            "2026-09", Source("equipment-projects", {"domain": "工业", "admin_state!=": "退出"}, "count", 0), limit=5
        )
        none = reading.figure_rows("2026-09", Source("equipment-projects", {"domain": "农业"}, "count", 0), limit=5)
    assert [row["project_code"] for row in found.rows] == [CODE]
    assert not found.frozen
    assert none.rows == ()


def test_the_console_cannot_write(source: DatabaseSource) -> None:
    """The console's transaction is read-only whatever it is asked to do, and its settings bound every statement."""
    with source.reading() as reading:
        shown = driver_of(reading.conn).execute("SELECT current_setting('statement_timeout')").fetchone()
        level = driver_of(reading.conn).execute("SELECT current_setting('transaction_isolation')").fetchone()
    assert shown == ("10s",)
    assert level == ("repeatable read",)
    with pytest.raises(StoreUnavailableError, match="read-only"), source.reading() as reading:
        driver_of(reading.conn).execute("DELETE FROM live.equipment_project")
    with source.reading() as reading:
        assert reading.count("equipment-projects", Selection()) == 1


def test_a_store_that_is_away_is_said_in_chinese_and_read_again_later(hub: Hub, tmp_path: Path) -> None:
    """Without a database the process lives, is not ready, and answers people in Chinese."""
    away = DatabaseSource("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1", hub.rules())
    app = create_app(away, tmp_path, lambda: datetime(2026, 11, 4, tzinfo=UTC), place=Place.of(hub.district))
    with TestClient(app, base_url="http://localhost") as client:
        assert client.get("/livez").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["database"]) == (503, "down")
        page = client.get("/")
        assert page.status_code == 503
        assert "数据库暂时无法读取" in page.text
        app.state.health.refresh()
        assert b"hub_database_up 0.0" in app.state.health.console.meters.exposition()


def test_a_closed_month_is_read_from_the_store_as_from_its_file(
    source: DatabaseSource, closed: Path, tmp_path: Path
) -> None:
    """Without any file the console knows what was closed, and shows the very report that was rendered from it."""
    kept = Archive(tmp_path, source)
    assert kept.months() == ["2026-10"]
    report, filed = kept.closed("2026-10"), Archive(closed).closed("2026-10")
    assert report is not None
    assert filed is not None
    assert render_json(report) == render_json(filed)
    assert kept.closed("2026-09") is None
    assert kept.files("2026-10") == []
