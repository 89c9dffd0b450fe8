"""The log is append-only: the database itself refuses to change or remove an event or a rejection."""

from alembic import op

revision = "0003"
down_revision = "0002"

# A statement's trigger, not a row's: it costs nothing on INSERT, and refuses a statement that meets no row as well.
# An owner who must (a test, a lawful erasure) disables the trigger by name, which the server's log shows.
_DDL: tuple[str, ...] = (
    """CREATE FUNCTION log.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the log is append-only (%.%)', TG_TABLE_SCHEMA, TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation', HINT = 'A correction is a new event of the bureau.';
        END $$""",
    """CREATE TRIGGER log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON log.event_log
            FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change()""",
    """CREATE TRIGGER log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON log.rejection
            FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change()""",
)


def upgrade() -> None:
    """Make the guards of the log."""
    for statement in _DDL:
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))
