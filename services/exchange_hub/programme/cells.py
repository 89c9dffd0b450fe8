"""Cubes and their cells: the sums of a list, split by a few dimensions, from which every figure is selected.

A cube is one scan of one list. Everything the report prints is selected from the cells of a few cubes, so that a
close reads every list once, however many figures it has. A selection names dimension values only; together with
the cube's own conditions it is the *where* that a figure's source shows.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product
from typing import NamedTuple, Self

from exchange_contracts.units import factor
from exchange_hub.programme.conditions import (
    DETAIL,
    Compare,
    Condition,
    DetailsFirst,
    Scalar,
    Where,
    columns_named,
    conditions,
    expression,
)

Number = int | Decimal

COUNT = "count"
_MEASURE = re.compile(r"(?P<name>\w+)\((?P<column>\S+?)(?: (?:by|in) (?P<more>\S+))?\)")


class Measure(NamedTuple):
    """What is done with the rows behind a figure, as its source writes it.

    ``count`` · ``sum(column)`` · ``distinct(column)`` · ``sum(column in 万元)``, each row in the unit that it names · ``once(column by
    operator)``, the largest of each operator, and of rows without one each (FIGURES 18).

    Attributes:
        name: count, sum, distinct or once.
        column: the column, empty for a count.
        more: the unit of a sum, or the column whose values count once.
    """

    name: str
    column: str = ""
    more: str = ""

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a measure; raise ``ValueError`` where it is none."""
        if text == COUNT:
            return cls(COUNT)
        found = _MEASURE.fullmatch(text)
        if found is None:
            raise ValueError(f"not a measure: {text!r}")
        return cls(found["name"], found["column"], found["more"] or "")

    def total(self, filled: Iterable[tuple[object, Number]]) -> Number:
        """Add values, each with what stands beside it: its unit, or whose it is."""
        if self.name != "once":
            return sum(value * factor_of(str(beside), self.more) if self.more else value for beside, value in filled)
        largest: dict[object, Number] = {}
        alone: Number = 0
        for whose, value in filled:
            if whose is None:
                alone += value
            else:
                largest[whose] = max(value, largest.get(whose, value))
        return alone + sum(largest.values())

    @property
    def beside(self) -> str:
        """The column that :meth:`total` needs beside each value, empty where it needs none."""
        return self.more if self.name == "once" else "unit" if self.more else ""


def factor_of(unit: str, into: str) -> Decimal:
    """Return how many of *into* one *unit* is; raise ``ValueError`` where they do not fit."""
    found = factor(unit, into)
    if found is None:
        raise ValueError(f"{unit} is not counted in {into}")
    return found


@dataclass(frozen=True, slots=True)
class Cube:
    """One scan of a list.

    Attributes:
        name: name that figure definitions use.
        list: name of the list view.
        where: conditions that every counted row meets.
        by: dimensions (column expressions of the condition language).
        sums: summed columns; ``planned_by_year[2026]`` sums one entry of a map.
    """

    name: str
    list: str
    where: Where
    by: tuple[str, ...]
    sums: tuple[str, ...] = ()

    def columns(self) -> frozenset[tuple[str, str]]:
        """Return (list, column) of everything that the cube asks for."""
        terms = [term for text in (*self.by, *self.sums) for term in expression(text).terms]
        named = {(self.list, name) for term in terms for name in (term.column, term.other) if name}
        return columns_named(self.list, self.where) | named


