"""One poll, one transaction: event log, claims, lists, findings, receipt ranges and positions move together.

From the event log to COMMIT a batch holds the district's advisory lock (invariant 6). Positions move only where
epoch and offset match (invariant 5), and past nothing but records that have one outcome each (invariant 7); a mismatch
changes nothing and is raised.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString, NamedTuple

import orjson
import psycopg

from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Held, Place, Record, Rejection, Statement
from exchange_hub.views.store.applying import write
from exchange_hub.views.store.copying import copy_rows, line
from exchange_hub.views.store.deciding import JOINED, LISTED
from exchange_hub.views.store.planning import Plan, Topics, blamed, load, plan
from exchange_hub.views.store.positions import LOCK_SPACE
from exchange_hub.views.store.prepared import EVENT_COLUMNS, Prepared
from exchange_hub.views.store.stamp import Stamp, held_stamp, read_stamp, refuse_other

log = logging.getLogger(__name__)

Cursor = psycopg.Cursor[Any]


@dataclass(frozen=True, slots=True)
class Span:
    """The part of one topic that a batch covers: from *start* up to, not including, *next_off*.

    *skipped* counts the offsets in it that hold no data: control records and records of aborted transactions.
    """

    topic_no: int
    epoch: int
    start: int
    next_off: int
    last_off: int | None
    last_digest: bytes | None
    last_arrived_ms: int | None
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read of a poll: every data record of it is in exactly one of *statements* and *rejections*."""

    spans: Sequence[Span]
    statements: Sequence[Prepared]
    rejections: Sequence[Rejection]


#: What can become of a data record, in the order of the position's counters; each record has one of them.
OUTCOMES = ("accepted", "duplicate", "rejected", "held")


@dataclass(slots=True)
class Outcome:
    """What became of a batch.

    Attributes:
        batch_no: number in commit order.
        counts: (topic number, outcome) → records; see ``OUTCOMES``.
        exceptions: topic number → receipt entries.
    """

    batch_no: int
    counts: Counter[tuple[int, str]] = field(default_factory=Counter)
    exceptions: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def note(
        self, place: Record, outcome: str, *, event_id: str | None, entity: str | None, code: str, reason: str
    ) -> None:
        """Enter an exception into the topic's receipt."""
        self.exceptions[place.topic_no].append({
            "offset": place.off, "event_id": event_id, "entity_key": entity,
            "outcome": outcome, "code": code, "reason": reason,
        })  # fmt: skip


#: Bounds on a worker that stops or hangs in the middle of a batch, in seconds; the database then frees the lock.
LOCK_SECONDS = 10
IDLE_SECONDS = 20
STATEMENT_SECONDS = 60
TRANSACTION_SECONDS = 60

#: SQLSTATE classes that the *data* of an event causes; trying again cannot help.
_DATA_ERRORS = ("22", "23")

#: The steps of a commit, in their order; ``Context.step`` is told each one.
STEPS: tuple[str, ...] = (
    "prepared", "locked", "checked", "logged", "folded", "rejected", "moved", "receipted", "committed",
)  # fmt: skip


def _no_step(_name: str) -> None:
    """Do nothing between steps."""


class UnbalancedError(Exception):
    """The outcomes of a batch do not add up to its records: one has none or several, which is a defect; nothing was written."""


class PositionMovedError(Exception):
    """The stored position is not where the batch begins, or belongs to a later epoch; nothing was written."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a commit needs beside the batch: topics, configuration with its stamp, and the district's lock number."""

    topics: Topics
    rules: FoldRules
    stamp: Stamp
    district_no: int = 1
    schema: str = "live"
    step: Callable[[str], None] = _no_step


def prepare(conn: psycopg.Connection, schema: str = "live") -> None:
    """Make a connection ready to commit batches: pinned plans, asynchronous commit.

    The planner is told to use indexes whatever it believes of the tables: a batch's cost must not grow with the store.
    An asynchronous commit that a crash takes back takes its positions along and is read again.
    """
    conn.autocommit = True
    conn.execute(f"SET search_path = {schema}".encode())
    for setting in (
        "synchronous_commit = off", "enable_seqscan = off", "enable_hashjoin = off", "enable_mergejoin = off",
        "enable_material = off", "jit = off", "datestyle = 'ISO'", "timezone = 'UTC'", f"lock_timeout = '{LOCK_SECONDS}s'",
    ):  # fmt: skip
        conn.execute(f"SET {setting}".encode())
    with conn.cursor() as cur:
        bound(cur, "")


