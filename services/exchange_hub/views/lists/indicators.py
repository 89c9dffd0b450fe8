"""The system of goals: baselines, targets and reported values of indicators; statistics and scheduling series stay apart.

What several bureaus say of one indicator, domain, kind, period and series is one row, told by the bureau that takes precedence
for the series: the statistics bureau for 统计, where it speaks, the lead bureau for 调度 (FIGURES 6 and 7). A value told as 汇总 is
no further amount of it: it stands where nobody told it as 明细 (FIGURES 8).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.findings import FOUND_MAX, Comparison, Finding, apart_from_history, asking
from exchange_hub.views.lists.folding import (
    Apart,
    Kind,
    Said,
    facts_named,
    is_summary,
    joined,
    number,
    of_family,
    ranked,
    tellers,
    voices,
)
from exchange_hub.views.lists.measures import factor_sql, family_sql, in_base, ratio_differs
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.numbers import normal
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("indicators"), "目标体系", "indicator",
    columns("""
        indicator 指标 text filter
        domain 领域 text filter
        kind 类别 text filter
        series 口径 text filter
        period 期间 text
        value 数值 quantity
        numerator 分子 quantity
        denominator 分母 quantity
        unit 单位 text
        version 版本 text
        lead_bureau 责任单位 text filter bureau 18
    """),
    brief=(
        "indicator", "domain", "kind", "series", "period", "value", "numerator", "denominator", "unit", "lead_bureau",
    ),
    annex=AnnexPlace("目标体系", 13, paper=False),
)  # fmt: skip
_KINDS = {"baseline": "基数", "target": "目标", "reported": "报送"}
# A value and its parts belong together: a row is one bureau's statement as a whole.
_INDICATOR = facts_named("indicator", "domain", "series", "period", "value", "numerator", "denominator", "unit", "version")


def _key(family: str, facts: Mapping[str, Any]) -> str:
    return joined(number(facts["indicator"]), facts.get("domain") or "", family, facts["series"], facts["period"])


def _statements(claim: Claim) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield (row key, kind, facts) of all that the claim says."""
    for family, kind in _KINDS.items():
        for _, fact in of_family(claim, family):
            yield _key(family, fact.facts), kind, fact.facts


def _identities(claim: Claim) -> list[str]:
    """An indicator's value is its indicator, domain, kind, period and series."""
    return sorted({key for key, _, _ in _statements(claim)})


def _told(claims: Sequence[Claim]) -> dict[str, tuple[str, list[Said]]]:
    """Return row key → (kind, what is said of it)."""
    found: dict[str, tuple[str, list[Said]]] = {}
    for claim in claims:
        for key, kind, facts in _statements(claim):
            found.setdefault(key, (kind, []))[1].append((claim.key, facts))
    return found


def _rows(_component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give a row per baseline, target and reported value of a series."""
    for key, (kind, said) in _told(claims).items():
        first = said[0][1]
        singly = [each for each in said if not is_summary(each[1])]
        lead, facts = ranked(singly or said, rules, LIST.name, first.get("domain"), first["series"])[0]
        yield Row(LIST.name, key, _INDICATOR.of(facts) | {"kind": kind, "lead_bureau": lead.bureau}, tellers(said))


def _findings(claims: Sequence[Claim], _rows: Sequence[Row]) -> Iterator[Finding]:
    for key, (_, said) in _told(claims).items():
        period = said[0][1]["period"]
        if len(said) > 1 and len({in_base(facts) for _, facts in said}) > 1:
            values = {who: f"{facts.get('value')} {facts['unit']}" for who, facts in voices(said)}
            yield Finding("indicator-differs", key, f"同一指标{period}的数值填报不一致，已按一家计，请核对", {"of": "value", **values}, tellers(said))
        for claim, facts in said:
            if ratio_differs(facts):
                detail = {name: str(facts[name]) for name in ("value", "numerator", "denominator")}
                subject = joined(key, claim.bureau, claim.entity)
                yield Finding("indicator-ratio", subject, asking(f"{period}指标值与分子除以分母的商不相等", facts), detail, (claim.bureau,))


_NAME = normal("indicator")
_OTHER_UNITS = f"""
    SELECT concat_ws(' ', min(indicator), domain), array_agg(DISTINCT lead_bureau ORDER BY lead_bureau), jsonb_build_object(
        'category', min(indicator), 'units', string_agg(DISTINCT unit, '、' ORDER BY unit), 'rows', jsonb_agg(row_key ORDER BY row_key)), count(DISTINCT unit)
    FROM {{schema}}.indicator WHERE value IS NOT NULL GROUP BY {_NAME}, domain
    HAVING count(DISTINCT {family_sql("unit")}) > 1 ORDER BY 1 LIMIT {FOUND_MAX}"""

KIND = Kind(
    "indicator", "指标与目标", _rows, (LIST,), _identities,
    apart={LIST.name: Apart(("indicator", "domain", "kind", "series", "period"), ranked_by="series")},
    findings=_findings, rules=("indicator-differs", "indicator-ratio"), decided=False, asks=frozenset({"domain"}),
    comparisons=(
        Comparison("indicator-units", "indicator", _OTHER_UNITS, "{category}的计量单位前后不一，不能换算，请核对"),
        apart_from_history(
            "indicator-magnitude", "indicator", LIST.table, (f"value * {factor_sql('unit')}", "period", "indicator"),
            f"lead_bureau, {_NAME}, domain, series, {family_sql('unit')}, length(period)",
            "{month}{category}与其他各期相差一千倍以上，请核对计量单位（吨、万吨，元、万元、亿元）", where="kind = '报送'", name="value",
        ),
    ),
)  # fmt: skip
