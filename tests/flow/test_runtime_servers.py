"""The hub's own Kafka and PostgreSQL: started, joined, survived, and never left behind."""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from pydantic import SecretStr

import exchange_connectors
import exchange_contracts
import exchange_hub
from exchange_hub.runtime.kafka_server import administrator
from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.servers import Servers, find, owned_paths, running
from exchange_hub.runtime.settings import DatabaseSettings, KafkaSettings, Settings
from exchange_hub.runtime.topics import administration, ensure_topics, topic_ids

AS_ROOT = os.geteuid() == 0
SERVER_NAMES = {"kafka", "postgres"}
NOTED = "CREATE TABLE IF NOT EXISTS note (line text)"


def wait_until(condition: Callable[[], bool], seconds_max: float = 30.0) -> None:
    """Returns as soon as the condition holds; fails when it never does."""
    deadline = time.monotonic() + seconds_max
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come about in time"
        threading.Event().wait(0.02)


@dataclass(frozen=True, slots=True)
class Owner:
    """A process of its own that started the servers of a data folder."""

    process: subprocess.Popen[str]
    data: Path
    bootstrap_servers: str
    database_url: str

    @property
    def pids(self) -> dict[str, int]:
        """The servers' processes as the warden notes them; without one that is between two starts."""
        pids: dict[str, int | None] = json.loads((self.data / "run" / "processes.json").read_text())["pids"]
        return {name: pid for name, pid in pids.items() if pid is not None}

    @property
    def warden(self) -> int:
        """The warden's process."""
        return int(json.loads((self.data / "run" / "servers.json").read_text())["warden"])

    def stop(self) -> None:
        """Ends the owner in order."""
        self.process.terminate()
        assert self.process.wait(40) == 0


