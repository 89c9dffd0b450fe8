"""The drop folder: every new workbook is read, looked at, published and answered with a slip.

The same file again publishes nothing: it is skipped by its digest, and were it not, the ledger would find nothing new.
"""

import hashlib
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from zoneinfo import ZoneInfo

from exchange_connectors.excel.checks import Memory, NoMemory
from exchange_connectors.excel.inspection import Inspection, inspect
from exchange_connectors.excel.mapping import Mapping, alias_fields
from exchange_connectors.excel.model import Finding, Level
from exchange_connectors.excel.slip import SLIP_SUFFIX, Answer, Totals, add_answer, slip_path, write_slip
from exchange_connectors.excel.workbook import UnreadableError, read
from exchange_connectors.kit import telemetry
from exchange_connectors.kit.ledger import Verdict
from exchange_connectors.kit.publisher import Publisher
from exchange_connectors.kit.receipts import Outcomes

log = logging.getLogger(__name__)

SHANGHAI = ZoneInfo("Asia/Shanghai")

SETTLE_SECONDS = 1.0
"""A file younger than this may still be being copied; a watching connector leaves it for the next look."""


OTHER_ENDINGS = frozenset({
    "xls", "xlsm", "xlsb", "et", "ett", "ods", "csv", "pdf", "doc", "docx", "wps", "jpg", "jpeg", "png", "bmp", "tif", "tiff", "zip",
    "rar", "7z", "ofd",
})  # fmt: skip
"""What is dropped in place of a workbook."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one workbook.

    Attributes:
        published: events published.
        unchanged: statements that were no news.
        findings: what is said of it.
        sha256: digest of the file.
    """

    path: Path
    rows: int
    returned: int
    published: int
    unchanged: int
    findings: tuple[Finding, ...]
    sha256: str = ""
    sheets_returned: int = 0

    @property
    def slip(self) -> Path:
        """Where its slip lies."""
        return slip_path(self.path)

    @property
    def returned_anything(self) -> bool:
        """Whether the bureau has something to correct."""
        return any(finding.level is Level.RETURNED for finding in self.findings)


def look_at(path: Path, mapping: Mapping, memory: Memory | None = None) -> Inspection:
    """Read and inspect a workbook; one that cannot be read gives its finding."""
    if path.suffix.lower() != ".xlsx" and not fnmatchcase(path.name.lower(), mapping.files.lower()):
        words = f"是{path.suffix}文件，未读取；请用表格软件打开并另存为xlsx后重报"
        return Inspection(path.name, [Finding(51, Level.RETURNED, words)])
    try:
        return inspect(read(path), mapping, memory or NoMemory())
    except UnreadableError as error:
        return Inspection(path.name, [Finding(51, Level.RETURNED, str(error))])


