"""What every reader of a cell takes and gives: the column, how the cell shows, the value with its notes. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from exchange_connectors.excel.fields import FieldType
from exchange_connectors.excel.model import Cell, Level, Note, Value
from exchange_connectors.excel.number_format import NumberFormat
from exchange_connectors.kit.money import Unit, exact, plain

SPREADSHEET_DIGITS = 15
"""Significant digits a spreadsheet keeps; the rest of a longer number is lost."""

NOTHING = frozenset({"-", "--", "—", "——", "–", "/", "\\", "无", "暂无", "N/A", "n/a", "无此项", "*"})
_SCIENTIFIC = re.compile(r"[+-]?\d(\.\d+)?[Ee][+]?\d+")
_ERRORS = re.compile(r"#(?:[A-Z][A-Z0-9/]*[!?]|N/A|GETTING_DATA|#+)|(?:Err|错误):\d{3}")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_FOOTNOTE = re.compile("[\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209c\u2150-\u2189\u2460-\u24ff\u2776-\u2793\u3200-\u33ff]")
"""Raised, circled and fractional digits: marks of footnotes and parts of a number that folding would join to its digits."""
_TORN = re.compile(r"\d[^\S\n]*\n\s*\d|\d\s+\d")


@dataclass(frozen=True, slots=True)
class Column:
    """How to read a column's cells.

    Attributes:
        measure: unit of a quantity or a count that the heading names.
        key: the column is part of the business key.
        of_one: the amount is of one thing, so that an enormous one is a mistake of unit; a total may be as large as it is.
    """

    field: str
    type: FieldType
    unit: Unit | None = None
    rewrites: Mapping[str, str] | None = None
    departments: Mapping[str, str] | None = None
    measure: str = ""
    of_one: bool = True
    key: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """How a cell shows and what stands beside it.

    Attributes:
        format: what its number format changes.
        measure: unit that the row's own column names.
        from_1904: the workbook counts days from 1904.
    """

    format: NumberFormat | None = None
    measure: str = ""
    from_1904: bool = False


PLAIN = Seen()


@dataclass(frozen=True, slots=True)
class Reading:
    """A value with what is to be said of it."""

    value: Value = None
    notes: tuple[Note, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the cell could not be understood."""
        return any(note.level is Level.RETURNED for note in self.notes)


def refuse(no: int, message: str) -> Reading:
    """Return that the cell cannot be taken."""
    return Reading(None, (Note(no, Level.RETURNED, message),))


def noted(value: Value, no: int, level: Level, message: str) -> Reading:
    """Return a value with something to be said of it."""
    return Reading(value, (Note(no, level, message),))


def without_invisible(text: str) -> str:
    """Return *text* without characters that nobody sees: marks of format, fillers, controls but line ends and tabs.

    >>> without_invisible("CL-\u20600001\ufeff")
    'CL-0001'
    """
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub("", text)


def fold_width(text: str) -> str:
    """Return *text* with full-width letters, digits and signs made half-width, without what nobody sees."""
    return text if text.isascii() and text.isprintable() else unicodedata.normalize("NFKC", without_invisible(text))


def is_empty(cell: Cell) -> bool:
    """Say whether nothing shows in a cell."""
    if not isinstance(cell, str):
        return cell is None
    return not cell[:1].isalnum() and not without_invisible(cell).strip()


def error_in(cell: Cell) -> str | None:
    """Return the error that a cell shows as text, as exports and pasted values have it."""
    if not isinstance(cell, str) or ("#" not in cell and "Err:" not in cell and "错误" not in cell):
        return None
    return cell.strip() if _ERRORS.fullmatch(cell.strip()) else None


def torn(text: str) -> bool:
    """Say whether blanks or line ends stand between two digits, or a raised or circled one: then it is no one number, date or month.

    >>> [torn(each) for each in ("3000 450", "3200 万元", "2026-1-1 2", "2026-1-1①")]
    [True, False, True, True]
    """
    return _TORN.search(text.strip()) is not None or (not text.isascii() and _FOOTNOTE.search(text) is not None)


def damaged(cell: Cell) -> Reading | None:
    """Refuse a number with more digits than a spreadsheet keeps, and one in scientific notation."""
    if isinstance(cell, float | int) and not isinstance(cell, bool) and abs(cell) >= 10**SPREADSHEET_DIGITS:
        lost = len(str(int(abs(cell)))) - SPREADSHEET_DIGITS
        return refuse(1, f"号码末{lost}位已被表格软件改为0，无法还原，请设为文本后重录")
    if isinstance(cell, str) and _SCIENTIFIC.fullmatch(fold_width(cell.strip())):
        return refuse(2, "长号码成了科学计数，请设为文本后重录")
    return None


def is_scientific(text: str) -> bool:
    """Say whether a text is a long number in scientific notation."""
    return _SCIENTIFIC.fullmatch(text) is not None


def as_text(cell: Cell, shown: NumberFormat | None = None) -> str:
    """Return a cell as the text that it shows: numbers of things with their zeros, others without a point, dates as ISO."""
    if type(cell) is str:
        return cell
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float | int):
        number = exact(cell) if isinstance(cell, float) else Decimal(cell)
        shown = shown.of(number) if shown is not None else None
        found = (shown.identifier(number) or shown.text(number)) if shown is not None else None
        return found if found is not None else plain(number)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return "" if cell is None else str(cell)
