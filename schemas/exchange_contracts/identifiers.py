"""Checks of the identifiers that bureaus write: shape problems (returned to the clerk) and doubts (please verify).

A problem means that the text cannot be right; a doubt that it is probably mistyped but is accepted, because such codes
are in circulation. Nothing is ever repaired silently except the brackets and spaces of a document number.
"""

import re

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_USCC_LENGTH = 18
_VIN = re.compile(r"[0-9A-HJ-NPR-Z]{17}")
_VIN_LENGTH = 17


def uscc_problem(text: str) -> str | None:
    """Say what is wrong with the shape of a 统一社会信用代码 (GB 32100-2015), or ``None``."""
    if len(text) != _USCC_LENGTH:
        return f"统一社会信用代码应为18位，现为{len(text)}位，请对照执照"
    forbidden = sorted(set(text) & set("IOSVZ"))
    if forbidden:
        return f"代码不使用字母{'、'.join(forbidden)}，请核对是否为数字0、1、5、2"
    if any(character not in _USCC_ALPHABET for character in text):
        return "统一社会信用代码只含数字和大写字母，请对照执照"
    return None


def uscc_check_character(first_seventeen: str) -> str:
    """Return the check character of a code's first 17 characters; 31 − remainder wraps to 0."""
    values = (_USCC_ALPHABET.index(character) for character in first_seventeen)
    total = sum(value * weight for value, weight in zip(values, _USCC_WEIGHTS, strict=True))
    return _USCC_ALPHABET[(31 - total % 31) % 31]


def uscc_doubt(text: str) -> str | None:
    """Say that a well-shaped code's check character does not agree; such codes exist, so it is accepted."""
    if uscc_problem(text) is None and uscc_check_character(text[:-1]) != text[-1]:
        return "末位校验不符，请对照执照核对"
    return None


def vin_problem(text: str) -> str | None:
    """Say what is wrong with the shape of a vehicle identification number, or ``None``."""
    if len(text) == _VIN_LENGTH and _VIN.fullmatch(text):
        return None
    return f"车架号应为17位数字和大写字母，不含I、O、Q，现为{len(text)}位"


_YEAR_IN_BRACKETS = re.compile(r"[\[\(\{【〔「［（﹝]\s*((?:19|20)[0-9]{2})\s*(?:年)?[\]\)\}】〕」］）﹞]")


def normalise_document_no(text: str) -> str:
    """Return a 文号 with its year in 〔〕 and without spaces: ``津发改[2025] 12号`` → ``津发改〔2025〕12号``."""
    text = "".join(text.split()).translate(_HALF_WIDTH_DIGITS)
    return _YEAR_IN_BRACKETS.sub(r"〔\1〕", text)


_HALF_WIDTH_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
