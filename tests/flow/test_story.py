"""The story from the bureaus' workbooks to the monthly report, told once on real servers and then looked at from all sides.

1. Nineteen bureaus drop September's workbooks; connectors publish; workers fill the views; the month is closed.
2. Late facts for September arrive. 3. October comes and is closed. 4. Both reports are rendered from what was kept.
"""

import json
import os
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pytest
from docx import Document

from exchange_contracts.units import MoneyUnit
from exchange_hub.cli import reading
from exchange_hub.cli.months import close_month
from exchange_hub.cli.reporting import write_report
from exchange_hub.processes.compose import Hub
from exchange_hub.reports.closed import diff, snapshot
from exchange_hub.reports.closed.close import AlreadyClosedError
from exchange_hub.reports.render.docx_body import fitting_density, pages
from exchange_hub.reports.render.docx_report import body_characters
from exchange_hub.runtime import postgres_tools
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.runtime.servers import Servers, running
from exchange_hub.runtime.settings import Settings
from exchange_hub.views.backfill import Progress
from exchange_hub.views.lists import LISTS
from exchange_hub.views.rebuild import rebuild
from exchange_hub.views.store.setup import connect
from tests.golden.hand_worked import OCTOBER, RESTATED_SEPTEMBER, SEPTEMBER
from tests.strategies.store import tampering

ROOT = Path(__file__).resolve().parents[2]
# The story itself takes most of a minute on a busy machine; timing decides no test.
pytestmark = pytest.mark.timeout(300)

HAND_WORKED_MIN = 30
BODY_CHARACTERS_MAX = 2500
BODY_PAGES_MAX = 4


class Told(NamedTuple):
    """The story's end: the folder it left, its ledger, and servers started again on its data."""

    out: Path
    ledger: dict[str, Any]
    hub: Hub
    servers: Servers
    said: str

    def figures(self, month: str) -> dict[str, dict[str, Any]]:
        """The figures of a month's report.json by id."""
        found: dict[str, dict[str, Any]] = json.loads((self.out / month / "report.json").read_text("utf-8"))["figures"]
        return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Run `hub demo` as a newcomer does, then open its store again."""
    out = tmp_path_factory.mktemp("story")
    run = subprocess.run(
        [sys.executable, "-m", "exchange_hub", "demo", "--out", str(out)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    hub = Hub.load(Settings(district=ROOT / "deploy/districts/wuqing", data_dir=out / "hub"))
    with running(hub.settings) as servers:
        yield Told(out, json.loads((out / "samples" / "ledger.json").read_text("utf-8")), hub, servers, run.stdout)


def value(figure: dict[str, Any]) -> Decimal | None:
    """A figure's value as a number, rates and what else comes of a division to the two places of the ledger, or None where it is absent."""
    if figure["value"] is None:
        return None
    exact = Decimal(figure["value"])
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP) if figure["unit"] == "%" or len(str(figure["value"]).partition(".")[2]) > 4 else exact


def expected(text: Any) -> Decimal | None:
    """A ledger entry as a number, or None."""
    return None if text is None else Decimal(str(text))


@pytest.mark.parametrize("month", ["2026-09", "2026-10"])
def test_every_figure_of_the_ledger_is_in_the_report(told: Told, month: str) -> None:
    """Each figure that the sample's own ledger expects stands in report.json with the same value."""
    figures = told.figures(month)
    ledger = told.ledger["closed"][month]
    assert not ledger.keys() - figures.keys()
    wrong = {name: (value(figures[name]), told_) for name, told_ in ledger.items() if value(figures[name]) != expected(told_)}
    assert not wrong
    assert len(ledger) > 400


@pytest.mark.parametrize(("month", "worked"), [("2026-09", SEPTEMBER), ("2026-10", OCTOBER)])
def test_the_figures_worked_out_by_hand_are_in_the_report(told: Told, month: str, worked: dict[str, str | None]) -> None:
    """Each figure worked out by hand from the sample's declared numbers stands in report.json."""
    figures = told.figures(month)
    assert {name: value(figures[name]) for name in worked} == {name: expected(text) for name, text in worked.items()}
    assert len(worked) >= HAND_WORKED_MIN


