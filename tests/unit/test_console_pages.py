"""The pages: readable without script, safe, bounded, and in Chinese."""

import base64
import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest
from fastapi.testclient import TestClient

from exchange_hub.console import app as console_app
from exchange_hub.console import downloads, query, security
from exchange_hub.console.app import create_app
from exchange_hub.programme.check_sheet import READ as CHECKED
from exchange_hub.programme.matching import READ
from exchange_hub.reports.catalogue import present
from exchange_hub.reports.model import load
from exchange_hub.views.lists import BY_NAME, LISTS
from exchange_hub.views.lists.model import Column
from exchange_hub.views.queries.answers import Compared
from tests.console_rows import NOW, MemorySource, finding, opened, write_report

PAGES = [
    "/", "/submissions", "/deadlines", "/tasks", "/policies", "/goals", "/checks", "/suggestions", "/catalogue", "/catalogue/funds", "/findings", "/receipts", "/reports", "/reports/2026-10", "/docs",
    "/reports/2026-10/figure?id=equipment.工业.projects", "/lists/equipment-projects/row?key=2509-120114-89-01-540003",
    *(f"/lists/{view.name}" for view in LISTS),
]  # fmt: skip
STATIC = Path(console_app.__file__).parent / "static"
TEMPLATES = Path(console_app.__file__).parent / "templates"


class Page(HTMLParser):
    """What a test asks of a page: its elements, inline scripts and styles, addresses, visible words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.unclosed: list[str] = []
        self.addresses: list[str] = []
        self.forbidden: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = dict(attrs)
        self.addresses += [fields[name] or "" for name in ("href", "src", "action") if name in fields]
        self.ids += [fields["id"] or ""] if "id" in fields else []
        if "style" in fields or any(name.startswith("on") for name in fields):
            self.forbidden.append(f"{tag} {fields}")
        if tag == "script" and "src" not in fields and fields.get("type") != "application/json":
            self.forbidden.append("inline script")
        if tag == "style":
            self.forbidden.append("inline style")
        if tag not in ("meta", "link", "br", "input", "img", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.unclosed.append(tag)


@pytest.fixture
def source() -> MemorySource:
    return MemorySource()


@pytest.fixture
def client(source: MemorySource, tmp_path: Path) -> Iterator[TestClient]:
    write_report(tmp_path)
    with opened(source, tmp_path, raising=False) as client:
        yield client


@pytest.mark.parametrize("address", PAGES)
def test_pages_are_whole_and_hold_nothing_inline(client: TestClient, address: str) -> None:
    """Every page is well-formed, says its Shanghai time with zone, and has no inline script, style or foreign address."""
    answer = client.get(address)
    assert answer.status_code == 200
    page = Page(answer.text)
    assert (page.unclosed, page.open, page.forbidden) == ([], [], [])
    assert len(page.ids) == len(set(page.ids))
    assert all(where.startswith(("/", "#")) for where in page.addresses), "no CDN, no foreign host"
    assert "2026-11-24 13:40:12 北京时间" in answer.text
    assert '<html lang="zh-CN">' in answer.text


@pytest.mark.parametrize(
    "address", [*PAGES, "/livez", "/api/lists", "/static/console.css", "/none", "/lists/trade-in?x=1"]
)
def test_every_answer_carries_the_security_headers(client: TestClient, address: str) -> None:
    """Pages, API, files and errors alike: no inline script can run, nobody can frame or sniff."""
    headers = client.get(address).headers
    assert {name: headers[name] for name in security.HEADERS} == security.HEADERS
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy


def test_links_lead_somewhere(client: TestClient) -> None:
    """Every address on every page answers."""
    seen: set[str] = set()
    waiting = ["/"]
    while waiting and len(seen) < 150:
        address = waiting.pop()
        answer = client.get(address)
        assert answer.status_code == 200, address
        if "text/html" in answer.headers["content-type"]:
            found = {where.partition("#")[0] for where in Page(answer.text).addresses} - seen - {""}
            seen |= found
            waiting += sorted(found)
    assert len(seen) > 60


def test_what_a_bureau_wrote_is_shown_as_text(client: TestClient, source: MemorySource) -> None:
    """Markup in a cell, a finding or a reason is escaped everywhere it is shown, in charts' data too."""
    evil = '</script><script>alert(1)</script>"><img src=x onerror=alert(2)>'
    source.lists["equipment-projects"][0] |= {"name": evil, "town": evil, "row_key": evil}
    source.found[0] = finding(evil, evil, evil, "", "", (evil,), evil)
    source.refused[0] = replace(source.refused[0], topic=evil, bureau=evil, type=evil, entity_key=evil, code=evil, reason=evil)
    for address in ("/lists/equipment-projects", "/findings", "/receipts", f"/lists/equipment-projects?q={evil}"):
        text = client.get(address).text
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "&lt;/script&gt;" in text
    text = client.get("/lists/equipment-projects/row", params={"key": evil}).text
    assert "<script>alert" not in text


