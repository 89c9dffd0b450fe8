"""The rows of equipment: the survey of what uses energy, with where two bureaus differ, the lines of projects, and their procedures."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from tests.oracle.grouping import Key, Registers, words
from tests.oracle.rules import Rules, Saying

_COUNTED = ("stock", "advanced", "saving", "entry", "below")


def newest(told: Sequence[Saying]) -> dict[tuple[str, str], list[Saying]]:
    """Return (equipment, domain) → what was said of its newest month, whoever said it."""
    together: dict[tuple[str, str], list[Saying]] = defaultdict(list)
    for key, facts in told:
        together[facts["equipment"], facts["domain"]].append((key, facts))
    found = {}
    for place, said in together.items():
        last = max(facts["month"] for _, facts in said)
        found[place] = [(key, facts) for key, facts in said if facts["month"] == last]
    return found


def rows(told: Sequence[Saying], rules: Rules) -> Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]:
    """Give a row per kind of equipment and domain, taken from the bureau that comes first in the domain."""
    for place, said in newest(told).items():
        key, facts = rules.first(said, "energy-stocks", "*", place[1])[0]
        row = {name: facts[name] for name in ("equipment", "domain", "month", *_COUNTED)} | {"lead_bureau": key[1]}
        yield "energy-stocks", place, row | {"told by": {key[1] for key, _ in said}}


def differing(told: Sequence[Saying]) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """Yield (equipment, domain) and the values of the first number in which entries of one month differ."""
    for place, said in newest(told).items():
        ordered = sorted(said, key=lambda entry: entry[0])
        bureaus = [key[1] for key, _ in ordered]
        names = [key[1] if bureaus.count(key[1]) == 1 else f"{key[1]}:{key[2]}" for key, _ in ordered]
        for name in _COUNTED:
            values = dict(zip(names, (facts[name] for _, facts in ordered), strict=True))
            if len(set(values.values())) > 1:
                yield place, {"of": name} | values
                break


_LINE = (
    "line_no", "project_no", "side", "name", "model", "units", "year", "original_value", "depreciated", "owned", "disposal", "price", "energy_level", "domestic",
)  # fmt: skip


def lines(told: Sequence[Saying]) -> Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]:
    """Give each line of equipment its row."""
    for key, facts in told:
        yield "equipment-lines", (), {name: facts[name] for name in _LINE} | {"lead_bureau": key[1]}


def procedures(component: str, members: Mapping[Key, Registers]) -> Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]:
    """Give each procedure that a bureau tells of a project its row."""
    [(key, registers)] = members.items()
    for procedure, word in words(registers, "procedure").items():
        facts = word.facts
        on = None if facts["on"] is None else date(1970, 1, 1) + timedelta(days=facts["on"])
        row = {name: facts[name] for name in ("project_no", "procedure", "state", "number")} | {"on_date": on, "lead_bureau": key[1]}
        yield "project-procedures", (component, procedure), row
