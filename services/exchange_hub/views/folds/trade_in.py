"""Trade-ins: one row an order, or one a summary line; a return is written into the order's row."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.folds.base import columns, current, day, month_of
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

_TAKEN = columns(
    "order_no", "category", "kind", "energy_label", "count", "sale_amount", "subsidy", "actually_paid", "merchant_uscc",
    "serial_no", "invoice_no", "granularity",
)  # fmt: skip


def rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give the order's row; a return that came before its order waits for it here, so nothing is counted below zero."""
    claim = claims[0]
    done = current(claim, "completed")
    if done is None:
        return
    row = _TAKEN.of(done)
    row["order_no"] = row["order_no"] or claim.key.entity
    row["completed_on"] = day(done["occurred_on"])
    row["month"] = done.get("month") or month_of(done["occurred_on"])
    row["lead_bureau"] = claim.key.bureau
    back = current(claim, "returned")
    if back is not None:
        on = back.get("on")
        row["returned_on"] = day(back["occurred_on"] if on is None else on)
        row["returned_count"] = back.get("count", 1)
        row["subsidy_returned"] = back.get("subsidy_returned")
    yield Row("trade-in", component, row)
