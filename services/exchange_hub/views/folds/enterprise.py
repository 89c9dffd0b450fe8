"""Enterprises: makers and suppliers of advanced equipment, for matching supply and demand, never for preference."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.folds.base import columns, current, merged, ranked, saying, unnamed
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

_TAKEN = columns("uscc", "name", "role", "domain", "main_products", "capacity", "output", "qualifications", "serves_domains")


def identities(claim: Claim) -> list[str]:
    """An enterprise is its 统一社会信用代码 (GB 32100-2015)."""
    facts = current(claim, "enterprise")
    return [f"信用代码 {facts['uscc']}"] if facts and facts.get("uscc") else []


def rows(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give one row, the first bureau's words where several list the enterprise."""
    said = saying(claims, "enterprise")
    if not said:
        return
    row = merged(said, _TAKEN, rules, "enterprises")
    row["lead_bureau"] = ranked(said, rules, "enterprises")[0][0].bureau
    yield Row("enterprises", row["uscc"] or unnamed(component), row)
