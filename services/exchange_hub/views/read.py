"""Read the views: list rows, provenance, rejections, positions — in the reader's own snapshot, never writing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from exchange_contracts import codec
from exchange_hub.views.crossing import crossing
from exchange_hub.views.lists import BY_NAME, kinds_of
from exchange_hub.views.lists.model import ListView
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim
from exchange_hub.views.store.planning import OF_EVENT, Topics, gathered
from exchange_hub.views.taken import Taken, taken

Conn = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class EventSource:
    """An event behind a row.

    Attributes:
        event: event type.
        bureau: who published it.
        topic: topic name.
        off: offset on the topic.
        event_id: id of the event.
        register: the register it states.
        revision: its revision.
        occurred_on: business date.
        arrived_ms: LogAppendTime in milliseconds.
        current: whether the row stands on it; earlier revisions are shown for the record.
        origin: file, sheet and row of the bureau's source, where the event carries them.
        facts: its facts (money in fen).
    """

    event: str
    bureau: str
    topic: str
    off: int
    event_id: str
    register: str
    revision: int
    occurred_on: date
    arrived_ms: int
    current: bool
    origin: Mapping[str, Any] | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trace:
    """A row with the claims it was merged from and every event of them."""

    list: str
    row: Mapping[str, Any]
    claims: Sequence[tuple[str, str]]
    events: Sequence[EventSource]


def view_of(list_name: str) -> ListView:
    """Return the list view; raise ``KeyError`` with the known names where there is none."""
    if list_name not in BY_NAME:
        raise KeyError(f"没有清单“{list_name}”,可用:{'、'.join(BY_NAME)}")
    return BY_NAME[list_name]


def _where(view: ListView, where: Mapping[str, object]) -> tuple[sql.Composable, list[object]]:
    """Build the condition: a value, a tuple of values (any of them), or ``None`` (empty)."""
    parts: list[sql.Composable] = []
    values: list[object] = []
    names = {"row_key", "component", *(column.name for column in view.columns)}
    for name, value in where.items():
        if name not in names:
            raise KeyError(f"清单“{view.title}”没有栏目“{name}”")
        if value is None:
            parts.append(sql.SQL("{} IS NULL").format(sql.Identifier(name)))
        elif isinstance(value, (tuple, list)):
            parts.append(sql.SQL("{} = ANY(%s)").format(sql.Identifier(name)))
            values.append(list(value))
        else:
            parts.append(sql.SQL("{} = %s").format(sql.Identifier(name)))
            values.append(value)
    return (sql.SQL(" AND ").join(parts) if parts else sql.SQL("true")), values


def rows(
    conn: Conn,
    list_name: str | ListView,
    where: Mapping[str, object] | None = None,
    *,
    schema: str = "live",
    order: Sequence[str] = ("row_key",),
    limit: int | None = None,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """Return rows of a list view as dicts (money in fen).

    Args:
        conn: connection in a reading transaction.
        list_name: name of a list of today, or a list as a closed month has it.
        where: column → value, tuple of values, or ``None`` for empty.
        schema: ``live``, or another views schema.
        order: columns to sort by; a leading ``-`` sorts downwards; ``row_key`` is always the last.
        limit: rows at most.
        offset: rows to skip.

    Raises:
        KeyError: no such list or column.
    """
    view = list_name if isinstance(list_name, ListView) else view_of(list_name)
    condition, values = _where(view, where or {})
    known = {"row_key", *(column.name for column in view.columns)}
    terms = []
    for name in (*order, "row_key"):
        bare = name.removeprefix("-")
        if bare not in known:
            raise KeyError(f"清单“{view.title}”没有栏目“{bare}”")
        terms.append(sql.SQL("{} {} NULLS LAST").format(sql.Identifier(bare), sql.SQL("DESC" if name != bare else "ASC")))
    query = sql.SQL("SELECT * FROM {} WHERE {} ORDER BY {} LIMIT %s OFFSET %s").format(
        sql.Identifier(schema, view.table), condition, sql.SQL(", ").join(terms)
    )
    with conn.cursor(row_factory=dict_row) as cur:
        return cur.execute(query, [*values, limit, offset]).fetchall()


def count(conn: Conn, list_name: str, where: Mapping[str, object] | None = None, *, schema: str = "live") -> int:
    """Count rows of a list view."""
    view = view_of(list_name)
    condition, values = _where(view, where or {})
    query = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(sql.Identifier(schema, view.table), condition)
    row = conn.execute(query, values).fetchone()
    return int(row[0]) if row else 0


def trace_row(conn: Conn, list_name: str, row_key: str, *, schema: str = "live") -> Trace:
    """Open a row down to the events and source cells behind it.

    Raises:
        KeyError: no such list or row.
    """
    found = rows(conn, list_name, {"row_key": row_key}, schema=schema, limit=1)
    if not found:
        raise KeyError(f"清单“{view_of(list_name).title}”没有“{row_key}”这一行")
    row = found[0]
    claims = _claims_of(conn, list_name, row["component"], schema)
    return Trace(list_name, row, claims, [event for claim in claims for event in _events_of(conn, list_name, claim)])


def taken_from(
    conn: Conn, list_name: str, row: Mapping[str, Any], rules: FoldRules, *, schema: str = "live", below: Mapping[str, int] | None = None
) -> list[Taken]:
    """Tell whose statement each column of a row was taken from; nothing where one bureau alone reports its entity.

    Args:
        conn: connection in a reading transaction.
        list_name: list of the row.
        row: the row, as ``rows`` gives it or as a closed month keeps it.
        rules: the configuration that the fold takes.
        schema: views schema whose claims say what belongs to the row's component.
        below: topic → offset below which events count, for a row of a closed month; all count where it is not given.
    """
    members = _claims_of(conn, list_name, row["component"], schema)
    if len({bureau for bureau, _ in members}) < 2:
        return []
    topics = conn.execute("SELECT topic_no, bureau, name FROM log.topic").fetchall()
    ends = None if below is None else {topic_no: below.get(name, 0) for topic_no, _, name in topics}
    events = conn.execute(
        f"""SELECT {OF_EVENT} FROM unnest(%s::text[], %s::text[]) AS k (bureau, entity)
            JOIN log.topic t ON t.bureau = k.bureau JOIN log.event_log e ON e.topic_no = t.topic_no AND e.entity = k.entity
            WHERE e.kind = ANY(%s)""".encode(),
        ([bureau for bureau, _ in members], [entity for _, entity in members], kinds_of(list_name)),
    ).fetchall()
    counted = [event for event in events if ends is None or event[1] < ends[event[0]]]
    bureau_of = {topic_no: bureau for topic_no, bureau, _ in topics}
    registers = gathered(counted, Topics(bureau_of, {bureau: topic_no for topic_no, bureau in bureau_of.items()}))
    return taken(list_name, row, [Claim(key, said) for key, said in registers.items()], rules)


def _claims_of(conn: Conn, list_name: str, component: str, schema: str) -> list[tuple[str, str]]:
    query = sql.SQL(
        "SELECT t.bureau, c.entity FROM {} c JOIN log.topic t USING (topic_no) "
        "WHERE c.component = %s AND c.kind = ANY(%s) ORDER BY 1, 2"
    ).format(sql.Identifier(schema, "claim"))
    found = conn.execute(query, (component, kinds_of(list_name))).fetchall()
    if found:
        return [(bureau, entity) for bureau, entity in found]
    bureau, _, entity = component.partition(":")
    return [(bureau, entity)]


def _events_of(conn: Conn, list_name: str, claim: tuple[str, str]) -> list[EventSource]:
    """Return all events of a claim; in force is, of each register, the highest (revision, facts digest), of equals the first."""
    found = conn.execute(
        """SELECT e.value, t.bureau, t.name, e.off, e.event_id, e.register, e.revision, e.occurred_on, e.arrived_ms,
                  e.off = first_value(e.off) OVER (
                    PARTITION BY e.topic_no, e.kind, e.register ORDER BY e.revision DESC, e.digest DESC, e.off)
           FROM log.event_log e JOIN log.topic t USING (topic_no)
           WHERE t.bureau = %s AND e.entity = %s AND e.kind = ANY(%s) ORDER BY e.topic_no, e.off""",
        (*claim, kinds_of(list_name)),
    ).fetchall()
    return [_event(*row) for row in found]


def _event(value: bytes, *place: Any) -> EventSource:
    bureau, topic, off, event_id, register, revision, occurred_on, arrived_ms, is_current = place
    contract, facts = codec.decode_facts(value)
    return EventSource(
        contract.event, bureau, topic, off, str(event_id), register, revision, occurred_on, arrived_ms, is_current,
        facts.get("origin"), facts,
    )  # fmt: skip


_FIND_EVENT = """SELECT e.value, t.bureau, t.name, e.off, e.event_id, e.register, e.revision, e.occurred_on, e.arrived_ms, true
                 FROM log.event_log e JOIN log.topic t USING (topic_no) WHERE """


def event(conn: Conn, event_id: str) -> EventSource | None:
    """Find an event by its id alone; no index serves this: the log is looked through (a second or two a million events)."""
    row = conn.execute(f"{_FIND_EVENT} e.event_id = %s LIMIT 1".encode(), (event_id,)).fetchone()
    return None if row is None else _event(*row)


def event_at(conn: Conn, topic: str, off: int) -> EventSource | None:
    """Find an event by its place."""
    row = conn.execute(f"{_FIND_EVENT} t.name = %s AND e.off = %s".encode(), (topic, off)).fetchone()
    return None if row is None else _event(*row)


def rejections(conn: Conn, bureau: str | None = None, limit: int = 500) -> list[dict[str, Any]]:
    """Return rejected records, the newest first."""
    return _waiting(conn, "rejection", "r.code, r.reason", bureau, limit)


def held(conn: Conn, bureau: str | None = None, limit: int = 500) -> list[dict[str, Any]]:
    """Return held events, the newest first."""
    return _waiting(conn, "held", "r.reason, r.behind", bureau, limit)


def _waiting(conn: Conn, table: str, columns: str, bureau: str | None, limit: int) -> list[dict[str, Any]]:
    query = (
        f"SELECT t.bureau, t.name AS topic, r.off, r.event_id, r.entity, {columns}, r.arrived_ms "
        f"FROM log.{table} r JOIN log.topic t USING (topic_no) WHERE %s::text IS NULL OR t.bureau = %s "
        "ORDER BY r.arrived_ms DESC, r.off DESC LIMIT %s"
    )
    with conn.cursor(row_factory=dict_row) as cur:
        return cur.execute(query.encode(), (bureau, bureau, limit)).fetchall()


def positions(conn: Conn) -> list[dict[str, Any]]:
    """Return each topic's position, its owner and when that worker was last seen at work, and the outcomes counted."""
    with conn.cursor(row_factory=dict_row) as cur:
        return cur.execute(
            """SELECT t.name AS topic, t.bureau, p.kafka_topic_id, p.next_off, p.last_off, p.last_arrived_ms, p.epoch,
                      p.owner, p.moved_at, w.seen_at, p.accepted, p.duplicate, p.rejected, p.held, p.skipped
               FROM log.position p JOIN log.topic t USING (topic_no) LEFT JOIN log.worker w USING (owner) ORDER BY t.name"""
        ).fetchall()


