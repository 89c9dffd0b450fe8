"""The drop folder: every new workbook is read, looked at, published and answered with a slip.

The same file again publishes nothing: it is skipped by its digest, and were it not, the ledger would find nothing new.
"""

import gc
import hashlib
import logging
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from exchange_connectors.excel import returns
from exchange_connectors.excel.checks import Memory, NoMemory
from exchange_connectors.excel.inbox import files_of, workbooks
from exchange_connectors.excel.inspection import Inspection, inspect
from exchange_connectors.excel.mapping import Mapping, alias_fields
from exchange_connectors.excel.model import Account, Finding, Level
from exchange_connectors.excel.names import told
from exchange_connectors.excel.reading import read
from exchange_connectors.excel.slip import (
    Answer,
    Told,
    Totals,
    add_answer,
    is_short,
    slip_path,
    write_slip,
)
from exchange_connectors.excel.statements import Placed
from exchange_connectors.excel.workbook import UnreadableError
from exchange_connectors.excel.written_slips import WrittenSlips
from exchange_connectors.kit import telemetry
from exchange_connectors.kit.errors import ConnectorError
from exchange_connectors.kit.ledger import Said, Verdict
from exchange_connectors.kit.publisher import BATCH_EVENTS, Publisher
from exchange_connectors.kit.receipts import Outcomes

log = logging.getLogger(__name__)

SHANGHAI = ZoneInfo("Asia/Shanghai")

SETTLE_SECONDS = 1.0
"""A file younger than this may still be being copied; a watching connector leaves it for the next look."""


FAILURES_MAX = 3
"""So many times a file is tried that cannot be processed; then it is set aside until its content changes."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one workbook.

    Attributes:
        published: events published.
        unchanged: statements that were no news.
        findings: what is said of it.
        sha256: digest of what was read.
        accounts: what became of every row, sheet by sheet.
        taken_as: what a file without sheets was read as.
    """

    path: Path
    rows: int
    returned: int
    published: int
    unchanged: int
    findings: tuple[Finding, ...]
    sha256: str = ""
    sheets_returned: int = 0
    accounts: tuple[Account, ...] = ()
    taken_as: str = ""

    @property
    def name(self) -> str:
        """How it is called."""
        return told(self.path)

    @property
    def slip(self) -> Path:
        """Where its slip lies."""
        return slip_path(self.path)

    @property
    def returned_anything(self) -> bool:
        """Whether the bureau has something to correct."""
        return any(finding.level is Level.RETURNED for finding in self.findings)


