"""The monthly report as a value: sections, tables, sentences and figures, before any file format.

The renderers (docx, xlsx, json) and the console see only this. Every figure carries where it comes from, so that a reader can
open it down to the list rows. The same model is what the store keeps and what ``report.json`` holds: it is turned into JSON
values by :func:`dump` and read back by :func:`load`, also from the form in which earlier versions kept it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass as plain_dataclass
from dataclasses import field
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Protocol, runtime_checkable

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    SkipValidation,
    TypeAdapter,
    ValidationInfo,
    model_serializer,
    model_validator,
)
from pydantic.dataclasses import dataclass

from exchange_hub.reports.catalogue import Catalogue
from exchange_hub.views.lists.model import Column, ListView

Row = Mapping[str, object]
Cause = Literal[
    "迟报", "更正", "撤回", "退货", "追缴", "合并", "撤销合并", "退出", "领域调整", "规则变更", "基础数据变更", "口径修正",
]  # fmt: skip


def decimal_text(value: Decimal) -> str:
    """Write a decimal without exponent and keep its places; never ``-0``."""
    return f"{value or abs(value):f}"


def plain(value: object) -> object:
    """Turn a value into JSON values: dates into ISO text, decimals into text, sequences into lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return decimal_text(value)
    return value.isoformat() if isinstance(value, date) else value


