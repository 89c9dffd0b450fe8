"""Plans and documents: which have a clock and which a longer one, what the report names, the sheet and the page of plans."""

from datetime import date
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from exchange_hub.programme.deadlines import document_deadlines, plan_lines
from exchange_hub.programme.district import District, DistrictError
from exchange_hub.programme.district_parts import ExpectedPlan
from exchange_hub.reports.build import with_annexes
from exchange_hub.views.fold import fold_component
from exchange_hub.views.lists import LISTS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact
from tests.closing.reading import report_of
from tests.closing.rows import row
from tests.console_rows import MemorySource, opened, write_report

FOLDER = Path("deploy/districts/wuqing")


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(FOLDER)


def due_of(district: District, level: str, form: str | None = None, **rules: Any) -> date | None:
    """The due day of a document received on 9 October, for a department that acted in a form."""
    received = {
        "document_no": "津发改〔2026〕1号", "title": "通知", "issuer": "市发展改革委", "level": level, "issued_on": 20_733, "received_on": 20_735,
        "departments": [{"department": "industry", "part": "牵头"}], "occurred_on": 20_735,
    }  # fmt: skip
    registers = {"received": Fact("DocumentReceived", 1, b"", False, received)}
    if form is not None:
        measure = {"document_no": "津发改〔2026〕1号", "form": form, "measure_no": None, "issued_on": 20_760, "department": "industry"}
        registers["measure:industry"] = Fact("MeasureIssued", 1, b"", False, measure)
    asked = FoldRules(due_on=district.due_on, longer={"规范性文件": lambda day: district.due_on(day, "规范性文件")}, **rules)
    [found] = fold_component([Claim(ClaimKey("document", "development-reform", "1"), registers)], asked).rows
    return found.values.get("due_on")


def test_a_form_with_a_longer_track_has_its_own_day(district: District) -> None:
    """Ten working days for a plan, thirty for a document with public consultation; both are the district's data."""
    assert (due_of(district, "市"), due_of(district, "市", "方案")) == (date(2026, 10, 22), date(2026, 10, 22))
    assert due_of(district, "市", "规范性文件") == date(2026, 11, 19)


def test_national_documents_have_no_clock_unless_the_district_says_so(district: District) -> None:
    """They are listed, never overdue, and the page says why; with the level named they have the same clock."""
    assert due_of(district, "国家") is None
    assert due_of(district, "国家", levels=("市", "国家")) == date(2026, 10, 22)
    national = row("documents", "a", "industry", document_no="国发1号", level="国家", received_on=date(2026, 1, 5), department="industry")
    [line] = document_deadlines([national], district.calendar, date(2026, 10, 31))
    assert (line.state, line.note) == ("未到期", "国家文件，不计时限")


def test_a_longer_track_is_longer(tmp_path: Path) -> None:
    """A shorter one is refused where the district is read."""
    folder = copytree(FOLDER, tmp_path / "district", ignore=lambda _folder, names: [name for name in names if "." not in name])
    profile = folder / "district.toml"
    profile.write_text(profile.read_text(encoding="utf-8").replace("= 30 }", "= 10 }"), encoding="utf-8")
    with pytest.raises(DistrictError, match="规范性文件 is no longer than 10 working days"):
        District.load(folder)


def document(key: str, bureau: str, due: date) -> dict[str, Any]:
    """An open document of the city."""
    return row("documents", key, bureau, document_no=key, title=key, level="市", received_on=date(2026, 10, 20), due_on=due, department=bureau)


def issued(plan: ExpectedPlan, on: date) -> dict[str, Any]:
    """An issued plan."""
    return row("plans", plan.title, plan.bureau, expected=plan.title, lead_bureau=plan.bureau, document_no="津武〔2026〕1号", issued_on=on)


def test_the_report_names_days_and_plans(district: District) -> None:
    """Each bureau with the first day on which something of its is due, and the plans by domain or kind."""
    lists = {view.name: [] for view in LISTS} | {
        "documents": [document("甲", "industry", date(2026, 11, 12)), document("乙", "industry", date(2026, 11, 6)), document("丙", "water", date(2026, 11, 9))],
        "plans": [issued(plan, date(2026, 5, 6)) for plan in district.plans if plan.bureau not in ("agriculture", "publicity")],
    }  # fmt: skip
    [text] = report_of(district, lists).sections[-1].paragraphs
    assert "11月底前到期3项，请区工业和信息化局11月6日、区水务局11月9日前出台。" in text
    assert "应制定方案2个（农业、宣传）未印发，请区农业农村委、区委宣传部加快制定。" in text


def test_the_sheet_has_every_plan_those_missing_first(district: District) -> None:
    """Whatever was issued after the report's day is missing in it; what the plan does not ask for is no line."""
    first, second, *_ = district.plans
    late = issued(second, date(2026, 11, 3))
    lists = {view.name: [] for view in LISTS} | {"plans": [issued(first, date(2026, 5, 6)), issued(first, date(2026, 4, 2)), late]}
    report = report_of(district, lists)
    [sheet] = [annex for annex in with_annexes(report, lists).annexes if annex.title == "应出台方案进度"]
    assert len(sheet.rows) == len(district.plans)
    assert sheet.rows[0]["title"] == second.title
    assert (sheet.rows[-1]["title"], sheet.rows[-1]["state"], sheet.rows[-1]["issued_on"]) == (first.title, "已出台", date(2026, 4, 2))
    assert {line["state"] for line in sheet.rows[:-1]} == {"未出台"}
    assert plan_lines((), [late], date(2026, 12, 1)) == []


def test_the_page_of_deadlines_names_the_plans(tmp_path: Path) -> None:
    """Those not issued; all of them where all is asked for."""
    write_report(tmp_path)
    source = MemorySource()
    source.lists["plans"] = [row("plans", "1", "industry", expected="工业方案", lead_bureau="industry", document_no="津武〔2026〕1号", issued_on=date(2026, 5, 6))]
    with opened(source, tmp_path, raising=False) as client:
        page = " ".join(client.get("/deadlines").text.split())
        assert "应出台 2 个，未出台 1 个" in page
        assert "宣传方案" in page
        assert "工业方案" not in page
        assert "工业方案" in client.get("/deadlines?all=1").text
