"""The sample year: the workbooks of twelve months of every bureau from one model, and the district's settings that the year needs."""

import re
import shutil
import tomllib
from pathlib import Path

import content_funds as money
import signing
import year_claims as claims
import year_funds as funds
import year_lists as lists
import year_matters as matters
import year_towns as towns
from content_safeguards import BUREAUS as SAFEGUARDING
from sheets import BUREAU_NAMES, Book, Content, Sheet
from year_base import BEFORE, FIRST, LAST, MONTHS, end
from year_lines import line_sheets, match_sheet
from year_projects import Projects
from year_trade import LATE, Trade, period, wrong_sheet

SILENT = {("2026-03", "science"), ("2026-07", "water"), *towns.SILENT}
"""(month, reporter): nothing came."""
CLOSED_ON = {month: end(month) for month in MONTHS}
"""As-of date of each close: the last day of the month."""
_PLANS = tomllib.loads((signing.DISTRICT / "plans.toml").read_text(encoding="utf-8"))["plan"]
_HISTORY = tuple(month for month in BEFORE if month >= "2025")


class Year:
    """The model of the year: what is drawn once, and what the bureaus say of it month by month."""

    def __init__(self, seed: int, part: float = 1) -> None:
        """Draw the year of a seed; a *part* of its orders is enough for a trial."""
        self.seed, self.projects, self.trade = seed, Projects(seed), Trade(seed, part)
        self.cars = {month: self.trade.scrapped(month) for month in MONTHS}
        self.content = Content()

    def declare(self) -> Content:
        """Declare every workbook and every fact, in the order of dropping."""
        for month in MONTHS:
            for bureau in BUREAU_NAMES:
                if (month, bureau) not in SILENT:
                    self._monthly(bureau, month)
            for town, name in towns.TOWNS.items():
                if (month, town) not in SILENT:
                    sheets = [*towns.sheets(self.content, self.seed, town, month), *claims.town_sheets(self.content, self.projects, town, month)]
                    signed = signing.sheets(self.content, town, month, sheets, owed=towns.DUTIES[town])
                    self._drop(town, month, f"{name}月报{period(month)}", [*sheets, *signed])
            self._specials(month)
        return self.content

    def _monthly(self, bureau: str, month: str) -> None:
        if month == FIRST and (history := self._history(bureau)):
            self._drop(bureau, month, "00_历史数据", history)
        sheets = [sheet for sheet in self._sheets(bureau, month) if sheet is not None]
        total = self.projects.total(bureau, month) if any(project.bureau == bureau for project in self.projects.all) else None
        sheets += signing.sheets(self.content, bureau, month, sheets, total)
        # In January the official series is not published, and who reports nothing else sends nothing.
        if sheets:
            self._drop(bureau, month, f"02_{BUREAU_NAMES[bureau]}月报{period(month)}", sheets)

    def _drop(self, bureau: str, month: str, name: str, sheets: list[Sheet]) -> None:
        self.content.books.append(Book(month, bureau, f"{name}.xlsx", tuple(sheets)))

    def _history(self, bureau: str) -> list[Sheet]:
        """Return what was before the first report."""
        found = [self.projects.history(self.content, bureau)] if any(project.bureau == bureau for project in self.projects.all) else []
        if bureau == "commerce":
            found += [self.trade.history(self.content), lists.material_sheet(self.content, self.seed, _HISTORY, FIRST)]
        if bureau in SAFEGUARDING:
            found.append(lists.safeguard_sheet(self.content, self.seed, bureau, _HISTORY, FIRST))
        return found

    def _sheets(self, bureau: str, month: str) -> list[Sheet | None]:
        """Return a bureau's sheets of a month, some of them absent."""
        content, seed = self.content, self.seed
        found: list[Sheet | None] = []
        if any(project.bureau == bureau for project in self.projects.all):
            found += self.projects.sheets(content, bureau, month)
        if bureau == "development-reform":
            found.append(matters.document_sheet(content, month))
        if bureau == "finance":
            found += funds.finance_sheets(content, self.trade, month)
        if bureau == "commerce":
            found += [*self.trade.sheets(content, month), lists.material_sheet(content, seed, (month,), month), claims.commerce_sheet(content, month)]
        if bureau in SAFEGUARDING:
            found.append(lists.safeguard_sheet(content, seed, bureau, (month,), month))
        return [
            *found, lists.enterprise_sheet(content, seed, bureau, month), lists.scrap_sheet(content, seed, bureau, month, self.cars),
            matters.task_sheet(content, seed, bureau, month), matters.support_sheet(content, bureau, month), matters.problem_sheet(content, bureau, month),
            matters.plan_sheet(content, _PLANS, bureau, month), lists.publicity_sheet(content, seed, bureau, month), lists.elimination_sheet(content, seed, bureau, month),
            matters.measure_sheet(content, bureau, month), *matters.indicator_sheets(content, seed, bureau, month), lists.stock_sheet(content, bureau, month),
            *line_sheets(content, self.projects, bureau, month), match_sheet(content, self.projects, bureau, month),
        ]  # fmt: skip

    def _specials(self, month: str) -> None:
        """Declare what comes late, and what is sent back for good."""
        for late in LATE:
            if MONTHS.index(late) + 1 == MONTHS.index(month):
                sheet = self.trade.late(self.content, late, month)
                if sheet.rows:
                    self._drop("commerce", month, f"03_家电明细迟报{period(late)}", [sheet])
        if month == "2026-09":
            self._returned("transport", month, "03_报废台账补充", *money.wrong_scrap_sheet())
        if month == LAST:
            self._returned("commerce", month, "03_家电明细补充", *wrong_sheet(self.trade.orders[-1], month))

    def _returned(self, bureau: str, month: str, name: str, sheet: Sheet, errors: tuple[int, ...]) -> None:
        name = f"{name}{period(month)}"
        self._drop(bureau, month, name, [sheet])
        self.content.returned += [(month, bureau, f"{name}.xlsx", error) for error in errors]


def write_district(folder: Path) -> None:
    """Write the district as the year needs it: the lists are owed from its first month on, and all towns report."""
    shutil.copytree(signing.DISTRICT, folder, ignore=shutil.ignore_patterns("samples"), dirs_exist_ok=True)
    duties = folder / "submissions.toml"
    text = duties.read_text(encoding="utf-8")
    since = f'first_month = "{tomllib.loads(text)["first_month"]}"'
    duties.write_text(text.replace(since, f'first_month = "{FIRST}"'), encoding="utf-8")
    table = folder / "towns.toml"
    text = re.sub(r"(?m)^reports = .*\n", "", table.read_text(encoding="utf-8"))
    table.write_text(re.sub(r'(?m)^code = ".*"$', r"\g<0>\nreports = true", text), encoding="utf-8")
