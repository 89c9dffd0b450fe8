"""Packages as other programs and hands write them: out of order, with newer errors, with switches in other words; never read as something else."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date

import pytest

from exchange_connectors.excel.model import Level
from tests.unit.test_connectors_habits import FIRST, orders, seen_in, taken

SHEET, BOOK = "xl/worksheets/sheet1.xml", "xl/workbook.xml"
CELL = re.compile(r'<c r="H5"([^>]*?)(?: t="n")?><v>3002</v></c>')


def patched(change: Callable[[str], str], part: str = SHEET, rows: int = 3) -> bytes:
    """Return a list of orders whose package was changed by hand."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(orders(rows=rows))) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            before = source.read(info).decode()
            after = change(before) if info.filename == part else before
            assert info.filename != part or after != before
            target.writestr(info, after)
    return out.getvalue()


def _rows(xml: str) -> list[str]:
    return re.findall(r"<row .*?</row>", xml)


DISORDER: dict[str, Callable[[str], str]] = {
    "a cell twice": lambda xml: CELL.sub(r'\g<0><c r="H5"><v>9999</v></c>', xml),
    "cells from right to left": lambda xml: re.sub(r'(<c r="H5".*?</c>)(<c r="I5".*?</c>)', r"\2\1", xml),
    "a cell of another row": lambda xml: xml.replace('r="H5"', 'r="H6"'),
    "a row twice": lambda xml: xml.replace('<row r="6"', '<row r="5"'),
    "a row of another number": lambda xml: xml.replace('<row r="5"', '<row r="7"'),
    "rows exchanged": lambda xml: xml.replace(_rows(xml)[3] + _rows(xml)[4], _rows(xml)[4] + _rows(xml)[3]),
    "a row twice, which the parser reads": lambda xml: xml.replace('<row r="6"', '<row ht="12" r="5"'),
    "a cell twice, which the parser reads": lambda xml: CELL.sub(r'\g<0><c r="H5"><f>1+1</f><v>9999</v></c>', xml),
}


@pytest.mark.parametrize("what", DISORDER)
def test_a_package_out_of_order_goes_back(what: str) -> None:
    """Programs differ in what they read where cells come twice or out of order: the file goes back, nothing of it is guessed."""
    seen = seen_in(patched(DISORDER[what]))
    assert (seen.statements, [(each.no, each.level) for each in seen.findings]) == ([], [(51, Level.RETURNED)])


@pytest.mark.parametrize("error", ["#GETTING_DATA", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", "#PYTHON!", "#EXTERNAL!"])
@pytest.mark.parametrize("how", ['t="e"><v>{}</v>', 't="e"><f>X()</f><v>{}</v>', 't="str"><f>X()</f><v>{}</v>', 't="inlineStr"><is><t>{}</t></is>'])
def test_newer_errors_send_their_row_back_and_no_other(error: str, how: str) -> None:
    """An error that only newer programs know is an error, as a value, a result or a text; the other rows are read."""
    seen = seen_in(patched(lambda xml: CELL.sub(rf'<c r="H5"\1 {how.format(error)}</c>', xml)))
    assert (taken(seen), [(each.no, each.row) for each in seen.findings if each.level is Level.RETURNED]) == (["CL-0001", "CL-0003"], [(39, FIRST + 1)])


@pytest.mark.parametrize("error", ["#GETTING_DATA", "#FIELD!", "错误:502", "Err:509"])
def test_an_error_is_no_name(error: str) -> None:
    """Pasted as a text into a column of texts it is not taken for one."""
    seen = seen_in(orders(lambda sheet: sheet.cell(FIRST + 1, 3, error) and None))
    assert (taken(seen), seen.returned) == (["CL-0001", "CL-0003"], 1)


@pytest.mark.parametrize("word", ["1", "true", "on", "True", "TRUE"])
def test_days_are_counted_from_1904_in_whatever_word(word: str) -> None:
    """Serial numbers of days mean the same day in every word for the switch."""
    seen = seen_in(patched(lambda xml: re.sub(r"<workbookPr[^>]*/>", f'<workbookPr date1904="{word}"/>', xml), BOOK))
    assert [each.statement.facts["occurred_on"] for each in seen.statements] == [date(2030, 10, n + 1) for n in range(1, 4)]


@pytest.mark.parametrize("word", ["1", "true", "on"])
def test_a_row_is_hidden_in_whatever_word(word: str) -> None:
    """A hidden row is asked about however the switch is written."""
    seen = seen_in(patched(lambda xml: xml.replace('<row r="5"', f'<row r="5" hidden="{word}"')))
    assert [(each.no, each.row) for each in seen.findings if each.level is Level.VERIFY] == [(38, 5)]