@contextmanager
def owner(data: Path, command: list[str] | None = None, **environment: str) -> Iterator[Owner]:
    """`python -m exchange_hub.runtime.serve` on a data folder, ended afterwards if the test has not."""
    process = subprocess.Popen(
        command or [sys.executable, "-m", "exchange_hub.runtime.serve"],
        env={**os.environ, "HUB_DATA_DIR": str(data), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        addresses = [process.stdout.readline().strip().partition("=")[2].strip("'") for _ in range(2)]
        assert all(addresses), process.stderr.read()
        yield Owner(process, data, *addresses)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(40)
        process.stdout.close()
        process.stderr.close()


def database_only(data: Path) -> AbstractContextManager[Servers]:
    """PostgreSQL alone: quicker, where Kafka adds nothing to the rule."""
    return running(Settings(data_dir=data), kafka=False)


def runs(pid: int) -> bool:
    """Whether a process runs (one that ended but was not yet collected does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def answers(servers: Servers | Owner, data: Path) -> bool:
    """Whether both servers do what their clients ask."""
    with administration(servers.bootstrap_servers, administrator(Layout(data))) as admin, psycopg.connect(servers.database_url) as connection:
        return bool(admin.describe_cluster()["brokers"]) and connection.execute("SELECT 1").fetchone() == (1,)


def test_servers_start_keep_their_data_and_their_addresses(folder: Path) -> None:
    """What was written in one run is there in the next, at the same addresses; both stop with their context."""
    settings = Settings(data_dir=folder / "data")
    with running(settings) as first:
        with administration(first.bootstrap_servers, administrator(Layout(settings.data_folder))) as admin:
            ids = ensure_topics(admin, ["hub.test.events"])
        with psycopg.connect(first.database_url) as connection:
            connection.execute(NOTED)
            connection.execute("INSERT INTO note VALUES ('武清')")
    host, port = first.bootstrap_servers.split(":")
    assert host == "127.0.0.1"
    with socket.socket() as trial:
        assert trial.connect_ex((host, int(port))) != 0, "Kafka must have stopped"
    with running(settings) as second, psycopg.connect(second.database_url) as connection:
        assert (second.bootstrap_servers, second.database_url) == (first.bootstrap_servers, first.database_url)
        assert connection.execute("SELECT line FROM note").fetchall() == [("武清",)]
        with administration(second.bootstrap_servers, administrator(Layout(settings.data_folder))) as admin:
            assert topic_ids(admin, ["hub.test.events"]) == ids
        _check_postgres(connection, second)


def _check_postgres(connection: psycopg.Connection, servers: Servers) -> None:
    """The store's settings that other parts rely on, and who can reach it."""
    names = ("timezone", "server_encoding", "listen_addresses")
    told = [connection.execute("SELECT current_setting(%s)", [name]).fetchone() for name in names]
    assert told == [("UTC",), ("UTF8",), ("",)]
    found = connection.execute("SELECT datlocale FROM pg_database WHERE datname = 'hub'").fetchone()
    assert found == ("C.UTF-8",)
    sockets = Path(parse_qs(urlsplit(servers.database_url).query)["host"][0])
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(re.sub(r":[^:/]*@", ":wrong@", servers.database_url))


def test_programs_that_start_at_once_share_servers_that_stop_with_their_owner(folder: Path) -> None:
    """Exactly one of two simultaneous starts makes the servers; the other joins, and leaves them running when it goes."""
    with owner(folder / "data") as first, owner(folder / "data") as second:
        assert (first.bootstrap_servers, first.database_url) == (second.bootstrap_servers, second.database_url)
        assert set(first.pids) == SERVER_NAMES
        maker = int(json.loads((folder / "data" / "run" / "orders.json").read_text())["owner"])
        joiner, remaining = (second, first) if maker == first.process.pid else (first, second)
        assert maker == remaining.process.pid
        joiner.stop()
        assert answers(remaining, folder / "data")
        settings = Settings(data_dir=folder / "data")
        found = find(settings)
        assert found is not None
        assert (found.bootstrap_servers, found.database_url, found.started_here) == (first.bootstrap_servers, first.database_url, False)
    assert find(settings) is None


def test_servers_killed_by_9_are_started_again_and_an_owner_killed_by_9_takes_them_along(folder: Path) -> None:
    """Both come back at their addresses without their owner's doing, end soon after their owner, in order, and a later run starts on the same data."""
    with owner(folder / "data") as killed:
        before = killed.pids
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: set(killed.pids) == SERVER_NAMES and not set(killed.pids.values()) & set(before.values()))
        wait_until(lambda: _answers_now(killed))
        with psycopg.connect(killed.database_url) as connection:
            connection.execute(NOTED)
        left = [killed.warden, *killed.pids.values()]
        killed.process.kill()
        wait_until(lambda: not any(runs(pid) for pid in left))
    with database_only(folder / "data") as later, psycopg.connect(later.database_url) as connection:
        assert connection.execute("SELECT count(*) FROM note").fetchone() == (0,)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the kernel's parent-death signal (Linux)")
def test_a_killed_warden_takes_the_servers_along_and_its_stale_files_block_nothing(folder: Path) -> None:
    """Without their watcher servers end too; files of that run that now name a stranger neither stop a start nor end it."""
    data = folder / "data"
    with owner(data) as first:
        left = list(first.pids.values())
        order = json.loads((data / "run" / "orders.json").read_text())["servers"][1]
        os.kill(first.warden, signal.SIGKILL)
        wait_until(lambda: not any(runs(pid) for pid in left))
        with _stranger(order) as stranger:
            _name_in_stale_files(data, Path(order["command"][2]), stranger.pid)
            with database_only(data) as later, psycopg.connect(later.database_url) as connection:
                assert later.started_here
                assert connection.execute("SELECT 1").fetchone() == (1,)
            assert stranger.poll() is None


@contextmanager
def _stranger(order: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """A process of PostgreSQL's account that is no server of ours."""
    process = subprocess.Popen(["/bin/sh", "-c", "while :; do sleep 1; done"], **_account_of(order))
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _name_in_stale_files(data: Path, database: Path, pid: int) -> None:
    (data / "run" / "processes.json").write_text(json.dumps({"pids": dict.fromkeys(SERVER_NAMES, pid)}))
    (data / "run" / "servers.json").write_text(json.dumps({"warden": pid, "bootstrap_servers": "x:1"}))
    (database / "postmaster.pid").write_text(f"{pid}\n{database}\n")


def test_a_server_that_an_earlier_run_left_is_ended_first(folder: Path) -> None:
    """A postmaster that runs without a warden is recognised as this folder's by its command, and ended."""
    data = folder / "data"
    with database_only(data):
        order = json.loads((data / "run" / "orders.json").read_text())["servers"][0]
    left = _start_by_hand(order)
    wait_until((Path(order["command"][2]) / "postmaster.pid").exists)
    with database_only(data) as servers, psycopg.connect(servers.database_url) as connection:
        assert left.wait(20) is not None
        assert connection.execute("SELECT 1").fetchone() == (1,)


def _start_by_hand(order: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Starts PostgreSQL as the warden would, without a warden."""
    account = _account_of(order)
    sockets = next(part for part in order["command"] if part.startswith("unix_socket_directories="))
    folder = Path(sockets.partition("=")[2])
    folder.mkdir(mode=0o700)
    if account:
        os.chown(folder, order["uid"], order["gid"])
    command, environment = order["command"], order["environment"]
    return subprocess.Popen(
        command, env=environment, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **account
    )


def _account_of(order: dict[str, Any]) -> dict[str, Any]:
    if order["uid"] is None:
        return {}
    return {"user": order["uid"], "group": order["gid"], "extra_groups": []}


def _answers_now(servers: Owner) -> bool:
    try:
        return answers(servers, servers.data)
    except (RuntimeProblem, psycopg.OperationalError):
        return False


@pytest.mark.skipif(not AS_ROOT, reason="needs root, to run as two users")
def test_two_users_at_once_one_with_a_path_of_180_characters(folder: Path, other_user: list[str]) -> None:
    """Another user's servers start beside root's, in a data folder with a long path, and nobody else can enter them."""
    home = folder / "home"
    home.mkdir()
    account = pwd.getpwnam("daemon")
    long = home / ("d" * (179 - len(str(home))))
    assert len(str(long)) == 180
    os.chown(home, account.pw_uid, account.pw_gid)
    shutil.copytree(Settings().cache_folder / "maven", home / "cache" / "maven")
    with (
        running(Settings(data_dir=folder / "data")) as ours,
        owner(long, other_user, HOME=str(home), HUB_CACHE=str(home / "cache")) as theirs,
    ):
        assert answers(ours, folder / "data")
        assert answers(theirs, long)
        assert ours.bootstrap_servers != theirs.bootstrap_servers
        owners = {(long / name).stat().st_uid for name in ("postgres", "kafka", "postgres.password")}
        assert owners == {account.pw_uid}
        assert all(Path(f"/proc/{pid}").stat().st_uid == account.pw_uid for pid in theirs.pids.values())
        assert stat.S_IMODE((long / "postgres.password").stat().st_mode) == 0o600


@pytest.fixture
def other_user() -> list[str]:
    """The serve command as the user `daemon`, under an interpreter that this user can run."""
    modules = (exchange_hub, exchange_connectors, exchange_contracts, psycopg)
    packages = os.pathsep.join(str(Path(str(module.__file__)).parent.parent) for module in modules)
    become = ["setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups", "env", f"PYTHONPATH={packages}"]
    for interpreter in (sys.executable, "/usr/bin/python3"):
        command = [*become, interpreter]
        trial = subprocess.run(
            [*command, "-c", "import psycopg, pydantic_core"], capture_output=True, check=False, cwd="/"
        )
        if trial.returncode == 0:
            return [*command, "-m", "exchange_hub.runtime.serve"]
    pytest.skip("needs an interpreter of this version that another user can run")


@pytest.mark.skipif(not AS_ROOT, reason="needs root: a normal user's PostgreSQL runs as that user")
def test_no_mode_of_a_folder_above_is_touched(tmp_path: Path) -> None:
    """Under root, below a folder that others cannot enter, the database lies elsewhere and every mode stays."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    above = [closed, *closed.parents]
    modes = [stat.S_IMODE(path.stat().st_mode) for path in above]
    settings = Settings(data_dir=closed / "data")
    try:
        with running(settings, kafka=False) as servers:
            psycopg.connect(servers.database_url).close()
        assert [stat.S_IMODE(path.stat().st_mode) for path in above] == modes
        outside = [path for path in owned_paths(settings) if not path.is_relative_to(closed)]
        assert [path.name for path in outside] == ["postgres"]
        assert stat.S_IMODE(outside[0].stat().st_mode) == 0o700
    finally:
        for path in owned_paths(settings):
            shutil.rmtree(path)
            if path.parent.parent == Path("/var/lib/exchange-hub"):
                path.parent.rmdir()


def test_given_servers_are_used_as_they_are(folder: Path) -> None:
    """With both addresses given, nothing is started and no folder is made."""
    settings = Settings(
        data_dir=folder / "data",
        kafka=KafkaSettings(bootstrap_servers="broker:9092"),
        database=DatabaseSettings(url=SecretStr("postgresql://hub@db/hub")),
    )
    with running(settings) as servers:
        assert servers == Servers("broker:9092", *["postgresql://hub@db/hub"] * 3, started_here=False)
    assert not (folder / "data").exists()


def test_who_needs_both_waits_for_one_that_runs_the_database_alone(folder: Path) -> None:
    """A short look at a list, which needs no Kafka, delays a full start and does not fail it."""
    with database_only(folder / "data") as alone:
        assert alone.bootstrap_servers == ""
        command = [sys.executable, "-m", "exchange_hub.runtime.serve"]
        both = subprocess.Popen(
            command, env={**os.environ, "HUB_DATA_DIR": str(folder / "data")}, stdout=subprocess.PIPE
        )
        psycopg.connect(alone.database_url).close()
    assert both.stdout is not None
    with both.stdout as told:
        assert told.readline().startswith(b"HUB_KAFKA__BOOTSTRAP_SERVERS=127.0.0.1:")
        both.terminate()
        assert both.wait(40) == 0


def test_a_taken_port_is_said_in_words(folder: Path) -> None:
    """A port that the operator asked for and another program holds is named, with what to do."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        settings = Settings(data_dir=folder / "data", kafka=KafkaSettings(port=port))
        with pytest.raises(RuntimeProblem, match=f"Port {port} is taken") as caught, running(settings):
            pass
    assert "HUB_KAFKA__PORT" in caught.value.remedy
    assert not (folder / "data" / "run" / "processes.json").exists()


def test_a_data_folder_that_cannot_be_made_is_said_in_words(folder: Path) -> None:
    """A file in the data folder's place is named, with what to do."""
    (folder / "data").write_text("")
    with (
        pytest.raises(RuntimeProblem, match="data folder cannot be written") as caught,
        running(Settings(data_dir=folder / "data")),
    ):
        pass
    assert caught.value.where == str(folder / "data")


@pytest.mark.skipif(not AS_ROOT, reason="needs root, which alone has an account to name")
@pytest.mark.parametrize("account", ["root", "no-such-account"])
def test_an_account_that_cannot_run_postgresql_is_refused(folder: Path, account: str) -> None:
    """PostgreSQL never runs as root, also not by name."""
    settings = Settings(data_dir=folder / "data", database=DatabaseSettings(account=account))
    with pytest.raises(RuntimeProblem, match="does not run as root"), running(settings):
        pass


@pytest.mark.skipif(not AS_ROOT, reason="needs root, to mount a small disk")
def test_a_full_disk_is_said_before_anything_starts(folder: Path) -> None:
    """On a disk with less than the servers need, the operator reads how much is free and what to do."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m,mode=755", "none", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount a disk")
    try:
        with (
            pytest.raises(RuntimeProblem, match=r"Only \d+ MB of disk are free") as caught,
            running(Settings(data_dir=folder / "data")),
        ):
            pass
        assert "HUB_DATA_DIR" in caught.value.remedy
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_server_that_cannot_start_tells_its_last_words(folder: Path) -> None:
    """Where a server ends at once, the operator reads what it wrote and where, and nothing keeps running."""
    with database_only(folder / "data"):
        pass
    (folder / "data" / "postgres" / "PG_VERSION").write_text("9.6\n")
    with (
        pytest.raises(RuntimeProblem, match="Postgres ends as soon as it is started") as caught,
        database_only(folder / "data"),
    ):
        pass
    assert "incompatible" in caught.value.where
    assert str(folder / "data" / "logs" / "postgres.out") in caught.value.where
    assert not (folder / "data" / "run" / "processes.json").exists()


def note(url: str, line: str) -> None:
    """Write a line into a database."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(NOTED)
        conn.execute("INSERT INTO note VALUES (%s)", (line,))


def notes(url: str) -> list[str]:
    """Read the lines of a database."""
    with psycopg.connect(url) as conn:
        return [row[0] for row in conn.execute("SELECT line FROM note ORDER BY line").fetchall()]


def test_a_copied_data_folder_is_its_own_and_leaves_the_original_alone(folder: Path) -> None:
    """Copied beside its running original it starts servers of its own; neither stops, reads or writes the other's."""
    original, copy, moved = folder / "a", folder / "b", folder / "c"
    with database_only(original) as first:
        note(first.database_url, "before")
        with psycopg.connect(first.database_url, autocommit=True) as conn:
            conn.execute("CHECKPOINT")
        subprocess.run(["cp", "-a", str(original), str(copy)], check=True)
        with database_only(copy) as second:
            assert second.database_url != first.database_url
            assert second.started_here
            note(second.database_url, "in the copy")
            note(first.database_url, "in the original")
            assert notes(second.database_url) == ["before", "in the copy"]
        assert notes(first.database_url) == ["before", "in the original"]
        assert not [path for path in owned_paths(Settings(data_dir=copy)) if path.is_relative_to(original)]
    copy.rename(moved)
    with database_only(moved) as again:
        assert notes(again.database_url) == ["before", "in the copy"]
    with database_only(original) as again:
        assert notes(again.database_url) == ["before", "in the original"]


@pytest.mark.skipif(not AS_ROOT, reason="only root's database may lie outside the data folder")
def test_a_copy_without_its_database_is_refused_in_words(folder: Path) -> None:
    """A database outside the folder belongs to the original: the copy neither starts it nor counts it as its own."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    original, copy = closed / "a", closed / "b"
    with database_only(original) as first:
        note(first.database_url, "before")
        subprocess.run(["cp", "-a", str(original), str(copy)], check=True)
        for kept in (json.loads((copy / "servers-kept.json").read_text()), {}):
            # Also one that an earlier version kept, which did not say whose it is.
            text = {name: value for name, value in json.loads((copy / "servers-kept.json").read_text()).items() if kept or name != "data_folder"}
            (copy / "servers-kept.json").write_text(json.dumps(text))
            with pytest.raises(RuntimeProblem, match="copy of"), database_only(copy):
                pass
            assert [path for path in owned_paths(Settings(data_dir=copy)) if not path.is_relative_to(copy)] == []
        assert notes(first.database_url) == ["before"]
    outside = [path for path in owned_paths(Settings(data_dir=original)) if not path.is_relative_to(original)]
    assert outside
    for path in outside:
        shutil.rmtree(path)
