"""Questions to a row: which claims it was merged from, the events of them, and whose statement each column is."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from exchange_hub.views.attribution import Attribution, attributed
from exchange_hub.views.lists import BY_NAME, kinds_of
from exchange_hub.views.lists.model import ListView
from exchange_hub.views.queries.answers import Event, Row, Selection, Trace
from exchange_hub.views.queries.lists import rows
from exchange_hub.views.queries.log import EVENT_COLUMNS, event_of
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim
from exchange_hub.views.tables import LIVE

ClaimKey = tuple[str, str]
"""Bureau and entity key of a claim."""


def row_of(conn: sa.Connection, view: ListView, row_key: str, *, schema: str = LIVE) -> Row | None:
    """Return one row of a list."""
    return next(iter(rows(conn, view, Selection({"row_key": (row_key,)}), schema=schema, limit=1)), None)


def trace(
    conn: sa.Connection, view: ListView, row: Row, rules: FoldRules, *, schema: str = LIVE, below: Mapping[str, int] | None = None, day: date | None = None
) -> Trace:
    """Open a row down to the events and source cells behind it.

    Args:
        conn: connection in a reading transaction.
        view: list of the row.
        row: the row, as the store has it or as a closed month keeps it.
        rules: the configuration that the fold takes.
        schema: views schema whose claims say what belongs to the row's component.
        below: topic → offset below which events count, for a row of a closed month; all count where it is not given.
        day: date as of which the row reads: what is said of later days does not count; ``None`` counts all.
    """
    claims, kinds = _claims_of(conn, view, str(row["component"]), schema), kinds_of(view.name)
    found = _events_of(conn, claims, kinds, below, day)
    events = sorted(found, key=lambda event: (event.arrived_at, event.topic, event.offset))
    return Trace(row, tuple(events), tuple(_taken_from(conn, view, row, claims, kinds, rules, below, day)))


def behind(
    conn: sa.Connection, view: ListView, rows: Sequence[Row], *, schema: str = LIVE, below: Mapping[str, int] | None = None
) -> dict[str, tuple[Event, ...]]:
    """Return, for many rows at once, the events in force that each is made of, by the row's key; arguments as for :func:`trace`."""
    components = {str(row["component"]) for row in rows}
    owner = {claim: component for component, claims in _claims(conn, view, components, schema).items() for claim in claims}
    events: dict[str, list[Event]] = {}
    for entity, event in _placed(conn, list(owner), kinds_of(view.name), below):
        if event.current:
            events.setdefault(owner[event.bureau, entity], []).append(event)
    found = {}
    for row in rows:
        said = sorted(events.get(str(row["component"]), []), key=lambda event: (event.arrived_at, event.topic, event.offset))
        made_of = of_row([event.register for event in said], str(row["row_key"]), str(row["component"]))
        found[str(row["row_key"])] = tuple(event for event, is_of_row in zip(said, made_of, strict=True) if is_of_row)
    return found


def of_row(registers: Sequence[str], row_key: str, component: str) -> list[bool]:
    """Tell by their registers which events of a component a row is made of: where its key names a month, material, …, only those."""
    about = row_key.removeprefix(f"{component}|").replace("\\|", "|") if row_key != component else ""
    exact = [register.partition(":")[2] == about for register in registers]
    return [is_exact or not about or not any(exact) or ":" not in register for register, is_exact in zip(registers, exact, strict=True)]


def _claims_of(conn: sa.Connection, view: ListView, component: str, schema: str) -> list[ClaimKey]:
    return _claims(conn, view, {component}, schema)[component]


