"""The expected figures of publicity and of equipment to be eliminated."""

from collections.abc import Mapping
from datetime import date

from ledger_state import State


def supervision(state: State, month: str, as_of: date, duties: Mapping[str, list[str]]) -> dict[str, int | None]:
    """Return activities and reach of the month and the year, and how much equipment is ordered, done and overdue on a day.

    Where one of the bureaus that owe the list of equipment is silent, nothing is not zero.
    """
    heard = {by for event in ("SubmissionConfirmed", "NilReturned") for by, key, _ in state.of(event) if key == f"elimination@{month}"}
    nothing = 0 if heard >= {by for by, lists in duties.items() if "elimination" in lists} else None
    result: dict[str, int | None] = {}
    for start, since in (("month_", month), ("", f"{month[:4]}-01")):
        told = [d["reach"] for _, _, d in state.of("PublicityReported") if since <= d["month"] <= month]
        result |= {f"publicity.合计.{start}activities": len(told), f"publicity.合计.{start}reach": sum(told)}
    done = {key for _, key, d in state.of("EliminationVerified") if d["done_on"] <= as_of}
    ordered = [(key, d) for _, key, d in state.of("EliminationOrdered") if d["on"] <= as_of]
    late = [d["count"] for key, d in ordered if key not in done and d["until"] < as_of]
    counts = (("ordered", [d["count"] for _, d in ordered]), ("done", [d["count"] for key, d in ordered if key in done]), ("overdue", late))
    return result | {f"elimination.合计.{name}": sum(of) or nothing for name, of in counts}
