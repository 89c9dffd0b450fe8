"""Figures of the money: flows by channel and budget year, and how far applications are paid.

A line foots: 下达 + 结转来 − 收回 − 结转下年 − 支付净额 = 结余, each of one budget year and dated up to the as-of date (FIGURES 10). The
line of the report's own budget year is ``funds.<channel>``; other years stand in ``funds.<channel>.<year>``. Money without a channel
is a line, and in the total.
"""

from collections.abc import Iterator
from datetime import timedelta

from exchange_hub.programme.cells import COUNT, Cube
from exchange_hub.programme.conditions import DETAIL, Where
from exchange_hub.programme.definitions import TOTAL, Definition, Derived, Frame, Measured, Scope

NO_CHANNEL = "未注明渠道"
DISTRICT = "区级"
_TERMS = ("allocated", "carried_over", "recovered", "carried_out", "paid")
_FLOWS = ("allocated", "subdivided", "approved", "paid_gross", "reversed", "carried_over", "recovered", "carried_out")
_DETAIL = ("step", "channel", "budget_year", "on_date:month", "category?")
_BY = ("bureaus", "step", "channel", "category", "budget_year", "on_date:month", "granularity")


def cubes(frame: Frame) -> Iterator[Cube]:
    """Yield the cubes of the funds ledger."""
    as_of = frame.as_of.isoformat()
    dated: Where = {"on_date<=": as_of}
    top: Where = {"step": "下达", "channel": DISTRICT, "to_bureau": None, **dated}
    yield Cube(
        "funds", "funds", dated, (*_BY, "level", "to_bureau", "settled_on:month", "unapproved"), ("counted", "count", "carried_over"),
    )  # fmt: skip
    # The district's own money is 下达 once: where it stands whole, what is handed on to bureaus is 分解 alone.
    handed_on: Where = {"step": "下达", "channel": DISTRICT, "to_bureau!=": None, "budget_year in funds.budget_year": top}
    once: Where = {**dated, "step": "下达", "channel": DISTRICT, "row_key not in funds.row_key": handed_on}
    yield Cube("funds_district", "funds", once, _BY, ("counted", "carried_over"))
    yield Cube("funds_recovered", "funds", {"step": "下达", "recovered_on<=": as_of}, ("channel", "budget_year", "level"), ("recovered",))
    yield Cube("funds_carried", "funds", {**dated, "step": "下达", "carried_over!=": None}, ("channel", "carried_from", "level"), ("carried_over",))
    approved: Where = {"step": "审核", "granularity": DETAIL, "amount>": 0, "settled_on not <=": as_of}
    before = (frame.as_of - timedelta(days=frame.payment_days)).isoformat()
    yield Cube("funds_overdue", "funds", {**approved, "on_date<": before}, ("channel", "budget_year"), ("count",))
    yield Cube("funds_partial", "funds", {**approved, **dated, "first_paid_on<=": as_of}, ("category",), ("count",))


def applications(start: str, of: Where, frame: Frame) -> Iterator[Definition]:
    """Count applications approved, paid in full, paid in part, and paid without an approval (FIGURES 11)."""
    period, months = frame.period, frame.period.year_to_date
    category = str(of.get("category") or "")
    stated: Where = {"details_first": _DETAIL}
    for name, when in (
        ("approved", {"step": "审核", "on_date:month": months}),
        ("paid_count", {"settled_on:month": months}),
        ("unapproved", {"step": "支付", "unapproved": True, "on_date:month": months}),
    ):
        select = {**of, **stated, **when}
        yield Measured(f"{start}.{name}", "件", period.span, "funds", select, "sum(count)", Scope("funds", "", "审核" if name == "approved" else "支付", category))
    paid = Scope("funds", "", "支付", category)
    yield Measured(f"{start}.partly_paid", "件", frame.as_of.isoformat(), "funds_partial", of, "sum(count)", paid, restates=False)


