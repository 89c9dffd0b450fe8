"""The rows of supply and demand from what is said of each match, and where two bureaus tell another amount."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from tests.oracle.rules import Rules, Saying

_TOLD = ("match_no", "project_no", "line_no", "buyer_name", "enterprise_uscc", "enterprise_name", "local", "product", "contract_no", "amount")


def place_of(key: tuple[str, str, str], facts: Any) -> tuple[str, ...]:
    """What names a match: contract, enterprise and line; without a contract it is the bureau's own."""
    if not facts["contract_no"]:
        return ("", f"{key[1]}:{key[2]}")
    return "".join(facts["contract_no"].upper().split()), facts["enterprise_uscc"], "".join(facts["line_no"].upper().split())


def rows(said: Sequence[Saying], rules: Rules) -> Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]:
    """One row for all that speak of one match, each column from who comes first for it."""
    if not said:
        return
    key, facts = rules.first(said, "matches", "*", None)[0]
    row = {name: rules.pick(said, "matches", name) for name in _TOLD}
    on = rules.first(said, "matches", "on_date", None)[0][1]["on"]
    row |= {"on_date": date(1970, 1, 1) + timedelta(days=on), "lead_bureau": key[1], "told by": {key[1] for key, _ in said}}
    yield "matches", place_of(key, facts), row


def differing(said: Sequence[Saying]) -> dict[str, Any]:
    """Return who tells which amount where the amounts of one match differ."""
    bureaus = [key[1] for key, _ in said]
    amounts = {key[1] if bureaus.count(key[1]) == 1 else f"{key[1]}:{key[2]}": facts["amount"] for key, facts in said}
    return {"of": "amount"} | amounts if len(set(amounts.values())) > 1 else {}
