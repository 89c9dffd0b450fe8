"""Trade-ins: one row an order, or one a summary line; a return is written into the order's row."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.findings import Comparison, Finding, same_identifier
from exchange_hub.views.lists.folding import Kind, current, day, facts_named, month_of
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("trade-in"), "以旧换新台账", "trade_in",
    columns("""
        order_no 订单号 text code 20
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
        actually_paid 实付 money 元
        merchant_uscc 商家 text code 21
        serial_no 序列号 text code
        invoice_no 发票号 text code
        granularity 粒度 text filter
        lead_bureau 填报单位 text filter bureau 18
    """),
    single=True,
    brief=(
        "order_no", "category", "month", "count", "sale_amount", "subsidy", "granularity", "returned_count", "lead_bureau",
        "kind", "completed_on", "subsidy_returned",
    ),
    annex=AnnexPlace("以旧换新台账", 10, paper=False), small_money=True,
)  # fmt: skip

_TAKEN = facts_named(
    "order_no", "category", "kind", "energy_label", "count", "sale_amount", "subsidy", "actually_paid", "merchant_uscc",
    "serial_no", "invoice_no", "granularity",
)  # fmt: skip


def _rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
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
    yield Row(LIST.name, component, row)


def _findings(_claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    row, subject = rows[0].values, rows[0].key
    if row["subsidy"] is not None and row["sale_amount"] is not None and row["subsidy"] > row["sale_amount"]:
        detail = {"subsidy": row["subsidy"], "sale_amount": row["sale_amount"]}
        yield Finding("subsidy-over-sale", subject, "补贴金额大于销售额,请核对", detail)
    if row.get("subsidy_returned") is not None and row["subsidy_returned"] > (row["subsidy"] or 0):
        detail = {"subsidy": row["subsidy"], "subsidy_returned": row["subsidy_returned"]}
        yield Finding("returned-over-subsidy", subject, "退回补贴大于原补贴,请核对", detail)


KIND = Kind(
    "trade_in", "以旧换新", _rows, (LIST,), findings=_findings, rules=("subsidy-over-sale", "returned-over-subsidy"),
    comparisons=(
        same_identifier("serial-twice", "trade_in", LIST.table, "serial_no", "序列号{subject}出现在{count}笔订单中,请核对"),
        same_identifier("invoice-twice", "trade_in", LIST.table, "invoice_no", "发票号{subject}出现在{count}笔订单中,请核对"),
        Comparison(
            "detail-and-summary",
            "trade_in",
            """SELECT lead_bureau || ' ' || category || ' ' || month, array[lead_bureau],
                 jsonb_build_object('detail', sum(subsidy) FILTER (WHERE granularity = '明细'),
                                    'summary', sum(subsidy) FILTER (WHERE granularity = '汇总')), count(*)
               FROM {schema}.trade_in GROUP BY lead_bureau, category, month
               HAVING sum(subsidy) FILTER (WHERE granularity = '明细') <> sum(subsidy) FILTER (WHERE granularity = '汇总')
               ORDER BY 1 LIMIT 1000""",
            "同一单位、品类、月份的明细与汇总补贴金额不一致,已按明细计,请核对",
        ),
    ),
)  # fmt: skip
