"""A closed month keeps the catalogue it was closed with; months closed before take the one that was in force until now."""

import json
from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"

# Lists, columns, labels and kinds of figures as every version had them that closed months before this one. Never edited.
_BEFORE = Path(__file__).with_name("r0010_catalogue.json")


def upgrade() -> None:
    """Add the column and fill it; the guard of closed months stands aside for this one statement."""
    connection = op.get_bind()
    connection.exec_driver_sql("ALTER TABLE closed.month ADD COLUMN catalogue JSONB")
    connection.exec_driver_sql("ALTER TABLE closed.month DISABLE TRIGGER closed_stays")
    catalogue = json.dumps(json.loads(_BEFORE.read_text(encoding="utf-8")))
    connection.exec_driver_sql("UPDATE closed.month SET catalogue = %s::jsonb WHERE closed_at IS NOT NULL", (catalogue,))
    connection.exec_driver_sql("ALTER TABLE closed.month ENABLE TRIGGER closed_stays")
