"""A source of generated rows for tests of the console: deterministic, in memory, no server."""

import json
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import FastAPI
from fastapi.testclient import TestClient

from exchange_contracts import registry
from exchange_hub.console.app import create_app
from exchange_hub.console.source import Place
from exchange_hub.programme.calendar import Calendar
from exchange_hub.programme.district import District
from exchange_hub.programme.district_parts import ExpectedPlan, Town
from exchange_hub.programme.task_progress import PlanTask
from exchange_hub.reports.lines import written
from exchange_hub.reports.model import Report, Source
from exchange_hub.reports.queries import FigureRows, Queries
from exchange_hub.views.attribution import Attribution
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import Column, ListView
from exchange_hub.views.queries.answers import (
    CAUSE_GONE,
    Balance,
    Event,
    Finding,
    Looked,
    Origin,
    Position,
    Rejection,
    Returned,
    Row,
    Selection,
    StoreUnavailableError,
    Submission,
    Trace,
    Unfolded,
)
from exchange_hub.views.queries.findings import Line
from exchange_hub.views.resources import resources

NOW = datetime(2026, 11, 24, 5, 40, 12, tzinfo=UTC)

_OWED = {
    **dict.fromkeys(("industry", "housing", "urban-management", "transport", "agriculture", "water", "health", "education", "culture-tourism"), ("equipment-projects", "enterprises")),
    "development-reform": ("recycling-projects",),
    "commerce": ("trade-in", "materials"),
    "finance": ("funding-policies",),
    "yangcun": ("tasks", "project-claims"),
}  # fmt: skip

DISTRICT = District.load(Path(__file__).parents[1] / "deploy/districts/wuqing")
PLACE = Place(
    district="武清区",
    bureaus={
        "development-reform": "区发展改革委", "industry": "区工业和信息化局", "housing": "区住房建设委",
        "urban-management": "区城市管理委", "transport": "区交通局", "agriculture": "区农业农村委",
        "water": "区水务局", "health": "区卫生健康委", "education": "区教育局",
        "culture-tourism": "区文化和旅游局", "commerce": "区商务局", "finance": "区财政局",
    },
    owed=lambda month: {(bureau, name): date(2026, 11, 22) for bureau, lists in _OWED.items() for name in lists}
    if month == "2026-11" else {},
    calendar=Calendar.of((2026,), (), ()),
    catalogue=resources(DISTRICT, registry.load()),
    calls=DISTRICT.calls,
    tasks=lambda _month: (
        PlanTask("1", "设备更新", "工业更新", ("industry", "water"), ("industry", "water")), PlanTask("保障2", "保障措施", "财政支持", ("finance",), ("finance",)),
    ),
    plans=(ExpectedPlan("行业", "工业方案", "industry", "工业"), ExpectedPlan("宣传", "宣传方案", "finance")),
    towns=(Town("杨村街道", "街道", confirmed=True, aliases=("杨村",), code="yangcun", reports=True), Town("大碱厂镇", "镇", confirmed=True)),
)  # fmt: skip

ORIGIN = Origin("设备更新项目2026年10月.xlsx", "项目清单", 7, "万元")

_DOMAINS = (
    ("industry", "工业"), ("agriculture", "农业"), ("housing", "建筑"), ("transport", "交通"),
    ("education", "教育"), ("culture-tourism", "文旅"), ("health", "医疗"),
)  # fmt: skip
_TOWNS = ("杨村街道", "下朱庄街道", "武清开发区", "大碱厂镇", "崔黄口镇", "京津科技谷")
_STATES = ("谋划", "储备", "未开工", "在建", "在建", "竣工", "投产")
_WORK = (
    "数控加工线更新",
    "空气压缩机节能改造",
    "锅炉更新",
    "老旧电梯更新",
    "CT 设备更新",
    "实训设备更新",
    "公交车更新",
)


