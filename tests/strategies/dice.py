"""The dice of the small world: values of each kind that occur in events, and how large the world is."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from exchange_contracts import registry

Facts = dict[str, Any]
LISTS = registry.load().codelists

_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True)
class World:
    """How large the world is: *entities* of each kind and bureau; the larger, the rarer are collisions."""

    entities: int = 3
    revisions: int = 3
    tellings: int = 3
    months: int = 3


SMALL = World()


@dataclass(frozen=True, slots=True)
class Place:
    """Of whom and of what an event speaks: its bureau, the number of its entity, its month."""

    bureau: str
    entity: int
    month: str
    world: World


def money(tell: Random, *, negative: bool = False) -> Decimal:
    """Return an amount in yuan."""
    low = -(10**6) if negative else 0
    return Decimal(tell.choice((0, 1, 100, 10**15, tell.randint(low, 10**9)))).scaleb(-2)


def some(tell: Random, value: Any) -> Any:
    """Return the value or nothing: an event states what is empty, too."""
    return value if tell.random() < 0.6 else None


def quantity(tell: Random, *, negative: bool = False) -> Decimal:
    low = -(10**6) if negative else 0
    return Decimal(tell.choice((0, 1, tell.randint(low, 10**12)))).scaleb(-4)


def day(tell: Random) -> date:
    return date(2026, 1, 1) + timedelta(days=tell.randrange(400))


TEXTS = ("更新改造", "二期\n续行", 'a"b,{c}', "\\N", "制\t表", "😀", "")


def text(tell: Random) -> str:
    return tell.choice(TEXTS)


def name(tell: Random) -> str:
    """Return a text that says something, as a field that must be filled does."""
    return tell.choice(TEXTS[:-1])


def code(number: int) -> str:
    return f"2509-120114-89-01-{544060 + number:06d}"


def uscc(number: int) -> str:
    digits = ""
    for _ in range(17):
        number, rest = divmod(number * 7 + 3, 31)
        digits += _USCC[rest]
    return "9" + digits


def shared(tell: Random, at: Place) -> int:
    """Return a number of an identity value: usually its own entity's, sometimes another's, so that keys change and meet."""
    return at.entity if tell.random() < 0.6 else tell.randrange(at.world.entities)
