"""From which day an event counts."""

import pytest

from exchange_contracts import registry
from exchange_contracts.dating import dated_on

OF_A_DAY = {"occurred_on": 20_000, "month": "2026-10", "on": 19_000}


@pytest.mark.parametrize("event", sorted({contract.event for contract in registry.load().contracts() if contract.event.endswith("Withdrawn")}))
def test_what_takes_back_a_mistake_holds_for_every_date(event: str) -> None:
    """A withdrawal says that something should never have been said, of whatever month (FIGURES, rule 1)."""
    assert dated_on(event, OF_A_DAY) is None


def test_what_was_done_counts_from_the_day_on_which_it_was_done() -> None:
    """An end of equipment told in January of a day in December is December's (FIGURES, rule 1)."""
    assert dated_on("EliminationVerified", {"occurred_on": 20_000, "done_on": 19_990}) == 19_990
