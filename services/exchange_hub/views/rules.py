"""What the fold takes from the district's configuration, as one frozen value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

ANY_BUREAU = "*"
"""Stands among the bureaus of a task whose bracket adds all others."""


def _no_ranking(_list: str, _field: str, _domain: str) -> tuple[str, ...]:
    return ()


def _no_clock(_received_on: date) -> date | None:
    return None


def _delivered(_category: str) -> str:
    return "交售回收"


@dataclass(frozen=True, slots=True)
class FoldRules:
    """Configuration that decides how claims become rows.

    Attributes:
        ranking: (list, field, domain) → bureaus, the one whose statement wins first; bureaus it leaves out come
            after it in the order of their codes.
        due_on: receipt date → last day for measures, ``None`` where the calendar does not reach so far: ten working
            days from the day after receipt (work plan, part four, stage two).
        levels: levels of documents that have a clock; others have no due day.
        longer: form of a measure → receipt date → last day of its own, longer track.
        plans: (kind, bureau, domain or empty, title) of each plan that the work plan asks for.
        towns: code of each town, street and park → its name; of an entity that a bureau owns their words are claims.
        tasks: number of each task of the work plan, in its normal form → its title and the bureaus that its bracket names.
        counting_step: category of scrapped equipment → the step by which it counts as scrapped.
        duties: bureau → lists that it may report; no fold asks for them, what is found over the lists does.
        units: indicator → unit of the catalogue, for the same.
    """

    ranking: Callable[[str, str, str], tuple[str, ...]] = _no_ranking
    due_on: Callable[[date], date | None] = _no_clock
    plans: tuple[tuple[str, str, str, str], ...] = ()
    counting_step: Callable[[str], str] = _delivered
    duties: Mapping[str, frozenset[str]] = field(default_factory=dict)
    levels: tuple[str, ...] = ("市",)
    longer: Mapping[str, Callable[[date], date | None]] = field(default_factory=dict)
    tasks: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    towns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    def order(self, list_name: str, field: str, domain: str | None) -> Callable[[str], tuple[int, str]]:
        """Return a sort key for bureaus: precedence for *field* of *list_name*, then the code."""
        return _order(self.ranking(list_name, field, domain or ""))


@lru_cache(maxsize=1024)
def _order(ranking: tuple[str, ...]) -> Callable[[str], tuple[int, str]]:
    places = {bureau: place for place, bureau in enumerate(ranking)}
    return lambda bureau: (places.get(bureau, len(places)), bureau)
