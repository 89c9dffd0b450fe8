"""The system of goals: baselines, targets and reported values of indicators; statistics and scheduling series stay apart.

What several bureaus say of one indicator, domain, kind, period and series is one row, told by the bureau that takes precedence
for the series: the statistics bureau for 统计, where it speaks, the lead bureau for 调度 (FIGURES 6 and 7).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.findings import Finding
from exchange_hub.views.lists.folding import (
    Apart,
    Kind,
    Said,
    facts_named,
    is_summary,
    joined,
    number,
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


def _key(claim: Claim, family: str, sub_key: str, facts: Mapping[str, Any]) -> str:
    if is_summary(facts):
        return own_key(claim.key, family, sub_key)
    return joined(number(facts["indicator"]), facts.get("domain") or "", family, facts["series"], facts["period"])


def _statements(claim: Claim) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield (row key, kind, facts) of all that the claim says."""
    for family, kind in _KINDS.items():
        for sub_key, fact in of_family(claim, family):
            yield _key(claim, family, sub_key, fact.facts), kind, fact.facts


def _identities(claim: Claim) -> list[str]:
    """An indicator's value is its indicator, domain, kind, period and series."""
    return sorted({key for key, _, facts in _statements(claim) if not is_summary(facts)})


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
        lead, facts = ranked(said, rules, LIST.name, first.get("domain"), first["series"])[0]
        yield Row(LIST.name, key, _INDICATOR.of(facts) | {"kind": kind, "lead_bureau": lead.bureau}, tellers(said))


def _findings(claims: Sequence[Claim], _rows: Sequence[Row]) -> Iterator[Finding]:
    if len(claims) < 2:
        return
    for key, (_, said) in _told(claims).items():
        values = {who: f"{facts.get('value')} {facts['unit']}" for who, facts in voices(said)}
        if len(set(values.values())) > 1:
            yield Finding("indicator-differs", key, "不同单位填报的同一指标数值不一致,请核对", values)


KIND = Kind(
    "indicator", "指标与目标", _rows, (LIST,), _identities,
    apart={LIST.name: Apart(("indicator", "domain", "kind", "series", "period"), ranked_by="series")},
    findings=_findings, rules=("indicator-differs",), decided=False, asks=frozenset({"domain"}),
)  # fmt: skip
