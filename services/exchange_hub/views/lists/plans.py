"""Plans that bureaus issued; those expected and not yet issued are the district's data, not events."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.lists.folding import Kind, current, day, facts_named
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("plans"), "应出台方案", "plan",
    columns("""
        plan_kind 方案类别 text filter
        title 方案名称 text 38
        document_no 文号 text code 22
        issued_on 印发日期 date
        lead_bureau 责任单位 text filter bureau 18
    """),
    single=True, annex=AnnexPlace("应出台方案", 14, paper=False),
)  # fmt: skip
_PLAN = facts_named("plan_kind", "title", "document_no")


def _rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give the plan a bureau issued; plans expected and not yet issued are district data, not events."""
    facts = current(claims[0], "plan")
    if facts is not None:
        row = _PLAN.of(facts)
        row["issued_on"] = day(facts.get("issued_on"))
        yield Row(LIST.name, component, row | {"lead_bureau": claims[0].key.bureau})


KIND = Kind("plan", "应出台方案", _rows, (LIST,))
