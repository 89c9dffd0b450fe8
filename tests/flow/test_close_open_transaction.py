"""A month does not close while acknowledged events wait behind a transaction that is not over."""

from collections.abc import Callable

import pytest
from click.testing import Result

from tests.faults.stage import Stage
from tests.strategies.history import bulk

SEED = 20261130


@pytest.mark.timeout(240)
def test_a_month_waits_for_what_lies_behind_an_open_transaction(stage: Stage, hub: Callable[..., Result]) -> None:
    """The close and the doctor name the topic and the offset; once the transaction is over the month closes with all of it."""
    stage.worker()
    stage.send(bulk(SEED, 100))
    stage.caught_up()
    topic = stage.topic("industry")
    begin = stage.ends()[topic]
    holding = stage.producer(transactional_id=f"open-{stage.hub.district.id}")
    holding.init_transactions()
    holding.begin_transaction()
    holding.send(topic, key=b"x", value=b"noise").get(30)
    stage.send(bulk(SEED + 1, 100))
    assert stage.ends()[topic] == begin
    refused = hub("close", "2026-10", "--timeout", "2")
    told = f"topic {topic}: an open transaction begins at offset {begin}"
    assert (refused.exit_code, type(refused.exception)) == (1, SystemExit)
    assert told in refused.stderr
    assert told in hub("doctor", "--format", "json").stdout
    holding.commit_transaction()
    holding.close()
    closed = hub("close", "2026-10", "--timeout", "60", "--yes")
    assert closed.exit_code == 0, closed.stderr
    stage.caught_up()
