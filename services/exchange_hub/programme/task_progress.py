"""How each task of the work plan stands in a month, bureau by bureau, and who is silent.

Source: the work plan, parts two, three and five: the brackets name the bureaus. Silence is derived from the brackets and the monthly
duties, never from a row: a bureau that owes the month and told nothing of its task is 未报送, which is neither 0 nor "not done".
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from exchange_contracts.keys import normal_text
from exchange_hub.programme.deadlines import NOT_YET_DUE

Row = Mapping[str, Any]

DONE, BEHIND = "已完成", "滞后"
SILENT, NIL, NO_STATE, NOT_OWED = "未报送", "零报告", "未填状态", "不需报送"
NAMED, BESIDE, OTHER = "计划分工", "协同", "计划外"


@dataclass(frozen=True, slots=True)
class PlanTask:
    """A task, safeguard or requirement of the work plan, as a month's board needs it.

    Attributes:
        no: the code by which progress is reported.
        area: the part of the plan.
        title: what it asks for.
        bureaus: those that its bracket names, in its order.
        owing: those of them that owe their progress for the month.
        everyone: whether the bracket adds all other bureaus.
    """

    no: str
    area: str
    title: str
    bureaus: tuple[str, ...]
    owing: tuple[str, ...]
    everyone: bool = False


class Tally(NamedTuple):
    """How many tasks the plan has, of how many something was told, how many are done and behind, and how many bureaus are silent of a task."""

    expected: int = 0
    told: int = 0
    done: int = 0
    behind: int = 0
    silent: int = 0


def board(
    tasks: Sequence[PlanTask], month: str, rows: Iterable[Row], nil: Collection[str] = (), awaited: Collection[str] = ()
) -> Iterator[dict[str, Any]]:
    """Yield a line per task and bureau in the plan's order; what bureaus told beside the plan follows its task, and unknown tasks the last.

    Args:
        tasks: the tasks of the plan.
        month: the month.
        rows: rows of the list of tasks.
        nil: bureaus that returned nil for the month.
        awaited: bureaus whose last day for the month has not passed; what they have not told is 未到期.
    """
    told: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row["month"] == month:
            told.setdefault(_plain(row["task_no"]), {})[str(row["lead_bureau"])] = row
    for task in tasks:
        said = told.pop(_plain(task.no), {})
        head = {"area": task.area, "task_no": task.no, "title": task.title}
        for bureau in task.bureaus:
            missing = NIL if bureau in nil else NOT_OWED if bureau not in task.owing else NOT_YET_DUE if bureau in awaited else SILENT
            yield head | _line(bureau, NAMED, said.get(bureau), missing)
        for bureau in sorted(said.keys() - set(task.bureaus)):
            yield head | _line(bureau, BESIDE if task.everyone else OTHER, said[bureau], "")
    for no in sorted(told):
        for bureau, row in sorted(told[no].items()):
            yield {"area": OTHER, "task_no": row["task_no"], "title": None} | _line(bureau, OTHER, row, "")


def tally(lines: Iterable[Row]) -> Tally:
    """Count the tasks of a board, each once."""
    return Tally(**{name: len(found) for name, found in members(lines).items()})


def members(lines: Iterable[Row]) -> dict[str, frozenset[str]]:
    """Return the tasks of a board by what is said of them: done is one of which every bureau that owes it says so, behind one of which any says so.

    Silent are bureaus, not tasks.
    """
    of_task: dict[str, list[Row]] = {}
    for line in lines:
        if line["area"] != OTHER:
            of_task.setdefault(line["task_no"], []).append(line)
    states = {task: {line["state"] for line in of} for task, of in of_task.items()}
    owed = {task: {line["state"] for line in of if line["part"] == NAMED and line["state"] != NOT_OWED} for task, of in of_task.items()}
    return {
        "expected": frozenset(of_task),
        "told": frozenset(task for task, of in states.items() if of - {SILENT, NIL, NOT_OWED, NOT_YET_DUE}),
        "done": frozenset(task for task, of in owed.items() if of == {DONE}),
        "behind": frozenset(task for task, of in states.items() if BEHIND in of),
        "silent": frozenset(line["bureau"] for of in of_task.values() for line in of if line["state"] == SILENT),
    }


def _line(bureau: str, part: str, row: Row | None, missing: str) -> dict[str, Any]:
    if row is None:
        return {"bureau": bureau, "part": part, "state": missing, **dict.fromkeys(_TOLD)}
    return {"bureau": bureau, "part": part, "state": row["state"] or NO_STATE, **{name: row.get(name) for name in _TOLD}}


_TOLD = ("text", "quantity", "unit", "milestone", "due_on")


def _plain(no: object) -> str:
    return normal_text(str(no))
