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

FIXED_MEASURES = {"energy_saving": ("吨标准煤", "吨标煤", "tce"), "capacity": ("吨", "t")}
"""Quantities whose unit the contract itself fixes, for a year: the names of that unit."""


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
