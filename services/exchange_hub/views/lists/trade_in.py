"""Trade-ins: a row an order, told by one bureau or several, a row a return, and a row a summary line (FIGURES 6, 8 and 16).

A return is a fact of its own, with its own number and date: several returns of one order all count, and so does one whose purchase
nobody reported.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exchange_hub.views.findings import FOUND_MAX, Comparison, Finding, apart_from_history, same_identifier
from exchange_hub.views.lists.folding import (
    Apart,
    Kind,
    Said,
    current,
    day,
    facts_named,
    is_summary,
    joined,
    merged,
    month_of,
    number,
    own_key,
    ranked,
    tellers,
    voices,
)  # fmt: skip
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Row

LIST = ListView(
    ListName("trade-in"), "以旧换新台账", "trade_in",
    columns("""
        order_no 订单号 text code 20
        step 性质 text filter
        return_no 退货编号 text code 20
        category 大类 text filter
        kind 品类 text filter
        energy_label 能效等级 text
        month 月份 month filter
        completed_on 完成日期 date
        returned_on 退货日期 date
        count 件数 count 件
        returned_count 退回件数 count 件
        sale_amount 销售额 money 元
        subsidy 补贴金额 money 元
        subsidy_returned 退回补贴 money 元
        sale_returned 退回货款 money 元
        actually_paid 实付 money 元
        merchant_uscc 商家 text code 21
        serial_no 序列号 text code
        invoice_no 发票号 text code
        old_item 交旧情况 text
        buyer_token 购买人令牌 text code
        granularity 粒度 text filter
        lead_bureau 填报单位 text filter bureau 18
    """),
    brief=(
        "order_no", "step", "category", "month", "count", "sale_amount", "subsidy", "granularity", "returned_count", "lead_bureau",
        "kind", "completed_on", "subsidy_returned",
    ),
    annex=AnnexPlace("以旧换新台账", 10, paper=False), small_money=True,
)  # fmt: skip

_TAKEN = facts_named(
    "category", "kind", "energy_label", "count", "sale_amount", "subsidy", "actually_paid", "merchant_uscc", "serial_no",
    "invoice_no", "old_item", "buyer_token", "granularity",
)  # fmt: skip
_BACK = facts_named("category", "subsidy_returned", "sale_returned", "granularity")
_DONE, _RETURNED = "完成", "退货"


@dataclass(slots=True)
class _Order:
    """What is said of one order: its purchase, and its returns by their number."""

    bought: list[Said] = field(default_factory=list)
    returns: dict[str, list[Said]] = field(default_factory=dict)


def _order_no(claim: ClaimKey, facts: Mapping[str, Any]) -> str:
    """Return the order that a statement speaks of: the one that it names, else the one that its key names."""
    return number(facts.get("order_no") or claim.entity)


def _identities(claim: Claim) -> list[str]:
    """A purchase and its returns meet in the order's number."""
    said = (current(claim, "completed"), current(claim, "returned"))
    return sorted({_order_no(claim.key, facts) for facts in said if facts is not None and not is_summary(facts)})


def _orders(claims: Sequence[Claim]) -> dict[str, _Order]:
    """Return order → what is said of it; summaries are of no order."""
    orders: dict[str, _Order] = {}
    for claim in claims:
        done, back = current(claim, "completed"), current(claim, "returned")
        if done is not None and not is_summary(done):
            orders.setdefault(_order_no(claim.key, done), _Order()).bought.append((claim.key, done))
        if back is not None and not is_summary(back):
            return_no = number(back.get("return_no") or claim.key.entity)
            order = orders.setdefault(_order_no(claim.key, back), _Order())
            order.returns.setdefault(return_no, []).append((claim.key, back))
    return orders


