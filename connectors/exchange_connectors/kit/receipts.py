"""The hub's answers, booked against what was sent: one row per exception, ranges for the rest."""

import json
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from exchange_connectors.kit.broker import Record
from exchange_connectors.kit.store import Store
from exchange_contracts.receipts import VERSION, Receipt

log = logging.getLogger(__name__)

AWAITING_MAX = 2_000_000
"""Acknowledged events remembered until the hub answers; a source that never reads receipts keeps no more."""


@dataclass(frozen=True, slots=True)
class Exceptional:
    """An event the hub did not simply accept: outcome, reason and the place it came from."""

    offset: int
    event_id: str | None
    type: str | None
    entity_key: str | None
    file: str | None
    sheet: str | None
    row: int | None
    outcome: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Counts of the events answered for since the publisher was opened, and of those still awaited."""

    accepted: int
    duplicate: int
    rejected: int
    held: int
    superseded: int
    awaited: int


def _read(record: Record) -> Receipt | None:
    """Return a receipt; one that cannot be read is said and passed: what it answers for stays unanswered."""
    try:
        receipt = Receipt.from_bytes(record.value)
    except ValidationError:
        log.exception("offset %d of the receipts topic holds no receipt", record.offset)
        return None
    if receipt.version > VERSION:
        log.error("offset %d of the receipts topic is a receipt of version %d, newer than this connector reads (%d): update it", record.offset, receipt.version, VERSION)
        return None
    return receipt


def _merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges of offsets (first, next) in order, those that touch as one.

    >>> _merged([(5, 7), (0, 3), (3, 5), (9, 10)])
    [(0, 7), (9, 10)]
    """
    merged: list[tuple[int, int]] = []
    for first, following in sorted(ranges):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(following, merged[-1][1])
        else:
            merged.append((first, following))
    return merged


class ReceiptBook:
    """Receipts as booked in the store; the position in the receipts topic lies beside them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._settled: Counter[str] = Counter()
        if store.meta("receipts_told") is None and self.position:
            self._read_anew()

    def _read_anew(self) -> None:
        """Read everything once more where an earlier version kept the file: it passed over receipts that it could not read."""
        with self._store.transaction():
            self._store.set_meta("receipts_told", json.dumps([(0, int(self._store.meta("receipts_covered") or 0))]))
            self._store.set_meta("receipts_known", str(self.position))
            self.rewind()

    @property
    def position(self) -> int:
        """The next offset to read on the receipts topic."""
        return int(self._store.meta("receipts_next") or 0)

    @property
    def told(self) -> list[tuple[int, int]]:
        """The ranges of offsets (first, next) that the hub has answered for."""
        return [(first, following) for first, following in json.loads(self._store.meta("receipts_told") or "[]")]

    def last_offset(self) -> int:
        """Return the highest offset that anything kept here speaks of, -1 for none."""
        (highest,) = self._store.connection.execute(
            "select max(coalesce((select max(off) from awaiting), -1), coalesce((select max(off) from exception), -1))"
        ).fetchone()
        return max(int(highest), max((following for _, following in self.told), default=0) - 1)

    def rewind(self) -> None:
        """Read the receipts topic from its start again, where it turned out shorter than the stored position."""
        self._store.set_meta("receipts_next", "0")

    def take(self, records: Iterable[Record], events_topic: str, topic_id: str) -> list[Receipt]:
        """Book *records* of the receipts topic; return the receipts that speak of *events_topic* as it is now.

        Receipts of an earlier topic of that name answer for other events; those of earlier hubs say no id.
        """
        taken: list[Receipt] = []
        following, known = None, int(self._store.meta("receipts_known") or 0)
        with self._store.transaction() as db:
            for record in records:
                following = record.offset + 1
                receipt = _read(record)
                if receipt is None or receipt.topic != events_topic or receipt.topic_id not in (None, topic_id):
                    continue
                taken.append(receipt)
                db.executemany(
                    "insert into exception (off, event_id, key, outcome, code, reason) select ?, ?, ?, ?, ?, ? "
                    "where ? or exists (select 1 from awaiting where off = ?) "
                    "on conflict (off) do update set outcome = excluded.outcome, code = excluded.code, reason = excluded.reason",
                    [
                        (item.offset, None if item.event_id is None else str(item.event_id), item.entity_key,
                         item.outcome, item.code, item.reason, record.offset >= known, item.offset)
                        for item in receipt.exceptions
                    ],
                )  # fmt: skip
            if following is not None:
                self._store.set_meta("receipts_next", str(following))
            if taken:
                self._store.set_meta("receipts_told", json.dumps(_merged([*self.told, *((each.first, each.next) for each in taken)])))
                self._settle()
        return taken

    def acknowledged(self, first_seq: int, last_seq: int, first_offset: int) -> None:
        """Move a run of spooled events that Kafka stored from *first_offset* on; call inside a transaction."""
        db = self._store.connection
        db.execute(
            "insert or replace into awaiting select seq + ?, event_id, type, cast(key as text), file, sheet, row "
            "from spool where seq between ? and ?",
            (first_offset - first_seq, first_seq, last_seq),
        )
        db.execute("delete from spool where seq between ? and ?", (first_seq, last_seq))
        last_offset = first_offset + last_seq - first_seq
        db.execute("delete from awaiting where off <= ?", (last_offset - AWAITING_MAX,))
        if any(first <= last_offset and first_offset < following for first, following in self.told):
            self._settle()  # the hub was faster than the acknowledgement

    def _settle(self) -> None:
        """Take answered events off the waiting list, keeping the place of the exceptional ones."""
        for told in self.told:
            self._settle_range(*told)

    def _settle_range(self, first: int, following: int) -> None:
        db = self._store.connection
        rows = db.execute(
            "select e.off, a.type, a.file, a.sheet, a.row, a.key, e.outcome "
            "from awaiting a join exception e using (off) where off >= ? and off < ?",
            (first, following),
        ).fetchall()
        db.executemany(
            "update exception set type = ?, file = ?, sheet = ?, row = ? where off = ?",
            [(type_, file, sheet, row, off) for off, type_, file, sheet, row, *_ in rows],
        )
        # What the hub rejected was never stated: the same content is news again when the cause is mended.
        db.executemany(
            "delete from entry where entity_key = ? and type = ?",
            [(key, type_) for _, type_, _, _, _, key, outcome in rows if outcome == "rejected"],
        )
        settled = db.execute("delete from awaiting where off >= ? and off < ?", (first, following)).rowcount
        self._settled.update(outcome for *_, outcome in rows)
        self._settled["accepted"] += settled - len(rows)

    def outcomes(self) -> Outcomes:
        """Return the counts so far."""
        awaited = int(self._store.connection.execute("select count(*) from awaiting").fetchone()[0])
        count = self._settled
        return Outcomes(
            count["accepted"], count["duplicate"], count["rejected"], count["held"], count["superseded"], awaited
        )

    def awaited(self, file: str) -> int:
        """Return how many events of *file* the hub has not answered for."""
        return int(
            self._store.connection.execute("select count(*) from awaiting where file = ?", (file,)).fetchone()[0]
        )

    def exceptions(self, file: str | None) -> list[Exceptional]:
        """Return exceptions in the order of offsets, of one file where given."""
        rows = self._store.connection.execute(
            "select off, event_id, type, key, file, sheet, row, outcome, code, reason from exception "
            "where ? is null or file = ? order by off",
            (file, file),
        )
        return [Exceptional(*row) for row in rows]
