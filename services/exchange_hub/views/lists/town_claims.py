"""What towns, streets and parks say of an entity that a bureau owns: a row per claim, confirmed when its owner has the entity, too.

A claim fills no column of the owner's list and counts in no figure. The owner confirms it with its own word: it states the entity under
the same business key in its own list, or the coordination office joins the two. So whether a claim is confirmed depends on what was said
and on nothing else: it is the same whatever came first, and of a date it is what both had said up to that day.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from exchange_contracts.keys import normal_text
from exchange_hub.views.findings import Finding
from exchange_hub.views.lists.folding import Claimed, Kind, day, joined, saying
from exchange_hub.views.lists.model import Column, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

OPEN: Final = "待主管部门确认"
CONFIRMED: Final = "已确认"

#: What every list of claims says of a claim beside its facts.
STANDING: Final[tuple[Column, ...]] = columns("""
    claimed_on 申报日期 date
    claim_state 确认情况 text filter
    owner_bureau 主管部门 text filter bureau 18
    confirmed_as 主管部门清单主键 text code 26
    differs 与主管部门不一致 texts
    lead_bureau 填报单位 text filter bureau 18
""")


def rows(kind: Kind, claims: Sequence[Claim], owned: Sequence[Row], rules: FoldRules) -> Iterator[Row]:
    """Give a row per claim of a town.

    Args:
        kind: kind of entity.
        claims: claims of towns on one entity.
        owned: rows that its owners' words make, the entity's own first.
        rules: the district's configuration.
    """
    claimed = _of(kind)
    for key, facts in saying(sorted(claims), claimed.register):
        confirmed = next(iter(owned), None)
        row = claimed.taken.of(facts) | {
            "claim_no": claimed.number(facts), "town": facts.get("town") or rules.towns[key.bureau], "claimed_on": day(facts["occurred_on"]),
            "claim_state": OPEN, "owner_bureau": _owner(claimed.owned(facts), facts.get("domain"), rules), "lead_bureau": key.bureau,
        }  # fmt: skip
        if confirmed is not None:
            row |= {"claim_state": CONFIRMED, "owner_bureau": confirmed.values["lead_bureau"], "confirmed_as": confirmed.key}
            row["differs"] = [claimed.view.column(name).title for name in claimed.compared if _differ(row.get(name), confirmed.values.get(name))] or None
        yield Row(claimed.view.name, joined(key.bureau, key.entity), row, (key.bureau,))


def findings(kind: Kind, claims: Sequence[Row], owned: Sequence[Row]) -> Iterator[Finding]:
    """Yield the claims that wait for their owner, and those that differ from what it says."""
    claimed = _of(kind)
    open_, differ = claimed.rules
    for row in claims:
        told = row.values
        who = tuple(sorted({told["lead_bureau"], *filter(None, [told["owner_bureau"]])}))
        if told["claim_state"] == OPEN:
            detail = {"claimed_on": str(told["claimed_on"]), "rows": [row.key]}
            words = f"{told['town']}申报的{kind.title}待主管部门确认：主管部门清单中没有，确认前不计入，请核对后入单或答复"
            yield Finding(open_, row.key, words, detail, who)
        elif told["differs"]:
            name = next(name for name in claimed.compared if claimed.view.column(name).title in told["differs"])
            said = {"of": name, told["lead_bureau"]: told[name], told["owner_bureau"]: owned[0].values[name], "rows": [row.key]}
            words = f"{told['town']}申报的{kind.title}与主管部门清单不一致（{'、'.join(told['differs'])}），已按主管部门计，请核对"
            yield Finding(differ, row.key, words, said, who)


def _of(kind: Kind) -> Claimed:
    if kind.claimed is None:
        raise ValueError(f"{kind.name} has no list of claims")
    return kind.claimed


def _owner(list_name: str, domain: str | None, rules: FoldRules) -> str | None:
    """Return the bureau that takes precedence for the entity, whom the claim waits for; ``None`` where the district names none."""
    return next((bureau for bureau in rules.ranking(list_name, "*", domain or "") if bureau not in rules.towns), None)


def _differ(one: object, other: object) -> bool:
    """Tell whether both say something, and something else; in names blanks and widths do not matter."""
    if one in (None, "", []) or other in (None, "", []):
        return False
    if isinstance(one, str) and isinstance(other, str):
        return normal_text(one) != normal_text(other)
    return one != other
