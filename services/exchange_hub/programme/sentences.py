"""The sentences of the monthly report: templates with values in, official Chinese out.

Plain statements only: no praise, no rankings, no technical words, no percentage of a zero base. What is absent is named
as absent (未设定, 未报送) and never written as zero. Money is in 亿元 from one hundred million yuan, else in 万元.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

_YI = Decimal(100_000_000)
_WAN = Decimal(10_000)


def money(yuan: Decimal) -> str:
    """Write an amount: ``3.21亿元`` or ``1234.57万元``."""
    if abs(yuan) >= _YI:
        return f"{_rounded(yuan / _YI, 2)}亿元"
    return f"{wan(yuan)}万元"


def wan(yuan: Decimal) -> str:
    """Write an amount in 万元 with two decimals, for a row of amounts that names the unit once."""
    return _rounded(yuan / _WAN, 2)


def exact_wan(yuan: Decimal) -> str:
    """Write an amount in 万元 without rounding: two decimals, more only where there are fen and yuan to show."""
    wan = yuan / _WAN
    places = max(2, -int(wan.normalize().as_tuple().exponent))
    return f"{wan.quantize(Decimal(1).scaleb(-places)):f}"


def number(value: Decimal) -> str:
    """Write a quantity: whole where it is whole, else with two decimals."""
    return _rounded(value, 0 if value == value.to_integral_value() else 2)


def percent(value: Decimal) -> str:
    """Write a percentage with one decimal."""
    return f"{_rounded(value, 1)}%"


def points(value: Decimal) -> str:
    """Write percentage points with one decimal, as percentages have."""
    return f"{_rounded(value, 1)}个百分点"


def day(value: date) -> str:
    """Write a date as ``2026年11月5日``, without leading zeros (GB/T 9704, 7.3.5.4)."""
    return f"{value.year}年{value.month}月{value.day}日"


def day_of(value: date) -> str:
    """Write a date within a known year: ``11月5日``."""
    return f"{value.month}月{value.day}日"


def change(yoy: Decimal | None, *, points: bool = False) -> str:
    """Say how a value changed against the same months of last year; without a base, that there is none to compare with."""
    if yoy is None:
        return "上年同期无可比数"
    size = f"{_rounded(abs(yoy), 2)}个百分点" if points else percent(abs(yoy))
    if size.startswith(("0.0%", "0.00个")):
        return "与上年同期持平"
    return f"同比{'增长' if yoy > 0 else '下降'}{size}" if not points else f"同比{'提高' if yoy > 0 else '下降'}{size}"


def joined(names: Iterable[str], most: int = 0, what: str = "个单位") -> str:
    """Join names with 、; where there are more than *most* (0: no limit), say how many in all."""
    every = list(dict.fromkeys(names))
    if most and len(every) > most:
        return f"{'、'.join(every[:most])}等{len(every)}{what}"
    return "、".join(every)


def shortened(text: str, most: int) -> str:
    """Cut a long text for the body of the report; the annex has it whole."""
    flat = "".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"


def silent(names: Sequence[str], moment: date) -> str:
    """Name who has not reported: their part is left out and is not zero."""
    return f"{joined(names)}截至{day(moment)}尚未报送，本期未计入，不以零计。"


def unconfirmed(names: Sequence[str]) -> str:
    """Name whose data are counted although nobody has confirmed them."""
    return f"{joined(names)}的数据未经签发确认，已计入。"


def nothing_reported(what: str) -> str:
    """Say that nothing was reported for a table."""
    return f"{what}本期未报送，不以零计。"


def amounts(before: Decimal, after: Decimal) -> tuple[str, str]:
    """Write two amounts so that their difference shows: in 万元, or in 元 where 万元 would round it away."""
    written = tuple(f"{_rounded(value / _WAN, 2)}万元" for value in (before, after))
    if before == after or written[0] != written[1]:
        return written[0], written[1]
    return f"{_rounded(before, 2)}元", f"{_rounded(after, 2)}元"


def clause(template: str, **values: str | None) -> str:
    """Fill a template, or return nothing where one of its values is absent: a clause never shows a gap."""
    if any(value is None for value in values.values()):
        return ""
    return template.format(**values)


def sentence(*clauses: str) -> str:
    """Join the clauses that say something into one sentence; without any there is none."""
    said = [text for text in clauses if text]
    return "，".join(said) + "。" if said else ""


def _rounded(value: Decimal, places: int) -> str:
    result = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{abs(result) if result == 0 else result:f}"
