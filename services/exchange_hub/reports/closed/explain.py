"""Why a figure changed: contributions of list rows that add up to the change exactly, each with one cause (FIGURES, rule 23).

A contribution is what a row counted in the figure at the close beside what it counts now. Mostly the row itself changed; else it
counts, or counts no more, because of another: its project left, its details came, a later month was told. Then that one's cause is named.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, cast

import sqlalchemy as sa

from exchange_contracts.units import factor
from exchange_hub.programme.cells import COUNT, Cube, Measure
from exchange_hub.programme.conditions import DetailsFirst, Latest, Member, columns_named, conditions, expression
from exchange_hub.programme.definitions import Definition, Derived, Measured
from exchange_hub.reports.closed.causes import BY_STAMP, ChangedRows
from exchange_hub.reports.evaluate import in_unit
from exchange_hub.reports.model import Cause, Contribution, Figure, Source
from exchange_hub.reports.sql import value

ROWS_MAX = 50


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that came, went or reads differently since a close.

    Attributes:
        list: name of the list.
        row_key: key of the row.
        component: component of its entity.
        cause: why it changed.
        bureaus: whose row it is, or was.
    """

    list: str
    row_key: str
    component: str
    cause: Cause
    bureaus: tuple[str, ...]


class Change(NamedTuple):
    """A figure that would be another: how it is defined, as closed, and as it would be now."""

    definition: Definition
    old: Figure
    new: Figure


