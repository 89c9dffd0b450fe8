"""Servers that die, disks that fill up and clocks that lie, the short form of the long faults: 0 lost, 0 doubled, 0 wrong."""

import pytest

from tests.faults import on_data, on_servers
from tests.faults.shared import Run
from tests.faults.table import insist


@pytest.fixture(scope="module")
def run(servers: tuple[str, str]) -> Run:
    """The suite's servers and a fixed seed."""
    return Run(*servers, 20261124)


def test_postgres_killed_while_events_flow(run: Run) -> None:
    """The worker waits for the database, tries the same batch again and goes on by itself."""
    insist("postgres", on_servers.postgres(run, kills=1, cuts=3), kills=1, cuts=2, retried=1)


def test_a_full_disk_is_waited_for(run: Run) -> None:
    """The database's disk is full to the last byte: the worker keeps its batch, says so, and goes on when there is room again."""
    measures = on_servers.disk(run, events=1_500)
    if "skipped" in measures:
        pytest.skip(measures["skipped"])
    insist("disk", measures, retried=1)


def test_a_worker_whose_clock_is_wrong(run: Run) -> None:
    """Months come from business dates and arrival from the broker: a wrong clock changes no row, also at the edge of months."""
    insist("clock", on_data.clock(run, events=240), edge_rows=200, deceived=3, deceived_logs=3)


@pytest.mark.timeout(300)
def test_brokers_of_three_killed_under_load(run: Run) -> None:
    """With one of three brokers gone everything goes on; two gone is said to the bureau, and heals by itself."""
    measures = on_servers.brokers(run, events=3_000, kills=1, pause_seconds=2.0, down_seconds=5.0)
    insist("brokers", measures, kills=3, connector_refused=1)


def test_events_told_five_times_and_a_month_late(run: Run) -> None:
    """Repeated, shuffled across topics, or a month after everything else: views, findings and digests are the same."""
    insist("duplicates", on_data.duplicates(run, events=700), late=100, repeated=2_000)
