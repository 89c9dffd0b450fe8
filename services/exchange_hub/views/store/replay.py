"""Try held events again, in their order, after a fold was mended: what passes now is logged, folded and receipted.

Nothing else differs from a first arrival: the event keeps its topic, offset and arrival time.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg

from exchange_hub.views.reading import read
from exchange_hub.views.statement import Place, Record, Rejection
from exchange_hub.views.store import commit as store
from exchange_hub.views.store.prepared import prepared
from exchange_hub.views.store.stamp import read_stamp, refuse_other


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of the held events: (outcome) → how many; *held* ones wait on."""

    counts: Counter[str]


def replay(conn: psycopg.Connection, context: store.Context) -> Replayed:
    """Try every held event again in one transaction; a prepared connection is expected.

    An event whose data the database still refuses waits on, with those behind it; it is found by halving.

    Raises:
        StampError: the views were filled under another stamp.
    """
    refused: dict[Place, str] = {}
    while True:
        try:
            with conn.transaction(), conn.cursor() as cur:
                return _replay(cur, context, refused)
        except psycopg.Error as error:
            if not store.refuses_data(error):
                raise
            place = _culprit(conn, context, refused)
            if place is None or place in refused:
                raise
            refused[place] = f"the database refuses its data: {store.first_line(error)}"


def _replay(cur: store.Cursor, context: store.Context, refused: Mapping[Place, str], first: int | None = None) -> Replayed:
    """Try the *first* held events, all where it is not given."""
    store.lock(cur, context.district_no)
    refuse_other(read_stamp(cur, context.schema), context.stamp)
    records = _take(cur)[:first]
    if not records:
        return Replayed(Counter())
    row = cur.execute("SELECT nextval('log.batch_no')").fetchone()
    outcome = store.Outcome(row[0] if row else 0)
    statements, rejections = [], []
    for record in records:
        bureau = context.topics.bureau_of[record.topic_no]
        result = read(record, bureau, context.rules)
        if isinstance(result, Rejection):
            rejections.append(result)
            continue
        why = refused.get(store.place_of(record))
        each = prepared(*result)
        statements.append(each if why is None else each._replace(failure=why))
    store.write_draft(cur, store.draw_up(cur, statements, context), context, outcome)
    for rejection in rejections:
        store.note_rejection(outcome, rejection)
    store.store_rejections(cur, rejections, outcome.batch_no)
    _settle(cur, records, outcome)
    counts: Counter[str] = Counter()
    for (_, name), count in outcome.counts.items():
        counts[name] += count
    return Replayed(counts)


def _culprit(conn: psycopg.Connection, context: store.Context, refused: Mapping[Place, str]) -> Place | None:
    """Find the first held event whose data the database refuses, in transactions that are always rolled back."""
    places = conn.execute("SELECT topic_no, off FROM log.held ORDER BY topic_no, off").fetchall()
    low, high = 0, len(places)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            with conn.transaction(force_rollback=True), conn.cursor() as cur:
                _replay(cur, context, refused, middle)
            low = middle
        except psycopg.Error as error:
            if not store.refuses_data(error):
                raise
            high = middle
    return places[high - 1] if places else None


def _take(cur: store.Cursor) -> list[Record]:
    """Take all held records out of their table, in topic order."""
    rows = cur.execute("DELETE FROM log.held RETURNING topic_no, off, arrived_ms, key, value, headers").fetchall()
    return [
        Record(no, off, arrived_ms, key, value, [(name, text.encode()) for name, text in headers])
        for no, off, arrived_ms, key, value, headers in sorted(rows, key=lambda row: row[:2])
    ]


def _settle(cur: store.Cursor, records: Sequence[Record], outcome: store.Outcome) -> None:
    """Correct the topics' counts, and keep a receipt for every event whose outcome is another now."""
    taken = Counter(record.topic_no for record in records)
    count = outcome.counts
    for no, held in taken.items():
        cur.execute(
            """UPDATE log.position SET accepted = accepted + %s, duplicate = duplicate + %s, rejected = rejected + %s,
                 held = held - %s + %s WHERE topic_no = %s""",
            (count[no, "accepted"], count[no, "duplicate"], count[no, "rejected"], held, count[no, "held"], no),
        )
    noted = {(no, entry["offset"]): entry for no, entries in outcome.exceptions.items() for entry in entries}
    for record in records:
        entry = noted.get((record.topic_no, record.off))
        if entry is not None and entry["outcome"] == "held":
            continue
        exceptions = [] if entry is None else [entry]
        accepted = 1 if entry is None or entry["outcome"] == "superseded" else 0
        store.store_receipt(cur, (record.topic_no, record.off, record.off + 1), accepted, exceptions)
