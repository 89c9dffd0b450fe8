"""Trade-ins of the sample year: orders with the seasons of shopping, what is approved, paid and given back of them, and the city's summaries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

import content_trade as trade
from content_equipment import date_text
from content_projects import uscc
from sheets import Content, Fact, Row, Sheet, period_of, third_line
from year_base import BEFORE, FIRST, LAST, MONTHS, day, end, later, numbered, of_month, sheet, stream

#: Month of the year → orders of a month beside the average; 11 is the autumn sale, 6 the summer sale, 2 the Spring Festival.
_SEASON = (1.08, 0.74, 0.92, 0.9, 1.04, 1.28, 1.12, 0.98, 0.94, 1.08, 1.38, 1.06)
_ORDERS = {"JD": 960, "SM": 600, "QC": 96}
_GROWTH = {"JD": 0.93, "SM": 1.1, "QC": 1.04}
"""2026 beside 2025: fewer kinds of appliances are supported, digital goods go on growing."""
_KINDS: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "JD": {"冰箱": (1900, 7900), "洗衣机": (1400, 5900), "空调": (1800, 7200), "电视": (1700, 8900), "热水器": (1100, 3900), "电脑": (3200, 7900)},
    "SM": {"手机": (1500, 5900), "平板": (1400, 4900), "智能手表": (600, 2900), "智能眼镜": (1600, 3900)},
    "QC": {"新能源乘用车": (89_000, 236_000), "燃油乘用车": (78_000, 168_000)},
}
SHEETS = {category.mark: category for category in trade.CATEGORIES}
LATE = ("2026-01", "2026-05", "2026-08")
"""Months of which some appliance orders come a month late."""
_POLICY = {"2025": "津商消费〔2025〕2号", "2026": "津商消费〔2026〕3号"}
#: Category that the city returns in summaries: count of a middle month of 2025 and 2026, price and subsidy of one in 万元; no count where it began in 2026.
_SUMMARIES = {
    "汽车置换更新": (186, 204, 14.6, 1.14), "家装厨卫": (58, 66, 1.52, 0.228), "智能家居": (0, 84, 0.31, 0.046), "居家适老化": (14, 21, 0.72, 0.108),
    "电动自行车": (310, 265, 0.31, 0.05),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """An order and what became of it; a day after the end of the year has not come yet."""

    mark: str
    month: str
    number: int
    on: date
    kind: str
    price: int
    subsidy: int
    late: bool
    approved: date | None
    paid: date | None
    returned: date | None
    reversed: date | None

    @property
    def order_no(self) -> str:
        """The number of the order."""
        return trade.order_no(SHEETS[self.mark], self.month, self.number)

    def row(self) -> Row:
        """Return the order as the commerce bureau lists it, in yuan."""
        number = self.order_no
        return {
            "order_no": number, "kind": self.kind, "energy_label": "1级" if self.mark == "JD" else "",
            "serial_no": f"SN{self.mark}{self.month[2:4]}{self.month[5:]}{self.number:06d}", "invoice_no": f"FP{self.month[2:4]}{self.month[5:]}{self.mark}{self.number:05d}",
            "done_on": self.on, "sale_amount": self.price, "subsidy": self.subsidy, "actually_paid": self.price - self.subsidy,
            "merchant_uscc": uscc(301 + self.number % 17), "buyer_token": trade.token(number), "old_item": "旧车已报废" if self.mark == "QC" else "以旧换新" if self.number % 2 else "", "remark": "",
        }  # fmt: skip

    def subsidy_row(self) -> Row:
        """Return what its application asks for, in yuan; the centre bears 85 % (east)."""
        central = self.subsidy * 85 // 100
        return {
            "application_no": f"SQ-{self.order_no}", "related_key": self.order_no, "category": SHEETS[self.mark].name, "policy_no": _POLICY[self.month[:4]],
            "batch_no": f"{self.month[2:4]}{self.month[5:]}-{self.mark}", "budget_year": int(self.month[:4]), "channel": "超长期特别国债", "amount": self.subsidy,
            "share_central": central, "share_city": self.subsidy - central,
        }  # fmt: skip


def season(month: str, growth: float = 1) -> float:
    """Return how many orders a month has beside the average of 2025."""
    return _SEASON[int(month[5:]) - 1] * (growth if month >= "2026" else 1)


class Trade:
    """All orders of the year."""

    def __init__(self, seed: int, part: float) -> None:
        """Draw the orders of a seed; *part* of them is enough for a trial."""
        self.seed = seed
        self.orders = [order for mark in _ORDERS for month in MONTHS for order in _drawn(seed, mark, month, part)]

    def scrapped(self, month: str) -> int:
        """Return for how many cars of a month an old one was handed in."""
        return sum(order.mark == "QC" and order.month == month for order in self.orders)

    def sheets(self, content: Content, month: str) -> list[Sheet]:
        """Return the commerce bureau's sheets of a month: orders, summaries, what was given back, approvals."""
        found = [trade.detail_sheet(category, month, self._details(content, category, month, month, late=False)) for category in trade.CATEGORIES]
        summary, returns = self.summary(content, [month], month), self._returns(content, month)
        approved = [order.subsidy_row() | {"on": order.approved} for order in self.orders if order.approved and of_month(order.approved) == month]
        content.facts += [Fact(month, "commerce", "SubsidyApproved", row["application_no"], row) for row in approved]
        approvals = sheet("补贴审核明细", "消费品以旧换新补贴审核明细", trade.APPROVED_COLUMNS, approved, "commerce", month, totals="above")
        return [*found, summary, *(each for each in (returns, approvals) if each)]

    def late(self, content: Content, month: str, step: str) -> Sheet:
        """Return the appliance orders of a month that come with the next."""
        return trade.detail_sheet(trade.HOME, month, self._details(content, trade.HOME, month, step, late=True))

    def _details(self, content: Content, category: trade.Category, month: str, step: str, *, late: bool) -> list[Row]:
        rows = []
        for order in self.orders:
            if (order.mark, order.month, order.late) == (category.mark, month, late):
                row = order.row()
                content.facts.append(Fact(step, "commerce", "TradeInCompleted", row["order_no"], row | {"category": category.name, "month": month, "count": 1, "granularity": "明细"}))
                rows.append(row | {"done_on": date_text(order.on, "年月日" if order.number % 3 == 0 else "cell")})
        return numbered(rows)

    def summary(self, content: Content, months: Iterable[str], step: str) -> Sheet:
        """Return the summary lines of *months*; before the first report there are only summaries."""
        rows: list[Row] = []
        for month in months:
            chance = stream(self.seed, "summary", month)
            lines = {name: (new if month >= "2026" else old, price, each) for name, (old, new, price, each) in _SUMMARIES.items()}
            if month < FIRST:
                lines |= {SHEETS[mark].name: (count / (_GROWTH[mark] if mark != "JD" else 1), *_average(mark)) for mark, count in _ORDERS.items()}
            for name, (middle, price, each) in lines.items():
                count = round(middle * season(month) * chance.uniform(0.95, 1.05))
                if count:
                    row: Row = {"category": name, "count": count, "sale_amount": round(count * price * chance.uniform(0.98, 1.02), 2), "subsidy": round(count * each, 2)}
                    rows.append({"month": month} | row)
                    content.facts.append(Fact(step, "commerce", "TradeInCompleted", f"{name}@{month}", row | {"month": month, "granularity": "汇总"}))
        return Sheet("以旧换新汇总", "以旧换新分品类汇总", trade.SUMMARY_COLUMNS, numbered(rows), third=third_line("commerce"), totals="above")

    def history(self, content: Content) -> Sheet:
        """Return the summaries of 2025 before the first report."""
        return self.summary(content, [month for month in BEFORE if month >= "2025"], FIRST)

    def _returns(self, content: Content, month: str) -> Sheet | None:
        rows: list[Row] = []
        for order in self.orders:
            if order.returned and of_month(order.returned) == month:
                rows.append({"return_no": f"TH-{order.order_no}", "order_no": order.order_no, "category": SHEETS[order.mark].name, "on": order.returned, "count": 1,
                             "subsidy_returned": order.subsidy, "sale_returned": order.price})  # fmt: skip
                content.facts.append(Fact(month, "commerce", "TradeInReturned", rows[-1]["return_no"], rows[-1]))
        return sheet("退货登记", "以旧换新退货登记", trade.RETURN_COLUMNS, rows, "commerce", month)

    def paid(self, content: Content, month: str) -> list[Row]:
        """Return the subsidies paid in a month."""
        rows = [order.subsidy_row() | {"voucher_no": f"ZF{month[2:4]}{month[5:]}-{order.order_no}", "on": order.paid} for order in self.orders if order.paid and of_month(order.paid) == month]
        content.facts += [Fact(month, "finance", "SubsidyPaid", row["application_no"], row, sub=row["voucher_no"]) for row in rows]
        return rows

    def back(self, content: Content, month: str) -> list[Row]:
        """Return the subsidies that came back in a month."""
        chosen = [order for order in self.orders if order.reversed and of_month(order.reversed) == month]
        rows = [order.subsidy_row() | {"voucher_no": f"CH{month[2:4]}{month[5:]}-{order.order_no}", "on": order.reversed, "reason_kind": "退货"} for order in chosen]
        content.facts += [Fact(month, "finance", "SubsidyReversed", row["application_no"], row, sub=row["voucher_no"]) for row in rows]
        return rows


