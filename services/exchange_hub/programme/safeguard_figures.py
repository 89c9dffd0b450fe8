"""Figures of the safeguards (要素保障): what each was in the month, and this year.

Firms (户数) are told of a month alone: one that invoiced in two months would count twice in their sum.
"""

from collections.abc import Iterator

from exchange_contracts.safeguards import FIELDS, MEASURES
from exchange_hub.programme.cells import Cube
from exchange_hub.programme.conditions import Where
from exchange_hub.programme.definitions import NOT_FILLED, Definition, Frame, Measured, Scope

LIST = "safeguards"
_OF_A_MONTH = frozenset(("firms",))


def cubes() -> Iterator[Cube]:
    """Yield the cube of the safeguards."""
    yield Cube("safeguards", LIST, {}, ("bureaus", "safeguard", "month"), FIELDS)


def definitions(frame: Frame) -> Iterator[Definition]:
    """Yield the figures of every safeguard, in the measures that it is told in."""
    period = frame.period
    for safeguard, measures in MEASURES.items():
        scope, of = Scope(LIST, category=safeguard), {"safeguard": safeguard}
        for name, unit in measures.items():
            month: Where = {**of, "month": period.month}
            yield Measured(f"{LIST}.{safeguard}.month_{name}", unit, period.month, "safeguards", month, f"sum({name})", scope, NOT_FILLED)
            if name not in _OF_A_MONTH:
                year: Where = {**of, "month": period.year_to_date}
                yield Measured(
                    f"{LIST}.{safeguard}.{name}", unit, period.span, "safeguards", year, f"sum({name})", scope, NOT_FILLED, latest="month", flow=True
                )
