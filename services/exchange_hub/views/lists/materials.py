"""Recovered materials: a row per operator, month, material and unit, also where two bureaus report it (FIGURES 6).

A row without an operator, and one that sums up, stays its bureau's own.
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
        unit 单位 text
        recovered 回收量 quantity
        used 利用处置量 quantity
        route 利用途径 text filter
        outlets 网点数 count 个
        reverse_invoiced 反向开票额 money 元
        granularity 粒度 text filter
        lead_bureau 填报单位 text filter bureau 18
    """),
    annex=AnnexPlace("回收利用台账", 11, paper=False), small_money=True,
)  # fmt: skip
_MATERIAL = facts_named(
    "month", "operator_uscc", "material", "unit", "recovered", "used", "route", "outlets", "reverse_invoiced", "granularity",
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


def _findings(claims: Sequence[Claim], _rows: Sequence[Row]) -> Iterator[Finding]:
    if len(claims) < 2:
        return
    for key, said in _told(claims).items():
        values = {who: str(facts["recovered"]) for who, facts in voices(said)}
        if len(set(values.values())) > 1:
            yield Finding("material-differs", key, "不同单位填报的同一主体、月份、品类的回收量不一致,请核对", values)


KIND = Kind(
    "material", "回收利用", _rows, (LIST,), _identities,
    apart={LIST.name: Apart(("operator_uscc", "month", "material", "unit"))}, findings=_findings, rules=("material-differs",), decided=False,
)  # fmt: skip
