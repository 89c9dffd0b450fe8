"""Work out figures: definitions and cells in, figures with their sources out. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from exchange_contracts.units import factor
from exchange_hub.programme.cells import Cells, Measure, Number
from exchange_hub.programme.conditions import Where, expression
from exchange_hub.programme.definitions import NONE, OTHER_UNIT, Absent, Definition, Derived, Measured, Scope, Stated
from exchange_hub.reports.model import Figure, Source
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import ListView

_CENT = Decimal("0.01")
_MONEY_TYPES = ("money", "money_map")

Standing = Callable[[Scope], Absent | None]
"""What stands in a cell without rows instead of 0; ``None`` where whoever owes it has reported, and it is 0."""


def _said(_scope: Scope) -> None:
    return None



@dataclass(slots=True)
class Evaluation:
    """Figures as they are worked out, one definition after the other.

    Attributes:
        cells: cells of every cube by its name.
        standing: what a cell without rows is.
        figures: the figures so far by id.
    """

    cells: Mapping[str, Cells]
    standing: Standing
    figures: dict[str, Figure] = field(default_factory=dict)

    def add(self, definition: Definition) -> None:
        """Work out one figure; what it derives from must be there already."""
        match definition:
            case Measured():
                figure = self._measured(definition)
            case Derived():
                figure = self._derived(definition)
            case Stated():
                source = Source(definition.list, definition.where, definition.said_by, int(definition.value or 0) if definition.list else 0)
                value = None if definition.value is None else Decimal(definition.value)
                figure = Figure(definition.id, value, definition.unit, definition.period, source)
        self.figures[definition.id] = figure

    def _measured(self, definition: Measured) -> Figure:
        cells = self.cells[definition.cube]
        select, period = self._reach(definition, cells)
        measure = Measure.of(definition.measure)
        absent: Absent = NONE
        value: Number | None
        if measure.beside == "unit" and any(factor(unit, measure.more) is None for unit in cells.units(select)):
            value, rows, absent = None, 0, OTHER_UNIT
        else:
            value, rows = cells.measure(select, definition.measure)
            if rows == 0:
                why = definition.no_rows or (self.standing(definition.scope) if definition.scope is not None else None)
                value, absent = (0, NONE) if why is None else (None, why)
            elif value is None:
                value, absent = (0, NONE) if definition.no_values is None else (None, definition.no_values)
        source = Source(cells.cube.list, cells.where(select), definition.measure, rows)
        exact = None if value is None else in_unit(value, BY_NAME[cells.cube.list], definition.measure)
        return Figure(definition.id, exact, definition.unit, period, source, absent)

    def _reach(self, definition: Measured, cells: Cells) -> tuple[Where, str]:
        """Return the selection and the period of a figure: how far its rows reach, where that is before its month (FIGURES 4)."""
        if not definition.latest or (definition.flow and (definition.scope is None or self.standing(definition.scope) is None)):
            return definition.select, definition.period
        months = cells.values(definition.latest, definition.select)
        if not months:
            return definition.select, definition.period
        select = {**definition.select, definition.latest: months[-1]} if definition.newest else definition.select
        return select, definition.period.replace(ends_in(definition.period), months[-1])

    def _derived(self, definition: Derived) -> Figure:
        terms = [self.figures[term] for term in definition.terms]
        value, absent = _FORMULAS[definition.formula](definition, terms)
        source = Source("", {}, formula(definition), 0)
        return Figure(definition.id, value, definition.unit, _common(definition.period, terms), source, absent)


def ends_in(period: str) -> str:
    """Return the month with which a period ends: ``2026-10`` of ``2026-01/2026-10``."""
    return period.rpartition("/")[2]


def _common(period: str, terms: Iterable[Figure]) -> str:
    """Return the period of what is worked out from figures: no longer than the shortest of those that end in the same year."""
    end = ends_in(period)
    ends = [ends_in(term.period) for term in terms if term.value is not None]
    return period.replace(end, min([end, *(each for each in ends if len(each) == len(end) and each[:4] == end[:4])]))


def evaluate(
    definitions: Iterable[Definition], cells: Mapping[str, Cells], standing: Standing = _said
) -> dict[str, Figure]:
    """Work out all figures, in the order of their definitions.

    Args:
        definitions: figures; those that others derive from come first.
        cells: cells of every cube by its name.
        standing: what a cell without rows is; without it everybody has reported.
    """
    evaluation = Evaluation(cells, standing)
    for definition in definitions:
        evaluation.add(definition)
    return evaluation.figures


def in_unit(value: Number, view: ListView, measure: str) -> Decimal:
    """Turn a measured value into the figure's unit: fen become yuan with two places, the rest stays as it is."""
    wanted = Measure.of(measure)
    if wanted.name == "sum":
        column = view.column(expression(wanted.column).terms[0].column)
        if column.type in _MONEY_TYPES:
            return Decimal(value).scaleb(-2).quantize(_CENT)
    return Decimal(value)


