"""Matters raised for coordination, with their resolution: a row per bureau and number (FIGURES 6).

A matter raised again after it was resolved is open again; the date of the earlier resolution stays in sight (FIGURES 17).
"""

from collections.abc import Iterator, Sequence

from exchange_hub.views.findings import FOUND_MAX, REPORTED_TO, Comparison, Finding
from exchange_hub.views.lists.folding import Kind, Said, day, facts_named, joined, number, saying
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
        responsible 责任单位 text filter bureau 18
        due_on 办结时限 date
        meeting 议定会议 text 18
        state 状态 text filter
        raised_on 提出日期 date
        resolved_on 办结日期 date
        resolved_before 上次办结日期 date
        resolution 办理结果 text 30
        lead_bureau 提出单位 text filter bureau 18
    """),
    brief=("text", "problem_no", "asks_of", "responsible", "due_on", "state", "proposal", "raised_on", "resolved_on", "lead_bureau"),
    printed_columns=("problem_no", "text", "done_so_far", "proposal", "asks_of", "responsible", "due_on", "state", "raised_on"),
    annex=AnnexPlace("协调事项", 6),
    printed=Printed("列前{n}条（未办结的在前）", "resolved_on DESC NULLS FIRST, raised_on"),
)  # fmt: skip
_PROBLEM = facts_named("text", "done_so_far", "proposal", "asks_of", "responsible", "meeting")
OPEN, REOPENED, SETTLED = "未办结", "重新提出", "已办结"


def _identities(claim: Claim) -> list[str]:
    """A matter is its bureau and its number."""
    numbers = {facts["problem_no"] for register in ("raised", "resolved") for _, facts in saying([claim], register)}
    return [joined(claim.key.bureau, number(matter)) for matter in sorted(numbers)]


def _latest(said: Sequence[Said]) -> Said | None:
    """Return the statement with the latest business date; of equal dates the first claim's."""
    return max(sorted(said, key=lambda pair: pair[0]), key=lambda pair: int(pair[1]["occurred_on"]), default=None)


def _rows(_component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a row per matter; a resolution whose matter nobody raised stands alone."""
    said: dict[str, tuple[list[Said], list[Said]]] = {}
    for place, register in enumerate(("raised", "resolved")):
        for key, facts in saying(claims, register):
            said.setdefault(number(facts["problem_no"]), ([], []))[place].append((key, facts))
    for matter, (raised, resolved) in said.items():
        since, end = _latest(raised), _latest(resolved)
        lead, latest = since or end or raised[0]
        row = (_PROBLEM.of(since[1]) if since else {}) | {"problem_no": latest["problem_no"], "lead_bureau": lead.bureau}
        if since is not None:
            row |= {"raised_on": day(since[1]["occurred_on"]), "due_on": day(since[1].get("due_on"))}
        row["state"] = OPEN
        if end is not None and since is not None and end[1]["occurred_on"] < since[1]["occurred_on"]:
            row |= {"resolved_before": day(end[1]["occurred_on"]), "state": REOPENED}
        elif end is not None:
            row |= {"resolved_on": day(end[1]["occurred_on"]), "resolution": end[1].get("resolution"), "state": SETTLED}
        yield Row(LIST.name, joined(lead.bureau, matter), row)


def _findings(_claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    for row in rows:
        if row.values.get("raised_on") is None:
            detail = {"problem_no": row.values["problem_no"]}
            yield Finding("resolution-without-problem", row.key, "办结的事项没有提出记录，请核对编号", detail)


_OVERDUE = f"""
    SELECT p.row_key, array[p.lead_bureau], jsonb_build_object(
        'problem_no', p.problem_no, 'due_on', p.due_on, 'reported_to', d.day, 'rows', jsonb_build_array(p.row_key)), 1
    FROM {{schema}}.problem p, {REPORTED_TO} d
    WHERE p.resolved_on IS NULL AND p.due_on < d.day ORDER BY 1 LIMIT {FOUND_MAX}"""

KIND = Kind(
    "problem", "协调事项", _rows, (LIST,), _identities, findings=_findings, rules=("resolution-without-problem",), decided=False,
    comparisons=(Comparison("problem-overdue", "problem", _OVERDUE, "至{reported_to}已过办结时限而未办结，请核对办理情况"),),
)  # fmt: skip
