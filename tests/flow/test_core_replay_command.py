"""Held events as operators and workers meet them: listed, tried again by command, and tried first by the worker of a new version."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from click.testing import Result

from exchange_hub.views.store.setup import connect
from tests.faults.stage import Stage
from tests.flow.test_core_store import order

Hub = Callable[..., Result]


@contextmanager
def refusing(stage: Stage) -> Iterator[None]:
    """Let the database refuse one subsidy, as a defect of a version would."""
    with connect(stage.url) as conn:
        conn.execute("ALTER TABLE live.trade_in ADD CONSTRAINT refused CHECK (subsidy <> 66600)")
        yield
        conn.execute("ALTER TABLE live.trade_in DROP CONSTRAINT refused")


def test_held_events_are_listed_and_replayed_by_command(stage: Stage, hub: Hub) -> None:
    """`receipts held` shows each with what it waits for; `receipts replay` says what became of them, before and after a mend."""
    with refusing(stage):
        worker = stage.worker()
        stage.send([order("O1"), order("O2", subsidy="666.00")])
        stage.caught_up()
        stage.send([order("O2", 2, subsidy="666.00"), order("O3")])
        stage.caught_up()
        worker.end()
        shown = hub("receipts", "held")
        assert shown.exit_code == 0, shown.output
        lines = sorted(map(json.loads, shown.stdout.splitlines()), key=lambda line: int(line["offset"]))
        assert [(line["topic"], line["offset"], line["entity"], line["outcome"]) for line in lines] == [
            (stage.topic("commerce"), off, "O2", "held") for off in (1, 2)
        ]
        assert "the database refuses its data" in lines[0]["reason"]
        still = hub("receipts", "replay")
        assert (still.exit_code, still.stdout) == (0, "held 2\n")
    done = hub("receipts", "replay")
    assert (done.exit_code, done.stdout) == (0, "accepted 2\n")
    assert (hub("receipts", "held").stdout, hub("receipts", "replay").stdout) == ("", "no events are held\n")
    stage.reckon()


def test_the_worker_of_a_new_version_tries_held_events_first(stage: Stage) -> None:
    """After an upgrade held events pass before anything that arrived since, and what follows on their keys waits no more."""
    with refusing(stage):
        worker = stage.worker()
        stage.send([order("O1"), order("O2", subsidy="666.00")])
        stage.caught_up()
        stage.send([order("O2", 2), order("O3")])
        stage.caught_up()
        worker.end()
    with connect(stage.url) as conn:
        assert conn.execute("SELECT count(*) FROM log.held").fetchone() == (2,)
        conn.execute("UPDATE live.view_stamp SET code = 'of the version before' WHERE kind <> ''")
    command = [sys.executable, "-m", "exchange_hub", "rebuild", "--from", "log"]
    subprocess.run(command, env=os.environ | stage.environment, check=True, capture_output=True, timeout=120)
    stage.send([order("O2", 3), order("O4")])
    stage.worker()
    stage.caught_up()
    with connect(stage.url) as conn:
        assert conn.execute("SELECT count(*) FROM log.held").fetchone() == (0,)
        batches: dict[int, int] = dict(conn.execute("SELECT off, batch_no FROM log.event_log").fetchall())
    assert max(batches[1], batches[2]) < min(batches[4], batches[5])
    stage.reckon()
