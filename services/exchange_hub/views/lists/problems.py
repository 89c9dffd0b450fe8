"""Matters raised for coordination, with their resolution."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.lists.folding import Kind, current, day, facts_named
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, Printed, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("problems"), "协调事项", "problem",
    columns("""
        problem_no 编号 text code
        text 事项 text 44
        done_so_far 已做工作 text 30
        proposal 建议 text 30
        asks_of 涉及单位 texts bureau
        raised_on 提出日期 date
        resolved_on 办结日期 date
        resolution 办理结果 text 30
        lead_bureau 提出单位 text filter bureau 18
    """),
    single=True,
    brief=("text", "problem_no", "asks_of", "proposal", "raised_on", "resolved_on", "lead_bureau"),
    printed_columns=("problem_no", "text", "done_so_far", "proposal", "asks_of", "raised_on", "lead_bureau"),
    annex=AnnexPlace("协调事项", 6),
    printed=Printed("列前{n}条（未办结的在前）", "resolved_on DESC NULLS FIRST, raised_on"),
)  # fmt: skip
_PROBLEM = facts_named("problem_no", "text", "done_so_far", "proposal", "asks_of")


def _rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a matter raised for coordination, with its resolution where there is one."""
    raised = current(claims[0], "raised")
    if raised is None:
        return
    row = _PROBLEM.of(raised)
    row["raised_on"] = day(raised["occurred_on"])
    resolved = current(claims[0], "resolved")
    if resolved is not None:
        row["resolved_on"], row["resolution"] = day(resolved["occurred_on"]), resolved.get("resolution")
    yield Row(LIST.name, component, row | {"lead_bureau": claims[0].key.bureau})


KIND = Kind("problem", "协调事项", _rows, (LIST,))