def bound(cur: Cursor, scope: LiteralString = "LOCAL") -> None:
    """Bound how long a process that stops may hold what it has locked, in this transaction or in every one."""
    bounds = {"idle_in_transaction_session_timeout": IDLE_SECONDS, "statement_timeout": STATEMENT_SECONDS}
    if cur.connection.info.server_version >= 170000:
        # The only bound on a worker that stops in the middle of a COPY, holding the commit lock.
        bounds["transaction_timeout"] = TRANSACTION_SECONDS
    for name, seconds in bounds.items():
        cur.execute(f"SET {scope} {name} = '{seconds}s'".encode())


def commit(conn: psycopg.Connection, batch: Batch, context: Context) -> Outcome:
    """Write a batch in one transaction; what its own topics alone decide is read and folded before it takes the lock.

    Raises:
        PositionMovedError: another claim owns a topic, or the batch does not begin at the stored position.
        UnbalancedError: a record of the batch has no outcome or several.
        StampError: a list that the batch speaks of was filled under another stamp than this process has.
        psycopg.Error: as the database says; nothing was written unless the error came from COMMIT itself.
    """
    kinds = spoken_of(batch)
    with conn.transaction(), conn.cursor() as cur:
        # One snapshot: what is read is of the very moment that the positions tell of.
        cur.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        refuse_other(held_stamp(cur, context.schema), context.stamp, kinds)
        seen = check_positions(cur, batch.spans)
        draft = draw_up(cur, batch.statements, context)
    context.step("prepared")
    with conn.transaction(), conn.cursor() as cur:
        lock(cur, context.district_no)
        context.step("locked")
        refuse_other(read_stamp(cur, context.schema), context.stamp, kinds)
        if check_positions(cur, batch.spans, "FOR UPDATE") != seen:
            draft = draw_up(cur, batch.statements, context)  # a replay came between
        context.step("checked")
        row = cur.execute("SELECT nextval('log.batch_no')").fetchone()
        outcome = Outcome(row[0] if row else 0)
        write_draft(cur, draft, context, outcome)
        for rejection in batch.rejections:
            note_rejection(outcome, rejection)
        store_rejections(cur, batch.rejections, outcome.batch_no)
        context.step("rejected")
        refuse_unbalanced({span.topic_no: span.next_off - span.start - span.skipped for span in batch.spans}, outcome)
        _move_positions(cur, batch.spans, outcome)
        context.step("moved")
        _store_receipts(cur, batch.spans, outcome)
        context.step("receipted")
    context.step("committed")
    return outcome


def spoken_of(batch: Batch) -> Collection[str]:
    """Return the kinds of entity whose rules a batch goes by.

    A decision can join claims of several kinds. What another version might not have rejected is rejected by one that goes
    by the contracts of the store alone, whatever it speaks of.
    """
    if batch.rejections:
        return LISTED
    kinds = {each.statement.key.kind for each in batch.statements}
    return kinds - {"coordination"} | {*JOINED} if "coordination" in kinds else kinds


def refuses_data(error: psycopg.Error) -> bool:
    """Tell whether the database refuses what an event says, rather than being in trouble itself."""
    return (error.sqlstate or "").startswith(_DATA_ERRORS)


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says; databases add context below it."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def end_stuck(conn: psycopg.Connection, district_no: int) -> None:
    """End the session of a worker that stopped in the middle of its batch while it holds the commit lock.

    PostgreSQL's own time-outs do not reach a session that waits for COPY data; only ending it does. COPY data comes
    from memory: a session that has waited for it as long as an idle one may belongs to a stopped process. Only sessions of this
    database are looked at: another district's on the same server hold locks of the same numbers.
    """
    ended = conn.execute(
        """SELECT a.application_name, pg_terminate_backend(l.pid)
           FROM pg_locks l JOIN pg_stat_activity a USING (pid)
           WHERE l.locktype = 'advisory' AND l.classid = %s AND l.objid = %s AND l.granted
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND a.application_name LIKE 'hub worker%%'
             AND (a.xact_start < now() - make_interval(secs => %s)
                  OR a.state = 'active' AND a.wait_event = 'ClientRead' AND a.query_start < now() - make_interval(secs => %s))""",
        (LOCK_SPACE, district_no, TRANSACTION_SECONDS, IDLE_SECONDS),
    ).fetchall()
    for name, _ in ended:
        log.error("ended the session of %s: it stopped in the middle of a batch, holding the commit lock", name)


