"""Funding policies: one card a document number and level, for the list and its matrix (图谱)."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.folds.base import columns, current, day, joined, merged, ranked, saying
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

_TAKEN = columns(
    "document_no", "name", "issuer", "level", "domains", "object", "conditions", "support_kind", "standard", "cap",
    "channel", "applicant", "materials", "procedure", "window", "valid_from", "valid_to", "department", "obtained",
)  # fmt: skip


def identities(claim: Claim) -> list[str]:
    """A policy is its 文号 at one level."""
    for register in ("policy", "expired"):
        facts = current(claim, register)
        if facts and facts.get("document_no"):
            return [joined("文号", facts["document_no"], facts["level"])]
    return []


def rows(_component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give one row; a policy that expired keeps its row with the date."""
    said = saying(claims, "policy")
    if not said:
        return
    row = merged(said, _TAKEN, rules, "funding-policies")
    # Number and level name the row, so both come from one statement.
    _, lead = ranked(said, rules, "funding-policies")[0]
    row["document_no"], row["level"] = lead["document_no"], lead["level"]
    for name in ("valid_from", "valid_to"):
        row[name] = day(row[name])
    row["expired_on"] = day(min((facts["expired_on"] for _, facts in saying(claims, "expired")), default=None))
    yield Row("funding-policies", joined(row["document_no"], row["level"]), row)
