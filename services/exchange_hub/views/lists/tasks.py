"""Progress of the work plan's tasks: a row per task, bureau and month."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.lists.folding import Kind, joined, number, of_family
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


def _identities(claim: Claim) -> list[str]:
    """Progress is of a task, a bureau and a month (FIGURES 6)."""
    return sorted({joined(claim.key.bureau, number(fact.facts["task_no"]), month) for month, fact in of_family(claim, "progress")})


def _rows(_component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a row per month in which a bureau reported on a task; of a bureau's several entries the first speaks."""
    rows: dict[str, Row] = {}
    for claim in sorted(claims, key=lambda claim: claim.key):
        for month, fact in of_family(claim, "progress"):
            facts = fact.facts
            row = {"task_no": facts["task_no"], "month": month, "text": facts.get("text"), "lead_bureau": claim.key.bureau}
            key = joined(claim.key.bureau, number(facts["task_no"]), month)
            rows.setdefault(key, Row(LIST.name, key, row))
    yield from rows.values()


KIND = Kind("task", "任务进展", _rows, (LIST,), _identities, decided=False)
