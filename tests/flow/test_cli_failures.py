"""What cannot work ends as a failure in words: taken ports, misspelt settings, wrong addresses, full disks."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exchange_hub.cli import main
from tests.faults.stage import Stage, staged, wait_for
from tests.platform import platform

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One district for all: nothing here changes it."""
    with platform() as servers, staged(*servers, tmp_path_factory.mktemp("failures")) as made:
        yield made


def hub(stage: Stage, *words: str, out: int | None = subprocess.PIPE, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as an operator does."""
    return subprocess.run(
        [sys.executable, "-m", "exchange_hub", *words], env=os.environ | stage.environment | environment, stdout=out, stderr=subprocess.PIPE,
        text=True, check=False, timeout=150,
    )  # fmt: skip


def asked(stage: Stage, *words: str, **environment: str) -> Result:
    """Run a command in this process; one that crashes ends with another exception than `SystemExit`."""
    ran = CliRunner(env=stage.environment | environment).invoke(main, list(words))
    assert type(ran.exception) is SystemExit, ran.exception
    return ran


def test_a_console_on_a_taken_port_fails_in_words(stage: Stage) -> None:
    """It does not end as if it had served."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = hub(stage, "console", HUB_CONSOLE__PORT=str(port))
    assert ran.returncode == 1
    assert f"Port {port} cannot be used" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_console_on_any_port_says_which(stage: Stage, tmp_path: Path) -> None:
    """Port 0 takes a free one, and its address is told as it is."""
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen([sys.executable, "-m", "exchange_hub", "console"], env=os.environ | stage.environment | {"HUB_CONSOLE__PORT": "0"}, stderr=log)
    try:
        told = wait_for("the address to be told", lambda: re.search(r"console on http://127\.0\.0\.1:(\d+)", (tmp_path / "log").read_text()), 100)
        with wait_for("the console to listen", lambda: _connected(int(told[1])), 20):
            pass
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0


@pytest.mark.parametrize(
    "words", [("backup", "{}/x"), ("export", "--out", "{}/x"), ("list", "funds", "--format", "csv", "--out", "{}/x/y.csv")]
)  # fmt: skip
def test_a_place_that_cannot_be_written_is_said_in_words(stage: Stage, tmp_path: Path, words: tuple[str, ...]) -> None:
    """A folder that is a file: one message with the place, no traceback."""
    (tmp_path / "file").write_text("")
    ran = asked(stage, *(word.format(tmp_path / "file") for word in words))
    assert ran.exit_code in (1, 2), ran.stdout
    assert str(tmp_path / "file") in ran.stderr


def _connected(port: int) -> socket.socket | None:
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=5)
    except OSError:
        return None


@pytest.mark.parametrize(
    ("name", "meant"),
    [("HUB_CONSOLE_PORT", "HUB_CONSOLE__PORT"), ("HUB_DATADIR", "HUB_DATA_DIR"), ("HUB_KAFKA_BOOTSTRAP_SERVERS", "HUB_KAFKA__BOOTSTRAP_SERVERS")],
)
def test_a_misspelt_setting_is_refused_with_the_one_meant(stage: Stage, name: str, meant: str) -> None:
    """A setting without an effect is no success."""
    ran = asked(stage, "config", **{name: "1"})
    assert ran.exit_code == 1
    assert f"{name} is not a setting; is {meant} meant?" in ran.stderr


@pytest.mark.parametrize(
    "url",
    [
        "nonsense", "postgresql://", "mysql://u:secret@127.0.0.1/d", "postgresql://u:secret@127.0.0.1:70000/d", "postgresql://u:secret@127.0.0.1:1/d",
        "postgresql://u:secret@nosuch.invalid/d", "WRONG PASSWORD", "WRONG DATABASE",
    ],
)  # fmt: skip
def test_a_wrong_database_address_is_said_in_words(stage: Stage, url: str) -> None:
    """Whatever is wrong with it: one message, no traceback, no password."""
    url = {"WRONG PASSWORD": re.sub(r":[^:@/]+@", ":secret@", stage.url), "WRONG DATABASE": re.sub(r"/[^/?]+(\?|$)", r"/nosuch\1", stage.url)}.get(url, url)
    ran = asked(stage, "list", "equipment-projects", HUB_DATABASE__URL=url)
    assert ran.exit_code == 1, ran.stdout
    assert "HUB_DATABASE__URL" in ran.stderr
    assert "secret" not in ran.stderr


@pytest.mark.parametrize("words", [("config",), ("list", "equipment-projects", "--format", "csv"), ("contracts", "list"), ("--help",)])
def test_output_that_cannot_be_written_is_a_failure(stage: Stage, words: tuple[str, ...]) -> None:
    """A full disk ends in words and exit code 1, also where it is the last bytes that do not fit."""
    with Path("/dev/full").open("w") as full:
        ran = hub(stage, *words, out=full.fileno())
    assert ran.returncode == 1
    assert "could not be written: No space left on device" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr
