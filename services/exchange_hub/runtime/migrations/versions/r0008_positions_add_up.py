"""A position's counters add up to what lies before it, and the database holds them to it: no record passes without one outcome.

A replay of held events moves counts from one outcome to another and leaves the sum; claims and restores touch neither side.
"""

from alembic import op

from exchange_hub.runtime.problem import RuntimeProblem

revision = "0008"
down_revision = "0007"

_OUTCOMES = "accepted + duplicate + rejected + held"
_SOUND = f"next_off = {_OUTCOMES} + skipped AND least(accepted, duplicate, rejected, held, skipped) >= 0"
_TOPICS_SHOWN = 3


def upgrade() -> None:
    """Add the constraint; a store whose counters do not add up is left as it is."""
    wrong = (
        op.get_bind()
        .exec_driver_sql(
            f"SELECT t.name, p.next_off, {_OUTCOMES}, p.skipped FROM log.position p JOIN log.topic t USING (topic_no) WHERE NOT ({_SOUND}) ORDER BY 1"
        )
        .fetchall()
    )
    if wrong:
        shown = "; ".join(
            f"{topic}: the next offset is {next_off}, but {outcomes} records have an outcome and {skipped} offsets hold none"
            for topic, next_off, outcomes, skipped in wrong[:_TOPICS_SHOWN]
        )
        raise RuntimeProblem(
            f"The counters of {len(wrong)} topics do not add up to their positions, so this store is not brought to schema version {revision}; "
            f"nothing was changed. {shown}.",
            where="log.position",
            remedy="Records were lost or counted twice. Keep the store, compare it with Kafka by `hub rebuild --verify` of the version that "
            "ran before, and restore a backup made before the difference (runbook HubBalanceBroken).",
        )
    op.execute(f"ALTER TABLE log.position ADD CONSTRAINT position_adds_up CHECK ({_SOUND})")
