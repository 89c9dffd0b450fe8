"""What ``hub doctor`` looks at: one function a question, in the order in which an operator would ask."""

import contextlib
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from typing import Literal, TypeVar

import psycopg
import sqlalchemy as sa
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from exchange_hub.cli.configuration import calendar_warnings, precedence_problems
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.topic_look import ends_of, hidden_by_transactions, looked_at, said_of_hidden
from exchange_hub.programme.district import District
from exchange_hub.runtime import kafka_jars
from exchange_hub.runtime.java import find_java, java_version
from exchange_hub.runtime.migrating import current, engine_of, known_versions
from exchange_hub.runtime.postgres_server import WHEEL
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.servers import DISK_FREE_MIN_MB, Servers
from exchange_hub.runtime.settings import Settings
from exchange_hub.runtime.topics import REQUIRED, describe, group_lack, lacks, settings_of, topic_ids
from exchange_hub.views.queries import log
from exchange_hub.views.store.heartbeat import tended
from exchange_hub.views.store.positions import Claimed
from exchange_hub.views.store.stamp import StampError, read_stamp, refuse_other

T = TypeVar("T")
Level = Literal["OK", "WARN", "FAIL"]
PYTHON_MIN = (3, 11)
DISK_COMFORTABLE_MB = 2_000
#: A receipt that waits longer than this is late: the relay looks ten times a second.
RECEIPT_SECONDS_MAX = 60
_NAMES_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question; *remedy* says what to do where it is not OK."""

    level: Level
    check: str
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """What can be asked before any server answers."""

    settings: Settings
    today: date
    runs: bool


@dataclass(frozen=True, slots=True)
class Patient:
    """What can be asked of servers that answer."""

    hub: Hub
    servers: Servers
    conn: psycopg.Connection
    sql: sa.Connection
    admin: KafkaAdminClient
    today: date


def ok(check: str, found: str) -> Answer:
    """Return a good answer."""
    return Answer("OK", check, found)


def python(_: Machine) -> Answer:
    """Is this Python new enough?"""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < PYTHON_MIN:
        return Answer("FAIL", "python", found, "Install Python 3.11 or newer and make the environment anew.")
    return ok("python", found)


def district(at: Machine) -> Answer:
    """Is the district's folder whole?"""
    found = District.load(at.settings.district)
    problems = [*precedence_problems(found)]
    if problems:
        return Answer("FAIL", "district", "; ".join(problems[:_NAMES_SHOWN]), "Mend the file named; `hub rules check` lists all.")
    return ok("district", f"{found.name}, {len(found.publishers())} publishing bureaus, {at.settings.district}")


def calendar(at: Machine) -> Answer:
    """Does the calendar reach far enough?"""
    found = District.load(at.settings.district)
    warnings = [*calendar_warnings(found, at.today)]
    if warnings:
        return Answer("WARN", "calendar", "; ".join(warnings), "Enter the State Council's announcement into calendar.toml.")
    return ok("calendar", f"{min(found.calendar.years)}–{max(found.calendar.years)}")


def java(at: Machine) -> Answer:
    """Which Java runs the hub's own Kafka?"""
    if at.settings.kafka.bootstrap_servers:
        return ok("java", "not needed: Kafka is given")
    path = find_java(at.settings)
    return ok("java", f"{java_version(path)} ({path})")


def postgres(at: Machine) -> Answer:
    """Are the binaries of the hub's own PostgreSQL installed?"""
    if at.settings.database.url:
        return ok("postgresql", "not needed: a database is given")
    if find_spec(WHEEL.replace("-", "_")) is None:
        return Answer("FAIL", "postgresql", f"the wheel {WHEEL} is missing", "Install the extra `embedded`, or set HUB_DATABASE__URL.")
    return ok("postgresql", f"binaries of the wheel {WHEEL}")