def test_late_facts_restate_and_never_mutate(told: Told) -> None:
    """What arrived after September's close changes no closed figure and is explained figure by figure."""
    with engine_of(told.servers.database_url).connect() as conn, conn.begin():
        changes = {change.after.id: change for change in diff.compare(conn, told.hub.district, "2026-09").adjustments}
    assert changes
    figures = told.figures("2026-09")
    for name, change in changes.items():
        assert value({"value": change.before.value, "unit": change.before.unit}) == value(figures[name])
        assert change.causes
        assert change.bureaus
    for name, text in RESTATED_SEPTEMBER.items():
        now = value({"value": changes[name].after.value, "unit": changes[name].after.unit}) if name in changes else value(figures[name])
        assert now == expected(text), name


def test_a_month_is_closed_once(told: Told) -> None:
    """A second close of a closed month is refused."""
    with pytest.raises(AlreadyClosedError):
        close_month(told.hub, told.servers, "2026-09", timeout_seconds=30)


def test_the_artefacts_of_one_cut_are_the_same_bytes(told: Told, tmp_path: Path) -> None:
    """Rendering a closed month again gives the same three files, byte for byte."""
    again = write_report(told.hub, told.servers.database_url, "2026-10", tmp_path)
    for path in (again.docx, again.xlsx, again.json):
        assert path.read_bytes() == (told.out / "2026-10" / path.name).read_bytes(), path.name


def test_docx_and_workbook_carry_the_report_s_figures(told: Told) -> None:
    """The total of equipment investment reads the same in Word, in the workbook and in report.json."""
    figures = told.figures("2026-10")
    document = Document(BytesIO((told.out / "2026-10" / "report.docx").read_bytes()))
    words = "\n".join(cell.text for table in document.tables for row in table.rows for cell in row.cells)
    total = Decimal(figures["equipment.合计.equipment_investment"]["value"])
    assert any(shown in words for shown in (f"{total / 10_000:,.1f}", f"{total / 10_000:.1f}", f"{total / 10_000:.2f}", f"{total / 10_000:.0f}"))
    book = openpyxl.load_workbook(told.out / "2026-10" / "annex.xlsx", read_only=True)
    cells = {row[0]: row[2] for row in book["全部指标"].iter_rows(values_only=True) if row[0] in figures}
    for name in ("equipment.合计.total_investment", "equipment.合计.equipment_investment", "tradein.合计.subsidy", "funds.合计.paid", "documents.合计.overdue"):
        assert Decimal(str(cells[name])) == value(figures[name]), name


@pytest.mark.parametrize("month", ["2026-09", "2026-10"])
def test_the_report_keeps_its_length(told: Told, month: str) -> None:
    """The body of the sample's reports has at most 2 500 characters and four pages."""
    report = snapshot.load(engine_of(told.servers.database_url), month)
    assert body_characters(report) <= BODY_CHARACTERS_MAX
    assert pages(report, fitting_density(report)) <= BODY_PAGES_MAX


def test_every_event_has_one_outcome(told: Told) -> None:
    """Per topic, data records are accepted, duplicate, rejected or held; nothing is lost on the way."""
    with reading.snapshot_of(told.hub, told.servers.database_url) as at:
        lines = at.balance()
    assert {line.topic: line.difference for line in lines if line.difference} == {}
    published = sum(n for step in told.ledger["published"].values() for types in step.values() for n in types.values())
    closes = len(told.ledger["as_of"])
    # What connectors send back is told the hub once a workbook.
    returned = len({(step, each["file"]) for step, bureaus in told.ledger["returned"].items() for files in bureaus.values() for each in files})
    assert sum(line.outcomes["accepted"] for line in lines) == published + closes + returned


