"""The figures of supply and demand by plain loops: shares no code with the product."""

from decimal import Decimal

from tests.closing.rows import Lists


def matches(lists: Lists, month: str) -> dict[str, Decimal | None]:
    """Count matches and their money, of the month and the year, and what enterprises listed as makers won."""
    makers = {r["uscc"] for r in lists["enterprises"] if r["role"] == "生产企业"}
    dated = [(f"{r['on_date']:%Y-%m}", r) for r in lists["matches"]]
    year = [r for at, r in dated if at[:4] == month[:4] and at <= month]
    found: dict[str, Decimal | None] = {}
    for count, money, rows in (
        ("month_matched", "month_amount", [r for at, r in dated if at == month]), ("matched", "amount", year),
        ("local", "local_amount", [r for r in year if r["enterprise_uscc"] in makers]),
    ):  # fmt: skip
        found[f"matches.合计.{count}"] = Decimal(len(rows))
        found[f"matches.合计.{money}"] = Decimal(sum(r["amount"] for r in rows)) / 100
    won, whole = found["matches.合计.local_amount"] or Decimal(), found["matches.合计.amount"]
    found["matches.合计.local_share"] = won * 100 / whole if whole else None
    return found
