"""The reading commands on a real store that a real worker filled."""

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from exchange_contracts import topics
from exchange_hub.cli.examination import MACHINE, STORE
from exchange_hub.console import wording
from exchange_hub.programme.period import Period
from exchange_hub.reports.closed.close import Closing, close
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.runtime.topics import administration, ensure_topics, topic_ids
from exchange_hub.views.lists import LISTS, RULES
from exchange_hub.views.store.setup import connect
from tests.faults.stage import Stage, staged
from tests.strategies import planted
from tests.strategies.history import bulk

SEED = 20261125
MONTH = "2026-09"
Hub = Callable[..., Result]


@pytest.fixture(scope="module")
def stage(servers: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A store with a few hundred events of all kinds, some of them rejected, one project that costs more than it may, and one closed month."""
    with staged(*servers, tmp_path_factory.mktemp("cli")) as made:
        over_total = [planted._project("T1"), planted._progress("T1", MONTH, "1.00", "9500000.00", "9500000.00")]
        made.send([*bulk(SEED, 700, damage=0.05), *over_total])
        worker = made.worker()
        made.caught_up()
        worker.end()
        closing = Closing(MONTH, Period(MONTH).last_day, datetime(2026, 10, 5, tzinfo=UTC), made.ends(), reason="test")
        close(engine_of(made.url), made.hub.district, closing)
        yield made


def lines_of(done: Result) -> list[dict[str, Any]]:
    """JSON Lines of a command that went well."""
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_figure_opens_to_as_many_rows_as_it_counts(hub: Hub) -> None:
    """`trace FIGURE --month` gives the closed value, every row it counts, and events below each with their place."""
    (opened,) = lines_of(hub("trace", "equipment.合计.projects", "--month", MONTH, "--limit", "10000"))
    assert opened["closed"]
    assert int(opened["value"]) == opened["rows_counted"] == len(opened["rows"]) > 0
    assert all(event["topic"] and event["offset"] >= 0 for row in opened["rows"] for event in row["events"])
    assert all(row["events"] for row in opened["rows"])


def test_the_shares_of_the_rows_make_the_sum(hub: Hub) -> None:
    """What each row adds to a sum, in the figure's unit, adds up to the figure."""
    (opened,) = lines_of(hub("trace", "equipment.合计.total_investment", "--month", MONTH, "--limit", "10000"))
    cents = sum(round(float(row["measured"]) * 100) for row in opened["rows"] if row.get("measured"))
    assert cents == round(float(opened["value"]) * 100) > 0


def test_a_row_and_its_event_open(hub: Hub) -> None:
    """`trace LIST:KEY` opens a row of `hub list`, and each event's id opens its facts, as a tree and as JSON."""
    row = lines_of(hub("list", "equipment-projects", "--limit", "1"))[0]
    (opened,) = lines_of(hub("trace", f"equipment-projects:{row['row_key']}"))
    assert opened["row_key"] == row["row_key"]
    event = opened["events"][0]
    (facts,) = lines_of(hub("trace", event["event_id"]))
    assert facts["facts"]["entity_key"]
    drawn = hub("trace", f"equipment-projects:{row['row_key']}", "--format", "table")
    assert drawn.exit_code == 0
    assert re.search(r"└─ .*来源：", drawn.output)


def test_what_is_not_there_is_a_usage_error(hub: Hub) -> None:
    """A figure, row, event or month that does not exist ends with 2 and words, no traceback."""
    for ref in ("equipment.合计.nothing", "equipment-projects:no-such-row", "00000000-0000-5000-8000-000000000000"):
        done = hub("trace", ref)
        assert (done.exit_code, "没有" in done.output) == (2, True), done.output
    assert hub("trace", "equipment.合计.projects", "--month", "2026-13").exit_code == 2


def test_findings_are_listed_as_clues(hub: Hub, stage: Stage) -> None:
    """`findings` shows each finding once, with what people decided, under a title that says it is no verdict."""
    with connect(stage.url) as conn:
        kept = {row[0] for row in conn.execute("SELECT finding_id FROM live.finding").fetchall()}
    found = lines_of(hub("findings"))
    assert kept
    assert kept <= {line["finding_id"] for line in found}
    assert len({line["finding_id"] for line in found}) == len(found)
    assert all(line["state"] for line in found)
    assert "不作为认定依据" in hub("findings", "--format", "table").output
    some = found[-1]
    assert {line["rule"] for line in lines_of(hub("findings", "--rule", some["rule"]))} == {some["rule"]}
    assert all("industry" in line["bureaus"] for line in lines_of(hub("findings", "--bureau", "industry")))


def test_findings_tell_amounts_in_yuan(hub: Hub, stage: Stage) -> None:
    """What a finding compares is told as every machine-readable amount is: decimal yuan, where the store has fen."""
    with connect(stage.url) as conn:
        kept = dict(conn.execute("SELECT finding_id, detail FROM live.finding WHERE rule = 'over-total'").fetchall())
    told = {line["finding_id"]: line["detail"] for line in lines_of(hub("findings", "--rule", "over-total"))}
    assert told
    assert told == {id_: {name: f"{Decimal(fen) / 100:.2f}" for name, fen in detail.items()} for id_, detail in kept.items()}


def test_conditions_are_in_yuan(hub: Hub, stage: Stage) -> None:
    """`--where amount=…` takes yuan as `hub list` shows them, and finds exactly the rows with that amount."""
    with connect(stage.url) as conn:
        found = conn.execute("SELECT amount, count(*) FROM live.fund WHERE amount IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1").fetchone()
    assert found is not None
    lines = lines_of(hub("list", "funds", "--where", f"amount={Decimal(found[0]) / 100:.2f}"))
    assert [line["amount"] for line in lines] == [f"{Decimal(found[0]) / 100:.2f}"] * found[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "funds", "--where", "amount=abc"), "格式不对"),
        (("list", "funds", "--where", "budget_year=1e999999"), "格式不对"),
        (("list", "funds", "--where", "nothing=1"), "没有列“nothing”"),
        (("list", "funds", "--month", "2026-13"), "不是月份"),
        (("list", "nothing"), "没有清单"),
        (("close", "2026-13"), "不是月份"),
        (("close", "9999-12"), "不是月份"),
        (("report", "2026-13"), "不是月份"),
        (("diff", "2026"), "不是月份"),
        (("trace", "equipment.合计.projects", "--month", "October"), "不是月份"),
        (("findings", "--rule", "nope"), "没有规则“nope”"),
        (("findings", "--bureau", "nope"), "没有单位“nope”"),
        (("receipts", "--bureau", "nope"), "没有单位“nope”"),
    ],
)
def test_a_mistaken_argument_is_told_in_words(hub: Hub, arguments: tuple[str, ...], words: str) -> None:
    """What a command cannot take ends with exit code 2 and the words that help, never as success and never in a traceback."""
    done = hub(*arguments)
    assert (done.exit_code, words in done.output) == (2, True), done.output
    assert "Traceback" not in done.output


