"""Work out figures: definitions and cells in, figures with their sources out. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from exchange_hub.programme.cells import COUNT, Cells, Number
from exchange_hub.programme.conditions import expression
from exchange_hub.programme.definitions import NONE, NOT_REPORTED, Definition, Derived, Measured, Stated
from exchange_hub.reports.model import Figure, Source
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import ListView

_CENT = Decimal("0.01")
_MONEY_TYPES = ("money", "money_map")


@dataclass(slots=True)
class Evaluation:
    """Figures as they are worked out, one definition after the other.

    Attributes:
        cells: cells of every cube by its name.
        silent: scopes (a list, or ``list:domain``) whose reporters owe the month and sent nothing.
        figures: the figures so far by id.
    """

    cells: Mapping[str, Cells]
    silent: frozenset[str]
    figures: dict[str, Figure] = field(default_factory=dict)

    def add(self, definition: Definition) -> None:
        """Work out one figure; what it derives from must be there already."""
        match definition:
            case Measured():
                figure = self._measured(definition)
            case Derived():
                figure = self._derived(definition)
            case Stated():
                source = Source("", {}, definition.said_by, 0)
                figure = Figure(definition.id, Decimal(definition.value), definition.unit, definition.period, source)
        self.figures[definition.id] = figure

    def _measured(self, definition: Measured) -> Figure:
        cells = self.cells[definition.cube]
        value, rows = cells.measure(definition.select, definition.measure)
        absent = NONE
        if rows == 0 and self._unreported(definition, cells):
            value, absent = None, NOT_REPORTED
        elif rows == 0:
            value, absent = (0, NONE) if definition.no_rows is None else (None, definition.no_rows)
        elif value is None:
            value, absent = (0, NONE) if definition.no_values is None else (None, definition.no_values)
        source = Source(cells.cube.list, cells.where(definition.select), definition.measure, rows)
        exact = None if value is None else in_unit(value, BY_NAME[cells.cube.list], definition.measure)
        return Figure(definition.id, exact, definition.unit, definition.period, source, absent)

    def _unreported(self, definition: Measured, cells: Cells) -> bool:
        if definition.scope not in self.silent:
            return False
        return definition.scope_rows is None or cells.measure(definition.scope_rows, COUNT)[1] == 0

    def _derived(self, definition: Derived) -> Figure:
        terms = [self.figures[term] for term in definition.terms]
        value, absent = _FORMULAS[definition.formula](definition, terms)
        source = Source("", {}, formula(definition), 0)
        return Figure(definition.id, value, definition.unit, definition.period, source, absent)


def evaluate(
    definitions: Iterable[Definition], cells: Mapping[str, Cells], silent: frozenset[str] = frozenset()
) -> dict[str, Figure]:
    """Work out all figures, in the order of their definitions.

    Args:
        definitions: figures; those that others derive from come first.
        cells: cells of every cube by its name.
        silent: scopes whose reporters owe the month and sent nothing: no rows there is 未报送, not 0.
    """
    evaluation = Evaluation(cells, silent)
    for definition in definitions:
        evaluation.add(definition)
    return evaluation.figures


def in_unit(value: Number, view: ListView, measure: str) -> Decimal:
    """Turn a measured value into the figure's unit: fen become yuan with two places, the rest stays as it is."""
    if measure.startswith("sum("):
        column = view.column(expression(measure[4:-1]).terms[0].column)
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
        case "net":
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
    if not whole.value:
        return None, definition.absent
    return _percent(part.value / whole.value), NONE


def _growth(_definition: Derived, terms: list[Figure]) -> _Result:
    """Compare with last year; from zero, from nothing or from less than nothing there is no percentage."""
    now, before = terms
    if now.value is None:
        return None, now.absent
    if before.value is None or before.value <= 0:
        return None, NONE
    return _percent((now.value - before.value) / before.value), NONE


def _scaled(definition: Derived, terms: list[Figure]) -> _Result:
    value = terms[0].value
    return (None, definition.absent) if value is None else (value * definition.factor, NONE)


def _percent(share: Decimal) -> Decimal:
    return (share * 100).quantize(_CENT, ROUND_HALF_UP)


_FORMULAS: Mapping[str, Callable[[Derived, list[Figure]], _Result]] = {
    "net": _net,
    "ratio": _ratio,
    "growth": _growth,
    "scaled": _scaled,
}
