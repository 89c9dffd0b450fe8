"""Money and its units, exactly: what a bureau writes in 元, 万元 or 亿元 becomes yuan with two places.

Only ``Decimal`` is used. A spreadsheet hands over binary floats; their shortest decimal form (what the cell shows)
is what the clerk typed, so it is read from that form and never from the binary value.
"""

from decimal import Decimal, InvalidOperation
from typing import NewType

from exchange_contracts.units import MoneyUnit

Unit = MoneyUnit

Yuan = NewType("Yuan", Decimal)

FEN = Decimal("0.01")
YUAN_MAX = Decimal(10) ** 16 - FEN
"""The largest amount that decimal(18,2) of the contracts holds."""

ROW_YUAN_MAX = Decimal(10) ** 10
"""Beyond 100 亿元 one row is taken for a mistake of unit: no single project of a district is that large."""


class MoneyError(ValueError):
    """An amount that cannot be taken as it stands; the message is Chinese and says what to do."""


def exact(value: float | str | Decimal) -> Decimal:
    """Return the decimal number that *value* shows.

    Args:
        value: a number, or digits as text (no thousands separators, no unit).

    Raises:
        MoneyError: *value* is not a finite number.
    """
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except InvalidOperation as error:
        raise MoneyError(f"“{value}”不是数字，请只填数字") from error
    if not number.is_finite():
        raise MoneyError(f"“{value}”不是数字，请只填数字")
    return number


def to_yuan(value: float | str | Decimal, unit: Unit) -> Yuan:
    """Convert an amount in *unit* to yuan with two places, exactly.

    A formula's binary noise (``0.1 + 0.2`` shows 0.30000000000000004) is taken off: a spreadsheet keeps 15 significant
    digits, so what lies beyond them was never typed. What then still is finer than a fen is refused, not rounded.

    Raises:
        MoneyError: not a number, finer than a fen, or too large for the contract.

    >>> to_yuan("3200.5", Unit.WAN)
    Decimal('32005000.00')
    """
    number = exact(value)
    if isinstance(value, float) and number:
        number = round(number, 14 - number.adjusted())
    yuan = number * unit.factor
    rounded = yuan.quantize(FEN) if abs(yuan) <= YUAN_MAX else yuan
    if abs(yuan) > YUAN_MAX:
        raise MoneyError(f"金额{value}{unit}过大，请核对单位")
    if rounded != yuan:
        raise MoneyError(f"金额{value}{unit}的小数超过分，请核对")
    return Yuan(rounded)


def in_words(yuan: Decimal) -> str:
    """Return *yuan* as people say it: 亿元 from 1 亿, 万元 from 1 万, else 元, without trailing zeros.

    >>> in_words(Decimal("350000000000.00"))
    '3500亿元'
    """
    for unit in (Unit.YI, Unit.WAN):
        if abs(yuan) >= unit.factor:
            return f"{plain(yuan / unit.factor)}{unit}"
    return f"{plain(yuan)}元"


def plain(number: Decimal) -> str:
    """Return *number* in full digits without trailing zeros.

    >>> plain(Decimal("600.00"))
    '600'
    """
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def implausible_unit(yuan: Decimal, unit: Unit, row_yuan_max: Decimal = ROW_YUAN_MAX) -> str | None:
    """Return what to ask (Chinese) where one row's amount is too large for its unit, else ``None``."""
    if abs(yuan) <= row_yuan_max:
        return None
    if unit in (Unit.QIAN, Unit.WAN, Unit.SHIWAN):
        return f"折合{in_words(yuan)}，疑按“元”填写"
    if unit in (Unit.BAIWAN, Unit.QIANWAN, Unit.YI):
        return f"折合{in_words(yuan)}，疑按“万元”填写"
    return f"折合{in_words(yuan)}，请核对金额"