def _average(mark: str) -> tuple[float, float]:
    """Return price and subsidy of an order of 2025 in 万元, as the summaries have them."""
    return {"JD": (0.42, 0.072), "SM": (0.31, 0.0415), "QC": (14.6, 1.82)}[mark]


def _drawn(seed: int, mark: str, month: str, part: float) -> list[Order]:
    chance = stream(seed, "orders", mark, month)
    count = round(_ORDERS[mark] * season(month, _GROWTH[mark]) * chance.uniform(0.97, 1.03) * part)
    return [_order(chance, mark, month, number) for number in range(1, count + 1)]


def _order(chance: Random, mark: str, month: str, number: int) -> Order:
    kind = chance.choice((*_KINDS[mark], *list(_KINDS[mark])[:2])) if mark != "QC" else chance.choices(tuple(_KINDS["QC"]), (3, 1))[0]
    low, high = _KINDS[mark][kind]
    price = low + int((high - low) * chance.betavariate(2, 3)) // 100 * 100 - (0 if mark == "QC" else 1)
    on = day(month, chance.randint(1, 31 if mark == "QC" else 30))
    late = mark == "JD" and month in LATE and on >= day(month, 28) and number % 4 == 0
    whole = {"mark": mark, "month": month, "number": number, "on": on, "kind": kind, "price": price, "subsidy": _subsidy(mark, kind, month, price), "late": late}
    fate: dict[str, Any] = dict.fromkeys(("approved", "paid", "returned", "reversed"))
    # The city settles cars itself; of the others a few are sent back or still wait for papers.
    if mark != "QC" and chance.random() < 0.97:
        # A late order is approved once it is known.
        fate["approved"] = later(on, chance.randint(35, 45) if late else chance.randint(4, 16))
        if chance.random() < 0.992:
            fate["paid"] = later(fate["approved"], chance.randint(6, 24) if chance.random() < 0.985 else chance.randint(31, 58))
            if chance.random() < 0.007:
                fate["returned"] = later(fate["paid"], chance.randint(2, 12))
                fate["reversed"] = later(fate["returned"], chance.randint(3, 9))
    return Order(**whole, **{name: when if when and when <= end(LAST) else None for name, when in fate.items()})


