"""The figures of publicity and elimination by plain loops: shares no code with the product."""

from datetime import date
from decimal import Decimal

from tests.closing.rows import Lists


def supervision(lists: Lists, month: str, as_of: date) -> dict[str, Decimal | None]:
    """Count activities and reach of the month and the year, and equipment that is ordered, done and overdue."""
    found: dict[str, Decimal | None] = {}
    for start, of in (("month_", (month, month)), ("", (f"{month[:4]}-01", month))):
        rows = [r for r in lists["publicity"] if of[0] <= r["month"] <= of[1]]
        known = [r["reach"] for r in rows if r["reach"] is not None]
        found[f"publicity.合计.{start}activities"] = Decimal(len(rows))
        found[f"publicity.合计.{start}reach"] = None if rows and not known else Decimal(sum(known))
    ordered = [r for r in lists["elimination"] if r["ordered_on"] is not None and r["ordered_on"] <= as_of]
    done = [r for r in ordered if r["done_on"] is not None and r["done_on"] <= as_of]
    late = [r for r in ordered if r not in done and r["until"] < as_of]
    for name, rows in (("ordered", ordered), ("done", done), ("overdue", late)):
        found[f"elimination.合计.{name}"] = Decimal(sum(r["count"] for r in rows))
    return found
