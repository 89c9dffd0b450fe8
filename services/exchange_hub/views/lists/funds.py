"""The funds ledger: a row for each allocation, approval, payment and reversal.

Reversals are rows of their own, dated when the money came back, so that a return in another budget year never
changes what was paid before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.findings import Finding
from exchange_hub.views.lists.folding import Kind, current, day, facts_named, joined
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, Printed, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("funds"), "资金台账", "fund",
    columns("""
        step 环节 text filter
        channel 资金渠道 text filter
        allocation_no 下达文号 text code 22
        policy_no 政策文号 text code
        batch_no 批次 text code
        application_no 申请编号 text code
        voucher_no 凭证号 text code
        budget_year 预算年度 count year filter
        level 层级 text filter
        to_bureau 承接单位 text bureau
        amount 金额 money 元
        carried_over 结转 money 元
        recovered 收回 money 元
        share_central 中央 money 元
        share_city 市级 money 元
        share_district 区级 money 元
        category 品类 text filter
        on_date 日期 date
        reason 原因 text
        lead_bureau 填报单位 text filter bureau 18
        granularity 粒度 text filter
    """),
    brief=(
        "step", "channel", "amount", "on_date", "application_no", "allocation_no", "category", "to_bureau", "voucher_no",
        "lead_bureau", "batch_no", "budget_year",
    ),
    printed_columns=(
        "step", "channel", "allocation_no", "application_no", "to_bureau", "category", "amount", "on_date", "lead_bureau",
    ),
    annex=AnnexPlace("资金台账", 5),
    printed=Printed("列最近下达的{n}条", "on_date DESC NULLS LAST", "step = '下达'"),
    small_money=True,
)  # fmt: skip

_STEPS = {"allocated": "下达", "approved": "审核", "paid": "支付", "reversed": "冲回"}
_TAKEN = facts_named(
    "channel", "allocation_no", "policy_no", "batch_no", "application_no", "voucher_no", "budget_year", "level",
    "to_bureau", "amount", "carried_over", "recovered", "share_central", "share_city", "share_district", "category",
    "granularity",
)  # fmt: skip


def _rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a row per register of the claim."""
    claim = claims[0]
    for register, fact in claim.registers.items():
        if not fact.withdrawn:
            family = register.partition(":")[0]
            yield Row(LIST.name, joined(component, register), _row(claim.key.bureau, _STEPS[family], fact.facts))


def _row(bureau: str, step: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    row = _TAKEN.of(facts)
    on = facts.get("on")
    row["on_date"] = day(facts["occurred_on"] if on is None else on)
    row["step"] = step
    row["reason"] = facts.get("reason_kind") or facts.get("reason")
    row["lead_bureau"] = bureau
    return row


def _findings(claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    """Compare what one application was approved, paid and reversed; needs at least two of them."""
    if len(rows) < 2:
        return
    claim = claims[0]
    totals = {"paid": 0, "reversed": 0}
    for register, fact in claim.registers.items():
        family, named, _ = register.partition(":")
        if named and family in totals and not fact.withdrawn:
            totals[family] += fact.facts["amount"]
    approved = current(claim, "approved")
    subject = joined(f"{claim.key.bureau}:{claim.key.entity}")
    if approved is not None and totals["paid"] > approved["amount"]:
        detail = {"approved": approved["amount"], "paid": totals["paid"]}
        yield Finding("paid-over-approved", subject, "支付合计大于审核金额,请核对", detail)
    if totals["reversed"] > totals["paid"]:
        yield Finding("reversed-over-paid", subject, "冲回合计大于支付合计,请核对", totals)


KIND = Kind("fund", "资金", _rows, (LIST,), findings=_findings, rules=("paid-over-approved", "reversed-over-paid"))
