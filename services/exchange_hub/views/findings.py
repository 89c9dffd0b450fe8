"""Findings (待核实线索): what a comparison of an entity's own statements shows and people should look at.

A finding never blocks an event and is no verdict; its words say what differs and nothing more. Its id derives from
rule and subject, so that an explanation given once survives merges and rebuilds. Comparisons between entities
(one serial number in two orders, detail against summary) are read over the lists: see ``views.crossing``.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from exchange_hub.views.folds.base import current, joined
from exchange_hub.views.statement import Claim, Row

#: Fields in which two bureaus that report one project should agree.
_AGREE = {"total_investment": "总投资", "equipment_investment": "设备投资", "owner_uscc": "统一社会信用代码"}


class Finding(NamedTuple):
    """Something to look at.

    Attributes:
        rule: code of the comparison.
        subject: key of the row it speaks of.
        words: what the comparison showed, in Chinese, without judgement.
        detail: the values compared (money in fen).
    """

    rule: str
    subject: str
    words: str
    detail: Mapping[str, Any]

    @property
    def finding_id(self) -> str:
        """The id that explanations refer to."""
        return finding_id(self.rule, self.subject)


def finding_id(rule: str, subject: str) -> str:
    """Derive a finding's id from rule and subject."""
    return hashlib.blake2b(f"{rule}\n{subject}".encode(), digest_size=10).hexdigest()


def of_component(kind: str, claims: Sequence[Claim], rows: Sequence[Row]) -> tuple[Finding, ...]:
    """Return the findings of one component, in the order of the rules."""
    rule = _RULES.get(kind)
    return tuple(rule(claims, rows)) if rule is not None and rows else ()


def _project(claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    main, subject = rows[0].values, rows[0].key
    yield from _two_bureaus(claims, subject)
    total, funding = main["total_investment"], main["funding"]
    if total is not None and funding and sum(funding.values()) != total:
        detail = {"total_investment": total, "funding": sum(funding.values())}
        yield Finding("funding-sum", subject, "资金来源合计与总投资不相等,请核对", detail)
    since = main.get("invested_since_start")
    if total is not None and since is not None and since > total:
        detail = {"total_investment": total, "invested_since_start": since}
        yield Finding("over-total", subject, "累计完成投资超过总投资,请核对是否已调整概算", detail)
    if main["build_state"] in ("谋划", "储备", "未开工") and since:
        yield Finding("not-started", subject, "建设状态为未开工而已有完成投资,请核对", {"invested_since_start": since})
    yield from _months(rows)


def _two_bureaus(claims: Sequence[Claim], subject: str) -> Iterator[Finding]:
    if len(claims) < 2:
        return
    said = {claim.key.bureau: facts for claim in claims if (facts := current(claim, "project")) is not None}
    for field, title in _AGREE.items():
        values = {bureau: facts.get(field) for bureau, facts in sorted(said.items()) if facts.get(field) is not None}
        if len(set(values.values())) > 1:
            yield Finding(f"two-bureaus-{field}", subject, f"不同单位填报的{title}不一致,请核对", values)


def _months(rows: Sequence[Row]) -> Iterator[Finding]:
    """Compare each month's year-to-date with the month before it and with its own amount."""
    months = [row for row in rows if row.list == "project-progress"]
    for earlier, later in pairwise(months):
        before, after = earlier.values, later.values
        old, new, this = before["invested_year_to_date"], after["invested_year_to_date"], after["invested_this_month"]
        if old is None or new is None or before["month"][:4] != after["month"][:4]:
            continue
        detail = {"before": old, "this_month": this, "now": new, "month": after["month"]}
        if new < old:
            yield Finding("year-to-date-falls", later.key, f"{after['month']}自年初累计小于上次报送,请说明核减原因", detail)
        elif this is not None and _next_month(before["month"]) == after["month"] and old + this != new:
            yield Finding("year-to-date-sum", later.key, f"{after['month']}自年初累计不等于上月累计加本月,请核对", detail)


def _next_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def _scrappage(_claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    row, subject = rows[0].values, rows[0].key
    delivered, deregistered = row.get("delivered_on"), row.get("deregistered_on")
    if delivered is not None and deregistered is not None and deregistered < delivered:
        detail = {"delivered_on": delivered.isoformat(), "deregistered_on": deregistered.isoformat()}
        yield Finding("deregistered-early", subject, "注销登记日期早于交售回收日期,请核对凭证", detail)


def _trade_in(_claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    row, subject = rows[0].values, rows[0].key
    if row["subsidy"] is not None and row["sale_amount"] is not None and row["subsidy"] > row["sale_amount"]:
        detail = {"subsidy": row["subsidy"], "sale_amount": row["sale_amount"]}
        yield Finding("subsidy-over-sale", subject, "补贴金额大于销售额,请核对", detail)
    if row.get("subsidy_returned") is not None and row["subsidy_returned"] > (row["subsidy"] or 0):
        detail = {"subsidy": row["subsidy"], "subsidy_returned": row["subsidy_returned"]}
        yield Finding("returned-over-subsidy", subject, "退回补贴大于原补贴,请核对", detail)


def _fund(claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
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


_RULES: dict[str, Callable[[Sequence[Claim], Sequence[Row]], Iterator[Finding]]] = {
    "project": _project,
    "scrappage": _scrappage,
    "trade_in": _trade_in,
    "fund": _fund,
}
