"""What every test may use: the servers of the run, foreign tools by name, and the rule that CI skips nothing."""

import fcntl
import importlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.platform import hand_out_servers, platform

#: The files that take longest: a process that began one of them late would work on when the others are done.
LONGEST = (
    "test_runtime_servers", "test_core_server_faults", "test_core_worker_faults", "test_bench_short", "test_story",
    "test_core_topic_faults", "test_core_rebuild_process", "test_core_heartbeat", "test_mutations", "test_wheel",
)  # fmt: skip
#: Folders of the tests that wait for servers.
WAITING = ("flow", "faults")

def pytest_configure(config: pytest.Config) -> None:
    """Where several processes share the tests, the one that hands them out keeps the servers for all."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        hand_out_servers()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where processes share the tests, the longest files come first and the quick ones, which need no server, fill the gaps."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: (LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST), item.path.parent.name not in WAITING))


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[str, str]]:
    """The addresses of the run's Kafka and PostgreSQL."""
    with platform() as found:
        yield found


@pytest.fixture(scope="session")
def kafka(servers: tuple[str, str]) -> str:
    """The bootstrap servers of the run's Kafka."""
    return servers[0]


@pytest.fixture(scope="session")
def postgres_server(servers: tuple[str, str]) -> str:
    """The address of the run's PostgreSQL; tests make databases of their own there."""
    return servers[1]


@pytest.fixture(scope="session")
def sample_workbooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """All sample workbooks of the district and their ledger, written once a run, to be read only."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # what the processes that share the tests have in common
    written = base / "sample-workbooks"
    with (base / "sample-workbooks.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not written.exists():
            draft = base / "sample-workbooks.draft"
            scripts = str(Path(__file__).parents[1] / "deploy/districts/wuqing/samples")
            sys.path.insert(0, scripts)
            importlib.import_module("generate").generate(draft)
            sys.path.remove(scripts)
            draft.rename(written)
    ledger: dict[str, Any] = json.loads((written / "ledger.json").read_text(encoding="utf-8"))
    return written, ledger


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose foreign tool is absent; fail it where ``HUB_TEST_REQUIRE=all``."""
    for mark in item.iter_markers("needs"):
        tool = mark.args[0]
        if shutil.which(tool) is None:
            message = f"needs {tool}, which is not installed (deploy/ci-packages.txt or deploy/ci-tools.txt names it)"
            if os.environ.get("HUB_TEST_REQUIRE") == "all":
                pytest.fail(message, pytrace=False)
            pytest.skip(message)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn any skip into a failure where ``HUB_TEST_REQUIRE=all``."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("HUB_TEST_REQUIRE") == "all":
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
    return report
