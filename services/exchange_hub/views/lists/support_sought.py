"""Support sought from above (对上争取): a row per application to the city or the state, with what was decided of it.

Source: the work plan, part five, two (加强对上衔接): bureaus strive for national and municipal support of projects that qualify. A
row keeps the date and the amount of every step, so that what was asked, recommended, reviewed and granted stand side by side.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.findings import Finding
from exchange_hub.views.lists.folding import Kind, current, day, facts_named, of_family
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("support-sought"), "对上争取清单", "support_sought",
    columns("""
        support_no 申报编号 text code
        name 项目或批次 text 34
        project_code 项目代码 text code 26
        batch_no 批次 text code
        domain 领域 text filter
        channel 资金渠道 text filter
        level 层级 text filter
        policy_no 政策文号 text code 22
        amount_asked 申请金额 money 元
        applied_on 申报日期 date
        step 最新环节 text filter
        accepted_on 受理日期 date
        recommended_on 推荐日期 date
        amount_recommended 推荐金额 money 元
        reviewed_on 评审日期 date
        amount_reviewed 评审金额 money 元
        shortlisted_on 入围日期 date
        granted_on 下达日期 date
        amount_granted 下达金额 money 元
        grant_no 下达文号 text code 22
        returned_on 退回日期 date
        return_reason 退回理由 text 30
        decided_by 最新办理单位 text
        lead_bureau 申报单位 text filter bureau 18
    """),
    single=True,
    brief=(
        "name", "channel", "amount_asked", "step", "amount_granted", "lead_bureau", "level", "applied_on", "support_no", "domain",
        "amount_recommended", "amount_reviewed", "granted_on", "returned_on",
    ),
    annex=AnnexPlace("对上争取清单", 15, paper=False), of_project="project_code",
)  # fmt: skip

_APPLIED = facts_named("support_no", "name", "project_code", "batch_no", "domain", "channel", "level", "policy_no", "amount_asked")
#: Steps in their order, with the columns of their date and amount.
_STEPS: Mapping[str, tuple[str, str | None]] = {
    "受理": ("accepted_on", None), "推荐": ("recommended_on", "amount_recommended"), "评审": ("reviewed_on", "amount_reviewed"),
    "入围": ("shortlisted_on", None), "下达": ("granted_on", "amount_granted"), "退回": ("returned_on", None),
}  # fmt: skip
_ORDER = {step: number for number, step in enumerate(_STEPS)}
_UNDECIDED = "申报"


def _rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give the application's row; a decision that came without one has a row too, so that nothing said of money is unseen."""
    claim = claims[0]
    applied = current(claim, "applied")
    decided = {step: fact.facts for step, fact in of_family(claim, "decided")}
    if applied is None and not decided:
        return
    row: dict[str, Any] = _APPLIED.of(applied) if applied is not None else {"support_no": next(iter(decided.values()))["support_no"]}
    if applied is not None:
        row["applied_on"] = day(_on(applied))
    # The newest decision counts; of one day the later step.
    row["step"] = max(decided, key=lambda step: (_on(decided[step]), _ORDER[step]), default=_UNDECIDED)
    row["decided_by"] = decided[row["step"]].get("decided_by") if decided else None
    for step, facts in decided.items():
        dated, amount = _STEPS[step]
        row[dated] = day(_on(facts))
        if amount is not None:
            row[amount] = facts.get("amount")
    row["grant_no"] = decided.get("下达", {}).get("document_no")
    row["return_reason"] = decided.get("退回", {}).get("reason")
    row["lead_bureau"] = claim.key.bureau
    yield Row(LIST.name, component, row)


def _on(facts: Mapping[str, Any]) -> int:
    on = facts.get("on")
    return int(facts["occurred_on"] if on is None else on)


def _findings(claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    if not rows:
        return
    row, subject = rows[0].values, rows[0].key
    if current(claims[0], "applied") is None:
        yield Finding("support-decided-unasked", subject, "有办理结果而没有申报记录，请核对申报编号", {"step": row["step"]})
    asked, granted = row.get("amount_asked"), row.get("amount_granted")
    if asked is not None and granted is not None and granted > asked:
        detail = {"amount_asked": asked, "amount_granted": granted}
        yield Finding("granted-over-asked", subject, "下达金额大于申请金额，请核对", detail)


KIND = Kind(
    "support", "对上争取", _rows, (LIST,), findings=_findings, rules=("support-decided-unasked", "granted-over-asked"),
)
