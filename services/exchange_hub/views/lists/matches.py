"""Supply and demand (供需对接): products of enterprises that were bought for lines of new equipment, with what they cost.

Source: the work plan, part two (供给侧与需求侧紧密对接) and part four, stage one (企业清单服务企业拓展市场). What two bureaus say of one contract's line, the one
that keeps the project and the one that keeps the enterprise, is one row (FIGURES 6); without a contract's number a match stays its bureau's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.findings import FOUND_MAX, Comparison, Finding
from exchange_hub.views.lists.folding import (
    Kind,
    current,
    day,
    facts_named,
    joined,
    merged,
    number,
    own_key,
    ranked,
    saying,
    tellers,
    voices,
)
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, Printed, columns
from exchange_hub.views.numbers import normal
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("matches"), "供需对接清单", "supply_match",
    columns("""
        match_no 对接编号 text code
        project_no 项目代码或内部编号 text code 26
        line_no 明细编号 text code
        buyer_name 需方 text 28
        enterprise_uscc 供方统一社会信用代码 text code 21
        enterprise_name 供方 text 28
        local 本区企业 text filter
        product 产品 text 24
        contract_no 合同编号 text code
        amount 成交金额 money 元
        on_date 签约日期 date
        lead_bureau 填报单位 text filter bureau 18
    """),
    brief=("line_no", "project_no", "buyer_name", "enterprise_name", "local", "product", "amount", "on_date", "lead_bureau"),
    annex=AnnexPlace("供需对接清单", 21, paper=False), of_project="project_no",
    printed=Printed("列前{n}条（按签约日期，新的在前）", "on_date DESC"),
)  # fmt: skip
_TAKEN = facts_named(
    "match_no", "project_no", "line_no", "buyer_name", "enterprise_uscc", "enterprise_name", "local", "product", "contract_no", "amount",
)


def _key(facts: Mapping[str, Any]) -> str:
    return joined(number(facts["contract_no"]), facts["enterprise_uscc"], number(facts["line_no"])) if facts["contract_no"] else ""


def _identities(claim: Claim) -> list[str]:
    """A match is its contract, enterprise and line of equipment, where a contract is named."""
    facts = current(claim, "matched")
    return [key] if facts and (key := _key(facts)) else []


def _rows(_component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    said = saying(claims, "matched")
    if not said:
        return
    row = merged(said, _TAKEN, rules, LIST.name)
    row["on_date"] = day(ranked(said, rules, LIST.name, field="on_date")[0][1]["on"])
    first = ranked(said, rules, LIST.name)[0]
    row["lead_bureau"] = first[0].bureau
    yield Row(LIST.name, _key(first[1]) or own_key(first[0]), row, tellers(said))


def _findings(claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    amounts = {voice: facts["amount"] for voice, facts in voices(saying(claims, "matched"))}
    if rows and len(set(amounts.values())) > 1:
        yield Finding("match-differs", rows[0].key, "同一合同的成交金额各单位填报不一致，请核对", {"of": "amount", **amounts})


_NEW = "'新设备'"
_OF_LINE = f"""{normal("e.line_no")} = {normal("m.line_no")} AND e.side = {_NEW}
      AND ({normal("e.project_no")} = {normal("m.project_no")} OR e.lead_bureau = ANY(m.bureaus))"""
_LINES = (f"equipment_line ({normal('line_no')})",)
_LINE_UNKNOWN = f"""
    SELECT m.row_key, m.bureaus, jsonb_build_object('project_no', m.project_no, 'line_no', m.line_no, 'rows', jsonb_build_array(m.row_key)), 1
    FROM {{schema}}.supply_match m WHERE NOT EXISTS (SELECT FROM {{schema}}.equipment_line e WHERE {_OF_LINE}) ORDER BY 1 LIMIT {FOUND_MAX}"""
_ENTERPRISE_UNKNOWN = f"""
    SELECT m.row_key, m.bureaus, jsonb_build_object('enterprise_uscc', m.enterprise_uscc, 'rows', jsonb_build_array(m.row_key)), 1
    FROM {{schema}}.supply_match m WHERE m.local IS DISTINCT FROM '否'
      AND NOT EXISTS (SELECT FROM {{schema}}.enterprise e WHERE e.uscc = m.enterprise_uscc) ORDER BY 1 LIMIT {FOUND_MAX}"""
_OVER_PRICE = f"""
    SELECT e.row_key, array_agg(DISTINCT m.lead_bureau ORDER BY m.lead_bureau),
      jsonb_build_object('amount', sum(m.amount), 'price', e.price, 'line_no', e.line_no, 'rows', jsonb_agg(m.row_key ORDER BY m.row_key)), count(*)
    FROM {{schema}}.supply_match m JOIN {{schema}}.equipment_line e ON {_OF_LINE}
    GROUP BY e.row_key, e.price, e.line_no HAVING sum(m.amount) > e.price ORDER BY 1 LIMIT {FOUND_MAX}"""

KIND = Kind(
    "match", "供需对接", _rows, (LIST,), _identities, findings=_findings, rules=("match-differs",), decided=False,
    comparisons=(
        Comparison("match-line-unknown", "match", _LINE_UNKNOWN, "供需对接所指的新设备不在设备明细清单中，请核对明细编号和项目编号", _LINES),
        Comparison("match-enterprise-unknown", "match", _ENTERPRISE_UNKNOWN, "供需对接的供方不在先进设备企业清单中，请核对信用代码；外区企业请注明"),
        Comparison("match-over-price", "match", _OVER_PRICE, "成交金额合计大于该设备的购置金额，请核对", _LINES),
    ),
)  # fmt: skip
