"""Try held events again, in their order, after a fold was mended: what passes now is logged, folded and receipted.

Nothing else differs from a first arrival: the event keeps its topic, offset and arrival time. The work goes in short
transactions, so that batches commit in between; each leaves the held events as if no other were to follow. A replay that
was stopped has done what it has done, and the next one goes on with the rest.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

import orjson
import psycopg

from exchange_hub.views.reading import UNCHECKED, read, read_judged
from exchange_hub.views.statement import Record, Rejection
from exchange_hub.views.store import commit as store
from exchange_hub.views.store.copying import copy_rows, line
from exchange_hub.views.store.prepared import prepared
from exchange_hub.views.store.stamp import read_stamp, refuse_other

#: Held events tried in one transaction, at most: some tenths of a second under the commit lock.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of the held events: (outcome) → how many; *held* ones wait on."""

    counts: Counter[str]


class _Share(NamedTuple):
    """Keys of one topic whose held events are tried together: all of each key, those beyond the offset *after*."""

    topic_no: int
    entities: list[str]
    after: int


class _Row(NamedTuple):
    """A held event as its table has it; headers are JSON."""

    off: int
    event_id: str
    entity: str
    reason: str
    behind: int | None
    key: bytes | None
    value: bytes | None
    headers: str
    arrived_ms: int
    batch_no: int


def replay(conn: psycopg.Connection, context: store.Context, note: Callable[[Replayed], None] = lambda _done: None) -> Replayed:
    """Try every event that is held now, in short transactions; a prepared connection is expected.

    An event whose data the database still refuses waits on, with those behind it; it is found by halving.

    Args:
        conn: the connection, outside of a transaction.
        context: topics, rules and stamp.
        note: told after each transaction what became of the events so far.

    Raises:
        StampError: the views were filled under another stamp.
        UnbalancedError: an event that was tried has no outcome or several; its transaction wrote nothing.
    """
    done = Replayed(Counter())
    for share in _shares(conn, context):
        for counts in _shared(conn, context, share):
            done.counts.update(counts)
            note(done)
    return done


def _shares(conn: psycopg.Connection, context: store.Context) -> Iterator[_Share]:
    """Part the keys of held events, the oldest first, into shares that a transaction can take; a longer key is alone in its share."""
    rows = conn.execute(
        # Events of a bureau that left the registry cannot be read; they wait on.
        "SELECT topic_no, entity, count(*), min(off) FROM log.held WHERE topic_no = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 4",
        (list(context.topics.bureau_of),),
    ).fetchall()
    share, size = _Share(0, [], -1), 0
    for topic_no, entity, count, first in rows:
        if share.entities and (topic_no != share.topic_no or size + count > AT_ONCE):
            yield share
            share, size = _Share(0, [], -1), 0
        if not share.entities:
            share = _Share(topic_no, [], first - 1)
        share.entities.append(entity)
        size += count
    if share.entities:
        yield share