def project(number: int) -> dict[str, object]:
    """Return project *number* of the generated list; some cells are empty, some are zero."""
    bureau, domain = _DOMAINS[number % 7]
    total = (number * 7_919_333 % 98_000_000 + 1_200_000) * 100 + number % 100
    row: dict[str, object] = {column.name: None for column in BY_NAME["equipment-projects"].columns}
    row |= {
        "row_key": f"2509-120114-89-01-{540000 + number:06d}", "component": f"c{number}", "bureaus": [bureau],
        "project_code": f"2509-120114-89-01-{540000 + number:06d}", "name": f"{_TOWNS[number % 6]}{_WORK[number % 7]}项目",
        "domain": domain, "construction_nature": "改建和技术改造", "lead_bureau": bureau,
        "owner_uscc": "91120222MA05WXYZ1K", "owner_name": f"天津市武清示例{number}号有限公司", "town": _TOWNS[number % 6],
        "total_investment": total, "equipment_investment": total * 6 // 10, "equipment_purchase": total // 2,
        "planned_by_year": {"2025": total // 4, "2026": total // 2}, "funding": {"企业自筹": total},
        "units_planned": number % 40 + 1, "units_done": None if number % 5 == 0 else number % 3,
        "energy_saving": Decimal("123.4500"), "build_state": _STATES[number % 7], "fund_state": "未申报",
        "admin_state": "正常", "latest_month": "2026-10",
        "invested_year_to_date": None if number % 4 == 0 else (0 if number % 9 == 0 else total // 3),
        "starts_on_planned": date(2026, 3, 1), "problems": None,
    }  # fmt: skip
    return row


def default_rows() -> dict[str, list[dict[str, object]]]:
    """Return the generated lists: 137 projects, 60 trade-ins, 3 policies, the rest empty."""
    trade = [
        {
            "row_key": f"D20261000{n:03d}", "component": f"t{n}", "bureaus": ["commerce"], "order_no": f"D20261000{n:03d}",
            "category": "家电" if n % 2 else "汽车报废更新", "kind": "空调" if n % 2 else None, "month": "2026-10",
            "completed_on": date(2026, 10, 1 + n % 28), "count": 1, "sale_amount": 350_000 + n, "subsidy": 52_500,
            "returned_count": 0, "subsidy_returned": 0, "granularity": "明细", "lead_bureau": "commerce",
        }
        for n in range(60)
    ]  # fmt: skip
    policies: list[dict[str, object]] = [
        {
            "row_key": f"津发改〔2025〕{n}号/市", "component": f"p{n}", "bureaus": ["finance"], "name": f"设备更新贴息政策{n}",
            "document_no": f"津发改〔2025〕{n}号", "issuer": "市发展改革委", "level": "市", "domains": ["工业", "农业"],
            "support_kind": "贴息", "cap": 500_000_000, "department": "finance", "valid_from": date(2025, 6, 1),
        }
        for n in range(1, 4)
    ]  # fmt: skip
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in BY_NAME}
    rows["equipment-projects"] = [project(number) for number in range(137)]
    rows["trade-in"] = trade
    rows["funding-policies"] = policies
    rows["submissions"] = [{"row_key": "x", "bureaus": ["industry"], "month": "2026-10", "bureau": "industry"}]
    return rows


class MemoryReading(Queries):
    """Answers from lists in memory, by the same doors as the store."""

    def __init__(self, source: "MemorySource") -> None:
        super().__init__(None, None)  # type: ignore[arg-type]
        object.__setattr__(self, "_source", source)

    def rows(self, list_name: str, selection: Selection | None = None, *, limit: int | None = None, offset: int = 0) -> list[Row]:
        self._source.limits.append((list_name, limit))
        found = self._matching(list_name, selection or Selection())
        for name in reversed(selection.order if selection else ()):
            column = name.removeprefix("-")
            filled = [row for row in found if row.get(column) is not None]
            filled.sort(key=lambda row: row[column], reverse=name.startswith("-"))
            found = filled + [row for row in found if row.get(column) is None]
        return found[offset : None if limit is None else offset + limit]

    def page(self, list_name: str, selection: Selection, *, limit: int, offset: int) -> tuple[int, list[Row]]:
        return self.count(list_name, selection), self.rows(list_name, selection, limit=limit, offset=offset)

    def every_row(self, list_name: str, selection: Selection | None = None) -> Generator[Row, None, None]:
        for place, row in enumerate(self.rows(list_name, selection)):
            if place == self._source.breaks_after:
                raise StoreUnavailableError("the test cut the store off")
            yield row

    def every_line(self, list_name: str, selection: Selection | None = None) -> Generator[bytes, None, None]:
        yield from written(self.every_row(list_name, selection), BY_NAME[list_name].columns)

    def count(self, list_name: str, selection: Selection | None = None) -> int:
        return len(self._matching(list_name, selection or Selection()))

    def sums(self, list_name: str, keys: Sequence[str], summed: Sequence[str], selection: Selection) -> list[Row]:
        groups: dict[tuple[object, ...], list[Row]] = {}
        for row in self._matching(list_name, selection):
            groups.setdefault(tuple(row.get(key) for key in keys), []).append(row)
        return [
            dict(zip(keys, group, strict=True)) | {name: sum(int(str(row.get(name) or 0)) for row in rows) for name in summed} | {"row_count": len(rows)}
            for group, rows in groups.items()
        ]

    def between(self) -> Sequence[Line]:
        return ()

    def choices(self, list_name: str, columns: Sequence[str]) -> dict[str, list[str]]:
        rows = self._source.lists[list_name]
        return {name: sorted({str(row[name]) for row in rows if row.get(name) is not None}) for name in columns}

    def row(self, list_name: str, row_key: str) -> Row | None:
        return next((row for row in self._source.lists[list_name] if row["row_key"] == row_key), None)

    def trace(self, view: ListView, row: Row, below: Mapping[str, int] | None = None, day: date | None = None) -> Trace:
        if view.name in self._source.traces:
            return Trace(row, self._source.traces[view.name])
        facts = {name: stored(value) for name, value in row.items() if name not in ("row_key", "component", "bureaus")}
        other = facts | {"total_investment": int(str(facts.get("total_investment") or 0)) + 100, "town": "杨村街道"}
        first = Event(
            "hub.wuqing.industry.events", 41, "e-1", "ProjectAdded", "industry", "project", 1, date(2026, 9, 30),
            datetime(2026, 9, 30, 16, 30, tzinfo=UTC), False, "excel", "", ORIGIN, facts,
        )  # fmt: skip
        progress = {"month": "2026-10", "invested_this_month": 12_345_600}
        events = (
            first,
            replace(first, bureau="development-reform", event_id="e-2", offset=12, origin=None, facts=other, current=True),
            replace(first, event_id="e-3", offset=57, type="ProjectChanged", revision=3, reason="投资额核定", current=True),
            replace(first, event_id="e-4", offset=58, type="ProjectProgressReported", register="progress:2026-10", revision=2, facts=progress, current=True),
        )
        if "total_investment" not in row:
            return Trace(row, events)
        said = (("development-reform", other["total_investment"]),)
        return Trace(row, events, (Attribution("total_investment", row["total_investment"], "industry", said),))

    def figure_rows(self, month: str, source: Source, *, limit: int, offset: int = 0) -> FigureRows:
        plain = {name: tuple(wanted) if isinstance(wanted, list) else (wanted,) for name, wanted in source.where.items()}
        rows = self._matching(source.list, Selection(plain))
        return FigureRows(tuple(rows[offset : offset + limit]), frozen=month == "2026-10")

    def findings(self) -> list[Finding]:
        return self._source.found

    def look(self, state: str = "", limit: int | None = None) -> Looked:
        found = [each for each in self._source.found if state in ("", each.state)]
        return Looked(tuple(found[:limit]), Counter(each.state for each in self._source.found))

    def rejections(self, bureau: str | None = None, *, limit: int = 1000, outcomes: tuple[str, ...] = ("rejected", "held")) -> list[Rejection]:
        return [item for item in self._source.refused if bureau in (None, item.bureau) and item.outcome in outcomes][:limit]

    def rejection(self, event_id: str) -> Rejection | None:
        return next((item for item in self._source.refused if item.event_id == event_id), None)

    def event(self, event_id: str) -> Event | None:
        return None

    def positions(self) -> list[Position]:
        return self._source.places

    def balance(self) -> list[Balance]:
        return [Balance(place.topic, place.bureau, place.next_offset, 0, place.outcomes) for place in self._source.places]

    def unfolded(self) -> list[Unfolded]:
        return []

    def closed_months(self) -> dict[str, str]:
        return {month: report.closed_at for month, report in self._source.closed.items()}

    def report(self, month: str) -> Report:
        return self._source.closed[month]

    def submissions(self, month: str) -> list[Submission]:
        return [item for item in self._source.submitted if item.month == month]

    def returned(self, month: str) -> list[Returned]:
        return [item for item in self._source.sent_back if item.month in (month, None)]

    def _matching(self, list_name: str, selection: Selection) -> list[Row]:
        columns: tuple[Column, ...] = BY_NAME[list_name].columns
        return [
            row
            for row in self._source.lists[list_name]
            if all(row.get(name) in wanted for name, wanted in selection.where.items())
            and (
                not selection.text
                or any(selection.text in str(row.get(c.name) or "") for c in columns if c.type == "text")
            )
        ]


def stored(value: object) -> object:
    """Return a value of a row as a fact of an event has it: days as numbers."""
    return (value - date(1970, 1, 1)).days if isinstance(value, date) else value


def finding(id_: str, rule: str, text: str, list_name: str, component: str, bureaus: tuple[str, ...], state: str, **more: object) -> Finding:
    """Return a finding."""
    return Finding(id_, rule, "", "", text, list_name, component, bureaus, state, **more)  # type: ignore[arg-type]


class MemorySource:
    """A source whose rows a test can change; ``broken`` makes it unavailable, ``breaks_after`` so many rows of an export."""

    def __init__(self) -> None:
        self.broken = False
        self.breaks_after: int | None = None
        self.limits: list[tuple[str, int | None]] = []
        self.traces: dict[str, tuple[Event, ...]] = {}
        self.closed: dict[str, Report] = {}
        self.lists = default_rows()
        self.places = [
            Position(f"hub.wuqing.{code}.events", code, "id", 410 + n, 409 + n, NOW, 1, "worker-1", NOW - timedelta(minutes=7 * n * n + 1),
                     NOW - timedelta(seconds=4), {"accepted": 400 + n, "duplicate": 6, "rejected": 3 if n == 10 else 0, "held": 0})
            for n, code in enumerate(PLACE.bureaus)
        ]  # fmt: skip
        self.submitted = [
            Submission("industry", "equipment-projects", "2026-11", "confirmed", 37, date(2026, 11, 20), "签发"),
            Submission("industry", "enterprises", "2026-11", "confirmed", 12, date(2026, 11, 23), "签发"),
            Submission("water", "equipment-projects", "2026-11", "nil", 0, date(2026, 11, 21), "签发"),
            Submission("commerce", "trade-in", "2026-11", "confirmed", 1204, date(2026, 11, 19), "签发"),
        ]
        self.sent_back = [
            Returned("industry", "equipment-projects", "2026-11", "项目<b>清单</b>.xlsx", 37, 14, 0, ("金额和数量9处", "缺项5处")),
            Returned("housing", None, None, "扫描件.pdf", 0, 0, 1, ("文件打不开1处",)),
        ]
        self.found = [
            finding("f-1", "same-project", "同一项目由两个单位填报，总投资不一致，请核实。", "equipment-projects",
                    "c3", ("industry", "development-reform"), "待核实"),
            finding("f-2", "sum-differs", "明细与汇总相差 12 件，请核实。", "trade-in", "t3", ("commerce",), CAUSE_GONE),
            finding("f-3", "same-certificate", "同一注销证明出现在两笔补贴中，请核实。", "", "", ("transport", "commerce"), "政策允许"),
        ]  # fmt: skip
        self.refused = [
            Rejection("hub.wuqing.commerce.events", 105, "commerce", "e-105", "TradeInCompleted", "D2026100045", "rejected",
                      "bad_value", "补贴金额大于销售额，请核对后更正重报。", None, NOW - timedelta(hours=9),
                      Origin("以旧换新2026年10月.xlsx", "家电", 23)),
            Rejection("hub.wuqing.commerce.events", 98, "commerce", None, "", "", "rejected", "unreadable",
                      "消息不是有效的 Avro 记录，请用连接器重新发送。", None, NOW - timedelta(hours=10), None),
            Rejection("hub.wuqing.industry.events", 40, "industry", "e-40", "ProjectAdded", "2509-120114-89-01-540001", "held",
                      "held", "ZeroDivisionError: division by zero", None, NOW - timedelta(hours=11), ORIGIN),
        ]  # fmt: skip

    def traced(self, list_name: str) -> Trace:
        """Return the trace of the first row of a list."""
        return MemoryReading(self).trace(BY_NAME[list_name], self.lists[list_name][0])

    @contextmanager
    def reading(self) -> Iterator[MemoryReading]:
        if self.broken:
            raise StoreUnavailableError("the test cut the store off")
        yield MemoryReading(self)


def write_report(folder: Path, month: str = "2026-10") -> dict[str, object]:
    """Write the three files of a closed month, as the renderers lay them out, and return its report."""
    target = folder / month
    target.mkdir(parents=True)
    (target / "report.docx").write_bytes(b"PK docx")
    (target / "annex.xlsx").write_bytes(b"PK xlsx")

    def figure(name: str, value: str | None, unit: str, where: dict[str, object], list_name: str) -> dict[str, object]:
        source = {"list": list_name, "where": where, "measure": "sum(total_investment)", "rows": 20}
        return {"id": name, "value": value, "unit": unit, "period": month, "source": source, "absent": "未设定"}

    figures = {
        "equipment.工业.total_investment": figure(
            "equipment.工业.total_investment", "1234567890.12", "元", {"domain": "工业", "build_state": ["在建", "竣工"]},
            "equipment-projects"),
        "equipment.工业.projects": figure("equipment.工业.projects", "20", "个", {"domain": "工业"}, "equipment-projects"),
        "goals.设备投资.rate": figure("goals.设备投资.rate", None, "%", {}, ""),
    }  # fmt: skip
    chart = {
        "id": "completion", "title": "各领域完成年度计划", "unit": "%",
        "categories": ["工业", "农业", "建筑", "交通", "教育", "文旅", "医疗"],
        "series": [
            {"name": "完成率", "values": ["81.2", "64.0", None, "92.5", "70.1", "55.0", "88.3"], "kind": "bar"},
            {"name": "序时进度", "values": ["83.3"] * 7, "kind": "line"},
        ],
    }  # fmt: skip
    monthly = {
        "id": "monthly", "title": "月度完成投资", "unit": "万元", "categories": [f"{n}月" for n in range(1, 11)],
        "series": [{"name": str(year), "values": [str(900 + 37 * n + year % 7 * 50) for n in range(10)], "kind": "bar"}
                   for year in (2025, 2026)],
    }  # fmt: skip
    rows = [
        [{"text": "工业"}, {"figure": "equipment.工业.projects"}, {"figure": "equipment.工业.total_investment"},
         {"figure": "goals.设备投资.rate"}],
    ]  # fmt: skip
    table = {"id": "equipment", "title": "各领域设备更新", "columns": ["领域", "项目数", "总投资", "完成年度%"], "rows": rows,
             "money_unit": "万元"}  # fmt: skip
    document: dict[str, object] = {
        "district": "武清区", "month": month, "issue": 10, "title": "武清区“两新”工作专报（2026年第10期）",
        "as_of": "2026-10-31", "closed_at": "2026-11-05T01:00:00+00:00", "summary": ["截至10月底，设备更新项目137个。"],
        "sections": [{"title": "二、设备更新", "paragraphs": ["进展平稳。"], "tables": [table], "charts": [chart, monthly]}],
        "cut": {}, "stamp": {}, "notes": ["区水务局截至11月5日尚未报送，本期未计入，不以零计。"], "figures": figures,
    }  # fmt: skip
    (target / "report.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return document


class _Turning:
    """The source of the test whose turn it is."""

    def __init__(self) -> None:
        self.now = MemorySource()

    def reading(self) -> AbstractContextManager[MemoryReading]:
        return self.now.reading()


@cache
def _console() -> tuple[_Turning, TemporaryDirectory[str], FastAPI]:
    turning, folder = _Turning(), TemporaryDirectory(prefix="hub-console-")
    return turning, folder, create_app(turning, Path(folder.name) / "reports", lambda: NOW, place=PLACE)


@contextmanager
def opened(source: MemorySource, reports: Path, *, raising: bool = True) -> Iterator[TestClient]:
    """A client of the one console of this process, which answers from *source* and *reports*: to make one takes longer than most tests.

    The console keeps a report as long as month and time of its close are the same.
    """
    turning, folder, app = _console()
    turning.now = source
    link = Path(folder.name) / "reports"
    link.unlink(missing_ok=True)
    link.symlink_to(reports)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=raising) as client:
        yield client
