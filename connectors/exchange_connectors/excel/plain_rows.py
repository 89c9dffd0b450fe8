"""Reading rows in which nothing is to be said, quickly: most rows of a long list. Pure.

A row is plain where every cell reads without a note, as :func:`read_value` would read it. Anything else — an odd format, a
merged cell, a doubt, an empty cell that must be filled — makes :meth:`PlainRows.read` decline, and the row is read in full.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from typing_extensions import override

from exchange_connectors.excel.cells import Seen, as_text, error_in, fold_width, is_empty
from exchange_connectors.excel.model import Cell, Row, RowKind, Value
from exchange_connectors.excel.row_kinds import RowKinds
from exchange_connectors.excel.table import BoundColumn, Table
from exchange_connectors.excel.values import read_value
from exchange_connectors.excel.workbook import Merge
from exchange_connectors.kit.money import ROW_YUAN_MAX
from exchange_contracts import personal
from exchange_contracts.units import MoneyUnit

REMEMBERED = 20_000
"""Texts of a column whose meaning is kept: kinds, companies and towns come again, numbers of things do not."""

_CODE = re.compile(r"(?:k\d{1,4}:)?[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
_POWER = re.compile(r"\d.*[eE]")
_SHORT = 10**9


@dataclass(frozen=True, slots=True)
class _Ask:
    """Stands for a cell that must be read in full."""


_ASK = _Ask()


@dataclass(slots=True)
class _Reader:
    """How a column's plain cells are read; *said* is what texts and dates were found to mean.

    Attributes:
        scale: fen of one unit of money, 0 for a column of whole numbers, ``None`` where numbers are read in full.
        as_is: a plain code is its own value.
    """

    index: int
    name: str
    bound: BoundColumn
    required: bool
    scale: int | None
    as_is: bool
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


class PlainRows:
    """Reads a table's plain rows.

    Args:
        table: the table, its columns bound.
        kinds: says what a row is.
        merged: the cells that several share.
        make: makes the row of a number, empty.
    """

    def __init__(self, table: Table, kinds: RowKinds, merged: Mapping[tuple[int, int], Merge], make: Callable[[int, RowKind], Row]) -> None:
        self._make, self._kinds, self._formats = make, kinds, table.sheet.formats
        self._seen = Seen(None, "", table.sheet.from_1904)
        sheet = table.sheet
        odd: tuple[Mapping[tuple[int, int], object] | set[tuple[int, int]], ...] = (
            sheet.errors, sheet.outward, sheet.uncomputed, sheet.doubtful, sheet.marks, merged,
        )  # fmt: skip
        self._odd = {row for places in odd for row, _ in places}
        self._able = table.mapped.kind == "rows" and not any(c.reads.field == "unit" or c.mapped.join for c in table.columns)
        self._readers = [_reader(bound) for bound in table.columns if bound.mapped.carried]
        self._evidence = [bound.column - 1 for bound in table.columns if bound.mapped.evidence is not None]
        self._reasons = [bound.column - 1 for bound in table.columns if bound.mapped.field == "$reason"]
        carried = [(bound.reads.field, bound) for bound in table.columns if bound.mapped.carried and bound.mapped.evidence is None]
        units = [("$unit", bound) for bound in table.columns if bound.mapped.field == "$unit"]
        self._places = {name: bound.column - 1 for name, bound in (*carried, *units)}
        self._amounts = {reader.index for reader in self._readers if reader.bound.reads.type.kind in ("money", "count", "quantity", "percent", "date")}
        self._impersonal: dict[str, bool] = {}

    def read(self, number: int, cells: list[Cell], after_gap: bool) -> Row | None:
        """Return a row that is plain data, ``None`` where it must be looked at in full.

        Args:
            number: row as the spreadsheet shows it.
            cells: its cells.
            after_gap: the row before it is blank.
        """
        if not self._able or number in self._odd or not self._kinds.plainly_data(cells, after_gap):
            return None
        values: dict[str, Value] = {}
        width = len(cells)
        for reader in self._readers:
            cell = cells[reader.index] if reader.index < width else None
            value = None if cell is None else self._value(reader, number, cell)
            if isinstance(value, _Ask) or (value is None and reader.required):
                return None
            values[reader.name] = value
        if any(index < width and cells[index] is not None for index in self._evidence) or not self._holds_nobody(cells):
            return None
        for index in self._reasons:
            values["$reason"] = as_text(cells[index] if index < width else None).strip() or None
        row = self._make(number, RowKind.DETAIL)
        row.cells, row.values = LazyCells(self._places, cells), values
        return row

    def _value(self, reader: _Reader, number: int, cell: Cell) -> Value | _Ask:
        kind = type(cell)
        if kind is str:
            known = reader.said.get(cell, reader)
            return known if known is not reader else _learn(reader, cell, self._seen)  # type: ignore[return-value]  # the reader itself stands for none
        if kind is float:
            return _number(reader.scale, cell) if (number, reader.index + 1) not in self._formats else _ASK  # type: ignore[arg-type]  # as was asked
        if not isinstance(cell, date):
            return _ASK
        shown = self._formats.get((number, reader.index + 1))
        known = reader.said.get((cell, id(shown)), reader)
        return known if known is not reader else _learn(reader, cell, Seen(shown, "", self._seen.from_1904))  # type: ignore[return-value]  # as above

    def _holds_nobody(self, cells: list[Cell]) -> bool:
        """Say whether certainly no cell holds a personal number."""
        known = self._impersonal
        for index, cell in enumerate(cells):
            if cell is None:
                continue
            if type(cell) is str:
                if len(cell) < 10 and cell.isascii():
                    continue
                nobody = known.get(cell)
                if nobody is None:
                    nobody = not personal.holds_personal_number(fold_width(cell))
                    if len(known) < REMEMBERED:
                        known[cell] = nobody
                if not nobody:
                    return False
            elif index not in self._amounts and not (isinstance(cell, date) or (isinstance(cell, float) and cell.is_integer() and abs(cell) < _SHORT)):
                return False
        return True


def _reader(bound: BoundColumn) -> _Reader:
    reads = bound.reads
    kind = reads.type.kind
    scale = None
    if kind == "money":
        scale = int(MoneyUnit(reads.unit or MoneyUnit.YUAN).factor * 100)
    elif kind == "count":
        scale = 0
    return _Reader(bound.column - 1, reads.field, bound, bound.mapped.required, scale, kind == "text" and not reads.rewrites)


def _learn(reader: _Reader, cell: Cell, seen: Seen) -> Value | _Ask:
    """Read a text or date and keep what it means, where nothing is to be said of it."""
    if reader.as_is and isinstance(cell, str) and _CODE.fullmatch(cell) and not _POWER.match(cell):
        return cell
    value: Value | _Ask = None
    if error_in(cell) is not None:
        value = _ASK
    elif not is_empty(cell):
        reading = read_value(cell, reader.bound.reads, seen)
        value = _ASK if reading.notes else reading.value
    if len(reader.said) < REMEMBERED:
        reader.said[cell if isinstance(cell, str) else (cell, id(seen.format))] = value
    return value


_FEN_MAX = int(ROW_YUAN_MAX) * 100


def _number(scale: int | None, cell: float) -> Value | _Ask:
    """Read a number in a plain cell: an amount of whole fen, a whole number of things; a nought and the rest are read in full."""
    if scale is None:
        return _ASK
    if scale == 0:
        return int(cell) if cell.is_integer() and 0 < cell < _SHORT else _ASK
    fen = round(cell * scale)
    # With up to fifteen digits there is one decimal for a float: it is what the cell shows.
    return Decimal(fen).scaleb(-2) if 0 < fen <= _FEN_MAX and fen / scale == cell else _ASK


