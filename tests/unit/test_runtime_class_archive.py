"""The archive of the broker's classes: written once a machine, used by every later start, and never a partial or a strange one."""

import os
from pathlib import Path

import pytest

from exchange_hub.runtime.class_archive import ClassArchive

WHOLE = b"\xa8\xab\x0b\xf0and the rest"


@pytest.fixture
def archive(tmp_path: Path) -> ClassArchive:
    """The archive of some Java, in a cache without one."""
    java = tmp_path / "java"
    java.write_bytes(b"")
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o755)
    return ClassArchive.of(java, [Path("a.jar")], cache)


def test_the_first_broker_is_asked_to_write_it_and_no_second_one(archive: ClassArchive) -> None:
    """A tool never writes it; of brokers that start without one, one alone is to write it when it stops."""
    assert archive.options() == []
    assert f"-XX:ArchiveClassesAtExit={archive.draft}" in archive.options(may_write=True)
    assert archive.options(may_write=True) == archive.options() == []


def test_a_whole_one_is_used_by_whoever_starts(archive: ClassArchive) -> None:
    """What a broker wrote to its end is used by brokers and tools alike, and not written again."""
    archive.draft.write_bytes(WHOLE)
    for may_write in (True, False):
        assert f"-XX:SharedArchiveFile={archive.path}" in archive.options(may_write=may_write)
    assert archive.path.read_bytes() == WHOLE
    assert not archive.draft.exists()


def test_one_that_was_cut_short_is_not_used(archive: ClassArchive) -> None:
    """A broker killed while it wrote leaves a file without its beginning: nobody uses it, and later another one may write it."""
    archive.draft.write_bytes(bytes(len(WHOLE)))
    assert archive.options(may_write=True) == []
    os.utime(archive.draft, (0, 0))
    assert f"-XX:ArchiveClassesAtExit={archive.draft}" in archive.options(may_write=True)


def test_one_that_others_could_have_written_is_not_used(archive: ClassArchive) -> None:
    """It is program code that nobody hashes: where the file or its folder is open to others, it is left alone."""
    archive.path.write_bytes(WHOLE)
    archive.path.chmod(0o666)
    assert archive.options() == []
    archive.path.chmod(0o644)
    archive.path.parent.chmod(0o777)
    assert archive.options() == []


def test_another_java_or_other_jars_have_another_one(archive: ClassArchive, tmp_path: Path) -> None:
    """An archive belongs to one Java and one list of jars."""
    java, cache = tmp_path / "java", archive.path.parent
    assert ClassArchive.of(java, [Path("b.jar")], cache) != archive
    java.write_bytes(b"a newer one")
    assert ClassArchive.of(java, [Path("a.jar")], cache) != archive


def test_a_cache_that_cannot_be_written_hinders_no_start(archive: ClassArchive) -> None:
    """Where there is no folder to keep it in, the broker starts without."""
    archive.path.parent.rmdir()
    assert archive.options(may_write=True) == []