def findings(conn: Conn, *, schema: str = "live") -> list[dict[str, Any]]:
    """Return what people should look at, with what they decided, in the order of rule and subject.

    The findings that hold now — of single entities as kept, between entities as the lists show them — and those that
    were reviewed and hold no longer (state 原因已消除,待复核). The *state* is 待核实 or the decision of the latest review.
    """
    query = sql.SQL("SELECT finding_id, rule, kind, subject, component, bureaus, words, detail FROM {}").format(
        sql.Identifier(schema, "finding")
    )
    with conn.cursor(row_factory=dict_row) as cur:
        found = cur.execute(query).fetchall() + crossing(conn, schema)
    reviews = _reviews(conn)
    for finding in found:
        review = reviews.pop(finding["finding_id"], None)
        finding["state"] = review["decision"] if review else "待核实"
        finding["basis"] = review.get("basis") if review else None
    found += [
        {"finding_id": gone, "rule": "", "kind": "", "subject": "", "component": "", "bureaus": [], "words": "原因已消除,待复核",
         "detail": {}, "state": "原因已消除,待复核", "basis": review.get("basis")}
        for gone, review in reviews.items()
    ]  # fmt: skip
    return sorted(found, key=lambda finding: (finding["rule"], finding["subject"], finding["finding_id"]))


