"""Indicators: what several bureaus say of one value, one by one or as a sum, is one row."""

from decimal import Decimal
from typing import Any

from exchange_hub.views.fold import fold_component
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact


def said(bureau: str, value: str, granularity: str = "明细", period: str = "2026-10") -> Claim:
    """What a bureau reports of industry's investment."""
    stated = {
        "indicator": "设备投资额", "domain": "工业", "series": "统计", "period": period, "value": Decimal(value), "numerator": None, "denominator": None,
        "unit": "万元", "version": None, "granularity": granularity, "reason": None,
    }  # fmt: skip
    return Claim(ClaimKey("indicator", bureau, f"{bureau}-1"), {f"reported:{period}": Fact("IndicatorReported", 1, b"", False, stated)})


def folded(*claims: Claim) -> tuple[list[Any], list[str]]:
    """The rows of one component and the rules of what is asked about."""
    found = fold_component(list(claims), FoldRules(ranking=lambda *_: ("statistics", "industry")))
    assert found.failure is None
    return list(found.rows), [finding.rule for finding in found.findings]


def test_sums_of_two_bureaus_are_one_value() -> None:
    """Of two values told as 汇总 the bureau that comes first stands, both are told, and the difference is asked about."""
    [row], asked = folded(said("industry", "2999", "汇总"), said("statistics", "2160.5", "汇总"))
    assert (row.values["value"], row.values["lead_bureau"], row.bureaus) == (Decimal("2160.5"), "statistics", ("industry", "statistics"))
    assert asked == ["indicator-differs"]


def test_a_sum_stands_where_nobody_tells_the_value_singly() -> None:
    """A value told as 明细 stands before one told as 汇总, whoever tells it, and never beside it."""
    [row], asked = folded(said("statistics", "2160.5", "汇总"), said("industry", "2160.5"))
    assert (row.values["value"], row.values["lead_bureau"], asked) == (Decimal("2160.5"), "industry", [])
    [alone], _ = folded(said("statistics", "2160.5", "汇总"))
    assert alone.values["lead_bureau"] == "statistics"
    assert alone.key == row.key
