"""Which claims speak of one entity: a flood over shared identity values and the coordinators' merges."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from tests.oracle.outcomes import Claims, Word

Key = tuple[str, str, str]
Registers = Mapping[str, Mapping[str, Word]]

#: Kinds whose claims can be one entity; all others stand for themselves.
JOINED = (
    "project", "enterprise", "policy", "document", "scrappage", "trade_in", "fund", "material", "indicator", "plan", "problem", "task", "safeguard", "stock", "publicity", "elimination", "match", "outlet",
)  # fmt: skip
COORDINATION = "coordination"


def words(registers: Registers, family: str) -> dict[str, Word]:
    """Return a family's words that stand, by sub-key."""
    return {sub: word for sub, word in sorted(registers.get(family, {}).items()) if not word.withdrawn}


def groups(claims: Claims, bureaus: Collection[str]) -> list[list[Key]]:
    """Return all claims but decisions, grouped into entities; a decision that names none of *bureaus* says nothing there."""
    holders: dict[tuple[str, str], list[Key]] = defaultdict(list)
    named: dict[Key, list[tuple[str, str]]] = defaultdict(list)
    for key, registers in claims.items():
        for value in _identity(key, registers):
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


def _identity(key: Key, registers: Registers) -> set[str]:
    """Return what makes claims of one kind the same entity, by the work plan's keys."""
    kind, bureau, entity = key
    standing = [(family, word.facts) for family in registers for word in words(registers, family).values()]
    single = [(family, facts) for family, facts in standing if facts["granularity"] == "明细"]
    if kind == "project":
        found = {word.facts["project_code"] for word in words(registers, "project").values()}
    elif kind == "enterprise":
        found = {word.facts["uscc"] for word in words(registers, "enterprise").values()}
    elif kind == "document":
        found = {facts["document_no"] for _, facts in standing}
    elif kind == "scrappage":
        found = {f"{facts['category']}\n{facts['identifier']}" for _, facts in single if facts["identifier"]}
    elif kind == "policy":
        card = words(registers, "policy") or words(registers, "expired")
        found = {f"{word.facts['document_no']}\n{word.facts['level']}" for word in card.values() if word.facts["document_no"]}
    elif kind == "trade_in":
        found = {facts["order_no"] or entity for _, facts in single}
    elif kind == "fund":
        found = {facts["application_no"] for family, facts in single if family != "allocated"}
    elif kind == "material":
        found = {f"{f['operator_uscc']}\n{f['month']}\n{f['material']}\n{f['unit']}" for _, f in single if f["operator_uscc"]}
    elif kind == "indicator":
        found = {f"{f['indicator']}\n{f['domain']}\n{family}\n{f['series']}\n{f['period']}" for family, f in standing}
    elif kind == "plan":
        found = {f"{facts['plan_kind']}\n{bureau}\n{facts['domain']}" for _, facts in standing}
    elif kind == "problem":
        found = {f"{bureau}\n{facts['problem_no']}" for _, facts in standing}
    elif kind == "safeguard":
        found = {f"{facts['safeguard']}\n{facts['month']}" for _, facts in standing}
    elif kind == "stock":
        found = {f"{facts['equipment']}\n{facts['domain']}" for _, facts in standing}
    elif kind == "publicity":
        found = {f"{bureau}\n{facts['activity']}\n{facts['month']}" for _, facts in standing}
    elif kind == "elimination":
        found = {f"{facts['item']}\n{facts['enterprise_uscc'] or facts['enterprise_name']}\n{facts['equipment']}" for _, facts in standing}
    elif kind == "match":
        found = {f"{facts['contract_no']}\n{facts['enterprise_uscc']}\n{facts['line_no']}" for _, facts in standing if facts["contract_no"]}
    elif kind == "outlet":
        found = {f"no {facts['outlet_no']}" for _, facts in standing if facts["outlet_no"]}
        found |= {f"{facts['operator_uscc']}\n{facts['name']}" for _, facts in standing if facts["operator_uscc"]}
    elif kind == "task":
        found = {f"{bureau}\n{facts['task_no']}\n{facts['month']}" for _, facts in standing}
    else:
        return set()
    return {"".join(value.upper().split(" ")) for value in found if value}
