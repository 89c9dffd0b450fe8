"""The log: topics, positions, events, rejections, held events and receipts."""

from alembic import op

revision = "0001"
down_revision = None

_DDL: tuple[str, ...] = (
    "CREATE SCHEMA log",
    """CREATE TABLE log.topic (
        topic_no smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL UNIQUE,
        bureau text NOT NULL)""",
    """CREATE TABLE log.position (
        topic_no smallint PRIMARY KEY REFERENCES log.topic,
        kafka_topic_id text NOT NULL,
        next_off bigint NOT NULL DEFAULT 0,
        last_off bigint,
        last_digest bytea,
        last_arrived_ms bigint,
        epoch bigint NOT NULL DEFAULT 0,
        owner text NOT NULL DEFAULT '',
        claimed_at timestamptz,
        moved_at timestamptz,
        accepted bigint NOT NULL DEFAULT 0,
        duplicate bigint NOT NULL DEFAULT 0,
        rejected bigint NOT NULL DEFAULT 0,
        held bigint NOT NULL DEFAULT 0,
        skipped bigint NOT NULL DEFAULT 0)""",
    """CREATE TABLE log.event_log (
        topic_no smallint NOT NULL,
        off bigint NOT NULL,
        event_id uuid NOT NULL,
        schema_id integer NOT NULL,
        kind text NOT NULL,
        entity text NOT NULL,
        register text NOT NULL,
        revision bigint NOT NULL,
        digest bytea NOT NULL,
        withdrawn boolean NOT NULL,
        occurred_on date NOT NULL,
        arrived_ms bigint NOT NULL,
        batch_no bigint NOT NULL,
        facts text NOT NULL,
        PRIMARY KEY (topic_no, off),
        UNIQUE (topic_no, event_id))""",
    "CREATE INDEX event_log_entity ON log.event_log (topic_no, entity)",
    """CREATE TABLE log.rejection (
        topic_no smallint NOT NULL, off bigint NOT NULL, event_id uuid, entity text,
        code text NOT NULL, reason text NOT NULL,
        key bytea, value bytea, headers jsonb NOT NULL, arrived_ms bigint NOT NULL, batch_no bigint NOT NULL,
        PRIMARY KEY (topic_no, off))""",
    """CREATE TABLE log.held (
        topic_no smallint NOT NULL, off bigint NOT NULL, event_id uuid NOT NULL, entity text NOT NULL,
        reason text NOT NULL, behind bigint,
        key bytea, value bytea, headers jsonb NOT NULL, arrived_ms bigint NOT NULL, batch_no bigint NOT NULL,
        PRIMARY KEY (topic_no, off))""",
    """CREATE TABLE log.worker (
        owner text PRIMARY KEY,
        seen_at timestamptz NOT NULL)""",
    "CREATE SEQUENCE log.batch_no",
    """CREATE TABLE log.receipt_range (
        topic_no smallint NOT NULL, first_off bigint NOT NULL, next_off bigint NOT NULL,
        accepted bigint NOT NULL, exceptions jsonb NOT NULL, batch_no bigint NOT NULL, at timestamptz NOT NULL,
        claimed_at timestamptz, published_at timestamptz,
        PRIMARY KEY (batch_no, topic_no))""",
    "CREATE INDEX receipt_range_open ON log.receipt_range (batch_no) WHERE published_at IS NULL",
)


def upgrade() -> None:
    """Make the log schema."""
    for statement in _DDL:
        op.execute(statement)
