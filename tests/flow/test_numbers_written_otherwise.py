"""A business number is the same number in whatever form a clerk wrote it, in folds, in findings and in figures alike."""

import random
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from psycopg import sql

from exchange_contracts.keys import normal_text
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.numbers import normal
from exchange_hub.views.queries import findings
from exchange_hub.views.queries.answers import Selection
from exchange_hub.views.queries.lists import sums
from tests.flow.test_close_dated import project, told
from tests.flow.test_core_store import Opened, event, opened, order
from tests.golden.december_january import money
from tests.strategies.store import emptied
from tests.strategies.universe import Item

__all__ = ["opened"]

ON = date(2026, 10, 9)
_SIGNS = "aA1９Ａａ－‐—–‑﹣\u2212〔[（(【2025年]）)】〕 \u3000\u200b\ufeff\xad\u2028\xa0津发号|@:._/{}「」﹝﹞\u1680\x85①㈱ﬁ\u200e\t"


def _written() -> Iterator[str]:
    dice = random.Random(20261009)
    yield from ("V-1", "ｖ－１", "津财[2025] 9号", "津财（２０２５年）9号", "a\u200b1")
    for _ in range(600):
        yield "".join(dice.choice(_SIGNS) for _ in range(dice.randint(1, 14)))
        yield f"津发{dice.choice('[({〔【「﹝（')}{dice.choice(('2025', '２０２５', '1999', '1899'))}{dice.choice(('', '年'))}{dice.choice('])}〕】」﹞）')}号"


def test_the_database_folds_a_number_as_the_contracts_do(opened: Opened) -> None:
    """One expression gives what Python gives, of numbers in every width, with every dash, blank and bracket."""
    texts = sorted(set(_written()))
    rows = sql.SQL(", ").join(sql.SQL("({})").format(sql.Literal(text)) for text in texts)
    found = dict(opened[0].execute(sql.SQL("SELECT x, {} FROM (VALUES {}) AS t (x)").format(sql.SQL(normal("x")), rows)).fetchall())
    assert {text: found[text] for text in texts if found[text] != normal_text(text)} == {}


def test_a_claim_that_writes_one_number_in_two_forms_is_one_entity(opened: Opened) -> None:
    """An application named a-1 in one voucher of an entry and Ａ－１ in another is committed, with both of its payments."""
    emptied(opened[0])
    paid = [money("SubsidyPaid", "finance", "E1", number, ON, "10.00", 2026, voucher_no=voucher) for number, voucher in (("a-1", "V1"), ("Ａ－１", "V2"))]
    told(opened, money("SubsidyApproved", "commerce", "A-1", "A-1", ON, "20.00", 2026), *paid)
    rows = opened[0].execute("SELECT step, settled_on FROM live.fund ORDER BY step, voucher_no").fetchall()
    assert rows == [("审核", ON), ("支付", None), ("支付", None)]
    assert opened[0].execute("SELECT count(*) FROM log.held").fetchone() == (0,)


def _policy(**facts: Any) -> Item:
    plain: dict[str, Any] = {"document_no": "津商[2026] 9号", "name": "政策", "issuer": "市", "level": "市级", "domains": ["工业"], "support_kind": "补助"}
    return event("PolicyListed", "finance", "P9", occurred_on=date(2026, 1, 2), **plain | facts)


def _summed(name: str, bureau: str, key: str, policy_no: str, amount: str, **facts: Any) -> Item:
    return money(name, bureau, key, key, ON, amount, 2026, "家电", granularity="汇总", policy_no=policy_no, **facts)


def _allocated(**facts: Any) -> Item:
    plain: dict[str, Any] = {"channel": "市级", "allocation_no": "津财1", "budget_year": 2026, "level": "市级", "amount": "5.00", "on": ON}
    return event("FundsAllocated", "finance", "G1", occurred_on=ON, **plain | facts)


def _task(key: str, task: str, month: str, state: str) -> Item:
    return event("TaskProgressReported", "industry", key, occurred_on=ON, task_no=task, month=month, text="进展", state=state)


