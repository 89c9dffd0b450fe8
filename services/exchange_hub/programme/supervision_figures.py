"""Figures of publicity and of the equipment that catalogues of elimination name (work plan, part five, three and four)."""

from collections.abc import Iterator

from exchange_hub.programme.cells import COUNT, Cube
from exchange_hub.programme.conditions import Where
from exchange_hub.programme.definitions import NOT_FILLED, TOTAL, Definition, Frame, Measured, Scope

PUBLICITY, ELIMINATION = "publicity", "elimination"


def cubes(frame: Frame) -> Iterator[Cube]:
    """Yield the cubes of both lists."""
    as_of = frame.as_of.isoformat()
    ordered: Where = {"ordered_on<=": as_of}
    yield Cube(PUBLICITY, PUBLICITY, {}, ("bureaus", "channel", "month"), ("reach",))
    yield Cube(ELIMINATION, ELIMINATION, ordered, (), ("count",))
    yield Cube("elimination_done", ELIMINATION, {**ordered, "done_on<=": as_of}, (), ("count",))
    yield Cube("elimination_overdue", ELIMINATION, {**ordered, "done_on not <=": as_of, "until<": as_of}, (), ("count",))


def definitions(frame: Frame) -> Iterator[Definition]:
    """Yield the activities of the month and the year with their reach, and how much equipment is ordered, done and overdue."""
    period, scope = frame.period, Scope(PUBLICITY)
    month: Where = {"month": period.month}
    year: Where = {"month": period.year_to_date}
    for start, span, where in (("month_", period.month, month), ("", period.span, year)):
        yield Measured(f"publicity.{TOTAL}.{start}activities", "项", span, PUBLICITY, where, COUNT, scope)
        yield Measured(f"publicity.{TOTAL}.{start}reach", "人次", span, PUBLICITY, where, "sum(reach)", scope, NOT_FILLED)
    for name, cube in (("ordered", ELIMINATION), ("done", "elimination_done"), ("overdue", "elimination_overdue")):
        yield Measured(f"elimination.{TOTAL}.{name}", "台", frame.as_of.isoformat(), cube, {}, "sum(count)", Scope(ELIMINATION))