def test_a_rule_without_findings_is_a_rule(hub: Hub) -> None:
    """A rule that shows nothing now is answered with nothing; only an unknown one is refused."""
    shown = {line["rule"] for line in lines_of(hub("findings"))}
    for rule in set(RULES) - shown:
        done = hub("findings", "--rule", rule)
        assert (done.exit_code, done.stdout) == (0, "")


def test_deadlines_are_those_of_the_documents(hub: Hub) -> None:
    """`deadlines --all` has a line per document × department received by then, and one per expected plan."""
    documents = lines_of(hub("list", "documents"))
    lines = lines_of(hub("deadlines", "--as-of", "2026-12-31", "--all"))
    received = [row for row in documents if row["received_on"] is None or row["received_on"] <= "2026-12-31"]
    assert sum(line["kind"] == "文件" for line in lines) == len(received)
    assert sum(line["kind"].startswith("应出台方案") for line in lines) == 15


def test_receipts_show_what_was_not_taken(hub: Hub, stage: Stage) -> None:
    """`receipts` shows every rejected record with its place and reason; a bureau sees only its own."""
    with connect(stage.url) as conn:
        row = conn.execute("SELECT count(*) FROM log.rejection").fetchone()
    lines = lines_of(hub("receipts"))
    assert len([line for line in lines if line["outcome"] == "rejected"]) == (row[0] if row else 0) > 0
    assert all(line["reason"] and line["topic"] for line in lines)
    bureau = lines[0]["bureau"]
    assert {line["bureau"] for line in lines_of(hub("receipts", "--bureau", bureau))} == {bureau}
    assert lines_of(hub("receipts", "held")) == [line for line in lines if line["outcome"] == "held"]
    assert hub("receipts", "--bureau", "nobody").exit_code == 2


@pytest.fixture
def held(stage: Stage) -> Iterator[None]:
    """An event that waits, on the district's first topic."""
    with connect(stage.url) as conn:
        conn.execute(
            """INSERT INTO log.held (topic_no, off, event_id, entity, reason, headers, arrived_ms, batch_no)
               SELECT min(topic_no), 1000000000, gen_random_uuid(), 'P-1', 'KeyError:finance', '[]', 1790000000000, 1 FROM log.topic"""
        )
        try:
            yield
        finally:
            conn.execute("DELETE FROM log.held WHERE off = 1000000000")


