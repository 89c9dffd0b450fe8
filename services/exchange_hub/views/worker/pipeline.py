"""From a poll to a committed batch: read it, commit it, and decide what a failure means."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import psycopg
from psycopg import errors

from exchange_connectors.kit.batches import record_digest
from exchange_hub.views.reading import read
from exchange_hub.views.statement import Record, Rejection
from exchange_hub.views.store import commit as store
from exchange_hub.views.store.positions import Claimed, stored
from exchange_hub.views.store.prepared import Prepared, prepared
from exchange_hub.views.worker.driver import Poll

log = logging.getLogger(__name__)

#: Waits between attempts while the database is away, in seconds: quick at first (a restart takes a second or two),
#: then slow enough not to add to its trouble. A batch is never given up: it is retried in place.
RETRY_SECONDS: tuple[float, ...] = (0.1, 0.2, 0.5, 1, 1, 2, 2, 5)


class FencedError(Exception):
    """Another worker claimed topics of a batch; nothing of the batch was written.

    A worker that still takes one of *topics* (topic → epoch of its own claim) for its own must stop.
    """

    def __init__(self, topics: Mapping[str, int]) -> None:
        super().__init__(f"another worker claimed {', '.join(sorted(topics))}; nothing of this batch was written")
        self.topics = topics


class Rewind(NamedTuple):
    """A batch was dropped: read on from these positions (topic name → offset).

    They are those of every topic that the worker holds: with the batch goes whatever was read after it, also of topics
    that are not in it. A topic left out would keep a gap until its next record comes.
    """

    positions: Mapping[str, int]


class Dropped(NamedTuple):
    """A batch of an earlier claim of this same worker was dropped; the claim since then has its own place.

    Attributes:
        topics: topic → epoch of the batch's claim. A worker that still goes by one of them reads what the store
            refuses for good.
    """

    topics: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Done:
    """A batch was committed."""

    outcome: store.Outcome
    events: Sequence[Prepared]
    rejections: Sequence[Rejection]
    batch: store.Batch


def read_poll(poll: Poll, context: store.Context) -> store.Batch:
    """Turn a poll into a batch; pure but for the names of topics in *context*."""
    statements: list[Prepared] = []
    rejections: list[Rejection] = []
    spans = []
    for topic, records in sorted(poll.records.items()):
        claimed = poll.claims[topic]
        bureau = context.topics.bureau_of[claimed.topic_no]
        for raw in records:
            record = Record(claimed.topic_no, raw.offset, raw.timestamp, raw.key, raw.value, raw.headers)
            result = read(record, bureau, context.rules)
            if isinstance(result, Rejection):
                rejections.append(result)
            else:
                statements.append(prepared(*result))
        spans.append(_span(claimed, poll.starts[topic], poll.ends[topic], records))
    return store.Batch(spans, statements, rejections)


def _span(claimed: Claimed, start: int, end: int, records: Sequence[Any]) -> store.Span:
    skipped = end - start - len(records)
    if not records:
        return store.Span(claimed.topic_no, claimed.epoch, start, end, None, None, None, skipped)
    if records[0].offset < start:
        raise ValueError(
            f"topic {claimed.name}: a record at offset {records[0].offset} came where {start} was expected; its log was cut off"
        )
    last = records[-1]
    digest = record_digest(last.key, last.value)
    return store.Span(claimed.topic_no, claimed.epoch, start, end, last.offset, digest, last.timestamp, skipped)


class Committer:
    """Commits batches in order over one connection, which it opens again when it breaks.

    Args:
        connect: opens a connection.
        context: topics and configuration.
        owner: name under which this process claims topics, unique to it.
        pause: waits so many seconds between attempts; tests and shutdown replace it.
    """

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection],
        context: store.Context,
        owner: str,
        pause: Callable[[float], Any] = time.sleep,
    ) -> None:
        self._connect = connect
        self._context = context
        self._owner = owner
        self._pause = pause
        self._conn: psycopg.Connection | None = None

    def connection(self) -> psycopg.Connection:
        """Return the prepared connection, opening one where there is none."""
        if self._conn is None or self._conn.closed:
            self._conn = self._connect()
            store.prepare(self._conn, self._context.schema)
        return self._conn

    def close(self) -> None:
        """Close the connection."""
        if self._conn is not None:
            self._conn.close()

    def commit(self, batch: store.Batch) -> Done | Rewind | Dropped:
        """Commit a batch, whatever it takes.

        Returns:
            ``Done`` where its transaction committed — also where that was learnt only afterwards —, ``Rewind`` where
            the stored positions say that it does not belong here, ``Dropped`` where this worker claimed anew since.

        Raises:
            FencedError: another worker has a later claim.
        """
        attempt = 0
        doubtful = False
        while True:
            try:
                if doubtful and (settled := self._settle(batch)) is not None:
                    return settled
                outcome = store.commit(self.connection(), batch, self._context)
                return Done(outcome, batch.statements, batch.rejections, batch)
            except store.PositionMovedError:
                doubtful = True
            except psycopg.Error as error:
                if store.refuses_data(error):
                    return self._piecemeal(batch, error)
                doubtful = True
                wait = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
                attempt += 1
                log.warning("commit failed, trying the same batch again in %.1f s: %s", wait, store.first_line(error))
                if isinstance(error, errors.LockNotAvailable):
                    self._free_lock()
                elif isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError, errors.AdminShutdown)):
                    self._drop_connection()
                self._pause(wait)

    def _free_lock(self) -> None:
        store.end_stuck(self.connection(), self._context.district_no)

    def _drop_connection(self) -> None:
        if self._conn is not None:
            self._conn.close()
        self._conn = None

    def _settle(self, batch: store.Batch) -> Done | Rewind | Dropped | None:
        """Compare a batch of unknown outcome with the stored positions; ``None`` asks for another attempt."""
        places = stored(self.connection(), [span.topic_no for span in batch.spans])
        names = {no: name for name, no in self._names().items()}
        at = {no: (place.epoch, place.next_off) for no, place in places.items()}
        if all(at.get(span.topic_no) == (span.epoch, span.next_off) for span in batch.spans):
            return Done(store.Outcome(0), (), (), batch)
        if all(at.get(span.topic_no) == (span.epoch, span.start) for span in batch.spans):
            return None
        lost = {names[s.topic_no]: s.epoch for s in batch.spans if places[s.topic_no].owner != self._owner}
        if lost:
            raise FencedError(lost)
        if older := {names[s.topic_no]: s.epoch for s in batch.spans if places[s.topic_no].epoch != s.epoch}:
            return Dropped(older)
        return Rewind(self._held())

    def _held(self) -> Mapping[str, int]:
        rows = self.connection().execute(
            "SELECT t.name, p.next_off FROM log.position p JOIN log.topic t USING (topic_no) WHERE p.owner = %s", (self._owner,)
        ).fetchall()
        return dict(rows)

    def _names(self) -> Mapping[str, int]:
        rows = self.connection().execute("SELECT name, topic_no FROM log.topic").fetchall()
        return dict(rows)

    def _piecemeal(self, batch: store.Batch, error: psycopg.Error) -> Done | Rewind | Dropped:
        """Commit a batch with data that the database refuses in halves, until an event stands alone: that one is held.

        Each half is committed for good: whatever happens meanwhile, nothing is done twice, and between two of them other
        workers commit.
        """
        if len(batch.statements) + len(batch.rejections) < 2:
            return self.commit(replace(batch, statements=[self._culprit(batch, error)]))
        outcome, last = store.Outcome(0), 0
        for half in halved(batch):
            done = self.commit(half)
            if not isinstance(done, Done):
                return done
            outcome.counts += done.outcome.counts
            last = done.outcome.batch_no
        return Done(replace(outcome, batch_no=last), batch.statements, batch.rejections, batch)

    @staticmethod
    def _culprit(batch: store.Batch, error: psycopg.Error) -> Prepared:
        """Mark the only event of a batch as one whose data the database refuses."""
        if not batch.statements or batch.statements[0].failure is not None:
            raise error  # not an event's data: a defect that a person must see
        (culprit,) = batch.statements
        statement = culprit.statement
        why = f"the database refuses its data: {store.first_line(error)}"
        log.error(
            "holding event %s of topic %s at offset %d: %s", statement.event_id, statement.record.topic_no, statement.record.off, why
        )
        return culprit._replace(failure=why)


def halved(batch: store.Batch) -> tuple[store.Batch, store.Batch]:
    """Cut a batch of several records in two, in the order of topic and offset; a topic's span is cut at a record."""
    records = sorted([each.statement.record for each in batch.statements] + [each.record for each in batch.rejections])
    middle = len(records) // 2
    first, cut = records[:middle], store.place_of(records[middle])
    spans: tuple[list[store.Span], list[store.Span]] = ([], [])
    for span in batch.spans:
        if span.topic_no != cut[0] or cut[1] == span.start:
            spans[span.topic_no >= cut[0]].append(span)
            continue
        inside = [record for record in first if record.topic_no == span.topic_no]
        before = replace(span, next_off=cut[1], last_off=None, last_digest=None, last_arrived_ms=None, skipped=cut[1] - span.start - len(inside))
        if inside:
            last = inside[-1]
            digest = record_digest(last.key, last.value)
            before = replace(before, last_off=last.off, last_digest=digest, last_arrived_ms=last.arrived_ms)
        spans[0].append(before)
        spans[1].append(replace(span, start=cut[1], skipped=span.skipped - before.skipped))
    return (
        store.Batch(
            spans[0], [s for s in batch.statements if store.place_of(s.statement.record) < cut],
            [r for r in batch.rejections if store.place_of(r.record) < cut],
        ),
        store.Batch(
            spans[1], [s for s in batch.statements if store.place_of(s.statement.record) >= cut],
            [r for r in batch.rejections if store.place_of(r.record) >= cut],
        ),
    )  # fmt: skip
