"""Code lists and text formats of decoded facts: the check stage's precompiled part. All problems at once, in Chinese.

Nearly all facts have none: :func:`sound` asks only that, in one expression compiled per contract, and :func:`problem`
says what is wrong with the others.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache, partial
from typing import Any

from exchange_contracts import registry
from exchange_contracts.formats import FORMATS
from exchange_contracts.problem import Problem
from exchange_contracts.registry import Contract
from exchange_contracts.shape import Field, Shape

Say = Callable[[Problem], None]
Check = Callable[[Any, Say], None]

BAD_VALUE = "bad_value"
"""Code of a problem with what an event says."""

_SHOWN_CHARACTERS = 40
_REMEMBERED_TEXTS = 65_536
_SELDOM_REPEATED = frozenset(("key", "token"))
_REPEATED_KEYS = frozenset(("source",))


def problem(contract: Contract, facts: Mapping[str, Any]) -> list[Problem]:
    """Return every problem of the facts with the contract's code lists, formats and required fields.

    An empty list means none. Facts must come from ``codec.decode_facts`` and *contract* with them.
    """
    plain, others = _checks(contract)
    found: list[Problem] = []
    for name, accepts, hint in plain:
        value = facts[name]
        if value is not None and not accepts(value):
            found.append(_unfit(name, value, hint))
    for name, check in others:
        value = facts[name]
        if value:
            check(value, found.append)
    if facts["revision"] < 1:
        found.append(Problem(BAD_VALUE, ("revision",), "{revision}应为正整数"))
    found.extend(Problem(BAD_VALUE, (name,), f"{{{name}}}必填：请写明理由") for name in contract.requires if not facts[name])
    return found


def _unfit(name: str, value: str, hint: str) -> Problem:
    """Say that a value of a field fits no code list or format."""
    return Problem(BAD_VALUE, (name,), f"{{{name}}}的值“{_shown(value)}”不符合要求：{hint}")


@cache
def sound(contract: Contract) -> Callable[[Mapping[str, Any]], Any]:
    """Compile the test of a contract's facts: it is true exactly where :func:`problem` says nothing."""
    plain, others = _checks(contract)
    listed = {str(field.name): field.shape.codelist for field in contract.fields if field.shape.codelist}
    conditions = ["f['revision'] >= 1", *(f"f[{name!r}]" for name in contract.requires)]
    environment: dict[str, Any] = {}
    for name, codelist in listed.items():
        environment[f"codes_{codelist}"] = frozenset((None, *registry.load().codelists[codelist]))
        conditions.append(f"f[{name!r}] in codes_{codelist}")
    for name, accepts, _ in plain:
        if name == "entity_key":  # a printable text of its length has the format of a key; the others are matched
            environment["accepts_key"] = accepts
            conditions.append("((v := f['entity_key']).isprintable() and 0 < len(v) <= 200 or accepts_key(v))")
        elif name not in listed:
            environment[f"accepts_{name}"] = lru_cache(_REMEMBERED_TEXTS)(accepts) if name in _REPEATED_KEYS else accepts
            conditions.append(f"((v := f[{name!r}]) is None or accepts_{name}(v))")
    for name, check in others:
        environment[f"accepts_{name}"] = partial(_says_nothing, check)
        conditions.append(f"(not (v := f[{name!r}]) or accepts_{name}(v))")
    exec(compile(f"def sound(f):\n    return {' and '.join(conditions)}", "<sound>", "exec"), environment)  # noqa: S102  # made of the package's own contracts alone
    test: Callable[[Mapping[str, Any]], Any] = environment["sound"]
    return test


def _says_nothing(check: Check, value: Any) -> bool:
    """Tell whether a check finds no problem in a value."""
    found: list[Problem] = []
    check(value, found.append)
    return not found


Plain = tuple[str, Callable[[Any], Any], str]


@cache
def _checks(contract: Contract) -> tuple[tuple[Plain, ...], tuple[tuple[str, Check], ...]]:
    """Compile a contract's checks: those of plain texts, and those of arrays, maps and records."""
    plain: list[Plain] = []
    others: list[tuple[str, Check]] = []
    for field in contract.fields:
        rule = _rule(field.shape)
        if rule is not None:
            plain.append((field.name, *rule))
        elif field.shape.meaning in ("array", "map", "record"):
            check = _check(field.name, field.shape)
            if check is not None:
                others.append((field.name, check))
    return tuple(plain), tuple(others)


def _rule(shape: Shape) -> tuple[Callable[[Any], Any], str] | None:
    """Return what accepts a text of this shape and what to do otherwise, or ``None`` where anything goes."""
    return _named_rule(shape.codelist, shape.format)


def _named_rule(codelist: str, text_format: str) -> tuple[Callable[[Any], Any], str] | None:
    """Return the rule of a code list or a format."""
    if codelist:
        values = registry.load().codelists[codelist]
        return frozenset(values).__contains__, f"请选择{'、'.join(values)}之一"
    if text_format:
        return _matcher(text_format), FORMATS[text_format].hint
    return None


@cache
def _matcher(text_format: str) -> Callable[[str], Any]:
    """Return the matcher of a format; texts that repeat (months, bureaus, companies) are remembered."""
    matches = re.compile(FORMATS[text_format].pattern).fullmatch
    return matches if text_format in _SELDOM_REPEATED else lru_cache(_REMEMBERED_TEXTS)(lambda text: matches(text) is not None)


def _check(name: str, shape: Shape) -> Check | None:
    """Return the check of a value of this shape inside an array, map or record, or ``None``."""
    if shape.meaning == "array" and shape.inner is not None:
        return _array_check(_check(name, shape.inner))
    if shape.meaning == "map" and shape.inner is not None:
        return _map_check(name, shape)
    if shape.meaning == "record":
        return _record_check(name, shape.fields)
    rule = _rule(shape)
    if rule is None:
        return None
    accepts, hint = rule

    def check(value: Any, say: Say) -> None:
        if value is not None and not accepts(value):
            say(_unfit(name, value, hint))

    return check


def _array_check(item: Check | None) -> Check | None:
    """Return the check of every item."""
    if item is None:
        return None

    def check(values: Any, say: Say) -> None:
        for value in values:
            item(value, say)

    return check


def _map_check(name: str, shape: Shape) -> Check | None:
    """Return the check of a map's keys; its values are numbers."""
    rule = _named_rule(shape.keys_codelist, shape.keys_format)
    if rule is None:
        return None
    accepts, hint = rule

    def check(value: Any, say: Say) -> None:
        for key in value:
            if not accepts(key):
                say(Problem(BAD_VALUE, (name,), f"{{{name}}}的项“{_shown(key)}”不符合要求：{hint}"))

    return check


def _record_check(name: str, fields: tuple[Field, ...]) -> Check | None:
    """Return the check of a nested record's fields."""
    pairs = ((field.name, _check(name, field.shape)) for field in fields)
    checks = tuple((inner, check) for inner, check in pairs if check is not None)
    if not checks:
        return None

    def check_record(value: Any, say: Say) -> None:
        for inner, check in checks:
            check(value[inner], say)

    return check_record


def _shown(value: str) -> str:
    """Return a text short enough for a receipt."""
    return value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
