"""The suite notices when a guarantee is missing: each one is switched off and its test must turn red."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.faults.mutations import MUTATIONS
from tests.faults.stage import ROOT
from tests.platform import platform


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[str, str]]:
    """The suite's Kafka and PostgreSQL."""
    with platform() as found:
        yield found


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_missing_guarantee_turns_its_test_red(servers: tuple[str, str], name: str) -> None:
    """With the guarantee the test is green in this same suite; without it the test fails, and by an assertion of its own."""
    kafka, database = servers
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.faults.mutations", "-p", "no:cacheprovider", "--mutation", name,
         "--no-header", MUTATIONS[name].test],
        cwd=ROOT, capture_output=True, text=True, timeout=55, check=False,
        env={**os.environ, "HUB_KAFKA__BOOTSTRAP_SERVERS": kafka, "HUB_DATABASE__URL": database, "HUB_TEST_REQUIRE": ""},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-1000:]
    assert "1 failed" in done.stdout
    # By what it asserts, or by what the database refuses: a mutation that does not fit the code any more proves nothing.
    assert not re.search(r"^E +(ImportError|TypeError|AttributeError|NameError)", done.stdout, re.MULTILINE), done.stdout[-3000:]
