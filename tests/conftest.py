"""What every test may use: foreign tools by name, and the rule that CI skips nothing."""

import os
import shutil
from collections.abc import Iterator

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a run that asks for everything and would skip quietly."""
    config.addinivalue_line("markers", "foreign: uses a tool that a bare machine lacks")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose foreign tool is absent; fail it where ``HUB_TEST_REQUIRE=all``."""
    for mark in item.iter_markers("needs"):
        tool = mark.args[0]
        if shutil.which(tool) is None:
            message = f"needs {tool}, which is not installed (deploy/ci-packages.txt names its package)"
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
