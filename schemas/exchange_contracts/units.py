"""The units that reports are written in: of money, and the words that may follow a count or a quantity."""

import re
from decimal import Decimal
from enum import StrEnum


class MoneyUnit(StrEnum):
    """The unit an amount was reported in."""

    YUAN = "元"
    QIAN = "千元"
    WAN = "万元"
    SHIWAN = "十万元"
    BAIWAN = "百万元"
    QIANWAN = "千万元"
    YI = "亿元"

    @property
    def factor(self) -> Decimal:
        """Yuan in one of this unit."""
        return _FACTORS[self]


_FACTORS = {
    MoneyUnit.YUAN: Decimal(1),
    MoneyUnit.QIAN: Decimal(10**3),
    MoneyUnit.WAN: Decimal(10**4),
    MoneyUnit.SHIWAN: Decimal(10**5),
    MoneyUnit.BAIWAN: Decimal(10**6),
    MoneyUnit.QIANWAN: Decimal(10**7),
    MoneyUnit.YI: Decimal(10**8),
}

MULTIPLIERS = {"十": 10, "百": 10**2, "千": 10**3, "万": 10**4, "亿": 10**8}
"""What a word before a unit multiplies by; several multiply each other (百万)."""

COUNT_WORDS = frozenset(
    [
        "台",
        "套",
        "台套",
        "辆",
        "个",
        "件",
        "家",
        "户",
        "项",
        "艘",
        "部",
        "座",
        "处",
        "批",
        "次",
        "人",
        "份",
        "本",
        "条",
        "张",
        "笔",
        "块",
        "支",
        "只",
        "组",
        "栋",
        "间",
        "所",
        "门",
        "单",
        "起",
        "期",
        "场",
        "篇",
        "架",
        "艘次",
        "人次",
        "台次",
        "户次",
        "辆次",
        "条次",
        "天",
        "行",
        "名",
        "位",
        "口",
        "盏",
        "根",
        "片",
        "对",
        "双",
        "把",
    ]
)
"""What may follow a count: it counts things one by one."""

QUANTITY_WORDS = frozenset(
    [
        "吨",
        "公斤",
        "千克",
        "克",
        "斤",
        "吨标准煤",
        "吨标煤",
        "千瓦时",
        "度",
        "千瓦",
        "兆瓦",
        "立方米",
        "方",
        "平方米",
        "亩",
        "公顷",
        "公里",
        "千米",
        "米",
        "升",
        "件",
        "台",
        "套",
        "辆",
        "吨/年",
        "t",
        "kg",
        "kWh",
        "tce",
        "m2",
        "m3",
        "m",
        "km",
    ]
)
"""Units of quantities that people write behind a number."""

_CURRENCY = "美元|欧元|日元|港元|港币|英镑|韩元|加元|澳元|卢布|美金"
_MONEY_LIKE = re.compile(
    rf"(?:人民币)?(?:[十百千万亿]{{0,3}}(?:元|{_CURRENCY})|[十百千万亿]{{1,3}}|RMB|CNY|USD|EUR|HKD|JPY)(?:人民币|整)?",
)

_MONEY_INSIDE = re.compile(rf"元|{_CURRENCY}|[¥￥$€£]|RMB|CNY|USD|EUR|HKD|JPY", re.IGNORECASE)

FIXED_MEASURES = {"energy_saving": ("吨标准煤", "吨标煤", "tce"), "capacity": ("吨", "t"), "area": ("亩",)}
"""Quantities whose unit the contract itself fixes, some for a year: the names of that unit."""


def money_unit(text: str) -> MoneyUnit | None:
    """Return the unit that *text* names, ``None`` for none that is known.

    >>> money_unit("人民币万元")
    <MoneyUnit.WAN: '万元'>
    >>> money_unit("万美元")
    """
    bare = text.removeprefix("人民币").removesuffix("人民币")
    if bare in ("RMB", "CNY"):
        return MoneyUnit.YUAN
    if bare and set(bare) <= set(MULTIPLIERS):
        bare += "元"
    return MoneyUnit(bare) if bare in list(MoneyUnit) else None


def names_money(text: str) -> bool:
    """Say whether *text* is the name of a unit of money, known or not.

    >>> [names_money(each) for each in ("万美元", "十亿元", "台套")]
    [True, True, False]
    """
    return _MONEY_LIKE.fullmatch(text) is not None


def holds_money(text: str) -> bool:
    """Say whether a unit of money stands anywhere in *text*, also one that is not known.

    >>> [holds_money(each) for each in ("含税千元", "以USD计", "台套")]
    [True, True, False]
    """
    return _MONEY_INSIDE.search(text) is not None


def multiplier(text: str) -> tuple[int, str]:
    """Return what the words at the start of *text* multiply by, and the rest.

    >>> multiplier("万台")
    (10000, '台')
    """
    factor = 1
    while text and text[0] in MULTIPLIERS:
        factor *= MULTIPLIERS[text[0]]
        text = text[1:]
    return factor, text


def counts_things(word: str) -> bool:
    """Say whether *word* may stand behind a count, in its plural forms too: 台, 台(套), 台/套.

    >>> [counts_things(each) for each in ("台(套)", "台/套", "余台", "O")]
    [True, True, False, False]
    """
    parts = [part for part in re.split(r"[/()、]", word) if part]
    return bool(parts) and all(part in COUNT_WORDS for part in parts)


_FAMILIES: dict[str, tuple[str, Decimal]] = {
    "元": ("元", Decimal(1)), "吨": ("吨", Decimal(1)), "公斤": ("吨", Decimal("0.001")), "千克": ("吨", Decimal("0.001")),
    "克": ("吨", Decimal("0.000001")), "斤": ("吨", Decimal("0.0005")), "吨标准煤": ("吨标准煤", Decimal(1)), "吨标煤": ("吨标准煤", Decimal(1)),
    "千瓦时": ("千瓦时", Decimal(1)), "度": ("千瓦时", Decimal(1)), "兆瓦时": ("千瓦时", Decimal(1000)), "千瓦": ("千瓦", Decimal(1)),
    "兆瓦": ("千瓦", Decimal(1000)), "平方米": ("平方米", Decimal(1)), "亩": ("亩", Decimal(1)), "公顷": ("亩", Decimal(15)),
    "立方米": ("立方米", Decimal(1)), "方": ("立方米", Decimal(1)), "公里": ("米", Decimal(1000)), "千米": ("米", Decimal(1000)), "米": ("米", Decimal(1)),
    "%": ("%", Decimal(1)), "％": ("%", Decimal(1)), "‰": ("%", Decimal("0.1")),
}  # fmt: skip


def factor(unit: str, into: str) -> Decimal | None:
    """Return how many of the unit *into* one *unit* is; ``None`` where they are of different families.

    >>> factor("万吨", "吨"), factor("亿元", "万元"), factor("台", "套")
    (Decimal('10000'), Decimal('10000'), None)
    """
    (family, size), (other, whole) = _of_family(unit.strip()), _of_family(into.strip())
    return size / whole if family == other else None


def _of_family(unit: str) -> tuple[str, Decimal]:
    """Return the family of a unit and its size in the family's own; a unit that is not known is its own family."""
    if unit in _FAMILIES:
        return _FAMILIES[unit]
    if len(unit) > 1 and unit[0] in MULTIPLIERS:
        family, size = _of_family(unit[1:])
        return family, size * MULTIPLIERS[unit[0]]
    return unit, Decimal(1)
