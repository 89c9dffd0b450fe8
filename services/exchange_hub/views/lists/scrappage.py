"""Scrapped equipment: one row a machine, from application to deregistration, also where two bureaus report steps.

A summary is a row a step with how many it counts. The step by which a category counts is the district's (FIGURES 8).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.findings import FOUND_MAX, MONTH_OF, Comparison, Finding, same_identifier
from exchange_hub.views.lists.folding import (
    Kind,
    Said,
    day,
    facts_named,
    is_summary,
    joined,
    merged,
    of_family,
    own_key,
    ranked,
    tellers,
    unnamed,
)
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("scrappage"), "报废淘汰台账", "scrappage",
    columns("""
        category 类别 text filter
        identifier_kind 识别号类型 text
        identifier 识别号 text code
        certificate_kind 证明类型 text
        certificate_no 证明编号 text code
        owner_uscc 单位信用代码 text code 21
        owner_token 所有人令牌 text code
        recycler_uscc 回收企业 text code
        emission_standard 排放标准 text
        fuel 燃料 text
        commissioned_on 启用日期 date
        step 最新环节 text filter
        applied_on 申请日期 date
        delivered_on 交售回收日期 date
        dismantled_on 拆解销毁日期 date
        deregistered_on 注销登记日期 date
        counted_on 计列日期 date
        count 台数 count 台
        town 镇街园区 text filter
        granularity 粒度 text filter
        lead_bureau 填报单位 text filter bureau 18
    """),
    brief=(
        "identifier", "category", "step", "delivered_on", "deregistered_on", "certificate_no", "town", "lead_bureau",
        "recycler_uscc", "emission_standard", "applied_on", "dismantled_on",
    ),
    annex=AnnexPlace("报废淘汰台账", 12, paper=False), small_money=True,
)  # fmt: skip

#: Steps in the order in which the ledger shows them, with the column that keeps the date.
_STEPS = {"申请": "applied_on", "交售回收": "delivered_on", "拆解销毁": "dismantled_on", "注销登记": "deregistered_on"}
_FURTHEST = {step: -number for number, step in enumerate(_STEPS)}
_TAKEN = facts_named(
    "category", "identifier_kind", "identifier", "certificate_kind", "certificate_no", "owner_uscc", "owner_token", "recycler_uscc",
    "emission_standard", "fuel", "commissioned_on", "count", "town", "granularity",
)  # fmt: skip


def _identities(claim: Claim) -> list[str]:
    """A machine is its category and identifier (VIN, serial or certificate number)."""
    values = {joined(facts["category"], facts["identifier"]) for facts in _statements(claim) if facts.get("identifier") and not is_summary(facts)}
    return sorted(values)


def _rows(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give one row with the date of each step that somebody reported; a summary has a row for each of its steps."""
    said = [(claim.key, facts) for claim in claims for facts in _statements(claim)]
    if any(is_summary(facts) for _, facts in said):
        yield from _summaries(said, rules)
        said = [pair for pair in said if not is_summary(pair[1])]
    if not said:
        return
    if len(said) > 1:
        order = rules.order(LIST.name, "*", None)
        said.sort(key=lambda pair: (order(pair[0].bureau), pair[0]))
    row = merged(said, _TAKEN, rules, LIST.name)
    row["commissioned_on"] = day(row["commissioned_on"])
    by_step: dict[str, list[Said]] = {}
    for pair in said:
        by_step.setdefault(pair[1]["step"], []).append(pair)
    for step, column in _STEPS.items():
        if step in by_step:
            row["step"] = step
            row[column] = day(_on(ranked(by_step[step], rules, LIST.name, field=column)[0][1]))
    row["lead_bureau"] = said[0][0].bureau
    key = unnamed(component)
    # Category and identifier name the row, so both come from one statement.
    named = next((facts for _, facts in said if facts.get("identifier")), None)
    if named is not None:
        row["category"], row["identifier"] = named["category"], named["identifier"]
        key = joined(row["category"], row["identifier"])
    row["counted_on"] = row.get(_STEPS[rules.counting_step(row["category"])])
    yield Row(LIST.name, key, row, tellers(said))


def _summaries(said: Sequence[Said], rules: FoldRules) -> Iterator[Row]:
    for claim, facts in said:
        if is_summary(facts):
            on = day(_on(facts))
            row = _TAKEN.of(facts) | {"step": facts["step"], _STEPS[facts["step"]]: on, "lead_bureau": claim.bureau}
            row["commissioned_on"] = day(row["commissioned_on"])
            row["counted_on"] = on if facts["step"] == rules.counting_step(facts["category"]) else None
            yield Row(LIST.name, own_key(claim, facts["step"]), row, (claim.bureau,))


def _statements(claim: Claim) -> list[Mapping[str, Any]]:
    """Return the claim's steps, the furthest first, so that the fullest statement names the machine."""
    found = [fact.facts for _, fact in of_family(claim, "scrapped")]
    return sorted(found, key=lambda facts: _FURTHEST[facts["step"]])


def _on(facts: Mapping[str, Any]) -> int:
    on = facts.get("on")
    return int(facts["occurred_on"] if on is None else on)


def _findings(_claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    for row in rows:
        delivered, deregistered = row.values.get("delivered_on"), row.values.get("deregistered_on")
        if delivered is not None and deregistered is not None and deregistered < delivered:
            detail = {"delivered_on": delivered.isoformat(), "deregistered_on": deregistered.isoformat()}
            yield Finding("deregistered-early", row.key, f"{deregistered:%Y-%m}注销登记日期早于交售回收日期，请核对凭证", detail)


_DATES = "(VALUES ('申请', t.applied_on), ('交售回收', t.delivered_on), ('拆解销毁', t.dismantled_on), ('注销登记', t.deregistered_on)) AS of (step, on_date)"
_DETAIL_AND_SUMMARY = f"""
    WITH stated AS (
      SELECT t.lead_bureau AS bureau, t.category, t.step, {MONTH_OF("of.on_date")} AS month, sum(t.count) AS count
      FROM {{schema}}.scrappage t CROSS JOIN LATERAL {_DATES} WHERE t.granularity = '汇总' AND of.step = t.step GROUP BY 1, 2, 3, 4
    )
    SELECT concat_ws(' ', s.bureau, s.category, s.step, s.month), array[s.bureau], jsonb_build_object(
        'details', sum(t.count), 'summed', s.count, 'month', s.month, 'category', s.category || s.step), 1
    FROM stated s JOIN {{schema}}.scrappage t ON t.category = s.category AND t.granularity = '明细' AND s.bureau = ANY(t.bureaus)
      CROSS JOIN LATERAL {_DATES} WHERE of.step = s.step AND {MONTH_OF("of.on_date")} = s.month
    GROUP BY s.bureau, s.category, s.step, s.month, s.count HAVING sum(t.count) <> s.count ORDER BY 1 LIMIT {FOUND_MAX}"""

KIND = Kind(
    "scrappage", "报废淘汰", _rows, (LIST,), _identities, findings=_findings, rules=("deregistered-early",), asks=frozenset({"steps"}),
    comparisons=(
        same_identifier("certificate-twice", "scrappage", LIST.table, "certificate_no", "证明编号{subject}对应{count}台设备，请核对"),
        Comparison("scrappage-detail-and-summary", "scrappage", _DETAIL_AND_SUMMARY, "{month}{category}的明细与汇总台数不一致，已按明细计，请核对"),
    ),
)  # fmt: skip
