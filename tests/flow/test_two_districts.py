"""A city is many districts side by side, each with a database of its own: one Kafka, one PostgreSQL server, two of everything else."""

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click
import psycopg
import pytest
from click.testing import CliRunner, Result

from exchange_hub.cli import main
from exchange_hub.cli.examination import workers_of
from exchange_hub.processes.compose import Hub
from exchange_hub.runtime.migrating import migrate
from exchange_hub.runtime.supervise import EXIT_FINAL
from exchange_hub.runtime.topics import administration
from exchange_hub.views.digests import Digests, digests
from exchange_hub.views.store.district import AnotherDistrictError
from exchange_hub.views.store.setup import connect
from tests.faults.stage import Stage, staged
from tests.platform import platform
from tests.strategies.history import bulk

pytestmark = pytest.mark.timeout(180)  # two districts are 96 topics and two workers

SEED = 20261128
MONTH = "2026-09"


class City(NamedTuple):
    """Two districts with one worker each."""

    one: Stage
    other: Stage
    server: str


def _as_the_other(folder: Path) -> None:
    """Give a district folder rules of its own: who is believed first, and which list is due when."""
    for name, plain, instead in (
        ("precedence", '"@lead"', '"@order"'), ("submissions", "due_day = 5", "due_day = 8"), ("district", "overdue_payment_days = 30", "overdue_payment_days = 45"),
    ):  # fmt: skip
        file = folder / f"{name}.toml"
        text = file.read_text(encoding="utf-8")
        assert plain in text
        file.write_text(text.replace(plain, instead), encoding="utf-8")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Both districts get the very same events first, and others of their own at the same time."""
    with (
        platform() as (kafka, server),
        staged(kafka, server, tmp_path_factory.mktemp("one")) as one,
        staged(kafka, server, tmp_path_factory.mktemp("other"), change=_as_the_other) as other,
    ):
        assert one.hub.stamp != other.hub.stamp
        for stage in (one, other):
            stage.worker()
        with one.flowing([*bulk(SEED, 300), *bulk(SEED + 1, 200)], 0), other.flowing([*bulk(SEED, 300), *bulk(SEED + 2, 400)], 0):
            pass
        yield City(one, other, server)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `hub …` with the settings of a district, some of them others."""

    def run(stage: Stage, *arguments: str, **others: str) -> Result:
        for name, value in (stage.environment | {"HUB_CONSOLE__PORT": "0"} | others).items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(main, list(arguments))

    return run


class Kept(NamedTuple):
    """What a store holds, as values."""

    views: Digests
    schema: tuple[int, ...] | None
    topics: list[tuple[str, ...]]
    positions: list[tuple[int, ...]]
    closed: list[tuple[str, ...]]
    restatements: list[tuple[str, ...]]


def kept(stage: Stage) -> Kept:
    """Read everything by which a change would show."""
    with connect(stage.url) as conn, conn.transaction(), conn.cursor() as cur:
        cur.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return Kept(
            digests(cur, "live"),
            conn.execute("SELECT oid::bigint, xmin::text::bigint FROM pg_namespace WHERE nspname = 'live'").fetchone(),
            conn.execute("SELECT name, bureau FROM log.topic ORDER BY 1").fetchall(),
            conn.execute("SELECT topic_no, epoch, next_off, accepted FROM log.position ORDER BY 1").fetchall(),
            conn.execute("SELECT month, figures_digest, digests::text FROM closed.month ORDER BY 1").fetchall(),
            conn.execute("SELECT month, figures_digest FROM closed.restatement ORDER BY 1").fetchall(),
        )


def note_own(stage: Stage) -> None:
    """Let the reckoning take what the hub itself published, such as a close, for what it is: sound events."""
    for (topic, _), (record, _) in stage.lying().items():
        if topic == stage.topic("coordination"):
            stage.known.setdefault((topic, record), True)


def test_events_of_one_never_reach_the_other(city: City) -> None:
    """Each store holds its own topics and nothing else, each equals the oracle's views of its own events by its own rules, each has a group of its own."""
    for stage in (city.one, city.other):
        stage.caught_up()
        stage.reckon()
        assert {name.split(".")[1] for name, _ in kept(stage).topics} == {stage.hub.district.id}
        with administration(stage.kafka) as admin:
            assert len(workers_of(stage.hub, admin)) == 1
    with connect(city.one.url) as one, connect(city.other.url) as other:
        ids = [set(conn.execute("SELECT event_id FROM log.event_log").fetchall()) for conn in (one, other)]
    assert ids[0] & ids[1]  # said in both districts: an id is a topic's own
    assert ids[0] - ids[1]
    assert ids[1] - ids[0]


