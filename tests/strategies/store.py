"""A store of its own for a test module, emptied between examples, and everything in it as comparable values."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import orjson
import psycopg

from exchange_hub.runtime.migrating import migrate
from exchange_hub.views.digests import Digests, digests
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.store.commit import Context, prepare
from exchange_hub.views.store.deciding import Asked
from exchange_hub.views.store.positions import Claimed, claim
from exchange_hub.views.store.setup import connect, topics_of
from exchange_hub.views.store.stamp import ensure_views, stamp_of
from tests.oracle.rules import Rules
from tests.platform import empty_database
from tests.strategies.history import TOPICS
from tests.strategies.universe import TOWN


def ranking(list_name: str, field: str, domain: str) -> tuple[str, ...]:
    """An order of bureaus that differs by list, field and domain, so that each must be asked for rightly."""
    if field in ("energy_saving", "level", "identifier"):
        return ("transport", "police", "commerce")
    if list_name in ("recycling-projects", "funding-policies"):
        return ("development-reform", "commerce", "industry")
    if domain == "农业":
        return ("transport", "industry")
    return ("industry", "finance")


def due_on(received: date) -> date | None:
    """Ten weekdays from the day after; no calendar beyond February 2027."""
    if received > date(2027, 1, 20):
        return None
    day, left = received, 10
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


#: A plan of industry is expected for each kind but one, of which two are; transport owes one in a domain.
PLANS = (
    ("总体", "industry", "", "更新改造"), ("总体", "industry", "", "二期"), ("行业", "industry", "", "工业方案"), ("消费品", "industry", "", "消费品方案"),
    ("行业", "transport", "农业", "交通方案"),
)  # fmt: skip


def counting_step(category: str) -> str:
    """Lorries count when they are handed in, the others when they are taken apart."""
    return "交售回收" if category == "营运货车" else "拆解销毁"


#: The task 2 is everybody's, 3 is not industry's, and 5 on are none.
TASKS = {"1": ("工业更新", ("industry",)), "2": ("宣传", ("transport", "*")), "3": ("交通更新", ("transport",)), "4": ("回收", ("industry", "transport"))}

def longer_due_on(received: date) -> date | None:
    """Six weeks, and no calendar beyond February 2027."""
    due = received + timedelta(days=42)
    return due if due <= date(2027, 2, 28) else None


LONGER = {"规范性文件": longer_due_on}
#: What these say of a bureau's entity is a claim.
TOWNS = {TOWN: "梅厂镇"}
RULES = FoldRules(ranking, due_on, PLANS, counting_step, longer=LONGER, tasks=TASKS, towns=TOWNS)
ASKED = Asked(RULES, ("工业", "农业"), (2026, 2027), "configuration of the tests")
STAMP = stamp_of(ASKED)
ORACLE_RULES = Rules(ranking, due_on, frozenset(TOPICS.values()), PLANS, counting_step, LONGER, tasks=TASKS, towns=TOWNS)


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """A database of its own on the suite's server, with the log and empty live views."""
    with empty_database(server_url) as url:
        migrate(url)
        with connect(url) as conn:
            ensure_views(conn, STAMP)
        yield url


def committing(url: str, context_of: Mapping[str, Any] | None = None) -> tuple[psycopg.Connection, Context]:
    """A connection prepared to commit, and the context of the tests."""
    conn = connect(url)
    context = Context(topics_of(conn, TOPICS), RULES, STAMP, **(context_of or {}))
    prepare(conn)
    return conn, context


def emptied(conn: psycopg.Connection) -> None:
    """Empty the log and the views; topics keep their numbers. The log is append-only: its guards sleep meanwhile."""
    tables = conn.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('live', 'log') AND tablename NOT IN ('topic', 'view_stamp')"
    ).fetchall()
    with conn.transaction(), tampering(conn):
        for schema, table in tables:
            conn.execute(f"DELETE FROM {schema}.{table}".encode())


@contextmanager
def tampering(conn: psycopg.Connection) -> Iterator[None]:
    """Let this session change what the database refuses to change: its triggers sleep until the block ends."""
    conn.execute("SET session_replication_role = replica")
    try:
        yield
    finally:
        conn.execute("SET session_replication_role = origin")


def claimed(conn: psycopg.Connection, owner: str, topics: Mapping[str, str] | None = None) -> dict[str, Claimed]:
    """Claim topics (name → Kafka id) for *owner*."""
    ids = topics if topics is not None else {topic: f"id of {topic}" for topic in TOPICS}
    found, stopped = claim(conn, ids, owner)
    assert not stopped
    return found


#: Tables of the views beside the lists that are functions of the set of events.
_BESIDE = {
    "claim": "SELECT kind, topic_no, entity, component FROM live.claim",
    "identity": "SELECT kind, topic_no, entity, value, decided FROM live.identity",
    "unfolded": "SELECT kind, component, reason FROM live.unfolded",
    "finding": "SELECT finding_id, rule, subject, component FROM live.finding",
    "accepted": "SELECT topic_no, off, event_id, digest, register FROM log.event_log",
    "rejected": "SELECT topic_no, off, code, reason FROM log.rejection",
    "held": "SELECT topic_no, off, reason, behind FROM log.held",
    "counts": "SELECT topic_no, next_off, accepted, duplicate, rejected, held FROM log.position",
}


def everything(conn: psycopg.Connection) -> tuple[dict[str, list[tuple[Any, ...]]], Digests, set[tuple[Any, ...]]]:
    """Return what must not depend on the way: tables, digests of the views, and each record's outcome in receipts."""
    tables = {}
    with conn.transaction(), conn.cursor() as cur:
        for name, query in _BESIDE.items():
            tables[name] = sorted(cur.execute(query.encode()).fetchall(), key=repr)
        outcomes = set()
        for topic_no, exceptions in cur.execute("SELECT topic_no, exceptions FROM log.receipt_range").fetchall():
            outcomes |= {(topic_no, e["offset"], e["outcome"], e["code"], e["reason"]) for e in exceptions}
        return tables, digests(cur, "live"), outcomes


def store_receipt(
    conn: psycopg.Connection, place: tuple[int, int, int], accepted: int, exceptions: Sequence[Mapping[str, Any]]
) -> None:
    """Keep one receipt, (topic number, first offset, next offset), under a batch number of its own."""
    conn.execute(
        """INSERT INTO log.receipt_range (topic_no, first_off, next_off, accepted, exceptions, batch_no, at)
           VALUES (%s, %s, %s, %s, %s, nextval('log.batch_no'), now())""",
        (*place, accepted, orjson.dumps(list(exceptions)).decode()),
    )
