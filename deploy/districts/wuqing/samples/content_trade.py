"""Trade-ins of the sample months: orders whose prices follow a cycle of four, summary lines, returns, subsidies.

Order *i* of a category (from 1) costs ``prices[(i - 1) % 4]`` and is subsidised with ``subsidies[(i - 1) % 4]`` yuan, so a
run of whole cycles adds up to (number of cycles) × (sum of the cycle).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from content_equipment import date_text
from content_projects import uscc
from sheets import Column, Content, Fact, Row, Sheet, period_of, third_line

POLICY_NO = "津商消费〔2026〕3号"


@dataclass(frozen=True, slots=True)
class Category:
    """A category that is reported order by order; see the module's text.

    Attributes:
        orders: orders of September, and again of October.
        approved, paid: how many of the month's first orders are approved and paid within the month.
        paid_later: September's orders paid in October: from, to.
    """

    name: str
    sheet: str
    mark: str
    prices: tuple[int, int, int, int]
    subsidies: tuple[int, int, int, int]
    kinds: tuple[str, str, str, str]
    orders: int
    approved: int
    paid: tuple[int, int]
    paid_later: tuple[int, int]


CATEGORIES = (
    Category("家电", "家电以旧换新明细", "JD", (2000, 3000, 4000, 5000), (300, 450, 600, 750),
             ("冰箱", "洗衣机", "空调", "电视"), 600, 480, (360, 200), (361, 460)),
    Category("数码和智能产品", "数码产品购新明细", "SM", (2000, 3000, 4000, 5000), (300, 450, 500, 500),
             ("手机", "平板", "智能手表", "学习机"), 300, 240, (160, 100), (161, 232)),
    Category("汽车报废更新", "汽车报废更新明细", "QC", (100_000, 120_000, 80_000, 100_000), (12_000, 14_400, 9_600, 12_000),
             ("新能源乘用车", "新能源乘用车", "新能源乘用车", "新能源乘用车"), 80, 60, (40, 20), (41, 56)),
)  # fmt: skip
HOME = CATEGORIES[0]
LATE_ORDERS = (601, 602, 603)
"""Orders of September that arrive after its close."""
LATE_PAYMENTS = (477, 478, 479, 480)
"""Applications paid on 2026-09-29 whose vouchers arrive after the close."""
RETURNED_ORDERS = (1, 2)
"""Orders of September given back in October."""

SUMMARIES = {
    # category: a month of 2025, a month of 2026 up to August, September, October: (count, sales, subsidy) in 万元
    "家电": ((800, 240, 36), (900, 300, 45), (602, 210.5, 31.58), None),
    "数码和智能产品": ((500, 200, 20), (600, 240, 27), None, None),
    "汽车报废更新": ((80, 800, 120), (100, 1000, 120), None, None),
    "汽车置换更新": ((150, 1800, 150), (200, 2400, 192), (210, 2520, 201.6), (220, 2640, 211.2)),
    "家装厨卫": (None, (60, 90, 9), (70, 105, 10.5), (80, 120, 12)),
    "电动自行车": ((300, 90, 15), (250, 75, 12.5), (240, 72, 12), (240, 72, 12)),
}
"""What the city returns in summaries. 家电 of September is also there order by order: the details count."""


def order_no(category: Category, month: str, i: int) -> str:
    """Return the number of an order."""
    return f"{category.mark}{month[2:4]}{month[5:]}-{i:05d}"


def application_no(category: Category, month: str, i: int) -> str:
    """Return the number of the application for the order's subsidy."""
    return f"SQ-{order_no(category, month, i)}"


def token(text: str) -> str:
    """Return an invented person token: letters only, the same for the same text."""
    letters = "".join(chr(97 + ord(c) % 26) for c in text)
    return "k1:" + (letters * 3)[:24]


DETAIL_COLUMNS = tuple(
    Column(head, key, bool(total))
    for head, key, total in (
        ("序号", "no", 0), ("订单号", "order_no", 0), ("商品信息/品类", "kind", 0), ("商品信息/能效等级", "energy_label", 0),
        ("商品信息/序列号", "serial_no", 0), ("发票号", "invoice_no", 0), ("完成日期", "done_on", 0), ("销售金额（元）", "sale_amount", 1),
        ("补贴金额（元）", "subsidy", 1), ("实付金额（元）", "actually_paid", 1), ("商家统一社会信用代码", "merchant_uscc", 0),
        ("购买人令牌", "buyer_token", 0), ("交旧情况", "old_item", 0), ("备注", "remark", 0),
    )
)  # fmt: skip


