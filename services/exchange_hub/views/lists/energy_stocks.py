"""Stocks of energy-using equipment (用能设备能效摸底): a row per kind of equipment and domain, as it was surveyed last.

Source: the work plan, part one: main energy-using equipment of key industries at the energy-saving level; its denominator is the whole stock,
what has no level yet included. A survey states a stock, so the newest stands alone; what two bureaus say of one month is one row (FIGURES 6).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.findings import Finding
from exchange_hub.views.lists.folding import Apart, Kind, Said, facts_named, joined, of_family, ranked, tellers, voices
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("energy-stocks"), "用能设备能效摸底", "energy_stock",
    columns("""
        equipment 设备种类 text filter
        domain 领域 text filter
        month 摸底月份 month
        stock 在用台数 count 台
        advanced 先进水平 count 台
        saving 节能水平 count 台
        entry 准入水平 count 台
        below 未达准入 count 台
        lead_bureau 填报单位 text filter bureau 18
    """),
    annex=AnnexPlace("用能设备能效摸底", 18, paper=False),
)  # fmt: skip
_COUNTED = ("stock", "advanced", "saving", "entry", "below")
_TAKEN = facts_named("equipment", "domain", "month", *_COUNTED)


def _key(facts: Mapping[str, Any]) -> str:
    return joined(facts["equipment"], facts["domain"])


def _identities(claim: Claim) -> list[str]:
    """A stock is of a kind of equipment in a domain, whoever surveys it."""
    return sorted({_key(fact.facts) for _, fact in of_family(claim, "surveyed")})


def _newest(claims: Sequence[Claim]) -> dict[str, list[Said]]:
    """Return row key → what is said of it in the newest month that anybody surveyed."""
    found: dict[str, list[Said]] = {}
    for claim in claims:
        for _, fact in of_family(claim, "surveyed"):
            found.setdefault(_key(fact.facts), []).append((claim.key, fact.facts))
    return {key: [pair for pair in said if pair[1]["month"] == max(facts["month"] for _, facts in said)] for key, said in found.items()}


def _rows(_component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give a row per kind of equipment and domain."""
    for key, said in _newest(claims).items():
        lead, facts = ranked(said, rules, LIST.name, said[0][1]["domain"])[0]
        yield Row(LIST.name, key, _TAKEN.of(facts) | {"lead_bureau": lead.bureau}, tellers(said))


def _findings(claims: Sequence[Claim], _rows: Sequence[Row]) -> Iterator[Finding]:
    for key, said in _newest(claims).items():
        for name in _COUNTED if len(said) > 1 else ():
            told = {who: facts[name] for who, facts in voices(said)}
            if len(set(told.values())) > 1:
                first, title = said[0][1], LIST.column(name).title
                words = f"{first['month']}{first['domain']}领域{first['equipment']}的{title}填报不一致，已按一家计，请核对"
                yield Finding("stock-differs", key, words, {"of": name, **told}, tellers(said))
                break


KIND = Kind(
    "stock", "用能设备", _rows, (LIST,), _identities, apart={LIST.name: Apart(("equipment", "domain"))},
    findings=_findings, rules=("stock-differs",), decided=False, asks=frozenset({"domain"}),
)  # fmt: skip
