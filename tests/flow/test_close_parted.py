"""Why figures changed where bureaus had told of one thing together: who left it, who corrected what it is known by, and who only stayed (FIGURES, rule 23)."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from exchange_hub.processes.compose import Hub
from tests.flow.test_close_causes import changes_since, number
from tests.flow.test_close_dated import closed
from tests.flow.test_close_hand_worked import hub, tell, told
from tests.flow.test_core_store import Opened, event
from tests.golden.december_january import events, project
from tests.strategies.universe import Item

__all__ = ["hub", "told"]

_NOVEMBER, _DECEMBER = date(2025, 11, 3), date(2025, 12, 20)
_WITHDRAWN, _MISTYPED, _LATER = (f"2509-120114-89-01-54407{n}" for n in range(3))
_TWO, _LONE = "91120222MA00000031", "91120222MA00000032"
_WRONG, _RIGHT = "91120222MA00000033", "91120222MA00000034"


def _listed(bureau: str, key: str, uscc: str, domain: str) -> Item:
    return event("EnterpriseListed", bureau, key, occurred_on=_NOVEMBER, uscc=uscc, name=key, role="供应商", domain=domain)


def _recovered(bureau: str, key: str, quantity: str, operator: str, material: str, revision: int = 1, **facts: Any) -> Item:
    return event(
        "MaterialRecovered", bureau, key, revision, occurred_on=_DECEMBER, month="2025-12", operator_uscc=operator, material=material,
        recovered=quantity, **{"unit": "吨"} | facts,
    )  # fmt: skip


def _before() -> Iterator[Item]:
    yield project("ProjectAdded", "education", "K1", 1, _NOVEMBER, "900000.00", "教育", project_code=_WITHDRAWN)
    yield project("ProjectAdded", "water", "K2", 1, _NOVEMBER, "950000.00", "教育", project_code=_WITHDRAWN)
    yield project("ProjectAdded", "urban-management", "M1", 1, _NOVEMBER, "400000.00", "城市管理", project_code=_MISTYPED)
    yield project("ProjectAdded", "culture-tourism", "M2", 1, _NOVEMBER, "500000.00", "文旅", project_code=_MISTYPED)
    yield project("ProjectAdded", "health", "L1", 1, _NOVEMBER, "1000000.00", "医疗")
    yield from (_listed("industry", "two", _TWO, "工业"), _listed("housing", "two", _TWO, "建筑"), _listed("health", "lone", _LONE, "医疗"))
    yield from (_bought("h1", "音箱", "1000.00", order_no="h1"), _bought("h2", "门锁", "9000.00", count=20, granularity="汇总"))
    yield _recovered("commerce", "W", "5", _WRONG, "废纸")
    yield _recovered("commerce", "N", "3", _RIGHT, "报废农机", unit="台")
    yield from (_recovered("commerce", "J", "7", _WRONG, "废轮胎"), _recovered("development-reform", "J", "8", _WRONG, "废轮胎"))


def _bought(key: str, kind: str, sale: str, revision: int = 1, **facts: Any) -> Item:
    return event(
        "TradeInCompleted", "commerce", key, revision, occurred_on=_DECEMBER, month="2025-12", category="智能家居", kind=kind, sale_amount=sale, subsidy="9.00",
        **{"count": 1} | facts,
    )  # fmt: skip


def _after() -> Iterator[Item]:
    yield from (_bought("h3", "门锁", "500.00", order_no="h3"), _bought("h1", "音箱", "1200.00", 2, order_no="h1", reason="更正"))
    yield event("ProjectWithdrawn", "education", "K1", 2, occurred_on=date(2026, 1, 8), reason="误报")
    yield project(
        "ProjectChanged", "culture-tourism", "M2", 2, _DECEMBER, "500000.00", "文旅", project_code="2509-120114-89-01-544079", reason="代码误录",
    )  # fmt: skip
    yield project("ProjectChanged", "health", "L1", 2, _DECEMBER, "1300000.00", "医疗", project_code=_LATER, reason="概算调整")
    for bureau, key, uscc in (("industry", "two", _TWO), ("health", "lone", _LONE)):
        yield event("EnterpriseDelisted", bureau, key, 2, occurred_on=date(2025, 12, 15), uscc=uscc, reason="停产")
    yield _recovered("commerce", "W", "6", _RIGHT, "废纸", 2, reason="主体误录")
    yield _recovered("commerce", "N", "4", _RIGHT, "报废农机", 2, unit="吨", reason="单位误录")
    yield _recovered("commerce", "J", "7", _RIGHT, "废轮胎", 2, reason="主体误录")


#: Figure → before, after, its causes and whose: each worked out by hand.
EXPECTED: dict[str, tuple[str | None, str | None, set[str], set[str]]] = {
    # The first of two bureaus takes its word back: the other's stands, and it did nothing.
    "equipment.教育.total_investment": ("900000.00", "950000.00", {"撤回"}, {"education"}),
    # A code was mistyped, so that two projects were one: parted, wherever it is counted.
    "equipment.文旅.projects": (None, "1", {"撤销合并"}, {"culture-tourism"}),
    # The same project under the code that it got: corrected, and joined with nothing.
    "equipment.医疗.total_investment": ("1000000.00", "1300000.00", {"更正"}, {"health"}),
    # One of two bureaus lets the enterprise leave, so that it stands in the other's domain.
    "enterprises.工业.listed": ("2", "1", {"退出"}, {"industry"}),
    "enterprises.建筑.listed": (None, "1", {"退出"}, {"industry"}),
    "enterprises.医疗.listed": ("1", None, {"退出"}, {"health"}),
    # Told anew of another operator, which makes it no late report.
    "recovery.废纸.month_recovered": ("5", "6", {"更正"}, {"commerce"}),
    # A summary gives way to a late order of its kind, whatever was corrected in another kind.
    "tradein.智能家居.month_applied": ("21", "2", {"迟报"}, {"commerce"}),
    # In another unit it is another figure: an id keeps its unit (FIGURES 24).
    "recovery.报废农机.month_recovered": ("3", None, {"更正"}, {"commerce"}),
    "recovery.报废农机-吨.month_recovered": (None, "4", {"更正"}, {"commerce"}),
    # Two bureaus' word of one operator, of which one meant another operator.
    "recovery.废轮胎.month_recovered": ("7", "15", {"撤销合并"}, {"commerce", "development-reform"}),
}


def test_who_left_or_parted_is_why_and_who_stayed_is_not(told: Opened, hub: Hub) -> None:
    """Of each change the causes and bureaus are those worked out by hand, and its contributions add up."""
    said = (*events(), *_before())
    tell(told, hub, said)
    closed(told, hub.district, "2025-12", date(2025, 12, 31))
    tell(told, hub, (*said, *_after()))
    found = changes_since(told, hub)
    wrong = []
    for figure, expected in EXPECTED.items():
        change = found[figure]
        has = (number(change.before.value), number(change.after.value), {*change.causes}, {*change.bureaus})
        if has != (*(None if each is None else Decimal(each) for each in expected[:2]), *expected[2:]):
            wrong.append(f"{figure}: {has}, by hand {expected}")
        parts = [each for each in change.contributions if each.figure == figure]
        assert sum((each.after or 0) - (each.before or 0) for each in parts) == (change.after.value or 0) - (change.before.value or 0), figure
    assert not wrong, "\n".join(wrong)
    assert "equipment.教育.projects" not in found
    assert "equipment.医疗.projects" not in found
