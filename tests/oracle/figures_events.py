"""Generated events of a year with labelled traps: what FIGURES.md says of facts told twice, summaries, returns and money."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

Facts = dict[str, Any]

APPLIANCES = ("冰箱", "空调", "洗衣机")
CHANNELS = ("市级", "中央专项", None)


@dataclass(frozen=True)
class Told:
    """An event as its author means it.

    Attributes:
        bureau: who says it.
        event: name of the event.
        key: the author's key.
        facts: what is said.
        trap: the trap that it belongs to, empty for an ordinary one.
        revision: which of several statements under one key it is.
    """

    bureau: str
    event: str
    key: str
    facts: Facts
    trap: str = ""
    revision: int = 1


class Dice(Random):
    """Dice of one year."""

    year = 2026


def year(seed: int, of: int = 2026, size: int = 30) -> list[Told]:
    """Return the events of a year: ordinary ones and every trap several times; the same for the same seed."""
    dice = Dice(seed)
    dice.year = of
    told: list[Told] = []
    for number in range(size):
        for make in (_order, _application, _quantity, _scrapped):
            told += make(dice, f"{number}")
        for trap in TRAPS:
            if dice.random() < 0.3:
                told += [Told(t.bureau, t.event, t.key, t.facts, trap.__name__, t.revision) for t in trap(dice, f"T{number}{trap.__name__}")]
    dice.shuffle(told)
    return told


def _day(dice: Dice) -> date:
    return date(dice.year, 1, 1) + timedelta(days=dice.randrange(365))


def _yuan(dice: Dice) -> Decimal:
    return Decimal(dice.randrange(1, 10**6)).scaleb(-2)


def _bought(dice: Dice, no: str, **more: Any) -> Told:
    on = _day(dice)
    facts = {
        "category": "家电", "kind": dice.choice(APPLIANCES), "sale_amount": _yuan(dice) * 9, "subsidy": _yuan(dice), "order_no": no,
        "occurred_on": on, "granularity": "明细", "count": 1, "month": None,
    }  # fmt: skip
    return Told("commerce", "TradeInCompleted", no, facts | more)


def _returned(dice: Dice, no: str, order: str | None, **more: Any) -> Told:
    on = _day(dice)
    facts = {
        "order_no": order, "category": "家电", "count": 1, "subsidy_returned": _yuan(dice), "on": on, "occurred_on": on, "granularity": "明细",
        "month": None,
    }  # fmt: skip
    return Told("commerce", "TradeInReturned", no, facts | more)


def _approved(dice: Dice, no: str, **more: Any) -> Told:
    on = _day(dice)
    facts = {
        "application_no": no, "policy_no": "津财建〔2026〕9号", "budget_year": dice.year, "channel": dice.choice(CHANNELS), "category": "家电",
        "amount": Decimal(dice.randrange(100, 10**6)), "on": on, "occurred_on": on, "granularity": "明细",
    }  # fmt: skip
    return Told("commerce", "SubsidyApproved", no, facts | more)


def _paid(of: Told, voucher: str, amount: Decimal, on: date, **more: Any) -> Told:
    facts = {name: of.facts[name] for name in ("application_no", "policy_no", "budget_year", "channel", "category")}
    facts |= {"voucher_no": voucher, "amount": amount, "on": on, "occurred_on": on, "granularity": "明细"}
    return Told("finance", "SubsidyPaid", of.facts["application_no"], facts | more)


def _reversed(of: Told, voucher: str, why: str, on: date, **more: Any) -> Told:
    facts = of.facts | {"voucher_no": voucher, "reason_kind": why, "on": on, "occurred_on": on}
    return Told("finance", "SubsidyReversed", of.key, facts | more)


def _order(dice: Dice, no: str) -> Iterator[Told]:
    yield _bought(dice, f"D{no}")


def _application(dice: Dice, no: str) -> Iterator[Told]:
    approval = _approved(dice, f"A{no}")
    yield approval
    if dice.random() < 0.6:
        yield _paid(approval, f"V{no}", approval.facts["amount"], approval.facts["on"] + timedelta(days=dice.randrange(60)))


def _recovered(dice: Dice, bureau: str, operator: str | None, month: str, **more: Any) -> Told:
    facts = {
        "operator_uscc": operator, "month": month, "material": "废钢铁", "unit": "吨", "recovered": Decimal(dice.randrange(1, 9999)),
        "occurred_on": date.fromisoformat(f"{month}-28"), "granularity": "明细",
    }  # fmt: skip
    return Told(bureau, "MaterialRecovered", f"M{operator or 'all'}", facts | more)


def _month(dice: Dice) -> str:
    return f"{dice.year}-{dice.randrange(1, 13):02d}"


def _operator(number: int) -> str:
    return f"91120222{number:09d}X"


def _quantity(dice: Dice, _no: str) -> Iterator[Told]:
    yield _recovered(dice, "commerce", _operator(dice.randrange(5)), _month(dice))


def _machine(dice: Dice, no: str, category: str, step: str, **more: Any) -> Told:
    on = _day(dice)
    facts = {
        "category": category, "identifier_kind": "出厂编号", "identifier": no, "step": step, "on": on, "occurred_on": on, "granularity": "明细", "count": 1,
    }  # fmt: skip
    return Told("market-regulation", "EquipmentScrapped", no, facts | more)


def _scrapped(dice: Dice, no: str) -> Iterator[Told]:
    yield _machine(dice, f"L{no}", "营运货车", "交售回收")


def return_without_purchase(dice: Dice, no: str) -> Iterator[Told]:
    """FIGURES 16: it counts among returns."""
    yield _returned(dice, f"R{no}", f"NOBODY{no}")


def several_returns_of_one_order(dice: Dice, no: str) -> Iterator[Told]:
    """FIGURES 16: all of them count; the same number again is a correction."""
    yield _bought(dice, f"O{no}")
    for n in range(3):
        yield _returned(dice, f"R{no}-{n}", f"O{no}")
    again = _returned(dice, f"R{no}-0", f"O{no}")
    yield Told(again.bureau, again.event, again.key, again.facts, revision=2)


def summary_return(dice: Dice, no: str) -> Iterator[Told]:
    """FIGURES 8 and 16: a summary of returns under its own key counts as its count."""
    month = _month(dice)
    on = date.fromisoformat(f"{month}-20")
    yield _returned(dice, f"S{no}", None, category="家装厨卫", count=dice.randrange(2, 30), month=month, on=on, occurred_on=on, granularity="汇总")


def order_of_two_bureaus(dice: Dice, no: str) -> Iterator[Told]:
    """FIGURES 6: counted once, with the words of commerce."""
    yield _bought(dice, f"P{no}")
    second = _bought(dice, f"P{no}")
    yield Told("industry", second.event, f"I{no}", second.facts)


def summary_of_one_kind(dice: Dice, _no: str) -> Iterator[Told]:
    """FIGURES 8: a summary stands where its own cell has no details, whatever other kinds have."""
    kind, month = dice.choice((*APPLIANCES, None)), _month(dice)
    facts = {"kind": kind, "month": month, "count": dice.randrange(2, 200), "order_no": None, "granularity": "汇总"}
    yield _bought(dice, f"{kind}@{month}", **facts, occurred_on=date.fromisoformat(f"{month}-28"))


def approved_by_two_bureaus(dice: Dice, no: str) -> Iterator[Told]:
    """FIGURES 6: one application and policy is one approval, told by finance first."""
    approval = _approved(dice, f"B{no}")
    yield approval
    yield Told("finance", approval.event, f"F{no}", approval.facts | {"amount": approval.facts["amount"] + 1})


def paid_in_parts(dice: Dice, no: str) -> Iterator[Told]:
    """FIGURES 11 and 12: a part is no payment in full, and does not stop the clock."""
    approval = _approved(dice, f"C{no}")
    yield approval
    half = (approval.facts["amount"] / 2).quantize(Decimal("0.01"))
    on = approval.facts["on"] + timedelta(days=5)
    yield _paid(approval, f"V{no}-1", half, on)
    if dice.random() < 0.5:
        yield _paid(approval, f"V{no}-2", approval.facts["amount"] - half, on + timedelta(days=dice.randrange(90)))


def paid_by_mistake(dice: Dice, no: str) -> Iterator[Told]:
    """FIGURES 1 and 11: a payment reversed as an error never was, for every date."""
    approval = _approved(dice, f"E{no}")
    yield approval
    payment = _paid(approval, f"V{no}", approval.facts["amount"], approval.facts["on"] + timedelta(days=3))
    yield payment
    yield _reversed(payment, f"W{no}", "差错", payment.facts["on"] + timedelta(days=40), reverses_voucher_no=f"V{no}")


def paid_and_returned(dice: Dice, no: str) -> Iterator[Told]:
    """FIGURES 11 and 12: it was paid and came back; the clock does not start again."""
    approval = _approved(dice, f"G{no}")
    yield approval
    payment = _paid(approval, f"V{no}", approval.facts["amount"], approval.facts["on"] + timedelta(days=3))
    yield payment
    yield _reversed(payment, f"W{no}", dice.choice(("退货", "追缴")), payment.facts["on"] + timedelta(days=40))


def paid_without_approval(dice: Dice, no: str) -> Iterator[Told]:
    """FIGURES 11: 审核未报."""
    yield _paid(_approved(dice, f"H{no}"), f"V{no}", _yuan(dice), _day(dice))


def paid_from_last_years_budget(dice: Dice, no: str) -> Iterator[Told]:
    """FIGURES 10: a line of its own."""
    approval = _approved(dice, f"J{no}", budget_year=dice.year - 1)
    yield approval
    yield _paid(approval, f"V{no}", approval.facts["amount"], approval.facts["on"])


def approved_in_summary(dice: Dice, no: str) -> Iterator[Told]:
    """FIGURES 8: a summary of approvals or payments counts as its count."""
    summary = _approved(dice, f"K{no}", category="汽车报废更新", count=dice.randrange(2, 2000), granularity="汇总")
    yield summary
    yield _paid(summary, f"V{no}", summary.facts["amount"], summary.facts["on"], granularity="汇总", count=summary.facts["count"])


def allocated(dice: Dice, no: str) -> Iterator[Told]:
    """FIGURES 10: allocated, carried over from the year before, recovered on a day of its own, handed on."""
    on, channel = _day(dice), dice.choice(("市级", "中央专项"))
    facts = {
        "channel": channel, "allocation_no": f"津财〔2026〕{no}", "budget_year": dice.year, "level": "市级", "amount": _yuan(dice) * 100,
        "carried_over": dice.choice((None, _yuan(dice))), "recovered": dice.choice((None, _yuan(dice))), "recovered_on": dice.choice((None, _day(dice))),
        "to_bureau": None, "on": on, "occurred_on": on, "granularity": "明细",
    }  # fmt: skip
    yield Told("finance", "FundsAllocated", f"X{no}", facts)
    yield Told("finance", "FundsAllocated", f"Y{no}", facts | {"level": "区级", "to_bureau": "commerce", "carried_over": None, "recovered": None})


def quantity_of_two_bureaus(dice: Dice, _no: str) -> Iterator[Told]:
    """FIGURES 6: one operator, month, material and unit is one row, with the words of commerce."""
    operator, month = _operator(50 + dice.randrange(9)), _month(dice)
    yield _recovered(dice, "commerce", operator, month)
    yield _recovered(dice, "development-reform", operator, month)


def quantity_in_summary(dice: Dice, _no: str) -> Iterator[Told]:
    """FIGURES 8: a bureau's summary goes where it has details of the very cell, and stays its own."""
    yield _recovered(dice, dice.choice(("commerce", "development-reform")), None, _month(dice), granularity="汇总")


def summary_of_machines(dice: Dice, no: str) -> Iterator[Told]:
    """FIGURES 8: 25 machines in one row are 25."""
    yield _machine(dice, f"Z{no}", "农业机械", "交售回收", count=dice.randrange(2, 260), granularity="汇总")


def lift_taken_apart(dice: Dice, no: str) -> Iterator[Told]:
    """FIGURES 8: lifts count when they are taken apart; a deregistration delivers nothing."""
    yield _machine(dice, f"U{no}", "电梯", "拆解销毁")
    yield _machine(dice, f"Q{no}", "营运货车", "注销登记")


TRAPS: tuple[Callable[[Dice, str], Iterator[Told]], ...] = (
    return_without_purchase, several_returns_of_one_order, summary_return, order_of_two_bureaus, summary_of_one_kind,
    approved_by_two_bureaus, paid_in_parts, paid_by_mistake, paid_and_returned, paid_without_approval, paid_from_last_years_budget,
    approved_in_summary, allocated, quantity_of_two_bureaus, quantity_in_summary, summary_of_machines, lift_taken_apart,
)  # fmt: skip
