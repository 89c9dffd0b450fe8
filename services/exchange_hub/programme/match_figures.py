"""Figures of supply and demand: what was bought for lines of new equipment, and what the district's own makers won of it.

A maker of the district is an enterprise that stands in the list of enterprises as 生产企业; other suppliers are in the total alone.
"""

from collections.abc import Iterator

from exchange_hub.programme.cells import COUNT, Cube
from exchange_hub.programme.conditions import Where
from exchange_hub.programme.definitions import TOTAL, Definition, Derived, Frame, Measured, Scope

MATCHES = "matches"
_MONTH_OF = "on_date:month"


def cubes() -> Iterator[Cube]:
    """Yield the cubes of all matches and of those that listed makers won."""
    made_here: Where = {"enterprise_uscc in enterprises.uscc": {"role": "生产企业"}}
    yield Cube(MATCHES, MATCHES, {}, (_MONTH_OF,), ("amount",))
    yield Cube("matches_local", MATCHES, made_here, (_MONTH_OF,), ("amount",))


def definitions(frame: Frame) -> Iterator[Definition]:
    """Yield how many matches there were and for how much, of the month and the year, and the makers' part of the year."""
    period, scope, start = frame.period, Scope(MATCHES), f"{MATCHES}.{TOTAL}"
    month: Where = {_MONTH_OF: period.month}
    year: Where = {_MONTH_OF: period.year_to_date}
    for count, money, span, cube, where in (
        ("month_matched", "month_amount", period.month, MATCHES, month), ("matched", "amount", period.span, MATCHES, year),
        ("local", "local_amount", period.span, "matches_local", year),
    ):  # fmt: skip
        yield Measured(f"{start}.{count}", "项", span, cube, where, COUNT, scope)
        yield Measured(f"{start}.{money}", "元", span, cube, where, "sum(amount)", scope)
    yield Derived(f"{start}.local_share", "%", period.span, "ratio", (f"{start}.local_amount", f"{start}.amount"))
