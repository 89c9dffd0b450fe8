"""What a close tells of the months before it: the changes since what was told last, compared side by side."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from exchange_hub.programme.district import District
from exchange_hub.reports.closed import diff, snapshot
from exchange_hub.reports.closed.beside import Beside
from exchange_hub.reports.model import Adjustment
from exchange_hub.views.store.commit import Context

#: What the reports of some months told: figure of which month, and its value; what a later report told comes later.
_TOLD = """SELECT c ->> 'month', c -> 'before' ->> 'id', c -> 'after' ->> 'value'
    FROM closed.month m, jsonb_array_elements(m.report -> 'adjustments') AS c WHERE m.month = ANY(:earlier) ORDER BY m.month"""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the closed months would be now, being worked out.

    Attributes:
        earlier: the months that were closed before.
        known: month and figure → the value that was told last.
        found: the comparisons of the months of which something may have changed, the latest first.
    """

    earlier: Sequence[str]
    known: Mapping[tuple[str, str], Decimal | None]
    found: Sequence[Future[diff.Comparison]]

    def told(self) -> tuple[Adjustment, ...]:
        """Return the changes that are to be told: what an earlier report told already, with the same value, is not told again."""
        changes = (each for found in self.found for each in found.result().adjustments)
        return tuple(each for each in changes if self.known.get((each.month, each.before.id), each.before.value) != each.after.value)


def adjustments(conn: sa.Connection, others: Beside, district: District, month: str, schema: str, context: Context | None) -> Changes:
    """Begin to compare the closed months with what they would be now; they stay as they were closed.

    The month before is always compared, an older one where something of its time was said since the last close.
    """
    earlier = [each for each in snapshot.months(conn) if each < month]
    if not earlier:
        return Changes((), {}, ())
    known = {(of, figure): None if value is None else Decimal(value) for of, figure, value in conn.execute(sa.text(_TOLD), {"earlier": earlier})}
    ends = {each: snapshot.stored(conn, each) for each in earlier}
    first = _first_day_said(conn, ends[earlier[-1]]["batch_no"])
    touched = [each for each in reversed(earlier) if each == earlier[-1] or (first is not None and first <= ends[each]["as_of"])]
    told = {each: {figure: value for (of, figure), value in known.items() if of == each} for each in touched}
    found = [others.submit(diff.compare, district, each, schema, context=context, told=told[each]) for each in touched]
    return Changes(earlier, known, found)


def _first_day_said(conn: sa.Connection, batch_no: int | None) -> date | None:
    """Return the earliest day of which something was said since a batch, ``None`` where nothing was: one look over the log for all months."""
    if batch_no is None or not snapshot.exists(conn, "log.event_log"):
        return None
    # What repairs a mistake is of every day.
    first = "SELECT greatest(min(coalesce(dated_on, occurred_on)), '0001-01-01') FROM log.event_log WHERE batch_no > :batch_no AND kind <> 'submission' HAVING count(*) > 0"
    found: date | None = conn.execute(sa.text(first), {"batch_no": batch_no}).scalar()
    return found
