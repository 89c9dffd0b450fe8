"""Apache Kafka as pinned jars: fetched once, and hashed before each start.

The file `kafka-jars.sha256` beside this module lists every jar that the broker needs, as a path in the layout of
a Maven repository with its SHA-256. It is the whole truth of what runs: nothing is resolved at start, and a
jar with another hash never reaches Java (the resolver itself only warns of a wrong checksum).

`python -m exchange_hub.runtime.kafka_jars` resolves the coordinates anew and writes the list; needed only when the
version of Kafka changes.
"""

import fcntl
import hashlib
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from exchange_hub.runtime.problem import RuntimeProblem

log = logging.getLogger(__name__)

# kafka-clients is named, else the resolver picks an older one; without the slf4j binding a failing broker is silent.
COORDINATES = (
    "org.apache.kafka:kafka_2.13:4.3.1",
    "org.apache.kafka:kafka-clients:4.3.1",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
)
SUMS_FILE = Path(__file__).with_name("kafka-jars.sha256")
_FETCHES_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned jar: its place in a Maven repository and the hash of its bytes."""

    path: PurePosixPath
    sha256: str

    @property
    def coordinate(self) -> tuple[str, str, str]:
        """Group, artifact and version, as the path tells them."""
        *group, artifact, version, _name = self.path.parts
        return ".".join(group), artifact, version

    def is_whole(self, repository: Path) -> bool:
        """Tell whether the jar lies in the repository with the pinned bytes."""
        try:
            with (repository / self.path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except OSError:
            return False


def pinned(sums_file: Path = SUMS_FILE) -> list[Jar]:
    """Return the jars of the committed list, in its order, which is the class path's."""
    lines = sums_file.read_text().splitlines()
    return [Jar(PurePosixPath(path), digest) for digest, path in (line.split() for line in lines if line)]


def provide(cache: Path, repository: str | None = None, sums_file: Path = SUMS_FILE) -> list[Path]:
    """Return the class path: every pinned jar, whole; what is missing or damaged is fetched first.

    Touches no network when all jars are whole.

    Args:
        cache: The folder that keeps them.
        repository: Address of the only Maven repository to fetch from; Maven Central and what jgo's own
            configuration names if omitted.
        sums_file: The pinned list.

    Raises:
        RuntimeProblem: without network on a first run, or if a fetched jar has another hash.
    """
    kept = cache / "maven"
    jars = pinned(sums_file)
    wanting = [jar for jar in jars if not jar.is_whole(kept)]
    if wanting:
        _fetch_under_lock(kept, wanting, repository)
    return [kept / jar.path for jar in jars]


def _fetch_under_lock(kept: Path, wanting: list[Jar], repository: str | None) -> None:
    try:
        kept.mkdir(parents=True, exist_ok=True)
        lock = os.open(kept / ".fetching", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise RuntimeProblem(
            f"The cache folder cannot be written: {error.strerror}.",
            where=str(kept),
            remedy="Give this user rights on it, free some disk, or name another folder in HUB_CACHE.",
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Another process may have fetched them while this one waited.
        _fetch(kept, [jar for jar in wanting if not jar.is_whole(kept)], repository)
    finally:
        os.close(lock)


def _fetch(kept: Path, wanting: list[Jar], repository: str | None) -> None:
    if not wanting:
        return
    log.info("Fetching %d jars of Apache Kafka into %s (once)", len(wanting), kept)
    for jar in wanting:
        (kept / jar.path).unlink(missing_ok=True)
    with ThreadPoolExecutor(_FETCHES_AT_ONCE) as pool:
        failures = []
        for failure in pool.map(lambda jar: _fetch_one(kept, jar, repository), wanting):
            failures.append(failure)
            if len(failures) % 10 == 0:
                log.info("… %d of %d jars", len(failures), len(wanting))
    if failed := [failure for failure in failures if failure]:
        raise RuntimeProblem(
            f"{len(failed)} of {len(wanting)} jars of Apache Kafka could not be fetched: {failed[0]}",
            where=str(kept),
            remedy="The first start needs the network (or a mirror named in HUB_KAFKA__JAR_REPOSITORY), and about 60 MB of disk; "
            "or copy the folder from a machine that has it, or name an existing Kafka in HUB_KAFKA__BOOTSTRAP_SERVERS.",
        )
    if broken := [jar for jar in wanting if not jar.is_whole(kept)]:
        for jar in broken:
            (kept / jar.path).unlink(missing_ok=True)
        raise RuntimeProblem(
            f"{len(broken)} fetched jars are not the pinned ones, the first is {broken[0].path.name}; they were removed.",
            where=str(kept),
            remedy="The mirror or a proxy on the way changes files: use another repository. "
            "The pinned hashes stand in kafka-jars.sha256.",
        )


def _fetch_one(kept: Path, jar: Jar, repository: str | None) -> str | None:
    """Fetch one jar; return what went wrong, in a line."""
    from jgo.config import GlobalSettings  # noqa: PLC0415 — only a download needs it - needed on a first run only, and an extra
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415 — only a download needs it
    from jgo.maven import MavenContext  # noqa: PLC0415 — only a download needs it

    if repository is not None:
        remotes = {"named": repository.rstrip("/")}
    else:
        remotes = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    context = MavenContext(repo_cache=kept, remote_repos=remotes)
    group, artifact, version = jar.coordinate
    try:
        context.project(group, artifact).at_version(version).artifact("", "jar").resolve()
    except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
        return f"{artifact} {version}: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
    return None


def main() -> None:
    """Resolve the coordinates and write the list of hashes."""
    import jgo  # noqa: PLC0415 — only a download needs it - needed here only

    lines = []
    for artifact in jgo.resolve("+".join(COORDINATES)):
        file = artifact.resolve()
        path = PurePosixPath(*artifact.groupId.split("."), artifact.artifactId, artifact.version, file.name)
        lines.append(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {path}\n")
    SUMS_FILE.write_text("".join(lines))


if __name__ == "__main__":
    main()
