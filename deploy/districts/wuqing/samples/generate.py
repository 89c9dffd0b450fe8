"""Write the sample workbooks of the district and the ledger of what must come out.

    python generate.py OUT [--seed 2026] [--year]

``OUT/<step>/<bureau>/*.xlsx`` in the order in which the demo drops them (steps: 2026-09; after its close 2026-09-late;
then 2026-10) and ``OUT/ledger.json``; with ``--year`` a step a month from 2025-11 to 2026-10, drawn from a model of its own, and
``OUT/district`` with the settings that the year needs. The same seed gives the same bytes. Nothing of the product is imported; the
district's TOML is read for the monthly duties and the calendar.
"""

import argparse
import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import content_equipment as equipment
import content_funds as money
import content_lines as lines
import content_lists as lists
import content_matches as matches
import content_safeguards as safeguards
import content_stocks as stocks
import content_supervision as supervision
import content_tasks as tasks
import content_towns as towns
import content_trade as trade
import expected
import signing
import year
from content_projects import SILENT_IN_OCTOBER
from sheets import BUREAU_NAMES, STEPS, Book, Content, Sheet, period_of, write

SEPTEMBER, LATE, OCTOBER = STEPS
CLOSED_ON = {SEPTEMBER: date(2026, 9, 30), OCTOBER: date(2026, 10, 31)}
"""As-of date of each close: the last day of the month."""

SILENT = {(OCTOBER, SILENT_IN_OCTOBER), (OCTOBER, "power-supply"), (SEPTEMBER, "emergency"), (OCTOBER, "emergency")}


def _list_total(bureau: str, month: str) -> int:
    """Return the sum of 总投资 on the bureau's list in 万元, a withdrawn project included (it stands on the sheet)."""
    number = int(month[5:])
    total = 0
    for project in equipment.projects_of(bureau, number):
        shared = project.bureau != bureau
        total += equipment.table.SHARED_TOTAL if shared else project.total
    return total


def _lists_of(content: Content, bureau: str, month: str) -> list[Sheet]:
    """Return the sheets that many bureaus have."""
    found = [
        lists.enterprise_sheet(content, bureau, month), money.scrap_sheet(content, bureau, month),
        tasks.task_sheet(content, bureau, month) if bureau in tasks.TASKS_OF else None,
        lists.support_sheet(content, bureau, month), lists.problem_sheet(content, bureau, month), lists.plan_sheet(content, bureau, month),
        supervision.publicity_sheet(content, bureau, month), supervision.elimination_sheet(content, bureau, month),
        lists.measure_sheet(content, bureau, month), *lists.indicator_sheets(content, bureau, month), stocks.stock_sheet(content, bureau, month), *lines.line_sheets(content, bureau, month),
        matches.match_sheet(content, bureau, month),
    ]  # fmt: skip
    return [sheet for sheet in found if sheet is not None]


def _monthly(content: Content, bureau: str, month: str) -> None:
    """Declare a bureau's workbooks of a month."""
    if (month, bureau) in SILENT:
        return
    short = f"{BUREAU_NAMES[bureau]}月报（{period_of(month)}）"
    sheets: list[Sheet] = []
    if bureau in equipment.HABITS:
        number = int(month[5:])
        if month == SEPTEMBER:
            history = equipment.progress_sheet(bureau, "", equipment.history_rows(content, bureau, month))
            content.books.append(Book(month, bureau, "00_历史进度.xlsx", (history,)))
        rows = equipment.list_rows(content, bureau, number, month)
        if month == SEPTEMBER and bureau in equipment.DRAFTS:
            draft, errors = equipment.wrong_first_draft(bureau, rows)
            name = f"01_{BUREAU_NAMES[bureau]}项目清单初报（{period_of(month)}）.xlsx"
            content.books.append(Book(month, bureau, name, (equipment.list_sheet(bureau, month, draft, totals=""),)))
            content.returned += [(month, bureau, name, error) for error in errors]
        sheets += [
            equipment.list_sheet(bureau, month, rows),
            equipment.progress_sheet(bureau, month, equipment.progress_rows(content, bureau, number, month)),
        ]
    if bureau == "development-reform":
        sheets.append(lists.document_sheet(content, month))
    if bureau == "finance":
        sheets += [money.policy_sheet(content, month), *money.finance_sheets(content, month)]
    if bureau == "commerce":
        sheets += _commerce(content, month)
    if bureau in safeguards.BUREAUS:
        if month == SEPTEMBER:
            history = safeguards.safeguard_sheet(content, bureau, [f"2026-{m:02d}" for m in range(1, 9)], month)
            content.books.append(Book(month, bureau, "00_历史要素保障.xlsx", (history,)))
        sheets.append(safeguards.safeguard_sheet(content, bureau, [month], month))
    sheets += _lists_of(content, bureau, month)
    sheets += signing.sheets(content, bureau, month, sheets, _list_total(bureau, month) if bureau in equipment.HABITS else None)
    content.books.append(Book(month, bureau, f"02_{short}.xlsx", tuple(sheets)))


