"""What only one format knows: strict and odd packages, old and open workbooks, web tables; and files made to do harm."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from exchange_connectors.excel import Inspection, load, look_at
from exchange_connectors.excel.model import Finding, Level, gathered

ROOT = Path(__file__).parents[2]
WORKBOOKS = ROOT / "tests" / "workbooks"
COMMERCE = load(ROOT / "deploy/districts/wuqing/connectors/commerce.toml")
SHEET = "家电以旧换新明细"


def workbook(touch: Callable[[Worksheet], Any] = lambda _: None) -> bytes:
    """Three sound orders, touched."""
    book = openpyxl.load_workbook(WORKBOOKS / "s09c_hidden_sheet.xlsx")
    del book["数码产品购新明细"]
    touch(book[SHEET])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(body: bytes, change: Callable[[str, bytes], tuple[str, bytes]]) -> bytes:
    """The package with every member changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            name, data = change(info.filename, source.read(info))
            target.writestr(name, data)
    return out.getvalue()


def look(body: bytes, name: str = f"{SHEET}2026年10月.xlsx") -> Inspection:
    """What the commerce bureau's connector says of it."""
    return look_at(Path(name), COMMERCE, None, body)


def amounts(seen: Inspection) -> list[Decimal]:
    """The subsidies taken, in order."""
    return [each.statement.facts["subsidy"] for each in seen.statements]


def said(seen: Inspection, level: Level) -> str:
    """Everything of a level in one text."""
    return "\n".join(f"{each.cell} {each.message}" for each in seen.findings if each.level is level)


SOUND = [Decimal("450.00"), Decimal("300.00"), Decimal("600.00")]


