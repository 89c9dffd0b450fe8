"""What a look at the statements of any kind of entity shows: how they follow each other, and amounts that nobody can have meant."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from exchange_hub.views.findings import Finding
from exchange_hub.views.lists.folding import Kind, day, joined
from exchange_hub.views.statement import Claim, ClaimKey, Fact, Row

RULES: Final = ("equal-revisions", "dated-back", "magnitude-restated", "amount-beyond")
MAGNITUDE: Final = 1000
"""How many times a value must be another to be taken for a slip between units that lie ten thousand times apart."""

_STATES = frozenset(("project", "enterprise", "policy"))
"""Registers that state how something is, on a day; in the others the day belongs to what happened."""


def slipped(one: Any, other: Any) -> bool:
    """Tell whether two values lie so far apart as 亿元 and 万元, or 万吨 and 吨, do.

    >>> slipped(5, 50_000), slipped(50_000, 20_000), slipped(0, 5), slipped(None, 5)
    (True, False, False, False)
    """
    if not one or not other:
        return False
    low, high = sorted((abs(one), abs(other)))
    return bool(high >= MAGNITUDE * low)


def of_statements(kind: Kind, claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    """Yield what a look at the statements of one component shows, whatever its kind."""
    for claim in claims:
        for register, fact in claim.registers.items():
            before = fact.before
            if before is not None and not fact.withdrawn and not before.withdrawn:
                yield from _restated(kind, claim.key, register, fact, before)
    for row in rows:
        beyond = kind.beyond[row.list]
        if beyond is not None and (name := beyond(row.values)) is not None:
            words = "单行金额超过100亿元，请核对计量单位（元、万元、亿元）"
            yield Finding("amount-beyond", joined(kind.title, row.key), words, {name: row.values[name]}, row.bureaus)


def _restated(kind: Kind, claim: ClaimKey, register: str, fact: Fact, before: Fact) -> Iterator[Finding]:
    subject, who = joined(kind.title, claim.bureau, claim.entity, register), (claim.bureau,)
    if fact.revision == before.revision:
        words = "同一版本号有两份内容不同的申报，已按其中一份计，请核对"
        yield Finding("equal-revisions", subject, words, {"revision": fact.revision}, who)
        return
    now, then = fact.facts["occurred_on"], before.facts["occurred_on"]
    if register in _STATES and now < then:
        detail = {"stated_on": str(day(now)), "stated_before_on": str(day(then))}
        yield Finding("dated-back", subject, "后一版申报的业务日期早于前一版，请核对", detail, who)
    if fact.facts.get("reason") or fact.facts.get("corrects") or fact.facts.get("unit") != before.facts.get("unit"):
        return
    for name in kind.numbers:
        value, earlier = fact.facts.get(name), before.facts.get(name)
        if slipped(value, earlier):
            words = "与上一版申报相差一千倍以上，请核对计量单位（元、万元、亿元，吨、万吨）"
            yield Finding("magnitude-restated", subject, words, {"of": name, "earlier": _plain(earlier), "later": _plain(value)}, who)
            return


def _plain(value: Any) -> int | str:
    return value if isinstance(value, int) else str(value)