@contextmanager
def _without_collections() -> Iterator[None]:
    """Keep the collector of cycles away from a workbook's cells: there are millions, and none of them makes a cycle."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def look_at(path: Path, mapping: Mapping, memory: Memory | None = None, body: bytes | None = None) -> Inspection:
    """Read and inspect a workbook; one that cannot be read gives its finding.

    Args:
        path: the file.
        mapping: the connector.
        memory: what was stated before.
        body: what the file holds, where it was read already.
    """
    try:
        with _without_collections():
            workbook = read(told(path), path.read_bytes() if body is None else body)
            return inspect(workbook, mapping, memory or NoMemory())
    except UnreadableError as error:
        return Inspection(told(path), [Finding(51, Level.RETURNED, str(error))])


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
        self._last_look: dict[str, tuple[int, str]] = {}
        self._digests: dict[str, tuple[tuple[int, int], str]] = {}
        self._slips = WrittenSlips(publisher.store)

    def waiting(self, settle_seconds: float = 0.0) -> list[Path]:
        """Return the workbooks not yet processed under this mapping, in natural order, then slips that a clerk has corrected.

        A file that cannot even be looked at is noted as trouble and stops no other.

        Args:
            settle_seconds: leave a file alone until size and content stood still since the last look, and for so long.
        """
        found = []
        for path in [*workbooks(self.mapping), *self._slips.corrections(files_of(self.mapping, slips=True))]:
            try:
                size, age_seconds = path.stat().st_size, self._clock() - path.stat().st_mtime
                sha256 = self._digest(path)
            except FileNotFoundError:
                continue  # moved away since the folder was listed
            except OSError as error:
                self._note_trouble(
                    path, "", f"读不了（{error.strerror or type(error).__name__}），请检查权限或是否被占用"
                )
                continue
            stands_still = self._last_look.get(told(path)) == (size, sha256)
            self._last_look[told(path)] = size, sha256
            being_copied = 0 <= age_seconds < settle_seconds  # a time stamp of the future says nothing
            if settle_seconds > 0 and (being_copied or not stands_still):
                continue
            if not self._processed(told(path), sha256):
                found.append(path)
        return found

    def _digest(self, path: Path) -> str:
        """Return the digest of a file's content, worked out anew only where size or time changed."""
        stat = path.stat()
        sign = stat.st_size, stat.st_mtime_ns
        known = self._digests.get(told(path))
        if known is None or known[0] != sign:
            self._digests[told(path)] = known = sign, _sha256(path)
        return known[1]

    def _processed(self, name: str, sha256: str) -> bool:
        """Say whether this content is what was last taken under this name and mapping, and answered; or was set aside."""
        db = self._publisher.store.connection
        last = db.execute("select sha256, failures from inbox where name = ?", (name,)).fetchone()
        if last is not None and last[0] == sha256 and last[1] >= FAILURES_MAX:
            return True
        if last is not None and last[0] != sha256:
            return False
        row = db.execute(
            "select max(slip) from file where sha256 = ? and name = ? and mapping in (?, ?, ?, ?)",
            (sha256, name, *self._keys(name)),
        ).fetchone()
        return row is not None and row[0] is not None

    def _keys(self, name: str) -> tuple[str, ...]:
        """Return what a file may have been looked at with; keys of earlier versions do not name the file."""
        bare = self._key(complaints=False), self._key(complaints=True)
        return *bare, *(f"{key}@{name}" for key in bare)

    def _note_trouble(self, path: Path, sha256: str, words: str) -> None:
        """Remember that a file could not be processed, and say so once."""
        db = self._publisher.store.connection
        known = db.execute("select sha256, failures, words from inbox where name = ?", (told(path),)).fetchone()
        failures = known[1] + 1 if known is not None and known[0] == sha256 and sha256 else 1
        if known is None or known[:1] != (sha256,) or known[2] != words:
            log.warning("%s: %s", told(path), words)
        if failures == FAILURES_MAX:
            log.warning("%s: set aside after %d failures, until its content changes", told(path), failures)
        db.execute(
            "insert or replace into inbox (name, sha256, mapping, failures, words, at) values (?, ?, ?, ?, ?, ?)",
            (told(path), sha256, self.mapping.digest, failures, words, self._now().isoformat(timespec="seconds")),
        )

    def troubles(self) -> list[tuple[str, int, str]]:
        """Return the files that could not be processed: name, how often, why (Chinese)."""
        here = {told(path) for path in files_of(self.mapping)}
        rows = self._publisher.store.connection.execute(
            "select name, failures, words from inbox where failures > 0 order by name"
        )
        return [(name, failures, words) for name, failures, words in rows if name in here]

    def _key(self, complaints: bool) -> str:
        """Return what a file was looked at with. Names of bureaus and towns count only where there was a complaint.

        A new bureau in the district must not make every workbook of the folder be read again.
        """
        return f"{self.mapping.digest}+{self.mapping.lists_digest}" if complaints else self.mapping.digest

    def _key_of(self, result: FileResult) -> str:
        complaints = any(finding.level is not Level.NOTED for finding in result.findings)
        return f"{self._key(complaints)}@{result.name}"

    def _read_before(self, name: str, sha256: str) -> bool:
        """Say whether this content was published before and not replaced under this name since.

        Then it is read again for other reasons (names of the district changed, the file got another name) and must not
        set back what a later workbook said.
        """
        db = self._publisher.store.connection
        row = db.execute(
            "select 1 from file where sha256 = ? and mapping like ? and slip is not null",
            (sha256, f"{self.mapping.digest}%"),
        ).fetchone()
        last = db.execute("select sha256 from inbox where name = ?", (name,)).fetchone()
        return row is not None and (last is None or last[0] == sha256)

    def process(self, path: Path) -> FileResult:
        """Take one workbook: publish what is news and remember the file; :meth:`turn` writes the slip.

        A file whose slip was never written (the process ended in between) is taken again and publishes nothing.
        """
        return self._take(path, path.read_bytes())

    def _take(self, path: Path, body: bytes) -> FileResult:
        """Take what a workbook held when it was read."""
        sha256 = hashlib.sha256(body).hexdigest()
        with telemetry.FILE_SECONDS.labels(self.mapping.bureau).time():
            inspection = look_at(path, self.mapping, self._publisher.ledger, body)
            result = self._publish(path, inspection, sha256)
            self._remember(inspection, result)
        telemetry.FILES.labels(self.mapping.bureau, "returned" if result.returned_anything else "taken").inc()
        for finding in result.findings:
            telemetry.FINDINGS.labels(self.mapping.bureau, finding.level).inc()
        return result

    def rehearse(self, path: Path) -> FileResult:
        """Say what :meth:`process` would do, publishing, writing and remembering nothing."""
        inspection = look_at(path, self.mapping, self._publisher.ledger)
        told = ((each.slot, *each.told()) for each in inspection.statements)
        verdicts = [self._publisher.consider(statement, self.mapping.source, Said(slot, digest)).verdict for slot, statement, digest in told]
        news = sum(1 for verdict in verdicts if verdict in (Verdict.NEW, Verdict.CHANGED))
        return FileResult(
            path, inspection.rows, inspection.returned, news, len(verdicts) - news, tuple(inspection.findings),
            sheets_returned=inspection.sheets_returned, accounts=tuple(inspection.accounts), taken_as=inspection.taken_as,
        )  # fmt: skip

    def _publish(self, path: Path, inspection: Inspection, sha256: str) -> FileResult:
        published = unchanged = 0
        findings = list(inspection.findings)
        self._publisher.forget_exceptions(told(path))
        again = self._read_before(told(path), sha256)
        for number, each in enumerate(inspection.statements):
            if number % BATCH_EVENTS == 0:
                self._publisher.ledger.expect(other.slot for other in inspection.statements[number : number + BATCH_EVENTS])
            verdict = self._offer(each, again)
            if verdict in (Verdict.NEW, Verdict.CHANGED):
                published += 1
                continue
            unchanged += 1
            if verdict is Verdict.OLDER:
                words = "已有更晚月份的报送，本行主数据未更新"
                findings.append(Finding(0, Level.NOTED, words, each.sheet, each.row))
        known = self._publisher.ledger.register(returns.REGISTER)
        for statement in returns.statements(inspection, findings, known, self._now().date()):
            self._publisher.offer(statement, self.mapping.source)
        self._publisher.flush(_FLUSH_SECONDS)
        counts = (inspection.rows, inspection.returned, published, unchanged)
        return FileResult(
            path, *counts, tuple(findings), sha256, inspection.sheets_returned, tuple(inspection.accounts), inspection.taken_as
        )  # fmt: skip

    def _offer(self, placed: Placed, again: bool) -> Verdict:
        """Publish a statement if it is news; *again* tells that this content was published before."""
        sound = None if again else placed.sound()
        verdict = None if sound is None else self._publisher.offer_sound(sound)
        if verdict is not None:
            return verdict
        statement, digest = placed.told()
        said = Said(placed.slot, digest)
        if again and self._publisher.consider(statement, self.mapping.source, said).verdict is Verdict.CHANGED:
            return Verdict.UNCHANGED  # a later workbook may have said better since; what this one said then was taken then
        return self._publisher.offer(statement, self.mapping.source, said=said).verdict

    def _remember(self, inspection: Inspection, result: FileResult) -> None:
        ledger = self._publisher.ledger
        at = self._now().astimezone(UTC).isoformat(timespec="seconds")
        figures = (result.published, result.unchanged, result.returned)
        with self._publisher.store.transaction() as db:
            ledger.remember_aliases(alias for each in inspection.statements for alias in each.aliases)
            ledger.remember(inspection.memos)
            db.execute(
                "insert or replace into file values (?, ?, ?, ?, ?, ?, ?, null, 0)",
                (result.sha256, self._key_of(result), result.name, at, *figures),
            )
            db.execute(
                "insert or replace into inbox (name, sha256, mapping, at) values (?, ?, ?, ?)",
                (result.name, result.sha256, self.mapping.digest, at),
            )

    def turn(self, settle_seconds: float = 0.0, receipts_seconds: float = 0.0) -> tuple[list[FileResult], Outcomes]:
        """Process every waiting workbook, wait for the hub's receipts, write the slips.

        Slips are written also where publishing or the hub's answer failed half-way; they say how much is not answered for.

        Args:
            settle_seconds: leave files alone that changed less than this ago.
            receipts_seconds: how long to wait for the hub's answer where something was published.
        """
        results: list[FileResult] = []
        with tempfile.TemporaryDirectory(prefix="exchange-inbox-") as copies:
            try:
                for path in self.waiting(settle_seconds):
                    log.info("processing %s", told(path))
                    results += self._guarded(path, Path(copies) / str(len(results)))
                news = any(result.published for result in results)
                outcomes = self._publisher.wait_for_receipts(receipts_seconds if news else 0.0)
            finally:
                for number, result in enumerate(results):
                    self._write(result, (Path(copies) / str(number)).read_bytes())
        self.follow_up()
        return results, outcomes

    def _guarded(self, path: Path, copy: Path) -> list[FileResult]:
        """Take one file; whatever happens inside it ends as a slip or as trouble told, and the next file is read.

        What is no fault of the file (Kafka, the mapping, the state file) is raised.
        """
        sha256 = ""
        try:
            body = path.read_bytes()
            sha256 = hashlib.sha256(body).hexdigest()
            copy.write_bytes(body)
            return [self._take(path, body)]
        except (ConnectorError, sqlite3.Error):
            raise
        except FileNotFoundError:
            return []  # moved away
        except OSError as error:
            self._note_trouble(
                path, sha256, f"读不了（{error.strerror or type(error).__name__}），请检查权限或是否被占用"
            )
            return []
        except Exception as error:
            log.exception("cannot process %s", told(path))
            words = "处理时出错，未入库；请用表格软件打开并另存为xlsx后重报，仍不行请联系交换平台"
            self._note_trouble(path, sha256, f"{words}（{type(error).__name__}）")
            return [FileResult(path, 0, 0, 0, 0, (Finding(51, Level.RETURNED, words),), sha256)]

    def _write(self, result: FileResult, body: bytes) -> None:
        """Write a file's slip; one that cannot be written is trouble told, and stops no other."""
        answer = self._answer_for(result.name, result.published)
        totals = Totals(result.rows, result.returned, result.published, result.unchanged, result.sheets_returned)
        told = Told(result.findings, totals, result.accounts, result.taken_as)
        try:
            slip = write_slip(result.path, body, told, self._now(), answer, aside=not self._slips.may_be_replaced(result.slip))
            self._slips.note(slip)
        except OSError as error:
            words = (
                f"已处理，回执写不了（{error.strerror or type(error).__name__}），请检查文件夹权限或关闭已打开的回执"
            )
            self._note_trouble(result.path, result.sha256, words)
            return
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
            "select sha256, mapping, name, published, unchanged, slip from file where slip is not null and not answered"
        )
        for sha256, mapping, name, published, unchanged, slip in rows.fetchall():
            answer = self._answer_for(name, published)
            if answer.awaited == 0:
                try:
                    if Path(slip).exists() and not self._slips.is_touched(Path(slip)):  # a corrected one has a slip of its own
                        if not (answer.exceptions and is_short(Path(slip)) and self._write_anew(name, sha256, (published, unchanged), answer)):
                            add_answer(Path(slip), answer, self._now())
                        self._slips.note(Path(slip))
                        written.append(Path(slip))
                except OSError as error:
                    log.warning("%s: the hub's answer cannot be written (%s); tried again", slip, error)
                    continue
                db.execute("update file set answered = 1 where sha256 = ? and mapping = ?", (sha256, mapping))
        return written

    def _write_anew(self, name: str, sha256: str, counts: tuple[int, int], answer: Answer) -> bool:
        """Write the slip of a workbook of which nothing was to be said until the hub answered; say whether it is still there."""
        path = next((each for each in files_of(self.mapping) if told(each) == name), None)
        body = b"" if path is None else path.read_bytes()
        if path is None or hashlib.sha256(body).hexdigest() != sha256:
            return False
        seen = look_at(path, self.mapping, self._publisher.ledger, body)
        totals = Totals(seen.rows, seen.returned, *counts, seen.sheets_returned)
        write_slip(path, body, Told(seen.findings, totals, seen.accounts, seen.taken_as), self._now(), answer)
        return True

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), SHANGHAI)


_FLUSH_SECONDS = 120.0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
