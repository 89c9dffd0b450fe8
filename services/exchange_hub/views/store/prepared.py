"""What is written of a statement whatever the store holds, made ready before the commit lock is taken.

The lock is held by one worker at a time; all text that can be written outside of it is written here.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from exchange_hub.views import fold
from exchange_hub.views.catalogue import BY_NAME
from exchange_hub.views.fold import Folded
from exchange_hub.views.folds.base import day
from exchange_hub.views.statement import Claim, ClaimKey, Fact, Statement
from exchange_hub.views.store.copying import RowWriter, iso, row_writer, text, texts

#: Columns of the event log in the order of ``Prepared.line``; the batch number comes last, under the lock.
EVENT_COLUMNS = (
    "topic_no, off, event_id, schema_id, kind, entity, register, revision, digest, withdrawn, occurred_on, arrived_ms, value, batch_no"
)
REGISTER_COLUMNS = "kind, topic_no, entity, register, revision, digest, off"


#: A list and a line of it.
Line = tuple[str, str]


class Value(NamedTuple):
    """A register's value with the place it came from."""

    revision: int
    digest: bytes
    off: int
    fact: Fact


class Prepared(NamedTuple):
    """A statement with its lines in COPY's text format.

    Attributes:
        statement: the event.
        trial: its fold alone, ``None`` where the caller has none.
        key: its claim.
        value: its register's value.
        line: its row of the event log, without the batch number.
        register: its row of the registers.
        rows: the rows of the trial fold by list.
        identities: identity values of a claim that says only this.
    """

    statement: Statement
    trial: Folded | None
    key: ClaimKey
    value: Value
    line: str
    register: str
    rows: Sequence[Line]
    identities: Sequence[str]

    @property
    def failure(self) -> str | None:
        """Why its fold fails and it must wait, or ``None``."""
        return None if self.trial is None else self.trial.failure

    def failing(self, reason: str) -> "Prepared":
        """Return the statement as one that must wait."""
        return self._replace(trial=(self.trial or Folded("", (self.key,), ()))._replace(failure=reason))


def prepared(s: Statement, trial: Folded | None, bureau: str) -> Prepared:
    """Prepare a statement of *bureau*; *trial* is its fold alone, where the caller has it."""
    record = s.record
    fact = Fact(s.event, s.revision, s.withdrawn, s.facts)
    key = trial.members[0] if trial is not None and trial.members else ClaimKey(s.kind, bureau, s.entity)
    # Neither an entity nor a register holds control characters (checked when decoded); a backslash is escaped.
    entity, register, digest = text(s.entity), text(s.register), s.digest.hex()
    line = (
        f"{record.topic_no}\t{record.off}\t{s.event_id}\t{s.schema_id}\t{s.kind}\t{entity}\t{register}\t{s.revision}\t\\\\x{digest}\t"
        f"{'t' if s.withdrawn else 'f'}\t{iso(day(s.occurred_on))}\t{record.arrived_ms}\t\\\\x{(record.value or b'').hex()}"
    )
    registered = f"{s.kind}\t{record.topic_no}\t{entity}\t{register}\t{s.revision}\t\\\\x{digest}\t{record.off}"
    identities: list[str] = []
    rows: list[Line] = []
    if trial is not None and trial.failure is None:
        try:
            identities = fold.identities(Claim(key, {s.register: fact}))
            rows = row_lines(trial)
        except Exception as error:  # noqa: BLE001 — as in ``fold_component``: a defect ends as a held event, not as a dead worker
            trial = trial._replace(failure=f"{type(error).__name__}: {error}")
    return Prepared(s, trial, key, Value(s.revision, s.digest, record.off, fact), line, registered, rows, identities)


def row_lines(folded: Folded) -> list[Line]:
    """Write the rows of a folded component."""
    bureaus = texts(folded.bureaus)
    return [(row.list, _WRITERS[row.list](row.key, folded.component, bureaus, row.values)) for row in folded.rows]


_WRITERS: Mapping[str, RowWriter] = {
    name: row_writer(tuple((column.name, column.type) for column in view.columns)) for name, view in BY_NAME.items()
}