Number = Annotated[Decimal, PlainSerializer(decimal_text, return_type=str)]
Plain = Annotated[Mapping[str, object], PlainSerializer(plain)]


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
    where: Plain
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
    value: Number | None
    unit: str
    period: str
    source: Source
    absent: str = "—"

    @model_serializer(mode="wrap")
    def _dump(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out why there is no value where there is one."""
        found: dict[str, Any] = handler(self)
        if self.value is not None:
            del found["absent"]
        return found


def _named(value: object, info: ValidationInfo) -> object:
    """Take the figure that is named, where a stored report is read; in the program a figure is there itself."""
    if not isinstance(value, str):
        return value
    if value not in (info.context or {}):
        raise ValueError(f"the report has no figure {value}")
    return info.context[value]  # type: ignore[index]  # there, as was just asked


NamedFigure = Annotated[Figure, BeforeValidator(_named), PlainSerializer(lambda figure: figure.id, return_type=str)]


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell: plain text, or a figure.

    Attributes:
        text: printed where there is no *figure*.
        figure: the one figure of the cell.
        parts: the figures that *text* was written from, where a column shows two (``在建/竣工``), or that *before* tells.
        before: words before the figure.
        after: words behind it, such as the month with which it ends.
    """

    text: str = ""
    figure: NamedFigure | None = None
    parts: tuple[NamedFigure, ...] = ()
    before: str = ""
    after: str = ""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        """Read a cell that holds words alone."""
        return {"text": value} if isinstance(value, str) else value

    @model_serializer(mode="plain")
    def _dump(self) -> Any:
        """Name the figure that the cell prints, or give its text and the figures that the text was written from."""
        if self.figure is not None:
            more = {"parts": [figure.id for figure in self.parts], "before": self.before, "after": self.after}
            return {"figure": self.figure.id} | {name: said for name, said in more.items() if said}
        return {"text": self.text, "parts": [figure.id for figure in self.parts]} if self.parts else self.text


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report; *money_unit* says in which unit its money is printed (元, 万元 or 亿元).

    Attributes:
        printed: how many of its first rows the body prints, 0 where all that a page has room for; the workbook has all of them.
        shown: places of the columns that the body prints, none named where all; the workbook has all of them.
    """

    id: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    money_unit: str = "万元"
    printed: int = 0
    shown: tuple[int, ...] = ()

    @property
    def body_columns(self) -> Sequence[int]:
        """Places of the columns that the body prints."""
        return self.shown or range(len(self.columns))

    @model_serializer(mode="wrap")
    def _dump(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out how many rows and which columns are printed where all are."""
        found: dict[str, Any] = handler(self)
        for name in ("printed", "shown"):
            if not found[name]:
                del found[name]
        return found


@dataclass(frozen=True, slots=True)
class Series:
    """A line or a group of bars in a chart; ``None`` is a gap, never zero."""

    name: str
    values: tuple[Number | None, ...]
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


@plain_dataclass(frozen=True, slots=True)
class Annex:
    """An annex: the complete rows of one list, as frozen at the close (money in fen).

    The rows may come from the database as they are read: iterate once and keep none of them.

    Attributes:
        title: title without its number.
        view: the list by the entries of the report's own time: its columns, and which of them are printed.
        rows: every row, for the workbook.
        printed: the rows worth printing where not all fit, the most important first; ``None`` takes the first ones.
        chosen: how those were chosen, for the note under the table, with ``{n}`` for how many are printed.
    """

    title: str
    view: ListView
    rows: Sequence[Mapping[str, object]]
    printed: Sequence[Mapping[str, object]] | None = None
    chosen: str = "列前{n}条"

    @property
    def list(self) -> str:
        """Name of the list."""
        return self.view.name


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a row brings to the change of a measured figure; all of them add up to it exactly.

    Attributes:
        figure: id of the figure that the row counts in.
        list: name of the row's list.
        row: key of the row; empty for the smaller rows of one cause together.
        bureaus: codes of the bureaus whose row it is.
        before: what it counted at the close, in the figure's unit; ``None`` where it did not count.
        after: what it counts now.
        cause: why it counts otherwise.
        rows: how many rows these are.
    """

    figure: str
    list: str
    row: str
    bureaus: tuple[str, ...]
    before: Number | None
    after: Number | None
    cause: Cause
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A figure of an earlier, closed report that would be another now, that came since, or that is gone.

    Attributes:
        month: the closed month.
        before: the figure as closed; without a value, and saying so, where the report had no such figure.
        after: the figure as it would be now; without a value, and saying so, where there is no such figure any more.
        causes: why, in the words of the code list.
        bureaus: codes of the bureaus whose rows changed.
        rows: keys of the changed rows (bounded; see *rows_changed* for how many there are).
        rows_changed: how many rows changed.
        label: what the figure was called, where today has no such figure; else it is called as it is today.
        contributions: the rows' parts in the change, of a derived figure those in the figures it derives from; earlier versions kept none.
    """

    month: str
    before: Figure
    after: Figure
    causes: tuple[Cause, ...]
    bureaus: tuple[str, ...]
    rows: tuple[str, ...] = ()
    rows_changed: int = 0
    label: str = ""
    contributions: tuple[Contribution, ...] = ()

    @model_serializer(mode="wrap")
    def _dump(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the contributions where there are none: what earlier versions kept is written as it was."""
        found: dict[str, Any] = handler(self)
        if not self.contributions:
            del found["contributions"]
        return found


def _by_id(value: object) -> object:
    """Read figures from a list, whose order a store keeps, or from a mapping, as ``report.json`` has them."""
    if isinstance(value, Mapping):
        return {id_: {"id": id_, **raw} if isinstance(raw, Mapping) else raw for id_, raw in value.items()}
    return {raw["id"]: raw for raw in value} if isinstance(value, list) else value


def _remembered(value: Mapping[str, Figure], info: ValidationInfo) -> Mapping[str, Figure]:
    """Keep the figures at hand for the cells that name them."""
    if info.context is not None:
        info.context.update(value)
    return value


Figures = Annotated[
    Mapping[str, Figure],
    BeforeValidator(_by_id),
    AfterValidator(_remembered),
    PlainSerializer(lambda figures: list(figures.values()), return_type=list[Figure]),
]


def _annexes(annexes: tuple[Annex, ...]) -> list[dict[str, object]]:
    """Name the annexes with their number of rows; the rows are not repeated."""
    return [{"title": annex.title, "list": annex.list, "rows": len(annex.rows)} for annex in annexes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The monthly report (专报) of one month.

    Attributes:
        district: id of the district.
        month: ``YYYY-MM``.
        issue: number of the issue within the year, equal to the month.
        title: full title with 《》 left to the renderer.
        as_of: date for which ageing and overdue were computed, ISO.
        closed_at: UTC time of the close, ISO; also the document time of the rendered files.
        cut: topic → next offset.
        stamp: code version, contracts digest, configuration digest.
        catalogue: what lists, columns and figures were called and how they were shown when the month was closed.
        figures: every figure of the report by id; they come first, since the cells of the sections name them.
        summary: sentences of 要情.
        sections: the eight sections in order.
        notes: sentences of 数据说明.
        further: tables that the workbook and the console have and the body has not; earlier closes had none.
        annexes: the annexes; only a report that is rendered has them.
        unreported: rows of 报送情况 for every submission owed of which there is no trace.
        adjustments: what changed in the report before.
    """

    district: str
    month: str
    issue: int
    title: str
    as_of: str
    closed_at: str
    cut: Mapping[str, int]
    stamp: Mapping[str, str]
    catalogue: SkipValidation[Catalogue] = field(repr=False)
    figures: Figures = field(default_factory=dict)
    summary: tuple[str, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    further: tuple[Table, ...] = ()
    annexes: Annotated[SkipValidation[tuple[Annex, ...]], PlainSerializer(_annexes)] = ()
    unreported: tuple[Plain, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()


_REPORT = TypeAdapter(Report)
_FIGURE = TypeAdapter(Figure)
_ADJUSTMENTS = TypeAdapter(tuple[Adjustment, ...])


def dump(report: Report, *without: str) -> dict[str, Any]:
    """Return the report as JSON values, without its catalogue and the fields named."""
    none = set() if report.further else {"further"}
    found: dict[str, Any] = _REPORT.dump_python(report, mode="json", exclude={"catalogue", *none, *without})
    return found


def load(document: Mapping[str, Any], catalogue: Catalogue) -> Report:
    """Read a report without its annexes from what the store keeps, or from ``report.json``.

    Raises:
        ValueError: it is not a report.
    """
    fields = {name: value for name, value in document.items() if name != "annexes"}
    return _REPORT.validate_python({**fields, "catalogue": catalogue}, context={})


def dump_figure(figure: Figure) -> dict[str, Any]:
    """Return a figure as JSON values, without its id; *absent* is there only where the value is not."""
    found: dict[str, Any] = _FIGURE.dump_python(figure, mode="json", exclude={"id"})
    return found


def dump_adjustments(changes: tuple[Adjustment, ...]) -> list[dict[str, Any]]:
    """Return adjustments as JSON values."""
    found: list[dict[str, Any]] = _ADJUSTMENTS.dump_python(changes, mode="json")
    return found


def load_adjustments(document: object) -> tuple[Adjustment, ...]:
    """Read adjustments back."""
    return _ADJUSTMENTS.validate_python(document)
