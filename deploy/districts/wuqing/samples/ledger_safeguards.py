"""The expected figures of the safeguards."""

from decimal import Decimal

from ledger_state import State

WAN = Decimal(10_000)


def safeguards(state: State, month: str) -> dict[str, Decimal]:
    """Return what each safeguard was in the month and this year, money in yuan; firms of several months are never added."""
    told = [d for _, _, d in state.of("SafeguardReported") if month[:4] <= d["month"] <= month]
    result: dict[str, Decimal] = {}
    for data in told:
        for name, value in data.items():
            if name not in ("month", "safeguard"):
                exact = Decimal(str(value)) * (1 if name in ("firms", "items", "area") else WAN)
                start = f"safeguards.{data['safeguard']}"
                if data["month"] == month:
                    result[f"{start}.month_{name}"] = exact
                if name != "firms":
                    so_far = result.get(f"{start}.{name}", Decimal(0))
                    result[f"{start}.{name}"] = so_far + exact
    return result