def _shared(conn: psycopg.Connection, context: store.Context, share: _Share) -> Iterator[Counter[str]]:
    """Try the events of a share, transaction by transaction; yield the outcomes of each."""
    refused: dict[int, str] = {}
    left, count, more = share, AT_ONCE, True
    while more:
        try:
            with conn.transaction(), conn.cursor() as cur:
                counts, tried, more = _try(cur, context, left, refused, count)
        except psycopg.Error as error:
            if not store.refuses_data(error):
                raise
            if count == 1:
                _refuse(conn, left, refused, error)
            count = max(1, count // 2)
            continue
        left, count = left._replace(after=tried), min(2 * count, AT_ONCE)
        yield counts


def _refuse(conn: psycopg.Connection, share: _Share, refused: dict[int, str], error: psycopg.Error) -> None:
    """Note that the database refuses the share's next event; raise where that was known already: it is not the event's data."""
    row = conn.execute(
        "SELECT min(off) FROM log.held WHERE topic_no = %s AND off > %s AND entity = ANY(%s)",
        (share.topic_no, share.after, share.entities),
    ).fetchone()
    if row is None or row[0] is None or row[0] in refused:
        raise error
    refused[row[0]] = f"the database refuses its data: {store.first_line(error)}"


def _try(
    cur: store.Cursor, context: store.Context, share: _Share, refused: Mapping[int, str], count: int
) -> tuple[Counter[str], int, bool]:
    """Try the first *count* held events of a share; return the outcomes, the last offset tried, and whether more are left."""
    store.lock(cur, context.district_no)
    refuse_other(read_stamp(cur, context.schema), context.stamp)
    rows = _take(cur, share)
    tried, left = rows[:count], rows[count:]
    if not tried:
        return Counter(), share.after, False
    row = cur.execute("SELECT nextval('log.batch_no')").fetchone()
    outcome = store.Outcome(row[0] if row else 0)
    statements, rejections = [], []
    for row_held in tried:
        record = _record(share.topic_no, row_held)
        # It was found sound when it came, and the rules of that time stand; one whose check failed has yet to be judged.
        judge = read if row_held.reason.startswith(UNCHECKED) else read_judged
        result = judge(record, context.topics.bureau_of[share.topic_no], context.rules)
        if isinstance(result, Rejection):
            rejections.append(result)
            continue
        each = prepared(*result)
        statements.append(each._replace(failure=refused.get(record.off, each.failure)))
    draft = store.draw_up(cur, statements, context)
    store.write_draft(cur, draft, context, outcome)
    for rejection in rejections:
        store.note_rejection(outcome, rejection)
    store.store_rejections(cur, rejections, outcome.batch_no)
    heads: dict[str, int] = {}
    for held in draft.held:
        heads.setdefault(held.statement.key.entity, held.statement.record.off if held.behind is None else held.behind)
    store.refuse_unbalanced({share.topic_no: len(tried)}, outcome)
    _put_back(cur, share.topic_no, left, {each.entity for each in tried}, heads)
    _settle(cur, share.topic_no, [each.off for each in tried], outcome)
    return Counter({name: number for (_, name), number in outcome.counts.items()}), tried[-1].off, bool(left)


def _take(cur: store.Cursor, share: _Share) -> list[_Row]:
    """Take a share's held events out of their table, in topic order: also those that came since, for they wait behind others."""
    rows = cur.execute(
        """DELETE FROM log.held WHERE topic_no = %s AND off > %s AND entity = ANY(%s)
           RETURNING off, event_id::text, entity, reason, behind, key, value, headers::text, arrived_ms, batch_no""",
        (share.topic_no, share.after, share.entities),
    ).fetchall()
    return [_Row(*row) for row in sorted(rows, key=lambda row: row[0])]


def _record(topic_no: int, row: _Row) -> Record:
    headers = [(name, text.encode()) for name, text in orjson.loads(row.headers)]
    return Record(topic_no, row.off, row.arrived_ms, row.key, row.value, headers)


def _put_back(cur: store.Cursor, topic_no: int, rows: Sequence[_Row], tried: AbstractSet[str], heads: dict[str, int]) -> None:
    """Let the others wait on: of keys that were *tried* behind the event that waits now (key → offset), else behind their own first."""
    lines = []
    for row in rows:
        back = row
        if row.entity in tried and (head := heads.setdefault(row.entity, row.off)) != row.off:
            back = row._replace(behind=head)
        elif row.entity in tried:
            back = row._replace(behind=None, reason="its replay goes on here")
        lines.append(line((topic_no, *back)))
    copy_rows(cur, "log.held", f"topic_no, {', '.join(_Row._fields)}", lines)


def _settle(cur: store.Cursor, topic_no: int, tried: Sequence[int], outcome: store.Outcome) -> None:
    """Correct the topic's counts, and keep a receipt for every event (offset) whose outcome is another now."""
    noted = {entry["offset"]: entry for entry in outcome.exceptions[topic_no]}
    told = [(off, noted.get(off)) for off in tried]
    receipts = [(off, entry) for off, entry in told if entry is None or entry["outcome"] != "held"]
    count = outcome.counts
    cur.execute(
        """WITH settled AS (
             UPDATE log.position SET accepted = accepted + %s, duplicate = duplicate + %s, rejected = rejected + %s,
               held = held - %s + %s WHERE topic_no = %s)
           INSERT INTO log.receipt_range (topic_no, first_off, next_off, accepted, exceptions, batch_no, at)
           SELECT %s, off, off + 1, accepted, exceptions, nextval('log.batch_no'), now()
           FROM unnest(%s::bigint[], %s::bigint[], %s::jsonb[]) AS r (off, accepted, exceptions)""",
        (
            count[topic_no, "accepted"], count[topic_no, "duplicate"], count[topic_no, "rejected"], len(tried), count[topic_no, "held"],
            topic_no, topic_no,
            [off for off, _ in receipts],
            [1 if entry is None or entry["outcome"] == "superseded" else 0 for _, entry in receipts],
            [orjson.dumps([] if entry is None else [entry]).decode() for _, entry in receipts],
        ),
    )  # fmt: skip