@dataclass(slots=True)
class Explanation:
    """Explains the changed figures of a closed month.

    Attributes:
        changed: the changed rows of its lists.
        cubes: cubes of the figures by name.
        same_meaning: whether the close was made by today's meaning of the words that stand in place of a number.
    """

    changed: ChangedRows
    cubes: Mapping[str, Cube]
    same_meaning: bool
    _found: dict[str, tuple[Contribution, ...]] = field(default_factory=dict)
    _summed: dict[str, bool] = field(default_factory=dict)
    _rows: dict[tuple[str, int, bool], sa.FromClause] = field(default_factory=dict)
    _causes: dict[str, sa.Subquery] = field(default_factory=dict)

    def behind(self, change: Change, among: Mapping[str, Change]) -> tuple[Contribution, ...]:
        """Return the contributions to a change; of a derived figure those to the changed figures it derives from, each named with its figure.

        Args:
            change: the figure.
            among: the changed figures by id.
        """
        id_ = change.definition.id
        if id_ not in self._found:
            self._found[id_] = ()
            if isinstance(change.definition, Measured):
                if self._comparable(change.old.source) and self._comparable(change.new.source):
                    self._found[id_] = tuple(self._of(change)) or tuple(self._reported(change))
            elif isinstance(change.definition, Derived):
                terms = [among[term] for term in change.definition.terms if term in among]
                self._found[id_] = tuple(dict.fromkeys(each for term in terms for each in self.behind(term, among)))
        return self._found[id_]

    def rows(self, list_: str, keys: Sequence[str]) -> Iterator[ChangedRow]:
        """Yield the changed rows of a list with these keys, as they are now or else as they were, by key."""
        if not keys:
            return
        was, now = self.changed.sides(list_)
        columns = ("row_key", "component", "cause", "tellers")
        chosen = sa.union_all(*(
            sa.select(*(side.c[name] for name in columns), sa.literal(rank).label("rank")).where(side.c.row_key.in_(keys))
            for rank, side in enumerate((now, was))
        )).subquery()  # fmt: skip
        # Of two rows of one key, as a day between two statements can have them, always the same.
        order = (chosen.c[name] for name in ("row_key", "rank", "component", "cause"))
        one = sa.select(chosen).distinct(chosen.c.row_key).order_by(*order)
        for key, component, cause, bureaus, _ in self.changed.conn.execute(one):
            yield ChangedRow(list_, key, component, cast(Cause, cause), tuple(bureaus))

    def _comparable(self, source: Source) -> bool:
        """Tell whether both sides have everything that a figure asks for: what one lacks cannot say which rows it counted."""
        measure = Measure.of(source.measure)
        terms = [term for text in (measure.column, measure.beside) if text for term in expression(text).terms]
        asked = columns_named(source.list, source.where) | {(source.list, name) for term in terms for name in (term.column, term.other) if name}
        frozen = {view.name for view in self.changed.frozen.views}
        return all(list_ in frozen and column in self.changed.common(list_) for list_, column in asked)

    def _of(self, change: Change) -> Iterator[Contribution]:
        """Yield the contributions to a measured figure, the largest first; beyond ``ROWS_MAX`` those of one cause together."""
        id_, was, now = change.definition.id, change.old.source, change.new.source
        # Where another word stands in place of a number, rows without a number are what changed.
        found = list(self._differing(was, now, words=change.old.value is None and change.new.value is None))
        unexplained = [row for row in found if row.cause is None]
        indirect = self._indirect(now if now.where else was, [row.row_key for row in unexplained]) if unexplained else {}
        shown = [row._replace(cause=row.cause or indirect.get(row.row_key, BY_STAMP)) for row in found]
        shown.sort(key=_smallness)
        scale = self._scale(now)
        for row in shown[:ROWS_MAX]:
            yield Contribution(id_, now.list, row.row_key, tuple(row.bureaus), scale(row.was), scale(row.now), cast(Cause, row.cause))
        rest: dict[str, list[_Differing]] = defaultdict(list)
        for row in shown[ROWS_MAX:]:
            rest[str(row.cause)].append(row)
        for cause, rows in sorted(rest.items()):
            bureaus = tuple(sorted({bureau for row in rows for bureau in row.bureaus}))
            was_, now_ = (scale(sum((Decimal(getattr(row, side) or 0) for row in rows), Decimal(0))) for side in ("was", "now"))
            yield Contribution(id_, now.list, "", bureaus, was_, now_, cast(Cause, cause), len(rows))

    def _reported(self, change: Change) -> Iterator[Contribution]:
        """Yield why nothing is said by another word: the list's months that were confirmed or returned, else the rows that came or went."""
        definition = cast(Measured, change.definition)
        scope = definition.scope
        if not self.same_meaning or change.old.value or change.new.value or scope is None or "submissions" not in {view.name for view in self.changed.frozen.views}:
            return
        for list_, only in (("submissions", scope.list), (scope.list, "")):
            told = sa.union(*(
                sa.select(side.c.row_key, side.c.tellers, side.c.cause).where(side.c["list"] == only if only else sa.true()) for side in self.changed.sides(list_)
            )).subquery()  # fmt: skip
            of_cause: dict[str, list[tuple[str, Sequence[str]]]] = defaultdict(list)
            for key, bureaus, cause in self.changed.conn.execute(sa.select(told).order_by(told.c.row_key)):
                of_cause[cause].append((key, bureaus))
            for cause, rows in sorted(of_cause.items()):
                bureaus = tuple(sorted({bureau for _, each in rows for bureau in each}))
                yield Contribution(definition.id, list_, rows[0][0] if len(rows) == 1 else "", bureaus, None, None, cast(Cause, cause), len(rows))
            if of_cause:
                return

    def _scale(self, source: Source) -> Any:
        view = self.changed.current.view(source.list)
        return lambda number: None if number is None else in_unit(number, view, source.measure)

    def _differing(self, was: Source, now: Source, *, words: bool) -> Iterator["_Differing"]:
        """Read the rows that count otherwise on the two sides, with their own cause where they changed themselves; with *words* also those without a number."""
        tables = self.changed.sides(now.list)
        sides = []
        for side, (lists, source) in enumerate(((self.changed.frozen, was), (self.changed.current, now))):
            where = self._without_idle(source)
            alone = not any(isinstance(each, (Member, Latest, DetailsFirst)) for each in conditions(where))
            # Made once a list: to name a table's columns anew for each figure costs more than its statement.
            rows = self._rows.get((source.list, side, alone))
            if rows is None:
                rows = self._rows[source.list, side, alone] = (tables[side] if alone else _with_pairs(lists.table(source.list), tables[side])).alias()
            meets = lists.matches(source.list, rows, where)
            sides.append(self._counted(rows, Measure.of(source.measure), meets))
        old, new = sides
        causes = self._causes.get(now.list)
        if causes is None:
            told = (sa.select(side.c.row_key, side.c.pair, side.c.cause, side.c.tellers) for side in tables)
            causes = self._causes[now.list] = sa.union(*told).subquery()
        key, pair = (sa.func.coalesce(new.c[name], old.c[name]) for name in ("row_key", "pair"))
        both = old.join(new, sa.and_(old.c.k == new.c.k, old.c.of == new.c.of), full=True)
        both = both.outerjoin(causes, sa.and_(causes.c.row_key == key, causes.c.pair == pair))
        bureaus = sa.func.coalesce(causes.c.tellers, new.c.bureaus, old.c.bureaus)
        asked = sa.select(key, bureaus, old.c.v, new.c.v, causes.c.cause).select_from(both)
        otherwise = sa.func.coalesce(old.c.v, 0) != sa.func.coalesce(new.c.v, 0)
        if words:
            otherwise = sa.or_(otherwise, old.c.k.is_(None) != new.c.k.is_(None))
        for row in self.changed.conn.execute(asked.where(otherwise)):
            yield _Differing(*row)

    def _counted(self, rows: sa.FromClause, measure: Measure, meets: sa.ColumnElement[bool]) -> sa.Subquery:
        """Return what the rows count in a measure: ``k`` and ``of`` name what counts once, with its row and its value ``v``."""
        own, row = rows.c.row_key, (rows.c.row_key, rows.c.pair, rows.c.bureaus)
        alone = sa.literal("").label("of")
        counted = sa.literal(1) if measure.name == COUNT else value(rows, expression(measure.column))
        if measure.name == "distinct":
            chosen = sa.select(counted.label("k"), alone, *row, sa.literal(1).label("v")).where(meets, counted.is_not(None))
            return chosen.distinct(counted).order_by(counted, own).subquery()
        if measure.name == "once":
            whose = sa.func.coalesce(value(rows, expression(measure.more)), own)
            chosen = sa.select(whose.label("k"), alone, *row, counted.label("v")).where(meets, counted.is_not(None))
            return chosen.distinct(whose).order_by(whose, counted.desc(), own).subquery()
        if measure.more:
            units = self.changed.conn.execute(sa.select(rows.c.unit).distinct()).scalars()
            factors = {str(unit): found for unit in units if (found := factor(str(unit), measure.more)) is not None}
            counted = counted * sa.case(*((rows.c.unit == unit, found) for unit, found in factors.items()), else_=0) if factors else counted
        return sa.select(own.label("k"), rows.c.pair.label("of"), *row, counted.label("v")).where(meets).subquery()

    def _without_idle(self, source: Source) -> Mapping[str, object]:
        """Leave out what changes nothing: where a list holds no summary on either side, its details are all that counts."""
        if "details_first" not in source.where:
            return source.where
        if source.list not in self._summed:
            sides = (lists.table(source.list) for lists in (self.changed.frozen, self.changed.current))
            found = (sa.select(sa.exists().where(table.c.granularity.is_distinct_from("明细"))) for table in sides)
            self._summed[source.list] = any(self.changed.conn.execute(asked).scalar_one() for asked in found)
        if self._summed[source.list]:
            return source.where
        return {name: item for name, item in source.where.items() if name != "details_first"}

    def _indirect(self, source: Source, keys: Sequence[str]) -> Mapping[str, str]:
        """Find for rows that did not change themselves the change by which they count otherwise: row key → its cause."""
        found: dict[str, str] = {}
        for condition in conditions(source.where):
            for lists in (self.changed.current, self.changed.frozen):
                rows = lists.table(source.list).alias()
                for other, meets in self._reasons(condition, source.list, rows):
                    asked = sa.select(rows.c.row_key, sa.func.min(other.c.cause)).select_from(rows.join(other, meets)).where(rows.c.row_key.in_(keys))
                    for key, cause in self.changed.conn.execute(asked.group_by(rows.c.row_key)):
                        found.setdefault(key, cause)
        return found

    def _reasons(self, condition: object, list_: str, rows: sa.FromClause) -> Iterator[tuple[sa.FromClause, sa.ColumnElement[bool]]]:
        """Yield the changed rows that a condition looks at, and how they are found from a row."""
        match condition:
            case Member():
                for side in self.changed.sides(condition.list):
                    other = side.alias()
                    yield other, other.c[condition.column] == value(rows, condition.expression)
            case Latest():
                for side in self.changed.sides(list_):
                    other = side.alias()
                    yield other, other.c[condition.of] == rows.c[condition.of]
            case DetailsFirst():
                for side in self.changed.sides(list_):
                    other = side.alias()
                    same = [value(other, each).is_not_distinct_from(value(rows, each)) for each in condition.by]
                    # What stands in place of a summary is of its kind; of a summary of all kinds, of any.
                    same += [sa.or_(value(rows, each).is_(None), value(other, each).is_not_distinct_from(value(rows, each))) for each in condition.parts]
                    yield other, sa.and_(other.c.bureaus.overlap(rows.c.bureaus), *same)


class _Differing(NamedTuple):
    """A row that counts otherwise than at the close; ``None`` where it does not count."""

    row_key: str
    bureaus: Sequence[str]
    was: int | Decimal | None
    now: int | Decimal | None
    cause: str | None


def _with_pairs(rows: sa.Table, changed: sa.Table) -> sa.Subquery:
    """Return all rows of a list with what pairs each with itself on the other side: a row that did not change is of the same component there."""
    own = sa.and_(changed.c.row_key == rows.c.row_key, changed.c.component == rows.c.component)
    pair = sa.func.coalesce(changed.c.pair, rows.c.component).label("pair")
    return sa.select(*rows.c, pair).select_from(rows.outerjoin(changed, own)).subquery()


def _smallness(row: _Differing) -> tuple[Decimal, str]:
    """Sort the rows that change a figure most before the others."""
    return -abs(Decimal(row.now or 0) - Decimal(row.was or 0)), row.row_key
