"""What a summary stands beside, and in whose list a bureau speaks: each kind planted with its sound neighbour (FIGURES 7–9)."""

from collections.abc import Iterable
from typing import Any

import pytest
import sqlalchemy as sa

from exchange_hub.views.queries import findings
from exchange_hub.views.store.commit import commit
from tests.flow.test_core_store import Opened, begin, opened, take
from tests.strategies.history import History
from tests.strategies.planted import event
from tests.strategies.store import emptied
from tests.strategies.universe import Item

__all__ = ["opened"]

_DUTIES = {
    "industry": {"equipment-projects", "indicators"}, "development-reform": {"recycling-projects"}, "commerce": {"trade-in", "funds"},
}  # fmt: skip
_UNITS = {"设备投资额": "万元"}
_SUM = {"granularity": "汇总"}
_CODE = "2509-120114-89-01-544099"


def _bought(key: str, count: int, kind: str | None, **facts: Any) -> Item:
    amounts = {"sale_amount": f"{count * 1000}.00", "subsidy": f"{count * 150}.00"}
    return event("TradeInCompleted", "commerce", key, category="家电", kind=kind, count=count, month="2026-10", **amounts, **facts)


def _returned(key: str, count: int, **facts: Any) -> Item:
    return event(
        "TradeInReturned", "commerce", key, category="家电", count=count, subsidy_returned=f"{count * 10}.00", month="2026-10", return_no=key, **facts,
    )  # fmt: skip


def _approved(key: str, count: int, category: str | None, **facts: Any) -> Item:
    return event(
        "SubsidyApproved", "commerce", key, application_no=key, policy_no="津商〔2026〕1号", budget_year=2026, channel="市级", category=category,
        amount=f"{count * 100}.00", count=count, **facts,
    )  # fmt: skip


def _project(bureau: str, list_: str) -> Item:
    return event(
        "ProjectAdded", bureau, f"{bureau}-p", project_code=_CODE, internal_no="P", name="项目", list=list_, domain="工业", construction_nature="新建",
        owner_name="某厂", total_investment="9000000.00", build_state="在建",
    )  # fmt: skip


def _indicator(unit: str, domain: str) -> Item:
    return event(
        "IndicatorReported", "industry", domain, indicator="设备投资额", domain=domain, period="2026-10", series="统计", value="14", unit=unit, version="初报",
    )  # fmt: skip


_ORDERS = (_bought("O1", 1, "空调", order_no="O1"), _bought("S1", 20, "冰箱", **_SUM))

CASES: dict[str, tuple[Iterable[Item], set[tuple[str, tuple[str, ...]]]]] = {
    "a summary of everything beside details of one kind and a finer summary of another": (
        (*_ORDERS, _bought("S", 22, None, **_SUM)), {("detail-and-summary", ("commerce",))},
    ),
    "a summary of everything that is these together": ((*_ORDERS, _bought("S", 21, None, **_SUM)), set()),
    "a summary beside a finer summary alone": (
        (_bought("S1", 20, "冰箱", **_SUM), _bought("S", 21, None, **_SUM)), {("detail-and-summary", ("commerce",))},
    ),
    "returns in detail and in sum": (
        (_ORDERS[0], _returned("R1", 1, order_no="O1"), _returned("R", 5, **_SUM)), {("detail-and-summary", ("commerce",))},
    ),
    "returns in detail and in a sum that agrees": ((_ORDERS[0], _returned("R1", 1, order_no="O1"), _returned("R", 1, **_SUM)), set()),
    "approvals of all categories beside those of one": (
        (_approved("A1", 1, "家电", **_SUM), _approved("A", 2, None, **_SUM)), {("fund-detail-and-summary", ("commerce",))},
    ),
    "approvals of all categories that are those of one": ((_approved("A1", 2, "家电", **_SUM), _approved("A", 2, None, **_SUM)), set()),
    "a project that another bureau's word puts into its list": (
        (_project("industry", "设备更新"), _project("development-reform", "回收循环")), {("two-bureaus-list", ("development-reform", "industry"))},
    ),
    "a project of a list that the bureau's duty does not cover": ((_project("industry", "回收循环"),), {("outside-duty", ("industry",))}),
    "a first value in a unit that is not the catalogue's": ((_indicator("台", "教育"),), {("indicator-units", ("industry",))}),
    "a value in a unit of the catalogue's family": ((_indicator("亿元", "教育"), _indicator("万元", "工业")), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_cell_is_compared_with_what_stands_in_its_place(opened: Opened, name: str) -> None:
    """The finding of each case is raised once, with who can answer; a sound neighbour raises none."""
    conn, context, url = opened
    emptied(conn)
    items, expected = CASES[name]
    commit(conn, take(opened, begin(opened), History.of(items)), context)
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as reader:
        found = findings.findings(reader, _DUTIES, _UNITS)
        assert sorted((each.rule, each.bureaus) for each in found) == sorted(expected)
        assert findings.count(reader, _DUTIES, _UNITS) == len(found)
