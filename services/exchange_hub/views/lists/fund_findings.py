"""What a look at the money shows: what one application was approved, paid and reversed, whichever bureau says it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from exchange_contracts.rules import printed_fen
from exchange_hub.views.findings import FOUND_MAX, MONTH_OF, Comparison, Finding, apart_from_history
from exchange_hub.views.lists.applications import Application, applications, registers
from exchange_hub.views.lists.folding import Said, joined, month_of, number, own_key, tellers, voices
from exchange_hub.views.lists.statements import slipped
from exchange_hub.views.numbers import normal
from exchange_hub.views.statement import Claim, Row

RULES: Final = (
    "paid-over-approved", "payment-magnitude", "reversed-over-paid", "paid-without-approval", "paid-three-times", "approved-twice",
    "amount-differs", "shares-sum",
)  # fmt: skip
_STEPS: Final = {"支付": "paid", "冲回": "reversed", "审核": "approved"}
_TIMES: Final = 3


def findings(claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    """Yield what a look at the statements of one component shows."""
    found = applications(claims)
    for named, application in found.items():
        mine = rows if len(found) == 1 else [row for row in rows if number(row.values["application_no"]) == named]
        yield from _application(joined(named), application, [row.values for row in mine if row.values["granularity"] != "汇总"])
        yield from _twice(named, application)
    for claim in claims:
        for family in _STEPS.values():
            for sub_key, facts in registers(claim, family):
                yield from _shares(claim, family, sub_key, facts)


def _application(subject: str, of: Application, rows: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    totals, months, times = {"paid": 0, "reversed": 0, "approved": 0}, [""], 0
    for row in rows:
        name = _STEPS.get(row["step"])
        if name:
            totals[name] += row["counted"]
            if name == "paid" and row["counted"] > 0:
                times += 1
                months.append(f"{row['on_date']:%Y-%m}")
    approved, paid, back = totals["approved"], totals["paid"], totals["reversed"]
    payers = tuple(sorted({bureau for bureau, _ in of.paid}))
    at = max(months)
    # What came back was paid once and may be paid anew.
    if of.approved and paid - back > approved:
        detail = {"approved": approved, "paid": paid, **({"reversed": back} if back else {})}
        yield Finding("paid-over-approved", subject, f"截至{at}支付合计大于审核金额，请核对", detail)
    elif of.approved and slipped(approved, paid) and paid < approved:
        words = f"截至{at}支付合计与审核金额相差一千倍以上，请核对计量单位（元、万元）"
        yield Finding("payment-magnitude", subject, words, {"approved": approved, "paid": paid}, payers)
    if back > paid:
        yield Finding("reversed-over-paid", subject, "冲回合计大于支付合计，请核对", {"paid": paid, "reversed": back})
    if of.paid and not of.approved and paid:
        yield Finding("paid-without-approval", subject, f"{at}有支付而没有审核记录，请核对申请编号", {"paid": paid}, payers)
    if times >= _TIMES:
        yield Finding("paid-three-times", subject, f"同一申请截至{at}支付{times}笔，请核对", {"vouchers": times, "paid": paid}, payers)


def _twice(named: str, application: Application) -> Iterator[Finding]:
    """Yield approvals by several bureaus, and amounts that several entries give differently."""
    apart: dict[str, int] = {}
    for policy, said in application.approved.items():
        amounts = {key.bureau: facts["amount"] for key, facts in sorted(said, key=lambda pair: pair[0])}
        apart |= amounts
        if len(amounts) > 1:
            yield Finding("approved-twice", joined(named, policy), "同一申请由不同单位审核，已按一件计，请核对", {"of": "amount", **amounts})
        else:
            yield from _differing(joined("审核", named, policy), said)
    if len(apart) > 1 and not any(len(tellers(said)) > 1 for said in application.approved.values()):
        yield Finding("approved-twice", joined(named), "同一申请由不同单位按不同政策审核，请核对", {"of": "amount", **apart})
    for (bureau, voucher), said in application.paid.items():
        yield from _differing(joined("支付", bureau, named, voucher), said)


def _differing(subject: str, said: Sequence[Said]) -> Iterator[Finding]:
    if len(said) > 1 and len({facts["amount"] for _, facts in said}) > 1:
        detail = {"of": "amount", **{who: facts["amount"] for who, facts in voices(said)}}
        yield Finding("amount-differs", subject, "同一笔的金额填报不一致，已按一份计，请核对", detail, tellers(said))


def _shares(claim: Claim, family: str, sub_key: str, facts: Mapping[str, Any]) -> Iterator[Finding]:
    shares = {name: facts[name] for name in ("share_central", "share_city", "share_district") if facts.get(name) is not None}
    if shares and abs(sum(shares.values()) - facts["amount"]) >= printed_fen(facts):  # type: ignore[arg-type]  # facts of an event
        month = month_of(facts["occurred_on"] if facts.get("on") is None else facts["on"])
        subject = own_key(claim.key, *filter(None, (family, sub_key)))
        detail = {"amount": facts["amount"], **shares}
        yield Finding("shares-sum", subject, f"{month}中央、市级、区级分担合计与金额不相等，请核对", detail, (claim.key.bureau,))


_PAID = "step = '支付' AND granularity = '明细' AND counted <> 0"
_BY_VOUCHER = normal("voucher_no")
_VOUCHER = f"""
    SELECT concat_ws(' ', {_BY_VOUCHER}, extract(year FROM on_date)), array_agg(DISTINCT lead_bureau ORDER BY lead_bureau), jsonb_build_object(
        'voucher_no', {_BY_VOUCHER}, 'month', max({MONTH_OF("on_date")}), 'rows', jsonb_agg(row_key ORDER BY row_key)), count(*)
    FROM {{schema}}.fund WHERE {_PAID} AND {_BY_VOUCHER} IN (
      SELECT {_BY_VOUCHER} FROM {{schema}}.fund WHERE {_PAID} GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT {FOUND_MAX}
    ) GROUP BY {_BY_VOUCHER}, extract(year FROM on_date) HAVING count(*) > 1 ORDER BY 1"""

_OF_BATCH = "batch_no IS NOT NULL AND step IN ('支付', '冲回')"
_BATCH_NO, _POLICY_NO = normal("batch_no"), normal("coalesce(policy_no, '')")
# The money of a batch is handed down level by level: what one level has is what there is.
_BATCH = f"""
    WITH given AS (
      SELECT budget_year, batch_no, policy_no, max(amount) AS amount, array_agg(DISTINCT bureau) AS bureaus FROM (
        SELECT budget_year, {_BATCH_NO} AS batch_no, {_POLICY_NO} AS policy_no, level = '区级' AS own, min(lead_bureau) AS bureau,
          sum(amount + coalesce(carried_over, 0) - coalesce(recovered, 0)) AS amount
        FROM {{schema}}.fund WHERE step = '下达' AND batch_no IS NOT NULL GROUP BY 1, 2, 3, 4
      ) levels GROUP BY 1, 2, 3
    ), told AS (
      SELECT budget_year, {_BATCH_NO} AS batch_no, {_POLICY_NO} AS policy_no, granularity, sum(CASE step WHEN '支付' THEN counted ELSE -counted END) AS paid
      FROM {{schema}}.fund WHERE {_OF_BATCH} GROUP BY 1, 2, 3, 4
    ), paid AS (
      SELECT t.budget_year, t.batch_no, coalesce(g.policy_no, '') AS policy_no, t.granularity, sum(t.paid) AS paid
      FROM told t LEFT JOIN given g USING (budget_year, batch_no, policy_no) GROUP BY 1, 2, 3, 4
    )
    SELECT concat_ws(' ', batch_no, budget_year, nullif(policy_no, '')), g.bureaus, jsonb_build_object(
        'batch_no', batch_no, 'budget_year', budget_year, 'allocated', g.amount, 'paid', max(p.paid)), 1
    FROM given g JOIN paid p USING (budget_year, batch_no, policy_no)
    GROUP BY batch_no, budget_year, policy_no, g.bureaus, g.amount HAVING max(p.paid) > g.amount ORDER BY 1 LIMIT {FOUND_MAX}"""

# Money follows its approval: what was approved in time may be paid later.
_EXPIRED = f"""
    WITH ended AS (
      SELECT DISTINCT {normal("document_no")} AS policy, least(expired_on, valid_to) AS ended_on FROM {{schema}}.funding_policy
      WHERE least(expired_on, valid_to) IS NOT NULL
    )
    SELECT concat_ws(' ', e.policy, f.application), array_agg(DISTINCT f.lead_bureau ORDER BY f.lead_bureau), jsonb_build_object(
        'policy_no', min(f.policy_no), 'ended_on', e.ended_on, 'on_date', min(f.on_date), 'month', min({MONTH_OF("f.on_date")}),
        'rows', jsonb_agg(f.row_key ORDER BY f.row_key)), 1
    FROM ended e CROSS JOIN LATERAL (
      SELECT t.*, {normal('t.application_no')} AS application FROM {{schema}}.fund t WHERE {normal("t.policy_no")} = e.policy AND t.on_date > e.ended_on OFFSET 0
    ) f WHERE f.step IN ('审核', '支付') AND f.counted <> 0 AND (f.step = '审核' OR f.granularity = '明细') AND NOT EXISTS (
      SELECT FROM {{schema}}.fund a WHERE a.component = f.component AND a.step = '审核' AND {normal('a.application_no')} = f.application AND a.on_date <= e.ended_on
    ) GROUP BY e.policy, f.application, e.ended_on ORDER BY 1 LIMIT {FOUND_MAX}"""

_CELL = "lead_bureau, step, channel, category, budget_year"
#: A detail of the cell of a summary, of whatever category.
_STANDS = """t.granularity = '明细' AND t.step = {0}.step AND {0}.lead_bureau = ANY(t.bureaus)
      AND t.on_date >= to_date({0}.month, 'YYYY-MM') AND t.on_date < to_date({0}.month, 'YYYY-MM') + interval '1 month'
      AND t.channel IS NOT DISTINCT FROM {0}.channel AND t.budget_year = {0}.budget_year"""
#: What stands in place of a summary: the details of its cell and, of categories without any, finer summaries.
_DETAIL_AND_SUMMARY = f"""
    WITH stated AS (
      SELECT {_CELL}, {MONTH_OF("on_date")} AS month, sum(amount) AS amount, sum(count) AS count FROM {{schema}}.fund
      WHERE granularity = '汇总' AND step <> '下达' GROUP BY {_CELL}, {MONTH_OF("on_date")}
    )
    SELECT concat_ws(' ', s.lead_bureau, s.step, s.channel, s.category, s.budget_year, s.month), array[s.lead_bureau], jsonb_build_object(
        'detail', d.amount, 'summary', s.amount, 'details', d.count, 'summed', s.count, 'month', s.month,
        'category', concat(s.channel, s.category, s.step)), 1
    FROM stated s CROSS JOIN LATERAL (
      SELECT sum(amount) AS amount, sum(count) AS count FROM (
        SELECT t.amount, t.count FROM {{schema}}.fund t WHERE {_STANDS.format("s")} AND (s.category IS NULL OR t.category = s.category)
        UNION ALL
        SELECT f.amount, f.count FROM stated f
        WHERE s.category IS NULL AND f.category IS NOT NULL AND (f.lead_bureau, f.step, f.budget_year, f.month) = (s.lead_bureau, s.step, s.budget_year, s.month)
          AND f.channel IS NOT DISTINCT FROM s.channel
          AND NOT EXISTS (SELECT FROM {{schema}}.fund t WHERE {_STANDS.format("f")} AND t.category = f.category)
      ) AS part
    ) d WHERE d.amount <> s.amount OR d.count <> s.count ORDER BY 1 LIMIT {FOUND_MAX}"""
_SUMMARIES = "fund (step, on_date) WHERE granularity = '汇总'"
_POLICY_TOLD = normal("policy_no")
_OVER_APPROVED = f"""
    WITH told AS (
      SELECT budget_year, {_POLICY_TOLD} AS policy_no, category, step, granularity, lead_bureau, sum(CASE step WHEN '冲回' THEN -counted ELSE counted END) AS amount
      FROM {{schema}}.fund WHERE granularity = '汇总' AND step <> '下达' GROUP BY 1, 2, 3, 4, 5, 6
    ), approved AS (
      SELECT budget_year, policy_no, category, sum(amount) AS amount FROM told WHERE step = '审核' GROUP BY 1, 2, 3
    )
    SELECT concat_ws(' ', t.policy_no, t.category, t.budget_year), array_agg(DISTINCT t.lead_bureau ORDER BY t.lead_bureau), jsonb_build_object(
        'approved', a.amount, 'paid', sum(t.amount), 'budget_year', t.budget_year, 'category', t.category), 1
    FROM told t JOIN approved a ON a.budget_year = t.budget_year AND a.policy_no IS NOT DISTINCT FROM t.policy_no
      AND a.category IS NOT DISTINCT FROM t.category
    WHERE t.step <> '审核' AND NOT EXISTS (
      SELECT FROM {{schema}}.fund d WHERE d.granularity = '明细' AND d.step = '审核' AND d.budget_year = t.budget_year
        AND {normal('d.policy_no')} IS NOT DISTINCT FROM t.policy_no AND d.category IS NOT DISTINCT FROM t.category
    ) GROUP BY t.budget_year, t.policy_no, t.category, a.amount HAVING sum(t.amount) > a.amount ORDER BY 1 LIMIT {FOUND_MAX}"""

COMPARISONS: Final = (
    Comparison(
        "voucher-twice", "fund", _VOUCHER, "凭证号{subject}出现在{count}笔支付中（不同申请或不同单位），请核对", (f"fund ({_BY_VOUCHER}) INCLUDE (voucher_no) WHERE {_PAID}",),
    ),
    Comparison(
        "batch-over-allocated", "fund", _BATCH, "批次{subject}的支付合计大于该批次下达金额，请核对",
        (f"fund (budget_year, {_BATCH_NO}, {_POLICY_NO}, granularity, step) INCLUDE (counted, batch_no, policy_no) WHERE {_OF_BATCH}",),
    ),
    Comparison(
        "policy-expired", "fund", _EXPIRED, "{month}审核或支付所依据的政策已失效（{subject}），请核对政策文号和日期", (f"fund ({normal('policy_no')}, on_date)",),
    ),
    Comparison(
        "fund-detail-and-summary", "fund", _DETAIL_AND_SUMMARY, "{month}{category}的明细与汇总不一致，已按明细计，请核对", (_SUMMARIES, "fund (on_date)"),
    ),
    Comparison("summary-paid-over-approved", "fund", _OVER_APPROVED, "{category}汇总的支付合计大于审核合计（{subject}），请核对", (_SUMMARIES,)),
    apart_from_history(
        "fund-magnitude", "fund", "fund", ("amount", MONTH_OF("on_date"), "coalesce(category, channel)"), f"{_CELL}, {_POLICY_TOLD}",
        "{month}{category}汇总金额与各月相差一千倍以上，请核对计量单位（元、万元、亿元）", where="granularity = '汇总' AND step <> '下达'",
    ),
)  # fmt: skip
