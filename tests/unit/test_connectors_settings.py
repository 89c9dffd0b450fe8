"""The connectors' settings: what was meant to have an effect has one, or is refused in words."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from exchange_connectors.cli import connect
from exchange_connectors.settings import ConnectorSettings
from exchange_hub.runtime.settings import Settings, describe

CONFIG = Path(__file__).parents[2] / "deploy/districts/wuqing/connectors/water.toml"


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("HUB_KAFKA__BOOTSTRAPSERVERS", "x:1", "is HUB_KAFKA__BOOTSTRAP_SERVERS meant?"), ("HUB_KAFKA_USERNAME", "u", "is HUB_KAFKA__USERNAME meant?"),
        ("HUB_KAFKA__PASWORD", "secret", "is HUB_KAFKA__PASSWORD meant?"), ("HUB_DATADIR", "x", "is HUB_DATA_DIR meant?"),
        ("HUB_DISTRICTCODE", "x", "is HUB_DISTRICT_CODE meant?"), ("HUB_KAFKA__SECURITY_PROTOCOL", "secret", "HUB_KAFKA__SECURITY_PROTOCOL: "),
        ("HUB_KAFKA__LINGER_MS", "-1", "HUB_KAFKA__LINGER_MS: "), ("HUB_KAFKA__START_SECONDS_MAX", "soon", "HUB_KAFKA__START_SECONDS_MAX: "),
    ],
)  # fmt: skip
def test_a_setting_that_is_none_is_refused_in_words(tmp_path: Path, name: str, given: str, words: str) -> None:
    """One that is misspelt or holds what it cannot ends the command with exit code 2, without its value and without a traceback."""
    folders = ["--inbox", str(tmp_path), "--state", str(tmp_path / "state.sqlite")]
    ran = CliRunner(env={name: given}).invoke(connect, ["run", str(CONFIG), "--once", *folders])
    assert (ran.exit_code, type(ran.exception)) == (2, SystemExit), ran.exception
    assert words in ran.stderr
    assert "secret" not in ran.stderr


def test_the_hub_s_own_settings_are_no_mistake_of_a_connector(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connector beside a hub has the hub's environment: every name of it is let pass."""
    for line in describe(Settings()):
        with monkeypatch.context() as only:
            if line.name.startswith("HUB_") and "KAFKA__S" not in line.name:
                only.setenv(line.name, line.value or "1")
                ConnectorSettings()
