"""Outlets where used goods and materials are taken in (回收网点): a row per outlet, as the bureau of the recovery network lists it.

Source: the work plan, tasks 8 and 9. The outlets of the list are told one by one; the number of outlets in the table of recovered
materials is what operators count. A town, street or park claims the outlets on its ground, and their owner confirms them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.lists.folding import (
    Apart,
    Claimed,
    Kind,
    current,
    day,
    facts_named,
    joined,
    merged,
    number,
    ranked,
    saying,
    unnamed,
)
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.lists.town_claims import STANDING
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("outlets"), "回收网点清单", "outlet",
    columns("""
        name 网点名称 text 30
        outlet_no 备案编号 text code 20
        town 镇街园区 text filter
        address 地址 text 30
        operator_name 经营主体 text 28
        operator_uscc 统一社会信用代码 text code 21
        materials 回收品类 texts
        state 营业状态 text filter
        opened_on 启用日期 date
        lead_bureau 填报单位 text filter bureau 18
    """),
    brief=("name", "town", "operator_name", "materials", "state", "outlet_no", "opened_on", "lead_bureau"),
    annex=AnnexPlace("回收网点清单", 23, paper=False), merge_columns=(),
)  # fmt: skip
_TAKEN = facts_named("name", "outlet_no", "town", "address", "operator_name", "operator_uscc", "materials", "state", "opened_on")


def _keys(facts: Mapping[str, Any]) -> list[str]:
    """Return what names an outlet: its number, or its operator and its name."""
    numbered = [f"网点 {number(facts['outlet_no'])}"] if facts.get("outlet_no") else []
    return [*numbered, joined(facts["operator_uscc"], number(facts["name"]))] if facts.get("operator_uscc") else numbered


def _identities(claim: Claim) -> list[str]:
    """An outlet is its number with the authority, and its name with its operator."""
    facts = current(claim, "outlet")
    return _keys(facts) if facts else []


def _rows(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give one row, the first bureau's words where several list the outlet."""
    said = saying(claims, "outlet")
    if not said:
        return
    row = merged(said, _TAKEN, rules, LIST.name)
    row |= {"opened_on": day(row["opened_on"]), "lead_bureau": ranked(said, rules, LIST.name)[0][0].bureau}
    yield Row(LIST.name, next(iter(_keys(row)), unnamed(component)), row)


_CLAIMED = Claimed(
    ListView(
        ListName("outlet-claims"), "镇街园区申报网点", "outlet_claim",
        (
            *columns("""
                town 镇街园区 text filter
                name 网点名称 text 30
                claim_no 备案编号 text code 20
                address 地址 text 30
                operator_name 经营主体 text 28
                operator_uscc 统一社会信用代码 text code 21
                materials 回收品类 texts
                state 营业状态 text filter
            """),
            *STANDING,
        ),
        brief=("town", "name", "claim_state", "owner_bureau", "operator_name", "state", "claimed_on", "differs", "claim_no"),
        annex=AnnexPlace("镇街园区申报网点", 24, paper=False),
    ),
    "outlet", lambda _: LIST.name, lambda facts: facts.get("outlet_no"),
    facts_named("name", "address", "operator_name", "operator_uscc", "materials", "state"),
    ("name", "operator_uscc", "town", "state"),
)  # fmt: skip
CLAIMS = _CLAIMED.view

KIND = Kind(
    "outlet", "回收网点", _rows, (LIST, CLAIMS), _identities, apart={CLAIMS.name: Apart(("lead_bureau", "claim_no", "name"))},
    rules=_CLAIMED.rules, claimed=_CLAIMED,
)  # fmt: skip