def test_a_rebuild_gives_the_same_views(told: Told) -> None:
    """Filling the views anew from the event log gives the same digest for every view."""
    with connect(told.servers.database_url) as conn:
        context = told.hub.context(conn)
    comparison = rebuild(lambda: connect(told.servers.database_url), context, lambda _progress: None, verify=True)
    assert comparison is not None
    assert comparison.equal, comparison.rows
    assert comparison.live["trade-in"][1] > 1000


def test_lists_as_of_a_closed_cut_are_those_that_were_frozen(told: Told) -> None:
    """Views filled up to a month's cut have the digests that were kept at its close, and give the same figures."""
    for month in ("2026-09", "2026-10"):
        done = hub_command(told, "rebuild", "--as-of", month)
        assert done.returncode == 0, done.stdout + done.stderr
        verdicts = {line.split()[0]: line.split()[-1] for line in done.stdout.splitlines()}
        with engine_of(told.servers.database_url).connect() as conn:
            kept = snapshot.stored(conn, month)
        assert {name for name, verdict in verdicts.items() if verdict == "same"} == {*kept["digests"], "figures"}


def towns(told: Told) -> set[str]:
    """The towns, streets and parks that report."""
    return {town.code for town in told.hub.district.towns if town.code}


def test_a_row_opens_down_to_the_clerk_s_cell(told: Told) -> None:
    """A project reported by two bureaus is one row whose claims, events and source cells can be opened, and the cell holds the amount."""
    with reading.snapshot_of(told.hub, told.servers.database_url) as at:
        shared = [row for row in at.rows("equipment-projects") if len(row["bureaus"]) > 1]
        trace = at.trace_row("equipment-projects", shared[0]["row_key"])
    assert trace is not None
    # What a town claims of it is there too, and no word of the row.
    assert {claim.bureau for claim in trace.claims} - towns(told) == set(shared[0]["bureaus"])
    told_of = [event for event in trace.events if event.type in ("ProjectAdded", "ProjectChanged")]
    assert told_of
    for event in told_of:
        origin = event.origin
        assert origin is not None
        assert origin.row > 3
        book = openpyxl.load_workbook(next(told.out.rglob(origin.file)))
        typed = unicodedata.normalize("NFKC", str(book[origin.sheet][origin.cells["total_investment"]].value))
        written = Decimal(typed.replace(",", ""))
        assert event.facts["total_investment"] == written * MoneyUnit(origin.unit).factor * 100


def test_a_merged_row_says_whose_each_column_is(told: Told) -> None:
    """Every column of a row that two bureaus report is told as one bureau's own word, as its event has it, with what the other said."""
    with reading.snapshot_of(told.hub, told.servers.database_url) as at:
        shared = [row for row in at.rows("equipment-projects") if len(row["bureaus"]) > 1]
        events = at.trace(at.view("equipment-projects"), shared[0]).events
    stated = {event.bureau: event.facts for event in events if event.current and event.register == "project" and event.bureau not in towns(told)}
    run = hub_command(told, "trace", f"equipment-projects:{shared[0]['row_key']}", "--format", "json")
    assert run.returncode == 0, run.stderr
    taken = {each["column"]: each for each in json.loads(run.stdout)["taken_from"]}
    filled = {name for name, raw in shared[0].items() if raw not in (None, [], {})}
    assert filled - taken.keys() == {"row_key", "component", "bureaus", "lead_bureau"}
    assert {each["bureau"] for each in taken.values()} <= stated.keys()
    for name in ("total_investment", "equipment_investment"):
        said = {bureau: f"{Decimal(facts[name]) / 100:.2f}" for bureau, facts in stated.items()}
        (other,) = stated.keys() - {taken[name]["bureau"]}
        assert taken[name]["value"] == said[taken[name]["bureau"]]
        assert taken[name]["others"] == [{"bureau": other, "value": said[other]}]
        assert taken[name]["bureau"] == told.hub.district.ranking("equipment-projects", name, shared[0]["domain"])[0]
    drawn = hub_command(told, "trace", f"equipment-projects:{shared[0]['row_key']}", "--format", "table").stdout
    whose, other = (told.hub.district.bureau(code).name for code in (taken[name]["bureau"], other))
    assert f"设备投资 = {taken[name]['value']}：取自{whose}；{other}填报 {said[taken[name]['others'][0]['bureau']]}" in drawn