def lock(cur: Cursor, district_no: int) -> None:
    """Take the district's commit lock until the end of the transaction."""
    cur.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK_SPACE, district_no))


def check_positions(cur: Cursor, spans: Sequence[Span], locking: LiteralString = "") -> dict[int, tuple[int, ...]]:
    """Compare every span with the stored epoch and offset; return the positions with their counters by topic.

    *locking* keeps them locked until the end of the transaction.
    """
    rows = cur.execute(
        f"""SELECT topic_no, epoch, next_off, accepted, duplicate, rejected, held FROM log.position
            WHERE topic_no = ANY(%s) ORDER BY topic_no {locking}""",
        ([span.topic_no for span in spans],),
    ).fetchall()
    stored = {row[0]: row[1:] for row in rows}
    for span in spans:
        if stored.get(span.topic_no, ())[:2] != (span.epoch, span.start):
            raise PositionMovedError(
                f"topic {span.topic_no}: the batch begins at epoch {span.epoch}, offset {span.start}; "
                f"stored are {stored.get(span.topic_no)}"
            )
    return stored


class Draft(NamedTuple):
    """What becomes of a batch's statements, and what they change; see ``planning`` for what it rests on.

    Attributes:
        accepted: statements that are logged.
        lost: statements whose id is already there, with "same facts".
        held: statements that wait.
        plan: what the accepted ones change.
    """

    accepted: Sequence[Prepared]
    lost: Sequence[tuple[Statement, bool]]
    held: Sequence[Held]
    plan: Plan


def draw_up(cur: Cursor, statements: Sequence[Prepared], context: Context) -> Draft:
    """Part what must wait and what is there already, and plan what the others change."""
    flowing, held = _part_held(cur, statements)
    known = load(cur, dict.fromkeys([each.statement.key for each in flowing]), context.topics)
    accepted, lost = _part_lost(flowing, known.ids)
    drawn = plan(accepted, known.registers, context.rules)
    if drawn.unfolded:
        # Each is sound alone and fails with what its claim says besides: the one that brings it about waits.
        before = load(cur, drawn.unfolded, context.topics).registers
        if failing := blamed(accepted, before, context.rules):
            return draw_up(cur, [failing.get(place_of(each.statement.record), each) for each in statements], context)
    return Draft(accepted, lost, held, drawn)


def write_draft(cur: Cursor, draft: Draft, context: Context, outcome: Outcome) -> None:
    """Log what is new, write what it changes, and note everything else."""
    copy_rows(cur, "log.event_log", EVENT_COLUMNS, [each.line for each in draft.accepted], f"\t{outcome.batch_no}")
    context.step("logged")
    write(cur, draft.plan, context.topics, context.rules)
    context.step("folded")
    for topic_no, count in Counter([each.statement.record.topic_no for each in draft.accepted]).items():
        outcome.counts[topic_no, "accepted"] += count
    superseded = draft.plan.superseded
    for statement in [each.statement for each in draft.accepted] if superseded else ():
        if place_of(statement.record) in superseded:
            outcome.note(
                statement.record, "superseded", event_id=statement.event_id, entity=statement.key.entity,
                code="superseded", reason="已收到同一事项更新的版本，本条存档不计",
            )  # fmt: skip
    for statement, same in draft.lost:
        if same:
            outcome.counts[statement.record.topic_no, "duplicate"] += 1
            outcome.note(
                statement.record, "duplicate", event_id=statement.event_id, entity=statement.key.entity,
                code="duplicate", reason="与已收到的事件完全相同，未重复计入",
            )  # fmt: skip
        else:
            rejection = Rejection(
                statement.record, "id_conflict", "事件编号已用于另一内容，请用新的版本号重新报送", statement.event_id,
                statement.key.entity,
            )  # fmt: skip
            note_rejection(outcome, rejection)
            store_rejections(cur, [rejection], outcome.batch_no)
    _store_held(cur, draft.held, outcome)


