"""The normal form of a business key: what looks the same to people compares as the same.

A key keeps the words it was said with; by its normal form it is compared.
"""

import re
import unicodedata
from functools import lru_cache

_HYPHENS = re.compile("[\u2010-\u2015\u2212\u2043\ufe58\ufe63\uff0d]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def without_invisible(text: str) -> str:
    """Return *text* without characters that nobody sees: formats such as U+200B and U+FEFF, controls but line ends and tabs.

    >>> without_invisible("CL-\u20600001\ufeff")
    'CL-0001'
    """
    if text.isascii() and text.isprintable():
        return text
    return _INVISIBLE.sub("", text)


@lru_cache(1 << 15)
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