def cache(at: Machine) -> Answer:
    """Are Kafka's jars there, whole?"""
    if at.settings.kafka.bootstrap_servers:
        return ok("cache", "not needed: Kafka is given")
    folder = at.settings.cache_folder / "maven"
    jars = kafka_jars.pinned()
    wanting = [jar for jar in jars if not jar.is_whole(folder)]
    if wanting:
        return Answer(
            "WARN", "cache", f"{len(wanting)} of {len(jars)} jars are missing or not the pinned ones in {folder}",
            "The next start fetches them; it needs the network or HUB_KAFKA__JAR_REPOSITORY.",
        )  # fmt: skip
    return ok("cache", f"{len(jars)} jars, hashes as pinned, {folder}")


def disk(at: Machine) -> Answer:
    """Is there room?"""
    folder = at.settings.data_folder
    place = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(place).free // 2**20
    found = f"{free:,} MB free at {place}"
    if free < DISK_FREE_MIN_MB:
        return Answer("FAIL", "disk", found, "Free some disk, or name a folder on another one in HUB_DATA_DIR.")
    if free < DISK_COMFORTABLE_MB:
        return Answer("WARN", "disk", found, "Event logs only grow: see to more disk.")
    return ok("disk", found)


def ports(at: Machine) -> Answer:
    """Are the wanted ports free, or the running hub's own?"""
    wanted = {
        "HUB_CONSOLE__PORT": (at.settings.console.host, at.settings.console.port),
        "HUB_METRICS__PORT": (at.settings.metrics.host, at.settings.metrics.port),
        "HUB_KAFKA__PORT": ("127.0.0.1", at.settings.kafka.port),
    }
    taken = [f"{name}={port}" for name, (host, port) in wanted.items() if port and _is_taken(host, port)]
    shown = ", ".join(f"{name}={port}" for name, (_, port) in wanted.items() if port)
    if taken and not at.runs:
        remedy = "End the program that listens there (another hub?), or set another port; 0 takes a free one."
        return Answer("WARN", "ports", f"taken although this hub does not run: {', '.join(taken)}", remedy)
    return ok("ports", f"{shown} {'(the hub runs)' if at.runs else 'free'}")


def _is_taken(host: str, port: int) -> bool:
    with contextlib.closing(socket.socket()) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host if host != "0.0.0.0" else "127.0.0.1", port)) == 0  # noqa: S104 - compared, not bound


def schema(at: Patient) -> Answer:
    """Is the store's schema this version's?"""
    head = known_versions()[0]
    engine = engine_of(at.servers.database_url)
    with engine.connect() as conn:
        now = current(conn)
    if now is None:
        return Answer("FAIL", "schema", "the store is empty", "Start the hub once with `hub up`, or run `hub migrate`.")
    if now != head:
        return Answer("FAIL", "schema", f"version {now}, this code knows {head}", "Run `hub migrate`; a newer store needs the newer hub.")
    return ok("schema", f"version {now}")


def stamp(at: Patient) -> Answer:
    """Was each list filled by this code, these contracts, this configuration?"""
    with at.conn.cursor() as cur:
        present = read_stamp(cur)
    try:
        refuse_other(present, at.hub.stamp)
    except StampError as error:
        return Answer("FAIL", "stamp", str(error), "Run `hub rebuild`; workers do not write to these lists until then.")
    mine = at.hub.stamp.whole
    return ok("stamp", f"code {mine.code}, contracts {mine.contracts[:8]}, configuration {mine.configuration[:8]}")


def topics(at: Patient) -> Answer:
    """Are all topics there, with one partition and the settings that the hub relies on?"""
    names = [*at.hub.event_topics, *at.hub.receipt_topics.values()]
    found = describe(at.admin, names)
    hidden = lacks(at.admin, names, "DESCRIBE")
    missing = [name for name in names if found[name].id is None and name not in hidden]
    if missing:
        return Answer("FAIL", "topics", f"{len(missing)} of {len(names)} missing: {_some(missing)}", "Start `hub up`: it makes them.")
    seen = [name for name in names if name not in hidden]
    wrong = [f"{t['name']} has {len(t['partitions'])} partitions" for t in at.admin.describe_topics(seen) if len(t["partitions"]) != 1]
    configs, unknown = settings_of(at.admin, seen)
    for name, config in configs.items():
        wrong += [f"{name} {key}={value}" for key, value in config.items() if value != REQUIRED[key]]
    if wrong:
        need = ", ".join(f"{key}={value}" for key, value in REQUIRED.items())
        return Answer("FAIL", "topics", _some(wrong), f"One partition and {need} are needed; set them with the broker's tools.")
    if lacking := [*hidden.values(), *unknown]:
        return Answer("FAIL", "topics", f"{len(lacking)} of {len(names)} may not be looked at", lacking[0])
    return ok("topics", f"{len(names)} topics, one partition each, kept for ever, LogAppendTime")


