"""Kafka's jars: only pinned bytes reach Java, and a second run needs no network."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from exchange_hub.runtime.kafka_jars import COORDINATES, pinned, provide
from exchange_hub.runtime.problem import RuntimeProblem

PLACE = "org/example/thing/1.0/thing-1.0.jar"
NOWHERE = "http://127.0.0.1:1"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A Maven repository on this machine that holds one jar, and that jar's path."""
    jar = tmp_path / "mirror" / PLACE
    jar.parent.mkdir(parents=True)
    jar.write_bytes(b"the true bytes")
    handler = partial(_Quiet, directory=str(tmp_path / "mirror"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", jar
        server.shutdown()
        thread.join()


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    """A list that pins that jar."""
    file = tmp_path / "sums"
    file.write_text(f"{hashlib.sha256(b'the true bytes').hexdigest()}  {PLACE}\n")
    return file


def test_the_committed_list_pins_the_broker_its_client_and_its_log_binding() -> None:
    """46 jars, each with a SHA-256, among them the named coordinates in their versions."""
    jars = pinned()
    assert len(jars) == len({jar.path for jar in jars}) == 46
    assert all(len(jar.sha256) == 64 for jar in jars)
    assert {":".join(jar.coordinate) for jar in jars} >= set(COORDINATES)


def test_a_missing_jar_is_fetched_once_and_then_no_network_is_touched(
    tmp_path: Path, mirror: tuple[str, Path], sums: Path
) -> None:
    """The first call fetches; the second answers from the cache although its repository cannot be reached."""
    (first,) = provide(tmp_path / "cache", mirror[0], sums)
    assert first.read_bytes() == b"the true bytes"
    assert provide(tmp_path / "cache", NOWHERE, sums) == [first]


def test_a_damaged_jar_is_fetched_again(tmp_path: Path, mirror: tuple[str, Path], sums: Path) -> None:
    """A jar whose bytes changed in the cache is replaced before anything runs."""
    (jar,) = provide(tmp_path / "cache", mirror[0], sums)
    jar.write_bytes(b"other bytes")
    provide(tmp_path / "cache", mirror[0], sums)
    assert jar.read_bytes() == b"the true bytes"


def test_a_repository_that_serves_other_bytes_is_refused(tmp_path: Path, mirror: tuple[str, Path], sums: Path) -> None:
    """A fetched jar that is not the pinned one is removed, and said in words."""
    mirror[1].write_bytes(b"tampered bytes")
    with pytest.raises(RuntimeProblem, match="not the pinned ones") as caught:
        provide(tmp_path / "cache", mirror[0], sums)
    assert "thing-1.0.jar" in caught.value.what
    assert not list((tmp_path / "cache").rglob("*.jar"))


def test_a_first_run_without_network_says_what_to_do(tmp_path: Path, sums: Path) -> None:
    """The operator reads that the first start needs the network, and the ways around it."""
    with pytest.raises(RuntimeProblem, match="could not be fetched") as caught:
        provide(tmp_path / "cache", NOWHERE, sums)
    assert "HUB_KAFKA__JAR_REPOSITORY" in caught.value.remedy
    assert str(tmp_path / "cache") in caught.value.where


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path, sums: Path) -> None:
    """A file in the place of the cache folder is a problem in words, not a traceback."""
    (tmp_path / "cache").write_text("")
    with pytest.raises(RuntimeProblem, match="cache folder cannot be written"):
        provide(tmp_path / "cache", NOWHERE, sums)
