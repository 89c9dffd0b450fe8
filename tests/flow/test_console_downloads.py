"""Downloads of the console over real sockets: who reads slowly holds nothing that others need, and nothing ends as a success that is none."""

import http.client
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import NamedTuple

import psutil
import psycopg
import pytest

from exchange_hub.console import serving
from exchange_hub.console.app import create_app
from exchange_hub.console.database import DatabaseSource
from exchange_hub.console.making import Processes
from exchange_hub.console.serving import served
from exchange_hub.console.source import Place
from exchange_hub.processes.compose import Hub
from exchange_hub.runtime.settings import Settings
from tests.platform import empty_database
from tests.waiting import wait_for

ROWS = 4_000
FILL = """INSERT INTO live.trade_in (row_key, component, bureaus, order_no, kind)
SELECT 'D' || n, 'commerce:D' || n, '{commerce}', 'D' || n, repeat('家用电冰箱', 200) FROM generate_series(1, %s) AS n"""


class Running(NamedTuple):
    """A console that listens on this machine."""

    port: int
    url: str


@pytest.fixture(scope="module")
def store(postgres_server: str) -> Iterator[str]:
    """A store with a list that no socket buffer takes whole."""
    with empty_database(postgres_server) as url:
        Hub.load(Settings()).prepare_store(url)
        with psycopg.connect(url) as conn:
            conn.execute(FILL, (ROWS,))
        yield url


@pytest.fixture(scope="module")
def running(store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The console on a free port."""
    hub = Hub.load(Settings())
    source, probes, exports = DatabaseSource(store, hub.rules()), DatabaseSource(store, hub.rules(), connections=2), Processes(store)
    app = create_app(
        source, tmp_path_factory.mktemp("reports"), lambda: datetime(2026, 11, 4, 1, 30, tzinfo=UTC), place=Place.of(hub.district), maker=exports, probes=probes
    )
    with socket.create_server(("127.0.0.1", 0)) as listening, served(app, listening):
        yield Running(listening.getsockname()[1], store)
    for each in (source, probes, exports):
        each.close()


def asked(port: int, path: str, me: str = "127.0.0.1") -> http.client.HTTPResponse:
    """Ask from one of this machine's addresses, and read nothing but the head."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=(me, 0))
    connection.request("GET", path)
    return connection.getresponse()


def slow(port: int, path: str, me: str) -> socket.socket:
    """A client that asks and then reads nothing."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    found.bind((me, 0))
    found.connect(("127.0.0.1", port))
    found.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return found


def test_who_reads_a_download_slowly_holds_nothing_that_others_need(running: Running) -> None:
    """While ten clients, each of its own address, read nothing of their download, every page and probe is answered at once."""
    with ExitStack() as held:
        waiting = [held.enter_context(slow(running.port, "/lists/trade-in/download?format=csv", f"127.0.0.{n}")) for n in range(2, 12)]
        assert {each.recv(12) for each in waiting} == {b"HTTP/1.1 200"}
        for path in ("/", "/lists/trade-in", "/readyz", "/api/findings"):
            began = time.monotonic()
            answer = asked(running.port, path)
            assert (path, answer.status) == (path, 200)
            assert time.monotonic() - began < 2


def test_a_client_has_few_files_under_way_and_others_theirs(running: Running) -> None:
    """Beyond three files under way a client is told to wait, another is served, and so is the first once it let go of one."""
    path = "/lists/trade-in/download?format=csv"
    with ExitStack() as held:
        mine = [held.enter_context(slow(running.port, path, "127.0.0.20")) for _ in range(3)]
        assert {each.recv(12) for each in mine} == {b"HTTP/1.1 200"}
        refused = asked(running.port, path, "127.0.0.20")
        assert (refused.status, refused.getheader("Retry-After")) == (429, "10")
        assert "同时下载的文件不超过 3 个" in refused.read().decode()
        assert asked(running.port, path, "127.0.0.21").status == 200
        mine[0].close()
        wait_for("a place that the client gave back", lambda: asked(running.port, path, "127.0.0.20").status == 200)


@pytest.mark.parametrize("sent", [b"", b"GET /livez HTTP/1.1\r\nHost: a\r\n", b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"])
def test_who_asks_slowly_is_cut_off(running: Running, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """A connection without a whole request is closed after a while, also where its client keeps sending headers."""
    monkeypatch.setattr(serving, "ASKING_SECONDS_MAX", 0.5)
    with socket.create_connection(("127.0.0.1", running.port)) as client:
        client.settimeout(5)
        client.sendall(sent)
        with suppress(ConnectionResetError):
            while client.recv(4096):
                pass


def test_who_takes_nothing_of_an_answer_is_cut_off(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that takes nothing of its download for a while loses the connection, and sees that the file is not whole."""
    monkeypatch.setattr(serving, "SENDING_SECONDS_MAX", 0.5)
    with slow(running.port, "/lists/trade-in/download?format=csv", "127.0.0.2") as client:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(512)
        size = int(re.search(rb"content-length: (\d+)", head)[1])  # type: ignore[index]  # it is there, or the test fails
        client.settimeout(10)
        wait_for("the console to end the connection", lambda: not _connected(running, client))
        received = 0
        with suppress(ConnectionResetError):
            while chunk := client.recv(1 << 20):
                received += len(chunk)
        assert received < size


def _connected(running: Running, client: socket.socket) -> bool:
    """Whether the console still has its end of a connection."""
    mine = client.getsockname()[1]
    return any(each.status == "ESTABLISHED" and each.laddr.port == running.port and each.raddr.port == mine for each in psutil.net_connections("tcp"))


def test_a_client_that_leaves_ends_the_work_for_it(running: Running) -> None:
    """Files whose clients left before they were made are not made: the next one is served at once."""
    path = "/lists/trade-in/download?format=xlsx"
    for n in range(2, 22):
        slow(running.port, path, f"127.0.0.{n}").close()
    assert asked(running.port, "/lists/trade-in/download?format=csv").status == 200