def test_empty_is_not_zero(client: TestClient, source: MemorySource) -> None:
    """Nothing reported reads —, a reported zero reads 0.00."""
    first, second = source.lists["equipment-projects"][:2]
    first |= {"invested_year_to_date": None}
    second |= {"invested_year_to_date": 0}
    source.lists["equipment-projects"] = [first, second]
    text = client.get("/lists/equipment-projects").text
    assert len(re.findall(r'<td class="empty number" title="未填报">—</td>', text)) >= 1
    assert '<td class="number number" title="0.00 元">0.00</td>' in text


def test_money_shows_full_yuan_beside_wan(client: TestClient, source: MemorySource) -> None:
    """The cell reads 万元; the exact yuan stand in its title."""
    source.lists["equipment-projects"] = source.lists["equipment-projects"][:1]
    source.lists["equipment-projects"][0]["total_investment"] = 123_456_789
    text = client.get("/lists/equipment-projects").text
    assert 'title="1,234,567.89 元">123.46</td>' in text
    assert "（万元）" in text


@pytest.mark.parametrize(
    ("parameters", "total"),
    [
        ("", 137),
        ("domain=工业", 20),
        ("domain=工业&domain=农业", 40),
        ("domain=工业&town=杨村街道", 4),
        ("q=锅炉", 20),
        ("domain=", 137),
    ],
)
def test_filters_hold_together_and_values_are_alternatives(client: TestClient, parameters: str, total: int) -> None:
    """Columns are conjoined, values of one column are alternatives, an empty field is no condition."""
    assert f"共 <strong>{total}</strong> 行" in client.get(f"/lists/equipment-projects?{parameters}").text


def test_sorting_turns_round_with_the_second_click(client: TestClient) -> None:
    """A heading sorts upwards, then downwards, and tells assistive technology which."""
    up = client.get("/lists/equipment-projects?sort=total_investment").text
    assert 'aria-sort="ascending"' in up
    assert "sort=-total_investment" in up
    assert 'aria-sort="descending"' in client.get("/lists/equipment-projects?sort=-total_investment").text


