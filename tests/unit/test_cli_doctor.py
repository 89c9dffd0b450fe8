"""`hub doctor` where nothing runs: each line with its level, what was found, and what to do."""

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from exchange_hub.cli import main
from exchange_hub.cli.examination import MACHINE, STORE, Answer, Machine, asked
from exchange_hub.runtime.problem import RuntimeProblem


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing of the hub is."""
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HUB_CACHE", str(tmp_path / "cache"))
    for name in ("HUB_KAFKA__BOOTSTRAP_SERVERS", "HUB_DATABASE__URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def examined() -> tuple[int, dict[str, dict[str, str]]]:
    """Run the command and return exit code and answers by question."""
    done = CliRunner().invoke(main, ["doctor"])
    return done.exit_code, {line["check"]: line for line in map(json.loads, done.stdout.splitlines())}


def test_a_bare_machine_has_warnings_with_remedies(bare: Path) -> None:
    """Without jars and without servers it warns, says what to do, starts nothing and writes nothing."""
    code, answers = examined()
    assert code == 0, answers
    assert list(answers) == [*(name for name, _ in MACHINE), "servers"]
    assert answers["cache"]["level"] == "WARN"
    assert "next start fetches" in answers["cache"]["remedy"]
    assert answers["servers"]["level"] == "WARN"
    assert not (bare / "data").exists()


def test_a_taken_port_is_named(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that another program holds is a warning with the setting's name."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        monkeypatch.setenv("HUB_CONSOLE__PORT", str(listener.getsockname()[1]))
        _, answers = examined()
    assert answers["ports"]["level"] == "WARN"
    assert "HUB_CONSOLE__PORT=" in answers["ports"]["found"]


def test_a_broken_district_fails(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A district's folder that cannot be read is a FAIL, and the exit code is 1."""
    monkeypatch.setenv("HUB_DISTRICT", str(bare / "nowhere"))
    code, answers = examined()
    assert code == 1
    assert answers["district"]["level"] == "FAIL"


def test_a_java_that_does_not_run_fails_and_the_rest_goes_on(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One failed question does not keep the others from being asked."""
    monkeypatch.setenv("HUB_JAVA", str(bare / "no-java"))
    code, answers = examined()
    assert (code, answers["java"]["level"]) == (1, "FAIL")
    assert "HUB_JAVA" in answers["java"]["remedy"]
    assert answers["disk"]["level"] == "OK"


def test_a_question_that_cannot_be_answered_is_a_fail() -> None:
    """What an error says to people becomes a line of its own with the remedy."""

    def broken(_: Machine) -> Answer:
        raise RuntimeProblem("Kafka does not answer.", where="h:1", remedy="Start it.")

    answers = list(asked([("kafka", broken)], None))
    assert answers == [Answer("FAIL", "kafka", "Kafka does not answer. (h:1)", "Start it.")]


def test_every_question_is_asked_once() -> None:
    """The questions have names of their own, so that monitoring can tell them apart."""
    names = [name for name, _ in (*MACHINE, *STORE)]
    assert len(set(names)) == len(names) == 19


@pytest.mark.parametrize(
    ("name", "address", "check"),
    [("HUB_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1", "kafka"), ("HUB_DATABASE__URL", "postgresql://u:hidden@127.0.0.1:1/d", "database")],
)
def test_what_settings_name_has_to_answer_also_where_the_other_does_not_run(bare: Path, monkeypatch: pytest.MonkeyPatch, name: str, address: str, check: str) -> None:
    """A Kafka or a PostgreSQL that is named and does not answer is a failure with what to do, and no password is shown."""
    monkeypatch.setenv(name, address)
    code, answers = examined()
    assert (code, answers[check]["level"]) == (1, "FAIL")
    assert answers[check]["remedy"]
    assert "hidden" not in str(answers)
    assert not (bare / "data").exists()
