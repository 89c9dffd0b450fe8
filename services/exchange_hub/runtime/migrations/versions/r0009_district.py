"""The store remembers the one district whose it is; its hub writes it at the next start."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the table; it has room for one row."""
    op.execute("CREATE TABLE log.district (id text NOT NULL, is_kept boolean PRIMARY KEY DEFAULT true CHECK (is_kept))")