def test_pages_of_a_list_are_all_of_it_once(client: TestClient, source: MemorySource) -> None:
    """Paging shows every row once and links to the next page."""
    found: list[str] = []
    address = "/lists/equipment-projects?size=50"
    for _ in range(5):
        text = client.get(address).text
        found += re.findall(r"/lists/equipment-projects/row\?key=([0-9-]+)", text)
        following = re.search(r'rel="next" href="([^"]+)"', text)
        if following is None:
            break
        address = following[1].replace("&amp;", "&")
    assert found == [row["row_key"] for row in source.lists["equipment-projects"]]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ("size=201", "1 至 200"), ("size=0", "1 至 200"), ("size=abc", "1 至 200"), ("page=0", "页码"), ("page=99999999", "页码"),
        ("page=１", "页码"), ("nope=1", "没有“nope”这一列"), ("sort=nope", "没有“nope”这一列"), ("sort=planned_by_year", "不能排序"),
        ("total_investment=abc", "格式不对"), ("total_investment=NaN", "格式不对"), ("total_investment=1e999999", "格式不对"),
        ("starts_on_planned=2026-13-01", "格式不对"), ("q=" + "长" * 101, "不得超过 100 字"), ("planned_by_year=1", "不能作为筛选条件"),
        ("domain=" + "x" * 201, "过长"), ("domain=%00", "无效字符"), ("&".join(f"domain={n}" for n in range(40)), "不得超过 20 个"),
    ],
)  # fmt: skip
def test_requests_beyond_a_limit_are_refused_in_chinese(client: TestClient, parameters: str, words: str) -> None:
    """Whatever is beyond a limit or makes no sense is a 400 that says what to do, never a server error."""
    for path in ("/lists/equipment-projects", "/api/lists/equipment-projects"):
        answer = client.get(f"{path}?{parameters}")
        assert answer.status_code == 400
        if path.startswith("/lists/"):
            assert words in answer.text


def test_no_page_asks_for_more_rows_than_the_limit(client: TestClient, source: MemorySource) -> None:
    """The reader is asked for a page at most; of documents for all, for each may be overdue, of tasks for a month, of policies for their map, which counts all, and of what the check sheet and the suggestions read."""
    for address in (*PAGES, "/lists/trade-in?size=200", "/api/lists/trade-in?size=200"):
        client.get(address)
    whole = ("funding-policies", *CHECKED, *READ)
    assert all(limit is not None and limit <= query.PAGE_SIZES[-1] for name, limit in source.limits if name not in ("documents", "tasks") and not (limit is None and name in whole))


def test_an_export_beyond_the_limit_asks_for_a_filter(
    client: TestClient, source: MemorySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list larger than one export is refused with the reason; filtered it is given."""
    monkeypatch.setattr(query, "EXPORT_ROWS_MAX", 100)
    answer = client.get("/lists/equipment-projects/download")
    assert answer.status_code == 400
    assert "请先筛选" in answer.text
    assert client.get("/lists/equipment-projects/download?domain=工业").status_code == 200


def test_downloads_hold_the_filtered_rows_in_every_form(client: TestClient) -> None:
    """xlsx, CSV and JSON hold the same rows, all columns, in yuan."""
    base = "/lists/equipment-projects/download?domain=工业&sort=-total_investment&format="
    rows = client.get(base + "json").json()
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(base + "xlsx").content)).active
    lines = list(csv.DictReader(io.StringIO(client.get(base + "csv").content.decode("utf-8-sig"))))
    assert len(rows) == len(lines) == sheet.max_row - 2 == 20
    heads = [cell.value for cell in sheet[2]]
    column = heads.index("总投资（元）")
    assert [line["总投资（元）"] for line in lines] == [row["total_investment"] for row in rows]
    assert [sheet.cell(n + 3, column + 1).value for n in range(20)] == pytest.approx(
        [float(row["total_investment"]) for row in rows]
    )
    assert "北京时间" in sheet["A1"].value
    assert lines[0]["自开工累计（元）"] == "", "empty stays empty"


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_a_download_says_its_rows_and_its_digest(client: TestClient, form: str) -> None:
    """The answer's head tells how many rows the file holds, its length and the digest of its bytes: who has less knows it."""
    answer = client.get(f"/lists/equipment-projects/download?format={form}&domain=工业")
    assert answer.headers["Hub-Rows"] == "20"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    digest = base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_a_download_that_fails_midway_is_no_success(client: TestClient, source: MemorySource, form: str) -> None:
    """Where the store breaks off after some rows, the answer is 503 with words, never a file of half the rows."""
    source.breaks_after = 7
    answer = client.get(f"/lists/equipment-projects/download?format={form}")
    assert answer.status_code == 503
    assert "数据库暂时无法读取" in answer.text
    source.breaks_after = None
    assert client.get(f"/lists/equipment-projects/download?format={form}").status_code == 200


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_a_download_that_the_disk_does_not_take_is_no_success(client: TestClient, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """On a full disk the answer is 507 with words, and the next one is served where there is room again."""
    with monkeypatch.context() as full:
        full.setattr(downloads, "mkstemp", lambda prefix: (os.open("/dev/null", os.O_RDWR), "/dev/full"))
        full.setattr(downloads, "_remove", lambda path: None)
        answer = client.get(f"/lists/equipment-projects/download?format={form}")
    assert answer.status_code == 507
    assert "磁盘空间不足" in answer.text
    assert client.get(f"/lists/equipment-projects/download?format={form}").status_code == 200


def test_a_formula_in_a_cell_stays_text(client: TestClient, source: MemorySource) -> None:
    """What a bureau typed is never evaluated by a spreadsheet."""
    source.lists["equipment-projects"] = source.lists["equipment-projects"][:1]
    source.lists["equipment-projects"][0] |= {"name": "=1+1", "owner_name": "@SUM(A1)", "problems": "-2+3"}
    base = "/lists/equipment-projects/download?format="
    line = next(csv.DictReader(io.StringIO(client.get(base + "csv").content.decode("utf-8-sig"))))
    assert [line["项目名称"], line["项目单位"], line["存在问题"]] == ["'=1+1", "'@SUM(A1)", "'-2+3"]
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(base + "xlsx").content)).active
    cell = sheet.cell(3, [head.value for head in sheet[2]].index("项目名称") + 1)
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_row_page_leads_to_the_source_cell(client: TestClient) -> None:
    """A row's page shows every bureau's statement, what differs, and file, sheet and row of each event."""
    text = client.get("/lists/equipment-projects/row?key=2509-120114-89-01-540003").text
    assert "《设备更新项目2026年10月.xlsx》 工作表“项目清单” 第 7 行（原表单位：万元）" in text
    assert text.count("（不一致）") == 2
    assert "原因：投资额核定" in text
    assert "2026-10-01 00:30:00 北京时间" in text


