"""The funds ledger: a row for each allocation, approval, payment and reversal.

What two bureaus say of one approval (application and policy) is one row; a payment is its paying bureau's, application's and
voucher's (FIGURES 6). All that is said of one application meets here, whichever bureau says it: on which day it was first paid and
on which it was paid in full stands in its approval (FIGURES 11 and 12). A reversal is a row of its own, dated when the money came
back; one that mends an error takes its payment away instead, for every date.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from exchange_hub.views.lists.applications import ERROR, Application, applications, identities, registers, settled
from exchange_hub.views.lists.folding import (
    Apart,
    Kind,
    Said,
    day,
    facts_named,
    is_summary,
    joined,
    merged,
    own_key,
    ranked,
    tellers,
)
from exchange_hub.views.lists.fund_findings import COMPARISONS, RULES, findings
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
        policy_version 政策版本 text
        batch_no 批次 text code
        application_no 申请编号 text code
        voucher_no 凭证号 text code
        budget_year 预算年度 count year filter
        level 层级 text filter
        to_bureau 承接单位 text bureau
        amount 金额 money 元
        counted 计列金额 money 元
        count 件数 count 件
        carried_over 结转来 money 元
        carried_from 结转自年度 count year
        recovered 收回 money 元
        recovered_on 收回日期 date
        share_central 中央 money 元
        share_city 市级 money 元
        share_district 区级 money 元
        category 品类 text filter
        payee_uscc 收款单位 text code 21
        payee_token 收款人令牌 text code
        related_key 关联订单或项目 text code
        on_date 日期 date
        first_paid_on 首次支付日期 date
        settled_on 付清日期 date
        unapproved 审核未报 flag
        reason 原因 text
        lead_bureau 填报单位 text filter bureau 18
        granularity 粒度 text filter
    """),
    brief=(
        "step", "channel", "amount", "on_date", "application_no", "allocation_no", "category", "to_bureau", "voucher_no",
        "lead_bureau", "batch_no", "budget_year", "settled_on",
    ),
    printed_columns=(
        "step", "channel", "allocation_no", "application_no", "to_bureau", "category", "amount", "on_date", "lead_bureau",
    ),
    annex=AnnexPlace("资金台账", 5),
    printed=Printed("列最近下达的{n}条", "on_date DESC NULLS LAST", "step = '下达'"),
    small_money=True, told_apart=("step",),
)  # fmt: skip

_STEPS = {"allocated": "下达", "approved": "审核", "paid": "支付", "reversed": "冲回"}
_TAKEN = facts_named(
    "channel", "allocation_no", "policy_no", "policy_version", "batch_no", "application_no", "voucher_no", "budget_year", "level",
    "to_bureau", "amount", "carried_over", "recovered", "share_central", "share_city", "share_district", "category",
    "payee_uscc", "payee_token", "related_key", "granularity",
)  # fmt: skip


def _rows(_component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give a row per allocation and per summary of a bureau, and the rows of each application."""
    for claim in claims:
        for family, step in _STEPS.items():
            for sub_key, fact in registers(claim, family):
                if family == "allocated" or is_summary(fact):
                    row = _row([(claim.key, fact)], step, rules)
                    if family == "paid":
                        # A summary counts what has been paid; there is no approval to compare it with.
                        row["settled_on"] = row["on_date"]
                    yield Row(LIST.name, own_key(claim.key, *filter(None, (family, sub_key))), row, (claim.key.bureau,))
    for named, application in applications(claims).items():
        yield from _application(named, application, rules)


def _application(named: str, application: Application, rules: FoldRules) -> Iterator[Row]:
    found = settled(application, lambda said: ranked(said, rules, LIST.name)[0][1])
    for policy, said in application.approved.items():
        row = _row(said, _STEPS["approved"], rules)
        row["first_paid_on"], row["settled_on"] = (day(on) for on in found.paid[policy])
        yield Row(LIST.name, joined(row["step"], named, policy), row, tellers(said))
    for (bureau, voucher), said in application.paid.items():
        row = _row(said, _STEPS["paid"], rules)
        row["counted"] -= found.undone.get((bureau, voucher), 0)
        row["unapproved"] = (bureau, voucher) == found.unapproved or None
        yield Row(LIST.name, joined(row["step"], bureau, named, voucher), row, tellers(said))
    for (bureau, voucher), said in application.reversed.items():
        row = _row(said, _STEPS["reversed"], rules)
        yield Row(LIST.name, joined(row["step"], bureau, named, voucher), row, tellers(said))


def _row(said: Sequence[Said], step: str, rules: FoldRules) -> dict[str, Any]:
    lead, facts = ranked(said, rules, LIST.name)[0]
    row = merged(said, _TAKEN, rules, LIST.name)
    on = day(facts["occurred_on"] if facts.get("on") is None else facts["on"])
    row["on_date"], row["step"], row["lead_bureau"] = on, step, lead.bureau
    row["reason"] = facts.get("reason_kind") or facts.get("reason")
    row["counted"] = 0 if facts.get("reason_kind") == ERROR else row["amount"]
    row["count"] = facts.get("count") or 1 if is_summary(facts) else 1
    if row["carried_over"]:
        row["carried_from"] = facts.get("carried_from") or facts["budget_year"] - 1
    if row["recovered"]:
        row["recovered_on"] = on if facts.get("recovered_on") is None else day(facts["recovered_on"])
    return row


KIND = Kind(
    "fund", "资金", _rows, (LIST,), identities,
    apart={LIST.name: Apart(("step", "application_no", "policy_no", "voucher_no"))}, findings=findings, decided=False,
    rules=RULES, comparisons=COMPARISONS,
)  # fmt: skip
