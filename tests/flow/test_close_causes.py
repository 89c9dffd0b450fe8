"""Why figures of closed months would be others: each change has the rows, the bureaus and the causes that it has, and no others (FIGURES, rule 23)."""

from datetime import date
from decimal import Decimal

import pytest

from exchange_hub.processes.compose import Hub
from exchange_hub.reports.closed import diff
from exchange_hub.reports.model import Adjustment
from exchange_hub.runtime.migrating import engine_of
from tests.flow.test_close_dated import closed
from tests.flow.test_close_hand_worked import hub, tell, told
from tests.flow.test_core_store import Opened, event
from tests.golden.december_january import events, money, project
from tests.strategies.universe import Item

__all__ = ["hub", "told"]

#: What arrives after both months were closed, with the figures of December that it moves: before, after, causes, whose.
LATE: tuple[tuple[Item, dict[str, tuple[str | None, str | None, tuple[str, ...], tuple[str, ...]]]], ...] = (
    # An exemption told late: neither bureau's rows were joined.
    (
        event(
            "MeasureExempted", "industry", "D3", occurred_on=date(2025, 12, 30), document_no="津发〔2025〕3号", department="industry", reason="无新增要求",
        ),
        {
            "documents.合计.exempt": (None, "1", ("迟报",), ("industry",)),
            "documents.合计.overdue": ("2", "1", ("迟报",), ("industry",)),
        },
    ),
    # The statistics bureau corrects its own; the other teller of the indicator did nothing.
    (
        event(
            "IndicatorReported", "statistics", "设备投资额-工业", 2, occurred_on=date(2026, 2, 4), indicator="设备投资额", domain="工业", period="2025-12",
            series="统计", value="2200.0", unit="万元", version="终报", reason="年报核定",
        ),
        {"goals.设备投资额.工业.ytd": ("2160.5", "2200", ("更正",), ("statistics",))},
    ),
    # The project leaves in December, and where no amount stood the word is another for that reason.
    (
        project("ProjectChanged", "transport", "B", 2, date(2025, 12, 28), "20000000.00", "交通", admin_state="退出", reason="企业退出"),
        {
            "equipment.交通.total_investment": ("20000000.00", None, ("退出",), ("transport",)),
            "equipment.交通.units_done": (None, None, ("退出",), ("transport",)),
            "equipment.交通.plan_year": (None, None, (), ()),
            "equipment.合计.ytd": ("8300000.00", "4550000.00", ("退出",), ("transport",)),
        },
    ),
    # Reversed as a mistake: the payment is corrected.
    (
        money("SubsidyReversed", "finance", "A6", "A6", date(2026, 2, 4), "120.00", voucher_no="R8", reverses_voucher_no="V8", reason_kind="差错"),
        {"funds.合计.paid": ("1182.00", "1062.00", ("更正",), ("finance",)), "tradein.家电.unapproved": ("2", "1", ("更正",), ("finance",))},
    ),
    # The second half of a payment, told late: the application is settled in December.
    (
        money("SubsidyPaid", "finance", "A4", "A4", date(2025, 12, 31), "800.00", voucher_no="V11"),
        {
            "funds.合计.paid": ("1182.00", "1982.00", ("迟报",), ("finance",)),
            "funds.合计.overdue": ("1", None, ("迟报",), ("finance",)),
            "tradein.家电.paid_count": ("1", "2", ("迟报",), ("finance",)),
        },
    ),
    # A second bureau tells of a project that the first had told: it never had a row of its own.
    (
        project("ProjectAdded", "industry", "B9", 1, date(2025, 12, 30), "7000000.00", "交通", project_code="2509-120114-89-01-544061"),
        {"equipment.交通.projects": ("1", "2", ("迟报",), ("industry",))},
    ),
    # A row of the summary said anew.
    (
        event(
            "EquipmentScrapped", "transport", "T1", 2, occurred_on=date(2025, 12, 5), category="营运货车", identifier_kind="汇总编号", identifier="T1",
            count=27, step="交售回收", on=date(2025, 12, 5), granularity="汇总", reason="补录",
        ),
        {"scrappage.营运货车.delivered": ("25", "27", ("更正",), ("transport",))},
    ),
    # A problem solved in December, told in February.
    (
        event("ProblemResolved", "industry", "1", 2, occurred_on=date(2025, 12, 30), problem_no="1", resolution="十二月已解决", reason="日期有误"),
        {"problems.合计.open": ("1", None, ("更正",), ("industry",))},
    ),
)  # fmt: skip


