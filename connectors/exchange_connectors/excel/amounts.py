"""A cell to an amount: money, counts, quantities and percentages, with the words that clerks write beside them. Pure.

The rest of a cell is understood or the cell goes back; what is advised never changes the amount.
"""

import re
from datetime import date, time
from decimal import Decimal

from exchange_connectors.excel.cells import (
    NOTHING,
    Column,
    Reading,
    Seen,
    fold_width,
    is_scientific,
    noted,
    refuse,
    torn,
)
from exchange_connectors.excel.model import Cell, Level, Note
from exchange_connectors.excel.number_format import NumberFormat
from exchange_connectors.kit.money import MoneyError, Unit, exact, implausible_unit, plain, to_yuan
from exchange_contracts.units import QUANTITY_WORDS, counts_things, money_unit, multiplier, names_money

NUMBER_MAX = Decimal(10) ** 14
"""A quantity of four places and 18 digits stays below this, and so does every amount and count."""

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?(?![\d,])")
_CURRENCY = re.compile(r"^(?:人民币|RMB|CNY)?[¥￥]?", re.IGNORECASE)
_AMOUNT = re.compile(r"(\d[\d,]*(?:\.\d+)?)([十百千万亿]*元?)")
_ONE = "一格只填一个数"
_NO_THINGS = frozenset(["批", "次", "天", "人", "期", "场", "起", "行", "名", "位", "人次", "篇", "门", "栋", "间", "所"])
"""Words that count something else than the things of which a column of units or pieces speaks."""

_Number = tuple[Decimal | None, str, tuple[Note, ...], Reading | None]


def _number(cell: Cell, seen: Seen) -> _Number:
    """Read a number as it shows, with what follows it: number, rest, notes, or the refusal."""
    if isinstance(cell, bool | date | time):
        return _no(refuse(14, "应为数字，请只填数字，如300"))
    if isinstance(cell, float | int):
        return _shown(exact(cell), seen.format)
    raw = str(cell).strip()
    if torn(raw):
        return _no(refuse(14, f"“{_quoted(raw)}”：{_ONE}"))
    text = "".join(fold_width(raw).split())
    if text in NOTHING or raw in NOTHING:
        return _no(noted(None, 16, Level.VERIFY, f"“{_quoted(raw)}”：无发生请填0；暂缺请留空并说明"))
    if is_scientific(text):
        return _no(refuse(2, "长号码成了科学计数，请设为文本后重录"))
    currency = _CURRENCY.match(text)
    text = text[currency.end() :] if currency else text
    grouped = _GROUPED.match(text)
    if grouped:
        text = grouped[0].replace(",", "") + text[grouped.end() :]
    match = _NUMBER.match(text)
    if match is None:
        return _no(refuse(14, f"“{_quoted(raw)}”：请只填数字"))
    rest = text[match.end() :]
    if re.search(r"\d", rest):
        return _no(refuse(14, f"“{_quoted(raw)}”：{_ONE}"))
    notes = (Note(15, Level.NOTED, f"“{_quoted(raw)}”已转为{match[0]}"),) if match[0] != raw and not rest else ()
    return _bounded(exact(match[0]), rest, notes)


def _no(reading: Reading) -> _Number:
    return None, "", (), reading


def _quoted(text: str) -> str:
    """Return what stands in a cell, short and in one line."""
    line = " ".join(text.split())
    return line if len(line) <= 20 else f"{line[:20]}…"


def _shown(number: Decimal, shown: NumberFormat | None) -> _Number:
    """Return a number with the words that its format shows."""
    shown = shown.of(number) if shown is not None else None
    if shown is None or (not number and _is_a_dash(shown)):
        return _bounded(number, "", ())
    if shown.date:
        return _no(refuse(14, "该格显示为日期，请设为数值格式后填数字"))
    if shown.blank:
        return _no(refuse(14, f"该格存的是{plain(number)}，但设了不显示的格式，请改为常规格式"))
    if shown.shifted:
        return _no(refuse(14, f"该格存的是{plain(number)}，显示的却是另一个数，请改为常规格式并按计量单位填写"))
    prefix = _CURRENCY.sub("", fold_width(shown.prefix), count=1)
    if prefix:
        return _no(refuse(14, f"该格显示为“{shown.prefix}{plain(number)}”，请按计量单位只填数字"))
    if shown.percent:
        return _bounded(number * 100, "%", ())
    return _bounded(number, "".join(fold_width(shown.suffix).split()), ())


def _is_a_dash(shown: NumberFormat) -> bool:
    """Say whether a nought shows as nothing, a dash or 无."""
    words = shown.prefix + shown.suffix
    return shown.blank or (bool(words) and (words in NOTHING or words == "零"))


def _bounded(number: Decimal, rest: str, notes: tuple[Note, ...]) -> _Number:
    """Refuse a number that no contract holds."""
    if abs(number) >= NUMBER_MAX:
        return _no(refuse(14, "数值过大，请核对"))
    return number, rest, notes, None


