"""Files of lists are written from lines as they are from rows, cell by cell."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import openpyxl

from exchange_hub.console import text_files, workbook_files
from exchange_hub.reports.lines import written
from exchange_hub.reports.render.csv_rows import csv_rows
from exchange_hub.views.lists.model import ListName, ListView, columns
from exchange_hub.views.values import Filed

VIEW = ListView(ListName("all"), "各类栏目", "all", columns("""
    name 名称 text
    lead 单位 text bureau
    of 清单 text names_list
    month 月份 month
    amount 金额 money 元
    pieces 数量 count 件
    weight 重量 quantity 吨
    on_date 日期 date
    parts 部分 texts bureau
    shares 来源 money_map
    done 完成 flag
"""))  # fmt: skip
NAMES = {"commerce": "区商务局", "industry": '区工信局,"工"'}
ODD = ("=1+1", "＠SUM", "-3", "-x", "a,b", 'a"b', "a\nb", "a\r\nb", "a\tb", "back\\slash", "\x1b[31m", "\u202eabc", "", None, "武清", " blank ", "<&>", "_x000D_", "'")


def rows() -> Iterator[dict[str, object]]:
    """Rows with whatever a cell may hold."""
    for number, name in enumerate((*ODD, *(f"名称{n}" for n in range(1200)))):
        yield {
            "row_key": f"r{number}", "component": "c", "bureaus": ["commerce"], "name": name, "lead": ("commerce", "industry", None)[number % 3],
            "of": ("trade-in", "unknown")[number % 2], "month": f"2026-{1 + number % 12:02d}",
            "amount": (None, 0, -5, 123456789, 10**17 + 1)[number % 5], "pieces": (None, 3, -1, 10**16)[number % 4],
            "weight": (None, Decimal("12.5000"), Decimal("0.0000"), Decimal("-3.1230"), Decimal("1200.0000"))[number % 5],
            "on_date": (None, date(2026, 2, 28))[number % 2], "parts": (None, [], ["commerce", "x,y"], ["industry"])[number % 4],
            "shares": (None, {}, {"市级": 100, "区级": -5})[number % 3], "done": (None, True, False)[number % 3],
        }  # fmt: skip


def expected() -> list[list[Filed]]:
    """The cells of the rows, one by one."""
    return [text_files.cells(VIEW.columns, row, NAMES) for row in rows()]


def test_csv_of_lines_is_csv_of_rows() -> None:
    """Byte for byte: quotes, formulas, words for codes, exact yuan, and nothing where nothing was reported."""
    lines = b"".join(csv_rows(VIEW.columns, written(rows(), VIEW.columns), NAMES))
    assert lines == b"".join(text_files.csv_lines(text_files.headings(VIEW.columns), expected()))
    assert len(list(csv.reader(io.StringIO(lines.decode("utf-8-sig"), newline="")))) == len(expected()) + 1


def test_a_workbook_of_lines_holds_the_cells_of_the_rows() -> None:
    """Numbers as numbers as long as a spreadsheet keeps their digits, texts as texts, nothing where nothing was reported."""
    file = io.BytesIO()
    workbook_files.write_listed(file, VIEW, written(rows(), VIEW.columns), len(expected()), "截至今天", NAMES)
    head, headings, *found = openpyxl.load_workbook(file).active.iter_rows(values_only=True)  # type: ignore[union-attr]
    assert (head[0], list(headings)) == ("截至今天", text_files.headings(VIEW.columns))
    assert len(found) == len(expected())
    for got, cells in zip(found, expected(), strict=True):
        for column, told, cell in zip(VIEW.columns, got, cells, strict=True):
            if isinstance(cell, (int, Decimal)) and isinstance(told, str):
                assert told == str(cell), column
            elif isinstance(told, datetime):
                assert told.date() == cell
            elif isinstance(cell, str):
                # Spreadsheets read the escape of an escape; this reader does not.
                assert (told or "").replace("_x005F_", "_") == cell, column
            else:
                assert told == (None if cell is None else float(cell) if isinstance(cell, Decimal) else cell), column
