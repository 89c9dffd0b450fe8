"""A district that grows while `hub up` runs: it is taken up, nothing is stopped for it (invariant 9)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from exchange_contracts.topics import events_topic, receipts_topic
from exchange_hub.runtime.topics import administration
from exchange_hub.views.store.setup import connect
from tests.faults.servers import free_ports
from tests.faults.stage import Stage, wait_for
from tests.flow.test_core_store import event
from tests.strategies.history import bulk

SEED = 20261128
BUREAU = '[[bureau]]\ncode = "veterans"\nname = "退役军人局"\nfull_name = "退役军人事务局"\nlists = ["tasks"]\nroles = []\n'
YEAR = '\n[[year]]\nyear = 2027\nsource = "样例"\nholidays = [2027-01-01]\nworking = []\n'


def hub(stage: Stage, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the hub beside the running one."""
    command = [sys.executable, "-m", "exchange_hub", *arguments]
    return subprocess.run(command, env=os.environ | stage.environment, capture_output=True, text=True, timeout=120, check=False)


@contextmanager
def up(stage: Stage) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`hub up` with two workers on the suite's servers, ended by SIGTERM; with the file that it writes to."""
    output = stage.folder / "up.log"
    own = {"HUB_CONSOLE__PORT": str(free_ports(1)[0]), "HUB_WORKER__PROCESSES": "2"}
    with output.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-m", "exchange_hub", "up"], env=os.environ | stage.environment | own, stdout=file, stderr=file)
    try:
        yield process, output
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def one(stage: Stage, query: str) -> object:
    """The first value that a query gives."""
    with connect(stage.url) as conn:
        row = conn.execute(query.encode()).fetchone()
    return None if row is None else row[0]


def read_to_the_end(stage: Stage, seconds: float = 90) -> None:
    """Wait until every topic of the traffic is read."""
    ends = stage.ends()
    wait_for("the hub to read on", lambda: all(stage.positions().get(topic, 0) >= end for topic, end in ends.items()), seconds, 0.2)


def topic_exists(stage: Stage, topic: str) -> bool:
    """Ask the broker."""
    with administration(stage.kafka) as admin:
        return topic in admin.list_topics()


def test_a_bureau_joins_a_town_begins_to_report_and_the_calendar_gains_a_year(stage: Stage) -> None:
    """Beside running workers a bureau is added and a town reports, both are heard; then the next year's days off: due dates appear, all views stay those of the log."""
    received = event(
        "DocumentReceived", "development-reform", "D-2026-99", document_no="津发〔2026〕99号", title="通知", issuer="市政府", level="市",
        issued_on=date(2026, 12, 22), received_on=date(2026, 12, 24), departments=({"department": "industry", "part": "牵头"},),
    )  # fmt: skip
    due = "SELECT due_on FROM live.document WHERE document_no = '津发〔2026〕99号' AND department = 'industry'"
    with up(stage) as (process, output):
        stage.send([*bulk(SEED, 300), received])
        read_to_the_end(stage)
        assert (one(stage, due), one(stage, "SELECT count(*) FROM live.document WHERE document_no = '津发〔2026〕99号'")) == (None, 1)
        (stage.folder / "new.toml").write_text(BUREAU, encoding="utf-8")
        added = hub(stage, "bureau", "add", str(stage.folder / "new.toml"))
        assert added.returncode == 0, added.stderr
        assert "nothing is stopped" in added.stdout
        stage.send([event("TaskProgressReported", "veterans", "T1", task_no="1", month="2026-10", text="已开展")])
        wait_for("the bureau to be heard", lambda: stage.positions().get(stage.topic("veterans"), 0) == 1, 90, 0.2)
        assert one(stage, "SELECT count(*) FROM live.task_progress WHERE bureaus = '{veterans}'") == 1
        towns = stage.hub.settings.district / "towns.toml"
        towns.write_text(towns.read_text(encoding="utf-8").replace('code = "dongpuwa"', 'code = "dongpuwa"\nreports = true'), encoding="utf-8")
        wait_for("the town's topic", lambda: topic_exists(stage, stage.topic("dongpuwa")), 90, 0.2)
        stage.send([event("TaskProgressReported", "dongpuwa", "T1", task_no="1", month="2026-10", text="已开展")])
        wait_for("the town to be heard", lambda: stage.positions().get(stage.topic("dongpuwa"), 0) == 1, 90, 0.2)
        assert one(stage, "SELECT count(*) FROM live.task_progress WHERE bureaus = '{dongpuwa}'") == 1
        calendar = stage.hub.settings.district / "calendar.toml"
        calendar.write_text(calendar.read_text(encoding="utf-8") + YEAR, encoding="utf-8")
        wait_for("the due date", lambda: one(stage, due) is not None, 90, 0.2)
        assert one(stage, due) == date(2027, 1, 8)
        stage.send(bulk(SEED + 1, 300))
        read_to_the_end(stage)
        checked = hub(stage, "rebuild", "--verify")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert process.poll() is None
    assert process.returncode == 0, output.read_text(encoding="utf-8")[-3000:]
    with administration(stage.kafka) as admin:
        admin.delete_topics([topic(stage.hub.district.id, code) for code in ("veterans", "dongpuwa") for topic in (events_topic, receipts_topic)])


def test_a_folder_that_cannot_be_taken_up_changes_nothing(stage: Stage) -> None:
    """A folder with a mistake, and one that ranks bureaus otherwise, are said and not taken up; `hub rebuild` settles the second while the hub runs."""
    precedence = stage.hub.settings.district / "precedence.toml"
    sound = precedence.read_text(encoding="utf-8")
    with up(stage) as (process, output):
        stage.send(bulk(SEED, 200))
        read_to_the_end(stage)
        precedence.write_text("default = [", encoding="utf-8")
        wait_for("the mistake to be said", lambda: "is not TOML" in output.read_text(encoding="utf-8"), 60)
        precedence.write_text(sound.replace('["police", "@lead", "@order"]', '["police", "@lead", "tax", "@order"]'), encoding="utf-8")
        wait_for("the other stamp to be said", lambda: "under another stamp (configuration" in output.read_text(encoding="utf-8"), 60)
        stage.send(bulk(SEED + 1, 200))
        read_to_the_end(stage)
        before = one(stage, "SELECT 'live.fund'::regclass::oid")
        done = hub(stage, "rebuild", "--from", "log")
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "swapped in: scrappage"
        assert one(stage, "SELECT 'live.fund'::regclass::oid") == before
        wait_for("the folder to be taken up", lambda: "start again with it" in output.read_text(encoding="utf-8"), 60)
        stage.send(bulk(SEED + 2, 200))
        read_to_the_end(stage)
        assert process.poll() is None
    assert process.returncode == 0, output.read_text(encoding="utf-8")[-3000:]