def read_money(cell: Cell, column: Column, seen: Seen) -> Reading:
    """Read an amount in the column's unit as yuan."""
    unit = column.unit or Unit.YUAN
    number, rest, notes, refusal = _number(cell, seen)
    if refusal is not None or number is None:
        return _advised(cell, refusal or Reading(), unit)
    if rest:
        own = money_unit(rest.removesuffix("整")) if rest.removesuffix("整").endswith("元") else None
        if own is None and not names_money(rest):
            return refuse(14, f"“{_quoted(f'{plain(number)}{rest}')}”：请只填数字{_example(number, rest, unit)}")
        if own is None:
            return refuse(14, f"请只填数字{_example(number, rest, unit)}")
        if own is not unit:
            return refuse(57, f"本列以{unit}计，该格写的是{rest}，请统一计量单位")
        notes = (Note(15, Level.NOTED, f"已转为{plain(number)}"),)
    try:
        yuan = to_yuan(cell if isinstance(cell, float) else number, unit)
    except MoneyError as error:
        return refuse(14, str(error))
    doubt = implausible_unit(yuan, unit) if column.of_one else None
    if doubt is not None:
        return refuse(13 if unit is Unit.YI else 12, doubt)
    shown = seen.format.of(number) if seen.format is not None and not isinstance(cell, str) else None
    if unit is not Unit.YUAN and re.search("[¥￥]", cell if isinstance(cell, str) else shown.prefix if shown is not None else ""):
        notes = (*notes, Note(57, Level.VERIFY, f"该格带货币符号，已按{unit}理解，请核对"))
    return Reading(yuan, notes)


def _example(number: Decimal, rest: str, unit: Unit) -> str:
    """Return the amount in the column's unit as an example, where what was written says which amount it is."""
    factor, left = multiplier(rest)
    if left not in ("", "元"):
        return ""
    yuan = number * (factor if rest else unit.factor)
    return f"，如{plain(yuan / unit.factor)}"


def _advised(cell: Cell, reading: Reading, unit: Unit) -> Reading:
    """Add the one amount that a refused text may mean, in the column's unit, to the advice."""
    if (
        not reading.refused
        or not isinstance(cell, str)
        or reading.notes[0].no != 14
        or _ONE in reading.notes[0].message
    ):
        return reading
    text = "".join(fold_width(cell).split())
    found = _AMOUNT.findall(text)
    if len(found) != 1 or re.search(r"[-−(负减<>%‰/]", text):
        return reading
    digits, words = found[0]
    example = _example(exact(digits.replace(",", "")), words, unit)
    return refuse(14, reading.notes[0].message + example)


def read_count(cell: Cell, column: Column, seen: Seen) -> Reading:
    """Read a whole number of things, with the word that counts them."""
    number, rest, notes, refusal = _number(cell, seen)
    if refusal is not None or number is None:
        several = isinstance(cell, str) and len(re.findall(r"\d+", fold_width(cell))) > 1
        return refuse(41, f"请分行填写，{_ONE}") if several else refusal or Reading()
    factor, word = multiplier(rest)
    if word and not counts_things(word):
        return refuse(14, f"“{_quoted(f'{plain(number)}{rest}')}”：请只填数字")
    if set(re.split(r"[/()、]", word)) & _NO_THINGS and ("unit" in column.field or column.field == "count"):
        return refuse(14, f"“{_quoted(f'{plain(number)}{rest}')}”：请填台套数或件数，不填{word}")
    number *= factor
    if number != number.to_integral_value():
        return refuse(43, "台数应为整数" if "unit" in column.field or column.field == "count" else "应为整数")
    if rest:
        notes = (Note(42, Level.NOTED, f"已识别为{plain(number)}"),)
    return Reading(int(number), notes)


def read_quantity(cell: Cell, column: Column, seen: Seen) -> Reading:
    """Read a quantity in the unit that the row or the heading names; another unit beside the number goes back."""
    number, rest, notes, refusal = _number(cell, seen)
    if refusal is not None or number is None:
        return refusal or Reading()
    measure = "".join(fold_width(seen.measure or column.measure).split())
    if seen.measure and column.measure and measure != column.measure:
        return refuse(57, f"表头写{column.measure}，本行计量单位写{measure}，请统一计量单位")
    factor, word = multiplier(rest)
    if rest and rest == measure:
        factor, word = 1, rest
    elif factor != 1 and multiplier(measure)[0] != 1:
        return refuse(57, f"该格写的是{plain(number)}{rest}，计量单位为{measure}，请统一计量单位后只填数字")
    if word and word != measure:
        if word in QUANTITY_WORDS or word == "%":
            beside = f"计量单位为{measure}" if measure else "本列没有写明计量单位"
            return refuse(57, f"该格写的是{plain(number)}{rest}，{beside}，请统一计量单位后只填数字")
        return refuse(14, f"“{_quoted(f'{plain(number)}{rest}')}”：请只填数字")
    number *= factor
    rounded = number.quantize(Decimal("0.0001"))
    if rest and rest != "%":
        notes = (Note(42, Level.NOTED, f"已识别为{plain(number)}"),)
    elif measure == "%" and not rest and 0 < abs(number) <= 1:
        notes = (Note(56, Level.VERIFY, f"显示为{plain(number)}而计量单位为%，请确认不是{plain(number * 100)}%"),)
    elif rounded != number and not isinstance(cell, float):
        notes = (Note(42, Level.NOTED, "已保留四位小数"),)
    return Reading(rounded, notes)


def read_percent(cell: Cell, _column: Column, seen: Seen) -> Reading:
    """Read a percentage as percent points: 35% → 35."""
    number, rest, notes, refusal = _number(cell, seen)
    if refusal is not None or number is None:
        return refusal or Reading()
    if rest not in ("", "%"):
        return refuse(14, "请只填百分数，如35")
    if not rest and 0 < abs(number) <= 1:
        points = (number * 100).quantize(Decimal("0.0001"))
        return noted(points, 56, Level.VERIFY, f"按{plain(points)}%理解，请确认")
    return Reading(number.quantize(Decimal("0.0001")), notes if not rest else ())