def test_a_closed_month_s_merged_row_says_whose_it_was_then(told: Told) -> None:
    """Below a closed figure, a row that two bureaus share is told by what both had said up to that month's cut."""
    columns = ("invested_since_start", "invested_year_to_date")
    found = {}
    for month in ("2026-09", "2026-10"):
        run = hub_command(told, "trace", "equipment.建筑.total_investment", "--month", month, "--limit", "1000", "--format", "json")
        assert run.returncode == 0, run.stderr
        (row,) = [row for row in json.loads(run.stdout)["rows"] if row["taken_from"]]
        taken = {each["column"]: each for each in row["taken_from"]}
        assert all(each["bureau"] for each in taken.values())
        found[month] = [taken[name]["value"] for name in columns] + [taken[name]["others"][0]["value"] for name in columns]
    assert all(Decimal(then) < Decimal(later) for then, later in zip(found["2026-09"], found["2026-10"], strict=True))


def test_every_merged_row_of_every_list_says_whose_its_columns_are(told: Told) -> None:
    """In all lists, each column told of a row that bureaus share is some bureau's own word, and no such row is without."""
    unknown, rows = [], 0
    with reading.snapshot_of(told.hub, told.servers.database_url) as at:
        for view in LISTS:
            for row in at.rows(view.name):
                taken = at.trace(view, row).taken
                rows += bool(taken)
                unknown += [(view.name, each.column, each) for each in taken if each.bureau is None]
                assert taken or len(row["bureaus"]) < 2, (view.name, row["row_key"])
    assert rows > 3
    assert unknown == []


def test_a_list_answers_from_the_command_line(told: Told) -> None:
    """`hub list` gives a list as JSON Lines with money in yuan."""
    run = hub_command(told, "list", "equipment-projects", "--where", "domain=工业")
    assert run.returncode == 0, run.stderr
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    total = sum(Decimal(row["total_investment"]) for row in rows if row["admin_state"] != "退出")
    assert total == value(told.figures("2026-10")["equipment.工业.total_investment"])


def test_the_demo_says_where_everything_is(told: Told) -> None:
    """The demo ends with a table and the paths of the three artefacts of each month."""
    for month in ("2026-09", "2026-10"):
        for name in ("report.docx", "annex.xlsx", "report.json"):
            assert str(told.out / month / name) in told.said


def hub_command(told: Told, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a `hub` command on the story's servers."""
    environment = {
        "HUB_DATA_DIR": str(told.hub.settings.data_folder), "HUB_DATABASE__URL": told.servers.database_url,
        "HUB_KAFKA__BOOTSTRAP_SERVERS": told.servers.bootstrap_servers, "PATH": "/usr/bin:/bin",
        # The demo ran with the packages of this very tree, wherever others are installed.
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }  # fmt: skip
    command = [sys.executable, "-m", "exchange_hub", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)


def test_no_secret_is_in_a_log_a_process_list_a_backup_or_an_export(told: Told, tmp_path: Path) -> None:
    """Of all passwords of database and broker, none is in what the demo said or wrote, on a command line, in `hub config`, a backup or an export."""
    data = told.hub.settings.data_folder
    kept = [*data.glob("*.password"), *(data / "credentials").glob("*.password")]
    secrets = [path.read_bytes() for path in kept]
    assert len(secrets) > 20
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept)
    commands = [hub_command(told, "backup", str(tmp_path / "backup")), hub_command(told, "export", "--out", str(tmp_path / "all.zip"), "--without-xlsx"), hub_command(told, "config")]
    assert [ran.returncode for ran in commands] == [0, 0, 0], [ran.stderr for ran in commands]
    shown = {"said": told.said.encode(), **{f"said {n}": (ran.stdout + ran.stderr).encode() for n, ran in enumerate(commands)}}
    shown |= {str(path): path.read_bytes() for path in (data / "logs").iterdir()}
    shown |= {str(path): path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()}
    shown |= {str(path): path.read_bytes() for path in (tmp_path / "backup").rglob("*") if path.is_file()}
    dump = next((tmp_path / "backup").glob("*.dump"))
    shown["dump"] = subprocess.run([postgres_tools.tool("pg_restore"), "-f", "-", dump], capture_output=True, check=True).stdout
    with zipfile.ZipFile(tmp_path / "all.zip") as package:
        shown |= {name: package.read(name) for name in package.namelist()}
    assert not [name for name, content in shown.items() if any(secret in content for secret in secrets)]


