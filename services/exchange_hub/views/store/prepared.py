"""What is written of a statement or a component, as lines in COPY's text format.

One worker at a time holds the commit lock; all text that can be written outside of it is written here, before it is taken.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from exchange_contracts.dating import dated_on
from exchange_hub.views import fold
from exchange_hub.views.fold import Folded
from exchange_hub.views.lists import BY_NAME, KINDS
from exchange_hub.views.lists.folding import day
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Statement, new
from exchange_hub.views.store.copying import RowWriter, iso, line, row_writer, text, texts

#: Columns of the event log in the order of ``Prepared.line``; the batch number comes last, under the lock.
EVENT_COLUMNS = (
    "topic_no, off, event_id, schema_id, kind, entity, register, revision, digest, withdrawn, occurred_on, dated_on, arrived_ms, value, batch_no"
)
#: Business date of what repairs a mistake: it lies before every date.
FOR_EVERY_DATE = "-infinity"
FINDING_COLUMNS = "finding_id, rule, kind, subject, component, bureaus, words, detail"


class Written(NamedTuple):
    """A folded component as lines.

    Attributes:
        component: name of the component.
        members: the claims in it.
        rows: (list, line) of its rows.
        beside: (table, line) of its findings, or of the failure of its fold.
    """

    component: str
    members: tuple[ClaimKey, ...]
    rows: Sequence[tuple[str, str]]
    beside: Sequence[tuple[str, str]]


class Prepared(NamedTuple):
    """A statement with its lines.

    Attributes:
        statement: the event.
        line: its row of the event log, without the batch number.
        alone: its fold alone; ``None`` where the fold fails.
        identities: identity values of a claim that says only this.
        failure: why its fold fails and it must wait, or ``None``.
    """

    statement: Statement
    line: str
    alone: Written | None
    identities: Sequence[str]
    failure: str | None


def prepared(s: Statement, trial: Folded) -> Prepared:
    """Prepare a statement; *trial* is its fold alone."""
    record, (kind, _, entity), fact = s.record, s.key, s.fact
    # Neither an entity nor a register holds control characters (checked when decoded); a backslash is escaped.
    event = (
        f"{record.topic_no}\t{record.off}\t{s.event_id}\t{s.schema_id}\t{kind}\t{text(entity)}\t{text(s.register)}\t{fact.revision}\t\\\\x{fact.digest.hex()}\t"
        f"{'t' if fact.withdrawn else 'f'}\t{iso(day(s.occurred_on))}\t{_dated(s)}\t{record.arrived_ms}\t\\\\x{(record.value or b'').hex()}"
    )
    alone, identities, failure = _told(trial, new(Claim, (s.key, {s.register: fact})))
    return new(Prepared, (s, event, alone, identities, failure))


def _dated(s: Statement) -> str:
    """Write the business date; nothing where it is the day of the occurrence, which most are."""
    on = dated_on(s.fact.event, s.fact.facts)
    return FOR_EVERY_DATE if on is None else iso(None if on == s.occurred_on else day(on))


def folded(claim: Claim, rules: FoldRules) -> tuple[Written, Sequence[str], str | None]:
    """Fold a claim by itself; return its lines, its identity values, and why that fails, or ``None``."""
    alone = fold.fold_component([claim], rules)
    lines, identities, failure = _told(alone, claim)
    return lines or _lines(alone.failed(failure or "")), identities, failure


def _told(alone: Folded, claim: Claim) -> tuple[Written | None, Sequence[str], str | None]:
    """Return the lines and identity values of a claim folded alone, or why there are none."""
    if alone.failure is not None:
        return None, (), alone.failure
    try:
        return _lines(alone), () if KINDS[claim.key.kind].own else fold.identities(claim), None
    except Exception as error:  # noqa: BLE001 — as in ``fold_component``: a defect ends as a held event, not as a dead worker
        return None, (), f"{type(error).__name__}: {error}"


def written(component: Folded) -> Written:
    """Write a folded component; where that fails, as one that could not be folded."""
    try:
        return _lines(component)
    except Exception as error:  # noqa: BLE001 — as in ``fold_component``
        return _lines(component.failed(f"{type(error).__name__}: {error}"))


def _lines(of: Folded) -> Written:
    members, component = of.members, of.component
    kind = members[0].kind
    bureaus = (members[0].bureau,) if len(members) == 1 else tuple(sorted({key.bureau for key in members}))
    rows = [(row.list, _WRITERS[row.list](row.key, component, texts(row.bureaus or bureaus), row.values)) for row in of.rows]
    beside = [
        ("finding", line((f.finding_id, f.rule, kind, f.subject, component, list(f.bureaus or bureaus), f.words, dict(f.detail))))
        for f in of.findings
    ]  # fmt: skip
    if of.failure is not None:
        beside.append(("unfolded", line((kind, component, of.failure))))
    return new(Written, (component, members, rows, beside))


_WRITERS: Mapping[str, RowWriter] = {
    name: row_writer(tuple((column.name, column.type) for column in view.columns)) for name, view in BY_NAME.items()
}
