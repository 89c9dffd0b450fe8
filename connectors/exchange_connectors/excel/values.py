"""A cell to a value: what clerks write, read by one function for each kind. Pure.

Every reader returns the value (``None``: nothing stated) and notes; a note of level 退 means that there is no value.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from difflib import SequenceMatcher, get_close_matches

from exchange_connectors.excel.amounts import read_count, read_money, read_percent, read_quantity
from exchange_connectors.excel.cells import (
    NOTHING,
    PLAIN,
    Column,
    Reading,
    Seen,
    as_text,
    damaged,
    fold_width,
    is_empty,
    noted,
    refuse,
    torn,
    without_invisible,
)
from exchange_connectors.excel.model import Cell, Level, Note
from exchange_connectors.excel.stand_ins import is_ditto, is_pending, no_one_code, unquoted
from exchange_connectors.kit.money import exact, plain
from exchange_contracts import identifiers, personal

YEAR_MIN, YEAR_MAX = 1990, 2035
_END_FIELDS = re.compile(r"(ends_on|valid_to|until|expired)")
_SERIAL_MIN, _SERIAL_MAX = 32874, 49675  # 1990-01-01 and 2035-12-31 as a spreadsheet counts days
_DAYS_TO_1904 = 1462
_CLOCK = re.compile(r"(?:\s+|(?<=\d-\d\d)T)\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$")
_BREAK = re.compile(r"\s*[\r\n\t\u2028]+\s*")
_WORDS_BREAK = re.compile(r"(?<=[0-9A-Za-z])\s*[\r\n\t\u2028]+\s*(?=[0-9A-Za-z])")
_SEVERAL = re.compile(r"[0-9A-Za-z]\s*(?:[\r\n\u2028]|[、，,；;])\s*['‘’`´′]?[0-9A-Za-z]")
_NUMBERED = re.compile(r".*_(?:no|code)|identifier|number")
"""Fields that hold the number of a thing, not its name."""
_HOLDS_A_NUMBER = re.compile(r"[1-9A-Za-z０-９Ａ-Ｚａ-ｚ〇零一二三四五六七八九十甲乙丙丁①-⑳ⅠⅡⅢ]")
_DOCUMENT_NO = re.compile(r"〔\d{4}〕\d+号|\d{4}年第?\d+号")
_USCC_EXCLUDED = "IOSVZ"
VIN_SHAPE = "车架号应为17位，不含I、O、Q"


def read_value(cell: Cell, column: Column, seen: Seen = PLAIN) -> Reading:
    """Read *cell* as *column* says.

    Args:
        cell: the cell as the workbook holds it.
        column: field, kind, unit and code list.
        seen: how the cell shows and what stands beside it.
    """
    if is_empty(cell):
        return Reading()
    if isinstance(cell, str) and column.rewrites:
        cell = column.rewrites.get(cell.strip(), cell)
    return _READERS[column.type.kind](cell, column, seen)


def _changed_by_the_spreadsheet(cell: Cell, seen: Seen) -> Reading | None:
    """Refuse what a spreadsheet made of a number of things: ``10-5`` a date, ``TRUE`` a Boolean, a long number zeros."""
    if isinstance(cell, bool):
        return refuse(1, f"该格是逻辑值{'TRUE' if cell else 'FALSE'}，请设为文本后重录")
    if isinstance(cell, date | time) or (seen.format is not None and seen.format.date and not isinstance(cell, str)):
        return refuse(1, "该格成了日期或时间（如“10-5”会变成10月5日），请设为文本后重录")
    shown = seen.format.of(exact(cell)) if seen.format is not None and isinstance(cell, float | int) else None
    if shown is not None and (shown.blank or (shown.shifted and shown.identifier(exact(cell)) is None)):  # type: ignore[arg-type]  # a number, as above
        return refuse(14, "该格存的与显示的不同，请设为文本后重录")
    return damaged(cell)


def _text(cell: Cell, column: Column, seen: Seen) -> Reading:
    wrong = _changed_by_the_spreadsheet(cell, seen)
    if wrong is not None:
        return wrong
    if column.key and isinstance(cell, float) and not cell.is_integer():
        return refuse(1, f"编号{plain(exact(cell))}是小数，末尾的0可能已丢（如1.10成了1.1），请设为文本后重录")
    raw = as_text(cell, seen.format)
    clean = _BREAK.sub("", _WORDS_BREAK.sub(" ", without_invisible(raw))).strip()
    if clean in NOTHING:
        return Reading()
    if is_ditto(clean):
        return refuse(0, f"“{clean}”不是内容，请逐行写明")
    if column.key or personal.is_number(column.field):
        clean = unquoted(clean)
        if column.key and _NUMBERED.fullmatch(column.field) and not _HOLDS_A_NUMBER.search(clean):
            return refuse(10, f"“{clean}”不是编号，请填编号")
        if is_pending(clean):
            return refuse(10, f"“{clean}”不是编号，请填编号") if column.key else noted(None, 16, Level.VERIFY, f"“{clean}”：暂缺请留空并说明")
    if column.key and _NUMBERED.fullmatch(column.field) and no_one_code(clean):
        return refuse(41, f"“{clean}”：一格只填一个编号，不带标记或说明")
    if not column.key and _NUMBERED.fullmatch(column.field) and (no_one_code(clean) or _SEVERAL.search(fold_width(without_invisible(raw)).strip())):
        return noted(clean, 41, Level.VERIFY, f"“{' '.join(clean.split())}”：一格只填一个编号，不带标记或说明，请确认")
    if column.key and _SEVERAL.search(fold_width(without_invisible(raw)).strip()):
        return refuse(41, f"“{' '.join(clean.split())}”：一格只填一个编号，请分行填写")
    return noted(clean, 58, Level.NOTED, "已清理文本前后空格、换行") if clean != raw else Reading(clean)


def _prose(cell: Cell, _column: Column, seen: Seen) -> Reading:
    if isinstance(cell, bool | time):
        return refuse(1, f"该格是{'时间' if isinstance(cell, time) else '逻辑值'}，请填文字")
    if is_ditto(without_invisible(as_text(cell)).strip()):
        return refuse(0, f"“{as_text(cell).strip()}”不是内容，请逐行写明")
    clean = without_invisible(as_text(cell, seen.format)).strip().replace("\r\n", "\n").replace("\r", "\n")
    return Reading(None if clean in NOTHING else clean)


def _code_text(cell: Cell, seen: Seen) -> tuple[str, tuple[Note, ...]]:
    """Return an identifier half-width, upper-case, without blanks, and whether that changed it."""
    raw = as_text(cell, seen.format)
    clean = "".join(fold_width(raw).split()).upper()
    changed = (Note(58, Level.NOTED, "已清理文本前后空格、换行"),) if clean != raw.upper() else ()
    return clean, changed


def _uscc(cell: Cell, _column: Column, seen: Seen) -> Reading:
    wrong = _changed_by_the_spreadsheet(cell, seen)
    if wrong is not None:
        return wrong
    code, notes = _code_text(cell, seen)
    if code in NOTHING:
        return Reading()
    if len(code) != 18:
        return refuse(4, f"统一社会信用代码应为18位，现为{len(code)}位，请对照执照")
    if any(letter in code for letter in "IO"):
        return refuse(5, "代码不使用字母O、I，请核对是否为数字0、1")
    if any(letter in code for letter in _USCC_EXCLUDED) or not re.fullmatch(r"[0-9A-Z]{18}", code):
        return refuse(4, "统一社会信用代码只含数字和大写字母（不含I、O、S、V、Z），请对照执照")
    if identifiers.uscc_doubt(code) is not None:
        notes = (*notes, Note(6, Level.VERIFY, "末位校验不符，请对照执照核对"))
    return Reading(code, notes)


def _project_code(cell: Cell, _column: Column, seen: Seen) -> Reading:
    wrong = _changed_by_the_spreadsheet(cell, seen)
    if wrong is not None:
        return wrong
    code, notes = _code_text(cell, seen)
    if code in NOTHING:
        return Reading()
    digits = re.sub(r"[-‐‑–—_]", "", code)
    if not re.fullmatch(r"\d{20}", digits):
        return refuse(8, "项目代码应为24位（4-6-2-2-6位数字加横线），请核对")
    full = "-".join((digits[:4], digits[4:10], digits[10:12], digits[12:14], digits[14:]))
    if full != code:
        return noted(full, 8, Level.NOTED, "已补横线")
    return Reading(full, notes)


def _vin(cell: Cell, _column: Column, seen: Seen) -> Reading:
    wrong = _changed_by_the_spreadsheet(cell, seen)
    if wrong is not None:
        return wrong
    code, notes = _code_text(cell, seen)
    if code in NOTHING:
        return Reading()
    if identifiers.vin_problem(code) is not None:
        return refuse(45, VIN_SHAPE)
    return Reading(code, notes)


def _document_no(cell: Cell, column: Column, seen: Seen) -> Reading:
    reading = _text(cell, column, seen)
    if not isinstance(reading.value, str):
        return reading
    normal = identifiers.normalise_document_no(reading.value)
    if normal.endswith("等"):
        return refuse(41, f"“{normal}”：一格只填一个文号")
    if not _DOCUMENT_NO.search(normal):
        return Reading(normal, (*reading.notes, Note(47, Level.VERIFY, f"“{normal}”不是规范的文号（如津财〔2026〕2号），请核对")))
    if normal != reading.value:
        return Reading(normal, (*reading.notes, Note(47, Level.NOTED, "已规范为〔〕")))
    return reading


def _date(cell: Cell, column: Column, seen: Seen) -> Reading:
    if isinstance(cell, date):
        day = cell.date() if isinstance(cell, datetime) else cell
        shown = seen.format.parts if seen.format is not None else ""
        if shown == "y":
            return refuse(28, "该格只显示年份，请填写年月日，如2026-10-15")
        if seen.format is not None and shown in ("", "d"):
            return refuse(28, "该格不显示年月，请设为日期格式，如2026-10-15")
        return _in_range(day) if shown != "ym" else _of_month(day.year, day.month, column)
    if isinstance(cell, bool | time):
        return refuse(28, "请填写年月日，如2026-10-15")
    if seen.format is not None and seen.format.blank:
        return refuse(28, "该格不显示年月，请设为日期格式，如2026-10-15")
    if isinstance(cell, float | int):
        days = int(cell) + (_DAYS_TO_1904 if seen.from_1904 else 0)
        if _SERIAL_MIN <= days <= _SERIAL_MAX:
            day = date(1899, 12, 30) + timedelta(days=days)
            return noted(day, 58, Level.NOTED, f"已识别为{day.isoformat()}")
        cell = plain(exact(cell))
    raw = _CLOCK.sub("", str(cell).replace("：", ":").strip())
    if torn(raw):
        return refuse(28, f"“{' '.join(raw.split())}”：一格只填一个日期，如2026-10-15")
    text = "".join(fold_width(raw).split())
    if text in NOTHING:
        return noted(None, 16, Level.VERIFY, f"“{text}”：暂缺请留空并说明")
    match = re.fullmatch(r"(\d{4})(?:[-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})[日号]?", text) or re.fullmatch(
        r"(\d{4})(\d{2})(\d{2})", text
    )
    if match:
        return _calendar_day(int(match[1]), int(match[2]), int(match[3]))
    month = _month_of(text)
    if month.refused or not isinstance(month.value, str):
        if month.notes and month.notes[0].no == 26:
            return month
        return refuse(28, "请填写年月日，如2026-10-15")
    year, number = map(int, month.value.split("-"))
    return _of_month(year, number, column)


def _of_month(year: int, number: int, column: Column) -> Reading:
    """Return the day that a month alone means: its last where something ends, else its first."""
    last = bool(_END_FIELDS.search(column.field))
    day = date(year, number, monthrange(year, number)[1] if last else 1)
    checked = _in_range(day)
    return checked if checked.refused else noted(day, 58, Level.NOTED, f"只有年月，已按{day.isoformat()}登记")


def _calendar_day(year: int, month: int, day: int) -> Reading:
    try:
        return _in_range(date(year, month, day))
    except ValueError:
        return refuse(27, f"{month}月{day}日：日期不存在")


def _in_range(day: date) -> Reading:
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        return refuse(54, f"{day.isoformat()}早于{YEAR_MIN}年或晚于{YEAR_MAX}年，请核对日期")
    return Reading(day)


def _month_of(text: str) -> Reading:
    """Read year and month; ``2025.1`` may be January or a cut-off October."""
    if re.fullmatch(r"\d{4}\.1", text):
        year = text[:4]
        return refuse(26, f"{text}：分不清1月和10月，请填{year}-01或{year}-10")
    match = re.fullmatch(r"(\d{4})(?:[-/.年])(\d{1,2})月?(?:份)?", text) or re.fullmatch(r"(\d{4})(\d{2})", text)
    if match is None or not 1 <= int(match[2]) <= 12:
        return refuse(28, "请填写年月，如2026-10")
    return Reading(f"{match[1]}-{int(match[2]):02d}")


def _month(cell: Cell, _column: Column, seen: Seen) -> Reading:
    if isinstance(cell, date) and seen.format is not None and seen.format.parts == "y":
        return refuse(28, "该格只显示年份，请填写一个年月，如2026-10")
    if isinstance(cell, date):
        return Reading(f"{cell.year:04d}-{cell.month:02d}")
    if isinstance(cell, bool | time) or torn(as_text(cell)):
        return refuse(28, "请填写一个年月，如2026-10")
    text = "".join(fold_width(as_text(cell)).split())
    reading = _month_of(text)
    if reading.refused or not isinstance(reading.value, str):
        return reading
    if not YEAR_MIN <= int(reading.value[:4]) <= YEAR_MAX:
        return refuse(54, f"{reading.value}早于{YEAR_MIN}年或晚于{YEAR_MAX}年，请核对日期")
    return reading


def _period(cell: Cell, column: Column, seen: Seen) -> Reading:
    text = "".join(fold_width(as_text(cell)).split()) if not isinstance(cell, date) and not torn(as_text(cell)) else ""
    if isinstance(cell, date) and seen.format is not None and seen.format.parts == "y":
        text = str(cell.year)
    year = re.fullmatch(r"((?:19|20|21)\d{2})年?度?", text)
    return Reading(year[1]) if year else _month(cell, column, seen)


def _code(cell: Cell, column: Column, seen: Seen) -> Reading:
    reading = (
        _text(cell, column, seen) if as_text(cell).strip() not in column.type.codes else Reading(as_text(cell).strip())
    )
    text = reading.value
    if reading.refused or not isinstance(text, str) or text in column.type.codes or not column.type.codes:
        return reading
    folded = {fold_width(code): code for code in column.type.codes}
    if fold_width(text) in folded:
        return Reading(folded[fold_width(text)], reading.notes)
    parts = re.split(r"[/、，,；;和及]", text)
    if len(parts) > 1 and any(part in column.type.codes for part in parts):
        what = "领域" if column.field == "domain" else "一项"
        return refuse(33, f"“{text}”：只选主要{what}")
    return refuse(32, f"“{text}”：请选择{_nearest(text, column.type.codes)}")


def _nearest(text: str, codes: tuple[str, ...]) -> str:
    """Return the code that *text* most likely means, or all of them."""
    inside = [code for code in codes if code in text or text in code]
    near = inside or get_close_matches(text, codes, n=2, cutoff=0.5)
    alike = [SequenceMatcher(None, text, code).ratio() for code in near[:2]]
    if near and (inside or len(near) == 1 or alike[0] > alike[1]):
        return f"“{near[0]}”"
    return "、".join(f"“{code}”" for code in codes)


def _texts(cell: Cell, column: Column, seen: Seen) -> Reading:
    wrong_cell = _changed_by_the_spreadsheet(cell, seen)
    if wrong_cell is not None:
        return wrong_cell
    parts = [part.strip() for part in re.split(r"[、；;，,\n]+", as_text(cell))]
    parts = [part for part in parts if part and part not in NOTHING]
    wrong = [part for part in parts if column.type.codes and part not in column.type.codes]
    if wrong:
        return refuse(32, f"“{wrong[0]}”：请选择{_nearest(wrong[0], column.type.codes)}")
    return Reading(tuple(parts) or None)


def _department(cell: Cell, column: Column, seen: Seen) -> Reading:
    reading = _text(cell, column, seen)
    if not isinstance(reading.value, str):
        return reading
    code = (column.departments or {}).get(reading.value)
    if code is None:
        return refuse(32, f"“{reading.value}”不在本区单位名录，请填写规范名称")
    return Reading(code, reading.notes)


def _departments(cell: Cell, column: Column, _seen: Seen) -> Reading:
    """Read ``甲局（牵头）、乙局``: ``code:part`` in order, the first leading unless a bracket says otherwise."""
    named = "牵头" in as_text(cell)
    result: list[str] = []
    for part in re.split(r"[、；;，,\n]+", as_text(cell)):
        match = re.fullmatch(r"\s*([^（(]+?)\s*(?:[（(](牵头|配合)(?:单位|部门)?[）)])?\s*", part)
        if match is None and not part.strip():
            continue
        if match is None:
            return refuse(32, f"“{part.strip()}”：请写单位规范名称，括号内只写牵头或配合")
        code = (column.departments or {}).get(match[1])
        if code is None:
            return refuse(32, f"“{match[1]}”不在本区单位名录，请填写规范名称")
        role = match[2] or ("配合" if named or result else "牵头")
        result.append(f"{code}:{role}")
    return Reading(tuple(result) or None)


def _flag(cell: Cell, _column: Column, _seen: Seen) -> Reading:
    text = fold_width(as_text(cell)).strip()
    if text in ("是", "√", "1", "有", "Y", "y"):
        return Reading("是")
    return Reading("否") if text in ("否", "×", "0", "无", "N", "n", *NOTHING) else refuse(32, f"“{text}”：请填“是”或“否”")


_READERS: dict[str, Callable[[Cell, Column, Seen], Reading]] = {
    "text": _text,
    "prose": _prose,
    "money": read_money,
    "count": read_count,
    "quantity": read_quantity,
    "percent": read_percent,
    "date": _date,
    "month": _month,
    "period": _period,
    "texts": _texts,
    "uscc": _uscc,
    "vin": _vin,
    "project_code": _project_code,
    "document_no": _document_no,
    "department": _department,
    "departments": _departments,
    "code": _code,
    "flag": _flag,
}
