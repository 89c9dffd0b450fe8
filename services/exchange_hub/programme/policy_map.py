"""The map of funding policies (资金政策图谱): domain × level × kind of support, from the rows of the list and nothing else.

A policy of several domains stands in the line of each; the last line counts every policy, and its money, once.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from exchange_hub.programme.definitions import TOTAL
from exchange_hub.programme.list_figures import EXPIRING_DAYS

#: What a policy without domains stands under.
ANY_DOMAIN = "不限领域"
_LEVELS = ("国家", "市级", "区级")

Policy = Mapping[str, Any]
Place = tuple[str, str, str]


def matrix(policies: Iterable[Policy], as_of: date, since: date, domains: Iterable[str], kinds: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the lines of the map, one a domain, level and kind of support that occurs, then the total.

    Args:
        policies: rows of the list of funding policies.
        as_of: the day as of which the map speaks; policies that are not in force on it stand in no line.
        since: first day of the month; what came into force since counts as new.
        domains: the domains in their order, those of equipment and those of consumer goods.
        kinds: the kinds of support in their order.
    """
    inside = [policy for policy in policies if is_in_force(policy, as_of)]
    order = {name: number for number, name in enumerate((*domains, ANY_DOMAIN))}
    ranks = {name: number for number, name in enumerate(kinds)}
    cells: dict[Place, list[Policy]] = {}
    for policy in inside:
        for domain in (*(policy.get("domains") or ()), *(policy.get("consumer_domains") or ())) or (ANY_DOMAIN,):
            cells.setdefault((domain, str(policy.get("level")), str(policy.get("support_kind"))), []).append(policy)

    def rank(place: Place) -> tuple[int, int, int, Place]:
        level = _LEVELS.index(place[1]) if place[1] in _LEVELS else len(_LEVELS)
        return order.get(place[0], len(order)), level, ranks.get(place[2], len(ranks)), place

    for place in sorted(cells, key=rank):
        yield {"domain": place[0], "level": place[1], "support_kind": place[2]} | _line(cells[place], as_of, since)
    if inside:
        yield {"domain": TOTAL, "level": None, "support_kind": None} | _line(inside, as_of, since)


def is_in_force(policy: Policy, as_of: date) -> bool:
    """Tell whether a policy is in force on a day, its last day included (FIGURES 17)."""
    begins, ends, expired = (policy.get(name) for name in ("valid_from", "valid_to", "expired_on"))
    return (begins is None or begins <= as_of) and (ends is None or ends >= as_of) and (expired is None or expired > as_of)


def ends_soon(policy: Policy, as_of: date) -> bool:
    """Tell whether a policy in force ends within the next days."""
    ends = policy.get("valid_to")
    return ends is not None and (ends - as_of).days <= EXPIRING_DAYS


def changes(policies: Iterable[Policy], as_of: date, since: date, *, of_days: bool = False) -> Iterator[tuple[str, date, Policy]]:
    """Yield what changed since a day and what ends soon: 生效, 废止, 到期 or 将到期 with its day and the policy, day by day.

    Args:
        policies: rows of the list of funding policies.
        as_of: the day as of which the map speaks.
        since: first day of the month.
        of_days: what months that earlier versions closed keep: a policy is 到期 in the month of its last day, and after it was abolished, too.
            Else in the month in which it is first out of force, which of one that ends with a month is the next.
    """
    found: list[tuple[str, date, Policy]] = []
    for policy in policies:
        begins, ends, expired = (policy.get(name) for name in ("valid_from", "valid_to", "expired_on"))
        if begins is not None and since <= begins <= as_of:
            found.append(("生效", begins, policy))
        if expired is not None and since <= expired <= as_of:
            found.append(("废止", expired, policy))
        elif ends is not None and (since <= ends < as_of if of_days else _ran_out(ends, expired, as_of, since)):
            found.append(("到期", ends, policy))
        if ends is not None and is_in_force(policy, as_of) and ends_soon(policy, as_of):
            found.append(("将到期", ends, policy))
    yield from sorted(found, key=lambda each: (each[1], str(each[2].get("document_no")), each[0]))


def _ran_out(ends: date, expired: date | None, as_of: date, since: date) -> bool:
    """Tell whether a policy that nobody abolished before was first out of force between two days, the day after its last one."""
    return since <= ends + timedelta(days=1) <= as_of and (expired is None or expired > ends)


def _line(policies: list[Policy], as_of: date, since: date) -> dict[str, Any]:
    obtained = [policy["obtained"] for policy in policies if policy.get("obtained") is not None]
    return {
        "policies": len(policies), "obtained": sum(obtained) if obtained else None,
        "new": sum(policy.get("valid_from") is not None and policy["valid_from"] >= since for policy in policies),
        "expiring": sum(ends_soon(policy, as_of) for policy in policies),
        "document_nos": sorted(str(policy["document_no"]) for policy in policies),
    }  # fmt: skip
