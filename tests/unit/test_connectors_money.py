"""Money and units: exact, and suspicious of a wrong unit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_connectors.kit import MoneyError, Unit, to_yuan
from exchange_connectors.kit.money import implausible_unit, in_words

D = Decimal


@pytest.mark.parametrize(
    ("value", "unit", "yuan"),
    [
        (3200.5, Unit.WAN, "32005000.00"),
        ("3200.5", Unit.WAN, "32005000.00"),
        (0.1 + 0.2, Unit.WAN, "3000.00"),  # a formula's binary noise was never typed
        (1.13, Unit.YI, "113000000.00"),
        (4.35, Unit.YUAN, "4.35"),
        (-12, Unit.WAN, "-120000.00"),
        (0, Unit.YI, "0.00"),
        ("0.000001", Unit.WAN, "0.01"),
    ],
)
def test_amounts_become_yuan_exactly(value: float | str, unit: Unit, yuan: str) -> None:
    """An amount in 元, 万元 or 亿元 becomes yuan with two places, without binary error."""
    assert to_yuan(value, unit) == D(yuan)
    assert to_yuan(value, unit).as_tuple().exponent == -2


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_whole_fen_survive_the_way_through_a_spreadsheet(fen: int) -> None:
    """Any amount of at most 15 digits that a spreadsheet holds as 万元 comes back to the fen."""
    as_wan = float(D(fen) / 100 / 10_000)
    assert to_yuan(as_wan, Unit.WAN) == (D(fen) / 100).quantize(D("0.01"))


@pytest.mark.parametrize("value", ["abc", float("nan"), float("inf"), "0.005", "99999999999999999"])
def test_what_is_no_amount_is_refused(value: float | str) -> None:
    """No number, finer than a fen, or beyond the contract: refused, never rounded."""
    with pytest.raises(MoneyError):
        to_yuan(value, Unit.YUAN)


@pytest.mark.parametrize(
    ("yuan", "unit", "words"),
    [
        ("350000000000", Unit.WAN, "折合3500亿元，疑按“元”填写"),
        ("320000000000", Unit.YI, "折合3200亿元，疑按“万元”填写"),
        ("9999999999.99", Unit.WAN, None),
    ],
)
def test_an_enormous_row_is_taken_for_a_wrong_unit(yuan: str, unit: Unit, words: str | None) -> None:
    """Beyond 100 亿元 a single row is a mistake of unit, and the clerk reads which."""
    assert implausible_unit(D(yuan), unit) == words


def test_amounts_are_said_as_people_say_them() -> None:
    """亿元 from 1 亿, 万元 from 1 万, else 元."""
    assert [in_words(D(v)) for v in ("800000.00", "125000000", "99.50")] == ["80万元", "1.25亿元", "99.5元"]
