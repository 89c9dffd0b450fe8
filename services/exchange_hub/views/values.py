"""From a stored value to words and back, by the type and unit of its column: the one way for pages, files, API and commands.

Money is stored in fen. Machines read it as decimal yuan, people in 万元 with the exact yuan beside it. Three things must never be
confused: nothing reported, a reported zero, and a number too small for the unit. What somebody else wrote is shown and never
obeyed: control characters and those that turn the direction of writing around are made visible.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from exchange_hub.runtime.terminal import visible
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import Column

EMPTY = "—"
NOT_REPORTED = "未填报"

Names = Mapping[str, str]
"""Code of a bureau → the name that people read."""

Filed = str | int | Decimal | date | None
"""A cell of a file: text, number or date; ``None`` where nothing was reported."""

Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None

_WHOLE_MAX = 2**63 - 1
_WAN_FEN, _YUAN_FEN = 1_000_000, 100
_QUANTITY_MAX = Decimal(10) ** 16
_TEXT_MAX = 200
_FLAGS = {"true": True, "false": False, "是": True, "否": False}


class ValueTextError(ValueError):
    """A text is no value of a column; the message is Chinese and names the column."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A value ready for people: its words, the full form for a tooltip, and how to set it."""

    text: str
    full: str = ""
    style: str = ""


NOTHING = Shown(EMPTY, NOT_REPORTED, "empty")


def yuan(fen: int) -> Decimal:
    """Return *fen* in yuan, exactly two places."""
    return Decimal(fen).scaleb(-2)


def money(fen: int | None) -> Shown:
    """Show *fen* in 万元 with the full yuan as tooltip.

    Two places, four below one 万元, and as many as it takes where an amount that is not zero would read as zero.

    >>> money(123456789).text, money(123456789).full
    ('123.46', '1,234,567.89 元')
    >>> money(0).text, money(None).text, money(1).text
    ('0.00', '—', '0.000001')
    """
    if fen is None:
        return NOTHING
    return Shown(f"{wan(fen):,}", f"{yuan(fen):,} 元", "number")


def wan(fen: int) -> Decimal:
    """Return *fen* in 万元, rounded half up to the places of :func:`wan_places`."""
    return Decimal(fen).scaleb(-6).quantize(Decimal(1).scaleb(-wan_places(fen)), ROUND_HALF_UP)


def wan_places(fen: int) -> int:
    """Return with how many places an amount of a list is shown in 万元, wherever it is shown."""
    if fen == 0 or abs(fen) >= _WAN_FEN:
        return 2
    return 4 if abs(fen) >= _YUAN_FEN else 6


def number(value: int | Decimal | None) -> Shown:
    """Show a count or a quantity with thousands separators and without idle zeros."""
    if value is None:
        return NOTHING
    return Shown(f"{value if isinstance(value, int) else plain_decimal(value):,}", style="number")


def exact_yuan(fen: int | None) -> str | None:
    """Return fen as machines are told money, ``None`` where there is none.

    >>> exact_yuan(123450), exact_yuan(None)
    ('1234.50', None)
    """
    return None if fen is None else str(yuan(fen))


def plain_decimal(value: Decimal) -> Decimal:
    """Return a decimal without idle zeros, never with an exponent.

    >>> str(plain_decimal(Decimal("1200.5000"))), str(plain_decimal(Decimal("1200.0000")))
    ('1200.5', '1200')
    """
    short = value.normalize()
    return short.quantize(Decimal(1)) if int(short.as_tuple().exponent) > 0 else short


def month(text: str) -> str:
    """Show ``2026-10`` as ``2026年10月``; anything else as it is."""
    year, _, rest = text.partition("-")
    return f"{year}年{int(rest)}月" if year.isdigit() and rest.isdigit() else text


def list_title(name: object) -> str:
    """Return what a list is called; a name that is none stays as it is."""
    view = BY_NAME.get(str(name))
    return view.title if view else str(name)


_MONEY = {column.name: column.title for view in reversed(BY_NAME.values()) for column in view.columns if column.type == "money"}


def _entry(key: str) -> str:
    """Return what an entry of amounts is called; a confirmation names its totals by the columns of its list."""
    return _MONEY.get(key) or visible(key)


def named(column: Column, raw: object, names: Names) -> str:
    """Return the words of a text: bureaus and lists by name, everything else as it stands."""
    text = str(raw)
    if column.bureau:
        text = names.get(text, text)
    elif column.names_list:
        text = list_title(text)
    return visible(text)


