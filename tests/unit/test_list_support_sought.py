"""Support sought from above: an application's row, step by step, and what a look at it shows."""

from datetime import date
from typing import Any

from exchange_hub.views.fold import fold_component
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact

KEY = ClaimKey("support", "industry", "ZQ-1")
APPLIED = {
    "support_no": "ZQ-1", "name": "技改（第一批）", "project_code": None, "batch_no": None, "domain": "工业", "channel": "超长期特别国债",
    "level": "国家", "policy_no": None, "amount_asked": 260_000_000, "on": None, "occurred_on": 20_500,
}  # fmt: skip


def decided(step: str, day: int, amount: int | None = None, **more: Any) -> tuple[str, Fact]:
    """A decision of a step on a day."""
    facts = {"support_no": "ZQ-1", "step": step, "amount": amount, "on": day, "occurred_on": 1, "document_no": None, "reason": None} | more
    return f"decided:{step}", Fact("SupportDecided", 1, b"", False, facts)


def folded(*decisions: tuple[str, Fact], applied: bool = True) -> tuple[dict[str, Any], list[str]]:
    """Return the row of the application, and the rules of the findings on it."""
    registers = dict(decisions)
    if applied:
        registers["applied"] = Fact("SupportApplied", 1, b"", False, APPLIED)
    result = fold_component([Claim(KEY, registers)], FoldRules())
    assert result.failure is None
    [row] = result.rows
    return dict(row.values), [finding.rule for finding in result.findings]


def test_what_was_asked_recommended_and_granted_stands_side_by_side() -> None:
    """Each step keeps its own date and amount; the newest one is the state."""
    row, found = folded(decided("推荐", 20_540, 240_000_000), decided("下达", 20_600, 195_000_000, document_no="津发改〔2026〕118号"))
    assert (row["step"], row["amount_asked"], row["amount_recommended"], row["amount_granted"]) == (
        "下达", 260_000_000, 240_000_000, 195_000_000,
    )  # fmt: skip
    assert (row["applied_on"], row["grant_no"], found) == (date(2026, 2, 16), "津发改〔2026〕118号", [])


def test_an_application_returned_after_its_grant_is_returned() -> None:
    """The later date decides, not the order of the steps' names."""
    row, _ = folded(decided("退回", 20_700, reason="材料不全"), decided("下达", 20_600, 1))
    assert (row["step"], row["return_reason"]) == ("退回", "材料不全")
    row, _ = folded(decided("退回", 20_500, reason="补正"), decided("推荐", 20_600, 1))
    assert row["step"] == "推荐"


def test_steps_of_one_day_show_the_further_one() -> None:
    """Accepted and recommended on the same day is recommended."""
    assert folded(decided("推荐", 20_540, 1), decided("受理", 20_540))[0]["step"] == "推荐"


def test_without_a_decision_it_is_an_application() -> None:
    """The state says what was done, not what was hoped for."""
    assert folded()[0]["step"] == "申报"


def test_a_decision_without_application_is_seen() -> None:
    """Money granted is in the list although nobody said that it was asked for, with a finding."""
    row, found = folded(decided("下达", 20_600, 5), applied=False)
    assert (row["support_no"], row["amount_granted"], found) == ("ZQ-1", 5, ["support-decided-unasked"])


def test_more_granted_than_asked_is_a_finding() -> None:
    """Amounts that do not fit are shown to people and stop nothing."""
    assert folded(decided("下达", 20_600, 260_000_001))[1] == ["granted-over-asked"]
