"""What is said of a workbook: findings with their level and place, rows, and cells."""

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

Cell = str | float | int | bool | date | datetime | time | None
"""A cell as read: an empty one is ``None``."""

GUIDE_SHEET, CHOICES_SHEET, SLIP_SHEET = "填报说明", "可选值", "回执"
BESIDE = frozenset({GUIDE_SHEET, CHOICES_SHEET, SLIP_SHEET})
"""Sheets of a template and of a slip: they hold nothing to report, also where a clerk goes on in a slip."""

Value = str | int | Decimal | date | tuple[str, ...] | None
"""A cell as understood."""


NUMBER_KINDS = frozenset({"money", "count", "quantity", "percent"})
"""Kinds of columns that hold numbers."""


class Level(StrEnum):
    """What a finding means for the row."""

    RETURNED = "退"
    """Not taken: the row goes back to the bureau."""
    VERIFY = "核"
    """Taken; the bureau is asked to verify."""
    NOTED = "知"
    """Taken; something was handled, for information."""


OWN_COMMENT = (*(f"【{level}】" for level in Level), "必填。", "选填。", "办理该事项时必填。", "与“")
"""How comments of a return slip and of a template begin, in which a clerk may go on."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding on a workbook.

    Attributes:
        no: number in the list of workbook errors; 0 for what the contract itself refuses.
        level: what it means for the row.
        message: what the clerk should read, in Chinese; never repeats personal data.
        sheet: sheet name, empty for the whole file.
        row: row as the spreadsheet shows it, ``None`` for the whole sheet.
        column: column, counted from 1.
    """

    no: int
    level: Level
    message: str
    sheet: str = ""
    row: int | None = None
    column: int | None = None

    @property
    def cell(self) -> str:
        """The place as a spreadsheet writes it, such as ``C12``."""
        if self.row is None:
            return ""
        return f"{letters(self.column)}{self.row}" if self.column else f"第{self.row}行"


CELLS_NAMED = 6
"""Places that a line names; of more it says how many there are."""


def gathered(findings: Iterable[Finding]) -> list[tuple[Finding, str]]:
    """Return like findings of a sheet once, each with all its places in words."""
    places: dict[tuple[int, Level, str, str], list[Finding]] = {}
    for each in findings:
        places.setdefault((each.no, each.level, each.sheet, each.message), []).append(each)
    told = []
    for alike in places.values():
        named = "、".join(each.cell for each in alike[:CELLS_NAMED] if each.cell)
        told.append((alike[0], f"{named}等{len(alike)}处" if len(alike) > CELLS_NAMED else named))
    return told


def letters(column: int | None) -> str:
    """Return a column's letters: 1 → A, 27 → AA."""
    text, rest = "", column or 0
    while rest:
        rest, digit = divmod(rest - 1, 26)
        text = chr(65 + digit) + text
    return text


@dataclass(frozen=True, slots=True)
class Note:
    """A finding on one value, before it has a place."""

    no: int
    level: Level
    message: str


class RowKind(StrEnum):
    """What a row is."""

    DETAIL = "detail"
    SUBTOTAL = "subtotal"
    TOTAL = "total"
    HEADING = "heading"
    NOTE = "note"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class ColumnSum:
    """A money column's sum as read beside the sheet's own total, both in the column's unit."""

    header: str
    unit: str
    read: Decimal
    stated: Decimal | None = None


@dataclass(slots=True)
class Account:
    """What became of every row of a sheet that is not empty: the numbers add up to *filled*.

    Attributes:
        headings: title and header lines, repeated ones among them.
        taken: data rows that were read and not sent back.
        returned: data rows that go back.
        unread: rows that were not read; *why* says the reason (Chinese).
    """

    sheet: str
    filled: int = 0
    headings: int = 0
    taken: int = 0
    returned: int = 0
    totals: int = 0
    notes: int = 0
    unread: int = 0
    why: str = ""
    sums: tuple[ColumnSum, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetSeen:
    """A sheet of rows in numbers: of which list and month it is, and how many rows were taken and go back.

    Attributes:
        whole: whether it goes back without its rows having been read.
    """

    sheet: str
    list: str | None
    month: str | None
    taken: int
    returned: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the fields of a table's rows stand: the same for all of them.

    Attributes:
        places: row field → column.
        evidence: columns of evidence.
        reason: column of the reason, where there is one.
        month: where the sheet names its month: ``title``, ``file``, a cell, or empty.
        known: places of events that were written out already.
    """

    places: Mapping[str, int] = field(default_factory=dict)
    evidence: tuple[int, ...] = ()
    reason: int | None = None
    month: str = ""
    known: dict[tuple[object, ...], str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Row:
    """A row of a table, understood.

    Attributes:
        number: row as the spreadsheet shows it.
        kind: detail or total.
        cells: row field → cell as read, mapped columns only.
        values: row field → value; absent where the cell could not be understood.
        places: row field → column.
        units: row field → reported unit of money.
        evidence: (kind, number) pairs.
        returned: whether a finding sent the row back.
        layout: where the table's fields stand.
        elsewhere: row field → cell of another row that was carried down to this one.
    """

    number: int
    kind: RowKind
    cells: Mapping[str, Cell] = field(default_factory=dict)
    values: MutableMapping[str, Value] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    evidence: list[tuple[str, str]] = field(default_factory=list)
    returned: bool = False
    layout: Layout = field(default_factory=Layout)
    elsewhere: dict[str, str] = field(default_factory=dict)

    def money(self, name: str) -> Decimal | None:
        """Return an amount in yuan (or a quantity), ``None`` where the row states none."""
        value = self.values.get(name)
        return value if isinstance(value, Decimal) else None

    def day(self, name: str) -> date | None:
        """Return a date."""
        value = self.values.get(name)
        return value if isinstance(value, date) else None

    def text(self, name: str) -> str | None:
        """Return a text."""
        value = self.values.get(name)
        return value if isinstance(value, str) and value else None

    def entries(self, name: str) -> dict[str, Decimal]:
        """Return the amounts of a map field (``funding.市级`` → 市级)."""
        prefix = f"{name}."
        return {
            key.removeprefix(prefix): value
            for key in self.values
            if key.startswith(prefix) and isinstance(value := self.values[key], Decimal)
        }
