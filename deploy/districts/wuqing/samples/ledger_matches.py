"""The expected figures of supply and demand."""

from decimal import ROUND_HALF_UP, Decimal

from ledger_state import State

WAN = Decimal(10_000)


def matches(state: State, month: str) -> dict[str, Decimal | int | None]:
    """Return how many matches and for how much, of the month and the year, and the part of listed makers; money in yuan."""
    makers = {key for _, key, d in state.of("EnterpriseListed") if d["role"] == "生产企业"}
    told = [d for _, _, d in state.of("SupplyDemandMatched") if f"{month[:4]}-01" <= f"{d['on']:%Y-%m}" <= month]
    result: dict[str, Decimal | int | None] = {}
    for count, money, mine in (
        ("month_matched", "month_amount", [d for d in told if f"{d['on']:%Y-%m}" == month]), ("matched", "amount", told),
        ("local", "local_amount", [d for d in told if d["enterprise_uscc"] in makers]),
    ):  # fmt: skip
        # Nobody owes this list, so that nothing is not zero.
        result[f"matches.合计.{count}"] = len(mine) or None
        result[f"matches.合计.{money}"] = sum(d["amount"] for d in mine) * WAN if mine else None
    won, whole = (result[f"matches.合计.{name}"] for name in ("local_amount", "amount"))
    share = None if won is None or whole is None else (Decimal(won) * 100 / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return result | {"matches.合计.local_share": share}
