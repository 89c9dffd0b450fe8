"""The expected figures of the tasks and of the matters for coordination, from the work plan, the duties and what was told."""

from collections.abc import Mapping
from datetime import date

from content_tasks import TASKS
from ledger_state import State


def tasks(state: State, month: str, duties: Mapping[str, list[str]]) -> dict[str, int]:
    """Return how many tasks the plan has, of how many something was told, how many are done and behind, and how many bureaus are silent."""
    told = {(by, key): d["state"] for by, key, d in state.of("TaskProgressReported") if d["month"] == month}
    nil = {by for by, key, _ in state.of("NilReturned") if key == f"tasks@{month}"}
    owed = {task["no"]: [by for by in task["bureaus"] if "tasks" in duties.get(by, [])] for task in TASKS}
    return {
        "tasks.合计.expected": len(TASKS),
        # Others may tell of a task beside those that owe it.
        "tasks.合计.told": sum(any(task == no for _, task in told) for no in owed),
        "tasks.合计.done": sum(bool(bureaus) and all(told.get((by, no)) == "已完成" for by in bureaus) for no, bureaus in owed.items()),
        "tasks.合计.behind": sum(any(task == no and state == "滞后" for (_, task), state in told.items()) for no in owed),
        "tasks.合计.silent": len({by for no, bureaus in owed.items() for by in bureaus if (by, no) not in told and by not in nil}),
    }


def problems(state: State, as_of: date) -> dict[str, int]:
    """Return how many matters are open on a day, and how many of them are behind their due day."""
    resolved = {key for _, key, d in state.of("ProblemResolved") if d["on"] <= as_of}
    open_ = [d for _, key, d in state.of("ProblemRaised") if d["raised_on"] <= as_of and key not in resolved]
    return {"problems.合计.open": len(open_), "problems.合计.overdue": sum("due_on" in d and d["due_on"] < as_of for d in open_)}
