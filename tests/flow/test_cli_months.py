"""``hub diff`` on real servers: what changed since a close is explained down to events, recorded and published."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from click.testing import Result

from exchange_hub.programme.period import Period
from exchange_hub.reports.closed.close import Closing, close
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.queries import lists
from exchange_hub.views.store.setup import connect
from tests.asking import asked
from tests.faults.stage import Stage, staged
from tests.strategies.history import bulk
from tests.strategies.store import tampering

SEED = 20261126
MONTH = "2026-09"
Hub = Callable[..., Result]


@pytest.fixture(scope="module")
def stage(servers: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A store whose month was closed before the second half of the events came."""
    with staged(*servers, tmp_path_factory.mktemp("months")) as made:
        items = list(bulk(SEED, 900, damage=0.0))
        worker = made.worker()
        made.send(items[:500])
        made.caught_up()
        closing = Closing(MONTH, Period(MONTH).last_day, datetime(2026, 10, 5, tzinfo=UTC), made.ends(), reason="test")
        close(engine_of(made.url), made.hub.district, closing)
        made.send(items[500:])
        made.caught_up()
        yield made
        worker.end()


def test_a_diff_is_recorded_once_and_published(hub: Hub, stage: Stage) -> None:
    """`diff --record` keeps the restatement and publishes MonthRestated; again it records nothing, and a repeat is harmless."""
    before = stage.ends()[stage.topic("coordination")]
    first = hub("diff", MONTH, "--record", "--format", "json")
    assert first.exit_code == 0, first.output
    assert "第 1 次调整已记录" in first.stderr
    again = hub("diff", MONTH, "--record", "--format", "json")
    assert "没有新的变化" in again.stderr
    assert again.stdout == first.stdout
    stage.caught_up()
    assert stage.ends()[stage.topic("coordination")] == before + 2
    with engine_of(stage.url).connect() as conn:
        query = """SELECT count(*) FROM log.event_log e JOIN log.topic t USING (topic_no)
                   WHERE e.register = 'restated:1' AND t.name = %s AND e.off >= %s"""
        assert conn.exec_driver_sql(query, (stage.topic("coordination"), before)).scalar() == 1
        assert conn.exec_driver_sql("SELECT count(*) FROM closed.restatement").scalar() == 1


def test_a_diff_names_the_events_behind_its_rows(hub: Hub, stage: Stage) -> None:
    """Every event that it names arrived after the cut, belongs to a changed row and says its bureau and cause."""
    done = hub("diff", MONTH, "--format", "json")
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    changes = [line for line in lines if "figure" in line]
    events = [line for line in lines if "event_id" in line]
    assert changes
    assert events
    rows = {row for change in changes for row in change["rows"]}
    with engine_of(stage.url).connect() as conn:
        cut = conn.exec_driver_sql("SELECT cut FROM closed.month").scalar()
    for event in events:
        topic, _, offset = event["place"].rpartition("@")
        assert int(offset) >= cut[topic]
        assert event["row"] in rows
        assert topic == stage.topic(event["bureau"])
        assert event["cause"] in {cause for change in changes for cause in change["causes"]}


def test_a_diff_reads_well_on_a_terminal(hub: Hub) -> None:
    """The table has figures and bureaus by name, amounts in 万元, and a second table with the events."""
    shown = hub("diff", MONTH, "--format", "table").output
    assert "结账后的变化" in shown
    assert "变化的来源（结账后到达的" in shown
    assert "equipment." not in shown
    assert "万元" in shown


def test_a_month_that_is_not_closed_has_no_diff(hub: Hub) -> None:
    """It ends with 1 and words."""
    done = hub("diff", "2026-12")
    assert (done.exit_code, "2026-12 尚未结账" in done.output) == (1, True)


def test_what_a_close_and_a_restatement_kept_can_be_proved(hub: Hub, stage: Stage) -> None:
    """Views filled anew up to a stored cut have its digests; an event changed in the log since is seen."""
    hub("diff", MONTH, "--record", "--format", "json")
    for cut in (MONTH, f"{MONTH}/1"):
        done = hub("rebuild", "--as-of", cut)
        assert done.exit_code == 0, done.output
        assert re.search(r"^figures .* same$", done.stdout, re.MULTILINE)
    with connect(stage.url) as conn, tampering(conn):
        changed = """UPDATE log.event_log SET withdrawn = NOT withdrawn WHERE kind = 'project' AND entity =
                     (SELECT split_part(component, ':', 2) FROM closed_2026_09.equipment_project ORDER BY row_key LIMIT 1)"""
        conn.execute(changed)
        try:
            done = hub("rebuild", "--as-of", MONTH)
        finally:
            conn.execute(changed)
    assert done.exit_code == 1
    assert re.search(r"^equipment-projects .* DIFFERS \(kept: [0-9a-f]{16}\)$", done.stdout, re.MULTILINE)


def test_a_list_is_shown_as_of_a_stored_cut(hub: Hub, stage: Stage) -> None:
    """As of the close it is what was frozen, as of the restatement what was live then; sums too; another name is refused in words."""
    hub("diff", MONTH, "--record", "--format", "json")
    frozen, live = (asked(stage.url, lists.rows, BY_NAME["funds"], schema=schema) for schema in ("closed_2026_09", "live"))
    assert len(frozen) < len(live)
    for cut, kept in ((MONTH, frozen), (f"{MONTH}/1", live)):
        done = hub("list", "funds", "--as-of", cut, "--format", "json")
        assert done.exit_code == 0, done.output
        assert [json.loads(line)["row_key"] for line in done.stdout.splitlines()] == [row["row_key"] for row in kept]
        summed = hub("list", "funds", "--as-of", cut, "--by", "step", "--format", "json")
        assert sum(json.loads(line)["row_count"] for line in summed.stdout.splitlines() if "合计" not in line) == len(kept)
    unknown = hub("list", "funds", "--as-of", "2026-12")
    assert unknown.exit_code == 2
    assert f"已存的截点有：{MONTH}、{MONTH}/1" in unknown.output