def order_row(category: Category, month: str, i: int) -> Row:
    """Return an order as the commerce bureau lists it, in yuan."""
    place = (i - 1) % 4
    number = order_no(category, month, i)
    price, subsidy = category.prices[place], category.subsidies[place]
    on = date(int(month[:4]), int(month[5:]), 1 + i % (12 if month.endswith("09") else 14))
    return {
        "order_no": number, "kind": category.kinds[place], "energy_label": "1级" if category.mark == "JD" else "",
        "serial_no": f"SN{category.mark}{i:06d}M{month[5:]}", "invoice_no": f"FP{month[2:4]}{month[5:]}{category.mark}{i:05d}",
        "done_on": on, "sale_amount": price, "subsidy": subsidy, "actually_paid": price - subsidy,
        "merchant_uscc": uscc(301 + i % 5), "buyer_token": token(number),
        "old_item": "旧车已报废" if category.mark == "QC" else "以旧换新" if i % 2 else "", "remark": "",
    }  # fmt: skip


def detail_rows(content: Content, category: Category, month: str, numbers: Iterable[int], step: str) -> list[Row]:
    """Return orders as rows and record what they say."""
    rows = []
    for i in numbers:
        row = order_row(category, month, i)
        content.facts.append(Fact(step, "commerce", "TradeInCompleted", row["order_no"], row | {
            "category": category.name, "month": month, "count": 1, "granularity": "明细"}))  # fmt: skip
        style = "年月日" if i % 3 == 0 else "cell"
        rows.append({"no": i} | row | {"done_on": date_text(row["done_on"], style)})
    return rows


def detail_sheet(category: Category, month: str, rows: list[Row], *, totals: str = "above") -> Sheet:
    """Lay out orders."""
    return Sheet(
        category.sheet, f"武清区{category.sheet}", DETAIL_COLUMNS, rows, period=f"（{period_of(month)}）",
        third=third_line("commerce"), totals=totals,
    )  # fmt: skip


def wrong_rows() -> tuple[list[Row], tuple[int, ...]]:
    """Return rows that come back, with the numbers of their errors; the first row repeats a known order and is no error."""
    known = {"no": 1} | order_row(HOME, "2026-09", 1)
    rows = [{"no": 2 + n} | order_row(HOME, "2026-09", 901 + n) for n in range(4)]
    rows[0]["remark"] = "顾客电话13800138000"
    rows[1]["serial_no"] = 12345678901234500
    rows[2]["sale_amount"] = "约4000"
    rows[3]["merchant_uscc"] = rows[3]["merchant_uscc"][:17]
    return [known, *rows, known | {"no": 6}], (3, 1, 14, 4, 44)


SUMMARY_COLUMNS = tuple(
    Column(head, key, bool(total))
    for head, key, total in (
        ("序号", "no", 0), ("月份", "month", 0), ("大类", "category", 0), ("件数", "count", 1), ("销售额（万元）", "sale_amount", 1),
        ("补贴金额（万元）", "subsidy", 1),
    )
)  # fmt: skip


def summary_sheet(content: Content, months: Iterable[str], step: str) -> Sheet:
    """Return the summary lines of *months* and record what they say."""
    rows: list[Row] = []
    for month in months:
        for category, (old, new, september, october) in SUMMARIES.items():
            values: Any = {"2026-09": september, "2026-10": october}.get(month, new if month > "2026" else old)
            if values is None:
                continue
            row = dict(zip(("count", "sale_amount", "subsidy"), values, strict=True)) | {"category": category}
            rows.append({"no": len(rows) + 1, "month": month} | row)
            content.facts.append(Fact(step, "commerce", "TradeInCompleted", f"{category}@{month}", row | {
                "month": month, "granularity": "汇总"}))  # fmt: skip
    return Sheet(
        "以旧换新汇总", "以旧换新分品类汇总", SUMMARY_COLUMNS, rows, third=third_line("commerce"), totals="above"
    )


RETURN_COLUMNS = tuple(
    Column(head, key, bool(total))
    for head, key, total in (
        ("序号", "no", 0), ("退货编号", "return_no", 0), ("订单号", "order_no", 0), ("大类", "category", 0), ("退货日期", "on", 0),
        ("退回件数", "count", 1),
        ("退回补贴（元）", "subsidy_returned", 1), ("退回货款（元）", "sale_returned", 1),
    )
)  # fmt: skip


def return_sheet(content: Content, step: str) -> Sheet:
    """Return October's returns of September's orders."""
    rows: list[Row] = []
    for i in RETURNED_ORDERS:
        order = order_row(HOME, "2026-09", i)
        row: Row = {"return_no": f"TH10-{i:04d}", "order_no": order["order_no"], "category": HOME.name, "on": date(2026, 10, 12 + i), "count": 1,
                    "subsidy_returned": order["subsidy"], "sale_returned": order["sale_amount"]}  # fmt: skip
        rows.append({"no": i} | row)
        content.facts.append(Fact(step, "commerce", "TradeInReturned", row["return_no"], row))
    return Sheet(
        "退货登记", "以旧换新退货登记", RETURN_COLUMNS, rows, period="（2026年10月）", third=third_line("commerce")
    )