@pytest.mark.parametrize("form", ["table", "csv"])
@pytest.mark.usefixtures("held")
def test_receipts_for_people_are_in_chinese(hub: Hub, stage: Stage, form: str) -> None:
    """Where people read receipts, outcome and bureau are words, as on the console; JSON keeps their codes."""
    lines = lines_of(hub("receipts", "--limit", "3"))
    assert {line["outcome"] for line in lines} == {"rejected", "held"}
    shown = hub("receipts", "--limit", "3", "--format", form)
    assert shown.exit_code == 0, shown.output
    codes = "rejected|held|" + "|".join(line["bureau"] for line in lines)
    # A code may be part of a topic's name or of an identifier, or of what an operator is told; it is no cell of its own.
    assert not re.findall(rf"(?:^|[\s,])(?:{codes})(?:$|[\s,])", shown.output, re.MULTILINE)
    assert {wording.OUTCOMES["rejected"], wording.OUTCOMES["held"]} <= set(re.findall(r"\w+", shown.output))
    assert all(stage.hub.district.bureau(line["bureau"]).name in shown.output for line in lines)
    assert "KeyError:finance" in shown.output


@pytest.mark.parametrize("month", [MONTH, None])
def test_an_export_is_whole_and_the_same_each_time(hub: Hub, tmp_path: Path, month: str | None) -> None:
    """The package holds every list with all rows, figures, contracts and district, and its bytes do not change."""
    asked = ["export", *(["--month", month] if month else [])]
    for name in ("a.zip", "b.zip"):
        done = hub(*asked, "--out", str(tmp_path / name))
        assert done.exit_code == 0, done.output
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as package:
        manifest = json.loads(package.read("manifest.json"))
        assert manifest["sha256"] == {
            name: hashlib.sha256(package.read(name)).hexdigest() for name in package.namelist() if name != "manifest.json"
        }
        assert {f"lists/{view.name}.csv" for view in LISTS} <= set(package.namelist())
        assert {"lists.xlsx", "figures.json", "contracts/registry.lock.json", "district/bureaus.toml"} <= set(package.namelist())
        csv = package.read("lists/trade-in.csv").decode("utf-8-sig")
        figures = json.loads(package.read("figures.json"))
    assert csv.count("\n") >= manifest["rows"]["trade-in"] > 0
    assert figures["closed"] == (month is not None)
    assert figures["figures"]["equipment.合计.projects"]["value"]


def test_only_a_closed_month_is_exported_as_closed(hub: Hub, tmp_path: Path) -> None:
    """`export --month` of a month that is not closed says as of when its lists are, and the package does not call it closed."""
    done = hub("export", "--month", "2026-10", "--out", str(tmp_path / "x.zip"), "--without-xlsx")
    assert (done.exit_code, "截至 2026-10-31" in done.stderr) == (0, True)
    with zipfile.ZipFile(tmp_path / "x.zip") as package:
        assert json.loads(package.read("manifest.json"))["closed"] is False


def test_the_doctor_looks_at_everything(hub: Hub, stage: Stage) -> None:
    """On a sound store every question is answered without a FAIL, and a lost row makes the balance one."""
    done = hub("doctor")
    answers = {line["check"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert list(answers) == [*(name for name, _ in MACHINE), "servers", *(name for name, _ in STORE)]
    assert [line for line in answers.values() if line["level"] == "FAIL"] == []
    assert done.exit_code == 0
    # The counters of a position must add up, so that one more duplicate is one less accepted: the log has another number.
    change = "UPDATE log.position SET duplicate = duplicate + %(n)s, accepted = accepted - %(n)s WHERE topic_no = %(topic_no)s"
    with connect(stage.url) as conn:
        ((topic_no,),) = conn.execute("SELECT topic_no FROM log.position WHERE accepted > 0 ORDER BY 1 LIMIT 1").fetchall()
        conn.execute(change, {"n": 1, "topic_no": topic_no})
        try:
            ill = hub("doctor")
        finally:
            conn.execute(change, {"n": -1, "topic_no": topic_no})
    levels = {line["check"]: line["level"] for line in map(json.loads, ill.stdout.splitlines())}
    assert (ill.exit_code, levels["balance"]) == (1, "FAIL")


def test_migrate_a_second_time_does_nothing(hub: Hub) -> None:
    """`migrate` on a store of this version says so."""
    done = hub("migrate")
    assert (done.exit_code, "nothing to do" in done.output) == (0, True), done.output


def test_an_added_bureau_has_its_topics(hub: Hub, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`bureau add` makes both topics of the new bureau with the settings that the hub relies on."""
    folder = tmp_path / "district"
    shutil.copytree(stage.hub.settings.district, folder)
    monkeypatch.setenv("HUB_DISTRICT", str(folder))
    entry = '[[bureau]]\ncode = "veterans"\nname = "退役军人局"\nfull_name = "退役军人事务局"\nlists = ["tasks"]\nroles = []\n'
    (tmp_path / "new.toml").write_text(entry, encoding="utf-8")
    done = hub("bureau", "add", str(tmp_path / "new.toml"))
    assert done.exit_code == 0, done.output
    made = [topics.events_topic(stage.hub.district.id, "veterans"), topics.receipts_topic(stage.hub.district.id, "veterans")]
    with administration(stage.kafka) as admin:
        assert all(topic_ids(admin, made).values())
        assert set(ensure_topics(admin, made)) == set(made)
        admin.delete_topics(made)
