"""The three lists and the map of policies in the report: what stands in them, what came and left, and what ends soon."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from exchange_hub.programme.definitions import Turnover
from exchange_hub.programme.district import District
from exchange_hub.programme.figures import cubes
from exchange_hub.programme.list_figures import FOLLOWED
from exchange_hub.reports.build import build
from exchange_hub.reports.inputs import Details, Inputs, frame_of, with_codes
from exchange_hub.reports.model import Report
from exchange_hub.views.lists import LISTS
from tests.closing.reading import CLOSED_AT, read
from tests.closing.rows import row

AS_OF = date(2026, 10, 31)


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


def policy(key: str, until: date | None, **values: Any) -> dict[str, Any]:
    """A policy of the list."""
    return row("funding-policies", key, "finance", document_no=key, name=f"办法{key}", level="市级", valid_to=until, **values)


def report_of(district: District, rows: list[dict[str, Any]], turnover: dict[str, Turnover]) -> Report:
    """A report of October with policies and what came and left."""
    lists = {view.name: rows if view.name == "funding-policies" else [] for view in LISTS}
    frame = replace(frame_of(district, "2026-10", AS_OF), turnover=turnover)
    cells = read(lists, cubes(frame))
    frame = with_codes(frame, district, cells)
    return build(Inputs(district, frame, cells, Details(), CLOSED_AT, {}, {}))


def sentence(report: Report) -> str:
    """What 要情 says of the lists, empty where nothing."""
    return next((text for text in report.summary if text.startswith("三个清单和图谱")), "")


def test_the_policies_that_end_within_sixty_days_are_counted(district: District) -> None:
    """The last day and the sixtieth count; the sixty-first, an expired one and one that has not begun do not."""
    report = report_of(district, [
        policy("甲", AS_OF), policy("乙", date(2026, 12, 30)), policy("丙", date(2026, 12, 31)), policy("丁", date(2026, 11, 30), expired_on=date(2026, 10, 1)),
        policy("戊", date(2026, 11, 30), valid_from=date(2026, 11, 1)), policy("己", None), policy("庚", date(2026, 11, 15)),
    ], {})  # fmt: skip
    assert sentence(report) == "三个清单和图谱：设备项目未报送，企业未报送，回收项目未报送，有效政策5项（60日内到期3）。"


def test_what_came_and_left_is_told_against_the_month_closed_before(district: District) -> None:
    """What is new opens in this month's list; what left stands in the month before, and its figure names it."""
    report = report_of(district, [policy("甲", None)], {"funding-policies": Turnover("2026-09", ("甲",), ("乙", "丙"))})
    assert sentence(report).endswith("，有效政策1项（增1、退2）。")
    assert sentence(report).startswith("三个清单和图谱较上期：")
    new, left = (report.figures[f"lists.执行中资金政策.{name}"].source for name in ("new", "left"))
    assert (new.list, new.where, new.measure, new.rows) == ("funding-policies", {"row_key": ("甲",)}, "count", 1)
    assert (left.list, left.measure) == ("", "在2026-09清单而不在本期清单的条目：乙、丙")


def test_without_a_month_closed_before_nothing_is_called_new(district: District) -> None:
    """The first report has no report before: new and left have no value, neither zero nor everything."""
    report = report_of(district, [policy("甲", None)], {})
    assert {report.figures[f"lists.{each.row}.{name}"].value for each in FOLLOWED.values() for name in ("new", "left")} == {None}


def test_of_lists_that_nobody_reported_nothing_is_said(district: District) -> None:
    """Without a row and without a word of who owes it a list is 未报送; where all are, the notes name who is silent."""
    report = report_of(district, [], {})
    assert (report.figures["lists.执行中资金政策.entries"].absent, sentence(report)) == ("未报送", "")


def test_the_body_prints_the_goals_and_the_workbook_their_domains(district: District) -> None:
    """Of a goal that is split by domains the body has its line alone; all lines are in the report's value, from which the workbook is written."""
    lists = {view.name: [] for view in LISTS}
    lists["indicators"] = [row("indicators", "i", "industry", indicator="设备投资额", domain="工业", kind="基数", series="统计", period="2023", unit="万元", value=40_000)]
    frame = frame_of(district, "2026-10", AS_OF)
    cells = read(lists, cubes(frame))
    report = build(Inputs(district, with_codes(frame, district, cells), cells, Details(), CLOSED_AT, {}, {}))
    (table,) = next(s for s in report.sections if s.title == "总体目标").tables
    labels = [cells[0].text for cells in table.rows]
    assert labels[table.printed] == "重点领域设备投资额：工业"
    city = {indicator.title for indicator in district.indicators if indicator.by_city}
    assert set(labels[table.printed + 1 :]) == city != set(), "what the city asks stands in the workbook alone"
    assert not any("：" in label for label in labels[: table.printed])
