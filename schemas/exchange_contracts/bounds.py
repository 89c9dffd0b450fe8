"""Bounds that hold for every field of a kind, whatever the event: read off the contract, so that a new event has them too.

Decoders refuse what no database could take; these refuse what nobody can have meant. What was accepted before a bound
was drawn stays accepted: no reader of the event log looks at them.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

from exchange_contracts.codes import BAD_VALUE
from exchange_contracts.keys import says_nothing
from exchange_contracts.primitives import EPOCH_ORDINAL
from exchange_contracts.problem import Problem
from exchange_contracts.registry import Contract
from exchange_contracts.shape import Field

YEAR_MIN, YEAR_MAX = 1990, 2035
"""Years of dates and months (no. 54 of the list of workbook errors)."""

BUDGET_YEAR_MIN, BUDGET_YEAR_MAX = 2000, 2100
"""Years of budgets and plans, which reach further ahead."""

_DAY_MIN = date(YEAR_MIN, 1, 1).toordinal() - EPOCH_ORDINAL
_DAY_MAX = date(YEAR_MAX, 12, 31).toordinal() - EPOCH_ORDINAL
_MILLIS_MIN = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp() * 1000)
_MILLIS_MAX = int(datetime(BUDGET_YEAR_MAX + 1, 1, 1, tzinfo=UTC).timestamp() * 1000)

_UNSIGNED = "fund"
"""Kind of the payments of subsidies: what was cut is a reversal, never a negative amount."""
_ANY_SIGN = frozenset(("indicator", "submission"))
"""Kinds whose numbers may fall below zero by nature (rates of growth), or only repeat others' (totals)."""


_REPEATED = frozenset(("source", "unit", "version", "issuer"))
"""Texts that come again from event to event."""


@lru_cache(1 << 14)
def _says_something(text: str) -> bool:
    return not says_nothing(text)


_NAMES: Mapping[str, Any] = {"says_something": _says_something}


class Bound(NamedTuple):
    """A bound of one field.

    Attributes:
        field: its name.
        holds: Python expression over its value *v* that is true where the bound holds; the value is there.
        words: what a bureau reads where it does not.
        rule: its name, where connectors speak of it.
    """

    field: str
    holds: str
    words: str
    rule: str = ""


def of_field(contract: Contract, field: Field) -> list[Bound]:
    """Return the bounds of a field."""
    name, shape = field.name, field.shape
    match shape.meaning:
        case "date":
            return [Bound(name, f"{_DAY_MIN} <= v <= {_DAY_MAX}", f"{{{name}}}早于{YEAR_MIN}年或晚于{YEAR_MAX}年，请核对日期", "date")]
        case "instant":
            words = f"{{{name}}}不是合理的时刻：应为1970年以来的毫秒数，疑误用秒，请检查发送程序"
            return [Bound(name, f"{_MILLIS_MIN} <= v < {_MILLIS_MAX}", words)]
        case "int":
            return [_year(name)] if name.endswith("_year") else [_not_negative(name)]
        case "long" if name != "revision":
            return [_not_negative(name)]
        case "money" if contract.kind == _UNSIGNED and contract.register != "allocated":
            return [Bound(name, "v >= 0", f"{{{name}}}不能为负数：退回、追缴或更正请报冲回")]
        case "map" if shape.keys_format == "year":
            inside = f"(not v or '{BUDGET_YEAR_MIN}' <= min(v) and max(v) <= '{BUDGET_YEAR_MAX}')"
            return [Bound(name, inside, _year_words(name))]
        case "text":
            return _of_text(field)
    return []


