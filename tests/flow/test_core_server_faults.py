"""Servers that die and clocks that lie, the short form of the long faults: 0 lost, 0 doubled, 0 wrong."""

from collections.abc import Iterator

import pytest

from tests.faults import long
from tests.faults.long import Run
from tests.platform import platform


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """The suite's servers and a fixed seed."""
    with platform() as (kafka, database):
        yield Run(kafka, database, 20261124)


def test_postgres_killed_while_events_flow(run: Run) -> None:
    """The worker waits for the database, tries the same batch again and goes on by itself."""
    assert long.postgres(run, events=900, kills=1, cuts=3)["worker_stayed"]


def test_a_worker_whose_clock_is_a_day_wrong(run: Run) -> None:
    """Months come from business dates and arrival from the broker: a wrong clock changes no row."""
    assert long.clock(run, events=300)["wrong_months"] == 0


def test_a_broker_of_three_killed_under_load(run: Run) -> None:
    """With one of three brokers gone what was acknowledged stays, and the worker goes on by itself."""
    assert long.brokers(run, events=300, kills=1, pause_seconds=3.0, two_down=False)["worker_restarts"] == 0
