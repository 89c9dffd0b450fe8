"""The check sheet of a call: every condition is answered from the lists, and what is not told is not guessed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from exchange_contracts.rules import RULES
from exchange_hub.programme.check_sheet import Check, checks
from exchange_hub.programme.district import District
from exchange_hub.views.fold import fold_component
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact
from tests.closing.rows import row
from tests.console_rows import MemorySource, opened

WAN = 1_000_000
"""Fen in 10 thousand yuan."""


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


def project(**values: Any) -> dict[str, Any]:
    """A project that meets every condition that is told of itself."""
    told = {
        "project_code": "2509-120114-89-01-544060", "internal_no": "GX-1", "name": "冲压线改造", "total_investment": 2600 * WAN, "invested_since_start": 1300 * WAN,
        "construction_nature": "改建和技术改造", "build_state": "在建", "admin_state": "正常",
    }  # fmt: skip
    return row("equipment-projects", "2509-120114-89-01-544060", "industry", lead_bureau="industry", **told | values)


def line(no: str, side: str, project_no: str = "2509-120114-89-01-544060", by: str = "industry", **values: Any) -> dict[str, Any]:
    """A line of its equipment."""
    return row("equipment-lines", no, by, line_no=no, project_no=project_no, side=side, name="压力机", units=1, lead_bureau=by, **values)


LINES = (
    line("1", "旧设备", original_value=120 * WAN, owned="是", depreciated="是"), line("2", "旧设备", original_value=80 * WAN, owned="是", depreciated="是"),
    line("3", "新设备", price=2000 * WAN),
)  # fmt: skip
RECORD = row("project-procedures", "a", "industry", project_no="GX-1", procedure="备案", state="已办结", lead_bureau="industry")


def checked(district: District, *, one: dict[str, Any] | None = None, lines: Any = LINES, procedures: Any = (RECORD,), support: Any = ()) -> Check:
    """The one project beside the district's call."""
    [found] = checks(district.calls, [one or project()], lines, procedures, support)
    return found


def answers(check: Check) -> str:
    """Its answers in their order, a sign each."""
    return "".join({"是": "+", "否": "-", "无法判断": "?"}[condition.answer] for condition in check.conditions)


def test_a_project_that_meets_every_condition_fits(district: District) -> None:
    """200万 of old equipment are 10 % of 2000万 of new, and 10 % is enough; half of it is done; the record is told by the bureau's own number."""
    found = checked(district)
    assert (found.fits, answers(found)) == ("是", "++++++++")
    assert [condition.shown for condition in found.conditions][:5] == ["2600.00万元", "50.0%", "在建", "改建和技术改造", "10.0%"]


def test_an_amount_is_rounded_as_everywhere(district: District) -> None:
    """Half of what is shown last rounds up, as in lists and reports: of an amount, and of a share (50.25 % of 2600万)."""
    assert checked(district, one=project(invested_since_start=1_306_500_000)).conditions[1].shown == "50.3%"
    assert checked(district, one=project(total_investment=2_000_125_000)).conditions[0].shown == "2000.13万元"


@pytest.mark.parametrize(("change", "expected"), [
    ({"total_investment": 1999 * WAN}, "-+++++++"), ({"invested_since_start": 0}, "+-++++++"), ({"invested_since_start": 2080 * WAN}, "++++++++"),
    ({"invested_since_start": 2081 * WAN}, "+-++++++"), ({"invested_since_start": None}, "+?++++++"), ({"build_state": "储备"}, "++-+++++"),
    ({"construction_nature": "迁建"}, "+++-++++"),
])  # fmt: skip
def test_numbers_of_the_project_are_compared_with_the_limits(district: District, change: dict[str, Any], expected: str) -> None:
    """80 % itself is within, nothing done is not, and progress that nobody told is unknown, not 0."""
    assert answers(checked(district, one=project(**change))) == expected


@pytest.mark.parametrize(("lines", "expected"), [
    ((), "++++???+"), (LINES[:2], "++++?+++"), ((*LINES, line("4", "旧设备", owned="否")), "++++?-?+"), ((*LINES, line("4", "新设备", price=WAN)), "++++-+++"),
    ((*LINES, line("4", "旧设备", original_value=WAN, owned="是")), "++++++?+"), ((*LINES, line("4", "新设备", "别的项目", price=900 * WAN)), "++++++++"),
    ((*LINES[:2], line("3", "新设备", "GX-1", price=2000 * WAN)), "++++++++"), ((*LINES[:2], line("3", "新设备", "GX-1", "health", price=2000 * WAN)), "++++?+++"),
])  # fmt: skip
def test_lines_answer_for_the_project_they_name(district: District, lines: Any, expected: str) -> None:
    """One line that says no decides, one that says nothing leaves it open; another's project, or another bureau's own number, says nothing of this one."""
    assert answers(checked(district, lines=lines)) == expected