def natural(path: Path) -> list[tuple[int, int, str]]:
    """Sort key by which 2026年9月 comes before 2026年10月."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", path.name)]


def workbooks(mapping: Mapping) -> list[Path]:
    """Return the inbox's files to answer in natural order, without slips and a spreadsheet's lock files.

    What a clerk may take for a workbook (an old xls, a PDF) is among them: it is answered with a slip, never passed over.
    """
    if not mapping.inbox.is_dir():
        return []
    return [
        path
        for path in sorted(mapping.inbox.iterdir(), key=natural)
        if not path.name.startswith(("~$", ".")) and not path.name.endswith(SLIP_SUFFIX)
        and _is_meant(path.name.lower(), mapping.files.lower()) and path.is_file()
    ]  # fmt: skip


def _is_meant(name: str, pattern: str) -> bool:
    """Say whether a file is for this connector: by its pattern, or by all of it but the ending."""
    stem, _, ending = name.rpartition(".")
    return fnmatchcase(name, pattern) or (ending in OTHER_ENDINGS and fnmatchcase(stem, pattern.rpartition(".")[0]))


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
        found = []
        for path in workbooks(self.mapping):
            age_seconds = self._clock() - path.stat().st_mtime
            being_copied = 0 <= age_seconds < settle_seconds  # a time stamp of the future says nothing
            if not being_copied and not self._processed(path):
                found.append(path)
        return found

    def _processed(self, path: Path) -> bool:
        """Say whether this content was published and answered with a slip under this mapping."""
        row = self._publisher.store.connection.execute(
            "select max(slip) from file where sha256 = ? and mapping in (?, ?)",
            (_sha256(path), self._key(complaints=False), self._key(complaints=True)),
        ).fetchone()
        return row is not None and row[0] is not None

    def _key(self, complaints: bool) -> str:
        """Return what a file was looked at with. Names of bureaus and towns count only where there was a complaint.

        A new bureau in the district must not make every workbook of the folder be read again.
        """
        return f"{self.mapping.digest}+{self.mapping.lists_digest}" if complaints else self.mapping.digest

    def _key_of(self, result: FileResult) -> str:
        return self._key(any(finding.level is not Level.NOTED for finding in result.findings))

    def _read_before(self, path: Path) -> bool:
        """Say whether this content was published under this very mapping, with other names known."""
        row = self._publisher.store.connection.execute(
            "select 1 from file where sha256 = ? and mapping like ? and slip is not null",
            (_sha256(path), f"{self.mapping.digest}+%"),
        ).fetchone()
        return row is not None

    def process(self, path: Path) -> FileResult:
        """Take one workbook: publish what is news and remember the file; :meth:`turn` writes the slip.

        A file whose slip was never written (the process ended in between) is taken again and publishes nothing.
        """
        with telemetry.FILE_SECONDS.labels(self.mapping.bureau).time():
            inspection = look_at(path, self.mapping, self._publisher.ledger)
            result = self._publish(path, inspection)
            self._remember(inspection, result)
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
            path, inspection.rows, inspection.returned, news, len(verdicts) - news, tuple(inspection.findings),
            sheets_returned=inspection.sheets_returned,
        )  # fmt: skip

    def _publish(self, path: Path, inspection: Inspection) -> FileResult:
        published = unchanged = 0
        findings = list(inspection.findings)
        self._publisher.forget_exceptions(path.name)
        again = self._read_before(path)
        for each in inspection.statements:
            if again and self._publisher.consider(each.statement, self.mapping.source).verdict is Verdict.CHANGED:
                # A later workbook may have said better since; what this one said then was taken then.
                unchanged += 1
                continue
            offered = self._publisher.offer(each.statement, self.mapping.source)
            if offered.event is not None:
                published += 1
                continue
            unchanged += 1
            if offered.verdict is Verdict.OLDER:
                words = "已有更晚月份的报送，本行主数据未更新"
                findings.append(Finding(0, Level.NOTED, words, each.sheet, each.row))
        self._publisher.flush(_FLUSH_SECONDS)
        counts = (inspection.rows, inspection.returned, published, unchanged)
        return FileResult(path, *counts, tuple(findings), _sha256(path), inspection.sheets_returned)

    def _remember(self, inspection: Inspection, result: FileResult) -> None:
        ledger = self._publisher.ledger
        at = self._now().astimezone(UTC).isoformat(timespec="seconds")
        figures = (result.published, result.unchanged, result.returned)
        with self._publisher.store.transaction() as db:
            ledger.remember_aliases(alias for each in inspection.statements for alias in each.aliases)
            ledger.remember(inspection.memos)
            db.execute(
                "insert or replace into file values (?, ?, ?, ?, ?, ?, ?, null, 0)",
                (result.sha256, self._key_of(result), result.path.name, at, *figures),
            )

    def turn(self, settle_seconds: float = 0.0, receipts_seconds: float = 0.0) -> tuple[list[FileResult], Outcomes]:
        """Process every waiting workbook, wait for the hub's receipts, write the slips.

        Slips are written also where publishing or the hub's answer failed half-way; they say how much is not answered for.

        Args:
            settle_seconds: leave files alone that changed less than this ago.
            receipts_seconds: how long to wait for the hub's answer where something was published.
        """
        results: list[FileResult] = []
        try:
            for path in self.waiting(settle_seconds):
                log.info("processing %s", path.name)
                results.append(self.process(path))
            news = any(result.published for result in results)
            outcomes = self._publisher.wait_for_receipts(receipts_seconds if news else 0.0)
        finally:
            for result in results:
                self._write(result)
        self.follow_up()
        return results, outcomes

    def _write(self, result: FileResult) -> None:
        answer = self._answer_for(result.path.name, result.published)
        totals = Totals(result.rows, result.returned, result.published, result.unchanged, result.sheets_returned)
        slip = write_slip(result.path, result.findings, totals, self._now(), answer)
        self._publisher.store.connection.execute(
            "update file set slip = ?, answered = ? where sha256 = ? and mapping = ?",
            (str(slip), answer.awaited == 0, result.sha256, self._key_of(result)),
        )

    def _answer_for(self, name: str, published: int) -> Answer:
        exceptions = tuple(each for each in self._publisher.exceptions(name) if each.outcome != "duplicate")
        awaited = self._publisher.awaited(name)
        return Answer(max(0, published - len(exceptions) - awaited), awaited, exceptions)

    def rebuild_ledger(self, timeout: float) -> int:
        """Rebuild the ledger from the bureau's topic within *timeout* seconds; return the number of events read."""
        return self._publisher.rebuild_ledger(timeout, alias_fields(self.mapping))

    def follow_up(self) -> list[Path]:
        """Write answers that came later into the slips that lack them; return those slips."""
        db = self._publisher.store.connection
        written = []
        rows = db.execute(
            "select sha256, mapping, name, published, slip from file where slip is not null and not answered"
        )
        for sha256, mapping, name, published, slip in rows.fetchall():
            answer = self._answer_for(name, published)
            if answer.awaited == 0:
                if Path(slip).exists():
                    add_answer(Path(slip), answer, self._now())
                    written.append(Path(slip))
                db.execute("update file set answered = 1 where sha256 = ? and mapping = ?", (sha256, mapping))
        return written

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), SHANGHAI)


_FLUSH_SECONDS = 120.0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
