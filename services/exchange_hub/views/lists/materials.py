"""Recovered materials: a row per operator, month, material and unit, also where two bureaus report it (FIGURES 6).

A row without an operator, and one that sums up, stays its bureau's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.findings import FOUND_MAX, Comparison, Finding, apart_from_history
from exchange_hub.views.lists.folding import (
    Apart,
    Kind,
    Said,
    facts_named,
    is_summary,
    joined,
    merged,
    of_family,
    own_key,
    ranked,
    tellers,
    voices,
)
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("materials"), "回收利用台账", "material",
    columns("""
        month 月份 month filter
        operator_uscc 经营主体 text code 21
        material 品类 text filter
        town 镇街园区 text filter
        unit 单位 text
        recovered 回收量 quantity
        used 利用处置量 quantity
        route 利用途径 text filter
        outlets 网点数 count 个 unsummed
        reverse_invoiced 反向开票额 money 元
        granularity 粒度 text filter
        lead_bureau 填报单位 text filter bureau 18
    """),
    annex=AnnexPlace("回收利用台账", 11, paper=False), small_money=True,
)  # fmt: skip
_MATERIAL = facts_named(
    "month", "operator_uscc", "material", "unit", "recovered", "used", "route", "outlets", "reverse_invoiced", "granularity", "town",
)  # fmt: skip


def _shared(facts: Mapping[str, Any]) -> str | None:
    """Return what another bureau's statement of the same would name, too; ``None`` for what stays the bureau's own."""
    if is_summary(facts) or not facts.get("operator_uscc"):
        return None
    return joined(facts["operator_uscc"], facts["month"], facts["material"], facts["unit"])


def _identities(claim: Claim) -> list[str]:
    """A quantity is its operator, month, material and unit."""
    return sorted({key for _, fact in of_family(claim, "recovered") if (key := _shared(fact.facts)) is not None})


def _told(claims: Sequence[Claim]) -> dict[str, list[Said]]:
    """Return row key → what is said of it."""
    found: dict[str, list[Said]] = {}
    for claim in claims:
        for sub_key, fact in of_family(claim, "recovered"):
            key = _shared(fact.facts) or own_key(claim.key, sub_key)
            found.setdefault(key, []).append((claim.key, fact.facts))
    return found


def _rows(_component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give a row per month, material and unit of an operator."""
    for key, said in _told(claims).items():
        lead = ranked(said, rules, LIST.name)[0][0]
        yield Row(LIST.name, key, merged(said, _MATERIAL, rules, LIST.name) | {"lead_bureau": lead.bureau}, tellers(said))


_TOLD = {"recovered": "回收量", "used": "利用处置量", "reverse_invoiced": "反向开票额"}


def _findings(claims: Sequence[Claim], _rows: Sequence[Row]) -> Iterator[Finding]:
    for key, said in _told(claims).items():
        if len(said) < 2:
            continue
        facts = said[0][1]
        for name, title in _TOLD.items():
            values = {who: each[name] if name == "reverse_invoiced" else str(each[name]) for who, each in voices(said) if each.get(name) is not None}
            if len(set(values.values())) > 1:
                words = f"同一主体{facts['month']}{facts['material']}的{title}填报不一致，已按一家计，请核对"
                yield Finding("material-differs", key, words, {"of": name, **values}, tellers(said))
                break


#: What one operator, or a bureau's own rows of one kind, say of a material, month by month.
_SERIES = "lead_bureau, operator_uscc, material, unit, granularity, route"
_DETAIL_AND_SUMMARY = f"""
    WITH said AS (
      SELECT unnest(bureaus) AS bureau, lead_bureau, granularity, material, unit, month, sum(recovered) AS recovered
      FROM {{schema}}.material GROUP BY 1, 2, 3, 4, 5, 6
    )
    SELECT concat_ws(' ', s.bureau, s.material, s.unit, s.month), array[s.bureau], jsonb_build_object(
        'of', 'recovered', 'detail_said', sum(d.recovered), 'summary_said', s.recovered, 'month', s.month, 'category', s.material), 1
    FROM said s JOIN said d ON (d.bureau, d.material, d.unit, d.month) = (s.bureau, s.material, s.unit, s.month)
    WHERE s.granularity = '汇总' AND d.granularity = '明细'
    GROUP BY s.bureau, s.material, s.unit, s.month, s.recovered HAVING sum(d.recovered) <> s.recovered ORDER BY 1 LIMIT {FOUND_MAX}"""
_SUMMARY_TWICE = f"""
    SELECT concat_ws(' ', lead_bureau, material, route, unit, month), array[lead_bureau], jsonb_build_object(
        'rows', jsonb_agg(row_key ORDER BY row_key), 'month', month, 'category', material), count(*)
    FROM {{schema}}.material WHERE granularity = '汇总'
    GROUP BY lead_bureau, material, route, unit, month HAVING count(*) > 1 ORDER BY 1 LIMIT {FOUND_MAX}"""
_OTHER_UNITS = f"""
    SELECT concat_ws(' ', lead_bureau, operator_uscc, material), array[lead_bureau], jsonb_build_object(
        'category', material, 'month', max(month), 'rows', jsonb_agg(row_key ORDER BY row_key)), count(DISTINCT unit)
    FROM {{schema}}.material WHERE operator_uscc IS NOT NULL GROUP BY lead_bureau, operator_uscc, material
    HAVING count(DISTINCT unit) > 1 AND count(DISTINCT (month, unit)) = count(DISTINCT month) ORDER BY 1 LIMIT {FOUND_MAX}"""

KIND = Kind(
    "material", "回收利用", _rows, (LIST,), _identities,
    apart={LIST.name: Apart(("operator_uscc", "month", "material", "unit"))}, findings=_findings, rules=("material-differs",), decided=False,
    comparisons=(
        Comparison("material-detail-and-summary", "material", _DETAIL_AND_SUMMARY, "{month}{category}的明细与汇总回收量不一致，已按明细计，请核对"),
        Comparison("material-summary-twice", "material", _SUMMARY_TWICE, "同一单位{month}{category}的汇总有{count}行，请核对是否重复"),
        Comparison("material-units", "material", _OTHER_UNITS, "同一主体{category}的计量单位前后不一（{count}种），请核对"),
        apart_from_history(
            "material-magnitude", "material", LIST.table, ("recovered", "month", "material"), _SERIES,
            "{month}{category}回收量与各月相差一千倍以上，请核对计量单位（吨、万吨）",
        ),
    ),
)  # fmt: skip