def _of_text(field: Field) -> list[Bound]:
    name, shape = field.name, field.shape
    if shape.format == "month":
        return [Bound(name, f"'{YEAR_MIN}' <= v < '{YEAR_MAX + 1}'", f"{{{name}}}早于{YEAR_MIN}年或晚于{YEAR_MAX}年，请核对月份", "month")]
    if shape.format == "period":
        return [Bound(name, f"'{YEAR_MIN}' <= v < '{BUDGET_YEAR_MAX + 1}'", f"{{{name}}}早于{YEAR_MIN}年或晚于{BUDGET_YEAR_MAX}年，请核对期间")]
    if not shape.optional and not shape.codelist and shape.format in ("", "key"):
        # A printable text that is not all blanks says something; the others are looked at.
        holds = "says_something(v)" if name in _REPEATED else "(v.isprintable() and v != '' and not v.isspace() or says_something(v))"
        return [Bound(name, holds, f"{{{name}}}为空，请补填")]
    return []


def _not_negative(name: str) -> Bound:
    return Bound(name, "v >= 0", f"{{{name}}}不能为负数，请核对")


def _year(name: str) -> Bound:
    return Bound(name, f"{BUDGET_YEAR_MIN} <= v <= {BUDGET_YEAR_MAX}", _year_words(name))


def _year_words(name: str) -> str:
    return f"{{{name}}}应为{BUDGET_YEAR_MIN}至{BUDGET_YEAR_MAX}之间的四位年份，请核对"


@cache
def _bounds(contract: Contract) -> tuple[tuple[Bound, Callable[[Any], Any]], ...]:
    """Return a contract's bounds, each with its test."""
    return tuple(
        (bound, eval(f"lambda v: {bound.holds}", dict(_NAMES)))  # noqa: S307  # written above
        for field in contract.fields
        for bound in of_field(contract, field)
    )


def _signed(contract: Contract) -> tuple[list[str], list[str]]:
    """Return the fields whose negative values need a reason: numbers, and maps of numbers."""
    if contract.kind in _ANY_SIGN or (contract.kind == _UNSIGNED and contract.register != "allocated"):
        return [], []
    return [*contract.money_fields, *contract.quantity_fields], list(contract.money_maps)


def problems(contract: Contract, facts: Mapping[str, Any]) -> list[Problem]:
    """Return every bound that facts do not keep to."""
    found = [
        Problem(BAD_VALUE, (bound.field,), bound.words, bound.rule)
        for bound, holds in _bounds(contract)
        if (value := facts[bound.field]) is not None and not holds(value)
    ]
    return found + unexplained(contract, facts)


def unexplained(contract: Contract, facts: Mapping[str, Any]) -> list[Problem]:
    """Return the negative amounts and quantities without a reason; facts that are not known are passed over."""
    if facts["reason"]:
        return []
    numbers, maps = _signed(contract)
    negative = [name for name in numbers if (facts.get(name) or 0) < 0]
    negative += [name for name in maps if any(value < 0 for value in (facts.get(name) or {}).values())]
    return [Problem(BAD_VALUE, (name, "reason"), f"{{{name}}}为负数，负数请填写核减原因", "needs-reason") for name in negative]


@cache
def quick(contract: Contract) -> tuple[str, Mapping[str, Any]]:
    """Return a Python expression over the facts *f*, true exactly where :func:`problems` finds none, and what it names."""
    parts = []
    optional = {field.name for field in contract.fields if field.shape.optional}
    for bound, _ in _bounds(contract):
        none = "(v := f[{!r}]) is None or " if bound.field in optional else ""
        if none:
            parts.append(f"({none.format(bound.field)}{bound.holds})")
        elif bound.holds.count("v") == 1 or bound.field in _REPEATED:
            parts.append(re.sub(r"\bv\b", f"f[{bound.field!r}]", bound.holds))
        else:
            parts.append(f"((v := f[{bound.field!r}]) is v and ({bound.holds}))")
    numbers, maps = _signed(contract)
    signs = [f"((v := f[{name!r}]) is None or v >= 0)" if name in optional else f"f[{name!r}] >= 0" for name in numbers]
    signs += [f"(not (v := f[{name!r}]) or min(v.values()) >= 0)" for name in maps]
    if signs:
        parts.append(f"({' and '.join(signs)} or f['reason'])")
    return " and ".join(parts), _NAMES