def definitions(frame: Frame) -> Iterator[Definition]:
    """Yield the figures of each channel and budget year, and their totals."""
    year, codes = frame.period.year, (*frame.codes.channels, NO_CHANNEL)
    for code in codes:
        yield from _line(f"funds.{code}", code, year, frame)
    total, span, day = f"funds.{TOTAL}", frame.period.span, frame.as_of.isoformat()
    for name in (*_FLOWS, "overdue"):
        unit = "件" if name == "overdue" else "元"
        terms = tuple(f"funds.{code}.{name}" for code in codes)
        yield Derived(f"{total}.{name}", unit, day, "net", terms, partial=True, restates=name != "overdue")
    yield from _derived(total, frame)
    earlier = []
    for code, other in frame.codes.budgets:
        start = f"funds.{code}.{other}"
        yield from _line(start, code, other, frame)
        own, months = {"channel": _channel(code), "budget_year": other, "details_first": _DETAIL}, frame.period.year_to_date
        for name, step in (("year_gross", "支付"), ("year_reversed", "冲回")):
            select = {**own, "step": step, "on_date:month": months}
            yield Measured(f"{start}.{name}", "元", span, "funds", select, "sum(counted)")
        yield Derived(f"{start}.paid_this_year", "元", span, "net", (f"{start}.year_gross", f"{start}.year_reversed"), minus=1)
        if other < year:
            earlier.append(f"{start}.paid_this_year")
    yield Derived(f"{total}.earlier_paid", "元", span, "net", tuple(earlier))


def _channel(code: str) -> str | None:
    return None if code == NO_CHANNEL else code


def _line(start: str, code: str, year: int, frame: Frame) -> Iterator[Definition]:
    """Yield one channel's figures of one budget year, up to the as-of date: money of a budget may be handed out before its year begins."""
    day, own = frame.as_of.isoformat(), {"channel": _channel(code)}
    of: Where = {**own, "budget_year": year, "details_first": _DETAIL}
    source: Where = {} if code == DISTRICT else {"level!=": DISTRICT}
    if code == DISTRICT:
        once: Where = {"budget_year": year, "details_first": _DETAIL}
        for name, column in (("allocated", "counted"), ("carried_over", "carried_over")):
            yield Measured(f"{start}.{name}", "元", day, "funds_district", once, f"sum({column})", Scope("funds", "", "下达"))
    else:
        for name, column in (("allocated", "counted"), ("carried_over", "carried_over")):
            select = {**of, **source, "step": "下达"}
            yield Measured(f"{start}.{name}", "元", day, "funds", select, f"sum({column})", Scope("funds", "", "下达") if name == "allocated" else None)
    handed: Where = {"level": DISTRICT, **({"to_bureau!=": None} if code == DISTRICT else {})}
    for name, step, more in (("subdivided", "下达", handed), ("approved", "审核", {}), ("paid_gross", "支付", {}), ("reversed", "冲回", {})):
        scope = None if name == "reversed" else Scope("funds", "", step)
        yield Measured(f"{start}.{name}", "元", day, "funds", {**of, "step": step, **more}, "sum(counted)", scope)
    yield Measured(f"{start}.recovered", "元", day, "funds_recovered", {**own, **source, "budget_year": year}, "sum(recovered)")
    yield Measured(f"{start}.carried_out", "元", day, "funds_carried", {**own, **source, "carried_from": year}, "sum(carried_over)")
    yield Measured(f"{start}.overdue", "件", day, "funds_overdue", {**own, "budget_year": year}, COUNT, Scope("funds", "", "审核"), restates=False)
    yield from _derived(start, frame)


def _derived(start: str, frame: Frame) -> Iterator[Definition]:
    day = frame.as_of.isoformat()
    yield Derived(f"{start}.paid", "元", day, "net", (f"{start}.paid_gross", f"{start}.reversed"), minus=1)
    at_hand = tuple(f"{start}.{name}" for name in ("allocated", "carried_over", "recovered"))
    yield Derived(f"{start}.available", "元", day, "net", at_hand, minus=1)
    yield Derived(f"{start}.pay_rate", "%", day, "ratio", (f"{start}.paid", f"{start}.available"))
    # What was paid is gone also where nobody has said what was allocated.
    yield Derived(f"{start}.balance", "元", day, "net", tuple(f"{start}.{name}" for name in _TERMS), minus=3, partial=True)
