"""The district's configuration as the oracle reads it, and who takes precedence by it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.oracle.grouping import Key

Ranking = Callable[[str, str, str], Sequence[str]]
Saying = tuple[Key, Mapping[str, Any]]


@dataclass(frozen=True)
class Rules:
    """The district's configuration as the oracle reads it."""

    ranking: Ranking
    due_on: Callable[[date], date | None]
    bureaus: frozenset[str]
    plans: tuple[tuple[str, str, str, str], ...] = ()
    counting_step: Callable[[str], str] = lambda _category: "交售回收"
    longer: Mapping[str, Callable[[date], date | None]] = field(default_factory=dict)
    levels: tuple[str, ...] = ("市",)
    tasks: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    towns: Mapping[str, str] = field(default_factory=dict)

    def first(self, said: Iterable[Saying], list_name: str, field: str, domain: str | None) -> list[Saying]:
        """Sort by who takes precedence; the unranked follow by code, then by their key."""
        order = list(self.ranking(list_name, field, domain or ""))

        def place(entry: Saying) -> tuple[int, Key]:
            bureau = entry[0][1]
            return (order.index(bureau) if bureau in order else len(order), entry[0])

        return sorted(said, key=place)

    def pick(self, said: Sequence[Saying], list_name: str, field: str, domain: str | None = None) -> Any:
        """Take a field from the first that fills it."""
        for _, facts in self.first(said, list_name, field, domain):
            value = facts.get(field)
            if value is not None and value not in ({}, []):
                return value
        return None