def formula(definition: Derived) -> str:
    """Write a derivation over figure ids, as a figure's source shows it."""
    terms = definition.terms
    match definition.formula:
        case "ratio":
            return f"{terms[0]} ÷ {terms[1]} × 100"
        case "growth":
            return f"({terms[0]} − {terms[1]}) ÷ {terms[1]} × 100"
        case "scaled":
            return f"{terms[0]} × {definition.factor}"
        case "way":
            return f"({terms[0]} − {terms[1]}) ÷ ({terms[2]} − {terms[1]}) × 100"
        case "between":
            return f"{terms[0]} + ({terms[1]} − {terms[0]}) × {definition.factor}"
        case "spread":
            return f"{terms[0]} ÷ {definition.factor}"
        case "ratio_of_pairs" | "growth_of_pairs" | "net_of_pairs":
            first, second = (" + ".join(terms[n::2]) for n in (0, 1))
            return {"ratio": f"({first}) ÷ ({second}) × 100", "growth": f"(({first}) ÷ ({second}) − 1) × 100", "net": f"({first}) − ({second})"}[definition.formula[: -len("_of_pairs")]]
        case "net" | "change":
            plus, minus = terms[: len(terms) - definition.minus], terms[len(terms) - definition.minus :]
            return " + ".join(plus) + "".join(f" − {term}" for term in minus)


_Result = tuple[Decimal | None, str]


def _net(definition: Derived, terms: list[Figure]) -> _Result:
    sign = [1] * (len(terms) - definition.minus) + [-1] * definition.minus
    known = [(s, term.value) for s, term in zip(sign, terms, strict=True) if term.value is not None]
    if len(known) < len(terms) and not (definition.partial and known):
        lacking = [term.absent for term in terms if term.value is None]
        return None, lacking[0]
    places = Decimal("0.00") if definition.unit == "元" else Decimal(0)
    return sum((s * value for s, value in known), places), NONE


def _ratio(definition: Derived, terms: list[Figure]) -> _Result:
    part, whole = terms
    if part.value is None:
        return None, part.absent
    if whole.value is None:
        return None, definition.absent
    return (_percent(part.value, whole.value), NONE) if whole.value else (None, NONE)


def _growth(definition: Derived, terms: list[Figure]) -> _Result:
    """Compare with last year; from zero, from nothing or from less than nothing there is no percentage, nor of fewer months."""
    now, before = terms
    if now.value is None:
        return None, now.absent
    if before.value is None or before.value <= 0 or is_short(now, definition):
        return None, NONE
    return _percent(now.value - before.value, before.value), NONE


def _change(definition: Derived, terms: list[Figure]) -> _Result:
    return (None, NONE) if is_short(terms[0], definition) else _net(definition, terms)


def is_short(figure: Figure, definition: Derived) -> bool:
    """Tell whether a figure ends before the month of what is worked out from it: then it has no 同比 (FIGURES 4)."""
    return ends_in(figure.period) < ends_in(definition.period)


def _way(_definition: Derived, terms: list[Figure]) -> _Result:
    """Tell how far a value has come from its base to its target; without a way there is no share of it."""
    now, base, target = (term.value for term in terms)
    if now is None or base is None or target is None or base == target:
        return None, NONE
    return _percent(now - base, target - base), NONE


def _scaled(definition: Derived, terms: list[Figure]) -> _Result:
    value = terms[0].value
    return (None, definition.absent) if value is None else (value * definition.factor, NONE)


def _between(definition: Derived, terms: list[Figure]) -> _Result:
    first, second = (term.value for term in terms)
    return (None, definition.absent) if first is None or second is None else (first + (second - first) * definition.factor, NONE)


def _spread(definition: Derived, terms: list[Figure]) -> _Result:
    """Share out what is left over the months that follow; of fewer months than the report's, or after the last one, nothing is told."""
    left = terms[0]
    if left.value is None:
        return None, left.absent
    if not definition.factor or is_short(left, definition):
        return None, NONE
    return max(left.value, Decimal(0)) / definition.factor, NONE


def _of_pairs(definition: Derived, terms: list[Figure]) -> _Result:
    """Compare the sums of the pairs of which both sides are known; a pair with one side alone counts on neither."""
    pairs = list(zip(terms[::2], terms[1::2], strict=True))
    if definition.formula == "growth_of_pairs":
        pairs = [(now, before) for now, before in pairs if not is_short(now, definition)]
    both = [(one.value, other.value) for one, other in pairs if one.value is not None and other.value is not None]
    first, second = (sum((pair[side] for pair in both), Decimal(0)) for side in (0, 1))
    if not both:
        return None, definition.absent
    if definition.formula == "net_of_pairs":
        return first - second, NONE
    if second <= 0:
        return None, NONE
    return _percent(first - second if definition.formula == "growth_of_pairs" else first, second), NONE


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    """Return the percentage as it is: whoever shows it rounds it, once (FIGURES 19)."""
    return part * 100 / whole


_FORMULAS: Mapping[str, Callable[[Derived, list[Figure]], _Result]] = {
    "net": _net,
    "ratio": _ratio,
    "growth": _growth,
    "change": _change,
    "way": _way,
    "scaled": _scaled,
    "between": _between,
    "spread": _spread,
    "ratio_of_pairs": _of_pairs,
    "growth_of_pairs": _of_pairs,
    "net_of_pairs": _of_pairs,
}
