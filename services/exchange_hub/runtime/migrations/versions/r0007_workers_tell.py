"""Workers tell what they read and what stands still, and each fencing is kept: the relay measures it for all of them."""

from alembic import op

revision = "0007"
down_revision = "0006"

_DDL: tuple[str, ...] = (
    """ALTER TABLE log.worker
        ADD COLUMN reads text[] NOT NULL DEFAULT '{}',
        ADD COLUMN stopped text[] NOT NULL DEFAULT '{}'""",
    """CREATE TABLE log.fencing (
        topic_no smallint NOT NULL, owner text NOT NULL, epoch bigint NOT NULL, at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (topic_no, owner, epoch))""",
)


def upgrade() -> None:
    """Add the columns and the table."""
    for statement in _DDL:
        op.execute(statement)
