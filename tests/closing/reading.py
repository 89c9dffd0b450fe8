"""Cubes read from rows in memory: reports can be built and looked at without a database."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from exchange_hub.programme.cells import Cell, Cells, Cube
from exchange_hub.programme.conditions import (
    DETAIL,
    Compare,
    Condition,
    DetailsFirst,
    Expression,
    Latest,
    Member,
    Where,
    conditions,
    expression,
)
from exchange_hub.programme.district import District
from exchange_hub.programme.figures import cubes
from exchange_hub.reports.build import build
from exchange_hub.reports.inputs import Details, Inputs, frame_of, with_codes
from exchange_hub.reports.model import Adjustment, Report
from tests.closing.rows import Lists, Row

CLOSED_AT = "2026-11-06T02:00:00+00:00"


def report_of(
    district: District, lists: Lists, month: str = "2026-10", as_of: date = date(2026, 10, 31),
    adjustments: tuple[Adjustment, ...] = (), *, compared: bool = False,
) -> Report:  # fmt: skip
    """Build a report from rows in memory."""
    frame = frame_of(district, month, as_of)
    cells = read(lists, cubes(frame))
    frame = with_codes(frame, district, cells)
    documents = [r for r in lists["documents"] if r["received_on"] and r["received_on"] <= as_of]
    problems = [r for r in lists["problems"] if r["resolved_on"] is None]
    allocations = [(r["channel"], r["allocation_no"]) for r in lists["funds"] if r["step"] == "下达"]
    said = {r["bureau"]: r["explanation"] for r in lists["submissions"] if (r["list"], r["month"]) == ("equipment-projects", month) and r["explanation"]}
    details = Details(documents, problems, allocations, 0, said)
    inputs = Inputs(district, frame, cells, details, CLOSED_AT, {}, {}, adjustments, compared)
    return build(inputs)


def read(lists: Lists, wanted: tuple[Cube, ...]) -> Mapping[str, Cells]:
    """Read cubes from rows."""
    return {cube.name: Cells(cube, tuple(_cells(lists, cube))) for cube in wanted}


def _cells(lists: Lists, cube: Cube) -> list[Cell]:
    found: dict[tuple[Any, ...], list[Row]] = {}
    for r in lists[cube.list]:
        if meets(lists, cube.list, r, cube.where):
            found.setdefault(tuple(value(r, expression(text)) for text in cube.by), []).append(r)
    return [
        Cell(at, len(rows), tuple(_sum([value(r, expression(text)) for r in rows]) for text in cube.sums))
        for at, rows in found.items()
    ]


def _sum(values: list[Any]) -> Any:
    known = [item for item in values if item is not None]
    return sum(known) if known else None


def value(r: Row, wanted: Expression) -> Any:
    """Return the value of an expression for a row."""
    for term in wanted.terms:
        found = ",".join(r["bureaus"]) if term.column == "bureaus" else r[term.column]
        if term.month and found is not None:
            found = f"{found:%Y-%m}"
        if term.other is not None:
            found = f"{found}@{r[term.other]}"
        if term.entry is not None:
            found = (found or {}).get(term.entry)
        if found is not None:
            return found
    return None


def meets(lists: Lists, list_: str, r: Row, where: Where) -> bool:
    """Tell whether a row meets all conditions."""
    return all(_holds(lists, list_, r, condition) for condition in conditions(where))


def _holds(lists: Lists, list_: str, r: Row, condition: Condition) -> bool:
    match condition:
        case Compare():
            return _compare(value(r, condition.expression), condition)
        case Member():
            mine = value(r, condition.expression)
            others = (o for o in lists[condition.list] if o[condition.column] == mine and mine is not None)
            return any(meets(lists, condition.list, o, condition.where) for o in others) != condition.negated
        case Latest():
            among = [o for o in lists[list_] if o[condition.of] == r[condition.of]]
            among = [o for o in among if meets(lists, list_, o, condition.among)]
            last = max(among, key=lambda o: (o[condition.by], o["row_key"]), default=None)
            return last is not None and last["row_key"] == r["row_key"]
        case DetailsFirst():
            return r["granularity"] == DETAIL or not any(_is_finer(o, r, condition) for o in lists[list_])


def _is_finer(o: Row, r: Row, condition: DetailsFirst) -> bool:
    """Tell whether the bureau of the summary *r* says in *o* something finer of the same."""
    if r["lead_bureau"] not in o["bureaus"] or any(value(o, item) != value(r, item) for item in condition.by):
        return False
    pairs = [(value(o, item), value(r, item)) for item in condition.parts]
    within = all(of is None or of == part for part, of in pairs)
    return within and (o["granularity"] == DETAIL or any(of is None and part is not None for part, of in pairs))


def _compare(found: Any, condition: Compare) -> bool:
    text = found.isoformat() if isinstance(found, date) else found
    if condition.operator == "=":
        return text in condition.values
    if condition.operator == "!=":
        return text not in condition.values
    right: Any = condition.values[0]
    plain = condition.operator.removeprefix("not ")
    holds = text is not None and {
        "<=": text <= right, "<": text < right, ">=": text >= right, ">": text > right,
    }[plain]  # fmt: skip
    return holds if plain == condition.operator else not holds
