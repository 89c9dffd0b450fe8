"""A workbook as read, whatever its format: values, and what a reader of values alone does not tell.

Everything has a limit: a workbook comes from outside.
"""

import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from math import isfinite

from exchange_connectors.excel.model import Cell
from exchange_connectors.excel.number_format import NumberFormat

FILE_BYTES_MAX = 50 * 2**20
UNPACKED_BYTES_MAX = 500 * 2**20
ROWS_MAX = 200_000
COLUMNS_MAX = 16_384
CELLS_MAX = 10_000_000
"""Cells of a sheet's used range, empty ones among them: what a reader holds in memory at once."""

NO_HEIGHT, NO_WIDTH = 3.0, 0.5
"""Height (points) and width (characters) below which what stands in a row or column cannot be read."""

DAMAGED = "打不开（文件损坏），请用表格软件打开后另存为xlsx再报"


class UnreadableError(Exception):
    """The file is no workbook that can be read; the message (Chinese) says what it is and what to do."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range, rows and columns counted from 1, both ends inside."""

    top: int
    left: int
    bottom: int
    right: int


class Mark(Enum):
    """What a cell's type face says beside its value."""

    STRUCK = "struck out as a whole"
    PARTLY_STRUCK = "some of its characters are struck out"
    RAISED = "some of its characters are raised or lowered"
    UNSEEN = "written in white on no ground of its own"


@dataclass(slots=True)
class Sheet:
    """A sheet as read. Rows and columns count from 1 everywhere.

    Attributes:
        hidden: the sheet itself does not show.
        errors: cells that show an error, or whose formula holds one.
        outward: cells whose formula looks into another file.
        uncomputed: cells whose formula has no stored result.
        doubtful: cells whose stored result the spreadsheet will work out anew when it opens the file.
        marks: cells with a type face that says something.
        formats: cells whose number format changes what the number says.
        from_1904: days are counted from 1904, as Macintosh workbooks do.
        commented: cells with a comment of the clerk's → its words.
        on_paper: what is printed above and below each page.
        afloat: texts of boxes and shapes that lie over the cells.
        separated: its cells are told apart by signs alone, so that a sign too many moves all that follow.
    """

    name: str
    rows: list[list[Cell]]
    merges: tuple[Merge, ...] = ()
    hidden: bool = False
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    outward: set[tuple[int, int]] = field(default_factory=set)
    uncomputed: set[tuple[int, int]] = field(default_factory=set)
    doubtful: set[tuple[int, int]] = field(default_factory=set)
    marks: dict[tuple[int, int], Mark] = field(default_factory=dict)
    formats: dict[tuple[int, int], NumberFormat] = field(default_factory=dict)
    from_1904: bool = False
    commented: dict[tuple[int, int], str] = field(default_factory=dict)
    on_paper: tuple[str, ...] = ()
    afloat: tuple[str, ...] = ()
    separated: bool = False

    def cell(self, row: int, column: int) -> Cell:
        """Return a cell, ``None`` outside the used range."""
        if 0 < row <= len(self.rows) and 0 < column <= len(self.rows[row - 1]):
            return self.rows[row - 1][column - 1]
        return None


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook's visible and hidden sheets in order.

    Attributes:
        named: the sheets have names; a text or HTML file holds one table without a name.
        taken_as: what the file was taken for, where that is not plain from its ending (Chinese).
    """

    file: str
    sheets: tuple[Sheet, ...]
    named: bool = True
    taken_as: str = ""


def bounded(name: str, rows: int, columns: int) -> None:
    """Refuse a used range beyond the limits.

    Raises:
        UnreadableError: too many rows or cells.
    """
    if rows > ROWS_MAX:
        raise UnreadableError(f"“{name}”超过{ROWS_MAX}行，请删去多余的空行或分表报送")
    if rows * columns > CELLS_MAX:
        raise UnreadableError(f"“{name}”用到{rows}行、{columns}列，请删去多余的空行空列后重报")


def unpacked_within_limits(archive: zipfile.ZipFile) -> None:
    """Refuse a package that unpacks to more than the limit.

    Raises:
        UnreadableError: it does.
    """
    if sum(info.file_size for info in archive.infolist()) > UNPACKED_BYTES_MAX:
        raise UnreadableError("文件展开后过大，请删去多余的空行空列")


def as_cell(value: object) -> Cell:
    """Return a cell in the types the rest works with: empty is ``None``, numbers are finite, durations are times."""
    if value == "":
        return None
    if isinstance(value, timedelta):
        return (datetime.min + value % timedelta(days=1)).time()  # noqa: DTZ901 - a spreadsheet's times have no zone
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value  # type: ignore[return-value]  # readers give no other types
