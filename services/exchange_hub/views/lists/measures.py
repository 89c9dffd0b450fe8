"""Values with units: in what they are said, two of one family are the same where they are in its base unit."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from exchange_contracts import units

_SAME: Final = {"公斤": ("吨", Decimal("0.001")), "千克": ("吨", Decimal("0.001")), "t": ("吨", Decimal(1)), "kg": ("吨", Decimal("0.001")), "吨标煤": ("吨标准煤", Decimal(1)), "tce": ("吨标准煤", Decimal(1)), "度": ("千瓦时", Decimal(1)), "kWh": ("千瓦时", Decimal(1)), "台(套)": ("台套", Decimal(1))}  # fmt: skip
"""Unit → the base unit of its family and how many of that it is."""

_PREFIX: Final = re.compile("^[十百千万亿]+(?![克瓦米])")
"""What multiplies a unit; the 千 of 千克, 千瓦 and 千米 belongs to the unit."""


@lru_cache(maxsize=1024)
def family(unit: str) -> tuple[str, Decimal]:
    """Return the base unit of a unit's family, and how many of it the unit is.

    >>> family("万吨"), family("亿元")
    (('吨', Decimal('10000')), ('元', Decimal('100000000')))
    """
    money = units.money_unit(unit)
    if money is not None:
        return "元", money.factor
    prefix = _PREFIX.match(unit)
    size = prefix.end() if prefix else 0
    factor, rest = units.multiplier(unit[:size])[0], unit[size:]
    base, each = _SAME.get(rest, (rest, Decimal(1)))
    return base, each * factor


def family_sql(column: str) -> str:
    """Return the SQL expression for the base unit of the unit in *column*."""
    bare = f"regexp_replace({column}, '{_PREFIX.pattern}', '')"
    words = " ".join(f"WHEN '{unit}' THEN '{base}'" for unit, (base, _) in _SAME.items())
    return f"CASE {bare} {words} ELSE {bare} END"


def factor_sql(column: str) -> str:
    """Return the SQL expression for how many of its base unit the unit in *column* is."""
    bare = f"regexp_replace({column}, '千([克瓦米])', '\\1')"
    signs = (f"power({size}::numeric, length({bare}) - length(replace({bare}, '{sign}', '')))" for sign, size in units.MULTIPLIERS.items())
    return f"({' * '.join(signs)})"


def in_base(facts: Mapping[str, Any]) -> tuple[str, Decimal | None]:
    """Return (base unit, value in it) of a statement with ``value`` and ``unit``."""
    base, factor = family(facts["unit"])
    value = facts.get("value")
    return base, None if value is None else (value * factor).normalize()


def ratio_differs(facts: Mapping[str, Any]) -> bool:
    """Tell whether a value is another than its numerator by its denominator, further than its last decimal can round.

    A rate of growth is the ratio less one.

    >>> ratio_differs({"numerator": Decimal(2), "denominator": Decimal(3), "value": Decimal("66.7000"), "unit": "%"})
    False
    >>> ratio_differs({"numerator": Decimal(2), "denominator": Decimal(3), "value": Decimal("76.7"), "unit": "%"})
    True
    """
    value, above, below = facts.get("value"), facts.get("numerator"), facts.get("denominator")
    if value is None or above is None or not below:
        return False
    scale = {"%": 100, "‰": 1000}.get(facts["unit"], 1)
    decimals = min(0, value.normalize().as_tuple().exponent)
    rounding = Decimal(5).scaleb(decimals - 1)
    return all(abs(value - ratio * scale) > rounding for ratio in (above / below, above / below - 1))