def _commerce(content: Content, month: str) -> list[Sheet]:
    if month == SEPTEMBER:
        months = [f"{year}-{m:02d}" for year in (2025, 2026) for m in range(1, 13) if (year, m) <= (2026, 8)]
        history = (
            trade.summary_sheet(content, months, month),
            money.material_sheet(content, months, month, history=True),
        )
        content.books.append(Book(month, "commerce", "00_历史汇总.xlsx", history))
    sheets = [
        trade.detail_sheet(
            category, month, trade.detail_rows(content, category, month, range(1, category.orders + 1), month)
        )
        for category in trade.CATEGORIES
    ]
    sheets += [
        trade.summary_sheet(content, [month], month), money.approval_sheet(content, month),
        money.material_sheet(content, [month], month, history=False), towns.outlet_sheet(content, month),
    ]  # fmt: skip
    return [*sheets, trade.return_sheet(content, month)] if month == OCTOBER else sheets


def _specials(content: Content, month: str) -> None:
    """Declare what goes wrong or comes late."""
    period = f"（{period_of(SEPTEMBER)}）"
    if month == SEPTEMBER:
        housing = next(b.name for b in content.books if b.bureau == "housing" and b.name.startswith("02_"))
        content.books.append(Book(month, "housing", f"03_住房建设委月报重复发送{period}.xlsx", copy_of=housing))
        rows, errors = trade.wrong_rows()
        name = f"03_家电明细补充{period}.xlsx"
        content.books.append(Book(month, "commerce", name, (trade.detail_sheet(trade.HOME, month, rows, totals=""),)))
        content.returned += [(month, "commerce", name, error) for error in errors]
        sheet, errors = money.wrong_scrap_sheet()
        name = f"03_报废台账补充{period}.xlsx"
        content.books.append(Book(month, "transport", name, (sheet,)))
        content.returned += [(month, "transport", name, error) for error in errors]
    if month == LATE:
        corrected = equipment.progress_sheet("industry", SEPTEMBER, equipment.correction_rows(content, LATE))
        content.books.append(Book(LATE, "industry", f"01_项目进度更正{period}.xlsx", (corrected,)))
        rows = trade.detail_rows(content, trade.HOME, SEPTEMBER, trade.LATE_ORDERS, LATE)
        content.books.append(
            Book(LATE, "commerce", f"01_家电明细迟报{period}.xlsx", (trade.detail_sheet(trade.HOME, SEPTEMBER, rows),))
        )
        content.books.append(
            Book(LATE, "finance", f"01_支付凭证迟报{period}.xlsx", (money.late_finance_sheet(content, LATE),))
        )


def declare() -> Content:
    """Declare every workbook and every fact, in the order of dropping."""
    content = Content()
    for step in STEPS:
        if step != LATE:
            for bureau in BUREAU_NAMES:
                _monthly(content, bureau, step)
            towns.monthly(content, step, signing.sheets)
        _specials(content, step)
    return content


def expected_ledger(content: Content, seed: int) -> dict[str, Any]:
    """Work out what must come out."""
    return expected.ledger_of(content, seed, CLOSED_ON, {SEPTEMBER: (LATE, OCTOBER)}, SILENT)


def generate(out: Path, seed: int = 2026) -> dict[str, Any]:
    """Write all workbooks and ``ledger.json`` under *out* and return the ledger.

    *seed* decides the order of the rows in the October order lists: a re-sorted sheet must change nothing.
    """
    content = declare()
    shuffler = random.Random(seed)
    for book in content.books:
        for sheet in book.sheets:
            if book.step == OCTOBER and sheet.columns == trade.DETAIL_COLUMNS and isinstance(sheet.rows, list):
                shuffler.shuffle(sheet.rows)
    return _written(out, content, expected_ledger(content, seed))


def generate_year(out: Path, seed: int = 2026, part: float = 1) -> dict[str, Any]:
    """Write the workbooks of the year, its ledger, and its ``district`` under *out*; *seed* decides what is drawn, *part* how many orders."""
    content = year.Year(seed, part).declare()
    year.write_district(out / "district")
    return _written(out, content, expected.ledger_of(content, seed, year.CLOSED_ON, {}, year.SILENT, year.towns.DUTIES))


def _written(out: Path, content: Content, result: dict[str, Any]) -> dict[str, Any]:
    for book in content.books:
        write(book, out / book.step / book.bureau)
    text = json.dumps(result, ensure_ascii=False, indent=1, sort_keys=True)
    (out / "ledger.json").write_text(text + "\n", encoding="utf-8")
    return result


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--year", action="store_true", help="twelve months instead of two")
    arguments = parser.parse_args()
    result = (generate_year if arguments.year else generate)(arguments.out, arguments.seed)
    print(f"{len(result['files'])} workbooks, {result['events']} events, ledger: {arguments.out / 'ledger.json'}")


if __name__ == "__main__":
    main()
