"""Progress of the work plan's tasks: a row per task, bureau and month."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.lists.folding import Kind, joined, of_family
from exchange_hub.views.lists.model import ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("tasks"), "任务进展", "task_progress",
    columns("""
        task_no 任务 text code filter
        month 月份 month filter
        text 进展 text 44
        lead_bureau 填报单位 text filter bureau 18
    """),
)  # fmt: skip


def _rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a row per month in which a bureau reported on a task."""
    for month, fact in of_family(claims[0], "progress"):
        row = {"task_no": fact.facts.get("task_no"), "month": month, "text": fact.facts.get("text")}
        yield Row(LIST.name, joined(component, month), row | {"lead_bureau": claims[0].key.bureau})


KIND = Kind("task", "任务进展", _rows, (LIST,))