def test_submissions_matrix_tells_states_apart(client: TestClient) -> None:
    """Confirmed, nil, late and silent are four different words; a list that is not owed stays blank."""
    text = client.get("/submissions?month=2026-11").text
    for words in ("已确认", "零报告", "迟报", "未报送"):
        assert words in text
    assert "未报送不以零计" in text
    assert "退回14 行" in text
    assert all(words in text for words in ("项目&lt;b&gt;清单&lt;/b&gt;.xlsx", "金额和数量9处、缺项5处", "整表 1 张", "整个文件（月份不明）"))
    assert "退回 0 行" in client.get("/").text, "October is under review"
    assert client.get("/submissions?month=2026-1").status_code == 400


def test_findings_use_the_words_of_the_programme(client: TestClient) -> None:
    """Findings are clues to verify, never verdicts."""
    text = client.get("/findings").text
    assert "不作为认定依据" in text
    assert not re.search("骗补|虚假|违规", text)
    assert "未办结 2 条" in text
    assert "/lists/equipment-projects?component=c3" in text
    assert "共 <strong>1</strong> 行" not in text


def test_receipts_show_reason_place_and_cell(client: TestClient) -> None:
    """A returned record shows why, where it lies, and the cell to mend."""
    text = client.get("/receipts?bureau=commerce").text
    assert "补贴金额大于销售额，请核对后更正重报。" in text
    assert "hub.wuqing.commerce.events @ 105" in text
    assert "《以旧换新2026年10月.xlsx》 工作表“家电” 第 23 行" in text
    assert "fold_failed" not in text


def test_charts_have_a_table_for_readers_without_script(client: TestClient) -> None:
    """The numbers of a chart stand in a table below it; a gap is —, not zero."""
    text = client.get("/reports/2026-10").text
    assert '<th scope="row">建筑</th><td class="number">—</td>' in text
    found = re.findall(r'<script type="application/json">(.*?)</script>', text)
    assert json.loads(found[0])["series"][0]["values"][2] is None


