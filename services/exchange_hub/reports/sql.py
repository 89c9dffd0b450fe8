"""The condition language compiled to SQL over the list tables of one schema."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from exchange_hub.programme.conditions import (
    DETAIL,
    Compare,
    Condition,
    DetailsFirst,
    Expression,
    Latest,
    Member,
    Scalar,
    Term,
    Where,
    conditions,
)
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import ListView
from exchange_hub.views.tables import list_table

Selectable = sa.FromClause
Bool = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Lists:
    """The list tables of one schema: ``live``, a shadow schema, or the frozen rows of a closed month.

    Attributes:
        schema: schema of the tables.
        views: what each list is in that schema: today's lists, or those of the month's own catalogue.
    """

    schema: str
    views: tuple[ListView, ...]
    _tables: dict[str, sa.Table] = field(default_factory=dict, compare=False)

    def view(self, name: str) -> ListView:
        """Return the list called *name*; raise ``KeyError`` where this schema has none."""
        for view in self.views:
            if view.name == name:
                return view
        raise KeyError(f"schema {self.schema} has no list {name}")

    def table(self, name: str) -> sa.Table:
        """Return the table of the list called *name*; raise ``KeyError`` where there is no such list."""
        known = self._tables.get(name)
        if known is None:
            known = self._tables[name] = list_table(self.view(name), self.schema, sa.MetaData())
        return known

    def rows(self, name: str, where: Where) -> tuple[Selectable, Bool]:
        """Return the list (aliased, so that it may be joined with itself) and the condition on its rows."""
        rows = self.table(name).alias()
        return rows, self.matches(name, rows, where)

    def matches(self, name: str, rows: Selectable, where: Where) -> Bool:
        """Return the condition that a row of *rows*, a form of the list *name*, meets *where*."""
        return sa.and_(sa.true(), *(self._sql(name, rows, condition) for condition in conditions(where)))

    def _sql(self, name: str, rows: Selectable, condition: Condition) -> Bool:
        match condition:
            case Compare():
                return _compare(rows, condition)
            case Member():
                return self._member(rows, condition)
            case Latest():
                return self._latest(name, rows, condition)
            case DetailsFirst():
                return self._details_first(name, rows, condition)

    def _member(self, rows: Selectable, condition: Member) -> Bool:
        other, meets = self.rows(condition.list, condition.where)
        same = other.c[condition.column] == value(rows, condition.expression)
        found = sa.exists(sa.select(sa.literal(1)).select_from(other).where(same, meets))
        return ~found if condition.negated else found

    def _latest(self, name: str, rows: Selectable, condition: Latest) -> Bool:
        others, meets = self.rows(name, condition.among)
        of, by = others.c[condition.of], others.c[condition.by]
        latest = (
            sa.select(others.c.row_key).select_from(others).where(meets)
            .distinct(of).order_by(of, by.desc(), others.c.row_key.desc())
        )  # fmt: skip
        return rows.c.row_key.in_(latest)

    def _details_first(self, name: str, rows: Selectable, condition: DetailsFirst) -> Bool:
        """Keep a summary row only where its bureau tells nothing finer that agrees with it; empty agrees with empty."""
        others = self.table(name).alias()
        width = len(condition.by)
        keys = [value(others, expression) for expression in (*condition.by, *condition.parts)]
        told = sa.select(sa.func.unnest(others.c.bureaus).label("bureau"), (others.c.granularity == DETAIL).label("detail"), *keys)
        finer = told.distinct().subquery()
        _, is_detail, *columns = finer.c
        mine = [value(rows, expression) for expression in (*condition.by, *condition.parts)]
        same = [one.is_not_distinct_from(other) for one, other in zip(mine[:width], columns[:width], strict=True)]
        parts = list(zip(mine[width:], columns[width:], strict=True))
        within = [sa.or_(one.is_(None), one == other) for one, other in parts]
        narrower = [sa.and_(one.is_(None), other.is_not(None)) for one, other in parts]
        agrees = sa.and_(finer.c.bureau == rows.c.lead_bureau, *same, *within, sa.or_(is_detail, *narrower))
        found = sa.exists(sa.select(sa.literal(1)).select_from(finer).where(agrees))
        return sa.or_(rows.c.granularity == DETAIL, ~found)


def lists_of(schema: str) -> Lists:
    """Return the list tables of a views schema, made once so that statements over them are compiled once."""
    return _made(schema, tuple(BY_NAME.values()))


@lru_cache(maxsize=8)
def _made(schema: str, views: tuple[ListView, ...]) -> Lists:
    return Lists(schema, views)


def value(rows: Selectable, expression: Expression) -> sa.ColumnElement[Any]:
    """Return the value of an expression for a row: the first of its terms that is not empty."""
    terms = [_term(rows, term) for term in expression.terms]
    return terms[0] if len(terms) == 1 else sa.func.coalesce(*terms)


def _term(rows: Selectable, term: Term) -> sa.ColumnElement[Any]:
    column = rows.c[term.column]
    if isinstance(column.type, sa.ARRAY):
        return sa.func.array_to_string(column, ",", type_=sa.Text())
    if term.month:
        return sa.func.to_char(column, sa.literal_column("'YYYY-MM'"), type_=sa.Text())
    if term.other is not None:
        return column + "@" + rows.c[term.other]
    if term.entry is not None:
        return sa.cast(column.op("->>")(term.entry), sa.BigInteger())
    return column


def _compare(rows: Selectable, condition: Compare) -> Bool:
    left = value(rows, condition.expression)
    values = [_typed(left, item) for item in condition.values]
    given = [item for item in values if item is not None]
    if condition.operator in ("=", "!="):
        among: list[Bool] = [left.is_(None)] if None in values else []
        if len(given) == 1:
            among.append(left == given[0])
        elif given:
            among.append(left.in_(given))
        found = sa.or_(sa.false(), *among)
        return found if condition.operator == "=" else sa.func.coalesce(~found, sa.true())
    plain = condition.operator.removeprefix("not ")
    holds: Bool = _ORDERED[plain](left, given[0])
    return holds if plain == condition.operator else sa.func.coalesce(~holds, sa.true())


_ORDERED: Mapping[str, Callable[[Any, Any], Any]] = {"<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt}


def _typed(left: sa.ColumnElement[Any], item: Scalar) -> Scalar | date:
    """Read the ISO text of a date where the column is one."""
    return date.fromisoformat(item) if isinstance(left.type, sa.Date) and isinstance(item, str) else item
