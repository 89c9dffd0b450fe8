"""Text of others on a terminal is shown, not obeyed."""

import logging

import pytest

from exchange_hub.cli import output
from exchange_hub.runtime.logs import Repetitions, TextFormatter
from exchange_hub.runtime.terminal import visible


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b]0;标题\x07", "\\x1b]0;标题\\x07"), ("\x9b2J", "\\x9b2J"), ("甲\u202e乙", "甲\\u202e乙"), ("a\rb", "a\\x0db"),
        ("两行\n一格\t尾", "两行\n一格\t尾"), ("静海“新”区", "静海“新”区"),
    ],
)  # fmt: skip
def test_what_would_steer_a_terminal_stands_escaped(said: str, shown: str) -> None:
    """Escape sequences, carriage returns and marks of direction are shown; text, lines and tabs stay."""
    assert visible(said) == shown


def test_tables_and_logs_obey_no_bureau(capsys: pytest.CaptureFixture[str]) -> None:
    """A cell of a table and a message of a log cannot steer the terminal they are read on."""
    output.table("清单", ["名称"], [["\x1b[2J甲"]])
    assert "\x1b[2J" not in capsys.readouterr().out
    record = logging.LogRecord("exchange_hub", logging.ERROR, "", 0, "holding %s", ("\x1b[2J",), None)
    assert "\x1b" not in TextFormatter("worker").format(record)


def test_a_library_says_the_same_once_a_minute() -> None:
    """Repetitions of a library's message are left out, and counted where it is said again; the hub's own stay."""
    repetitions = Repetitions()

    def said(logger: str, at: float) -> tuple[bool, int]:
        record = logging.LogRecord(logger, logging.WARNING, "", 0, "slow: %d", (int(at),), None)
        record.created = at
        return repetitions.filter(record), getattr(record, "left_out_before", 0)

    assert [said("kafka.net", at) for at in (0.0, 1.0, 2.0, 61.0, 62.0)] == [(True, 0), (False, 0), (False, 0), (True, 2), (False, 0)]
    assert [said("exchange_hub.cli", at) for at in (0.0, 1.0)] == [(True, 0), (True, 0)]
