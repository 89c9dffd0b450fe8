"""The closed months: what the store keeps of them, and their files ``<reports>/<month>/report.docx`` and siblings.

The console shows what was closed, as it was closed; it never computes a figure again. A month is closed where the
store says so; its files are there once somebody has rendered them (``hub report MONTH``).
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from exchange_hub.console.source import Source, SourceUnavailableError

FILES = {
    "report.docx": ("专报正文（Word）", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "annex.xlsx": ("附表（Excel）", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "report.json": ("全部数据（JSON）", "application/json"),
}
"""The only files that are ever served, with their titles and media types."""

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_JSON_BYTES_MAX = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """A file of a closed month that can be downloaded."""

    name: str
    title: str
    media_type: str
    path: Path
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the report: exact value with unit and period, and the rows it comes from."""

    id: str
    value: Decimal | None
    absent: str
    unit: str
    period: str
    list: str
    where: Mapping[str, object]
    measure: str
    rows: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a report table: a figure, or words with the figures that they were written from."""

    text: str
    figure: Figure | None
    parts: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    money_unit: str


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the report; charts stay as plain data for the browser and the table below it."""

    title: str
    paragraphs: tuple[str, ...]
    tables: tuple[Table, ...]
    charts: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A closed month as ``report.json`` holds it."""

    month: str
    title: str
    as_of: str
    closed_at: str
    summary: tuple[str, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    figures: Mapping[str, Figure]


class Archive:
    """The closed months of a store and the folder of their files; parsed reports are kept as long as they hold.

    Args:
        folder: where the files are.
        source: the store; without one, or where it does not answer, the files alone say which months are closed.
    """

    def __init__(self, folder: Path, source: Source | None = None) -> None:
        self._folder = folder
        self._source = source
        self._parsed: dict[str, tuple[object, ClosedMonth]] = {}

    def months(self) -> list[str]:
        """Return the closed months, the latest first.

        Raises:
            SourceUnavailableError: the store does not answer and there is no file either.
        """
        found = {entry.name for entry in self._folder.iterdir()} if self._folder.is_dir() else set()
        filed = {month for month in found if self.files(month)}
        if self._source is not None:
            try:
                with self._source.reading() as reading:
                    filed |= set(reading.closed_months())
            except SourceUnavailableError:
                if not filed:
                    raise
        return sorted(filed, reverse=True)

    def files(self, month: str) -> list[File]:
        """Return the files of *month* that exist; none for anything that is not a month."""
        if not _MONTH.fullmatch(month):
            return []
        paths = [(name, self._folder / month / name) for name in FILES]
        return [File(name, *FILES[name], path, path.stat().st_size) for name, path in paths if path.is_file()]

    def file(self, month: str, name: str) -> File | None:
        """Return one file of *month*; names outside ``FILES`` do not exist, so no path can be walked."""
        return next((file for file in self.files(month) if file.name == name), None)

    def closed(self, month: str) -> ClosedMonth | None:
        """Return *month* as it was closed, from the store or else from its file; ``None`` where it was not."""
        if not _MONTH.fullmatch(month):
            return None
        if self._source is not None:
            try:
                with self._source.reading() as reading:
                    at = reading.closed_months().get(month)
                    if at is not None:
                        return self._kept(month, at, lambda: reading.report(month))
            except SourceUnavailableError:
                if not self.files(month):
                    raise
        return self._filed(month)

    def _filed(self, month: str) -> ClosedMonth | None:
        """Read ``report.json`` of *month*; ``None`` where it is absent, too large or not a report."""
        file = self.file(month, "report.json")
        if file is None or file.size_bytes > _JSON_BYTES_MAX:
            return None
        try:
            return self._kept(month, file.path.stat().st_mtime_ns, lambda: json.loads(file.path.read_bytes()))
        except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation):
            return None

    def _kept(self, month: str, stamp: object, document: Callable[[], Mapping[str, object]]) -> ClosedMonth:
        kept = self._parsed.get(month)
        if kept is None or kept[0] != stamp:
            kept = (stamp, _closed(document()))
            self._parsed[month] = kept
        return kept[1]


def _closed(document: Mapping[str, object]) -> ClosedMonth:
    figures = {str(key): _figure(str(key), raw) for key, raw in _mapping(document.get("figures")).items()}
    return ClosedMonth(
        month=str(document["month"]),
        title=str(document.get("title", "")),
        as_of=str(document.get("as_of", "")),
        closed_at=str(document.get("closed_at", "")),
        summary=_texts(document.get("summary")),
        sections=tuple(_section(_mapping(raw), figures) for raw in _list(document.get("sections"))),
        notes=_texts(document.get("notes")),
        figures=figures,
    )


def _figure(name: str, raw: object) -> Figure:
    fields = _mapping(raw)
    source = _mapping(fields.get("source"))
    stated = fields.get("value")
    return Figure(
        id=name,
        value=None if stated is None else Decimal(str(stated)),
        absent=str(fields.get("absent") or "—"),
        unit=str(fields.get("unit", "")),
        period=str(fields.get("period", "")),
        list=str(source.get("list", "")),
        where=_mapping(source.get("where")),
        measure=str(source.get("measure", "")),
        rows=int(str(source.get("rows", 0))),
    )


def _section(raw: Mapping[str, object], figures: Mapping[str, Figure]) -> Section:
    return Section(
        title=str(raw.get("title", "")),
        paragraphs=_texts(raw.get("paragraphs")),
        tables=tuple(_table(_mapping(table), figures) for table in _list(raw.get("tables"))),
        charts=tuple(_mapping(chart) for chart in _list(raw.get("charts"))),
    )


def _table(raw: Mapping[str, object], figures: Mapping[str, Figure]) -> Table:
    return Table(
        title=str(raw.get("title", "")),
        columns=_texts(raw.get("columns")),
        rows=tuple(tuple(_cell(cell, figures) for cell in _list(row)) for row in _list(raw.get("rows"))),
        money_unit=str(raw.get("money_unit") or "万元"),
    )


def _cell(raw: object, figures: Mapping[str, Figure]) -> Cell:
    """Read a cell: a string, ``{"figure": id}``, or ``{"text": words, "parts": [ids]}``."""
    if not isinstance(raw, Mapping):
        return Cell("" if raw is None else str(raw), None)
    parts = tuple(figures[str(item)] for item in _list(raw.get("parts")) if str(item) in figures)
    return Cell(str(raw.get("text") or ""), figures.get(str(raw.get("figure"))), parts)


def _mapping(raw: object) -> Mapping[str, object]:
    return raw if isinstance(raw, Mapping) else {}


def _list(raw: object) -> list[object]:
    return list(raw) if isinstance(raw, list | tuple) else []


def _texts(raw: object) -> tuple[str, ...]:
    return tuple(str(item) for item in _list(raw))