def shown(column: Column, raw: object, names: Names) -> Shown:
    """Show a value to people, as its column's type asks."""
    if raw is None or raw in ("", [], {}, ()):
        return NOTHING
    match column.type:
        case "money":
            return money(_whole(raw))
        case "count" if column.year:
            return Shown(str(raw), style="nowrap")
        case "count":
            return number(_whole(raw))
        case "quantity":
            return number(Decimal(str(raw)))
        case "month":
            return Shown(visible(month(str(raw))), style="nowrap")
        case "date":
            return Shown(visible(str(raw)), style="nowrap")
        case "flag":
            return Shown("是" if raw else "否")
        case "texts":
            return Shown("、".join(named(column, item, names) for item in items(raw)))
        case "money_map":
            parts = [(_entry(key), money(fen)) for key, fen in _amounts(raw)]
            return Shown("；".join(f"{key} {each.text}" for key, each in parts), "；".join(f"{key} {each.full}" for key, each in parts))
        case _:
            return Shown(named(column, raw, names), style="nowrap" if column.code else "")


def exact(column: Column, raw: object, names: Names) -> str:
    """Show a value to people who compare: amounts in exact yuan, for in 万元 two that differ by one yuan would look the same."""
    told = shown(column, raw, names)
    return told.full if column.type in ("money", "money_map") and told is not NOTHING else told.text


def filed(column: Column, raw: object, names: Names) -> Filed:
    """Return a value as the cell of a file: yuan, number, date or words; ``None`` where nothing was reported."""
    if raw is None:
        return None
    match column.type:
        case "money":
            return yuan(_whole(raw))
        case "count":
            return _whole(raw)
        case "quantity":
            return plain_decimal(Decimal(str(raw)))
        case "date" if isinstance(raw, date):
            return raw
        case "money_map":
            return "；".join(f"{_entry(key)}：{yuan(fen)}" for key, fen in _amounts(raw))
        case "texts":
            return "、".join(named(column, item, names) for item in items(raw))
        case "flag":
            return "是" if raw else "否"
        case _:
            return named(column, raw, names)


def plain(column: Column, raw: object) -> Json:
    """Return a value as JSON holds it: money and quantities as decimal strings, dates ISO, codes as they are."""
    if raw is None:
        return None
    match column.type:
        case "money":
            return str(yuan(_whole(raw)))
        case "money_map":
            return {key: str(yuan(fen)) for key, fen in _amounts(raw)}
        case "quantity":
            return str(plain_decimal(Decimal(str(raw))))
        case "count":
            return _whole(raw)
        case "flag":
            return bool(raw)
        case "texts":
            return [str(item) for item in items(raw)]
        case _:
            return str(raw)


def stored(column: Column, text: str) -> object:
    """Read what people and programs write as a stored value: money is given in yuan and becomes fen.

    Raises:
        ValueTextError: the text is no value of this column.
    """
    if len(text) > _TEXT_MAX or "\x00" in text:
        raise ValueTextError(f"“{column.title}”的筛选值过长或含有无效字符。")
    try:
        match column.type:
            case "money":
                return _bounded(_decimal(text) * 100)
            case "count":
                return _bounded(_decimal(text))
            case "quantity":
                value = _decimal(text)
                if abs(value) >= _QUANTITY_MAX:
                    raise InvalidOperation
                return value
            case "date":
                return date.fromisoformat(text)
            case "flag":
                return _FLAGS[text]
            case "money_map":
                raise ValueTextError(f"“{column.title}”不能作为筛选条件。")
            case _:
                return text
    except (ArithmeticError, ValueError, KeyError) as error:
        if isinstance(error, ValueTextError):
            raise
        raise ValueTextError(f"“{column.title}”的筛选值“{visible(text[:40])}”格式不对。") from error


def unit_shown(column: Column) -> str:
    """Return the unit of a heading for people: 万元 for money, nothing where the title already says it."""
    unit = "万元" if column.type in ("money", "money_map") else column.unit
    return "" if unit in column.title else unit


def heading(column: Column) -> str:
    """Return a heading for people with its unit."""
    return _headed(column, unit_shown(column))


def exact_heading(column: Column) -> str:
    """Return the heading of a file's column, or of an exact amount, with its unit: money stands there in 元."""
    unit = "元" if column.type in ("money", "money_map") else column.unit
    return _headed(column, "" if unit in column.title else unit)


def _headed(column: Column, unit: str) -> str:
    return f"{column.title}（{unit}）" if unit else column.title


def _whole(raw: object) -> int:
    return raw if isinstance(raw, int) else int(str(raw))


def _amounts(raw: object) -> list[tuple[str, int]]:
    return sorted((str(key), _whole(fen)) for key, fen in raw.items()) if isinstance(raw, Mapping) else []


def items(raw: object) -> list[object]:
    """Return the items of a value that may be several."""
    return list(raw) if isinstance(raw, list | tuple) else [raw]


def _decimal(text: str) -> Decimal:
    value = Decimal(unicodedata.normalize("NFKC", text).replace(",", ""))
    # The exponent is looked at first: to write 1e999999 out takes a megabyte.
    if not value.is_finite() or abs(value.adjusted()) > 40:
        raise InvalidOperation
    return value


def _bounded(value: Decimal) -> int:
    if value != value.to_integral_value() or abs(value) > _WHOLE_MAX:
        raise InvalidOperation
    return int(value)
