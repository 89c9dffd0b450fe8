"""A close for good is shown first: what is missing is confirmed by typing the month, and a preview writes nothing."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from exchange_hub.views.store.setup import connect
from tests.faults.stage import Stage, staged
from tests.strategies.history import bulk

SEED = 20261201
MONTH = "2026-09"
Hub = Callable[..., Result]

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def stage(servers: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A store with a few hundred events, some of them rejected, and no month closed."""
    with staged(*servers, tmp_path_factory.mktemp("preview")) as made:
        made.send(bulk(SEED, 500, damage=0.05))
        worker = made.worker()
        made.caught_up()
        yield made
        worker.end()


def contents(stage: Stage) -> dict[str, tuple[int, str]]:
    """Return number and digest of the rows of every table of the store but the workers' own heartbeat, and the ends of its topics."""
    query = """SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
                 AND (n.nspname, c.relname) <> ('log', 'worker') ORDER BY 1"""
    found: dict[str, tuple[int, str]] = {}
    with connect(stage.url) as conn:
        for (table,) in conn.execute(query).fetchall():
            digest = f"SELECT count(*), coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') FROM {table} t"
            row = conn.execute(digest.encode()).fetchone()
            assert row is not None
            found[table] = (row[0], row[1])
    return found | {topic: (end, "") for topic, end in stage.ends().items()}


def closed_months(stage: Stage) -> list[str]:
    with connect(stage.url) as conn:
        return [row[0] for row in conn.execute("SELECT month FROM closed.month ORDER BY 1").fetchall()]


def on_a_terminal(stage: Stage, typed: str, *arguments: str) -> tuple[int, str]:
    """Run `hub …` with a terminal on which somebody types; return exit code and what it said on the error stream."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, f"{typed}\n".encode())
        done = subprocess.run(
            [sys.executable, "-m", "exchange_hub", *arguments], stdin=theirs, capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, **stage.environment}, cwd=Path.cwd(),
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    return done.returncode, done.stdout + done.stderr


def test_a_preview_tells_what_a_close_would_keep_and_writes_nothing(hub: Hub, stage: Stage) -> None:
    """`--dry-run` shows figures, gaps, rejections and findings; every table and every topic is the same after it."""
    before = contents(stage)
    done = hub("close", MONTH, "--dry-run", "--format", "json")
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert contents(stage) == before
    whole = lines[0]
    assert (whole["month"], whole["is_running"], whole["silent"]) == (MONTH, False, sum(line.get("state") == "未报送" for line in lines))
    assert whole["silent"] > 0
    assert sum(line.get("rejected", 0) for line in lines) == before["log.rejection"][0] > 0
    assert sum(line.get("findings", 0) for line in lines) > 0
    assert len([line for line in lines if "figure" in line]) > 100
    read = hub("close", MONTH, "--dry-run", "--format", "table")
    assert (read.exit_code, contents(stage) == before) == (0, True)
    for words in ("未写入任何内容", "未报送", "上次结账后退回的记录", "待核实线索", "数字"):
        assert words in read.stdout


def test_without_a_terminal_a_month_with_gaps_does_not_close(hub: Hub, stage: Stage) -> None:
    """It says in Chinese who has not reported and what to do, ends with 1, and nothing is closed or published."""
    before = contents(stage)
    done = hub("close", MONTH)
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert "未报送" in done.stderr
    assert "--yes" in done.stderr
    assert contents(stage) == before


def test_a_month_out_of_order_or_not_over_says_so(hub: Hub) -> None:
    """A month before it that is open, and a month that has not ended, are named before anything is closed; one that has not begun is closed by nobody."""
    running = hub("close", "2035-12", "--dry-run", "--format", "table", "--timeout", "30")
    assert (running.exit_code, "2035-12 尚未结束" in running.output) == (0, True), running.output
    unbegun = hub("close", "2035-12", "--yes")
    assert (unbegun.exit_code, "2035-12 尚未开始" in unbegun.stderr) == (1, True)
    order = hub("close", "2026-11")
    assert (order.exit_code, "之前的月份尚未结账：2026-09、2026-10" in order.stderr) == (1, True)


def test_a_month_is_closed_by_typing_it(hub: Hub, stage: Stage) -> None:
    """On a terminal another text closes nothing, the month itself closes; what was previewed is what was kept."""
    previewed = {line["figure"]: line for line in map(json.loads, hub("close", MONTH, "--dry-run", "--format", "json").stdout.splitlines()) if "figure" in line}
    code, said = on_a_terminal(stage, "yes", "close", MONTH)
    assert (code, "没有结账" in said, closed_months(stage)) == (1, True, []), said
    code, said = on_a_terminal(stage, MONTH, "close", MONTH)
    assert (code, closed_months(stage)) == (0, [MONTH]), said
    assert "未报送" in said
    with connect(stage.url) as conn:
        row = conn.execute("SELECT report FROM closed.month").fetchone()
    assert row is not None
    kept = {figure["id"]: figure for figure in row[0]["figures"]}
    assert {id_: (each["value"] or each["absent"]) for id_, each in kept.items()} == {id_: line["value"] for id_, line in previewed.items()}
    later = hub("close", "2026-08")
    assert (later.exit_code, "之后的月份已经结账：2026-09" in later.stderr) == (1, True)
    again = hub("close", MONTH, "--dry-run")
    assert (again.exit_code, "已结账" in again.stderr) == (1, True)


def test_a_script_confirms_with_yes(hub: Hub, stage: Stage) -> None:
    """`--yes` closes, and what was missing is said on the error stream all the same."""
    done = hub("close", "2026-10", "--yes")
    assert (done.exit_code, closed_months(stage)[-1:]) == (0, ["2026-10"]), (done.output, done.exception)
    assert "未报送" in done.stderr
