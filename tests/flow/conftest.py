"""A district of the test's own on the run's servers, the `hub` command with its settings, and a folder for servers of a test's own."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exchange_hub.cli import main
from tests.faults.stage import Stage, staged


@pytest.fixture
def stage(servers: tuple[str, str], tmp_path: Path) -> Iterator[Stage]:
    """A district with topics and a database of its own."""
    with staged(*servers, tmp_path) as made:
        yield made


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every account may pass through, as a project's folder usually is."""
    made = Path(tempfile.mkdtemp(prefix="hub-flow-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def hub(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `hub …` with the stage's settings."""
    for name, value in stage.environment.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(main, list(arguments))