def _rows(_component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give a row for the order, one for each of its returns, and one for each summary."""
    for order_no, order in _orders(claims).items():
        bought: dict[str, Any] = {}
        if order.bought:
            bought = _bought(ranked(order.bought, rules, LIST.name), merged(order.bought, _TAKEN, rules, LIST.name))
            yield Row(LIST.name, joined(order_no), bought | {"order_no": order_no}, tellers(order.bought))
        for return_no, said in order.returns.items():
            back = _back(ranked(said, rules, LIST.name), merged(said, _BACK, rules, LIST.name))
            back |= {"order_no": order_no, "return_no": return_no, "kind": bought.get("kind")}
            back["category"] = back["category"] or bought.get("category")
            yield Row(LIST.name, joined(_RETURNED, order_no, return_no), back, tellers(said))
    for claim in claims:
        done, back_ = current(claim, "completed"), current(claim, "returned")
        if done is not None and is_summary(done):
            row = _bought([(claim.key, done)], _TAKEN.of(done)) | {"order_no": _order_no(claim.key, done)}
            yield Row(LIST.name, own_key(claim.key), row, (claim.key.bureau,))
        if back_ is not None and is_summary(back_):
            row = _back([(claim.key, back_)], _BACK.of(back_)) | {"order_no": back_.get("order_no"), "return_no": back_.get("return_no")}
            yield Row(LIST.name, own_key(claim.key, _RETURNED), row, (claim.key.bureau,))


def _bought(said: Sequence[Said], row: dict[str, Any]) -> dict[str, Any]:
    lead, facts = said[0]
    row["step"], row["lead_bureau"] = _DONE, lead.bureau
    row["completed_on"] = day(facts["occurred_on"])
    row["month"] = facts.get("month") or month_of(facts["occurred_on"])
    return row


def _back(said: Sequence[Said], row: dict[str, Any]) -> dict[str, Any]:
    lead, facts = said[0]
    on = facts["occurred_on"] if facts.get("on") is None else facts["on"]
    row["step"], row["lead_bureau"] = _RETURNED, lead.bureau
    row["returned_on"], row["returned_count"] = day(on), facts.get("count", 1)
    row["month"] = facts.get("month") or month_of(on)
    return row


_TOLD = {"subsidy": "补贴金额", "sale_amount": "销售额"}


def _findings(claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    for each in rows:
        row = each.values
        if row["step"] == _DONE and row["subsidy"] is not None and row["sale_amount"] is not None and row["subsidy"] > row["sale_amount"]:
            detail = {"subsidy": row["subsidy"], "sale_amount": row["sale_amount"]}
            yield Finding("subsidy-over-sale", each.key, f"{row['month']}{row['category']}补贴金额大于销售额，请核对", detail, each.bureaus)
    if len(rows) > 1 or (rows and rows[0].values["step"] == _RETURNED) or len(claims) > 1:
        yield from _orders_compared(claims, {row.key: row for row in rows})


def _orders_compared(claims: Sequence[Claim], rows: Mapping[str, Row]) -> Iterator[Finding]:
    """Compare what is said of an order with its returns, and with what others say of it."""
    for order_no, order in _orders(claims).items():
        purchase = rows.get(joined(order_no))
        back = [rows[joined(_RETURNED, order_no, return_no)] for return_no in order.returns]
        if purchase is None:
            for row in back:
                words = f"{row.values['month']}退货没有对应的购买记录，请核对订单号"
                yield Finding("return-without-purchase", row.key, words, {"order_no": order_no}, row.bureaus)
            continue
        returned, subsidy = sum(row.values["subsidy_returned"] or 0 for row in back), purchase.values["subsidy"]
        if returned > (subsidy or 0):
            detail = {"subsidy": subsidy, "subsidy_returned": returned}
            yield Finding("returned-over-subsidy", purchase.key, f"{back[-1].values['month']}退回补贴大于原补贴，请核对", detail)
        for name, title in _TOLD.items():
            values = {who: facts[name] for who, facts in voices(order.bought) if facts.get(name) is not None}
            if len(set(values.values())) > 1:
                words = f"同一订单的{title}填报不一致，已按一家计，请核对"
                yield Finding("order-differs", purchase.key, words, {"of": name, **values}, purchase.bureaus)
                break


#: What stands in place of a summary: the details of its cell and, of kinds without any, finer summaries.
_DETAIL_AND_SUMMARY = f"""
    WITH stated AS (
      SELECT lead_bureau, step, category, kind, month, sum(coalesce(subsidy_returned, subsidy)) AS subsidy, sum(coalesce(returned_count, count)) AS count
      FROM {{schema}}.trade_in WHERE granularity = '汇总' GROUP BY 1, 2, 3, 4, 5
    )
    SELECT concat_ws(' ', s.lead_bureau, nullif(s.step, '完成'), s.category, s.kind, s.month), array[s.lead_bureau], jsonb_build_object(
        'detail', d.subsidy, 'summary', s.subsidy, 'details', d.count, 'summed', s.count, 'month', s.month,
        'category', coalesce(s.kind, s.category) || CASE s.step WHEN '退货' THEN '退货' ELSE '' END), 1
    FROM stated s CROSS JOIN LATERAL (
      SELECT sum(subsidy) AS subsidy, sum(count) AS count FROM (
        SELECT coalesce(t.subsidy_returned, t.subsidy) AS subsidy, coalesce(t.returned_count, t.count) AS count FROM {{schema}}.trade_in t
        WHERE t.month = s.month AND t.category = s.category AND (s.kind IS NULL OR t.kind = s.kind)
          AND t.step = s.step AND t.granularity = '明细' AND s.lead_bureau = ANY(t.bureaus)
        UNION ALL
        SELECT f.subsidy, f.count FROM stated f
        WHERE s.kind IS NULL AND f.kind IS NOT NULL AND (f.lead_bureau, f.step, f.category, f.month) = (s.lead_bureau, s.step, s.category, s.month)
          AND NOT EXISTS (
            SELECT FROM {{schema}}.trade_in t WHERE t.month = f.month AND t.category = f.category AND t.kind = f.kind AND t.step = f.step
              AND t.granularity = '明细' AND f.lead_bureau = ANY(t.bureaus)
          )
      ) AS part
    ) d
    WHERE d.count IS NOT NULL AND (d.subsidy <> s.subsidy OR d.count <> s.count) ORDER BY 1 LIMIT {FOUND_MAX}"""
_SUMMARIES = "trade_in (category, month) WHERE granularity = '汇总'"
_DETAILS = "trade_in (month, category, kind)"

KIND = Kind(
    "trade_in", "以旧换新", _rows, (LIST,), _identities,
    apart={LIST.name: Apart(("step", "order_no", "return_no"))}, findings=_findings, decided=False,
    rules=("subsidy-over-sale", "returned-over-subsidy", "return-without-purchase", "order-differs"),
    comparisons=(
        same_identifier("serial-twice", "trade_in", LIST.table, "serial_no", "序列号{subject}出现在{count}笔订单中，请核对"),
        same_identifier("invoice-twice", "trade_in", LIST.table, "invoice_no", "发票号{subject}出现在{count}笔订单中，请核对"),
        Comparison(
            "detail-and-summary", "trade_in", _DETAIL_AND_SUMMARY, "{month}{category}的明细与汇总不一致，已按明细计，请核对", (_SUMMARIES, _DETAILS),
        ),
        apart_from_history(
            "trade-in-magnitude", "trade_in", LIST.table, ("subsidy", "month", "coalesce(kind, category)"), "lead_bureau, step, category, kind",
            "{month}{category}汇总的补贴金额与各月相差一千倍以上，请核对计量单位（元、万元、亿元）", where="step = '完成' AND granularity = '汇总'",
        ),
    ),
)  # fmt: skip
