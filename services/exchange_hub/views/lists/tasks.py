"""Progress of the work plan's tasks, safeguards and requirements: a row per task, bureau and month.

Who is silent is no row here: it is worked out against the work plan (``programme.task_progress``).
"""

from collections.abc import Iterator, Mapping, Sequence

from exchange_hub.views.findings import FOUND_MAX, Comparison, Finding
from exchange_hub.views.lists.folding import Kind, day, facts_named, joined, last_day_of, number, of_family
from exchange_hub.views.lists.model import ListName, ListView, columns
from exchange_hub.views.numbers import normal
from exchange_hub.views.rules import ANY_BUREAU, FoldRules
from exchange_hub.views.statement import Claim, Row

DONE = "已完成"

LIST = ListView(
    ListName("tasks"), "任务进展", "task_progress",
    columns("""
        task_no 任务 text code filter
        title 任务名称 text 30
        month 月份 month filter
        state 进展状态 text filter
        text 进展 text 44
        quantity 完成数量 quantity
        unit 计量单位 text
        milestone 下步节点 text 30
        due_on 完成时限 date
        named 计划分工内 flag
        lead_bureau 填报单位 text filter bureau 18
    """),
    brief=("task_no", "month", "state", "text", "milestone", "due_on", "lead_bureau"),
)  # fmt: skip
_TAKEN = facts_named("task_no", "month", "state", "text", "quantity", "unit", "milestone")


def _identities(claim: Claim) -> list[str]:
    """Progress is of a task, a bureau and a month (FIGURES 6)."""
    return sorted({joined(claim.key.bureau, number(fact.facts["task_no"]), month) for month, fact in of_family(claim, "progress")})


def _rows(_component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give a row per month in which a bureau reported on a task; of a bureau's several entries the first speaks."""
    rows: dict[str, Row] = {}
    for claim in sorted(claims, key=lambda claim: claim.key):
        for month, fact in of_family(claim, "progress"):
            key = joined(claim.key.bureau, number(fact.facts["task_no"]), month)
            if key not in rows:
                rows[key] = Row(LIST.name, key, _row(claim.key.bureau, fact.facts, rules))
    yield from rows.values()


def _row(bureau: str, facts: Mapping[str, object], rules: FoldRules) -> dict[str, object]:
    """Return what a bureau said of a task, with what the work plan says of it; a district without tasks says nothing."""
    title, bureaus = rules.tasks.get(number(str(facts["task_no"])), (None, ()))
    named = bureau in bureaus or ANY_BUREAU in bureaus if rules.tasks else None
    return _TAKEN.of(facts) | {"due_on": day(facts.get("due_on")), "title": title, "named": named, "lead_bureau": bureau}


def _findings(_claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    for row in rows:
        told, due = row.values, row.values["due_on"]
        if told["named"] is False:
            yield Finding("task-not-named", row.key, "工作方案没有把该任务分给该单位，请核对任务编号", {"task_no": told["task_no"], "month": told["month"]})
        if due is not None and told["state"] not in (None, DONE) and due < day(last_day_of(told["month"])):
            detail = {"month": told["month"], "state": told["state"], "due_on": due.isoformat()}
            yield Finding("task-overdue", row.key, f"至{told['month']}月末已过完成时限而未完成，请核对进展或时限", detail)


# Of a bureau's months with a state, each beside the one before it.
_FALLS_BACK = f"""
    SELECT row_key, array[lead_bureau], jsonb_build_object(
        'of', 'state', 'earlier', before, 'later', state, 'month', month, 'rows', jsonb_build_array(row_before, row_key)), 1
    FROM (SELECT row_key, lead_bureau, month, state, lag(state) OVER told AS before, lag(row_key) OVER told AS row_before
          FROM {{schema}}.task_progress WHERE state IS NOT NULL WINDOW told AS (PARTITION BY lead_bureau, {normal("task_no")} ORDER BY month, row_key)) t
    WHERE before = '{DONE}' AND state <> '{DONE}' ORDER BY 1 LIMIT {FOUND_MAX}"""

KIND = Kind(
    "task", "任务进展", _rows, (LIST,), _identities, findings=_findings, rules=("task-not-named", "task-overdue"), decided=False, asks=frozenset({"tasks"}),
    comparisons=(Comparison("task-falls-back", "task", _FALLS_BACK, "上次填报已完成，{month}填报未完成，请核对进展状态"),),
)  # fmt: skip
