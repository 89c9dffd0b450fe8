"""The rows of tasks and of matters for coordination, from what is said of them."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from tests.oracle.rules import Rules, Saying

Made = Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]


def problems(raised: Sequence[Saying], resolved: Sequence[Saying]) -> Made:
    """The word of the latest day stands; a resolution before it was another time's."""
    latest: dict[tuple[str, str], Saying] = {}
    for family, said in (("raised", raised), ("resolved", resolved)):
        for key, facts in sorted(said, key=lambda entry: entry[0]):
            place = (_plain(facts["problem_no"]), family)
            if place not in latest or latest[place][1]["occurred_on"] < facts["occurred_on"]:
                latest[place] = (key, facts)
    for number in {number for number, _ in latest}:
        begun, ended = latest.get((number, "raised")), latest.get((number, "resolved"))
        key, facts = begun or ended or raised[0]
        row: dict[str, Any] = {"problem_no": facts["problem_no"], "lead_bureau": key[1], "state": "未办结" if ended is None else "已办结"}
        if begun is not None:
            row |= {name: begun[1][name] for name in ("text", "done_so_far", "proposal", "asks_of", "responsible", "meeting")}
            row |= {"raised_on": _on(begun[1]["occurred_on"]), "due_on": _on(begun[1]["due_on"])}
        if ended is not None and begun is not None and ended[1]["occurred_on"] < begun[1]["occurred_on"]:
            row |= {"resolved_before": _on(ended[1]["occurred_on"]), "state": "重新提出"}
        elif ended is not None:
            row |= {"resolved_on": _on(ended[1]["occurred_on"]), "resolution": ended[1]["resolution"]}
        yield "problems", (key[1], number), row


def tasks(said: Sequence[Saying], rules: Rules) -> Made:
    """A row per bureau, task and month; of a bureau's several entries the first speaks."""
    shown: set[tuple[str, str, str]] = set()
    for key, facts in sorted(said, key=lambda entry: entry[0]):
        place = (key[1], _plain(facts["task_no"]), facts["month"])
        if place not in shown:
            shown.add(place)
            row = {name: facts[name] for name in ("task_no", "month", "state", "text", "quantity", "unit", "milestone")}
            title, named = rules.tasks.get(place[1], (None, ()))
            row |= {"due_on": _on(facts["due_on"]), "title": title, "named": bool({key[1], "*"} & set(named)) if rules.tasks else None}
            yield "tasks", place, row | {"lead_bureau": key[1]}


def _on(days: int | None) -> date | None:
    return None if days is None else date(1970, 1, 1) + timedelta(days=days)


def _plain(text: str | None) -> str:
    """A number as it is compared; the generated ones need no more."""
    return "".join((text or "").split()).upper()