def test_closes_are_independent(city: City, hub: Callable[..., Result]) -> None:
    """The close of one freezes, publishes and changes nothing of the other, which closes the same month later with figures of its own."""
    for stage, beside in ((city.one, city.other), (city.other, city.one)):
        for each in (stage, beside):
            each.caught_up()
        before, ends = kept(beside), beside.ends()
        done = hub(stage, "close", MONTH, "--yes", "--reason", "held events of the test")
        assert done.exit_code == 0, done.output
        stage.caught_up()
        assert [month for month, *_ in kept(stage).closed] == [MONTH]
        assert (kept(beside), beside.ends()) == (before, ends)
    one, other = kept(city.one), kept(city.other)
    assert one.closed[0][2] != other.closed[0][2]
    for stage in (city.one, city.other):
        assert hub(stage, "diff", MONTH, "--record", "--format", "json").exit_code == 0
        stage.caught_up()
        note_own(stage)
        stage.reckon()


def test_a_rebuild_of_one_leaves_the_other_alone(city: City, hub: Callable[..., Result]) -> None:
    """The views of one are replaced while the other's worker goes on in its own."""
    one, other = kept(city.one), kept(city.other)
    with city.other.flowing(bulk(SEED + 3, 300), 200):
        done = hub(city.one, "rebuild")
    assert done.exit_code == 0, done.output
    assert "swapped in" in done.output
    city.other.caught_up()
    now, beside = kept(city.one), kept(city.other)
    assert now.views == one.views
    assert now.schema != one.schema
    assert beside.schema == other.schema
    assert beside.views != other.views
    city.other.reckon()
    assert city.one.ended() == city.other.ended() == []


def test_a_clean_of_one_leaves_the_other_alone(city: City, hub: Callable[..., Result]) -> None:
    """`hub clean` removes the data folder of one; topics and databases on given servers are not the hub's to remove."""
    folders = [Path(stage.environment["HUB_DATA_DIR"]) for stage in (city.one, city.other)]
    for worker in city.one.workers:
        worker.end()
    before = sorted(path.relative_to(folders[1]) for path in folders[1].rglob("*"))
    assert before
    done = hub(city.one, "clean", "--data", "--yes")
    assert done.exit_code == 0, done.output
    assert not folders[0].exists()
    assert sorted(path.relative_to(folders[1]) for path in folders[1].rglob("*")) == before
    city.one.worker()
    for stage in (city.one, city.other):
        stage.send(bulk(SEED + 4, 100))
        stage.caught_up()
        stage.reckon()


#: Every command that opens the store, and the folder that it may write to.
COMMANDS = (
    "up", "worker", "relay", "console", "migrate", "rebuild", "rebuild --verify", "rebuild --from log", f"rebuild --as-of {MONTH}",
    "list equipment-projects", f"list funds --as-of {MONTH}", "findings", "deadlines", "receipts", "receipts replay", f"close {MONTH}",
    "close 2026-10", f"diff {MONTH}", f"diff {MONTH} --record", f"report {MONTH}", "trace equipment.合计.projects", "export --out {folder}/x.zip",
    "backup {folder}/backup", "doctor", "checks", "suggestions",
)  # fmt: skip


#: Commands that open no store, or (`demo`) one that they make themselves.
WITHOUT = {"bureau", "catalogue", "certificate", "clean", "config", "connect", "contracts", "database", "demo", "publish", "restore", "rules"}


def test_every_command_is_thought_of() -> None:
    """A command is among those that are tried below, or is known to open no store; `restore` has a test of its own."""
    assert {command.split()[0] for command in COMMANDS} | WITHOUT == set(main.list_commands(click.Context(main)))


def _refused(done: Result, mine: Stage, of: Stage) -> None:
    assert done.exit_code != 0, done.output
    assert "Traceback" not in done.output
    assert f"The database holds district {of.hub.district.id}, and this hub is of district {mine.hub.district.id}" in done.output
    assert "HUB_DATABASE__URL" in done.output