def strict(name: str, data: bytes) -> tuple[str, bytes]:
    """A member as the strict form of the format has it."""
    data = data.replace(b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main")
    return name, data.replace(
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships", b"http://purl.oclc.org/ooxml/officeDocument/relationships"
    )


def in_capitals(name: str, data: bytes) -> tuple[str, bytes]:
    """A member whose name is spelt otherwise than its relation says."""
    return (name.upper() if "worksheets" in name else name), data


@pytest.mark.parametrize("form", [strict, in_capitals], ids=["strict", "capitals"])
def test_errors_and_hidden_rows_are_seen_in_every_form_of_a_package(form: Callable[[str, bytes], tuple[str, bytes]]) -> None:
    """Strict OOXML and part names in another case: error cells, uncomputed formulas and hidden rows are found all the same."""

    def touch(sheet: Worksheet) -> None:
        sheet["I6"], sheet["J7"] = "#REF!", "=1+1"
        sheet["I6"].data_type = "e"
        sheet.row_dimensions[8].hidden = True

    seen = look(repacked(workbook(touch), form))
    assert (seen.rows, seen.returned) == (3, 2)
    assert "I6 公式失效" in said(seen, Level.RETURNED)
    assert "J7 公式没有算出结果" in said(seen, Level.RETURNED)
    assert "隐藏行" in said(seen, Level.VERIFY)


def test_a_result_kept_from_another_file_is_asked_about() -> None:
    """An outward formula with a stored result is taken and asked about; without one the row goes back."""
    body = repacked(
        workbook(lambda sheet: sheet.__setitem__("I6", "=[1]Sheet1!A1")),
        lambda name, data: (name, re.sub(rb"(<f>\[1\]Sheet1!A1</f>)<v\s*/>|(<f>\[1\]Sheet1!A1</f>)<v></v>", rb"\1\2<v>450</v>", data)),
    )
    assert b"<v>450</v>" in zipfile.ZipFile(io.BytesIO(body)).read("xl/worksheets/sheet1.xml")
    seen = look(body)
    assert amounts(seen) == SOUND
    assert "引用本机文件" in said(seen, Level.VERIFY)


def test_days_are_counted_as_the_workbook_counts_them() -> None:
    """A plain serial number in a workbook that counts from 1904 is that day."""
    book = openpyxl.load_workbook(io.BytesIO(workbook()))
    book.epoch = CALENDAR_MAC_1904
    book[SHEET]["G6"] = (date(2026, 10, 5) - date(1904, 1, 1)).days
    book[SHEET]["G6"].number_format = "General"
    out = io.BytesIO()
    book.save(out)
    assert look(out.getvalue()).statements[0].statement.facts["occurred_on"] == date(2026, 10, 5)


def test_a_used_range_that_claims_millions_is_refused_in_words() -> None:
    """One cell at the end of the sheet builds nothing."""
    seen = look(workbook(lambda sheet: sheet.cell(1_048_576, 16_384, 1)))
    assert (seen.statements, "请删去多余的空行" in seen.findings[0].message) == ([], True)


def test_a_small_open_document_that_claims_thousands_of_millions_of_cells_is_bounded() -> None:
    """Repetitions are counted before anything is built; empty ones at the end are no data."""
    body = (WORKBOOKS / "x23_control.ods").read_bytes()

    def bomb(cell: bytes) -> bytes:
        row = b'<table:table-row table:number-rows-repeated="1000000">' + cell + b"</table:table-row>"
        return repacked(
            body, lambda name, data: (name, data.replace(b"</table:table>", row + b"</table:table>", 1) if name == "content.xml" else data)
        )

    empty = b'<table:table-cell table:number-columns-repeated="16384"/>'
    assert amounts(look(bomb(empty), "x.ods")) == SOUND
    full = b'<table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell>'
    seen = look(bomb(full), "x.ods")
    assert (seen.statements, "请删去多余的空行" in seen.findings[0].message) == ([], True)


def test_an_open_document_shows_percentages_zeros_and_hidden_rows() -> None:
    """What calamine does not tell of .ods is read from its XML."""

    def change(name: str, data: bytes) -> tuple[str, bytes]:
        if name != "content.xml":
            return name, data
        text = data.decode()
        text = text.replace(">CL-0001<", "><", 1)
        first = re.search(r"<table:table-cell[^>]*>(?:<text:p>)?</text:p></table:table-cell>", text)
        assert first is not None
        shown = '<table:table-cell office:value-type="float" office:value="1234"><text:p>00001234</text:p></table:table-cell>'
        text = text.replace(first[0], shown, 1)
        head, mark, tail = text.partition("CL-0002")
        at = head.rindex("<table:table-row")
        head = head[:at] + head[at:].replace("<table:table-row", '<table:table-row table:visibility="collapse"', 1)
        return name, (head + mark + tail).encode()

    seen = look(repacked((WORKBOOKS / "x23_control.ods").read_bytes(), change), "x.ods")
    assert seen.statements[0].statement.entity_key == "00001234"
    assert "隐藏行" in said(seen, Level.VERIFY)


@pytest.mark.parametrize(
    ("face", "level"),
    [('style:text-line-through-type="single"', Level.RETURNED), ('style:text-line-through-style="solid"', Level.RETURNED), ('style:text-line-through-style="none" style:text-line-through-type="single"', None), ('fo:color="#ffffff"', Level.VERIFY)],
)
def test_an_open_document_shows_what_is_struck_out_or_white(face: str, level: Level | None) -> None:
    """A part that is struck out is told by either attribute that programs write, a white one by its colour."""

    def change(name: str, data: bytes) -> tuple[str, bytes]:
        if name != "content.xml":
            return name, data
        style = f'<style:style style:name="TX" style:family="text"><style:text-properties {face}/></style:style></office:automatic-styles>'
        text = data.decode().replace("</office:automatic-styles>", style, 1)
        return name, text.replace(">CL-0001<", '><text:span text:style-name="TX">CL-</text:span>0001<', 1).encode()

    seen = look(repacked((WORKBOOKS / "x23_control.ods").read_bytes(), change), "x.ods")
    assert [each.level for each in seen.findings if each.level is not Level.NOTED] == ([] if level is None else [level])


def opened(of: str, cell: str, row: str = "") -> Inspection:
    """Return what is said of the control document with another cell in place of the first text *of*, its row with more attributes."""

    def change(name: str, data: bytes) -> tuple[str, bytes]:
        if name != "content.xml":
            return name, data
        styles = '<style:style style:name="low" style:family="table-row"><style:table-row-properties style:row-height="0.01in"/></style:style></office:automatic-styles>'
        head, _, tail = data.decode().replace("</office:automatic-styles>", styles, 1).partition(f">{of}<")
        at, end = head.rindex("<table:table-cell"), tail.index("</table:table-cell>") + len("</table:table-cell>")
        head, tail = head[:at] + cell, tail[end:]
        at = head.rindex("<table:table-row")
        return name, (head[:at] + re.sub("<table:table-row[^>]*", f"<table:table-row {row}", head[at:], count=1) + tail).encode()

    return look(repacked((WORKBOOKS / "x23_control.ods").read_bytes(), change), "x.ods")


@pytest.mark.parametrize(
    ("value", "text", "key"),
    [("2", "JD-20260002", "JD-20260002"), ("20260002", "2026-0002", "2026-0002"), ("20260002", "20,260,002", "20260002"), ("123456789012", "1.23E+11", "123456789012")],
)
def test_an_open_document_s_number_of_a_thing_is_what_it_shows(value: str, text: str, key: str) -> None:
    """Words and signs that a format puts before or between the digits are a part of the number of a thing."""
    seen = opened("CL-0001", f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{text}</text:p></table:table-cell>')
    assert seen.statements[0].statement.facts["order_no"] == key


@pytest.mark.parametrize(("text", "taken"), [("三千二百", True), ("叁仟贰佰", True), ("三二〇〇", True), ("三千", False), ("约三千二百", False)])
def test_an_open_document_s_number_in_chinese_words_is_that_number(text: str, taken: bool) -> None:
    """An amount that a format shows in Chinese words is read where the words say what is stored."""
    seen = opened("3000", f'<table:table-cell office:value-type="float" office:value="3200"><text:p>{text}</text:p></table:table-cell>')
    assert [each.statement.facts["sale_amount"] for each in seen.statements if each.row == 6] == ([Decimal(3200)] if taken else [])


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026年10月", date(2026, 10, 1)), ("Oct-26", date(2026, 10, 1)), ("2026-10", date(2026, 10, 1)), ("2026", None), ("星期日", None), ("Sunday", None), ("18", None), ("00:00", None), ("下午3时20分", None), ("10月18日", date(2026, 10, 18)), ("二〇二六年十月十八日", date(2026, 10, 18)), ("18-Oct-26", date(2026, 10, 18)), ("2026-10-18 00:00", date(2026, 10, 18))],
)
def test_an_open_document_s_day_is_what_it_shows(text: str, day: date | None) -> None:
    """A day that shows only its month is that month; one that shows neither goes back."""
    seen = opened("2026-10-05", f'<table:table-cell office:value-type="date" office:date-value="2026-10-18"><text:p>{text}</text:p></table:table-cell>')
    assert (seen.statements[0].row == 6, seen.returned) == ((True, 0) if day is not None else (False, 1))
    assert day is None or seen.statements[0].statement.facts["occurred_on"] == day


def test_an_open_document_s_row_that_is_too_low_is_hidden() -> None:
    """A row without height does not show."""
    cell = '<table:table-cell office:value-type="string"><text:p>CL-0001</text:p></table:table-cell>'
    assert "隐藏行" in said(opened("CL-0001", cell, 'table:style-name="low"'), Level.VERIFY)


def test_a_web_table_keeps_spans_and_hidden_rows() -> None:
    """Cells over several rows are merged ones: an amount over three orders goes back."""
    page = (WORKBOOKS / "x01_html.xls").read_text(encoding="utf-8")
    page = page.replace("<td>450</td>", '<td rowspan="3">450</td>', 1).replace("<td>300</td>", "", 1).replace("<td>600</td>", "", 1)
    seen = look(page.encode(), f"{SHEET}.xls")
    assert (amounts(seen), seen.returned) == ([], 3)
    assert "合并单元格" in said(seen, Level.RETURNED)
    assert seen.taken_as == "网页表格，按UTF-8编码读取"


def test_a_web_archive_is_read_too() -> None:
    """MHTML as office programs write it, with its page in quoted-printable or base64."""
    from email.mime.multipart import MIMEMultipart
    from email.mime.text import MIMEText

    message = MIMEMultipart("related")
    message.attach(MIMEText((WORKBOOKS / "x01_html.xls").read_text(encoding="utf-8"), "html", "utf-8"))
    seen = look(b"MIME-Version: 1.0\r\n" + message.as_bytes(), f"{SHEET}.xls")
    assert amounts(seen) == SOUND


@pytest.mark.parametrize(
    ("encoding", "delimiter", "words"),
    [
        ("utf-8-sig", ",", "UTF-8编码、逗号"), ("utf-8", ";", "UTF-8编码、分号"), ("gb18030", ",", "GB18030编码、逗号"), ("utf-16", "\t", "UTF-16编码、制表符"),
    ],
)  # fmt: skip
def test_text_is_read_by_its_encoding(encoding: str, delimiter: str, words: str) -> None:
    """By its mark, as strict UTF-8, else GB18030; the slip names what was taken; zeros in front stay."""
    text = (WORKBOOKS / "x05_gb18030.csv").read_bytes().decode("gb18030").replace(",", delimiter).replace("CL-0001", '"=""00001234"""')
    seen = look(text.encode(encoding), f"{SHEET}.txt")
    assert amounts(seen) == SOUND
    assert seen.statements[0].statement.entity_key == "00001234"
    assert words in seen.taken_as


def test_every_row_is_accounted_for() -> None:
    """Notes, blank stretches, totals, repeated headings and another table: the account's numbers add up to the filled rows."""

    def touch(sheet: Worksheet) -> None:
        for column in (1, 2, 8, 9):
            sheet.cell(40, column, sheet.cell(4, column).value)
        for column, value in enumerate([4, "CL-0004", "空调", "1级", "S", "F", date(2026, 10, 6), 100, 10], 1):
            sheet.cell(41, column, value)
        sheet.cell(42, 1, "合计（4笔）：")
        sheet.cell(42, 8, 9_100)
        sheet.cell(43, 1, "备注：以上均已核对")
        for column, value in enumerate(["序号", "网点", "台数"], 1):
            sheet.cell(45, column, value)
        for column, value in enumerate([1, "甲网点", 12], 1):
            sheet.cell(46, column, value)

    seen = look(workbook(touch))
    (account,) = seen.accounts
    assert (account.headings, account.taken, account.returned, account.totals, account.notes, account.unread) == (6, 4, 0, 1, 2, 2)
    assert account.filled == 15
    assert next((each.header, each.read, each.stated) for each in account.sums) == ("销售金额", Decimal(9_100), Decimal(9_100))
    assert "第45行 本行起像是另一张表" in said(seen, Level.RETURNED)
    assert len(seen.statements) == 4


def test_like_findings_are_one_line_with_their_cells() -> None:
    """What is said of many cells is said once, with the places; of many places the first and their number."""
    findings = [Finding(42, Level.NOTED, "已识别为3", SHEET, row, 4) for row in range(6, 16)]
    findings.append(Finding(50, Level.RETURNED, "空表", SHEET))
    (many, places), (whole, nowhere) = gathered(findings)
    assert (many.message, places) == ("已识别为3", "D6、D7、D8、D9、D10、D11等10处")
    assert (whole.message, nowhere) == ("空表", "")
