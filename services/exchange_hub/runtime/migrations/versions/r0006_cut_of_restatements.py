"""A restatement keeps the last batch of its cut, as a close does: a replay accepts events below offsets that were passed."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; what was recorded before has none."""
    op.execute("ALTER TABLE closed.restatement ADD COLUMN batch_no BIGINT")
