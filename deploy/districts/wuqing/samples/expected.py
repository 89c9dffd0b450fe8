"""The ledger of a sample: what each step publishes and sends back, and every figure of each close, from the generator's own facts."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import content_towns as towns
import ledger
import ledger_state
from sheets import Content
from signing import due_days, duties


def ledger_of(
    content: Content, seed: int, as_of: Mapping[str, date], again_after: Mapping[str, tuple[str, ...]], silent: Collection[tuple[str, str]],
    more: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """Work out what must come out.

    Args:
        content: what was declared.
        seed: the seed of the sample.
        as_of: month → as-of date of its close, in the order of closing.
        again_after: month → steps after which its figures are worked out once more.
        silent: (step, bureau) of whoever sends nothing.
        more: reporter → lists that it owes beside those of the district's table.
    """
    due, owed, months = due_days(), duties() | (more or {}), list(as_of)
    # What a town says of a project is told of, and counts in nothing else.
    states = ledger_state.states([replace(fact, event="ProjectClaimed") if towns.is_claim(fact) else fact for fact in content.facts])

    def figures(step: str, month: str, *, again: bool = False) -> dict[str, str | int | None]:
        earlier = dict(zip(months[1:], months, strict=False)).get(month)
        before = (states[earlier], as_of[earlier]) if earlier else None
        found = ledger.figures(states[step], month, due, owed, as_of[month], before)
        if again:
            found = ledger.restated(found)
        return {name: _plain(value) for name, value in sorted(found.items())}

    published = ledger_state.published(content.facts)
    returned: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for step, bureau, file, error in content.returned:
        returned.setdefault(step, {}).setdefault(bureau, []).append({"file": file, "error": error})
    return {
        "seed": seed, "steps": list(states), "as_of": {month: day.isoformat() for month, day in as_of.items()},
        "closed": {month: figures(month, month) for month in months},
        "restated": {month: {step: figures(step, month, again=True) for step in steps} for month, steps in again_after.items()},
        "published": published, "returned": returned,
        "events": sum(n for by in published.values() for events in by.values() for n in events.values()),
        "files": [f"{b.step}/{b.bureau}/{b.name}" for b in content.books],
        "files_repeated": [f"{b.step}/{b.bureau}/{b.name}" for b in content.books if b.copy_of],
        "duplicates": 0, "rejected": 0, "silent": sorted(f"{step}/{bureau}" for step, bureau in silent),
    }  # fmt: skip


def _plain(value: ledger.Value) -> str | int | None:
    if not isinstance(value, Decimal):
        return value
    exact = value.quantize(Decimal("0.0001"))
    # Four places are stored; what has more is told to two.
    return format(exact if exact == value != value.quantize(Decimal("0.01")) else value.quantize(Decimal("0.01"), ROUND_HALF_UP), "f")
