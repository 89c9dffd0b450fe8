"""The tables of closed months, outside the views schemas that a rebuild replaces.

``closed.month`` holds what was closed; the frozen list rows of a month stand in a schema of their own
(``closed_2026_10``) under the same table names as the live lists, so that whatever reads lists reads them too.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from exchange_hub.programme.period import Period

SCHEMA = "closed"

metadata = sa.MetaData(schema=SCHEMA)

month = sa.Table(
    "month",
    metadata,
    sa.Column(
        "month",
        sa.Text(),
        primary_key=True,
        comment="YYYY-MM; the one row of a month also excludes a second close",
    ),
    sa.Column("closed_at", sa.DateTime(timezone=True), comment="null only within the closing transaction"),
    sa.Column("as_of", sa.Date(), nullable=False, comment="date of ageing and overdue"),
    sa.Column("cut", pg.JSONB(), comment="topic → next offset"),
    sa.Column("batch_no", sa.BigInteger(), comment="last batch that belongs to the cut"),
    sa.Column("stamp", pg.JSONB(), comment="code version, contracts digest, configuration digest"),
    sa.Column("digests", pg.JSONB(), comment="list → digest of its frozen rows"),
    sa.Column("counts", pg.JSONB(), comment="list → number of its frozen rows"),
    sa.Column("catalogue", pg.JSONB(), comment="lists, columns, labels and names in force, by which the month is read"),
    sa.Column("report", pg.JSONB(), comment="the report without its annexes"),
    sa.Column("figures_digest", sa.Text(), comment="SHA-256 of all figures with their sources"),
    sa.Column("reason", sa.Text(), comment="why the month was closed although events were held"),
    sa.Column("dated", sa.Boolean(), nullable=False, server_default=sa.false(), comment="whether what was said of later days does not count"),
)
"""A closed month."""

restatement = sa.Table(
    "restatement",
    metadata,
    sa.Column("month", sa.Text(), sa.ForeignKey(month.c.month), primary_key=True),
    sa.Column("seq", sa.Integer(), primary_key=True, comment="from 1"),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("cut", pg.JSONB(), nullable=False),
    sa.Column("batch_no", sa.BigInteger(), comment="last batch that belongs to the cut"),
    sa.Column("stamp", pg.JSONB(), nullable=False),
    sa.Column("figures_digest", sa.Text(), nullable=False),
    sa.Column("changes", pg.JSONB(), nullable=False, comment="the figures that changed, with causes and rows"),
)
"""What changed in a closed month since, each time somebody recorded it; the closed figures stay as they are."""

GUARDS: tuple[str, ...] = (
    f"""CREATE OR REPLACE FUNCTION {SCHEMA}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a closed month never changes (%.%)', TG_TABLE_SCHEMA, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', HINT = 'What arrives later is a restatement: hub diff MONTH.';
    END $$""",
    f"""CREATE OR REPLACE TRIGGER closed_stays BEFORE UPDATE OR DELETE ON {SCHEMA}.month
        FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION {SCHEMA}.refuse_change()""",
    f"""CREATE OR REPLACE TRIGGER closed_stays_whole BEFORE TRUNCATE ON {SCHEMA}.month
        FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.refuse_change()""",
    f"""CREATE OR REPLACE TRIGGER restated_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {SCHEMA}.restatement
        FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.refuse_change()""",
)
"""Statements that follow the tables: the database itself refuses to change what was closed."""


def frozen_schema(closed_month: str) -> str:
    """Return the schema that holds the frozen list rows of a month: ``2026-10`` → ``closed_2026_10``.

    Raises:
        ValueError: where it is not a month (the name becomes part of a statement).
    """
    period = Period(closed_month)
    return f"{SCHEMA}_{period.year:04d}_{period.number:02d}"


def create_all(conn: sa.Connection) -> None:
    """Make the schema, its tables and guards where they are missing."""
    conn.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    metadata.create_all(conn)
    for statement in GUARDS:
        conn.execute(sa.text(statement))
