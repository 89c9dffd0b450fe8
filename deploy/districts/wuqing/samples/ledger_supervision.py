"""The expected figures of publicity and of equipment to be eliminated."""

from datetime import date

from ledger_state import State


def supervision(state: State, month: str, as_of: date) -> dict[str, int | None]:
    """Return activities and reach of the month and the year, and how much equipment is ordered, done and overdue on a day.

    One of the bureaus that owe it is silent, so that nothing is not zero.
    """
    result: dict[str, int | None] = {}
    for start, since in (("month_", month), ("", f"{month[:4]}-01")):
        told = [d["reach"] for _, _, d in state.of("PublicityReported") if since <= d["month"] <= month]
        result |= {f"publicity.合计.{start}activities": len(told), f"publicity.合计.{start}reach": sum(told)}
    done = {key for _, key, d in state.of("EliminationVerified") if d["done_on"] <= as_of}
    ordered = [(key, d) for _, key, d in state.of("EliminationOrdered") if d["on"] <= as_of]
    late = [d["count"] for key, d in ordered if key not in done and d["until"] < as_of]
    counts = (("ordered", [d["count"] for _, d in ordered]), ("done", [d["count"] for key, d in ordered if key in done]), ("overdue", late))
    return result | {f"elimination.合计.{name}": sum(of) or None for name, of in counts}