def _reviews(conn: Conn) -> dict[str, dict[str, Any]]:
    """Return finding id → facts of its latest review on the coordination topic."""
    rows = conn.execute(
        """SELECT DISTINCT ON (topic_no, entity) withdrawn, value FROM log.event_log
           WHERE topic_no IN (SELECT topic_no FROM log.topic) AND kind = 'coordination' AND register = 'review'
           ORDER BY topic_no, entity, revision DESC, digest DESC, off"""
    ).fetchall()
    facts = [codec.decode_facts(value)[1] for withdrawn, value in rows if not withdrawn]
    return {review["finding_id"]: review for review in facts}


def submissions(conn: Conn, month: str, *, schema: str = "live") -> list[dict[str, Any]]:
    """Return what bureaus confirmed or returned as nil for *month*."""
    return rows(conn, "submissions", {"month": month}, schema=schema)


def unfolded(conn: Conn) -> list[tuple[str, str, str]]:
    """Return (kind, component, reason) of entities that could not be folded: their rows are missing from the lists."""
    return conn.execute("SELECT kind, component, reason FROM live.unfolded ORDER BY kind, component").fetchall()


def balance(conn: Conn) -> list[dict[str, Any]]:
    """Return the published balance per topic (invariant 7).

    Data records below the position (offsets without the skipped ones) must equal accepted + duplicate + rejected +
    held. Accepted, rejected and held are counted from the tables that hold them, not from running totals, so that a
    lost row shows; *difference* is 0 where it holds. One statement, so one moment: batches commit meanwhile.
    """
    with conn.cursor(row_factory=dict_row) as cur:
        lines = cur.execute(
            """SELECT t.name AS topic, t.bureau, p.next_off - p.skipped AS data_records, p.skipped,
                      (SELECT count(*) FROM log.event_log e WHERE e.topic_no = p.topic_no) AS accepted, p.duplicate,
                      (SELECT count(*) FROM log.rejection r WHERE r.topic_no = p.topic_no) AS rejected,
                      (SELECT count(*) FROM log.held h WHERE h.topic_no = p.topic_no) AS held
               FROM log.position p JOIN log.topic t USING (topic_no) ORDER BY t.name"""
        ).fetchall()
    outcomes = ("accepted", "duplicate", "rejected", "held")
    return [line | {"difference": line["data_records"] - sum(line[outcome] for outcome in outcomes)} for line in lines]