def number(value: Decimal | None) -> Decimal | None:
    """Return a number for comparing, 0 as none: whether 0 or a word stands there is another test's."""
    return value or None


@pytest.mark.parametrize("late", range(len(LATE)))
def test_a_change_names_who_said_what(told: Opened, hub: Hub, late: int) -> None:
    """Of each late statement the changed figures, their causes and bureaus are those worked out by hand, and contributions add up exactly."""
    said, expected = LATE[late]
    closed(told, hub.district, "2025-12", date(2025, 12, 31))
    tell(told, hub, (*events(), said))
    found = changes_since(told, hub)
    wrong = []
    for figure, (before, after, causes, bureaus) in expected.items():
        change = found.get(figure)
        has = (
            (number(change.before.value), number(change.after.value), change.causes, change.bureaus) if change is not None else (None, None, (), ())
        )  # fmt: skip
        if has != (None if before is None else Decimal(before), None if after is None else Decimal(after), causes, bureaus):
            wrong.append(f"{figure}: {has}, by hand {before} → {after} {causes} {bureaus}")
    assert not wrong, "\n".join(wrong)
    for change in found.values():
        assert change.contributions, f"{change.after.id} names {change.causes} and no row"
        mine = [each for each in change.contributions if each.figure == change.after.id]
        if mine:
            assert sum((each.after or 0) - (each.before or 0) for each in mine) == (change.after.value or 0) - (change.before.value or 0), change.after.id


def test_no_change_of_two_closed_months_is_without_its_rows(told: Opened, hub: Hub) -> None:
    """After all of it arrived, each change of December and of January has rows behind it, and its causes are theirs."""
    for month, day in (("2025-12", date(2025, 12, 31)), ("2026-01", date(2026, 1, 31))):
        closed(told, hub.district, month, day)
    tell(told, hub, (*events(), *(said for said, _ in LATE)))
    for month in ("2025-12", "2026-01"):
        found = changes_since(told, hub, month)
        assert found
        bare = [f"{month} {id_}: {change.causes}" for id_, change in found.items() if {each.cause for each in change.contributions} != {*change.causes}]
        assert not bare, "\n".join(bare)


def test_a_nil_return_told_late_is_why_nothing_became_zero(told: Opened, hub: Hub) -> None:
    """未报送 becomes 0 because commerce returned nil after the close: late, with the return as the row behind it, and no matter of method."""
    closed(told, hub.district, "2026-09", date(2026, 9, 30))
    nil = event("NilReturned", "commerce", "trade-in@2026-09", occurred_on=date(2026, 10, 9), list="trade-in", month="2026-09", signed_by=["签发"])
    tell(told, hub, (*events(), nil))
    change = changes_since(told, hub, "2026-09")["tradein.数码和智能产品.month_applied"]
    assert (change.before.absent, change.after.value, change.causes, change.bureaus) == ("未报送", 0, ("迟报",), ("commerce",))
    assert [each.list for each in change.contributions] == ["submissions"]


def changes_since(store: Opened, hub: Hub, month: str = "2025-12") -> dict[str, Adjustment]:
    """Return a closed month's figures that would be others now."""
    with engine_of(store[2]).connect() as conn, conn.begin():
        return {change.after.id: change for change in diff.compare(conn, hub.district, month, context=store[1]).adjustments}
