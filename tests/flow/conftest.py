"""Servers and stages that the tests of the core share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.stage import Stage, staged
from tests.platform import platform


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[str, str]]:
    """The suite's Kafka and PostgreSQL."""
    with platform() as found:
        yield found


@pytest.fixture
def stage(servers: tuple[str, str], tmp_path: Path) -> Iterator[Stage]:
    """A district with topics and a database of its own."""
    with staged(*servers, tmp_path) as made:
        yield made