@pytest.mark.parametrize(("state", "expected"), [("无需办理", "+"), ("办理中", "-"), (None, "?")])
def test_a_procedure_counts_when_it_is_done_or_not_needed(district: District, state: str | None, expected: str) -> None:
    """Under way is not done; of a procedure that nobody tells of it cannot be told."""
    found = checked(district, procedures=(RECORD | {"state": state},) if state else ())
    assert (answers(found)[-1], found.fits) == (expected, {"+": "是", "-": "否", "?": "无法判断"}[expected])


def test_amounts_sought_stand_beside_and_finished_projects_are_left_out(district: District) -> None:
    """Asked and granted are those of the project's code; a finished or withdrawn project is not checked."""
    sought = row("support-sought", "s", "industry", project_code="2509-120114-89-01-544060", amount_asked=500 * WAN, amount_granted=300 * WAN)
    assert checked(district, support=(sought,)).asked == (500 * WAN, None, None, 300 * WAN)
    assert not list(checks(district.calls, [project(build_state="竣工"), project(admin_state="退出")], (), (), ()))


def test_the_side_says_which_columns_are_filled() -> None:
    """Old equipment has no price and new equipment no original value; a line of no units is none."""
    [rule] = RULES["EquipmentLineListed"]
    empty: dict[str, Any] = dict.fromkeys(("original_value", "depreciated", "owned", "disposal", "price", "energy_level", "domestic")) | {"units": 1}
    assert rule.broken(empty | {"side": "旧设备", "original_value": 5}) is None
    assert rule.broken(empty | {"side": "旧设备", "price": 5}) == "旧设备不填{price}"
    assert rule.broken(empty | {"side": "新设备", "owned": "是"}) == "新设备不填{owned}"
    assert rule.broken(empty | {"side": "新设备", "units": 0}) == "{units}应大于0"


def test_a_procedure_is_a_row_and_a_withdrawn_line_has_none(district: District) -> None:
    """A bureau's procedures of one project are rows of their own; a line that was withdrawn is gone."""
    rules = FoldRules(ranking=district.ranking)
    told = {"project_no": "GX-1", "number": None, "on": None}
    registers = {f"procedure:{name}": Fact("ProjectProcedureReported", 1, b"", False, told | {"procedure": name, "state": "已办结"}) for name in ("环评", "备案")}
    rows = fold_component([Claim(ClaimKey("procedure", "industry", "GX-1"), registers)], rules).rows
    assert [(made.key, made.values["procedure"]) for made in rows] == [("industry:GX-1|备案", "备案"), ("industry:GX-1|环评", "环评")]
    gone = Claim(ClaimKey("equipment_line", "industry", "L1"), {"line": Fact("EquipmentLineWithdrawn", 2, b"", True, {})})
    assert not list(fold_component([gone], rules).rows)


@pytest.fixture
def source() -> MemorySource:
    """The double."""
    return MemorySource()


@pytest.fixture
def client(source: MemorySource, tmp_path: Path) -> Iterator[TestClient]:
    """The console on the double."""
    with opened(source, tmp_path, raising=False) as client:
        yield client


def test_the_page_and_the_api_answer_alike(client: TestClient, source: MemorySource) -> None:
    """What the page shows of a project stands in the API; conditions that were not verified are marked."""
    source.lists |= {name: [] for name in ("project-procedures", "support-sought")}
    source.lists["equipment-projects"] = [dict.fromkeys(column.name for column in BY_NAME["equipment-projects"].columns) | project()]
    source.lists["equipment-lines"] = list(LINES)
    [answer] = client.get("/api/checks").json()
    assert (answer["fits"], [condition["answer"] for condition in answer["conditions"]][4]) == ("无法判断", "是")
    page = client.get("/checks").text
    assert "条件未核实" in page
    assert "旧设备原值不低于新设备金额的10%" in page
    assert page.count("无法判断") >= 2
