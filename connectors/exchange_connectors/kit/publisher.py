"""The publisher: a typed event in, a receipt out.

An event is validated by its class, written to the spool, sent, and leaves the spool only when Kafka has acknowledged it
on all in-sync replicas. What a crash leaves in the spool is sent again at the next start; the hub counts a repetition
as a duplicate. Nothing connects before :meth:`Publisher.start` (or entering the context).
"""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from exchange_connectors.kit import telemetry
from exchange_connectors.kit.broker import Broker, Delivery, Header, KafkaBroker, Message
from exchange_connectors.kit.errors import NotReadyError, PublishError, RefusedError
from exchange_connectors.kit.ledger import LATER_FORM, Ledger, Said, Sound, Statement, Verdict
from exchange_connectors.kit.receipts import Exceptional, Outcomes, ReceiptBook
from exchange_connectors.kit.store import Store
from exchange_connectors.settings import KafkaSettings
from exchange_contracts import codec, envelope, registry, rules, topics
from exchange_contracts.identity import event_id_text
from exchange_contracts.model import Event
from exchange_contracts.problem import sentences
from exchange_contracts.receipts import Receipt

log = logging.getLogger(__name__)

BATCH_EVENTS = 500
"""Events that share one spool transaction (one fsync)."""

UNDERWAY_EVENTS_MAX = 20_000
"""Events sent and not acknowledged; beyond that publishing waits."""

_RECEIPT_POLL_SECONDS = 0.2

VALUE_BYTES_MAX = 900_000
"""Below Kafka's default of a megabyte for a request: an event that never fits must not enter the spool."""

RESTARTS_MAX = 3
"""Producers rebuilt in a row without a single acknowledgement before publishing fails."""


_MILLIS_MIN, _MILLIS_MAX = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000) for year in (2020, 2100))
"""Times of recording that certainly keep the rules; of others the rules are asked."""


def _sized(value: bytes) -> bytes:
    """Return an event's bytes where they are few enough to travel."""
    if len(value) > VALUE_BYTES_MAX:
        raise PublishError(f"an event of {len(value)} bytes is too large; at most {VALUE_BYTES_MAX} travel")
    return value


@dataclass(frozen=True, slots=True)
class Offered:
    """What became of a statement: the ledger's verdict, and the event if there was news."""

    verdict: Verdict
    event: Event | None


@dataclass(frozen=True, slots=True)
class Line:
    """Where an event stands that comes from no workbook: a line of a file."""

    file: str
    number: int


@dataclass(slots=True)
class _Run:
    """Events with consecutive numbers in the spool that Kafka stored at consecutive offsets."""

    first: int
    last: int
    offset: int


