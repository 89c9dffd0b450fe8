"""Figures of a month from events alone, by plain loops, as FIGURES.md words them; shares nothing with folds and figures.

The bureaus' order is written out: commerce speaks first of purchases and quantities, finance of money.
"""

import calendar
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from tests.oracle.figures_events import Facts, Told

Figures = dict[str, Decimal]
_FIRST = {"TradeInCompleted": "commerce", "TradeInReturned": "commerce", "MaterialRecovered": "commerce", "SubsidyApproved": "finance"}
_NIL = Decimal(0)


class Year:
    """What holds of all that was told, read as of a month's last day."""

    def __init__(self, told: Sequence[Told], month: str) -> None:
        self.month, self.year = month, int(month[:4])
        self.day = date(self.year, int(month[5:]), calendar.monthrange(self.year, int(month[5:]))[1])
        latest: dict[tuple[Any, ...], Told] = {}
        for t in told:
            place = (t.bureau, t.event, t.key, t.facts.get("month") if t.event == "MaterialRecovered" else t.facts.get("voucher_no"), t.facts.get("step"))
            if place not in latest or latest[place].revision < t.revision:
                latest[place] = t
        self.told = list(latest.values())

    def of(self, event: str, *, single: bool) -> list[Told]:
        """Return what stands of an event, single facts or summaries, the first bureau's words in front."""
        found = [t for t in self.told if t.event == event and (t.facts["granularity"] == "明细") == single]
        return sorted(found, key=lambda t: (t.bureau != _FIRST.get(event), t.bureau, t.key))

    def in_year(self, month: str) -> bool:
        """Tell whether a month is of the report's year, up to its month."""
        return f"{self.year}-01" <= month <= self.month

    def figures(self) -> Figures:
        """Work out everything that this oracle knows."""
        return {**self._purchases(), **self._returns(), **self._applications(), **self._money(), **self._quantities(), **self._machines()}

    def _purchases(self) -> Figures:
        orders: dict[str, Told] = {}
        tellers: dict[str, set[str]] = defaultdict(set)
        for t in self.of("TradeInCompleted", single=True):
            orders.setdefault(t.facts["order_no"], t)
            tellers[t.facts["order_no"]].add(t.bureau)
        rows = [(orders[no].facts, f"{orders[no].facts['occurred_on']:%Y-%m}", tellers[no]) for no in orders]
        summaries = [(t.facts, str(t.facts["month"]), {t.bureau}) for t in self.of("TradeInCompleted", single=False)]
        counted = list(rows)
        for facts, month, who in summaries:
            finer = [f for f, m, by in rows if m == month and who & by and facts["kind"] in (None, f["kind"])]
            finer += [f for f, m, by in summaries if m == month and who & by and facts["kind"] is None and f["kind"] is not None]
            if not finer:
                counted.append((facts, month, who))
        now = [facts for facts, month, _ in counted if self.in_year(month)]
        return {
            "tradein.家电.applied": Decimal(sum(f["count"] for f in now)), "tradein.家电.subsidy": _sum(f["subsidy"] for f in now),
            "tradein.家电.sales": _sum(f["sale_amount"] for f in now),
            "tradein.家电.month_applied": Decimal(sum(f["count"] for f, month, _ in counted if month == self.month)),
        }  # fmt: skip

    def _returns(self) -> Figures:
        single = [t.facts for t in self.of("TradeInReturned", single=True) if self.in_year(f"{t.facts['on']:%Y-%m}")]
        summed = [t.facts for t in self.of("TradeInReturned", single=False) if self.in_year(t.facts["month"])]
        found = {}
        for code in ("家电", "家装厨卫", "合计"):
            mine = [f for f in (*single, *summed) if code in ("合计", f["category"])]
            found[f"tradein.{code}.returned"] = Decimal(sum(f["count"] for f in mine))
            found[f"tradein.{code}.subsidy_returned"] = _sum(f["subsidy_returned"] for f in mine)
        return found

    def _approvals(self) -> dict[str, Facts]:
        found: dict[str, Facts] = {}
        for t in self.of("SubsidyApproved", single=True):
            found.setdefault(t.facts["application_no"], t.facts)
        return found

    def _payments(self) -> list[Facts]:
        """Return the payments that were: none that was reversed as an error."""
        wrong = {t.facts["reverses_voucher_no"] for t in self.of("SubsidyReversed", single=True) if t.facts["reason_kind"] == "差错"}
        return [t.facts for t in self.of("SubsidyPaid", single=True) if t.facts["voucher_no"] not in wrong]

    def _paid_up(self) -> dict[str, date]:
        """Return application → the day on which it was paid in full."""
        approvals, sums, found = self._approvals(), defaultdict(Decimal), {}
        for facts in sorted(self._payments(), key=lambda f: f["on"]):
            no = facts["application_no"]
            sums[no] += facts["amount"]
            if no in approvals and sums[no] >= approvals[no]["amount"]:
                found.setdefault(no, max(facts["on"], approvals[no]["on"]))
        return found

    def _applications(self) -> Figures:
        approvals, paid_up, payments = self._approvals(), self._paid_up(), self._payments()
        summed = {event: [t.facts for t in self.of(event, single=False)] for event in ("SubsidyApproved", "SubsidyPaid")}
        found = {}
        for code in ("家电", "汽车报废更新", "合计"):
            mine = {no: f for no, f in approvals.items() if code in ("合计", f["category"])}
            more = {e: [f for f in facts if code in ("合计", f["category"]) and self._dated(f)] for e, facts in summed.items()}
            found[f"tradein.{code}.approved"] = Decimal(
                sum(self._dated(f) for f in mine.values()) + sum(f["count"] for f in more["SubsidyApproved"])
            )
            in_full = sum(no in paid_up and paid_up[no].year == self.year and paid_up[no] <= self.day for no in mine)
            found[f"tradein.{code}.paid_count"] = Decimal(in_full + sum(f["count"] for f in more["SubsidyPaid"]))
            begun = {f["application_no"] for f in payments if max(f["on"], approvals.get(f["application_no"], f)["on"]) <= self.day}
            left = {no for no in mine if no not in paid_up or paid_up[no] > self.day}
            found[f"tradein.{code}.partly_paid"] = Decimal(len(begun & left))
            first = {}
            for f in sorted(payments, key=lambda f: f["on"]):
                if f["application_no"] not in approvals and code in ("合计", f["category"]):
                    first.setdefault(f["application_no"], f)
            found[f"tradein.{code}.unapproved"] = Decimal(sum(map(self._dated, first.values())))
        return found

    def _dated(self, facts: Facts) -> bool:
        return bool(facts["on"].year == self.year and facts["on"] <= self.day)

    def _money(self) -> Figures:
        found: Figures = {}
        total: dict[str, Decimal] = defaultdict(Decimal)
        for channel in ("市级", "中央专项", None):
            line = self._line(channel, self.year)
            for name, value in line.items():
                total[name] += value
            found |= {f"funds.{channel or '未注明渠道'}.{name}": value for name, value in line.items()}
        earlier = [self._line(channel, self.year - 1)["paid"] for channel in ("市级", "中央专项", None)]
        return found | {f"funds.合计.{name}": value for name, value in total.items()} | {"funds.合计.earlier_paid": _sum(earlier)}

    def _line(self, channel: str | None, budget: int) -> Figures:
        def by(facts: Iterable[Facts]) -> list[Facts]:
            return [f for f in facts if f["channel"] == channel and f["budget_year"] == budget and f["on"] <= self.day]

        down = [t.facts for t in self.told if t.event == "FundsAllocated" and t.facts["channel"] == channel]
        source = [f for f in down if f["level"] != "区级"]
        back = [t.facts for t in self.of("SubsidyReversed", single=True) if t.facts["reason_kind"] != "差错"]
        summed = [t.facts for t in self.of("SubsidyPaid", single=False)]
        details = {(f["category"], f"{f['on']:%Y-%m}") for f in by(self._payments())}
        stand = [f for f in by(summed) if (f["category"], f"{f['on']:%Y-%m}") not in details]
        line = {
            "allocated": _sum(f["amount"] for f in by(source)), "subdivided": _sum(f["amount"] for f in by(down) if f["level"] == "区级"),
            "carried_over": _sum(f["carried_over"] or _NIL for f in by(source)),
            "recovered": _sum(
                f["recovered"] or _NIL for f in source if f["budget_year"] == budget and (f["recovered_on"] or f["on"]) <= self.day
            ),
            "carried_out": _sum(f["carried_over"] or _NIL for f in source if f["budget_year"] == budget + 1 and f["on"] <= self.day),
            "paid": _sum(f["amount"] for f in (*by(self._payments()), *stand)) - _sum(f["amount"] for f in by(back)),
        }  # fmt: skip
        line["balance"] = line["allocated"] + line["carried_over"] - line["recovered"] - line["carried_out"] - line["paid"]
        paid_up = self._paid_up()
        late = [
            no for no, f in self._approvals().items()
            if (f["channel"], f["budget_year"]) == (channel, budget) and (self.day - f["on"]).days > 30 and (no not in paid_up or paid_up[no] > self.day)
        ]  # fmt: skip
        return line | {"overdue": Decimal(len(late))}

    def _quantities(self) -> Figures:
        rows: dict[tuple[str, str], Facts] = {}
        tellers: dict[tuple[str, str], set[str]] = defaultdict(set)
        for t in self.of("MaterialRecovered", single=True):
            place = (t.facts["operator_uscc"], t.facts["month"])
            rows.setdefault(place, t.facts)
            tellers[place].add(t.bureau)
        detailed = {(bureau, month) for (_, month), bureaus in tellers.items() for bureau in bureaus}
        counted = list(rows.values())
        counted += [t.facts for t in self.of("MaterialRecovered", single=False) if (t.bureau, t.facts["month"]) not in detailed]
        return {
            "recovery.废钢铁.recovered": _sum(f["recovered"] for f in counted if self.in_year(f["month"])),
            "recovery.废钢铁.month_recovered": _sum(f["recovered"] for f in counted if f["month"] == self.month),
        }

    def _machines(self) -> Figures:
        found = {}
        for category, step in (("营运货车", "交售回收"), ("农业机械", "交售回收"), ("电梯", "拆解销毁")):
            rows = [t.facts for t in self.told if t.event == "EquipmentScrapped" and (t.facts["category"], t.facts["step"]) == (category, step)]
            found[f"scrappage.{category}.delivered"] = Decimal(sum(f["count"] for f in rows if self._dated(f)))
        return found


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, _NIL)
