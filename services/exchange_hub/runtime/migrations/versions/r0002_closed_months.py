"""Closed months: what was closed, what was restated since, and the guards that refuse a change."""

from alembic import op

revision = "0002"
down_revision = "0001"

_DDL: tuple[str, ...] = (
    "CREATE SCHEMA closed",
    """CREATE TABLE closed.month (
        month TEXT NOT NULL,
        closed_at TIMESTAMP WITH TIME ZONE,
        as_of DATE NOT NULL,
        cut JSONB,
        batch_no BIGINT,
        stamp JSONB,
        digests JSONB,
        counts JSONB,
        report JSONB,
        figures_digest TEXT,
        reason TEXT,
        PRIMARY KEY (month)
)""",
    """CREATE TABLE closed.restatement (
        month TEXT NOT NULL,
        seq INTEGER NOT NULL,
        made_at TIMESTAMP WITH TIME ZONE NOT NULL,
        cut JSONB NOT NULL,
        stamp JSONB NOT NULL,
        figures_digest TEXT NOT NULL,
        changes JSONB NOT NULL,
        PRIMARY KEY (month, seq),
        FOREIGN KEY(month) REFERENCES closed.month (month)
)""",
    """CREATE OR REPLACE FUNCTION closed.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a closed month never changes (%.%)', TG_TABLE_SCHEMA, TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation', HINT = 'What arrives later is a restatement: hub diff MONTH.';
        END $$""",
    """CREATE OR REPLACE TRIGGER closed_stays BEFORE UPDATE OR DELETE ON closed.month
            FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION closed.refuse_change()""",
    """CREATE OR REPLACE TRIGGER closed_stays_whole BEFORE TRUNCATE ON closed.month
            FOR EACH STATEMENT EXECUTE FUNCTION closed.refuse_change()""",
    """CREATE OR REPLACE TRIGGER restated_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON closed.restatement
            FOR EACH STATEMENT EXECUTE FUNCTION closed.refuse_change()""",
)


def upgrade() -> None:
    """Make the schema of closed months."""
    for statement in _DDL:
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))
