"""The broker's classes as Java lays them out in memory: with them it starts in half of the processor time.

The first broker of a machine that stops in order writes them (`-XX:ArchiveClassesAtExit`), once for a Java and a list of jars; every
later start of the broker and of its tools maps that file. Java compares it with itself and the jars, and goes on without it where it
does not fit. It lies beside the jars; as it is hashed by nobody, one that others could have written is not used.
"""

import hashlib
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: What a whole archive begins with, written last; in the byte order of either kind of machine.
_WHOLE = (b"\xf0\x0b\xab\xa8", b"\xa8\xab\x0b\xf0")
#: A broker that has been asked to write one for so long runs still or was killed: another one may.
_PROMISED_SECONDS = 3_600
#: What is left out of an archive, and why one is not used, is of no interest to an operator.
_QUIET = "-Xlog:cds*=off"


@dataclass(frozen=True, slots=True)
class ClassArchive:
    """The archive of one Java and one list of jars.

    Attributes:
        path: where it lies once it is whole.
    """

    path: Path

    @classmethod
    def of(cls, java: Path, jars: Sequence[Path], cache: Path) -> "ClassArchive":
        """The archive of this Java and these jars."""
        program = java.resolve()
        known = program.stat()
        named = "\n".join([str(program), f"{known.st_size} {known.st_mtime_ns}", *map(str, jars)])
        return cls(cache / f"kafka-classes-{hashlib.sha256(named.encode()).hexdigest()[:16]}.jsa")

    @property
    def draft(self) -> Path:
        """What a broker writes when it stops."""
        return self.path.with_suffix(".draft")

    def options(self, *, may_write: bool = False) -> list[str]:
        """Options of Java: to use the archive, or to write it at the end where nobody does so; none where neither is possible."""
        with suppress(OSError):  # a cache that cannot be written: every start takes its full time
            if _is_whole(self.draft):
                self.draft.replace(self.path)
            if _is_whole(self.path):
                return [f"-XX:SharedArchiveFile={self.path}", _QUIET]
            if may_write and self._promise():
                return [f"-XX:ArchiveClassesAtExit={self.draft}", _QUIET]
        return []

    def _promise(self) -> bool:
        """Make the draft, so that no second broker writes it too; tell whether there was none."""
        self.path.unlink(missing_ok=True)
        if self.draft.exists() and time.time() - self.draft.stat().st_mtime > _PROMISED_SECONDS:
            self.draft.unlink()
        try:
            os.close(os.open(self.draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return False
        return True


def _is_whole(path: Path) -> bool:
    """Tell whether an archive was written to its end, by this user, where nobody else may write."""
    if not path.exists():
        return False
    for each in (path, path.parent):
        found = each.stat()
        if found.st_uid != os.geteuid() or found.st_mode & 0o022:
            return False
    with path.open("rb") as file:
        return file.read(4) in _WHOLE
