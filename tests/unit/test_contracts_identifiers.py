"""Identifiers: shapes that are returned, doubts that are accepted, personal numbers that never pass."""

import pytest

from exchange_contracts import identifiers, personal

SOUND_USCC = "91350100M000100Y43"  # the example of GB 32100-2015
SAMPLE_ID = "11010519491231002X"  # the example of GB 11643-1999; no person's


def test_a_sound_credit_code_has_neither_problem_nor_doubt() -> None:
    """The standard's own example passes; so does one whose check character wraps to 0."""
    assert identifiers.uscc_problem(SOUND_USCC) is None
    assert identifiers.uscc_doubt(SOUND_USCC) is None
    checks = {identifiers.uscc_check_character(SOUND_USCC[:16] + last) for last in "0123456789ABCDEFGHJKLMNPQRTUWXY"}
    assert len(checks) == 31
    assert "0" in checks


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (SOUND_USCC[:-1], "现为17位"),
        (SOUND_USCC + "0", "现为19位"),
        ("9135O100M000100Y43", "不使用字母O"),
        ("91350100I000100Y43", "不使用字母I"),
        ("91350100m000100y43", "只含数字和大写字母"),
        ("", "现为0位"),
    ],
)
def test_a_misshapen_credit_code_is_a_problem(code: str, said: str) -> None:
    """Length, forbidden letters and lower case are said in the clerk's words."""
    assert said in (identifiers.uscc_problem(code) or "")
    assert identifiers.uscc_doubt(code) is None


@pytest.mark.parametrize("place", range(17))
def test_any_mistyped_character_raises_a_doubt(place: int) -> None:
    """The check character catches every single wrong character, which is accepted but to be verified."""
    wrong = "1" if SOUND_USCC[place] != "1" else "2"
    code = SOUND_USCC[:place] + wrong + SOUND_USCC[place + 1 :]
    assert identifiers.uscc_problem(code) is None
    assert "末位校验不符" in (identifiers.uscc_doubt(code) or "")


def test_a_vehicle_number_has_17_characters_without_i_o_q() -> None:
    """Sixteen characters, or a letter that VINs leave out, are a problem."""
    assert identifiers.vin_problem("LSVAA4182E2184847") is None
    for wrong in ("LSVAA4182E218484", "LSVAO4182E2184847", "LSVAI4182E2184847", "lsvaa4182e2184847"):
        assert "不含I、O、Q" in (identifiers.vin_problem(wrong) or ""), wrong


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("津发改[2025]12号", "津发改〔2025〕12号"),
        ("津发改（２０２５）１２号", "津发改〔2025〕12号"),
        ("津发改【2025】 12 号", "津发改〔2025〕12号"),
        ("津政发 〔2026〕3号", "津政发〔2026〕3号"),
        ("武清发改备(2026)7号(补)", "武清发改备〔2026〕7号(补)"),
        ("2026-1", "2026-1"),
    ],
)
def test_a_document_number_is_written_one_way(written: str, normal: str) -> None:
    """Brackets around the year become 〔〕, spaces go, digits are half width; nothing else changes."""
    assert identifiers.normalise_document_no(written) == normal
    assert identifiers.normalise_document_no(normal) == normal


@pytest.mark.parametrize(
    "text",
    [
        SAMPLE_ID,
        f"持证人{SAMPLE_ID.lower()}已领取",
        "１１０１０５１９４９１２３１００２Ｘ",
        "身份证110105194912310021",
        "老证110105491231002",
        "110105********002X",
        "联系人13800138000",
        "联系 138-0013-8000",
        "+86 13800138000",
        "138****8000",
    ],
)
def test_personal_numbers_are_found(text: str) -> None:
    """Identity numbers, new and old, and mobile numbers are found inside text, in full width and masked too."""
    assert personal.holds_personal_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "无",
        SOUND_USCC,
        "911202220000000000",
        "2509-120114-89-01-544060",
        "LSVAA4182E2184847",
        "110105194913310021",  # no such date
        "110105194912310021",  # wrong check character and nobody calls it an identity number
        "981234567890123456",
        "022-82138888",  # an office's landline
        "12000000.00",
        "20261031123456789012",
        "k1:13800138000abc",
        "0" * 64,
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    """Codes, amounts, invoice numbers and office landlines are no personal numbers."""
    assert not personal.holds_personal_number(text)
