"""Cubes and their cells: the sums of a list, split by a few dimensions, from which every figure is selected.

A cube is one scan of one list. Everything the report prints is selected from the cells of a few cubes, so that a
close reads every list once, however many figures it has. A selection names dimension values only; together with
the cube's own conditions it is the *where* that a figure's source shows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

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
        terms = (term.column for text in (*self.by, *self.sums) for term in expression(text).terms)
        return columns_named(self.list, self.where) | {(self.list, column) for column in terms}


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
        """Return (value, matching rows) of ``count``, ``sum(column)`` or ``distinct(dimension)``.

        A sum is ``None`` where no matching row has a value in the column.
        """
        cells = list(self.selected(selection))
        rows = sum(cell.rows for cell in cells)
        if measure == COUNT:
            return rows, rows
        name, _, column = measure.removesuffix(")").partition("(")
        if name == "distinct":
            place = self.cube.by.index(column)
            return len({cell.at[place] for cell in cells} - {None}), rows
        place = self.cube.sums.index(column)
        filled = [value for cell in cells if (value := cell.sums[place]) is not None]
        return (sum(filled) if filled else None), rows

    def selected(self, selection: Where) -> Iterator[Cell]:
        """Yield the cells of a selection.

        Raises:
            ValueError: where the selection asks for more than equality of dimensions and 明细 before 汇总.
        """
        tests = [self._test(condition) for condition in conditions(selection)]
        return (cell for cell in self.cells if all(test(cell) for test in tests))

    def _test(self, condition: Condition) -> Callable[[Cell], bool]:
        if isinstance(condition, DetailsFirst):
            return self._details_first(condition)
        if not isinstance(condition, Compare) or condition.operator not in ("=", "!="):
            raise ValueError(f"cube {self.cube.name}: cells know only equality, not {condition}")
        place = self.cube.by.index(condition.expression.text)
        wanted = frozenset(condition.values)
        if condition.operator == "=":
            return lambda cell: cell.at[place] in wanted
        return lambda cell: cell.at[place] not in wanted

    def _details_first(self, condition: DetailsFirst) -> Callable[[Cell], bool]:
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
        return lambda cell: (
            cell.at[granularity] == DETAIL
            or (str(cell.at[bureaus]), place(cell), tuple(cell.at[p] for p in parts)) not in finer
        )