@pytest.mark.parametrize(
    "address",
    ["/reports/../../etc/passwd", "/reports/2026-10/..%2f..%2fsecret", "/reports/2026-10/other.txt", "/reports/2026-13/report.json",
     "/reports/....-10/report.json", "/static/../app.py", "/static/..%2fapp.py", "/reports/2026-09"],
)  # fmt: skip
def test_only_the_three_files_of_a_closed_month_are_served(client: TestClient, tmp_path: Path, address: str) -> None:
    """No path leads out of the reports, and nothing but the report's files is given."""
    (tmp_path / "2026-10" / "other.txt").write_text("x")
    (tmp_path.parent / "secret").write_text("x")
    assert client.get(address).status_code == 404


def test_report_files_are_downloads(client: TestClient) -> None:
    """The Word file comes as an attachment with its media type and the digest of its bytes."""
    answer = client.get("/reports/2026-10/report.docx")
    assert answer.content == b"PK docx"
    assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(b'PK docx').digest()).decode()}:"
    assert "attachment" in answer.headers["content-disposition"]


def test_a_month_closed_in_the_store_shows_before_its_files_are_rendered(
    source: MemorySource, tmp_path: Path
) -> None:
    """The store says which months are closed; without files the page has every figure and says how to get them."""
    write_report(tmp_path)
    source.closed["2026-10"] = load(json.loads((tmp_path / "2026-10" / "report.json").read_text("utf-8")), present())
    with opened(source, tmp_path / "nothing") as client:
        assert "2026年10月" in client.get("/").text.split("最近结账")[1][:200]
        assert "hub report 2026-10" in client.get("/reports").text
        page = client.get("/reports/2026-10").text
        assert "123456.8</a>" in page
        assert "文件尚未生成" in page
        assert client.get("/reports/2026-10/figure?id=equipment.工业.projects").status_code == 200
        assert client.get("/reports/2026-09").status_code == 404


def test_deadlines_show_what_is_overdue_first(client: TestClient, source: MemorySource) -> None:
    """An open document past its day is overdue, an extension moves the day; settled ones are shown on request."""
    base = {"component": "c", "bureaus": ["industry"], "received_on": date(2026, 10, 26), "due_on": date(2026, 11, 9)}
    source.lists["documents"] = [
        {"row_key": "a", "document_no": "甲", "title": "通知甲", "department": "water", **base, "extended_until": date(2026, 12, 1)},
        {"row_key": "b", "document_no": "乙", "title": "通知乙", "department": "industry", **base},
        {"row_key": "c", "document_no": "丙", "title": "通知丙", "department": "housing", **base, "measure_on": date(2026, 11, 2)},
    ]
    page = client.get("/deadlines").text
    assert "超期未出台 1 项，未到期 1 项" in page
    assert page.index("通知乙") < page.index("通知甲")
    assert "通知丙" not in page
    assert "通知丙" in client.get("/deadlines?all=1").text
    assert "1<small> 项超期" in client.get("/").text


def test_who_has_not_reported_is_named_above_the_table(client: TestClient) -> None:
    """The silent bureaus stand in one line with the lists they owe."""
    notice = client.get("/submissions?month=2026-11").text.split("未报送：")[1].split("</p>")[0]
    assert "区水务局" in notice
    assert notice.split("区水务局")[1].startswith("</span>（先进设备企业清单）")
    assert "区财政局" in notice


