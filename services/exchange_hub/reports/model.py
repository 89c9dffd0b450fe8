"""The monthly report as a value: sections, tables, sentences and figures, before any file format.

The renderers (docx, xlsx, json) see only this. Every figure carries where it comes from, so that a reader can
open it down to the list rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Protocol, runtime_checkable

from exchange_hub.views.lists.model import Column

Unit = Literal["元", "件", "个", "台套", "%", "吨", "", "户", "天", "辆", "台"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure comes from: the rows of *list* that match *where*, and what was done with them.

    Attributes:
        list: name of the list view; empty for a figure derived from other figures.
        where: column → value (or tuple of values); readable conditions, the same that ``hub trace`` evaluates.
        measure: ``count``, ``sum(column)`` or a formula over figure ids.
        rows: how many rows matched.
    """

    list: str
    where: Mapping[str, object]
    measure: str
    rows: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the report.

    Attributes:
        id: stable name, ``<table>.<row>.<measure>``, for example ``equipment.工业.total_investment``.
        value: exact value in *unit* (money in yuan with two places); ``None`` where there is none, with *absent* why.
        unit: the unit of *value*; a renderer may scale 元 to 万元 or 亿元.
        period: ``2026-10``, ``2026-01/2026-10`` or a date, as the figure needs.
        source: the rows it comes from.
        absent: what stands in its place where *value* is ``None``: ``未设定``, ``未报送`` or ``—``.
    """

    id: str
    value: Decimal | None
    unit: str
    period: str
    source: Source
    absent: str = "—"


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell: plain text, or a figure.

    Attributes:
        text: printed where there is no *figure*.
        figure: the one figure of the cell.
        parts: the figures that *text* was written from, where a column shows two (``在建/竣工``).
    """

    text: str = ""
    figure: Figure | None = None
    parts: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report; *money_unit* says in which unit its money is printed (元, 万元 or 亿元)."""

    id: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    money_unit: str = "万元"


@dataclass(frozen=True, slots=True)
class Series:
    """A line or a group of bars in a chart; ``None`` is a gap, never zero."""

    name: str
    values: tuple[Decimal | None, ...]
    kind: Literal["bar", "line"] = "bar"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: categories along the axis and one or more series in *unit*."""

    id: str
    title: str
    unit: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered section: heading, paragraphs, tables, charts."""

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()


@runtime_checkable
class StoredRows(Protocol):
    """Rows that are copied out of where they are stored, without making a mapping of each."""

    def lines(self, columns: Sequence[Column]) -> Iterator[bytes]:
        """Yield each row as a line with its newline, the values in the order of *columns* (see ``reports.lines``)."""
        ...


@dataclass(frozen=True, slots=True)
class Annex:
    """An annex: the complete rows of one list, as frozen at the close (money in fen).

    The rows may come from the database as they are read: iterate once and keep none of them.

    Attributes:
        title: title without its number.
        list: name of the list.
        rows: every row, for the workbook.
        printed: the rows worth printing where not all fit, the most important first; ``None`` takes the first ones.
        chosen: how those were chosen, for the note under the table, with ``{n}`` for how many are printed.
    """

    title: str
    list: str
    rows: Sequence[Mapping[str, object]]
    printed: Sequence[Mapping[str, object]] | None = None
    chosen: str = "列前{n}条"


@dataclass(frozen=True, slots=True)
class Report:
    """The monthly report (专报) of one month.

    Attributes:
        month: ``YYYY-MM``.
        issue: number of the issue within the year, equal to the month.
        title: full title with 《》 left to the renderer.
        as_of: date for which ageing and overdue were computed, ISO.
        closed_at: UTC time of the close, ISO; also the document time of the rendered files.
        cut: topic → next offset.
        stamp: code version, contracts digest, configuration digest.
        summary: sentences of 要情.
        sections: the eight sections in order.
        notes: sentences of 数据说明.
        figures: every figure of the report by id.
    """

    district: str
    month: str
    issue: int
    title: str
    as_of: str
    closed_at: str
    cut: Mapping[str, int]
    stamp: Mapping[str, str]
    summary: tuple[str, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    annexes: tuple[Annex, ...]
    figures: Mapping[str, Figure] = field(default_factory=dict)
