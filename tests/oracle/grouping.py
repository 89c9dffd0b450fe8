"""Which claims speak of one entity: a flood over shared identity values and the coordinators' merges."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from tests.oracle.outcomes import Claims, Word

Key = tuple[str, str, str]
Registers = Mapping[str, Mapping[str, Word]]

#: Kinds whose claims can be one entity; all others stand for themselves.
JOINED = ("project", "enterprise", "policy", "document", "scrappage")
COORDINATION = "coordination"


def words(registers: Registers, family: str) -> dict[str, Word]:
    """Return a family's words that stand, by sub-key."""
    return {sub: word for sub, word in sorted(registers.get(family, {}).items()) if not word.withdrawn}


def groups(claims: Claims, bureaus: Collection[str]) -> list[list[Key]]:
    """Return all claims but decisions, grouped into entities; a decision that names none of *bureaus* says nothing there."""
    holders: dict[tuple[str, str], list[Key]] = defaultdict(list)
    named: dict[Key, list[tuple[str, str]]] = defaultdict(list)
    for key, registers in claims.items():
        for value in _identity(key[0], registers):
            named[key].append((key[0], value))
    for kind, member, value in _decisions(claims):
        if member[0] in bureaus:
            named[kind, *member].append((kind, value))
    for key, values in named.items():
        for value in values:
            holders[value].append(key)
    seen: set[Key] = set()
    result = []
    for start in sorted(claims):
        if start in seen or start[0] == COORDINATION:
            continue
        reached = _flood(start, named, holders)
        seen |= reached
        result.append(sorted(key for key in reached if key in claims))
    return result


def _flood(start: Key, named: Mapping[Key, list[tuple[str, str]]], holders: Mapping[tuple[str, str], list[Key]]) -> set[Key]:
    reached, edge = {start}, [start]
    while edge:
        key = edge.pop()
        for value in named.get(key, ()):
            for other in holders[value]:
                if other not in reached:
                    reached.add(other)
                    edge.append(other)
    return reached


def _decisions(claims: Claims) -> Iterator[tuple[str, tuple[str, str], str]]:
    """Yield (kind, (bureau, entity), decision) for each member of a merge that stands."""
    for (kind, bureau, entity), registers in claims.items():
        if kind != COORDINATION or bureau != COORDINATION:
            continue
        for word in words(registers, "merge").values():
            for member in word.facts["members"]:
                yield word.facts["list"], (member["bureau"], member["entity_key"]), f"decision {entity}"


def _identity(kind: str, registers: Registers) -> set[str]:
    """Return what makes claims of one kind the same entity, by the work plan's keys."""
    if kind == "project":
        found = {word.facts["project_code"] for word in words(registers, "project").values()}
    elif kind == "enterprise":
        found = {word.facts["uscc"] for word in words(registers, "enterprise").values()}
    elif kind == "document":
        standing = [word for family in registers for word in words(registers, family).values()]
        found = {word.facts["document_no"] for word in standing}
    elif kind == "scrappage":
        standing = list(words(registers, "scrapped").values())
        found = {f"{word.facts['category']}\n{word.facts['identifier']}" for word in standing if word.facts["identifier"]}
    elif kind == "policy":
        card = words(registers, "policy") or words(registers, "expired")
        found = {f"{word.facts['document_no']}\n{word.facts['level']}" for word in card.values() if word.facts["document_no"]}
    else:
        return set()
    return {value for value in found if value}
