"""Procedures before a project begins (前期手续): number, day and state of each, a row per project and procedure."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.lists.folding import Kind, day, facts_named, joined, of_family
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("project-procedures"), "项目前期手续清单", "project_procedure",
    columns("""
        project_no 项目代码或内部编号 text code 26
        procedure 手续 text filter
        state 办理状态 text filter
        number 编号 text code 22
        on_date 办结日期 date
        lead_bureau 填报单位 text filter bureau 18
    """),
    annex=AnnexPlace("项目前期手续清单", 20, paper=False), of_project="project_no",
)  # fmt: skip
_TAKEN = facts_named("project_no", "procedure", "state", "number")


def _rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give each procedure that the bureau tells of its row."""
    for procedure, fact in of_family(claims[0], "procedure"):
        values = _TAKEN.of(fact.facts) | {"on_date": day(fact.facts.get("on")), "lead_bureau": claims[0].key.bureau}
        yield Row(LIST.name, joined(component, procedure), values)


KIND = Kind("procedure", "前期手续", _rows, (LIST,), decided=False)
