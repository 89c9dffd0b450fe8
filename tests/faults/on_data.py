"""Faults of what is sent, and of the clock; the long form of each. Every function returns what it measured."""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from exchange_contracts import codec, envelope
from exchange_contracts.events import EVENTS
from exchange_hub.runtime.logs import SHANGHAI
from exchange_hub.views.store.commit import commit
from exchange_hub.views.store.setup import connect
from exchange_hub.views.worker.driver import Poll
from exchange_hub.views.worker.pipeline import read_poll
from tests.faults.reckoning import Measures, Reckoning
from tests.faults.shared import Run, finish
from tests.faults.stage import ROOT, Stage, Worker
from tests.oracle.compare import verdict
from tests.strategies.damage import DAMAGES, damaged
from tests.strategies.history import TOPICS, History, Reader, bulk
from tests.strategies.store import ORACLE_RULES, claimed, committing, database, everything
from tests.strategies.universe import Item, World, item_of

#: Months of the events sent: the first of them comes late.
_LATE_MONTH = "2026-08"
#: What must not depend on how often, in which order and how late events come.
_ALIKE = ("claim", "identity", "unfolded", "finding")


def duplicates(run: Run, events: int = 30_000) -> Measures:
    """Every event five times and shuffled across topics, and a month's events after everything else: as if in order and once."""
    choose = Random(run.seed)
    world = World(entities=max(4, events // 250), revisions=4, tellings=1, months=3)
    items = sorted(_without_conflicts(item_of(choose.getrandbits(30), world) for _ in range(events)), key=_business_date)
    shuffled = items * 5
    choose.shuffle(shuffled)
    late = [item for item in items if _business_date(item).startswith(_LATE_MONTH)]
    on_time = [item for item in items if not _business_date(item).startswith(_LATE_MONTH)]
    choose.shuffle(on_time)
    found = [_views_of(run, way) for way in (items, shuffled, on_time + late)]
    total: Counter[str] = Counter()
    for _, measures in found:
        total.update(measures)
    differing = {name for views, _ in found[1:] for name in views if views[name] != found[0][0][name]}
    return dict(total) | {"differing": len(differing), "repeated": len(shuffled) - len(items), "late": len(late)}


def _business_date(item: Item) -> str:
    """Return the day on which what an event tells of happened."""
    assert item.value is not None
    _, facts = codec.decode_facts(item.value)
    return str(date(1970, 1, 1) + timedelta(days=facts["occurred_on"]))


def _views_of(run: Run, items: list[Item]) -> tuple[dict[str, Any], Measures]:
    """Commit items in their order into a store of their own; return its views by name, and its reckoning."""
    history = History.of(items)
    with database(run.database) as url:
        conn, context = committing(url)
        reader = Reader("one")
        reader.took(claimed(conn, "one"))
        places = dict.fromkeys(TOPICS, 0)
        while poll := _next_poll(reader, history, places):
            commit(conn, read_poll(poll, context), context)
        tables, digests, _ = everything(conn)
        found = Reckoning(verdict(conn, history.said(), ORACLE_RULES), (), (), len(items), 0)
        conn.close()
    return digests | {name: tables[name] for name in _ALIKE}, found.measures()


def _without_conflicts(items: Iterable[Item]) -> Iterator[Item]:
    """Leave out events whose id says something else than before: which of them counts depends on their order."""
    told: dict[tuple[str, str], bytes] = {}
    for item in items:
        assert item.value is not None
        contract, facts = codec.decode_facts(item.value)
        digest = codec.facts_digest(contract, facts)
        if told.setdefault((item.bureau, facts["event_id"]), digest) == digest:
            yield item


def _next_poll(reader: Reader, history: History, places: dict[str, int]) -> Poll | None:
    """Read on in slices: the plain reader looks through a whole topic for each poll."""
    records = {topic: history.records[topic][at : at + 1000] for topic, at in places.items() if history.records[topic][at : at + 1]}
    if not records:
        return None
    for topic, batch in records.items():
        places[topic] += len(batch)
    starts = {topic: reader.next[topic] for topic in records}
    ends = {topic: batch[-1].offset + 1 for topic, batch in records.items()}
    reader.next |= ends
    return Poll(1, {topic: reader.claims[topic] for topic in records}, starts, ends, dict(records))


def malformed(run: Run, count: int = 100_000) -> Measures:
    """A hundred thousand malformed records of every kind: all classified, no crash, memory flat."""
    choose = Random(run.seed)
    bases = [item_of(choose.getrandbits(30)) for _ in range(400)]
    sent: Counter[str] = Counter()

    def items(number: int) -> Iterator[Item]:
        for _ in range(number):
            item = damaged(choose.choice(bases), choose)
            sent[item.event] += 1
            yield item

    with run.stage() as stage:
        worker = stage.worker(environment={"HUB_WORKER__BATCH_EVENTS_MAX": "5000"})
        stage.send(items(count // 5))
        stage.caught_up(300)
        before = _resident_mb(worker)
        stage.send(items(count - count // 5))
        stage.caught_up(600)
        growth = _resident_mb(worker) - before
        with connect(stage.url) as conn:
            row = conn.execute("SELECT count(*), count(DISTINCT code) FROM log.rejection WHERE reason <> ''").fetchone()
        assert row is not None
        return finish(stage) | {
            "kinds": len(sent), "rejected": row[0], "codes": row[1], "unclassified": sent.total() - row[0], "memory_growth_mb": round(growth, 1),
        }  # fmt: skip


#: How many kinds of damage a run must have sent.
KINDS = len(DAMAGES)


def _resident_mb(worker: Worker) -> float:
    for line in Path(f"/proc/{worker.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no resident size")


def clock(run: Run, events: int = 2_000) -> Measures:
    """Workers that believe in yesterday, in tomorrow, and in a month that ends while they work, over events at the edge of months."""
    total: Counter[str] = Counter()
    for offset in (-86_400.0, 86_400.0, _to_the_end_of_the_month()):
        with run.stage() as stage:
            began = time.time()
            worker = stage.worker(clock_offset_seconds=offset)
            stage.send(bulk(run.seed, events // 2))
            stage.send(_edge_items(events - events // 2))
            stage.caught_up(120)
            found = stage.reckoned()
            total.update(found.measures())
            total["ended"] += len(stage.ended())
            total["wrong_months"] += sum(n for column, n in found.verdict.wrong_columns.items() if _of_time(column))
            total["wrong_arrivals"] += _wrong_arrivals(stage)
            total["edge_rows"] += _edge_rows(stage)
            days = {f"{datetime.fromtimestamp(at + offset, UTC):%Y-%m-%d}" for at in (began, time.time())}
            said = [line for line in worker.text().splitlines() if line.startswith("today is ")]
            total["deceived"] += len(said) == 1 and set(said[0].removeprefix("today is ").split(" and ")) <= days
            total["deceived_logs"] += _log_days(worker) <= {f"{datetime.fromtimestamp(at + offset, SHANGHAI):%Y-%m-%d}" for at in (began, time.time())}
    return dict(total)


def _to_the_end_of_the_month() -> float:
    """Return the offset of a clock on which the month, in the district's time, ends in five seconds."""
    now = datetime.now(SHANGHAI)
    following = (now.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (following - now).total_seconds() - 5


def _log_days(worker: Worker) -> set[str]:
    """Return the days on which the worker's log says that it committed."""
    return {line[:10] for line in worker.text().splitlines() if ": batch " in line}


def _edge_items(count: int) -> Iterator[Item]:
    """Yield sales without a month of their own on the last and first days of months; every third is corrected over the edge."""
    days = (date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 30), date(2026, 10, 1), date(2026, 12, 31), date(2027, 1, 1))
    for number in range(count):
        corrects = number % 3 == 2
        event = EVENTS["TradeInCompleted"].model_validate({
            "bureau": "commerce", "source": "edge", "entity_key": f"edge {number - corrects}", "revision": 1 + corrects,
            "occurred_on": days[(number - corrects + 3 * corrects) % len(days)], "recorded_at": datetime(2026, 10, 2, tzinfo=UTC),
            "category": "家电", "sale_amount": "100.00", "subsidy": "15.00",
        })  # fmt: skip
        yield Item("commerce", event.entity_key.encode(), codec.encode(event), tuple(envelope.headers(event)), sound=True, event="edge")


def _of_time(column: str) -> bool:
    return column in ("month", "latest_month", "period", "row_key") or column.endswith(("_on", "_date", "_until"))


def _edge_rows(stage: Stage) -> int:
    """Return how many rows take their month from a day at the edge of one."""
    with connect(stage.url) as conn:
        row = conn.execute(
            """SELECT count(*) FROM live.trade_in WHERE component LIKE '%edge %' AND month IS NOT NULL
               AND (extract(day FROM completed_on) = 1 OR extract(day FROM completed_on + 1) = 1)"""
        ).fetchone()
    assert row is not None
    return int(row[0])


def _wrong_arrivals(stage: Stage) -> int:
    """Count the events whose time of arrival in the log is not the broker's."""
    lying = stage.lying()
    with connect(stage.url) as conn:
        rows = conn.execute("SELECT t.name, e.off, e.arrived_ms FROM log.event_log e JOIN log.topic t USING (topic_no)").fetchall()
    return sum(lying[name, offset][1] != arrived for name, offset, arrived in rows)


def mutations(run: Run) -> Measures:
    """Each guarantee switched off: its test must turn red."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/faults/test_mutations.py"], cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"HUB_KAFKA__BOOTSTRAP_SERVERS": run.kafka, "HUB_DATABASE__URL": run.database},
    )  # fmt: skip
    summary = done.stdout.strip().splitlines()[-1]
    numbers = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", summary)}
    return {"red": numbers.get("passed", 0), "not_red": numbers.get("failed", 0) + numbers.get("error", 0), "said": summary}
