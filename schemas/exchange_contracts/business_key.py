"""The normal form of a business key: what looks the same to people compares as the same.

A key keeps the words it was said with; by its normal form it is compared.
"""

import re
import unicodedata

_HYPHENS = re.compile("[\u2010-\u2015\u2212\u2043\ufe58\ufe63\uff0d\u00af\u30fc]")
_BLANK_LETTERS = re.compile("[\u115f\u1160\u3164\uffa0\u2800]")
"""Letters by their class that show nothing (Hangul fillers, the empty Braille pattern)."""


def without_invisible(text: str) -> str:
    """Return *text* without characters that nobody sees: formats such as U+200B and U+FEFF, controls but line ends and tabs.

    >>> without_invisible("CL-\u20600001\ufeff")
    'CL-0001'
    """
    if text.isascii() and text.isprintable():
        return text
    kept = "".join(
        each
        for each in text
        if each in "\n\r\t" or each == "\u2028" or unicodedata.category(each) not in ("Cf", "Cc", "Cn", "Co", "Cs")
    )
    return _BLANK_LETTERS.sub("", kept)


def visible(text: str) -> str:
    """Return a key as it is said once nobody's eye could tell the difference: half-width, plain hyphens, no blanks.

    >>> visible("ＣＬ－０００１\u3000")
    'CL-0001'
    """
    if text.isascii() and text.isalnum():
        return text
    folded = unicodedata.normalize("NFKC", _HYPHENS.sub("-", without_invisible(text)))
    return "".join(_HYPHENS.sub("-", folded).split())


def normal_form(text: str) -> str:
    """Return the form by which keys compare: as :func:`visible`, in capitals.

    >>> normal_form("cl\u20100001")
    'CL-0001'
    """
    return visible(text).upper()
