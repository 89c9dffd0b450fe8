"""What nobody had reported when a month was closed, beside what came later: silence is no zero then either, and who broke it is named (FIGURES, rules 14 and 23)."""

from datetime import date

from exchange_hub.processes.compose import Hub
from exchange_hub.reports.closed import diff
from exchange_hub.reports.model import Adjustment
from exchange_hub.runtime.migrating import engine_of
from tests.flow.test_close_dated import closed
from tests.flow.test_close_hand_worked import hub, tell, told
from tests.flow.test_core_store import Opened, event
from tests.golden.december_january import events
from tests.strategies.universe import Item

__all__ = ["hub", "told"]

SEPTEMBER, ON = date(2026, 9, 30), date(2026, 9, 28)


def _material(bureau: str, month: str, material: str, quantity: str) -> Item:
    return event(
        "MaterialRecovered", bureau, f"W-{material}", occurred_on=ON, month=month, material=material, unit="吨", recovered=quantity, operator_uscc="91120222MA00000003",
    )  # fmt: skip


def _task(bureau: str, task: str, state: str, revision: int = 1) -> Item:
    return event("TaskProgressReported", bureau, f"T{task}", revision, occurred_on=ON, task_no=task, month="2026-09", text="进展", state=state)


def _changes(store: Opened, hub: Hub) -> dict[str, Adjustment]:
    with engine_of(store[2]).connect() as conn, conn.begin():
        return {change.after.id: change for change in diff.compare(conn, hub.district, "2026-09", context=store[1]).adjustments}


def _said(change: Adjustment) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
    old, new = (figure.absent if figure.value is None else f"{figure.value.normalize():f}" for figure in (change.before, change.after))
    return old, new, change.causes, change.bureaus


def test_a_row_that_no_report_had_was_not_reported_unless_its_debtor_had(told: Opened, hub: Hub) -> None:
    """Waste paper comes late of a bureau that had told of steel alone: it was 0; scrapped machines of one that had told nothing were 未报送."""
    first = [*events(), _material("commerce", "2026-09", "废钢铁", "10")]
    tell(told, hub, first)
    closed(told, hub.district, "2026-09", SEPTEMBER)
    scrapped = event(
        "EquipmentScrapped", "agriculture", "N1", occurred_on=ON, on=ON, category="农业机械", identifier_kind="出厂编号", identifier="N1", step="交售回收",
    )  # fmt: skip
    tell(told, hub, [*first, _material("commerce", "2026-09", "废纸", "5"), scrapped])
    found = _changes(told, hub)
    assert _said(found["recovery.废纸.recovered"]) == ("0", "5", ("迟报",), ("commerce",))
    assert _said(found["scrappage.农业机械.delivered"]) == ("未报送", "1", ("迟报",), ("agriculture",))


def test_fewer_are_silent_because_somebody_spoke(told: Opened, hub: Hub) -> None:
    """The counts of submissions and tasks name the bureaus that reported late, or took back, each as a contribution; they add up."""
    first = [*events(), _task("industry", "1", "推进中"), _material("commerce", "2026-09", "废钢铁", "10")]
    tell(told, hub, first)
    closed(told, hub.district, "2026-09", SEPTEMBER)
    nil = event("NilReturned", "water", "tasks@2026-09", list="tasks", month="2026-09", occurred_on=date(2026, 10, 9))
    late = [_task("housing", "2", "滞后"), _task("industry", "1", "滞后", 2), nil]
    tell(told, hub, [*first, *late])
    found = _changes(told, hub)
    assert _said(found["tasks.合计.told"])[2:] == (("迟报",), ("housing",))
    assert _said(found["tasks.合计.behind"]) == ("0", "2", ("迟报", "更正"), ("housing", "industry"))
    assert _said(found["submissions.合计.silent"])[2:] == (("迟报",), ("housing", "water"))
    assert _said(found["submissions.合计.unconfirmed"])[2:] == (("迟报",), ("housing",))
    for change in found.values():
        mine = [each for each in change.contributions if each.figure == change.after.id]
        if mine:
            assert sum((each.after or 0) - (each.before or 0) for each in mine) == (change.after.value or 0) - (change.before.value or 0)
    assert {each.row for each in found["tasks.合计.behind"].contributions} == {"housing|2|2026-09", "industry|1|2026-09"}
