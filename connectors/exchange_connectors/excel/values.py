"""A cell to a value: what clerks write, read by one function for each kind. Pure.

Every reader returns the value (``None``: nothing stated) and notes; a note of level 退 means that there is no value.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches

from exchange_connectors.excel.fields import FieldType
from exchange_connectors.excel.model import Cell, Level, Note, Value
from exchange_connectors.kit.money import MoneyError, Unit, exact, implausible_unit, plain, to_yuan
from exchange_contracts import identifiers

YEAR_MIN, YEAR_MAX = 1990, 2035
SPREADSHEET_DIGITS = 15
"""Significant digits a spreadsheet keeps; the rest of a longer number is lost."""

NUMBER_MAX = Decimal(10) ** 14
"""A quantity of four places and 18 digits stays below this, and so does every amount and count."""

NOTHING = frozenset({"-", "--", "—", "——", "–", "/", "\\", "无", "暂无", "N/A", "n/a", "无此项", "*"})
_SCIENTIFIC = re.compile(r"[+-]?\d(\.\d+)?[Ee][+]?\d+")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_END_FIELDS = re.compile(r"(ends_on|valid_to|until|expired)")
_SERIAL_MIN, _SERIAL_MAX = 32874, 49675  # 1990-01-01 and 2035-12-31 as a spreadsheet counts days
_USCC_EXCLUDED = "IOSVZ"
VIN_SHAPE = "车架号应为17位，不含I、O、Q"


@dataclass(frozen=True, slots=True)
class Column:
    """How to read a column's cells."""

    field: str
    type: FieldType
    unit: Unit | None = None
    rewrites: Mapping[str, str] | None = None
    departments: Mapping[str, str] | None = None
    of_one: bool = True
    """The amount is of one thing, so that an enormous one is a mistake of unit; a total may be as large as it is."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A value with what is to be said of it."""

    value: Value = None
    notes: tuple[Note, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the cell could not be understood."""
        return any(note.level is Level.RETURNED for note in self.notes)


def _refuse(no: int, message: str) -> Reading:
    return Reading(None, (Note(no, Level.RETURNED, message),))


def _note(value: Value, no: int, level: Level, message: str) -> Reading:
    return Reading(value, (Note(no, level, message),))


def read_value(cell: Cell, column: Column, percent_shown: bool = False) -> Reading:
    """Read *cell* as *column* says.

    Args:
        cell: the cell as the workbook holds it.
        column: field, kind, unit and code list.
        percent_shown: the cell's number format shows a percentage.
    """
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return Reading()
    if isinstance(cell, str) and column.rewrites:
        cell = column.rewrites.get(cell.strip(), cell)
    if column.type.kind == "percent":
        return _percent(cell, percent_shown)
    return _READERS[column.type.kind](cell, column)


def fold_width(text: str) -> str:
    """Return *text* with full-width letters, digits and signs made half-width."""
    return unicodedata.normalize("NFKC", text)


def _damaged(cell: Cell) -> Reading | None:
    """Refuse a number with more digits than a spreadsheet keeps, and one in scientific notation."""
    if isinstance(cell, float | int) and not isinstance(cell, bool) and abs(cell) >= 10**SPREADSHEET_DIGITS:
        lost = len(str(int(abs(cell)))) - SPREADSHEET_DIGITS
        return _refuse(1, f"号码末{lost}位已被表格软件改为0，无法还原，请设为文本后重录")
    if isinstance(cell, str) and _SCIENTIFIC.fullmatch(fold_width(cell.strip())):
        return _refuse(2, "长号码成了科学计数，请设为文本后重录")
    return None


def as_text(cell: Cell) -> str:
    """Return a cell as the text that it shows: whole numbers without a point, dates as ISO."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return plain(exact(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return "" if cell is None else str(cell)


def _text(cell: Cell, _column: Column) -> Reading:
    damaged = _damaged(cell)
    if damaged is not None:
        return damaged
    raw = as_text(cell)
    clean = re.sub(r"\s*[\r\n\t]+\s*", "", raw).strip()
    if clean in NOTHING:
        return Reading()
    return _note(clean, 58, Level.NOTED, "已清理文本前后空格、换行") if clean != raw else Reading(clean)


def _prose(cell: Cell, _column: Column) -> Reading:
    clean = as_text(cell).strip().replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return Reading(None if clean in NOTHING else clean)


def _code_text(cell: Cell) -> tuple[str, tuple[Note, ...]]:
    """Return an identifier half-width, upper-case, without blanks, and whether that changed it."""
    raw = as_text(cell)
    clean = "".join(fold_width(raw).split()).upper()
    changed = (Note(58, Level.NOTED, "已清理文本前后空格、换行"),) if clean != raw.upper() else ()
    return clean, changed


def _uscc(cell: Cell, _column: Column) -> Reading:
    damaged = _damaged(cell)
    if damaged is not None:
        return damaged
    code, notes = _code_text(cell)
    if code in NOTHING:
        return Reading()
    if len(code) != 18:
        return _refuse(4, f"统一社会信用代码应为18位，现为{len(code)}位，请对照执照")
    if any(letter in code for letter in "IO"):
        return _refuse(5, "代码不使用字母O、I，请核对是否为数字0、1")
    if any(letter in code for letter in _USCC_EXCLUDED) or not re.fullmatch(r"[0-9A-Z]{18}", code):
        return _refuse(4, "统一社会信用代码只含数字和大写字母（不含I、O、S、V、Z），请对照执照")
    if identifiers.uscc_doubt(code) is not None:
        notes = (*notes, Note(6, Level.VERIFY, "末位校验不符，请对照执照核对"))
    return Reading(code, notes)


def _project_code(cell: Cell, _column: Column) -> Reading:
    damaged = _damaged(cell)
    if damaged is not None:
        return damaged
    code, notes = _code_text(cell)
    if code in NOTHING:
        return Reading()
    digits = re.sub(r"[-‐‑–—_]", "", code)
    if not re.fullmatch(r"\d{20}", digits):
        return _refuse(8, "项目代码应为24位（4-6-2-2-6位数字加横线），请核对")
    full = "-".join((digits[:4], digits[4:10], digits[10:12], digits[12:14], digits[14:]))
    if full != code:
        return _note(full, 8, Level.NOTED, "已补横线")
    return Reading(full, notes)


def _vin(cell: Cell, _column: Column) -> Reading:
    damaged = _damaged(cell)
    if damaged is not None:
        return damaged
    code, notes = _code_text(cell)
    if code in NOTHING:
        return Reading()
    if identifiers.vin_problem(code) is not None:
        return _refuse(45, VIN_SHAPE)
    return Reading(code, notes)


def _document_no(cell: Cell, column: Column) -> Reading:
    reading = _text(cell, column)
    if not isinstance(reading.value, str):
        return reading
    normal = identifiers.normalise_document_no(reading.value)
    if normal != reading.value:
        return Reading(normal, (*reading.notes, Note(47, Level.NOTED, "已规范为〔〕")))
    return reading


_Number = tuple[Decimal | None, str, tuple[Note, ...], Reading | None]


def _number(cell: Cell) -> _Number:
    """Read a number with what follows it: number, rest, notes, or the refusal."""
    if isinstance(cell, bool | date):
        return None, "", (), _refuse(14, "应为数字，请只填数字，如300")
    if isinstance(cell, float | int):
        return _bounded(exact(cell), "", ())
    raw = str(cell).strip()
    text = "".join(fold_width(raw).split())
    if text in NOTHING or raw in NOTHING:
        return None, "", (), _note(None, 16, Level.VERIFY, f"“{raw}”：无发生请填0；暂缺请留空并说明")
    if _SCIENTIFIC.fullmatch(text):
        return None, "", (), _refuse(2, "长号码成了科学计数，请设为文本后重录")
    notes: tuple[Note, ...] = ()
    grouped = _GROUPED.match(text)
    if grouped:
        text = grouped[0].replace(",", "") + text[grouped.end() :]
    match = _NUMBER.match(text)
    if match is None or "," in text:
        example = re.search(r"\d+(\.\d+)?", text)
        return None, "", (), _refuse(14, f"请只填数字，如{example[0] if example else 300}")
    if match[0] != raw and not text[match.end() :]:
        notes = (Note(15, Level.NOTED, f"已转为{match[0]}"),)
    return _bounded(exact(match[0]), text[match.end() :], notes)


def _bounded(number: Decimal, rest: str, notes: tuple[Note, ...]) -> _Number:
    """Refuse a number that no contract holds."""
    if abs(number) >= NUMBER_MAX:
        return None, "", (), _refuse(14, "数值过大，请核对")
    return number, rest, notes, None


def _money(cell: Cell, column: Column) -> Reading:
    number, rest, notes, refusal = _number(cell)
    if refusal is not None or number is None:
        return refusal or Reading()
    unit = column.unit or Unit.YUAN
    if rest:
        if rest not in list(Unit):
            return _refuse(14, f"请只填数字，如{plain(number)}")
        if rest != unit:
            return _refuse(57, f"本列以{unit}计，该格写的是{rest}，请统一计量单位")
        notes = (Note(15, Level.NOTED, f"已转为{plain(number)}"),)
    try:
        yuan = to_yuan(cell if isinstance(cell, float) else number, unit)
    except MoneyError as error:
        return _refuse(14, str(error))
    doubt = implausible_unit(yuan, unit) if column.of_one else None
    if doubt is not None:
        return _refuse(13 if unit is Unit.YI else 12, doubt)
    return Reading(yuan, notes)


def _count(cell: Cell, column: Column) -> Reading:
    if isinstance(cell, str) and len(re.findall(r"\d+", fold_width(cell))) > 1 and re.search(r"\d[^\d.,]+.*\d", cell):
        return _refuse(41, "请分行填写，一格只填一个数")
    number, rest, notes, refusal = _number(cell)
    if refusal is not None or number is None:
        return refusal or Reading()
    if number != number.to_integral_value():
        return _refuse(43, "台数应为整数" if "unit" in column.field or column.field == "count" else "应为整数")
    if rest:
        notes = (Note(42, Level.NOTED, f"已识别为{plain(number)}"),)
    return Reading(int(number), notes)


def _quantity(cell: Cell, _column: Column) -> Reading:
    number, rest, notes, refusal = _number(cell)
    if refusal is not None or number is None:
        return refusal or Reading()
    if re.search(r"\d", rest) or rest.startswith("%"):
        return _refuse(14, f"请只填数字，如{plain(number)}")
    rounded = number.quantize(Decimal("0.0001"))
    if rest:
        notes = (Note(42, Level.NOTED, f"已识别为{plain(number)}"),)
    elif rounded != number and not isinstance(cell, float):
        notes = (Note(42, Level.NOTED, "已保留四位小数"),)
    return Reading(rounded, notes)


def _percent(cell: Cell, percent_shown: bool) -> Reading:
    """Read a percentage as percent points: 35% → 35."""
    number, rest, notes, refusal = _number(cell)
    if refusal is not None or number is None:
        return refusal or Reading()
    if rest not in ("", "%"):
        return _refuse(14, "请只填百分数，如35")
    if percent_shown and isinstance(cell, float | int):
        return Reading((number * 100).quantize(Decimal("0.0001")))
    if not rest and 0 < abs(number) <= 1:
        points = (number * 100).quantize(Decimal("0.0001"))
        return _note(points, 56, Level.VERIFY, f"按{plain(points)}%理解，请确认")
    return Reading(number.quantize(Decimal("0.0001")), notes if not rest else ())


def _date(cell: Cell, column: Column) -> Reading:
    if isinstance(cell, datetime):
        return _in_range(cell.date())
    if isinstance(cell, date):
        return _in_range(cell)
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        if _SERIAL_MIN <= cell <= _SERIAL_MAX and cell == int(cell):
            day = date(1899, 12, 30) + timedelta(days=int(cell))
            return _note(day, 58, Level.NOTED, f"已识别为{day.isoformat()}")
        cell = plain(exact(cell))
    text = "".join(fold_width(str(cell)).split())
    if text in NOTHING:
        return _note(None, 16, Level.VERIFY, f"“{text}”：暂缺请留空并说明")
    match = re.fullmatch(r"(\d{4})(?:[-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})[日号]?", text) or re.fullmatch(
        r"(\d{4})(\d{2})(\d{2})", text
    )
    if match:
        return _calendar_day(int(match[1]), int(match[2]), int(match[3]))
    month = _month_of(text)
    if month.refused or not isinstance(month.value, str):
        if month.notes and month.notes[0].no == 26:
            return month
        return _refuse(28, "请填写年月，如2026-10-15")
    year, number = map(int, month.value.split("-"))
    last = bool(_END_FIELDS.search(column.field))
    day = date(year, number, monthrange(year, number)[1] if last else 1)
    checked = _in_range(day)
    return checked if checked.refused else _note(day, 58, Level.NOTED, f"只有年月，已按{day.isoformat()}登记")


def _calendar_day(year: int, month: int, day: int) -> Reading:
    try:
        return _in_range(date(year, month, day))
    except ValueError:
        return _refuse(27, f"{month}月{day}日：日期不存在")


def _in_range(day: date) -> Reading:
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        return _refuse(54, f"{day.isoformat()}早于{YEAR_MIN}年或晚于{YEAR_MAX}年，请核对日期")
    return Reading(day)


def _month_of(text: str) -> Reading:
    """Read year and month; ``2025.1`` may be January or a cut-off October."""
    if re.fullmatch(r"\d{4}\.1", text):
        year = text[:4]
        return _refuse(26, f"{text}：分不清1月和10月，请填{year}-01或{year}-10")
    match = re.fullmatch(r"(\d{4})(?:[-/.年])(\d{1,2})月?(?:份)?", text) or re.fullmatch(r"(\d{4})(\d{2})", text)
    if match is None or not 1 <= int(match[2]) <= 12:
        return _refuse(28, "请填写年月，如2026-10")
    return Reading(f"{match[1]}-{int(match[2]):02d}")


def _month(cell: Cell, _column: Column) -> Reading:
    if isinstance(cell, date | datetime):
        return Reading(f"{cell.year:04d}-{cell.month:02d}")
    text = "".join(fold_width(as_text(cell)).split())
    reading = _month_of(text)
    if reading.refused or not isinstance(reading.value, str):
        return reading
    if not YEAR_MIN <= int(reading.value[:4]) <= YEAR_MAX:
        return _refuse(54, f"{reading.value}早于{YEAR_MIN}年或晚于{YEAR_MAX}年，请核对日期")
    return reading


def _period(cell: Cell, column: Column) -> Reading:
    text = "".join(fold_width(as_text(cell)).split()) if not isinstance(cell, date) else ""
    year = re.fullmatch(r"((?:19|20|21)\d{2})年?度?", text)
    return Reading(year[1]) if year else _month(cell, column)


def _code(cell: Cell, column: Column) -> Reading:
    reading = _text(cell, column) if as_text(cell).strip() not in column.type.codes else Reading(as_text(cell).strip())
    text = reading.value
    if reading.refused or not isinstance(text, str) or text in column.type.codes or not column.type.codes:
        return reading
    folded = {fold_width(code): code for code in column.type.codes}
    if fold_width(text) in folded:
        return Reading(folded[fold_width(text)], reading.notes)
    parts = re.split(r"[/、，,；;和及]", text)
    if len(parts) > 1 and any(part in column.type.codes for part in parts):
        what = "领域" if column.field == "domain" else "一项"
        return _refuse(33, f"“{text}”：只选主要{what}")
    return _refuse(32, f"“{text}”：请选择{_nearest(text, column.type.codes)}")


def _nearest(text: str, codes: tuple[str, ...]) -> str:
    """Return the code that *text* most likely means, or all of them."""
    inside = [code for code in codes if code in text or text in code]
    near = inside or get_close_matches(text, codes, n=1, cutoff=0.5)
    return f"“{near[0]}”" if near else "、".join(f"“{code}”" for code in codes)


def _texts(cell: Cell, column: Column) -> Reading:
    parts = [part.strip() for part in re.split(r"[、；;，,\n]+", as_text(cell))]
    parts = [part for part in parts if part and part not in NOTHING]
    wrong = [part for part in parts if column.type.codes and part not in column.type.codes]
    if wrong:
        return _refuse(32, f"“{wrong[0]}”：请选择{_nearest(wrong[0], column.type.codes)}")
    return Reading(tuple(parts) or None)


def _department(cell: Cell, column: Column) -> Reading:
    reading = _text(cell, column)
    if not isinstance(reading.value, str):
        return reading
    code = (column.departments or {}).get(reading.value)
    if code is None:
        return _refuse(32, f"“{reading.value}”不在本区单位名录，请填写规范名称")
    return Reading(code, reading.notes)


def _departments(cell: Cell, column: Column) -> Reading:
    """Read ``甲局（牵头）、乙局``: ``code:part`` in order, the first leading unless a bracket says otherwise."""
    named = "牵头" in as_text(cell)
    result: list[str] = []
    for part in re.split(r"[、；;，,\n]+", as_text(cell)):
        match = re.fullmatch(r"\s*([^（(]+?)\s*(?:[（(](牵头|配合)(?:单位|部门)?[）)])?\s*", part)
        if match is None:
            continue
        code = (column.departments or {}).get(match[1])
        if code is None:
            return _refuse(32, f"“{match[1]}”不在本区单位名录，请填写规范名称")
        role = match[2] or ("配合" if named or result else "牵头")
        result.append(f"{code}:{role}")
    return Reading(tuple(result) or None)


def _flag(cell: Cell, _column: Column) -> Reading:
    text = as_text(cell).strip()
    return Reading("是" if text in ("是", "√", "1", "有", "Y", "y") else "否")


_READERS: dict[str, Callable[[Cell, Column], Reading]] = {
    "text": _text,
    "prose": _prose,
    "money": _money,
    "count": _count,
    "quantity": _quantity,
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
