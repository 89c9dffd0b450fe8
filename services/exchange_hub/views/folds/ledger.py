"""Lists whose rows are simply what a bureau says: materials, indicators, plans, problems, tasks, submissions."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.folds.base import columns, current, day, joined, of_family
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

_MATERIAL = columns("month", "operator_uscc", "material", "quantity", "unit", "recovered", "used", "route", "outlets", "reverse_invoiced")
_INDICATOR = columns("indicator", "domain", "series", "period", "value", "numerator", "denominator", "unit", "version")
_PLAN = columns("plan_kind", "title", "document_no")
_PROBLEM = columns("problem_no", "text", "done_so_far", "proposal", "asks_of")


def material_rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a row per month and material an operator recovered."""
    for sub_key, fact in of_family(claims[0], "recovered"):
        row = _MATERIAL.of(fact.facts)
        yield Row("materials", joined(component, sub_key), row | {"lead_bureau": claims[0].key.bureau})


def indicator_rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a row per baseline, target and reported value; statistics and scheduling series stay apart."""
    for family, kind in (("baseline", "基数"), ("target", "目标"), ("reported", "报送")):
        for sub_key, fact in of_family(claims[0], family):
            row = _INDICATOR.of(fact.facts)
            yield Row("indicators", joined(component, family, sub_key), row | {"kind": kind, "lead_bureau": claims[0].key.bureau})


def plan_rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give the plan a bureau issued; plans expected and not yet issued are district data, not events."""
    facts = current(claims[0], "plan")
    if facts is not None:
        row = _PLAN.of(facts)
        row["issued_on"] = day(facts.get("issued_on"))
        yield Row("plans", component, row | {"lead_bureau": claims[0].key.bureau})


def problem_rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a matter raised for coordination, with its resolution where there is one."""
    raised = current(claims[0], "raised")
    if raised is None:
        return
    row = _PROBLEM.of(raised)
    row["raised_on"] = day(raised["occurred_on"])
    resolved = current(claims[0], "resolved")
    if resolved is not None:
        row["resolved_on"], row["resolution"] = day(resolved["occurred_on"]), resolved.get("resolution")
    yield Row("problems", component, row | {"lead_bureau": claims[0].key.bureau})


def task_rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a row per month in which a bureau reported on a task."""
    for month, fact in of_family(claims[0], "progress"):
        row = {"task_no": fact.facts.get("task_no"), "month": month, "text": fact.facts.get("text")}
        yield Row("tasks", joined(component, month), row | {"lead_bureau": claims[0].key.bureau})


def submission_rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a row per confirmed submission or nil return; late and silent are worked out against what is owed."""
    claim = claims[0]
    fact = claim.registers.get("submission")
    if fact is None or fact.withdrawn:
        return
    nil = fact.event == "NilReturned"
    yield Row("submissions", component, {
        "bureau": claim.key.bureau, "list": fact.facts["list"], "month": fact.facts["month"],
        "state": "零报告" if nil else "已确认", "rows": 0 if nil else fact.facts.get("rows"),
        "confirmed_on": day(fact.facts["occurred_on"]),
        "signed_by": "、".join(fact.facts.get("signed_by") or ()) or None,
    })  # fmt: skip