class Publisher:
    """Publishes one bureau's events on its own topic.

    Durability: an event given to :meth:`publish` is in the spool (on disk) once the batch it belongs to is full, and all
    are after :meth:`flush`, which also waits for Kafka. Leaving the context flushes.

    Args:
        settings: how to reach Kafka.
        district: the district's code in topic names.
        bureau: the bureau's code; events of another bureau are refused.
        spool_path: the SQLite file of spool and ledger.
        broker: another broker than Kafka, such as the double for tests.
        clock: seconds since the epoch, for revisions of sources without own ones.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        district: str,
        bureau: str,
        spool_path: Path,
        *,
        broker: Broker | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.bureau = bureau
        self.events_topic = topics.events_topic(district, bureau)
        self.receipts_topic = topics.receipts_topic(district, bureau)
        self._settings = settings
        self._broker: Broker = KafkaBroker(settings) if broker is None else broker
        self._clock = clock
        self.store = Store(spool_path, self.events_topic)
        self._open_books()
        self._batch: list[tuple[bytes, bytes, str, str, str | None, str | None, int | None]] = []
        self._headers: list[list[Header]] = []
        self._underway: deque[tuple[int, Delivery, float]] = deque()
        self._restarts = 0
        self._started = False

    def _open_books(self) -> None:
        self.ledger = Ledger(self.store)
        self._book = ReceiptBook(self.store)
        self._next_seq = 1 + int(self.store.connection.execute("select coalesce(max(seq), 0) from spool").fetchone()[0])

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.flush(self._settings.acknowledge_seconds_max)
        finally:
            self.close()

    def start(self) -> None:
        """Check broker, topics and rights, take the spool and ledger of this very topic, then send what an earlier run left there.

        Where the state file was kept for a topic of another hub, that one is laid aside and this topic's own is taken.

        Raises:
            NotReadyError: something is missing; every lack is named.
        """
        lacks = self._broker.missing([("WRITE", self.events_topic), ("READ", self.receipts_topic)])
        if lacks:
            raise NotReadyError("; ".join(lacks))
        self._send_batch()  # what was said before the start goes with the file that it was weighed against
        if self.store.bind(self._broker.identity(self.events_topic), self._can_serve):
            self._open_books()
        self._started = True
        self._send_spooled()

    def _can_serve(self) -> bool:
        """Say whether a state file of an earlier version can have been kept for the topic as it is: nothing it knows is gone."""
        db = self.store.connection
        known, spooled = (db.execute(f"select count(*) from {table}").fetchone()[0] for table in ("entry", "spool"))
        last = self._book.last_offset()
        if self._broker.end(self.events_topic) < max(last + 1, known - spooled):
            return False
        return self._broker.end(self.receipts_topic) >= self._book.position

    def publish(self, event: Event, *, traceparent: str | None = None, line: Line | None = None) -> None:
        """Spool and send *event*, which carries its source's own revision.

        Args:
            event: the event.
            traceparent: of the trace it belongs to.
            line: where it stands, instead of its origin, for what the hub may say of it.

        Raises:
            RefusedError: the event breaks the rules of its contract, by which the hub would reject it.
            PublishError: the event is another bureau's, the broker refused for good, or nothing was acknowledged in time.
        """
        self._spool(event, self._checked(event), traceparent, line)

    def _checked(self, event: Event) -> bytes:
        """Return an event's bytes once nothing stands against publishing it."""
        if event.bureau != self.bureau:
            raise PublishError(f"an event of bureau {event.bureau} cannot be published as {self.bureau}")
        value = _sized(codec.encode(event))
        try:
            found = rules.problems(*codec.decode_facts(value))
        except codec.DecodeError as error:
            raise RefusedError(error.reason) from error
        if found:
            raise RefusedError(sentences(found))
        return value

    def _spool(self, event: Event, value: bytes, traceparent: str | None, line: Line | None) -> None:
        """Take a checked event into the batch that is written and sent next."""
        origin = event.origin
        place: tuple[str | None, str | None, int | None] = (None, None, None)
        if line is not None:
            place = (line.file, None, line.number)
        elif origin is not None:
            place = (origin.file, origin.sheet, origin.row)
        self._batch.append((event.entity_key.encode(), value, str(event.event_id), type(event).__name__, *place))
        self._headers.append(envelope.headers(event, traceparent))
        if len(self._batch) >= BATCH_EVENTS:
            self._send_batch()

    def offer(self, statement: Statement, source: str, line: Line | None = None, said: Said | None = None) -> Offered:
        """Publish *statement* if it is news to the ledger, under the next revision.

        Args:
            statement: what the bureau says now.
            source: the system it comes from (part of the event's identity).
            line: as for :meth:`publish`.
            said: what it covers and says, where that was worked out before.

        Raises:
            pydantic.ValidationError: the facts break the contract.
            RefusedError, PublishError: as for :meth:`publish`.
        """
        offered = self.consider(statement, source, said)
        telemetry.STATEMENTS.labels(self.bureau, offered.verdict).inc()
        if offered.event is not None:
            value = self._checked(offered.event)
            self.ledger.note(offered.event)
            self._spool(offered.event, value, None, line)
        return offered

    def offer_sound(self, sound: Sound) -> Verdict | None:
        """Publish sound facts if they are news, as :meth:`offer` does their statement; ``None`` where that must be asked."""
        contract, facts, slot = registry.load().latest(sound.type), sound.facts, sound.slot
        now_millis = int(self._clock() * 1000)
        if facts["bureau"] != self.bureau or not _MILLIS_MIN <= now_millis < _MILLIS_MAX or self.ledger.entity_key(contract.kind, [slot.entity_key]) != slot.entity_key:
            return None
        verdict, known = self.ledger.weigh_said(Said(slot, sound.digest), sound.occurred_on, sound.dated)
        telemetry.STATEMENTS.labels(self.bureau, verdict).inc()
        if verdict in (Verdict.UNCHANGED, Verdict.OLDER):
            return verdict
        revision = now_millis if known is None else max(known.revision + 1, now_millis)
        subkey = "|".join(map(str, (facts[name] for name in contract.subkey)))
        event_id = event_id_text(facts["source"], contract.family, subkey, slot.entity_key, revision)
        facts |= {"event_id": event_id, "revision": revision, "recorded_at": now_millis}
        value = _sized(codec.encode_facts(contract, facts))
        self.ledger.note_sound(sound, revision)
        origin = facts["origin"]
        self._batch.append((slot.entity_key.encode(), value, event_id, sound.type, origin["file"], origin["sheet"], origin["row"]))
        self._headers.append(envelope.headers_of(contract, facts))
        if len(self._batch) >= BATCH_EVENTS:
            self._send_batch()
        return verdict

    def consider(self, statement: Statement, source: str, said: Said | None = None) -> Offered:
        """Return what :meth:`offer` would publish, without publishing or remembering it."""
        now_millis = int(self._clock() * 1000)
        entity_key = self.ledger.entity_key(registry.load().latest(statement.type).kind, [statement.entity_key])
        given: dict[str, Any] = {
            **statement.facts,
            "bureau": self.bureau,
            "source": source,
            "entity_key": entity_key,
            "recorded_at": datetime.fromtimestamp(now_millis / 1000, UTC),
        }
        draft: Event | None = None
        if said is None or said.slot.entity_key != entity_key:
            draft = codec.class_of(statement.type)(**given, revision=now_millis)
            verdict, known = self.ledger.weigh(draft, statement.dated)
        else:
            verdict, known = self.ledger.weigh_said(said, statement.facts["occurred_on"], statement.dated)
        if verdict in (Verdict.UNCHANGED, Verdict.OLDER):
            return Offered(verdict, None)
        if known is None:
            return Offered(verdict, draft or codec.class_of(statement.type)(**given, revision=now_millis))
        later = codec.class_of(LATER_FORM.get(statement.type, statement.type))
        return Offered(verdict, later(**given, revision=max(known.revision + 1, now_millis)))

    def flush(self, timeout: float) -> None:
        """Make everything durable and wait until Kafka has acknowledged it.

        Args:
            timeout: seconds.

        Raises:
            PublishError: not everything was acknowledged in time; it stays in the spool for the next start.
        """
        self._send_batch()
        deadline = time.monotonic() + timeout
        while self._underway:
            self._broker.flush(min(0.5, max(0.0, deadline - time.monotonic())))
            self._collect()
            if self._underway and time.monotonic() >= deadline:
                telemetry.PUBLISH_ERRORS.labels(self.bureau, "unacknowledged").inc()
                raise PublishError(
                    f"{len(self._underway)} events were not acknowledged within {timeout:g} s; "
                    "they stay in the spool and are sent again at the next start"
                )

    def receipts(self, timeout: float) -> Iterator[Receipt]:
        """Yield receipts that have come since the last call, and book them; wait up to *timeout* seconds for a first."""
        deadline = time.monotonic() + timeout
        while True:
            self._collect()
            if self._broker.end(self.receipts_topic) < self._book.position:
                self._book.rewind()  # the topic was made anew; receipts may be booked twice without harm
            records = self._broker.read(self.receipts_topic, self._book.position, max(5.0, timeout))
            fresh = self._book.take(records, self.events_topic, self._broker.identity(self.events_topic))
            for receipt in fresh:
                self._count(receipt)
                yield receipt
            if fresh or time.monotonic() >= deadline:
                return
            time.sleep(_RECEIPT_POLL_SECONDS)

    def wait_for_receipts(self, timeout: float) -> Outcomes:
        """Wait until the hub has answered for every acknowledged event, at most *timeout* seconds; return the counts."""
        deadline = time.monotonic() + timeout
        while True:
            for _ in self.receipts(0):
                pass
            outcomes = self._book.outcomes()
            if outcomes.awaited == 0 or time.monotonic() >= deadline:
                return outcomes
            time.sleep(_RECEIPT_POLL_SECONDS)

    def awaited(self, file: str) -> int:
        """Return how many events of *file* the hub has not answered for yet."""
        return self._book.awaited(file)

    def exceptions(self, file: str | None = None) -> list[Exceptional]:
        """Return what the hub did not simply accept (of one file, where given)."""
        return self._book.exceptions(file)

    def forget_exceptions(self, file: str | None = None) -> None:
        """Drop the exceptions of *file*, which is about to be stated anew, or all of them, once they were told."""
        with self.store.transaction() as db:
            db.execute("delete from exception where ? is null or file = ?", (file, file))

    def rebuild_ledger(self, timeout: float, alias_fields: Mapping[str, tuple[str, ...]] | None = None) -> int:
        """Rebuild the ledger from the bureau's own topic and the spool; return the number of events read.

        Args:
            timeout: seconds for reading the topic.
            alias_fields: kind → fields whose values name the same thing as its key (from the mapping).

        Raises:
            NotReadyError: the topic cannot be read (the user needs READ on its own events topic).
        """
        self._send_batch()
        values = [record.value for record in self._broker.read(self.events_topic, 0, timeout)]
        values += [row[0] for row in self.store.connection.execute("select value from spool order by seq")]
        with self.store.transaction():
            self.ledger.clear()
            return self.ledger.rebuild(values, alias_fields or {})

    def spooled(self) -> int:
        """Return how many events are in the spool: not yet acknowledged by Kafka."""
        return len(self._batch) + int(self.store.connection.execute("select count(*) from spool").fetchone()[0])

    def close(self) -> None:
        """Let go of broker and file without waiting; what is in the spool stays there."""
        self._broker.close()
        self.store.close()

    def _count(self, receipt: Receipt) -> None:
        exceptional = [item.outcome for item in receipt.exceptions]
        for outcome in exceptional:
            telemetry.RECEIPT_OUTCOMES.labels(self.bureau, outcome).inc()
        telemetry.RECEIPT_OUTCOMES.labels(self.bureau, "accepted").inc(receipt.accepted)

    def _send_batch(self) -> None:
        """Write the batch and the ledger's news to disk in one transaction, then send."""
        if not self._batch and not self.ledger.unsaved:
            return
        batch, self._batch = self._batch, []
        headers, self._headers = self._headers, []
        rows = [(seq, *row) for seq, row in enumerate(batch, self._next_seq)]
        self._next_seq += len(rows)
        runs, failure = self._harvest()
        with self.store.transaction() as db:
            self._settle(runs)
            db.executemany("insert into spool values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            self.ledger.save()
        for type_, count in Counter(row[4] for row in rows).items():
            telemetry.EVENTS_SPOOLED.labels(self.bureau, type_).inc(count)
        if not self._started:
            return  # sent at start
        if failure is not None:
            self._watch(failure)  # makes the producer anew, which sends the whole spool, this batch with it
            return
        since = time.monotonic()
        for row, head in zip(rows, headers, strict=True):
            if not self._send(row[0], Message(row[1], row[2], head), since):
                return  # as above
        self._watch(None)

    def _send_spooled(self) -> None:
        """Send everything in the spool, oldest first, a page at a time."""
        last = 0
        while True:
            page = self.store.connection.execute(
                "select seq, key, value from spool where seq > ? order by seq limit ?", (last, BATCH_EVENTS)
            ).fetchall()
            since = time.monotonic()
            for seq, key, value in page:
                if not self._send(seq, Message(key, value, envelope.headers(codec.decode(value))), since):
                    return
                last = seq
            if len(page) < BATCH_EVENTS:
                return

    def _send(self, seq: int, message: Message, since: float) -> bool:
        """Hand one event to the broker; say ``False`` where that made the whole spool be sent anew."""
        if len(self._underway) >= UNDERWAY_EVENTS_MAX:
            self._wait_for_room()
        try:
            delivery = self._broker.send(self.events_topic, message)
        except TimeoutError as error:
            self._restart(str(error))
            return False
        self._underway.append((seq, delivery, since))
        return True

    def _wait_for_room(self) -> None:
        while len(self._underway) >= UNDERWAY_EVENTS_MAX:
            self._broker.flush(_RECEIPT_POLL_SECONDS)
            self._collect()

    def _collect(self) -> None:
        """Take acknowledged events out of the spool; have a look at the oldest that is not."""
        runs, failure = self._harvest()
        if runs:
            with self.store.transaction():
                self._settle(runs)
        self._watch(failure)

    def _harvest(self) -> tuple[list[_Run], Exception | None]:
        """Return the acknowledged events at the head of the queue as runs, and what failed behind them."""
        runs: list[_Run] = []
        while self._underway:
            seq, delivery, _ = self._underway[0]
            try:
                offset = delivery.offset()
            except (TimeoutError, PublishError) as error:
                return runs, error
            if offset is None:
                break
            self._underway.popleft()
            if runs and runs[-1].last + 1 == seq and runs[-1].offset + seq - runs[-1].first == offset:
                runs[-1].last = seq
            else:
                runs.append(_Run(seq, seq, offset))
        return runs, None

    def _settle(self, runs: list[_Run]) -> None:
        """Book acknowledged runs; call inside a transaction."""
        for run in runs:
            self._restarts = 0
            self._book.acknowledged(run.first, run.last, run.offset)
            telemetry.EVENTS_ACKNOWLEDGED.labels(self.bureau).inc(run.last - run.first + 1)

    def _watch(self, failure: Exception | None) -> None:
        """Rebuild the producer when the oldest event has waited too long; kafka-python was seen to hang for ever."""
        oldest_seconds = time.monotonic() - self._underway[0][2] if self._underway else 0.0
        telemetry.SPOOL_DEPTH.labels(self.bureau).set(len(self._underway) + len(self._batch))
        telemetry.OLDEST_UNACKNOWLEDGED_SECONDS.labels(self.bureau).set(oldest_seconds)
        if isinstance(failure, PublishError):
            telemetry.PUBLISH_ERRORS.labels(self.bureau, "refused").inc()
            raise failure
        if failure is not None:
            self._restart(str(failure))
        elif oldest_seconds > self._settings.acknowledge_seconds_max:
            self._restart(f"no acknowledgement for {oldest_seconds:.0f} s")

    def _restart(self, reason: str) -> None:
        """Make the producer anew and send the spool again, in order."""
        self._restarts += 1
        self._underway.clear()
        telemetry.PRODUCER_RESTARTS.labels(self.bureau).inc()
        if self._restarts > RESTARTS_MAX:
            telemetry.PUBLISH_ERRORS.labels(self.bureau, "unacknowledged").inc()
            raise PublishError(f"{self.events_topic}: {reason}; {self.spooled()} events stay in the spool")
        log.warning("%s: %s; rebuilding the producer from the spool", self.events_topic, reason)
        self._broker.restart()
        self._send_spooled()
