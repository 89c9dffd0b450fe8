"""What a command makes for somebody: nothing for a name that cannot be, and no password of nobody."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exchange_hub.cli import main


def hub(folder: Path, *words: str) -> Result:
    ran = CliRunner(env={"HUB_DATA_DIR": str(folder)}).invoke(main, list(words))
    assert ran.exception is None or type(ran.exception) is SystemExit, ran.exception
    return ran


@pytest.mark.parametrize("name", ["bad host", "", "-x", "a..b", "hub.example,DNS:evil", "a/O=b", "名字", "300.1.1.1/24", "x" * 64, "*"])
def test_no_certificate_for_what_no_client_could_reach(tmp_path: Path, name: str) -> None:
    """It is refused with the name, and nothing is written."""
    refused = hub(tmp_path / "data", "certificate", "--", name)
    assert refused.exit_code == 2
    assert "no host name and no address" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_a_generated_password_is_shown_once_it_is_somebody_s(tmp_path: Path) -> None:
    """A user who could not be made, or is not there, has no password, and none is shown."""
    for words in (("add", "BAD NAME", "--role", "reader"), ("password", "nobody")):
        refused = hub(tmp_path, "console", "user", *words, "--generate")
        assert (refused.exit_code, refused.stdout) == (1, "")
    made = hub(tmp_path, "console", "user", "add", "reader", "--role", "reader", "--generate")
    assert (made.exit_code, "password (shown once): " in made.stdout) == (0, True)