@dataclass(frozen=True, slots=True)
class Cell:
    """The rows of a cube that agree in all dimensions: how many, and their sums (``None``: no row has a value)."""

    at: tuple[Scalar, ...]
    rows: int
    sums: tuple[Number | None, ...]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a cube."""

    cube: Cube
    cells: tuple[Cell, ...]
    #: Condition → the dimensions of the cells that stand by it: worked out once, for hundreds of figures ask.
    _standing: dict[DetailsFirst, frozenset[tuple[Scalar, ...]]] = field(default_factory=dict, init=False, repr=False, compare=False)
    #: Place of a dimension → value → the cells with it, in their order: most figures ask for one value of some dimension.
    _by_value: dict[int, dict[Scalar, list[Cell]]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def where(self, selection: Where) -> Where:
        """Return the whole condition of a selection: the cube's own and the selection's.

        Raises:
            ValueError: where both name the same condition.
        """
        both = self.cube.where.keys() & selection.keys()
        if both:
            raise ValueError(f"cube {self.cube.name}: conditioned twice on {sorted(both)}")
        return {**self.cube.where, **selection}

    def values(self, dimension: str, selection: Where | None = None) -> tuple[str, ...]:
        """Return the values of a dimension that occur in the selection, sorted; empty ones are left out."""
        place = self.cube.by.index(dimension)
        found = {cell.at[place] for cell in self.selected(selection or {})}
        return tuple(sorted(str(value) for value in found if value is not None))

    def measure(self, selection: Where, measure: str) -> tuple[Number | None, int]:
        """Return (value, matching rows) of a :class:`Measure`.

        A sum is ``None`` where no matching row has a value in the column.
        """
        cells, wanted = list(self.selected(selection)), Measure.of(measure)
        rows = sum(cell.rows for cell in cells)
        if wanted.name == COUNT:
            return rows, rows
        if wanted.name == "distinct":
            place = self.cube.by.index(wanted.column)
            return len({cell.at[place] for cell in cells} - {None}), rows
        place = self.cube.sums.index(wanted.column)
        beside = self.cube.by.index(wanted.beside) if wanted.beside else None
        filled = [(None if beside is None else cell.at[beside], value) for cell in cells if (value := cell.sums[place]) is not None]
        return (wanted.total(filled) if filled else None), rows

    def units(self, selection: Where) -> tuple[str, ...]:
        """Return the units in which the rows of a selection are told; none where the cube knows no units."""
        return self.values("unit", selection) if "unit" in self.cube.by else ()

    def selected(self, selection: Where) -> Iterator[Cell]:
        """Yield the cells of a selection.

        Raises:
            ValueError: where the selection asks for more than equality of dimensions and 明细 before 汇总.
        """
        asked = conditions(selection)
        alone = [each for each in asked if isinstance(each, Compare) and each.operator == "=" and len(each.values) == 1]
        cells: Sequence[Cell] = min((self._with(each) for each in alone), key=len, default=self.cells)
        for test in [self._test(condition) for condition in asked]:
            cells = [cell for cell in cells if test(cell)]
        return iter(cells)

    def _with(self, condition: Compare) -> Sequence[Cell]:
        """Return the cells with the one value that a condition asks for."""
        place = self._place(condition)
        known = self._by_value.get(place)
        if known is None:
            known = self._by_value[place] = {}
            for cell in self.cells:
                known.setdefault(cell.at[place], []).append(cell)
        return known.get(condition.values[0], ())

    def _place(self, condition: Compare) -> int:
        return self.cube.by.index(condition.expression.text)

    def _test(self, condition: Condition) -> Callable[[Cell], bool]:
        if isinstance(condition, DetailsFirst):
            standing = self._standing.get(condition)
            if standing is None:
                standing = self._standing[condition] = frozenset(self._details_first(condition))
            return lambda cell: cell.at in standing
        if not isinstance(condition, Compare) or condition.operator not in ("=", "!="):
            raise ValueError(f"cube {self.cube.name}: cells know only equality, not {condition}")
        place = self._place(condition)
        wanted = frozenset(condition.values)
        if condition.operator == "=":
            return lambda cell: cell.at[place] in wanted
        return lambda cell: cell.at[place] not in wanted

    def _details_first(self, condition: DetailsFirst) -> Iterator[tuple[Scalar, ...]]:
        """Yield the dimensions of 明细, and of every 汇总 that nothing finer of its own bureau tells."""
        granularity, bureaus = self.cube.by.index("granularity"), self.cube.by.index("bureaus")
        by = [self.cube.by.index(expression.text) for expression in condition.by]
        parts = [self.cube.by.index(expression.text) for expression in condition.parts]

        def place(cell: Cell) -> tuple[Scalar, ...]:
            return tuple(cell.at[p] for p in by)

        finer: set[tuple[object, ...]] = set()
        for cell in self.cells:
            named = tuple(cell.at[p] for p in parts)
            for covered in product(*({value, None} for value in named)):
                if cell.at[granularity] == DETAIL or covered != named:
                    finer.update((bureau, place(cell), covered) for bureau in str(cell.at[bureaus]).split(","))
        for cell in self.cells:
            if cell.at[granularity] == DETAIL or (str(cell.at[bureaus]), place(cell), tuple(cell.at[p] for p in parts)) not in finer:
                yield cell.at
