"""An id stays unique within its topic by a key that begins with the entity: it also finds the events of a claim.

Kind and entity are part of what an event id is made of, and checked with it; so the new key refuses what the old one did.
The views read a claim's registers from the log by it: two indexes become one.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

_DDL: tuple[str, ...] = (
    "ALTER TABLE log.event_log ADD CONSTRAINT event_log_entity_id UNIQUE (topic_no, kind, entity, event_id)",
    "ALTER TABLE log.event_log DROP CONSTRAINT event_log_topic_no_event_id_key",
    "DROP INDEX log.event_log_entity",
)


def upgrade() -> None:
    """Put one key in the place of a key and an index."""
    for statement in _DDL:
        op.execute(statement)