def test_a_finding_says_what_was_compared_in_words(client: TestClient, source: MemorySource) -> None:
    """Bureaus by name, amounts in yuan, and the rows that share something as links."""
    total = BY_NAME["equipment-projects"].column("total_investment")
    detail, summary = Column("detail", "明细合计", "money", "元"), Column("summary", "汇总数", "money", "元")
    source.found = [
        finding("f-1", "two-bureaus-total_investment", "不同单位填报的总投资不一致", "equipment-projects", "c3", ("industry", "water"),
                "待核实", compared=(Compared(total, 1_200_000_000, "industry"), Compared(total, 1_260_000_000, "water"))),
        finding("f-2", "detail-and-summary", "commerce 家电 2026-09的明细与汇总不一致", "trade-in", "", ("commerce",), "待核实",
                compared=(Compared(detail, 31_635_000), Compared(summary, 31_580_000))),
        finding("f-3", "serial-twice", "序列号重复", "trade-in", "", ("commerce",), "属实", rows=("D1", "D2"), basis="已核"),
    ]  # fmt: skip
    page = client.get("/findings").text
    assert "区工业和信息化局：总投资" in page
    assert "12,600,000.00 元" in page
    assert "区商务局 家电 2026-09的明细与汇总不一致" in page
    assert '汇总数 <span class="nowrap">315,800.00 元</span>' in page
    assert "/lists/trade-in/row?key=D2" in page
    assert "依据：已核" in page


def test_a_broken_report_file_does_not_break_the_page(client: TestClient, tmp_path: Path) -> None:
    """A report.json that is cut off leaves the downloads and says so."""
    (tmp_path / "2026-10" / "report.json").write_text('{"month": "2026')
    answer = client.get("/reports/2026-10")
    assert answer.status_code == 200
    assert "没有可读的 report.json" in answer.text
    assert client.get("/").status_code == 200


def test_a_store_that_is_away_gives_a_page_in_chinese(client: TestClient, source: MemorySource) -> None:
    """Without the store pages say so with 503; closed reports stay readable."""
    source.broken = True
    answer = client.get("/lists/trade-in")
    assert answer.status_code == 503
    assert "数据库暂时无法读取" in answer.text
    assert client.get("/reports/2026-10").status_code == 200


def test_an_unexpected_error_is_a_page_without_its_details(
    client: TestClient, source: MemorySource, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of ours is logged, answered in Chinese with the headers, and tells nothing of the inside."""
    source.lists.pop("trade-in")
    answer = client.get("/lists/trade-in")
    assert answer.status_code == 500
    assert "页面出错" in answer.text
    assert "KeyError" not in answer.text
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "KeyError" in caplog.text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written(client: TestClient, method: str) -> None:
    """The console answers no writing method on any route."""
    for address in ("/", "/lists/trade-in", "/api/lists", "/reports/2026-10/report.json"):
        assert client.request(method, address).status_code == 405


def test_templates_and_scripts_name_no_other_host() -> None:
    """Own templates, styles and scripts load nothing from elsewhere; vendored files are the minified ones alone."""
    for file in (*TEMPLATES.glob("*.html"), STATIC / "console.css", STATIC / "charts.js", STATIC / "partial.js"):
        assert not re.search(r"(src|href|url\(|fetch\()[^>]*https?://", file.read_text(encoding="utf-8")), file.name
        assert "|safe" not in file.read_text(encoding="utf-8").replace(" ", "")
    assert sorted(file.name for file in (STATIC / "vendor").iterdir()) == ["echarts.common.min.js", "htmx.min.js"]


def test_factory_connects_to_nothing(tmp_path: Path) -> None:
    """Making the application opens no snapshot and reads no file; the first request does."""

    class Untouchable:
        def reading(self) -> None:
            raise AssertionError("the factory must not open a snapshot")

    create_app(Untouchable(), tmp_path / "absent", lambda: NOW)  # type: ignore[arg-type]


def test_static_files_are_revalidated_and_pages_never_stored(client: TestClient) -> None:
    """An upgrade shows at once, an unchanged file costs a 304, and no page with data stays in a cache."""
    first = client.get("/static/console.css")
    assert first.headers["cache-control"] == "public, no-cache"
    again = client.get("/static/console.css", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert client.get("/lists/trade-in").headers["cache-control"] == "no-store"
