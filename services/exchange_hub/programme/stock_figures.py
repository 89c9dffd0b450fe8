"""Figures of energy-using equipment (goal 2): the stock by level of efficiency, and the share at the energy-saving level or better."""

from collections.abc import Iterator

from exchange_hub.programme.cells import Cube
from exchange_hub.programme.definitions import NOT_REPORTED, TOTAL, Definition, Derived, Frame, Measured

LIST = "energy-stocks"
LEVELS = ("advanced", "saving", "entry", "below")


def cubes() -> Iterator[Cube]:
    """Yield the cube of the stocks."""
    yield Cube("stocks", LIST, {}, ("equipment", "domain", "month"), ("stock", *LEVELS))


def definitions(frame: Frame) -> Iterator[Definition]:
    """Yield the figures of each kind of equipment that was surveyed, and of all of them."""
    as_of = frame.as_of.isoformat()
    for code in (*frame.codes.equipment, TOTAL):
        start, own = f"stocks.{code}", {} if code == TOTAL else {"equipment": code}
        for name in ("stock", *LEVELS):
            yield Measured(f"{start}.{name}", "台", as_of, "stocks", own, f"sum({name})", no_rows=NOT_REPORTED)
        good = f"{start}.good"
        yield Derived(good, "台", as_of, "net", (f"{start}.advanced", f"{start}.saving"))
        yield Derived(f"{start}.share", "%", as_of, "ratio", (good, f"{start}.stock"))