def place_of(record: Record) -> Place:
    """Name a record's place: topic number and offset."""
    return record.topic_no, record.off


def _part_held(cur: Cursor, statements: Sequence[Prepared]) -> tuple[list[Prepared], list[Held]]:
    """Part the events that must wait: their own fold fails, or an earlier event of their key waits."""
    rows = cur.execute("SELECT topic_no, entity, min(off) FROM log.held GROUP BY topic_no, entity").fetchall()
    waiting: dict[tuple[int, str], int] = {(topic_no, entity): off for topic_no, entity, off in rows}
    flowing: list[Prepared] = []
    held: list[Held] = []
    for each in statements:
        statement, failure = each.statement, each.failure
        if failure is None and not waiting:
            flowing.append(each)
            continue
        key = (statement.record.topic_no, statement.key.entity)
        if key in waiting:
            # Why it fails by itself is kept: a replay must know what has yet to be judged.
            held.append(Held(statement, failure or "waits behind a held event of the same key", waiting[key]))
        elif failure is not None:
            waiting[key] = statement.record.off
            held.append(Held(statement, failure))
        else:
            flowing.append(each)
    return flowing, held


def _part_lost(
    flowing: Sequence[Prepared], ids: Mapping[tuple[int, str], bytes]
) -> tuple[list[Prepared], list[tuple[Statement, bool]]]:
    """Part the events whose id their topic has already, with "same facts": the lowest offset owns an id.

    *ids* are those of the events' own claims: kind and entity are part of what an id is made of, and checked with it. Only
    a topic's own batches append to its log, so that asking first is enough; the table's key stands behind it.
    """
    owners = dict(ids)
    accepted: list[Prepared] = []
    lost: list[tuple[Statement, bool]] = []
    for each in flowing:
        statement = each.statement
        key = (statement.record.topic_no, statement.event_id)
        owner = owners.get(key)
        if owner is None:
            owners[key] = statement.fact.digest
            accepted.append(each)
        else:
            lost.append((statement, owner == statement.fact.digest))
    return accepted, lost


def _headers(record: Record) -> str:
    """Write headers as JSON; what is not text, and NUL, which JSON in PostgreSQL cannot hold, is shown escaped."""
    pairs = [
        [part.encode() if isinstance(part, str) else (part or b"") for part in (name, value)] for name, value in record.headers
    ]
    texts = [[part.decode("utf-8", "backslashreplace").replace("\x00", "\\x00") for part in pair] for pair in pairs]
    return orjson.dumps(texts).decode()


def note_rejection(outcome: Outcome, rejection: Rejection) -> None:
    """Count a rejection and enter it into its topic's receipt."""
    outcome.counts[rejection.record.topic_no, "rejected"] += 1
    outcome.note(
        rejection.record, "rejected", event_id=rejection.event_id, entity=rejection.entity, code=rejection.code,
        reason=rejection.reason,
    )  # fmt: skip


def store_rejections(cur: Cursor, rejections: Sequence[Rejection], batch_no: int) -> None:
    """Keep each rejected record whole: its bytes, key, headers, place, code and reason."""
    lines = [
        line((
            r.record.topic_no, r.record.off, r.event_id, r.entity, r.code, r.reason, r.record.key, r.record.value,
            _headers(r.record), r.record.arrived_ms, batch_no,
        ))
        for r in rejections
    ]  # fmt: skip
    names = "topic_no, off, event_id, entity, code, reason, key, value, headers, arrived_ms, batch_no"
    copy_rows(cur, "log.rejection", names, lines)


