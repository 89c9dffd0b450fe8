"""The system of goals: baselines, targets and reported values of indicators; statistics and scheduling series stay apart."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.lists.folding import Kind, facts_named, joined, of_family
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
_INDICATOR = facts_named("indicator", "domain", "series", "period", "value", "numerator", "denominator", "unit", "version")


def _rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a row per baseline, target and reported value; statistics and scheduling series stay apart."""
    for family, kind in (("baseline", "基数"), ("target", "目标"), ("reported", "报送")):
        for sub_key, fact in of_family(claims[0], family):
            row = _INDICATOR.of(fact.facts)
            yield Row(LIST.name, joined(component, family, sub_key), row | {"kind": kind, "lead_bureau": claims[0].key.bureau})


KIND = Kind("indicator", "指标与目标", _rows, (LIST,))