_SUBSIDY_HEADS = (
    ("序号", "no", 0), ("申请编号", "application_no", 0), ("关联订单", "related_key", 0), ("大类", "category", 0),
    ("政策文号", "policy_no", 0), ("批次", "batch_no", 0), ("预算年度", "budget_year", 0), ("资金渠道", "channel", 0),
    ("补贴金额（元）/合计", "amount", 1), ("补贴金额（元）/中央", "share_central", 1), ("补贴金额（元）/市级", "share_city", 1),
)  # fmt: skip
APPROVED_COLUMNS = tuple(Column(h, k, bool(t)) for h, k, t in (*_SUBSIDY_HEADS, ("审核日期", "on", 0)))
PAID_COLUMNS = tuple(
    Column(h, k, bool(t)) for h, k, t in (*_SUBSIDY_HEADS, ("支付凭证号", "voucher_no", 0), ("支付日期", "on", 0))
)
REVERSED_COLUMNS = tuple(
    Column(h, k, bool(t))
    for h, k, t in (
        *_SUBSIDY_HEADS,
        ("退款凭证号", "voucher_no", 0),
        ("退回日期", "on", 0),
        ("退回原因", "reason_kind", 0),
    )
)


def subsidy_row(category: Category, month: str, i: int) -> Row:
    """Return what an application asks for, in yuan: nine tenths central money, one tenth the city's."""
    amount = category.subsidies[(i - 1) % 4]
    return {
        "application_no": application_no(category, month, i), "related_key": order_no(category, month, i),
        "category": category.name, "policy_no": POLICY_NO, "batch_no": f"{month[5:]}-{category.mark}", "budget_year": 2026,
        "channel": "超长期特别国债", "amount": amount, "share_central": amount * 9 // 10, "share_city": amount // 10,
    }  # fmt: skip


def approved_rows(content: Content, month: str) -> list[Row]:
    """Return the month's approvals: the first orders of each category."""
    rows: list[Row] = []
    for category in CATEGORIES:
        for i in range(1, category.approved + 1):
            on = date(2026, 9, 14 + i % 7) if month == "2026-09" else date(2026, 10, 16 + i % 3)
            row = subsidy_row(category, month, i) | {"on": on}
            rows.append({"no": len(rows) + 1} | row)
            content.facts.append(Fact(month, "commerce", "SubsidyApproved", row["application_no"], row))
    return rows


def paid_rows(content: Content, month: str) -> list[Row]:
    """Return the month's payments: the month's first applications and, in October, some of September's."""
    rows: list[Row] = []
    for category in CATEGORIES:
        jobs = [(month, range(1, category.paid[0 if month == "2026-09" else 1] + 1))]
        if month == "2026-10":
            jobs.insert(0, ("2026-09", range(category.paid_later[0], category.paid_later[1] + 1)))
        for of_month, numbers in jobs:
            for i in numbers:
                on = date(2026, 9, 21 + i % 10) if month == "2026-09" else date(2026, 10, 19 + i % 12)
                rows.append(_paid(content, subsidy_row(category, of_month, i), on, month))
    return [{"no": n} | row for n, row in enumerate(rows, 1)]


def late_paid_rows(content: Content, step: str) -> list[Row]:
    """Return September's payments whose vouchers arrive after the close."""
    rows = [_paid(content, subsidy_row(HOME, "2026-09", i), date(2026, 9, 29), step) for i in LATE_PAYMENTS]
    return [{"no": n} | row for n, row in enumerate(rows, 1)]


def _paid(content: Content, row: Row, on: date, step: str) -> Row:
    row |= {"voucher_no": f"ZF{on.month:02d}-{row['related_key']}", "on": on}
    content.facts.append(Fact(step, "finance", "SubsidyPaid", row["application_no"], row, sub=row["voucher_no"]))
    return row


def reversed_rows(content: Content, step: str) -> list[Row]:
    """Return the subsidies that come back with the returned orders."""
    rows = []
    for i in RETURNED_ORDERS:
        row = subsidy_row(HOME, "2026-09", i)
        row |= {"voucher_no": f"CH10-{i:04d}", "on": date(2026, 10, 20), "reason_kind": "退货"}
        rows.append({"no": i} | row)
        content.facts.append(
            Fact(step, "finance", "SubsidyReversed", row["application_no"], row, sub=row["voucher_no"])
        )
    return rows
