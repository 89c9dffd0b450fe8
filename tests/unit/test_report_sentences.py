"""The templates of the report's sentences."""

from datetime import date
from decimal import Decimal

import pytest

from exchange_hub.programme import sentences as say


@pytest.mark.parametrize(
    ("yuan", "text"),
    [
        ("0", "0.00万元"),
        ("123456789012.34", "1234.57亿元"),
        ("100000000", "1.00亿元"),
        ("99999999.99", "10000.00万元"),
        ("12345678.90", "1234.57万元"),
        ("-50", "-0.01万元"),
        ("-20", "0.00万元"),
        ("50", "0.01万元"),
    ],
)
def test_money_is_written_in_wan_or_yi(yuan: str, text: str) -> None:
    """亿元 from one hundred million yuan, two decimals, half up, never minus zero."""
    assert say.money(Decimal(yuan)) == text


@pytest.mark.parametrize(
    ("yoy", "points", "text"),
    [
        (Decimal("12.34"), False, "同比增长12.3%"),
        (Decimal("-12.35"), False, "同比下降12.4%"),
        (Decimal("0.04"), False, "与上年同期持平"),
        (Decimal("-0.04"), False, "与上年同期持平"),
        (None, False, "上年同期无可比数"),
        (Decimal("1.5"), True, "同比提高1.50个百分点"),
        (Decimal("-1.5"), True, "同比下降1.50个百分点"),
    ],
)
def test_a_change_is_said_in_words(yoy: Decimal | None, points: bool, text: str) -> None:
    """Growth, decline, level, or nothing to compare with."""
    assert say.change(yoy, points=points) == text


def test_the_silent_are_named_with_the_moment() -> None:
    """The sentence of the programme: named, left out, not zero."""
    assert say.silent(["区水务局", "区教育局", "区水务局"], date(2026, 11, 5)) == (
        "区水务局、区教育局截至2026年11月5日尚未报送，本期未计入，不以零计。"
    )


def test_a_clause_with_a_gap_is_not_said() -> None:
    """An absent value drops its clause, and a sentence without clauses is no sentence."""
    clause = say.clause("完成投资{m}", m=None)
    assert clause == ""
    assert say.sentence("项目2个", clause, say.clause("支付{m}", m="1.00万元")) == "项目2个，支付1.00万元。"
    assert say.sentence(clause) == ""


def test_long_lists_and_texts_are_cut_with_a_sign() -> None:
    """Names beyond the limit become a count; a cut text ends with …."""
    assert say.joined(["甲", "乙", "丙", "乙"], 2) == "甲、乙等3个单位"
    assert say.joined(["甲", "乙"], 2) == "甲、乙"
    assert say.shortened("一二三 四五六", 4) == "一二三…"
    assert say.shortened("一二三四", 4) == "一二三四"
