"""Reading rows in which nothing is to be said, quickly: most rows of a long list. Pure.

A row is plain where every cell reads without a note, as :func:`read_value` would read it. Anything else — an odd format, a
merged cell, a doubt, an empty cell that must be filled — makes :meth:`PlainRows.read` decline, and the row is read in full.
Of a plain row no value is held: it is read from the sheet's own cells when somebody asks.
"""

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from typing_extensions import override

from exchange_connectors.excel.cells import Seen, as_text, error_in, fold_width, is_empty
from exchange_connectors.excel.model import Cell, Row, RowKind, Value
from exchange_connectors.excel.row_kinds import RowKinds
from exchange_connectors.excel.stand_ins import voids
from exchange_connectors.excel.table import BoundColumn, Table
from exchange_connectors.excel.values import read_value
from exchange_connectors.excel.workbook import Merge
from exchange_connectors.kit.money import ROW_YUAN_MAX
from exchange_contracts import personal
from exchange_contracts.formats import NAME_LENGTH_MAX
from exchange_contracts.units import MoneyUnit

REMEMBERED = 20_000
"""Texts of a column whose meaning is kept: kinds, companies and towns come again, numbers of things do not."""

_CODE = re.compile(r"(?![Tt][Oo][Tt][Aa][Ll]|[Ss][Uu][Mm]\Z|[xX]+\Z|0+\Z|\d.*[eE])(?:k\d{1,4}:)?[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
"""A number of a thing: its own value, no word of a sheet's, no number in scientific notation."""
_SHORT = 10**9
_FEN_MAX = int(ROW_YUAN_MAX) * 100


@dataclass(frozen=True, slots=True)
class _Ask:
    """Stands for a cell that must be read in full."""


_ASK = _Ask()
_NEW = _Ask()
"""Stands for a text of which nothing is known yet."""


@dataclass(slots=True)
class PlainColumn:
    """How a column's plain cells are read; *said* is what texts and dates were found to mean.

    Attributes:
        bound: what the column means; ``None`` for one that is not read.
        serial: it holds nothing but the rows' numbers.
        barred: what stands in it is never plain.
        remark: words in it may take their row back.
        as_is: a plain code is its own value.
        scale: fen of one unit of money, 0 for a column of whole numbers, ``None`` where numbers are read in full.
        formatted: some of its cells have a format of their own.
        full: more texts than are remembered came; before that, what is not remembered is a plain code.
        fen: sum of the plain rows.
    """

    index: int
    bound: BoundColumn | None = None
    serial: bool = False
    required: bool = False
    barred: bool = False
    remark: bool = False
    as_is: bool = False
    scale: int | None = None
    formatted: bool = True
    fen: int = 0
    full: bool = False
    said: dict[object, Value | _Ask] = field(default_factory=dict)


class LazyCells(Mapping[str, Cell]):
    """A row's mapped cells, looked up where they lie in the sheet."""

    __slots__ = ("_cells", "_places")

    def __init__(self, places: Mapping[str, int], cells: list[Cell]) -> None:
        self._places, self._cells = places, cells

    @override
    def __getitem__(self, name: str) -> Cell:
        index = self._places[name]
        return self._cells[index] if index < len(self._cells) else None

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    @override
    def __len__(self) -> int:
        return len(self._places)


class LazyValues(MutableMapping[str, Value]):
    """A plain row's values, read from its cells when they are asked for; what is set is kept."""

    __slots__ = ("_own", "cells", "number", "rows")

    def __init__(self, rows: "PlainRows", number: int, cells: list[Cell]) -> None:
        self.rows, self.number, self.cells = rows, number, cells
        self._own: dict[str, Value] | None = None

    @override
    def __getitem__(self, name: str) -> Value:
        if self._own is not None:
            return self._own[name]
        column = self.rows.read_from.get(name)
        return self.rows.fixed[name] if column is None else self.rows.value(column, self.number, self.cells)

    @override
    def __setitem__(self, name: str, value: Value) -> None:
        self._kept()[name] = value

    @override
    def __delitem__(self, name: str) -> None:
        del self._kept()[name]

    def _kept(self) -> dict[str, Value]:
        if self._own is None:
            self._own = {name: self[name] for name in self}
        return self._own

    @override
    def __iter__(self) -> Iterator[str]:
        if self._own is not None:
            return iter(self._own)
        return iter((*self.rows.read_from, *self.rows.fixed))

    @override
    def __len__(self) -> int:
        return len(self.rows.read_from) + len(self.rows.fixed) if self._own is None else len(self._own)


class PlainRows:
    """Reads a table's plain rows.

    Args:
        table: the table, its columns bound.
        kinds: says what a row is.
        merged: the cells that several share.
        make: makes the row of a number, with its cells and values.

    Attributes:
        read_from: row field → the column it is read from.
        fixed: row field → what the mapping or the sheet's title says for all rows.
    """

    def __init__(
        self, table: Table, kinds: RowKinds, merged: Mapping[tuple[int, int], Merge],
        make: Callable[[int, RowKind, Mapping[str, Cell], MutableMapping[str, Value]], Row],
    ) -> None:  # fmt: skip
        self._make, self._kinds, self._formats = make, kinds, table.sheet.formats
        self._seen = Seen(None, "", table.sheet.from_1904)
        sheet = table.sheet
        odd: tuple[Mapping[tuple[int, int], object] | set[tuple[int, int]], ...] = (
            sheet.errors, sheet.outward, sheet.uncomputed, sheet.doubtful, sheet.marks, sheet.commented, merged,
        )  # fmt: skip
        self._odd = {row for places in odd for row, _ in places}
        self._able = table.mapped.kind == "rows" and not any(c.reads.field == "unit" or c.mapped.join for c in table.columns)
        self._formatted = {column for _, column in sheet.formats}
        by_index = {bound.column - 1: bound for bound in table.columns}
        self._columns = [self._column(index, by_index.get(index), table) for index in range(max(by_index, default=-1) + 1)]
        self._needed = max((column.index + 1 for column in self._columns if column.required), default=0)
        carried = [bound for bound in table.columns if bound.mapped.carried and bound.mapped.evidence is None]
        special = {bound.mapped.field: bound.column - 1 for bound in table.columns if not bound.mapped.carried}
        self._places = {bound.reads.field: bound.column - 1 for bound in carried} | {name: at for name, at in special.items() if name == "$unit"}
        self.read_from = {bound.reads.field: self._columns[bound.column - 1] for bound in carried}
        self.read_from |= {name: self._columns[at] for name, at in special.items() if name == "$reason"}
        self.fixed: dict[str, Value] = {name: value for name, value in table.mapped.constants.items() if name not in self._places}
        if table.month is not None and "month" not in self.read_from:
            self.fixed.setdefault("month", table.month)

    def _column(self, index: int, bound: BoundColumn | None, table: Table) -> PlainColumn:
        """Return how a column is read; of one without a meaning only what may stand in it is of interest."""
        serial, formatted = self._kinds.is_serial(index + 1), index + 1 in self._formatted
        if bound is None or not bound.mapped.carried:
            marks = bound is not None and bound.mapped.marks is not None
            return PlainColumn(index, None, serial, barred=marks, formatted=formatted, remark=bound is not None and bound.mapped.field == "$remark")
        kind, money = bound.reads.type.kind, None
        if kind == "money":
            money = int(MoneyUnit(bound.reads.unit or MoneyUnit.YUAN).factor * 100)
        required = bound.mapped.required or (bound.reads.field == "month" and table.month is not None)
        return PlainColumn(
            index, bound, serial, required, bound.mapped.evidence is not None, False, kind == "text" and not bound.reads.rewrites,
            0 if kind == "count" else money, formatted,
        )  # fmt: skip

    def read(self, number: int, cells: list[Cell], after_gap: bool) -> Row | None:
        """Return a row that is plain data, ``None`` where it must be looked at in full.

        Args:
            number: row as the spreadsheet shows it.
            cells: its cells.
            after_gap: the row before it is blank.
        """
        width = len(cells)
        if not self._able or width < self._needed or number in self._odd or not self._kinds.expects_data(after_gap):
            return None
        columns = self._columns
        while len(columns) < width:
            columns.append(PlainColumn(len(columns), serial=self._kinds.is_serial(len(columns) + 1), formatted=len(columns) + 1 in self._formatted))
        filled, amounts = False, []
        for column, cell in zip(columns, cells, strict=False):
            if cell is None:
                if column.required:
                    return None
                continue
            if column.barred:
                return None
            if type(cell) is str:
                value = column.said.get(cell, _NEW)
                if value is _NEW:
                    value = self._learn(column, cell)
                if value is _ASK or (value is None and column.required):
                    return None
                if column.scale and isinstance(value, Decimal):
                    amounts.append((column, int(value.scaleb(2))))
            elif type(cell) is float:
                fen = self._number(column, number, cell)
                if fen is None:
                    return None
                amounts.append((column, fen))
            elif not self._is_plain_date(column, number, cell):
                return None
            filled = filled or not column.serial
        if not filled:
            return None
        for column, fen in amounts:
            column.fen += fen
        return self._make(number, RowKind.DETAIL, LazyCells(self._places, cells), LazyValues(self, number, cells))

    def value(self, column: PlainColumn, number: int, cells: list[Cell]) -> Value:
        """Return what a cell of a plain row means."""
        cell = cells[column.index] if column.index < len(cells) else None
        if column.bound is None:
            return as_text(cell).strip() or None  # a reason
        if cell is None:
            return None
        if type(cell) is float:
            fen = round(cell * (column.scale or 1))
            return Decimal(fen).scaleb(-2) if column.scale else fen
        if type(cell) is str:
            value = self._learn(column, cell) if column.full and cell not in column.said else column.said.get(cell, cell)
        else:
            shown = self._formats.get((number, column.index + 1)) if column.formatted else None
            value = column.said.get((cell, id(shown)), _NEW)
            if value is _NEW:
                value = self._learn_date(column, cell, Seen(shown, "", self._seen.from_1904))
        assert not isinstance(value, _Ask)  # noqa: S101 - the row is plain
        return value

    def _number(self, column: PlainColumn, number: int, cell: float) -> int | None:
        """Read a number in a plain cell: fen of an amount of whole fen, a whole number of things; a nought and the rest are read in full."""
        scale = column.scale
        if column.bound is None:
            return 0 if cell.is_integer() and abs(cell) < _SHORT else None
        if scale is None or (column.formatted and (number, column.index + 1) in self._formats):
            return None
        if scale == 0:
            return int(cell) if cell.is_integer() and 0 < cell < _SHORT else None
        fen = round(cell * scale)
        # With up to fifteen digits there is one decimal for a float: it is what the cell shows.
        return fen if 0 < fen <= _FEN_MAX and fen / scale == cell else None

    def _learn(self, column: PlainColumn, cell: str) -> Value | _Ask:
        """Read a text and keep what it means, where nothing is to be said of it."""
        if column.as_is and not self._kinds.has_codes and len(cell) <= NAME_LENGTH_MAX and _CODE.fullmatch(cell) and (len(cell) < 10 or not personal.holds_personal_number(cell)):
            return cell
        value: Value | _Ask = _ASK
        if self._kinds.is_plain(cell) and not personal.holds_personal_number(fold_width(cell)):
            value = None
            if (column.bound is not None and error_in(cell) is not None) or (column.remark and voids(cell)):
                value = _ASK
            elif column.bound is not None and not is_empty(cell):
                reading = read_value(cell, column.bound.reads, self._seen)
                value = _ASK if reading.notes else reading.value
        return self._remember(column, cell, value)

    def _is_plain_date(self, column: PlainColumn, number: int, cell: Cell) -> bool:
        if not isinstance(cell, date):
            return False
        if column.bound is None:
            return True
        shown = self._formats.get((number, column.index + 1)) if column.formatted else None
        value = column.said.get((cell, id(shown)), _NEW)
        if value is _NEW:
            value = self._learn_date(column, cell, Seen(shown, "", self._seen.from_1904))
        return value is not _ASK and not (value is None and column.required)

    def _learn_date(self, column: PlainColumn, cell: Cell, seen: Seen) -> Value | _Ask:
        assert column.bound is not None  # noqa: S101 - only columns that are read have values
        reading = read_value(cell, column.bound.reads, seen)
        return self._remember(column, (cell, id(seen.format)), _ASK if reading.notes else reading.value)

    def _remember(self, column: PlainColumn, said: object, value: Value | _Ask) -> Value | _Ask:
        if column.full:
            return value
        column.said[said] = value
        column.full = len(column.said) >= REMEMBERED
        return value
