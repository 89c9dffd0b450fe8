"""The event log keeps the business date of an event where it is not the day of its occurrence, so that lists and reports can speak as of a date.

``-infinity`` stands for what repairs a mistake: it holds for every date. A closed month says whether it was closed as of its last day.
"""

from alembic import op

from exchange_contracts import codec
from exchange_contracts.dating import dated_on

revision = "0011"
down_revision = "0010"

_PART = 5_000
_EPOCH = "date '1970-01-01'"


def upgrade() -> None:
    """Add the columns, date the events that are there, and index the log by business date in a few pages."""
    connection = op.get_bind()
    run = connection.exec_driver_sql
    run("ALTER TABLE closed.month ADD COLUMN dated boolean NOT NULL DEFAULT false")
    run("ALTER TABLE log.event_log ADD COLUMN dated_on date")
    run("ALTER TABLE log.event_log DISABLE TRIGGER log_stays")
    place = (0, -1)
    while rows := run(
        f"""SELECT topic_no, off, occurred_on - {_EPOCH}, value FROM log.event_log WHERE (topic_no, off) > (%s, %s)
            ORDER BY topic_no, off LIMIT {_PART}""",
        place,
    ).fetchall():
        place = (rows[-1][0], rows[-1][1])
        other = []
        for topic_no, off, occurred_on, value in rows:
            contract, facts = codec.decode_facts(value)
            if (on := dated_on(contract.event, facts)) != occurred_on:
                other.append((topic_no, off, on))
        run(
            f"""UPDATE log.event_log e SET dated_on = coalesce({_EPOCH} + v.day, '-infinity')
                FROM unnest(%s::smallint[], %s::bigint[], %s::integer[]) AS v (topic_no, off, day) WHERE e.topic_no = v.topic_no AND e.off = v.off""",
            tuple(list(column) for column in zip(*other, strict=True)) or ([], [], []),
        )
    run("ALTER TABLE log.event_log ENABLE TRIGGER log_stays")
    run("CREATE INDEX event_log_dated ON log.event_log USING brin ((coalesce(dated_on, occurred_on)))")