CASES: dict[str, tuple[Item, ...]] = {
    "voucher-twice": tuple(money("SubsidyPaid", "finance", key, key, ON, "10.00", 2026, voucher_no=voucher) for key, voucher in (("B1", "pz－7"), ("B2", "ＰＺ-7"))),
    "serial-twice": (order("O1", serial_no="SN-1"), order("O2", serial_no="ｓｎ－１")),
    "invoice-twice": (order("O1", invoice_no="F 1"), order("O2", invoice_no="f1")),
    "certificate-twice": tuple(
        event(
            "EquipmentScrapped", "transport", key, occurred_on=ON, on=ON, category="营运货车", identifier_kind="出厂编号", identifier=key, step="交售回收", certificate_no=number,
        )
        for key, number in (("N1", "Z-1"), ("N2", "ｚ－１"))
    ),
    "policy-expired": (_policy(valid_to=date(2026, 9, 30)), money("SubsidyApproved", "commerce", "C1", "C1", ON, "10.00", 2026, policy_no="津商〔２０２６〕9号")),
    "batch-over-allocated": (
        _allocated(batch_no="第1批", policy_no="津商[2026] 9号"), money("SubsidyPaid", "finance", "D1", "D1", ON, "10.00", 2026, voucher_no="V1", batch_no="第１批", policy_no="津商〔２０２６〕9号", channel="市级"),
    ),
    "summary-paid-over-approved": (
        _summed("SubsidyApproved", "commerce", "S1", "津商〔2026〕9号", "10.00"), _summed("SubsidyPaid", "finance", "S2", "津商[２０２６] 9号", "30.00", voucher_no="S2"),
    ),
    "task-falls-back": (_task("T1", "1", "2026-09", "已完成"), _task("T2", "１", "2026-10", "推进中")),
}  # fmt: skip


@pytest.mark.parametrize("rule", CASES)
def test_a_finding_does_not_hang_on_how_a_number_is_written(opened: Opened, rule: str) -> None:
    """Numbers that differ in width, capitals, dashes, blanks or brackets alone are compared as one."""
    emptied(opened[0])
    told(opened, *CASES[rule])
    with engine_of(opened[2]).connect() as conn:
        found = [each for each in findings.findings(conn) if each.rule == rule]
    assert len(found) == 1


def test_a_line_of_equipment_is_known_however_its_number_is_written(opened: Opened) -> None:
    """A match that writes line and project in full width names the line that its bureau listed."""
    emptied(opened[0])
    line = event(
        "EquipmentLineListed", "industry", "L1", occurred_on=ON, line_no="l-1", project_no="x 1", side="新设备", name="压力机", units=1, price="100.00",
    )  # fmt: skip
    match = event(
        "SupplyDemandMatched", "transport", "M1", occurred_on=ON, on=ON, match_no="M1", project_no="Ｘ1", line_no="Ｌ－１", enterprise_uscc="91120222MA00000001",
        enterprise_name="甲", contract_no="C1", amount="150.00",
    )  # fmt: skip
    told(opened, line, match)
    with engine_of(opened[2]).connect() as conn:
        rules = {each.rule for each in findings.findings(conn)}
    assert ("match-line-unknown" in rules, "match-over-price" in rules) == (False, True)


def test_a_line_lies_on_its_project_s_ground_however_the_project_s_number_is_written(opened: Opened) -> None:
    """The town of a project is that of its lines, also of one that writes the project's number in full width."""
    emptied(opened[0])
    lines = (
        event("EquipmentLineListed", "industry", key, occurred_on=ON, line_no=key, project_no=number, side="新设备", name="机", units=1)
        for key, number in (("L1", "x-1"), ("L2", "Ｘ－1"), ("L3", "Y"))
    )
    told(opened, project("ProjectAdded", "x-1", 1, ON, "100.00", town="梅厂镇"), *lines)
    view = BY_NAME["equipment-lines"]
    with engine_of(opened[2]).connect() as conn:
        found = sums(conn, view, ("town",), (), Selection())
    assert {line["town"]: line["row_count"] for line in found} == {"梅厂镇": 2, None: 1}


def test_an_address_is_compared_letter_by_letter(opened: Opened) -> None:
    """Two addresses that differ in capitals are two pages, and no page is told of twice."""
    emptied(opened[0])
    said = (
        event("PublicityReported", "transport", key, occurred_on=ON, activity=key, month="2026-10", channel="新媒体", reach=1, link=f"https://x.cn/{path}")
        for key, path in (("A", "aB"), ("B", "Ab"))
    )
    told(opened, *said)
    with engine_of(opened[2]).connect() as conn:
        assert not conn.execute(sa.text("SELECT count(*) FROM live.publicity WHERE link IS NULL")).scalar_one()
        assert "publicity-link-twice" not in {each.rule for each in findings.findings(conn)}
