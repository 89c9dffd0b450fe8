"""Workbooks for the benchmark, made by XlsxWriter from a seed: one of many rows, and a few orders in a million styled empty rows."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import xlsxwriter

SHEET = "家电以旧换新明细"
TITLE = "以旧换新台账（2026年10月）"
HEADINGS = (
    "序号", "订单号", "品类", "能效等级", "序列号", "发票号", "完成日期", "销售金额（元）", "补贴金额（元）", "实付金额（元）",
    "商家统一社会信用代码", "购买人令牌", "交旧情况", "备注",
)  # fmt: skip
_GROUPED = range(2, 5)
"""Columns under the common heading 商品信息."""
_KINDS = ("冰箱", "洗衣机", "电视", "空调", "电脑", "热水器", "家用灶具", "吸油烟机")
_LEVELS = ("1级", "2级")
_OLD = ("交旧", "未交旧")
_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def credit_code(random: Random) -> str:
    """Return a unified social credit code with a right check character."""
    body = "91120114MA" + "".join(random.choices(_DIGITS, k=7))
    rest = sum(_DIGITS.index(letter) * weight for letter, weight in zip(body, _WEIGHTS, strict=True)) % 31
    return body + _DIGITS[(31 - rest) % 31]


def write(path: Path, rows: int, seed: int, *, empty: int = 0, changed: int | None = None) -> None:
    """Write a workbook of commerce's list of orders.

    Args:
        path: where to.
        rows: orders.
        seed: of everything that is chosen.
        empty: styled rows without content below them.
        changed: number of the order whose amount paid is one yuan more.
    """
    random = Random(seed)
    merchants = [credit_code(random) for _ in range(300)]
    book = xlsxwriter.Workbook(str(path), {"constant_memory": empty > 0, "strings_to_numbers": False})
    sheet = book.add_worksheet(SHEET)
    day, money, text = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "#,##0.00"}), book.add_format({"border": 1})
    sheet.write_string(0, 0, TITLE)
    for column, heading in enumerate(HEADINGS):
        grouped = column in _GROUPED
        if column == _GROUPED[0]:
            sheet.write_string(1, column, "商品信息")
        elif not grouped:
            sheet.write_string(1, column, heading)
    for column in _GROUPED:
        sheet.write_string(2, column, HEADINGS[column])
    for number in range(rows):
        at = 3 + number
        price = random.randrange(100_000, 1_500_000)
        subsidy = price * 15 // 100
        paid = price - subsidy + (100 if number == changed else 0)
        sheet.write_number(at, 0, number + 1, text)
        sheet.write_string(at, 1, f"WQ2026{seed % 1000:03d}{number:07d}", text)
        sheet.write_string(at, 2, random.choice(_KINDS), text)
        sheet.write_string(at, 3, random.choice(_LEVELS), text)
        sheet.write_string(at, 4, f"SN{random.randrange(10**9):09d}{number % 100:02d}", text)
        sheet.write_string(at, 5, f"FP{number:08d}", text)
        sheet.write_datetime(at, 6, date(2026, 10, 1) + timedelta(days=random.randrange(31)), day)
        for column, fen in ((7, price), (8, subsidy), (9, paid)):
            sheet.write_number(at, column, fen / 100, money)
        sheet.write_string(at, 10, random.choice(merchants), text)
        sheet.write_string(at, 11, f"k1:{random.getrandbits(160):040x}", text)
        sheet.write_string(at, 12, random.choice(_OLD), text)
        sheet.write_blank(at, 13, None, text)
    for at in range(3 + rows, 3 + rows + empty):
        for column in range(len(HEADINGS)):
            sheet.write_blank(at, column, None, text)
    book.close()
