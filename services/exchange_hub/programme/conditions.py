"""Conditions on list rows as plain data: what a figure's source says and what ``hub trace`` evaluates.

A *where* is a mapping; every entry is one condition and a row must meet all of them:

===============================  ===================================================================
``"domain": "工业"``             equal; a sequence means any of these; ``None`` means empty
``"admin_state!=": "退出"``      different, and empty counts as different
``"on_date<=": "2026-10-01"``    compared (also ``<``, ``>``, ``>=``); empty never matches
``"measure_on not <=": …``       the opposite of ``<=``: later, or empty (also ``not <`` and ``not >``)
``"bureau@list": ("a@b", …)``    two columns together, written with ``@`` between them
``"on_date:month": (…)``         the month (``YYYY-MM``) of a date column
``"extended_until|due_on>=": …`` the first of several columns that is not empty
``"k not in funds.k": {where}``  no row of another list (meeting its own *where*) has that value; also ``in``
``"latest": {of, by, among}``    the row with the greatest *by* among the rows of its *of* that meet *among*
``"details_first": (columns)``   明细, or 汇总 of which the same bureau tells nothing finer that agrees in these columns
                                 (they reconcile, never add); ``"kind?"`` is a part: a 汇总 that leaves it empty is of all
===============================  ===================================================================

Values are JSON values (dates as ISO text), so that a source read back from ``report.json`` means the same.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Scalar = str | int | bool | None
Where = Mapping[str, object]
Operator = Literal["=", "!=", "<=", "<", ">=", ">", "not <=", "not <", "not >"]

DETAIL = "明细"
SUMMARY = "汇总"

_MEMBER = re.compile(r"(?P<expr>\S+) (?P<negated>not )?in (?P<list>[a-z-]+)\.(?P<column>\w+)")
_COMPARE = re.compile(r"(?P<expr>[^<>!=\s]+)(?P<op> not <=?| not >|!=|<=|>=|<|>)?")
_TERM = re.compile(r"(?P<column>\w+)(?:\[(?P<entry>[^\]]+)\]|:(?P<part>month)|@(?P<other>\w+))?")


@dataclass(frozen=True, slots=True)
class Term:
    """A column, the month of a date column, one entry of a map column (``planned_by_year[2026]``), or two columns together."""

    column: str
    month: bool = False
    entry: str | None = None
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Expression:
    """The first of its terms that is not empty; mostly there is one."""

    text: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """Compare an expression with one value, or with any of several where the operator is ``=`` or ``!=``."""

    expression: Expression
    operator: Operator
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """Ask whether another list has a row with that value."""

    expression: Expression
    negated: bool
    list: str
    column: str
    where: Where


@dataclass(frozen=True, slots=True)
class Latest:
    """Ask whether the row is the latest of its kind among some rows of its list."""

    of: str
    by: str
    among: Where


@dataclass(frozen=True, slots=True)
class DetailsFirst:
    """Ask whether the row counts where 明细 and 汇总 of the same thing may both exist.

    Attributes:
        by: what a 汇总 and what is finer must agree in, beside the bureau.
        parts: what a 汇总 may name or leave empty; empty, it is of all parts, and a 汇总 of one of them is finer.
    """

    by: tuple[Expression, ...]
    parts: tuple[Expression, ...] = ()


Condition = Compare | Member | Latest | DetailsFirst


@lru_cache(maxsize=4096)
def expression(text: str) -> Expression:
    """Read ``column``, ``date_column:month``, ``map[entry]``, ``column@other`` or several of these joined by ``|``.

    Raises:
        ValueError: where the text is none of these.
    """
    terms = []
    for part in text.split("|"):
        found = _TERM.fullmatch(part)
        if found is None:
            raise ValueError(f"not a column expression: {text!r}")
        terms.append(Term(found["column"], found["part"] is not None, found["entry"], found["other"]))
    return Expression(text, tuple(terms))


def conditions(where: Where) -> tuple[Condition, ...]:
    """Read a *where* into conditions, in the order of its keys.

    Raises:
        ValueError: where a key or a value is not of the language above.
    """
    return tuple(_condition(key, where[key]) for key in sorted(where))


def _condition(key: str, value: object) -> Condition:
    if key == "latest":
        given = _nested(key, value)
        return Latest(str(given["of"]), str(given["by"]), _nested("among", given["among"]))
    if key == "details_first":
        names = [str(name) for name in _several(value)]
        by = tuple(expression(name) for name in names if not name.endswith("?"))
        return DetailsFirst(by, tuple(expression(name[:-1]) for name in names if name.endswith("?")))
    member = _MEMBER.fullmatch(key)
    if member is not None:
        return Member(
            expression(member["expr"]),
            bool(member["negated"]),
            member["list"],
            member["column"],
            _nested(key, value),
        )
    found = _COMPARE.fullmatch(key)
    if found is None:
        raise ValueError(f"not a condition: {key!r}")
    operator: Operator = (found["op"] or "=").strip()  # type: ignore[assignment]  # the pattern allows no other
    values = _several(value)
    if operator not in ("=", "!=") and (len(values) != 1 or values[0] is None):
        raise ValueError(f"{key!r} needs exactly one value")
    return Compare(expression(found["expr"]), operator, values)


def _several(value: object) -> tuple[Scalar, ...]:
    items: Sequence[object] = value if isinstance(value, (tuple, list)) else (value,)
    scalars: list[Scalar] = []
    for item in items:
        if item is not None and not isinstance(item, (str, int)):
            raise ValueError(f"not a plain value: {item!r}")
        scalars.append(item)
    return tuple(scalars)


def _nested(key: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{key!r} needs conditions of its own")  # noqa: TRY004 - wrong data, not a wrong call
    return value


def columns_named(list_: str, where: Where) -> frozenset[tuple[str, str]]:
    """Return (list, column) of everything that conditions on the rows of a list ask for, in whatever list."""
    found: set[tuple[str, str]] = set()
    for condition in conditions(where):
        match condition:
            case Compare():
                found |= _terms(list_, condition.expression)
            case Member():
                found |= _terms(list_, condition.expression) | {(condition.list, condition.column)}
                found |= columns_named(condition.list, condition.where)
            case Latest():
                found |= {(list_, condition.of), (list_, condition.by)} | columns_named(list_, condition.among)
            case DetailsFirst():
                found |= {(list_, "granularity")}.union(*(_terms(list_, each) for each in condition.by))
    return frozenset(found)


def _terms(list_: str, wanted: Expression) -> frozenset[tuple[str, str]]:
    return frozenset((list_, name) for term in wanted.terms for name in (term.column, term.other) if name)