def rights(at: Patient) -> Answer:
    """May the hub's user do what workers and relay do?"""
    group = group_lack(at.admin, at.hub.workers_group)
    lacking = [
        *([group] if group else []),
        *lacks(at.admin, [*at.hub.event_topics], "READ").values(),
        *lacks(at.admin, [*at.hub.receipt_topics.values()], "WRITE").values(),
    ]
    if lacking:
        more = f" (and {len(lacking) - 1} more)" if lacking[1:] else ""
        return Answer("FAIL", "rights", f"{len(lacking)} rights are missing", f"{lacking[0]}{more}")
    return ok("rights", "READ on event topics and the group, WRITE on receipt topics")


def logs_and_positions(at: Patient) -> Answer:
    """Do the positions speak of the logs that Kafka has?"""
    places = [place for place in log.positions(at.sql) if place.topic in at.hub.event_topics]
    denied = lacks(at.admin, [place.topic for place in places], "READ")
    places = [place for place in places if place.topic not in denied]
    ids = topic_ids(at.admin, [place.topic for place in places])
    stopped = [f"{p.topic}: another topic of the same name" for p in places if str(ids[p.topic]) != p.kafka_topic_id]
    claimed = {
        place.topic: Claimed(0, place.topic, place.kafka_topic_id, place.epoch, place.next_offset, place.last_offset, place.last_digest)
        for place in places
        if str(ids[place.topic]) == place.kafka_topic_id
    }  # fmt: skip
    stopped += looked_at(claimed, at.servers.bootstrap_servers, at.hub.settings.kafka).values()
    if stopped:
        return Answer("FAIL", "positions", "; ".join(stopped[:2]), "See the runbook HubTopicStopped; nothing was reset.")
    return ok("positions", f"{len(places)} topics: same topic ids, last records as processed")


def transactions(at: Patient) -> Answer:
    """Do acknowledged events wait behind a transaction that is not over?"""
    hidden = hidden_by_transactions(at.admin, at.hub.event_topics)
    if hidden:
        return Answer("WARN", "open ends", said_of_hidden(hidden), "Nobody reads them until it ends: end the producer that holds it open. No month closes before.")
    return ok("open ends", "no event waits behind an open transaction")


def worker(at: Patient) -> Answer:
    """Does anybody fill the views, and how far behind is it?"""
    places = log.next_offsets(at.sql)
    ends = ends_of(at.admin, at.hub.event_topics)
    behind = {topic: end - places.get(topic, 0) for topic, end in ends.items() if end > places.get(topic, 0)}
    workers = len(workers_of(at.hub, at.admin))
    lag = f"{sum(behind.values()):,} records wait on {len(behind)} topics" if behind else "nothing waits"
    tending = tended(at.conn)
    unread = [topic for topic in behind if topic in tending and not (tending[topic].is_read or tending[topic].is_stopped)]
    if workers and unread:
        return Answer("WARN", "worker", f"{workers} in the group; {lag}; nobody reads {_some(unread)}", "Look again in a minute; then see the runbook HubTopicUnread.")
    if workers:
        level: Level = "WARN" if behind else "OK"
        return Answer(level, "worker", f"{workers} in the group; {lag}", "Look again in a minute: the number must fall." if behind else "")
    if behind:
        return Answer("FAIL", "worker", f"none runs; {lag}", "Start `hub up` (or `hub worker`).")
    return Answer("WARN", "worker", f"none runs; {lag}", "Start `hub up` (or `hub worker`) before events come.")


