"""What is wrong with an event: one value for every door, so that each says it in the same words at its own place."""

from collections.abc import Callable
from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong with an event.

    Attributes:
        code: short name of the kind of problem, a metric label.
        fields: the fields it speaks of; the first is where to look.
        words: what is wrong and what to do, in Chinese; ``{name}`` stands for a field of *fields*.
        rule: name of the rule that is broken, where connectors and tests speak of it.
    """

    code: str
    fields: tuple[str, ...]
    words: str
    rule: str = ""

    def said(self, naming: Callable[[str], str] = lambda name: f"字段 {name} ") -> str:
        """Return the words with its fields named: as the contract does, or as *naming* does for a sheet's headings."""
        words = self.words
        for name in self.fields:
            words = words.replace(f"{{{name}}}", naming(name))
        return words


def sentences(problems: list[Problem]) -> str:
    """Return what is said of all problems, as a JSON line's refusal, a receipt and an error say it."""
    return "；".join(problem.said() for problem in problems)
