"""The drop folder: every new workbook is read, looked at, published and answered with a slip.

The same file again publishes nothing: it is skipped by its digest, and were it not, the ledger would find nothing new.
"""

import hashlib
import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from exchange_connectors.excel.checks import Memory, NoMemory
from exchange_connectors.excel.inspection import Inspection, inspect
from exchange_connectors.excel.mapping import Mapping
from exchange_connectors.excel.model import Finding, Level
from exchange_connectors.excel.slip import SLIP_SUFFIX, Totals, add_receipts, write_slip
from exchange_connectors.excel.workbook import UnreadableError, read
from exchange_connectors.kit import telemetry
from exchange_connectors.kit.ledger import Verdict
from exchange_connectors.kit.publisher import Publisher
from exchange_connectors.kit.receipts import Outcomes

log = logging.getLogger(__name__)

SHANGHAI = ZoneInfo("Asia/Shanghai")

SETTLE_SECONDS = 1.0
"""A file younger than this may still be being copied; a watching connector leaves it for the next look."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one workbook.

    Attributes:
        published: events published.
        unchanged: statements that were no news.
        findings: what is said of it.
        slip: the slip, where one was written.
    """

    path: Path
    rows: int
    returned: int
    published: int
    unchanged: int
    findings: tuple[Finding, ...]
    slip: Path | None = None

    @property
    def returned_anything(self) -> bool:
        """Whether the bureau has something to correct."""
        return any(finding.level is Level.RETURNED for finding in self.findings)


def look_at(path: Path, mapping: Mapping, memory: Memory | None = None) -> Inspection:
    """Read and inspect a workbook; one that cannot be read gives its finding."""
    try:
        return inspect(read(path), mapping, memory or NoMemory())
    except UnreadableError as error:
        return Inspection(path.name, [Finding(51, Level.RETURNED, str(error))])


def natural(path: Path) -> list[tuple[int, int, str]]:
    """Sort key by which 2026年9月 comes before 2026年10月."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", path.name)]


class DropFolder:
    """A bureau's drop folder with its publisher.

    Args:
        mapping: the connector.
        publisher: started, or not started for a dry run.
        clock: seconds since the epoch.
    """

    def __init__(self, mapping: Mapping, publisher: Publisher, clock: Callable[[], float] = time.time) -> None:
        self.mapping = mapping
        self._publisher = publisher
        self._clock = clock

    def waiting(self, settle_seconds: float = 0.0) -> list[Path]:
        """Return the workbooks not yet processed under this mapping, in natural order."""
        if not self.mapping.inbox.is_dir():
            return []
        found = []
        for path in sorted(self.mapping.inbox.glob(self.mapping.files), key=natural):
            if path.name.startswith(("~$", ".")) or path.name.endswith(SLIP_SUFFIX) or not path.is_file():
                continue
            if self._clock() - path.stat().st_mtime >= settle_seconds and not self._processed(path):
                found.append(path)
        return found

    def _processed(self, path: Path) -> bool:
        db = self._publisher.store.connection
        key = (_sha256(path), self.mapping.digest)
        return db.execute("select 1 from file where sha256 = ? and mapping = ?", key).fetchone() is not None

    def process(self, path: Path) -> FileResult:
        """Take one workbook: publish what is news, write the slip, remember the file."""
        with telemetry.FILE_SECONDS.labels(self.mapping.bureau).time():
            inspection = look_at(path, self.mapping, self._publisher.ledger)
            result = self._publish(path, inspection)
            slip = write_slip(path, result.findings, _totals(result), self._now())
            result = FileResult(path, *_figures(result), result.findings, slip)
            self._remember(path, inspection, result)
        telemetry.FILES.labels(self.mapping.bureau, "returned" if result.returned_anything else "taken").inc()
        for finding in result.findings:
            telemetry.FINDINGS.labels(self.mapping.bureau, finding.level).inc()
        return result

    def rehearse(self, path: Path) -> FileResult:
        """Say what :meth:`process` would do, publishing, writing and remembering nothing."""
        inspection = look_at(path, self.mapping, self._publisher.ledger)
        verdicts = [
            self._publisher.consider(each.statement, self.mapping.source).verdict for each in inspection.statements
        ]
        news = sum(1 for verdict in verdicts if verdict in (Verdict.NEW, Verdict.CHANGED))
        return FileResult(
            path, inspection.rows, inspection.returned, news, len(verdicts) - news, tuple(inspection.findings)
        )

    def _publish(self, path: Path, inspection: Inspection) -> FileResult:
        published = unchanged = 0
        findings = list(inspection.findings)
        self._publisher.forget_exceptions(path.name)
        for each in inspection.statements:
            offered = self._publisher.offer(each.statement, self.mapping.source)
            if offered.event is not None:
                published += 1
                continue
            unchanged += 1
            if offered.verdict is Verdict.OLDER:
                words = "已有更晚月份的报送，本行主数据未更新"
                findings.append(Finding(0, Level.NOTED, words, each.sheet, each.row))
        self._publisher.flush(_FLUSH_SECONDS)
        return FileResult(path, inspection.rows, inspection.returned, published, unchanged, tuple(findings))

    def _remember(self, path: Path, inspection: Inspection, result: FileResult) -> None:
        ledger = self._publisher.ledger
        with self._publisher.store.transaction() as db:
            ledger.remember_aliases(alias for each in inspection.statements for alias in each.aliases)
            ledger.remember(inspection.memos)
            db.execute(
                "insert or replace into file values (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    _sha256(path),
                    self.mapping.digest,
                    path.name,
                    self._now().astimezone(UTC).isoformat(timespec="seconds"),
                    result.published,
                    result.unchanged,
                    result.returned,
                    None if result.slip is None else str(result.slip),
                ),
            )

    def run_once(self, settle_seconds: float = 0.0) -> Iterator[FileResult]:
        """Process every waiting workbook."""
        for path in self.waiting(settle_seconds):
            log.info("processing %s", path.name)
            yield self.process(path)

    def answer(self, results: list[FileResult], timeout: float) -> Outcomes:
        """Wait for the hub's receipts, at most *timeout* seconds, and write them into the slips."""
        outcomes = self._publisher.wait_for_receipts(timeout)
        for result in results:
            if result.slip is None or not result.slip.exists() or not result.published:
                continue
            exceptions = [each for each in self._publisher.exceptions(result.path.name) if each.outcome != "duplicate"]
            awaited = self._publisher.awaited(result.path.name)
            add_receipts(result.slip, result.published - len(exceptions) - awaited, awaited, exceptions, self._now())
        return outcomes

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), SHANGHAI)


_FLUSH_SECONDS = 120.0


def _totals(result: FileResult) -> Totals:
    return Totals(*_figures(result))


def _figures(result: FileResult) -> tuple[int, int, int, int]:
    return result.rows, result.returned, result.published, result.unchanged


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
