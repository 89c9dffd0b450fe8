"""The funds ledger: a row for each allocation, approval, payment and reversal.

Reversals are rows of their own, dated when the money came back, so that a return in another budget year never
changes what was paid before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.folds.base import columns, day, joined
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

_STEPS = {"allocated": "下达", "approved": "审核", "paid": "支付", "reversed": "冲回"}
_TAKEN = columns(
    "channel", "allocation_no", "policy_no", "batch_no", "application_no", "voucher_no", "budget_year", "level",
    "to_bureau", "amount", "carried_over", "recovered", "share_central", "share_city", "share_district", "category",
    "granularity",
)  # fmt: skip


def rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a row per register of the claim."""
    claim = claims[0]
    for register, fact in claim.registers.items():
        if not fact.withdrawn:
            family = register.partition(":")[0]
            yield Row("funds", joined(component, register), _row(claim.key.bureau, _STEPS[family], fact.facts))


def _row(bureau: str, step: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    row = _TAKEN.of(facts)
    on = facts.get("on")
    row["on_date"] = day(facts["occurred_on"] if on is None else on)
    row["step"] = step
    row["reason"] = facts.get("reason_kind") or facts.get("reason")
    row["lead_bureau"] = bureau
    return row