def _subsidy(mark: str, kind: str, month: str, price: int) -> int:
    """Return the subsidy by the rules of the year in whole yuan."""
    if mark == "JD":
        return min(2000, price * 20 // 100) if month < "2026" else min(1500, price * 15 // 100)
    if mark == "SM":
        return min(500, price * 15 // 100)
    new_energy = kind == "新能源乘用车"
    if month < "2026":
        return 20_000 if new_energy else 15_000
    return min(20_000, price * 12 // 100) if new_energy else min(15_000, price * 10 // 100)


def wrong_sheet(order: Order, month: str) -> tuple[Sheet, tuple[int, ...]]:
    """Return rows that come back, with the numbers of their errors."""
    rows = [order.row() | {"order_no": f"{order.order_no}B{n}", "serial_no": f"SNB{n:06d}", "invoice_no": f"FPB{n:06d}"} for n in range(3)]
    rows[0]["remark"] = "顾客电话13800138000"
    rows[1]["serial_no"] = 12345678901234500
    rows[2]["sale_amount"] = "约4000"
    return trade.detail_sheet(trade.HOME, month, numbered(rows), totals=""), (3, 1, 14)


def period(month: str) -> str:
    """Return a month in brackets, as file names have it."""
    return f"（{period_of(month)}）"
