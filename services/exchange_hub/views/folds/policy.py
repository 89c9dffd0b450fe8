"""Funding policies: one card a document number and level, for the list and its matrix (图谱)."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.folds.base import current, day, merged, saying
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

_NAMES = (
    "document_no", "name", "issuer", "level", "domains", "object", "conditions", "support_kind", "standard", "cap",
    "channel", "applicant", "materials", "procedure", "window", "valid_from", "valid_to", "department", "obtained",
)  # fmt: skip


def identities(claim: Claim) -> list[str]:
    """A policy is its 文号 at one level."""
    for register in ("policy", "expired"):
        facts = current(claim, register)
        if facts and facts.get("document_no"):
            return [f"文号 {facts['document_no']} {facts.get('level') or ''}"]
    return []


def rows(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give one row; a policy that expired keeps its row with the date."""
    said = saying(claims, "policy")
    if not said:
        return
    row = merged(said, _NAMES, rules, "funding-policies")
    for name in ("valid_from", "valid_to"):
        row[name] = day(row[name])
    row["expired_on"] = min((day(facts["expired_on"]) for _, facts in saying(claims, "expired")), default=None)
    key = f"{row['document_no']} {row['level']}" if row["document_no"] else component
    yield Row("funding-policies", key, row)
