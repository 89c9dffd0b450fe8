"""The suite notices when a guarantee is missing: each one is switched off and its test must turn red."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.faults.mutations import MUTATIONS
from tests.faults.stage import ROOT

#: Time for all tests of one mutated file.
SECONDS = 150


@pytest.fixture(scope="module")
def failures_of(servers: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, str]]:
    """Test → what it failed by, for all mutations of one file of the product: one process a file."""
    kafka, database = servers

    @cache
    def failures(file: str) -> dict[str, str]:
        report = tmp_path_factory.mktemp("mutations") / "failures.json"
        names = [f"--mutation={name}" for name, mutation in MUTATIONS.items() if mutation.file == file]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "tests.faults.mutations", "-p", "no:cacheprovider", "--no-header", *names,
             "--mutation-report", str(report)],
            cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False,
            env={**os.environ, "HUB_KAFKA__BOOTSTRAP_SERVERS": kafka, "HUB_DATABASE__URL": database, "HUB_TEST_REQUIRE": ""},
        )  # fmt: skip
        assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-1000:]
        found: dict[str, str] = json.loads(Path(report).read_text())
        return found

    return failures


@pytest.mark.timeout(SECONDS + 120)  # the start of the servers counts, too
@pytest.mark.parametrize("name", MUTATIONS)
def test_a_missing_guarantee_turns_its_test_red(failures_of: Callable[[str], dict[str, str]], name: str) -> None:
    """With the guarantee the test is green in this same suite; without it the test fails, and by an assertion of its own."""
    mutation = MUTATIONS[name]
    failures = failures_of(mutation.file)
    assert mutation.test in failures, f"green without the guarantee; red are {sorted(failures)}"
    # By what it asserts, or by what the database refuses: a mutation that does not fit the code any more proves nothing.
    assert not re.search(r"^E +(ImportError|TypeError|AttributeError|NameError)", failures[mutation.test], re.MULTILINE), failures[mutation.test][-3000:]
