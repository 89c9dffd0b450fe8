"""The rows of publicity and of equipment to be eliminated, from what is said of them, and what should be looked at."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from tests.oracle.rules import Rules, Saying

Made = Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]
Found = Iterator[tuple[str, str, dict[str, Any]]]


def publicity(said: Sequence[Saying]) -> Made:
    """A row per bureau, activity and month; of a bureau's several entries the first speaks."""
    shown = set()
    for key, facts in sorted(said, key=lambda entry: entry[0]):
        place = (key[1], _plain(facts["activity"]), facts["month"])
        if place not in shown:
            shown.add(place)
            yield "publicity", place, {name: facts[name] for name in ("activity", "month", "channel", "reach", "link")} | {"lead_bureau": key[1]}


def elimination(ordered: Sequence[Saying], verified: Sequence[Saying], rules: Rules) -> Made:
    """A row per item, enterprise and equipment, whoever orders and whoever verifies; each column from who comes first for it."""
    places: dict[tuple[str, str, str], tuple[list[Saying], list[Saying]]] = defaultdict(lambda: ([], []))
    for part, said in enumerate((ordered, verified)):
        for key, facts in said:
            place = (_plain(facts["item"]), facts["enterprise_uscc"] or _plain(facts["enterprise_name"]), _plain(facts["equipment"]))
            places[place][part].append((key, facts))
    for place, (orders, ends) in places.items():
        pick = lambda said, name: rules.pick(said, "elimination", name)  # noqa: E731
        row = {name: pick(orders or ends, name) for name in ("item", "catalogue", "enterprise_name", "enterprise_uscc", "equipment")}
        row |= {"lead_bureau": rules.first(orders or ends, "elimination", "*", None)[0][0][1], "told by": {key[1] for key, _ in (*orders, *ends)}}
        if orders:
            row |= {name: pick(orders, name) for name in ("town", "basis")} | {"count": pick(orders, "count") or 1}
            row |= {"ordered_on": _on(rules.first(orders, "elimination", "ordered_on", None)[0][1]["on"]), "until": _on(pick(orders, "until"))}
        if ends:
            row |= {"done_on": _on(pick(ends, "done_on")), "method": pick(ends, "method")}
        yield "elimination", place, row


def publicity_findings(told: Sequence[Any]) -> Found:
    """What is online has an address."""
    for row in told:
        if row.fields["channel"] in ("政府网站", "新媒体") and row.fields["link"] is None:
            yield "publicity-without-link", row.key, {"month": row.fields["month"], "channel": row.fields["channel"]}


def elimination_findings(told: Sequence[Any]) -> Found:
    """An end has its order, and comes after it."""
    for row in told:
        on, done = row.fields.get("ordered_on"), row.fields.get("done_on")
        if on is None:
            yield "elimination-unordered", row.key, {"done_on": f"{done:%Y-%m-%d}"}
        elif done is not None and done < on:
            yield "elimination-early", row.key, {"ordered_on": f"{on:%Y-%m-%d}", "done_on": f"{done:%Y-%m-%d}"}


def _on(days: int) -> date:
    return date(1970, 1, 1) + timedelta(days=days)


def _plain(text: str) -> str:
    """A number as it is compared; the generated ones need no more."""
    return "".join(text.split()).upper()
