"""Logs of the hub's processes: text for people or JSON for machines, on the standard error stream and in a file.

Each process writes a file of its own, so that rotation never meets another writer.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime, timedelta, timezone
from logging.handlers import RotatingFileHandler
from typing import Any

from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import Settings
from exchange_hub.runtime.terminal import visible

# China has had one zone and no summer time since 1991; a fixed one needs no zone data on the machine.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
# Libraries that tell every connection at INFO.
QUIET = ("kafka", "aiokafka", "faust", "mode", "asyncio", "urllib3", "alembic")
# uvicorn's "color_message" is its message once more, with a terminal's colours.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
# Tell at WARNING that a busy machine was slow for a tenth of a second, or at each connection that SASL without TLS is no
# secret (which this module's owner says once, at the start); what fails is said elsewhere.
_ONLY_ERRORS = ("kafka.net.selector", "kafka.net.sasl")
# Libraries whose repetitions are left out, and for how long.
_REPEATING = ("kafka", "aiokafka", "faust", "mode")
_REPEATED_SECONDS = 60.0
_PASSWORD = re.compile(r"(://[^\s:/@]*):[^\s@/]+@")


class TextFormatter(logging.Formatter):
    """`2026-11-24 13:40:05.123 +08:00 INFO worker-1 exchange_hub.views: message key=value`."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as lines; what follows the first belongs to an exception."""
        at = datetime.fromtimestamp(record.created, SHANGHAI)
        offset = at.strftime("%z")
        time = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} {offset[:3]}:{offset[3:]}"
        extra = "".join(f" {name}={value}" for name, value in _extra(record).items())
        line = f"{time} {record.levelname} {self._process} {record.name}: {record.getMessage()}{extra}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return visible(without_passwords(line))


class JsonFormatter(logging.Formatter):
    """One JSON object a line; time in UTC, extra fields beside the standard ones."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return without_passwords(json.dumps(fields, ensure_ascii=False, default=str))


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def without_passwords(line: str) -> str:
    """Return the line with the password of every address in it masked."""
    return _PASSWORD.sub(r"\1:••••••@", line) if "://" in line else line


class Repetitions(logging.Filter):
    """Lets a library say the same thing once a minute, and says with the next time how often it was left out."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is to be written; it takes along the number of those left out where there are any."""
        if record.name.partition(".")[0] not in _REPEATING:
            return True
        key = (record.name, str(record.msg))
        since, left_out = self._said.get(key, (-_REPEATED_SECONDS, 0))
        if record.created - since < _REPEATED_SECONDS:
            self._said[key] = since, left_out + 1
            return False
        self._said[key] = record.created, 0
        if left_out:
            record.left_out_before = left_out
        return True


def configure(settings: Settings, process: str, *, to_file: bool = True) -> None:
    """Set up logging for this process, replacing what was set up before.

    Args:
        settings: Format, level, folder and rotation.
        process: Name of the process in each line, and of its file: `<folder>/<process>.log`.
        to_file: Whether a file is written besides the standard error stream.

    Raises:
        RuntimeProblem: if the log folder cannot be written.
    """
    formatter = JsonFormatter(process) if settings.log.format == "json" else TextFormatter(process)
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    handlers[0].setLevel(settings.log.terminal)
    if to_file:
        handlers.append(_file(settings, process))
        # Each request of a browser or a probe is a line: for the file, not for who watches the terminal.
        handlers[0].addFilter(lambda record: record.name != "uvicorn.access")
    for handler in handlers:
        handler.setFormatter(formatter)
        handler.addFilter(Repetitions())
    logging.basicConfig(level=settings.log.level, handlers=handlers, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    for name in _ONLY_ERRORS:
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.captureWarnings(capture=True)


def _file(settings: Settings, process: str) -> logging.Handler:
    folder = settings.log_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return RotatingFileHandler(
            folder / f"{process}.log",
            maxBytes=settings.log.file_size_max_mb * 2**20,
            backupCount=settings.log.files_kept,
            encoding="utf-8",
            delay=True,
        )
    except OSError as error:
        raise RuntimeProblem(
            f"The log folder cannot be written: {error.strerror}.",
            where=str(folder),
            remedy="Give this user rights on it, or name another folder in HUB_LOG__FOLDER.",
        ) from error