def _claims(conn: sa.Connection, view: ListView, components: Collection[str], schema: str) -> dict[str, list[ClaimKey]]:
    """Return the claims of components; one that is not joined with others is named after its only claim."""
    query = sa.text(
        f"SELECT c.component, t.bureau, c.entity FROM {schema}.claim c JOIN log.topic t USING (topic_no) "
        "WHERE c.component = ANY(:components) AND c.kind = ANY(:kinds) ORDER BY 2, 3"
    )
    found: dict[str, list[ClaimKey]] = {}
    for component, bureau, entity in conn.execute(query, {"components": list(components), "kinds": kinds_of(view.name)}):
        found.setdefault(component, []).append((bureau, entity))
    return {each: found.get(each) or [(each.partition(":")[0], each.partition(":")[2])] for each in components}


_OF_CLAIMS = """FROM unnest(:bureaus, :entities) AS k (bureau, entity) JOIN log.topic t ON t.bureau = k.bureau
    JOIN log.event_log e ON e.topic_no = t.topic_no AND e.entity = k.entity WHERE e.kind = ANY(:kinds) AND (:day IS NULL OR coalesce(e.dated_on, e.occurred_on) <= :day)"""


def _asked(conn: sa.Connection, columns: str, claims: Sequence[ClaimKey], kinds: Sequence[str], day: date | None) -> Sequence[tuple[Any, ...]]:
    texts = pg.ARRAY(sa.Text())
    query = sa.text(f"SELECT {columns} {_OF_CLAIMS}").bindparams(
        sa.bindparam("bureaus", [bureau for bureau, _ in claims], texts), sa.bindparam("entities", [entity for _, entity in claims], texts),
        sa.bindparam("kinds", list(kinds), texts), sa.bindparam("day", day, sa.Date()),
    )  # fmt: skip
    return [tuple(row) for row in conn.execute(query)]


def _events_of(
    conn: sa.Connection, claims: Sequence[ClaimKey], kinds: Sequence[str], below: Mapping[str, int] | None, day: date | None
) -> list[Event]:
    return [event for _, event in _placed(conn, claims, kinds, below, day)]


def _placed(
    conn: sa.Connection, claims: Sequence[ClaimKey], kinds: Sequence[str], below: Mapping[str, int] | None, day: date | None = None
) -> list[tuple[str, Event]]:
    """Return entity, event of all events of claims; in force is, of each register, the highest (revision, facts digest), of equals the first."""
    asked = _asked(conn, f"{EVENT_COLUMNS}, e.digest, e.kind, e.entity", claims, kinds, day)
    counted = [row for row in asked if below is None or row[3] < below.get(row[2], 0)]
    winners: dict[tuple[object, ...], tuple[int, bytes, int]] = {}
    for row in counted:
        register = (row[2], row[10], row[11], row[5])
        winners[register] = max(winners.get(register, (-1, b"", 0)), (row[6], row[9], -row[3]))
    return [(row[11], event_of(row[:9], is_current=row[3] == -winners[row[2], row[10], row[11], row[5]][2])) for row in counted]


def _taken_from(
    conn: sa.Connection, view: ListView, row: Row, claims: Sequence[ClaimKey], kinds: Sequence[str], rules: FoldRules,
    below: Mapping[str, int] | None, day: date | None,
) -> list[Attribution]:  # fmt: skip
    """Tell whose statement each column of a row was taken from; nothing where one bureau alone reports its entity, or the list is gone."""
    if len({bureau for bureau, _ in claims}) < 2 or view.name not in BY_NAME:
        return []
    from exchange_hub.views.store.planning import OF_EVENT, Topics, gathered

    topics = conn.execute(sa.text("SELECT topic_no, bureau, name FROM log.topic")).all()
    ends = None if below is None else {topic_no: below.get(name, 0) for topic_no, _, name in topics}
    counted = [event for event in _asked(conn, OF_EVENT, claims, kinds, day) if ends is None or event[1] < ends[event[0]]]
    bureau_of = {topic_no: bureau for topic_no, bureau, _ in topics}
    registers = gathered(counted, Topics(bureau_of, {bureau: topic_no for topic_no, bureau in bureau_of.items()}))
    return attributed(view.name, row, [Claim(key, said) for key, said in registers.items()], rules)