@pytest.mark.parametrize("command", COMMANDS)
def test_two_districts_at_one_database_are_refused(city: City, hub: Callable[..., Result], tmp_path: Path, command: str) -> None:
    """Whatever command of another district is pointed at a store: it is told whose that is, and what to do, and nothing changes."""
    city.one.caught_up()
    before, ends = kept(city.one), city.one.ends()
    done = hub(city.other, *command.format(folder=tmp_path).split(), HUB_DATABASE__URL=city.one.url)
    _refused(done, city.other, city.one)
    if command in ("up", "worker", "relay", "console"):
        assert done.exit_code == EXIT_FINAL  # a supervisor starts it no more
    assert (kept(city.one), city.one.ends()) == (before, ends)
    assert list(tmp_path.iterdir()) == []


def test_a_backup_of_one_is_not_restored_into_the_other(city: City, hub: Callable[..., Result], tmp_path: Path) -> None:
    """Neither into the other's store nor into an empty one; and the other's own backup not over the store of the first."""
    for stage, name in ((city.one, "backup"), (city.other, "own")):
        stage.caught_up()
        assert hub(stage, "backup", str(tmp_path / name)).exit_code == 0
    before = kept(city.one), kept(city.other)
    with _database(city.server) as empty:
        for url in (city.other.url, empty):
            done = hub(city.other, "restore", str(tmp_path / "backup"), "--yes-replace", HUB_DATABASE__URL=url)
            assert done.exit_code != 0
            assert f"The backup is of district {city.one.hub.district.id}, and this hub is of district {city.other.hub.district.id}" in done.output
        with connect(empty) as conn:
            assert conn.execute("SELECT to_regclass('log.position')").fetchone() == (None,)
    _refused(hub(city.other, "restore", str(tmp_path / "own"), "--yes-replace", HUB_DATABASE__URL=city.one.url), city.other, city.one)
    assert (kept(city.one), kept(city.other)) == before


@contextmanager
def _database(server: str) -> Iterator[str]:
    """An empty database on the same server."""
    name = f"city_{secrets.token_hex(4)}"
    with connect(server) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        head, _, tail = server.partition("?")
        try:
            yield f"{head.rpartition('/')[0]}/{name}" + (f"?{tail}" if tail else "")
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_of_two_that_come_at_once_one_gets_the_database(city: City) -> None:
    """Both start on the same empty database: it is one's, the other is refused, at whatever moment it comes."""
    hubs = [city.one.hub, city.other.hub] * 4
    with _database(city.server) as url, ThreadPoolExecutor(len(hubs)) as pool:

        def start(hub: Hub) -> str:
            try:
                hub.prepare_store(url)
            except AnotherDistrictError:
                return "refused"
            return hub.district.id

        found = list(pool.map(start, hubs))
        with connect(url) as conn:
            ((owner,),) = conn.execute("SELECT id FROM log.district").fetchall()
    assert owner in {hub.district.id for hub in hubs}
    assert found == [owner if hub.district.id == owner else "refused" for hub in hubs]


@pytest.mark.parametrize("names", [("one",), ("other",), ("one", "other")])
def test_an_older_store_tells_its_district_by_its_topics(city: City, names: tuple[str, ...]) -> None:
    """A store from before the district was kept: its own hub brings it along, another's is refused before it changes anything."""
    with _database(city.server) as url:
        migrate(url, "0008")
        with connect(url) as conn:
            for stage in [getattr(city, name) for name in names]:
                conn.execute("INSERT INTO log.topic (name, bureau) VALUES (%s, 'commerce')", (stage.topic("commerce"),))
            if names == ("one",):
                city.one.hub.prepare_store(url)
                assert conn.execute("SELECT id FROM log.district").fetchall() == [(city.one.hub.district.id,)]
                return
            with pytest.raises(AnotherDistrictError, match=f"The database holds districts? .*{city.other.hub.district.id}"):
                city.one.hub.prepare_store(url)
            assert conn.execute("SELECT version_num FROM public.schema_version").fetchone() == ("0008",)


def test_the_store_keeps_one_district(city: City) -> None:
    """The database itself refuses a second one beside it."""
    with connect(city.one.url) as conn, pytest.raises(psycopg.errors.UniqueViolation):
        conn.execute("INSERT INTO log.district (id) VALUES ('another')")
