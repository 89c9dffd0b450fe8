"""Energy-using equipment as surveyed: the newest survey stands, its share is the goal's, and what may not be told is refused."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from exchange_contracts.rules import RULES
from exchange_hub.programme.district import District
from exchange_hub.reports.model import Report
from exchange_hub.reports.render.style import cell_text
from exchange_hub.views.fold import fold_component
from exchange_hub.views.lists import LISTS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact
from tests.closing.reading import report_of
from tests.closing.rows import row


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


def claim(bureau: str, **by_month: tuple[int, int, int, int, int]) -> Claim:
    """What a bureau says of motors in industry, month (``m09``) by month."""
    registers = {}
    for name, (stock, *levels) in by_month.items():
        month = f"2026-{name[1:]}"
        facts = {"month": month, "equipment": "电动机", "domain": "工业", "stock": stock, **dict(zip(("advanced", "saving", "entry", "below"), levels, strict=True))}
        registers[f"surveyed:{month}|电动机|工业"] = Fact("StockSurveyed", 1, b"", False, facts)
    return Claim(ClaimKey("stock", bureau, "电动机@工业"), registers)


def report_with(district: District, *rows: dict[str, Any]) -> Report:
    """A report of which only the survey has rows."""
    lists = {view.name: list(rows) if view.name == "energy-stocks" else [] for view in LISTS}
    return report_of(district, lists, "2026-10", date(2026, 10, 31))


def test_the_newest_survey_stands_whoever_made_it(district: District) -> None:
    """A later month replaces an earlier one whole; of one month the bureau that leads the domain is taken, and the difference is a finding."""
    rules = FoldRules(ranking=district.ranking)
    [later] = fold_component([claim("industry", m08=(9, 1, 1, 1, 1)), claim("development-reform", m09=(8, 4, 2, 1, 1))], rules).rows
    assert (later.values["month"], later.values["stock"], later.values["lead_bureau"]) == ("2026-09", 8, "development-reform")
    same = fold_component([claim("industry", m09=(9, 4, 2, 1, 1)), claim("development-reform", m09=(8, 4, 2, 1, 1))], rules)
    assert [folded.values["stock"] for folded in same.rows] == [9]
    assert [(found.rule, found.detail) for found in same.findings] == [("stock-differs", {"of": "stock", "development-reform": 8, "industry": 9})]


@pytest.mark.parametrize(("numbers", "words"), [
    ((9, 4, 2, 1, 1), None), ((8, 4, 2, 1, 1), None), ((7, 4, 2, 1, 1), "各档台数合计8，大于{stock}7"),
])  # fmt: skip
def test_the_levels_are_part_of_the_stock(numbers: tuple[int, ...], words: str | None) -> None:
    """What has no level yet may be left; more than there is is refused."""
    [rule] = RULES["StockSurveyed"]
    assert rule.broken(dict(zip(("stock", "advanced", "saving", "entry", "below"), numbers, strict=True))) == words


def test_the_share_counts_advanced_and_saving_of_the_whole_stock(district: District) -> None:
    """30 + 20 of 100 motors and 0 of 20 pumps are 50 of 120; what has no level stands in the denominator."""
    report = report_with(
        district, row("energy-stocks", "a", "industry", equipment="电动机", domain="工业", month="2026-09", stock=100, advanced=30, saving=20, entry=10, below=5),
        row("energy-stocks", "b", "industry", equipment="泵", domain="工业", month="2026-09", stock=20, advanced=0, saving=0, entry=20, below=0),
    )  # fmt: skip
    assert [report.figures[f"stocks.{name}"].value for name in ("电动机.share", "泵.share", "合计.good", "合计.stock")] == [50, 0, 50, 120]
    tables = {table.id: [[cell_text(table, cells, n) for n in range(len(cells))] for cells in table.rows] for table in report.further}
    assert [line[0] for line in tables["energy_stocks"]] == ["电动机", "泵", "合计"]
    assert tables["energy_stocks"][-1] == ["合计", "120", "30", "20", "30", "5", "41.7"]
    assert ["主要用能设备节能水平占比", "摸底台账"] in [line[:2] for line in tables["goal_paths"]]


def test_without_a_survey_there_is_no_share(district: District) -> None:
    """Nobody surveyed: 未报送, not 0, and no table of it."""
    report = report_with(district)
    assert (report.figures["stocks.合计.share"].value, report.figures["stocks.合计.share"].absent) == (None, "未报送")
    assert "energy_stocks" not in {table.id for table in report.further}