def workers_of(hub: Hub, admin: KafkaAdminClient) -> list[str]:
    """Return the hosts of the workers that take part in the district's group; an idle one has no database connection."""
    group = hub.workers_group
    if group not in {found["group_id"] for found in admin.list_groups()}:
        return []
    return [str(member["client_host"]) for member in admin.describe_groups([group])[group]["members"]]


def balance(at: Patient) -> Answer:
    """Is data = accepted + duplicate + rejected + held on every topic?"""
    lines = log.balance(at.sql)
    wrong = [f"{line.topic}: {line.difference:+d}" for line in lines if line.difference]
    total = sum(line.data_records for line in lines)
    if wrong:
        return Answer("FAIL", "balance", _some(wrong), "Records were lost or doubled: stop the workers, keep the logs, see the runbook.")
    return ok("balance", f"{total:,} data records = accepted + duplicate + rejected + held, on each of {len(lines)} topics")


def held(at: Patient) -> Answer:
    """Do events wait because their fold failed?"""
    row = at.conn.execute("SELECT count(*) FROM log.held").fetchone()
    number = row[0] if row else 0
    remedy = "`hub receipts held` tells why; after a fix `hub receipts replay`; a close needs a reason while they wait."
    return Answer("WARN", "held", f"{number:,} events are held", remedy) if number else ok("held", "none")


def unfolded(at: Patient) -> Answer:
    """Are there entities whose statements do not fold together?"""
    found = [f"{each.kind} {each.component} ({each.reason})" for each in log.unfolded(at.sql)]
    if not found:
        return ok("unfolded", "none")
    remedy = "Their rows are missing from the lists: see the runbook HubEntitiesUnfolded; a close needs a reason."
    return Answer("WARN", "unfolded", f"{len(found):,} entities could not be folded: {_some(found)}", remedy)


def receipts(at: Patient) -> Answer:
    """Do bureaus get their receipts?"""
    found = log.receipts_waiting(at.sql)
    waiting, age = found.number, found.oldest_seconds
    relays = _connections(at.conn, "hub relay")
    if waiting and age > RECEIPT_SECONDS_MAX:
        return Answer("WARN", "receipts", f"{waiting:,} wait, the oldest for {age:,.0f} s", "Start `hub up` (or `hub relay`).")
    return ok("receipts", f"{waiting:,} wait; {relays} relay connected")


def _connections(conn: psycopg.Connection, like: str) -> int:
    row = conn.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE %s", (like,)
    ).fetchone()
    return int(row[0]) if row else 0


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more


MACHINE: tuple[tuple[str, Callable[[Machine], Answer]], ...] = (
    ("python", python), ("district", district), ("calendar", calendar), ("java", java), ("postgresql", postgres),
    ("cache", cache), ("disk", disk), ("ports", ports),
)  # fmt: skip
"""Questions to the machine."""

STORE: tuple[tuple[str, Callable[[Patient], Answer]], ...] = (
    ("schema", schema), ("stamp", stamp), ("topics", topics), ("rights", rights), ("positions", logs_and_positions), ("open ends", transactions), ("worker", worker),
    ("balance", balance), ("held", held), ("unfolded", unfolded), ("receipts", receipts),
)  # fmt: skip
"""Questions to the servers."""


def asked(questions: Sequence[tuple[str, Callable[[T], Answer]]], of: T) -> Iterator[Answer]:
    """Ask all questions; one that cannot be answered is a FAIL, and the others go on."""
    for name, question in questions:
        try:
            yield question(of)
        except RuntimeProblem as problem:
            yield Answer("FAIL", name, f"{problem.what} ({problem.where})", problem.remedy)
        except (psycopg.Error, sa.exc.DBAPIError, KafkaError, OSError, ValueError) as error:
            words = str(error).strip().splitlines()
            yield Answer("FAIL", name, words[0] if words else type(error).__name__, "Mend what it names; then ask again.")
