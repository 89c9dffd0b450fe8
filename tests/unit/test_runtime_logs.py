"""Logs: Shanghai time with its zone for people, UTC for machines, rotated, without passwords."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange_hub.runtime.logs import JsonFormatter, TextFormatter, configure
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import LogSettings, Settings

NEW_YEAR_UTC = 1767225600.25  # 2026-01-01 00:00:00.25 UTC


def record(message: str, **extra: object) -> logging.LogRecord:
    """A record made at a known moment."""
    made = logging.makeLogRecord({"name": "exchange_hub.views", "levelno": 20, "levelname": "INFO", "msg": message})
    made.created = NEW_YEAR_UTC
    vars(made).update(extra)
    return made


@pytest.fixture
def _restored_logging() -> Iterator[None]:
    """The root logger as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def test_a_text_line_tells_shanghai_time_with_its_zone() -> None:
    """Midnight in UTC is eight in the morning in Shanghai, and the line says which zone it means."""
    line = TextFormatter("worker-1").format(record("批次已提交", topic="hub.wuqing.water.events"))
    assert line == (
        "2026-01-01 08:00:00.250 +08:00 INFO worker-1 exchange_hub.views: 批次已提交 topic=hub.wuqing.water.events"
    )


def test_a_json_line_holds_utc_and_the_extra_fields() -> None:
    """Each line is one object, readable by machines, with the fields that the caller added."""
    line = JsonFormatter("worker-1").format(record("批次已提交", batch=7))
    assert json.loads(line) == {
        "time": "2026-01-01T00:00:00.250+00:00",
        "level": "INFO",
        "process": "worker-1",
        "logger": "exchange_hub.views",
        "message": "批次已提交",
        "batch": 7,
    }
    assert "\n" not in line


def test_an_exception_stays_with_its_line() -> None:
    """A traceback is a field of the JSON object, and follows the line of text."""
    try:
        int("seven")
    except ValueError as error:
        failed = record("failed", exc_info=(type(error), error, error.__traceback__))
    assert "ValueError: invalid literal" in json.loads(JsonFormatter("w").format(failed))["exception"]
    assert TextFormatter("w").format(failed).splitlines()[-1].startswith("ValueError: invalid literal")


@pytest.mark.parametrize("formatter", [TextFormatter("w"), JsonFormatter("w")])
def test_no_password_of_an_address_is_written(formatter: logging.Formatter) -> None:
    """A database's address keeps its host and loses its password."""
    line = formatter.format(record("connecting to postgresql://hub:s3cr:et@db/hub"))
    assert "s3cr" not in line
    assert "@db/hub" in line


@pytest.mark.usefixtures("_restored_logging")
def test_files_are_rotated_by_size(tmp_path: Path) -> None:
    """A process writes its own file, which never outgrows its limit by more than a line; old ones are dropped."""
    settings = Settings(log=LogSettings(folder=tmp_path, file_size_max_mb=1, files_kept=2, level="INFO"))
    configure(settings, "worker-1")
    logging.getLogger().handlers[0].setLevel(logging.CRITICAL)
    for _ in range(50):
        logging.getLogger("exchange_hub").info("x" * 100_000)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["worker-1.log", "worker-1.log.1", "worker-1.log.2"]
    assert all(file.stat().st_size <= 2**20 for file in tmp_path.iterdir())


def test_a_log_folder_that_cannot_be_written_is_a_problem_in_words(tmp_path: Path) -> None:
    """A file in the folder's place is said with what to do."""
    (tmp_path / "logs").write_text("")
    with pytest.raises(RuntimeProblem, match="log folder cannot be written"):
        configure(Settings(log=LogSettings(folder=tmp_path / "logs")), "worker-1")


def test_requests_of_the_console_go_to_the_file_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A probe every two seconds does not fill the terminal of who runs the hub; the log has each request."""
    configure(Settings(log=LogSettings(folder=tmp_path)), "console")
    logging.getLogger("uvicorn.access").info("127.0.0.1 GET /readyz 200")
    logging.getLogger("uvicorn.error").info("Started")
    told = capsys.readouterr().err
    assert "Started" in told
    assert "/readyz" not in told
    assert "GET /readyz" in (tmp_path / "console.log").read_text(encoding="utf-8")


def test_a_line_holds_no_terminal_colours() -> None:
    """What uvicorn adds for a terminal is no field of a log."""
    made = record("Started", color_message="Started \x1b[36m%d\x1b[0m")
    assert "color_message" not in TextFormatter("console").format(made) + JsonFormatter("console").format(made)