def _store_held(cur: Cursor, held: Sequence[Held], outcome: Outcome) -> None:
    lines = []
    for item in held:
        s, record = item.statement, item.statement.record
        outcome.counts[record.topic_no, "held"] += 1
        outcome.note(
            record, "held", event_id=s.event_id, entity=s.key.entity, code="held", reason="事件已保存，待系统处理后计入，无需重报"
        )
        lines.append(line((
            record.topic_no, record.off, s.event_id, s.key.entity, item.reason, item.behind, record.key, record.value,
            _headers(record), record.arrived_ms, outcome.batch_no,
        )))  # fmt: skip
    names = "topic_no, off, event_id, entity, reason, behind, key, value, headers, arrived_ms, batch_no"
    copy_rows(cur, "log.held", names, lines)


def refuse_unbalanced(records: Mapping[int, int], outcome: Outcome) -> None:
    """See that each data record has one outcome, topic by topic, before positions move past it.

    The position table has the same as a constraint, ``position_adds_up``; here it is said which batch breaks it, and how.

    Args:
        records: topic number → data records.
        outcome: what became of them.

    Raises:
        UnbalancedError: they do not add up.
    """
    found: Counter[int] = Counter()
    for (topic_no, _), count in outcome.counts.items():
        found[topic_no] += count
    wrong = [
        f"topic {topic_no}: {records.get(topic_no, 0)} data records, but "
        + " + ".join(f"{outcome.counts[topic_no, name]} {name}" for name in OUTCOMES)
        for topic_no in sorted(records.keys() | found.keys())
        if found[topic_no] != records.get(topic_no, 0)
    ]  # fmt: skip
    if wrong:
        raise UnbalancedError(f"outcomes do not add up to records, nothing of the batch was written: {'; '.join(wrong)}")


def _move_positions(cur: Cursor, spans: Sequence[Span], outcome: Outcome) -> None:
    """Move every position from where the batch begins to where it ends, under the batch's own claims."""
    count = outcome.counts
    moved = cur.execute(
        """UPDATE log.position p SET next_off = b.next_off, last_off = coalesce(b.last_off, p.last_off),
             last_digest = coalesce(b.last_digest, p.last_digest), last_arrived_ms = coalesce(b.last_arrived_ms, p.last_arrived_ms),
             moved_at = now(), accepted = p.accepted + b.accepted, duplicate = p.duplicate + b.duplicate,
             rejected = p.rejected + b.rejected, held = p.held + b.held, skipped = p.skipped + b.skipped
           FROM unnest(%s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bytea[], %s::bigint[], %s::bigint[],
                       %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
             AS b (topic_no, epoch, start, next_off, last_off, last_digest, last_arrived_ms, skipped, accepted, duplicate, rejected, held)
           WHERE p.topic_no = b.topic_no AND p.epoch = b.epoch AND p.next_off = b.start
           RETURNING p.topic_no""",
        (
            *([getattr(span, name) for span in spans] for name in _OF_SPAN),
            *([count[span.topic_no, name] for span in spans] for name in OUTCOMES),
        ),
    ).fetchall()
    if lost := {span.topic_no for span in spans} - {row[0] for row in moved}:
        raise PositionMovedError(f"topics {sorted(lost)}: epoch and offset of the batch are no longer the stored position")


_OF_SPAN = ("topic_no", "epoch", "start", "next_off", "last_off", "last_digest", "last_arrived_ms", "skipped")


def _store_receipts(cur: Cursor, spans: Sequence[Span], outcome: Outcome) -> None:
    """Keep what the relay will tell each bureau: the range, and every record that was not simply accepted."""
    exceptions = [sorted(outcome.exceptions.get(span.topic_no, []), key=lambda entry: entry["offset"]) for span in spans]
    cur.execute(
        """INSERT INTO log.receipt_range (topic_no, first_off, next_off, accepted, exceptions, batch_no, at)
           SELECT r.*, %s, now() FROM unnest(%s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::jsonb[]) AS r""",
        (
            outcome.batch_no,
            [span.topic_no for span in spans],
            [span.start for span in spans],
            [span.next_off for span in spans],
            [outcome.counts[span.topic_no, "accepted"] for span in spans],
            [orjson.dumps(entries).decode() for entries in exceptions],
        ),
    )
