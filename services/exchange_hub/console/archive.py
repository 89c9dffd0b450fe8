"""The closed months: what the store keeps of them, and their files ``<reports>/<month>/report.docx`` and siblings.

The console shows what was closed, as it was closed; it never computes a figure again. A month is closed where the
store says so; its files are there once somebody has rendered them (``hub report MONTH``).
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from exchange_hub.console.source import Source
from exchange_hub.reports.catalogue import present
from exchange_hub.reports.model import Report, load
from exchange_hub.reports.render.details import file_name
from exchange_hub.views.lists import LISTS
from exchange_hub.views.queries.answers import StoreUnavailableError

FILES = {
    "report.docx": ("专报正文（Word）", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "annex.xlsx": ("附表（Excel）", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "report.json": ("全部数据（JSON）", "application/json"),
}
"""The files of every month, with their titles and media types."""
_SERVED = FILES | {file_name(view.name): (f"{view.title}全部明细（CSV）", "text/csv; charset=utf-8") for view in LISTS}
"""The only files that are ever served: also those of lists too long for the workbook, where a month has such."""

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


class Archive:
    """The closed months of a store and the folder of their files; parsed reports are kept as long as they hold.

    Args:
        folder: where the files are.
        source: the store; without one, or where it does not answer, the files alone say which months are closed.
    """

    def __init__(self, folder: Path, source: Source | None = None) -> None:
        self._folder = folder
        self._source = source
        self._parsed: dict[str, tuple[object, Report]] = {}

    def months(self) -> list[str]:
        """Return the closed months, the latest first.

        Raises:
            StoreUnavailableError: the store does not answer and there is no file either.
        """
        found = {entry.name for entry in self._folder.iterdir()} if self._folder.is_dir() else set()
        filed = {month for month in found if self.files(month)}
        if self._source is not None:
            try:
                with self._source.reading() as reading:
                    filed |= set(reading.closed_months())
            except StoreUnavailableError:
                if not filed:
                    raise
        return sorted(filed, reverse=True)

    def files(self, month: str) -> list[File]:
        """Return the files of *month* that exist; none for anything that is not a month."""
        if not _MONTH.fullmatch(month):
            return []
        paths = [(name, self._folder / month / name) for name in _SERVED]
        return [File(name, *_SERVED[name], path, path.stat().st_size) for name, path in paths if path.is_file()]

    def file(self, month: str, name: str) -> File | None:
        """Return one file of *month*; names that no month has do not exist, so no path can be walked."""
        return next((file for file in self.files(month) if file.name == name), None)

    def closed(self, month: str) -> Report | None:
        """Return *month* as it was closed, from the store or else from its file; ``None`` where it was not."""
        if not _MONTH.fullmatch(month):
            return None
        if self._source is not None:
            try:
                with self._source.reading() as reading:
                    at = reading.closed_months().get(month)
                    if at is not None:
                        return self._kept(month, at, lambda: reading.report(month))
            except StoreUnavailableError:
                if not self.files(month):
                    raise
        return self._filed(month)

    def _filed(self, month: str) -> Report | None:
        """Read ``report.json`` of *month*; ``None`` where it is absent, too large or not a report."""
        file = self.file(month, "report.json")
        if file is None or file.size_bytes > _JSON_BYTES_MAX:
            return None
        try:
            return self._kept(month, file.path.stat().st_mtime_ns, lambda: load(json.loads(file.path.read_bytes()), present()))
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def _kept(self, month: str, stamp: object, report: Callable[[], Report]) -> Report:
        kept = self._parsed.get(month)
        if kept is None or kept[0] != stamp:
            kept = (stamp, report())
            self._parsed[month] = kept
        return kept[1]
