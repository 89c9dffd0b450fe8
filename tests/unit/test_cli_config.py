"""`hub config`: every setting, its source, no secret; and settings that are wrong are said in words."""

import json

import pytest
from click.testing import CliRunner

from exchange_hub.cli import main
from exchange_hub.runtime.settings import Settings, describe


def test_every_setting_is_printed_with_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Piped, one JSON object a setting: name, value, default, meaning, source."""
    monkeypatch.setenv("HUB_CONSOLE__PORT", "9000")
    done = CliRunner().invoke(main, ["config"])
    lines = {line["name"]: line for line in map(json.loads, done.output.splitlines())}
    assert list(lines) == [line.name for line in describe(Settings())]
    assert lines["HUB_CONSOLE__PORT"]["value"] == "9000"
    assert lines["HUB_CONSOLE__PORT"]["source"] == "environment HUB_CONSOLE__PORT"
    assert lines["HUB_METRICS__PORT"]["source"] == "default"


def test_a_password_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password of an address and of a user is masked in every format."""
    monkeypatch.setenv("HUB_DATABASE__URL", "postgresql://hub:s3cret@db/hub")
    monkeypatch.setenv("HUB_KAFKA__PASSWORD", "t0psecret")
    for form in ("json", "table"):
        done = CliRunner().invoke(main, ["config", "--format", form])
        assert done.exit_code == 0
        assert "s3cret" not in done.output
        assert "t0psecret" not in done.output


def test_wrong_settings_are_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every wrong setting is named by its variable with what is wrong, without a traceback."""
    monkeypatch.setenv("HUB_CONSOLE__PORT", "many")
    monkeypatch.setenv("HUB_LOG__FORMAT", "xml")
    done = CliRunner().invoke(main, ["config"])
    assert done.exit_code == 1
    assert "HUB_CONSOLE__PORT: Input should be a valid integer" in done.output
    assert "HUB_LOG__FORMAT: Input should be 'text' or 'json'" in done.output