def test_a_rebuild_from_kafka_proves_the_event_log(told: Told) -> None:
    """Read again from Kafka, every record is the one that the event log holds, and the views are the same."""
    run = hub_command(told, "rebuild", "--verify")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "DIFFERS" not in run.stdout
    assert "trade-in" in run.stdout


def test_two_rebuilds_at_once_are_refused(told: Told) -> None:
    """A rebuild beside another is refused in words; the other is not disturbed."""
    with connect(told.servers.database_url) as conn:
        conn.execute("SELECT pg_advisory_lock(7404, %s)", (-told.hub.district_no,))
        run = hub_command(told, "rebuild", "--verify", "--from", "log")
    assert run.returncode == 1
    assert "Another rebuild of this district runs" in run.stderr


def test_a_log_that_is_not_kafka_s_is_told_and_stands(told: Told) -> None:
    """An event that the log holds otherwise than Kafka is named with its place, and nothing is rewritten."""
    with connect(told.servers.database_url) as conn:
        place = conn.execute("SELECT topic_no, off, digest FROM log.event_log WHERE kind = 'policy' LIMIT 1").fetchone()
        assert place is not None
        change = "UPDATE log.event_log SET digest = %s WHERE topic_no = %s AND off = %s"
        # The database refuses it; whoever owns the table can do it all the same, and that is what must show.
        conn.execute("ALTER TABLE log.event_log DISABLE TRIGGER log_stays")
        with tampering(conn):
            conn.execute(change, (b"\0" * 16, *place[:2]))
        try:
            run = hub_command(told, "rebuild", "--verify")
            kept = conn.execute("SELECT digest FROM log.event_log WHERE topic_no = %s AND off = %s", place[:2]).fetchone()
        finally:
            with tampering(conn):
                conn.execute(change, (place[2], *place[:2]))
            conn.execute("ALTER TABLE log.event_log ENABLE TRIGGER log_stays")
    assert run.returncode == 1
    assert f"hub.wuqing.finance.events offset {place[1]}: the log holds" in run.stderr
    assert kept == (b"\0" * 16,)


def test_a_stopped_rebuild_goes_on_where_it_was(told: Told) -> None:
    """A rebuild that is stopped keeps what it filled, and the next one applies only the rest."""

    class StoppedError(Exception):
        pass

    def stop(progress: Progress) -> None:
        if progress.done:
            raise StoppedError

    with connect(told.servers.database_url) as conn:
        context = told.hub.context(conn)
    opened = lambda: connect(told.servers.database_url)  # noqa: E731 — a connection per call, as the command has it
    with pytest.raises(StoppedError):
        rebuild(opened, context, stop, verify=True)
    seen: list[Progress] = []
    comparison = rebuild(opened, context, seen.append, verify=True)
    assert comparison is not None
    assert comparison.equal
    with connect(told.servers.database_url) as conn:
        whole = conn.execute("SELECT count(*) FROM log.event_log").fetchone()
    assert whole is not None
    assert 0 < seen[0].total < whole[0]
