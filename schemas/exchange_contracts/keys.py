"""The normal form of a business key: two keys are the same where their normal forms are.

A clerk's order number comes as ``a1001``, ``Ａ１００１``, ``A 1001`` or with a zero-width space that no one sees. The normal form
folds what does not tell two numbers apart; what was said stays as it was in events, log and ledgers.

1. Compatibility forms become plain ones (NFKC): full-width letters, digits and brackets become half-width.
2. What takes no place or only place is removed: blanks of every kind, zero-width characters, soft hyphens, marks of
   direction, byte order marks.
3. Every hyphen and dash becomes ``-``.
4. A year in any brackets becomes ``〔2025〕``, as in a 文号.
5. Letters become capitals, except in keys made of codes of the hub's own, such as ``funds@2026-10``.
"""

import re
import unicodedata
from functools import lru_cache

OWN_CODES = frozenset(("submission", "coordination", "indicator", "task", "plan", "workbook"))
"""Kinds whose keys are made of the hub's own codes, in which capitals and small letters differ."""

_PLAIN = re.compile(r"[0-9A-Z|@:./_-]+")
_WITHOUT_BLANKS = re.compile(r"[0-9A-Za-z|@:./_-]+")
HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"
"""Every hyphen and dash that stands for ``-``."""
UNSEEN = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
"""Ranges of what no one sees, as they stand in a class of characters."""
_HYPHENS = re.compile(f"[{HYPHENS}]")
_ZERO_WIDTH = re.compile(f"[{UNSEEN}]")
_NO_PLACE = re.compile(f"[\\s{UNSEEN}]")
_YEAR = re.compile(r"[\[({〔【「﹝]((?:19|20)[0-9]{2})年?[\])}〕】」﹞]")


def normal_key(kind: str, key: str) -> str:
    """Return the normal form of a business key.

    Args:
        kind: what it is a key of, as contracts name it; see ``OWN_CODES``.
        key: as it was said.

    >>> normal_key("trade_in", "ａ－1001\u200b")
    'A-1001'
    >>> normal_key("document", "津发改[2025] 12号")
    '津发改〔2025〕12号'
    >>> normal_key("submission", "funds@2026-10")
    'funds@2026-10'
    """
    if kind in OWN_CODES:
        return without_blanks(key)
    return key if _PLAIN.fullmatch(key) else normal_text(key)


def normal_text(text: str) -> str:
    """Return the normal form of an identifier of any kind: what :func:`normal_key` does, capitals included."""
    return text if _PLAIN.fullmatch(text) else _normal_text(text)


@lru_cache(1 << 16)
def _normal_text(text: str) -> str:
    # A capital may be another composition of letter and mark, and a mark may join a letter once the blank between them is gone.
    while (folded := without_blanks(text).upper()) != text:
        text = folded
    return text


def without_blanks(text: str) -> str:
    """Return a text in its normal form but for capitals: half-width, without blanks, plain hyphens, 〔〕 around a year."""
    if _WITHOUT_BLANKS.fullmatch(text):
        return text
    while (folded := _NO_PLACE.sub("", unicodedata.normalize("NFKC", text))) != text:
        text = folded
    return _YEAR.sub(r"〔\1〕", _HYPHENS.sub("-", text))


def seen(text: str) -> str:
    """Return a text as a reader sees it: half-width, without what takes no place; blanks stay."""
    return _ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", text))


def says_nothing(text: str) -> bool:
    """Tell whether there is nothing to see in a text."""
    return not text.strip() or not _NO_PLACE.sub("", text)
