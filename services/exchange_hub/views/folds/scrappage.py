"""Scrapped equipment: one row a machine, from application to deregistration, also where two bureaus report steps."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.folds.base import Said, columns, day, joined, merged, of_family, ranked, unnamed
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

#: Steps in the order in which the ledger shows them, with the column that keeps the date.
_STEPS = {"申请": "applied_on", "交售回收": "delivered_on", "拆解销毁": "dismantled_on", "注销登记": "deregistered_on"}
_FURTHEST = {step: -number for number, step in enumerate(_STEPS)}
_TAKEN = columns(
    "category", "identifier_kind", "identifier", "certificate_kind", "certificate_no", "owner_uscc", "recycler_uscc",
    "emission_standard", "fuel", "commissioned_on", "town",
)  # fmt: skip


def identities(claim: Claim) -> list[str]:
    """A machine is its category and identifier (VIN, serial or certificate number)."""
    values = {joined(facts["category"], facts["identifier"]) for facts in _statements(claim) if facts.get("identifier")}
    return sorted(values)


def rows(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give one row with the date of each step that somebody reported."""
    said = [(claim.key, facts) for claim in claims for facts in _statements(claim)]
    if not said:
        return
    if len(said) > 1:
        order = rules.order("scrappage", "*", None)
        said.sort(key=lambda pair: (order(pair[0].bureau), pair[0]))
    row = merged(said, _TAKEN, rules, "scrappage")
    row["commissioned_on"] = day(row["commissioned_on"])
    by_step: dict[str, list[Said]] = {}
    for pair in said:
        by_step.setdefault(pair[1]["step"], []).append(pair)
    for step, column in _STEPS.items():
        if step in by_step:
            row["step"] = step
            row[column] = day(_on(ranked(by_step[step], rules, "scrappage", field=column)[0][1]))
    row["lead_bureau"] = said[0][0].bureau
    # Category and identifier name the row, so both come from one statement.
    named = next((facts for _, facts in said if facts.get("identifier")), None)
    if named is None:
        yield Row("scrappage", unnamed(component), row)
        return
    row["category"], row["identifier"] = named["category"], named["identifier"]
    yield Row("scrappage", joined(row["category"], row["identifier"]), row)


def _statements(claim: Claim) -> list[Mapping[str, Any]]:
    """Return the claim's steps, the furthest first, so that the fullest statement names the machine."""
    found = [fact.facts for _, fact in of_family(claim, "scrapped")]
    return sorted(found, key=lambda facts: _FURTHEST[facts["step"]])


def _on(facts: Mapping[str, Any]) -> int:
    on = facts.get("on")
    return int(facts["occurred_on"] if on is None else on)
