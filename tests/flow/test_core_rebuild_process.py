"""`hub rebuild` as a process: killed in the middle of its fill and started again, alone and side by side, beside a worker at work."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from exchange_hub.views.store.setup import connect
from tests.faults.stage import Stage
from tests.strategies.history import bulk
from tests.waiting import wait_for

SEED = 20261127
# Up to seven interpreters start one after the other; timing decides no test.
pytestmark = pytest.mark.timeout(240)

#: The command with small chunks, so that few events make many transactions; the processes it spawns import this as well.
#: Told so, the process that fills strikes in the middle of a transaction: the command stops as it is, to be killed.
COMMAND = """
import os, signal, threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import parent_process

from exchange_hub.cli import main
from exchange_hub.processes import side_by_side
from exchange_hub.views import backfill

strike_at, processes = int(os.environ["STRIKE_AT"]), int(os.environ["PROCESSES"])
backfill.CHUNK = 40
plain, written = backfill.write, 0

def write(*given):
    global written
    plain(*given)
    written += 1
    if written == strike_at:
        os.kill(os.getpid() if parent_process() is None else os.getppid(), signal.SIGSTOP)
        threading.Event().wait()

class Pool(ProcessPoolExecutor):
    def __exit__(self, *given):
        print("processes:", len(self._processes), flush=True)
        return super().__exit__(*given)

backfill.write = write
if processes > 1:
    side_by_side.ALONE_EVENTS_MAX, side_by_side.ProcessPoolExecutor, os.cpu_count = 0, Pool, lambda: processes
if __name__ == "__main__":
    main()
"""


def started(stage: Stage, *options: str, processes: int = 1, strike_at: int = 0) -> subprocess.Popen[str]:
    """Start `hub rebuild` with so many processes."""
    script = Path(stage.folder) / "rebuilding.py"
    script.write_text(COMMAND, encoding="utf-8")
    told = {"STRIKE_AT": str(strike_at), "PROCESSES": str(processes)}
    return subprocess.Popen(
        [sys.executable, str(script), "rebuild", *options], env=os.environ | stage.environment | told, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> str:
    """Wait for a rebuild that finds everything equal, and return what it said."""
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert "DIFFERS" not in said
    assert len(re.findall(r"  same$", said, re.MULTILINE)) > 15
    return said


def killed(process: subprocess.Popen[str], stage: Stage) -> None:
    """Kill a rebuild that stopped itself, and wait until the database has noticed."""
    process.kill()
    process.communicate(timeout=20)

    def gone() -> bool:
        with connect(stage.url) as conn:
            query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hub rebuild' AND datname = current_database()"
            return conn.execute(query).fetchone() == (0,)

    wait_for("the sessions of the killed rebuild to end", gone)


@pytest.mark.parametrize("processes", [1, 3])
def test_a_rebuild_killed_in_the_middle_goes_on_beside_a_worker(stage: Stage, processes: int) -> None:
    """SIGKILL in an open transaction of the fill loses nothing: started again, alone or with three processes that compare and fill side by side, it goes on with what it has, ends with equal digests, and what it swaps in is right."""
    stage.worker()
    stage.send(bulk(SEED, 500))
    stage.caught_up()
    striking = started(stage, processes=processes, strike_at=9 if processes == 1 else 3)
    _, status = os.waitpid(striking.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), ended(striking)
    # The worker commits while the rebuild stands in the middle, and after it is gone.
    stage.send(bulk(SEED + 1, 100))
    stage.caught_up()
    killed(striking, stage)
    assert striking.returncode == -signal.SIGKILL
    with connect(stage.url) as conn:
        kept = conn.execute("SELECT 'shadow'::regnamespace::oid, sum(events), (SELECT count(*) FROM shadow.progress) FROM shadow.filled").fetchone()
        total = conn.execute("SELECT count(*) FROM log.event_log").fetchone()
    assert kept is not None
    assert total is not None
    assert 0 < kept[1] < total[0]
    assert kept[2] == 0, "its fill was over when it was killed"
    with stage.flowing(bulk(SEED + 2, 150), per_second=50):
        said = ended(started(stage, processes=processes))
    assert "swapped in" in said
    # One pool compares with Kafka, another one fills.
    assert re.findall(r"^processes: (\d)$", said, re.MULTILINE) == ([] if processes == 1 else ["3", "3"])
    with connect(stage.url) as conn:
        assert conn.execute("SELECT 'live'::regnamespace::oid").fetchone() == (kept[0],)
    stage.caught_up()
    stage.reckon()
