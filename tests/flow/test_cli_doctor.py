"""``hub doctor`` on a district in which nobody reads what was published."""

import json
from collections.abc import Callable

from click.testing import Result

from tests.faults.stage import Stage
from tests.strategies.history import bulk

SEED = 20261125


def test_the_doctor_sees_records_that_nobody_takes(hub: Callable[..., Result], stage: Stage) -> None:
    """Records on a topic without a worker are a FAIL of the worker's line, with what to do."""
    stage.send(bulk(SEED, 30))
    done = hub("doctor")
    answers = {line["check"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert (done.exit_code, answers["worker"]["level"]) == (1, "FAIL")
    assert "hub up" in answers["worker"]["remedy"]
