"""Why a figure changed: the list rows that came, went or read differently since a close, chosen as the figure counts.

The rows of a list are compared once. Then the cubes of the changed figures are read again, over the changed rows
alone and split by cause, so that explaining a hundred figures costs hardly more than explaining one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import sqlalchemy as sa

from exchange_hub.programme.cells import Cell, Cells, Cube
from exchange_hub.programme.conditions import Where, expression
from exchange_hub.programme.definitions import Definition, Derived, Measured
from exchange_hub.reports.catalogue import common_columns
from exchange_hub.reports.model import Cause
from exchange_hub.reports.sql import Lists, value

ROWS_MAX = 50
_WHOLE_LIST = ("details_first", "latest")
_KEYS = ("row_key", "component", "bureaus")
_RETURNED = ("returned_on", "returned_count", "subsidy_returned")


@dataclass(slots=True)
class Changed:
    """Changed rows that a figure counted at the close (*was*) or counts now.

    Attributes:
        causes: why they changed.
        bureaus: whose rows they are.
    """

    causes: set[Cause] = field(default_factory=set)
    bureaus: set[str] = field(default_factory=set)
    _keys: set[str] = field(default_factory=set)
    _was: int = 0
    _now: int = 0

    def keys(self) -> tuple[str, ...]:
        """Return the keys of at most ``ROWS_MAX`` rows, sorted."""
        return tuple(sorted(self._keys)[:ROWS_MAX])

    def count(self) -> int:
        """Return how many rows changed; above ``ROWS_MAX`` at least so many."""
        return max(len(self._keys), self._was, self._now)

    def add(self, part: "_Part") -> None:
        """Take in rows that agree in all dimensions and in their cause."""
        self.causes.add(part.cause)
        self.bureaus.update(part.bureaus)
        self._keys.update(part.keys)
        if part.now:
            self._now += part.rows
        else:
            self._was += part.rows

    def merge(self, other: "Changed") -> None:
        """Take in the rows behind another figure."""
        self.causes |= other.causes
        self.bureaus |= other.bureaus
        self._keys |= other._keys  # noqa: SLF001 - of the same class
        self._was, self._now = max(self._was, other._was), max(self._now, other._now)  # noqa: SLF001 — another one of its own kind


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


@dataclass(frozen=True, slots=True)
class _Part:
    """Changed rows that agree in the dimensions of a cube and in their cause, before the change or after it."""

    now: bool
    cause: Cause
    bureaus: tuple[str, ...]
    rows: int
    keys: tuple[str, ...]


@dataclass(slots=True)
class Explanation:
    """The changed rows between the frozen lists of a closed month and a views schema.

    Attributes:
        conn: a connection in a transaction, for temporary tables.
        frozen: the lists of the closed month.
        current: the lists of a views schema.
        cubes: cubes of the figures by name.
    """

    conn: sa.Connection
    frozen: Lists
    current: Lists
    cubes: Mapping[str, Cube]
    _sides: dict[str, tuple[sa.Table, sa.Table]] = field(default_factory=dict)
    _read: dict[str, tuple[Cells, list[_Part]]] = field(default_factory=dict)

    def behind(self, definition: Definition, changed: Mapping[str, Definition]) -> Changed:
        """Return the changed rows behind a figure; behind a derived one, those of the changed figures it derives from."""
        result = Changed()
        if isinstance(definition, Measured) and self._comparable(self.cubes[definition.cube]):
            cells, parts = self._parts(definition.cube)
            selection = {name: item for name, item in definition.select.items() if name not in _WHOLE_LIST}
            for cell in cells.selected(selection):
                result.add(parts[int(cell.sums[0] or 0)])
        elif isinstance(definition, Derived):
            for term in definition.terms:
                if term in changed:
                    result.merge(self.behind(changed[term], changed))
        return result

    def rows(self, list_: str, keys: Sequence[str]) -> Iterator[ChangedRow]:
        """Yield the changed rows of a list with these keys, as they are now or else as they were, by key."""
        if not keys:
            return
        was, now = self._tables(list_)
        columns = ("row_key", "component", "cause", "bureaus")
        chosen = sa.union_all(*(
            sa.select(*(side.c[name] for name in columns), sa.literal(rank).label("rank")).where(side.c.row_key.in_(keys))
            for rank, side in enumerate((now, was))
        )).subquery()  # fmt: skip
        one = sa.select(chosen).distinct(chosen.c.row_key).order_by(chosen.c.row_key, chosen.c.rank)
        for key, component, cause, bureaus, _ in self.conn.execute(one):
            yield ChangedRow(list_, key, component, cast(Cause, cause), tuple(bureaus))

    def clear(self) -> None:
        """Drop the temporary tables."""
        for table in (table for pair in self._sides.values() for table in pair):
            self.conn.execute(sa.schema.DropTable(table))
        self._sides.clear()

    def _comparable(self, cube: Cube) -> bool:
        """Tell whether both sides have everything that a cube asks for: what one lacks cannot say which rows a figure counted."""
        return all(
            any(view.name == list_ for view in self.frozen.views) and column in self._common(list_) for list_, column in cube.columns()
        )

    def _common(self, list_: str) -> tuple[str, ...]:
        """Return the columns of a list that both sides have, with the same name and type."""
        shared = common_columns(self.current.view(list_), self.frozen.view(list_))
        return (*_KEYS, *(column.name for column in shared))

    def _parts(self, name: str) -> tuple[Cells, list[_Part]]:
        """Read a cube over the changed rows: cells that number the parts, and the parts."""
        if name not in self._read:
            cube = self.cubes[name]
            cells: list[Cell] = []
            parts: list[_Part] = []
            for at, part in self._rows(cube):
                cells.append(Cell(at, part.rows, (len(parts),)))
                parts.append(part)
            self._read[name] = (Cells(cube, tuple(cells)), parts)
        return self._read[name]

    def _rows(self, cube: Cube) -> Iterator[tuple[tuple[Any, ...], _Part]]:
        # 明细 before 汇总 and the latest month are questions about all rows; a changed row explains without them.
        own = {name: item for name, item in cube.where.items() if name not in _WHOLE_LIST}
        own.update(_among(cube.where))
        width = len(cube.by)
        for lists, table, now in zip((self.frozen, self.current), self._tables(cube.list), (False, True), strict=True):
            rows = table.alias()
            dimensions = [value(rows, expression(text)) for text in cube.by]
            keys = sa.func.array_agg(sa.dialects.postgresql.aggregate_order_by(rows.c.row_key, rows.c.row_key))
            chosen = (
                sa.select(*dimensions, rows.c.cause, rows.c.bureaus, sa.func.count(), keys)
                .select_from(rows).where(lists.matches(cube.list, rows, own))
                .group_by(*(sa.literal_column(str(n)) for n in range(1, width + 3)))
            )  # fmt: skip
            for row in self.conn.execute(chosen):
                cause, bureaus, count, every = row[width:]
                yield (
                    tuple(row[:width]),
                    _Part(now, cast(Cause, cause), tuple(bureaus), count, tuple(every[:ROWS_MAX])),
                )

    def _tables(self, list_: str) -> tuple[sa.Table, sa.Table]:
        """Make the temporary tables of the changed rows of a list, as they were and as they are, each with its cause."""
        if list_ not in self._sides:
            name = self.current.view(list_).table
            self.conn.execute(sa.schema.CreateTableAs(self._compared(list_), f"changed_{name}", temporary=True))
            changed = sa.table(f"changed_{name}", sa.column("row_key", sa.Text()), sa.column("cause", sa.Text()))
            sides = []
            for lists, prefix in ((self.frozen, "was"), (self.current, "now")):
                source = lists.table(list_)
                joined = source.join(changed, changed.c.row_key == source.c.row_key)
                rows = sa.select(*source.c, changed.c.cause).select_from(joined)
                self.conn.execute(sa.schema.CreateTableAs(rows, f"{prefix}_{name}", temporary=True))
                columns = [sa.Column(column.name, column.type) for column in source.c]
                sides.append(sa.Table(f"{prefix}_{name}", sa.MetaData(), *columns, sa.Column("cause", sa.Text())))
            self.conn.execute(sa.text(f"DROP TABLE changed_{name}"))
            self._sides[list_] = (sides[0], sides[1])
        return self._sides[list_]

    def _compared(self, list_: str) -> sa.Select[Any]:
        """Return row key and cause of every row that came, went or reads differently."""
        old = self.frozen.table(list_).alias("old")
        new = self.current.table(list_).alias("new")
        common = self._common(list_)
        same = sa.func.row(*(old.c[name] for name in common)).is_not_distinct_from(sa.func.row(*(new.c[name] for name in common)))
        cause = sa.case(
            (old.c.row_key.is_(None), _came(new, common, self._elsewhere(self.frozen, list_, new))),
            (
                new.c.row_key.is_(None),
                sa.case((self._elsewhere(self.current, list_, old), "合并"), else_="撤回"),
            ),
            (old.c.bureaus != new.c.bureaus, "合并"),
            else_=_reads(old, new, common),
        )
        return (
            sa.select(sa.func.coalesce(new.c.row_key, old.c.row_key).label("row_key"), cause.label("cause"))
            .select_from(old.join(new, new.c.row_key == old.c.row_key, full=True)).where(~same)
        )  # fmt: skip

    def _elsewhere(self, lists: Lists, list_: str, row: sa.FromClause) -> sa.ColumnElement[bool]:
        """Ask whether the entity of a row has a row under another key in these lists: it was merged or split."""
        agree = self.current.view(list_).merge_columns
        if agree is None or not {*agree} <= {*self._common(list_)}:
            return sa.false()
        other = lists.table(list_).alias()
        agreeing = (other.c[name] == row.c[name] for name in ("component", *agree))
        shares = sa.and_(other.c.row_key != row.c.row_key, *agreeing)
        return sa.exists(sa.select(sa.literal(1)).select_from(other).where(shares))


def _came(new: sa.FromClause, common: Sequence[str], merged: sa.ColumnElement[bool]) -> sa.ColumnElement[str]:
    back = new.c.step == "退货" if "step" in common else sa.false()
    if {"step", "reason"} <= {*common}:
        back = sa.or_(back, sa.and_(new.c.step == "冲回", new.c.reason == "退货"))
    return sa.case((merged, "合并"), (back, "退货"), else_="迟报")


def _reads(old: sa.FromClause, new: sa.FromClause, common: Sequence[str]) -> sa.ColumnElement[str]:
    told = [old.c[name].is_distinct_from(new.c[name]) for name in _RETURNED if name in common]
    return sa.case((sa.or_(*told), "退货"), else_="更正") if told else sa.literal("更正", sa.Text())


def _among(where: Where) -> Mapping[str, object]:
    """Return the conditions on the rows among which a figure takes the latest."""
    latest = where.get("latest")
    among = latest.get("among") if isinstance(latest, Mapping) else None
    return among if isinstance(among, Mapping) else {}
