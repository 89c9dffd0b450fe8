"""A topic that nobody reads, or that stands still, is measured from outside; a worker without topics does not wait for ever."""

import re
from typing import cast

import pytest

from exchange_hub.processes.program import Program
from exchange_hub.processes.relay import measure_lag
from exchange_hub.processes.watchdog import Watchdog
from exchange_hub.runtime import metrics
from exchange_hub.runtime.metrics import Meters, Metric
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.views.store import heartbeat
from exchange_hub.views.store.positions import claim
from exchange_hub.views.store.setup import connect
from exchange_hub.views.worker.driver import Standing
from tests.faults.stage import Stage
from tests.strategies.history import bulk
from tests.waiting import wait_for

SEED = 20261124
QUICK = {"HUB_WORKER__STALL_SECONDS": "8"}
NOTHING: frozenset[str] = frozenset()


def marked(stage: Stage, metric: Metric) -> set[str]:
    """The topics for which the relay publishes 1; every topic of the district has a value."""
    meters = Meters()
    measure_lag(stage.hub, engine_of(stage.url), stage.kafka, meters)
    found = dict(re.findall(rf'{metric.name}{{topic="([^"]+)"}} (\S+)', meters.exposition().decode()))
    assert found.keys() == stage.hub.event_topics.keys()
    return {topic for topic, value in found.items() if float(value)}


def numbered(stage: Stage) -> None:
    """Number the topics, as the first program that starts does."""
    with connect(stage.url) as conn:
        stage.hub.context(conn)


def test_a_topic_that_nobody_reads_is_measured(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records wait: unread before any worker ever claimed, not while one reads them, unread again when it is gone."""
    numbered(stage)
    stage.send(bulk(SEED, 200))
    waiting = {topic for topic, end in stage.ends().items() if end}
    assert marked(stage, metrics.UNREAD) == waiting
    worker = stage.worker(at_step="checked", what="pause", at_batch=1, pause_seconds=120, constants={"IDLE_SECONDS": 90})
    wait_for("the worker to tell that it reads", lambda: not marked(stage, metrics.UNREAD), 30, 0.5)
    assert any(end > stage.positions().get(topic, 0) for topic, end in stage.ends().items()), "nothing waits: nothing is shown"
    worker.end()
    monkeypatch.setattr(heartbeat, "SEEN_SECONDS", 1)
    wait_for("the worker to be missed", lambda: marked(stage, metrics.UNREAD) == waiting, 10, 0.2)


def test_a_topic_left_out_by_a_living_worker_is_unread(stage: Stage) -> None:
    """A worker that claimed two topics and reads one of them since a rebalance leaves the other unread, though it lives."""
    numbered(stage)
    stage.send(bulk(SEED, 200))
    waiting = {topic for topic, end in stage.ends().items() if end}
    kept, left_out = sorted(waiting)[:2]
    with connect(stage.url) as conn:
        claim(conn, {kept: "id", left_out: "id"}, "one")
        heartbeat.tell(conn, "one", [kept], [])
        assert marked(stage, metrics.UNREAD) == waiting - {kept}
        heartbeat.tell(conn, "another", [left_out], [])
        assert left_out in marked(stage, metrics.UNREAD), "who reads without having claimed writes nothing"
        heartbeat.tell(conn, "one", [kept], [left_out])
        assert marked(stage, metrics.UNREAD) == waiting - {kept, left_out}


def test_a_topic_that_runs_again_is_no_more_shown_as_stopped(stage: Stage) -> None:
    """A topic stands still in one worker; mended, and given out anew when a second worker joins, it is shown as running."""
    first = stage.worker()
    stage.send(bulk(SEED, 200))
    stage.caught_up()
    first.end()
    topic = stage.topic("commerce")
    change = "UPDATE log.position SET last_digest = %s WHERE topic_no = (SELECT topic_no FROM log.topic WHERE name = %s) RETURNING topic_no"
    with connect(stage.url) as conn:
        kept = conn.execute("SELECT last_digest FROM log.position p JOIN log.topic t USING (topic_no) WHERE t.name = %s", (topic,)).fetchone()
        assert kept
        conn.execute(change, (b"\0", topic))
        stage.send(bulk(SEED + 1, 200))
        stage.worker(environment=QUICK)
        wait_for("the topic to be shown as stopped", lambda: marked(stage, metrics.TOPIC_STOPPED) == {topic}, 30, 0.5)
        assert topic not in marked(stage, metrics.UNREAD), "it stands still on purpose"
        conn.execute(change, (kept[0], topic))
    stage.worker(environment=QUICK)
    wait_for("the topic to be shown as running", lambda: not marked(stage, metrics.TOPIC_STOPPED), 40, 0.5)
    stage.caught_up()
    stage.reckon()


class Ended(BaseException):
    """Ends a watchdog's loop."""


def watched(stage: Stage, standing: Standing, stopped: frozenset[str] = NOTHING, looks_max: int = 60) -> str:
    """Run a watchdog over a worker that stands where it says; return why it ended the worker, or nothing."""
    settings = stage.hub.settings.model_copy(
        update={"worker": stage.hub.settings.worker.model_copy(update={"stall_seconds": 0.2, "session_timeout_seconds": 0.1})}
    )
    hub = type(stage.hub)(settings, stage.hub.district)
    running = Program(hub, stage.kafka, stage.url, cast("type", None), Meters())
    looks = 0

    def told() -> tuple[Standing, frozenset[str]]:
        nonlocal looks
        looks += 1
        if looks > looks_max:
            raise Ended
        return standing, stopped

    def lost(error: BaseException) -> None:
        raise Ended(str(error))

    with pytest.raises(Ended) as ended:
        Watchdog(running, "the worker", told, lost, lambda _admin: None).run()
    return str(ended.value)


def test_a_worker_stuck_before_its_first_claim_is_ended(stage: Stage) -> None:
    """Records wait, and the group gives the worker nothing, or its claim never ends: its watchdog ends it and names topics."""
    numbered(stage)
    stage.send(bulk(SEED, 200))
    commerce, industry = stage.topic("commerce"), stage.topic("industry")
    joining, claiming, idle = Standing(), Standing(NOTHING, frozenset({commerce})), Standing(NOTHING, NOTHING)
    assert watched(stage, joining).startswith("no topic is read for")
    words = watched(stage, claiming)
    assert commerce in words
    assert industry not in words
    assert watched(stage, claiming, frozenset({commerce}), 12) == "", "it stands still on purpose"
    assert watched(stage, idle, looks_max=12) == "", "the group has left it without topics"
    with connect(stage.url) as conn:
        heartbeat.tell(conn, "another", [], stage.hub.event_topics.keys())
    assert watched(stage, joining, looks_max=12) == "", "all that waits stands still on purpose elsewhere"
